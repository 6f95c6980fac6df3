#!/usr/bin/env python3
"""Runs scripts/mmmu_manifest on a small Parquet file. Exits with 77 where pyarrow is not installed."""

import json
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "mmmu_manifest"
PNG = b"\x89PNG\r\n\x1a\n and the rest"
ROWS = [
    (
        "validation_Art_1",
        "What is it? <image 1>",
        "['a cat', \"a dog's\"]",
        "B",
        "multiple-choice",
        PNG,
    ),
    ("validation_Art_2", "Which one?", "['<image 1>', '<image 2>']", "A", "multiple-choice", PNG),
    ("validation_Art_3", "How far?", "[]", "['4', '4 km']", "open", PNG),
    ("validation_Art_4", "No picture", "[]", "?", "open", None),
]
EXPECTED = [
    (
        "choice",
        "images/validation_Art_1.png",
        "What is it? <image 1>\nA: a cat\nB: a dog's\n",
        ["B"],
    ),
    ("choice", None, "Which one?\nA: <image 1>\nB: <image 2>\n", ["A"]),
    ("vqa", "images/validation_Art_3.png", "How far?", ["4", "4 km"]),
    ("vqa", None, "No picture", []),
]


def write_parquet(path):
    import pyarrow
    import pyarrow.parquet

    names = ["id", "question", "options", "answer", "question_type"]
    columns = {name: [row[index] for row in ROWS] for index, name in enumerate(names)}
    columns["image_1"] = [row[5] and {"bytes": row[5], "path": "x.png"} for row in ROWS]
    columns["subfield"] = ["unused"] * len(ROWS)
    path.parent.mkdir()
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def run(mmmu, out, *more):
    command = [sys.executable, SCRIPT, "--mmmu", mmmu, "--out", out, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main():
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        print("test skipped: pyarrow is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        mmmu, out = pathlib.Path(folder, "mmmu"), pathlib.Path(folder, "out")
        mmmu.mkdir()
        write_parquet(mmmu / "Art" / "validation-00000-of-00001.parquet")
        done = run(mmmu, out)
        assert done.returncode == 0, done.stderr
        lines = [
            json.loads(line) for line in (out / "mmmu_validation.jsonl").read_text().splitlines()
        ]
        assert [(x["task"], x["image"], x["prompt"], x["answers"]) for x in lines] == EXPECTED, (
            lines
        )
        assert (out / "images/validation_Art_1.png").read_bytes() == PNG
        missing = run(mmmu, out, "--split", "dev")
        assert missing.returncode == 1 and "holds no <subject>/dev-*.parquet" in missing.stderr, (
            missing
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
