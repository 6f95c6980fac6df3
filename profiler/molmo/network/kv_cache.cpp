#include "profiler/molmo/network/kv_cache.hpp"

#include <ATen/ops/empty.h>

namespace decodemeter::molmo {

void KvCache::prepare(std::int64_t blocks, std::int64_t kv_heads, std::int64_t positions,
                      std::int64_t head_dim, const at::TensorOptions& options) {
    // Rounded up, so that answers of slightly different lengths share one allocation.
    constexpr std::int64_t granule = 256;
    if (!keys_.empty() && keys_.front().size(1) < positions) {
        keys_.clear();
        values_.clear();
    }
    const std::int64_t capacity =
        keys_.empty() ? (positions + granule - 1) / granule * granule : keys_.front().size(1);
    while (keys_.size() < static_cast<std::size_t>(blocks)) {
        keys_.push_back(at::empty({kv_heads, capacity, head_dim}, options));
        values_.push_back(at::empty({kv_heads, capacity, head_dim}, options));
    }
}

void KvCache::store(std::size_t active_block, std::int64_t first, const at::Tensor& k,
                    const at::Tensor& v) {
    keys_[active_block].narrow(1, first, k.size(0)).copy_(k.transpose(0, 1));
    values_[active_block].narrow(1, first, v.size(0)).copy_(v.transpose(0, 1));
}

at::Tensor KvCache::keys(std::size_t active_block, std::int64_t length) const {
    return keys_[active_block].narrow(1, 0, length);
}

at::Tensor KvCache::values(std::size_t active_block, std::int64_t length) const {
    return values_[active_block].narrow(1, 0, length);
}

}  // namespace decodemeter::molmo
