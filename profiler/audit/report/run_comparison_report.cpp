#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "profiler/audit/compare/run_comparison.hpp"
#include "profiler/report/table.hpp"
#include "profiler/statistics/comparison.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

std::string milliseconds(double value) {
    return std::isfinite(value) ? fmt::format("{:.3f}", value) : "–";
}

// "-3.1 % (-3.4 to -2.8)"; without bounds where they are not known.
std::string change(const MedianInterval& ratio) {
    if (!std::isfinite(ratio.median)) return "–";
    const std::string percent = fmt::format("{:+.2f} %", percent_of_log_ratio(ratio.median));
    if (!(ratio.confidence > 0)) return percent;
    return fmt::format("{} ({:+.2f} to {:+.2f})", percent, percent_of_log_ratio(ratio.lower),
                       percent_of_log_ratio(ratio.upper));
}

// With run-to-run variation where it is known, else within the runs.
const MedianInterval& shown(const TimeChange& time) {
    return time.median.confidence > 0 ? time.median : time.within;
}

std::string verdict_name(const TimeChange& time) { return std::string(to_string(time.verdict)); }

void add_row(Table& table, const std::string& name, const TimeChange& step, bool disagrees,
             const std::string& prefill) {
    table.add_row({name, milliseconds(step.a_ms), milliseconds(step.b_ms), change(shown(step)),
                   change(step.mean), verdict_name(step) + (disagrees ? " *" : ""),
                   std::to_string(step.requests), prefill});
}

std::string differences_text(const RunComparison& comparison) {
    std::string text;
    for (const FactDifference& difference : comparison.differences)
        text += fmt::format("the {} differs: {} in A, {} in B\n", difference.name, difference.a,
                            difference.b);
    for (const std::string& prompts : comparison.prompts) text += prompts + "\n";
    return text.empty() ? text : text + "\n";
}

std::string spread_text(const RunComparison& comparison) {
    const RunSpread& spread = comparison.spread;
    const std::string runs = fmt::format("{} + {} runs", comparison.runs_a, comparison.runs_b);
    if (!spread.known())
        return fmt::format("  {}: run-to-run variation is unknown and not part of the intervals.\n",
                           runs);
    return fmt::format(
        "  {}: unchanged runs differ by a standard deviation of {:.2f} % ({}), which "
        "the intervals include.\n",
        runs, percent_of_log_ratio(spread.deviation),
        std::isinf(spread.degrees) ? "stated" : "observed");
}

std::string legend(const RunComparison& comparison) {
    std::string text = spread_text(comparison);
    text += fmt::format(
        "  SAME: the interval lies within ±{:g} %. UNDECIDED: it contains 0 and exceeds that, or "
        "run-to-run variation is unknown.\n",
        100 * comparison.options.same_within);
    for (const ConfigComparison& config : comparison.configs) {
        if (!config.disagrees) continue;
        text += fmt::format("  * {}: {} beside all configurations\n", to_string(config.config),
                            change(config.departure));
    }
    for (const std::string& config : comparison.only_in_one)
        text += fmt::format("  not compared: {}\n", config);
    return text;
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json percent_or_null(double log_ratio) { return number_or_null(percent_of_log_ratio(log_ratio)); }

Json interval_json(const MedianInterval& ratio) {
    const bool known = ratio.confidence > 0;
    return {
        {"change_percent", percent_or_null(ratio.median)},
        {"interval_percent",
         known ? Json{percent_or_null(ratio.lower), percent_or_null(ratio.upper)} : Json(nullptr)},
        {"confidence", known ? Json(ratio.confidence) : Json(nullptr)}};
}

Json time_json(const TimeChange& time) {
    return {{"verdict", to_string(time.verdict)},
            {"requests", time.requests},
            {"a_ms", number_or_null(time.a_ms)},
            {"b_ms", number_or_null(time.b_ms)},
            {"mean_a_ms", number_or_null(time.mean_a_ms)},
            {"mean_b_ms", number_or_null(time.mean_b_ms)},
            {"median", interval_json(time.median)},
            {"mean", interval_json(time.mean)},
            {"within_runs", interval_json(time.within)}};
}

Json config_json(const ConfigComparison& config) {
    return {{"config", to_string(config.config)},
            {"step", time_json(config.step)},
            {"prefill", time_json(config.prefill)},
            {"departure", interval_json(config.departure)},
            {"disagrees", config.disagrees}};
}

Json differences_json(const RunComparison& comparison) {
    Json differences = Json::array();
    for (const FactDifference& difference : comparison.differences)
        differences.push_back(
            {{"name", difference.name}, {"a", difference.a}, {"b", difference.b}});
    return differences;
}

}  // namespace

std::string comparison_text(const RunComparison& comparison, int width) {
    Table table({"configuration", "A (ms/step)", "B", "B against A, medians", "means", "step",
                 "requests", "prefill"});
    for (const ConfigComparison& config : comparison.configs) {
        add_row(table, to_string(config.config), config.step, config.disagrees,
                fmt::format("{} {}", change(shown(config.prefill)), verdict_name(config.prefill)));
    }
    add_row(table, "all", comparison.step, false, "");
    std::string text = differences_text(comparison);
    text += fmt::format("B against A: {}{}{}\n\n", to_string(comparison.verdict),
                        comparison.reason.empty() ? "" : ": ", comparison.reason);
    return text + table.text(width) + "\n" + legend(comparison);
}

std::string comparison_json(const RunComparison& comparison) {
    Json json;
    json["verdict"] = to_string(comparison.verdict);
    json["reason"] = comparison.reason;
    json["differences"] = differences_json(comparison);
    json["prompts"] = comparison.prompts;
    json["same_within_percent"] = 100 * comparison.options.same_within;
    const RunSpread& spread = comparison.spread;
    json["runs"] = {{"a", comparison.runs_a},
                    {"b", comparison.runs_b},
                    {"deviation_percent",
                     spread.known() ? Json(percent_of_log_ratio(spread.deviation)) : Json(nullptr)},
                    {"deviation", !spread.known()              ? Json(nullptr)
                                  : std::isinf(spread.degrees) ? Json("stated")
                                                               : Json("observed")}};
    json["step"] = time_json(comparison.step);
    json["configurations"] = Json::array();
    for (const ConfigComparison& config : comparison.configs)
        json["configurations"].push_back(config_json(config));
    json["only_in_one"] = comparison.only_in_one;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace decodemeter
