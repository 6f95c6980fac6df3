#include "profiler/samples/request_digest.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;
using test::write_text;

TEST_CASE("A digest tells pictures by their content and prompts by their words") {
    TemporaryDirectory directory;
    write_text(directory / "a.png", "one picture");
    write_text(directory / "copy.png", "one picture");
    write_text(directory / "b.png", "another");
    const auto digest = [&](const char* picture, const char* prompt) {
        Sample sample;
        if (*picture) sample.image = directory / picture;
        sample.prompt = prompt;
        return request_digest(sample);
    };
    CHECK(digest("a.png", "what?") == digest("copy.png", "what?"));
    CHECK(digest("a.png", "what?") != digest("b.png", "what?"));
    CHECK(digest("a.png", "what?") != digest("a.png", "what"));
    CHECK(digest("", "what?") != digest("a.png", "what?"));
    CHECK(digest("", "what?").size() == 16);
    CHECK_THROWS_AS(digest("gone.png", "what?"), InputError);
}

TEST_CASE("Where the picture ends and the prompt begins counts") {
    TemporaryDirectory directory;
    write_text(directory / "a.png", "ab");
    write_text(directory / "b.png", "a");
    Sample first;
    first.image = directory / "a.png";
    first.prompt = "c";
    Sample second;
    second.image = directory / "b.png";
    second.prompt = "bc";
    CHECK(request_digest(first) != request_digest(second));
}
