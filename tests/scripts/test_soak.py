"""The soak finds what it looks for, and a short soak passes. argv: the program, then unittest's own arguments."""

import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from soak_attacks import records  # noqa: E402
from soak_attacks.program import Answer, Program  # noqa: E402
from soak_attacks.verdict import Finding  # noqa: E402


class InFolder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def soak(self, *arguments, program=PROGRAM):
        """The exit code and the results."""
        output = self.folder / "soak"
        answer = subprocess.run(
            [
                *(sys.executable, SCRIPTS / "soak", "--program", program),
                *("--output", output, *map(str, arguments)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        self.assertIn(answer.returncode, (0, 1), answer.stderr)
        return answer.returncode, json.loads((output / "soak.json").read_text())["attacks"]

    def findings(self, rows):
        return [finding["finding"] for row in rows for finding in row["findings"]]


class PlantedInRecords(InFolder):
    """Each fault is planted in the records of a real run and must be found."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        manifest = folder / "samples.jsonl"
        manifest.write_text("".join(f'{{"prompt": "{i}", "dataset": "sums"}}\n' for i in range(4)))
        program = Program(PROGRAM)
        program.succeed(
            *("profile", "--no_warm_up", "--threads", 1, "--output_lengths", "fixed:4"),
            *("--manifest", manifest, "--results_dir", folder / "out"),
        )
        cls.schema = json.loads(program.succeed("info", "--schema").stdout)
        cls.text = (folder / "out" / "sums" / "records.jsonl").read_bytes()

    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"
        self.path = self.out / "sums" / "records.jsonl"
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(self.text)
        self.lines = self.text.splitlines(keepends=True)
        self.keys = {json.loads(line)["key"] for line in self.lines}
        self.before = records.complete_lines(self.out)

    def check(self):
        records.expect_kept(self.before, self.out)
        records.check_directory(self.out, self.schema, self.keys)

    def planted(self, *lines, before=None):
        self.path.write_bytes(b"".join(lines))
        self.before = {} if before is None else before
        with self.assertRaises(Finding) as found:
            self.check()
        return str(found.exception)

    def edited(self, **values):
        record = {**json.loads(self.lines[0]), **values}
        line = json.dumps({key: value for key, value in record.items() if value != "absent"})
        return self.planted(line.encode() + b"\n", *self.lines[1:])

    def test_nothing_is_found_where_nothing_is_wrong(self):
        self.check()

    def test_a_lost_record(self):
        self.assertIn("1 keys are missing", self.planted(*self.lines[1:]))
        self.assertIn("lost 1", self.planted(*self.lines[1:], before=self.before_of_all()))

    def before_of_all(self):
        return {self.path.relative_to(self.out): [line.strip() for line in self.lines]}

    def test_a_file_that_is_gone(self):
        self.path.unlink()
        with self.assertRaisesRegex(Finding, "is gone"):
            self.check()

    def test_a_key_that_is_there_twice(self):
        self.assertIn("is there twice", self.planted(*self.lines, self.lines[0]))

    def test_a_key_that_was_not_asked_for(self):
        record = json.loads(self.lines[0]) | {"key": "sums/000009/none_8_16/0"}
        line = json.dumps(record).encode() + b"\n"
        self.assertIn("not asked for", self.planted(*self.lines, line))

    def test_torn_lines(self):
        self.assertIn("torn line", self.planted(*self.lines[:3], self.lines[3][:-30]))
        self.assertIn("is torn", self.planted(self.lines[0][:90] + b"\n", *self.lines[1:]))

    def test_numbers_that_json_does_not_have(self):
        line = self.lines[0].replace(b'"T_preprocess":', b'"T_preprocess":NaN,"x":', 1)
        self.assertIn("NaN is not JSON", self.planted(line, *self.lines[1:]))

    def test_what_the_schema_does_not_allow(self):
        self.assertIn("'many' is not of type", self.edited(top_k="many"))
        self.assertIn("is below", self.edited(vision_tokens=-1))
        self.assertIn("not in the schema", self.edited(anything=1))
        self.assertIn("stop is missing", self.edited(stop="absent"))

    def test_steps_that_do_not_belong_to_the_answer(self):
        self.assertIn("2 steps of 4 tokens", self.edited(decode_steps=2))
        self.assertIn("step times of 3 steps", self.edited(T_decode_per_step=[1.0]))
        self.assertIn("add up to 3.0", self.edited(T_decode_per_step=[1.0, 1.0, 1.0]))


class PlantedInTheEnd(unittest.TestCase):
    """How a command ends."""

    def found(self, returncode, stderr="", sent=None):
        try:
            Program(PROGRAM).check(Answer([], returncode, "", stderr), sent=sent)
        except Finding as finding:
            return str(finding)
        return None

    def test_a_documented_end_is_no_finding(self):
        for code in (0, 1, 2, 3, 130, 143):
            self.assertIsNone(self.found(code, "error: cannot write"))
        self.assertIsNone(self.found(-9, sent=9))

    def test_crashes(self):
        self.assertIn("SIGABRT", self.found(-6, sent=9))
        self.assertIn("SIGSEGV", self.found(-11))
        self.assertIn("exit code 4", self.found(4))
        self.assertIn("terminate called", self.found(0, "terminate called after throwing"))
        self.assertIn("frame #0", self.found(3, "index out of range\nframe #0: at::native"))


class PlantedInTheProgram(InFolder):
    """A program with a fault, run by the script itself."""

    def faulty(self, after):
        """The program, followed by `after` in Python when it ran a profile that ended well."""
        path = self.folder / "faulty"
        path.write_text(
            f"""#!{sys.executable}
import os, pathlib, subprocess, sys
code = subprocess.run([{PROGRAM!r}, *sys.argv[1:]]).returncode
if sys.argv[1] == "profile" and "--shard" not in sys.argv and code == 0:
    out = pathlib.Path(sys.argv[sys.argv.index("--results_dir") + 1])
    path = out / "sums" / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    {after}
sys.exit(code)
"""
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def soak_faulty(self, after):
        code, rows = self.soak(
            *("--trials", 1, "--minutes", 5, "--only", "kill -9: profile", "--seed", 1),
            program=self.faulty(after),
        )
        self.assertEqual(code, 1, rows)
        found = self.findings(rows)
        self.assertTrue(found, rows)
        self.assertIn("--seed 1 --only 'kill -9: profile' --trial", rows[0]["findings"][0]["again"])
        return found

    def test_a_record_lost(self):
        found = self.soak_faulty("path.write_bytes(b''.join(lines[1:]))")
        self.assertRegex(found[0], "keys are missing|complete records")

    def test_an_abort_after_success(self):
        self.assertIn("SIGABRT", self.soak_faulty("os.abort()")[0])


class Short(InFolder):
    def test_a_short_soak_passes(self):
        """One trial of each attack on the two commands that need the least time."""
        for word in ("simulate", "merge while"):
            code, rows = self.soak("--trials", 1, "--seed", 3407, "--only", word)
            self.assertEqual(code, 0, self.findings(rows))
            for row in rows:
                self.assertTrue(row["passed"] == 1 or row["not_run"], row)

    def test_what_was_not_tried_is_not_passed(self):
        code, rows = self.soak("--minutes", 0, "--only", "clock")
        self.assertEqual(code, 0)
        self.assertEqual([row["passed"] for row in rows], [0] * len(rows))
        page = (self.folder / "soak" / "soak.md").read_text()
        self.assertEqual(page.count("| not run: "), len(rows))
        self.assertNotIn("passed", page)


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    unittest.main()
