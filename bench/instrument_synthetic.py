"""What the instrument promises of its own figures, checked without a GPU.

Usage: python3 bench/instrument_synthetic.py BUILD_DIR [--output results/instrument_synthetic]

Runs the programs of bench/ that need no device and writes OUTPUT.json and OUTPUT.md: each claim with its figures, whether
it holds, its command, and the commit, machine and date. The exit code is 1 where a claim does not hold.
"""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def json_lines(program, *arguments):
    return [json.loads(line) for line in run([program, *arguments]).splitlines()]


def bias(rows):
    worst = max(rows, key=lambda row: abs(row["bias_percent"]))
    return (
        abs(worst["bias_percent"]) <= 0.1,
        f"{len(rows)} statistics, largest bias {worst['bias_percent']:+.3f} % ({worst['statistic']})",
    )


def divisors(rows):
    sets = [row for row in rows if "sets" in row]
    table = next(row for row in rows if row["kind"] == "published table")
    holds = all(row["wrong"] == 0 and row["undecided"] <= 0.01 * row["sets"] for row in sets)
    holds = holds and table["verdict"] == "N" and abs(table["step_ms"] - 46.7) <= 0.5
    counts = "; ".join(
        f"{row['kind']}: {row['right']}/{row['sets']} right, {row['wrong']} wrong" for row in sets
    )
    return (
        holds,
        f"published table: {table['verdict']}, {table['step_ms']:.2f} ms, R² {table['r_squared']:.2f}; {counts}",
    )


def coverage(rows):
    low, high = (f(row["coverage_percent"] for row in rows) for f in (min, max))
    return (
        93 <= low and high <= 97,
        f"{len(rows)} cases of {rows[0]['runs']} runs: coverage {low:.1f} to {high:.1f} %",
    )


def killed(rows):
    row = rows[0]
    faults = ("lost", "duplicates", "gaps", "torn_lines_left", "more_than_the_sample_in_flight")
    return all(row[fault] == 0 for fault in faults), (
        f"{row['kills']} kills, {row['records']} records: "
        + ", ".join(f"{row[fault]} {fault.replace('_', ' ')}" for fault in faults)
        + f"; {row['torn_lines_repaired']} torn lines repaired"
    )


def full(rows):
    row = rows[1]
    return row["directories_with_a_loss"] == 0, (
        f"{row['limits']} file-size limits (mounting a small disk needs rights), {row['records']} records, "
        f"{row['directories_with_a_loss']} directories with a loss"
    )


def attribution(rows):
    worst = max(row["seconds"] for row in rows)
    return worst < 1 and all(
        row["lossless"] for row in rows
    ), f"{rows[0]['records']} records in at most {worst:.3f} s"


def own_cost(rows):
    row = rows[0]
    low, high = row["interval_percent"]
    return high <= 0.5, (
        f"{row['percent']:+.3f} % of a run's {row['run_ms']:.1f} ms of CPU time ({low:+.3f} to {high:+.3f}, "
        f"{100 * row['confidence']:.0f} %), {row['blocks']} ABBA blocks"
    )


def reading(rows):
    row = next(row for row in rows if row["case"] == "short")
    return row["records_per_second"] >= 200_000 and row["ratio"] >= 10, (
        f"{row['records_per_second']:,.0f} records/s, {row['ratio']:.1f} times Python's json"
    )


def read_records(build):
    """bench/record_reading.py, whose lines are for people."""
    text = run(
        [
            sys.executable,
            str(ROOT / "bench" / "record_reading.py"),
            str(build / "bench_record_reading"),
        ]
    )
    rows, case = [], ""
    for line in text.splitlines():
        if not line.startswith(" "):
            case = line.split(":")[0]
            continue
        kind, ours, python, ratio = re.search(
            r"(\w+) +decodemeter +(\d+) .* json +(\d+) .* ratio +([\d.]+)", line
        ).groups()
        if kind == "lines":
            rows.append(
                {
                    "case": case,
                    "records_per_second": float(ours),
                    "python_per_second": float(python),
                    "ratio": float(ratio),
                }
            )
    return rows


# Claim, program, arguments, judge.
CHECKS = (
    ("No statistic is biased by more than 0.1 % on a virtual clock", "virtual_clock", (), bias),
    (
        "The divisor of sets of the shapes that the fit assumes is found (truth_matrix.md has others)",
        "divisor_verdicts",
        (),
        divisors,
    ),
    ("95 % intervals hold the truth in 93 to 97 % of the runs", "interval_coverage", (), coverage),
    ("kill -9 loses at most the sample in flight", "killed_writer", (), killed),
    ("A full disk loses nothing that was written", "killed_writer", (), full),
    (
        "A million activity records are attributed in well under a second",
        "attribution",
        (),
        attribution,
    ),
    (
        "Timing with the host clock costs at most 0.5 % on the CPU",
        "host_clock_overhead",
        ("200",),
        own_cost,
    ),
    (
        "At least 200,000 short records are read a second on one core, 10 times as many as by Python's json",
        "record_reading",
        (),
        reading,
    ),
)


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{model.group(1) if model else platform.processor()}, {os.cpu_count()} cores"


def commit():
    revision = run(["git", "rev-parse", "--short=12", "HEAD"]).strip()
    return revision + (
        " with changes" if run(["git", "status", "--porcelain", "-uno"]).strip() else ""
    )


HOLDS = {True: "yes", False: "NO", None: "open"}


def markdown(report):
    lines = [
        "# The instrument on synthetic runs",
        "",
        f"`{report['command']}` at {report['commit']}, {report['date']}, {report['device']}; "
        f"load average {report['load_average']:.1f}.",
        "",
        "| claim | holds | figures | program |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['claim']} | {HOLDS[row['holds']]} | {row['figures']} | `{row['program']}` |"
        for row in report["claims"]
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("build", help="the build directory")
    parser.add_argument("--output", default=str(ROOT / "results" / "instrument_synthetic"))
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="PROGRAM",
        help="leave this program's claims open, as where other work on the machine would spoil its timing",
    )
    options = parser.parse_args()
    report = {
        "command": "python3 bench/instrument_synthetic.py build",
        "commit": commit(),
        "device": machine(),
        "date": datetime.date.today().isoformat(),
        "load_average": os.getloadavg()[0],
        "claims": [],
    }
    answers = {}
    for claim, program, arguments, judge in CHECKS:
        if program in options.without:
            report["claims"].append(
                {"claim": claim, "holds": None, "figures": "not run", "program": f"bench_{program}"}
            )
            continue
        if program not in answers:
            build = Path(options.build).resolve() / "bench"
            answers[program] = (
                read_records(build)
                if program == "record_reading"
                else json_lines(str(build / f"bench_{program}"), *arguments)
            )
        holds, figures = judge(answers[program])
        print(f"{'ok ' if holds else 'NO '} {claim}: {figures}", flush=True)
        report["claims"].append(
            {
                "claim": claim,
                "holds": holds,
                "figures": figures,
                "program": " ".join((f"bench_{program}", *arguments)),
                "rows": answers[program],
            }
        )
    output = Path(options.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.with_suffix(".json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    output.with_suffix(".md").write_text(markdown(report))
    return 1 if any(row["holds"] is False for row in report["claims"]) else 0


if __name__ == "__main__":
    sys.exit(main())
