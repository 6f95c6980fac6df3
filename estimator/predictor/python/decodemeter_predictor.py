"""Latency of a request, predicted from a latency_estimator.json: libdecodemeter_predictor for Python.

    from decodemeter_predictor import Predictor, Request
    predictor = Predictor("estimator/latency_estimator.json")
    estimate = predictor.predict(Request(vision_tokens=1152, text_tokens=60, tier="high", top_k=8, active_blocks=16),
                                 output_tokens=64)
    print(estimate.total.expected_ms, estimate.total.p95_ms, estimate.coverage)

Needs the standard library only. The shared library is looked for in DECODEMETER_PREDICTOR_LIBRARY, beside this file,
where `cmake --install` puts it from here, in the build folder of a checkout, and where the system keeps its libraries.
A Predictor may be asked by any number of threads at once.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BoundedTime", "Estimate", "Predictor", "Request"]

_ABI = 1
_NAME = "libdecodemeter_predictor.so"
_TIERS = ("low", "medium", "high")
_COVERAGES = ("OK", "INTERPOLATED", "EXTRAPOLATED", "REFUSED")


@dataclass(frozen=True)
class Request:
    """What is to be run. num_crops counts the global crop; 0 derives it from the vision tokens."""

    vision_tokens: int
    text_tokens: int
    tier: str | int
    top_k: int
    active_blocks: int
    num_crops: int = 0


@dataclass(frozen=True)
class BoundedTime:
    """A time and the bounds that hold for 90, 95 and 99 of 100 requests, in milliseconds."""

    expected_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Estimate:
    """coverage is OK, INTERPOLATED, EXTRAPOLATED or REFUSED; feature names what it is about, or is "none"."""

    prefill: BoundedTime
    decode: BoundedTime
    total: BoundedTime
    hierarchical_p95_ms: float
    coverage: str
    feature: str


class _Request(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_int)
        for name in ("vision_tokens", "text_tokens", "tier", "top_k", "active_blocks", "num_crops")
    ]


class _BoundedTime(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("expected_ms", "p90_ms", "p95_ms", "p99_ms")]

    def value(self) -> BoundedTime:
        return BoundedTime(self.expected_ms, self.p90_ms, self.p95_ms, self.p99_ms)


class _Estimate(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("prefill", _BoundedTime),
        ("decode", _BoundedTime),
        ("total", _BoundedTime),
        ("hierarchical_p95_ms", ctypes.c_double),
        ("coverage", ctypes.c_int),
        ("feature", ctypes.c_int),
    ]


def _candidates():
    here = Path(__file__).resolve().parent
    if "DECODEMETER_PREDICTOR_LIBRARY" in os.environ:
        yield os.environ["DECODEMETER_PREDICTOR_LIBRARY"]
    yield here / _NAME
    prefix = here.parents[2]
    yield from sorted(prefix.glob(f"lib*/{_NAME}")) + sorted(prefix.glob(f"lib/*/{_NAME}"))
    yield here.parents[1] / "build" / "predictor" / _NAME
    yield ctypes.util.find_library("decodemeter_predictor") or _NAME


def _load() -> ctypes.CDLL:
    tried = []
    for candidate in _candidates():
        try:
            library = ctypes.CDLL(str(candidate))
        except OSError:
            tried.append(str(candidate))
            continue
        _declare(library)
        abi = library.decodemeter_predictor_abi()
        if abi != _ABI:
            raise ImportError(f"{candidate} has ABI {abi}, this module speaks {_ABI}")
        return library
    raise ImportError(
        "libdecodemeter_predictor was not found; set DECODEMETER_PREDICTOR_LIBRARY. Tried: "
        + ", ".join(tried)
    )


def _declare(library: ctypes.CDLL) -> None:
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    signatures = {
        "decodemeter_predictor_abi": (ctypes.c_int, []),
        "decodemeter_predictor_open": (handle, [text, text, ctypes.c_size_t]),
        "decodemeter_predictor_close": (None, [handle]),
        "decodemeter_predict": (
            ctypes.c_int,
            [handle, ctypes.POINTER(_Request), ctypes.c_int, ctypes.POINTER(_Estimate)],
        ),
        "decodemeter_step_ms": (ctypes.c_double, [handle, ctypes.POINTER(_Request), ctypes.c_int]),
        "decodemeter_predict_many": (
            ctypes.c_int,
            [
                handle,
                ctypes.POINTER(_Request),
                ctypes.c_size_t,
                ctypes.c_int,
                ctypes.POINTER(ctypes.c_double),
                ctypes.POINTER(ctypes.c_double),
            ],
        ),
        "decodemeter_predictor_device": (text, [handle]),
        "decodemeter_predictor_records_hash": (text, [handle]),
        "decodemeter_predictor_synthetic": (ctypes.c_int, [handle]),
        "decodemeter_feature_name": (text, [ctypes.c_int]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def _native(request: Request) -> _Request:
    tier = _TIERS.index(request.tier) if isinstance(request.tier, str) else request.tier
    return _Request(
        request.vision_tokens,
        request.text_tokens,
        tier,
        request.top_k,
        request.active_blocks,
        request.num_crops,
    )


_library = _load()


class Predictor:
    """A trained estimator. Raises ValueError, with what is wrong, for a file that cannot be used."""

    def __init__(self, file: str | os.PathLike):
        message = ctypes.create_string_buffer(1024)
        self._handle = _library.decodemeter_predictor_open(os.fsencode(file), message, len(message))
        if not self._handle:
            raise ValueError(message.value.decode(errors="replace"))

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.decodemeter_predictor_close(self._handle)

    def predict(self, request: Request, output_tokens: int) -> Estimate:
        """output_tokens N counts the end-of-sequence token: N - 1 decode steps."""
        result = _Estimate(size=ctypes.sizeof(_Estimate))
        _library.decodemeter_predict(self._handle, _native(request), output_tokens, result)
        return Estimate(
            result.prefill.value(),
            result.decode.value(),
            result.total.value(),
            result.hierarchical_p95_ms,
            _COVERAGES[result.coverage],
            _library.decodemeter_feature_name(result.feature).decode(),
        )

    def step_ms(self, request: Request, step: int) -> float:
        """One decode step, 1-based; NaN when it has no meaning."""
        return _library.decodemeter_step_ms(self._handle, _native(request), step)

    def predict_many(
        self, requests: list[Request], output_tokens: int
    ) -> list[tuple[float, float]]:
        """(total_ms, p95_ms) of each request, in one call."""
        count = len(requests)
        natives = (_Request * count)(*map(_native, requests))
        totals, bounds = (ctypes.c_double * count)(), (ctypes.c_double * count)()
        _library.decodemeter_predict_many(
            self._handle, natives, count, output_tokens, totals, bounds
        )
        return list(zip(totals, bounds))

    @property
    def device(self) -> str:
        return _library.decodemeter_predictor_device(self._handle).decode()

    @property
    def records_hash(self) -> str:
        return _library.decodemeter_predictor_records_hash(self._handle).decode()

    @property
    def synthetic(self) -> bool:
        return bool(_library.decodemeter_predictor_synthetic(self._handle))
