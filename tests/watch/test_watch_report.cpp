#include "profiler/watch/watch_report.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("What a process says is read back, and a second process is counted beside it") {
    std::string name = (std::filesystem::temp_directory_path() / "watch-report-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    const WatchReporter reporter(name);
    reporter.loaded();
    reporter.name("two\nlines");
    reporter.name("attention");
    reporter.sample();
    reporter.sample();
    reporter.unfinished();
    reporter.problem("a broken mark");
    reporter.stopped("disk full");
    std::ofstream(std::filesystem::path(name) / "1") << "loaded \nsample \nsam";
    const WatchReport report = read_watch_report(name);
    CHECK(report.processes == 2);
    CHECK(report.samples == 3);
    CHECK(report.unfinished == 1);
    CHECK(report.names == std::set<std::string>{"attention", "two lines"});
    CHECK(report.stopped == std::vector<std::string>{"disk full"});
    CHECK(report.problems == std::vector<std::string>{"a broken mark"});
    std::filesystem::remove_all(name);
}
