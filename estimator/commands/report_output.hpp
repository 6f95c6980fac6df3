// An evaluation on its way out: terminal, pictures, page.
#pragma once

#include <filesystem>
#include <string>

#include "estimator/evaluate/evaluation_text.hpp"
#include "estimator/experiment/experiment.hpp"

namespace decodemeter {

void print_evaluation(const EvaluationReport& report);

struct ReportExtras {
    std::map<std::string, BudgetUse> budget_use;
    TaskConfusion confusion;
};
// What following the budget check would have led to; empty where nothing was refitted in folds.
ReportExtras report_extras(const Dataset& dataset, const ExperimentResult& result,
                           std::uint64_t seed);
void print_extras(const ReportExtras& extras);

struct ReportPlace {
    std::filesystem::path page;
    std::filesystem::path pictures;  // a folder
};
// Pictures as PNG and SVG, and one self-contained page with them. Without gnuplot the page has no
// pictures, and says so.
void write_report(const ReportPlace& place, const std::string& title, const Dataset& dataset,
                  const ExperimentResult& result, const ReportExtras& extras);

}  // namespace decodemeter
