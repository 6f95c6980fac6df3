#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace decodemeter::molmo {

// Keys and values of the blocks that run, in buffers that outlive a request: a request that needs
// no more room than an earlier one allocates nothing.
class KvCache {
public:
    // Makes room for `blocks` blocks of `positions` positions and forgets what was cached. Grows,
    // never shrinks.
    void prepare(std::int64_t blocks, std::int64_t kv_heads, std::int64_t positions,
                 std::int64_t head_dim, const at::TensorOptions& options);

    // Stores k and v [tokens, kv_heads, head_dim] of the i-th active block at positions first,
    // first+1, ...
    void store(std::size_t active_block, std::int64_t first, const at::Tensor& k,
               const at::Tensor& v);

    // [kv_heads, length, head_dim]: the first `length` positions of the i-th active block.
    at::Tensor keys(std::size_t active_block, std::int64_t length) const;
    at::Tensor values(std::size_t active_block, std::int64_t length) const;

private:
    std::vector<at::Tensor> keys_;  // [kv_heads, capacity, head_dim] each
    std::vector<at::Tensor> values_;
};

}  // namespace decodemeter::molmo
