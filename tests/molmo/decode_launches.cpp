#include "tests/molmo/decode_launches.hpp"

#include <ATen/ops/argmax.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "profiler/molmo/network/decoder.hpp"

namespace decodemeter::test {

DecodeLaunches decode_launches(const molmo::ModelConfig& config, at::ScalarType dtype,
                               int context) {
    const c10::InferenceMode guard;
    StandInDevice device;
    const at::TensorOptions options = at::TensorOptions(dtype).device(StandInDevice::device());
    molmo::ModelConfig one_layer = config;
    one_layer.layers = 1;
    const molmo::DecoderWeights weights = molmo::allocate_parameters(one_layer, options).decoder;
    molmo::KvCache cache;
    cache.prepare(1, config.kv_heads, context + 1, config.head_dim, options);
    const molmo::RotaryTable rotary = molmo::make_rotary_table(
        context + 1, config.head_dim, config.rope_theta, StandInDevice::device());
    const molmo::DecoderKnobs knobs{config.experts ? config.experts->top_k : 0, {0}};
    const at::Tensor token = at::zeros({1}, options.dtype(at::kLong));

    DecodeLaunches launches;
    const auto move_to = [&](std::vector<DeviceOperation>& target) {
        target.insert(target.end(), device.operations().begin(), device.operations().end());
        device.clear();
    };
    device.clear();
    const at::Tensor embedded = at::embedding(weights.embedding, token);
    move_to(launches.outside);
    const at::Tensor x =
        molmo::run_blocks(embedded, context, weights, one_layer, knobs, rotary, cache);
    move_to(launches.layer);
    at::argmax(molmo::unembed(molmo::final_hidden(x, weights, one_layer), weights), -1)
        .item<std::int64_t>();
    move_to(launches.outside);
    return launches;
}

std::map<std::string, int> count_by_name(const std::vector<DeviceOperation>& operations,
                                         DeviceCall call) {
    std::map<std::string, int> counts;
    for (const DeviceOperation& operation : operations)
        counts[operation.name] += operation.call == call;
    std::erase_if(counts, [](const auto& entry) { return entry.second == 0; });
    return counts;
}

}  // namespace decodemeter::test
