"""Reads records without the program, and checks what must hold of them."""

import json
import math

from .schema import faults
from .verdict import Finding, expect


def record_files(folder):
    return sorted(folder.glob("*/records*.jsonl"))


def joined_files(folder):
    """Without the shards where they were merged: a merge leaves them."""
    return sorted(folder.glob("*/records.jsonl")) or record_files(folder)


def complete_lines(folder):
    """Per file the lines that end with a newline and are JSON: what no attack may lose."""
    kept = {}
    for path in record_files(folder):
        lines = path.read_bytes().split(b"\n")[:-1]
        kept[path.relative_to(folder)] = [line for line in lines if is_record(line)]
    return kept


def is_record(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def expect_kept(before, folder):
    """Every line of `before` is still there, byte for byte."""
    for name, lines in before.items():
        path = folder / name
        expect(path.exists(), f"{name} is gone, with {len(lines)} records")
        there = set(path.read_bytes().split(b"\n"))
        lost = [line for line in lines if line not in there]
        expect(not lost, f"{name} lost {len(lost)} complete records, {lost[:1]}"[:300])


def records_in(path):
    """The records of one file, none of whose lines may be torn."""
    data = path.read_bytes()
    expect(not data or data.endswith(b"\n"), f"{path.name} ends with a torn line")
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            yield json.loads(line, parse_constant=refuse_constant)
        except ValueError as error:
            raise Finding(f"{path.name}, line {number} is torn or damaged: {error}") from None


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def check_directory(folder, schema, keys=None):
    """All records under `folder`: whole lines, valid, consistent, each key once, and exactly `keys`."""
    seen = {}
    for path in joined_files(folder):
        for record in records_in(path):
            check_record(record, schema)
            key = record["key"]
            expect(key not in seen, f"key {key} is there twice")
            seen[key] = record
    if keys is not None:
        missing, more = set(keys) - set(seen), set(seen) - set(keys)
        expect(not missing, f"{len(missing)} keys are missing, such as {sorted(missing)[:1]}")
        expect(not more, f"{len(more)} keys were not asked for, such as {sorted(more)[:1]}")
    return seen


def check_record(record, schema):
    wrong = faults(schema, record)
    expect(not wrong, f"{record.get('key')}: not valid by the schema: {wrong[:1]}")
    steps, times = record["decode_steps"], record["T_decode_per_step"]
    expect(
        steps == max(record["output_tokens"] - 1, 0),
        f"{record['key']}: {steps} steps of {record['output_tokens']} tokens",
    )
    if times is not None:
        check_times(record, steps, times)


def check_times(record, steps, times):
    key, total = record["key"], record["T_LLM_decode"]
    expect(len(times) == steps, f"{key}: {len(times)} step times of {steps} steps")
    expect(min(times, default=0) >= 0, f"{key}: a step takes {min(times, default=0)} ms")
    close = math.isclose(math.fsum(times), total, rel_tol=1e-6, abs_tol=1e-3)
    expect(close, f"{key}: the steps add up to {math.fsum(times)}, T_LLM_decode is {total}")
    expect(record["T_total"] >= total * (1 - 1e-9), f"{key}: T_total is below T_LLM_decode")
