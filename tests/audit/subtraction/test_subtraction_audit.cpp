#include "profiler/audit/subtraction/subtraction_audit.hpp"

#include <cmath>

#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

SubtractionAudit audit_of(const RecordSet& set) {
    return audit_subtraction(set.records, decode_times(set.records));
}

const DifferenceCause& cause(const SubtractionAudit& audit, const std::string& name) {
    for (const DifferenceCause& entry : audit.causes) {
        if (entry.name == name) return entry;
    }
    throw std::out_of_range(name);
}

}  // namespace

TEST_CASE("The causes with a time add up to the bias") {
    test::MeasuredSet measured;
    measured.vision_again_ms = 12;
    measured.total_again_ms = 3;
    measured.subtraction_noise_ms = 2;
    const SubtractionAudit audit = audit_of(measured.make());
    double sum = 0;
    for (const DifferenceCause& entry : audit.causes) sum += entry.ms.value_or(0);
    CHECK(sum == Approx(audit.bias_ms).margin(1e-9));
    CHECK(*cause(audit, "vision measured again").ms == Approx(-12));
    CHECK(*cause(audit, "time between the stages").ms == Approx(0.25));
    CHECK(*cause(audit, "clamping at 0").ms > 0);
}

TEST_CASE("Vision that takes much longer alone makes another precision likely") {
    test::MeasuredSet measured;
    CHECK(cause(audit_of(measured.make()), "vision timed at another precision")
              .explanation.find("not seen") == 0);
    measured.vision_again_ms = 8;
    CHECK(cause(audit_of(measured.make()), "vision timed at another precision")
              .explanation.find("likely") == 0);
}

TEST_CASE(
    "Short outputs suffer most: their zeros and their relative error are told apart from those of "
    "long ones") {
    test::MeasuredSet measured;
    measured.vision_again_ms = 15;
    const SubtractionAudit audit = audit_of(measured.make());
    CHECK(audit.by_length[0].zero_fraction == 1);  // one step of 10 ms, less 15
    CHECK(audit.by_length[4].zero_fraction == 0);
    CHECK(audit.by_length[4].bias_ms == Approx(-14.75));
    CHECK(audit.short_error_percent > 5 * audit.long_error_percent);
    CHECK(audit.negative_fraction == audit.zero_fraction);
    CHECK(audit.signed_bias_ms == Approx(-14.75));
    CHECK(audit.bias_ms > audit.signed_bias_ms);
}

TEST_CASE("A difference that moves during the run is drift") {
    RecordSet set = test::MeasuredSet().make();
    for (std::size_t i = 0; i < set.records.size(); ++i) {
        SubtractionTimes& times = *set.records[i].subtraction;
        times = subtract(Milliseconds(times.T_vision_total),
                         Milliseconds(times.T_vision_total + times.T_LLM_prefill),
                         Milliseconds(times.T_total + 0.02 * static_cast<double>(i)));
    }
    CHECK(cause(audit_of(set), "clock drift between the runs").explanation.find("seen") == 0);
}

TEST_CASE("Without direct times there is nothing to compare, and that is said as not a number") {
    test::MeasuredSet measured;
    measured.native = false;
    measured.vision_again_ms = 15;
    const SubtractionAudit audit = audit_of(measured.make());
    CHECK(audit.compared == 0);
    CHECK(audit.zero_fraction > 0);
    CHECK(audit.negative_fraction == audit.zero_fraction);
    CHECK(std::isnan(audit.bias_ms));
}
