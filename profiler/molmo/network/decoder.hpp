#pragma once

#include <vector>

#include "profiler/molmo/network/kv_cache.hpp"
#include "profiler/molmo/network/parameters.hpp"
#include "profiler/molmo/network/rotary.hpp"

namespace decodemeter::molmo {

// The knobs of one request.
struct DecoderKnobs {
    int top_k = 0;
    std::vector<int> active_blocks;  // ascending; the others are identities without KV entries
};

// What the decoder computed, for those who look inside.
struct DecoderProbe {
    std::vector<at::Tensor> block_inputs;  // [tokens, d] of each active block
    std::vector<Routing> routings;         // of each active block
};

// Runs x [tokens, d], at positions first, first+1, ..., through the active blocks. Appends to the
// cache. Prefill is the call with first = 0.
at::Tensor run_blocks(at::Tensor x, std::int64_t first, const DecoderWeights& weights,
                      const ModelConfig& config, const DecoderKnobs& knobs,
                      const RotaryTable& rotary, KvCache& cache, DecoderProbe* probe = nullptr);

// Final norm and unembedding: x [tokens, d], the blocks' output, -> logits [tokens, vocabulary].
at::Tensor final_hidden(const at::Tensor& x, const DecoderWeights& weights,
                        const ModelConfig& config);
at::Tensor unembed(const at::Tensor& hidden, const DecoderWeights& weights);

}  // namespace decodemeter::molmo
