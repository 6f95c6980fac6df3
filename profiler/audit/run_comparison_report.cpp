#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "profiler/audit/run_comparison.hpp"
#include "profiler/report/table.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

std::string milliseconds(double value) {
    return std::isfinite(value) ? fmt::format("{:.3f}", value) : "–";
}

// "-3.1 % (-3.4 to -2.8)"
std::string change(const Comparison& result) {
    const MedianInterval& ratio = result.log_ratio;
    if (!std::isfinite(ratio.median)) return "–";
    return fmt::format("{:+.2f} % ({:+.2f} to {:+.2f})", percent_of_log_ratio(ratio.median),
                       percent_of_log_ratio(ratio.lower), percent_of_log_ratio(ratio.upper));
}

std::string samples(const Comparison& result) {
    return fmt::format("{}{}", result.pairs, result.paired ? "" : " unpaired");
}

std::string verdict_name(const TimeComparison& comparison) {
    return std::string(to_string(comparison.result.verdict));
}

void add_row(Table& table, const std::string& name, const TimeComparison& step,
             const std::string& prefill) {
    table.add_row({name, milliseconds(step.a_ms), milliseconds(step.b_ms), change(step.result),
                   verdict_name(step), samples(step.result), prefill});
}

Json time_json(const TimeComparison& comparison) {
    const Comparison& result = comparison.result;
    const MedianInterval& ratio = result.log_ratio;
    return {{"verdict", to_string(result.verdict)},
            {"a_ms", comparison.a_ms},
            {"b_ms", comparison.b_ms},
            {"change_percent", percent_of_log_ratio(ratio.median)},
            {"interval_percent",
             {percent_of_log_ratio(ratio.lower), percent_of_log_ratio(ratio.upper)}},
            {"confidence", ratio.confidence},
            {"p", result.p},
            {"samples", result.pairs},
            {"paired", result.paired}};
}

}  // namespace

std::string comparison_text(const RunComparison& comparison) {
    Table table(
        {"configuration", "A (ms/step)", "B", "B against A (95 %)", "step", "samples", "prefill"});
    for (const ConfigComparison& config : comparison.configs) {
        add_row(table, to_string(config.config), config.step,
                fmt::format("{} {}", change(config.prefill.result), verdict_name(config.prefill)));
    }
    if (comparison.step.result.pairs > 0) add_row(table, "all, pair by pair", comparison.step, "");
    std::string text = "B against A, by the median of T_LLM_decode / (N−1)\n\n" + table.text();
    text += fmt::format(
        "\n  SAME: the interval lies within ±{:g} %. AMBIGUOUS: it holds 0 and reaches further, or "
        "there are too few "
        "samples.\n  What differed between the two runs as wholes, as the machine's state, is in "
        "no interval: repeat "
        "runs in turn.\n",
        100 * comparison.same_within);
    for (const std::string& difference : comparison.differences)
        text += fmt::format("  the runs differ (here is B, run.json A's): {}\n", difference);
    for (const std::string& config : comparison.only_in_one)
        text += fmt::format("  not compared: {}\n", config);
    return text;
}

std::string comparison_json(const RunComparison& comparison) {
    Json json;
    json["same_within_percent"] = 100 * comparison.same_within;
    json["step"] = time_json(comparison.step);
    json["configurations"] = Json::array();
    for (const ConfigComparison& config : comparison.configs) {
        json["configurations"].push_back({{"config", to_string(config.config)},
                                          {"step", time_json(config.step)},
                                          {"prefill", time_json(config.prefill)}});
    }
    json["only_in_one"] = comparison.only_in_one;
    json["differences"] = comparison.differences;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace decodemeter
