// What a decode step of the full-size model costs on this CPU, run by run at a peer's request
// (decode_step.py): reads "<blocks> <tokens>" lines, answers each with one JSON line. First line:
// the model, and how fast memory streams.
#include <ATen/Parallel.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/matvec/matvec.hpp"
#include "profiler/molmo/molmo.hpp"
#include "profiler/molmo/network/weight_memory.hpp"
#include "profiler/molmo/step_operations.hpp"
#include "profiler/timing/timeline.hpp"

using namespace decodemeter;

namespace {

using Seconds = std::chrono::duration<double>;

// GB/s at which all threads together stream bfloat16 weights through the product that a decode step
// consists of.
double streaming_gb_per_s() {
    constexpr std::int64_t rows = 1 << 17;
    constexpr std::int64_t columns = 2048;
    const at::Tensor weights =
        molmo::empty_weights({rows, columns}, at::TensorOptions(at::kBFloat16));
    std::fill_n(weights.mutable_data_ptr<at::BFloat16>(), weights.numel(), at::BFloat16(1.0F));
    const std::vector<float> x(columns, 1.0F);
    std::vector<float> y(rows);
    const kernels::MatrixView view{weights.const_data_ptr(), rows, columns,
                                   kernels::WeightType::bfloat16};
    double best = 0;
    for (int repeat = 0; repeat < 5; ++repeat) {
        const auto start = std::chrono::steady_clock::now();
        at::parallel_for(0, rows, 64, [&](std::int64_t first, std::int64_t last) {
            kernels::matvec(view, x.data(), y.data(), first, last);
        });
        const Seconds time = std::chrono::steady_clock::now() - start;
        best = std::max(best, static_cast<double>(weights.nbytes()) / time.count() / 1e9);
    }
    return best;
}

// Bytes of weights that a decode step reads: attention, router, the chosen experts, and the head.
double step_bytes(const molmo::ModelConfig& config, int top_k, int blocks) {
    const double d = config.d_model;
    const double inner = config.experts->inner;
    const double qkv = (config.heads + 2.0 * config.kv_heads) * config.head_dim;
    const double block = d * qkv + d * d + d * config.experts->experts + top_k * 3 * inner * d;
    return 2 * (blocks * block + d * config.embedding_size);
}

double peak_gib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

molmo::GenerateOptions options_of(int blocks, int tokens) {
    molmo::GenerateOptions options;
    options.knobs.active_blocks.resize(static_cast<std::size_t>(blocks));
    std::iota(options.knobs.active_blocks.begin(), options.knobs.active_blocks.end(), 0);
    options.max_new_tokens = tokens;
    options.stop_at_eos = false;
    return options;
}

void answer(molmo::Molmo& model, const molmo::PreparedInput& input, int blocks, int tokens) {
    Timeline<> timeline(tokens);
    model.generate(input, options_of(blocks, tokens), timeline);
    const GenerateTrace trace = timeline.resolve();
    std::cout << "{\"prefill_ms\": " << trace.host.stages.prefill.count() << ", \"steps_ms\": [";
    for (std::size_t i = 0; i < trace.host.steps.size(); ++i)
        std::cout << (i ? ", " : "") << trace.host.steps[i].count();

    const molmo::StepOperations seen =
        molmo::count_step_operations(model, input, options_of(blocks, tokens));
    std::cout << "], \"operations_per_step\": " << seen.operations
              << ", \"largest_allocation_bytes\": " << seen.largest_allocation_bytes
              << ", \"peak_gib\": " << peak_gib() << "}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string name = argc > 1 ? argv[1] : "molmoe-1b";
    const int words = argc > 2 ? std::stoi(argv[2]) : 24;
    molmo::Molmo model = molmo::Molmo::built_in(name, {});
    std::string prompt;
    for (int i = 0; i < words; ++i) prompt += "a";  // byte-level: a token for each
    NullObserver nobody;
    const auto input = model.prepare({nullptr, prompt, std::nullopt, 12}, nobody);
    const int top_k = model.config().experts->top_k;
    std::cout << "{\"model\": \"" << name << "\", \"dtype\": \""
              << molmo::to_string(model.precision()) << "\", \"threads\": " << model.threads()
              << ", \"prompt_tokens\": " << molmo::Molmo::facts(*input).prompt_tokens
              << ", \"gb_per_s\": " << streaming_gb_per_s()
              << ", \"bytes_of_4_blocks\": " << step_bytes(model.config(), top_k, 4)
              << ", \"bytes_of_16_blocks\": " << step_bytes(model.config(), top_k, 16) << "}"
              << std::endl;
    for (int blocks = 0, tokens = 0; std::cin >> blocks >> tokens;)
        answer(model, *input, blocks, tokens);
}
