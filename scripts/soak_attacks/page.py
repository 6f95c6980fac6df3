"""The results of a soak as JSON and as a page."""

import json
import os
import platform
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def context(command, program):
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    version = program.succeed("--version").stdout.strip()
    return {
        "command": command,
        "commit": commit.stdout.strip(),
        "program": version,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "device": f"{processor()}, {os.cpu_count()} cores",
    }


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def result_of(row):
    if row["findings"]:
        count = len(row["findings"])
        return f"**{count} finding{'s' * (count > 1)}**"
    if row["trials"]:
        return "passed"
    return f"not run: {row['not_run'] or 'the time was over'}"


def table(rows):
    lines = ["| attack | trials | result |", "|---|---|---|"]
    lines += [f"| {row['attack']} | {row['trials']} | {result_of(row)} |" for row in rows]
    return "\n".join(lines)


def finding_lines(rows):
    for row in rows:
        for finding in row["findings"]:
            yield f"- {row['attack']}, trial {finding['trial']}: {finding['finding']}"
            yield f"  `{finding['again']}`"


def page(about, rows):
    findings = "\n".join(finding_lines(rows)) or "None."
    return f"""# Soak

`{about["command"]}`, commit {about["commit"]}, {about["date"]}; {about["device"]}; {about["minutes"]} minutes,
{sum(row["trials"] for row in rows)} trials.

{table(rows)}

## Findings

{findings}
"""


def write(output, about, rows):
    document = {**about, "attacks": rows}
    (output / "soak.json").write_text(json.dumps(document, indent=1) + "\n")
    (output / "soak.md").write_text(page(about, rows))
