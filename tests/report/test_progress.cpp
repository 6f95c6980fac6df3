#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "profiler/report/progress.hpp"
#include "profiler/report/table.hpp"
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

TEST_CASE("A line of a single step is drawn once") {
    test::TemporaryDirectory directory;
    std::FILE* file = std::fopen((directory / "log").c_str(), "w");
    {
        Progress progress("profile", 1, file);
        progress.update(1, "high_8_16");
    }
    std::fclose(file);
    const std::string text = test::read_text(directory / "log");
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.find("100 % 1/1") != std::string::npos);
}

TEST_CASE("Progress to a log without room or reader changes nothing for the caller") {
    std::FILE* full = std::fopen("/dev/full", "w");
    REQUIRE(full != nullptr);
    {
        Progress progress("profile", 2, full);
        CHECK_NOTHROW(progress.update(1, "note"));
    }
    std::fclose(full);

    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    while (::write(ends[1], "x", 1) == 1) {
    }
    REQUIRE(::fcntl(ends[1], F_SETFL, 0) == 0);
    std::FILE* pipe = ::fdopen(ends[1], "w");
    {
        Progress progress("profile", 2, pipe);
        progress.update(1, "note");  // would wait for ever in a blocking write
    }
    ::close(ends[0]);
    {
        Progress progress("profile", 2, pipe);
        progress.update(1, "note");  // SIGPIPE would end the program
    }
    std::fclose(pipe);
}

TEST_CASE("A progress line fits the terminal: the bar shrinks first, then the note is cut") {
    const ProgressState state{"profile", 12,     96,
                              "1:05",    "7:36", "photos_document high_12_16, 63 steps of 2.71 ms"};
    CHECK(display_width(progress_line(state, 0)) == 112);
    for (const int width : {200, 112, 100, 79, 59, 40, 20, 1}) {
        CHECK(display_width(progress_line(state, width)) <= static_cast<std::size_t>(width));
    }
    CHECK(progress_line(state, 112) == progress_line(state, 0));
    CHECK(progress_line(state, 100).find("63 steps of 2.71 ms") != std::string::npos);
    CHECK(progress_line(state, 79).find("photos_document") != std::string::npos);
    CHECK(progress_line(state, 59).find("12/96 1:05 left 7:36") != std::string::npos);
}

TEST_CASE("A resumed bar starts where the earlier run ended") {
    test::TemporaryDirectory directory;
    std::FILE* file = std::fopen((directory / "log").c_str(), "w");
    {
        Progress progress("profile", 24, file, 18);
        progress.update(24);
    }
    std::fclose(file);
    CHECK(test::read_text(directory / "log").find("100 % 24/24") != std::string::npos);
}

TEST_CASE("Durations are read as clocks are") {
    CHECK(format_duration(std::chrono::seconds(9)) == "0:09");
    CHECK(format_duration(std::chrono::seconds(309)) == "5:09");
    CHECK(format_duration(std::chrono::seconds(3909)) == "1:05:09");
}
