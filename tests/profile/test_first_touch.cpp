#include "profiler/profile/first_touch.hpp"

#include "profiler/profile/measure.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

Configuration configuration(std::optional<Tier> tier, int top_k, int blocks) {
    Configuration one;
    one.key = {tier, top_k, blocks};
    for (int block = 0; block < blocks; ++block) one.active_blocks.push_back(block);
    return one;
}

std::vector<std::string> names(const std::vector<Configuration>& configurations) {
    std::vector<std::string> names;
    for (const Configuration& one : configurations) names.push_back(to_string(one.key));
    return names;
}

const std::vector<Configuration> sweep = {
    configuration(Tier::high, 4, 8), configuration(Tier::low, 8, 8),
    configuration(Tier::low, 4, 16), configuration(Tier::high, 8, 8),
    configuration(Tier::medium, 4, 8)};

}  // namespace

TEST_CASE("Each tier is touched once, under its most expensive configuration") {
    CHECK(names(first_touches(sweep)) ==
          std::vector<std::string>{"low_4_16", "medium_4_8", "high_8_8"});
    CHECK(first_touches({configuration(std::nullopt, 4, 8)}).size() == 1);
}

TEST_CASE("Touching runs the model under each tier before anything is measured") {
    molmo::Molmo model = molmo::Molmo::built_in("tiny-molmoe", {});
    Sample sample;
    sample.prompt = "How many?";
    ReferenceRun reference;
    reference.request.sample = &sample;
    reference.request.tokens = 16;
    std::vector<Configuration> touched;
    touch_first(model, reference, sweep, [&](const Configuration& one) { touched.push_back(one); });
    CHECK(names(touched) == names(first_touches(sweep)));
}

TEST_CASE("A subtraction empties the cache before its whole run, and fills it again after it") {
    std::vector<std::string> calls;
    Milliseconds time{0};
    SubtractionRuns runs;
    runs.timed = [&](molmo::Extent extent) {
        calls.push_back("run " + std::to_string(static_cast<int>(extent)));
        time += Milliseconds(10);
        return time;
    };
    bool has_cache = true;
    runs.empty_cache = [&] {
        calls.push_back("empty");
        return has_cache;
    };
    runs.fill_cache = [&] { calls.push_back("fill"); };
    const SubtractionTimes times = measure_subtraction(runs);
    CHECK(calls == std::vector<std::string>{"run 0", "run 1", "empty", "run 2", "fill"});
    CHECK(times.T_vision_total == 10);
    CHECK(times.T_LLM_prefill == 10);
    CHECK(times.T_total == 30);
    calls.clear();
    has_cache = false;
    measure_subtraction(runs);
    CHECK(calls == std::vector<std::string>{"run 0", "run 1", "empty", "run 2"});
}
