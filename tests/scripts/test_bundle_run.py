"""Which machines scripts/bundle_run refuses. argv: a program that links libstdc++, then unittest's
own arguments."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
NEEDS = {"torch": "2.11.0", "cuda": "13.0", "glibc": "2.17", "libstdc++": "3.4.20"}


class BundleRun(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.bundle = pathlib.Path(temporary.name)
        (self.bundle / "bin").mkdir()
        (self.bundle / "bin" / "linked").symlink_to(PROGRAM)
        self.program("answers", "echo it runs")
        shutil.copy(ROOT / "scripts" / "bundle_run", self.bundle / "run")

    def program(self, name, line):
        path = self.bundle / "bin" / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
        return path

    def run_on(self, torch, cuda, program="answers", **needs):
        """The answer on a machine whose Python has this torch; `needs` replaces lines of NEEDS."""
        folder = self.bundle / "site-packages" / "torch"
        folder.mkdir(parents=True, exist_ok=True)
        value = f"'{cuda}'" if cuda else "None"
        (folder / "version.py").write_text(
            f"__version__ = '{torch}'\ncuda: Optional[str] = {value}\n"
        )
        (self.bundle / "NEEDS").write_text(
            "".join(f"{name} {version}\n" for name, version in (NEEDS | needs).items())
        )
        python = self.program("python", f"echo {folder}")
        return subprocess.run(
            [str(self.bundle / "run"), program],
            env=os.environ | {"PYTHON": str(python)},
            capture_output=True,
            text=True,
        )

    def refused(self, answer, *words):
        self.assertEqual((answer.returncode, answer.stdout), (2, ""), answer.stderr)
        for word in words:
            self.assertIn(word, answer.stderr)

    def test_the_torch_of_the_build_runs(self):
        answer = self.run_on("2.11.0+cu130", "13.0")
        self.assertEqual((answer.returncode, answer.stdout), (0, "it runs\n"), answer.stderr)

    def test_a_later_minor_version_of_cuda_runs(self):
        self.assertEqual(self.run_on("2.11.0+cu131", "13.1").returncode, 0)

    def test_another_major_version_of_cuda_is_refused_with_both_named(self):
        for torch, cuda in (("2.11.0+cu126", "12.6"), ("2.11.0+cu128", "12.8")):
            self.refused(self.run_on(torch, cuda), "CUDA 13.0", torch, f"CUDA {cuda}")

    def test_a_torch_without_cuda_is_refused(self):
        self.refused(self.run_on("2.11.0+cpu", ""), "CUDA 13.0", "2.11.0+cpu", "CUDA none")

    def test_another_torch_is_refused(self):
        self.refused(self.run_on("2.10.1+cu130", "13.0"), "torch 2.11.0", "2.10.1+cu130")

    def test_an_older_libstdcxx_is_refused_with_both_versions_named(self):
        answer = self.run_on("2.11.0+cu130", "13.0", "linked", **{"libstdc++": "3.4.999"})
        self.refused(answer, "GLIBCXX_3.4.999", "ends at GLIBCXX_3.4.")

    def test_an_older_glibc_is_refused(self):
        self.refused(self.run_on("2.11.0+cu130", "13.0", glibc="2.999"), "glibc 2.999")


if __name__ == "__main__":
    unittest.main()
