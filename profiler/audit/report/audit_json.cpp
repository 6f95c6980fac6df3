#include <nlohmann/json.hpp>

#include "profiler/audit/report/audit_report.hpp"
#include "profiler/audit/report/slow_step_report.hpp"

namespace decodemeter {

namespace {

// A number that is not finite is written as null.
using Json = nlohmann::ordered_json;

Json divisor_json(const DivisorDiagnosis& diagnosis) {
    Json json = {{"verdict", to_string(diagnosis.verdict)},
                 {"source", to_string(diagnosis.source)},
                 {"step_ms", diagnosis.step_ms},
                 {"groups", diagnosis.groups},
                 {"slope_percent_per_token", nullptr},
                 {"slope_interval", nullptr},
                 {"constant_ms", diagnosis.constant_ms},
                 {"noise_percent", diagnosis.noise_percent},
                 {"r_squared", diagnosis.r_squared},
                 {"samples", diagnosis.samples},
                 {"outliers", diagnosis.outliers},
                 {"reason", diagnosis.reason}};
    if (diagnosis.slope) {
        json["slope_percent_per_token"] = diagnosis.slope->percent_per_token;
        json["slope_interval"] = {diagnosis.slope->lower, diagnosis.slope->upper};
    }
    return json;
}

Json effects_json(const PositionEffects& positions) {
    Json list = Json::array();
    for (const PositionEffect& effect : positions.effects) {
        list.push_back({{"kind", to_string(effect.kind)},
                        {"estimate", effect.estimate},
                        {"interval", effect.interval},
                        {"unit", effect.unit},
                        {"first_step", effect.first_step > 0 ? Json(effect.first_step) : Json()},
                        {"last_step", effect.last_step > 0 ? Json(effect.last_step) : Json()},
                        {"suspicious", effect.suspicious()},
                        {"sentence", effect.sentence}});
    }
    return list;
}

Json curve_json(const PositionCurve& curve) {
    Json points = Json::array();
    for (const CurvePoint& point : curve.points) {
        points.push_back({{"step", point.step},
                          {"relative", point.center},
                          {"interval", {point.lower, point.upper}},
                          {"requests", point.requests}});
    }
    return {{"name", curve.name}, {"points", std::move(points)}};
}

// What the list of effects rests on, and the curves of the page.
Json positions_json(const PositionEffects& positions) {
    Json json = {{"requests", positions.requests}, {"long_requests", positions.long_requests}};
    const auto reason = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    json["untested"] = reason(positions.untested);
    json["levels_untested"] = reason(positions.levels_untested);
    json["drift_untested"] = reason(positions.drift_untested);
    json["settled_from"] = positions.slope ? Json(positions.settled_from) : Json();
    json["slope"] = nullptr;
    if (positions.slope) {
        json["slope"] = {{"percent_per_token", positions.slope->percent_per_token},
                         {"error", positions.slope->error},
                         {"first_step", positions.slope->first_step},
                         {"last_step", positions.slope->last_step}};
    }
    json["curves"] = Json::array();
    if (!positions.pooled.points.empty()) json["curves"].push_back(curve_json(positions.pooled));
    for (const PositionCurve& curve : positions.by_config)
        json["curves"].push_back(curve_json(curve));
    return json;
}

Json by_length_json(const AuditReport& report) {
    Json rows = Json::array();
    for (std::size_t bin = 0; bin < length_bins.size(); ++bin) {
        const FigureByLength& row = report.by_length[bin];
        rows.push_back({{"N", length_bins[bin].label},
                        {"samples", row.samples},
                        {"mean_N", row.tokens},
                        {"per_token_ms", row.per_token_ms},
                        {"per_step_ms", row.per_step_ms}});
    }
    return rows;
}

Json correlations_json(const AuditReport& report) {
    Json rows = Json::array();
    for (const LengthCorrelation& row : report.correlations) {
        rows.push_back({{"figure", row.figure},
                        {"samples", row.samples},
                        {"pearson", row.pearson},
                        {"spearman", row.spearman},
                        {"p", row.p}});
    }
    return rows;
}

Json differences_json(const SubtractionAudit& audit) {
    Json rows = Json::array();
    for (std::size_t bin = 0; bin < length_bins.size(); ++bin) {
        const DifferenceByLength& row = audit.by_length[bin];
        rows.push_back({{"N", length_bins[bin].label},
                        {"samples", row.samples},
                        {"zero_fraction", row.zero_fraction},
                        {"compared", row.compared},
                        {"direct_ms", row.direct_ms},
                        {"bias_ms", row.bias_ms},
                        {"spread_ms", row.spread_ms}});
    }
    return rows;
}

Json subtraction_json(const std::optional<SubtractionAudit>& audit) {
    if (!audit)
        return {{"samples", 0},
                {"zero_fraction", nullptr},
                {"negative_fraction", nullptr},
                {"bias_ms", nullptr}};
    Json causes = Json::array();
    for (const DifferenceCause& cause : audit->causes) {
        causes.push_back({{"name", cause.name},
                          {"ms", cause.ms ? Json(*cause.ms) : Json(nullptr)},
                          {"explanation", cause.explanation}});
    }
    return {{"samples", audit->samples},
            {"compared", audit->compared},
            {"zero_fraction", audit->zero_fraction},
            {"negative_fraction", audit->negative_fraction},
            {"bias_ms", audit->bias_ms},
            {"signed_bias_ms", audit->signed_bias_ms},
            {"median_ms", audit->median_ms},
            {"median_interval_ms", {audit->median_lower_ms, audit->median_upper_ms}},
            {"short_error_percent", audit->short_error_percent},
            {"long_error_percent", audit->long_error_percent},
            {"by_length", differences_json(*audit)},
            {"causes", std::move(causes)}};
}

Json lengths_json(const AuditReport& report) {
    Json json = Json::object();
    for (const auto& [dataset, row] : report.output_lengths) {
        json[dataset] = {{"samples", row.samples}, {"mean", row.mean},
                         {"median", row.median},   {"sd", row.deviation},
                         {"cv", row.variation},    {"p95", row.p95},
                         {"p99", row.p99},         {"range", {row.least, row.most}}};
    }
    return json;
}

Json samples_json(const SampleQuality& samples) {
    return {{"read", samples.read},
            {"skipped", samples.skipped},
            {"single_token", samples.single_token},
            {"zero_decode", samples.zero_decode},
            {"throttled", samples.throttled},
            {"losses", samples.lossy},
            {"impossible", samples.impossible},
            {"flags", samples.flags},
            {"notes", samples.notes}};
}

Json stability_json(const Stability& stability) {
    Json json = {{"groups_tested", stability.groups_tested},
                 {"outliers", stability.groups_tested > 0 ? Json(stability.outliers) : Json()},
                 {"drift", nullptr}};
    if (stability.drift) {
        json["drift"] = {{"found", stability.drift->found},
                         {"change_percent", stability.drift->change_percent},
                         {"p", stability.drift->p},
                         {"samples", stability.drift->samples}};
    }
    json["bimodal"] = Json::array();
    for (const BimodalGroup& group : stability.bimodal) {
        json["bimodal"].push_back({{"name", group.name},
                                   {"lower_ms", group.lower_ms},
                                   {"upper_ms", group.upper_ms},
                                   {"upper_share", group.upper_share},
                                   {"samples", group.samples}});
    }
    return json;
}

Json floors_json(const std::vector<StepFloorRow>& floors) {
    Json json = Json::array();
    for (const StepFloorRow& row : floors) {
        json.push_back({{"configuration", to_string(row.config)},
                        {"samples", row.samples},
                        {"step_ms", row.step_ms},
                        {"gigabytes", row.gigabytes},
                        {"gb_per_s", row.gb_per_s},
                        {"floor_ms", row.floor_ms ? Json(*row.floor_ms) : Json()},
                        {"operations", row.operations ? Json(*row.operations) : Json()},
                        {"kernels", row.kernels ? Json(*row.kernels) : Json()},
                        {"host_waits", row.waits ? Json(*row.waits) : Json()}});
    }
    return json;
}

Json idle_json(const std::vector<IdleSplitRow>& idle) {
    Json rows = Json::array();
    for (const IdleSplitRow& row : idle) {
        rows.push_back({{"config", to_string(row.config)},
                        {"steps", row.steps},
                        {"span_ms", row.span_ms},
                        {"busy_ms", row.busy_ms},
                        {"idle_launch_ms", row.launch_ms},
                        {"idle_synchronise_ms", row.synchronize_ms},
                        {"idle_gap_ms", row.gap_ms},
                        {"kernels", row.kernels}});
    }
    return rows;
}

}  // namespace

std::string audit_json(const AuditReport& report) {
    Json json;
    json["subject"] = report.subject;
    json["verdict"] = to_string(report.verdict);
    json["findings"] = Json::array();
    for (const AuditFinding& finding : report.findings)
        json["findings"].push_back({{"suspicious", finding.suspicious}, {"text", finding.text}});
    json["format"] = report.native ? "native" : "published";
    json["synthetic"] = report.synthetic;
    json["samples"] = samples_json(report.samples);
    json["position_effects"] = effects_json(report.positions);
    json["positions"] = positions_json(report.positions);
    json["divisor"] = divisor_json(report.divisor);
    json["divisor"]["of_per_token"] = divisor_json(report.per_token);
    json["divisor"]["by_length"] = by_length_json(report);
    json["correlation"] = correlations_json(report);
    json["subtraction"] = subtraction_json(report.subtraction);
    json["output_lengths"] = lengths_json(report);
    json["stability"] = stability_json(report.stability);
    json["slow_steps"] = slow_steps_json(report.slow_steps);
    json["idle"] = idle_json(report.idle);
    json["floors"] = floors_json(report.floors);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace decodemeter
