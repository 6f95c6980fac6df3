#include <nlohmann/json.hpp>

#include "profiler/record/format/record_fields.hpp"
#include "profiler/record/format/record_json.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

// Leaves `value` as it is where the field is missing, null or of another type: run.json is read
// tolerantly.
template <class T>
void read(const Json& json, const char* field, T& value) {
    const auto found = json.find(field);
    if (found == json.end() || found->is_null()) return;
    try {
        found->get_to(value);
    } catch (const Json::type_error&) {
    }
}

template <class T>
void read(const Json& json, const char* field, std::optional<T>& value) {
    const auto found = json.find(field);
    if (found == json.end() || found->is_null()) return;
    try {
        value = found->get<T>();
    } catch (const Json::type_error&) {
    }
}

const Json& part(const Json& json, const char* field) {
    static const Json empty = Json::object();
    const auto found = json.find(field);
    return found != json.end() && found->is_object() ? *found : empty;
}

Json definitions() {
    Json json;
    for_each_field(record_fields, [&](const auto& field) {
        if (field.in_run_file) json[std::string(field.name.name())] = field.meaning;
    });
    return json;
}

Json starts_json(const std::vector<RunStart>& starts) {
    Json json = Json::array();
    for (const RunStart& start : starts) {
        json.push_back({{"time", start.time},
                        {"command_line", start.command_line},
                        {"git_revision", start.git_revision},
                        {"device_uuid", start.device_uuid}});
    }
    return json;
}

Json device_json(const DeviceInfo& device) {
    return {{"type", device.type},
            {"name", device.name},
            {"uuid", device.uuid},
            {"driver", device.driver},
            {"memory_bytes", or_null(device.memory_bytes)},
            {"sm_count", or_null(device.sm_count)},
            {"sm_mhz_max", or_null(device.sm_mhz_max)},
            {"threads", or_null(device.threads)}};
}

DeviceInfo parse_device(const Json& json) {
    DeviceInfo device;
    read(json, "type", device.type);
    read(json, "name", device.name);
    read(json, "uuid", device.uuid);
    read(json, "driver", device.driver);
    read(json, "memory_bytes", device.memory_bytes);
    read(json, "sm_count", device.sm_count);
    read(json, "sm_mhz_max", device.sm_mhz_max);
    read(json, "threads", device.threads);
    return device;
}

Json versions_json(const SoftwareVersions& versions) {
    return {{"decodemeter", versions.decodemeter},
            {"git_revision", versions.git_revision},
            {"dirty", versions.dirty},
            {"torch", versions.torch},
            {"cuda_runtime", versions.cuda_runtime},
            {"cupti", versions.cupti}};
}

SoftwareVersions parse_versions(const Json& json) {
    SoftwareVersions versions;
    read(json, "decodemeter", versions.decodemeter);
    read(json, "git_revision", versions.git_revision);
    read(json, "dirty", versions.dirty);
    read(json, "torch", versions.torch);
    read(json, "cuda_runtime", versions.cuda_runtime);
    read(json, "cupti", versions.cupti);
    return versions;
}

Json model_json(const RunHeader& header) {
    Json json = {{"name", header.model.name},
                 {"dtype", header.model.dtype},
                 {"weights", header.model.weights},
                 {"sizes", header.model.sizes}};
    const AttentionInfo& attention = header.model.attention_backend;
    if (!attention.decode.empty())
        json["attention_backend"] = {{"decode", attention.decode}, {"prefill", attention.prefill}};
    return json;
}

void parse_model(const Json& json, RunHeader& header) {
    read(json, "name", header.model.name);
    read(json, "dtype", header.model.dtype);
    read(json, "weights", header.model.weights);
    read(json, "sizes", header.model.sizes);
    const Json& attention = part(json, "attention_backend");
    read(attention, "decode", header.model.attention_backend.decode);
    read(attention, "prefill", header.model.attention_backend.prefill);
}

Json stop_rule_json(const RunHeader& header) {
    return {{"output_lengths", header.stop_rule.output_lengths},
            {"max_new_tokens", header.stop_rule.max_new_tokens},
            {"length_seed", header.stop_rule.length_seed}};
}

void parse_stop_rule(const Json& json, RunHeader& header) {
    read(json, "output_lengths", header.stop_rule.output_lengths);
    read(json, "max_new_tokens", header.stop_rule.max_new_tokens);
    read(json, "length_seed", header.stop_rule.length_seed);
}

Json warm_up_json(const WarmUp& warm_up) {
    return {{"runs", warm_up.runs},
            {"agreed", warm_up.agreed},
            {"last_window_ms", warm_up.last_window_ms},
            {"difference_percent", warm_up.difference_percent}};
}

WarmUp parse_warm_up(const Json& json) {
    WarmUp warm_up;
    read(json, "runs", warm_up.runs);
    read(json, "agreed", warm_up.agreed);
    read(json, "last_window_ms", warm_up.last_window_ms);
    read(json, "difference_percent", warm_up.difference_percent);
    return warm_up;
}

std::vector<RunStart> parse_starts(const Json& json) {
    std::vector<RunStart> starts;
    if (!json.is_array()) return starts;
    for (const Json& entry : json) {
        if (!entry.is_object()) continue;
        RunStart& start = starts.emplace_back();
        read(entry, "time", start.time);
        read(entry, "command_line", start.command_line);
        read(entry, "git_revision", start.git_revision);
        read(entry, "device_uuid", start.device_uuid);
    }
    return starts;
}

void parse_knobs(const Json& json, RunHeader& header) {
    read(json, "max_crops", header.max_crops);
    read(json, "block_rule", header.block_rule);
    read(json, "block_order", header.block_order);
    read(json, "knobs", header.knobs);
    read(json, "order_seed", header.order_seed);
    read(part(json, "shard"), "index", header.shard.index);
    read(part(json, "shard"), "count", header.shard.count);
}

Json parse_object(std::string_view text, const std::string& origin) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        throw InputError(origin +
                         ": is not a JSON object; move it away, or name another results directory");
    int schema = record_schema_version;
    read(json, "schema", schema);
    if (schema != record_schema_version)
        throw InputError(origin + ": has schema " + std::to_string(schema) +
                         ", where this version reads " + std::to_string(record_schema_version) +
                         "; use the version of decodemeter that wrote it");
    return json;
}

}  // namespace

std::string to_json(const RunHeader& header) {
    Json json;
    json["schema"] = record_schema_version;
    json["synthetic"] = header.synthetic;
    json["device"] = device_json(header.device);
    json["versions"] = versions_json(header.versions);
    json["model"] = model_json(header);
    json["execution_mode"] = header.execution_mode;
    json["stop_rule"] = stop_rule_json(header);
    json["max_crops"] = header.max_crops;
    json["block_rule"] = header.block_rule;
    json["block_order"] = header.block_order;
    json["knobs"] = header.knobs;
    json["order_seed"] = header.order_seed;
    json["warm_up"] = warm_up_json(header.warm_up);
    json["shard"] = {{"index", header.shard.index}, {"count", header.shard.count}};
    json["starts"] = starts_json(header.starts);
    json["absent"] = header.absent;
    json["figures"] = Json::object();
    for (const auto& [name, text] : header.figures) json["figures"][name] = Json::parse(text);
    json["definitions"] = definitions();
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

RunHeader parse_run_header(std::string_view text, const std::string& origin) {
    const Json json = parse_object(text, origin);
    RunHeader header;
    header.device = parse_device(part(json, "device"));
    header.versions = parse_versions(part(json, "versions"));
    parse_model(part(json, "model"), header);
    read(json, "execution_mode", header.execution_mode);
    parse_stop_rule(part(json, "stop_rule"), header);
    parse_knobs(json, header);
    header.warm_up = parse_warm_up(part(json, "warm_up"));
    if (const auto starts = json.find("starts"); starts != json.end())
        header.starts = parse_starts(*starts);
    read(json, "absent", header.absent);
    for (const auto& [name, value] : part(json, "figures").items())
        header.figures[name] = value.dump();
    read(json, "synthetic", header.synthetic);
    return header;
}

}  // namespace decodemeter
