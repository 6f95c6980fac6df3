// Native records as the published experiments wrote theirs: one JSON document for each data set and
// configuration.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// What T_decode_per_token is made of, with T = T_LLM_decode and N output tokens.
enum class PerTokenFigure {
    output_tokens,         // T / N, as published
    output_tokens_plus_1,  // T / (N + 1)
    decode_steps,          // T / (N - 1)
    content_tokens,        // T / content tokens
    prefill_included,      // (T_LLM_prefill + T) / N
};
// "N", "N+1", "N-1", "content_tokens", "prefill_included".
std::string_view to_string(PerTokenFigure figure) noexcept;
std::optional<PerTokenFigure> parse_per_token_figure(std::string_view name) noexcept;
// 0 where the divisor is 0.
double per_token_ms(const SampleRecord& record, PerTokenFigure figure) noexcept;

// Path below the results directory -> document. T_decode_per_token is `figure`;
// T_decode_per_step is a list of positions, each a list over runs, with one run. Records without a
// tier take the one that holds their crops.
std::map<std::string, std::string> published_documents(
    std::span<const SampleRecord> records, PerTokenFigure figure = PerTokenFigure::output_tokens);

}  // namespace decodemeter
