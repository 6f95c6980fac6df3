// Sets of direct records whose truth is known: levels by configuration, data set and request,
// lengths of 2 to 64 tokens, and one effect of position or time each.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter::test {

using Random = std::mt19937_64;

inline double normal(Random& random) { return std::normal_distribution<double>()(random); }
inline double uniform(Random& random, double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
}

// One request a second.
inline std::string second_of_run(int second) {
    std::array<char, 32> time{};
    std::snprintf(time.data(), time.size(), "2026-01-08T%02d:%02d:%02d.000Z", second / 3600,
                  second / 60 % 60, second % 60);
    return time.data();
}

// What a truth may depend on.
struct Step {
    int step = 1;
    int steps = 1;
    int prompt_tokens = 0;
    double place = 0;
    double prefill_ms = 0;
    double level_ms = 0;
    bool slow_request = false;
};

struct Truth {
    std::string name;
    std::string expected;  // kind; empty: nothing may be claimed
    std::function<double(const Step&, Random&)> ms;
    int requests = 320;
    double step_noise = 0.03;
    std::function<int(Random&, int config, int dataset, double place)> tokens{};
    double quantum_ms = 0;
    double level_noise = 0.02;  // of the requests of one configuration and data set
};

inline int log_uniform_tokens(Random& random, int low = 2, int high = 64) {
    return static_cast<int>(std::exp(uniform(random, std::log(low), std::log(high + 1.0))));
}

inline std::vector<SampleRecord> make_set(const Truth& truth, std::uint64_t seed) {
    Random random(seed);
    std::vector<SampleRecord> records;
    const int configs = truth.requests < 60 ? 4 : 15;
    for (int i = 0; i < truth.requests; ++i) {
        SampleRecord record;
        const int config = static_cast<int>(random() % static_cast<unsigned>(configs));
        const int dataset = static_cast<int>(random() % 3);
        const double place = static_cast<double>(i) / truth.requests;
        record.dataset = "set" + std::to_string(dataset);
        record.config = {Tier::low, 4 + config % 5 * 2, 8 + config / 5 * 4};
        record.prompt_tokens = static_cast<int>(uniform(random, 300, 1300));
        record.output_tokens = truth.tokens ? truth.tokens(random, config, dataset, place)
                                            : log_uniform_tokens(random);
        record.T_LLM_prefill = 0.02 * record.prompt_tokens * (1 + 0.03 * normal(random));
        Step step;
        step.steps = record.output_tokens - 1;
        step.prompt_tokens = record.prompt_tokens;
        step.place = place;
        step.prefill_ms = record.T_LLM_prefill;
        step.slow_request = uniform(random, 0, 1) < 0.33;
        step.level_ms = 10 * (1 + 0.1 * config) * (1 + 0.15 * dataset) *
                        (1 + truth.level_noise * normal(random));
        for (step.step = 1; step.step <= step.steps; ++step.step) {
            double ms = step.level_ms * truth.ms(step, random);
            ms *= std::exp(truth.step_noise * normal(random));
            if (truth.quantum_ms > 0)
                ms = std::max(1.0, std::round(ms / truth.quantum_ms)) * truth.quantum_ms;
            record.T_decode_per_step.push_back(ms);
            record.T_LLM_decode += ms;
        }
        record.decode_end_ms = record.T_LLM_decode;
        record.T_total = record.T_LLM_prefill + record.T_LLM_decode;
        record.time = second_of_run(i);
        records.push_back(std::move(record));
    }
    return records;
}

inline std::vector<Truth> truths() {
    const auto flat = [](const Step&, Random&) { return 1.0; };
    std::vector<Truth> all;
    all.push_back({"flat", "", flat});
    all.push_back({"flat, noise 10 %", "", flat, 320, 0.10});
    all.push_back({"flat, noise grows with the step", "",
                   [](const Step& s, Random& r) { return std::exp(0.002 * s.step * normal(r)); }});
    Truth quantized{"flat, clock of 1 ms", "", flat};
    quantized.quantum_ms = 1;
    all.push_back(quantized);
    Truth by_config{"flat, length by configuration", "", flat};
    by_config.tokens = [](Random& r, int config, int, double) {
        return std::min(64, 2 + config * 4 + static_cast<int>(r() % 5));
    };
    all.push_back(by_config);
    Truth by_dataset{"flat, length by data set", "", flat};
    by_dataset.tokens = [](Random& r, int, int dataset, double) {
        return dataset == 0 ? 2 + static_cast<int>(r() % 4)
                            : 12 + 20 * (dataset - 1) + static_cast<int>(r() % 12);
    };
    all.push_back(by_dataset);
    Truth by_time{"flat, length by time", "", flat};
    by_time.tokens = [](Random& r, int, int, double place) {
        return 2 + static_cast<int>(40 * place) + static_cast<int>(r() % 20);
    };
    all.push_back(by_time);
    Truth equal{"flat, 32 tokens each", "", flat};
    equal.tokens = [](Random&, int, int, double) { return 32; };
    all.push_back(equal);
    all.push_back({"flat, 18 requests", "", flat, 18});
    all.push_back({"flat, 50 requests", "", flat, 50});
    all.push_back({"flat, heavy tails", "", [](const Step&, Random& r) {
                       return std::exp(0.02 * normal(r) / std::sqrt(uniform(r, 0.05, 1)));
                   }});
    all.push_back({"step 1 x 1.5", "transient",
                   [](const Step& s, Random&) { return s.step == 1 ? 1.5 : 1; }});
    all.push_back(
        {"step 1 x 3", "transient", [](const Step& s, Random&) { return s.step == 1 ? 3 : 1; }});
    all.push_back({"step 1 x 0.8", "transient",
                   [](const Step& s, Random&) { return s.step == 1 ? 0.8 : 1; }});
    all.push_back({"decay over 5 steps", "transient", [](const Step& s, Random&) {
                       return 1 + 0.12 * std::exp(-(s.step - 1) / 2.5);
                   }});
    all.push_back({"step 1 x 1.5, 18 requests", "transient",
                   [](const Step& s, Random&) { return s.step == 1 ? 1.5 : 1; }, 18});
    all.push_back({"slope 0.1 %/token", "slope",
                   [](const Step& s, Random&) { return 1 + 0.001 * (s.step - 1); }});
    all.push_back({"slope 0.3 %/token", "slope",
                   [](const Step& s, Random&) { return 1 + 0.003 * (s.step - 1); }});
    all.push_back({"slope 1 %/token", "slope",
                   [](const Step& s, Random&) { return 1 + 0.01 * (s.step - 1); }});
    Truth equal_slope{"slope 1 %, 32 tokens each", "slope",
                      [](const Step& s, Random&) { return 1 + 0.01 * (s.step - 1); }};
    equal_slope.tokens = equal.tokens;
    all.push_back(equal_slope);
    all.push_back({"25 + 20 log(s + 1)", "slope",
                   [](const Step& s, Random&) { return (25 + 20 * std::log(s.step + 1.0)) / 39; }});
    all.push_back({"jump of 8 % at pages of 256", "jump", [](const Step& s, Random&) {
                       return std::pow(1.08, std::floor((s.prompt_tokens + s.step) / 256.0));
                   }});
    all.push_back({"last step x 0.85", "last_step",
                   [](const Step& s, Random&) { return s.step == s.steps ? 0.85 : 1; }});
    all.push_back({"period of 8, 6 %", "pattern", [](const Step& s, Random&) {
                       return 1 + 0.06 * std::sin(2 * M_PI * s.step / 8);
                   }});
    all.push_back({"1 % of the steps x 10", "stray",
                   [](const Step&, Random& r) { return uniform(r, 0, 1) < 0.01 ? 10 : 1; }});
    all.push_back(
        {"drift +8 %", "drift", [](const Step& s, Random&) { return 1 + 0.08 * s.place; }});
    all.push_back({"shift +10 % at 60 %", "shift",
                   [](const Step& s, Random&) { return s.place > 0.6 ? 1.1 : 1; }});
    all.push_back({"level by length", "level_by_length",
                   [](const Step& s, Random&) { return 1 + 0.04 * std::log(s.steps + 1.0); }});
    all.push_back({"a third of requests -12 %", "two_speeds",
                   [](const Step& s, Random&) { return s.slow_request ? 0.88 : 1; }});
    Truth steps_two{"30 % of steps +15 %", "two_speeds",
                    [](const Step&, Random& r) { return uniform(r, 0, 1) < 0.3 ? 1.15 : 1; }};
    steps_two.step_noise = 0.02;
    all.push_back(steps_two);
    all.push_back({"30 % of prefill in step 1", "prefill_in_step_1", [](const Step& s, Random&) {
                       return s.step == 1 ? 1 + 0.3 * s.prefill_ms / s.level_ms : 1;
                   }});
    return all;
}

}  // namespace decodemeter::test
