#include "profiler/audit/commands/compare_command.hpp"

#include <nlohmann/json.hpp>

#include "profiler/record/format/record_json.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"
#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using Catch::Contains;
using Json = nlohmann::json;

namespace {

struct Directories {
    test::TemporaryDirectory directory;

    std::filesystem::path make(const char* name, double step_ms) const {
        test::MeasuredSet measured;
        measured.samples = 40;
        measured.step_ms = step_ms;
        std::string lines;
        for (const SampleRecord& record : measured.make(1).records)
            lines += to_json_line(record) + '\n';
        test::write_text(directory / name / "coco_2014_vqa" / "records.jsonl", lines);
        return directory / name;
    }
};

int exit_code_of(const CompareFlags& flags) {
    try {
        run_compare(flags);
    } catch (const ExitCode& code) {
        return code.value;
    }
    return 0;
}

}  // namespace

TEST_CASE("compare answers 1 for slower steps, and only with repeated runs or a stated level") {
    const Directories directories;
    const auto a = directories.make("a", 10);
    const auto b = directories.make("b", 11);
    CHECK(exit_code_of({{a}, {b}, {}, 1, {}}) == 0);
    CHECK(exit_code_of({{a}, {b}, {}, 1, 0.5}) == 1);
    CHECK(exit_code_of({{b}, {a}, {}, 1, 0.5}) == 0);
    const auto again_a = directories.make("again_a", 10.1);
    const auto again_b = directories.make("again_b", 11.1);
    CHECK(exit_code_of({{a, again_a}, {b, again_b}, {}, 1, {}}) == 1);
    CHECK(exit_code_of({{a, again_b}, {b, again_a}, {}, 1, {}}) == 0);
}

TEST_CASE("compare writes what it prints as JSON, unknown bounds as null") {
    const Directories directories;
    const auto a = directories.make("a", 10);
    const auto b = directories.make("b", 11);
    const auto file = directories.directory / "compare.json";
    CHECK(exit_code_of({{a}, {b}, file, 1, {}}) == 0);
    const Json json = Json::parse(test::read_text(file));
    CHECK(json["verdict"] == "UNDECIDED");
    CHECK(json["runs"]["deviation_percent"].is_null());
    CHECK(json["step"]["median"]["interval_percent"].is_null());
    CHECK(json["step"]["within_runs"]["change_percent"].get<double>() == Approx(10).margin(0.1));
}

TEST_CASE("compare refuses numbers without a meaning and the same run twice on a side") {
    const Directories directories;
    const auto a = directories.make("a", 10);
    const auto b = directories.make("b", 11);
    CHECK_THROWS_WITH(run_compare({{a}, {b}, {}, 0, {}}), Contains("--same_within_percent"));
    CHECK_THROWS_WITH(run_compare({{a}, {b}, {}, 1, -1}), Contains("run_level_percent"));
    CHECK_THROWS_WITH(run_compare({{a, a}, {b}, {}, 1, {}}), Contains("given twice"));
}
