"""The paper estimate of a decode step, and that results/h100_expected holds what the code gives.

argv: bench_launches or an empty word, then unittest's own arguments.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH_LAUNCHES = sys.argv.pop(1) if len(sys.argv) > 1 else ""
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

import expected_step as model  # noqa: E402

H100, H200, A100 = model.DEVICES
EAGER = model.Launches(launches=650, streaming=81, views=480, grouped=32, waits=1)


class Bytes(unittest.TestCase):
    def test_a_step_reads_the_parameters_that_the_specification_counts(self):
        self.assertEqual(model.step_weight_bytes(), 2 * 1_178_996_736)
        self.assertEqual(model.cache_bytes(1), 131_072)
        self.assertAlmostEqual(model.prefill_weight_bytes() / 1e9, 13.63, places=2)

    def test_floors_are_those_of_the_specification(self):
        for device, floors in ((H100, (0.717, 0.751, 0.864)), (H200, (0.500, 0.524, 0.603))):
            for context, floor in zip((326, 1206, 4095), floors, strict=True):
                self.assertAlmostEqual(model.floor_ms(device, context), floor, places=3)


class Steps(unittest.TestCase):
    def test_many_launches_are_bound_by_the_host_and_few_by_the_device(self):
        self.assertEqual(model.expected_step(EAGER, H100, 326).bound, "host")
        fused = model.Launches(launches=100, streaming=81, views=0, grouped=0, waits=1)
        self.assertEqual(model.expected_step(fused, H100, 326).bound, "device")

    def test_a_step_takes_the_longer_of_both_and_the_wait(self):
        step = model.expected_step(EAGER, H100, 326)
        self.assertAlmostEqual(step.step_ms.low, step.host_ms.low + 0.010)
        self.assertAlmostEqual(step.step_ms.high, step.host_ms.high + 0.030)
        self.assertGreater(step.device_ms.low, step.floor_ms)

    def test_without_a_grouped_product_each_expert_layer_waits_twice(self):
        counts = model.on_device(EAGER, A100)
        self.assertEqual(counts.waits, 1 + 32)
        self.assertEqual(counts.launches, 650 - 2 * 32 + 8 * 32)
        self.assertEqual(model.on_device(EAGER, H100), EAGER)

    def test_the_range_is_a_range_on_every_device_and_at_every_length(self):
        for device in model.DEVICES:
            for context in model.CONTEXTS:
                step = model.expected_step(EAGER, device, context)
                self.assertLess(step.step_ms.low, step.step_ms.high)
            for request in model.REQUESTS:
                prefill = model.expected_prefill(request, EAGER, device)
                self.assertLess(prefill.prefill_ms.low, prefill.prefill_ms.high)

    def test_a_prefill_reads_at_least_all_weights_and_does_its_arithmetic(self):
        for request in model.REQUESTS:
            expected = model.expected_prefill(request, EAGER, H100)
            self.assertGreater(expected.prefill_ms.low, 4.07)
        long = model.expected_prefill(model.Request("long", 1, 4000), EAGER, A100)
        self.assertEqual(long.bound, "arithmetic")


class Operations(unittest.TestCase):
    def test_every_kernel_of_a_layer_is_counted(self):
        listed = json.loads((ROOT / "scripts" / "decode_operations.json").read_text())
        launches = model.count_launches(listed)
        self.assertEqual(launches.launches, 16 * 40 + 5)
        self.assertEqual((launches.streaming, launches.grouped), (16 * 5 + 1, 32))

    def test_an_operation_without_a_number_of_kernels_is_refused(self):
        listed = {"layers": 1, "layer": {"unheard_of": 1}, "outside_layers": {}}
        with self.assertRaisesRegex(KeyError, "unheard_of"):
            model.count_launches(listed | {"host_reads_per_step": 1})

    def test_the_list_is_what_the_code_dispatches(self):
        if not BENCH_LAUNCHES:
            self.skipTest("bench_launches is not built")
        command = [BENCH_LAUNCHES, "molmoe-1b"]
        counted = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        listed = json.loads((ROOT / "scripts" / "decode_operations.json").read_text())
        for key, value in listed.items():
            self.assertEqual(counted[key], value, key)


class Page(unittest.TestCase):
    def check(self, *options):
        command = [sys.executable, ROOT / "scripts" / "h100_expected", *options]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True)

    def test_the_page_holds_what_the_list_gives(self):
        answer = self.check("--check")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))

    def test_a_page_of_other_operations_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            listed = json.loads((ROOT / "scripts" / "decode_operations.json").read_text())
            listed["layer"]["add"] += 1
            other = pathlib.Path(folder) / "operations.json"
            other.write_text(json.dumps(listed))
            answer = self.check("--operations", other, "--check")
            self.assertEqual(answer.returncode, 1)
            self.assertIn("h100_expected.md", answer.stderr)
            self.assertIn("h100_expected.json: not what the code gives", answer.stderr)


if __name__ == "__main__":
    unittest.main()
