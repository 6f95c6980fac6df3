"""What `decodemeter watch` sees from outside, beside what the model's own marks say of the same run, and what it costs.

Usage: python3 bench/watch.py [--build build] [--samples 24] [--output results/watch_cpu.json]

The profile of tiny-molmoe runs under watch: each step is timed twice at once, by the timeline that generate() marks and by
the NVTX ranges that leave the model through another library. Then a program of nothing but ranges runs alone and under
watch. Writes a page beside the JSON.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench_context import context


def records_in(folder):
    for path in sorted(Path(folder).glob("*/records.jsonl")):
        with open(path) as lines:
            yield from map(json.loads, lines)


def twin_of(record, watched):
    """The watched record of the same run: warm-up and reference runs were watched too, but took other times."""
    alike = [other for other in watched if len(steps_of(other)) == len(steps_of(record))]
    return min(
        alike,
        key=lambda other: sum(
            abs(a - b) for a, b in zip(steps_of(other), steps_of(record), strict=True)
        ),
    )


def steps_of(record):
    return record["clocks"]["host_ms"]


def agreement(program, samples):
    with tempfile.TemporaryDirectory() as folder:
        manifest, own, seen = (Path(folder) / name for name in ("samples.jsonl", "own", "seen"))
        manifest.write_text(
            "".join(
                json.dumps({"prompt": f"Count from {i} to {i + 20}.", "dataset": "counting"}) + "\n"
                for i in range(samples)
            )
        )
        subprocess.run(
            [
                program,
                "watch",
                "--results_dir",
                seen,
                "--",
                program,
                "profile",
                "--model",
                "tiny-molmoe",
                "--manifest",
                manifest,
                "--output_lengths",
                "fixed:33",
                "--results_dir",
                own,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        records, watched = list(records_in(own)), list(records_in(seen))
    pairs = [(record, twin_of(record, watched)) for record in records]
    if len({twin["key"] for _, twin in pairs}) != len(pairs):
        raise SystemExit("two records have the same watched twin")
    differences_us = sorted(
        1000 * abs(a - b)
        for record, twin in pairs
        for a, b in zip(steps_of(record), steps_of(twin), strict=True)
    )
    totals = [abs(twin["T_LLM_decode"] / record["T_LLM_decode"] - 1) for record, twin in pairs]
    return {
        "records": len(records),
        "steps": len(differences_us),
        "step_ms": statistics.median(s for r in records for s in steps_of(r)),
        "median_us": statistics.median(differences_us),
        "p99_us": differences_us[int(0.99 * len(differences_us))],
        "largest_us": differences_us[-1],
        "largest_decode_percent": 100 * max(totals),
    }


def cost(program, ranges):
    def rows(command):
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return {
            row["range"]: row["ns"]
            for row in map(json.loads, (line for line in text.splitlines() if line.startswith("{")))
        }

    with tempfile.TemporaryDirectory() as folder:
        return {
            "alone": rows([ranges]),
            "watched": rows([program, "watch", "--results_dir", folder, "--", ranges]),
        }


def page(results):
    c, a, costs = results["context"], results["agreement"], results["cost_ns"]
    return (
        "\n".join(
            [
                "# Watching a program from outside",
                "",
                f"`{c['command']}` at {c['commit']}, {c['date']}; {c['device']}; load average {c['load_average']:.1f}.",
                "",
                f"`decodemeter watch` over `decodemeter profile` of tiny-molmoe: {a['records']} records of {a['steps']} steps of",
                f"{a['step_ms']:.2f} ms, each timed at once by the model's own marks and by the NVTX ranges that watch reads.",
                "",
                "| difference of a step's time | |",
                "|---|---|",
                f"| median | {a['median_us']:.3f} us |",
                f"| p99 | {a['p99_us']:.3f} us |",
                f"| largest | {a['largest_us']:.3f} us |",
                f"| largest of a record's whole decode time | {a['largest_decode_percent']:.4f} % |",
                "",
                "| a range pushed and popped | alone | watched |",
                "|---|---|---|",
                *(
                    f"| {name} | {costs['alone'][name]:.0f} ns | {costs['watched'][name]:.0f} ns |"
                    for name in costs["watched"]
                ),
            ]
        )
        + "\n"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", default="build")
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--output")
    options = parser.parse_args()
    program = str(Path(options.build) / "decodemeter")
    results = {
        "schema": 1,
        "context": context("cpu"),
        "agreement": agreement(program, options.samples),
        "cost_ns": cost(program, str(Path(options.build) / "bench" / "bench_nvtx_ranges")),
    }
    if options.output:
        Path(options.output).write_text(json.dumps(results, indent=1) + "\n")
        Path(options.output).with_suffix(".md").write_text(page(results))
    print(page(results))


if __name__ == "__main__":
    main()
