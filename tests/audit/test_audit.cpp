#include "profiler/audit/audit.hpp"

#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using test::MeasuredSet;

namespace {

bool says(const AuditReport& report, const std::string& words, bool suspicious) {
    for (const AuditFinding& finding : report.findings) {
        if (finding.suspicious == suspicious && finding.text.find(words) != std::string::npos)
            return true;
    }
    return false;
}

}  // namespace

TEST_CASE(
    "A sound native run is clean, its divisor N-1, and T/N is shown to be an artifact beside it") {
    const AuditReport report = audit(MeasuredSet().make());
    CHECK(report.verdict == AuditVerdict::clean);
    CHECK(report.divisor.verdict == DivisorVerdict::n_minus_1);
    CHECK(report.divisor.step_ms == Approx(10).epsilon(0.01));
    CHECK(report.per_token.verdict == DivisorVerdict::n);
    CHECK(report.findings.empty());
}

TEST_CASE("A slow first step is a finding about the device, not a prefill counted in") {
    RecordSet set = MeasuredSet().make();
    for (SampleRecord& record : set.records) {
        record.T_decode_per_step[0] += 5;
        record.T_LLM_decode += 5;
        record.decode_end_ms += 5;
        record.T_total += 5;
    }
    const AuditReport report = audit(set);
    CHECK(report.verdict == AuditVerdict::clean);
    CHECK(report.divisor.verdict == DivisorVerdict::n_minus_1);
    CHECK(report.divisor.source == DivisorSource::steps);
    CHECK(says(report, "Step 1 takes 50", false));
    CHECK_FALSE(says(report, "prefill", false));
    CHECK_FALSE(says(report, "prefill", true));
}

TEST_CASE("A drift of direct records is a finding, and the set stays clean") {
    RecordSet set = MeasuredSet().make();
    for (std::size_t i = 0; i < set.records.size(); ++i) {
        SampleRecord& record = set.records[i];
        const double factor = 1 + 0.1 * static_cast<double>(i) / 300;
        for (double& step : record.T_decode_per_step) step *= factor;
        const double before = record.T_LLM_decode;
        record.T_LLM_decode *= factor;
        record.decode_end_ms += record.T_LLM_decode - before;
        record.T_total += record.T_LLM_decode - before;
    }
    const AuditReport report = audit(set);
    CHECK(report.verdict == AuditVerdict::clean);
    CHECK(says(report, "over the run", false));
}

TEST_CASE("Records of totals alone are not called impossible for having no steps") {
    RecordSet set = MeasuredSet().make();
    for (SampleRecord& record : set.records) {
        record.T_decode_per_step.clear();
        record.clocks.reset();
    }
    const AuditReport report = audit(set);
    CHECK(report.samples.impossible.empty());
    CHECK(report.divisor.verdict == DivisorVerdict::n_minus_1);
}

TEST_CASE("A bad subtraction beside direct times is a note, not a stain on the records") {
    MeasuredSet measured;
    measured.vision_again_ms = 15;
    const AuditReport report = audit(measured.make());
    CHECK(report.verdict == AuditVerdict::clean);
    CHECK(says(report, "subtraction would give 0", false));
}

TEST_CASE("Published records by subtraction and divided by N are suspicious on both counts") {
    MeasuredSet measured;
    measured.native = false;
    measured.vision_again_ms = 4;
    measured.subtraction_noise_ms = 4;
    const AuditReport report = audit(measured.make());
    CHECK(report.verdict == AuditVerdict::suspicious);
    CHECK_FALSE(report.native);
    CHECK(says(report, "taken by subtraction", true));
    CHECK(report.samples.zero_decode > 0);
    measured.vision_again_ms = measured.subtraction_noise_ms = 0;
    const AuditReport exact = audit(measured.make());
    CHECK(exact.divisor.verdict == DivisorVerdict::n);
    CHECK(says(exact, "was divided by N, one token more", true));
}

TEST_CASE("Contradictions, losses and throttling are suspicious") {
    RecordSet set = MeasuredSet().make();
    set.records[3].T_decode_per_step[0] += 5;
    CHECK(says(audit(set), "do not add up", true));
    set = MeasuredSet().make();
    for (std::size_t i = 0; i < 20; ++i) set.records[i].gpu->throttle = {"hw_slowdown"};
    CHECK(says(audit(set), "throttled", true));
    set = MeasuredSet().make();
    set.records[3].cupti = CuptiSummary{};
    set.records[3].cupti->unmatched = 2;
    CHECK(says(audit(set), "lost activity records", true));
}

TEST_CASE("A few skipped samples are a note, many are suspicious") {
    RecordSet set = MeasuredSet().make();
    set.report.skipped["broken line"] = 1;
    CHECK(audit(set).verdict == AuditVerdict::clean);
    CHECK(says(audit(set), "could not be used", false));
    set.report.skipped["broken line"] = 30;
    CHECK(audit(set).verdict == AuditVerdict::suspicious);
}

TEST_CASE("A set without any decode step is unusable") {
    RecordSet set;
    set.records = {test::example_record(1, 1)};
    set.report.read = set.report.native = 1;
    CHECK(audit(set).verdict == AuditVerdict::unusable);
    CHECK(audit(RecordSet{}).verdict == AuditVerdict::unusable);
}

TEST_CASE("Data sets of one length each are judged together") {
    test::Draws draws(4);
    RecordSet set = MeasuredSet().make();
    for (SampleRecord& record : set.records) {
        const int tokens = std::array{2, 5, 16, 64}[static_cast<std::size_t>(record.sample_id % 4)];
        SampleRecord made = test::example_record(record.sample_id, tokens);
        made.dataset = "fixed_" + std::to_string(tokens);
        for (double& step : made.T_decode_per_step) step = 10 * (1 + 0.01 * draws.normal());
        made.T_LLM_decode =
            std::accumulate(made.T_decode_per_step.begin(), made.T_decode_per_step.end(), 0.0);
        record = made;
    }
    const AuditReport report = audit(set);
    CHECK(report.divisor.samples + report.divisor.outliers == 300);
    CHECK(report.divisor.verdict == DivisorVerdict::n_minus_1);
    CHECK(report.per_token.verdict == DivisorVerdict::n);
    CHECK(report.per_token.step_ms == Approx(10).epsilon(0.02));
}
