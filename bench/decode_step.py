#!/usr/bin/env python3
"""A decode step and prefill of the full-size molmoe-1b beside transformers' OLMoE of the same sizes, both at 4 blocks.

    python3 bench/decode_step.py build/bench/bench_decode_step [--rounds 7] [--tokens 17] [--json FILE] [--markdown FILE]

Needs a Python with torch and transformers. Both models stay in memory (19 GB together) and take turns, with as many
threads each, so that what else the machine does meets both. The median over rounds of each round's median step.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time


def start_peer(threads, blocks):
    import torch
    import transformers

    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.bfloat16)
    config = transformers.OlmoeConfig(
        vocab_size=50304,
        hidden_size=2048,
        intermediate_size=1024,
        num_hidden_layers=blocks,
        num_attention_heads=16,
        num_key_value_heads=16,
        num_experts=64,
        num_experts_per_tok=8,
        norm_topk_prob=False,
        rope_theta=10000.0,
        max_position_embeddings=4096,
    )
    torch.manual_seed(0)
    model = transformers.OlmoeForCausalLM(config).to(torch.bfloat16).eval()
    return model, f"transformers {transformers.__version__}, torch {torch.__version__}"


def run_peer(model, prompt_tokens, tokens):
    import torch

    ids = torch.randint(0, 50000, (1, prompt_tokens), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        start = time.perf_counter()
        out = model(input_ids=ids, use_cache=True)
        token = out.logits[:, -1:].argmax(-1)
        token.item()
        prefill = time.perf_counter() - start
        steps = []
        for _ in range(tokens - 1):
            start = time.perf_counter()
            out = model(input_ids=token, past_key_values=out.past_key_values, use_cache=True)
            token = out.logits[:, -1:].argmax(-1)
            token.item()
            steps.append(1e3 * (time.perf_counter() - start))
    return {"prefill_ms": 1e3 * prefill, "steps_ms": steps}


def ask(program, blocks, tokens):
    program.stdin.write(f"{blocks} {tokens}\n")
    program.stdin.flush()
    return json.loads(program.stdout.readline())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=17)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    options = parser.parse_args()

    program = subprocess.Popen(
        [options.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    about = json.loads(program.stdout.readline())
    peer, versions = start_peer(about["threads"], options.blocks)
    ours, theirs = [], []
    for round_number in range(options.rounds + 1):
        mine = ask(program, options.blocks, options.tokens)
        other = run_peer(peer, about["prompt_tokens"], options.tokens)
        print(
            f"round {round_number}: step {statistics.median(mine['steps_ms']):.2f} against {statistics.median(other['steps_ms']):.2f} ms, "
            f"prefill {mine['prefill_ms']:.0f} against {other['prefill_ms']:.0f} ms",
            file=sys.stderr,
        )
        if round_number > 0:  # the first warms up
            ours.append(mine)
            theirs.append(other)
    del peer
    whole = [ask(program, 16, options.tokens) for _ in range(3)]
    program.stdin.close()
    program.wait()

    def step(rounds):
        return statistics.median(statistics.median(one["steps_ms"]) for one in rounds)

    def prefill(rounds):
        return statistics.median(one["prefill_ms"] for one in rounds)

    ratios = sorted(
        statistics.median(b["steps_ms"]) / statistics.median(a["steps_ms"])
        for a, b in zip(ours, theirs)
    )
    floor_ms = about["bytes_of_4_blocks"] / about["gb_per_s"] / 1e6
    floor16_ms = about["bytes_of_16_blocks"] / about["gb_per_s"] / 1e6
    revision = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    cpu = next(
        (
            line.split(": ")[1].strip()
            for line in open("/proc/cpuinfo")
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    result = {
        "command": "python3 " + " ".join(sys.argv),
        "commit": revision,
        "device": f"{cpu}, {os.cpu_count()} cores",
        "date": datetime.date.today().isoformat(),
        "versions": versions,
        **about,
        "blocks": options.blocks,
        "step_ms": step(ours),
        "peer_step_ms": step(theirs),
        "peer_over_ours": statistics.median(ratios),
        "peer_over_ours_range": [ratios[0], ratios[-1]],
        "prefill_ms": prefill(ours),
        "peer_prefill_ms": prefill(theirs),
        "floor_ms": floor_ms,
        "fraction_of_floor": floor_ms / step(ours),
        "step_of_16_blocks_ms": step(whole),
        "floor_of_16_blocks_ms": floor16_ms,
        "fraction_of_floor_of_16_blocks": floor16_ms / step(whole),
        "operations_per_step": ours[0]["operations_per_step"],
        "operations_per_step_of_16_blocks": whole[0]["operations_per_step"],
        "largest_allocation_bytes": max(one["largest_allocation_bytes"] for one in ours + whole),
        "peak_gib": whole[-1]["peak_gib"],
        "rounds": {"ours": ours, "peer": theirs, "ours_16_blocks": whole},
    }
    text = f"""# A decode step on the CPU

`{result["command"]}`, commit {revision}, {result["device"]}, {result["date"]}; {versions}; {about["threads"]} threads each,
bfloat16, prompt of {about["prompt_tokens"]} tokens, top_k 8. Medians of {len(ours)} rounds in which both took turns.

| | decodemeter | transformers' OLMoE | ratio |
|---|---|---|---|
| decode step, {options.blocks} blocks | {result["step_ms"]:.2f} ms | {result["peer_step_ms"]:.2f} ms | {result["peer_over_ours"]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) |
| prefill, {options.blocks} blocks | {result["prefill_ms"]:.1f} ms | {result["peer_prefill_ms"]:.1f} ms | {result["peer_prefill_ms"] / result["prefill_ms"]:.2f} |

Weights stream at {about["gb_per_s"]:.1f} GB/s here, so the floor of a step is {floor_ms:.2f} ms at {options.blocks} blocks ({100 * result["fraction_of_floor"]:.0f} % of
the step) and {floor16_ms:.2f} ms at 16 blocks, where a step takes {result["step_of_16_blocks_ms"]:.2f} ms ({100 * result["fraction_of_floor_of_16_blocks"]:.0f} %).
A step dispatches {result["operations_per_step"]} LibTorch operations at {options.blocks} blocks and {result["operations_per_step_of_16_blocks"]} at 16; the largest tensor that decoding
allocates has {result["largest_allocation_bytes"] / 1e6:.2f} MB (an expert's weights have 12.6 MB, the head's 206 MB). The whole
full-size model took {result["peak_gib"]:.1f} GiB of memory at most.
"""
    print(text)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    if options.markdown:
        with open(options.markdown, "w") as file:
            file.write(text)


main()
