"""The undamaged inputs of all attacks, each made when it is first needed, by the program from a tiny model."""

import functools
import json
import pathlib
import shutil

from .pictures import png

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
SAMPLES = 40


class Inputs:
    """Paths of the inputs, and what is known of the program."""

    photo = GOLDEN / "images" / "photo.png"

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.options = {}  # of each command
        self.usual_s = {}  # how long each writer takes, undisturbed
        folder.mkdir(parents=True)
        self.schema = json.loads(program.succeed("info", "--schema").stdout)

    @functools.cached_property
    def pictures(self):
        folder = self.folder / "pictures"
        folder.mkdir()
        for number in range(3):
            picture = png(40 + 30 * number, 60, number)
            (folder / f"{number}.png").write_bytes(picture)
        return folder

    @functools.cached_property
    def manifest(self):
        samples = [{"prompt": f"question {i}", "dataset": "sums"} for i in range(SAMPLES)]
        for number, sample in enumerate(samples[::8]):
            sample["image"] = f"{self.pictures.name}/{number % 3}.png"
        path = self.folder / "samples.jsonl"
        path.write_text("".join(json.dumps(sample) + "\n" for sample in samples))
        return path

    @functools.cached_property
    def records(self):
        """Simulated, native."""
        return self.simulated("records")

    @functools.cached_property
    def published(self):
        return self.simulated("published", "--format", "published")

    def simulated(self, name, *options):
        folder = self.folder / name
        self.program.succeed("simulate", "--requests", 300, *options, "--output_dir", folder)
        return folder

    @functools.cached_property
    def measured(self):
        folder = self.folder / "measured"
        self.program.succeed(*self.profile(), "--results_dir", folder)
        return folder

    @functools.cached_property
    def shards(self):
        """Not yet merged."""
        folder = self.folder / "shards"
        for shard in ("1/2", "2/2"):
            self.program.succeed(*self.profile(), "--shard", shard, "--results_dir", folder)
        return folder

    @functools.cached_property
    def estimator(self):
        folder = self.folder / "estimator"
        self.program.succeed(
            *("train", "--results_dir", self.records, "--num_epochs", 1, "--folds", 2),
            *("--hidden", 16, "--no_plots", "--output_dir", folder),
        )
        return folder

    @functools.cached_property
    def model(self):
        """A model directory as Hugging Face publishes one, from the tests' vectors."""
        folder = self.folder / "model"
        folder.mkdir()
        for name in ("config.json", "preprocessor_config.json", "tokenizer.json"):
            shutil.copy(GOLDEN / "tiny-molmoe" / name, folder)
        weights = GOLDEN / "tiny-molmoe" / "tiny-molmoe.safetensors"
        shutil.copy(weights, folder / "model.safetensors")
        return folder

    def profile(self):
        return [
            *("profile", "--no_warm_up", "--threads", 1, "--output_lengths", "fixed:4"),
            *("--top_k", "4,8", "--manifest", self.manifest),
        ]

    def keys(self):
        """Of a whole profile."""
        return {
            f"sums/{sample:06}/none_{top_k}_16/0" for sample in range(SAMPLES) for top_k in (4, 8)
        }
