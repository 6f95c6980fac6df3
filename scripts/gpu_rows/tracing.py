"""Rows about tracing passes: what CUPTI sees, whether the events agree with it, and what tracing
costs."""

import json
import shutil
import statistics

from gpu_machine import Failed, NotRun, judged
from gpu_rows.records import (
    kept_records,
    measured,
    profile,
    profile_arguments,
    records_in,
    traced,
)
from gpu_rows.steps import FULL_SIZE

LOSSES = ("dropped", "zero_timestamps", "unmatched", "overlapping", "link_disagreements")
TINY = ["--output_lengths", "fixed:32", "--top_k", "4,8"]


def p99_difference_us(passes, key):
    differences = sorted(
        1000 * abs(a - b)
        for record in passes
        for a, b in zip(record["clocks"]["span_ms"], record["cupti"][key], strict=True)
    )
    return differences[int(0.99 * len(differences))]


def per_step(passes, key):
    return statistics.median(count for record in passes for count in record["cupti"][key])


def judge_tracing(machine, name):
    """Events and activity records of one pass. On one clock the events must tell what
    cudaEventElapsedTime tells and keep each step's work between them; the steps' ends by activity
    records alone may differ by what an event takes to be reached. Events on a stream on which no
    work was seen cannot be misplaced: each edge must have work before it."""
    passes = traced(kept_records(machine, name))
    lost = sum(record["cupti"]["losses"][key] for record in passes for key in LOSSES)
    p99_us = p99_difference_us(passes, "span_ms")
    direct = [record for record in passes if record["cupti"]["event_span_ms"]]
    text = (
        f"{len(passes)} passes, {per_step(passes, 'kernels'):.0f} kernels and "
        f"{per_step(passes, 'synchronisations'):.0f} waits a step, {lost} activities lost; at p99 "
        f"spans of events differ by {p99_us:.2f} us from activity records"
    )
    faults = [f"{lost} activities lost; 0 is claimed"] if lost else []
    if p99_us > 5:
        faults.append("5 us from activity records is claimed")
    if len(direct) < len(passes):
        run = json.loads((machine.work / name / "run.json").read_text())
        why = run["absent"].get("cupti.event_span_ms", "an edge had no event")
        judged(text, faults)
        raise NotRun(f"{text}; no times of events: {why}")
    direct_us = p99_difference_us(direct, "event_span_ms")
    edges = sum(len(record["cupti"]["event_span_ms"]) + 1 for record in direct)
    matched = sum(record["cupti"]["events_matched"] for record in direct)
    misplaced = sum(record["cupti"]["events_misplaced"] for record in direct)
    text += (
        f", by {direct_us:.2f} us from CUPTI's times of the same events; {matched} of {edges} "
        f"edges have work on their event's stream, {misplaced} events misplaced"
    )
    if direct_us > 1:
        faults.append("1 us from CUPTI's times of the events is claimed")
    if matched < edges:
        faults.append(f"{edges - matched} edges have no work before their event")
    if misplaced:
        faults.append("0 misplaced events are claimed")
    return judged(text, faults)


def check_full_size_traced(machine):
    records = profile(machine, "full_size_traced", *FULL_SIZE, "--cupti", "1", samples=2)
    text = judge_tracing(machine, "full_size_traced")
    plain = statistics.median(
        step for record in measured(records) for step in record["T_decode_per_step"]
    )
    spans = [step for record in traced(records) for step in record["clocks"]["span_ms"]]
    busy = [step for record in traced(records) for step in record["clocks"]["busy_ms"]]
    return (
        f"step {plain:.3f} ms, under tracing {statistics.median(spans):.3f} ms, of which the "
        f"device is busy for {statistics.median(busy):.3f} ms; {text}"
    )


def check_tracing(machine):
    profile(machine, "tracing", *TINY, "--cupti", "2", "--traces", samples=2)
    return judge_tracing(machine, "tracing")


def check_watch(machine):
    """Seen from outside, through NVTX, each step must have the kernels that the instrument's own
    pass found in it."""
    found = [record["cupti"]["kernels"] for record in traced(kept_records(machine, "tracing"))]
    for folder in ("watched", "watched_profile"):
        shutil.rmtree(machine.work / folder, ignore_errors=True)
    inner = [*machine.prefix, machine.path("decodemeter")]
    inner += profile_arguments(machine, machine.work / "watched_profile", 1) + TINY
    machine.run(
        "decodemeter",
        *["watch", "--cupti", "--results_dir", machine.work / "watched", "--", *inner],
    )
    watched = list(records_in(machine.work / "watched"))
    refused = [record["cupti"]["none"] for record in watched if "none" in record["cupti"]]
    if refused:
        raise NotRun("CUPTI refused: " + refused[0])
    lost = sum(sum(record["cupti"]["losses"].values()) for record in watched)
    alike = sum(record["cupti"]["kernels"] in found for record in watched)
    text = (
        f"{len(watched)} samples watched, {alike} with the same kernels in each step as a pass "
        f"from within, {lost} activities lost"
    )
    return judged(text, ["at least 2 and 0 are claimed"] if alike < 2 or lost else [])


def figures_of(text):
    rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    refused = next((row["refused"] for row in rows if "refused" in row), None)
    if refused:
        raise NotRun("CUPTI refused: " + refused)
    if not rows:
        raise Failed("no figure was printed")
    return {row["figure"]: row for row in rows}


def check_instrument(machine):
    """What events and tracing cost on kernels of known length, and what a tracing session leaves
    behind."""
    figures = figures_of(machine.run("gpu_bench_instrument", machine.work / "activity.json"))
    slowdown = figures["slowdown after tracing"]["percent"]
    texts, faults = [], []
    for name, most_percent in (("events", 0.5), ("tracing", 5)):
        cost, launches = figures[name]["value"], figures[name]["launches"]
        texts.append(
            f"{name} {cost['percent']:+.2f} %, {cost['added_us'] / launches:+.3f} us a launch at "
            f"{figures[name]['launches_per_step']} launches a step"
        )
        if cost["percent"] > most_percent:
            faults.append(f"{name}: at most {most_percent} % is claimed")
    if slowdown > 0.2:
        faults.append("slowdown: at most 0.2 % is claimed")
    return judged(", ".join([*texts, f"slowdown after tracing {slowdown:+.2f} %"]), faults)


def check_facts(machine):
    """What the headers and public sources leave open, asked of this CUPTI:
    bench/gpu_tracing_facts.cpp."""
    facts = figures_of(machine.run("gpu_tracing_facts"))
    alone, beside = facts["event records alone"], facts["event records with SYNCHRONIZATION"]
    streams, edges = facts["streams"], facts["edges"]
    under, earlier = facts["graph after attaching"], facts["graph before attaching"]
    again = facts["second session"]
    text = (
        f"event records: {alone['events']} alone, {beside['events']} with SYNCHRONIZATION, of "
        f"{beside['recorded']}; streams of events {streams['events']}, of kernels "
        f"{streams['kernels']}; {edges['matched']} of {edges['edges']} edges have work; kernels "
        f"traced of a graph of {under['nodes']} nodes: {under['kernels']} if instantiated under "
        f"tracing, {earlier['kernels']} if before; after cuptiFinalize a second session finds "
        f"{again['kernels']} of {again['launched']} kernels"
    )
    faults = []
    if beside["events"] < beside["recorded"]:
        faults.append("not every event is recorded" + because(beside))
    if not set(streams["events"]) <= set(streams["kernels"]):
        faults.append("events have other stream ids than kernels")
    if edges["matched"] < edges["edges"]:
        faults.append("edges without work cannot be checked")
    if under["kernels"] != under["nodes"]:
        faults.append("a graph's kernels are not traced one by one" + because(under))
    if again["kernels"] != again["launched"]:
        faults.append("a session after cuptiFinalize loses kernels" + because(again))
    return judged(text, faults)


def because(fact):
    return f" ({fact['reason']})" if fact["reason"] else ""
