#include "profiler/audit/divisor/stored_divisor.hpp"

#include <vector>

#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

// 60 records of 2 to 61 tokens; every second answer ends in the EOS. `divisor` is given N and the
// content tokens.
template <class Divisor>
std::vector<SampleRecord> records_divided_by(Divisor divisor) {
    std::vector<SampleRecord> records;
    for (int i = 0; i < 60; ++i) {
        SampleRecord record;
        record.output_tokens = i + 2;
        record.content_tokens = record.output_tokens - i % 2;
        record.T_LLM_decode = 20.0 * (record.output_tokens - 1) + 3;
        record.stored_per_token_ms =
            record.T_LLM_decode / divisor(record.output_tokens, record.content_tokens);
        records.push_back(record);
    }
    return records;
}

}  // namespace

TEST_CASE("The divisor of a stored figure is read record by record, whatever the times are") {
    const auto verdict = [](auto divisor) {
        return read_stored_divisor(records_divided_by(divisor)).divisor;
    };
    CHECK(verdict([](int n, int) { return n - 1; }) == DivisorVerdict::n_minus_1);
    CHECK(verdict([](int n, int) { return n; }) == DivisorVerdict::n);
    CHECK(verdict([](int n, int) { return n + 1; }) == DivisorVerdict::n_plus_1);
    CHECK(verdict([](int, int content) { return content; }) == DivisorVerdict::content_tokens);
    CHECK(verdict([](int n, int) { return n + 2.5; }) == DivisorVerdict::undecided);
}

TEST_CASE("Figures rounded to two decimals are read too, and a few strange records do not matter") {
    auto records = records_divided_by([](int n, int) { return n; });
    for (SampleRecord& record : records)
        record.stored_per_token_ms = std::round(100 * *record.stored_per_token_ms) / 100;
    records[5].stored_per_token_ms = 1;
    const StoredDivisor read = read_stored_divisor(records);
    CHECK(read.divisor == DivisorVerdict::n);
    CHECK(read.stated == 60);
    CHECK(read.matching == 59);
}

TEST_CASE("Records that state no figure have no divisor of their own") {
    auto records = records_divided_by([](int n, int) { return n; });
    for (SampleRecord& record : records) record.stored_per_token_ms.reset();
    CHECK(read_stored_divisor(records).stated == 0);
    CHECK(read_stored_divisor(records).divisor == DivisorVerdict::undecided);
}
