"""Profiles that rows make, and the records in them."""

import glob
import json
import os
import pathlib
import shutil

from gpu_machine import ROOT, Failed, NotRun


def records_in(folder):
    for path in sorted(pathlib.Path(folder).glob("*/records.jsonl")):
        for line in path.read_text().splitlines():
            yield json.loads(line)


def photographs(machine, count):
    """Pictures for a profile: scikit-image's where they are, else the one that the tests bring."""
    if (
        os.environ.get("DECODEMETER_PHOTOS")
        or (machine.programs / "photos").is_dir()
        or glob.glob(str(ROOT / ".venv/lib/python3*/site-packages/skimage/data/astronaut.png"))
    ):
        return ["--samples", "photos", "--num_samples", count]
    return ["--images", ROOT / "tests/golden/images/photo.png"]


def profile_arguments(machine, folder, samples):
    """In bfloat16: in float32 a mixture of experts takes another path on CUDA, which waits for the
    device in each layer."""
    cuda = ["--device", "cuda", "--dtype", "bfloat16"]
    return ["profile", *cuda, *photographs(machine, samples), "--results_dir", folder]


def profile(machine, name, *arguments, samples):
    """Records of a new profile in the folder `name`."""
    folder = machine.work / name
    shutil.rmtree(folder, ignore_errors=True)
    machine.run("decodemeter", *profile_arguments(machine, folder, samples), *arguments)
    records = list(records_in(folder))
    if not records:
        raise Failed(f"{name}: no record was written")
    return records


def kept_records(machine, name):
    """Records of a profile that an earlier row made."""
    records = list(records_in(machine.work / name))
    if not records:
        raise NotRun("needs the records of an earlier row, which left none")
    return records


def measured(records):
    return [record for record in records if "cupti_pass" not in record["flags"]]


def traced(records):
    """The tracing passes; not run where CUPTI refused one."""
    passes = [record for record in records if "cupti_pass" in record["flags"]]
    refused = [record["cupti"]["none"] for record in passes if "none" in record["cupti"]]
    if not passes or refused:
        raise NotRun("CUPTI refused: " + (refused[0] if refused else "no pass was written"))
    return passes
