"""What scripts/gpu_check runs its checks with: where the programs are, how long they may take, and how a check ends."""

import os
import pathlib
import shutil
import subprocess
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT_S = 8 * 60


class NotRun(Exception):
    """The check could not be made here."""


class Failed(Exception):
    """The check was made, and the claim does not hold."""


class Machine:
    """Where the programs are, and what runs them."""

    def __init__(self, bundle, output):
        self.output = output
        self.deadline = time.monotonic() + LIMIT_S
        if bundle:
            folder = ROOT / "build" / "bundle"
            shutil.rmtree(folder, ignore_errors=True)
            with tarfile.open(bundle) as archive:
                archive.extractall(folder)
            self.prefix = [str(folder / "decodemeter" / "run")]
            self.programs = folder / "decodemeter" / "bin"
        else:
            self.prefix = []
            self.programs = ROOT / "build"
        self.log = None

    def tests(self):
        return sorted(
            path.name
            for path in self.programs.rglob("gpu_test_*")
            if os.access(path, os.X_OK) and path.is_file()
        )

    def path(self, program):
        if self.prefix:
            return program
        found = [
            path
            for path in self.programs.rglob(program)
            if path.is_file() and os.access(path, os.X_OK)
        ]
        if not found:
            raise NotRun(f"{program} is not built; run scripts/setup --cuda")
        return str(found[0])

    def run(self, program, *arguments, wrapper=(), limit_s=120, accept=(0,)):
        command = [*wrapper, *self.prefix, self.path(program), *map(str, arguments)]
        return self.shell(command, limit_s, accept)

    def shell(self, command, limit_s=120, accept=(0,)):
        left = self.deadline - time.monotonic()
        if left < 5:
            raise NotRun(f"the {LIMIT_S // 60} minutes are over")
        self.log.write("$ " + " ".join(command) + "\n")
        self.log.flush()
        try:
            answer = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=ROOT,
                timeout=min(limit_s, left),
                errors="replace",
            )
        except FileNotFoundError:
            raise NotRun(f"{command[0]} is not there") from None
        except subprocess.TimeoutExpired as late:
            self.log.write(
                (late.stdout or b"").decode(errors="replace")
                if isinstance(late.stdout, bytes)
                else late.stdout or ""
            )
            raise Failed(f"took more than {min(limit_s, left):.0f} s") from None
        self.log.write(answer.stdout)
        if answer.returncode == 77:
            raise NotRun(last_line(answer.stdout) or "skipped")
        if answer.returncode not in accept:
            raise Failed(f"exit code {answer.returncode}: {last_line(answer.stdout)}")
        return answer.stdout


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""


def judged(text, faults):
    if faults:
        raise Failed(text + "; " + "; ".join(faults))
    return text
