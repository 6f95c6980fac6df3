"""Installs the predictor, builds programs against it with find_package, and asks all three languages the same."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODEL = HERE / "latency_estimator.json"
REQUEST = dict(vision_tokens=928, text_tokens=60, tier="high", top_k=8, active_blocks=16)


def run(*command, **options):
    return subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True, **options
    ).stdout


def main(build: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        prefix, consumer = Path(folder, "prefix"), Path(folder, "consumer")
        run("cmake", "--install", build, "--component", "predictor", "--prefix", prefix)
        run("cmake", "-S", HERE / "installed", "-B", consumer, f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", consumer)
        from_c, from_cpp = (run(consumer / name, MODEL).split() for name in ("from_c", "from_cpp"))

        (library,) = prefix.rglob("libdecodemeter_predictor.so")
        assert "torch" not in run("ldd", library), "the predictor must not need LibTorch"
        (module,) = prefix.rglob("decodemeter_predictor.py")
        os.environ.pop("DECODEMETER_PREDICTOR_LIBRARY", None)
        sys.path.insert(0, str(module.parent))
        check_python([float(value) for value in from_c])
        assert from_c == from_cpp, (from_c, from_cpp)
        broken = subprocess.run(
            [consumer / "from_cpp", HERE / "test_installed.py"], capture_output=True, text=True
        )
        assert broken.returncode == 1 and "no whole JSON document" in broken.stderr, broken


def check_python(expected: list[float]) -> None:
    from decodemeter_predictor import Predictor, Request

    predictor = Predictor(MODEL)
    request = Request(**REQUEST)
    estimate = predictor.predict(request, 20)
    assert [estimate.total.expected_ms, estimate.total.p95_ms] == expected, (estimate, expected)
    assert predictor.predict_many([request] * 3, 20) == [tuple(expected)] * 3
    assert estimate.coverage == "OK" and estimate.feature == "none", estimate
    steps = sum(predictor.step_ms(request, step) for step in range(1, 20))
    assert abs(steps / estimate.decode.expected_ms - 1) < 1e-9
    outside = predictor.predict(Request(**{**REQUEST, "top_k": 99}), 20)
    assert (outside.coverage, outside.feature) == ("EXTRAPOLATED", "top_k"), outside
    assert predictor.predict(Request(**{**REQUEST, "active_blocks": 0}), 20).coverage == "REFUSED"
    assert predictor.synthetic and len(predictor.records_hash) == 64
    try:
        Predictor("/nowhere.json")
    except ValueError as error:
        assert "/nowhere.json" in str(error)
    else:
        raise AssertionError("a missing file was taken")


main(Path(sys.argv[1]))
