#include "estimator/networks/training_data.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace decodemeter {

namespace {

const Row& row_at(const Dataset& dataset, int index) {
    return dataset.rows[static_cast<std::size_t>(index)];
}

at::Tensor zeros(std::vector<std::int64_t> shape) {
    return at::zeros(shape, at::TensorOptions().dtype(at::kFloat));
}

// Applies `change` to every tensor of a batch.
template <class Change>
TrainingBatch changed(const TrainingBatch& batch, const Change& change) {
    return {change(batch.features),    change(batch.counts),        change(batch.prefill),
            change(batch.decode),      change(batch.decode_weight), change(batch.inverse_steps),
            change(batch.step_weights)};
}

void fill_steps(const Dataset& dataset, const Row& row, const TrainingScales& scales,
                float* inverse, float* weights, std::int64_t positions) {
    const auto steps = dataset.steps(row);
    const auto count = std::min<std::int64_t>(static_cast<std::int64_t>(steps.size()), positions);
    for (std::int64_t s = 0; s < count; ++s) {
        inverse[s] = static_cast<float>(scales.step_ms / steps[static_cast<std::size_t>(s)]);
        weights[s] = static_cast<float>(1.0 / static_cast<double>(count));
    }
}

}  // namespace

TrainingScales fit_scales(const Dataset& dataset, std::span<const int> rows, bool published) {
    TrainingScales scales;
    if (published) return scales;
    scales.normalizer = fit_normalizer(dataset, rows);
    double prefill = 0;
    double step = 0;
    std::int64_t decoded = 0;
    for (const int index : rows) {
        const Row& row = row_at(dataset, index);
        prefill += row.prefill_ms;
        if (row.steps() < 1 || row.decode_ms <= 0) continue;
        step += row.decode_ms / row.steps();
        ++decoded;
    }
    if (!rows.empty()) scales.prefill_ms = prefill / static_cast<double>(rows.size());
    if (decoded > 0) scales.step_ms = step / static_cast<double>(decoded);
    return scales;
}

at::Tensor feature_tensor(const Dataset& dataset, std::span<const int> rows,
                          const Normalizer& normalizer) {
    at::Tensor tensor =
        zeros({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(feature_count)});
    float* values = tensor.mutable_data_ptr<float>();
    for (const int index : rows) {
        for (const double feature : normalizer(features_of(row_at(dataset, index).request)))
            *values++ = static_cast<float>(feature);
    }
    return tensor;
}

at::Tensor count_tensor(const Dataset& dataset, std::span<const int> rows, bool published) {
    at::Tensor tensor =
        at::empty({static_cast<std::int64_t>(rows.size())}, at::TensorOptions().dtype(at::kInt));
    std::int32_t* counts = tensor.mutable_data_ptr<std::int32_t>();
    for (const int index : rows) {
        const Row& row = row_at(dataset, index);
        *counts++ = published ? row.output_tokens : row.steps();
    }
    return tensor;
}

std::int64_t longest_sum(const Dataset& dataset, std::span<const int> rows, bool published) {
    int longest = 1;
    for (const int index : rows)
        longest = std::max(longest, row_at(dataset, index).steps() + (published ? 1 : 0));
    return longest;
}

TrainingData make_training_data(const Dataset& dataset, std::span<const int> rows,
                                const TrainingScales& scales, bool published,
                                std::int64_t positions, const at::Device& device) {
    const auto count = static_cast<std::int64_t>(rows.size());
    TrainingData data;
    data.rows = count;
    data.positions = positions;
    TrainingBatch batch{feature_tensor(dataset, rows, scales.normalizer),
                        count_tensor(dataset, rows, published),
                        zeros({count}),
                        zeros({count}),
                        zeros({count}),
                        zeros({count, positions}),
                        zeros({count, positions})};
    for (std::int64_t i = 0; i < count; ++i) {
        const Row& row = row_at(dataset, rows[static_cast<std::size_t>(i)]);
        batch.prefill.mutable_data_ptr<float>()[i] =
            static_cast<float>(row.prefill_ms / scales.prefill_ms);
        const bool decoded = row.steps() > 0 && row.decode_ms > 0;
        batch.decode.mutable_data_ptr<float>()[i] =
            decoded ? static_cast<float>(row.decode_ms / scales.step_ms) : 1.0f;
        batch.decode_weight.mutable_data_ptr<float>()[i] = decoded ? 1.0f : 0.0f;
        if (row.has_steps) {
            data.has_steps = true;
            fill_steps(dataset, row, scales,
                       batch.inverse_steps.mutable_data_ptr<float>() + i * positions,
                       batch.step_weights.mutable_data_ptr<float>() + i * positions, positions);
        }
    }
    data.all = changed(batch, [&](const at::Tensor& tensor) { return tensor.to(device); });
    return data;
}

TrainingBatch gather(const TrainingBatch& all, const at::Tensor& order) {
    return changed(all, [&](const at::Tensor& tensor) { return tensor.index_select(0, order); });
}

TrainingBatch slice(const TrainingBatch& all, std::int64_t first, std::int64_t count) {
    return changed(all, [&](const at::Tensor& tensor) { return tensor.narrow(0, first, count); });
}

}  // namespace decodemeter
