"""Clocks that jump, by libfaketime where it is installed."""

import functools
import pathlib
import time

from .commands import PROFILE, judge_profile
from .records import complete_lines, expect_kept
from .verdict import NotRun

LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")
JUMPS = ("+27h", "-27h", "+3650d", "-20000d", "@1970-01-01 00:00:01", "@2100-01-01 00:00:00", "+0")


def attacks():
    yield "wall clock that jumps during a profile", functools.partial(jumping, "1")
    yield "all clocks shifted and of another speed", all_clocks


def library():
    for pattern in LIBRARIES:
        for path in pathlib.Path("/").glob(pattern[1:]):
            return path
    raise NotRun("libfaketime is not installed")


def jumping(keep_monotonic, inputs, folder, rng):
    """The measuring clock goes on undisturbed, as it does when a machine's date is set."""
    moment = folder / "moment"
    moment.write_text(rng.choice(JUMPS))
    out = folder / "out"
    environment = {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(moment),
        "FAKETIME_DONT_FAKE_MONOTONIC": keep_monotonic,
        "FAKETIME_NO_CACHE": "1",
    }
    process = inputs.program.start(PROFILE.arguments(inputs, out), environment=environment)
    while process.poll() is None and rng.random() < 0.98:
        time.sleep(0.02)
        other = folder / "other"
        other.write_text(rng.choice(JUMPS))
        other.rename(moment)
    inputs.program.check(inputs.program.finish(process), {0})
    judge_profile(inputs, out)


def all_clocks(inputs, folder, rng):
    """The times are wrong then, but every record is whole, and a later start keeps them."""
    out = folder / "out"
    environment = {
        "LD_PRELOAD": str(library()),
        "FAKETIME": rng.choice(("+27h", "+0 x20", "+0 x0.2", "-9000d", "@2100-01-01 00:00:00")),
    }
    answer = inputs.program.run(*PROFILE.arguments(inputs, out), environment=environment)
    inputs.program.check(answer, {0, 1, 2})
    before = complete_lines(out)
    inputs.program.succeed(*PROFILE.arguments(inputs, out))
    expect_kept(before, out)
    judge_profile(inputs, out)
