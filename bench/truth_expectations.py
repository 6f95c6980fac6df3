"""What is true of each named simulation of `decodemeter simulate --list_truths`."""

import dataclasses

NATIVE = ("N-1",)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """The `estimate` of a claim of this kind: the truth, and how far off it may be."""

    kind: str
    value: float
    within: float


@dataclasses.dataclass(frozen=True)
class Truth:
    effects: tuple = ()  # each group: one of these kinds has to be claimed
    also_true: tuple = ()  # kinds that are no error beside them
    divisors: tuple = NATIVE
    estimates: tuple = ()
    exit_codes: tuple = (0,)


def published(divisor, **keywords):
    """T/(N-1) is the mean of the steps; every other divisor makes a set suspicious."""
    return Truth(divisors=(divisor,), exit_codes=(int(divisor != "N-1"),), **keywords)


def transient(percent, within, **keywords):
    estimate = Estimate("transient", percent, within)
    return Truth(effects=(("transient",),), estimates=(estimate,), **keywords)


def slope(percent_per_token, within, **keywords):
    estimate = Estimate("slope", percent_per_token, within)
    return Truth(effects=(("slope",),), estimates=(estimate,), **keywords)


FLAT = Truth()

TRUTHS = {
    "flat": FLAT,
    "flat_noisy": FLAT,
    "hetero": FLAT,
    "quantized": FLAT,
    "equal_n": FLAT,
    "one_config": FLAT,
    "two_sets": FLAT,
    "few18": FLAT,
    "tierless": FLAT,
    "long2048": FLAT,
    "len_by_config": FLAT,
    "len_by_dataset": FLAT,
    "len_by_time": FLAT,
    "run_level": FLAT,
    "first15": transient(50, 3),
    "first08": transient(-20, 2),
    "first3x": transient(200, 8),
    "decay12": transient(20, 2),
    "two_sets_first15": transient(50, 3),
    "first15_by_dataset": transient(50, 3),
    "tail_dip": Truth(
        effects=(("last_step",),),
        estimates=(Estimate("last_step", -15, 2),),
    ),
    "prefill_real": Truth(
        effects=(("transient", "prefill_in_step_1"),),
        also_true=("transient", "prefill_in_step_1"),
        exit_codes=(0, 1),
    ),
    "slope01": slope(0.1, 0.03),
    "slope03": slope(0.3, 0.04),
    "slope1": slope(1, 0.06),
    "equal_n_slope1": slope(1, 0.06),
    "few50_slope1": slope(1, 0.15),
    "kv": slope(0.031, 0.02),
    "long2048_kv": slope(0.009, 0.002),
    "block256": Truth(
        effects=(("jump",),),
        estimates=(Estimate("jump", 8, 1.5),),
    ),
    "periodic": Truth(effects=(("pattern",),)),
    "bimodal_steps": Truth(effects=(("two_speeds",),)),
    "bimodal": Truth(effects=(("two_speeds",),)),
    "heavy": Truth(effects=(("stray",),)),
    "drift": Truth(effects=(("drift", "shift"),), also_true=("drift", "shift")),
    "drift_step": Truth(effects=(("shift", "drift"),), also_true=("drift", "shift")),
    "first_warm_run": Truth(effects=(("drift", "shift"),), also_true=("drift", "shift")),
    "log_law": Truth(
        effects=(("slope", "transient"),), also_true=("slope", "transient", "pattern", "last_step")
    ),
    "pub_flat": published("N"),
    "pub_n_plus_1": published("N+1"),
    "pub_n_minus_1": published("N-1"),
    "pub_content": published("content_tokens"),
    "pub_prefill": published("prefill_included"),
    "pub_equal_n": published("N"),
    "pub_slope03": published("N", also_true=("slope",)),
    "pub_slope1": published("N", also_true=("slope",)),
    "pub_kv": published("N", also_true=("slope",)),
    "pub_first15": published("N"),
    "pub_decay12": published("N"),
    "pub_steps_first15": published("N", effects=(("transient",),)),
    "pub_log_law": published("N", also_true=("slope",)),
}

# Power that the audit has to reach, as a share of the runs of the truths named.
POWER = {
    "transient": (1.0, ("first15", "first08", "first3x", "decay12", "two_sets_first15")),
    "slope": (1.0, ("slope01", "slope03", "slope1", "equal_n_slope1")),
    "jump": (1.0, ("block256",)),
    "last_step": (1.0, ("tail_dip",)),
    "stray": (1.0, ("heavy",)),
    "drift or shift": (0.875, ("drift", "drift_step")),
}
LARGEST_FALSE_ALARM = 0.03
