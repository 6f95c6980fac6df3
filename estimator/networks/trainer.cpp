#include "estimator/networks/trainer.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/randperm.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "profiler/system/error.hpp"
#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

// Warm-up keeps the first large gradients from driving a unit to where it does not come back from.
constexpr double warm_up_share = 0.02;

double learning_rate_at(const TrainingOptions& options, double done) {
    if (options.published) return options.learning_rate;
    const double rise = std::min(1.0, (done + 1e-3) / warm_up_share);
    return options.learning_rate * rise * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

void check(const TrainingLoop& loop) {
    const TrainingOptions& options = loop.options;
    if (loop.rows < 1) throw InputError("no records are left to train on");
    if (options.batch_size < 1) throw InvalidArgument("batch_size", " must be above 0");
    if (options.num_epochs < 1) throw InvalidArgument("num_epochs", " must be above 0");
    if (!(options.learning_rate > 0) || !std::isfinite(options.learning_rate))
        throw InvalidArgument("learning_rate", " must be above 0");
}

// Batches of this size are too small to share between threads: the barriers cost more than they
// gain, and on a busy machine many times as much.
class OneThread {
public:
    OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
    ~OneThread() { at::set_num_threads(before_); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int before_;
};

}  // namespace

void run_training(const TrainingLoop& loop, const EpochCallback& after_epoch) {
    check(loop);
    const OneThread one_thread;
    const TrainingOptions& options = loop.options;
    const std::int64_t batch = std::min<std::int64_t>(options.batch_size, loop.rows);
    const std::int64_t batches = loop.rows / batch;  // each epoch leaves out another remainder
    at::Generator random = at::detail::createCPUGenerator(options.seed ^ 0x9e3779b97f4a7c15u);
    const at::Device device = loop.parameters->values().device();
    FlatAdam adam(*loop.parameters);
    at::Tensor loss = at::zeros({}, loop.parameters->values().options());
    at::Tensor best = loop.parameters->values().clone();
    double best_loss = std::numeric_limits<double>::infinity();
    for (int epoch = 1; epoch <= options.num_epochs; ++epoch) {
        loop.begin_epoch(
            at::randperm(loop.rows, random, at::TensorOptions().dtype(at::kLong)).to(device));
        loss.zero_();
        for (std::int64_t i = 0; i < batches; ++i) {
            loop.batch(i * batch, batch, loss);
            const double done =
                (epoch - 1 + static_cast<double>(i) / static_cast<double>(batches)) /
                options.num_epochs;
            adam.step(*loop.parameters, learning_rate_at(options, done));
        }
        EpochReport report = loop.validate();
        report.epoch = epoch;
        report.train_loss = loss.item<double>() / static_cast<double>(batches);
        const double epoch_loss =
            std::isnan(report.validation_loss) ? report.train_loss : report.validation_loss;
        if (epoch_loss < best_loss) {
            best_loss = epoch_loss;
            best.copy_(loop.parameters->values());
        }
        if (after_epoch && !after_epoch(report)) break;
    }
    loop.parameters->values().copy_(best);
}

}  // namespace decodemeter
