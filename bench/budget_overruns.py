#!/usr/bin/env python3
"""How often requests overrun the budget that `budget --best` promises to keep, for each truth.

Usage: python3 bench/budget_overruns.py build/bench/bench_budget_overruns [--seeds 10]

Writes OUTPUT.json and OUTPUT.md. The exit code is 1 where more than 7 of 100 requests overrun.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import textwrap

import bench_context

PROMISED = 0.05
TOLERATED = PROMISED + 0.02


def share(row):
    return row["overran"] / row["served"] if row["served"] else None


def percent(value):
    return "–" if value is None else f"{100 * value:.1f}"


def worst(rows):
    return max((share(row) for row in rows if row["served"]), default=None)


def table(rows, datasets):
    lines = [
        "| truth | " + " | ".join(datasets) + " | answered, % | no promise, % |",
        "|---" * (len(datasets) + 3) + "|",
    ]
    for truth in dict.fromkeys(row["truth"] for row in rows):
        own = [row for row in rows if row["truth"] == truth]
        cells = {row["dataset"]: percent(share(row)) for row in own}
        questions = sum(row["questions"] for row in own)
        answered = 1 - sum(row["unanswered"] for row in own) / questions
        open_ended = sum(row["not_promised"] for row in own) / questions
        figures = [cells.get(name, "–") for name in datasets]
        lines.append(
            f"| {truth} | {' | '.join(figures)} | {percent(answered)} | {percent(open_ended)} |"
        )
    return lines


def explanation(result, truths):
    return (
        f"For each of {truths} simulated truths and each of {result['seeds']} seeds an estimator is "
        "trained on as many requests as the truth has (320 for most), drawn from a run with "
        f"{result['fresh']} further ones. For each data set, budgets are asked: 19 quantiles of what "
        "its requests take, and for each configuration the tightest budget that its P95 keeps. The "
        "further requests under the configuration that is put first are compared with the budget. "
        "The P95 promises that at most 5 of 100 overrun; the worst cell of the table is "
        f"{percent(worst(result['rows']))} %. Overruns in % by data set (–: nothing was served), then "
        "the share of budgets that some configuration fits, and of those whose best one has no "
        "calibrated bound and so no promise."
    )


def markdown(result):
    context, rows = result["context"], result["rows"]
    datasets = list(dict.fromkeys(row["dataset"] for row in rows))
    truths = len({row["truth"] for row in rows})
    return [
        "# Requests that overrun the budget of `budget --best`",
        "",
        f"`{context['command']}`, commit {context['commit']}, {context['date']}, {context['device']}.",
        "",
        *textwrap.wrap(explanation(result, truths), 118),
        "",
        *table(rows, datasets),
    ]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--fresh", type=int, default=7200)
    parser.add_argument("--output", type=pathlib.Path, default="results/budget_overruns")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    command = [arguments.program, str(arguments.seeds), str(arguments.fresh)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    result = {
        "context": bench_context.context("cpu"),
        "seeds": arguments.seeds,
        "fresh": arguments.fresh,
        "rows": rows,
    }
    arguments.output.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    arguments.output.with_suffix(".md").write_text("\n".join(markdown(result)) + "\n")
    sys.exit(worst(rows) > TOLERATED)


if __name__ == "__main__":
    main()
