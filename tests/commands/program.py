"""The program under test, and what its tests share. argv: the program, then unittest's own arguments."""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM = sys.argv.pop(1)


def write_png(path, width, height):
    rows = b"".join(
        b"\0" + bytes((x * 7 + y * 3 + c * 50) % 256 for x in range(width) for c in range(3))
        for y in range(height)
    )

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def run(*arguments, **options):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )


def records_of(results_dir):
    for path in sorted(pathlib.Path(results_dir).glob("*/records.jsonl")):
        for line in path.read_text().splitlines():
            yield json.loads(line)


class InFolder(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)
        self.out = self.folder / "out"

    def manifest(self, *samples):
        path = self.folder / "samples.jsonl"
        path.write_text("".join(json.dumps(sample) + "\n" for sample in samples))
        return path

    def questions(self, count):
        return self.manifest(
            *({"prompt": f"question {i}", "dataset": "sums"} for i in range(count))
        )

    def profile(self, *arguments):
        return run("profile", "--no_warm_up", "--results_dir", self.out, *arguments)
