#include "profiler/audit/compare/matched_requests.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>

namespace decodemeter {

namespace {

using Versions = std::vector<const SampleRecord*>;  // of one request, by run

// By key, so that the order does not depend on the runs'. Of equal keys in a run the first counts.
std::map<std::string_view, Versions> by_key(std::span<const RecordSet* const> runs) {
    std::map<std::string_view, Versions> requests;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        for (const SampleRecord& record : runs[run]->records) {
            Versions& versions = requests[record.key];
            if (versions.size() == run) versions.push_back(&record);
        }
    }
    return requests;
}

// Records without a digest of picture and prompt are told apart by their token counts: the
// published format counts samples in each file, so that a key may name two different requests.
bool same_digest(const SampleRecord& a, const SampleRecord& b) {
    return !a.request_digest || !b.request_digest || a.request_digest == b.request_digest;
}

bool same_request(const Versions& versions) {
    return std::all_of(versions.begin(), versions.end(), [&](const SampleRecord* record) {
        return same_digest(*record, *versions.front()) &&
               record->prompt_tokens == versions.front()->prompt_tokens &&
               record->vision_tokens == versions.front()->vision_tokens;
    });
}

bool same_length(const Versions& versions) {
    return std::all_of(versions.begin(), versions.end(), [&](const SampleRecord* record) {
        return record->output_tokens == versions.front()->output_tokens;
    });
}

bool has_each_step(const SampleRecord& record) {
    return record.T_decode_per_step.size() == static_cast<std::size_t>(record.decode_steps());
}

int common_steps(const Versions& versions) {
    int steps = versions.front()->decode_steps();
    for (const SampleRecord* record : versions) steps = std::min(steps, record->decode_steps());
    return steps;
}

double mean_of_first(const SampleRecord& record, int steps) {
    if (steps == record.decode_steps()) return record.T_LLM_decode / steps;
    const auto begin = record.T_decode_per_step.begin();
    return std::accumulate(begin, begin + steps, 0.0) / steps;
}

bool comparable(const Versions& versions) {
    const bool steps =
        std::all_of(versions.begin(), versions.end(),
                    [](const SampleRecord* record) { return has_each_step(*record); });
    return common_steps(versions) > 0 && (same_length(versions) || steps);
}

MatchedRequest matched(const Versions& versions) {
    MatchedRequest request{versions.front()->config, common_steps(versions), {}, {}};
    for (const SampleRecord* record : versions) {
        request.step_ms.push_back(mean_of_first(*record, request.steps));
        request.prefill_ms.push_back(record->T_LLM_prefill);
    }
    return request;
}

bool all_above_zero(const std::vector<double>& times) {
    return std::all_of(times.begin(), times.end(), [](double time) { return time > 0; });
}

}  // namespace

RequestMatching match_requests(std::span<const RecordSet* const> runs) {
    RequestMatching matching;
    for (const auto& [key, versions] : by_key(runs)) {
        if (versions.size() != runs.size()) {
            ++matching.not_in_all;
        } else if (!same_request(versions)) {
            ++matching.other_prompts;
        } else if (!comparable(versions)) {
            ++matching.no_steps;
        } else {
            MatchedRequest request = matched(versions);
            if (!all_above_zero(request.step_ms)) {
                ++matching.no_steps;
                continue;
            }
            matching.other_lengths += !same_length(versions);
            matching.requests.push_back(std::move(request));
        }
    }
    return matching;
}

}  // namespace decodemeter
