// Forward on the CPU: lanes run over positions, h is serial, and a tile of samples x positions
// stays in registers. A tile reads V from panels of [h][lanes], so a load brings one h of all its
// positions. Samples of a tile have similar counts, because they are visited by falling count.
#pragma once

#include "kernels/position_sum/activation.hpp"
#include "kernels/position_sum/cpu_kernels.hpp"
#include "kernels/position_sum/link.hpp"

namespace decodemeter::kernels {

// Below this size of u and v, e^-(u+v) is taken as e^-u e^-v (SiLU): 1 + e^80 is still far from
// overflow.
constexpr double separable_limit = 40;

template <class V>
DECODEMETER_HOST_DEVICE typename V::Scalar sum_of_lanes(V x) {
    typename V::Scalar part[V::lanes];
    x.store(part);
    for (int half = V::lanes / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) part[i] += part[i + half];
    return part[0];
}

template <class V>
DECODEMETER_HOST_DEVICE bool all_ones(V x) {
    bool all = true;
    for (int i = 0; i < V::lanes; ++i) all &= x[i] == typename V::Scalar(1);
    return all;
}

template <class V>
DECODEMETER_HOST_DEVICE V load_up_to(const typename V::Scalar* from, std::int64_t n) {
    return n >= V::lanes ? V::load(from) : V::load_first(from, n > 0 ? static_cast<int>(n) : 0);
}
template <class V>
DECODEMETER_HOST_DEVICE void store_up_to(V x, typename V::Scalar* to, std::int64_t n) {
    if (n >= V::lanes) x.store(to);
    else if (n > 0) x.store_first(to, static_cast<int>(n));
}

template <class V, Activation activation>
struct CpuForward {
    using Scalar = typename V::Scalar;
    static constexpr int lanes = V::lanes;
    static constexpr bool many_registers = V::registers == 32;
    static constexpr int rows =
        activation == Activation::relu ? (many_registers ? 6 : 4) : (many_registers ? 4 : 2);
    static constexpr int vectors = activation == Activation::relu && many_registers ? 4 : 2;
    // Arrays in a panel and in a row: -v for ReLU; v and e^-v for SiLU; v for GELU. u, or u and
    // e^-u, alike.
    static constexpr int parts = activation == Activation::silu ? 2 : 1;
    static constexpr int chunk =
        256;  // of h, for which a tile's rows are brought together on the stack

    struct Rows {
        alignas(64) Scalar part[parts][rows][chunk];
        bool is_large = false;
    };

    struct Sample {
        std::int64_t index = 0;
        std::int64_t extent = 0;
        const Scalar* weights = nullptr;
        V sum{Scalar(0)};
    };

    const ForwardTask<Scalar>& task;

    std::int64_t hidden() const { return task.shape.hidden; }
    const Scalar* panel(std::int64_t i) const { return task.panels + i * hidden() * parts * lanes; }

    // --- V to panels

    void pack(std::int64_t i) const {
        Scalar* to = task.panels + i * hidden() * parts * lanes;
        for (int lane = 0; lane < lanes; ++lane) {
            const std::int64_t position = i * lanes + lane;
            if (position < task.shape.positions) {
                const Scalar* from =
                    task.inputs.position_part + position * task.inputs.position_stride;
                for (std::int64_t h = 0; h < hidden(); ++h) to[h * parts * lanes + lane] = from[h];
            } else {
                for (std::int64_t h = 0; h < hidden(); ++h)
                    to[h * parts * lanes + lane] = Scalar(0);
            }
        }
        const V zero(Scalar(0));
        const V limit(static_cast<Scalar>(separable_limit));
        V dot[4] = {zero, zero, zero, zero};  // ReLU's v . V, in four chains
        V within(Scalar(1));
        for (std::int64_t h = 0; h < hidden(); ++h) {
            Scalar* at = to + h * parts * lanes;
            const V v = V::load(at);
            if constexpr (activation == Activation::relu) {
                dot[h % 4] = multiply_add(V(task.inputs.head_weight[h]), v, dot[h % 4]);
                (zero - v).store(at);
            } else if constexpr (activation == Activation::silu) {
                within = where_greater(limit, absolute(v), within, zero);
                exponential(zero - v).store(at + lanes);
            }
        }
        ((dot[0] + dot[1]) + (dot[2] + dot[3])).store(task.position_dots + i * lanes);
        task.panel_is_large[i] = !all_ones(within);
    }

    // --- tiles

    void gather(const Sample* samples, std::int64_t h0, std::int64_t count, Rows& to) const {
        const V zero(Scalar(0));
        const V limit(static_cast<Scalar>(separable_limit));
        V within(Scalar(1));
        for (int i = 0; i < rows; ++i) {
            const Scalar* from =
                task.inputs.config_part + samples[i].index * task.inputs.config_stride + h0;
            for (std::int64_t h = 0; h < count; h += lanes) {
                const V u = load_up_to<V>(from + h, count - h);
                u.store(to.part[0][i] + h);
                if constexpr (activation == Activation::silu) {
                    exponential(zero - u).store(to.part[1][i] + h);
                    within = where_greater(limit, absolute(u), within, zero);
                }
            }
        }
        to.is_large = !all_ones(within);
    }

    // acc += w act(u + v) over one chunk of h. `at` is the first panel's entry for the chunk's
    // first h.
    template <int width, bool separable>
    void accumulate(const Rows& u, const Scalar* at, const Scalar* weight, std::int64_t count,
                    V (&acc)[rows][width]) const {
        const std::int64_t panel_stride = hidden() * parts * lanes;
        for (std::int64_t h = 0; h < count; ++h) {
            V v[parts][width];
            for (int part = 0; part < parts; ++part)
                for (int j = 0; j < width; ++j)
                    v[part][j] = V::load(at + j * panel_stride + (h * parts + part) * lanes);
            const V w(weight[h]);
#pragma GCC unroll 8
            for (int i = 0; i < rows; ++i) {
                const V a(u.part[0][i][h]);
#pragma GCC unroll 8
                for (int j = 0; j < width; ++j) {
                    if constexpr (activation == Activation::relu) {
                        acc[i][j] = multiply_add(w, relu_excess(a, v[0][j]), acc[i][j]);
                    } else {
                        const V x = a + v[0][j];
                        V denominator;
                        if constexpr (separable) {
                            denominator = multiply_add(V(u.part[parts - 1][i][h]), v[parts - 1][j],
                                                       V(Scalar(1)));
                        } else {
                            denominator = gate_denominator<activation>(x);
                        }
                        acc[i][j] = multiply_add(w, x * reciprocal(denominator), acc[i][j]);
                    }
                }
            }
        }
    }

    // The tile of `rows` samples and `width` panels from panel `first` on.
    template <int width>
    void tile(Sample* samples, std::int64_t first) const {
        V acc[rows][width];
        for (auto& row : acc)
            for (V& y : row) y = V(Scalar(0));
        bool panels_are_large = false;
        for (int j = 0; j < width; ++j) panels_are_large |= task.panel_is_large[first + j] != 0;
        Rows u;
        for (std::int64_t h0 = 0; h0 < hidden(); h0 += chunk) {
            const std::int64_t count = hidden() - h0 < chunk ? hidden() - h0 : chunk;
            gather(samples, h0, count, u);
            const Scalar* at = panel(first) + h0 * parts * lanes;
            const Scalar* weight = task.inputs.head_weight + h0;
            if (activation == Activation::silu && !panels_are_large && !u.is_large) {
                accumulate<width, true>(u, at, weight, count, acc);
            } else {
                accumulate<width, false>(u, at, weight, count, acc);
            }
        }
        const V bias(task.inputs.head_bias[0]);
        for (int j = 0; j < width; ++j) {
            const std::int64_t position = (first + j) * lanes;
            const V dot = V::load(task.position_dots + position);
            for (int i = 0; i < rows; ++i) finish(acc[i][j] + dot + bias, position, samples[i]);
        }
    }

    // Of one sample's lanes of y from `position` on.
    void finish(V y, std::int64_t position, Sample& sample) const {
        const std::int64_t n = sample.extent - position;
        if (n <= 0) return;
        const Linked<V> g = linked(task.link, y);
        const std::int64_t at = sample.index * task.shape.positions + position;
        if (task.outputs.values) store_up_to(g.value, task.outputs.values + at, n);
        if (task.outputs.slopes) store_up_to(g.slope, task.outputs.slopes + at, n);
        const V value = n < lanes ? g.value.keep_first(static_cast<int>(n)) : g.value;
        if (sample.weights) {
            const V w = load_up_to<V>(sample.weights + position, n);
            sample.sum =
                add_where(not_less_equal(absolute(w), V(Scalar(0))), sample.sum, w * value);
        } else {
            sample.sum = sample.sum + value;
        }
    }

    template <int width>
    void tile_of_width(int wanted, Sample* samples, std::int64_t first) const {
        if (wanted == width) return tile<width>(samples, first);
        if constexpr (width > 1) tile_of_width<width - 1>(wanted, samples, first);
    }

    // Samples `first_sample` ... of the visiting order, and all their positions.
    void group(std::int64_t first_sample) const {
        Sample samples[rows];
        const std::int64_t left = task.shape.batch - first_sample;
        const std::int64_t count = left < rows ? left : rows;
        for (int i = 0; i < rows; ++i)
            samples[i] = sample(task.visit.order[first_sample + (i < count ? i : 0)]);
        for (std::int64_t i = count; i < rows; ++i)
            samples[i].extent = 0;  // repeats the first one, to no effect
        const std::int64_t panels = rounded_up(samples[0].extent, lanes) / lanes;
        for (std::int64_t p = 0; p < panels; p += vectors) {
            tile_of_width<vectors>(static_cast<int>(panels - p < vectors ? panels - p : vectors),
                                   samples, p);
        }
        for (int i = 0; i < count; ++i) {
            if (task.outputs.sum) task.outputs.sum[samples[i].index] = sum_of_lanes(samples[i].sum);
            if (!task.outputs.values) continue;
            Scalar* values = task.outputs.values + samples[i].index * task.shape.positions;
            for (std::int64_t p = samples[i].extent; p < task.shape.positions; ++p)
                values[p] = Scalar(0);
        }
    }

    Sample sample(std::int64_t index) const {
        Sample s;
        s.index = index;
        s.extent = task.visit.extents[index];
        if (task.inputs.weights) {
            const std::int64_t row = task.inputs.weight_row ? task.inputs.weight_row[index] : index;
            s.weights = task.inputs.weights + row * task.shape.positions;
        }
        return s;
    }

    void run() const {
        const std::int64_t panels = rounded_up(task.shape.positions, lanes) / lanes;
        const std::int64_t groups = rounded_up(task.shape.batch, rows) / rows;
        // Starting the threads costs about as much as 100,000 multiplications.
        [[maybe_unused]] const bool parallel =
            double(task.shape.batch) * double(task.shape.positions) * double(hidden()) > 1e5;
#pragma omp parallel if (parallel)
        {
#pragma omp for schedule(dynamic)
            for (std::int64_t i = 0; i < panels; ++i) pack(i);
                // The longest groups come first, so the shortest ones fill the gaps.
#pragma omp for schedule(dynamic)
            for (std::int64_t i = 0; i < groups; ++i) group(i * rows);
        }
    }
};

template <class V>
void forward(Activation activation, const ForwardTask<typename V::Scalar>& task) {
    switch (activation) {
        case Activation::relu:
            return CpuForward<V, Activation::relu>{task}.run();
        case Activation::gelu:
            return CpuForward<V, Activation::gelu>{task}.run();
        case Activation::silu:
            return CpuForward<V, Activation::silu>{task}.run();
    }
}

}  // namespace decodemeter::kernels
