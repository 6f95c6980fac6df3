// An evaluation on its way out: terminal, JSON, pictures, page.
#pragma once

#include <filesystem>

#include "estimator/evaluation_text.hpp"
#include "estimator/plots.hpp"

namespace decodemeter {

void print_evaluation(const EvaluationReport& report);

struct ReportExtras {
    std::map<std::string, BudgetUse> budget_use;
    TaskConfusion confusion;
};

// Pictures as PNG and SVG under `output_dir`/plots and `output_dir`/report.html. Without gnuplot the page has no
// pictures, and says so.
void write_report(const std::filesystem::path& output_dir, const std::string& title, const Dataset& dataset,
                  const JudgedPredictions& models, const EvaluationReport& report, const ReportExtras& extras);

}  // namespace decodemeter
