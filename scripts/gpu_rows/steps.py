"""Rows about the times of decode steps: how long, and on which clock."""

import json
import statistics

from gpu_machine import ROOT, Failed, judged
from gpu_rows.records import kept_records, measured, profile

FULL_SIZE = ["--model", "molmoe-1b", "--output_lengths", "fixed:24"]
LONGEST_STEP_MS = 8


def check_full_size(machine):
    records = profile(
        machine,
        "full_size",
        *FULL_SIZE,
        *["--top_k", "4,8", "--blocks", "8,16", "--measure_overhead"],
        samples=4,
    )
    step_ms = statistics.median(
        step
        for record in records
        if record["num_active_blocks"] == 16 and record["top_k"] == 8
        for step in record["T_decode_per_step"]
    )
    text = f"eager decode step {step_ms:.3f} ms at top_k 8, 16 blocks{expected_step(machine)}"
    return judged(
        text, [f"at most {LONGEST_STEP_MS} ms is claimed"] if step_ms > LONGEST_STEP_MS else []
    )


def expected_step(machine):
    """What results/h100_expected.json expects on this device, in words."""
    path = ROOT / "results" / "h100_expected.json"
    run = machine.work / "full_size" / "run.json"
    if not path.exists() or not run.exists():
        return ""
    name = json.loads(run.read_text())["device"]["name"]
    for device, step in json.loads(path.read_text())["eager_step"].items():
        if device in name.replace("-", " ").split():
            low, high = step["low_ms"], step["high_ms"]
            return f"; {low:.2f} to {high:.2f} ms was expected on {device}"
    return f"; nothing was expected on {name}"


READ_BACK_MS = 0.1  # by how much the read-backs of two tokens may differ
SHARE_OF_STEPS = 0.02  # that an interrupted host may delay


def difference_ms(record, index):
    return record["clocks"]["host_ms"][index] - record["clocks"]["span_ms"][index]


def check_clocks(machine):
    """Spans come from events, host times from the moments at which the caller holds a token: the
    two differ by the read-back alone, at each step, and none of a request's steps is far from the
    others."""
    records = measured(kept_records(machine, "full_size"))
    for record in records:
        if record["clocks"]["headline"] != "span" or not record["clocks"]["span_ms"]:
            raise Failed(f"{record['key']}: timed by {record['clocks']['headline']}, not by events")
        if len(record["T_decode_per_step"]) != record["output_tokens"] - 1:
            raise Failed(f"{record['key']}: {len(record['T_decode_per_step'])} steps")
    differences = [
        difference_ms(record, index)
        for record in records
        for index in range(len(record["T_decode_per_step"]))
    ]
    apart = sum(abs(difference) > READ_BACK_MS for difference in differences)
    first = statistics.median(difference_ms(record, 0) for record in records)
    last = statistics.median(difference_ms(record, -1) for record in records)
    longest = max(
        max(record["clocks"][clock]) / statistics.median(record["clocks"][clock])
        for record in records
        for clock in ("span_ms", "host_ms")
    )
    text = (
        f"{len(records)} requests, {len(differences)} steps; host - span: "
        f"median {1000 * statistics.median(differences):+.1f} us, first steps {1000 * first:+.1f}, "
        f"last steps {1000 * last:+.1f}, largest {1000 * max(map(abs, differences)):.1f}; "
        f"{apart} steps more than {READ_BACK_MS} ms apart; longest step {longest:.2f} x its "
        "request's median"
    )
    return judged(text, clock_faults(first, last, apart / len(differences), longest))


def clock_faults(first_ms, last_ms, share_apart, longest):
    if abs(first_ms) > READ_BACK_MS:
        yield f"at first steps the clocks are more than {READ_BACK_MS} ms apart"
    if abs(last_ms) > READ_BACK_MS:
        yield f"at last steps the clocks are more than {READ_BACK_MS} ms apart"
    if share_apart > SHARE_OF_STEPS:
        yield f"the clocks are apart at {100 * share_apart:.0f} % of the steps"
    if longest > 5:
        yield "a step takes more than 5 x the median of its request"


def check_overhead(machine):
    kept_records(machine, "full_size")
    run = json.loads((machine.work / "full_size" / "run.json").read_text())
    overhead = run["figures"]["overhead"]
    low, high = overhead["interval_percent"]
    steps = int(FULL_SIZE[-1].split(":")[1]) - 1
    added_us = overhead["added_us"] / steps
    text = (
        f"{overhead['percent']:+.3f} % ({low:+.3f} to {high:+.3f}) of {overhead['run_ms']:.1f} ms, "
        f"{added_us:+.1f} us a step"
    )
    faults = ["at most 0.5 % and 10 us a step are claimed"]
    return judged(text, faults if overhead["percent"] > 0.5 or added_us > 10 else [])


def check_audit(machine):
    profile(
        machine,
        "tiny",
        *["--output_lengths", "fixed:48", "--tier", "low,high", "--top_k", "4,8", "--subtraction"],
        samples=6,
    )
    report_path = machine.work / "audit.json"
    folder = machine.work / "tiny"
    text = machine.run("decodemeter", "audit", folder, "--json", report_path, accept=(0, 1))
    (machine.work / "audit.txt").write_text(text)
    report = json.loads(report_path.read_text())
    zero = report["subtraction"]["zero_fraction"]
    return f"verdict {report['verdict']}, zero by subtraction {zero}"
