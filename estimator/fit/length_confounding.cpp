#include "estimator/fit/length_confounding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t fewest_rows = 40;
constexpr double least_share = 0.25;
constexpr double nearly_as_much = 0.8;

struct LabeledLength {
    int label;
    double log_steps;
};

// The share of the variance that lies between labels, adjusted for the number of labels (epsilon
// squared): about 0 where the labels say nothing.
double explained_share(const std::vector<LabeledLength>& lengths) {
    std::map<int, std::vector<double>> groups;
    std::vector<double> all;
    for (const LabeledLength& length : lengths) {
        groups[length.label].push_back(length.log_steps);
        all.push_back(length.log_steps);
    }
    const double center = mean(all);
    double total = 0;
    double within = 0;
    for (const double value : all) total += (value - center) * (value - center);
    for (const auto& [label, values] : groups) {
        const double own = mean(values);
        for (const double value : values) within += (value - own) * (value - own);
    }
    const double freedom = static_cast<double>(all.size()) - static_cast<double>(groups.size());
    if (total <= 0 || freedom <= 0) return 0;
    return 1 - within / freedom / (total / (static_cast<double>(all.size()) - 1));
}

template <class Label>
double share_by(const Dataset& dataset, std::span<const int> rows, const Label& label) {
    std::vector<LabeledLength> lengths;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        if (row.steps() > 0) lengths.push_back({label(row), std::log(row.steps())});
    }
    return lengths.size() < fewest_rows ? 0 : explained_share(lengths);
}

}  // namespace

std::optional<LengthConfounding> find_length_confounding(const Dataset& dataset,
                                                         std::span<const int> rows) {
    const double configuration = share_by(dataset, rows, [](const Row& row) { return row.config; });
    LengthConfounding worst{"configuration", nearly_as_much * configuration};
    const auto consider = [&](const char* name, int Request::*knob) {
        const double share =
            share_by(dataset, rows, [&](const Row& row) { return row.request.*knob; });
        if (share > worst.explained_share) worst = {name, share};
    };
    consider("tier", &Request::tier);
    consider("top_k", &Request::top_k);
    consider("num_active_blocks", &Request::active_blocks);
    if (worst.knob == "configuration") worst.explained_share = configuration;
    if (worst.explained_share < least_share) return std::nullopt;
    return worst;
}

std::string to_string(const LengthConfounding& confounding) {
    return fmt::format(
        "{} explains {:.0f} % of the variance of the answers' lengths: its effect and the length's "
        "cannot be told apart, and the bounds are widened to the hierarchical ones",
        confounding.knob, 100 * confounding.explained_share);
}

}  // namespace decodemeter
