#include "profiler/molmo/network/rotary.hpp"

#include <ATen/ops/addcmul.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/roll.h>

#include <cmath>

namespace decodemeter::molmo {

RotaryTable make_rotary_table(std::int64_t positions, std::int64_t head_dim, double theta,
                              at::Device device) {
    const std::int64_t half = head_dim / 2;
    at::Tensor cosine = at::empty({positions, head_dim}, at::kFloat);
    at::Tensor sine = at::empty({positions, head_dim}, at::kFloat);
    float* cosines = cosine.mutable_data_ptr<float>();
    float* sines = sine.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < half; ++i) {
        const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
        const float frequency =
            1.0F / static_cast<float>(std::pow(theta, static_cast<double>(exponent)));
        for (std::int64_t position = 0; position < positions; ++position) {
            const float angle = static_cast<float>(position) * frequency;
            const std::int64_t row = position * head_dim;
            cosines[row + i] = cosines[row + half + i] = std::cos(angle);
            sines[row + half + i] = std::sin(angle);
            sines[row + i] = -sines[row + half + i];
        }
    }
    return {cosine.to(device), sine.to(device)};
}

at::Tensor rotate(const at::Tensor& x, const RotaryTable& table, std::int64_t first_position) {
    const std::int64_t tokens = x.size(0);
    const at::Tensor cosine = table.cosine.narrow(0, first_position, tokens).unsqueeze(1);
    const at::Tensor sine = table.signed_sine.narrow(0, first_position, tokens).unsqueeze(1);
    const at::Tensor full = x.to(at::kFloat);
    const at::Tensor swapped = at::roll(full, {x.size(2) / 2}, {-1});
    return at::mul(full, cosine).addcmul_(swapped, sine).to(x.scalar_type());
}

}  // namespace decodemeter::molmo
