// The last step of backward on the device: the sums over blocks, in a fixed order, and what needs
// no tile.
#pragma once

#include "kernels/position_sum/device_backward.hpp"

namespace decodemeter::kernels {

// One thread for each element of dU, dV, dv and dc, in that order.
struct DeviceFinish {
    static constexpr int threads = 256;
    static constexpr int blocks_per_multiprocessor = 4;
    struct Shared {};
    struct Registers {};

    DeviceBackwardTask task;

    std::int64_t of_u() const {
        return task.gradients.config_part ? task.shape.batch * task.shape.hidden : 0;
    }
    std::int64_t of_v() const {
        return task.gradients.position_part ? task.shape.positions * task.shape.hidden : 0;
    }
    std::int64_t of_weight() const { return task.gradients.head_weight ? task.shape.hidden : 0; }
    std::int64_t of_bias() const { return task.gradients.head_bias ? 1 : 0; }
    std::int64_t blocks() const {
        return divided_up(of_u() + of_v() + of_weight() + of_bias(), threads);
    }

    template <class Block>
    DECODEMETER_HOST_DEVICE void run(Block& block) const {
        const std::int64_t first = block.index * threads;
        block.each([this, first](auto& thread) { element(first + thread.index); });
    }

    DECODEMETER_HOST_DEVICE void element(std::int64_t i) const {
        const std::int64_t hidden = task.shape.hidden;
        const std::int64_t u = task.gradients.config_part ? task.shape.batch * hidden : 0;
        const std::int64_t v = task.gradients.position_part ? task.shape.positions * hidden : 0;
        const std::int64_t weight = task.gradients.head_weight ? hidden : 0;
        if (i < u) {
            const std::int64_t chunks =
                divided_up(task.visit.extents[i / hidden], BackwardBlock::positions);
            task.gradients.config_part[i] = scaled_sum(task.grad_u + i, u, chunks, i % hidden);
        } else if ((i -= u) < v) {
            task.gradients.position_part[i] =
                scaled_sum(task.grad_v + i, v, task.plan.sample_shares, i % hidden);
        } else if ((i -= v) < weight) {
            task.gradients.head_weight[i] = sum_in_double(task.grad_weight + i, hidden);
        } else if (i == weight && task.gradients.head_bias) {
            *task.gradients.head_bias = sum_in_double(task.grad_bias, 1);
        }
    }

    DECODEMETER_HOST_DEVICE float scaled_sum(const float* from, std::int64_t stride,
                                             std::int64_t count, std::int64_t h) const {
        float sum = 0;
        for (std::int64_t k = 0; k < count; ++k) sum += from[k * stride];
        return task.inputs.head_weight[h] * sum;
    }
    DECODEMETER_HOST_DEVICE float sum_in_double(const float* from, std::int64_t stride) const {
        double sum = 0;
        for (std::int64_t k = 0; k < task.plan.sample_shares * task.plan.position_chunks; ++k)
            sum += from[k * stride];
        return static_cast<float>(sum);
    }
};

// dw[r,s] = sum over the samples b of row r, ascending, of dL/dS[b] g(y[b,s]). One thread for each
// element; with weight_row it looks at all samples.
struct DeviceWeightGradient {
    static constexpr int threads = 256;
    static constexpr int blocks_per_multiprocessor = 4;
    struct Shared {};
    struct Registers {};

    DeviceBackwardTask task;

    std::int64_t blocks() const {
        return divided_up(task.gradients.weight_rows * task.shape.positions, threads);
    }

    template <class Block>
    DECODEMETER_HOST_DEVICE void run(Block& block) const {
        const std::int64_t first = block.index * threads;
        block.each([this, first](auto& thread) { element(first + thread.index); });
    }

    DECODEMETER_HOST_DEVICE void element(std::int64_t i) const {
        const std::int64_t positions = task.shape.positions;
        if (i >= task.gradients.weight_rows * positions) return;
        const std::int64_t row = i / positions;
        const std::int64_t position = i % positions;
        float sum = 0;
        if (task.inputs.weight_row) {
            for (std::int64_t b = 0; b < task.shape.batch; ++b)
                if (task.inputs.weight_row[b] == row) sum += term(b, position);
        } else if (row < task.shape.batch) {
            sum = term(row, position);
        }
        task.gradients.weights[i] = sum;
    }

    DECODEMETER_HOST_DEVICE float term(std::int64_t sample, std::int64_t position) const {
        if (!task.saved.grad_sum || position >= task.visit.extents[sample]) return 0;
        return task.saved.grad_sum[sample] *
               task.saved.values[sample * task.shape.positions + position];
    }
};

}  // namespace decodemeter::kernels
