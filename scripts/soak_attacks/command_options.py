"""Random values for the options that each command's --help names."""

import functools
import re

from .verdict import Finding, NotRun, expect

COMMANDS = (
    *("profile", "audit", "compare", "generate", "verify", "merge", "train", "evaluate"),
    *("visualize", "predict", "budget", "simulate", "test", "export", "transfer", "trace"),
)
VALUES = (
    *("", "0", "-1", "1", "2", "nan", "inf", "-inf", "1e300", "1e-300", "0x10", "1,2,,3", ","),
    *(
        "x",
        "/dev/null",
        "/",
        ".",
        "low",
        "4,8",
        "9" * 25,
        "é",
        "%s%n",
        "a\nb",
        "--seed",
        "{}",
        "1%",
    ),
)
# A large number that is accepted here is a long job, and no fault.
LONG = re.compile(r"requests|repeats|epochs|folds|tokens|hidden|batch|longest|shortest|samples")
OPTION = re.compile(r"^  ((?:-\w,)?--[\w,-]+)", re.MULTILINE)
LIMIT_S = 20


def attacks():
    for command in COMMANDS:
        yield f"options: {command}", functools.partial(options, command)


def options(command, inputs, folder, rng):
    known = known_options(inputs, command)
    if not known:
        raise NotRun("the command has no options")
    arguments = [command, *usual(command, inputs, folder)]
    for name in rng.sample(known, min(len(known), rng.choice((1, 1, 2, 3)))):
        arguments += [name, value_for(name, rng)]
    try:
        answer = inputs.program.run(*arguments, timeout_s=LIMIT_S)
    except Finding:
        expect(any(LONG.search(str(word)) for word in arguments), f"no end within {LIMIT_S} s")
        return
    inputs.program.check(answer, {0, 1, 2})
    if answer.returncode == 2:
        expect(answer.stderr.strip() or answer.stdout.strip(), "exit code 2 without a message")


def known_options(inputs, command):
    if command not in inputs.options:
        text = inputs.program.succeed(command, "--help").stdout
        names = [name.split(",")[-1] for name in OPTION.findall(text)]
        inputs.options[command] = sorted(set(names) - {"--help", "--device"})
    return inputs.options[command]


def value_for(name, rng):
    return rng.choice([value for value in VALUES if not (LONG.search(name) and len(value) > 5)])


def usual(command, inputs, folder):
    """What makes the command quick and keeps what it writes in `folder`."""
    records, checkpoint = ("--results_dir", inputs.records), ("--checkpoint_path", inputs.estimator)
    out = ("--output_dir", folder / "out")
    arguments = {
        "profile": [*inputs.profile()[1:], "--num_samples", 2, "--results_dir", folder / "out"],
        "audit": [inputs.records],
        "compare": [inputs.records, inputs.records],
        "generate": ["--max_new_tokens", 2, "--threads", 1],
        "train": [*records, *out, "--model", "physics", "--no_plots", "--folds", 2],
        "evaluate": [*records, *checkpoint, "--folds", 2],
        "visualize": [*records, *checkpoint, *out],
        "predict": checkpoint,
        "budget": [*checkpoint, "--budget_ms", 100],
        "simulate": ["--requests", 20, *out],
        "export": [*records, *out],
        "transfer": [*records, *checkpoint, *out],
    }
    return arguments.get(command, [])
