// Finds steps that took far longer than the others of their request, while a run is measured.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

struct SlowStepPlace {
    std::string key;  // of the record: data set, sample, configuration, repeat
    int step = 0;
    double ratio = 0;   // to the median of the request
    std::string cause;  // as in the flag
};

class StepGuard {
public:
    // Adds the flag "slow_step:CAUSE" where a step is slow (statistics/slow_steps.hpp). CAUSE is
    // the first of these that applies: clock_fell (the SM clock fell, or the GPU was throttled),
    // allocator_grew (LibTorch asked the driver for memory), first_use_of_length (no step of this
    // process had this many keys before), unknown. To be called once for each record, with its
    // other flags, in the order of measuring.
    void check(SampleRecord& record);

    std::int64_t steps() const noexcept { return steps_; }      // that were slow
    std::int64_t records() const noexcept { return records_; }  // with such a step
    // The first few.
    const std::vector<SlowStepPlace>& places() const noexcept { return places_; }

private:
    std::string cause_of(const SampleRecord& record, int step) const;

    std::set<int> lengths_;
    std::vector<SlowStepPlace> places_;
    std::int64_t steps_ = 0;
    std::int64_t records_ = 0;
};

// "photos/000001/high_8_16/0, step 6: 10.0 x the median of its request, cause: unknown"
std::string slow_step_line(const SlowStepPlace& place);

// "slow steps: 3 decode steps, in 2 requests, took more than 5 x their request's median", then a
// line for each of the first few. Empty: there is none.
std::vector<std::string> slow_step_lines(const StepGuard& guard);

}  // namespace decodemeter
