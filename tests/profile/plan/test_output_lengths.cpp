#include "profiler/profile/plan/output_lengths.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("Output lengths are written as they are read") {
    for (const char* text : {"natural", "dataset", "fixed:1", "fixed:64"})
        CHECK(to_string(parse_output_lengths(text)) == text);
}

TEST_CASE("An output length that is no rule is refused") {
    for (const char* text : {"", "fixed", "fixed:", "fixed:0", "fixed:-3", "fixed:4x", "random"}) {
        CHECK_THROWS_AS(parse_output_lengths(text), InputError);
    }
}

TEST_CASE("Drawn lengths depend on the sample alone and have the published mean") {
    const OutputLengths drawn = parse_output_lengths("dataset");
    double sum = 0;
    for (int id = 0; id < 20000; ++id) {
        const int length = tokens_to_return(drawn, "coco_caption", id, "", 7, 64);
        CHECK(length == tokens_to_return(drawn, "coco_caption", id, "captioning", 7, 64));
        sum += length;
    }
    CHECK(sum / 20000 == Approx(54.67).margin(0.3));
}

TEST_CASE("No rule returns more than max_new_tokens") {
    CHECK(tokens_to_return(parse_output_lengths("natural"), "a", 0, "", 1, 16) == 16);
    CHECK(tokens_to_return(parse_output_lengths("fixed:64"), "a", 0, "", 1, 16) == 16);
    CHECK(tokens_to_return(parse_output_lengths("fixed:4"), "a", 0, "", 1, 16) == 4);
    CHECK(tokens_to_return(parse_output_lengths("dataset"), "coco_caption", 0, "", 1, 16) == 16);
}
