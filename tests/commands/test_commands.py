"""Runs the program as people do. argv: the program, then unittest's own arguments."""

import json
import os
import random
import signal
import subprocess
import time
import unittest

from program import PROGRAM, InFolder, records_of, run, write_png


class Refused(InFolder):
    """Bad input that is found before anything is measured: exit code 2 and one line that says what to do."""

    def refuses(self, answer, *words):
        self.assertEqual(answer.returncode, 2, answer.stderr)
        lines = answer.stderr.strip().splitlines()
        self.assertEqual(len(lines), 1, answer.stderr)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertEqual(list(records_of(self.out)), [])

    def test_an_empty_directory(self):
        (self.folder / "nothing").mkdir()
        self.refuses(self.profile("--images", self.folder / "nothing"), "nothing", "no pictures")

    def test_an_unknown_tier(self):
        self.refuses(
            self.profile("--manifest", self.questions(1), "--tier", "low,huge"),
            "--tier huge",
            "low, medium, high",
        )

    def test_a_count_that_is_no_number(self):
        self.refuses(
            self.profile("--manifest", self.questions(1), "--top_k", "4,x"),
            "--top_k",
            "whole numbers",
        )

    def test_top_k_above_the_number_of_experts(self):
        self.refuses(
            self.profile("--manifest", self.questions(1), "--top_k", "17"),
            "--top_k 17",
            "16 experts",
        )

    def test_more_blocks_than_the_model_has(self):
        self.refuses(
            self.profile("--manifest", self.questions(1), "--blocks", "17"),
            "--blocks 17",
            "16 blocks",
        )

    def test_top_k_of_a_dense_model(self):
        self.refuses(
            self.profile("--model", "tiny-molmo", "--manifest", self.questions(1), "--top_k", "2"),
            "dense",
        )

    def test_a_results_directory_that_is_a_file(self):
        self.out.write_text("")
        answer = self.profile("--manifest", self.questions(1))
        self.assertEqual(answer.returncode, 2)
        self.assertIn("--results_dir", answer.stderr)

    def test_an_unknown_model(self):
        self.refuses(
            self.profile("--model", "molmo-13b", "--manifest", self.questions(1)),
            "molmo-13b",
            "tiny-molmoe",
        )

    def test_a_device_that_is_not_there(self):
        answer = run("info")
        if "yes CUDA device" in answer.stdout:
            self.skipTest("there is a CUDA device")
        self.refuses(
            self.profile("--manifest", self.questions(1), "--device", "cuda"), "--device cuda"
        )

    def test_a_manifest_line_that_is_not_json(self):
        path = self.folder / "bad.jsonl"
        path.write_text('{"prompt": "one"}\nnot json\n')
        self.refuses(self.profile("--manifest", path), "bad.jsonl", "line 2")

    def test_no_source_of_samples(self):
        self.refuses(self.profile(), "--images", "--manifest")

    def test_a_directory_of_another_run(self):
        self.assertEqual(
            self.profile("--manifest", self.questions(1), "--output_lengths", "fixed:2").returncode,
            0,
        )
        answer = self.profile("--manifest", self.questions(1), "--output_lengths", "fixed:3")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("different run", answer.stderr)
        self.assertEqual(len(list(records_of(self.out))), 1)


class CarriedThrough(InFolder):
    def test_missing_and_broken_images_are_counted_and_said(self):
        write_png(self.folder / "good.png", 60, 40)
        (self.folder / "broken.png").write_bytes((self.folder / "good.png").read_bytes()[:200])
        path = self.manifest(
            {"prompt": "a", "image": "good.png"},
            {"prompt": "b", "image": "broken.png"},
            {"prompt": "c", "image": "gone.png"},
        )
        answer = self.profile("--manifest", path, "--output_lengths", "fixed:3", "--top_k", "4,8")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(len(list(records_of(self.out))), 2)
        self.assertIn("1 sample left out: image missing", answer.stderr)
        self.assertIn("1 sample left out: image cannot be read", answer.stderr)
        self.assertIn("broken.png", answer.stderr)

    def test_a_torn_last_line_is_repaired_and_measured_again(self):
        path = self.questions(3)
        self.assertEqual(
            self.profile("--manifest", path, "--output_lengths", "fixed:2").returncode, 0
        )
        records = self.out / "sums" / "records.jsonl"
        whole = sorted(record["key"] for record in records_of(self.out))
        text = records.read_bytes()
        records.write_bytes(text[:-40])
        answer = self.profile("--manifest", path, "--output_lengths", "fixed:2")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("torn last line", answer.stderr)
        self.assertEqual(sorted(record["key"] for record in records_of(self.out)), whole)


class Records(InFolder):
    def test_counts_steps_exactly(self):
        write_png(self.folder / "picture.png", 300, 500)
        answer = self.profile(
            "--images",
            self.folder / "picture.png",
            "--prompt",
            "what?",
            "--output_lengths",
            "dataset",
            "--tier",
            "low,high,none",
            "--top_k",
            "4,8",
            "--blocks",
            "3,16",
            "--repeats",
            "2",
            "--subtraction",
        )
        self.assertEqual(answer.returncode, 0, answer.stderr)
        records = list(records_of(self.out))
        self.assertEqual(len(records), 3 * 2 * 2 * 2)
        self.assertEqual(len({record["key"] for record in records}), len(records))
        for record in records:
            steps = record["T_decode_per_step"]
            self.assertEqual(record["decode_steps"], record["output_tokens"] - 1)
            self.assertEqual(record["decode_steps"], len(steps))
            self.assertAlmostEqual(
                record["T_LLM_decode"], sum(steps), delta=1e-9 * (1 + sum(steps))
            )
            self.assertAlmostEqual(
                record["T_LLM_decode"],
                record["decode_end_ms"] - record["decode_start_ms"],
                delta=1e-6,
            )
            self.assertEqual(len(record["active_block_indices"]), record["num_active_blocks"])
            self.assertEqual(
                record["prompt_tokens"], record["vision_tokens"] + record["text_tokens"]
            )
            self.assertTrue(all(step > 0 for step in steps))
            self.assertIn("T_LLM_decode_signed", record["subtraction"])

    def test_one_returned_token_has_no_decode_step(self):
        answer = self.profile("--manifest", self.questions(1), "--output_lengths", "fixed:1")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        record = next(records_of(self.out))
        self.assertEqual(
            (record["output_tokens"], record["decode_steps"], record["T_decode_per_step"]),
            (1, 0, []),
        )
        self.assertEqual(record["T_LLM_decode"], 0)
        self.assertIsNone(record["T_decode_per_step_mean"])

    def test_shards_join_to_the_whole(self):
        path = self.questions(7)
        for shard in ("1/2", "2/2"):
            answer = self.profile(
                "--manifest", path, "--output_lengths", "fixed:2", "--shard", shard
            )
            self.assertEqual(answer.returncode, 0, answer.stderr)
        answer = run("merge", self.out)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(
            sorted(record["sample_id"] for record in records_of(self.out)), list(range(7))
        )

    def test_a_time_budget_stops_between_rounds(self):
        answer = self.profile(
            "--manifest",
            self.questions(2000),
            "--output_lengths",
            "fixed:8",
            "--top_k",
            "4,8",
            "--time_budget",
            "2s",
        )
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("time budget", answer.stderr)
        counts = {}
        for record in records_of(self.out):
            counts[record["top_k"]] = counts.get(record["top_k"], 0) + 1
        self.assertEqual(counts[4], counts[8])

    def test_a_full_disk_loses_nothing_written(self):
        """Mounting is often refused, so a limit on the size of files stands in for the full disk."""
        import resource

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        answer = run(
            "profile",
            "--no_warm_up",
            "--results_dir",
            self.out,
            "--manifest",
            self.questions(40),
            "--output_lengths",
            "fixed:2",
            preexec_fn=limit,
        )
        self.assertEqual(answer.returncode, 3, answer.stderr)
        self.assertIn("records.jsonl", answer.stderr)
        self.assertTrue((self.out / "sums" / "records.jsonl").read_text().endswith("}\n"))
        before = len(list(records_of(self.out)))
        self.assertGreater(before, 2)
        answer = self.profile("--manifest", self.questions(40), "--output_lengths", "fixed:2")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(
            sorted(record["sample_id"] for record in records_of(self.out)), list(range(40))
        )


class Killed(InFolder):
    """kill -9 at random moments: the resumed run has every key once."""

    def test_resumes_without_gap_or_duplicate(self):
        kills = int(os.environ.get("DECODEMETER_KILLS", "6"))
        path = self.questions(150)
        arguments = [
            "profile",
            "--no_warm_up",
            "--results_dir",
            str(self.out),
            "--manifest",
            str(path),
            "--output_lengths",
            "fixed:3",
            "--threads",
            "1",
        ]
        moments = random.Random(int(os.environ.get("DECODEMETER_SEED", "1")))
        for _ in range(kills):
            process = subprocess.Popen(
                [PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(moments.uniform(0.05, 1.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
        answer = run(*arguments)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        keys = [record["sample_id"] for record in records_of(self.out)]
        self.assertEqual(sorted(keys), list(range(150)))


class Help(unittest.TestCase):
    def test_every_command_has_examples(self):
        commands = [
            line.split()[0]
            for line in run("--help").stdout.split("Subcommands:")[1].splitlines()
            if line.strip()
        ]
        self.assertIn("profile", commands)
        for command in commands:
            answer = run(command, "--help")
            self.assertEqual(answer.returncode, 0, command)
            self.assertIn(f"decodemeter {command}", answer.stdout, command)

    def test_version_names_git_torch_and_cuda(self):
        answer = run("--version")
        self.assertEqual(answer.returncode, 0)
        self.assertIn("torch 2.11.0", answer.stdout)
        self.assertIn("git ", answer.stdout)
        self.assertIn("CUDA", answer.stdout)

    def test_info_says_what_to_do_about_each_missing_thing(self):
        lines = run("info").stdout.splitlines()
        for line, following in zip(lines, lines[1:] + [""]):
            if line.startswith("  no  "):
                self.assertIn("->", following)

    def test_the_schema_is_json(self):
        schema = json.loads(run("info", "--schema").stdout)
        self.assertIn("T_decode_per_step", schema["properties"])

    def test_dashes_and_underscores_are_one(self):
        answer = run("generate", "--prompt", "hello", "--max-new-tokens", "2", "--ignore-eos")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("2 tokens out", answer.stderr)


unittest.main()
