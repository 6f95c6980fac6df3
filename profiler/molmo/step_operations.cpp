#include "profiler/molmo/step_operations.hpp"

#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <memory>

namespace decodemeter::molmo {

namespace {

thread_local int operations_seen = 0;  // RecordFunction calls plain functions only

std::unique_ptr<at::ObserverContext> count_operation(const at::RecordFunction&) {
    ++operations_seen;
    return nullptr;
}

class CountedOperations {
public:
    CountedOperations()
        : handle_(at::addThreadLocalCallback(
              at::RecordFunctionCallback(&count_operation).scopes({at::RecordScope::FUNCTION}))) {}
    ~CountedOperations() { at::removeCallback(handle_); }
    CountedOperations(const CountedOperations&) = delete;
    CountedOperations& operator=(const CountedOperations&) = delete;

private:
    at::CallbackHandle handle_;
};

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
    LastStep(AllocationWatch& watch, int last) : watch_(watch), last_(last) {}
    void begin(Stage) noexcept override {}
    void end(Stage) noexcept override {}
    void step_edge(int step) noexcept override {
        if (step == last_) seen = {operations_seen, watch_.largest_bytes};
        operations_seen = 0;
        watch_.largest_bytes = 0;
    }
    StepOperations seen;

private:
    AllocationWatch& watch_;
    int last_;
};

}  // namespace

StepOperations count_step_operations(Molmo& model, const PreparedInput& input,
                                     GenerateOptions options) {
    options.max_new_tokens = 4;  // the first steps may still make tables
    options.stop_at_eos = false;
    const auto watch = std::make_shared<AllocationWatch>();
    LastStep observer(*watch, options.max_new_tokens - 1);
    const CountedOperations counted;
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, watch);
    model.generate(input, options, observer);
    return observer.seen;
}

}  // namespace decodemeter::molmo
