#!/usr/bin/env python3
"""A small Llama or OLMoE of transformers with random weights that answers requests, for `watch`.

decodemeter watch --results_dir DIR --top_k 2 --blocks 4 -- python3 bench/watched_transformers.py
Needs torch and transformers. The ranges are those of the README's recipe.
"""

import argparse
import random

import torch
import transformers

nvtx = torch.cuda.nvtx


def make_model(name):
    sizes = {
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_hidden_layers": 4,
        "num_attention_heads": 8,
        "vocab_size": 2048,
        "max_position_embeddings": 4096,
    }
    if name == "olmoe":
        config = transformers.OlmoeConfig(num_experts=8, num_experts_per_tok=2, **sizes)
        return transformers.OlmoeForCausalLM(config)
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes))


class Ranges:
    """Pushes `prefill` around a request's first forward pass and `decode_step` around the others."""

    def __init__(self, model):
        self.passes = 0
        model.register_forward_pre_hook(self.before)
        model.register_forward_hook(self.after, always_call=True)

    def before(self, *_):
        nvtx.range_push("prefill" if self.passes == 0 else "decode_step")
        self.passes += 1

    def after(self, *_):
        nvtx.range_pop()


def answer(model, ranges, prompt_tokens, output_tokens):
    prompt = torch.randint(0, model.config.vocab_size, (1, prompt_tokens))
    ranges.passes = 0
    with nvtx.range("generate"), torch.no_grad():
        model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            min_new_tokens=output_tokens,
            max_new_tokens=output_tokens,
            pad_token_id=0,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=("llama", "olmoe"), default="olmoe")
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    draws = random.Random(1)
    model = make_model(arguments.model).eval()
    ranges = Ranges(model)
    for _ in range(arguments.requests):
        answer(model, ranges, draws.randint(200, 600), draws.randint(12, 48))


if __name__ == "__main__":
    main()
