#include "profiler/molmo/step_operations.hpp"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <memory>

#include "profiler/molmo/counted_operations.hpp"

namespace decodemeter::molmo {

namespace {

class AllocationWatch final : public c10::MemoryReportingInfoBase {
public:
    void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t,
                           c10::Device) override {
        largest_bytes = std::max(largest_bytes, bytes);
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t largest_bytes = 0;
};

// Starts over at each edge; the numbers of the step before the edge `last` are kept.
class LastStep final : public StageObserver {
public:
    LastStep(AllocationWatch& watch, CountedOperations& counted, int last)
        : watch_(watch), counted_(counted), last_(last) {}
    void begin(Stage) noexcept override {}
    void end(Stage) noexcept override {}
    void step_edge(int step) noexcept override {
        if (step == last_) seen = {counted_.count(), watch_.largest_bytes};
        counted_.start_over();
        watch_.largest_bytes = 0;
    }
    StepOperations seen;

private:
    AllocationWatch& watch_;
    CountedOperations& counted_;
    int last_;
};

}  // namespace

StepOperations count_step_operations(Molmo& model, const PreparedInput& input,
                                     GenerateOptions options) {
    options.max_new_tokens = 4;  // the first steps may still make tables
    options.stop_at_eos = false;
    const auto watch = std::make_shared<AllocationWatch>();
    CountedOperations counted;
    LastStep observer(*watch, counted, options.max_new_tokens - 1);
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, watch);
    model.generate(input, options, observer);
    return observer.seen;
}

}  // namespace decodemeter::molmo
