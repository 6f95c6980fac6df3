"""How scripts/gpu_check judges what a GPU would answer: a rare GPU must not be spent on a check
that breaks, or that cannot fail. argv: the program, traced_record, then unittest's own
arguments."""

import json
import os
import pathlib
import sys
import tempfile
import unittest

PROGRAM, TRACED_RECORD = sys.argv.pop(1), sys.argv.pop(1)

from gpu_stand_in import (  # noqa: E402
    ROOT,
    StandIn,
    fact_lines,
    gpu_check,
    instrument_lines,
    kernel_measurement,
)
from gpu_machine import Failed, NotRun  # noqa: E402
from gpu_rows import estimator, programs, steps, tracing  # noqa: E402


class Checks(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.machine = StandIn(pathlib.Path(temporary.name), PROGRAM, TRACED_RECORD)

    def passes(self, check, *words):
        text = check(self.machine)
        for word in words:
            self.assertIn(word, text)

    def raises(self, error, check, *words):
        with self.assertRaises(error) as raised:
            check(self.machine)
        for word in words:
            self.assertIn(word, str(raised.exception))

    def fails(self, check, *words):
        self.raises(Failed, check, *words)

    def is_not_run(self, check, *words):
        self.raises(NotRun, check, *words)

    def change(self, change):
        self.machine.change = change


class Programs(Checks):
    def test_what_is_missing_is_named_by_its_name(self):
        line = "  {:<3} {:<22} {}\n"
        there = line.format("yes", "CUPTI", "version 130001")
        gnuplot = line.format("no", "gnuplot", "the program is not on PATH")
        gnuplot += line.format("", "", "-> apt-get install gnuplot-nox")
        half = line.format("no", "LibTorch's CUDA half", "libtorch_cuda.so is not there")
        self.machine.answers["info"] = there
        self.passes(programs.check_build, "nothing is missing")
        self.machine.answers["info"] = there + gnuplot
        self.passes(programs.check_build, "info: without gnuplot")
        self.machine.answers["info"] = there + gnuplot + half
        self.is_not_run(programs.check_build, "without gnuplot, LibTorch's CUDA half")

    def test_the_programs_own_info_is_read(self):
        self.machine.answers.clear()
        self.is_not_run(programs.check_build, "info: without CUDA device")

    def test_a_test_that_was_skipped_is_not_run(self):
        check = programs.gpu_test("gpu_test_cupti")
        self.machine.answers["gpu_test_cupti"] = "warning:\n  test skipped: no rights\nAll passed\n"
        self.is_not_run(check, "test skipped: no rights")
        self.machine.answers["gpu_test_cupti"] = "All tests passed (9 assertions)\n"
        self.passes(check, "All tests passed (9 assertions)")


class Clocks(Checks):
    def setUp(self):
        super().setUp()
        self.change(lambda record: set_steps(record, span=[3.0, 3.1, 3.0], host=[3.01, 3.1, 3.0]))

    def check(self, change):
        self.change(change)
        steps.check_full_size(self.machine)
        return steps.check_clocks

    def test_spans_that_tell_the_hosts_time_pass(self):
        self.passes(self.check(self.machine.change), "4 requests, 12 steps", "largest 10.0")

    def test_a_first_step_that_holds_prefills_backlog_fails(self):
        change = lambda record: set_steps(record, span=[3.0, 3.1, 3.0], host=[9.0, 3.1, 3.0])
        self.fails(self.check(change), "at first steps the clocks", "first steps +6000.0")

    def test_a_last_step_that_differs_fails(self):
        change = lambda record: set_steps(record, span=[3.0, 3.1, 3.0], host=[3.0, 3.1, 3.2])
        self.fails(self.check(change), "at last steps the clocks", "last steps +200.0")

    def test_steps_in_between_that_differ_fail(self):
        change = lambda record: set_steps(record, span=[3.0, 3.1, 3.0], host=[3.0, 3.3, 3.0])
        self.fails(self.check(change), "the clocks are apart at 33 % of the steps")

    def test_a_step_far_above_its_requests_median_fails(self):
        change = lambda record: set_steps(record, span=[3.0, 30.0, 3.0], host=[3.0, 30.0, 3.0])
        self.fails(self.check(change), "more than 5 x the median", "10.00 x")

    def test_steps_on_the_hosts_clock_fail(self):
        change = lambda record: record["clocks"].update(headline="host")
        self.fails(self.check(change), "timed by host")

    def test_without_the_profile_it_is_not_run(self):
        self.is_not_run(steps.check_clocks, "needs the records of an earlier row")

    def test_a_full_size_step_is_judged(self):
        self.change(lambda record: record.update(T_decode_per_step=[7.5, 7.5, 7.5]))
        self.passes(steps.check_full_size, "7.500 ms", "ms was expected on H100")
        self.change(lambda record: record.update(T_decode_per_step=[8.5, 8.5, 8.5]))
        self.fails(steps.check_full_size, "at most 8 ms")

    def test_the_events_cost_is_held_to_its_claim(self):
        for percent, added_us, passes in ((0.1, 23, True), (0.6, 23, False), (0.1, 300, False)):
            self.machine.overhead |= {"percent": percent, "added_us": added_us}
            steps.check_full_size(self.machine)
            if passes:
                self.passes(steps.check_overhead, "+0.100 %", "+1.0 us a step")
            else:
                self.fails(steps.check_overhead, "at most 0.5 % and 10 us")

    def test_an_audit_is_read(self):
        self.passes(steps.check_audit, "verdict", "zero by subtraction")


def set_steps(record, span, host):
    record["T_decode_per_step"] = span
    record["clocks"].update(span_ms=span, host_ms=host)


def in_passes(change):
    """Applies the change to the `cupti` of tracing passes."""
    return lambda record: change(record["cupti"]) if "cupti_pass" in record["flags"] else None


class Tracing(Checks):
    def test_a_pass_whose_clocks_agree_passes_and_is_found_again_from_outside(self):
        self.passes(
            tracing.check_tracing,
            *["2 passes", "0 events misplaced", "0 activities lost", "8 of 8 edges have work"],
        )
        self.passes(tracing.check_watch, "with the same kernels", "0 activities lost")

    def test_a_full_size_pass_is_judged_alike_and_shown_beside_the_plain_step(self):
        self.passes(tracing.check_full_size_traced, "under tracing", "1 passes", "device is busy")
        self.change(in_passes(lambda cupti: cupti.update(events_misplaced=1)))
        self.fails(tracing.check_full_size_traced, "1 events misplaced")

    def test_other_kernels_seen_from_outside_fail(self):
        self.passes(tracing.check_tracing)
        self.change(
            lambda record: (
                record["cupti"].update(kernels=[1] * len(record["T_decode_per_step"]))
                if "watched" in record["flags"]
                else None
            )
        )
        self.fails(tracing.check_watch, "0 with the same kernels")

    def test_events_that_differ_from_themselves_fail(self):
        self.change(
            lambda record: record["clocks"].update(
                span_ms=[step + 0.002 for step in record["clocks"]["span_ms"]]
            )
        )
        self.fails(tracing.check_tracing, "by 2.00 us from CUPTI's times", "1 us from")

    def test_a_misplaced_event_fails(self):
        self.change(in_passes(lambda cupti: cupti.update(events_misplaced=1)))
        self.fails(tracing.check_tracing, "2 events misplaced")

    def test_edges_without_work_fail_because_nothing_is_misplaced_there(self):
        self.change(in_passes(lambda cupti: cupti.update(events_matched=0)))
        self.fails(tracing.check_tracing, "0 of 8 edges have work", "8 edges have no work")

    def test_a_lost_activity_fails(self):
        self.change(in_passes(lambda cupti: cupti["losses"].update(unmatched=3)))
        self.fails(tracing.check_tracing, "6 activities lost")

    def test_refused_tracing_and_untimed_events_are_not_run(self):
        def refuse(record):
            if "cupti_pass" in record["flags"]:
                record.update(cupti={"none": "no rights"})

        self.change(refuse)
        self.is_not_run(tracing.check_tracing, "no rights")
        self.change(in_passes(lambda cupti: cupti.update(event_span_ms=None)))
        self.is_not_run(tracing.check_tracing, "an edge had no event")

    def test_what_cupti_records_is_decided(self):
        self.machine.answers["gpu_tracing_facts"] = fact_lines()
        self.passes(tracing.check_facts, "9 alone, 9 with SYNCHRONIZATION", "9 of 9 edges")
        for changed, fault in (
            ({"event_records_with_SYNCHRONIZATION": {"events": 0}}, "not every event is recorded"),
            ({"streams": {"events": [13]}}, "other stream ids"),
            ({"edges": {"matched": 0}}, "edges without work"),
            ({"graph_after_attaching": {"kernels": 0}}, "not traced one by one"),
            (
                {"second_session": {"kernels": 0, "reason": "error 39"}},
                "after cuptiFinalize loses kernels (error 39)",
            ),
        ):
            self.machine.answers["gpu_tracing_facts"] = fact_lines(**changed)
            self.fails(tracing.check_facts, fault)
        alone = {"event_records_alone": {"events": 0}}
        self.machine.answers["gpu_tracing_facts"] = fact_lines(**alone)
        self.passes(tracing.check_facts, "0 alone, 9 with SYNCHRONIZATION")
        self.machine.answers["gpu_tracing_facts"] = '{"figure":"refused","refused":"no rights"}'
        self.is_not_run(tracing.check_facts, "no rights")


class Costs(Checks):
    def test_each_cost_is_held_to_its_claim(self):
        for costs, fault in (
            ((0.2, 3, 0.1), None),
            ((0.7, 3, 0.1), "events"),
            ((0.2, 6, 0.1), "tracing"),
            ((0.2, 3, 0.4), "slowdown"),
        ):
            self.machine.answers["gpu_bench_instrument"] = instrument_lines(*costs)
            if fault:
                self.fails(tracing.check_instrument, f"{fault}: at most")
            else:
                self.passes(
                    tracing.check_instrument,
                    *["tracing +3.00 %, +0.100 us a launch", "slowdown after tracing +0.10 %"],
                )
        refused = json.dumps({"figure": "tracing", "refused": "no rights"})
        self.machine.answers["gpu_bench_instrument"] = refused
        self.is_not_run(tracing.check_instrument, "no rights")

    def test_kernels_are_held_to_the_floor_and_to_the_compilers(self):
        measurement = kernel_measurement()
        ours = measurement["contenders"]["decodemeter"]
        self.assertEqual(list(estimator.kernel_faults(measurement)), [])
        ours["forward"]["fraction_of_floor"] = 0.5
        self.assertIn("65 and 55 are claimed", next(estimator.kernel_faults(measurement)))
        ours["forward"]["fraction_of_floor"] = 0.9
        measurement["contenders"]["torch.compile"]["both"]["verdict"] = "SLOW"
        self.assertIn("slower than torch.compile", next(estimator.kernel_faults(measurement)))

    def test_training_is_held_to_its_claims(self):
        (self.machine.work / "simulated" / "set").mkdir(parents=True)
        (self.machine.work / "simulated" / "set" / "records.jsonl").write_text("{}\n")
        loops = {"decodemeter": {"seconds": 0.1}, "published loop": {"ratio": 9}}
        for ratio in (2.5, 1.5):
            vectorized = {"vectorised": {"ratio": ratio}}
            self.machine.files["training.py"] = {"loops": loops | vectorized}
            if ratio > 2:
                self.passes(estimator.check_training_speed, "vectorised 2.5 x")
            else:
                self.fails(estimator.check_training_speed, "vectorised: at least 2 x")

    def test_a_check_that_breaks_is_one_failure(self):
        def broken(machine):
            return {}["nothing"]

        row = gpu_check.run_row(self.machine, gpu_check.Row("broken", broken, 5))
        self.assertEqual(row["result"], "FAIL")
        self.assertIn("the check itself broke", row["detail"])


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
