#include "profiler/audit/commands/audit_command.hpp"

#include <nlohmann/json.hpp>

#include "profiler/record/format/record_json.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"
#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using Json = nlohmann::json;

namespace {

void write_records(const RecordSet& set, const std::filesystem::path& results) {
    std::string lines;
    for (const SampleRecord& record : set.records) lines += to_json_line(record) + '\n';
    test::write_text(results / "coco_2014_vqa" / "records.jsonl", lines);
}

// The published form of a set: clamped differences, T / N, 457 zeros in 2,000.
void write_published(const std::filesystem::path& results) {
    Json samples = Json::array();
    test::Draws draws(5);
    for (int i = 0; i < 2000; ++i) {
        const int tokens = test::draw_length(draws, test::Lengths::short_answers);
        const bool zero = i < 457;
        const double decode = zero ? 0 : 46.7 * (tokens - 1) * (1 + 0.02 * draws.normal());
        samples.push_back({{"sample_id", i},
                           {"output_tokens", tokens},
                           {"actual_vision_tokens", 576},
                           {"actual_text_tokens", 40},
                           {"T_vision_total", 90.0},
                           {"T_LLM_prefill", 60.0},
                           {"T_LLM_decode", decode},
                           {"T_total", 150 + (zero ? -3 : decode)},
                           {"T_decode_per_token", decode / tokens}});
    }
    const Json document = {
        {"tier", "low"}, {"top_k", 8}, {"num_active_blocks", 16}, {"per_sample_results", samples}};
    test::write_text(
        results / "coco-2014-vqa" / "coco-2014-vqa_imgsizetier-low_crops2_topk8_blocks16.json",
        document.dump());
}

int exit_code_of(const AuditFlags& flags) {
    try {
        run_audit(flags);
    } catch (const ExitCode& code) {
        return code.value;
    }
    return 0;
}

}  // namespace

TEST_CASE("audit answers 0 for a sound run and 1 for a suspicious one") {
    const test::TemporaryDirectory directory;
    test::MeasuredSet measured;
    write_records(measured.make(), directory / "sound");
    CHECK(exit_code_of({directory / "sound", {}, {}, {}}) == 0);
    RecordSet broken = measured.make();
    broken.records[0].T_LLM_decode += 5;
    write_records(broken, directory / "broken");
    CHECK(exit_code_of({directory / "broken", {}, {}, {}}) == 1);
}

TEST_CASE("audit refuses what holds no records, and a report file that is a directory") {
    const test::TemporaryDirectory directory;
    CHECK_THROWS_AS(run_audit({directory.path(), {}, {}, {}}), InputError);
    CHECK_THROWS_AS(run_audit({directory / "nowhere", {}, {}, {}}), InputError);
    write_records(test::MeasuredSet().make(), directory.path());
    CHECK_THROWS_AS(run_audit({directory.path(), {}, directory.path(), {}}), InputError);
}

TEST_CASE("audit of published records finds their zeros and their divisor") {
    const test::TemporaryDirectory directory;
    write_published(directory / "published");
    const AuditFlags flags{
        directory / "published", {"coco-2014-vqa"}, directory / "deep" / "audit.json", {}};
    CHECK(exit_code_of(flags) == 1);
    const Json json = Json::parse(test::read_text(flags.json));
    CHECK(json["verdict"] == "suspicious");
    CHECK(json["format"] == "published");
    CHECK(json["subtraction"]["zero_fraction"].get<double>() == Approx(0.2285));
    CHECK(json["subtraction"]["negative_fraction"].get<double>() == Approx(0.2285));
    CHECK(json["divisor"]["verdict"] == "N");
    CHECK(json["divisor"]["step_ms"].get<double>() == Approx(46.7).epsilon(0.005));
}
