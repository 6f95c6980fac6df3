#include "profiler/audit/position_effects/position_effects.hpp"

#include <map>
#include <string>

#include "tests/audit/position_effects/step_truths.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using namespace decodemeter::test;

namespace {

constexpr int seeds = 5;

bool claims(const PositionEffects& found, const std::string& kind) {
    return std::any_of(found.effects.begin(), found.effects.end(),
                       [&](const auto& effect) { return to_string(effect.kind) == kind; });
}

PositionEffect effect_of(const PositionEffects& found, PositionEffectKind kind) {
    const auto effect = std::find_if(found.effects.begin(), found.effects.end(),
                                     [&](const auto& entry) { return entry.kind == kind; });
    REQUIRE(effect != found.effects.end());
    return *effect;
}

std::vector<SampleRecord> set_of(const std::string& name) {
    for (const Truth& truth : truths()) {
        if (truth.name == name) return make_set(truth, 7);
    }
    FAIL("no truth " << name);
    return {};
}

}  // namespace

TEST_CASE("Each effect is found in each of its sets") {
    for (const Truth& truth : truths()) {
        if (truth.expected.empty()) continue;
        CAPTURE(truth.name);
        int found = 0;
        for (std::uint64_t seed = 0; seed < seeds; ++seed)
            found += claims(find_position_effects(make_set(truth, seed)), truth.expected);
        CHECK(found >= seeds - 1);
    }
}

TEST_CASE("Where there is no effect, hardly anything is claimed") {
    int alarms = 0;
    int sets = 0;
    for (const Truth& truth : truths()) {
        if (!truth.expected.empty()) continue;
        for (std::uint64_t seed = 0; seed < seeds; ++seed, ++sets)
            alarms += !find_position_effects(make_set(truth, seed)).effects.empty();
    }
    CHECK(sets >= 50);
    CHECK(alarms <= 0.06 * sets);
}

TEST_CASE("A shift of the run does not pass for two speeds, nor a pattern for a last step") {
    int claimed = 0;
    for (Truth truth : truths()) {
        const bool pattern = truth.expected == "pattern";
        if (!pattern && truth.expected != "shift") continue;
        truth.requests = 2000;
        truth.level_noise = 0.005;
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
            const PositionEffects found = find_position_effects(make_set(truth, seed));
            claimed += claims(found, pattern ? "last_step" : "two_speeds");
        }
    }
    CHECK(claimed <= 1);
}

TEST_CASE("Without the records' times, drift and shift are not tested, and not claimed") {
    for (const char* name : {"drift +8 %", "shift +10 % at 60 %"}) {
        std::vector<SampleRecord> records = set_of(name);
        CHECK(find_position_effects(records).drift_untested.empty());
        for (SampleRecord& record : records) record.time.clear();
        const PositionEffects found = find_position_effects(records);
        CHECK_FALSE(found.drift_untested.empty());
        CHECK_FALSE(claims(found, "drift"));
        CHECK_FALSE(claims(found, "shift"));
    }
}

TEST_CASE("Only prefill in step 1 accuses a set: no other truth looks like it") {
    for (const Truth& truth : truths()) {
        if (truth.expected == "prefill_in_step_1") continue;
        CAPTURE(truth.name);
        for (std::uint64_t seed = 0; seed < 3; ++seed)
            CHECK_FALSE(claims(find_position_effects(make_set(truth, seed)), "prefill_in_step_1"));
    }
}

TEST_CASE("Estimates have the size of the truth, and their intervals hold it") {
    const PositionEffects first = find_position_effects(set_of("step 1 x 1.5"));
    const PositionEffect transient = effect_of(first, PositionEffectKind::transient);
    CHECK(transient.estimate == Approx(50).margin(3));
    CHECK(transient.last_step == 1);
    CHECK(first.settled_from == 2);
    const PositionEffect slope =
        effect_of(find_position_effects(set_of("slope 0.3 %/token")), PositionEffectKind::slope);
    CHECK(slope.interval[0] < 0.3);
    CHECK(slope.interval[1] > 0.3);
    const PositionEffect jump = effect_of(
        find_position_effects(set_of("jump of 8 % at pages of 256")), PositionEffectKind::jump);
    CHECK(jump.estimate == Approx(8).margin(1));
    const PositionEffect drift =
        effect_of(find_position_effects(set_of("drift +8 %")), PositionEffectKind::drift);
    CHECK(drift.interval[0] < 8);
    CHECK(drift.interval[1] > 8);
}

TEST_CASE("With fewer than 5 long requests, effects of position are not tested") {
    std::vector<SampleRecord> records = set_of("step 1 x 3");
    std::erase_if(records, [](const auto& record) { return record.output_tokens > 9; });
    const PositionEffects found = find_position_effects(records);
    CHECK(found.long_requests == 0);
    CHECK_FALSE(found.untested.empty());
    CHECK_FALSE(found.slope);
    CHECK(find_position_effects({}).requests == 0);
}

TEST_CASE("Steps that do not add up to the totals are broken edges, and those accuse") {
    std::vector<SampleRecord> records = set_of("flat");
    records[3].T_LLM_decode *= 1.5;
    const PositionEffects found = find_position_effects(records);
    const PositionEffect edges = effect_of(found, PositionEffectKind::edges);
    CHECK(edges.suspicious());
    CHECK(edges.estimate == 1);
}
