#include <nlohmann/json.hpp>

#include "estimator/predictor/latency_model.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

const char* activation_name(DenseActivation activation) {
    switch (activation) {
        case DenseActivation::tanh:
            return "tanh";
        case DenseActivation::silu:
            return "silu";
        case DenseActivation::identity:
            break;
    }
    return "identity";
}

Json network_json(const DenseNetwork& network) {
    Json layers = Json::array();
    for (const DenseLayer& layer : network.layers) {
        layers.push_back({{"inputs", layer.inputs},
                          {"outputs", layer.outputs},
                          {"activation", activation_name(layer.activation)},
                          {"weight", layer.weight},
                          {"bias", layer.bias}});
    }
    return {{"normaliser",
             {{"mean", network.normalizer.mean}, {"deviation", network.normalizer.deviation}}},
            {"layers", layers}};
}

template <std::size_t n>
Json curves_json(const std::array<KnobCost, n>& costs,
                 const std::array<std::string_view, n>& names) {
    Json json;
    for (std::size_t i = 0; i < n; ++i) json[std::string(names[i])] = costs[i];
    return json;
}

Json physics_json(const Physics& physics) {
    return {{"knob_terms", "[1, L, L*k] . coefficients, milliseconds"},
            {"decode_step", curves_json(physics.decode, decode_curve_names)},
            {"prefill", curves_json(physics.prefill, prefill_curve_names)}};
}

Json levels_json(const std::vector<ConfigurationLevel>& levels) {
    Json rows = Json::array();
    for (const ConfigurationLevel& level : levels) {
        rows.push_back({{"tier_idx", level.tier},
                        {"top_k", level.top_k},
                        {"num_active_blocks", level.active_blocks},
                        {"decode", level.decode},
                        {"prefill", level.prefill}});
    }
    return rows;
}

Json factors_json(const BoundFactors& factors) {
    return {{"p90", factors.p90}, {"p95", factors.p95}, {"p99", factors.p99}};
}

Json binned_json(const std::array<BoundFactors, bound_bins>& bins) {
    Json json;
    for (std::size_t i = 0; i < bound_bins; ++i)
        json[std::string(bound_bin_names[i])] = factors_json(bins[i]);
    return json;
}

Json bounds_json(const Bounds& bounds) {
    return {{"prefill", factors_json(bounds.prefill)},
            {"decode_total_by_n", binned_json(bounds.decode)},
            {"total_by_n", binned_json(bounds.total)},
            {"hierarchical", bounds.hierarchical ? Json(*bounds.hierarchical) : Json(nullptr)},
            {"calibrated", bounds.calibrated}};
}

Json table_json(const CostTable& table) {
    Json rows = Json::array();
    for (const ConfigurationCost& cost : table.costs) {
        rows.push_back({{"tier_idx", cost.tier},
                        {"top_k", cost.top_k},
                        {"num_active_blocks", cost.active_blocks},
                        {"step_ms", cost.step_ms},
                        {"prefill_ms", cost.prefill_ms},
                        {"vision_tokens", cost.vision_tokens},
                        {"records", cost.records}});
    }
    return rows;
}

Json ranges_json(const FeatureRanges& ranges) {
    Json json;
    for (std::size_t i = 0; i < range_count; ++i) {
        json[std::string(to_string(static_cast<Feature>(i + 1)))] = {ranges[i].low, ranges[i].high};
    }
    return json;
}

Json tier_ranges_json(const std::array<std::optional<FeatureRanges>, 3>& ranges) {
    Json json;
    for (std::size_t tier = 0; tier < ranges.size(); ++tier)
        json[std::string(tier_names[tier])] = ranges[tier] ? ranges_json(*ranges[tier]) : Json();
    return json;
}

Json confounding_json(const std::optional<LengthConfounding>& confounding) {
    if (!confounding) return nullptr;
    return {{"knob", confounding->knob}, {"explained_share", confounding->explained_share}};
}

Json lengths_json(const std::vector<TaskLengths>& lengths) {
    Json json = Json::array();
    for (const TaskLengths& task : lengths) {
        json.push_back({{"task", task.task},
                        {"records", task.records},
                        {"mean_tokens", task.mean_tokens},
                        {"p95_tokens", task.p95_tokens},
                        {"p99_tokens", task.p99_tokens},
                        {"survival", task.survival}});
    }
    return json;
}

Json provenance_json(const Provenance& provenance) {
    return {{"device", provenance.device},
            {"model", provenance.model},
            {"records_hash", provenance.records_hash},
            {"records", provenance.records},
            {"datasets", provenance.datasets},
            {"mixed", provenance.mixed},
            {"checkpoint_sha256", provenance.checkpoint_sha256},
            {"synthetic", provenance.synthetic},
            {"seed", provenance.seed},
            {"decodemeter", provenance.decodemeter},
            {"held_out_keys", provenance.held_out_keys},
            {"fitted_records", provenance.training_records}};
}

}  // namespace

std::string to_json(const LatencyModel& model) {
    Json json;
    json["format"] = "decodemeter latency estimator";
    json["version"] = latency_model_version;
    json["provenance"] = provenance_json(model.provenance);
    json["physics"] = physics_json(model.physics.physics);
    json["residual"] = {{"decode", model.physics.residual.decode},
                        {"prefill", model.physics.residual.prefill},
                        {"network", network_json(model.physics.residual.network)}};
    json["levels"] = levels_json(model.physics.levels);
    json["constant_per_config"] = table_json(model.table);
    json["bounds"] = bounds_json(model.bounds);
    json["ranges"] = ranges_json(model.ranges);
    json["ranges_by_tier"] = tier_ranges_json(model.tier_ranges);
    json["length_confounding"] = confounding_json(model.length_confounding);
    json["output_lengths"] = lengths_json(model.lengths);
    json["average"] = {{"scale_ms", model.average.scale_ms},
                       {"network", network_json(model.average.network)}};
    // One line for each part: short enough to read, and networks do not fill thousands of lines.
    std::string text;
    for (const auto& [name, part] : json.items()) {
        text += (text.empty() ? "{\n" : ",\n") + Json(name).dump() + ": " + part.dump();
    }
    return text + "\n}\n";
}

}  // namespace decodemeter
