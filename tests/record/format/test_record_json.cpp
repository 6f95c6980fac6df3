#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"

using namespace decodemeter;
using Json = nlohmann::json;

namespace {

CuptiSummary three_traced_steps() {
    return {{1.5, 1.25, 1.5},
            {0.1, 0.2, 0.3},
            {0, 0, 0},
            {0, 0, 0},
            {0.01, 0, 0},
            {900, 901, 902},
            {1000, 1001, 1002},
            {1, 1, 1},
            {8, 8, 8},
            std::vector<double>{1.5, 1.25, 1.5},
            std::vector<double>{0.001, 0, 0.002},
            4,
            5,
            0,
            1,
            2,
            3,
            4};
}

SampleRecord read_back(std::string line) {
    const std::size_t size = line.size();
    line.resize(size + json_padding, '\0');
    ReadReport report;
    SampleRecord result;
    read_native_lines(
        std::string_view(line).substr(0, size), "test",
        [&](SampleRecord&& record) { result = std::move(record); }, report);
    INFO((report.examples.empty() ? "" : report.examples.front().reason));
    REQUIRE(report.read == 1);
    return result;
}

bool valid(const std::string& line) {
    valijson::Schema schema;
    const Json document = Json::parse(record_schema());
    valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(document),
                                            schema);
    const Json record = Json::parse(line);
    return valijson::Validator().validate(schema, valijson::adapters::NlohmannJsonAdapter(record),
                                          nullptr);
}

}  // namespace

TEST_CASE("A record written and read again is the same record") {
    SampleRecord record = test::example_record();
    record.cupti = three_traced_steps();
    record.trace = "coco_2014_vqa/trace-17.json";
    record.prompt = "What is \"this\"?";
    record.answers = {"a cat", "cat"};
    record.flags = {"throttled"};
    const std::string line = to_json_line(record);
    CHECK(to_json_line(read_back(line)) == line);
}

TEST_CASE("Absent parts of a record stay absent") {
    SampleRecord record = test::example_record(3, 1);
    record.config.tier.reset();
    record.clocks.reset();
    record.subtraction.reset();
    record.gpu.reset();
    const std::string line = to_json_line(record);
    const SampleRecord again = read_back(line);
    CHECK(to_json_line(again) == line);
    CHECK_FALSE(again.config.tier);
    CHECK(again.decode_steps() == 0);
    CHECK_FALSE(decode_per_step_mean_ms(again));
}

TEST_CASE("N returned tokens are N-1 decode steps, and both per-token figures are written") {
    const Json json = Json::parse(to_json_line(test::example_record(17, 4)));
    CHECK(json["decode_steps"] == 3);
    CHECK(json["T_decode_per_step"].size() == 3);
    CHECK(json["T_decode_per_token"] == 4.5 / 4);
    CHECK(json["T_decode_per_step_mean"] == 1.5);
}

TEST_CASE("Written lines satisfy the schema") {
    CHECK(valid(to_json_line(test::example_record())));
    CHECK(valid(to_json_line(test::example_record(1, 1))));
    SampleRecord bare = test::example_record();
    bare.config.tier.reset();
    bare.clocks.reset();
    bare.subtraction.reset();
    bare.gpu.reset();
    bare.cupti_refused = "another subscriber";
    bare.trace = "trace.json";
    CHECK(valid(to_json_line(bare)));
}

TEST_CASE("The schema refuses a wrong type, a missing field and a field it does not know") {
    Json json = Json::parse(to_json_line(test::example_record()));
    Json wrong = json;
    Json missing = json;
    Json unknown = json;
    wrong["T_total"] = "12";
    missing.erase("decode_steps");
    unknown["T_decode"] = 1;
    CHECK_FALSE(valid(wrong.dump()));
    CHECK_FALSE(valid(missing.dump()));
    CHECK_FALSE(valid(unknown.dump()));
}

TEST_CASE("The schema knows the fields of a CUPTI pass, and the reason for none") {
    SampleRecord record = test::example_record();
    record.cupti = three_traced_steps();
    CHECK(valid(to_json_line(record)));
    Json wrong = Json::parse(to_json_line(record));
    wrong["cupti"]["kernels"] = {1, "two", 3};
    CHECK_FALSE(valid(wrong.dump()));
    Json lacking = Json::parse(to_json_line(record));
    lacking["cupti"]["losses"].erase("dropped");
    CHECK_FALSE(valid(lacking.dump()));
    Json refused = Json::parse(to_json_line(test::example_record()));
    refused["cupti"] = {{"none", "another subscriber"}};
    CHECK(valid(refused.dump()));
}

TEST_CASE("A field is written in the order of the ledger, and the schema has the same fields") {
    SampleRecord record = test::example_record();
    record.cupti = three_traced_steps();
    record.synthetic = true;
    record.trace = record.pred = record.request_digest = record.manifest_id = "text";
    record.prompt = record.image = "text";
    record.answers = {"a cat"};
    record.accuracy = 0.5;
    const auto written = nlohmann::ordered_json::parse(to_json_line(record));
    const auto schema = nlohmann::ordered_json::parse(record_schema());
    std::vector<std::string> fields;
    std::vector<std::string> described;
    for (const auto& [name, value] : written.items()) fields.push_back(name);
    for (const auto& [name, value] : schema["properties"].items()) described.push_back(name);
    CHECK(fields == described);
    CHECK(valid(written.dump()));
}

TEST_CASE("Every field of a record is defined in words") {
    const Json json = Json::parse(to_json_line(test::example_record()));
    for (const auto& [name, value] : json.items()) {
        if (name == "schema" || name == "dataset") continue;
        INFO(name);
        CHECK_FALSE(field_definition(name).empty());
    }
}

TEST_CASE("A record with broken UTF-8 is written all the same") {
    SampleRecord record = test::example_record();
    record.prompt = "caf\xe9";
    CHECK_NOTHROW(Json::parse(to_json_line(record)));
}

TEST_CASE("A run header written and read again is the same header") {
    RunHeader header;
    header.device = {"cuda", "NVIDIA H100", "GPU-1", "580.1", 80LL << 30, 132, 1980.0, 16};
    header.versions = {"0.1.0", "abc", true, "2.11.0", "13.0", "13.0.85"};
    header.model = {
        "molmoe-1b", "bfloat16", "random(3407)", {{"d_model", 2048}}, {"flash", "math"}};
    header.stop_rule = {"dataset", 64, 7};
    header.max_crops = 12;
    header.knobs = {{"tier", {"low", "high"}}};
    header.warm_up = {4, true, 46.5, 0.5};
    header.starts = {{"2026-01-01T00:00:00Z", "decodemeter profile", "abc"}};
    header.absent = {{"nvml", "no library"}};
    header.block_order = {3, 1, 2};
    header.figures = {{"operations", "{\"per_step\":300}"}};
    const std::string text = to_json(header);
    CHECK(to_json(parse_run_header(text, "test")) == text);
    CHECK_THROWS_AS(parse_run_header("[1]", "run.json"), InputError);
}

TEST_CASE("A record's request is written and read again, by both ways of reading") {
    SampleRecord record = test::example_record();
    record.request_digest = "0123456789abcdef";
    record.manifest_id = "q-17";
    const std::string line = to_json_line(record);
    CHECK(valid(line));
    CHECK(read_back(line).request_digest == record.request_digest);
    CHECK(read_back(line).manifest_id == record.manifest_id);
    record.manifest_id = "caf\u00e9 \"17\"";  // an escape is read the tolerant way
    CHECK(read_back(to_json_line(record)).manifest_id == record.manifest_id);
    CHECK_FALSE(read_back(to_json_line(test::example_record())).request_digest);
}

TEST_CASE(
    "Threads, attention, block order, LibTorch and CUDA make a different run where both tell "
    "them") {
    RunHeader a;
    RunHeader b;
    a.device.threads = 2;
    a.versions.torch = "2.11.0";
    a.model.attention_backend = {"flash", "math"};
    CHECK(run_differences(a, b).empty());
    b = a;
    b.device.threads = 1;
    b.versions.torch = "2.10.0";
    b.block_rule = "importance:00000000000000aa";
    b.block_order = {3, 1};
    b.model.attention_backend = {"math", "math"};
    CHECK(run_differences(a, b) ==
          std::vector<std::string>{
              "model.attention_backend.decode: flash here, math in run.json",
              "device.threads: 2 here, 1 in run.json",
              "versions.torch: 2.11.0 here, 2.10.0 in run.json",
              "block_rule: prefix here, importance:00000000000000aa (3,1) in run.json"});
}

TEST_CASE("Another device of the same name goes on with the run, and is noted") {
    RunHeader a;
    RunHeader b;
    a.device.uuid = "GPU-1";
    b.device.uuid = "GPU-2";
    CHECK(run_differences(a, b).empty());
    CHECK(machine_changes(a, b) ==
          std::vector<std::string>{"device.uuid: GPU-1 here, GPU-2 in run.json"});
    b.device.uuid.clear();
    CHECK(machine_changes(a, b).empty());
}

TEST_CASE(
    "Runs differ by model, dtype, device, mode, crops and stop rule, and the difference is named") {
    RunHeader a;
    RunHeader b;
    CHECK(run_differences(a, b).empty());
    a.model.dtype = "float32";
    b.model.dtype = "bfloat16";
    b.order_seed = 99;
    REQUIRE(run_differences(a, b).size() == 1);
    CHECK(run_differences(a, b).front() == "model.dtype: float32 here, bfloat16 in run.json");
}
