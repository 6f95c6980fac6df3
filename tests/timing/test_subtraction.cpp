#include "profiler/timing/subtraction.hpp"

#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("a decode time by subtraction is what the whole run takes beyond vision and prefill") {
    const SubtractionTimes times = subtract(Milliseconds(10), Milliseconds(18), Milliseconds(30.5));
    CHECK(times.T_vision_total == 10);
    CHECK(times.T_LLM_prefill == 8);
    CHECK(times.T_total == 30.5);
    CHECK(times.T_LLM_decode_signed == 12.5);
    CHECK(times.T_LLM_decode == 12.5);
}

TEST_CASE("a decode time that comes out negative is kept with its sign beside the clamped one") {
    const SubtractionTimes times = subtract(Milliseconds(14), Milliseconds(23.5), Milliseconds(23));
    CHECK(times.T_LLM_decode_signed == -0.5);
    CHECK(times.T_LLM_decode == 0);
}

TEST_CASE("a prefill that comes out negative is kept, so that the parts add up to the whole") {
    const SubtractionTimes times = subtract(Milliseconds(14), Milliseconds(13), Milliseconds(20));
    CHECK(times.T_LLM_prefill == -1);
    CHECK(times.T_vision_total + times.T_LLM_prefill + times.T_LLM_decode_signed == times.T_total);
}
