#include "profiler/profile/plan/output_lengths.hpp"

#include <algorithm>
#include <charconv>

#include "profiler/profile/plan/schedule.hpp"
#include "profiler/record/task.hpp"
#include "profiler/statistics/length_distribution.hpp"
#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

constexpr std::string_view fixed_prefix = "fixed:";

// Uniform on [0, 1) from a sample's place.
double uniform(std::uint64_t seed, std::string_view dataset, std::int64_t sample_id) {
    std::uint64_t hash = seed;
    for (const char c : dataset) hash = mix_seed(hash, static_cast<unsigned char>(c));
    return static_cast<double>(mix_seed(hash, static_cast<std::uint64_t>(sample_id)) >> 11) *
           0x1p-53;
}

}  // namespace

OutputLengths parse_output_lengths(std::string_view text) {
    if (text == "natural") return {};
    if (text == "dataset") return {OutputLengths::Rule::dataset, 0};
    if (text.starts_with(fixed_prefix)) {
        const std::string_view digits = text.substr(fixed_prefix.size());
        int count = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), count);
        if (error == std::errc() && end == digits.data() + digits.size() && count >= 1)
            return {OutputLengths::Rule::fixed, count};
    }
    throw InvalidArgument(
        "output_lengths",
        " " + std::string(text) + ": give natural, dataset, or fixed:N with N at least 1");
}

std::string to_string(const OutputLengths& lengths) {
    switch (lengths.rule) {
        case OutputLengths::Rule::natural:
            return "natural";
        case OutputLengths::Rule::dataset:
            return "dataset";
        case OutputLengths::Rule::fixed:
            return std::string(fixed_prefix) + std::to_string(lengths.fixed);
    }
    return {};
}

int tokens_to_return(const OutputLengths& lengths, std::string_view dataset, std::int64_t sample_id,
                     std::string_view task, std::uint64_t seed, int max_new_tokens) {
    switch (lengths.rule) {
        case OutputLengths::Rule::natural:
            return max_new_tokens;
        case OutputLengths::Rule::fixed:
            return std::min(lengths.fixed, max_new_tokens);
        case OutputLengths::Rule::dataset:
            break;
    }
    const std::string_view own_task = task.empty() ? to_string(dataset_task(dataset)) : task;
    return std::min(published_lengths(own_task).quantile(uniform(seed, dataset, sample_id)),
                    max_new_tokens);
}

}  // namespace decodemeter
