// A small fully connected network on the five request features, evaluated without LibTorch.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "estimator/predictor/predictor.hpp"

namespace decodemeter {

inline constexpr std::size_t feature_count = 5;
using Features = std::array<double, feature_count>;

// vision tokens, text tokens, tier, top_k, active blocks: the published order.
Features features_of(const Request& request) noexcept;

// (feature - mean) / deviation; a feature that does not vary has deviation 1.
struct Normalizer {
    Features mean{};
    Features deviation{1, 1, 1, 1, 1};

    Features operator()(const Features& features) const noexcept;
    bool operator==(const Normalizer&) const = default;
};

enum class DenseActivation { identity, tanh, silu };

// y = activation(weight x + bias), weight [outputs, inputs] row-major.
struct DenseLayer {
    int inputs = 0;
    int outputs = 0;
    DenseActivation activation = DenseActivation::identity;
    std::vector<double> weight;
    std::vector<double> bias;

    bool operator==(const DenseLayer&) const = default;
};

// The widest layer that a network may have: evaluation keeps two rows of this many values on the
// stack.
inline constexpr int widest_layer = 512;

struct DenseNetwork {
    Normalizer normalizer;
    std::vector<DenseLayer> layers;

    bool empty() const noexcept { return layers.empty(); }
    // The first two outputs; the second is 0 where there is one only. Allocates nothing.
    std::array<double, 2> operator()(const Request& request) const noexcept;
    bool operator==(const DenseNetwork&) const = default;
};

}  // namespace decodemeter
