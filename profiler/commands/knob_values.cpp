#include "profiler/commands/knob_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
        parts.push_back(trimmed(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return parts;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::vector<std::optional<Tier>> parse_tiers(std::string_view list) {
    std::vector<std::optional<Tier>> tiers;
    for (const std::string_view name : split(list, ",")) {
        const std::optional<Tier> tier = parse_tier(name);
        if (!tier && name != "none")
            throw InputError(fmt::format("--tier {}: give low, medium, high or none", name));
        tiers.push_back(tier);
    }
    return tiers;
}

std::vector<int> parse_counts(std::string_view list, std::string_view flag) {
    std::vector<int> counts;
    for (const std::string_view text : split(list, ",")) {
        const auto count = parse_number<int>(text);
        if (!count || *count < 1)
            throw InputError(
                fmt::format("{} {}: give whole numbers of at least 1, as 4,8,12", flag, list));
        counts.push_back(*count);
    }
    return counts;
}

std::chrono::duration<double> parse_duration(std::string_view text, std::string_view flag) {
    double factor = 1;
    std::string_view digits = text;
    if (!text.empty()) {
        const char unit = text.back();
        if (unit == 's' || unit == 'm' || unit == 'h') digits.remove_suffix(1);
        factor = unit == 'h' ? 3600 : unit == 'm' ? 60 : 1;
    }
    const auto number = parse_number<double>(digits);
    constexpr double longest_s = 1e9;  // 30 years; more overflows a clock
    if (!number || !(*number > 0) || !(*number * factor <= longest_s))
        throw InputError(fmt::format("{} \"{}\": give a duration as 90s, 8m or 1.5h", flag, text));
    return std::chrono::duration<double>(*number * factor);
}

double parse_share(std::string_view text, std::string_view flag) {
    const bool percent = !text.empty() && text.back() == '%';
    const auto number = parse_number<double>(percent ? text.substr(0, text.size() - 1) : text);
    const double share = number ? *number / (percent ? 100 : 1) : 0;
    if (!(share > 0 && share < 1))
        throw InputError(fmt::format("{} {}: give a share as 1% or 0.01", flag, text));
    return share;
}

Shard parse_shard(std::string_view text) {
    const auto parts = split(text, "/");
    const auto index = parts.size() == 2 ? parse_number<int>(parts[0]) : std::nullopt;
    const auto count = parts.size() == 2 ? parse_number<int>(parts[1]) : std::nullopt;
    if (!index || !count || *index < 1 || *index > *count) {
        throw InputError(fmt::format("--shard {}: give i/n with i from 1 to n, as 2/4", text));
    }
    return {*index - 1, *count};
}

std::vector<int> parse_block_order(std::string_view text, const std::string& origin, int total) {
    std::vector<int> order;
    std::set<int> seen;
    int line_number = 0;
    for (std::string_view line : split(text, "\n")) {
        ++line_number;
        line = trimmed(line.substr(0, line.find('#')));
        for (const std::string_view token : split(line, ", \t")) {
            if (token.empty()) continue;
            const auto block = parse_number<int>(token);
            if (!block || *block < 0 || *block >= total) {
                throw InputError(fmt::format("{}:{}: {} is no index of the model's {} blocks",
                                             origin, line_number, token, total));
            }
            if (!seen.insert(*block).second)
                throw InputError(
                    fmt::format("{}:{}: block {} is there twice", origin, line_number, *block));
            order.push_back(*block);
        }
    }
    return order;
}

}  // namespace decodemeter
