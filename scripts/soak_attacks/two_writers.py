"""Two commands in one folder at the same time: the second is refused, or waits, or writes the same."""

import functools
import time

from .commands import WRITERS, judge_profile
from .kills import go_on
from .records import complete_lines, expect_kept


def attacks():
    for writer in WRITERS:
        yield f"two writers: {writer.name}", functools.partial(both, writer)
    yield "two shards side by side, then merge", shards
    yield "merge while a shard is written", merge_early


def start_pair(inputs, first, second, rng):
    processes = [inputs.program.start(first)]
    time.sleep(rng.choice((0, rng.uniform(0, 0.3))))
    processes.append(inputs.program.start(second))
    return [inputs.program.finish(process) for process in processes]


def both(writer, inputs, folder, rng):
    out = folder / "out"
    writer.prepare(inputs, out)
    before = complete_lines(out)
    command = writer.arguments(inputs, out)
    for answer in start_pair(inputs, command, command, rng):
        inputs.program.check(answer, {*writer.codes, 2})
    expect_kept(before, out)
    go_on(writer, inputs, out)


def shards(inputs, folder, rng):
    out = folder / "out"
    parts = [[*inputs.profile(), "--shard", part, "--results_dir", out] for part in ("1/2", "2/2")]
    for answer in start_pair(inputs, *parts, rng):
        inputs.program.check(answer, {0})
    inputs.program.succeed("merge", out)
    judge_profile(inputs, out)


def merge_early(inputs, folder, rng):
    """The shard that is still written is joined by a later merge."""
    out = folder / "out"
    parts = [[*inputs.profile(), "--shard", part, "--results_dir", out] for part in ("1/2", "2/2")]
    inputs.program.succeed(*parts[0])
    writing, merging = start_pair(inputs, parts[1], ["merge", out], rng)
    inputs.program.check(writing, {0, 2})
    inputs.program.check(merging, {0, 2})
    if writing.returncode == 2:
        inputs.program.succeed(*parts[1])
    inputs.program.succeed("merge", out)
    judge_profile(inputs, out)
