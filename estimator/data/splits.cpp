#include "estimator/data/splits.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <random>
#include <set>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

constexpr std::array<std::string_view, 4> names = {"leave_configuration_out", "leave_level_out",
                                                   "leave_data_set_out", "by_sample"};

Fold make_fold(const Dataset& dataset, std::string label, const std::function<bool(int)>& is_test) {
    Fold fold;
    fold.label = std::move(label);
    for (int i = 0; i < static_cast<int>(dataset.rows.size()); ++i) {
        if (is_test(i)) fold.test.push_back(i);
        else if (!dataset.rows[i].outlier) fold.train.push_back(i);
    }
    return fold;
}

void add_if_usable(std::vector<Fold>& folds, Fold fold) {
    if (!fold.train.empty() && !fold.test.empty()) folds.push_back(std::move(fold));
}

std::vector<Fold> grouped_folds(const Dataset& dataset, int groups, int parts, std::uint64_t seed,
                                const std::function<int(int)>& group_of) {
    parts = std::min(parts, groups);
    const std::vector<int> part = deal_groups(groups, parts, seed);
    std::vector<Fold> folds;
    for (int i = 0; i < parts; ++i) {
        add_if_usable(folds, make_fold(dataset, "part " + std::to_string(i + 1),
                                       [&](int row) { return part[group_of(row)] == i; }));
    }
    return folds;
}

std::vector<Fold> level_folds(const Dataset& dataset) {
    struct Knob {
        const char* name;
        int Request::*value;
    };
    std::vector<Fold> folds;
    for (const Knob& knob : {Knob{"tier", &Request::tier}, Knob{"top_k", &Request::top_k},
                             Knob{"num_active_blocks", &Request::active_blocks}}) {
        std::set<int> levels;
        for (const Row& row : dataset.rows) levels.insert(row.request.*knob.value);
        if (levels.size() < 2) continue;
        for (const int level : levels) {
            add_if_usable(
                folds,
                make_fold(dataset, std::string(knob.name) + " " + std::to_string(level),
                          [&](int row) { return dataset.rows[row].request.*knob.value == level; }));
        }
    }
    return folds;
}

std::vector<Fold> dataset_folds(const Dataset& dataset) {
    std::vector<Fold> folds;
    for (int i = 0; i < static_cast<int>(dataset.datasets.size()); ++i) {
        add_if_usable(folds, make_fold(dataset, dataset.datasets[i],
                                       [&](int row) { return dataset.rows[row].dataset == i; }));
    }
    return folds;
}

}  // namespace

std::string_view to_string(Split split) noexcept { return names[static_cast<std::size_t>(split)]; }

std::optional<Split> parse_split(std::string_view text) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) return static_cast<Split>(i);
    }
    return std::nullopt;
}

std::string_view description(Split split) noexcept {
    switch (split) {
        case Split::leave_configuration_out:
            return "leave-configuration-out: no configuration is in both the training and the test "
                   "rows, so that "
                   "none is "
                   "predicted with a level of its own";
        case Split::leave_level_out:
            return "leave-level-out: a level of top_k, blocks or tier is held out";
        case Split::leave_dataset_out:
            return "leave-data-set-out: a data set is held out";
        case Split::by_sample:
            break;
    }
    return "by sample (optimistic: every configuration is in the training rows)";
}

std::vector<int> deal_groups(int groups, int parts, std::uint64_t seed) {
    std::vector<int> order(static_cast<std::size_t>(groups));
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 random(seed);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<int> part(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) part[order[i]] = static_cast<int>(i) % parts;
    return part;
}

std::vector<Fold> make_folds(const Dataset& dataset, Split split, int folds, std::uint64_t seed) {
    std::vector<Fold> result;
    const int rows = static_cast<int>(dataset.rows.size());
    switch (split) {
        case Split::leave_configuration_out:
            result = grouped_folds(dataset, static_cast<int>(dataset.configs.size()), folds, seed,
                                   [&](int row) { return dataset.rows[row].config; });
            break;
        case Split::leave_level_out:
            result = level_folds(dataset);
            break;
        case Split::leave_dataset_out:
            result = dataset_folds(dataset);
            break;
        case Split::by_sample:
            result = grouped_folds(dataset, rows, folds, seed, [](int row) { return row; });
    }
    const std::size_t needed = split == Split::leave_level_out ? 1 : 2;
    if (result.size() < needed) {
        throw InputError("the records cannot be split " + std::string(to_string(split)) +
                         ": they hold " + std::to_string(dataset.configs.size()) +
                         " configurations, " + std::to_string(dataset.datasets.size()) +
                         " data sets and " + std::to_string(rows) +
                         " samples; record more, or choose another split");
    }
    return result;
}

}  // namespace decodemeter
