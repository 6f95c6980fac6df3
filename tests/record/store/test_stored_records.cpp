#include <functional>

#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/stored_records.hpp"
#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::example_record;

namespace {

SampleRecord asked(std::int64_t id, const char* prompt, const char* digest) {
    SampleRecord record = example_record(id);
    record.prompt = prompt;
    record.image = "image.png";
    if (*digest) record.request_digest = digest;
    return record;
}

}  // namespace

TEST_CASE("A line and the record it was written from are stored alike") {
    SampleRecord record = asked(17, "what?", "00000000000000aa");
    record.pred = "a cat";
    StoredRecords read;
    StoredRecords added;
    REQUIRE(read.add_line(to_json_line(record)));
    added.add(record);
    for (const StoredRecords* stored : {&read, &added}) {
        const StoredRecord* found = stored->find(record.key);
        REQUIRE(found != nullptr);
        CHECK(found->subtraction);
        CHECK(found->text);
        CHECK_FALSE(found->tracing_pass);
        CHECK(found->step_mean_ms == 1.5);
        // Preprocessing and the run, then vision, vision and prefill, everything.
        CHECK(found->seconds ==
              Approx((6.125 + record.T_total + 2 * 14.875 + 8.875 + 23.375) / 1000));
        CHECK(stored->requests(record.dataset).at(17) ==
              std::vector<StoredRequest>{{"00000000000000aa", "what?", "image.png"}});
        CHECK(stored->without_digest() == 0);
    }
}

TEST_CASE("What is no record is not stored") {
    StoredRecords stored;
    CHECK_FALSE(stored.add_line("{\"key\": \"torn"));
    CHECK_FALSE(stored.add_line("{\"sample_id\": 1}"));
    CHECK(stored.size() == 0);
}

TEST_CASE("A record whose key names another request is not stored") {
    const SampleRecord whole = example_record(17);
    for (const auto& damage : std::vector<std::function<void(SampleRecord&)>>{
             [](SampleRecord& record) { record.key = "x"; },
             [](SampleRecord& record) { record.key += "0"; },
             [](SampleRecord& record) { record.repeat = 1; },
             [](SampleRecord& record) { record.sample_id = 18; },
             [](SampleRecord& record) { record.config.active_blocks = 12; },
             [](SampleRecord& record) { record.config.tier.reset(); },
         }) {
        SampleRecord record = whole;
        damage(record);
        StoredRecords stored;
        CHECK_FALSE(stored.add_line(to_json_line(record)));
        CHECK(stored.size() == 0);
        CHECK(stored.wrong_keys() == 1);
    }
    StoredRecords stored;
    CHECK(stored.add_line(to_json_line(whole)));
    CHECK(stored.wrong_keys() == 0);
}

TEST_CASE("A tracing pass is known under its own key and under the repeat's of earlier versions") {
    for (const char* last : {"trace", "3"}) {
        SampleRecord record = example_record(5);
        record.flags = {tracing_pass_flag};
        record.key = record_key(record.dataset, 5, record.config, 0);
        record.key.replace(record.key.size() - 1, 1, last);
        StoredRecords stored;
        REQUIRE(stored.add_line(to_json_line(record)));
        CHECK(stored.has_tracing_pass(record.dataset, 5, record.config));
        CHECK_FALSE(stored.has_tracing_pass(record.dataset, 6, record.config));
    }
}

TEST_CASE("Records of earlier versions are counted as without digest") {
    StoredRecords stored;
    stored.add(asked(1, "what?", ""));
    stored.add(asked(2, "what?", "00000000000000aa"));
    CHECK(stored.without_digest() == 1);
}
