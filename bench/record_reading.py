"""Reading records: decodemeter's reader beside Python's json, on the same files in the same run.

Usage: python3 bench/record_reading.py BUILD_DIR/bench/bench_record_reading
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3


def best_seconds(work):
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def main():
    with tempfile.TemporaryDirectory() as directory:
        output = subprocess.run(
            [sys.argv[1], directory], check=True, capture_output=True, text=True
        ).stdout
        for line in output.splitlines():
            name, *pairs = line.split()
            figures = {key: float(value) for key, value in (pair.split("=") for pair in pairs)}
            path = Path(directory) / name / "coco_2014_vqa" / "records.jsonl"
            lines = path.read_text().splitlines()

            def drop_each():
                for text in lines:
                    json.loads(text)

            def keep_all():
                with open(path) as file:
                    return [json.loads(text) for text in file]

            python_lines = len(lines) / best_seconds(drop_each)
            python_set = len(lines) / best_seconds(keep_all)
            print(f"{name}: {figures['bytes_per_record']:.0f} bytes a record")
            for kind, python in (("lines", python_lines), ("set", python_set)):
                ours = figures[f"{kind}_per_second"]
                print(
                    f"  {kind:5}  decodemeter {ours:9.0f} records/s   Python json {python:9.0f} records/s"
                    f"   ratio {ours / python:5.1f}"
                )


main()
