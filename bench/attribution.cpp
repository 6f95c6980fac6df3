// How long does the attribution of a million activity records take? Prints one JSON line for each
// round, all records at once and in buffers as they come.
#include <chrono>
#include <cstdio>

#include "profiler/timing/tracing/step_attribution.hpp"
#include "tests/timing/simulated_generate.hpp"

using namespace decodemeter;

namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void report(const char* how, std::size_t records, double seconds, const AttributedSteps& result) {
    std::printf("{\"how\":\"%s\",\"records\":%zu,\"steps\":%zu,\"lossless\":%s,\"seconds\":%.3f}\n",
                how, records, result.steps.size(), result.losses.none() ? "true" : "false",
                seconds);
}

AttributedSteps in_buffers(const test::SimulatedGenerate& run) {
    constexpr std::size_t buffer = 20'000;
    StepAttribution attribution({run.external_base});
    attribution.know_edges(run.edges);
    const auto& device = run.records.device;
    const auto& calls = run.records.calls;
    const auto& links = run.records.links;
    for (std::size_t begin = 0; begin < calls.size(); begin += buffer) {
        const std::size_t end = std::min(calls.size(), begin + buffer);
        for (std::size_t i = begin; i < std::min(end, device.size()); ++i)
            attribution.add(device[i]);
        for (std::size_t i = begin; i < end; ++i) attribution.add(calls[i]);
        for (std::size_t i = begin; i < std::min(end, links.size()); ++i) attribution.add(links[i]);
        attribution.settle();
    }
    return attribution.finish();
}

}  // namespace

int main() {
    const test::SimulatedGenerate run(1, 64, 5200);
    const std::size_t records =
        run.records.device.size() + run.records.calls.size() + run.records.links.size();
    for (int round = 0; round < 3; ++round) {
        auto begin = std::chrono::steady_clock::now();
        AttributedSteps result = attribute_activity(run.records, run.edges, {run.external_base});
        report("at once", records, seconds_since(begin), result);
        begin = std::chrono::steady_clock::now();
        result = in_buffers(run);
        report("in buffers, activity before its call", records, seconds_since(begin), result);
    }
}
