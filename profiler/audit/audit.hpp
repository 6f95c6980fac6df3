// Can a set of records be trusted, and what do its decode times mean?
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/audit/divisor/divisor.hpp"
#include "profiler/audit/divisor/length_effect.hpp"
#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/audit/steps/idle_split.hpp"
#include "profiler/audit/steps/slow_step_places.hpp"
#include "profiler/audit/steps/stability.hpp"
#include "profiler/audit/steps/step_floor.hpp"
#include "profiler/audit/subtraction/subtraction_audit.hpp"
#include "profiler/record/store/record_reader.hpp"

namespace decodemeter {

// A command's exit code is the verdict's number; 3 is left for what breaks the audit itself.
enum class AuditVerdict { clean = 0, suspicious = 1, unusable = 2 };
std::string_view to_string(AuditVerdict verdict) noexcept;

struct AuditFinding {
    bool suspicious = false;  // else worth knowing
    std::string text;
};

struct SampleQuality {
    std::int64_t read = 0;
    std::map<std::string, std::int64_t> skipped;  // by reason
    std::vector<SkippedSample> skipped_examples;
    std::vector<std::string> notes;
    std::int64_t single_token = 0;  // N = 1: no decode step
    std::int64_t zero_decode = 0;   // N >= 2 without a decode time
    std::int64_t throttled = 0;
    std::int64_t lossy = 0;                          // of a tracing pass
    std::map<std::string, std::int64_t> impossible;  // contradictions
    std::map<std::string, std::int64_t> flags;       // as recorded
};

struct AuditReport {
    std::string subject;  // what was measured, in one line
    bool native = true;   // else mostly published records
    bool synthetic = false;
    SampleQuality samples;
    std::map<DecodeMethod, std::int64_t> methods;  // how the records' own decode times were taken
    bool direct = false;                           // most records hold each of their steps
    PositionEffects positions;                     // what the steps show
    DivisorDiagnosis divisor;                      // of the set's own per-token figure
    DivisorDiagnosis per_token;                    // of T_LLM_decode / N, beside it
    std::array<FigureByLength, length_bins.size()> by_length;
    std::vector<LengthCorrelation> correlations;
    std::optional<SubtractionAudit> subtraction;  // none: nothing was subtracted
    std::map<std::string, OutputLengthSummary> output_lengths;
    Stability stability;  // of sets of totals; that of direct ones is in `positions`
    SlowStepAudit slow_steps;
    std::vector<IdleSplitRow> idle;
    std::vector<StepFloorRow> floors;
    std::vector<AuditFinding> findings;
    AuditVerdict verdict = AuditVerdict::clean;
};

// Native and published records alike.
AuditReport audit(const RecordSet& set);

}  // namespace decodemeter
