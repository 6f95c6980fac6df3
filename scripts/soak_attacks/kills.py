"""Ends commands that write at random moments, starts them again, and looks for what was lost."""

import functools
import shutil
import signal
import time

from .commands import WRITERS
from .program import DOCUMENTED
from .records import complete_lines, expect_kept
from .verdict import expect

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)


def attacks():
    for writer in WRITERS:
        yield f"kill -9: {writer.name}", functools.partial(interrupt, writer, (signal.SIGKILL,))
        yield f"signals: {writer.name}", functools.partial(interrupt, writer, SIGNALS)


def interrupt(writer, signals, inputs, folder, rng):
    out = folder / "out"
    writer.prepare(inputs, out)
    for _ in range(rng.choice((1, 1, 2, 3))):
        before = complete_lines(out)
        sent = rng.choice(signals)
        if attack_once(writer, sent, inputs, out, rng):
            return
        expect_kept(before, out)
    before = complete_lines(out)
    go_on(writer, inputs, out)
    if writer.resumes:
        expect_kept(before, out)


def attack_once(writer, sent, inputs, out, rng):
    """True when the command ended well before the signal came; its result is judged then."""
    log = (out.parent / "log").open("wb")
    command = writer.arguments(inputs, out)
    started = time.monotonic()
    process = inputs.program.start(command, files=(log, log))
    wait(process, out, rng, usual_s(writer, inputs))
    snapshot = complete_lines(out)
    process.send_signal(sent)
    answer = inputs.program.finish(process)
    log.close()
    text = (out.parent / "log").read_text(errors="replace")
    inputs.program.check(answer._replace(stderr=text), DOCUMENTED, sent)
    expect_kept(snapshot, out)
    if answer.returncode not in writer.codes:
        return False
    inputs.usual_s[writer.name] = time.monotonic() - started
    writer.judge(inputs, out)
    return True


def usual_s(writer, inputs):
    return inputs.usual_s.get(writer.name, 1.0)


def wait(process, out, rng, usual):
    """Until a random moment, or a random while after the first file appears."""
    end = time.monotonic() + rng.uniform(0, 1.1 * usual)
    if rng.random() < 0.5:
        last = time.monotonic() + 2 * usual
        while process.poll() is None and not has_files(out):
            if time.monotonic() > last:
                break
            time.sleep(0.001)
        end = time.monotonic() + rng.expovariate(1 / (0.1 * usual))
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)


def has_files(out):
    return out.exists() and any(path.is_file() for path in out.rglob("*"))


def go_on(writer, inputs, out):
    """Starts the same command again, which must end well and give the undisturbed result."""
    answer = inputs.program.run(*writer.arguments(inputs, out))
    inputs.program.check(answer)
    if answer.returncode not in writer.codes and not writer.resumes:
        expect(answer.returncode == 2, f"exit code {answer.returncode} in a folder that is in use")
        shutil.rmtree(out)
        answer = inputs.program.run(*writer.arguments(inputs, out))
    expect(
        answer.returncode in writer.codes,
        f"started again, it ends with {answer.returncode}: {answer.message()}",
    )
    writer.judge(inputs, out)
