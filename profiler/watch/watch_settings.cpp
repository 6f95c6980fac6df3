#include "profiler/watch/watch_settings.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::json;

constexpr std::string_view mark_prefix = "decodemeter ";

int count(const Json& value, const std::string& field) {
    constexpr int most = 1'000'000'000;
    if (!value.is_number_integer() || value < 0 || value > most)
        throw InputError(field + " must be a count, not " + value.dump());
    return value.get<int>();
}

std::optional<Tier> tier(const Json& value) {
    if (value.is_null()) return std::nullopt;
    const std::optional<Tier> known =
        value.is_string() ? parse_tier(value.get<std::string>()) : std::nullopt;
    if (!known) throw InputError("tier must be low, medium, high or null, not " + value.dump());
    return known;
}

void apply_field(const std::string& field, const Json& value, WatchSettings& settings) {
    if (field == "tier") settings.config.tier = tier(value);
    else if (field == "top_k") settings.config.top_k = count(value, field);
    else if (field == "num_active_blocks") settings.config.active_blocks = count(value, field);
    else if (field == "vision_tokens") settings.vision_tokens = count(value, field);
    else if (field == "text_tokens") settings.text_tokens = count(value, field);
    else if (field == "dataset" && value.is_string())
        check_dataset_name(settings.dataset = value.get<std::string>());
    else throw InputError("a sample cannot say its " + field);
}

}  // namespace

std::string to_text(const WatchSettings& settings) {
    Json json = {{"results_dir", settings.results_dir},
                 {"dataset", settings.dataset},
                 {"name", settings.name},
                 {"command_line", settings.command_line},
                 {"top_k", settings.config.top_k},
                 {"num_active_blocks", settings.config.active_blocks},
                 {"vision_tokens", settings.vision_tokens},
                 {"text_tokens", settings.text_tokens},
                 {"max_steps", settings.max_steps},
                 {"events", settings.events},
                 {"cupti", settings.cupti},
                 {"report_dir", settings.report_dir}};
    json["tier"] = settings.config.tier ? Json(to_string(*settings.config.tier)) : Json(nullptr);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

WatchSettings parse_watch_settings(const std::string& text) {
    try {
        const Json json = Json::parse(text);
        WatchSettings settings;
        json.at("results_dir").get_to(settings.results_dir);
        json.at("dataset").get_to(settings.dataset);
        json.at("name").get_to(settings.name);
        json.at("command_line").get_to(settings.command_line);
        json.at("max_steps").get_to(settings.max_steps);
        json.at("events").get_to(settings.events);
        json.at("cupti").get_to(settings.cupti);
        json.at("report_dir").get_to(settings.report_dir);
        for (const char* field :
             {"tier", "top_k", "num_active_blocks", "vision_tokens", "text_tokens"})
            apply_field(field, json.at(field), settings);
        return settings;
    } catch (const Json::exception& error) {
        throw InputError(std::string(watch_settings_variable) +
                         " is not what decodemeter watch sets: " + error.what());
    }
}

void check_dataset_name(const std::string& name) {
    const bool one_folder =
        !name.empty() && name.find('/') == std::string::npos && name.front() != '.';
    if (!one_folder || name == "logs")
        throw InputError("\"" + name +
                         "\" cannot be the name of a data set: it is one folder, and not logs");
}

bool apply_mark(const std::string& message, WatchSettings& settings) {
    if (!message.starts_with(mark_prefix)) return false;
    const Json json = Json::parse(message.substr(mark_prefix.size()), nullptr, false);
    if (!json.is_object())
        throw InputError("the NVTX mark is not \"decodemeter {...}\" with JSON in it: " + message);
    WatchSettings changed = settings;
    for (const auto& [field, value] : json.items()) apply_field(field, value, changed);
    settings = std::move(changed);
    return true;
}

}  // namespace decodemeter
