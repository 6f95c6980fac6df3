"""Writes copies of the device kernels' headers in which an int, planted_fault, switches on one fault each (from 1 on),
and how many there are.

Usage: plant_faults.py SOURCE_DIR OUTPUT_DIR

Fails where an expression to be spoilt is no longer there exactly once, so that the list keeps up with the code.
"""

import re
import sys
from pathlib import Path

FOLDER = "kernels/position_sum"
# File, what stands before the expression, the expression, a wrong one.
FAULTS = [
    (
        "device_visit.hpp",
        "before += ",
        "extent > mine || (extent == mine && other < i)",
        "extent >= mine",
    ),
    (
        "device_visit.hpp",
        "count < 0 ? 0 : ",
        "count > shape.positions ? shape.positions : count",
        "count",
    ),
    ("device_visit.hpp", "last = ", "p + 1", "p"),
    ("device_visit.hpp", "for (int part = ", "0", "1"),
    (
        "device_forward.hpp",
        "const int floats = ",
        "left >= 4 ? 4 : left > 0 ? static_cast<int>(left) : 0",
        "left >= 4 ? 4 : 0",
    ),
    (
        "device_forward.hpp",
        "static_cast<int>(",
        "divided_up(task.shape.hidden, chunk)",
        "task.shape.hidden / chunk",
    ),
    ("device_forward.hpp", "accumulate(thread, ", "i % 2", "(i + 1) % 2"),
    (
        "device_forward.hpp",
        "const bool counts = ",
        "position < thread.shared.extent[row]",
        "position <= thread.shared.extent[row]",
    ),
    ("device_forward.hpp", "for (int part = ", "1", "2"),
    ("device_forward.hpp", "for (int k = 1; k < ", "positions / 4", "positions / 4 - 1"),
    (
        "device_forward.hpp",
        "tiles = ",
        "divided_up(task.visit.extents[sample], tile_positions)",
        "task.visit.extents[sample] / tile_positions",
    ),
    (
        "device_backward.hpp",
        "const int count = ",
        "left - (four * warps + warp) * 4",
        "left - (four * warps + warp) * 4 - 1",
    ),
    ("device_backward.hpp", "if (", "column < listed.left[row]", "column <= listed.left[row]"),
    (
        "device_backward.hpp",
        "++warp) sum += ",
        "thread.shared.rows[row][warp][thread.index % columns]",
        "thread.shared.rows[row][0][thread.index % columns]",
    ),
    ("device_backward.hpp", "const bool live = ", "!(u[c] <= -v[c])", "!(u[c] < -v[c])"),
    ("device_backward.hpp", "list(thread, place, ", "i + 2", "i + 1"),
    (
        "device_backward.hpp",
        "order[",
        "place.share + k * task.plan.sample_shares",
        "k * task.plan.sample_shares",
    ),
    (
        "device_backward.hpp",
        "const int floats = sample < 0 || left <= 0 ? 0 : ",
        "left >= 4 ? 4 : static_cast<int>(left)",
        "left >= 4 ? 4 : 0",
    ),
    (
        "device_finish.hpp",
        "chunks = ",
        "divided_up(task.visit.extents[i / hidden], BackwardBlock::positions)",
        "task.plan.position_chunks",
    ),
    (
        "device_finish.hpp",
        "scaled_sum(task.grad_v + i, v, ",
        "task.plan.sample_shares",
        "task.plan.sample_shares - 1",
    ),
]


def anyhow_spaced(code):
    """The same code, whatever spaces and line breaks stand between its words."""
    return re.compile(r"\s+".join(map(re.escape, code.split(" "))))


def main():
    source, output = Path(sys.argv[1]) / FOLDER, Path(sys.argv[2]) / FOLDER
    output.mkdir(parents=True, exist_ok=True)
    texts = {name: (source / name).read_text() for name, *_ in FAULTS}
    for number, (name, before, right, wrong) in enumerate(FAULTS, 1):
        places = list(anyhow_spaced(before + right).finditer(texts[name]))
        if len(places) != 1:
            sys.exit(
                f"plant_faults.py: {name} does not have '{before}{right}' exactly once; "
                "bring the list up to date"
            )
        both = f"(planted_fault == {number} ? ({wrong}) : ({right}))"
        begin, end = places[0].span()
        texts[name] = texts[name][:begin] + before + both + texts[name][end:]
    for name, text in texts.items():
        (output / name).write_text(text)
    (output / "planted_fault.hpp").write_text(
        f"#pragma once\ninline int planted_fault = 0;\nconstexpr int planted_faults = {len(FAULTS)};\n"
    )


main()
