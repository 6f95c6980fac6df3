#include <cstdio>

#include "profiler/report/progress.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;

TEST_CASE("Progress to a file ends with a line that says all is done") {
    test::TemporaryDirectory directory;
    const auto path = directory / "log";
    std::FILE* file = std::fopen(path.c_str(), "w");
    {
        Progress progress("profile", 3, file);
        for (int i = 1; i <= 3; ++i) progress.update(i, "high_8_16");
    }
    std::fclose(file);
    const std::string text = test::read_text(path);
    CHECK(text.find("100 % 3/3") != std::string::npos);
    CHECK(text.find("high_8_16") != std::string::npos);
    CHECK(text.find('\r') == std::string::npos);
}

TEST_CASE("Durations are read as clocks are") {
    CHECK(format_duration(std::chrono::seconds(9)) == "0:09");
    CHECK(format_duration(std::chrono::seconds(309)) == "5:09");
    CHECK(format_duration(std::chrono::seconds(3909)) == "1:05:09");
}
