#include "kernels/matvec/matvec.hpp"

#include <cstring>

#include "kernels/matvec/widest_vectors.hpp"

namespace decodemeter::kernels {

namespace {

DECODEMETER_WIDEST_VECTORS
float dot(const std::uint16_t* weights, const float* x, std::int64_t count) noexcept {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < count; ++i) {
        const std::uint32_t bits = static_cast<std::uint32_t>(weights[i]) << 16;
        float weight;
        std::memcpy(&weight, &bits, sizeof weight);
        sum += weight * x[i];
    }
    return sum;
}

DECODEMETER_WIDEST_VECTORS
float dot(const float* weights, const float* x, std::int64_t count) noexcept {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < count; ++i) sum += weights[i] * x[i];
    return sum;
}

template <class Weight, class Store>
void each_row(const MatrixView& weights, const float* x, std::int64_t first, std::int64_t last,
              const Store& store) noexcept {
    const auto* row = static_cast<const Weight*>(weights.data) + first * weights.columns;
    for (std::int64_t r = first; r < last; ++r, row += weights.columns)
        store(r, dot(row, x, weights.columns));
}

template <class Store>
void each_row_of_type(const MatrixView& weights, const float* x, std::int64_t first,
                      std::int64_t last, const Store& store) noexcept {
    if (weights.type == WeightType::bfloat16)
        each_row<std::uint16_t>(weights, x, first, last, store);
    else each_row<float>(weights, x, first, last, store);
}

}  // namespace

void matvec(const MatrixView& weights, const float* x, float* y, std::int64_t first,
            std::int64_t last) noexcept {
    each_row_of_type(weights, x, first, last, [y](std::int64_t r, float value) { y[r] = value; });
}

void matvec_add(const MatrixView& weights, const float* x, float scale, float* y,
                std::int64_t first, std::int64_t last) noexcept {
    each_row_of_type(weights, x, first, last,
                     [y, scale](std::int64_t r, float value) { y[r] += scale * value; });
}

}  // namespace decodemeter::kernels
