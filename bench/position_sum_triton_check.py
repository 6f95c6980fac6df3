"""Holds the Triton tile to the full tensor: on a CPU with TRITON_INTERPRET=1 python3 bench/position_sum_triton_check.py"""

import torch

from position_sum_contenders import full_tensor
from position_sum_triton import triton_tile


def main():
    torch.manual_seed(0)
    inputs = [torch.randn(*shape, requires_grad=True) for shape in ((70, 9), (67, 9), (9,), (1,))]
    counts, direction = torch.randint(1, 68, (70,)), torch.rand(70)
    expected, got = full_tensor("relu")(*inputs, counts), triton_tile(*inputs, counts)
    torch.testing.assert_close(got, expected)
    for a, b in zip(
        torch.autograd.grad(got, inputs, direction),
        torch.autograd.grad(expected, inputs, direction),
    ):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-3)
    print("the Triton tile agrees with the full tensor")


main()
