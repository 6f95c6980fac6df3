// How long does an epoch of the positioned network's training take, validation included?
// Prints the CPU and wall seconds of each epoch. Usage: bench_training RESULTS_DIR EPOCHS
// [cpu|cuda] [published] bench/training.py compares it with two training loops in PyTorch in the
// same run.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "estimator/data/dataset.hpp"
#include "estimator/networks/positioned_estimator.hpp"
#include "profiler/record/store/record_reader.hpp"

using namespace decodemeter;

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: bench_training RESULTS_DIR EPOCHS [cpu|cuda] [published]\n");
        return 2;
    }
    const Dataset dataset = make_dataset(read_results(argv[1]));
    // Every fifth row, as in bench/training.py: the order of the rows does not change the time.
    std::vector<int> fitted;
    std::vector<int> validation;
    for (int i = 0; i < static_cast<int>(dataset.rows.size()); ++i)
        (i % 5 == 4 ? validation : fitted).push_back(i);
    TrainingOptions options;
    options.num_epochs = std::atoi(argv[2]);
    if (argc > 3) options.device = argv[3];
    options.published = argc > 4 && std::string_view(argv[4]) == "published";
    double cpu = cpu_seconds();
    double wall = wall_seconds();
    PositionedEstimator::train(dataset, fitted, validation, options, [&](const EpochReport& epoch) {
        const double cpu_now = cpu_seconds();
        const double wall_now = wall_seconds();
        std::printf("epoch=%d cpu_seconds=%.6f wall_seconds=%.6f validation_loss=%.6f rows=%zu\n",
                    epoch.epoch, cpu_now - cpu, wall_now - wall, epoch.validation_loss,
                    fitted.size());
        cpu = cpu_now;
        wall = wall_now;
        return true;
    });
    return 0;
}
