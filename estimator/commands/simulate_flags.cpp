#include "estimator/commands/simulate_flags.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

// An option, its place in the JSON of the parameters, and its help.
struct ParameterFlag {
    const char* option;
    const char* path;
    const char* help;
};

constexpr ParameterFlag numbers[] = {
    {"--requests", "/requests", "Number of records"},
    {"--seed", "/seed", "Random seed"},
    {"--repetition", "/effects/repetition", "Above 0: repeat the same requests with other noise"},
    {"--slope_percent_per_token", "/slope_percent_per_token", "Growth of a step per position"},
    {"--top_k_exponent", "/top_k_exponent", "Exponent of top_k"},
    {"--outlier_share", "/noise/outlier_share", "Share of requests with a slow decode"},
    {"--request_noise", "/noise/request", "Relative deviation of a request's times"},
    {"--step_noise", "/noise/step", "Relative deviation of a step"},
    {"--noise_spread", "/effects/noise_spread", "Multiplies a request's step noise by 1 to this"},
    {"--single_token_share", "/single_token_share", "Share of answers of one token"},
    {"--shortest", "/lengths/shortest", "Minimum number of tokens of an answer"},
    {"--longest", "/lengths/longest", "Maximum number of tokens of an answer"},
    {"--first_step_factor", "/effects/first_step_factor", "Factor on step 1"},
    {"--transient_steps", "/effects/transient_steps", "Steps until its excess has fallen to 0"},
    {"--last_step_factor", "/effects/last_step_factor", "Factor on the last step"},
    {"--context_percent_per_1000_tokens", "/effects/context_percent_per_1000_tokens",
     "Growth of a step with its context"},
    {"--page_tokens", "/effects/page_tokens", "Tokens of a page of the KV cache"},
    {"--page_jump_percent", "/effects/page_jump_percent", "Growth at each new page"},
    {"--period_steps", "/effects/period_steps", "Steps of a period"},
    {"--period_percent", "/effects/period_percent", "Its amplitude"},
    {"--prefill_share_in_step_1", "/effects/prefill_share_in_step_1",
     "Share of the prefill that runs inside step 1"},
    {"--log_law_offset_ms", "/effects/log_law_offset_ms",
     "a of the law a + b log(step + 1), which replaces the physical model"},
    {"--log_law_factor_ms", "/effects/log_law_factor_ms", "b of the law"},
    {"--slow_request_share", "/effects/slow_request_share", "Share of requests with the factor"},
    {"--slow_request_factor", "/effects/slow_request_factor", "Factor on their times"},
    {"--slow_step_share", "/effects/slow_step_share", "Share of steps with the factor"},
    {"--slow_step_factor", "/effects/slow_step_factor", "Factor on them"},
    {"--drift_percent", "/effects/drift_percent", "Growth from the first record to the last"},
    {"--shift_percent", "/effects/shift_percent", "Growth at one moment"},
    {"--shift_at", "/effects/shift_at", "The moment: 0 first record, 1 last"},
    {"--warm_up_percent", "/effects/warm_up_percent", "What the first record costs more"},
    {"--warm_up_requests", "/effects/warm_up_requests", "Records until that has fallen to 0"},
    {"--run_level", "/effects/run_level", "Relative deviation of a factor on the whole run"},
    {"--clock_tick_ms", "/effects/clock_tick_ms", "Step edges are multiples of it"},
};

constexpr ParameterFlag lists[] = {
    {"--datasets", "/datasets", "Data sets, separated by commas"},
    {"--tier", "/tier", "Tiers: low, medium, high"},
    {"--top_k", "/top_k", "Experts per token"},
    {"--blocks", "/blocks", "Active blocks"},
};

Json number_of(const std::string& text) {
    const Json number = Json::parse(text, nullptr, false);
    if (!number.is_number()) throw InputError(text + " is not a number");
    return number;
}

// "5" is a number, "high" a text.
Json value_of(const std::string& text) {
    const Json number = Json::parse(text, nullptr, false);
    return number.is_number() ? number : Json(text);
}

Json list_of(const std::string& text) {
    Json list = Json::array();
    for (const std::string& item : CLI::detail::split(text, ',')) {
        if (item.empty()) throw InputError("an item of \"" + text + "\" is empty");
        list.push_back(value_of(item));
    }
    return list;
}

std::string shown(const Json& value) {
    if (!value.is_array()) return value.is_string() ? value.get<std::string>() : value.dump();
    std::string text;
    for (const Json& item : value) text += (text.empty() ? "" : ",") + shown(item);
    return text;
}

template <class Parse>
void add_flag(CLI::App& command, const ParameterFlag& flag, const char* type, const Json& defaults,
              std::string& given, Parse parse) {
    const Json::json_pointer path(flag.path);
    command
        .add_option_function<std::string>(
            flag.option,
            [&given, path, parse, option = flag.option](const std::string& text) {
                Json json = Json::parse(given);
                try {
                    json[path] = parse(text);
                } catch (const InputError& error) {
                    throw InputError(std::string(option) + ": " + error.what());
                }
                given = json.dump();
            },
            flag.help)
        ->type_name(type)
        ->default_str(shown(defaults.at(path)));
}

}  // namespace

void ParameterFlags::add_to(CLI::App& command) {
    const Json defaults = Json::parse(to_json(SimulationParameters{}));
    for (const ParameterFlag& flag : numbers)
        add_flag(command, flag, "NUMBER", defaults, json_, number_of);
    for (const ParameterFlag& flag : lists)
        add_flag(command, flag, "LIST", defaults, json_, list_of);
    const ParameterFlag lengths{"--lengths", "/lengths/rule",
                                "Of answers: task, equal, uniform, log_uniform, configuration, "
                                "dataset, time"};
    add_flag(command, lengths, "RULE", defaults, json_, value_of);
    const auto add_switch = [&](const char* option, const char* path, bool value,
                                const char* help) {
        command.add_flag_callback(
            option,
            [this, path, value] {
                Json json = Json::parse(json_);
                json[Json::json_pointer(path)] = value;
                json_ = json.dump();
            },
            help);
    };
    add_switch("--no_step_data", "/step_data", false, "Totals only");
    add_switch("--no_tiers", "/effects/no_tiers", true, "As of a program without tiers");
}

void ParameterFlags::apply(SimulationParameters& parameters) const {
    apply_simulation_parameters(parameters, json_, "options");
}

}  // namespace decodemeter
