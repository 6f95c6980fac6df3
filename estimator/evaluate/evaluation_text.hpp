// An evaluation as tables for a terminal and for the report page.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "estimator/evaluate/budget_audit.hpp"
#include "estimator/evaluate/evaluation.hpp"
#include "profiler/report/table.hpp"

namespace decodemeter {

struct CaptionedTable {
    std::string caption;
    Table table;
};

// One line: split, records, noise floor, filtered.
std::string summary_line(const EvaluationReport& report);
// Errors of each model and target, with outliers where there are any, by N, by data set, by
// position; coverage.
std::vector<CaptionedTable> evaluation_tables(const EvaluationReport& report);
// One row for each configuration of one model.
CaptionedTable configuration_table(const EvaluationReport& report, const std::string& model);
CaptionedTable budget_table(const std::map<std::string, BudgetUse>& uses);
CaptionedTable confusion_table(const TaskConfusion& confusion);

}  // namespace decodemeter
