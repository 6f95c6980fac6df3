"""The page of a run of bench/position_sum.py."""


def milliseconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def against(figures):
    if "ratio" not in figures:
        return (
            f" ({100 * figures['fraction_of_floor']:.0f} % of the floor)"
            if "fraction_of_floor" in figures
            else ""
        )
    return f" ({figures['ratio']:.1f} x, {figures['verdict']})"


def row(name, figures):
    forward, both = figures["forward"], figures["both"]
    peak = f"{figures['peak_bytes'] / 1e6:.1f}" if "peak_bytes" in figures else ""
    return (
        f"| {name} | {milliseconds(forward['milliseconds'])}{against(forward)} "
        f"| {milliseconds(both['milliseconds'])}{against(both)} "
        f"| {figures['forward_error']:.0e} | {figures['backward_error']:.0e} | {peak} |"
    )


def page(results):
    context = results["context"]
    lines = [
        "# Position sum beside other ways to compute it",
        "",
        f"`{context['command']}` at {context['commit']}, {context['date']}; {context['device']}; torch "
        f"{context['torch']}; {context['clock']} time; load average {context['load_average']:.1f}.",
        "",
        "Medians of rounds in which each way ran once. In brackets its time over decodemeter's in the same round,",
        "and whether decodemeter is then FAST, SLOW, the SAME, or it is AMBIGUOUS. Errors are against float64,",
        "relative to the largest value. Peak memory in MB is of one forward and backward, on top of the inputs.",
        "Softplus link, counts uniform on 1 .. positions, an allocator that keeps its memory.",
    ]
    for m in results["measurements"]:
        lines += [
            "",
            f"## {m['batch']} samples x {m['positions']} positions x {m['hidden']}, {m['activation']}",
            "",
            "| | forward, ms | forward and backward, ms | error | of gradients | peak, MB |",
            "|---|---|---|---|---|---|",
        ]
        lines += [row(name, figures) for name, figures in m["contenders"].items()]
    return "\n".join(lines) + "\n"
