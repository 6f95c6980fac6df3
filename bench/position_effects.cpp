// What the audit says of steps whose truth is known: power and false alarms by truth. The sets come
// from tests/audit/position_effects/step_truths.hpp, not from `decodemeter simulate`.
//
// bench_position_effects [SEEDS]      40 sets of 320 requests a truth by default
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <string>

#include "profiler/audit/position_effects/position_effects.hpp"
#include "tests/audit/position_effects/step_truths.hpp"

using namespace decodemeter;
using namespace decodemeter::test;

int main(int argc, char** argv) {
    const int seeds = argc > 1 ? std::atoi(argv[1]) : 40;
    int false_alarms = 0;
    int flat_sets = 0;
    fmt::print("{:<34} {:<18} {:>6}   claims of other kinds\n", "truth", "expected", "found");
    for (const Truth& truth : truths()) {
        std::map<std::string, int> claims;
        int any = 0;
        for (int seed = 0; seed < seeds; ++seed) {
            const auto records = make_set(truth, 1000 + static_cast<std::uint64_t>(seed));
            const PositionEffects found = find_position_effects(records);
            for (const PositionEffect& effect : found.effects)
                ++claims[std::string(to_string(effect.kind))];
            any += !found.effects.empty();
        }
        std::string others;
        for (const auto& [kind, count] : claims)
            if (kind != truth.expected) others += fmt::format("{} {}  ", kind, count);
        const std::string found =
            truth.expected.empty() ? "–" : std::to_string(claims[truth.expected]);
        fmt::print("{:<34} {:<18} {:>6}   {}\n", truth.name, truth.expected, found, others);
        if (truth.expected.empty()) {
            false_alarms += any;
            flat_sets += seeds;
        }
    }
    fmt::print("sets without an effect: something was claimed in {} of {} ({:.1f} %)\n",
               false_alarms, flat_sets, 100.0 * false_alarms / flat_sets);
}
