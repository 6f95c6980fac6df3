"""Rows about training on the GPU and the kernels below it."""

import json
import os
import shutil
import time

from gpu_machine import ROOT, NotRun, judged
from gpu_rows.records import kept_records


def torch_python():
    return os.environ.get("PYTHON", "python3")


def check_train(machine):
    folder = machine.work / "simulated"
    shutil.rmtree(folder, ignore_errors=True)
    machine.run("decodemeter", "simulate", "--results_dir", folder)
    start = time.monotonic()
    machine.run(
        "decodemeter",
        *["train", "--results_dir", folder, "--device", "cuda"],
        *["--num_epochs", 5, "--folds", 2, "--no_plots"],
        *["--output_dir", machine.work / "estimator_cuda"],
    )
    seconds = time.monotonic() - start
    return f"{seconds:.1f} s for 3 networks of 5 epochs on 10,000 records, evaluation included"


def check_training_speed(machine):
    """An epoch beside the published loop and a vectorized one in PyTorch, on the same GPU in one
    run."""
    kept_records(machine, "simulated")
    output = machine.work / "training_cuda.json"
    program = " ".join([*machine.prefix, machine.path("bench_training")])
    machine.shell(
        [torch_python(), ROOT / "bench" / "training.py", "--records", machine.work / "simulated"]
        + ["--program", program, "--device", "cuda", "--rounds", 1, "--epochs", 5]
        + ["--output", output]
    )
    loops = json.loads(output.read_text())["loops"]
    ratios = {name: figures["ratio"] for name, figures in loops.items() if "ratio" in figures}
    listed = ", ".join(f"{name} {ratio:.1f} x" for name, ratio in ratios.items())
    claimed = {"published loop": 8, "vectorised": 2}
    return judged(
        f"an epoch {loops['decodemeter']['seconds']:.3f} s; {listed}",
        [
            f"{name}: at least {least} x is claimed"
            for name, least in claimed.items()
            if ratios[name] < least
        ],
    )


def kernel_faults(measurement):
    """What a shape's figures do not keep of what is claimed: the floor and eager torch at large
    shapes, the compilers at every one."""
    shape = "x".join(str(measurement[key]) for key in ("batch", "positions", "hidden"))
    ours = measurement["contenders"]["decodemeter"]
    if measurement["batch"] * measurement["positions"] >= 1024 * 64:
        forward_ms, both_ms = ours["forward"]["milliseconds"], ours["both"]["milliseconds"]
        forward = ours["forward"]["fraction_of_floor"]
        # The floor has 2 issue slots forward and 3 backward.
        backward = 1.5 * forward * forward_ms / (both_ms - forward_ms)
        if forward < 0.65 or backward < 0.55:
            yield (
                f"{shape}: {100 * forward:.0f} % of the floor forward and {100 * backward:.0f} % "
                "backward; 65 and 55 are claimed"
            )
        eager = measurement["contenders"].get("full tensor")
        if eager and eager["both"]["ratio"] < 10:
            yield f"{shape}: {eager['both']['ratio']:.1f} x eager torch; 10 is claimed"
    for name, figures in measurement["contenders"].items():
        verdicts = (figures["forward"]["verdict"], figures["both"]["verdict"])
        if ("compile" in name or "riton" in name) and "SLOW" in verdicts:
            yield f"{shape}: slower than {name}"


def check_kernel_bench(machine):
    """Beside eager torch, torch.compile by default and a Triton tile, at one large shape."""
    library = machine.find("libdecodemeter_torch_ops.so")
    if not library:
        raise NotRun("libdecodemeter_torch_ops.so is not built")
    output = machine.work / "position_sum_cuda.json"
    machine.shell(
        [torch_python(), ROOT / "bench" / "position_sum.py", "--library", library]
        + ["--device", "cuda", "--rounds", 5, "--activations", "relu", "--short"]
        + ["--shapes", "1024x512x256", "--output", output]
    )
    measurements = json.loads(output.read_text())["measurements"]
    text = f"{len(measurements)} shape, {', '.join(measurements[0]['contenders'])}"
    return judged(
        text, [fault for measurement in measurements for fault in kernel_faults(measurement)]
    )
