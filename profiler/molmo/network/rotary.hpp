// Rotary position embedding, half-rotation form (NeoX, Llama) over the whole head.
#pragma once

#include <ATen/core/Tensor.h>

namespace decodemeter::molmo {

struct RotaryTable {
    at::Tensor cosine;       // [positions, head_dim] float32
    at::Tensor signed_sine;  // [positions, head_dim] float32, first half negated
};

// Angles are formed in float32, power first, then reciprocal, then times the position: a table made
// in double and cast down differs by up to 6e-4 at position 4095.
RotaryTable make_rotary_table(std::int64_t positions, std::int64_t head_dim, double theta,
                              at::Device device);

// x [tokens, heads, head_dim] at positions first, first+1, ...; rotated in float32, returned in x's
// dtype.
at::Tensor rotate(const at::Tensor& x, const RotaryTable& table, std::int64_t first_position);

}  // namespace decodemeter::molmo
