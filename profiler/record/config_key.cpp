#include "profiler/record/config_key.hpp"

#include <array>

namespace decodemeter {

namespace {
constexpr std::array<std::string_view, 3> tier_names = {"low", "medium", "high"};
}

std::string_view to_string(Tier tier) noexcept {
    return tier_names[static_cast<std::size_t>(tier)];
}

std::optional<Tier> parse_tier(std::string_view text) noexcept {
    for (std::size_t i = 0; i < tier_names.size(); ++i) {
        if (tier_names[i] == text) return static_cast<Tier>(i);
    }
    return std::nullopt;
}

std::string to_string(const ConfigKey& key) {
    std::string text(key.tier ? to_string(*key.tier) : "none");
    text += '_';
    text += std::to_string(key.top_k);
    text += '_';
    text += std::to_string(key.active_blocks);
    return text;
}

}  // namespace decodemeter
