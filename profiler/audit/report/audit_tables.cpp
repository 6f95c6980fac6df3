#include "profiler/audit/report/audit_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "profiler/audit/report/slow_step_report.hpp"

namespace decodemeter {

namespace {

// A dash for what is not known.
std::string number(double value, int decimals = 2) {
    return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "–";
}

std::string signed_number(double value, int decimals = 3) {
    return std::isfinite(value) ? fmt::format("{:+.{}f}", value, decimals) : "–";
}

std::string percent(double fraction) {
    return std::isfinite(fraction) ? number(100 * fraction) + " %" : "–";
}

std::string count(std::size_t value) { return fmt::format("{}", value); }

std::string divisor_words(const DivisorDiagnosis& diagnosis) {
    std::string text = fmt::format("{}: {}.", to_string(diagnosis.verdict), diagnosis.reason);
    if (!std::isfinite(diagnosis.step_ms)) return text;
    const char* over = diagnosis.groups > 1 ? " on average over the requests" : "";
    text += fmt::format(" A step costs {:.3f} ms{}", diagnosis.step_ms, over);
    if (std::isfinite(diagnosis.r_squared))
        text += fmt::format(" (R² {:.2f}, noise {:.1f} %)", diagnosis.r_squared,
                            diagnosis.noise_percent);
    text += '.';
    if (std::isfinite(diagnosis.constant_ms))
        text += fmt::format(" The constant part is {:.3f} ms.", diagnosis.constant_ms);
    if (diagnosis.slope)
        text += fmt::format(" The cost changes by {:+.3f} % per token ({:+.3f} to {:+.3f}).",
                            diagnosis.slope->percent_per_token, diagnosis.slope->lower,
                            diagnosis.slope->upper);
    if (diagnosis.outliers > 0)
        text += fmt::format(" {} outliers were left out.", diagnosis.outliers);
    return text;
}

// "Growth after that: none found (+0.003 ± 0.011 % per token, steps 6 to 63)."
std::string slope_words(const SlopeEstimate& slope) {
    return fmt::format(
        "No growth per token beyond the noise: {:+.3f} ± {:.3f} % per token over steps {} to {}.",
        slope.percent_per_token, slope.error, slope.first_step, slope.last_step);
}

bool has_effect(const PositionEffects& positions, PositionEffectKind kind) {
    return std::any_of(positions.effects.begin(), positions.effects.end(),
                       [&](const auto& effect) { return effect.kind == kind; });
}

// "Not found: jump, last_step."
std::string not_found(const PositionEffects& positions,
                      const std::vector<PositionEffectKind>& kinds) {
    std::string text;
    for (const PositionEffectKind kind : kinds) {
        if (has_effect(positions, kind)) continue;
        text += fmt::format("{}{}", text.empty() ? "Not found: " : ", ", to_string(kind));
    }
    return text.empty() ? text : text + '.';
}

bool is_of_steps(const PositionEffect& effect) { return effect.first_step > 0; }

AuditSection position_section(const PositionEffects& positions) {
    AuditSection section{"Steps by position", {}, {}};
    section.paragraphs.push_back(fmt::format(
        "{} requests hold each of their steps, {} of them 9 steps or more. Each request "
        "is compared with its own settled steps.",
        positions.requests, positions.long_requests));
    for (const PositionEffect& effect : positions.effects) {
        if (is_of_steps(effect)) section.paragraphs.push_back(effect.sentence);
    }
    if (!positions.untested.empty()) {
        section.paragraphs.push_back(fmt::format("Not tested: {}.", positions.untested));
        return section;
    }
    if (positions.slope && !has_effect(positions, PositionEffectKind::slope))
        section.paragraphs.push_back(slope_words(*positions.slope));
    const std::string absent =
        not_found(positions, {PositionEffectKind::transient, PositionEffectKind::jump,
                              PositionEffectKind::last_step, PositionEffectKind::pattern,
                              PositionEffectKind::stray, PositionEffectKind::prefill_in_step_1});
    if (!absent.empty()) section.paragraphs.push_back(absent);
    return section;
}

AuditSection level_section(const PositionEffects& positions) {
    AuditSection section{"Stability", {}, {}};
    for (const PositionEffect& effect : positions.effects) {
        if (!is_of_steps(effect)) section.paragraphs.push_back(effect.sentence);
    }
    if (!positions.levels_untested.empty()) {
        section.paragraphs.push_back(fmt::format("Not tested: {}.", positions.levels_untested));
        return section;
    }
    std::vector<PositionEffectKind> tested = {PositionEffectKind::level_by_length,
                                              PositionEffectKind::two_speeds};
    if (positions.drift_untested.empty())
        tested.insert(tested.begin(), {PositionEffectKind::drift, PositionEffectKind::shift});
    else section.paragraphs.push_back(fmt::format("Not tested: {}.", positions.drift_untested));
    const std::string absent = not_found(positions, tested);
    if (!absent.empty()) section.paragraphs.push_back(absent);
    return section;
}

AuditSection divisor_section(const AuditReport& report) {
    AuditSection section{"Divisor", {}, {}};
    section.paragraphs.push_back("The set's own per-token figure is " +
                                 divisor_words(report.divisor));
    section.paragraphs.push_back(
        "T/N, the published definition, beside T/(N−1): N returned tokens take N − 1 steps, so T/N "
        "lies below the cost of a step by 1/N.");
    Table table({"N", "samples", "mean N", "T/N (ms)", "T/(N−1) (ms)"});
    for (std::size_t bin = 0; bin < length_bins.size(); ++bin) {
        const FigureByLength& row = report.by_length[bin];
        table.add_row({std::string(length_bins[bin].label), count(row.samples),
                       number(row.tokens, 1), number(row.per_token_ms, 3),
                       number(row.per_step_ms, 3)});
    }
    Table correlations({"correlation with N", "samples", "Pearson", "Spearman", "p"});
    for (const LengthCorrelation& row : report.correlations) {
        correlations.add_row({row.figure, count(row.samples), signed_number(row.pearson),
                              signed_number(row.spearman),
                              std::isfinite(row.spearman) ? fmt::format("{:.2g}", row.p) : "–"});
    }
    section.tables = {std::move(table), std::move(correlations)};
    return section;
}

Table difference_table(const SubtractionAudit& subtraction) {
    Table table({"N", "samples", "zero", "compared", "direct (ms)", "bias (ms)", "spread (ms)"});
    for (std::size_t bin = 0; bin < length_bins.size(); ++bin) {
        const DifferenceByLength& row = subtraction.by_length[bin];
        table.add_row({std::string(length_bins[bin].label), count(row.samples),
                       percent(row.zero_fraction), count(row.compared), number(row.direct_ms),
                       signed_number(row.bias_ms), number(row.spread_ms, 3)});
    }
    return table;
}

// "vision measured again, -12.000 ms: vision alone takes another time than inside generate()"
std::string cause_text(const DifferenceCause& cause) {
    const std::string ms =
        cause.ms ? fmt::format(", {} ms on average", signed_number(*cause.ms)) : "";
    return fmt::format("Cause: {}{}: {}.", cause.name, ms, cause.explanation);
}

AuditSection subtraction_section(const SubtractionAudit& subtraction) {
    AuditSection section{"Subtraction against direct", {}, {}};
    section.paragraphs.push_back(fmt::format(
        "Of {} samples with a decode time by subtraction it is 0 for {:.2f} % and "
        "came out negative for {:.2f} %.",
        subtraction.samples, 100 * subtraction.zero_fraction, 100 * subtraction.negative_fraction));
    if (subtraction.compared > 0) {
        section.paragraphs.push_back(fmt::format(
            "Subtraction − direct over {} samples: mean {:+.3f} ms ({:+.3f} before clamping), "
            "median {:+.3f} ms (95 %: "
            "{:+.3f} to {:+.3f}). Median error {} % at N ≤ 3 and {} % at N ≥ 10.",
            subtraction.compared, subtraction.bias_ms, subtraction.signed_bias_ms,
            subtraction.median_ms, subtraction.median_lower_ms, subtraction.median_upper_ms,
            number(subtraction.short_error_percent), number(subtraction.long_error_percent)));
    }
    for (const DifferenceCause& cause : subtraction.causes)
        section.paragraphs.push_back(cause_text(cause));
    section.tables = {difference_table(subtraction)};
    return section;
}

AuditSection length_section(const AuditReport& report) {
    AuditSection section{"Output lengths N", {}, {}};
    Table table({"data set", "samples", "mean", "median", "sd", "CV", "P95", "P99", "range"});
    for (const auto& [dataset, row] : report.output_lengths) {
        table.add_row({dataset, count(row.samples), number(row.mean), number(row.median, 1),
                       number(row.deviation), number(row.variation), number(row.p95, 1),
                       number(row.p99, 1), fmt::format("{:.0f}–{:.0f}", row.least, row.most)});
    }
    section.tables.push_back(std::move(table));
    return section;
}

AuditSection sample_section(const AuditReport& report) {
    const SampleQuality& samples = report.samples;
    AuditSection section{"Samples", {}, {}};
    Table table({"samples", "count"});
    const auto add = [&](const std::string& name, std::int64_t value) {
        table.add_row({name, std::to_string(value)});
    };
    add("read", samples.read);
    for (const auto& [reason, skipped] : samples.skipped) add("skipped: " + reason, skipped);
    add("one token, so no decode step", samples.single_token);
    add("steps, but no decode time", samples.zero_decode);
    for (const auto& [fault, contradicting] : samples.impossible)
        add("impossible: " + fault, contradicting);
    add("throttled", samples.throttled);
    add("activity records lost", samples.lossy);
    if (!report.direct) {
        const bool tested = report.stability.groups_tested > 0;
        table.add_row({"far from their configuration's median",
                       tested ? count(report.stability.outliers) : "–"});
    }
    for (const auto& [flag, flagged] : samples.flags) add("flag: " + flag, flagged);
    section.tables.push_back(std::move(table));
    for (const SkippedSample& example : samples.skipped_examples)
        section.paragraphs.push_back(
            fmt::format("skipped {}:{}: {}", example.file, example.line, example.reason));
    for (const std::string& note : samples.notes) section.paragraphs.push_back(note);
    return section;
}

AuditSection stability_section(const Stability& stability) {
    AuditSection section{"Stability", {}, {}};
    if (!stability.drift) {
        section.paragraphs.push_back(
            "Too few samples of one configuration to look for drift or for two groups.");
        return section;
    }
    section.paragraphs.push_back(
        fmt::format("Drift of a step's cost over the run: {:+.2f} % ({} samples, p = {:.2g}): {}.",
                    stability.drift->change_percent, stability.drift->samples, stability.drift->p,
                    stability.drift->found ? "found" : "not found"));
    section.paragraphs.push_back(fmt::format("{} of {} configurations fall into two groups.",
                                             stability.bimodal.size(), stability.groups_tested));
    return section;
}

AuditSection idle_section(const std::vector<IdleSplitRow>& idle) {
    AuditSection section{"Idle split", {}, {}};
    Table table({"configuration", "steps", "span (ms)", "busy", "waits for launch",
                 "for synchronize", "gaps", "kernels"});
    for (const IdleSplitRow& row : idle) {
        table.add_row({to_string(row.config), count(row.steps), number(row.span_ms, 3),
                       percent(row.busy_ms / row.span_ms), percent(row.launch_ms / row.span_ms),
                       percent(row.synchronize_ms / row.span_ms), percent(row.gap_ms / row.span_ms),
                       number(row.kernels, 0)});
    }
    section.tables.push_back(std::move(table));
    return section;
}

AuditSection floor_section(const std::vector<StepFloorRow>& floors) {
    AuditSection section{"Steps and their floor", {}, {}};
    section.paragraphs.push_back(
        "A step cannot be faster than its weights, keys and values stream from memory. On a device "
        "whose memory's "
        "speed is not known there is no floor, but the speed that the step reaches. Operations are "
        "LibTorch's, kernels "
        "and the host's waits for the device those of the tracing passes, for each step.");
    Table table({"configuration", "samples", "step (ms)", "reads (GB)", "GB/s", "floor (ms)",
                 "step / floor", "operations", "kernels", "waits"});
    for (const StepFloorRow& row : floors) {
        table.add_row({to_string(row.config), count(row.samples), number(row.step_ms, 3),
                       number(row.gigabytes, 4), number(row.gb_per_s, 1),
                       row.floor_ms ? number(*row.floor_ms, 3) : "–",
                       row.floor_ms ? number(row.step_ms / *row.floor_ms, 1) : "–",
                       row.operations ? number(*row.operations, 0) : "–",
                       row.kernels ? number(*row.kernels, 0) : "–",
                       row.waits ? number(*row.waits, 1) : "–"});
    }
    section.tables.push_back(std::move(table));
    return section;
}

}  // namespace

std::vector<AuditSection> audit_sections(const AuditReport& report) {
    std::vector<AuditSection> sections;
    if (report.positions.requests > 0) sections.push_back(position_section(report.positions));
    sections.push_back(divisor_section(report));
    if (report.subtraction) sections.push_back(subtraction_section(*report.subtraction));
    sections.push_back(length_section(report));
    sections.push_back(sample_section(report));
    sections.push_back(report.direct ? level_section(report.positions)
                                     : stability_section(report.stability));
    if (auto slow = slow_step_section(report.slow_steps)) sections.push_back(std::move(*slow));
    if (!report.floors.empty()) sections.push_back(floor_section(report.floors));
    if (!report.idle.empty()) sections.push_back(idle_section(report.idle));
    return sections;
}

std::vector<std::string> audit_findings_text(const AuditReport& report) {
    std::vector<std::string> lines;
    for (const AuditFinding& finding : report.findings)
        lines.push_back((finding.suspicious ? "suspicious: " : "note: ") + finding.text);
    if (lines.empty()) lines.push_back("nothing suspicious");
    return lines;
}

}  // namespace decodemeter
