#include "estimator/predictor/dense_network.hpp"

#include <algorithm>
#include <cmath>

namespace decodemeter {

namespace {

double activate(DenseActivation activation, double x) noexcept {
    switch (activation) {
        case DenseActivation::tanh:
            return std::tanh(x);
        case DenseActivation::silu:
            return x / (1 + std::exp(-x));
        case DenseActivation::identity:
            break;
    }
    return x;
}

}  // namespace

Features features_of(const Request& request) noexcept {
    return {static_cast<double>(request.vision_tokens), static_cast<double>(request.text_tokens),
            static_cast<double>(request.tier), static_cast<double>(request.top_k),
            static_cast<double>(request.active_blocks)};
}

Features Normalizer::operator()(const Features& features) const noexcept {
    Features normalized;
    for (std::size_t i = 0; i < feature_count; ++i)
        normalized[i] = (features[i] - mean[i]) / deviation[i];
    return normalized;
}

std::array<double, 2> DenseNetwork::operator()(const Request& request) const noexcept {
    std::array<double, widest_layer> current;
    std::array<double, widest_layer> next;
    const Features input = normalizer(features_of(request));
    std::copy(input.begin(), input.end(), current.begin());
    for (const DenseLayer& layer : layers) {
        for (int row = 0; row < layer.outputs; ++row) {
            const double* weight =
                layer.weight.data() + static_cast<std::size_t>(row) * layer.inputs;
            double sum = layer.bias[row];
            for (int column = 0; column < layer.inputs; ++column)
                sum += weight[column] * current[column];
            next[row] = activate(layer.activation, sum);
        }
        std::copy_n(next.begin(), layer.outputs, current.begin());
    }
    const bool two = !layers.empty() && layers.back().outputs > 1;
    return {current[0], two ? current[1] : 0.0};
}

}  // namespace decodemeter
