#include "profiler/commands/checks/option_checks.hpp"

#include <charconv>
#include <limits>
#include <string>

namespace decodemeter {

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    const auto fault_of = [least, most](const std::string& text) -> std::string {
        std::uint64_t number = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        const bool whole = error == std::errc() && stop == end;
        if (whole && number >= least && number <= most) return {};
        return text + ": give a whole number from " + std::to_string(least) + " to " +
               std::to_string(most);
    };
    return {fault_of, ""};
}

CLI::Validator positive_int() { return whole_number(1, std::numeric_limits<int>::max()); }

CLI::Validator seed_number() { return whole_number(0, std::numeric_limits<std::uint64_t>::max()); }

CLI::Validator not_empty() {
    const auto fault_of = [](const std::string& text) -> std::string {
        if (!text.empty()) return {};
        return "is empty; give a value or leave the option out";
    };
    return {fault_of, ""};
}

}  // namespace decodemeter
