#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/softplus_backward.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sub.h>

#include <cmath>
#include <limits>

#include "estimator/evaluate/evaluation.hpp"
#include "estimator/networks/compute_device.hpp"
#include "estimator/networks/positioned_estimator.hpp"
#include "estimator/networks/trainer.hpp"
#include "estimator/networks/training_data.hpp"

namespace decodemeter {

namespace {

// Narrower than the positioned network: it is written into the JSON file, number by number.
constexpr std::int64_t average_hidden = 64;
constexpr double average_prefill_weight = 2.0;

class AverageNet {
public:
    explicit AverageNet(const at::Device& device) {
        encoder_[0].register_parameters(parameters_, "0", static_cast<std::int64_t>(feature_count),
                                        average_hidden, false, false);
        encoder_[1].register_parameters(parameters_, "1", average_hidden, average_hidden, false,
                                        false);
        const std::size_t weight = parameters_.add("head.weight", {2, average_hidden});
        const std::size_t bias = parameters_.add("head.bias", {2});
        parameters_.allocate(device);
        for (EncoderLayer& layer : encoder_) layer.bind(parameters_);
        head_ = {parameters_.get(weight), parameters_.get(bias)};
    }

    void initialize(std::uint64_t seed) {
        at::Generator random = at::detail::createCPUGenerator(seed);
        for (EncoderLayer& layer : encoder_) layer.initialize(random);
        decodemeter::initialize(head_, random);
    }

    void reserve(std::int64_t rows) {
        if (raw_.defined() && raw_.size(0) == rows) return;
        const auto options = parameters_.values().options();
        for (EncoderLayer& layer : encoder_) layer.reserve(rows);
        for (at::Tensor* tensor : {&raw_, &output_, &gradient_})
            *tensor = at::empty({rows, 2}, options);
        for (at::Tensor* tensor : {&grad_encoded_, &grad_hidden_})
            *tensor = at::empty({rows, average_hidden}, options);
    }

    // `targets` [rows, 2] in units of the scales, `weights` [rows, 2].
    void loss_and_gradients(const at::Tensor& features, const at::Tensor& targets,
                            const at::Tensor& weights, at::Tensor& loss) {
        const at::Tensor& encoded = encoder_[1].forward(encoder_[0].forward(features));
        head_.forward(raw_, encoded);
        at::softplus_out(output_, raw_);
        at::sub_out(gradient_, output_, targets).div_(targets);
        const double rows = static_cast<double>(features.size(0));
        loss.add_((gradient_ * gradient_ * weights).sum(), 1 / rows);
        gradient_.mul_(weights).div_(targets).mul_(2 / rows);
        at::softplus_backward_out(output_, gradient_, raw_, 1, 20);
        head_.backward(output_, encoded, &grad_encoded_);
        encoder_[1].backward(grad_encoded_, encoder_[0].output(), &grad_hidden_);
        encoder_[0].backward(grad_hidden_, features, nullptr);
    }

    Parameters& parameters() noexcept { return parameters_; }

private:
    Parameters parameters_;
    std::array<EncoderLayer, 2> encoder_;
    Linear head_;
    at::Tensor raw_;
    at::Tensor output_;
    at::Tensor gradient_;
    at::Tensor grad_encoded_;
    at::Tensor grad_hidden_;
};

std::vector<double> numbers(const at::Tensor& tensor) {
    const at::Tensor flat = tensor.cpu().contiguous();
    const float* values = flat.const_data_ptr<float>();
    return {values, values + flat.numel()};
}

// Parameters were registered as weight, bias of each layer in turn.
DenseNetwork to_dense_network(const Parameters& parameters, const Normalizer& normalizer) {
    DenseNetwork network{normalizer, {}};
    for (std::size_t i = 0; i + 1 < parameters.size(); i += 2) {
        const at::Tensor weight = parameters.get(i).value;
        const at::Tensor bias = parameters.get(i + 1).value;
        const bool last = i + 2 == parameters.size();
        network.layers.push_back({static_cast<int>(weight.size(1)),
                                  static_cast<int>(weight.size(0)),
                                  last ? DenseActivation::identity : DenseActivation::silu,
                                  numbers(weight), numbers(bias)});
    }
    return network;
}

double mean_per_token(const Dataset& dataset, std::span<const int> rows) {
    double sum = 0;
    int count = 0;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        if (row.steps() < 1 || row.decode_ms <= 0) continue;
        sum += row.decode_ms / row.output_tokens;
        ++count;
    }
    return count > 0 ? sum / count : 1;
}

struct AverageData {
    at::Tensor features;
    at::Tensor targets;
    at::Tensor weights;
};

AverageData make_data(const Dataset& dataset, std::span<const int> rows, const AverageModel& model,
                      const at::Device& device) {
    const auto count = static_cast<std::int64_t>(rows.size());
    const auto floats = at::TensorOptions().dtype(at::kFloat);
    AverageData data{feature_tensor(dataset, rows, model.network.normalizer),
                     at::empty({count, 2}, floats), at::empty({count, 2}, floats)};
    float* target = data.targets.mutable_data_ptr<float>();
    float* weight = data.weights.mutable_data_ptr<float>();
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        const bool decoded = row.steps() > 0 && row.decode_ms > 0;
        *target++ = static_cast<float>(row.prefill_ms / model.scale_ms[0]);
        *target++ = decoded
                        ? static_cast<float>(row.decode_ms / row.output_tokens / model.scale_ms[1])
                        : 1.0f;
        *weight++ = static_cast<float>(average_prefill_weight);
        *weight++ = decoded ? 1.0f : 0.0f;
    }
    return {data.features.to(device), data.targets.to(device), data.weights.to(device)};
}

EpochReport judge_epoch(const Dataset& dataset, std::span<const int> rows,
                        const AverageModel& model) {
    const ModelReport result = evaluate_model(dataset, predict_rows(dataset, rows, model));
    EpochReport report;
    report.prefill_mae_ms = result.errors.prefill.mae_ms;
    report.decode_total_mae_ms = result.errors.decode_total.mae_ms;
    report.prefill_relative_percent = result.errors.prefill.mean_relative_error_percent;
    report.decode_relative_percent = result.errors.decode_total.mean_relative_error_percent;
    report.validation_loss = rows.empty() ? std::numeric_limits<double>::quiet_NaN()
                                          : result.errors.prefill.mape_percent +
                                                result.errors.decode_per_token.mape_percent;
    // Rows without a decode step count by their prefill alone.
    if (std::isnan(report.validation_loss) && !rows.empty())
        report.validation_loss = result.errors.prefill.mape_percent;
    return report;
}

}  // namespace

AverageModel train_average(const Dataset& dataset, std::span<const int> train,
                           std::span<const int> validation, const TrainingOptions& options,
                           const EpochCallback& after_epoch) {
    const at::Device device = open_training_device(options.device);
    const TrainingScales scales = fit_scales(dataset, train, false);
    AverageModel model{{scales.normalizer, {}},
                       {scales.prefill_ms, mean_per_token(dataset, train)}};
    AverageNet net(device);
    net.initialize(options.seed);
    const AverageData data = make_data(dataset, train, model, device);
    AverageData epoch;
    TrainingLoop loop{data.features.size(0), options, &net.parameters(), {}, {}, {}};
    loop.begin_epoch = [&](const at::Tensor& order) {
        epoch = {data.features.index_select(0, order), data.targets.index_select(0, order),
                 data.weights.index_select(0, order)};
    };
    loop.batch = [&](std::int64_t first, std::int64_t count, at::Tensor& loss) {
        net.reserve(count);
        net.loss_and_gradients(epoch.features.narrow(0, first, count),
                               epoch.targets.narrow(0, first, count),
                               epoch.weights.narrow(0, first, count), loss);
    };
    loop.validate = [&] {
        model.network = to_dense_network(net.parameters(), scales.normalizer);
        return judge_epoch(dataset, validation, model);
    };
    run_training(loop, after_epoch);
    model.network = to_dense_network(net.parameters(), scales.normalizer);
    return model;
}

}  // namespace decodemeter
