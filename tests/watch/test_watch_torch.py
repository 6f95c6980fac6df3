"""PyTorch's own NVTX ranges, watched: test_watch_torch.py PROGRAM [SITE_PACKAGES OF TORCH]

Exits with 77 where this Python cannot import torch.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = """
import torch
nvtx = torch.cuda.nvtx
matrix = torch.ones(300, 300)
for sample in range(2):
    nvtx.mark('decodemeter {"vision_tokens": 144, "text_tokens": 40}')
    with nvtx.range("generate"):
        with nvtx.range("prefill"):
            matrix @ matrix
        for step in range(4):
            nvtx.range_push("decode_step")
            matrix @ matrix
            nvtx.range_pop()
"""


def main():
    program, packages = sys.argv[1], sys.argv[2:]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(packages)}
    importing = subprocess.run(
        [sys.executable, "-c", "import torch"], env=environment, capture_output=True, text=True
    )
    if importing.returncode != 0:
        print("torch cannot be imported:", importing.stderr.strip().splitlines()[-1])
        return 77
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(
            [program, "watch", "--results_dir", folder, "--", sys.executable, "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert answer.returncode == 0, answer.stderr
        lines = (pathlib.Path(folder) / "watched" / "records.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [(record["decode_steps"], record["vision_tokens"]) for record in records] == [
        (4, 144)
    ] * 2, records
    assert all(step > 0 for record in records for step in record["T_decode_per_step"])
    print(answer.stdout.strip())
    return 0


sys.exit(main())
