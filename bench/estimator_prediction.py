"""What one prediction costs, beside LibTorch and a boosted-tree library, in one process.

Usage: python3 bench/estimator_prediction.py BUILD_DIR/bench/bench_estimator_prediction [--rounds 5]
           [--output results/prediction_cpu.json]

Boosted trees are LightGBM's, where this Python has the package. The program runs several times; of each figure the median
over the runs is given, with the smallest and the largest. Writes a page beside the JSON.
"""

import argparse
import importlib.util
import json
import re
import statistics
import subprocess
from pathlib import Path

from bench_context import context

ONE_LIMIT_NS, SWEEP_LIMIT_US = 1000, 50


def boosted_trees():
    found = importlib.util.find_spec("lightgbm")
    return (
        sorted(str(path) for path in Path(found.origin).parent.rglob("lib_lightgbm.so"))
        if found
        else []
    )


def figures_of(text):
    figures = {}
    for line in text.splitlines():
        one = re.match(r"(.*?)\s+([\d.]+) ns", line)
        sweep = re.search(r"sweep of (\d+):\s+([\d.]+) us", line)
        if one:
            figures[one[1]] = float(one[2])
        if sweep:
            figures[f"{one[1]}, sweep of {sweep[1]}"] = 1000 * float(sweep[2])
    return figures


def page(results):
    c = results["context"]
    lines = [
        "# What one prediction costs",
        "",
        f"`{c['command']}` at {c['commit']}, {c['date']}; {c['device']}; load average {c['load_average']:.1f}.",
        "",
        f"Medians of {results['rounds']} runs of the program, each itself a median over batches of calls. One prediction of",
        "the first two rows is prefill, decode and total with their bounds; LibTorch's is the positioned network's total, and",
        "the trees' is one number.",
        "",
        "| | ns | smallest to largest run | claimed |",
        "|---|---|---|---|",
    ]
    for name, f in results["figures"].items():
        claim = (
            f"at most {f['limit_ns']:.0f}: {'yes' if f['median_ns'] <= f['limit_ns'] else '**no**'}"
            if "limit_ns" in f
            else ""
        )
        lines.append(
            f"| {name} | {f['median_ns']:.0f} | {f['smallest_ns']:.0f} to {f['largest_ns']:.0f} | {claim} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output")
    options = parser.parse_args()
    rounds = [
        figures_of(
            subprocess.run(
                [options.program, *boosted_trees()[:1]], check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(options.rounds)
    ]
    results = {"schema": 1, "context": context("cpu"), "rounds": options.rounds, "figures": {}}
    for name in rounds[0]:
        values = [figures[name] for figures in rounds]
        results["figures"][name] = {
            "median_ns": statistics.median(values),
            "smallest_ns": min(values),
            "largest_ns": max(values),
        }
        if name.startswith("physics"):
            results["figures"][name]["limit_ns"] = (
                1000 * SWEEP_LIMIT_US if "sweep" in name else ONE_LIMIT_NS
            )
    if options.output:
        Path(options.output).write_text(json.dumps(results, indent=1) + "\n")
        Path(options.output).with_suffix(".md").write_text(page(results))
    print(page(results))


main()
