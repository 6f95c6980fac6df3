"""Times contenders in rounds, each once a round in a random order, and says what the pairs allow to say."""

import random
import statistics

LEVEL_Z = 1.96
NO_DIFFERENCE = 1.02


def rounds_of(contenders, count, time_once, seed=0):
    """Seconds by name, one list entry for each round."""
    order = random.Random(seed)
    seconds = {name: [] for name in contenders}
    names = list(contenders)
    for _ in range(count):
        order.shuffle(names)
        for name in names:
            seconds[name].append(time_once(contenders[name]))
    return seconds


def median_interval(values):
    """The median and an interval from order statistics that holds it with about 95 %."""
    ordered, n = sorted(values), len(values)
    reach = LEVEL_Z * n**0.5 / 2
    low, high = max(0, int(n / 2 - reach)), min(n - 1, int(n / 2 + reach))
    return statistics.median(ordered), ordered[low], ordered[high]


def verdict(low, high):
    """Of the interval of a ratio, theirs to ours."""
    if low > NO_DIFFERENCE:
        return "FAST"
    if high < 1 / NO_DIFFERENCE:
        return "SLOW"
    if low >= 1 / NO_DIFFERENCE and high <= NO_DIFFERENCE:
        return "SAME"
    return "AMBIGUOUS"


def compare(ours, theirs):
    """The ratio of times, theirs to ours, within the same round."""
    middle, low, high = median_interval([b / a for a, b in zip(ours, theirs)])
    return {"ratio": middle, "ratio_low": low, "ratio_high": high, "verdict": verdict(low, high)}
