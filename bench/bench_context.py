"""What a figure depends on, to be written beside it."""

import datetime
import os
import platform
import subprocess
import sys

try:
    import torch
except ImportError:  # only figures of torch need it
    torch = None


def commit():
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],
        capture_output=True,
        text=True,
        cwd=os.path.dirname(os.path.abspath(__file__)),
    )
    return described.stdout.strip() or "unknown"


def device_name(device):
    if device == "cuda":
        return torch.cuda.get_device_name()
    with open("/proc/cpuinfo") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    threads = torch.get_num_threads() if torch else os.cpu_count()
    return f"{names[0] if names else platform.processor()}, {threads} thread(s)"


def context(device):
    return {
        "command": "python3 " + " ".join(sys.argv),
        "commit": commit(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "device": device_name(device),
        "torch": torch.__version__ if torch else None,
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }
