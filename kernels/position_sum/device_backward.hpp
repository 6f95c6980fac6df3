// Backward on the device (see phases.hpp). Given dL/dy, the columns h are independent problems:
// lanes run over h, and a warp keeps v and dV of its positions in registers while the block walks
// its share of the samples, a group at a time.
//
// Positions are dealt to the warps four at a time, and samples to the shares one at a time in
// visiting order, so that ragged extents leave all warps and all blocks equally busy.
//
// Order of summation: dU over a warp's positions, ascending, then over warps, then over chunks of
// positions; dV over a share's samples in visiting order, then over shares. dv and dc: over a block
// in a fixed order, then in double over blocks. DeviceFinish does the last step of each.
#pragma once

#include "kernels/position_sum/activation.hpp"
#include "kernels/position_sum/device_visit.hpp"

namespace decodemeter::kernels {

struct DeviceBackwardTask {
    PositionSumShape shape;
    PositionSumInputs<float> inputs;
    PositionSumSaved<float> saved;
    PositionSumGradients<float> gradients;
    DeviceVisit visit;
    BackwardPlan plan;
    // Scratch, see BackwardScratchPlan. Without the factor v: grad_u, of which chunks beyond a
    // sample's extent are unwritten, and grad_v.
    float* grad_u = nullptr;
    float* grad_v = nullptr;
    float* grad_weight = nullptr;
    float* grad_bias = nullptr;
    bool whole_fours = false;  // rows of U are aligned to 16 bytes and hidden is a multiple of 4
};

// dL/dy at a position that counts.
DECODEMETER_HOST_DEVICE float grad_y_of(const PositionSumShape& shape,
                                        const PositionSumInputs<float>& inputs,
                                        const PositionSumSaved<float>& saved, std::int32_t sample,
                                        std::int64_t position) {
    const float* weights = weights_of(shape, inputs, sample);
    const std::int64_t at = sample * shape.positions + position;
    float gradient = saved.grad_sum ? saved.grad_sum[sample] : 0.0f;
    if (weights) gradient *= weights[position];
    if (saved.grad_values) gradient += saved.grad_values[at];
    // A position of weight 0 is left out even where its slope is not a number.
    if (weights && gradient == 0.0f) return 0;
    return saved.slopes ? gradient * saved.slopes[at] : gradient;
}

template <Activation activation>
struct DeviceBackward {
    static constexpr int warps = 8, threads = 32 * warps, blocks_per_multiprocessor = 2;
    static constexpr int columns = BackwardBlock::columns, positions = BackwardBlock::positions;
    static constexpr int group = BackwardBlock::group;
    static constexpr int fours_of_warp = positions / 4 / warps;  // fours of positions
    static constexpr bool is_relu = activation == Activation::relu;
    static constexpr int u_copies = group * columns / 4 / threads,
                         y_copies = group * positions / threads;
    static constexpr int row_sums = group * columns / threads;
    static_assert(columns == 2 * 32 && u_copies == 1);

    // A group of samples, -1 where there is none, with the number of positions from the block's
    // first one on.
    struct Listed {
        std::int32_t sample[group];
        std::int32_t left[group];
    };
    struct Shared {
        Four u[2][group][columns / 4];
        Four grad_y[2][group][positions / 4];
        Listed listed[4];  // two groups ahead, and one back
        std::int32_t reach[threads];
        float rows[group][warps][columns];  // each warp's share of dU
        float totals[warps][columns];
        float grad_y_sums[threads];
    };
    struct Registers {
        float v[fours_of_warp][4][2];  // of columns lane and lane + 32
        float grad_v[fours_of_warp][4][2];
        float grad_weight[2];
        float grad_y_sum;
    };

    // What is the same for all threads of a block.
    struct Place {
        std::int64_t first_column, first_position, chunk, share, samples;
    };

    DeviceBackwardTask task;

    std::int64_t blocks() const { return task.plan.blocks(); }

    template <class Block>
    DECODEMETER_HOST_DEVICE void run(Block& block) const {
        const Place place = find_place(block.index);
        block.each([this, place](auto& thread) {
            begin(thread, place);
            find_reach(thread, place);
            list(thread, place, 0);
            list(thread, place, 1);
        });
        block.barrier(Barrier::share_listed);
        const int groups = static_cast<int>(divided_up(longest_reach(block.shared()), group));
        block.each([this, place, groups](auto& thread) {
            if (groups > 0) stage(thread, place, 0);
            thread.commit();
        });
        for (int i = 0; i < groups; ++i) {
            block.each([this, place, groups, i](auto& thread) {
                list(thread, place, i + 2);
                if (i + 1 < groups) stage(thread, place, i + 1);
                thread.commit();
                thread.template wait<1>();
            });
            block.barrier(Barrier::rows_arrived);
            block.each([this, i](auto& thread) { accumulate(thread, i); });
            block.barrier(Barrier::rows_used);
            block.each([this, place, i](auto& thread) { sum_rows(thread, place, i); });
        }
        block.each([this, place](auto& thread) { store(thread, place); });
        block.barrier(Barrier::totals_stored);
        block.each([this, place](auto& thread) { store_totals(thread, place); });
    }

    // --- which samples

    DECODEMETER_HOST_DEVICE Place find_place(std::int64_t block) const {
        Place place;
        const std::int64_t slice = block % task.plan.column_slices,
                           rest = block / task.plan.column_slices;
        place.first_column = slice * columns;
        place.chunk = rest % task.plan.position_chunks;
        place.first_position = place.chunk * positions;
        place.share = rest / task.plan.position_chunks;
        place.samples = divided_up(task.shape.batch - place.share, task.plan.sample_shares);
        return place;
    }

    // One past the last of the share's samples that this thread looks at and that reach the block's
    // positions. Behind the last of all the loop ends: extents fall, at least within the windows of
    // the visiting order.
    template <class Thread>
    DECODEMETER_HOST_DEVICE void find_reach(Thread& thread, const Place& place) const {
        std::int32_t reach = 0;
        for (std::int64_t k = thread.index; k < place.samples; k += threads)
            if (task.visit.extents[visited(place, k)] > place.first_position)
                reach = static_cast<std::int32_t>(k + 1);
        thread.shared.reach[thread.index] = reach;
    }
    DECODEMETER_HOST_DEVICE static std::int32_t longest_reach(const Shared& shared) {
        std::int32_t longest = 0;
        for (int i = 0; i < threads; ++i)
            longest = shared.reach[i] > longest ? shared.reach[i] : longest;
        return longest;
    }

    DECODEMETER_HOST_DEVICE std::int32_t visited(const Place& place, std::int64_t k) const {
        return task.visit.order[place.share + k * task.plan.sample_shares];
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void list(Thread& thread, const Place& place, int i) const {
        if (thread.index >= group) return;
        const std::int64_t k = std::int64_t(i) * group + thread.index;
        const std::int32_t sample = k < place.samples ? visited(place, k) : -1;
        Listed& to = thread.shared.listed[i % 4];
        to.sample[thread.index] = sample;
        to.left[thread.index] =
            sample < 0
                ? 0
                : static_cast<std::int32_t>(task.visit.extents[sample] - place.first_position);
    }

    DECODEMETER_HOST_DEVICE std::int64_t own_position(const Place& place, int warp,
                                                      int four) const {
        return place.first_position + (four * warps + warp) * 4;
    }

    // --- in

    template <class Thread>
    DECODEMETER_HOST_DEVICE void begin(Thread& thread, const Place& place) const {
        const std::int64_t h = place.first_column + thread.index % 32;
        DECODEMETER_UNROLL
        for (int four = 0; four < fours_of_warp; ++four) {
            DECODEMETER_UNROLL
            for (int i = 0; i < 4; ++i) {
                const std::int64_t position = own_position(place, thread.index / 32, four) + i;
                const float* v =
                    task.inputs.position_part + position * task.inputs.position_stride + h;
                DECODEMETER_UNROLL
                for (int c = 0; c < 2; ++c) {
                    const bool is_there =
                        position < task.shape.positions && h + 32 * c < task.shape.hidden;
                    thread.registers.v[four][i][c] = is_there ? v[32 * c] : 0.0f;
                    thread.registers.grad_v[four][i][c] = 0;
                }
            }
        }
        thread.registers.grad_weight[0] = thread.registers.grad_weight[1] = 0;
        thread.registers.grad_y_sum = 0;
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void stage(Thread& thread, const Place& place, int i) const {
        const int buffer = i % 2, row = thread.index / (columns / 4),
                  four = thread.index % (columns / 4);
        const std::int32_t sample = thread.shared.listed[i % 4].sample[row];
        const std::int64_t h = place.first_column + four * 4, left = task.shape.hidden - h;
        const int floats = sample < 0 || left <= 0 ? 0 : left >= 4 ? 4 : static_cast<int>(left);
        thread.copy(
            thread.shared.u[buffer][row][four],
            task.inputs.config_part + (sample < 0 ? 0 : sample) * task.inputs.config_stride + h,
            floats, task.whole_fours);
        DECODEMETER_UNROLL
        for (int k = 0; k < y_copies; ++k) {
            const int at = thread.index + k * threads;
            stage_grad_y(thread, place, i, at / positions, at % positions);
        }
    }

    // 0 beyond the sample's extent.
    template <class Thread>
    DECODEMETER_HOST_DEVICE void stage_grad_y(Thread& thread, const Place& place, int i, int row,
                                              int column) const {
        const Listed& listed = thread.shared.listed[i % 4];
        const std::int64_t position = place.first_position + column;
        float grad_y = 0;
        if (column < listed.left[row])
            grad_y = grad_y_of(task.shape, task.inputs, task.saved, listed.sample[row], position);
        thread.shared.grad_y[i % 2][row][column / 4].at[column % 4] = grad_y;
        if (place.first_column == 0) thread.registers.grad_y_sum += grad_y;
    }

    // --- the work

    template <class Thread>
    DECODEMETER_HOST_DEVICE void accumulate(Thread& thread, int group_index) const {
        const int buffer = group_index % 2, warp = thread.index / 32, lane = thread.index % 32;
        DECODEMETER_ROLLED
        for (int row = 0; row < group; ++row) {
            const float u[2] = {thread.shared.u[buffer][row][lane / 4].at[lane % 4],
                                thread.shared.u[buffer][row][lane / 4 + 8].at[lane % 4]};
            const int left = thread.shared.listed[group_index % 4].left[row];
            float grad_u[2] = {0, 0};
            if (left >= positions) {
                DECODEMETER_UNROLL
                for (int four = 0; four < fours_of_warp; ++four)
                    add_four<false>(thread.registers, four, u,
                                    grad_y(thread, buffer, row, four, warp), 4, grad_u);
            } else {
                DECODEMETER_UNROLL
                for (int four = 0; four < fours_of_warp; ++four) {
                    const int count = left - (four * warps + warp) * 4;
                    if (count > 0)
                        add_four<true>(thread.registers, four, u,
                                       grad_y(thread, buffer, row, four, warp), count, grad_u);
                }
            }
            float* to = &thread.shared.rows[row][warp][lane];
            to[0] = grad_u[0];
            to[32] = grad_u[1];
            // ReLU is homogeneous: relu(x) = x relu'(x), so dv = sum of u dU' + sum of v dV'.
            DECODEMETER_UNROLL
            for (int c = 0; c < 2; ++c) {
                if (is_relu && left > 0) {
                    float& grad_weight = thread.registers.grad_weight[c];
                    grad_weight = multiply_add(u[c], grad_u[c], grad_weight);
                }
            }
        }
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE static Four grad_y(Thread& thread, int buffer, int row, int four,
                                               int warp) {
        return thread.shared.grad_y[buffer][row][four * warps + warp];
    }

    // Four positions of one sample; with `partial` only the first `count`, so that what lies beyond
    // the sample's extent does not reach it even where it is not a number.
    template <bool partial>
    DECODEMETER_HOST_DEVICE static void add_four(Registers& own, int four, const float (&u)[2],
                                                 const Four& grad_y, [[maybe_unused]] int count,
                                                 float (&grad_u)[2]) {
        DECODEMETER_UNROLL
        for (int i = 0; i < 4; ++i) {
            if (partial && !is_relu && i >= count) break;
            add_position(own.v[four][i], own.grad_v[four][i], u, grad_y.at[i], grad_u,
                         own.grad_weight);
        }
    }

    DECODEMETER_HOST_DEVICE static void add_position(const float (&v)[2], float (&grad_v)[2],
                                                     const float (&u)[2], float grad_y,
                                                     float (&grad_u)[2], float (&grad_weight)[2]) {
        if constexpr (is_relu) {
            DECODEMETER_UNROLL
            for (int c = 0; c < 2; ++c) {
                // As in LibTorch, a NaN lets the gradient pass.
                const bool live = !(u[c] <= -v[c]);
                if (live) grad_u[c] += grad_y;
                if (live) grad_v[c] += grad_y;
            }
        } else {
            const float x[2] = {u[0] + v[0], u[1] + v[1]};
            const float d[2] = {gate_denominator<activation>(x[0]),
                                gate_denominator<activation>(x[1])};
            const float r = reciprocal(d[0] * d[1]);
            const float sigmoid[2] = {r * d[1], r * d[0]};
            DECODEMETER_UNROLL
            for (int c = 0; c < 2; ++c) {
                const Activated<float> a = gated<activation>(x[c], sigmoid[c]);
                grad_u[c] = multiply_add(grad_y, a.slope, grad_u[c]);
                grad_v[c] = multiply_add(grad_y, a.slope, grad_v[c]);
                grad_weight[c] = multiply_add(grad_y, a.value, grad_weight[c]);
            }
        }
    }

    // --- out

    template <class Thread>
    DECODEMETER_HOST_DEVICE void sum_rows(Thread& thread, const Place& place, int i) const {
        const std::int64_t h = place.first_column + thread.index % columns;
        DECODEMETER_UNROLL
        for (int k = 0; k < row_sums; ++k) {
            const int row = thread.index / columns + k * (threads / columns);
            const std::int32_t sample = thread.shared.listed[i % 4].sample[row];
            if (thread.shared.listed[i % 4].left[row] <= 0 || h >= task.shape.hidden) continue;
            float sum = 0;
            DECODEMETER_UNROLL
            for (int warp = 0; warp < warps; ++warp)
                sum += thread.shared.rows[row][warp][thread.index % columns];
            task.grad_u[(place.chunk * task.shape.batch + sample) * task.shape.hidden + h] = sum;
        }
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void store(Thread& thread, const Place& place) const {
        Registers& own = thread.registers;
        const int lane = thread.index % 32, warp = thread.index / 32;
        const std::int64_t h = place.first_column + lane;
        DECODEMETER_UNROLL
        for (int four = 0; four < fours_of_warp; ++four) {
            DECODEMETER_UNROLL
            for (int i = 0; i < 4; ++i) {
                const std::int64_t position = own_position(place, warp, four) + i;
                if (position >= task.shape.positions) continue;
                float* to = task.grad_v +
                            (place.share * task.shape.positions + position) * task.shape.hidden + h;
                DECODEMETER_UNROLL
                for (int c = 0; c < 2; ++c) {
                    const float grad_v = own.grad_v[four][i][c];
                    if (is_relu)
                        own.grad_weight[c] =
                            multiply_add(own.v[four][i][c], grad_v, own.grad_weight[c]);
                    if (h + 32 * c < task.shape.hidden) to[32 * c] = grad_v;
                }
            }
        }
        thread.shared.totals[warp][lane] = own.grad_weight[0];
        thread.shared.totals[warp][lane + 32] = own.grad_weight[1];
        thread.shared.grad_y_sums[thread.index] = own.grad_y_sum;
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void store_totals(Thread& thread, const Place& place) const {
        const std::int64_t block = place.share * task.plan.position_chunks + place.chunk;
        const std::int64_t h = place.first_column + thread.index;
        if (thread.index < columns && h < task.shape.hidden) {
            float sum = 0;
            for (int warp = 0; warp < warps; ++warp)
                sum += thread.shared.totals[warp][thread.index];
            task.grad_weight[block * task.shape.hidden + h] = sum;
        }
        if (thread.index != 0 || place.first_column != 0) return;
        float sum = 0;
        for (int i = 0; i < threads; ++i) sum += thread.shared.grad_y_sums[i];
        task.grad_bias[block] = sum;
    }
};

}  // namespace decodemeter::kernels
