"""A machine for scripts/gpu_check without a GPU. The program runs on the CPU, and its records get
the clocks and the tracing that a GPU would have given them, in the form that the instrument
writes."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))


def load_script(name):
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


gpu_check = load_script("gpu_check")

from gpu_machine import Machine  # noqa: E402
from gpu_rows import records as record_files  # noqa: E402

# One picture, whatever else this machine has.
PICTURE = ["--images", str(ROOT / "tests/golden/images/photo.png")]
record_files.photographs = lambda machine, count: PICTURE


def shorter(arguments):
    """The same command for the CPU: a small model and short answers. What it says of the instrument
    is kept."""
    changed = {"cuda": "cpu", "molmoe-1b": "tiny-molmoe", "low,high": "low"}
    words = [
        changed.get(word, word) for word in map(str, arguments) if word != "--measure_overhead"
    ]
    return ["fixed:4" if word.startswith("fixed:") else word for word in words]


class StandIn(Machine):
    """`change` is called with each record that the program writes, `answers` are the outputs of
    other programs and of commands of decodemeter, `files` what a program writes to the file after
    --output."""

    kept, runs = tempfile.TemporaryDirectory(), {}

    def __init__(self, work, program, traced_record, budget_s=300):
        super().__init__(None, pathlib.Path(work), budget_s, pathlib.Path(work) / "output.txt")
        self.program, self.traced_record = program, traced_record
        self.change, self.answers, self.files = lambda record: None, {}, {}
        self.overhead = {"percent": 0.1, "interval_percent": [0, 0.2], "added_us": 23, "run_ms": 90}

    def path(self, program):
        return self.program if program == "decodemeter" else program

    def run(self, program, *arguments, **options):
        command = str(arguments[0]) if arguments and program == "decodemeter" else program
        if command in self.answers:
            return self.answers[command]
        words = shorter(arguments)
        if command not in ("profile", "watch"):
            return super().run(program, *words, **options)
        folder = pathlib.Path(words[words.index("--results_dir") + 1])
        text = self.run_once(tuple(words), folder)
        for path in folder.glob("*/records.jsonl"):
            records = [self.on_gpu(json.loads(line)) for line in path.read_text().splitlines()]
            path.write_text("".join(json.dumps(record) + "\n" for record in records))
        if "--measure_overhead" in map(str, arguments):
            self.add_overhead(folder / "run.json")
        return text

    def shell(self, command, accept=(0,)):
        command = [str(word) for word in command]
        if command[0] in self.answers:
            return self.answers[command[0]]
        if "--output" in command and pathlib.Path(command[1]).name in self.files:
            output = pathlib.Path(command[command.index("--output") + 1])
            output.write_text(json.dumps(self.files[pathlib.Path(command[1]).name]))
            return ""
        return super().shell(command, accept)

    def run_once(self, arguments, folder):
        """The same profile for every test that asks for it."""
        key = tuple(argument.replace(str(self.work), "") for argument in arguments)
        if key not in self.runs:
            text = super().run("decodemeter", *arguments, "--no_warm_up")
            kept = pathlib.Path(self.kept.name) / str(len(self.runs))
            shutil.copytree(folder, kept)
            self.runs[key] = text, kept
        text, kept = self.runs[key]
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return text

    def on_gpu(self, record):
        if not record["subtraction"]:  # the audit reads those, whose times must add up
            record["T_decode_per_step"] = [3.0] * len(record["T_decode_per_step"])
            record["clocks"]["host_ms"] = list(record["T_decode_per_step"])
        record["clocks"] |= {"span_ms": list(record["clocks"]["host_ms"]), "headline": "span"}
        if "cupti_pass" in record["flags"]:
            record["cupti"] = self.traced(len(record["T_decode_per_step"]))
            record["clocks"]["span_ms"] = list(record["cupti"]["event_span_ms"])
            record["clocks"]["busy_ms"] = list(record["cupti"]["event_span_ms"])
        self.change(record)
        return record

    def traced(self, steps):
        command = [self.traced_record, str(steps)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(answer.stdout)["cupti"]

    def add_overhead(self, path):
        run = json.loads(path.read_text())
        run["figures"]["overhead"] = self.overhead
        run["device"]["name"] = "NVIDIA H100 80GB HBM3"
        path.write_text(json.dumps(run))


def instrument_lines(events=0.2, tracing=3, slowdown=0.1):
    """As gpu_bench_instrument prints them."""

    def cost(figure, percent):
        value = {"percent": percent, "interval_percent": [0, 1], "added_us": 340, "run_ms": 10}
        return {"figure": figure, "launches": 3400, "launches_per_step": 200, "value": value}

    rows = [cost("events", events), cost("tracing", tracing)]
    rows.append({"figure": "slowdown after tracing", "percent": slowdown})
    return "\n".join(map(json.dumps, rows))


def fact_lines(**changed):
    """As gpu_tracing_facts prints them; `changed` has other values by the fact's name with
    underscores."""
    facts = {
        "event records alone": {"recorded": 9, "events": 9, "reason": ""},
        "event records with SYNCHRONIZATION": {"recorded": 9, "events": 9, "reason": ""},
        "streams": {"events": [7], "kernels": [7]},
        "edges": {"edges": 9, "matched": 9},
        "second session": {"launched": 160, "kernels": 160, "reason": ""},
        "graph after attaching": {"nodes": 10, "kernels": 10, "reason": ""},
        "graph before attaching": {"nodes": 10, "kernels": 0, "reason": ""},
    }
    for name, values in changed.items():
        facts[name.replace("_", " ")] |= values
    return "\n".join(json.dumps({"figure": name} | values) for name, values in facts.items())


def kernel_measurement():
    """One shape of bench/position_sum.py at which everything claimed holds."""
    path = ROOT / "results" / "position_sum_cpu.json"
    measurement = json.loads(path.read_text())["measurements"][-1]
    measurement |= {"batch": 1024, "positions": 64}
    for way in measurement["contenders"].values():
        for direction in ("forward", "both"):
            way[direction] |= {"ratio": 20.0, "verdict": "FAST"}
    ours = measurement["contenders"]["decodemeter"]
    ours["forward"] |= {"milliseconds": 1.0, "fraction_of_floor": 0.9}
    ours["both"]["milliseconds"] = 3.0
    return measurement


def environment_with(folder, name, text):
    """The environment with an executable file of that name first on PATH."""
    path = pathlib.Path(folder) / name
    path.write_text(text)
    path.chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
