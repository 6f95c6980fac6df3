#include <cmath>
#include <nlohmann/json.hpp>

#include "estimator/evaluate/evaluation.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json errors_json(const Errors& errors) {
    return {{"mae_ms", number(errors.mae_ms)},
            {"rmse_ms", number(errors.rmse_ms)},
            {"mape_percent", number(errors.mape_percent)},
            {"r2", number(errors.r2)},
            {"mean_relative_error_percent", number(errors.mean_relative_error_percent)},
            {"count", errors.count}};
}

void add_targets(Json& json, const TargetErrors& errors) {
    json["prefill"] = errors_json(errors.prefill);
    json["decode_total"] = errors_json(errors.decode_total);
    json["decode_step"] = errors_json(errors.decode_step);
    json["decode_per_token"] = errors_json(errors.decode_per_token);
}

Json group_json(const std::map<std::string, Errors>& groups) {
    Json json = Json::object();
    for (const auto& [name, errors] : groups) json[name] = errors_json(errors);
    return json;
}

Json configs_json(const ModelReport& report) {
    Json json = Json::object();
    for (const auto& [name, errors] : report.prefill_by_config)
        json[name]["prefill"] = errors_json(errors);
    for (const auto& [name, errors] : report.by_config)
        json[name]["decode_total"] = errors_json(errors);
    return json;
}

Json figures_json(const CoverageFigures& figures) {
    return {{"overall", number(figures.overall)},
            {"by_n", figures.by_n},
            {"worst_config", number(figures.worst_config)},
            {"mean_width_ratio", number(figures.mean_width_ratio)},
            {"by_config", figures.by_config},
            {"by_data_set", figures.by_dataset},
            {"count", figures.count}};
}

Json coverage_json(const CoverageReport& coverage) {
    Json p95 = figures_json(coverage.p95);
    p95["hierarchical"] = figures_json(coverage.hierarchical);
    return {{"p95", p95}, {"prefill_p95", figures_json(coverage.prefill)}};
}

Json model_json(const ModelReport& report) {
    Json json;
    add_targets(json, report.errors);
    json["verdict"] = {{"prefill", prefill_verdict(report.errors.prefill)},
                       {"decode_total", decode_verdict(report.errors.decode_total)}};
    json["by_config"] = configs_json(report);
    json["by_n"] = group_json(report.by_n);
    json["by_data_set"] = group_json(report.by_dataset);
    Json positions = Json::object();
    for (const auto& [position, errors] : report.by_position)
        positions[std::to_string(position)] = errors_json(errors);
    json["by_position"] = positions;
    json["position_ratio"] = number(report.position_ratio);
    json["slope_percent_per_token"] = number(report.slope_percent_per_token);
    json["measured_position_ratio"] = number(report.measured_position_ratio);
    json["measured_slope_percent_per_token"] = number(report.measured_slope_percent_per_token);
    json["mean_ratio_by_data_set"] = report.mean_ratio_by_dataset;
    add_targets(json["with_outliers"], report.with_outliers);
    if (report.coverage) json["coverage"] = coverage_json(*report.coverage);
    return json;
}

}  // namespace

std::string to_json(const EvaluationReport& report) {
    Json json;
    json["split"] = report.split;
    json["split_description"] = report.split_description;
    json["noise_floor_percent"] = number(report.noise_floor_percent);
    json["noise_floor_source"] = report.noise_floor_source;
    json["length_confounding"] =
        report.length_confounding
            ? Json{{"knob", report.length_confounding->knob},
                   {"explained_share", report.length_confounding->explained_share}}
            : Json(nullptr);
    json["filtered"] = report.filtered;
    json["records"] = report.records;
    json["data_sets"] = report.datasets;
    json["device"] = report.device;
    json["records_hash"] = report.records_hash;
    json["synthetic"] = report.synthetic;
    json["seed"] = report.seed;
    json["models"] = Json::object();
    for (const auto& [name, model] : report.models) json["models"][name] = model_json(model);
    return json.dump(1) + "\n";
}

}  // namespace decodemeter
