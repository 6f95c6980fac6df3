"""Starting profile again in its results directory. argv: the program, then unittest's own arguments."""

import json
import re
import shutil
import signal
import subprocess
import time
import unittest

from program import PROGRAM, InFolder, records_of, run, write_png


class Resuming(InFolder):
    def measure(self, *arguments, **options):
        answer = run(
            *("profile", "--no_warm_up", "--output_lengths", "fixed:3", "--threads", "1"),
            *("--results_dir", self.out),
            *arguments,
            **options,
        )
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return answer

    def refuses(self, answer, *words):
        self.assertEqual(answer.returncode, 2, answer.stderr)
        for word in words:
            self.assertIn(word, answer.stderr)

    def requests(self):
        """Pairs of prompt and picture, as often as they were measured."""
        return sorted(
            (record["metadata"]["prompt"], record["metadata"].get("image"))
            for record in records_of(self.out)
        )

    def run_file(self):
        return json.loads((self.out / "run.json").read_text())


class Requests(Resuming):
    """A request that is there is not measured again, and no other request is taken for it."""

    def test_another_picture_and_question_are_measured(self):
        write_png(self.folder / "cat.png", 60, 40)
        write_png(self.folder / "dog.png", 50, 70)
        self.measure("--images", self.folder / "cat.png", "--prompt", "What is this?")
        answer = self.measure("--images", self.folder / "dog.png", "--prompt", "Describe the dog")
        self.assertIn("1 record measured", answer.stdout)
        self.assertIn('was "What is this?" about cat.png', answer.stderr)
        self.assertEqual(
            self.requests(), [("Describe the dog", "dog.png"), ("What is this?", "cat.png")]
        )
        again = self.measure("--images", self.folder / "dog.png", "--prompt", "Describe the dog")
        self.assertIn("0 records measured, 1 were there already", again.stdout)

    def test_an_edited_question_of_a_manifest_is_measured(self):
        self.measure("--manifest", self.manifest({"prompt": "a"}, {"prompt": "b"}))
        self.measure("--manifest", self.manifest({"prompt": "a"}, {"prompt": "edited"}))
        self.assertEqual(self.requests(), [("a", None), ("b", None), ("edited", None)])

    def test_a_folder_that_grew_is_measured_where_it_grew(self):
        pictures = self.folder / "pictures"
        pictures.mkdir()
        write_png(pictures / "c.png", 60, 40)
        write_png(pictures / "d.png", 50, 70)
        self.measure("--images", pictures)
        write_png(pictures / "a.png", 90, 20)
        answer = self.measure("--images", pictures)
        self.assertIn("1 record measured, 2 were there already, 3 planned", answer.stdout)
        self.assertEqual([image for _, image in self.requests()], ["a.png", "c.png", "d.png"])
        self.assertEqual(len({record["key"] for record in records_of(self.out)}), 3)

    def test_records_carry_the_id_of_the_manifest(self):
        self.measure(
            "--manifest", self.manifest({"prompt": "a", "id": "q-7"}, {"prompt": "b", "id": 8})
        )
        found = {r["manifest_id"]: r["metadata"]["prompt"] for r in records_of(self.out)}
        self.assertEqual(found, {"q-7": "a", "8": "b"})
        self.assertEqual(len({r["request_digest"] for r in records_of(self.out)}), 2)

    def without_digests(self):
        path = next(self.out.glob("*/records.jsonl"))
        records = list(records_of(self.out))
        for record in records:
            del record["request_digest"]
        path.write_text("".join(json.dumps(record) + "\n" for record in records))

    def test_records_of_an_earlier_version_are_accepted_and_noted(self):
        self.measure("--manifest", self.questions(3))
        self.without_digests()
        answer = self.measure("--manifest", self.questions(4))
        self.assertIn("1 record measured, 3 were there already", answer.stdout)
        self.assertIn("3 records without a request digest", answer.stderr)

    def test_records_of_an_earlier_version_are_told_by_their_prompts(self):
        self.measure("--manifest", self.manifest({"prompt": "a"}))
        self.without_digests()
        self.measure("--manifest", self.manifest({"prompt": "b"}))
        self.assertEqual(self.requests(), [("a", None), ("b", None)])

    def test_shards_refuse_other_samples(self):
        for shard in ("1/2", "2/2"):
            self.measure("--manifest", self.questions(6), "--shard", shard)
        changed = self.manifest(*({"prompt": f"new {i}", "dataset": "sums"} for i in range(6)))
        answer = self.profile(
            *("--manifest", changed, "--shard", "1/2", "--threads", "1"),
            *("--output_lengths", "fixed:3"),
        )
        self.refuses(answer, "of sums was", "--results_dir")


class OneRun(Resuming):
    """A directory holds one run of one machine."""

    def again(self, *arguments):
        return run(
            *("profile", "--no_warm_up", "--output_lengths", "fixed:3"),
            *("--results_dir", self.out, "--manifest", self.questions(2)),
            *arguments,
        )

    def test_other_threads_are_refused(self):
        self.measure("--manifest", self.questions(2))
        self.refuses(self.again("--threads", "2"), "device.threads: 2 here, 1 in run.json")

    def test_another_block_order_of_the_same_name_is_refused(self):
        for name, order in (("a", range(16)), ("b", reversed(range(16)))):
            (self.folder / name).mkdir()
            (self.folder / name / "order.txt").write_text("\n".join(map(str, order)))
        knobs = ("--blocks", "8", "--threads", "1", "--block_importance")
        first = self.again(*knobs, self.folder / "a" / "order.txt")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(self.run_file()["block_order"], list(range(16)))
        self.refuses(self.again(*knobs, self.folder / "b" / "order.txt"), "block_rule", "15,14,13")
        shutil.copy(self.folder / "a" / "order.txt", self.folder / "renamed.txt")
        renamed = self.again(*knobs, self.folder / "renamed.txt")
        self.assertEqual(renamed.returncode, 0, renamed.stderr)

    def test_a_block_order_without_blocks_is_refused(self):
        (self.folder / "empty.txt").write_text("# nothing\n")
        for order in (self.folder / "empty.txt", "/dev/null", self.folder):
            self.refuses(self.again("--blocks", "8", "--block_importance", order), str(order))

    def test_what_finished_records_lack_is_told(self):
        self.measure("--manifest", self.questions(2))
        answer = self.measure("--manifest", self.questions(2), "--subtraction", "--keep_text")
        self.assertIn("2 records there already without subtraction times", answer.stderr)
        self.assertIn("2 records there already without the answer's text", answer.stderr)


class NothingLeft(Resuming):
    def test_a_start_with_nothing_to_do_changes_nothing(self):
        command = ["--manifest", self.questions(2), "--output_lengths", "fixed:3"]
        first = run("profile", "--results_dir", self.out, *command)
        self.assertEqual(first.returncode, 0, first.stderr)
        before = (self.out / "run.json").read_text()
        self.assertGreater(json.loads(before)["warm_up"]["runs"], 0)
        again = run("profile", "--results_dir", self.out, *command)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("0 records measured, 2 were there already", again.stdout)
        self.assertNotIn("warm-up", again.stderr)
        self.assertEqual((self.out / "run.json").read_text(), before)

    def test_a_dry_run_counts_what_is_left(self):
        self.measure("--manifest", self.questions(3), "--top_k", "4,8")
        answer = self.measure("--manifest", self.questions(5), "--top_k", "4,8", "--dry_run")
        self.assertIn("10 records planned, 6 already there, 4 left", answer.stdout)
        self.assertEqual(len(list(records_of(self.out))), 6)
        done = self.measure("--manifest", self.questions(3), "--top_k", "4,8", "--dry_run")
        self.assertIn("6 records planned, 6 already there, 0 left", done.stdout)

    def test_a_dry_run_says_what_the_budget_allows(self):
        answer = self.measure(
            *("--manifest", self.questions(3000), "--dry_run", "--time_budget", "1s")
        )
        self.assertRegex(answer.stdout, r"time budget of 0:01 lets about \d+ % of them")
        self.assertFalse(self.out.exists())

    def test_a_record_with_the_key_of_another_request_is_measured_again(self):
        self.measure("--manifest", self.questions(2))
        path = next(self.out.glob("*/records.jsonl"))
        records = [json.loads(line) for line in path.read_text().splitlines()]
        own_key, records[0]["key"] = records[0]["key"], "x"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        answer = self.measure("--manifest", self.questions(2))
        self.assertIn("1 record there with a key that names another request", answer.stderr)
        self.assertEqual(
            sorted(record["key"] for record in records_of(self.out)),
            sorted([own_key, records[1]["key"], "x"]),
        )

    def test_a_dry_run_refuses_another_run(self):
        self.measure("--manifest", self.questions(1))
        answer = self.profile("--manifest", self.questions(1), "--threads", "2", "--dry_run")
        self.refuses(answer, "device.threads")


class Tracing(Resuming):
    def keys(self):
        return sorted(record["key"] for record in records_of(self.out))

    def test_a_tracing_pass_takes_no_repeat(self):
        self.measure("--manifest", self.questions(1), "--traces")
        self.measure("--manifest", self.questions(1), "--repeats", "3")
        stem = "sums/000000/none_8_16/"
        self.assertEqual(self.keys(), [stem + "0", stem + "1", stem + "2", stem + "trace"])

    def test_a_pass_is_not_run_twice(self):
        self.measure("--manifest", self.questions(1), "--traces")
        answer = self.measure("--manifest", self.questions(1), "--traces", "--repeats", "2")
        self.assertIn("1 record measured", answer.stdout)
        self.assertEqual(len(self.keys()), 3)

    def test_a_directory_of_an_earlier_version_goes_on(self):
        self.measure("--manifest", self.questions(1), "--traces")
        path = self.out / "sums" / "records.jsonl"
        path.write_text(path.read_text().replace("none_8_16/trace", "none_8_16/1"))
        self.measure("--manifest", self.questions(1), "--traces", "--repeats", "2")
        passes = [r for r in records_of(self.out) if "cupti_pass" in r["flags"]]
        self.assertEqual(len(passes), 1)
        self.assertEqual(len(self.keys()), 3)
        self.assertEqual(len(set(self.keys())), 3)


class Precision(Resuming):
    def test_a_goal_that_was_reached_is_remembered(self):
        command = ("--manifest", self.questions(400), "--until_ci", "90%")
        first = self.measure(*command)
        self.assertIn("known to 90%", first.stderr)
        self.assertNotIn("start the same command again", first.stderr)
        count = len(list(records_of(self.out)))
        self.assertGreaterEqual(count, 6)
        second = self.measure(*command)
        self.assertEqual(len(list(records_of(self.out))), count)
        self.assertIn("0 records measured", second.stdout)


class ProgressLines(Resuming):
    def last_line(self, answer):
        lines = [line for line in answer.stderr.splitlines() if line.startswith("profile ")]
        self.assertTrue(lines, answer.stderr)
        return lines[-1]

    def test_a_shard_ends_at_all_of_its_own(self):
        answer = self.measure("--manifest", self.questions(9), "--shard", "1/4")
        self.assertRegex(self.last_line(answer), "100 % (2/2|3/3)")

    def test_a_resumed_run_ends_at_all(self):
        self.measure("--manifest", self.questions(3))
        answer = self.measure("--manifest", self.questions(8))
        self.assertIn("100 % 8/8", self.last_line(answer))

    def test_a_run_with_a_missing_picture_ends_at_all(self):
        path = self.manifest({"prompt": "a"}, {"prompt": "b", "image": "gone.png"})
        answer = self.measure("--manifest", path)
        self.assertIn("100 % 2/2", self.last_line(answer))
        self.assertIn("1 record measured, 0 were there already, 2 planned", answer.stdout)
        self.assertIn("1 sample left out", answer.stdout)

    def test_a_single_sample_is_one_line(self):
        answer = self.measure("--manifest", self.questions(1))
        self.assertEqual(
            len(re.findall("^profile ", answer.stderr, re.MULTILINE)), 1, answer.stderr
        )


class Interrupting(Resuming):
    def interrupted(self, signal_number, wait_for, *arguments):
        process = subprocess.Popen(
            [
                *(PROGRAM, "profile", "--results_dir", str(self.out), "--threads", "1"),
                *map(str, arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 120
        while not wait_for() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal_number)
        _, log = process.communicate(timeout=120)
        return process.returncode, log

    def records_appear(self):
        return any(path.stat().st_size > 0 for path in self.out.glob("*/records.jsonl"))

    def test_signals_while_measuring(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            self.out = self.folder / str(code)
            command = ("--manifest", self.questions(3000), "--output_lengths", "fixed:8")
            returned, log = self.interrupted(number, self.records_appear, "--no_warm_up", *command)
            self.assertEqual(returned, code, log)
            count = len(list(records_of(self.out)))
            last = log.strip().splitlines()[-1]
            self.assertIn(f"interrupted by {number.name}: {count} of 3000 records", last)
            self.assertIn("start the same command again", last)

    def test_a_signal_in_the_warm_up(self):
        returned, log = self.interrupted(
            signal.SIGINT,
            (self.out / "run.json").exists,
            *("--manifest", self.questions(20), "--output_lengths", "fixed:16"),
        )
        self.assertEqual(returned, 130, log)
        self.assertIn("interrupted by SIGINT: 0 of 20 records", log.strip().splitlines()[-1])

    def test_a_signal_that_was_ignored_stays_ignored(self):
        """As a shell does for what it starts in the background."""
        process = subprocess.Popen(
            [
                *(PROGRAM, "profile", "--results_dir", str(self.out), "--threads", "1"),
                *("--no_warm_up", "--output_lengths", "fixed:3"),
                *("--manifest", str(self.questions(60))),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
        while not self.records_appear() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=120), 0)
        self.assertEqual(len(list(records_of(self.out))), 60)


unittest.main()
