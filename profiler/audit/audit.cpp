#include "profiler/audit/audit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "profiler/audit/divisor/per_token_figures.hpp"
#include "profiler/audit/divisor/stored_divisor.hpp"
#include "profiler/audit/findings.hpp"
#include "profiler/audit/position_effects/position_effects.hpp"
#include "profiler/record/record_faults.hpp"

namespace decodemeter {

namespace {

SampleQuality quality_of(const RecordSet& set) {
    SampleQuality quality;
    quality.read = static_cast<std::int64_t>(set.records.size());
    quality.skipped = set.report.skipped;
    quality.skipped_examples = set.report.examples;
    quality.notes = set.report.notes;
    for (const SampleRecord& record : set.records) {
        quality.single_token += record.output_tokens == 1;
        quality.zero_decode += has_zero_decode(record);
        quality.throttled += is_throttled(record);
        quality.lossy += has_losses(record);
        for (const std::string& fault : impossible_values(record)) ++quality.impossible[fault];
        for (const std::string& flag : record.flags) ++quality.flags[flag];
    }
    return quality;
}

std::string subject_of(const RecordSet& set) {
    const std::string datasets =
        fmt::format("{} data set{}", set.datasets.size(), set.datasets.size() == 1 ? "" : "s");
    if (!set.run) return fmt::format("{} records of {}", set.records.size(), datasets);
    const RunHeader& run = *set.run;
    // What is watched from outside does not say its precision.
    const std::string dtype = run.model.dtype.empty() ? "" : run.model.dtype + ", ";
    return fmt::format("{} records of {}, {} ({}{}) on {}", set.records.size(), datasets,
                       run.model.name, dtype,
                       run.execution_mode.empty() ? "unknown mode" : run.execution_mode,
                       run.device.name.empty() ? run.device.type : run.device.name);
}

// Data sets differ in their contexts, so that they are groups of their own; where each one has a
// single length, as with fixed lengths, that tells nothing, and they are taken together.
std::vector<PerTokenFigure> grouped_figures(std::span<const SampleRecord> records,
                                            FigureSource source) {
    std::vector<PerTokenFigure> apart = per_token_figures(records, source);
    if (lengths_vary(apart)) return apart;
    return per_token_figures(records, source, FigureGroups::config);
}

bool is_direct(std::span<const SampleRecord> records, const PositionEffects& positions) {
    const auto several = std::count_if(records.begin(), records.end(),
                                       [](const auto& record) { return record.output_tokens > 1; });
    return several > 0 && 2 * positions.requests >= static_cast<std::size_t>(several);
}

// The divisor of a known figure: by arithmetic where the steps are there, else with a fit of what
// it leaves.
DivisorDiagnosis known_divisor(const AuditReport& report, std::span<const SampleRecord> records,
                               DivisorVerdict divisor) {
    const auto per_step = grouped_figures(records, FigureSource::per_step_mean);
    const DivisorSource source = report.direct ? DivisorSource::steps : DivisorSource::stored;
    DivisorDiagnosis diagnosis = diagnose_known_divisor(per_step, divisor, source);
    for (const PositionEffect& effect : report.positions.effects) {
        if (effect.kind == PositionEffectKind::slope)
            diagnosis.slope = {effect.estimate, effect.interval[0], effect.interval[1]};
    }
    return diagnosis;
}

DivisorDiagnosis own_divisor(const AuditReport& report, std::span<const SampleRecord> records) {
    if (report.native) return known_divisor(report, records, DivisorVerdict::n_minus_1);
    const StoredDivisor stored = read_stored_divisor(records);
    // Without a figure of their own, T_LLM_decode / output_tokens is what readers of published
    // records take.
    if (stored.stated == 0) return known_divisor(report, records, DivisorVerdict::n);
    if (stored.divisor == DivisorVerdict::undecided)
        return diagnose_divisor(grouped_figures(records, FigureSource::stored));
    return known_divisor(report, records, stored.divisor);
}

AuditVerdict verdict_of(const AuditReport& report) {
    if (report.samples.read == 0 || report.samples.read == report.samples.single_token)
        return AuditVerdict::unusable;
    const bool suspicious =
        std::any_of(report.findings.begin(), report.findings.end(),
                    [](const AuditFinding& finding) { return finding.suspicious; });
    return suspicious ? AuditVerdict::suspicious : AuditVerdict::clean;
}

}  // namespace

std::string_view to_string(AuditVerdict verdict) noexcept {
    constexpr std::array<std::string_view, 3> names = {"clean", "suspicious", "unusable"};
    return names[static_cast<std::size_t>(verdict)];
}

AuditReport audit(const RecordSet& set) {
    AuditReport report;
    const std::span<const SampleRecord> records = set.records;
    report.subject = subject_of(set);
    report.native = 2 * set.report.native >= set.report.read;
    report.synthetic = (set.run && set.run->synthetic) ||
                       std::any_of(records.begin(), records.end(),
                                   [](const auto& record) { return record.synthetic; });
    report.samples = quality_of(set);
    for (const SampleRecord& record : records) ++report.methods[decode_method(record)];
    report.positions = find_position_effects(records);
    report.direct = is_direct(records, report.positions);
    report.divisor = own_divisor(report, records);
    report.per_token = known_divisor(report, records, DivisorVerdict::n);
    report.by_length = figures_by_length(records);
    const std::vector<DecodeTimes> times = decode_times(records);
    report.correlations = length_correlations(records, times);
    if (!times.empty()) report.subtraction = audit_subtraction(records, times);
    report.output_lengths = output_lengths_by_dataset(records);
    if (!report.direct) report.stability = audit_stability(records);
    report.slow_steps = find_slow_steps(records);
    report.idle = idle_split_by_config(
        set.passes.empty() ? records : std::span<const SampleRecord>(set.passes));
    report.floors = step_floors(set, report.idle);
    report.findings = find_in(report);
    report.verdict = verdict_of(report);
    return report;
}

}  // namespace decodemeter
