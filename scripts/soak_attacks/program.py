"""Runs the program under attack, and checks how it ended."""

import contextlib
import os
import re
import resource
import signal
import subprocess
from typing import NamedTuple

from .verdict import Finding, expect

DOCUMENTED = {0, 1, 2, 3, 130, 143}
MEMORY_BYTES = 12 << 30  # of address space, so that no command takes the machine's whole memory
CRASH = re.compile(
    r"terminate called|frame #\d+|Exception raised from|\[json\.exception|AddressSanitizer"
    r"|runtime error:|Segmentation fault|double free|Assertion .* failed|std::bad_|basic_string::"
)


class Answer(NamedTuple):
    command: list
    returncode: int
    stdout: str
    stderr: str

    def message(self):
        """The last line of its output."""
        lines = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return lines[-1] if lines else "no message"


class Program:
    """Every command has a session of its own, so that what it started ends with it."""

    def __init__(self, path, timeout_s=120):
        self.path = str(path)
        self.timeout_s = timeout_s
        self.last = []  # the command line of the latest start
        self.folder = None  # where commands run; None: here
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

    def start(self, arguments, files=None, environment=None, limit=None):
        """Starts a command; `files` are where its standard output and error go."""
        self.last = [self.path, *map(str, arguments)]
        stdout, stderr = files or (subprocess.PIPE, subprocess.PIPE)

        def before():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if limit:
                limit()

        return subprocess.Popen(
            self.last,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={**self.environment, **(environment or {})},
            preexec_fn=before,
            start_new_session=True,
        )

    def finish(self, process, timeout_s=None):
        """Waits for a started command. One that takes too long is a finding."""
        try:
            out, err = process.communicate(timeout=timeout_s or self.timeout_s)
        except subprocess.TimeoutExpired:
            raise Finding(f"did not end within {timeout_s or self.timeout_s} s") from None
        finally:
            end_session(process)
        return Answer(process.args, process.returncode, text_of(out), text_of(err))

    def run(self, *arguments, timeout_s=None, **how):
        return self.finish(self.start(arguments, **how), timeout_s)

    def check(self, answer, codes=DOCUMENTED, sent=None):
        """The exit code is a documented one, or the signal that was sent; no message is a C++ trace."""
        code = answer.returncode
        if code < 0:
            expect(sent == -code, f"ended by {signal.Signals(-code).name}: {answer.message()}")
        elif sent is None or code != 128 + sent:  # watch passes on its program's exit code
            expect(code in codes, f"exit code {code}: {answer.message()}")
        for text in (answer.stderr, answer.stdout):
            trace = CRASH.search(text)
            expect(trace is None, f"its output has {trace and trace.group()!r}")
        return answer

    def succeed(self, *arguments, codes=(0,), **how):
        return self.check(self.run(*arguments, **how), codes)


def end_session(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def text_of(output):
    return (output or b"").decode(errors="replace")
