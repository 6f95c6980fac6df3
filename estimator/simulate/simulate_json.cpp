#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "estimator/simulate/simulate.hpp"
#include "profiler/record/config_key.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/library_message.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

Json tier_names(const std::vector<int>& tiers) {
    Json names = Json::array();
    for (const int tier : tiers) names.push_back(to_string(static_cast<Tier>(tier)));
    return names;
}

std::vector<int> parse_tiers(const Json& json) {
    std::vector<int> tiers;
    for (const Json& name : json) {
        const auto tier = parse_tier(name.get<std::string>());
        if (!tier) throw InputError("unknown tier " + name.get<std::string>());
        tiers.push_back(static_cast<int>(*tier));
    }
    return tiers;
}

// The last term, what the first steps cost more, may be left out.
StepBasis parse_beta(const Json& json) {
    const auto given = json.get<std::vector<double>>();
    if (given.size() != step_terms && given.size() != step_terms - 1)
        throw InputError(std::to_string(given.size()) + " coefficients where a step has " +
                         std::to_string(step_terms));
    StepBasis beta{};
    std::copy(given.begin(), given.end(), beta.begin());
    return beta;
}

using Setters = std::map<std::string, std::function<void(const Json&)>>;

// nlohmann's conversion would cut 5.5 to 5 and take -1 for a large number.
template <class Integer>
Integer whole_number(const Json& json) {
    if (!json.is_number_integer()) throw InputError("give a whole number");
    const bool negative = !json.is_number_unsigned() && json.get<std::int64_t>() < 0;
    const bool fits = negative ? std::in_range<Integer>(json.get<std::int64_t>())
                               : std::in_range<Integer>(json.get<std::uint64_t>());
    if (!fits) throw InputError("the number is out of range");
    return json.get<Integer>();
}

template <class T>
std::function<void(const Json&)> into(T& target) {
    return [&target](const Json& json) {
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
            target = whole_number<T>(json);
        else json.get_to(target);
    };
}

// `origin` in front of what is wrong; a nested object leaves it to the outer one.
std::string in_origin(const std::string& origin, const std::string& what) {
    return origin.empty() ? what : origin + ": " + what;
}

[[noreturn]] void refuse_unknown(const std::string& name, const Setters& setters,
                                 const std::string& origin) {
    std::string known;
    for (const auto& [other, set] : setters) known += (known.empty() ? "" : ", ") + other;
    throw InputError(in_origin(origin, "unknown parameter \"" + name + "\"; known are " + known));
}

void read_fields(const Json& json, const Setters& setters, const std::string& origin) {
    if (!json.is_object())
        throw InputError(in_origin(origin, "not a JSON object of simulation parameters"));
    for (const auto& [name, value] : json.items()) {
        const auto setter = setters.find(name);
        if (setter == setters.end()) refuse_unknown(name, setters, origin);
        try {
            setter->second(value);
        } catch (const std::exception& error) {
            throw InputError(in_origin(origin, name + ": " + library_message(error.what())));
        }
    }
}

// The one list of names: calls visit(name, member) for each effect.
template <class Effects, class Visit>
void for_each_effect(Effects& e, const Visit& visit) {
    visit("first_step_factor", e.first_step_factor);
    visit("transient_steps", e.transient_steps);
    visit("last_step_factor", e.last_step_factor);
    visit("context_percent_per_1000_tokens", e.context_percent_per_1000_tokens);
    visit("page_tokens", e.page_tokens);
    visit("page_jump_percent", e.page_jump_percent);
    visit("period_steps", e.period_steps);
    visit("period_percent", e.period_percent);
    visit("prefill_share_in_step_1", e.prefill_share_in_step_1);
    visit("log_law_offset_ms", e.log_law_offset_ms);
    visit("log_law_factor_ms", e.log_law_factor_ms);
    visit("slow_request_share", e.slow_request_share);
    visit("slow_request_factor", e.slow_request_factor);
    visit("slow_step_share", e.slow_step_share);
    visit("slow_step_factor", e.slow_step_factor);
    visit("drift_percent", e.drift_percent);
    visit("shift_percent", e.shift_percent);
    visit("shift_at", e.shift_at);
    visit("warm_up_percent", e.warm_up_percent);
    visit("warm_up_requests", e.warm_up_requests);
    visit("run_level", e.run_level);
    visit("noise_spread", e.noise_spread);
    visit("clock_tick_ms", e.clock_tick_ms);
    visit("repetition", e.repetition);
    visit("no_tiers", e.no_tiers);
}

Json effects_json(const SimulatedEffects& effects) {
    Json json = Json::object();
    for_each_effect(effects, [&](const char* name, const auto& value) { json[name] = value; });
    return json;
}

Setters effect_setters(SimulatedEffects& effects) {
    Setters setters;
    for_each_effect(effects, [&](const char* name, auto& value) { setters[name] = into(value); });
    return setters;
}

Json lengths_json(const SimulatedLengths& lengths) {
    return {{"rule", to_string(lengths.rule)},
            {"shortest", lengths.shortest},
            {"longest", lengths.longest}};
}

Setters length_setters(SimulatedLengths& lengths) {
    return {{"rule",
             [&](const Json& json) { lengths.rule = parse_length_rule(json.get<std::string>()); }},
            {"shortest", into(lengths.shortest)},
            {"longest", into(lengths.longest)}};
}

Setters noise_setters(SimulatedNoise& noise) {
    return {{"run", into(noise.run)},
            {"config", into(noise.config)},
            {"dataset", into(noise.dataset)},
            {"request", into(noise.request)},
            {"step", into(noise.step)},
            {"outlier_share", into(noise.outlier_share)},
            {"outlier_factor", into(noise.outlier_factor)}};
}

}  // namespace

std::string to_json(const SimulationParameters& p) {
    const Json noise = {{"run", p.noise.run},
                        {"config", p.noise.config},
                        {"dataset", p.noise.dataset},
                        {"request", p.noise.request},
                        {"step", p.noise.step},
                        {"outlier_share", p.noise.outlier_share},
                        {"outlier_factor", p.noise.outlier_factor}};
    const Json json = {{"beta", p.physics.beta},
                       {"gamma", p.physics.gamma},
                       {"slope_percent_per_token", p.slope_percent_per_token},
                       {"top_k_exponent", p.top_k_exponent},
                       {"noise", noise},
                       {"effects", effects_json(p.effects)},
                       {"lengths", lengths_json(p.lengths)},
                       {"datasets", p.datasets},
                       {"tier", tier_names(p.tiers)},
                       {"top_k", p.top_k},
                       {"blocks", p.blocks},
                       {"requests", p.requests},
                       {"step_data", p.step_data},
                       {"single_token_share", p.single_token_share},
                       {"seed", p.seed}};
    return json.dump();
}

void apply_simulation_parameters(SimulationParameters& p, std::string_view text,
                                 const std::string& origin) {
    const auto fields = [](const char* name, Setters setters) {
        return std::pair<const std::string, std::function<void(const Json&)>>(
            name,
            [setters = std::move(setters)](const Json& json) { read_fields(json, setters, ""); });
    };
    const Setters setters = {{"beta", [&](const Json& json) { p.physics.beta = parse_beta(json); }},
                             {"gamma", into(p.physics.gamma)},
                             {"slope_percent_per_token", into(p.slope_percent_per_token)},
                             {"top_k_exponent", into(p.top_k_exponent)},
                             fields("noise", noise_setters(p.noise)),
                             fields("effects", effect_setters(p.effects)),
                             fields("lengths", length_setters(p.lengths)),
                             {"datasets", into(p.datasets)},
                             {"tier", [&](const Json& json) { p.tiers = parse_tiers(json); }},
                             {"top_k", into(p.top_k)},
                             {"blocks", into(p.blocks)},
                             {"requests", into(p.requests)},
                             {"step_data", into(p.step_data)},
                             {"single_token_share", into(p.single_token_share)},
                             {"seed", into(p.seed)}};
    Json json;
    try {
        json = Json::parse(text);
    } catch (const Json::exception& error) {
        throw InputError(origin + ": not a JSON document (" + library_message(error.what()) + ")");
    }
    read_fields(json, setters, origin);
}

SimulationParameters parse_simulation_parameters(std::string_view text, const std::string& origin) {
    SimulationParameters parameters;
    apply_simulation_parameters(parameters, text, origin);
    return parameters;
}

}  // namespace decodemeter
