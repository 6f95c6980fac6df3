"""Each command that writes: how it is started, and what must be there when it ended well."""

import pathlib
import shutil
import time
from collections.abc import Callable
from typing import NamedTuple

from .records import check_directory, complete_lines, expect_kept
from .verdict import expect


class Writer(NamedTuple):
    """`judge` checks the folder of a command that ended with 0; it compares with an undisturbed run."""

    name: str
    arguments: Callable  # (inputs, out) -> list
    judge: Callable  # (inputs, out) -> None
    resumes: bool = True  # the same command goes on in its folder
    prepare: Callable = lambda inputs, out: None
    codes: tuple = (0,)


def files_of(folder):
    """What a command wrote, without its locks and without parts it had not finished."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(pathlib.Path(folder).rglob("*"))
        if path.is_file() and not path.name.endswith((".lock", ".partial", ".tmp"))
    }


def same_files(name, arguments, prepare=lambda inputs, out: None, codes=(0,)):
    """A judge for a command whose files are equal each time. The undisturbed run is made once."""

    def judge(inputs, out):
        reference = inputs.folder / f"undisturbed-{name}"
        if not reference.exists():
            prepare(inputs, reference)
            inputs.program.succeed(*arguments(inputs, reference), codes=codes)
        wanted, there = files_of(reference), files_of(out)
        for file in sorted(wanted.keys() | there.keys()):
            expect(file in there, f"{file} is missing after exit code 0")
            expect(file in wanted, f"{file} is there, which an undisturbed run does not write")
            expect(there[file] == wanted[file], f"{file} differs from an undisturbed run")

    return judge


def judge_profile(inputs, out):
    check_directory(out, inputs.schema, inputs.keys())


def judge_tracing(inputs, out):
    """Every key of a whole profile is there; tracing passes have keys of their own."""
    seen = check_directory(out, inputs.schema)
    missing = inputs.keys() - seen.keys()
    expect(not missing, f"{len(missing)} keys are missing, such as {sorted(missing)[:1]}")


def judge_merge(inputs, out):
    expect_kept(complete_lines(inputs.shards), out)
    check_directory(out, inputs.schema, inputs.keys())


def judge_watch(inputs, out):
    expect(len(check_directory(out, inputs.schema)) >= 1, "no sample was watched")


def copy_shards(inputs, out):
    shutil.copytree(inputs.shards, out)


def make_folder(inputs, out):
    out.mkdir(parents=True)


def watched(inputs, out):
    """The watched program is a profile from its first sample on, in a new folder each time."""
    profile = out.parent / f"watched-{time.monotonic_ns()}"
    return [
        *("watch", "--results_dir", out, "--", inputs.program.path, *inputs.profile()),
        *("--results_dir", profile),
    ]


def simulate(inputs, out):
    return ["simulate", "--requests", 800, "--output_dir", out]


def export(inputs, out):
    return ["export", "--results_dir", inputs.records, "--output_dir", out]


def train(inputs, out):
    options = ("--model", "physics", "--no_plots", "--folds", 2)
    return ["train", "--results_dir", inputs.records, *options, "--output_dir", out]


def train_networks(inputs, out):
    options = ("--no_plots", "--folds", 2, "--num_epochs", 1, "--hidden", 16)
    return ["train", "--results_dir", inputs.records, *options, "--output_dir", out]


def transfer(inputs, out):
    source = ("--checkpoint_path", inputs.estimator, "--results_dir", inputs.records)
    return ["transfer", *source, "--output_dir", out]


def audit(inputs, out):
    return ["audit", inputs.records, "--json", out / "audit.json", "--html", out / "audit.html"]


def evaluate(inputs, out):
    source = ("--checkpoint_path", inputs.estimator, "--results_dir", inputs.records)
    return ["evaluate", *source, "--folds", 2, "--json", out / "evaluation.json"]


def writer_of_files(name, arguments, **more):
    prepare, codes = more.get("prepare", lambda inputs, out: None), more.get("codes", (0,))
    return Writer(name, arguments, same_files(name, arguments, prepare, codes), **more)


PROFILE = Writer(
    "profile", lambda inputs, out: [*inputs.profile(), "--results_dir", out], judge_profile
)
TRACING = Writer(
    "profile with subtraction, traces and text",
    lambda inputs, out: [
        *(*inputs.profile(), "--results_dir", out),
        *("--subtraction", "--keep_text", "--traces"),
    ],
    judge_tracing,
)
WRITERS = (
    PROFILE,
    TRACING,
    Writer("merge", lambda inputs, out: ["merge", out], judge_merge, prepare=copy_shards),
    Writer("watch", watched, judge_watch),
    writer_of_files("simulate", simulate, resumes=False),
    writer_of_files("export", export),
    writer_of_files("train", train),
    writer_of_files("train networks", train_networks),
    writer_of_files("transfer", transfer),
    writer_of_files("audit", audit, prepare=make_folder, codes=(0, 1)),
    writer_of_files("evaluate", evaluate, prepare=make_folder),
)
