#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "estimator/simulate.hpp"
#include "profiler/error/error.hpp"
#include "profiler/record/config_key.hpp"

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

template <class T>
std::function<void(const Json&)> into(T& target) {
    return [&target](const Json& json) { json.get_to(target); };
}

void read_fields(const Json& json, const Setters& setters, const std::string& origin) {
    if (!json.is_object())
        throw InputError(origin + ": is not a JSON object of simulation parameters");
    for (const auto& [name, value] : json.items()) {
        const auto setter = setters.find(name);
        if (setter == setters.end()) {
            std::string known;
            for (const auto& [other, set] : setters) known += (known.empty() ? "" : ", ") + other;
            throw InputError(origin + ": unknown parameter \"" + name + "\"; known are " + known);
        }
        try {
            setter->second(value);
        } catch (const std::exception& error) {
            throw InputError(origin + ": " + name + ": " + error.what());
        }
    }
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

SimulationParameters parse_simulation_parameters(std::string_view text, const std::string& origin) {
    SimulationParameters p;
    const Setters noise = {{"run", into(p.noise.run)},
                           {"config", into(p.noise.config)},
                           {"dataset", into(p.noise.dataset)},
                           {"request", into(p.noise.request)},
                           {"step", into(p.noise.step)},
                           {"outlier_share", into(p.noise.outlier_share)},
                           {"outlier_factor", into(p.noise.outlier_factor)}};
    const Setters setters = {
        {"beta", [&](const Json& json) { p.physics.beta = parse_beta(json); }},
        {"gamma", into(p.physics.gamma)},
        {"slope_percent_per_token", into(p.slope_percent_per_token)},
        {"top_k_exponent", into(p.top_k_exponent)},
        {"noise", [&](const Json& json) { read_fields(json, noise, origin + ": noise"); }},
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
        throw InputError(origin + ": is no JSON document (" + error.what() + ")");
    }
    read_fields(json, setters, origin);
    return p;
}

}  // namespace decodemeter
