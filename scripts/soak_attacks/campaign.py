"""Runs attacks in turn, each trial with a seed of its own, and keeps the folders of findings."""

import json
import random
import shutil
import time
import traceback

from .verdict import Finding, NotRun


class Campaign:
    def __init__(self, inputs, attacks, seed, output):
        self.inputs = inputs
        self.attacks = attacks
        self.seed = seed
        self.output = output
        self.rows = {
            name: {"attack": name, "trials": 0, "passed": 0, "not_run": None, "findings": []}
            for name in attacks
        }

    def trial(self, name, number):
        """One trial; True when it passed."""
        row = self.rows[name]
        folder = self.output / "work" / f"{plain(name)}-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rng = random.Random(f"{self.seed}/{name}/{number}")
        try:
            self.attack(name, folder, rng)
        except NotRun as reason:
            row["not_run"] = str(reason)
            shutil.rmtree(folder)
            return True
        except Finding as finding:
            self.found(row, number, folder, str(finding))
            return False
        except Exception as error:
            self.found(row, number, folder, f"the soak itself failed: {error!r}")
            (self.kept(folder) / "traceback.txt").write_text(traceback.format_exc())
            return False
        row["trials"] += 1
        row["passed"] += 1
        shutil.rmtree(folder)
        return True

    def attack(self, name, folder, rng):
        self.inputs.program.folder = folder
        try:
            self.attacks[name](self.inputs, folder, rng)
        finally:
            self.inputs.program.folder = None

    def kept(self, folder):
        return self.output / "findings" / folder.name

    def found(self, row, number, folder, text):
        row["trials"] += 1
        kept = self.kept(folder)
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, kept)
        again = f"scripts/soak --seed {self.seed} --only '{row['attack']}' --trial {number}"
        finding = {
            "trial": number,
            "finding": text,
            "command": self.inputs.program.last,
            "again": again,
            "folder": str(kept),
        }
        (kept / "finding.json").write_text(json.dumps(finding, indent=2) + "\n")
        row["findings"].append(finding)

    def run(self, minutes, trials, progress):
        """In turn, until the time is over or each attack had `trials` trials (0: no limit)."""
        end = time.monotonic() + 60 * minutes
        number = 0
        while trials == 0 or number < trials:
            for name, row in self.rows.items():
                if time.monotonic() >= end:
                    return
                if row["not_run"] is None:
                    progress(name, number)
                    self.trial(name, number)
            if all(row["not_run"] for row in self.rows.values()):
                return
            number += 1


def plain(name):
    return "".join(letter if letter.isalnum() else "-" for letter in name)
