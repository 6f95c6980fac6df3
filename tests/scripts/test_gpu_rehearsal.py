"""scripts/gpu_check from its first row to its last, without a GPU.

argv: the program, traced_record, then unittest's own arguments.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

PROGRAM, TRACED_RECORD = sys.argv.pop(1), sys.argv.pop(1)

from gpu_stand_in import (  # noqa: E402
    ROOT,
    StandIn,
    environment_with,
    fact_lines,
    gpu_check,
    instrument_lines,
    kernel_measurement,
)
import gpu_machine  # noqa: E402
from gpu_results import Results  # noqa: E402

GPU_TESTS = [f"gpu_test_{name}" for name in gpu_check.GPU_TESTS]
FILES = {"checks.json", "checks.md", "output.txt", "work.tar.gz"}


def rows_of(folder):
    document = json.loads((folder / "checks.json").read_text())
    return {row["check"]: row for row in document["checks"]}


class Rehearsal(unittest.TestCase):
    """Every row, on a machine on which everything holds."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.machine = StandIn(self.folder / "work", PROGRAM, TRACED_RECORD)
        self.machine.work.mkdir()
        tests = {name: "All tests passed (9 assertions in 3 test cases)" for name in GPU_TESTS}
        self.machine.answers |= tests | {
            "nvidia-smi": "NVIDIA H100 80GB HBM3, 580.95, 1980 MHz, 81559 MiB",
            "info": "  yes CUPTI                  version 130001\n",
            "verify": "12 of 12 runs return the original's token ids\nPASS\n",
            "train": "trained",
            "gpu_bench_instrument": instrument_lines(),
            "gpu_tracing_facts": fact_lines(),
        }
        loops = {"decodemeter": {"seconds": 0.1}, "published loop": {"ratio": 9.0}}
        self.machine.files |= {
            "training.py": {"loops": loops | {"vectorised": {"ratio": 3.0}}},
            "position_sum.py": {"measurements": [kernel_measurement()]},
        }
        find = self.machine.find
        self.machine.find = lambda name: find(name) or self.folder / name
        path = environment_with(self.folder, "compute-sanitizer", "#!/bin/sh\n")["PATH"]
        before, os.environ["PATH"] = os.environ["PATH"], path
        self.addCleanup(os.environ.update, PATH=before)

    def run_all(self, word=""):
        rows = gpu_check.chosen_rows(word)
        results = Results(self.folder / "out", self.machine.work, [one.name for one in rows])
        gpu_check.run_all(self.machine, rows, results)
        return results

    def test_every_row_passes_and_little_is_left_behind(self):
        results = self.run_all()
        self.assertEqual(results.count("pass"), len(list(gpu_check.all_rows())), results.text())
        self.assertEqual(set(os.listdir(self.folder / "out")), FILES - {"output.txt"})
        with tarfile.open(self.folder / "out" / "work.tar.gz") as archive:
            names = archive.getnames()
        for name in ("full_size/run.json", "tracing/run.json", "audit.json", "info.txt"):
            self.assertIn(name, names)

    def test_a_row_brings_the_rows_along_that_it_needs(self):
        rows = rows_of_results(self.run_all("spans against host"))
        full_size = "full-size molmoe-1b: eager decode step"
        self.assertEqual(rows, {full_size: "pass", "spans against host at full size": "pass"})

    def test_the_rows_come_in_the_order_of_their_worth(self):
        names = [row.name for row in gpu_check.all_rows()]
        worth = [
            "device",
            "gpu_test_",
            "verify",
            "full-size",
            "spans against",
            "cost of the events",
        ]
        worth += ["events against CUPTI", "watch", "compute-sanitizer", "training", "position sum"]
        first = [next(i for i, name in enumerate(names) if word in name) for word in worth]
        self.assertEqual(first, sorted(first))
        self.assertEqual(sum(name.startswith("verify") for name in names), 4)


def rows_of_results(results):
    return {name: row["result"] for name, row in results.rows.items()}


PASSES = "echo 'All tests passed (9 assertions in 3 test cases)'"


class Stopped(unittest.TestCase):
    """The program itself, on a bundle of stand-ins: rows that break, hang or are refused, and an
    early end."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.output = self.folder / "out"
        self.programs = self.folder / "packed" / "decodemeter"
        (self.programs / "bin").mkdir(parents=True)
        self.put("run", 'here=$(dirname "$0"); name=$1; shift; exec "$here/bin/$name" "$@"')
        self.put("bin/decodemeter", "echo '  no  NVML                   not there'; [ $1 = info ]")
        for name in GPU_TESTS:
            self.put(f"bin/{name}", PASSES)

    def put(self, name, line):
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{line}\n")
        path.chmod(0o755)

    def command(self, *options):
        bundle = self.folder / "bundle.tar"
        with tarfile.open(bundle, "w") as archive:
            archive.add(self.programs, "decodemeter")
        smi = "#!/bin/sh\necho 'GPU 0: NVIDIA H100 80GB HBM3'\n"
        environment = environment_with(self.folder, "nvidia-smi", smi)
        words = [sys.executable, ROOT / "scripts" / "gpu_check", "--bundle", bundle]
        words += ["--output", self.output, "--work", self.folder / "work", *options]
        return dict(args=list(map(str, words)), env=environment)

    def run_check(self, *options):
        answer = subprocess.run(capture_output=True, text=True, **self.command(*options))
        self.assertEqual(answer.returncode, 1, answer.stderr)
        return rows_of(self.output)

    def judged(self, rows, name, result, *words):
        self.assertEqual(rows[name]["result"], result, rows[name])
        for word in words:
            self.assertIn(word, rows[name]["detail"])

    def process_of(self, file):
        return int((self.folder / file).read_text())

    def ended(self, process):
        path = pathlib.Path(f"/proc/{process}/stat")
        try:
            return path.read_text().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    def test_broken_slow_and_refused_rows_are_shown_rightly(self):
        self.put("bin/gpu_test_events", f"setsid sleep 60 & echo $! >{self.folder}/left; {PASSES}")
        self.put("bin/gpu_test_cupti", "echo 'test skipped: no rights to trace'; exit 77")
        self.put("bin/gpu_test_nvml", "echo 'test cases: 3 | 1 failed'; exit 1")
        slow = f"(setsid sleep 60 & echo $! >{self.folder}/escaped; wait) & sleep 60"
        self.put("bin/gpu_test_position_sum", slow)
        rows = self.run_check("--row_limit_s", "1")
        self.judged(rows, "device", "pass", "H100")
        self.judged(rows, "what is there", "not run", "info: without NVML")
        self.judged(rows, "gpu_test_events", "pass", "All tests passed")
        self.judged(rows, "gpu_test_cupti", "not run", "no rights to trace")
        self.judged(rows, "gpu_test_nvml", "FAIL", "exit code 1", "1 failed")
        self.judged(rows, "gpu_test_position_sum", "FAIL", "took more than its limit of 1 s")
        self.judged(rows, "full-size molmoe-1b: eager decode step", "FAIL", "exit code 1")
        self.judged(rows, "spans against host at full size", "not run", "needs the records")
        self.assertTrue(self.ended(self.process_of("left")))
        self.assertTrue(self.ended(self.process_of("escaped")))
        self.assertEqual(set(os.listdir(self.output)), FILES)

    def test_a_row_cut_off_by_the_budget_and_all_after_it_are_not_run(self):
        self.put("bin/gpu_test_cupti", "sleep 60")
        rows = self.run_check("--minutes", "0.08")
        self.judged(rows, "gpu_test_events", "pass")
        for name in list(rows)[3:]:
            self.judged(rows, name, "not run", "ran out of the budget of 0.08 minutes")

    def test_after_a_kill_in_the_middle_the_results_so_far_are_there(self):
        running = f"echo it began; echo $$ >{self.folder}/running; exec sleep 60"
        self.put("bin/gpu_test_cupti", running)
        with subprocess.Popen(
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.command()
        ) as check:
            self.wait_until_running(check)
            check.send_signal(signal.SIGKILL)
        os.kill(self.process_of("running"), signal.SIGKILL)
        rows = rows_of(self.output)
        self.judged(rows, "gpu_test_events", "pass", "All tests passed")
        self.judged(rows, "gpu_test_cupti", "not run", "ended during this row")
        self.judged(rows, "gpu_test_nvml", "not run", "not reached")
        self.assertIn("| gpu_test_events | pass |", (self.output / "checks.md").read_text())
        for text in ("All tests passed", "it began"):
            self.assertIn(text, (self.output / "output.txt").read_text())
        with tarfile.open(self.output / "work.tar.gz") as archive:
            self.assertEqual(archive.getnames(), ["info.txt"])

    def wait_until_running(self, check):
        """Until a stand-in has written its process id to the file `running`."""
        path = self.folder / "running"
        while not (path.exists() and path.read_text().strip()):
            self.assertIsNone(check.poll(), "the check ended before the row began")
            time.sleep(0.02)

    def test_a_request_to_end_ends_what_runs(self):
        self.put("bin/gpu_test_events", f"echo $$ >{self.folder}/running; exec sleep 60")
        with subprocess.Popen(
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.command()
        ) as check:
            self.wait_until_running(check)
            check.send_signal(signal.SIGTERM)
        self.assertEqual(check.returncode, 143)
        self.assertTrue(self.ended(self.process_of("running")))

    def test_the_plan_names_each_row_with_its_limit(self):
        answer = subprocess.run(capture_output=True, text=True, **self.command("--list"))
        self.assertEqual(answer.returncode, 0)
        for row in gpu_check.all_rows():
            self.assertRegex(answer.stderr, rf"{re.escape(row.name)} +at most +{row.limit_s} s")
        self.assertIn("in at most 8 minutes", answer.stderr)
        self.assertFalse(self.output.exists())

    def test_a_word_that_no_row_has_is_refused(self):
        answer = subprocess.run(capture_output=True, text=True, **self.command("--only", "nothing"))
        self.assertEqual(answer.returncode, 2)
        self.assertIn("no row's name contains 'nothing'", answer.stderr)


class Log(unittest.TestCase):
    def test_of_a_long_output_the_log_keeps_the_end_and_the_row_reads_all(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "output.txt"
            log.write_text("before\n")
            command = ["seq", "100000"]
            code, text = gpu_machine.run_in_group(command, 60, log)
            self.assertEqual((code, text.splitlines()[0]), (0, "1"))
            kept = log.read_text().splitlines()
            self.assertEqual(kept[:2], ["before", "(the beginning was left out)"])
            self.assertEqual(kept[-1], "100000")
            self.assertLess(log.stat().st_size, gpu_machine.KEPT_OUTPUT + 100)


class Archive(unittest.TestCase):
    def test_what_would_make_it_too_large_is_left_out_and_named(self):
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder) / "work"
            work.mkdir()
            (work / "small.json").write_text("{}")
            (work / "large.bin").write_bytes(os.urandom(16_000_000))
            Results(pathlib.Path(folder) / "out", work, ["row"]).add("row", "pass", "", 1)
            with tarfile.open(pathlib.Path(folder) / "out" / "work.tar.gz") as archive:
                names = archive.getnames()
                left_out = archive.extractfile("left_out_because_of_their_size.txt").read()
            self.assertEqual(names, ["small.json", "left_out_because_of_their_size.txt"])
            self.assertEqual(left_out, b"large.bin\n")


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
