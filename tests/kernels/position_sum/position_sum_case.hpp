// A position sum with made-up inputs, its float64 reference, and the implementations to compare
// with it.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

// An array between guards that must stay as they are, full of NaN (or -1) at first.
template <class T>
class Guarded {
public:
    explicit Guarded(std::int64_t size = 0)
        : size_(size), all_(static_cast<std::size_t>(size + 2 * guard), poison()) {}

    T* data() { return all_.data() + guard; }
    const T* data() const { return all_.data() + guard; }
    T& operator[](std::int64_t i) { return data()[i]; }
    const T& operator[](std::int64_t i) const { return data()[i]; }
    std::int64_t size() const { return size_; }
    bool intact() const {
        for (std::int64_t i = 0; i < guard; ++i)
            if (!is_poison(data()[-1 - i]) || !is_poison(data()[size_ + i])) return false;
        return true;
    }
    // Bit for bit, but a NaN equals a NaN.
    friend bool operator==(const Guarded& a, const Guarded& b) {
        if (a.size_ != b.size_) return false;
        for (std::int64_t i = 0; i < a.size_; ++i)
            if (!(a[i] == b[i]) && !(a[i] != a[i] && b[i] != b[i])) return false;
        return true;
    }

private:
    static constexpr std::int64_t guard = 64;
    static T poison() {
        if constexpr (std::numeric_limits<T>::has_quiet_NaN)
            return std::numeric_limits<T>::quiet_NaN();
        else return T(-1);
    }
    static bool is_poison(T x) {
        if constexpr (std::numeric_limits<T>::has_quiet_NaN) return x != x;
        else return x == T(-1);
    }

    std::int64_t size_;
    std::vector<T> all_;
};

enum class Weighting { none, by_sample, table };

struct Case {
    PositionSumShape shape;
    PositionSumOptions options;
    std::int64_t padding = 0;  // between rows of U and of V
    Guarded<float> u;
    Guarded<float> v;
    Guarded<float> head_weight;
    Guarded<float> head_bias;
    Guarded<float> weights;
    Guarded<float> grad_sum;
    Guarded<float> grad_values;
    Guarded<std::int32_t> counts;
    Guarded<std::int32_t> weight_row;
    std::int64_t weight_rows = 0;
    bool weights_learn = true;  // asks for the gradient of the weights, if there are any
    bool with_values = false;   // asks for the values, and gives a gradient of them

    PositionSumInputs<float> inputs() const {
        PositionSumInputs<float> in;
        in.config_part = u.data();
        in.position_part = v.data();
        in.config_stride = in.position_stride = shape.hidden + padding;
        in.head_weight = head_weight.data();
        in.head_bias = head_bias.data();
        if (counts.size() > 0) in.counts = counts.data();
        if (weight_rows > 0) in.weights = weights.data();
        if (weight_row.size() > 0) in.weight_row = weight_row.data();
        return in;
    }
    std::int64_t extent(std::int64_t b) const {
        const std::int64_t n = counts.size() > 0 ? counts[b] : shape.positions;
        return n < 0 ? 0 : n > shape.positions ? shape.positions : n;
    }
    std::int64_t row_of(std::int64_t b) const { return weight_row.size() > 0 ? weight_row[b] : b; }
    float weight(std::int64_t b, std::int64_t p) const {
        return weight_rows > 0 ? weights[row_of(b) * shape.positions + p] : 1.0f;
    }
};

inline void fill(Guarded<float>& array, std::int64_t size, std::mt19937& random, float scale) {
    std::normal_distribution<float> normal(0, scale);
    array = Guarded<float>(size);
    for (std::int64_t i = 0; i < size; ++i) array[i] = normal(random);
}

// Ragged counts, some 0, negative or beyond the table.
inline Case make_case(PositionSumShape shape, PositionSumOptions options,
                      Weighting weighting = Weighting::none, bool with_values = false,
                      std::int64_t padding = 0) {
    std::mt19937 random(
        static_cast<unsigned>(1 + shape.batch * 31 + shape.positions * 7 + shape.hidden));
    Case made;
    made.shape = shape;
    made.options = options;
    made.padding = padding;
    made.with_values = with_values;
    const std::int64_t row = shape.hidden + padding;
    fill(made.u, shape.batch * row, random, 1);
    fill(made.v, shape.positions * row, random, 1);
    for (Guarded<float>* rows : {&made.u, &made.v})
        for (std::int64_t i = 0; i < rows->size(); ++i)
            if (i % row >= shape.hidden) (*rows)[i] = std::numeric_limits<float>::quiet_NaN();
    fill(made.head_weight, shape.hidden, random,
         0.5f / std::sqrt(static_cast<float>(shape.hidden) + 1));
    fill(made.head_bias, 1, random, 0.5f);
    // All positive: a sum that cancels has no relative error to speak of.
    fill(made.grad_sum, shape.batch, random, 1);
    for (std::int64_t b = 0; b < shape.batch; ++b)
        made.grad_sum[b] = 0.1f + std::fabs(made.grad_sum[b]);
    if (with_values) fill(made.grad_values, shape.batch * shape.positions, random, 1);
    if (weighting == Weighting::none) {
        made.counts = Guarded<std::int32_t>(shape.batch);
        std::uniform_int_distribution<std::int32_t> count(
            -1, static_cast<std::int32_t>(shape.positions) + 2);
        for (std::int64_t b = 0; b < shape.batch; ++b) made.counts[b] = count(random);
        return made;
    }
    made.weight_rows = weighting == Weighting::table ? 3 : shape.batch;
    fill(made.weights, made.weight_rows * shape.positions, random, 1);
    for (std::int64_t i = 0; i < made.weights.size(); ++i)
        if (random() % 3 == 0 || i % (shape.positions + 1) > shape.positions / 2)
            made.weights[i] = 0;
    if (weighting == Weighting::by_sample) return made;
    made.weight_row = Guarded<std::int32_t>(shape.batch);
    for (std::int64_t b = 0; b < shape.batch; ++b)
        made.weight_row[b] = static_cast<std::int32_t>(random() % 3);
    return made;
}

// All of U and V in halves, so that many u + v are exactly 0, where relu' is 0.
inline Case with_ties(Case made) {
    for (Guarded<float>* rows : {&made.u, &made.v})
        for (std::int64_t i = 0; i < rows->size(); ++i) (*rows)[i] = std::round(2 * (*rows)[i]) / 2;
    return made;
}

// Weights that do not learn need no values, so a sample's sum may end at its last weight that is
// not 0.
inline Case with_fixed_weights(Case made) {
    made.weights_learn = false;
    return made;
}

// What an implementation gives, or the reference in double.
template <class Scalar>
struct Results {
    Guarded<Scalar> sum, values, slopes, u, v, head_weight, head_bias, weights;
    Guarded<std::int32_t> visit;

    bool intact = true;  // nothing was written outside, the workspace included

    bool guards_intact() const {
        return sum.intact() && values.intact() && slopes.intact() && u.intact() && v.intact() &&
               head_weight.intact() && head_bias.intact() && weights.intact() && visit.intact();
    }
    // All but the order of visiting.
    friend bool same_bits(const Results& a, const Results& b) {
        return a.sum == b.sum && a.values == b.values && a.u == b.u && a.v == b.v &&
               a.head_weight == b.head_weight && a.head_bias == b.head_bias &&
               a.weights == b.weights;
    }
};

template <class Scalar>
Results<Scalar> room_for(const Case& of) {
    const PositionSumShape& s = of.shape;
    const bool weights_learn = of.weight_rows > 0 && of.weights_learn;
    const bool keeps_values = of.with_values || weights_learn;
    return {Guarded<Scalar>(s.batch),
            Guarded<Scalar>(keeps_values ? s.batch * s.positions : 0),
            Guarded<Scalar>(s.batch * s.positions),
            Guarded<Scalar>(s.batch * s.hidden),
            Guarded<Scalar>(s.positions * s.hidden),
            Guarded<Scalar>(s.hidden),
            Guarded<Scalar>(1),
            Guarded<Scalar>(weights_learn ? of.weight_rows * s.positions : 0),
            Guarded<std::int32_t>(2 * s.batch),
            true};
}

// --- float64

struct Two {
    double value;
    double slope;
};

inline Two activated(Activation activation, double x) {
    if (activation == Activation::relu) return {x <= 0 ? 0 : x, x <= 0 ? 0.0 : 1.0};
    const double k = std::sqrt(2 / M_PI);
    const double inner = k * (x + 0.044715 * x * x * x);
    const double t = std::tanh(inner);
    const double s = 1 / (1 + std::exp(-x));
    if (activation == Activation::silu) return {x * s, s + x * s * (1 - s)};
    return {0.5 * x * (1 + t),
            0.5 * (1 + t) + 0.5 * x * (1 - t * t) * k * (1 + 3 * 0.044715 * x * x)};
}

inline Two reference_link(Link link, double y) {
    if (link == Link::identity) return {y, 1};
    if (link == Link::exp) return {std::exp(y), std::exp(y)};
    return {std::fmax(y, 0) + std::log1p(std::exp(-std::fabs(y))), 1 / (1 + std::exp(-y))};
}

inline Results<double> reference(const Case& of) {
    const auto [batch, positions, hidden] = of.shape;
    const std::int64_t row = hidden + of.padding;
    Results<double> out = room_for<double>(of);
    for (auto* array :
         {&out.sum, &out.values, &out.u, &out.v, &out.head_weight, &out.head_bias, &out.weights})
        for (std::int64_t i = 0; i < array->size(); ++i) (*array)[i] = 0;
    for (std::int64_t b = 0; b < batch; ++b) {
        for (std::int64_t p = 0; p < of.extent(b); ++p) {
            double y = of.head_bias[0];
            for (std::int64_t h = 0; h < hidden; ++h)
                y += of.head_weight[h] *
                     activated(of.options.activation, double(of.u[b * row + h]) + of.v[p * row + h])
                         .value;
            const Two g = reference_link(of.options.link, y);
            const double w = of.weight(b, p);
            if (w != 0) out.sum[b] += w * g.value;
            if (out.values.size() > 0) out.values[b * positions + p] = g.value;
            if (out.weights.size() > 0)
                out.weights[of.row_of(b) * positions + p] += of.grad_sum[b] * g.value;
            const double grad_value = of.with_values ? of.grad_values[b * positions + p] : 0.0;
            const double grad_y = (of.grad_sum[b] * w + grad_value) * g.slope;
            out.head_bias[0] += grad_y;
            for (std::int64_t h = 0; h < hidden; ++h) {
                const Two a =
                    activated(of.options.activation, double(of.u[b * row + h]) + of.v[p * row + h]);
                out.u[b * hidden + h] += grad_y * of.head_weight[h] * a.slope;
                out.v[p * hidden + h] += grad_y * of.head_weight[h] * a.slope;
                out.head_weight[h] += grad_y * a.value;
            }
        }
    }
    return out;
}

// Largest error in units of the largest value; infinity where an element is not a number.
inline double relative_error(const Guarded<float>& got, const Guarded<double>& expected) {
    double error = 0;
    double scale = 0;
    for (std::int64_t i = 0; i < expected.size(); ++i) {
        const double e = std::fabs(got[i] - expected[i]);
        error = e >= 0 ? std::fmax(error, e) : HUGE_VAL;
        scale = std::fmax(scale, std::fabs(expected[i]));
    }
    return error == 0 ? 0 : error / scale;
}

// --- implementations

struct Implementation {
    std::string name;
    std::function<PositionSumWorkspace(const PositionSumShape&)> workspace;
    std::function<void(const Case&, const PositionSumOutputs<float>&, void*)> forward;
    std::function<void(const Case&, const PositionSumSaved<float>&,
                       const PositionSumGradients<float>&, void*)>
        backward;
};

// Forward and backward, with poison wherever the implementation must write before it reads.
inline Results<float> run(const Implementation& implementation, const Case& of) {
    Results<float> out = room_for<float>(of);
    const PositionSumWorkspace bytes = implementation.workspace(of.shape);
    const auto room = [](std::size_t n) {
        return Guarded<double>(static_cast<std::int64_t>((n + 71) / 8));
    };
    const auto aligned = [](Guarded<double>& array) {
        return reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(array.data()) + 63) / 64 *
                                       64);
    };
    Guarded<double> forward = room(bytes.forward_bytes);
    Guarded<double> backward = room(bytes.backward_bytes);
    float* values = out.values.size() > 0 ? out.values.data() : nullptr;
    const bool is_identity = of.options.link == Link::identity;
    float* slopes = is_identity ? nullptr : out.slopes.data();
    implementation.forward(of, {out.sum.data(), values, slopes, out.visit.data()},
                           aligned(forward));
    const float* grad_values = of.with_values ? of.grad_values.data() : nullptr;
    PositionSumGradients<float> gradients{
        out.u.data(), out.v.data(), out.head_weight.data(), out.head_bias.data(), nullptr, 0};
    if (out.weights.size() > 0) {
        gradients.weights = out.weights.data();
        gradients.weight_rows = of.weight_rows;
    }
    implementation.backward(of, {slopes, values, out.visit.data(), of.grad_sum.data(), grad_values},
                            gradients, aligned(backward));
    out.intact = out.guards_intact() && forward.intact() && backward.intact();
    return out;
}

// The error of each result in units of its tolerance; 1 or less is right. Infinite where something
// was written that is not the caller's to write.
inline double excess(const Results<float>& got, const Results<double>& expected) {
    if (!got.intact) return HUGE_VAL;
    double worst = std::fmax(relative_error(got.sum, expected.sum),
                             relative_error(got.values, expected.values)) /
                   1e-6;
    const double gradients[] = {relative_error(got.u, expected.u),
                                relative_error(got.v, expected.v),
                                relative_error(got.head_weight, expected.head_weight),
                                relative_error(got.head_bias, expected.head_bias),
                                relative_error(got.weights, expected.weights)};
    for (const double error : gradients) worst = std::fmax(worst, error / 1e-5);
    return worst;
}

}  // namespace decodemeter::kernels
