// When a generate() stops: --output_lengths.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace decodemeter {

struct OutputLengths {
    enum class Rule { natural, fixed, dataset };
    Rule rule = Rule::natural;
    int fixed = 0;

    bool operator==(const OutputLengths&) const = default;
};

// "natural" stops at EOS; "fixed:N" returns N tokens; "dataset" draws N from the published
// distribution of the sample's task. Throws InputError for anything else.
OutputLengths parse_output_lengths(std::string_view text);
std::string to_string(const OutputLengths& lengths);

// The number of tokens to return, at most max_new_tokens; drawn from (seed, dataset, sample_id)
// alone, so that every configuration and repeat of a sample returns as many. `natural` gives
// max_new_tokens.
int tokens_to_return(const OutputLengths& lengths, std::string_view dataset, std::int64_t sample_id,
                     std::string_view task, std::uint64_t seed, int max_new_tokens);

}  // namespace decodemeter
