#include "profiler/molmo/attention_backend.hpp"

#include <ATen/SDPBackend.h>
#include <ATen/ops/_fused_sdp_choice.h>
#include <ATen/ops/empty.h>

namespace decodemeter::molmo {

namespace {

std::string name_of(std::int64_t choice) {
    switch (static_cast<at::SDPBackend>(choice)) {
        case at::SDPBackend::math:
            return "math";
        case at::SDPBackend::flash_attention:
            return "flash";
        case at::SDPBackend::efficient_attention:
            return "mem_efficient";
        case at::SDPBackend::cudnn_attention:
            return "cudnn";
        default:
            return "other";
    }
}

}  // namespace

AttentionBackend chosen_attention_backend(const ModelConfig& config,
                                          const at::TensorOptions& options) {
    constexpr std::int64_t positions = 64;
    const bool grouped = config.heads != config.kv_heads;
    const at::Tensor keys = at::empty({1, config.kv_heads, positions, config.head_dim}, options);
    const at::Tensor one_query =
        at::empty({1, config.kv_heads, config.heads / config.kv_heads, config.head_dim}, options);
    const at::Tensor queries = at::empty({1, config.heads, positions, config.head_dim}, options);
    return {name_of(at::_fused_sdp_choice(one_query, keys, keys)),
            name_of(at::_fused_sdp_choice(queries, keys, keys, std::nullopt, 0.0,
                                          /*is_causal=*/true, std::nullopt, grouped))};
}

}  // namespace decodemeter::molmo
