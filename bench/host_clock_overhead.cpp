// What does timing with the host clock cost? The built-in model with the timeline and without any
// observer, in randomized ABBA blocks. A run is timed by the CPU time of the process, which other
// processes do not add to. Usage: bench_host_clock_overhead [blocks]. Prints one JSON line.
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "profiler/molmo/molmo.hpp"
#include "profiler/timing/overhead.hpp"
#include "profiler/timing/timeline.hpp"

using namespace decodemeter;

namespace {

Nanoseconds cpu_time() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + Nanoseconds(now.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
    const int blocks = argc > 1 ? std::atoi(argv[1]) : 60;
    constexpr int tokens = 17;
    molmo::ModelOptions options;
    options.threads = 1;
    molmo::Molmo model = molmo::Molmo::built_in("tiny-molmoe", options);
    NullObserver nobody;
    const auto input = model.prepare({nullptr, "Describe what you see.", std::nullopt, 12}, nobody);
    const molmo::GenerateOptions generate{{}, tokens, false, molmo::Extent::everything};
    Timeline<> timeline(tokens);
    const auto run = [&](bool instrumented) -> Milliseconds {
        timeline.reset();
        StageObserver& observer = instrumented ? static_cast<StageObserver&>(timeline) : nobody;
        const Nanoseconds begin = cpu_time();
        model.generate(*input, generate, observer);
        return cpu_time() - begin;
    };
    for (int i = 0; i < 5; ++i) run(true);
    std::printf("%s\n", overhead_json(measure_overhead(blocks, 3407, run)).c_str());
}
