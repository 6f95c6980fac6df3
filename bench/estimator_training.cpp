// How long does an epoch of the positioned network take? Prints milliseconds an epoch on 10,000 simulated records, our
// accounting and the published one, and writes the records as features.csv for bench/estimator_training.py, which times
// the same network as a PyTorch loop.
// Usage: bench_estimator_training features.csv
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <vector>

#include "estimator/positioned_estimator.hpp"
#include "estimator/simulate.hpp"

using namespace decodemeter;

namespace {

double seconds_of(const Dataset& dataset, std::span<const int> rows, TrainingOptions options, int epochs) {
    options.num_epochs = epochs;
    const auto begin = std::chrono::steady_clock::now();
    PositionedEstimator::train(dataset, rows, {}, options);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// What four more epochs cost, so that the start is left out; the median of three.
double epoch_ms(const Dataset& dataset, std::span<const int> rows, bool published) {
    TrainingOptions options;
    options.published = published;
    std::vector<double> times;
    for (int i = 0; i < 3; ++i)
        times.push_back((seconds_of(dataset, rows, options, 5) - seconds_of(dataset, rows, options, 1)) / 4 * 1000);
    std::sort(times.begin(), times.end());
    return times[1];
}

double physics_ms(const Dataset& dataset, std::span<const int> rows) {
    const auto begin = std::chrono::steady_clock::now();
    fit_physics_model(dataset, rows, 1);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    const Simulation simulation = simulate({});
    RecordSet set;
    set.run = simulation.header;
    set.records = simulation.records;
    const Dataset dataset = make_dataset(set);
    const std::vector<int> rows = fitted_rows(dataset);
    if (argc > 1) {
        std::ofstream file(argv[1]);
        file << "vision_tokens,text_tokens,tier,top_k,active_blocks,output_tokens,prefill_ms,decode_ms\n";
        for (const Row& row : dataset.rows) {
            for (const double feature : features_of(row.request)) file << feature << ',';
            file << row.output_tokens << ',' << row.prefill_ms << ',' << row.decode_ms << '\n';
        }
    }
    std::printf("positioned            %8.1f ms an epoch of %zu records\n", epoch_ms(dataset, rows, false),
                rows.size());
    std::printf("positioned_published  %8.1f ms\n", epoch_ms(dataset, rows, true));
    std::printf("physics, whole fit    %8.1f ms\n", physics_ms(dataset, rows));
}
