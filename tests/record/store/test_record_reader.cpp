#include <nlohmann/json.hpp>

#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using Json = nlohmann::json;
using test::TemporaryDirectory;
using test::write_text;

namespace {

Json example_json() { return Json::parse(to_json_line(test::example_record())); }

RecordSet read_lines(const std::vector<std::string>& lines) {
    TemporaryDirectory directory;
    std::string text = to_json_line(test::example_record(999)) + "\n";
    for (const std::string& line : lines) text += line + "\n";
    write_text(directory / "set/records.jsonl", text);
    return read_results(directory.path());
}

Json published_sample(int id, int tokens) {
    return {{"sample_id", id},
            {"output_tokens", tokens},
            {"actual_vision_tokens", 576},
            {"actual_text_tokens", 20},
            {"T_vision_total", 10.0},
            {"T_LLM_prefill", 30.0},
            {"T_LLM_decode", 46.0 * (tokens - 1)},
            {"T_decode_per_step", Json::array()}};
}

Json published_document() {
    return {{"tier", "low"},
            {"top_k", 8},
            {"num_active_blocks", 16},
            {"per_sample_results", {published_sample(0, 3), published_sample(1, 1)}}};
}

}  // namespace

TEST_CASE("A sample with an impossible time is skipped and counted by reason") {
    const auto with = [](const char* field, const std::string& value) {
        std::string text = example_json().dump();
        const std::string name = "\"" + std::string(field) + "\":";
        const std::size_t begin = text.find(name) + name.size();
        return text.replace(begin, text.find_first_of(",}", begin) - begin, value);
    };
    const RecordSet set = read_lines({with("T_LLM_decode", "-1"), with("T_LLM_prefill", "NaN"),
                                      with("T_vision_total", "Infinity"), with("T_total", "\"12\""),
                                      with("T_LLM_decode", "null"), with("T_total", "1e999")});
    CHECK(set.report.read == 1);
    CHECK(set.report.skipped.at("negative T_LLM_decode") == 1);
    CHECK(set.report.skipped.at("not finite T_LLM_prefill") == 1);
    CHECK(set.report.skipped.at("not finite T_vision_total") == 1);
    CHECK(set.report.skipped.at("not a number T_total") == 2);
    CHECK(set.report.skipped.at("missing T_LLM_decode") == 1);
    CHECK(set.report.examples.front().line == 2);
}

TEST_CASE(
    "A bad entry among the steps spoils the sample, a wrong number of steps is kept and flagged") {
    Json bad = example_json();
    Json shorter = example_json();
    bad["T_decode_per_step"] = {1.5, -2.0, 1.5};
    shorter["T_decode_per_step"] = {1.5, 1.5};
    shorter["key"] = "other";
    const RecordSet set = read_lines({bad.dump(), shorter.dump()});
    CHECK(set.report.skipped.at("negative T_decode_per_step") == 1);
    REQUIRE(set.records.size() == 2);
    CHECK(set.records[1].flags == std::vector<std::string>{"steps_length"});
}

TEST_CASE("Records and runs of another schema are refused") {
    Json record = example_json();
    record["schema"] = 2;
    const RecordSet set = read_lines({record.dump(), "{ " + record.dump().substr(1)});
    CHECK(set.report.read == 1);
    CHECK(set.report.skipped.at("schema 2, where this version reads 1") == 2);
    CHECK_THROWS_WITH(parse_run_header(R"({"schema":99})", "run.json"),
                      Catch::Contains("run.json: has schema 99"));
}

TEST_CASE("Each required field that is missing is named") {
    for (const char* field :
         {"key", "tier", "top_k", "num_active_blocks", "vision_tokens", "text_tokens",
          "output_tokens", "T_vision_total", "T_LLM_prefill", "T_LLM_decode"}) {
        Json json = example_json();
        json.erase(field);
        CHECK(read_lines({json.dump()}).report.skipped.at(std::string("missing ") + field) == 1);
    }
}

TEST_CASE("All but the required fields may be missing, and unknown ones are ignored") {
    const Json bare = {{"key", "a"},           {"tier", nullptr},
                       {"top_k", 0},           {"num_active_blocks", 28},
                       {"vision_tokens", 0},   {"text_tokens", 9},
                       {"output_tokens", 2},   {"T_vision_total", 0},
                       {"T_LLM_prefill", 3.0}, {"T_LLM_decode", 1.0},
                       {"novel", {{"x", {1}}}}};
    const RecordSet set = read_lines({bare.dump()});
    REQUIRE(set.records.size() == 2);
    CHECK(set.records[1].dataset == "set");
    CHECK(set.records[1].config == ConfigKey{std::nullopt, 0, 28});
}

TEST_CASE("A tier that only begins like null spoils its line and no other") {
    Json json = example_json();
    json["tier"] = "TIER";
    std::string line = json.dump();
    line.replace(line.find("\"TIER\""), 6, "ns");
    const RecordSet set = read_lines({line});
    CHECK(set.report.skipped_count() == 1);
    CHECK(set.records.size() == 1);
}

TEST_CASE("Fields may come in any order") {
    const std::string sorted = example_json().dump();  // nlohmann::json sorts by name
    CHECK(read_lines({sorted}).records.size() == 2);
}

TEST_CASE("Broken, torn and empty lines do not stop the reading") {
    TemporaryDirectory directory;
    const std::string good = to_json_line(test::example_record(1));
    write_text(directory / "set/records.jsonl", good + "\n\n{\"key\": \n[1,2]\n" +
                                                    to_json_line(test::example_record(2)) + "\n" +
                                                    good + good + "\n" + good.substr(0, 300));
    const RecordSet set = read_results(directory.path());
    CHECK(set.records.size() == 2);
    CHECK(set.report.skipped.at("broken line") == 3);
    CHECK(set.report.skipped.at("torn last line") == 1);
}

TEST_CASE(
    "Every prefix of a record line is refused without a crash, whatever stands behind the text") {
    const std::string line = to_json_line(test::example_record());
    const char behind = GENERATE('\0', ' ', '7', '"', ',');
    for (std::size_t size = 1; size < line.size(); ++size) {
        std::string text = line.substr(0, size) + std::string(json_padding, behind);
        ReadReport report;
        read_native_lines(
            std::string_view(text).substr(0, size), "test",
            [](SampleRecord&&) { FAIL("read a torn line"); }, report);
        CHECK(report.skipped_count() == 1);
    }
}

TEST_CASE("An empty or wrong directory is an error that says what was looked for") {
    TemporaryDirectory directory;
    CHECK_THROWS_WITH(read_results(directory.path()), Catch::Contains("<dataset>/records*.jsonl"));
    CHECK_THROWS_AS(read_results(directory / "absent"), InputError);
    write_text(directory / "logs/records.jsonl", to_json_line(test::example_record()) + "\n");
    CHECK_THROWS_AS(read_results(directory.path()), InputError);
}

TEST_CASE("A published document is read with its knobs, and N = 1 is kept for prefill") {
    TemporaryDirectory directory;
    write_text(directory / "coco-2014-vqa/coco-2014-vqa_imgsizetier-low_crops2_topk8_blocks16.json",
               published_document().dump());
    const RecordSet set = read_results(directory.path());
    REQUIRE(set.records.size() == 2);
    CHECK(set.datasets == std::vector<std::string>{"coco_2014_vqa"});
    CHECK(set.records[0].config == ConfigKey{Tier::low, 8, 16});
    CHECK(set.records[0].decode_steps() == 2);
    CHECK(set.records[0].T_LLM_decode == 92.0);
    CHECK(set.records[0].vision_tokens == 576);
    CHECK(set.report.published == 2);
}

TEST_CASE("Published steps are positions over runs, and become their means") {
    TemporaryDirectory directory;
    Json document = published_document();
    document["per_sample_results"][0]["T_decode_per_step"] = {{8.5, 8.25}, {9.25, 9.0}};
    write_text(directory / "set/a.json", document.dump());
    const RecordSet set = read_results(directory.path());
    CHECK(set.records[0].T_decode_per_step == std::vector<double>{8.375, 9.125});
    CHECK(set.records[0].flags.empty());
}

TEST_CASE("Older published documents: other names of the token counts, knobs in summary[0]") {
    TemporaryDirectory directory;
    Json sample = published_sample(0, 4);
    sample.erase("actual_vision_tokens");
    sample.erase("actual_text_tokens");
    sample.erase("T_decode_per_step");
    sample["vision_tokens"] = 144;
    sample["text_tokens"] = 11;
    const Json document = {
        {"summary",
         {{{"tier", "high"}, {"top_k", 4}, {"num_active_blocks", 12}, {"accuracy", 0.5}}}},
        {"per_sample_results", {sample}}};
    write_text(directory / "set/a.json", document.dump());
    const RecordSet set = read_results(directory.path());
    REQUIRE(set.records.size() == 1);
    CHECK(set.records[0].config == ConfigKey{Tier::high, 4, 12});
    CHECK(set.records[0].vision_tokens == 144);
}

TEST_CASE("Shards beside their merged file are left-overs and not counted twice") {
    TemporaryDirectory directory;
    write_text(directory / "set/part_rank0.json", published_document().dump());
    write_text(directory / "set/part_rank1.json", published_document().dump());
    CHECK(read_results(directory.path()).records.size() == 4);
    write_text(directory / "set/other.json", published_document().dump());
    write_text(directory / "set/alone_rank0.json", published_document().dump());
    write_text(directory / "set/alone.json", published_document().dump());
    const RecordSet set = read_results(directory.path());
    CHECK(set.records.size() == 4 + 2 + 2);
    CHECK(set.report.notes.size() == 1);
}

TEST_CASE("A knob or an id of a published document that no number of ours can hold is left out") {
    TemporaryDirectory directory;
    Json document = published_document();
    document["per_sample_results"][0]["top_k"] = 1e300;
    document["per_sample_results"][0]["sample_id"] = -1e300;
    write_text(directory / "set/a.json", document.dump());
    for (const SampleRecord& record : read_results(directory.path()).records) {
        CHECK(record.config.top_k == 8);
        CHECK(record.sample_id >= 0);
    }
}

TEST_CASE("NaN in a published document spoils its sample only") {
    TemporaryDirectory directory;
    std::string text = published_document().dump();
    text.replace(text.find("30.0"), 4, "NaN");
    write_text(directory / "set/a.json", text);
    const RecordSet set = read_results(directory.path());
    CHECK(set.records.size() == 1);
    CHECK(set.report.skipped.at("not finite T_LLM_prefill") == 1);
}

TEST_CASE("A truncated published document keeps its whole samples and says it is broken") {
    TemporaryDirectory directory;
    const std::string text = published_document().dump();
    write_text(directory / "set/a.json", text.substr(0, text.rfind("\"T_vision_total\"")));
    write_text(directory / "set/b.json", published_document().dump());
    const RecordSet set = read_results(directory.path());
    CHECK(set.records.size() >= 2);
    CHECK(set.report.skipped.at("broken document") == 1);
}

TEST_CASE("Data sets are chosen by name, with - and _ taken as equal") {
    TemporaryDirectory directory;
    write_text(directory / "doc-qa/a.json", published_document().dump());
    write_text(directory / "text_vqa/a.json", published_document().dump());
    CHECK(read_results(directory.path(), {{"doc_qa"}}).datasets ==
          std::vector<std::string>{"doc_qa"});
    CHECK(read_results(directory.path(), {{"text-vqa"}}).datasets ==
          std::vector<std::string>{"text_vqa"});
}
