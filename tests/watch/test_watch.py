"""Programs that push NVTX ranges, watched. argv: the program, the pushing program, a driver that stands
in for CUDA's, then unittest's own arguments."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM, PUSHING, DRIVER = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)


def run(*arguments, **options):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )


class Watched(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.out = self.folder / "out"

    def watch(self, *command, flags=(), code=0, **options):
        answer = run("watch", "--results_dir", self.out, *flags, "--", *command, **options)
        self.assertEqual(answer.returncode, code, answer.stderr)
        return answer

    def records(self):
        return [
            json.loads(line)
            for path in sorted(self.out.glob("*/records.jsonl"))
            for line in path.read_text().splitlines()
        ]

    def check_times(self, record, steps):
        self.assertEqual(record["output_tokens"], steps + 1)
        self.assertEqual(len(record["T_decode_per_step"]), steps)
        for step in record["T_decode_per_step"]:
            self.assertGreaterEqual(step, 0.2)  # what the program works in each
        self.assertGreaterEqual(record["T_LLM_prefill"], 0.2)
        self.assertAlmostEqual(sum(record["T_decode_per_step"]), record["T_LLM_decode"], places=9)
        self.assertLessEqual(record["decode_end_ms"], record["T_total"] + 1e-9)


class EveryWay(Watched):
    def test_ranges_pushed_in_each_of_nvtxs_ways(self):
        for way in ("ascii", "wide", "registered", "numbered"):
            with self.subTest(way):
                self.out = self.folder / way
                answer = self.watch(PUSHING, way, 3, 5)
                self.assertIn("the program's own output", answer.stdout)
                self.assertIn("3 samples watched, 15 decode steps", answer.stdout)
                self.assertEqual([record["sample_id"] for record in self.records()], [0, 1, 2])
                for record in self.records():
                    self.check_times(record, 5)
                    self.assertEqual(record["flags"], ["watched", "tokens_unknown"])

    def test_without_a_range_around_them_samples_end_where_the_next_begins(self):
        self.watch(PUSHING, "bare", 4, 3)
        self.assertEqual(len(self.records()), 4)
        for record in self.records():
            self.check_times(record, 3)
            self.assertAlmostEqual(record["decode_end_ms"], record["T_total"], places=6)

    def test_each_step_holds_the_gap_before_its_pass_the_first_included(self):
        self.watch(PUSHING, "gaps", 1, 3)
        record = self.records()[0]
        for step in record["T_decode_per_step"]:
            self.assertGreaterEqual(step, 20.2)
        self.assertLessEqual(record["decode_start_ms"], record["T_total"] - 3 * 20.2)
        self.assertEqual(record["TTFT_ms"], record["decode_start_ms"])
        self.assertEqual(record["ITL_ms"], record["clocks"]["host_ms"])

    def test_a_step_far_above_the_others_is_flagged_and_named(self):
        answer = self.watch(PUSHING, "pauses", 1, 9)
        flags = self.records()[0]["flags"]
        self.assertIn("slow_step:unknown", flags)
        self.assertRegex(answer.stderr, "step 5: .* x the median of its request, cause: unknown")
        self.assertRegex(answer.stderr, "decode steps?, in 1 requests?, took more than 5 x")

    def test_one_token_is_no_step(self):
        self.watch(PUSHING, "ascii", 1, 0)
        self.check_times(self.records()[0], 0)
        self.assertIsNone(self.records()[0]["T_decode_per_step_mean"])

    def test_each_thread_has_samples_of_its_own(self):
        self.watch(PUSHING, "threads", 5, 10)
        self.assertEqual(sorted(record["sample_id"] for record in self.records()), list(range(20)))
        for record in self.records():
            self.check_times(record, 10)

    def test_a_new_prefill_after_steps_is_a_new_sample(self):
        self.watch(PUSHING, "turns", 3, 4)
        self.assertEqual(len(self.records()), 3)
        for record in self.records():
            self.check_times(record, 4)
            self.assertLessEqual(
                record["T_LLM_prefill"] + record["T_LLM_decode"], record["T_total"] + 1e-9
            )

    def test_a_sample_with_a_range_left_open_is_left_out_and_said(self):
        answer = self.watch(PUSHING, "exceptions", 6, 4)
        self.assertEqual([record["decode_steps"] for record in self.records()], [4, 4, 4])
        self.assertIn("3 samples were not whole", answer.stderr)

    def test_a_sample_that_the_program_left_is_left_out(self):
        self.watch(PUSHING, "left", 2, 3)
        self.assertEqual([record["decode_steps"] for record in self.records()], [3, 3])

    def test_of_a_program_and_its_forked_child_the_one_that_comes_later_is_not_watched_which_is_said(
        self,
    ):
        answer = self.watch(PUSHING, "forked", 2, 3, code=3)
        self.assertEqual(len(self.records()), 3)
        self.assertIn("of several processes one", answer.stderr)

    def test_a_child_forked_before_anything_was_watched_is_watched_and_the_parent_after_it(self):
        self.watch(PUSHING, "forked", 0, 3)
        self.assertEqual(len(self.records()), 5 + 1)

    def test_more_steps_than_there_is_room_for_are_flagged(self):
        self.watch(PUSHING, "ascii", 1, 12, flags=("--max_steps", 8))
        self.check_times(self.records()[0], 8)
        self.assertIn("more_steps_than_marks", self.records()[0]["flags"])


class WhatIsKnown(Watched):
    def test_flags_say_what_all_samples_have_in_common(self):
        flags = (
            "--tier",
            "high",
            "--top_k",
            8,
            "--blocks",
            16,
            "--vision_tokens",
            576,
            "--text_tokens",
            30,
            "--dataset",
            "mine",
            "--name",
            "a model",
        )
        self.watch(PUSHING, "ascii", 2, 3, flags=flags)
        record = self.records()[1]
        self.assertEqual(record["key"], "mine/000001/high_8_16/0")
        self.assertEqual(
            (record["vision_tokens"], record["text_tokens"], record["prompt_tokens"]),
            (576, 30, 606),
        )
        self.assertEqual(record["flags"], ["watched"])
        header = json.loads((self.out / "run.json").read_text())
        self.assertEqual(header["model"]["name"], "a model")
        self.assertEqual(header["execution_mode"], "watched")
        self.assertIn("pushing", header["starts"][0]["command_line"])

    def test_marks_say_what_one_sample_has_and_broken_ones_are_named(self):
        answer = self.watch(PUSHING, "marked", 3, 2)
        self.assertEqual([record["vision_tokens"] for record in self.records()], [100, 101, 102, 0])
        self.assertIn("cannot say its tokens", answer.stderr)

    def test_where_no_range_encloses_a_sample_a_mark_is_for_the_next_one(self):
        self.watch(PUSHING, "bare and marked", 3, 2)
        self.assertEqual([record["vision_tokens"] for record in self.records()], [100, 101, 102])

    def test_records_are_what_audit_and_train_read(self):
        self.watch(PUSHING, "ascii", 30, 4, flags=("--blocks", 4, "--text_tokens", 30))
        audit = run("audit", self.out)
        self.assertIn(audit.returncode, (0, 1), audit.stderr)
        self.assertIn("30 records", audit.stdout)
        self.assertIn("flag: watched", audit.stdout)
        estimator = run(
            "train",
            "--results_dir",
            self.out,
            "--num_epochs",
            1,
            "--folds",
            2,
            "--no_plots",
            "--output_dir",
            self.folder / "estimator",
        )
        self.assertEqual(estimator.returncode, 0, estimator.stderr)

    def test_records_that_do_not_say_their_tokens_cannot_be_trained_on(self):
        self.watch(PUSHING, "ascii", 2, 4, flags=("--blocks", 4))
        estimator = run(
            "train", "--results_dir", self.out, "--output_dir", self.folder / "estimator"
        )
        self.assertEqual(estimator.returncode, 2)
        self.assertIn("2: no prompt tokens", estimator.stderr)

    def test_without_a_gpu_a_tracing_run_says_why_there_are_no_kernels(self):
        self.watch(PUSHING, "ascii", 1, 2, flags=("--cupti",))
        record = self.records()[0]
        self.assertIn("cupti_pass", record["flags"])
        if "none" in record["cupti"]:
            self.assertIn("did not use CUDA", record["cupti"]["none"])


class WithADriver(Watched):
    """The device of the stand-in reaches each event 50 us after the host."""

    environment = {**os.environ, "PUSHING_DRIVER": DRIVER}

    def test_steps_are_timed_by_events_on_the_device(self):
        self.watch(PUSHING, "ascii", 2, 5, env=self.environment)
        header = json.loads((self.out / "run.json").read_text())
        self.assertEqual(header["device"]["type"], "cuda")
        self.assertIn("gpu", header["absent"])  # the stand-in has no NVML
        for record in self.records():
            self.check_times(record, 5)
            self.assertEqual(record["clocks"]["headline"], "span")
            self.assertEqual(record["T_decode_per_step"], record["clocks"]["span_ms"])

    def test_without_events_the_host_times_them(self):
        self.watch(PUSHING, "bare", 2, 5, flags=("--no_events",), env=self.environment)
        for record in self.records():
            self.check_times(record, 5)
            self.assertIsNone(record["clocks"]["span_ms"])
        self.assertIn(
            "--no_events",
            json.loads((self.out / "run.json").read_text())["absent"]["clocks.span_ms"],
        )

    def test_samples_that_nothing_encloses_end_with_their_last_event(self):
        self.watch(PUSHING, "bare", 3, 4, env=self.environment)
        for record in self.records():
            self.check_times(record, 4)
            self.assertAlmostEqual(record["decode_end_ms"], record["T_total"], places=6)


class Again(Watched):
    def test_a_second_run_is_a_repeat_of_the_same_samples(self):
        self.watch(PUSHING, "ascii", 2, 2, flags=("--name", "model"))
        answer = self.watch(PUSHING, "ascii", 2, 2, flags=("--name", "model"))
        self.assertIn("2 samples watched, 4 decode steps", answer.stdout)
        self.assertEqual(
            sorted(record["key"] for record in self.records()),
            [f"watched/00000{i}/none_0_0/{repeat}" for i in range(2) for repeat in range(2)],
        )

    def test_another_model_does_not_mix_with_the_first_which_is_said_before_the_program_runs(self):
        self.watch(PUSHING, "ascii", 2, 2, flags=("--name", "model"))
        answer = self.watch(PUSHING, "ascii", 2, 2, flags=("--name", "another"), code=2)
        self.assertIn("model.name: another here, model in run.json", answer.stderr)
        self.assertNotIn("the program's own output", answer.stdout)

    def test_an_aborted_program_loses_only_the_sample_in_flight(self):
        answer = self.watch(PUSHING, "killed", 3, 2, code=128 + 6)
        self.assertIn("exit code 134", answer.stderr)
        self.assertEqual(len(self.records()), 3)

    def test_after_a_program_that_was_aborted_in_its_first_sample_another_can_follow(self):
        self.watch(PUSHING, "killed", 0, 0, code=128 + 6)
        self.watch(PUSHING, "ascii", 1, 2)
        self.assertEqual(len(self.records()), 1)

    def test_an_end_sent_to_watch_ends_the_program(self):
        watching = subprocess.Popen(
            [PROGRAM, "watch", "--results_dir", self.out, "--", PUSHING, "waiting", "2", "3"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(watching.stdout.readline().strip(), "waiting")
        watching.terminate()
        _, complaints = watching.communicate(timeout=60)
        self.assertEqual(watching.returncode, 128 + 15, complaints)
        self.assertIn("2 samples until then", complaints)
        self.assertEqual(len(self.records()), 2)


class Refused(Watched):
    def test_a_program_without_known_ranges(self):
        answer = self.watch(PUSHING, "unknown", code=2)
        self.assertIn("have other names (training)", answer.stderr)
        self.assertIn("did not use NVTX", self.watch("true", code=2).stderr)
        self.assertEqual(self.records(), [])

    def test_a_data_set_that_is_no_folder_of_the_results(self):
        for name in ("../elsewhere", "a/b", "logs", ""):
            self.assertIn(
                "cannot be the name of a data set",
                self.watch(PUSHING, "ascii", 1, 1, flags=("--dataset", name), code=2).stderr,
            )

    def test_a_program_that_is_not_there(self):
        self.assertIn("cannot start nonesuch", self.watch("nonesuch", code=2).stderr)

    def test_a_tool_that_reads_the_ranges_already(self):
        environment = {**os.environ, "NVTX_INJECTION64_PATH": "/opt/tool/libtool.so"}
        self.assertIn(
            "/opt/tool/libtool.so",
            self.watch(PUSHING, "ascii", 1, 1, code=2, env=environment).stderr,
        )

    def test_the_exit_code_is_the_programs(self):
        self.assertIn("exit code 9", self.watch(PUSHING, "no such way", code=9).stderr)

    def test_options_after_the_dashes_are_the_programs_own(self):
        self.watch(
            sys.executable,
            "-c",
            "import sys; sys.exit(0 if sys.argv[1:] == ['--an-option=a-b', '--results-dir'] else 7)",
            "--an-option=a-b",
            "--results-dir",
            code=2,
        )


class Ourselves(Watched):
    def test_profile_pushes_the_ranges_that_watch_reads(self):
        manifest = self.folder / "samples.jsonl"
        manifest.write_text(
            "".join(
                json.dumps({"prompt": f"question {i}", "dataset": "sums"}) + "\n" for i in range(4)
            )
        )
        profiled = self.folder / "profiled"
        self.watch(
            PROGRAM,
            "profile",
            "--model",
            "tiny-molmoe",
            "--manifest",
            manifest,
            "--no_warm_up",
            "--output_lengths",
            "fixed:6",
            "--results_dir",
            profiled,
        )
        lines = [
            json.loads(line)
            for path in profiled.glob("*/records.jsonl")
            for line in path.read_text().splitlines()
        ]
        self.assertEqual(len(lines), 4)
        watched = self.records()
        self.assertGreaterEqual(len(watched), 4)  # and what is run beside the records
        self.assertEqual({record["decode_steps"] for record in watched}, {5})


if __name__ == "__main__":
    unittest.main()
