"""Damages what the program reads. It must refuse it or tell, and never crash."""

import functools
import json
import shutil

from .mutation import damage_file, mutated_bytes, mutated_json, mutated_lines
from .records import check_record, complete_lines, expect_kept
from .verdict import Finding, expect

PREDICT = ("predict", "--output_tokens", 24, "--json")


def attacks():
    for command in ("audit", "train", "export", "evaluate", "compare"):
        yield f"damaged records: {command}", functools.partial(records, command)
    yield "damaged records: resume", resume
    yield "damaged records: merge", merge
    yield "damaged run.json", run_file
    yield "damaged published documents", published
    yield "damaged manifest", manifest
    yield "damaged picture", picture
    for name in ("config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"):
        yield f"damaged model: {name}", functools.partial(model, name)
    yield "damaged model: a weight index", weight_index
    yield (
        "damaged estimator: latency_estimator.json",
        functools.partial(estimator, "latency_estimator.json"),
    )
    yield (
        "damaged estimator: best_latency_estimator.pt",
        functools.partial(estimator, "best_latency_estimator.pt"),
    )


def command_line(command, inputs, records, folder):
    return {
        "audit": ["audit", records, "--json", folder / "audit.json", "--html", folder / "a.html"],
        "train": [
            *("train", "--results_dir", records, "--output_dir", folder / "estimator"),
            *("--model", "physics", "--folds", 2, "--no_plots"),
        ],
        "export": ["export", "--results_dir", records, "--output_dir", folder / "export"],
        "evaluate": [
            *("evaluate", "--results_dir", records, "--checkpoint_path", inputs.estimator),
            *("--folds", 2, "--json", folder / "evaluation.json"),
        ],
        "compare": ["compare", inputs.records, records],
    }[command]


def damaged_records(source, folder, rng):
    """A copy with one damaged file; returns the file and the lines that were left alone."""
    shutil.copytree(source, folder)
    path = rng.choice(sorted(folder.glob("*/records*.jsonl")))
    data, kept = mutated_lines(path.read_bytes(), rng)
    path.write_bytes(data)
    return path, kept


def records(command, inputs, folder, rng):
    copy = folder / "records"
    damaged_records(inputs.records, copy, rng)
    answer = inputs.program.run(*command_line(command, inputs, copy, folder))
    inputs.program.check(answer, {0, 1, 2} if command in ("audit", "compare") else {0, 2})
    if command == "audit" and answer.returncode < 2:
        every_line_is_counted(copy, json.loads((folder / "audit.json").read_text()))
    if command == "train" and answer.returncode == 0:
        own_estimator_is_read(inputs, folder)


def every_line_is_counted(copy, audit):
    lines = sum(
        1
        for path in copy.glob("*/records.jsonl")
        for line in path.read_bytes().split(b"\n")
        if line.strip()
    )
    samples = audit["samples"]
    counted = samples["read"] + sum(samples["skipped"].values())
    expect(counted == lines, f"the audit counts {counted} records of {lines} lines")


def own_estimator_is_read(inputs, folder):
    answer = inputs.program.run(
        *PREDICT, folder / "answer.json", "--checkpoint_path", folder / "estimator"
    )
    inputs.program.check(answer)
    expect(answer.returncode == 0, f"refuses its own estimator: {answer.message()}")


def resume(inputs, folder, rng):
    """Lines that were left alone are kept, and the missing ones measured again."""
    out = folder / "out"
    _, kept = damaged_records(inputs.measured, out, rng)
    before = {name: kept for name in complete_lines(out)}
    answer = inputs.program.run(*inputs.profile(), "--results_dir", out)
    inputs.program.check(answer, {0, 2})
    expect_kept(before, out)
    if answer.returncode == 0:
        whole_keys(inputs, out, {json.loads(line)["key"] for line in kept})


def whole_keys(inputs, out, kept_keys):
    """Each key of the plan is there; damaged lines may stay beside their second measurement."""
    lines = [line for lines in complete_lines(out).values() for line in lines]
    there = {str(json.loads(line).get("key")) for line in lines}
    missing = inputs.keys() - there
    expect(not missing, f"{len(missing)} keys are missing, such as {sorted(missing)[:1]}")
    valid = [key for key in map(functools.partial(valid_key, inputs.schema), lines) if key]
    double = {key for key in valid if valid.count(key) > 1} & kept_keys
    expect(not double, f"{len(double)} keys are there twice, such as {sorted(double)[:1]}")


def valid_key(schema, line):
    """None for a record that is not valid."""
    record = json.loads(line)
    try:
        check_record(record, schema)
    except (Finding, KeyError, TypeError):
        return None
    return record["key"]


def merge(inputs, folder, rng):
    """Lines that were left alone are in the joined file."""
    out = folder / "out"
    damaged_records(inputs.shards, out, rng)
    before = {
        name: [line for line in lines if line in originals(inputs)]
        for name, lines in complete_lines(out).items()
    }
    answer = inputs.program.check(inputs.program.run("merge", out), {0, 2})
    expect_kept(before, out)
    if answer.returncode == 0:
        joined = set((out / "sums" / "records.jsonl").read_bytes().split(b"\n"))
        lost = [line for lines in before.values() for line in lines if line not in joined]
        expect(not lost, f"{len(lost)} whole records of the shards are not in the joined file")


def originals(inputs):
    return {line for lines in complete_lines(inputs.shards).values() for line in lines}


def run_file(inputs, folder, rng):
    out = folder / "out"
    shutil.copytree(inputs.measured, out)
    damage_file(out / "run.json", rng)
    before = complete_lines(out)
    for command in (["audit", out], [*inputs.profile(), "--results_dir", out]):
        inputs.program.check(inputs.program.run(*command), {0, 1, 2})
    expect_kept(before, out)


def published(inputs, folder, rng):
    copy = folder / "published"
    shutil.copytree(inputs.published, copy)
    for path in rng.sample(sorted(copy.rglob("*.json")), 2):
        damage_file(path, rng)
    for command in ("audit", "train"):
        answer = inputs.program.run(*command_line(command, inputs, copy, folder))
        inputs.program.check(answer, {0, 1, 2} if command == "audit" else {0, 2})


def manifest(inputs, folder, rng):
    """What is measured gives valid records."""
    shutil.copytree(inputs.pictures, folder / "pictures")
    samples = inputs.manifest.read_bytes().splitlines(keepends=True)[:8]
    data, _ = mutated_lines(b"".join(samples), rng)
    (folder / "samples.jsonl").write_bytes(data)
    out = folder / "out"
    answer = inputs.program.run(
        *("profile", "--no_warm_up", "--threads", 1, "--output_lengths", "fixed:2"),
        *("--manifest", folder / "samples.jsonl", "--results_dir", out),
    )
    inputs.program.check(answer, {0, 2})
    for lines in complete_lines(out).values():
        for line in lines:
            check_record(json.loads(line), inputs.schema)


def picture(inputs, folder, rng):
    source = rng.choice([*inputs.pictures.glob("*.png"), inputs.photo])
    path = folder / "picture.png"
    path.write_bytes(mutated_bytes(source.read_bytes(), rng))
    generate = ("generate", "--threads", 1, "--max_new_tokens", 2, "--image", path)
    inputs.program.check(inputs.program.run(*generate), {0, 2})


def generate_with(inputs, copy):
    return inputs.program.run(
        *("generate", "--threads", 1, "--model", copy, "--max_new_tokens", 2),
        *("--prompt", "question 1", "--image", inputs.pictures / "0.png"),
    )


def model(name, inputs, folder, rng):
    copy = folder / "model"
    shutil.copytree(inputs.model, copy)
    if name == "model.safetensors" and rng.random() < 0.7:
        damage_weights_header(copy / name, rng)
    else:
        damage_file(copy / name, rng)
    inputs.program.check(generate_with(inputs, copy), {0, 2})


def damage_weights_header(path, rng):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = mutated_json(json.loads(data[8 : 8 + size]), rng, rng.choice((1, 2))).encode()
    size = len(header) if rng.random() < 0.9 else rng.randrange(2**63)
    path.write_bytes(size.to_bytes(8, "little") + header + data[8 + len(header) :])


def weight_index(inputs, folder, rng):
    """The weights in two files with an index, as larger models have them."""
    copy = folder / "model"
    shutil.copytree(inputs.model, copy)
    data = (copy / "model.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    names = [name for name in json.loads(data[8 : 8 + size]) if name != "__metadata__"]
    (copy / "model.safetensors").rename(copy / "model-00001-of-00001.safetensors")
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, "model-00001-of-00001.safetensors")}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    damage_file(copy / "model.safetensors.index.json", rng)
    inputs.program.check(generate_with(inputs, copy), {0, 2})


def estimator(name, inputs, folder, rng):
    """A damaged estimator that is accepted must predict what the undamaged one does."""
    copy = folder / "estimator"
    shutil.copytree(inputs.estimator, copy)
    damage_file(copy / name, rng)
    answer = predict(inputs, copy, folder / "answer.json")
    inputs.program.check(answer, {0, 2})
    if answer.returncode == 0 and name.endswith(".pt"):
        inputs.program.check(predict(inputs, inputs.estimator, folder / "undamaged.json"), {0})
        texts = [(folder / file).read_text() for file in ("answer.json", "undamaged.json")]
        expect(texts[0] == texts[1], "a damaged estimator is accepted and predicts something else")


def predict(inputs, checkpoint, answer):
    return inputs.program.run(*PREDICT, answer, "--checkpoint_path", checkpoint)
