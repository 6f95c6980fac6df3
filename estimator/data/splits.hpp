// Which rows models are trained on and which they are tested on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

enum class Split {
    leave_configuration_out,
    leave_level_out,    // each level of top_k, blocks and tier in turn is never seen
    leave_dataset_out,  // each data set in turn
    by_sample,          // optimistic: the configurations of the test rows are in the training rows
};
std::string_view to_string(Split split) noexcept;
std::optional<Split> parse_split(std::string_view text) noexcept;
// For reports: "by sample (optimistic: configurations were seen)".
std::string_view description(Split split) noexcept;

struct Fold {
    std::string label;
    std::vector<int> train;  // without outliers
    std::vector<int> test;   // with outliers
};

// Deterministic for a seed. `folds` is the most that configurations or samples are cut into.
// Throws InputError when the records cannot be split so: one configuration, one data set.
std::vector<Fold> make_folds(const Dataset& dataset, Split split, int folds, std::uint64_t seed);

// Cuts groups 0 ... groups-1 into `parts` random parts of equal size: the part of each group.
std::vector<int> deal_groups(int groups, int parts, std::uint64_t seed);

}  // namespace decodemeter
