"""Full disks, read-only disks and files that must not grow."""

import contextlib
import functools
import os
import resource
import signal
import subprocess

from .commands import PROFILE, TRACING, WRITERS
from .kills import go_on
from .records import complete_lines, expect_kept
from .verdict import NotRun, expect

FAILURES = {2, 3}


def attacks():
    for writer in WRITERS:
        yield f"full disk: {writer.name}", functools.partial(full_disk, writer)
        yield f"limit on the size of files: {writer.name}", functools.partial(size_limit, writer)
    for writer in WRITERS:
        yield f"read-only disk: {writer.name}", functools.partial(read_only, writer)
        yield f"read-only folder: {writer.name}", functools.partial(read_only_folder, writer)
    yield "full standard output", full_output
    yield "full standard error", full_log


@contextlib.contextmanager
def disk(folder, kilobytes):
    """A tmpfs of so many kB, unmounted at the end."""
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "none", folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)


def mount(*arguments):
    try:
        answer = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
    except FileNotFoundError:
        raise NotRun("there is no mount command") from None
    if answer.returncode:
        reason = answer.stderr.strip().rsplit(": ", 1)[-1]
        raise NotRun(f"mounting is refused: {reason}")


def full_disk(writer, inputs, folder, rng):
    """A command on a full disk fails and says so; on a larger one it goes on."""
    with disk(folder / "disk", 4 * rng.randint(1, 60)) as place:
        out = place / "out"
        try:
            writer.prepare(inputs, out)
        except OSError:
            return  # not even its input has room
        attack(writer, inputs, out)
        before = complete_lines(out)
        mount("-o", "remount,size=64m", place)
        go_on(writer, inputs, out)
        if writer.resumes:
            expect_kept(before, out)


def attack(writer, inputs, out, limit=None):
    before = complete_lines(out)
    answer = inputs.program.run(*writer.arguments(inputs, out), limit=limit)
    inputs.program.check(answer, {*writer.codes, *FAILURES})
    expect_kept(before, out)
    if answer.returncode in writer.codes:
        writer.judge(inputs, out)
    else:
        expect(answer.stderr.strip(), "failed without a message")


def size_limit(writer, inputs, folder, rng):
    """Stands in for a full disk where no disk can be mounted."""
    out = folder / "out"
    writer.prepare(inputs, out)
    size = int(10 ** rng.uniform(2, 5.5))

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    attack(writer, inputs, out, limit)
    before = complete_lines(out)
    go_on(writer, inputs, out)
    if writer.resumes:
        expect_kept(before, out)


def read_only(writer, inputs, folder, rng):
    with disk(folder / "disk", 65536) as place:
        out = place / "out"
        writer.prepare(inputs, out)
        if writer in (PROFILE, TRACING) and rng.random() < 0.5:
            inputs.program.succeed(*writer.arguments(inputs, out))
        before = complete_lines(out)
        mount("-o", "remount,ro", place)
        attack_read_only(writer, inputs, out, before)


def attack_read_only(writer, inputs, out, before):
    answer = inputs.program.run(*writer.arguments(inputs, out))
    inputs.program.check(answer, {*FAILURES, *(writer.codes if before else ())})
    expect(answer.stderr.strip(), "no message")
    expect_kept(before, out)


def read_only_folder(writer, inputs, folder, rng):
    """For users who may not mount a disk."""
    if os.geteuid() == 0:
        raise NotRun("root may write to a read-only folder; the read-only disk stands for it")
    place = folder / "place"
    place.mkdir()
    out = place / "out"
    writer.prepare(inputs, out)
    before = complete_lines(out)
    writable = [path for path in (place, *place.rglob("*")) if path.is_dir()]
    for path in writable:
        path.chmod(0o555)
    try:
        attack_read_only(writer, inputs, out, before)
    finally:
        for path in writable:
            path.chmod(0o755)


def full_output(inputs, folder, rng):
    """An answer that cannot be written is no success."""
    commands = (
        ["predict", "--checkpoint_path", inputs.estimator, "--output_tokens", 8],
        ["info", "--schema"],
        ["audit", inputs.records],
        ["--help"],
        ["generate", "--threads", 1, "--max_new_tokens", 2],
    )
    command = rng.choice(commands)
    with open("/dev/full", "wb") as full:
        answer = inputs.program.finish(inputs.program.start(command, files=(full, subprocess.PIPE)))
    inputs.program.check(answer, {3})


def full_log(inputs, folder, rng):
    """A log that cannot be written stops no measurement."""
    writer = rng.choice(WRITERS)
    out = folder / "out"
    writer.prepare(inputs, out)
    with open("/dev/full", "wb") as full:
        files = (subprocess.PIPE, full)
        answer = inputs.program.finish(
            inputs.program.start(writer.arguments(inputs, out), files=files)
        )
    inputs.program.check(answer, writer.codes)
    writer.judge(inputs, out)
