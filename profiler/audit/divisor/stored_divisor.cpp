#include "profiler/audit/divisor/stored_divisor.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace decodemeter {

namespace {

constexpr double agreement = 0.95;

// Written figures have few decimals, so that the quotient is a whole number only about.
bool is_about(double quotient, int divisor) {
    return divisor > 0 && std::fabs(quotient - divisor) <= 0.02 + 5e-4 * divisor;
}

}  // namespace

StoredDivisor read_stored_divisor(std::span<const SampleRecord> records) {
    constexpr std::array verdicts = {DivisorVerdict::n_minus_1, DivisorVerdict::n,
                                     DivisorVerdict::n_plus_1, DivisorVerdict::content_tokens};
    std::array<std::size_t, verdicts.size()> matches{};
    StoredDivisor read;
    for (const SampleRecord& record : records) {
        if (record.output_tokens < 2 || !record.stored_per_token_ms) continue;
        if (!(record.T_LLM_decode > 0) || !(*record.stored_per_token_ms > 0)) continue;
        ++read.stated;
        const double quotient = record.T_LLM_decode / *record.stored_per_token_ms;
        const int tokens = record.output_tokens;
        const std::array divisors = {tokens - 1, tokens, tokens + 1, record.content_tokens};
        for (std::size_t i = 0; i < divisors.size(); ++i)
            matches[i] += is_about(quotient, divisors[i]);
    }
    const auto best = std::max_element(matches.begin(), matches.end());
    read.matching = *best;
    if (read.stated > 0 &&
        static_cast<double>(*best) >= agreement * static_cast<double>(read.stated))
        read.divisor = verdicts[static_cast<std::size_t>(best - matches.begin())];
    return read;
}

}  // namespace decodemeter
