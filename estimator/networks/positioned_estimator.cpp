#include "estimator/networks/positioned_estimator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "estimator/networks/compute_device.hpp"
#include "estimator/networks/positioned_state.hpp"
#include "estimator/networks/trainer.hpp"
#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

constexpr std::int64_t prediction_chunk = 1024;

double as_mean(double sum, std::int64_t count) {
    return count > 0 ? sum / static_cast<double>(count) : 0;
}

// Loss and errors as the published training prints them, from predictions in milliseconds.
EpochReport report_epoch(const Dataset& dataset, const Predictions& predictions, bool squared_ms) {
    EpochReport report;
    double prefill_loss = 0;
    double decode_loss = 0;
    double prefill_sum = 0;
    double decode_sum = 0;
    std::int64_t decoded = 0;
    const auto count = static_cast<std::int64_t>(predictions.rows.size());
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = dataset.rows[static_cast<std::size_t>(predictions.rows[i])];
        const double prefill = predictions.prefill_ms[i] - row.prefill_ms;
        const double decode = predictions.decode_ms[i] - row.decode_ms;
        report.prefill_mae_ms += std::abs(prefill);
        prefill_sum += row.prefill_ms;
        prefill_loss += std::pow(squared_ms ? prefill : prefill / row.prefill_ms, 2);
        if (row.steps() < 1 || row.decode_ms <= 0) continue;
        ++decoded;
        report.decode_total_mae_ms += std::abs(decode);
        decode_sum += row.decode_ms;
        decode_loss += std::pow(squared_ms ? decode : decode / row.decode_ms, 2);
    }
    report.validation_loss = count > 0
                                 ? 2 * as_mean(prefill_loss, count) + as_mean(decode_loss, decoded)
                                 : std::numeric_limits<double>::quiet_NaN();
    report.prefill_mae_ms = as_mean(report.prefill_mae_ms, count);
    report.decode_total_mae_ms = as_mean(report.decode_total_mae_ms, decoded);
    if (prefill_sum > 0)
        report.prefill_relative_percent = 100 * report.prefill_mae_ms / as_mean(prefill_sum, count);
    if (decode_sum > 0)
        report.decode_relative_percent =
            100 * report.decode_total_mae_ms / as_mean(decode_sum, decoded);
    return report;
}

// Runs the network over rows of features in chunks of one size; `use(first, count)` reads its
// outputs.
template <class Use>
void run_network(PositionedNet& net, const at::Tensor& features, const at::Tensor& counts,
                 std::int64_t positions, const Use& use) {
    const at::Device device = net.parameters().values().device();
    const std::int64_t rows = features.size(0);
    for (std::int64_t first = 0; first < rows; first += prediction_chunk) {
        const std::int64_t count = std::min(prediction_chunk, rows - first);
        net.reserve(count, positions);
        net.forward(features.narrow(0, first, count).to(device),
                    counts.narrow(0, first, count).to(device));
        use(first, count);
    }
}

void append_entry(Predictions& predictions, const Row& row, const TrainingScales& scales,
                  float prefill, float decode, const float* values) {
    const double total = decode * scales.step_ms;
    predictions.prefill_ms.push_back(prefill * scales.prefill_ms);
    predictions.decode_ms.push_back(row.steps() > 0 ? total : 0);
    predictions.per_token_ms.push_back(total / row.output_tokens);
    predictions.first_step.push_back(predictions.steps_ms.size());
    for (int s = 0; s < row.steps(); ++s)
        predictions.steps_ms.push_back(values[s] * scales.step_ms);
}

Predictions predict_with(PositionedNet& net, const TrainingScales& scales, const Dataset& dataset,
                         std::span<const int> rows) {
    const bool published = net.shape().published;
    Predictions predictions;
    predictions.rows.assign(rows.begin(), rows.end());
    const at::Tensor features = feature_tensor(dataset, rows, scales.normalizer);
    const at::Tensor counts = count_tensor(dataset, rows, published);
    const std::int64_t positions = longest_sum(dataset, rows, published);
    run_network(net, features, counts, positions, [&](std::int64_t first, std::int64_t count) {
        const at::Tensor prefill = net.prefill().cpu();
        const at::Tensor decode = net.decode().cpu();
        const at::Tensor values = net.values().cpu();
        for (std::int64_t i = 0; i < count; ++i) {
            const Row& row =
                dataset.rows[static_cast<std::size_t>(rows[static_cast<std::size_t>(first + i)])];
            append_entry(predictions, row, scales, prefill.const_data_ptr<float>()[i],
                         decode.const_data_ptr<float>()[i],
                         values.const_data_ptr<float>() + i * positions);
        }
    });
    return predictions;
}

std::int64_t longest_of(std::initializer_list<std::int64_t> values) { return std::max(values); }

}  // namespace

PositionedEstimator::PositionedEstimator(std::unique_ptr<State> state) : state_(std::move(state)) {}
PositionedEstimator::PositionedEstimator(PositionedEstimator&&) noexcept = default;
PositionedEstimator& PositionedEstimator::operator=(PositionedEstimator&&) noexcept = default;
PositionedEstimator::~PositionedEstimator() = default;

const CheckpointOrigin& PositionedEstimator::origin() const noexcept { return state_->origin; }
ModelKind PositionedEstimator::kind() const noexcept {
    return state_->options.published ? ModelKind::positioned_published : ModelKind::positioned;
}
int PositionedEstimator::hidden() const noexcept { return state_->options.hidden; }

PositionedEstimator PositionedEstimator::train(const Dataset& dataset,
                                               std::span<const int> train_rows,
                                               std::span<const int> validation,
                                               const TrainingOptions& options,
                                               const EpochCallback& after_epoch) {
    if (options.hidden < 4 || options.hidden > 4096 || options.hidden % 4 != 0)
        throw InvalidArgument("hidden", " must be a multiple of 4 from 4 to 4096");
    const at::Device device = open_training_device(options.device);
    const TrainingScales scales = fit_scales(dataset, train_rows, options.published);
    auto state = std::make_unique<State>(
        State{options, scales, PositionedNet({options.hidden, options.published}, device), {}});
    PositionedNet& net = state->net;
    net.initialize(options.seed);
    // Validation runs in buffers of its own, so that those of training stay as they are.
    PositionedNet validated({options.hidden, options.published}, device);
    const std::int64_t positions =
        longest_of({1, longest_sum(dataset, train_rows, options.published)});
    const TrainingData data =
        make_training_data(dataset, train_rows, scales, options.published, positions, device);
    const bool step_loss = data.has_steps && !options.published;

    TrainingBatch epoch;
    TrainingLoop loop{data.rows, options, &net.parameters(), {}, {}, {}};
    loop.begin_epoch = [&](const at::Tensor& order) { epoch = gather(data.all, order); };
    loop.batch = [&](std::int64_t first, std::int64_t count, at::Tensor& loss) {
        net.reserve(count, positions);
        net.loss_and_gradients(slice(epoch, first, count), options.published, step_loss, loss);
    };
    loop.validate = [&] {
        validated.parameters().values().copy_(net.parameters().values());
        return report_epoch(dataset, predict_with(validated, scales, dataset, validation),
                            options.published);
    };
    run_training(loop, after_epoch);
    return PositionedEstimator(std::move(state));
}

Predictions PositionedEstimator::predict_rows(const Dataset& dataset,
                                              std::span<const int> rows) const {
    return predict_with(state_->net, state_->scales, dataset, rows);
}

namespace {

Dataset one_request(const Request& request, int output_tokens) {
    Dataset dataset;
    Row row;
    row.request = request;
    row.output_tokens = output_tokens;
    dataset.rows.push_back(std::move(row));
    return dataset;
}

}  // namespace

double PositionedEstimator::predict_prefill(const Request& request) const {
    const int row = 0;
    return predict_rows(one_request(request, 1), std::span(&row, 1)).prefill_ms.front();
}

double PositionedEstimator::predict_decode(const Request& request, int output_tokens) const {
    const int row = 0;
    return predict_rows(one_request(request, output_tokens), std::span(&row, 1)).decode_ms.front();
}

std::vector<double> PositionedEstimator::predict_decode_at_positions(
    const Request& request, std::span<const int> positions) const {
    if (positions.empty()) return {};
    const int row = 0;
    const int longest = *std::max_element(positions.begin(), positions.end());
    const Predictions predictions =
        predict_rows(one_request(request, longest + 1), std::span(&row, 1));
    std::vector<double> times;
    for (const int position : positions)
        times.push_back(position < 1
                            ? std::numeric_limits<double>::quiet_NaN()
                            : predictions.steps_ms[static_cast<std::size_t>(position - 1)]);
    return times;
}

TrainAndValidation split_validation(const Dataset& dataset, std::span<const int> rows,
                                    std::uint64_t seed) {
    std::set<int> configs;
    for (const int index : rows)
        configs.insert(dataset.rows[static_cast<std::size_t>(index)].config);
    TrainAndValidation split;
    constexpr int parts = 10;
    const bool by_config = configs.size() >= 3;
    const int groups = by_config ? static_cast<int>(configs.size()) : static_cast<int>(rows.size());
    const std::vector<int> part = deal_groups(groups, std::min(parts, groups), seed);
    std::map<int, int> group_of;
    for (const int config : configs) group_of.emplace(config, static_cast<int>(group_of.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const int config = dataset.rows[static_cast<std::size_t>(rows[i])].config;
        const int group = by_config ? group_of.at(config) : static_cast<int>(i);
        const bool held_out = groups > 1 && part[static_cast<std::size_t>(group)] == 0;
        (held_out ? split.validation : split.train).push_back(rows[i]);
    }
    return split;
}

FoldModel positioned_fold_model(const TrainingOptions& options, const EpochCallback& after_epoch) {
    return [options, after_epoch](const Dataset& dataset, const Fold& fold) {
        const TrainAndValidation split = split_validation(dataset, fold.train, options.seed);
        return PositionedEstimator::train(dataset, split.train, split.validation, options,
                                          after_epoch)
            .predict_rows(dataset, fold.test);
    };
}

FoldModel average_fold_model(const TrainingOptions& options, const EpochCallback& after_epoch) {
    return [options, after_epoch](const Dataset& dataset, const Fold& fold) {
        const TrainAndValidation split = split_validation(dataset, fold.train, options.seed);
        return decodemeter::predict_rows(
            dataset, fold.test,
            train_average(dataset, split.train, split.validation, options, after_epoch));
    };
}

}  // namespace decodemeter
