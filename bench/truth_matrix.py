#!/usr/bin/env python3
"""Simulates each known truth with many seeds, audits it, and tabulates what was claimed.

Also trains the estimator on some of them and sets its error beside that of the error-free times.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import bench_context
import truth_comparisons
from truth_expectations import FLAT, LARGEST_FALSE_ALARM, POWER, TRUTHS

# Those of 200 requests or more whose output lengths do not go with a knob.
ESTIMATOR_TRUTHS = (
    "flat",
    "flat_noisy",
    "quantized",
    "slope01",
    "slope03",
    "slope1",
    "kv",
    "long2048_kv",
    "block256",
    "periodic",
    "bimodal_steps",
    "drift",
    "first15",
    "first08",
    "first3x",
    "decay12",
    "tail_dip",
    "prefill_real",
    "log_law",
    "hetero",
    "heavy",
)
# Why an error may lie further above that of the error-free times than LARGEST_EXCESS_PERCENT.
LARGEST_EXCESS_PERCENT = 0.3
REASONS = {
    "block256": "its times fall where a prompt grows over a page's edge; the served model never falls"
}
ESTIMATOR_GRID = ("--requests", "3000", "--top_k", "4,6,8,10,12", "--blocks", "8,10,12,14,16")


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def simulate(program, truth, seed, folder, *more):
    arguments = ("--truth", truth, "--seed", seed, "--output_dir", folder, *more)
    done = run(program, "simulate", *arguments)
    if done.returncode != 0:
        raise RuntimeError(f"simulate --truth {truth}: {done.stderr[-400:]}")


def audit(program, truth, seed):
    """The audit's JSON and exit code of one simulated set."""
    with tempfile.TemporaryDirectory(prefix="truth_matrix_") as name:
        folder = pathlib.Path(name)
        simulate(program, truth, seed, folder / "set")
        report = folder / "audit.json"
        done = run(program, "audit", folder / "set", "--json", report)
        if not report.exists():
            raise RuntimeError(f"audit of {truth}, seed {seed}: {done.stderr[-400:]}")
        return json.loads(report.read_text()), done.returncode


def claims_of(report):
    """Kind -> the claim. Absent where the audit has no list of position effects."""
    return {effect["kind"]: effect for effect in report.get("position_effects", ())}


def wrong_estimates(truth, claims):
    for expected in truth.estimates:
        found = claims.get(expected.kind, {}).get("estimate")
        if found is not None and abs(found - expected.value) > expected.within:
            yield f"{expected.kind} {found:+.3g} where {expected.value:+g} is true"


def judge(truth, report, code):
    """What one audit claimed, what of it is wrong, and which effects it missed."""
    claims = claims_of(report)
    true_kinds = {kind for group in truth.effects for kind in group} | set(truth.also_true)
    divisor = report["divisor"]["verdict"]
    wrong = [f"{kind} claimed" for kind in claims if kind not in true_kinds]
    wrong += wrong_estimates(truth, claims)
    if divisor not in truth.divisors and divisor != "undecided":
        wrong.append(f"divisor {divisor}")
    if code not in truth.exit_codes:
        wrong.append(f"exit code {code}")
    missed = [" or ".join(group) for group in truth.effects if not set(group) & set(claims)]
    effects_missed = bool(missed)
    if divisor == "undecided":
        missed.append("divisor")
    return {
        "claims": sorted(claims),
        "divisor": divisor,
        "wrong": wrong,
        "missed": missed,
        "effects_missed": effects_missed,
    }


def estimates_of(truth, reports):
    """Median of each estimate over the runs that claimed it."""
    medians = {}
    for expected in truth.estimates:
        found = [claims_of(report).get(expected.kind, {}).get("estimate") for report in reports]
        found = [value for value in found if value is not None]
        medians[expected.kind] = {
            "true": expected.value,
            "median": statistics.median(found) if found else None,
        }
    return medians


def shortened(wrong):
    """Without the figures, so that equal mistakes are counted together."""
    return " ".join(word for word in wrong.split() if not word.startswith(("+", "-")))


def tabulate(name, outcomes):
    truth = TRUTHS[name]
    judged = [judge(truth, *outcome) for outcome in outcomes]

    def counts(field):
        return dict(collections.Counter(item for one in judged for item in one[field]))

    return {
        "seeds": len(judged),
        "claims": counts("claims"),
        "runs_with_claims": sum(bool(one["claims"]) for one in judged),
        "divisors": dict(collections.Counter(one["divisor"] for one in judged)),
        "wrong": dict(
            collections.Counter(shortened(item) for one in judged for item in one["wrong"])
        ),
        "runs_with_wrong": sum(bool(one["wrong"]) for one in judged),
        "missed": counts("missed"),
        "runs_that_missed_effects": sum(one["effects_missed"] for one in judged),
        "estimates": estimates_of(truth, [report for report, _ in outcomes]),
    }


def audit_matrix(arguments):
    seeds = range(1, arguments.seeds + 1)
    rows = {}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name in arguments.truths:
            outcomes = pool.map(lambda seed: audit(arguments.program, name, seed), seeds)
            rows[name] = tabulate(name, list(outcomes))
            print(f"{name:20} {row_text(rows[name])}", file=sys.stderr)
    return rows


def estimator_run(program, truth, seed):
    with tempfile.TemporaryDirectory(prefix="truth_matrix_") as name:
        folder = pathlib.Path(name)
        simulate(program, truth, seed, folder / "set", *ESTIMATOR_GRID)
        floor = json.loads((folder / "set/run.json").read_text())["figures"]["noise_floor_percent"]
        train = ("--model", "physics", "--no_plots", "--output_dir", folder / "model")
        done = run(program, "train", "--results_dir", folder / "set", *train)
        if done.returncode != 0:
            raise RuntimeError(f"train on {truth}: {done.stderr[-400:]}")
        metrics = json.loads((folder / "model/metrics.json").read_text())
        physics = metrics["models"]["physics"]
        return {
            "error_percent": physics["decode_total"]["mape_percent"],
            "floor_percent": float(floor),
            "p95_coverage": physics["coverage"]["p95"]["overall"],
        }


def estimator_matrix(arguments):
    rows = {}
    for name in arguments.estimator_truths:
        runs = [
            estimator_run(arguments.program, name, seed)
            for seed in range(1, arguments.estimator_seeds + 1)
        ]
        rows[name] = {field: statistics.mean(one[field] for one in runs) for field in runs[0]}
        rows[name]["seeds"] = len(runs)
        print(f"{name:20} {rows[name]}", file=sys.stderr)
    return rows


def false_alarms(rows):
    flat = [row for name, row in rows.items() if TRUTHS[name] == FLAT]
    return {
        "runs": sum(row["seeds"] for row in flat),
        "with_claims": sum(row["runs_with_claims"] for row in flat),
        "largest_share": LARGEST_FALSE_ALARM,
    }


def powers(rows):
    found = {}
    for kind, (bar, names) in POWER.items():
        present = [rows[name] for name in names if name in rows]
        runs = sum(row["seeds"] for row in present)
        missed = sum(row["runs_that_missed_effects"] for row in present)
        if runs:
            found[kind] = {"runs": runs, "found": runs - missed, "bar": bar}
    return found


def counts_text(counts):
    return ", ".join(f"{what} {count}" for what, count in sorted(counts.items())) or "–"


def row_text(row):
    return " | ".join(
        counts_text(row[field]) for field in ("claims", "divisors", "wrong", "missed")
    )


def share_text(found, runs):
    return f"{found} of {runs} ({100 * found / runs:.1f} %)"


def estimates_text(row):
    parts = []
    for name, values in row["estimates"].items():
        median = "–" if values["median"] is None else f"{values['median']:+.3g}"
        parts.append(f"{name} {median} (true {values['true']:+g})")
    return "; ".join(parts) or "–"


def markdown(result):
    lines = [
        "# Known truths and what is claimed of them",
        "",
        f"`{result['context']['command']}`, commit {result['context']['commit']}, "
        f"{result['context']['date']}, {result['context']['device']}. Each truth is simulated "
        "(`decodemeter simulate --truth NAME --seed 1, 2, ...`) and audited; figures are numbers "
        "of runs. A claim that is not true of the set counts as wrong, an effect that is there and "
        "not claimed as missed. The sets tell what is claimed where the truth is known, not how a "
        "GPU behaves.",
        "",
    ]
    alarms = result["false_alarms"]
    if alarms["runs"]:
        lines += [
            f"Position effects claimed of sets without any: "
            f"{share_text(alarms['with_claims'], alarms['runs'])}; at most "
            f"{100 * alarms['largest_share']:g} % wanted.",
            "",
        ]
    lines += ["| kind | found | wanted |", "|---|---|---|"]
    for kind, power in result["power"].items():
        lines.append(
            f"| {kind} | {share_text(power['found'], power['runs'])} | {100 * power['bar']:g} % |"
        )
    lines += [
        "",
        "| truth | runs | claimed | divisor | wrong | missed | estimates, median |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in result["audit"].items():
        cells = (counts_text(row[field]) for field in ("claims", "divisors", "wrong", "missed"))
        lines.append(
            f"| {name} | {row['seeds']} | " + " | ".join(cells) + f" | {estimates_text(row)} |"
        )
    if result["compare"]:
        lines += truth_comparisons.comparison_lines(result["compare"])
    if result["estimator"]:
        lines += estimator_lines(result["estimator"])
    return "\n".join(lines) + "\n"


def excess_text(name, row):
    excess = row["error_percent"] - row["floor_percent"]
    above = excess > LARGEST_EXCESS_PERCENT
    return f"{excess:+.2f}" + (f": {REASONS.get(name, 'above the goal')}" if above else "")


def estimator_lines(rows):
    lines = [
        "",
        "The estimator's physical model on configurations that it has not seen (mean over the "
        "seeds, 3,000 requests each), beside the error of the error-free times, which it should "
        f"exceed by at most {LARGEST_EXCESS_PERCENT} points:",
        "",
        "| truth | seeds | decode total, MAPE % | error-free times, % | P95 coverage, % | excess |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['seeds']} | {row['error_percent']:.2f} | {row['floor_percent']:.2f} "
            f"| {100 * row['p95_coverage']:.1f} | {excess_text(name, row)} |"
        )
    return lines


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/decodemeter")
    parser.add_argument("--output", type=pathlib.Path, default="results/truth_matrix")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--estimator_seeds", type=int, default=3, help="0 leaves it out")
    parser.add_argument("--compare_seeds", type=int, default=40, help="0 leaves it out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--truths", nargs="+", default=list(TRUTHS), choices=list(TRUTHS))
    parser.add_argument("--estimator_truths", nargs="*", default=list(ESTIMATOR_TRUTHS))
    return parser.parse_args()


def require_all_truths(program):
    listed = run(program, "simulate", "--list_truths").stdout.splitlines()
    unknown = {line.split()[0] for line in listed} ^ set(TRUTHS)
    if unknown:
        raise SystemExit(f"truth_expectations.py and simulate differ: {', '.join(sorted(unknown))}")


def compare_matrix(arguments):
    if not arguments.compare_seeds:
        return {}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        return truth_comparisons.comparison_rows(arguments.program, arguments.compare_seeds, pool)


def main():
    arguments = parse_arguments()
    require_all_truths(arguments.program)
    rows = audit_matrix(arguments)
    result = {
        "context": bench_context.context("cpu"),
        "false_alarms": false_alarms(rows),
        "power": powers(rows),
        "audit": rows,
        "compare": compare_matrix(arguments),
        "estimator": estimator_matrix(arguments) if arguments.estimator_seeds else {},
    }
    arguments.output.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    arguments.output.with_suffix(".md").write_text(markdown(result))


if __name__ == "__main__":
    main()
