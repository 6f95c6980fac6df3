#include "profiler/molmo/network/one_token.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>

#include <cmath>
#include <cstddef>

#include "kernels/matvec/matvec.hpp"

namespace decodemeter::molmo {

namespace {

// A thread is worth waking for about this many weights.
constexpr std::int64_t weights_per_task = 1 << 17;

std::int64_t rows_per_task(std::int64_t columns) {
    return std::max<std::int64_t>(1, weights_per_task / columns);
}

kernels::MatrixView view_of(const at::Tensor& matrix) {
    const bool bfloat16 = matrix.scalar_type() == at::kBFloat16;
    return {matrix.const_data_ptr(), matrix.size(0), matrix.size(1),
            bfloat16 ? kernels::WeightType::bfloat16 : kernels::WeightType::float32};
}

// One of the matrices that lie one behind the other in `matrices` [count, rows, columns], without a
// tensor for it.
kernels::MatrixView view_of(const at::Tensor& matrices, std::int64_t index) {
    const bool bfloat16 = matrices.scalar_type() == at::kBFloat16;
    const std::int64_t rows = matrices.size(1);
    const std::int64_t columns = matrices.size(2);
    const auto* first = static_cast<const std::byte*>(matrices.const_data_ptr());
    return {first + index * rows * columns * static_cast<std::int64_t>(matrices.element_size()),
            rows, columns, bfloat16 ? kernels::WeightType::bfloat16 : kernels::WeightType::float32};
}

at::Tensor empty_floats(at::IntArrayRef sizes) { return at::empty(sizes, at::kFloat); }

at::Tensor multiply(const at::Tensor& x, const at::Tensor& weight) {
    const at::Tensor input = x.to(at::kFloat);
    at::Tensor output = empty_floats({1, weight.size(0)});
    const float* in = input.const_data_ptr<float>();
    float* out = output.mutable_data_ptr<float>();
    const kernels::MatrixView matrix = view_of(weight);
    at::parallel_for(0, matrix.rows, rows_per_task(matrix.columns),
                     [&](std::int64_t first, std::int64_t last) {
                         kernels::matvec(matrix, in, out, first, last);
                     });
    return output;
}

float silu(float x) { return x / (1.0F + std::exp(-x)); }

}  // namespace

at::Tensor apply_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    if (!x.is_cpu() || x.size(0) != 1) return at::linear(x, weight, bias);
    at::Tensor output = multiply(x, weight);
    if (bias.defined()) output.add_(bias);
    return output.to(x.scalar_type());
}

at::Tensor mix_experts_for_one_token(const at::Tensor& x, const ExpertWeights& weights,
                                     const Routing& routing) {
    const std::int64_t k = routing.experts.size(1);
    const std::int64_t d = weights.down.size(1);
    const std::int64_t inner = weights.down.size(2);
    const std::int64_t* experts = routing.experts.const_data_ptr<std::int64_t>();
    const at::Tensor input = x.to(at::kFloat);
    const at::Tensor scales = routing.weights.to(at::kFloat);
    at::Tensor hidden = empty_floats({k, inner});
    at::Tensor gate_up = empty_floats({k, 2 * inner});
    at::Tensor output = empty_floats({1, d}).zero_();
    const float* in = input.const_data_ptr<float>();
    const float* scale = scales.const_data_ptr<float>();
    float* both = gate_up.mutable_data_ptr<float>();
    float* inside = hidden.mutable_data_ptr<float>();
    float* out = output.mutable_data_ptr<float>();
    // A task's rows lie within one expert, so that its weights are one stream.
    at::parallel_for(
        0, k * 2 * inner, rows_per_task(d), [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t row = first; row < last;) {
                const std::int64_t i = row / (2 * inner);
                const std::int64_t end = std::min(last, (i + 1) * 2 * inner);
                kernels::matvec(view_of(weights.gate_up, experts[i]), in, both + i * 2 * inner,
                                row - i * 2 * inner, end - i * 2 * inner);
                row = end;
            }
        });
    for (std::int64_t i = 0; i < k; ++i) {
        const float* gate = both + i * 2 * inner;
        const float* up = gate + inner;
        for (std::int64_t j = 0; j < inner; ++j) inside[i * inner + j] = silu(gate[j]) * up[j];
    }
    at::parallel_for(0, d, rows_per_task(k * inner), [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = 0; i < k; ++i) {
            kernels::matvec_add(view_of(weights.down, experts[i]), inside + i * inner, scale[i],
                                out, first, last);
        }
    });
    return output.to(x.scalar_type());
}

}  // namespace decodemeter::molmo
