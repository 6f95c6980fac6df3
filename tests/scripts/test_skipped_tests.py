"""How a GPU test program ends when a test was skipped. argv: skipping_tests, then unittest's own
arguments."""

import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)


class SkippedTests(unittest.TestCase):
    def ends(self, selection, code):
        answer = subprocess.run([PROGRAM, selection], capture_output=True, text=True)
        self.assertEqual(answer.returncode, code, answer.stdout)
        return answer.stdout.strip().splitlines()[-1]

    def test_a_skipped_test_beside_a_passed_one_is_skipped_with_its_reason(self):
        for selection in ("[skips]", "[skips],[passes]"):
            self.assertIn("no rights to trace", self.ends(selection, 77))

    def test_a_failure_is_a_failure_whatever_else_was_skipped(self):
        self.ends("[skips],[fails]", 1)

    def test_passed_tests_pass(self):
        self.ends("[passes]", 0)


if __name__ == "__main__":
    unittest.main()
