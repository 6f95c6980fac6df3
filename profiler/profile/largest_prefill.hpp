#pragma once

#include <memory>

#include "profiler/molmo/molmo.hpp"

namespace decodemeter {

// The largest request of a run so far. After the allocator's cache was emptied a prefill of it
// brings the cache back, so that no later request pays for that within its times.
class LargestPrefill {
public:
    void offer(std::shared_ptr<const molmo::PreparedInput> input,
               const molmo::GenerateOptions& options);
    // Nothing where none was offered.
    void run(molmo::Molmo& model) const;

private:
    std::shared_ptr<const molmo::PreparedInput> input_;
    molmo::GenerateOptions options_;
};

}  // namespace decodemeter
