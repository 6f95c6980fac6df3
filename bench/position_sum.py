"""The position sum, forward and backward, beside other ways to compute it, in one run.

Usage: python3 bench/position_sum.py --library BUILD_DIR/kernels/libdecodemeter_torch_ops.so
           [--device cpu|cuda] [--rounds 15] [--shapes 64x64x256,1024x512x256] [--activations relu,gelu,silu]
           [--threads N] [--clock wall|cpu] [--short] [--output results/position_sum_cpu.json]

Counts are uniform on 1 .. positions, the link is softplus. glibc's allocator is made to keep its memory (the program
starts itself again for that): else the page faults of half a gigabyte would be the others' largest part. The clock `cpu` is the
process's CPU time, which other programs on the machine disturb least.
Writes a page of the same name with .md beside the JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import torch
import torch._dynamo
import torch._inductor.config

from bench_context import context
from paired_comparison import compare, median_interval, rounds_of
from position_sum_contenders import contenders
from position_sum_page import page

OURS = "decodemeter"
SHAPES = "64x64x256,64x512x256,1024x64x256,1024x512x256,10000x64x256"
HEADLINES = ("64x64x256", "1024x512x256")
LARGEST_TENSOR_BYTES = 1.2e9
KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 36),
    "MALLOC_TOP_PAD_": str(64 << 20),
}


def problem(shape, device):
    batch, positions, hidden = shape
    torch.manual_seed(0)
    u, v = torch.randn(batch, hidden, device=device), torch.randn(positions, hidden, device=device)
    w, c = torch.randn(hidden, device=device) / hidden**0.5, torch.randn(1, device=device)
    counts = torch.randint(1, positions + 1, (batch,), device=device)
    return [t.requires_grad_() for t in (u, v, w, c)], counts, torch.rand(batch, device=device)


def forward(contender, inputs, counts):
    with torch.no_grad():
        return contender(*inputs, counts)


def forward_and_backward(contender, inputs, counts, direction):
    return torch.autograd.grad(contender(*inputs, counts), inputs, direction)


def seconds(work, options):
    if options.device == "cuda":
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    begin = clock()
    work()
    return clock() - begin


def repeated(work, options, at_least=0.002):
    """A clock for `work` that runs it as often as makes 2 ms."""
    work()
    work()
    times = max(1, round(at_least / max(1e-6, seconds(work, options))))

    def several():
        for _ in range(times):
            work()

    return lambda: seconds(several, options) / times


def error(got, expected):
    return max(((a.double() - b).abs().max() / b.abs().max()).item() for a, b in zip(got, expected))


def errors(contender, inputs, counts, direction, activation, device):
    """Of forward and backward, relative to the largest value, against float64 by row of the batch."""
    double = [t.detach().double().requires_grad_() for t in inputs]
    reference = contenders(activation, "cpu")["chunks, checkpointed"]
    expected = reference(*double, counts)
    expected_gradients = torch.autograd.grad(expected, double, direction.double())
    got = contender(*inputs, counts)
    gradients = torch.autograd.grad(got, inputs, direction)
    return error([got.detach()], [expected.detach()]), error(gradients, expected_gradients)


def peak_bytes(name, contender, shape, activation, options):
    """What one forward and backward allocates on top of its inputs and gradients."""
    if options.device == "cuda":
        inputs, counts, direction = problem(shape, "cuda")
        forward_and_backward(contender, inputs, counts, direction)
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        forward_and_backward(contender, inputs, counts, direction)
        return torch.cuda.max_memory_allocated() - before
    command = [
        sys.executable,
        __file__,
        "--library",
        options.torch_library,
        "--threads",
        str(torch.get_num_threads()),
        "--memory_of",
        name,
        "--activations",
        activation,
        "--shapes",
        "x".join(map(str, shape)),
    ]
    environment = {key: value for key, value in os.environ.items() if key not in KEEP_MEMORY}
    environment["DECODEMETER_BENCH_CHILD"] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return int(done.stdout.split()[-1])


def print_peak(name, shape, activation):
    """In a process of its own: how far the largest resident size grows over a small call's."""
    small, counts, direction = problem((2, 3, 8), "cpu")
    contender = contenders(activation, "cpu")[name]
    forward_and_backward(contender, small, counts, direction)
    inputs, counts, direction = problem(shape, "cpu")
    if name == "torch.compile":
        forward_and_backward(contender, inputs, counts, direction)
        Path("/proc/self/clear_refs").write_text("5")  # compiling is not what is asked
    before = resident_bytes("VmRSS")
    gradients = forward_and_backward(contender, inputs, counts, direction)
    print(resident_bytes("VmHWM") - before, flush=True)
    del gradients


def resident_bytes(field):
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def floor_seconds(counts, hidden, slots, device):
    """The time that the arithmetic alone takes: 128 lanes a multiprocessor, `slots` instructions an element."""
    if device != "cuda":
        return None
    properties = torch.cuda.get_device_properties(0)
    clock = 1e3 * properties.clock_rate if hasattr(properties, "clock_rate") else 1.755e9
    return slots * int(counts.sum()) * hidden / (128 * properties.multi_processor_count * clock)


def measure(shape, activation, options):
    torch._dynamo.reset()  # else torch.compile gives up on a function after a few shapes, and runs it as it stands
    inputs, counts, direction = problem(shape, options.device)
    batch, positions, hidden = shape
    chosen = contenders(activation, options.device, autotune=not options.short)
    if 4 * batch * positions * hidden > LARGEST_TENSOR_BYTES:
        chosen = {name: chosen[name] for name in (OURS, "per position", "chunks, checkpointed")}
    result = {
        "batch": batch,
        "positions": positions,
        "hidden": hidden,
        "activation": activation,
        "mean_count": counts.double().mean().item(),
        "contenders": {},
    }
    timed = {}
    for what, work in (
        ("forward", lambda f: lambda: forward(f, inputs, counts)),
        ("both", lambda f: lambda: forward_and_backward(f, inputs, counts, direction)),
    ):
        clocks = {name: repeated(work(f), options) for name, f in chosen.items()}
        timed[what] = rounds_of(clocks, options.rounds, lambda clock: clock())
    for name, contender in chosen.items():
        figures = {}
        for what, times in timed.items():
            middle, low, high = median_interval(times[name])
            figures[what] = {"milliseconds": 1e3 * middle, "low": 1e3 * low, "high": 1e3 * high}
            if name != OURS:
                figures[what] |= compare(times[OURS], times[name])
        figures["forward_error"], figures["backward_error"] = errors(
            contender, inputs, counts, direction, activation, options.device
        )
        headline = "x".join(map(str, shape)) in HEADLINES or options.device == "cuda"
        if headline and not options.short:
            figures["peak_bytes"] = peak_bytes(name, contender, shape, activation, options)
        result["contenders"][name] = figures
    if activation == "relu":
        for what, slots in (("forward", 2), ("both", 5)):
            floor = floor_seconds(counts, hidden, slots, options.device)
            if floor:
                milliseconds = result["contenders"][OURS][what]["milliseconds"]
                result["contenders"][OURS][what]["fraction_of_floor"] = 1e3 * floor / milliseconds
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--library", dest="torch_library", required=True)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--shapes", default=SHAPES)
    parser.add_argument("--activations", default="relu,gelu,silu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--clock", default="wall", choices=("wall", "cpu"))
    parser.add_argument("--output")
    parser.add_argument(
        "--short", action="store_true", help="without autotuned compilation and peak memory"
    )
    parser.add_argument("--memory_of", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.memory_of and any(
        os.environ.get(key) != value for key, value in KEEP_MEMORY.items()
    ):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEP_MEMORY)
    if options.threads:
        torch.set_num_threads(options.threads)
        torch._inductor.config.cpp.threads = (
            options.threads
        )  # else it takes code compiled for others from its cache
    torch.ops.load_library(options.torch_library)
    shapes = [tuple(int(n) for n in shape.split("x")) for shape in options.shapes.split(",")]
    activations = options.activations.split(",")
    if options.memory_of:
        return print_peak(options.memory_of, shapes[0], activations[0])
    results = {
        "schema": 1,
        "context": context(options.device) | {"clock": options.clock} | KEEP_MEMORY,
        "measurements": [],
    }
    for activation in activations:
        for shape in shapes:
            if activation != "relu" and "x".join(map(str, shape)) not in HEADLINES:
                continue
            results["measurements"].append(measure(shape, activation, options))
            print(page({**results, "measurements": results["measurements"][-1:]}), file=sys.stderr)
    text = json.dumps(results, indent=1)
    if not options.output:
        return print(text)
    Path(options.output).write_text(text + "\n")
    Path(options.output).with_suffix(".md").write_text(page(results))


main()
