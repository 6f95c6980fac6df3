#include "profiler/audit/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace decodemeter {

namespace {

constexpr double tolerated_share = 0.01;

using Findings = std::vector<AuditFinding>;

double share_of(std::int64_t count, std::int64_t all) {
    return all > 0 ? static_cast<double>(count) / static_cast<double>(all) : 0;
}

// "457 of 2,000 samples (22.9 %)"
std::string counted(std::int64_t count, std::int64_t all) {
    return fmt::format("{} of {} samples ({:.2f} %)", count, all, 100 * share_of(count, all));
}

// Divided by something else than the steps, so that the figure depends on the output length.
bool is_artifact(DivisorVerdict verdict) {
    return verdict == DivisorVerdict::n || verdict == DivisorVerdict::n_plus_1 ||
           verdict == DivisorVerdict::content_tokens || verdict == DivisorVerdict::prefill_included;
}

void report_divisor(const AuditReport& report, Findings& findings) {
    const DivisorDiagnosis& divisor = report.divisor;
    const std::string figure = report.native ? "T_decode_per_step_mean" : "the per-token figure";
    if (divisor.verdict != DivisorVerdict::n_minus_1) {
        std::string text = fmt::format("{}: {}", figure, divisor.reason);
        if (is_artifact(divisor.verdict) && divisor.groups == 1 && !divisor.slope)
            text += fmt::format("; a step costs {:.2f} ms at every length", divisor.step_ms);
        findings.push_back({is_artifact(divisor.verdict), std::move(text)});
    }
    if (divisor.slope && !report.direct)
        findings.push_back({false, fmt::format("the cost of a step changes by {:+.2f} % per token",
                                               divisor.slope->percent_per_token)});
}

void report_positions(const AuditReport& report, Findings& findings) {
    for (const PositionEffect& effect : report.positions.effects) {
        // The broken identities are listed one by one among the samples.
        if (effect.kind == PositionEffectKind::edges) continue;
        findings.push_back({effect.suspicious(), effect.sentence});
    }
}

void report_subtraction(const AuditReport& report, Findings& findings) {
    if (!report.subtraction) return;
    const SubtractionAudit& subtraction = *report.subtraction;
    const auto found = report.methods.find(DecodeMethod::subtraction);
    const std::int64_t used = found == report.methods.end() ? 0 : found->second;
    const bool doubtful = subtraction.zero_fraction > tolerated_share ||
                          subtraction.negative_fraction > tolerated_share;
    if (2 * used > report.samples.read - report.samples.single_token) {
        findings.push_back(
            {doubtful,
             fmt::format("the decode times were taken by subtraction: {:.2f} % of them are 0",
                         100 * subtraction.zero_fraction)});
    } else if (doubtful) {
        findings.push_back(
            {false,
             fmt::format("subtraction would give 0 for {:.2f} % of the samples; the recorded "
                         "decode times are direct",
                         100 * subtraction.zero_fraction)});
    }
}

void report_samples(const AuditReport& report, Findings& findings) {
    const SampleQuality& samples = report.samples;
    const std::int64_t several = samples.read - samples.single_token;
    std::int64_t skipped = 0;
    for (const auto& [reason, count] : samples.skipped) skipped += count;
    if (skipped > 0) {
        const std::int64_t all = samples.read + skipped;
        findings.push_back({share_of(skipped, all) > tolerated_share,
                            counted(skipped, all) + " could not be used"});
    }
    if (samples.zero_decode > 0)
        findings.push_back(
            {true, counted(samples.zero_decode, several) + " have steps but no decode time"});
    for (const auto& [fault, count] : samples.impossible)
        findings.push_back({true, fmt::format("{}: {}", counted(count, samples.read), fault)});
    if (samples.throttled > 0)
        findings.push_back({share_of(samples.throttled, samples.read) > tolerated_share,
                            counted(samples.throttled, samples.read) + " ran on a throttled GPU"});
    if (samples.lossy > 0)
        findings.push_back({true, counted(samples.lossy, samples.read) + " lost activity records"});
    if (several == 0) findings.push_back({true, "no sample has a decode step"});
    if (report.synthetic) findings.push_back({false, "the records are simulated, not measured"});
}

void report_stability(const AuditReport& report, Findings& findings) {
    const Stability& stability = report.stability;
    if (stability.drift && stability.drift->found)
        findings.push_back(
            {false, fmt::format("the cost of a step drifts by {:+.1f} % over the run",
                                stability.drift->change_percent)});
    for (const BimodalGroup& group : stability.bimodal)
        findings.push_back(
            {false,
             fmt::format("{}: the steps fall into two groups, {:.3g} ms and {:.3g} ms ({:.0f} % of "
                         "the samples)",
                         group.name, group.lower_ms, group.upper_ms, 100 * group.upper_share)});
}

}  // namespace

std::vector<AuditFinding> find_in(const AuditReport& report) {
    Findings findings;
    report_divisor(report, findings);
    report_positions(report, findings);
    report_subtraction(report, findings);
    report_samples(report, findings);
    report_stability(report, findings);
    std::stable_partition(findings.begin(), findings.end(),
                          [](const AuditFinding& finding) { return finding.suspicious; });
    return findings;
}

}  // namespace decodemeter
