// Forward on the device (see phases.hpp): a tile of samples x positions stays in registers, h is
// serial. u, v and w come in chunks of 32 h, of which the next is on its way while one is used.
//
// Order of summation: y over h, ascending, in one chain; S over the tile's positions in four chains
// by s mod 4, then over tiles, ascending.
#pragma once

#include "kernels/position_sum/activation.hpp"
#include "kernels/position_sum/device_visit.hpp"
#include "kernels/position_sum/link.hpp"

namespace decodemeter::kernels {

struct DeviceForwardTask {
    PositionSumShape shape;
    Link link = Link::identity;
    PositionSumInputs<float> inputs;
    PositionSumOutputs<float> outputs;
    DeviceVisit visit;
    ForwardPlan plan;
    float* tile_sums =
        nullptr;  // [position_tiles, batch]; unwritten where a tile has nothing of a sample
    bool whole_fours =
        false;  // rows of U, V and v are aligned to 16 bytes and hidden is a multiple of 4
};

template <Activation activation, class Tile>
struct DeviceForward {
    static constexpr int threads = Tile::threads;
    static constexpr int blocks_per_multiprocessor = Tile::rows == 8 ? 3 : Tile::rows == 4 ? 6 : 8;
    static constexpr int samples = Tile::samples, positions = Tile::positions;
    static constexpr bool is_relu = activation == Activation::relu;
    static constexpr int chunk = 32, fours = chunk / 4;
    static constexpr int pitch =
        fours + 1;  // in fours: then 8 rows' entries of one h lie in 32 different banks
    static constexpr int u_copies = samples * fours / threads,
                         v_copies = positions * fours / threads;
    // ReLU's v . V: so many threads share a position, each with a part of the chunk.
    static constexpr int dot_parts = threads / positions, dot_fours = fours / dot_parts;
    static_assert(threads % fours == 0 && threads % positions == 0 && dot_fours > 0);

    struct Staged {
        Four u[2][samples][pitch];
        Four v[2][positions][pitch];
        Four w[2][fours];
    };
    struct Shared {
        union {
            Staged staged;
            Four y[samples][positions / 4 + 1];
        };
        float dots[dot_parts][positions];
        std::int32_t sample[samples];  // -1 beyond the batch
        std::int32_t extent[samples];
    };
    struct Registers {
        float y[Tile::rows][Tile::columns];
        float dot;
        const float* u[u_copies];  // the rows that this thread copies
        const float* v[v_copies];
    };

    DeviceForwardTask task;

    std::int64_t blocks() const { return task.plan.blocks(); }

    template <class Block>
    DECODEMETER_HOST_DEVICE void run(Block& block) const {
        const std::int64_t first_sample = block.index / task.plan.position_tiles * samples;
        const std::int64_t first_position = block.index % task.plan.position_tiles * positions;
        block.each([this, first_sample](auto& thread) { list_samples(thread, first_sample); });
        // Extents fall within a tile.
        if (task.visit.extents[task.visit.order[first_sample]] > first_position) {
            const int chunks = static_cast<int>(divided_up(task.shape.hidden, chunk));
            block.each([this, first_sample, first_position, chunks](auto& thread) {
                begin(thread, first_sample, first_position);
                if (chunks > 0) stage(thread, 0);
                thread.commit();
            });
            for (int i = 0; i < chunks; ++i) {
                block.each([this, chunks, i](auto& thread) {
                    if (i + 1 < chunks) stage(thread, i + 1);
                    thread.commit();
                    thread.template wait<1>();
                });
                block.barrier(Barrier::chunk_arrived);
                block.each([this, i](auto& thread) {
                    accumulate(thread, i % 2);
                    if (is_relu) accumulate_dot(thread, i % 2);
                });
                block.barrier(Barrier::chunk_used);
            }
            block.each([this](auto& thread) { store(thread); });
        }
        block.barrier(Barrier::values_stored);
        block.each([this, first_position](auto& thread) { link(thread, first_position); });
        block.barrier(Barrier::values_linked);
        block.each([this, first_position](auto& thread) { sum(thread, first_position); });
    }

    // --- samples and copies

    template <class Thread>
    DECODEMETER_HOST_DEVICE void list_samples(Thread& thread, std::int64_t first_sample) const {
        for (int row = thread.index; row < samples; row += threads) {
            const std::int64_t visited = first_sample + row;
            const std::int32_t sample = visited < task.shape.batch ? task.visit.order[visited] : -1;
            thread.shared.sample[row] = sample;
            thread.shared.extent[row] = sample < 0 ? 0 : task.visit.extents[sample];
        }
    }

    // Rows beyond the batch or the positions repeat the last one, to no effect.
    template <class Thread>
    DECODEMETER_HOST_DEVICE void begin(Thread& thread, std::int64_t first_sample,
                                       std::int64_t first_position) const {
        DECODEMETER_UNROLL
        for (int i = 0; i < Tile::rows; ++i) {
            DECODEMETER_UNROLL
            for (int j = 0; j < Tile::columns; ++j) thread.registers.y[i][j] = 0;
        }
        thread.registers.dot = 0;
        const int row = thread.index / fours;
        DECODEMETER_UNROLL
        for (int i = 0; i < u_copies; ++i) {
            const std::int64_t visited = first_sample + row + i * (threads / fours);
            const std::int64_t sample =
                task.visit.order[visited < task.shape.batch ? visited : task.shape.batch - 1];
            thread.registers.u[i] = task.inputs.config_part + sample * task.inputs.config_stride;
        }
        DECODEMETER_UNROLL
        for (int i = 0; i < v_copies; ++i) {
            std::int64_t position = first_position + row + i * (threads / fours);
            position = position < task.shape.positions ? position : task.shape.positions - 1;
            thread.registers.v[i] =
                task.inputs.position_part + position * task.inputs.position_stride;
        }
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void stage(Thread& thread, int i) const {
        Staged& to = thread.shared.staged;
        const int buffer = i % 2, row = thread.index / fours, column = thread.index % fours;
        const std::int64_t h = std::int64_t(i) * chunk + column * 4, left = task.shape.hidden - h;
        const int floats = left >= 4 ? 4 : left > 0 ? static_cast<int>(left) : 0;
        DECODEMETER_UNROLL
        for (int k = 0; k < u_copies; ++k) {
            thread.copy(to.u[buffer][row + k * (threads / fours)][column],
                        thread.registers.u[k] + h, floats, task.whole_fours);
        }
        DECODEMETER_UNROLL
        for (int k = 0; k < v_copies; ++k) {
            thread.copy(to.v[buffer][row + k * (threads / fours)][column],
                        thread.registers.v[k] + h, floats, task.whole_fours);
        }
        if (row == 0)
            thread.copy(to.w[buffer][column], task.inputs.head_weight + h, floats,
                        task.whole_fours);
    }

    // --- y

    template <class Thread>
    DECODEMETER_HOST_DEVICE static int first_row(const Thread& thread) {
        return thread.index / 32 / Tile::warps_across * Tile::rows * 8 + thread.index % 32 / 4;
    }
    template <class Thread>
    DECODEMETER_HOST_DEVICE static int first_column(const Thread& thread) {
        return thread.index / 32 % Tile::warps_across * Tile::columns * 4 + thread.index % 4;
    }

    // y += w act(u + v) over one chunk; for ReLU without the part that accumulate_dot adds.
    template <class Thread>
    DECODEMETER_HOST_DEVICE void accumulate(Thread& thread, int buffer) const {
        const Staged& from = thread.shared.staged;
        const int row = first_row(thread), column = first_column(thread);
        DECODEMETER_ROLLED
        for (int k = 0; k < fours; ++k) {
            Four u[Tile::rows];
            Four v[Tile::columns];
            const Four w = from.w[buffer][k];
            DECODEMETER_UNROLL
            for (int i = 0; i < Tile::rows; ++i) u[i] = from.u[buffer][row + i * 8][k];
            DECODEMETER_UNROLL
            for (int j = 0; j < Tile::columns; ++j) v[j] = from.v[buffer][column + j * 4][k];
            DECODEMETER_UNROLL
            for (int h = 0; h < 4; ++h) {
                DECODEMETER_UNROLL
                for (int i = 0; i < Tile::rows; ++i) {
                    DECODEMETER_UNROLL
                    for (int j = 0; j < Tile::columns; j += 2) {
                        float(&y)[Tile::columns] = thread.registers.y[i];
                        add_pair(w.at[h], u[i].at[h], v[j].at[h], v[j + 1].at[h], y[j], y[j + 1]);
                    }
                }
            }
        }
    }

    // Two positions at once, because SiLU and GELU take one reciprocal for two.
    DECODEMETER_HOST_DEVICE static void add_pair(float w, float u, float v0, float v1, float& y0,
                                                 float& y1) {
        if constexpr (is_relu) {
            y0 = multiply_add(w, relu_excess(u, -v0), y0);
            y1 = multiply_add(w, relu_excess(u, -v1), y1);
        } else {
            const float x0 = u + v0;
            const float x1 = u + v1;
            const float d0 = gate_denominator<activation>(x0);
            const float d1 = gate_denominator<activation>(x1);
            const float r = reciprocal(d0 * d1);
            y0 = multiply_add(w, x0 * (r * d1), y0);
            y1 = multiply_add(w, x1 * (r * d0), y1);
        }
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void accumulate_dot(Thread& thread, int buffer) const {
        const Staged& from = thread.shared.staged;
        const int position = thread.index % positions, first = thread.index / positions * dot_fours;
        DECODEMETER_UNROLL
        for (int k = 0; k < dot_fours; ++k) {
            const Four w = from.w[buffer][first + k];
            const Four v = from.v[buffer][position][first + k];
            DECODEMETER_UNROLL
            for (int h = 0; h < 4; ++h)
                thread.registers.dot = multiply_add(w.at[h], v.at[h], thread.registers.dot);
        }
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void store(Thread& thread) const {
        const int row = first_row(thread), column = first_column(thread);
        DECODEMETER_UNROLL
        for (int i = 0; i < Tile::rows; ++i) {
            DECODEMETER_UNROLL
            for (int j = 0; j < Tile::columns; ++j) {
                const int position = column + j * 4;
                thread.shared.y[row + i * 8][position / 4].at[position % 4] =
                    thread.registers.y[i][j];
            }
        }
        thread.shared.dots[thread.index / positions][thread.index % positions] =
            thread.registers.dot;
    }

    // --- from y to S

    // Replaces y by what it adds to S: w g(y), or 0 beyond the sample's extent.
    template <class Thread>
    DECODEMETER_HOST_DEVICE void link(Thread& thread, std::int64_t first_position) const {
        const int column = thread.index % positions;
        const std::int64_t position = first_position + column;
        DECODEMETER_ROLLED
        for (int row = thread.index / positions; row < samples; row += threads / positions) {
            const std::int32_t sample = thread.shared.sample[row];
            float& y = thread.shared.y[row][column / 4].at[column % 4];
            const bool counts = position < thread.shared.extent[row];
            const std::int64_t at = sample * task.shape.positions + position;
            if (counts) {
                y = contribution(y + dot_and_bias(thread, column), sample, position, at);
            } else {
                y = 0;
                if (task.outputs.values && sample >= 0 && position < task.shape.positions)
                    task.outputs.values[at] = 0;
            }
        }
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE float dot_and_bias(Thread& thread, int column) const {
        float dot = thread.shared.dots[0][column];
        DECODEMETER_UNROLL
        for (int part = 1; part < dot_parts; ++part) dot += thread.shared.dots[part][column];
        return dot + task.inputs.head_bias[0];
    }

    DECODEMETER_HOST_DEVICE float contribution(float y, std::int32_t sample, std::int64_t position,
                                               std::int64_t at) const {
        const Linked<float> g = linked(task.link, y);
        if (task.outputs.values) task.outputs.values[at] = g.value;
        if (task.outputs.slopes) task.outputs.slopes[at] = g.slope;
        const float* weights = weights_of(task.shape, task.inputs, sample);
        if (!weights) return g.value;
        return weights[position] == 0.0f ? 0.0f : weights[position] * g.value;
    }

    template <class Thread>
    DECODEMETER_HOST_DEVICE void sum(Thread& thread, std::int64_t first_position) const {
        const bool is_whole = task.plan.position_tiles == 1;
        if (is_whole && !task.outputs.sum) return;
        float* to = is_whole ? task.outputs.sum
                             : task.tile_sums + first_position / positions * task.shape.batch;
        for (int row = thread.index; row < samples; row += threads) {
            const std::int32_t sample = thread.shared.sample[row];
            if (sample < 0) continue;
            Four chain = thread.shared.y[row][0];
            for (int k = 1; k < positions / 4; ++k)
                for (int i = 0; i < 4; ++i) chain.at[i] += thread.shared.y[row][k].at[i];
            to[sample] = (chain.at[0] + chain.at[1]) + (chain.at[2] + chain.at[3]);
        }
    }
};

// S from the tiles' sums, where there is not just one tile of positions.
struct DeviceTileSum {
    static constexpr int threads = 256;
    static constexpr int blocks_per_multiprocessor = 4;
    struct Shared {};
    struct Registers {};

    DeviceForwardTask task;
    int tile_positions = 1;

    std::int64_t blocks() const { return divided_up(task.shape.batch, threads); }

    template <class Block>
    DECODEMETER_HOST_DEVICE void run(Block& block) const {
        const std::int64_t first = block.index * threads;
        block.each([this, first](auto& thread) {
            const std::int64_t sample = first + thread.index;
            if (sample >= task.shape.batch) return;
            const std::int64_t tiles = divided_up(task.visit.extents[sample], tile_positions);
            float sum = 0;
            for (std::int64_t tile = 0; tile < tiles; ++tile)
                sum += task.tile_sums[tile * task.shape.batch + sample];
            task.outputs.sum[sample] = sum;
        });
    }
};

}  // namespace decodemeter::kernels
