#include "profiler/audit/divisor/length_effect.hpp"

#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("On flat steps T/N rises with N and T/(N-1) does not") {
    const RecordSet set = test::MeasuredSet().make();
    const auto rows = figures_by_length(set.records);
    CHECK(rows[0].per_token_ms == Approx(5).epsilon(0.01));
    CHECK(rows[4].per_token_ms > 9.5);
    for (const FigureByLength& row : rows) CHECK(row.per_step_ms == Approx(10).epsilon(0.01));
    const auto correlations = length_correlations(set.records, decode_times(set.records));
    REQUIRE(correlations.size() == 4);
    CHECK(std::abs(correlations[0].spearman) < 0.2);
    CHECK(correlations[1].spearman > 0.9);
}

TEST_CASE("A dear configuration with longer answers is no effect of the length") {
    std::vector<SampleRecord> records;
    test::Draws draws(3);
    for (int i = 0; i < 400; ++i) {
        const bool dear = i % 2 == 1;
        SampleRecord record =
            test::example_record(i, dear ? draws.integer(20, 40) : draws.integer(2, 20));
        record.config.top_k = dear ? 12 : 4;
        record.T_LLM_decode = (dear ? 20 : 5) * record.decode_steps() * (1 + 0.01 * draws.normal());
        records.push_back(record);
    }
    CHECK(std::abs(length_correlations(records, {})[0].pearson) < 0.15);
}

TEST_CASE("Output lengths are summed up by data set") {
    std::vector<SampleRecord> records;
    for (const int tokens : {2, 2, 3, 5}) records.push_back(test::example_record(0, tokens));
    records.push_back(test::example_record(0, 60));
    records.back().dataset = "coco_caption";
    const auto lengths = output_lengths_by_dataset(records);
    REQUIRE(lengths.size() == 2);
    const OutputLengthSummary& vqa = lengths.at("coco_2014_vqa");
    CHECK(vqa.samples == 4);
    CHECK(vqa.mean == 3);
    CHECK(vqa.median == 2.5);
    CHECK(vqa.deviation == Approx(std::sqrt(2.0)));
    CHECK(vqa.least == 2);
    CHECK(vqa.most == 5);
    CHECK(lengths.at("coco_caption").deviation == 0);
}
