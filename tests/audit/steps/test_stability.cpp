#include "profiler/audit/steps/stability.hpp"

#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

void scale_decode(SampleRecord& record, double factor) { record.T_LLM_decode *= factor; }

}  // namespace

TEST_CASE("Steady records neither drift nor fall into groups") {
    const Stability stability = audit_stability(test::MeasuredSet().make().records);
    CHECK(stability.groups_tested == 1);
    REQUIRE(stability.drift.has_value());
    CHECK_FALSE(stability.drift->found);
    CHECK(stability.bimodal.empty());
}

TEST_CASE("A machine that slows down during the run is found by its time stamps") {
    RecordSet set = test::MeasuredSet().make();
    for (std::size_t i = 0; i < set.records.size(); ++i)
        scale_decode(set.records[i],
                     1 + 0.1 * static_cast<double>(i) / static_cast<double>(set.records.size()));
    std::reverse(set.records.begin(), set.records.end());
    const Stability stability = audit_stability(set.records);
    REQUIRE(stability.drift.has_value());
    CHECK(stability.drift->found);
    CHECK(stability.drift->change_percent == Approx(9.5).margin(2));
}

TEST_CASE("Steps at two speeds are found, with how many run at the slower one") {
    RecordSet set = test::MeasuredSet().make();
    for (std::size_t i = 0; i < set.records.size(); i += 3) scale_decode(set.records[i], 1.4);
    const Stability stability = audit_stability(set.records);
    REQUIRE(stability.bimodal.size() == 1);
    CHECK(stability.bimodal[0].upper_ms / stability.bimodal[0].lower_ms ==
          Approx(1.4).epsilon(0.02));
    CHECK(stability.bimodal[0].upper_share == Approx(1 / 3.0).margin(0.01));
    CHECK_FALSE(stability.drift->found);
}

TEST_CASE("Two lengths of context are not two speeds of the machine") {
    RecordSet set = test::MeasuredSet().make();
    for (std::size_t i = 0; i < set.records.size(); i += 3) {
        set.records[i].prompt_tokens += 2000;
        scale_decode(set.records[i], 1.4);
    }
    CHECK(audit_stability(set.records).bimodal.empty());
}

TEST_CASE("A lone hiccup is an outlier") {
    RecordSet set = test::MeasuredSet().make();
    scale_decode(set.records[10], 3);
    const Stability stability = audit_stability(set.records);
    CHECK(stability.outliers >= 1);
    CHECK(stability.outliers < 10);
}

TEST_CASE("Few samples are not judged") {
    test::MeasuredSet measured;
    measured.samples = 12;
    CHECK_FALSE(audit_stability(measured.make().records).drift.has_value());
}
