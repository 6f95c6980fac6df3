#include "profiler/audit/steps/slow_step_places.hpp"

#include <algorithm>
#include <string_view>

#include "profiler/statistics/slow_steps.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t rows_kept = 10;

std::string cause_of(const SampleRecord& record) {
    constexpr std::string_view prefix = slow_step_flag;
    for (const std::string& flag : record.flags) {
        if (flag.starts_with(prefix)) return flag.substr(prefix.size());
    }
    return "unknown";
}

}  // namespace

SlowStepAudit find_slow_steps(std::span<const SampleRecord> records) {
    SlowStepAudit found;
    for (const SampleRecord& record : records) {
        found.judged += record.T_decode_per_step.size() >= fewest_steps_to_judge;
        const std::vector<SlowStep> slow = slow_steps(record.T_decode_per_step);
        found.records += !slow.empty();
        found.steps += static_cast<std::int64_t>(slow.size());
        for (const SlowStep& one : slow) {
            found.worst.push_back({record.dataset, record.sample_id, record.config, one.step,
                                   one.ratio, cause_of(record)});
        }
    }
    std::stable_sort(found.worst.begin(), found.worst.end(),
                     [](const auto& a, const auto& b) { return a.ratio > b.ratio; });
    found.worst.resize(std::min(found.worst.size(), rows_kept));
    return found;
}

}  // namespace decodemeter
