"""The model behind scripts/h100_expected: what an eager decode step and a prefill of molmoe-1b
should cost, from a list of launches, the bytes that must be read and a few assumed costs. Pure."""

from typing import NamedTuple

LAYERS, WIDTH, EXPERTS, TOP_K, INNER, VOCABULARY = 16, 2048, 64, 8, 1024, 50304
BYTES = 2  # bfloat16
CONTEXTS = (1, 326, 1206, 2000, 4095)  # positions in the cache; 326: one tile, 1206: 3 x 4 tiles


class Range(NamedTuple):
    low: float
    high: float

    def __add__(self, other):
        return Range(self.low + other.low, self.high + other.high)

    def times(self, factor):
        return Range(factor * self.low, factor * self.high)


class Device(NamedTuple):
    name: str
    gb_per_s: float
    tflops: float  # bfloat16, dense
    grouped_product: bool  # LibTorch has a grouped product in bfloat16 for it


DEVICES = (
    Device("H100", 3350, 989, True),
    Device("H200", 4800, 989, True),
    Device("A100", 2039, 312, False),
)

# Low and high value, unit, meaning, source. The high values are those of a slow host.
ASSUMED = {
    "launch": (
        Range(2.5, 5),
        "us",
        "host time of one launch through LibTorch's dispatcher, allocator and the driver",
        'estimate; NVIDIA\'s blog "Getting Started with CUDA Graphs" has 3.8 us a launch without '
        "LibTorch on an older host",
    ),
    "view": (
        Range(0.3, 0.6),
        "us",
        "host time of a view; there is about one for each operation that launches",
        "estimate",
    ),
    "grouped": (
        Range(5, 15),
        "us",
        "host time of setting up one grouped product, on top of its launches",
        "estimate",
    ),
    "expert": (
        Range(3, 6),
        "us",
        "host time of one expert in the loop that replaces a grouped product",
        "estimate; LibTorch 2.11, GroupedBlas.cpp: the grouped product in bfloat16 is for compute "
        "capability 9.0 and 10.0, others read the groups on the host and loop over all experts",
    ),
    "wait": (
        Range(10, 30),
        "us",
        "from the end of the device's work to the token in the host's hands",
        "estimate",
    ),
    "small_kernel": (
        Range(1.5, 2.5),
        "us",
        "device time of a kernel that reads few bytes, its distance to the next one included",
        "estimate; 2.9 us in the blog named above, on a V100",
    ),
    "bandwidth_share": (
        Range(0.6, 0.92),
        "",
        "of the memory's speed that kernels reach which read weights",
        "estimate; a copy reaches about 0.92, one row a group in a grouped product far less",
    ),
    "peak_share": (
        Range(0.35, 0.8),
        "",
        "of the peak of the matrix units that prefill's products reach",
        "estimate",
    ),
}


# Kernels that LibTorch 2.11 launches on a GPU for one operation of one token, and the weights among
# its bytes. A small sort first makes the indices and copies the keys; attention has a split and a
# combining kernel; a grouped product has one that prepares the groups.
KERNELS = {
    "_fused_rms_norm": (1, ""),
    "_grouped_mm": (2, "experts"),
    "_softmax": (1, ""),
    "add": (1, ""),
    "addcmul": (1, ""),
    "arange": (1, ""),
    "argmax": (1, ""),
    "bmm": (1, ""),
    "copy": (1, ""),
    "floor_divide": (1, ""),
    "index_copy": (1, ""),
    "index_select": (1, ""),
    "mm": (1, "projections, router, LM head"),
    "mul": (1, ""),
    "roll": (1, ""),
    "scaled_dot_product_attention": (2, ""),
    "searchsorted": (1, ""),
    "silu": (1, ""),
    "sort": (3, ""),
    "topk": (2, ""),
}


def assumed(name):
    return ASSUMED[name][0]


def attention_weights():
    return 4 * WIDTH * WIDTH


def layer_weights(top_k=TOP_K):
    """Of a decode step: norms, q and k norms, attention, router, the chosen experts."""
    return 4 * WIDTH + attention_weights() + EXPERTS * WIDTH + 3 * top_k * WIDTH * INNER


def step_weight_bytes(top_k=TOP_K, layers=LAYERS):
    embedding = WIDTH + VOCABULARY * WIDTH + WIDTH
    return BYTES * (layers * layer_weights(top_k) + embedding)


def cache_bytes(positions):
    """Keys and values of 16 heads that a step at this context length reads."""
    return 2 * LAYERS * WIDTH * BYTES * positions


def floor_ms(device, context):
    return (step_weight_bytes() + cache_bytes(context)) / device.gb_per_s / 1e6


class Launches(NamedTuple):
    """Counts of one step over all layers."""

    launches: int
    streaming: int  # of those, kernels that read weights
    views: int
    grouped: int
    waits: int


def count_launches(listed):
    """Of a list that bench_launches printed. An operation that KERNELS does not name is an error."""
    launches = streaming = grouped = calls = 0
    for where, times in (("layer", listed["layers"]), ("outside_layers", 1)):
        for name, count in listed[where].items():
            kernels, reads = KERNELS[name]
            calls += times * count
            launches += times * count * kernels
            streaming += times * count * bool(reads)
            grouped += times * count * (name == "_grouped_mm")
    return Launches(launches, streaming, calls, grouped, listed["host_reads_per_step"])


class Step(NamedTuple):
    floor_ms: float
    host_ms: Range
    device_ms: Range
    step_ms: Range
    bound: str


def on_device(launches, device):
    """Without a grouped product LibTorch reads the groups' sizes on the host, which waits, and
    makes a product for each of the chosen experts."""
    if device.grouped_product:
        return launches
    products = launches.grouped * TOP_K
    return launches._replace(
        launches=launches.launches - 2 * launches.grouped + products,
        streaming=launches.streaming - launches.grouped + products,
        waits=launches.waits + launches.grouped,
    )


def host_ms(launches, device):
    cost = assumed("launch").times(launches.launches) + assumed("view").times(launches.views)
    if device.grouped_product:
        cost += assumed("grouped").times(launches.grouped)
    else:
        cost += assumed("expert").times(launches.grouped * EXPERTS)
    return cost.times(1e-3)


def device_ms(launches, device, context):
    small = assumed("small_kernel").times((launches.launches - launches.streaming) / 1e3)
    share, floor = assumed("bandwidth_share"), floor_ms(device, context)
    return small + Range(floor / share.high, floor / share.low)


def expected_step(all_launches, device, context):
    """The host and the device work side by side within a step, and the host waits at its end: the
    step takes what the slower one takes, and the waits."""
    launches = on_device(all_launches, device)
    host, busy = host_ms(launches, device), device_ms(launches, device, context)
    slower = Range(max(host.low, busy.low), max(host.high, busy.high))
    step = slower + assumed("wait").times(launches.waits / 1e3)
    bounds = {host.low > busy.low, host.high > busy.high}
    bound = "host or device" if len(bounds) == 2 else "host" if bounds == {True} else "device"
    return Step(floor_ms(device, context), host, busy, step, bound)


class Request(NamedTuple):
    name: str
    crops: int
    tokens: int


REQUESTS = (
    Request("one tile", 2, 326),
    Request("3 x 4 tiles", 13, 1206),
)
VISION_GFLOP = 350.1 + 5.74 + 1.21  # encoder of 22 layers, pooling, projector; for each crop


def prefill_gflop(tokens):
    """Multiplications and additions; of the attention only what lies below the diagonal."""
    feed_forward = EXPERTS * WIDTH + 3 * TOP_K * WIDTH * INNER
    products = 2 * tokens * LAYERS * (attention_weights() + feed_forward)
    attention = 2 * LAYERS * tokens * tokens * WIDTH
    return (products + attention + 2 * VOCABULARY * WIDTH) / 1e9


def prefill_weight_bytes():
    """From some 64 tokens on every expert is chosen by one of them."""
    return step_weight_bytes(top_k=EXPERTS)


class Prefill(NamedTuple):
    vision_ms: Range
    prefill_ms: Range
    bound: str


def expected_prefill(request, all_launches, device):
    """Low: the bytes, the arithmetic or the launches, whichever takes longest, at the highest
    shares; high: at the lowest. A prefill makes the launches of a step once, on longer tensors."""
    peak, share = assumed("peak_share"), assumed("bandwidth_share")
    vision_ms = request.crops * VISION_GFLOP / device.tflops
    bounds = {
        "bytes": prefill_weight_bytes() / device.gb_per_s / 1e6 / share.high,
        "arithmetic": prefill_gflop(request.tokens) / device.tflops / peak.high,
        "launches": host_ms(on_device(all_launches, device), device).low,
    }
    slow = (
        bounds["bytes"] * share.high / share.low,
        bounds["arithmetic"] * peak.high / peak.low,
        host_ms(on_device(all_launches, device), device).high,
    )
    return Prefill(
        Range(vision_ms / peak.high, vision_ms / peak.low),
        Range(max(bounds.values()), max(slow)),
        max(bounds, key=bounds.get),
    )
