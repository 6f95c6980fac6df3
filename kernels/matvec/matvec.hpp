// Products of one vector with weight matrices on the CPU: what a decode step of batch 1 consists
// of. Bound by the speed at which weights stream from memory.
#pragma once

#include <cstdint>

namespace decodemeter::kernels {

enum class WeightType { float32, bfloat16 };

// Row-major and contiguous.
struct MatrixView {
    const void* data = nullptr;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    WeightType type = WeightType::float32;
};

// y[r] = sum_c w[r, c] * x[c] for r in [first, last), summed in float32 in an order that depends on
// the processor's vector width alone. Threads may take ranges of rows of one product side by side.
void matvec(const MatrixView& weights, const float* x, float* y, std::int64_t first,
            std::int64_t last) noexcept;

// y[r] += scale * sum_c w[r, c] * x[c], likewise.
void matvec_add(const MatrixView& weights, const float* x, float scale, float* y,
                std::int64_t first, std::int64_t last) noexcept;

}  // namespace decodemeter::kernels
