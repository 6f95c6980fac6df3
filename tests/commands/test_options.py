"""Option values that would be taken for something else. argv: the program, then unittest's own arguments."""

import json
import unittest

from program import InFolder, records_of, run, write_png


class Refusals(InFolder):
    def refuses(self, answer, *words):
        self.assertEqual(answer.returncode, 2, answer.stderr)
        for word in words:
            self.assertIn(word, answer.stderr)
        self.assertFalse(list(records_of(self.out)))

    def test_numbers_out_of_range(self):
        path = self.questions(1)
        for option, value in (
            ("--seed", "-1"),
            ("--seed", "18446744073709551616"),
            ("--weight_seed", "-1"),
            ("--num_samples", "-1"),
            ("--num_samples", "0"),
            ("--repeats", "0"),
            ("--repeats", "1000000000"),
            ("--max_crops", "0"),
            ("--max_new_tokens", "0"),
            ("--max_new_tokens", "99999999999"),
            ("--threads", "-1"),
            ("--cupti", "-1"),
            ("--cupti", "0"),
        ):
            self.refuses(self.profile("--manifest", path, option, value), option, value)

    def test_durations(self):
        path = self.questions(1)
        for value in ("", "inf", "nan", "-1s", "1e300h", "soon"):
            self.refuses(
                self.profile("--manifest", path, "--time_budget", value), "--time_budget", "90s"
            )

    def test_a_request_with_impossible_numbers(self):
        for command in ("generate", "trace"):
            for option in ("--top_k", "--blocks", "--max_crops", "--max_new_tokens"):
                self.refuses(run(command, option, "0"), option)
            self.refuses(run(command, "--image", ""), "--image", "empty")

    def test_empty_names(self):
        for option in ("--images", "--manifest", "--samples", "--dataset"):
            self.refuses(self.profile(option, ""), option, "empty")

    def test_flags_that_the_source_has_no_use_for(self):
        path = self.questions(1)
        self.refuses(self.profile("--manifest", path, "--split", "train"), "--split", "--dataset")
        self.refuses(self.profile("--samples", "photos", "--prompt", "why?"), "--prompt")
        self.refuses(
            self.profile("--manifest", path, "--dataset_dir", self.folder), "--dataset_dir"
        )

    def test_an_answer_longer_than_the_most_tokens(self):
        self.refuses(
            self.profile(
                *("--manifest", self.questions(1)),
                *("--output_lengths", "fixed:128", "--max_new_tokens", "64"),
            ),
            "--output_lengths fixed:128",
            "--max_new_tokens 64",
        )

    def test_pictures_under_another_name_than_image(self):
        write_png(self.folder / "cat.png", 60, 40)
        path = self.manifest({"prompt": "what?", "img": "cat.png"})
        self.refuses(self.profile("--manifest", path), '"img"', 'call it "image"')


class Accepted(InFolder):
    def test_a_fixed_length_needs_no_other_option(self):
        answer = self.profile("--manifest", self.questions(1), "--output_lengths", "fixed:128")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual([r["output_tokens"] for r in records_of(self.out)], [128])
        run_file = json.loads((self.out / "run.json").read_text())
        self.assertEqual(run_file["stop_rule"]["max_new_tokens"], 128)

    def test_fields_that_are_not_read_are_named_once(self):
        path = self.manifest(
            {"prompt": "a", "note": 1}, {"prompt": "b", "note": 2, "split": "train"}
        )
        answer = self.profile("--manifest", path, "--output_lengths", "fixed:2")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(answer.stderr.count("fields that are not used: note, split"), 1)

    def test_samples_left_out_are_told_by_reason(self):
        write_png(self.folder / "line.png", 4000, 1)
        lines = [{"prompt": "what?", "image": "line.png"}, {"prompt": "x " * 5000}]
        lines += [{"prompt": f"{i}?", "image": f"gone{i}.png"} for i in range(18)]
        answer = self.profile(
            "--manifest", self.manifest({"prompt": "a"}, *lines), "--output_lengths", "fixed:2"
        )
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("18 samples left out: image missing", answer.stderr)
        self.assertIn("and 15 more", answer.stderr)
        self.assertIn("line.png: ", answer.stderr)
        self.assertIn("left out: request refused by the model", answer.stderr)
        self.assertIn("1 record measured, 0 were there already, 21 planned", answer.stdout)
        self.assertIn("20 samples left out", answer.stdout)


unittest.main()
