#include "profiler/watch/watch_settings.hpp"

#include "profiler/system/error.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("Settings come back as they were handed over") {
    WatchSettings settings;
    settings.results_dir = "a folder/with \"quotes\"";
    settings.dataset = "mine";
    settings.name = "a model";
    settings.command_line = "python3 answer.py --n 3";
    settings.config = {Tier::medium, 8, 16};
    settings.vision_tokens = 288;
    settings.max_steps = 77;
    settings.cupti = true;
    CHECK(to_text(parse_watch_settings(to_text(settings))) == to_text(settings));
    const WatchSettings plain = parse_watch_settings(to_text({}));
    CHECK_FALSE(plain.config.tier.has_value());
    CHECK(plain.max_steps == WatchSettings{}.max_steps);
    CHECK_THROWS_AS(parse_watch_settings("{}"), InputError);
    CHECK_THROWS_AS(parse_watch_settings("nothing"), InputError);
}

TEST_CASE("A mark replaces what it names and leaves the rest") {
    WatchSettings settings;
    settings.config.top_k = 4;
    settings.text_tokens = 9;
    CHECK(apply_mark(
        R"(decodemeter {"vision_tokens": 144, "tier": "low", "num_active_blocks": 16})", settings));
    CHECK(settings.vision_tokens == 144);
    CHECK(settings.config == ConfigKey{Tier::low, 4, 16});
    CHECK(settings.text_tokens == 9);
    CHECK_FALSE(apply_mark("checkpoint loaded", settings));
    CHECK_FALSE(apply_mark("decodemeters", settings));
}

TEST_CASE("A broken mark names what is wrong and changes nothing") {
    WatchSettings settings;
    const std::string before = to_text(settings);
    for (const char* mark :
         {"decodemeter {", "decodemeter 7", R"(decodemeter {"top_k": 4, "vision_tokens": -1})",
          R"(decodemeter {"top_k": 4, "tier": "huge"})", R"(decodemeter {"top_k": 4, "colour": 1})",
          R"(decodemeter {"text_tokens": 1.5})", R"(decodemeter {"text_tokens": 4294967303})",
          R"(decodemeter {"dataset": "../elsewhere"})"}) {
        CHECK_THROWS_AS(apply_mark(mark, settings), InputError);
        CHECK(to_text(settings) == before);
    }
    CHECK_THROWS_WITH(apply_mark(R"(decodemeter {"tier": "huge"})", settings),
                      Catch::Contains("low, medium, high"));
}
