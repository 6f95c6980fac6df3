#include <filesystem>
#include <fstream>

#include "profiler/timing/tracing/step_attribution.hpp"
#include "tests/catch.hpp"
#include "tests/timing/simulated_generate.hpp"
#include "tests/timing/tracing/activity_file.hpp"

using namespace decodemeter;

namespace {

void check_consistent(const AttributedSteps& result, std::size_t steps) {
    REQUIRE(result.steps.size() == steps);
    CHECK(result.losses.none());
    for (const StepActivity& step : result.steps) {
        CHECK(step.kernels > 0);
        CHECK(step.busy <= step.span);
        const Milliseconds idle = step.idle.launch + step.idle.synchronize + step.idle.gap;
        CHECK((step.busy + idle).count() == Approx(step.span.count()).epsilon(1e-9));
    }
}

}  // namespace

TEST_CASE("Activity that was written to a file and read again is attributed alike") {
    const test::SimulatedGenerate made(5, 6, 20, true);
    std::stringstream text;
    test::write_activity({made.records, made.edges, made.external_base}, text);
    const test::RecordedRun read = test::read_activity(text);
    CHECK(read.edges == made.edges);
    CHECK(read.records.device.size() == made.records.device.size());
    const AttributedSteps before =
        attribute_activity(made.records, made.edges, {made.external_base});
    const AttributedSteps after =
        attribute_activity(read.records, read.edges, {read.external_base});
    check_consistent(after, before.steps.size());
    CHECK(after.events.value().lag == before.events.value().lag);
    for (std::size_t i = 0; i < before.steps.size(); ++i) {
        CHECK(after.steps[i].busy == before.steps[i].busy);
        CHECK(after.steps[i].idle.synchronize == before.steps[i].idle.synchronize);
        CHECK(after.steps[i].memcpy_bytes == before.steps[i].memcpy_bytes);
    }
}

TEST_CASE("Activity that a GPU gave is attributed without a loss") {
    const std::filesystem::path folder =
        std::filesystem::path(DECODEMETER_TEST_GOLDEN_DIR) / "activity";
    if (!std::filesystem::exists(folder)) {
        WARN(
            "test skipped: no activity of a GPU has been recorded yet (gpu_bench_instrument writes "
            "it)");
        return;
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        INFO(entry.path().string());
        std::ifstream file(entry.path());
        const test::RecordedRun run = test::read_activity(file);
        check_consistent(attribute_activity(run.records, run.edges, {run.external_base}),
                         run.edges.size() - 1);
    }
}
