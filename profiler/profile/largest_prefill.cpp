#include "profiler/profile/largest_prefill.hpp"

#include <utility>

namespace decodemeter {

void LargestPrefill::offer(std::shared_ptr<const molmo::PreparedInput> input,
                           const molmo::GenerateOptions& options) {
    const auto size = [](const molmo::PreparedInput& one) {
        const molmo::InputFacts& facts = molmo::Molmo::facts(one);
        return std::pair(facts.prompt_tokens, facts.crops);
    };
    if (input_ && size(*input) <= size(*input_)) return;
    input_ = std::move(input);
    options_ = options;
    options_.extent = molmo::Extent::prefill;
}

void LargestPrefill::run(molmo::Molmo& model) const {
    if (!input_) return;
    NullObserver nobody;
    model.generate(*input_, options_, nobody);
    model.synchronize();
}

}  // namespace decodemeter
