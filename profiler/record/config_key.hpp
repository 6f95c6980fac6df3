// The knobs that a request can turn without reloading the model.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace decodemeter {

enum class Tier { low, medium, high };

std::string_view to_string(Tier tier) noexcept;
std::optional<Tier> parse_tier(std::string_view text) noexcept;

// One configuration. Model, dtype, device, execution mode and max_crops belong to the run
// (RunHeader).
struct ConfigKey {
    std::optional<Tier> tier;  // none: Molmo's own tiling
    int top_k = 0;             // experts per token; 0 in a dense model
    int active_blocks = 0;

    auto operator<=>(const ConfigKey&) const = default;
};

// "high_8_16", with "none" for no tier: the form used in record keys and report rows.
std::string to_string(const ConfigKey& key);

}  // namespace decodemeter
