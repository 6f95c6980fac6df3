// Texts that people type for knobs, durations and shares. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/record/config_key.hpp"
#include "profiler/record/run_header.hpp"

namespace decodemeter {

// "low,medium,none" -> tiers; none is Molmo's own tiling. Throws InputError naming the value that
// is no tier.
std::vector<std::optional<Tier>> parse_tiers(std::string_view list);

// "4,8,12" -> numbers of at least 1; `flag` is named in errors.
std::vector<int> parse_counts(std::string_view list, std::string_view flag);

// "90s", "8m", "1.5h", or seconds without a unit.
std::chrono::duration<double> parse_duration(std::string_view text, std::string_view flag);

// "1%" or "0.01" -> 0.01
double parse_share(std::string_view text, std::string_view flag);

// "2/4" -> the second of four shards.
Shard parse_shard(std::string_view text);

// Block indices, one or more a line, in the order in which they are left out; # starts a comment.
// `origin` is named in errors.
std::vector<int> parse_block_order(std::string_view text, const std::string& origin, int total);

}  // namespace decodemeter
