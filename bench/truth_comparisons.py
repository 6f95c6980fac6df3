"""Simulated runs before and after a change, and what `decodemeter compare` says of them."""

import collections
import pathlib
import subprocess
import tempfile

RUN_LEVEL_PERCENT = 2
SLOWER = ("--shift_percent", "10", "--shift_at", "0")
CASES = {
    "unchanged, one run a side": ((), 1, ()),
    "unchanged, one run a side, 2 % stated": ((), 1, ("--run_level_percent", "2")),
    "unchanged, three runs a side": ((), 3, ()),
    "10 % slower, one run a side": (SLOWER, 1, ()),
    "10 % slower, three runs a side": (SLOWER, 3, ()),
}


def simulate(program, folder, seed, repetition, *more):
    subprocess.run(
        [program, "simulate", "--truth", "flat", "--seed", str(seed)]
        + ["--repetition", str(repetition), "--run_level", str(RUN_LEVEL_PERCENT / 100)]
        + ["--output_dir", str(folder), *more],
        check=True,
        capture_output=True,
    )


def compare(program, change, runs, options, seed):
    """The verdict's word and the exit code."""
    with tempfile.TemporaryDirectory(prefix="truth_matrix_") as name:
        folder = pathlib.Path(name)
        before = [folder / f"before{run}" for run in range(runs)]
        after = [folder / f"after{run}" for run in range(runs)]
        for run in range(runs):
            simulate(program, before[run], seed, 1 + run)
            simulate(program, after[run], seed, 101 + run, *change)
        done = subprocess.run(
            [program, "compare", "--before", *map(str, before), "--after", *map(str, after)]
            + list(options),
            capture_output=True,
            text=True,
        )
        line = next(line for line in done.stdout.splitlines() if line.startswith("B against A"))
        return line.split(":")[1].strip(), done.returncode


def comparison_rows(program, seeds, pool):
    rows = {}
    for case, (change, runs, options) in CASES.items():

        def one(seed, change=change, runs=runs, options=options):
            return compare(program, change, runs, options, seed)

        outcomes = list(pool.map(one, range(1, seeds + 1)))
        rows[case] = {
            "pairs": len(outcomes),
            "verdicts": dict(collections.Counter(verdict for verdict, _ in outcomes)),
            "exit_code_1": sum(code == 1 for _, code in outcomes),
        }
    return rows


def comparison_lines(rows):
    lines = [
        "",
        f"`compare` on simulated runs whose levels deviate by {RUN_LEVEL_PERCENT} %:",
        "",
        "| pairs of sides | pairs | verdicts | exit code 1 |",
        "|---|---|---|---|",
    ]
    for case, row in rows.items():
        verdicts = ", ".join(f"{word} {count}" for word, count in sorted(row["verdicts"].items()))
        lines.append(f"| {case} | {row['pairs']} | {verdicts} | {row['exit_code_1']} |")
    return lines
