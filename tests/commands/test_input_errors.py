"""Input that is refused: exit code 2 and a message that names the input. argv: the program, then
unittest's own arguments."""

import json
import os
import pathlib
import shutil
import struct
import unittest

from program import InFolder, records_of, run, write_png


class Refusals(InFolder):
    def refuses(self, answer, *words):
        self.assertEqual(answer.returncode, 2, answer.stderr)
        self.assertTrue(answer.stderr.startswith("error: "), answer.stderr)
        for word in words:
            self.assertIn(str(word), answer.stderr)
        return answer.stderr


class Words(Refusals):
    def test_a_command_is_taken_for_the_nearest(self):
        self.refuses(run("profil"), "unknown command 'profil'; did you mean 'profile'?")
        self.refuses(run("help", "profil"), "unknown command 'profil'; did you mean 'profile'?")
        self.refuses(run("--profile"), "unknown option '--profile'", "did you mean 'profile'?")
        message = self.refuses(run("xyzzy"), "unknown command 'xyzzy'")
        self.assertNotIn("did you mean", message)
        self.refuses(run(), "command")

    def test_an_option_is_taken_for_the_nearest(self):
        self.refuses(
            run("profile", "--sampels", "photos"),
            "unknown option '--sampels' of profile; did you mean '--samples'?",
        )
        self.refuses(run("audit", "rec", "--jsn=x"), "'--jsn' of audit; did you mean '--json'?")
        self.refuses(run("predict", "--tear", "low"), "unknown option '--tear' of predict")
        self.refuses(run("profile", "--seed", "1", "--seed", "2"), "--seed")
        self.refuses(run("profile", "--seed"), "--seed")

    def test_help_is_a_command(self):
        for arguments, same in ((["help"], ["--help"]), (["help", "audit"], ["audit", "--help"])):
            answer = run(*arguments)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(answer.stdout, run(*same).stdout)


class Models(Refusals):
    GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "tiny-molmo-dense"

    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        shutil.copytree(self.GOLDEN, self.model)
        self.weights = self.model / "tiny-molmo-dense.safetensors"

    def generate(self, prompt="hi"):
        return run("generate", "--model", self.model, "--prompt", prompt, "--max_new_tokens", 1)

    def test_a_token_beyond_the_embedding_is_refused_when_the_model_is_loaded(self):
        path = self.model / "tokenizer.json"
        tokenizer = json.loads(path.read_text())
        added = dict(tokenizer["added_tokens"][0], id=99999, content="<big>")
        tokenizer["added_tokens"].append(added)
        path.write_text(json.dumps(tokenizer))
        message = self.refuses(self.generate("hi <big> there"), path, "token id 99999", "rows")
        self.assertNotIn("frame #", message)

    def test_a_git_lfs_pointer_is_named(self):
        self.weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
        self.refuses(self.generate(), self.weights, "git lfs pull")

    def test_weights_that_are_not_numbers_are_warned_about(self):
        self.assertNotIn("NaN", self.generate().stderr)
        with self.weights.open("r+b") as file:
            header = struct.unpack("<Q", file.read(8))[0]
            file.seek(8 + header)
            file.write(struct.pack("<4f", *[float("nan")] * 4))
        answer = self.generate()
        self.assertIn("holds NaN or infinite values", answer.stderr)

    def test_another_architecture_is_refused(self):
        path = self.model / "config.json"
        config = json.loads(path.read_text())
        path.write_text(json.dumps(config | {"model_type": "llama"}))
        self.refuses(self.generate(), path, "model_type", "molmo")


class Paths(Refusals):
    def test_a_looping_link_loses_only_itself(self):
        pictures = self.folder / "pictures"
        pictures.mkdir()
        write_png(pictures / "a.png", 64, 48)
        os.symlink("loop.png", pictures / "loop.png")
        command = ["profile", "--images", pictures, "--results_dir", self.out, "--no_warm_up"]
        answer = run(*command, "--output_lengths", "fixed:2")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(len(list(records_of(self.out))), 1)

    def test_paths_that_cannot_be_used_are_named(self):
        file = self.folder / "file"
        file.write_text("x")
        self.refuses(run("merge", self.folder / "nowhere"), "nowhere")
        self.refuses(run("merge", file), file)
        link = self.folder / "link"
        os.symlink("link", link)
        self.refuses(run("audit", link), link)
        simulated = self.folder / "simulated"
        made = run("simulate", "--output_dir", simulated, "--requests", 60)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.refuses(run("export", "--results_dir", simulated, "--output_dir", file), file)
        self.refuses(run("train", "--results_dir", simulated, "--output_dir", file), file)
        self.refuses(run("audit", simulated, "--html", "/proc/nowhere.html"), "/proc/nowhere.html")


if __name__ == "__main__":
    unittest.main()
