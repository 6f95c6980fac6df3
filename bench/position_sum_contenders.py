"""The ways to compute a position sum that bench/position_sum.py compares. Each takes (u, v, w, c, counts) and gives
S [batch]; `activation` is a function of a tensor, the link is softplus."""

import torch
import torch.utils.checkpoint
from torch.nn import functional

ACTIVATIONS = {
    "relu": torch.relu,
    "gelu": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
}


def full_tensor(activation):
    """The tensor of batch x positions x hidden, masked at the end."""
    act = ACTIVATIONS[activation]

    def contender(u, v, w, c, counts):
        y = act(u[:, None] + v[None]) @ w + c
        mask = torch.arange(v.shape[0], device=v.device) < counts[:, None]
        return (functional.softplus(y) * mask).sum(1)

    return contender


def per_position(activation):
    """One position after the other, over the whole batch, as the published training loop goes."""
    act = ACTIVATIONS[activation]

    def contender(u, v, w, c, counts):
        total = torch.zeros(u.shape[0], device=u.device)
        for s in range(v.shape[0]):
            y = act(u + v[s]) @ w + c
            total = total + functional.softplus(y) * (counts > s)
        return total

    return contender


def segments(activation):
    """Only the positions that count, as one long list, summed by segment."""
    act = ACTIVATIONS[activation]

    def contender(u, v, w, c, counts):
        sample = torch.repeat_interleave(torch.arange(u.shape[0], device=u.device), counts)
        first = counts.cumsum(0) - counts
        position = torch.arange(sample.shape[0], device=u.device) - first[sample]
        y = act(u[sample] + v[position]) @ w + c
        return torch.segment_reduce(functional.softplus(y), "sum", lengths=counts, unsafe=True)

    return contender


def chunked(activation, bytes_at_once=64 << 20):
    """The full tensor by rows of the batch, with the activations computed again in backward."""
    act = ACTIVATIONS[activation]

    def rows(u, v, w, c, counts):
        y = act(u[:, None] + v[None]) @ w + c
        mask = torch.arange(v.shape[0], device=v.device) < counts[:, None]
        return (functional.softplus(y) * mask).sum(1)

    def contender(u, v, w, c, counts):
        at_once = max(1, bytes_at_once // (4 * v.numel()))
        parts = [
            torch.utils.checkpoint.checkpoint(
                rows, u[i : i + at_once], v, w, c, counts[i : i + at_once], use_reentrant=False
            )
            for i in range(0, u.shape[0], at_once)
        ]
        return torch.cat(parts)

    return contender


def compiled(activation, mode="default"):
    return torch.compile(full_tensor(activation), dynamic=False, mode=mode)


def ours(activation):
    operation = torch.ops.decodemeter.position_sum
    return lambda u, v, w, c, counts: operation(u, v, w, c, counts, activation, "softplus")


def contenders(activation, device, autotune=True):
    found = {
        "decodemeter": ours(activation),
        "full tensor": full_tensor(activation),
        "per position": per_position(activation),
        "segments": segments(activation),
        "chunks, checkpointed": chunked(activation),
        "torch.compile": compiled(activation),
    }
    if device == "cuda" and autotune:
        found["torch.compile, max-autotune"] = compiled(activation, "max-autotune-no-cudagraphs")
    if device == "cuda" and activation == "relu":
        from position_sum_triton import triton_tile

        found["Triton tile"] = triton_tile
    return found
