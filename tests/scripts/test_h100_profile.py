"""scripts/h100_profile goes on after a part failed, and names it. A stand-in takes the program's place."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Logs its arguments; FAULTS has lines "<words that the arguments hold>|<what it then does>".
STAND_IN = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$0.log"
while IFS='|' read -r words does; do
    case "$*" in *$words*) eval "$does" ;; esac
done <"$0.faults"
exit 0
"""


class H100Profile(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.program = self.folder / "decodemeter"
        self.program.write_text(STAND_IN)
        self.program.chmod(0o755)

    def run_script(self, *arguments, faults=""):
        (self.folder / "decodemeter.faults").write_text(faults)
        return subprocess.run(
            [str(ROOT / "scripts" / "h100_profile"), "--program", str(self.program)]
            + ["--results_dir", str(self.folder / "out"), *arguments],
            capture_output=True,
            text=True,
        )

    def parts(self):
        return [
            line.split()[0]
            for line in (self.folder / "decodemeter.log").read_text().split("\n")
            if line
        ]

    ALL = "info profile audit train evaluate visualize profile audit profile audit".split()

    def test_all_parts_run_and_the_exit_code_is_0(self):
        answer = self.run_script()
        self.assertEqual((answer.returncode, self.parts()), (0, self.ALL), answer.stderr)

    def test_a_profile_that_crashes_does_not_take_the_other_parts_along(self):
        answer = self.run_script(faults="--measure_overhead|kill -SEGV $$\n")
        self.assertEqual((answer.returncode, self.parts()), (1, self.ALL))
        self.assertIn("1 parts failed:\n  profile: exit code 139", answer.stderr)

    def test_tracing_that_crashes_leaves_the_second_model(self):
        answer = self.run_script(faults="--cupti|exit 3\n")
        self.assertEqual((answer.returncode, self.parts()), (1, self.ALL))
        self.assertIn("tracing passes: exit code 3", answer.stderr)

    def test_without_a_trained_estimator_nothing_is_evaluated_or_plotted(self):
        answer = self.run_script(faults="train |exit 2\nrecords_7b|exit 2\n")
        self.assertEqual(answer.returncode, 1)
        self.assertEqual(
            self.parts(), "info profile audit train profile audit profile audit".split()
        )
        for part in ("3 parts", "training: exit code 2", "profile of molmo-7b-d: exit code 2"):
            self.assertIn(part, answer.stderr)

    def test_a_suspicious_audit_is_no_failure_and_a_broken_one_is(self):
        self.assertEqual(self.run_script(faults="audit |exit 1\n").returncode, 0)
        answer = self.run_script(faults="audit |exit 3\n")
        self.assertIn("3 parts failed", answer.stderr)

    def test_a_part_that_hangs_is_ended_and_the_rest_is_not_run(self):
        answer = self.run_script("--total_s", "4", faults="--cupti|exec sleep 60\n")
        self.assertEqual((answer.returncode, self.parts()), (1, self.ALL[:7]))
        self.assertIn("tracing passes: stopped after", answer.stderr)
        self.assertIn("audit of molmo-7b-d: not run, the 4 seconds are over", answer.stderr)

    def test_a_dry_run_only_estimates(self):
        self.assertEqual(self.run_script("--dry_run").returncode, 0)
        self.assertEqual(self.parts(), ["profile", "profile"])
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
