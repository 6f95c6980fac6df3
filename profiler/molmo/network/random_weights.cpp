#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/matvec/widest_vectors.hpp"
#include "profiler/molmo/network/parameters.hpp"

namespace decodemeter::molmo {

namespace {

// SplitMix64's finalizer: a value for each (seed, tensor, index) without any state, so that tensors
// may be filled in parallel and in any order.
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

void store(float value, float& target) { target = value; }

// Round to nearest, ties to even; no value here is a NaN.
void store(float value, at::BFloat16& target) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    target.x = static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

constexpr std::int64_t values_of_a_word = 4;  // 16 bits for each
constexpr std::int64_t batch = 256;           // words, small enough for the first cache

// `count` values, at most a batch, of the words from `first_word` on.
template <class Scalar>
DECODEMETER_WIDEST_VECTORS void fill_batch(Scalar* values, std::int64_t count, std::uint64_t stream,
                                           std::int64_t first_word, float center, float scale) {
    std::array<std::uint64_t, batch> words;
    for (std::int64_t i = 0; i < batch; ++i) {
        words[static_cast<std::size_t>(i)] =
            mix(stream + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(first_word + i + 1));
    }
    std::array<std::uint16_t, values_of_a_word * batch> parts;
    std::memcpy(parts.data(), words.data(), sizeof parts);
    for (std::int64_t i = 0; i < count; ++i) {
        store(center + scale * (static_cast<float>(parts[static_cast<std::size_t>(i)]) - 32767.5F),
              values[i]);
    }
}

// Uniform values of standard deviation `deviation` about `center`.
template <class Scalar>
void fill_uniform(Scalar* values, std::int64_t count, std::uint64_t stream, float center,
                  float deviation) {
    const float scale =
        deviation * 3.4641016F / 65536.0F;  // a uniform variable's range is sqrt(12) deviations
    constexpr std::int64_t values_of_a_batch = values_of_a_word * batch;
    const std::int64_t batches = (count + values_of_a_batch - 1) / values_of_a_batch;
    at::parallel_for(0, batches, 64, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t first = i * values_of_a_batch;
            fill_batch(values + first, std::min(values_of_a_batch, count - first), stream,
                       i * batch, center, scale);
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
        fill_uniform(host.mutable_data_ptr<at::BFloat16>(), host.numel(), stream, center,
                     deviation);
    }
    if (!host.is_same(target)) target.copy_(host);
}

}  // namespace

void fill_random(const Parameters& parameters, const ModelConfig& config, std::uint64_t seed,
                 const std::function<void(std::int64_t, std::int64_t)>& progress) {
    const std::vector<NamedParameter> named = named_parameters(parameters, config);
    std::int64_t total = 0;
    std::int64_t done = 0;
    for (const NamedParameter& parameter : named)
        total += static_cast<std::int64_t>(parameter.tensor.nbytes());
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
                fill(parameter.tensor, stream, 0.0F,
                     0.9F / std::sqrt(static_cast<float>(parameter.tensor.size(-1))));
                break;
        }
        done += static_cast<std::int64_t>(parameter.tensor.nbytes());
        if (progress) progress(done, total);
    }
}

}  // namespace decodemeter::molmo
