#include "profiler/audit/report/slow_step_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "profiler/statistics/slow_steps.hpp"

namespace decodemeter {

std::optional<AuditSection> slow_step_section(const SlowStepAudit& slow) {
    if (slow.steps == 0) return std::nullopt;
    AuditSection section{"Slow steps", {}, {}};
    section.paragraphs.push_back(fmt::format(
        "{} decode steps took more than {:g} x the median of their request, in {} of {} requests "
        "with at least {} steps.",
        slow.steps, slow_step_ratio, slow.records, slow.judged, fewest_steps_to_judge));
    Table table({"data set", "sample", "configuration", "step", "x median", "cause"});
    for (const SlowStepRow& row : slow.worst) {
        table.add_row({row.dataset, std::to_string(row.sample_id), to_string(row.config),
                       std::to_string(row.step), fmt::format("{:.1f}", row.ratio), row.cause});
    }
    section.tables.push_back(std::move(table));
    return section;
}

nlohmann::ordered_json slow_steps_json(const SlowStepAudit& slow) {
    nlohmann::ordered_json worst = nlohmann::ordered_json::array();
    for (const SlowStepRow& row : slow.worst) {
        worst.push_back({{"dataset", row.dataset},
                         {"sample_id", row.sample_id},
                         {"config", to_string(row.config)},
                         {"step", row.step},
                         {"ratio", row.ratio},
                         {"cause", row.cause}});
    }
    return {{"steps", slow.steps},
            {"records", slow.records},
            {"records_judged", slow.judged},
            {"worst", worst}};
}

}  // namespace decodemeter
