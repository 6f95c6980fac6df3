#include "profiler/audit/steps/idle_split.hpp"

#include <algorithm>
#include <map>

namespace decodemeter {

namespace {

void add_steps(IdleSplitRow& row, const CuptiSummary& cupti, const std::vector<double>& busy) {
    const std::size_t steps =
        std::min({cupti.span_ms.size(), busy.size(), cupti.idle_launch_ms.size(),
                  cupti.idle_synchronize_ms.size(), cupti.idle_gap_ms.size(), cupti.kernels.size(),
                  cupti.synchronizations.size()});
    for (std::size_t i = 0; i < steps; ++i) {
        row.span_ms += cupti.span_ms[i];
        row.busy_ms += busy[i];
        row.launch_ms += cupti.idle_launch_ms[i];
        row.synchronize_ms += cupti.idle_synchronize_ms[i];
        row.gap_ms += cupti.idle_gap_ms[i];
        row.kernels += static_cast<double>(cupti.kernels[i]);
        row.waits += static_cast<double>(cupti.synchronizations[i]);
    }
    row.steps += steps;
}

}  // namespace

std::vector<IdleSplitRow> idle_split_by_config(std::span<const SampleRecord> records) {
    std::map<ConfigKey, IdleSplitRow> rows;
    for (const SampleRecord& record : records) {
        if (record.cupti && record.clocks && record.clocks->busy_ms)
            add_steps(rows[record.config], *record.cupti, *record.clocks->busy_ms);
    }
    std::vector<IdleSplitRow> result;
    for (auto& [config, row] : rows) {
        if (row.steps == 0) continue;
        row.config = config;
        const auto steps = static_cast<double>(row.steps);
        for (double IdleSplitRow::*sum :
             {&IdleSplitRow::span_ms, &IdleSplitRow::busy_ms, &IdleSplitRow::launch_ms,
              &IdleSplitRow::synchronize_ms, &IdleSplitRow::gap_ms, &IdleSplitRow::kernels,
              &IdleSplitRow::waits})
            row.*sum /= steps;
        result.push_back(row);
    }
    return result;
}

}  // namespace decodemeter
