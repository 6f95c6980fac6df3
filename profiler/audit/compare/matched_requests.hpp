// The requests that several runs have in common, at equal positions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "profiler/record/store/record_reader.hpp"

namespace decodemeter {

// One request in all runs. The vectors have one entry for each run.
struct MatchedRequest {
    ConfigKey config;
    int steps = 0;                   // the first so many of the answer, which all runs have
    std::vector<double> step_ms;     // mean of these steps
    std::vector<double> prefill_ms;  // T_LLM_prefill
};

struct RequestMatching {
    std::vector<MatchedRequest> requests;
    std::int64_t not_in_all = 0;     // keys that some run does not have
    std::int64_t other_prompts = 0;  // same key, another prompt: not compared
    std::int64_t other_lengths = 0;  // answers of other lengths: compared over the common steps
    std::int64_t no_steps = 0;       // no decode step, or other lengths without each step's time
};

// Requests match by key, prompt tokens and, where the records have it, the request's digest.
RequestMatching match_requests(std::span<const RecordSet* const> runs);

}  // namespace decodemeter
