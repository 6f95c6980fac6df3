// Backward on the CPU. Given dL/dy, the columns h are independent problems: lanes run over h, and a
// thread owns its columns of dU, dV and dv, so nothing is added across threads. Per column block,
// samples pass in blocks that fit the first-level cache; a tile holds the v and dV of some
// positions in registers and walks the block's samples.
#pragma once

#include "kernels/position_sum/activation.hpp"
#include "kernels/position_sum/cpu_forward.hpp"

namespace decodemeter::kernels {

template <class V, Activation activation>
struct CpuBackward {
    using Scalar = typename V::Scalar;
    static constexpr int lanes = V::lanes;
    static constexpr bool is_relu = activation == Activation::relu;
    static constexpr int width =
        (is_relu ? 8 : 4) / (V::registers == 32 ? 1 : 2);  // positions of a tile
    static constexpr int parts =
        activation == Activation::silu ? 2 : 1;  // u, v; with SiLU e^-u, e^-v too
    static constexpr int samples_per_block = 128;

    // The columns of one block of samples.
    struct Block {
        alignas(64) Scalar u[parts][samples_per_block][lanes];
        alignas(64) Scalar grad_u[samples_per_block][lanes];  // without the factor w
        V grad_weight{Scalar(0)};                             // of this block
        std::int64_t first = 0;                               // of its samples, in visiting order
        int count = 0;
        bool is_large = false;
    };

    // One block of columns.
    struct Columns {
        std::int64_t first = 0;
        int count = 0;
        Scalar* v = nullptr;       // [positions][parts][lanes]; -v for ReLU
        Scalar* grad_v = nullptr;  // [positions][lanes], without the factor w
        bool is_large = false;
        double grad_weight[lanes] = {};
    };

    const BackwardTask<Scalar>& task;

    std::int64_t positions() const { return task.shape.positions; }
    std::int64_t extent(std::int64_t visited) const {
        return task.visit.extents[task.visit.order[visited]];
    }

    // --- dL/dy

    void differentiate_links(std::int64_t visited) const {
        const std::int64_t sample = task.visit.order[visited];
        const std::int64_t n = extent(visited);
        const Scalar* slopes =
            task.saved.slopes ? task.saved.slopes + sample * positions() : nullptr;
        const Scalar* grad_values =
            task.saved.grad_values ? task.saved.grad_values + sample * positions() : nullptr;
        const Scalar* weights = nullptr;
        if (task.inputs.weights) {
            const std::int64_t row =
                task.inputs.weight_row ? task.inputs.weight_row[sample] : sample;
            weights = task.inputs.weights + row * positions();
        }
        const V zero(Scalar(0));
        const V grad_sum(task.saved.grad_sum ? task.saved.grad_sum[sample] : Scalar(0));
        V sum = zero;
        for (std::int64_t p = 0; p < n; p += lanes) {
            V gradient = weights ? grad_sum * load_up_to<V>(weights + p, n - p) : grad_sum;
            if (grad_values) gradient = gradient + load_up_to<V>(grad_values + p, n - p);
            V grad_y = slopes ? gradient * load_up_to<V>(slopes + p, n - p) : gradient;
            // A position of weight 0 is left out even where its slope is not a number.
            if (weights) grad_y = add_where(not_less_equal(absolute(gradient), zero), zero, grad_y);
            store_up_to(grad_y, task.grad_y + visited * positions() + p, n - p);
            sum = sum + (n - p < lanes ? grad_y.keep_first(static_cast<int>(n - p)) : grad_y);
        }
        task.grad_y_sums[visited] = double(sum_of_lanes(sum));
    }

    // --- columns in and out

    Columns load_columns(std::int64_t block) const {
        Columns columns;
        columns.first = block * lanes;
        columns.count = static_cast<int>(
            task.shape.hidden - columns.first < lanes ? task.shape.hidden - columns.first : lanes);
        columns.v = task.position_columns + block * positions() * parts * lanes;
        columns.grad_v = task.grad_columns + block * positions() * lanes;
        const V zero(Scalar(0));
        const V limit(static_cast<Scalar>(separable_limit));
        V within(Scalar(1));
        for (std::int64_t p = 0; p < positions(); ++p) {
            const V v = load_up_to<V>(
                task.inputs.position_part + p * task.inputs.position_stride + columns.first,
                columns.count);
            Scalar* to = columns.v + p * parts * lanes;
            (is_relu ? zero - v : v).store(to);
            if constexpr (activation == Activation::silu) {
                exponential(zero - v).store(to + lanes);
                within = where_greater(limit, absolute(v), within, zero);
            }
            zero.store(columns.grad_v + p * lanes);
        }
        columns.is_large = !all_ones(within);
        return columns;
    }

    void load_block(const Columns& columns, std::int64_t first, Block& block) const {
        const std::int64_t left = task.shape.batch - first;
        block.first = first;
        block.count = static_cast<int>(left < samples_per_block ? left : samples_per_block);
        block.grad_weight = V(Scalar(0));
        const V zero(Scalar(0));
        const V limit(static_cast<Scalar>(separable_limit));
        V within(Scalar(1));
        for (int i = 0; i < block.count; ++i) {
            const std::int64_t sample = task.visit.order[first + i];
            const V u = load_up_to<V>(
                task.inputs.config_part + sample * task.inputs.config_stride + columns.first,
                columns.count);
            u.store(block.u[0][i]);
            if constexpr (activation == Activation::silu) {
                exponential(zero - u).store(block.u[parts - 1][i]);
                within = where_greater(limit, absolute(u), within, zero);
            }
            zero.store(block.grad_u[i]);
        }
        block.is_large = !all_ones(within);
    }

    void store_block(Columns& columns, const Block& block) const {
        const V w = load_up_to<V>(task.inputs.head_weight + columns.first, columns.count);
        V grad_weight = block.grad_weight;
        for (int i = 0; i < block.count; ++i) {
            const V grad_u = V::load(block.grad_u[i]);
            // ReLU is homogeneous: relu(x) = x relu'(x), so dv = sum of u dU' + sum of v dV'.
            if (is_relu) grad_weight = multiply_add(V::load(block.u[0][i]), grad_u, grad_weight);
            if (!task.gradients.config_part) continue;
            const std::int64_t sample = task.visit.order[block.first + i];
            store_up_to(w * grad_u,
                        task.gradients.config_part + sample * task.shape.hidden + columns.first,
                        columns.count);
        }
        for (int i = 0; i < lanes; ++i) columns.grad_weight[i] += double(grad_weight[i]);
    }

    void store_columns(Columns& columns) const {
        const V w = load_up_to<V>(task.inputs.head_weight + columns.first, columns.count);
        for (std::int64_t p = 0; p < positions(); ++p) {
            const V grad_v = V::load(columns.grad_v + p * lanes);
            if (is_relu) {
                const V product = V::load(columns.v + p * lanes) * grad_v;  // of -v
                for (int i = 0; i < lanes; ++i) columns.grad_weight[i] -= double(product[i]);
            }
            if (task.gradients.position_part)
                store_up_to(w * grad_v,
                            task.gradients.position_part + p * task.shape.hidden + columns.first,
                            columns.count);
        }
        if (!task.gradients.head_weight) return;
        for (int i = 0; i < columns.count; ++i)
            task.gradients.head_weight[columns.first + i] =
                static_cast<Scalar>(columns.grad_weight[i]);
    }

    // --- tiles

    // Samples [from, to) of the block, `wide` positions from `position` on, of which all count in
    // all these samples.
    template <int wide, bool separable>
    void tile(const Columns& columns, Block& block, int from, int to, std::int64_t position) const {
        const Scalar* at = columns.v + position * parts * lanes;
        V v[parts][wide];
        V grad_v[wide];
        for (int p = 0; p < wide; ++p) {
            for (int part = 0; part < parts; ++part)
                v[part][p] = V::load(at + (p * parts + part) * lanes);
            grad_v[p] = V(Scalar(0));
        }
        V grad_weight(Scalar(0));
        for (int i = from; i < to; ++i) {
            const Scalar* grad_y = task.grad_y + (block.first + i) * positions() + position;
            const V u = V::load(block.u[0][i]);
            V grad_u[2] = {V(Scalar(0)),
                           V(Scalar(0))};  // even and odd positions: two shorter chains
#pragma GCC unroll 8
            for (int p = 0; p < wide; ++p) {
                const V d(grad_y[p]);
                if constexpr (is_relu) {
                    const auto live = not_less_equal(u, v[0][p]);
                    grad_u[p % 2] = add_where(live, grad_u[p % 2], d);
                    grad_v[p] = add_where(live, grad_v[p], d);
                } else {
                    const V x = u + v[0][p];
                    V denominator;
                    if constexpr (separable) {
                        denominator = multiply_add(V::load(block.u[parts - 1][i]), v[parts - 1][p],
                                                   V(Scalar(1)));
                    } else {
                        denominator = gate_denominator<activation>(x);
                    }
                    const Activated<V> a = gated<activation>(x, reciprocal(denominator));
                    grad_u[p % 2] = multiply_add(d, a.slope, grad_u[p % 2]);
                    grad_v[p] = multiply_add(d, a.slope, grad_v[p]);
                    grad_weight = multiply_add(d, a.value, grad_weight);
                }
            }
            (V::load(block.grad_u[i]) + (grad_u[0] + grad_u[1])).store(block.grad_u[i]);
        }
        block.grad_weight = block.grad_weight + grad_weight;
        for (int p = 0; p < wide; ++p) {
            Scalar* sum = columns.grad_v + (position + p) * lanes;
            (V::load(sum) + grad_v[p]).store(sum);
        }
    }

    template <bool separable>
    void block_tiles(const Columns& columns, Block& block) const {
        const std::int64_t longest = extent(block.first);
        int reaching = block.count;  // samples with more than `position` positions: extents fall
        for (std::int64_t position = 0; position < longest; position += width) {
            while (reaching > 0 && extent(block.first + reaching - 1) <= position) --reaching;
            int full = reaching;
            while (full > 0 && extent(block.first + full - 1) < position + width) --full;
            if (full > 0) tile<width, separable>(columns, block, 0, full, position);
            // The others end within this tile: each run of equal extents gets a tile of just its
            // width.
            for (int from = full; from < reaching;) {
                const int rest = static_cast<int>(extent(block.first + from) - position);
                int to = from + 1;
                while (to < reaching && extent(block.first + to) - position == rest) ++to;
                tile_of_width<width - 1, separable>(rest, columns, block, from, to, position);
                from = to;
            }
        }
    }

    template <int wide, bool separable>
    void tile_of_width(int wanted, const Columns& columns, Block& block, int from, int to,
                       std::int64_t position) const {
        if (wanted == wide) return tile<wide, separable>(columns, block, from, to, position);
        if constexpr (wide > 1)
            tile_of_width<wide - 1, separable>(wanted, columns, block, from, to, position);
    }

    void column_block(std::int64_t index) const {
        Columns columns = load_columns(index);
        Block block;
        for (std::int64_t first = 0; first < task.shape.batch; first += samples_per_block) {
            load_block(columns, first, block);
            if (activation == Activation::silu && !columns.is_large && !block.is_large)
                block_tiles<true>(columns, block);
            else block_tiles<false>(columns, block);
            store_block(columns, block);
        }
        store_columns(columns);
    }

    void run() const {
        const std::int64_t column_blocks = rounded_up(task.shape.hidden, lanes) / lanes;
        [[maybe_unused]] const bool parallel =
            double(task.shape.batch) * double(positions()) * double(task.shape.hidden) > 1e5;
#pragma omp parallel if (parallel)
        {
#pragma omp for schedule(static, 16)
            for (std::int64_t i = 0; i < task.shape.batch; ++i) differentiate_links(i);
#pragma omp for schedule(dynamic)
            for (std::int64_t i = 0; i < column_blocks; ++i) column_block(i);
        }
    }
};

template <class V>
void backward(Activation activation, const BackwardTask<typename V::Scalar>& task) {
    switch (activation) {
        case Activation::relu:
            return CpuBackward<V, Activation::relu>{task}.run();
        case Activation::gelu:
            return CpuBackward<V, Activation::gelu>{task}.run();
        case Activation::silu:
            return CpuBackward<V, Activation::silu>{task}.run();
    }
}

}  // namespace decodemeter::kernels
