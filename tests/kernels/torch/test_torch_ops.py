"""The Python operations under PyTorch's own checks: test_torch_ops.py LIBRARY [SITE_PACKAGES OF TORCH]

Schema, autograd registration, fake tensors and tracing with opcheck, and torch.compile without a break.
Exits with 77 where this Python cannot import torch.
"""

import sys

sys.path[:0] = sys.argv[2:]
try:
    import torch
    from torch import library
except (ImportError, OSError) as reason:
    print(f"torch cannot be imported: {reason}")
    sys.exit(77)


def arguments():
    torch.manual_seed(0)
    parts = [torch.randn(*shape, requires_grad=True) for shape in ((7, 9), (5, 9), (9,), (1,))]
    return parts, torch.randint(0, 6, (7,)), torch.rand(7, 5, requires_grad=True)


def main():
    torch.ops.load_library(sys.argv[1])
    operations = torch.ops.decodemeter
    parts, counts, weights = arguments()
    for link in ("identity", "softplus", "exp"):
        library.opcheck(operations.position_sum.default, (*parts, counts, "relu", link))
    library.opcheck(
        operations.position_sum_with_values.default, (*parts, counts, "gelu", "softplus")
    )
    library.opcheck(
        operations.weighted_position_sum.default, (*parts, weights, None, "silu", "softplus")
    )

    def gradients(sum_of):
        loss = (sum_of(*parts, counts, "relu", "softplus") * torch.arange(7)).sum()
        return torch.autograd.grad(loss, parts)

    compiled = torch.compile(
        lambda *given: operations.position_sum(*given), fullgraph=True, backend="aot_eager"
    )
    for ours, theirs in zip(gradients(operations.position_sum), gradients(compiled), strict=True):
        assert torch.equal(ours, theirs), "compiled gradients differ"
    print("the operations pass PyTorch's checks")


main()
