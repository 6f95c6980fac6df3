"""A position sum written by hand in Triton (ReLU, softplus): what a careful user writes without CUDA C++.

A program keeps a tile of y in registers and walks h; backward computes the tile's slopes again and leaves its share of
each gradient for a sum at the end, without atomics. U and V come transposed, so that a load is contiguous.
"""

import torch
import triton
import triton.language as tl

SAMPLES, POSITIONS = 64, 64


@triton.jit
def softplus(y):
    return tl.maximum(y, 0.0) + tl.log(1.0 + tl.exp(-tl.abs(y)))


@triton.jit
def tile_of(batch, positions, counts_at, SAMPLES: tl.constexpr, POSITIONS: tl.constexpr):
    row = tl.program_id(0) * SAMPLES + tl.arange(0, SAMPLES)
    column = tl.program_id(1) * POSITIONS + tl.arange(0, POSITIONS)
    counts = tl.load(counts_at + row, mask=row < batch, other=0)
    return row, column, (column[None, :] < counts[:, None]) & (column[None, :] < positions)


@triton.jit
def forward_kernel(
    u_at,
    v_at,
    w_at,
    c_at,
    counts_at,
    slopes_at,
    sums_at,
    batch,
    positions,
    hidden: tl.constexpr,
    SAMPLES: tl.constexpr,
    POSITIONS: tl.constexpr,
):
    row, column, counted = tile_of(batch, positions, counts_at, SAMPLES, POSITIONS)
    y = tl.zeros((SAMPLES, POSITIONS), tl.float32) + tl.load(c_at)
    for h in range(hidden):
        u = tl.load(u_at + h * batch + row, mask=row < batch, other=0.0)
        v = tl.load(v_at + h * positions + column, mask=column < positions, other=0.0)
        y += tl.load(w_at + h) * tl.maximum(u[:, None] + v[None, :], 0.0)
    at = row[:, None] * positions + column[None, :]
    tl.store(slopes_at + at, 1.0 / (1.0 + tl.exp(-y)), mask=counted)
    total = tl.sum(tl.where(counted, softplus(y), 0.0), axis=1)
    tl.store(sums_at + tl.program_id(1) * batch + row, total, mask=row < batch)


@triton.jit
def backward_kernel(
    u_at,
    v_at,
    counts_at,
    slopes_at,
    grad_at,
    grad_u_at,
    grad_v_at,
    grad_w_at,
    batch,
    positions,
    hidden: tl.constexpr,
    SAMPLES: tl.constexpr,
    POSITIONS: tl.constexpr,
):
    row, column, counted = tile_of(batch, positions, counts_at, SAMPLES, POSITIONS)
    slopes = tl.load(
        slopes_at + row[:, None] * positions + column[None, :], mask=counted, other=0.0
    )
    grad_y = slopes * tl.load(grad_at + row, mask=row < batch, other=0.0)[:, None]
    for h in range(hidden):
        u = tl.load(u_at + h * batch + row, mask=row < batch, other=0.0)
        v = tl.load(v_at + h * positions + column, mask=column < positions, other=0.0)
        x = u[:, None] + v[None, :]
        live = tl.where(x > 0, grad_y, 0.0)
        grad_u = (tl.program_id(1) * hidden + h) * batch + row
        grad_v = (tl.program_id(0) * hidden + h) * positions + column
        tl.store(grad_u_at + grad_u, tl.sum(live, axis=1), mask=row < batch)
        tl.store(grad_v_at + grad_v, tl.sum(live, axis=0), mask=column < positions)
        tile = tl.program_id(0) * tl.num_programs(1) + tl.program_id(1)
        tl.store(grad_w_at + tile * hidden + h, tl.sum(tl.sum(live * x, axis=1), axis=0))


class TritonTile(torch.autograd.Function):
    @staticmethod
    def forward(context, u, v, w, c, counts):
        (batch, hidden), positions = u.shape, v.shape[0]
        grid = (triton.cdiv(batch, SAMPLES), triton.cdiv(positions, POSITIONS))
        transposed = u.t().contiguous(), v.t().contiguous()
        slopes, sums = u.new_empty(batch, positions), u.new_empty(grid[1], batch)
        forward_kernel[grid](
            *transposed, w, c, counts, slopes, sums, batch, positions, hidden, SAMPLES, POSITIONS
        )
        context.save_for_backward(*transposed, w, counts, slopes)
        return sums.sum(0)

    @staticmethod
    def backward(context, grad):
        u, v, w, counts, slopes = context.saved_tensors
        (hidden, batch), positions = u.shape, v.shape[1]
        grid = (triton.cdiv(batch, SAMPLES), triton.cdiv(positions, POSITIONS))
        grad_u, grad_v = (
            u.new_empty(grid[1], hidden, batch),
            u.new_empty(grid[0], hidden, positions),
        )
        grad_w = u.new_empty(grid[0] * grid[1], hidden)
        backward_kernel[grid](
            u,
            v,
            counts,
            slopes,
            grad.contiguous(),
            grad_u,
            grad_v,
            grad_w,
            batch,
            positions,
            hidden,
            SAMPLES,
            POSITIONS,
        )
        counted = torch.arange(positions, device=u.device) < counts[:, None]
        grad_c = (torch.where(counted, slopes, 0.0) * grad[:, None]).sum().reshape(1)
        return (
            (grad_u.sum(0) * w[:, None]).t(),
            (grad_v.sum(0) * w[:, None]).t(),
            grad_w.sum(0),
            grad_c,
            None,
        )


def triton_tile(u, v, w, c, counts):
    return TritonTile.apply(u, v, w, c, counts)
