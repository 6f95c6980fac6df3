"""Rows that run one program and take its own answer."""

import shutil

from gpu_machine import ROOT, NotRun, last_line

NEEDED = ("CUDA kernels", "CUDA device", "LibTorch's CUDA half", "CUPTI", "NVML")


def check_device(machine):
    query = "--query-gpu=name,driver_version,clocks.max.sm,memory.total"
    return machine.shell(["nvidia-smi", query, "--format=csv,noheader"]).strip().splitlines()[0]


def check_build(machine):
    """Lines of `info` are "  no  NAME, in 22 columns  DETAIL"."""
    info = machine.run("decodemeter", "info")
    (machine.work / "info.txt").write_text(info)
    missing = [line[6:28].strip() for line in info.splitlines() if line.startswith("  no ")]
    if not missing:
        return "info: nothing is missing"
    text = "info: without " + ", ".join(missing)
    if set(missing) & set(NEEDED):
        raise NotRun(text)
    return text


def gpu_test(name):
    def check(machine):
        text = machine.run(name)
        skipped = [line.strip() for line in text.splitlines() if "test skipped:" in line]
        if skipped:
            raise NotRun(skipped[-1])
        return last_line(text)

    return check


def check_verify(model, dtype):
    def check(machine):
        folder = ROOT / "tests" / "golden" / model
        text = machine.run("decodemeter", "verify", folder, "--device", "cuda", "--dtype", dtype)
        return " ".join(line.strip() for line in text.strip().splitlines()[-2:])

    return check


def check_sanitizer(tool):
    def check(machine):
        if not shutil.which("compute-sanitizer"):
            raise NotRun("compute-sanitizer is not on PATH; it comes with the CUDA toolkit")
        wrapper = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9"]
        wrapper += ["--target-processes", "all"]
        return last_line(machine.run("gpu_test_position_sum", "[small]", wrapper=wrapper))

    return check
