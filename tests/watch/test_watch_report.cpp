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
    reporter.sample("a set/000000/none_8_16/0");
    reporter.sample("a set/000001/none_8_16/0");
    reporter.unfinished();
    reporter.problem("a broken mark");
    reporter.stopped("disk full");
    std::ofstream(std::filesystem::path(name) / "1")
        << "loaded \nsample other/000000/none_8_16/0\nsam";
    const WatchReport report = read_watch_report(name);
    CHECK(report.processes == 2);
    CHECK(report.samples == std::set<std::string>{"a set/000000/none_8_16/0",
                                                  "a set/000001/none_8_16/0",
                                                  "other/000000/none_8_16/0"});
    CHECK(report.unfinished == 1);
    CHECK(report.names == std::set<std::string>{"attention", "two lines"});
    CHECK(report.stopped == std::vector<std::string>{"disk full"});
    CHECK(report.problems == std::set<std::string>{"a broken mark"});
    std::filesystem::remove_all(name);
}
