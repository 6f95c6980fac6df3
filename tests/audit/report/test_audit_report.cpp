#include "profiler/audit/report/audit_report.hpp"

#include <nlohmann/json.hpp>

#include "profiler/report/gnuplot.hpp"
#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using Json = nlohmann::json;

namespace {

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

void add_tracing_pass(SampleRecord& record) {
    const std::size_t steps = record.T_decode_per_step.size();
    record.clocks->busy_ms.emplace(steps, 6.0);
    CuptiSummary& cupti = record.cupti.emplace();
    cupti.span_ms.assign(steps, 10);
    cupti.idle_launch_ms.assign(steps, 2);
    cupti.idle_synchronize_ms.assign(steps, 1);
    cupti.idle_gap_ms.assign(steps, 1);
    cupti.kernels.assign(steps, 900);
    cupti.synchronizations.assign(steps, 1);
}

}  // namespace

TEST_CASE("The audit's JSON has the promised keys") {
    test::MeasuredSet measured;
    measured.vision_again_ms = 15;
    RecordSet set = measured.make();
    set.report.skipped["broken line"] = 2;
    const Json json = Json::parse(audit_json(audit(set)));
    CHECK(json["verdict"] == "clean");
    CHECK(json["divisor"]["verdict"] == "N-1");
    CHECK(json["divisor"]["step_ms"].get<double>() == Approx(10).epsilon(0.01));
    CHECK(json["divisor"]["source"] == "steps");
    CHECK(json["divisor"]["slope_percent_per_token"].is_null());
    CHECK(json["position_effects"] == Json::array());
    CHECK(json["positions"]["requests"] == 300);
    CHECK(json["positions"]["slope"]["error"].is_number());
    CHECK(json["positions"]["curves"][0]["points"][0]["step"] == 1);
    CHECK(json["subtraction"]["zero_fraction"].get<double>() > 0);
    CHECK(json["subtraction"]["negative_fraction"].is_number());
    CHECK(json["subtraction"]["bias_ms"].get<double>() < 0);
    CHECK(json["samples"]["read"] == 300);
    CHECK(json["samples"]["skipped"]["broken line"] == 2);
}

TEST_CASE("What an audit cannot know is null in its JSON") {
    RecordSet set;
    set.records = {test::example_record(1, 3)};
    set.records[0].subtraction.reset();
    set.report.read = set.report.native = 1;
    const Json json = Json::parse(audit_json(audit(set)));
    CHECK(json["divisor"]["verdict"] == "N-1");
    CHECK(json["divisor"]["r_squared"].is_null());
    CHECK(json["positions"]["slope"].is_null());
    CHECK(json["positions"]["untested"].is_string());
    CHECK(json["stability"]["outliers"].is_null());
    CHECK(json["subtraction"]["zero_fraction"].is_null());
    CHECK(json["subtraction"]["bias_ms"].is_null());
    CHECK(json["samples"]["skipped"] == Json::object());
}

TEST_CASE("The audit's text begins with the verdict and has a section for each question") {
    const std::string text = audit_text(audit(test::MeasuredSet().make()));
    CHECK(text.find("Verdict: clean") != std::string::npos);
    for (const char* heading : {"Steps by position", "Divisor", "Subtraction against direct",
                                "Output lengths N", "Samples", "Stability"})
        CHECK(text.find(std::string("\n") + heading + "\n") != std::string::npos);
    CHECK(text.find("nan") == std::string::npos);
}

TEST_CASE("The audit's page holds its pictures and loads nothing") {
    RecordSet set = test::MeasuredSet().make();
    for (SampleRecord& record : set.records) add_tracing_pass(record);
    const test::TemporaryDirectory directory;
    write_audit_page(audit(set), set.records, directory / "audit.html");
    const std::string page = test::read_text(directory / "audit.html");
    CHECK(page.find("Idle split") != std::string::npos);
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("src=\"http") == std::string::npos);
    if (gnuplot_is_installed()) CHECK(count_of(page, "<svg") == 5);
    else CHECK(page.find("need the program gnuplot") != std::string::npos);
}
