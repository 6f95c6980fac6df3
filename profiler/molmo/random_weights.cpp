#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <cmath>

#include "profiler/molmo/parameters.hpp"

namespace decodemeter::molmo {

namespace {

// SplitMix64's finaliser: a value for each (seed, tensor, index) without any state, so that tensors may be filled
// in parallel and in any order.
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

std::uint64_t hash_name(const std::string& name) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

// Uniform values of standard deviation `deviation` about `center`; one 64-bit mix gives four of them.
template <class Scalar>
void fill_uniform(Scalar* values, std::int64_t count, std::uint64_t stream, float center, float deviation) {
    const float scale = deviation * 3.4641016F / 65536.0F;  // a uniform variable's range is sqrt(12) deviations
    const std::int64_t groups = (count + 3) / 4;
    at::parallel_for(0, groups, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t group = begin; group < end; ++group) {
            const std::uint64_t bits = mix(stream + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(group + 1));
            for (std::int64_t j = 0; j < 4 && 4 * group + j < count; ++j) {
                const auto part = static_cast<float>(bits >> (16 * j) & 0xffff) - 32767.5F;
                values[4 * group + j] = static_cast<Scalar>(center + scale * part);
            }
        }
    });
}

void fill(const at::Tensor& target, std::uint64_t stream, float center, float deviation) {
    at::Tensor host = target.is_cpu() && target.is_contiguous()
                          ? target
                          : at::empty(target.sizes(), target.options().device(at::kCPU));
    if (host.scalar_type() == at::kFloat) {
        fill_uniform(host.mutable_data_ptr<float>(), host.numel(), stream, center, deviation);
    } else {
        fill_uniform(host.mutable_data_ptr<at::BFloat16>(), host.numel(), stream, center, deviation);
    }
    if (!host.is_same(target)) target.copy_(host);
}

}  // namespace

void fill_random(const Parameters& parameters, const ModelConfig& config, std::uint64_t seed,
                 const std::function<void(std::int64_t, std::int64_t)>& progress) {
    const std::vector<NamedParameter> named = named_parameters(parameters, config);
    std::int64_t total = 0, done = 0;
    for (const NamedParameter& parameter : named) total += static_cast<std::int64_t>(parameter.tensor.nbytes());
    for (const NamedParameter& parameter : named) {
        const std::uint64_t stream = mix(seed) ^ hash_name(parameter.name);
        switch (parameter.kind) {
            case ParameterKind::norm_weight:
                fill(parameter.tensor, stream, 1.0F, 0.05F);
                break;
            case ParameterKind::bias:
                fill(parameter.tensor, stream, 0.0F, 0.02F);
                break;
            // Keeps the scale of what passes through whatever the width is.
            case ParameterKind::matrix:
                fill(parameter.tensor, stream, 0.0F, 0.9F / std::sqrt(static_cast<float>(parameter.tensor.size(-1))));
                break;
        }
        done += static_cast<std::int64_t>(parameter.tensor.nbytes());
        if (progress) progress(done, total);
    }
}

}  // namespace decodemeter::molmo
