// On the device: how far each sample's sum goes, and the order in which samples are visited (see
// phases.hpp).
#pragma once

#include "kernels/position_sum/device_plan.hpp"
#include "kernels/position_sum/phases.hpp"

namespace decodemeter::kernels {

struct DeviceVisit {
    std::int32_t* extents = nullptr;
    std::int32_t* order = nullptr;
};

DECODEMETER_HOST_DEVICE std::int32_t count_within(const PositionSumShape& shape,
                                                  const PositionSumInputs<float>& inputs,
                                                  std::int64_t sample) {
    std::int64_t count = shape.positions;
    if (inputs.counts) count = inputs.counts[sample];
    if (inputs.long_counts) count = inputs.long_counts[sample];
    return static_cast<std::int32_t>(count < 0                 ? 0
                                     : count > shape.positions ? shape.positions
                                                               : count);
}

DECODEMETER_HOST_DEVICE const float* weights_of(const PositionSumShape& shape,
                                                const PositionSumInputs<float>& inputs,
                                                std::int64_t sample) {
    if (!inputs.weights) return nullptr;
    return inputs.weights +
           (inputs.weight_row ? inputs.weight_row[sample] : sample) * shape.positions;
}

// extents[b]: n_b within 0 .. positions, and no further than the last weight that is not 0 where
// there are weights.
struct DeviceExtents {
    static constexpr int threads = 256;
    static constexpr int blocks_per_multiprocessor = 4;
    static constexpr int lanes = 32;
    static constexpr int samples = threads / lanes;

    struct Shared {
        std::int32_t last[samples][lanes];
    };
    struct Registers {};

    PositionSumShape shape;
    PositionSumInputs<float> inputs;
    DeviceVisit visit;
    bool keep_zero_weights = false;

    std::int64_t blocks() const { return divided_up(shape.batch, samples); }

    template <class Block>
    DECODEMETER_HOST_DEVICE void run(Block& block) const {
        const std::int64_t first = block.index * samples;
        block.each([this, first](auto& thread) {
            const std::int64_t sample = first + thread.index / lanes;
            if (sample < shape.batch)
                thread.shared.last[thread.index / lanes][thread.index % lanes] =
                    look(thread, sample);
        });
        block.barrier(Barrier::weights_looked);
        block.each([this, first](auto& thread) {
            const std::int64_t sample = first + thread.index;
            if (thread.index >= samples || sample >= shape.batch) return;
            std::int32_t extent = 0;
            for (int lane = 0; lane < lanes; ++lane) {
                const std::int32_t last = thread.shared.last[thread.index][lane];
                extent = last > extent ? last : extent;
            }
            visit.extents[sample] = extent;
        });
    }

    // One past the last position of this thread's that counts.
    template <class Thread>
    DECODEMETER_HOST_DEVICE std::int32_t look(Thread& thread, std::int64_t sample) const {
        const std::int32_t count = count_within(shape, inputs, sample);
        const float* weights = weights_of(shape, inputs, sample);
        if (!weights || keep_zero_weights) return count;
        std::int32_t last = 0;
        for (std::int32_t p = thread.index % lanes; p < count; p += lanes)
            if (!(weights[p] == 0.0f)) last = p + 1;
        return last;
    }
};

// order: the samples by falling extent within each window, equal ones in their own order. A
// sample's place is the number of those before it, counted.
struct DeviceOrder {
    static constexpr int threads = 256;
    static constexpr int blocks_per_multiprocessor = 4;
    static constexpr int parts = 8;
    static constexpr int samples = threads / parts;
    static_assert(order_window % samples == 0);

    struct Shared {
        std::int32_t extent[order_window];
        std::int32_t before[parts][samples];
    };
    struct Registers {};

    PositionSumShape shape;
    PositionSumInputs<float> inputs;
    DeviceVisit visit;
    bool has_extents = false;  // of DeviceExtents; else they are the counts, and written here

    std::int64_t blocks() const { return divided_up(shape.batch, samples); }

    template <class Block>
    DECODEMETER_HOST_DEVICE void run(Block& block) const {
        const std::int64_t first = block.index * samples;
        const std::int64_t window = first / order_window * order_window;
        const int own = static_cast<int>(first - window);
        const int size = static_cast<int>(shape.batch - window < order_window ? shape.batch - window
                                                                              : order_window);
        block.each([this, window, own, size](auto& thread) {
            for (int i = thread.index; i < size; i += threads) {
                const std::int64_t sample = window + i;
                const std::int32_t extent =
                    has_extents ? visit.extents[sample] : count_within(shape, inputs, sample);
                thread.shared.extent[i] = extent;
                if (!has_extents && i >= own && i < own + samples) visit.extents[sample] = extent;
            }
        });
        block.barrier(Barrier::window_loaded);
        block.each([this, own, size](auto& thread) { count_before(thread, own, size); });
        block.barrier(Barrier::ranks_counted);
        block.each([this, window, own, size](auto& thread) {
            const int i = own + thread.index;
            if (thread.index >= samples || i >= size) return;
            std::int32_t place = 0;
            for (int part = 0; part < parts; ++part)
                place += thread.shared.before[part][thread.index];
            visit.order[window + place] = static_cast<std::int32_t>(window + i);
        });
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void count_before(Thread& thread, int own, int size) const {
        const int part = thread.index / samples;
        const int i = own + thread.index % samples;
        if (i >= size) return;
        const int each = static_cast<int>(divided_up(size, parts));
        const int from = part * each;
        const int to = from + each < size ? from + each : size;
        const std::int32_t mine = thread.shared.extent[i];
        std::int32_t before = 0;
        for (int other = from; other < to; ++other) {
            const std::int32_t extent = thread.shared.extent[other];
            before += extent > mine || (extent == mine && other < i);
        }
        thread.shared.before[part][i - own] = before;
    }
};

}  // namespace decodemeter::kernels
