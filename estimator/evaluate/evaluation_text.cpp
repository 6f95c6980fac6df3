#include "estimator/evaluate/evaluation_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "estimator/fit/length_confounding.hpp"
#include "profiler/statistics/length_bins.hpp"

namespace decodemeter {

namespace {

std::string number(double value, int digits = 2) {
    return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "–";
}

std::string percent(double share) { return number(100 * share, 1); }

void add_errors(Table& table, const std::string& model, const char* target, const Errors& errors,
                std::string_view verdict) {
    table.add_row({model, target, number(errors.mae_ms, 3), number(errors.rmse_ms, 3),
                   number(errors.mape_percent), number(errors.r2, 4),
                   number(errors.mean_relative_error_percent), std::to_string(errors.count),
                   std::string(verdict)});
}

void add_targets(Table& table, const std::string& model, const TargetErrors& errors) {
    add_errors(table, model, "prefill", errors.prefill, prefill_verdict(errors.prefill));
    add_errors(table, model, "decode total", errors.decode_total,
               decode_verdict(errors.decode_total));
    add_errors(table, model, "each step", errors.decode_step, "");
    add_errors(table, model, "per token (T/N)", errors.decode_per_token, "");
}

Table target_table() {
    return Table(
        {"model", "target", "MAE ms", "RMSE ms", "MAPE %", "R²", "MAE/mean %", "count", "verdict"});
}

using Groups = std::map<std::string, Errors> ModelReport::*;

CaptionedTable grouped(const EvaluationReport& report, std::string caption, Groups groups,
                       std::vector<std::string> names) {
    std::vector<std::string> header = {"model"};
    header.insert(header.end(), names.begin(), names.end());
    Table table(header);
    for (const auto& [model, values] : report.models) {
        std::vector<std::string> row = {model};
        for (const std::string& name : names) {
            const auto found = (values.*groups).find(name);
            row.push_back(found == (values.*groups).end() ? "–"
                                                          : number(found->second.mape_percent));
        }
        table.add_row(std::move(row));
    }
    return {std::move(caption), std::move(table)};
}

CaptionedTable position_table(const EvaluationReport& report) {
    Table table({"model", "step 1", "step 2", "step 10", "step 63", "last/first", "measured",
                 "slope %/token", "measured"});
    for (const auto& [model, values] : report.models) {
        std::vector<std::string> row = {model};
        for (const int position : {1, 2, 10, 63}) {
            const auto found = values.by_position.find(position);
            row.push_back(found == values.by_position.end() ? "–"
                                                            : number(found->second.mape_percent));
        }
        row.push_back(number(values.position_ratio, 3));
        row.push_back(number(values.measured_position_ratio, 3));
        row.push_back(number(values.slope_percent_per_token, 3));
        row.push_back(number(values.measured_slope_percent_per_token, 3));
        table.add_row(std::move(row));
    }
    return {
        "Step curves: MAPE % of each configuration's median at a position; growth from the first "
        "to the last step",
        std::move(table)};
}

std::string coverage_subject(const std::string& split) {
    if (split == "transfer") return "Requests not used for the transfer";
    if (split == "unseen_records") return "Records that the estimator did not come from";
    return "Requests of left-out configurations";
}

void add_coverage(Table& table, const std::string& model, const std::string& bound,
                  const CoverageFigures& figures) {
    std::vector<std::string> row = {model, bound, percent(figures.overall)};
    for (const std::string_view bin : bound_bin_names) {
        const auto found = figures.by_n.find(std::string(bin));
        row.push_back(found == figures.by_n.end() ? "–" : percent(found->second));
    }
    row.push_back(percent(figures.worst_config));
    row.push_back(number(figures.mean_width_ratio, 3));
    table.add_row(std::move(row));
}

}  // namespace

std::string summary_line(const EvaluationReport& report) {
    const std::string confounding =
        report.length_confounding ? ". " + to_string(*report.length_confounding) : "";
    return fmt::format(
        "{} — {} records of {} on {}{}; noise floor {} % ({}); {} outliers filtered{}",
        report.split_description, report.records,
        fmt::format("{} data sets", report.datasets.size()), report.device,
        report.synthetic ? ", simulated" : "", number(report.noise_floor_percent),
        report.noise_floor_source, report.filtered, confounding);
}

std::vector<CaptionedTable> evaluation_tables(const EvaluationReport& report) {
    std::vector<CaptionedTable> tables;
    Table targets = target_table();
    for (const auto& [model, values] : report.models) add_targets(targets, model, values.errors);
    tables.push_back({"Errors, outliers left out", std::move(targets)});
    if (report.filtered > 0) {
        Table all = target_table();
        for (const auto& [model, values] : report.models)
            add_targets(all, model, values.with_outliers);
        tables.push_back({"Errors, outliers included", std::move(all)});
    }
    std::vector<std::string> lengths;
    for (const LengthBin& bin : length_bins) lengths.emplace_back(bin.key);
    tables.push_back(grouped(report, "MAPE % of the decode total by output tokens N",
                             &ModelReport::by_n, lengths));
    tables.push_back(grouped(report, "MAPE % of the decode total by data set",
                             &ModelReport::by_dataset, report.datasets));
    tables.push_back(position_table(report));
    Table coverage({"model", "bound", "overall %", "N 2", "N 3-5", "N 6-20", "N 21+",
                    "worst config", "width"});
    for (const auto& [model, values] : report.models) {
        if (!values.coverage) continue;
        add_coverage(coverage, model, "P95 decode total", values.coverage->p95);
        add_coverage(coverage, model, "hierarchical P95", values.coverage->hierarchical);
        add_coverage(coverage, model, "P95 prefill", values.coverage->prefill);
    }
    if (!coverage.empty())
        tables.push_back({coverage_subject(report.split) +
                              " under their bound, %; width is bound over prediction",
                          std::move(coverage)});
    return tables;
}

CaptionedTable configuration_table(const EvaluationReport& report, const std::string& model) {
    Table table({"configuration", "prefill MAPE %", "decode MAPE %", "decode MAE ms", "count"});
    const auto found = report.models.find(model);
    if (found != report.models.end()) {
        for (const auto& [config, prefill] : found->second.prefill_by_config) {
            const auto decode = found->second.by_config.find(config);
            const Errors errors =
                decode == found->second.by_config.end() ? Errors{} : decode->second;
            table.add_row({config, number(prefill.mape_percent), number(errors.mape_percent),
                           number(errors.mae_ms, 3), std::to_string(prefill.count)});
        }
    }
    return {"By configuration: " + model, std::move(table)};
}

CaptionedTable budget_table(const std::map<std::string, BudgetUse>& uses) {
    Table table({"task", "budgets", "none fits", "requests", "budget used %", "overran %"});
    for (const auto& [task, use] : uses)
        table.add_row({task, std::to_string(use.questions), std::to_string(use.unanswered),
                       std::to_string(use.requests), percent(use.mean_share_used),
                       percent(use.share_overran)});
    return {"Configurations chosen under a budget, and what their requests took of it",
            std::move(table)};
}

CaptionedTable confusion_table(const TaskConfusion& confusion) {
    std::set<std::string> guesses;
    for (const auto& [task, counts] : confusion)
        for (const auto& [guess, count] : counts) guesses.insert(guess);
    std::vector<std::string> header = {"data set's task"};
    for (const std::string& guess : guesses) header.push_back("by keyword: " + guess);
    Table table(header);
    for (const auto& [task, counts] : confusion) {
        std::vector<std::string> row = {task};
        for (const std::string& guess : guesses) {
            const auto found = counts.find(guess);
            row.push_back(found == counts.end() ? "0" : std::to_string(found->second));
        }
        table.add_row(std::move(row));
    }
    return {"Task by keywords of the prompt against the data set's task", std::move(table)};
}

}  // namespace decodemeter
