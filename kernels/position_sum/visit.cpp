#include "kernels/position_sum/visit.hpp"

#include <algorithm>

namespace decodemeter::kernels {

namespace {

template <class Scalar>
std::int64_t count_of(const PositionSumShape& shape, const PositionSumInputs<Scalar>& inputs,
                      std::int64_t sample) {
    std::int64_t count = shape.positions;
    if (inputs.counts) count = inputs.counts[sample];
    if (inputs.long_counts) count = inputs.long_counts[sample];
    return std::clamp<std::int64_t>(count, 0, shape.positions);
}

}  // namespace

template <class Scalar>
void find_extents(const PositionSumShape& shape, const PositionSumInputs<Scalar>& inputs,
                  bool keep_zero_weights, std::int32_t* extents) {
    for (std::int64_t b = 0; b < shape.batch; ++b) {
        std::int64_t extent = count_of(shape, inputs, b);
        if (inputs.weights && !keep_zero_weights) {
            const std::int64_t row = inputs.weight_row ? inputs.weight_row[b] : b;
            const Scalar* weights = inputs.weights + row * shape.positions;
            while (extent > 0 && weights[extent - 1] == Scalar(0)) --extent;
        }
        extents[b] = static_cast<std::int32_t>(extent);
    }
}

void order_by_extent(const PositionSumShape& shape, const std::int32_t* extents,
                     std::int64_t* starts, std::int32_t* order) {
    // starts[k]: where the samples with the k-th largest extent (positions - k) begin.
    std::fill_n(starts, shape.positions + 2, 0);
    for (std::int64_t b = 0; b < shape.batch; ++b) ++starts[shape.positions - extents[b] + 1];
    for (std::int64_t k = 1; k <= shape.positions; ++k) starts[k] += starts[k - 1];
    for (std::int64_t b = 0; b < shape.batch; ++b) {
        order[starts[shape.positions - extents[b]]++] = static_cast<std::int32_t>(b);
    }
}

template void find_extents(const PositionSumShape&, const PositionSumInputs<float>&, bool,
                           std::int32_t*);
template void find_extents(const PositionSumShape&, const PositionSumInputs<double>&, bool,
                           std::int32_t*);

}  // namespace decodemeter::kernels
