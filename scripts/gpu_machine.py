"""What scripts/gpu_check runs its rows with: where the programs are, how long they may take, and
how a row ends."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEPT_OUTPUT = 100_000  # bytes of each command's output in the log


class NotRun(Exception):
    """The check could not be made here."""


class Failed(Exception):
    """The check was made, and the claim does not hold."""


class Machine:
    """Where the programs are, and what runs them. Rows write into `work`, programs print to `log`."""

    def __init__(self, bundle, work, budget_s, log):
        self.work, self.budget_s, self.log = work, budget_s, log
        self.deadline = time.monotonic() + budget_s
        self.row_deadline, self.row_limit_s = self.deadline, budget_s
        adopt_orphans()
        if bundle:
            folder = pathlib.Path(work).with_name("bundle")
            shutil.rmtree(folder, ignore_errors=True)
            with tarfile.open(bundle) as archive:
                archive.extractall(folder)
            self.prefix = [str(folder / "decodemeter" / "run")]
            self.programs = folder / "decodemeter"
        else:
            self.prefix = []
            self.programs = ROOT / "build"

    def begin_row(self, limit_s):
        """Commands from here on end after `limit_s` seconds together, or with the whole budget."""
        self.row_limit_s = limit_s
        self.row_deadline = time.monotonic() + limit_s

    def find(self, name):
        """The file of that name among what was built or packed; None where there is none."""
        return next((path for path in sorted(self.programs.rglob(name)) if path.is_file()), None)

    def path(self, program):
        found = self.find(program)
        if not found or not os.access(found, os.X_OK):
            raise NotRun(f"{program} is not built; run scripts/setup --cuda")
        return program if self.prefix else str(found)

    def run(self, program, *arguments, wrapper=(), accept=(0,)):
        return self.shell([*wrapper, *self.prefix, self.path(program), *arguments], accept)

    def shell(self, command, accept=(0,)):
        command = [str(word) for word in command]
        self.write("$ " + " ".join(command) + "\n")
        code, text = run_in_group(command, self.time_left(), self.log)
        if code is None:
            raise self.out_of_time()
        if code == 77:
            raise NotRun(last_line(text) or "skipped")
        if code not in accept:
            raise Failed(f"exit code {code}: {last_line(text)}")
        return text

    def time_left(self):
        left = min(self.deadline, self.row_deadline) - time.monotonic()
        if left <= 0:
            raise self.out_of_time()
        return left

    def out_of_time(self):
        if time.monotonic() >= self.deadline:
            return NotRun(out_of_budget(self.budget_s))
        return Failed(f"took more than its limit of {self.row_limit_s:.0f} s")

    def write(self, text):
        with open(self.log, "a") as log:
            log.write(text)


def out_of_budget(budget_s):
    return f"ran out of the budget of {budget_s / 60:.3g} minutes"


def adopt_orphans():
    """Makes descendants whose parent ends children of this process, so that they can be found and
    ended."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def run_in_group(command, limit_s, log):
    """The exit code and the output of a command, which prints to the end of the file `log`; the code
    is None where it was ended after `limit_s` seconds. Nothing that it started outlives it: what still
    ran would hold the GPU under the next row."""
    # A pipe would wait for whoever else has it open, and a kill of this process would lose its text.
    with open(log, "ab") as output:
        begin = output.tell()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                start_new_session=True,
            )
        except OSError as error:
            raise NotRun(f"{command[0]}: {error.strerror}") from None
        code = None
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            end_group(process)
    return code, printed_since(log, begin)


def printed_since(log, begin):
    """All text after a position of the file, which then keeps the last part of it."""
    with open(log, "r+b") as file:
        file.seek(begin)
        text = file.read()
        if len(text) > KEPT_OUTPUT:
            file.truncate(begin)
            file.seek(begin)
            file.write(b"(the beginning was left out)\n" + text[-KEPT_OUTPUT:])
    return text.decode(errors="replace")


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    while orphans := children():
        for orphan in orphans:
            os.kill(orphan, signal.SIGKILL)
            os.waitpid(orphan, 0)


def children():
    """Of this process, by their ids."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue  # it has ended
        parent = int(text.rpartition(")")[2].split()[1])
        if parent == os.getpid():
            found.append(int(path.parent.name))
    return found


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def judged(text, faults):
    faults = list(faults)
    if faults:
        raise Failed(text + "; " + "; ".join(faults))
    return text
