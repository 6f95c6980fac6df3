"""scripts/gpu_check without a GPU: a rare GPU must not be spent on a check that breaks, or that cannot fail.

The program runs on the CPU, and its records get the clocks and the tracing that a GPU would have given them, in the form
that the instrument writes. argv: the program, traced_record, then unittest's own arguments.
"""

import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM, TRACED_RECORD = sys.argv.pop(1), sys.argv.pop(1)


def load_script(name):
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(ROOT / "scripts"))
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


gpu_check = load_script("gpu_check")
# One picture, whatever else this machine has.
gpu_check.photographs = lambda count=1: ["--images", str(ROOT / "tests/golden/images/photo.png")]


def traced(steps):
    answer = subprocess.run([TRACED_RECORD, str(steps)], check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)["cupti"]


class StandIn(gpu_check.Machine):
    """Runs the program on the CPU. `change` is called with each record that it writes, `answers` are those of other programs."""

    kept, runs = tempfile.TemporaryDirectory(), {}

    def __init__(self, output):
        self.output, self.prefix, self.log = output, [], io.StringIO()
        self.deadline = time.monotonic() + 300
        self.change, self.answers = lambda record: None, {}

    def path(self, program):
        return PROGRAM if program == "decodemeter" else program

    def run(self, program, *arguments, **options):
        if program in self.answers:
            return self.answers[program]
        on_cpu = [
            "cpu"
            if argument == "cuda"
            else "tiny-molmoe"
            if argument == "molmoe-1b"
            else str(argument)
            for argument in arguments
        ]
        if "--results_dir" not in on_cpu:
            return super().run(program, *on_cpu, **options)
        folder = pathlib.Path(on_cpu[on_cpu.index("--results_dir") + 1])
        text = self.run_once(tuple(on_cpu), folder)
        for path in folder.glob("*/records.jsonl"):
            path.write_text(
                "".join(
                    json.dumps(self.on_gpu(json.loads(line))) + "\n"
                    for line in path.read_text().splitlines()
                )
            )
        return text

    def run_once(self, arguments, folder):
        """The same profile for every test that asks for it."""
        key = tuple(argument.replace(str(self.output), "") for argument in arguments)
        kept = pathlib.Path(self.kept.name) / str(len(self.runs))
        if key not in self.runs:
            text = super().run("decodemeter", *arguments, "--no_warm_up")
            shutil.copytree(folder, kept)
            self.runs[key] = text, kept
        text, kept = self.runs[key]
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return text

    def on_gpu(self, record):
        steps = len(record["T_decode_per_step"])
        record["clocks"] |= {"span_ms": list(record["clocks"]["host_ms"]), "headline": "span"}
        if "cupti_pass" in record["flags"]:
            record["cupti"] = traced(steps)
            record["clocks"]["span_ms"] = list(record["cupti"]["event_span_ms"])
        self.change(record)
        return record


class Checks(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.machine = StandIn(pathlib.Path(temporary.name))

    def passes(self, check, *words):
        text = check(self.machine)
        for word in words:
            self.assertIn(word, text)

    def fails(self, check, *words):
        with self.assertRaises(gpu_check.Failed) as raised:
            check(self.machine)
        for word in words:
            self.assertIn(word, str(raised.exception))

    def is_not_run(self, check, *words):
        with self.assertRaises(gpu_check.NotRun) as raised:
            check(self.machine)
        for word in words:
            self.assertIn(word, str(raised.exception))

    def change(self, change):
        self.machine.change = change


class Clocks(Checks):
    def test_spans_that_tell_the_hosts_time_pass_and_their_audit_is_read(self):
        self.passes(gpu_check.check_clocks, "4 records", "0.00 %")
        self.passes(gpu_check.check_audit, "verdict")

    def test_spans_of_another_time_fail(self):
        self.change(
            lambda record: record["clocks"].update(
                span_ms=[1.05 * step for step in record["clocks"]["host_ms"]]
            )
        )
        self.fails(gpu_check.check_clocks, "5.00 %")

    def test_steps_on_the_hosts_clock_fail(self):
        self.change(lambda record: record["clocks"].update(headline="host"))
        self.fails(gpu_check.check_clocks, "on the clock host")

    def test_a_full_size_step_is_judged(self):
        self.change(
            lambda record: record.update(
                T_decode_per_step=[7.5 for _ in record["T_decode_per_step"]]
            )
        )
        self.passes(gpu_check.check_full_size, "7.50 ms")
        self.change(
            lambda record: record.update(
                T_decode_per_step=[8.5 for _ in record["T_decode_per_step"]]
            )
        )
        self.fails(gpu_check.check_full_size, "at most 8 ms")


class Tracing(Checks):
    def test_a_pass_whose_clocks_agree_passes_and_is_found_again_from_outside(self):
        self.passes(gpu_check.check_tracing, "2 passes", "0 events misplaced", "0 activities lost")
        self.passes(gpu_check.check_watch, "with the same kernels", "0 activities lost")

    def test_other_kernels_seen_from_outside_fail(self):
        self.passes(gpu_check.check_tracing)
        self.change(
            lambda record: (
                record["cupti"].update(kernels=[1] * len(record["T_decode_per_step"]))
                if "watched" in record["flags"]
                else None
            )
        )
        self.fails(gpu_check.check_watch, "0 with the same kernels")

    def test_events_that_differ_from_themselves_fail(self):
        self.change(
            lambda record: record["clocks"].update(
                span_ms=[step + 0.002 for step in record["clocks"]["span_ms"]]
            )
        )
        self.fails(gpu_check.check_tracing, "differ by 2.00 us")

    def test_a_misplaced_event_fails(self):
        self.change(lambda record: record.get("cupti", {}).update(events_misplaced=1))
        self.fails(gpu_check.check_tracing, "2 events misplaced")

    def test_a_lost_activity_fails(self):
        self.change(
            lambda record: (
                record["cupti"]["losses"].update(unmatched=3)
                if "cupti_pass" in record["flags"]
                else None
            )
        )
        self.fails(gpu_check.check_tracing, "6 activities lost")

    def test_refused_tracing_and_untimed_events_are_not_run(self):
        self.change(
            lambda record: (
                record.update(cupti={"none": "no rights"})
                if "cupti_pass" in record["flags"]
                else None
            )
        )
        self.is_not_run(gpu_check.check_tracing, "no rights")
        self.change(
            lambda record: (
                record["cupti"].update(event_span_ms=None)
                if "cupti_pass" in record["flags"]
                else None
            )
        )
        self.is_not_run(gpu_check.check_tracing, "an edge had no event")


class Costs(Checks):
    @staticmethod
    def lines(events, tracing, slowdown):
        def cost(figure, percent):
            return json.dumps(
                {
                    "figure": figure,
                    "value": {
                        "percent": percent,
                        "interval_percent": [0, 1],
                        "added_us": 1,
                        "run_ms": 10,
                    },
                }
            )

        return "\n".join(
            [
                cost("events", events),
                cost("tracing", tracing),
                json.dumps({"figure": "slowdown after tracing", "percent": slowdown}),
            ]
        )

    def test_each_cost_is_held_to_its_claim(self):
        for costs, fault in (
            ((0.2, 3, 0.1), None),
            ((0.7, 3, 0.1), "events"),
            ((0.2, 6, 0.1), "tracing"),
            ((0.2, 3, 0.4), "slowdown"),
        ):
            self.machine.answers["gpu_bench_instrument"] = self.lines(*costs)
            if fault:
                self.fails(gpu_check.check_instrument, f"{fault}: at most")
            else:
                self.passes(gpu_check.check_instrument, "slowdown after tracing +0.10 %")
        self.machine.answers["gpu_bench_instrument"] = json.dumps(
            {"figure": "tracing", "refused": "no rights"}
        )
        self.is_not_run(gpu_check.check_instrument, "no rights")

    def test_kernels_are_held_to_the_floor_and_to_the_compilers(self):
        measurement = json.loads((ROOT / "results" / "position_sum_cpu.json").read_text())[
            "measurements"
        ][-1]
        ours = measurement["contenders"]["decodemeter"]
        measurement |= {"batch": 1024, "positions": 64}
        for way in measurement["contenders"].values():
            for direction in ("forward", "both"):
                way[direction] |= {"ratio": 20.0, "verdict": "FAST"}
        ours["forward"] |= {"milliseconds": 1.0, "fraction_of_floor": 0.9}
        ours["both"]["milliseconds"] = 3.0
        self.assertEqual(list(gpu_check.kernel_faults(measurement)), [])
        ours["forward"]["fraction_of_floor"] = 0.5
        self.assertIn("65 and 55 are claimed", next(gpu_check.kernel_faults(measurement)))
        ours["forward"]["fraction_of_floor"] = 0.9
        measurement["contenders"]["torch.compile"]["both"]["verdict"] = "SLOW"
        self.assertIn("slower than torch.compile", next(gpu_check.kernel_faults(measurement)))

    def test_a_check_that_breaks_is_one_failure(self):
        def broken(machine):
            return {}["nothing"]

        row = gpu_check.run_check(self.machine, "broken", broken, "")
        self.assertEqual(row["result"], "FAIL")
        self.assertIn("the check itself broke", row["detail"])
        self.assertEqual(
            gpu_check.run_check(self.machine, "no device", broken, "no device")["result"], "not run"
        )


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
