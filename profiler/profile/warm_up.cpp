#include "profiler/profile/warm_up.hpp"

#include <chrono>

namespace decodemeter {

WarmUp warm_up(molmo::Molmo& model, const ReferenceRun& run, Instruments& instruments,
               const std::function<void(const WarmUp&)>& on_run) {
    Settling settling;
    while (!settling.done()) {
        settling.add(measure(model, run.request, instruments).T_total);
        if (on_run) on_run(settling.result());
    }
    return settling.result();
}

Overhead measure_own_overhead(molmo::Molmo& model, const ReferenceRun& run,
                              Instruments& instruments, int blocks, std::uint64_t seed) {
    const MeasureRequest& request = run.request;
    NullObserver nobody;
    const auto input = model.prepare(
        {request.image, request.sample->prompt, tiles_of(request.config.tier), request.max_crops},
        nobody);
    const molmo::GenerateOptions options{{request.config.top_k, request.active_blocks},
                                         request.tokens,
                                         false,
                                         molmo::Extent::everything};
    return measure_overhead(blocks, seed, [&](bool instrumented) -> Milliseconds {
        instruments.timeline().reset();
        model.synchronize();
        const auto start = std::chrono::steady_clock::now();
        model.generate(*input, options, instrumented ? instruments.observers() : nobody);
        model.synchronize();
        return std::chrono::steady_clock::now() - start;
    });
}

}  // namespace decodemeter
