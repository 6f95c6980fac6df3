// How far each sample's sum goes, and the order in which samples are visited. Pure.
#pragma once

#include <cstdint>

#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

// extents[b]: n_b within 0 .. positions; and no further than the last weight that is not 0, unless
// `keep_zero_weights`.
template <class Scalar>
void find_extents(const PositionSumShape& shape, const PositionSumInputs<Scalar>& inputs,
                  bool keep_zero_weights, std::int32_t* extents);

// order: the samples by falling extent, equal ones in their own order. `starts` is scratch of
// positions + 2 entries.
void order_by_extent(const PositionSumShape& shape, const std::int32_t* extents,
                     std::int64_t* starts, std::int32_t* order);

}  // namespace decodemeter::kernels
