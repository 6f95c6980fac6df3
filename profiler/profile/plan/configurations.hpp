// The configurations of a run: every combination of the knob lists.
#pragma once

#include <optional>
#include <vector>

#include "profiler/molmo/model_description.hpp"
#include "profiler/record/config_key.hpp"

namespace decodemeter {

struct KnobLists {
    std::vector<std::optional<Tier>> tiers = {std::nullopt};
    std::vector<int> top_k;   // empty: the model's own
    std::vector<int> blocks;  // empty: all
    std::vector<int> dropped_first =
        {};  // block indices in the order in which they are left out; empty: the last ones go first
    int max_crops = 12;
};

struct Configuration {
    ConfigKey key;
    std::vector<int> active_blocks;
};

// Throws InputError for a knob that the model does not have.
std::vector<Configuration> make_configurations(const molmo::ModelDescription& model,
                                               const KnobLists& knobs);

// The `count` of `total` blocks that run. Throws InputError when the count is impossible.
std::vector<int> choose_blocks(int count, int total, const std::vector<int>& dropped_first);

}  // namespace decodemeter
