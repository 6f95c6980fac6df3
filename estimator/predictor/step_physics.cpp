#include "estimator/predictor/step_physics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "estimator/predictor/dot.hpp"
#include "estimator/predictor/image_geometry.hpp"

namespace decodemeter {

// To 1e-10 by the series of Euler and Maclaurin from 8 on.
double harmonic(int n) noexcept {
    if (n < 8) {
        double sum = 0;
        for (int i = n; i > 0; --i) sum += 1.0 / i;
        return sum;
    }
    const double inverse = 1.0 / n;
    const double square = inverse * inverse;
    return std::log(n) + std::numbers::egamma + inverse / 2 -
           square / 12 * (1 - square / 10 * (1 - square / 2.1));
}

int crops_of(const Request& request) noexcept {
    return request.num_crops > 0 ? request.num_crops
                                 : crops_of_vision_tokens(request.vision_tokens);
}

StepBasis step_range_basis(const Request& request, int first, int last) noexcept {
    if (last < first) return {};
    const double count = last - first + 1.0;
    const double positions = count * (static_cast<double>(first) + last) / 2;
    const double blocks = request.active_blocks;
    const double context = count * request.prompt_tokens() + positions;
    const double settling =
        first == last ? 1.0 / std::max(first, 1) : harmonic(last) - harmonic(first - 1);
    return {count,
            count * blocks,
            count * blocks * request.top_k,
            blocks * context,
            blocks * positions,
            settling};
}

PrefillBasis prefill_basis(const Request& request) noexcept {
    const double blocks = request.active_blocks;
    const double tokens = request.prompt_tokens();
    return {1.0,
            static_cast<double>(crops_of(request)),
            blocks,
            blocks * tokens,
            blocks * tokens * request.top_k,
            blocks * tokens * tokens};
}

double step_ms(const StepPhysics& physics, const Request& request, int step) noexcept {
    return dot(physics.beta, step_range_basis(request, step, step));
}

double decode_ms(const StepPhysics& physics, const Request& request, int output_tokens) noexcept {
    return dot(physics.beta, step_range_basis(request, 1, output_tokens - 1));
}

double prefill_ms(const StepPhysics& physics, const Request& request) noexcept {
    return dot(physics.gamma, prefill_basis(request));
}

}  // namespace decodemeter
