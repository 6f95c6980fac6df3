"""An epoch of the positioned network's training: decodemeter's trainer beside two loops in PyTorch, in one run.

Usage: python3 bench/training.py --records RESULTS_DIR --program BUILD_DIR/bench/bench_training
           [--device cpu|cuda] [--rounds 3] [--epochs 50] [--output results/training_cpu.json]

Every round runs one epoch of each loop, and a few of the trainer. On the CPU all on one thread, and seconds are CPU time,
which other programs on the machine disturb least; with a GPU they are by the clock. RESULTS_DIR is what
`decodemeter simulate` wrote. Writes a page beside the JSON.
"""

import argparse
import json
import os
import random
import subprocess
import time
from pathlib import Path

import torch

from bench_context import context
from paired_comparison import compare, median_interval
from training_loops import PublishedLoop, VectorisedLoop, rows_of, seeded

BATCH = 64
EPOCHS_A_ROUND = 5
OURS = "decodemeter"


def read_records(folder):
    for path in sorted(Path(folder).glob("*/records.jsonl")):
        with open(path) as lines:
            yield from map(json.loads, lines)


def run_trainer(options, epochs):
    done = subprocess.run(
        [*options.program.split(), options.records, str(epochs), options.device],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    pairs = [dict(pair.split("=") for pair in line.split()) for line in done.stdout.splitlines()]
    return [{key: float(value) for key, value in line.items()} for line in pairs]


def seconds_of(work, device):
    if device == "cuda":
        torch.cuda.synchronize()
    clock = time.perf_counter if device == "cuda" else time.process_time
    begin = clock()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return clock() - begin


def measure(options):
    rows = rows_of(list(read_records(options.records)))
    fitted = [r for i, r in enumerate(rows) if i % 5 != 4]
    validation = rows[4::5]
    given = (fitted, validation, BATCH, options.device)
    loops = {
        "published loop": seeded(PublishedLoop, *given, True),
        "published loop without the steps' loss": seeded(PublishedLoop, *given, False),
        "vectorised": seeded(VectorisedLoop, *given, False),
        "vectorised, each position encoded once": seeded(VectorisedLoop, *given, True),
    }
    clocks = {
        name: lambda loop=loop: seconds_of(loop.epoch, options.device)
        for name, loop in loops.items()
    }
    kind = "wall_seconds" if options.device == "cuda" else "cpu_seconds"
    clocks[OURS] = lambda: sorted(e[kind] for e in run_trainer(options, EPOCHS_A_ROUND))[
        EPOCHS_A_ROUND // 2
    ]
    seconds, order = {name: [] for name in clocks}, random.Random(0)
    names = list(clocks)
    for _ in range(options.rounds):
        order.shuffle(names)
        for name in names:
            seconds[name].append(clocks[name]())
    return len(fitted), len(validation), seconds


def page(results):
    c = results["context"]
    lines = [
        "# Training the positioned network",
        "",
        f"`{c['command']}` at {c['commit']}, {c['date']}; {c['device']}; torch {c['torch']}; load average "
        f"{c['load_average']:.1f}.",
        "",
        f"{results['fitted']} simulated records fitted and {results['validation']} validated an epoch, batch {BATCH},",
        f"hidden 256, the same three losses on relative errors. {results['clock']}, medians of rounds; in",
        "brackets the interval of the time over decodemeter's in the same round.",
        "",
        "| | an epoch, s | over decodemeter's |",
        "|---|---|---|",
    ]
    for name, figures in results["loops"].items():
        ratio = ""
        if "ratio" in figures:
            ratio = (
                f"{figures['ratio']:.1f} x ({figures['ratio_low']:.1f} .. {figures['ratio_high']:.1f}), "
                f"{figures['verdict']}"
            )
        lines.append(f"| {name} | {figures['seconds']:.3f} | {ratio} |")
    whole = results["whole_training"]
    lines += [
        "",
        f"A whole training of {whole['epochs']} epochs by decodemeter: {whole['cpu_seconds']:.1f} s of CPU time, "
        f"{whole['wall_seconds']:.1f} s by the clock.",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", required=True)
    parser.add_argument(
        "--program", required=True, help="bench_training, or a command that runs it"
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--output")
    options = parser.parse_args()
    torch.set_num_threads(1)
    fitted, validation, seconds = measure(options)
    whole = run_trainer(options, options.epochs)
    clock = "Seconds by the clock" if options.device == "cuda" else "CPU seconds on one thread"
    results = {
        "schema": 1,
        "context": context(options.device),
        "clock": clock,
        "fitted": fitted,
        "validation": validation,
        "batch": BATCH,
        "loops": {},
        "whole_training": {
            "epochs": options.epochs,
            "cpu_seconds": sum(e["cpu_seconds"] for e in whole),
            "wall_seconds": sum(e["wall_seconds"] for e in whole),
        },
    }
    for name in (OURS, *(n for n in seconds if n != OURS)):
        middle, low, high = median_interval(seconds[name])
        results["loops"][name] = {"seconds": middle, "low": low, "high": high}
        if name != OURS:
            results["loops"][name] |= compare(seconds[OURS], seconds[name])
    text = json.dumps(results, indent=1) + "\n"
    if options.output:
        Path(options.output).write_text(text)
        Path(options.output).with_suffix(".md").write_text(page(results))
    print(page(results))


main()
