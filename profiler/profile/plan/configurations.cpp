#include "profiler/profile/plan/configurations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

void check_tier(const std::optional<Tier>& tier, int max_crops) {
    if (!tier) return;
    const molmo::TierRange& range = molmo::tier_ranges[static_cast<std::size_t>(*tier)];
    if (max_crops < range.min_tiles) {
        throw InvalidArgument(
            "tier", fmt::format(" {} needs at least {} tiles; raise max_crops above {}", range.name,
                                range.min_tiles, max_crops));
    }
}

}  // namespace

std::vector<int> choose_blocks(int count, int total, const std::vector<int>& dropped_first) {
    if (count < 1 || count > total) {
        throw InvalidArgument("blocks", fmt::format(" {}: the model has {} blocks; give 1 to {}",
                                                    count, total, total));
    }
    std::vector<int> blocks(static_cast<std::size_t>(total));
    std::iota(blocks.begin(), blocks.end(), 0);
    const auto dropped = static_cast<std::size_t>(total - count);
    if (dropped_first.empty()) {
        blocks.resize(static_cast<std::size_t>(count));
        return blocks;
    }
    if (dropped_first.size() < dropped) {
        throw InvalidArgument(
            "blocks",
            fmt::format(" {}: the importance file ranks {} blocks, but {} must be left out", count,
                        dropped_first.size(), dropped));
    }
    const std::set<int> out(dropped_first.begin(),
                            dropped_first.begin() + static_cast<std::ptrdiff_t>(dropped));
    std::erase_if(blocks, [&](int block) { return out.contains(block); });
    return blocks;
}

std::vector<Configuration> make_configurations(const molmo::ModelDescription& model,
                                               const KnobLists& knobs) {
    const molmo::ModelConfig& config = model.config;
    const std::vector<int> top_k =
        knobs.top_k.empty() ? std::vector{config.experts ? config.experts->top_k : 0} : knobs.top_k;
    const std::vector<int> blocks =
        knobs.blocks.empty() ? std::vector{config.layers} : knobs.blocks;
    std::vector<Configuration> configurations;
    for (const auto& tier : knobs.tiers) {
        check_tier(tier, knobs.max_crops);
        for (const int k : top_k) {
            for (const int count : blocks) {
                Configuration configuration{
                    {tier, k, count}, choose_blocks(count, config.layers, knobs.dropped_first)};
                molmo::resolve_knobs(config, model.name, {k, configuration.active_blocks});
                const bool known =
                    std::any_of(configurations.begin(), configurations.end(),
                                [&](const auto& other) { return other.key == configuration.key; });
                if (!known) configurations.push_back(std::move(configuration));
            }
        }
    }
    return configurations;
}

}  // namespace decodemeter
