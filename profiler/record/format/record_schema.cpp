#include <nlohmann/json.hpp>

#include "profiler/record/format/record_fields.hpp"
#include "profiler/record/format/record_json.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

Json type(const char* name) { return {{"type", name}}; }
Json count_schema() { return {{"type", "integer"}, {"minimum", 0}}; }
Json time_schema() { return {{"type", "number"}, {"minimum", 0}}; }
Json array_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json or_null(Json schema) {
    schema["type"] = Json::array({schema["type"], "null"});
    return schema;
}

Json pair_schema() {
    Json schema = array_of(count_schema());
    schema["minItems"] = 2;
    schema["maxItems"] = 2;
    return schema;
}

template <class Object, class Table>
Json object_schema(const Table& table);

Json part_schema(const std::optional<StepClocks>&) {
    return or_null(object_schema<StepClocks>(clock_fields));
}
Json part_schema(const std::optional<SubtractionTimes>&) {
    return or_null(object_schema<SubtractionTimes>(subtraction_fields));
}
Json part_schema(const std::optional<GpuState>&) {
    return or_null(object_schema<GpuState>(gpu_fields));
}
Json part_schema(const std::optional<CuptiSummary>&) {
    const Json refused = {{"type", "object"}, {"required", {"none"}}};
    return {{"type", "object"}, {"anyOf", {refused, object_schema<CuptiSummary>(cupti_fields)}}};
}
Json part_schema(const CuptiSummary&) { return object_schema<CuptiSummary>(loss_fields); }
Json part_schema(const SampleRecord&) { return object_schema<SampleRecord>(metadata_fields); }

template <FieldKind kind>
Json value_schema() {
    using enum FieldKind;
    if constexpr (kind == text || kind == optional_text || kind == refusal) return type("string");
    else if constexpr (kind == texts || kind == optional_texts) return array_of(type("string"));
    else if constexpr (kind == boolean || kind == true_or_absent) return type("boolean");
    else if constexpr (kind == integer || kind == count || kind == decode_steps)
        return count_schema();
    else if constexpr (kind == optional_integer) return or_null(count_schema());
    else if constexpr (kind == integers) return array_of(count_schema());
    else if constexpr (kind == pair) return pair_schema();
    else if constexpr (kind == time || kind == lenient_time || kind == per_token)
        return time_schema();
    else if constexpr (kind == signed_time || kind == optional_number) return type("number");
    else if constexpr (kind == optional_time || kind == per_step_mean)
        return or_null(time_schema());
    else if constexpr (kind == times || kind == times_or_null || kind == tolerated_times)
        return array_of(time_schema());
    else if constexpr (kind == optional_times) return or_null(array_of(time_schema()));
    else if constexpr (kind == schema_version) return {{"const", record_schema_version}};
    else if constexpr (kind == tier_name) return {{"enum", {"low", "medium", "high", nullptr}}};
    else if constexpr (kind == tier_index) return {{"enum", {0, 1, 2, nullptr}}};
    else if constexpr (kind == headline) return {{"enum", {"host", "span"}}};
}

template <class Object, class Field>
Json schema_of(const Field& field) {
    Json schema;
    if constexpr (Field::kind == FieldKind::part) {
        const Object object;
        schema = part_schema(field.value(object));
    } else {
        schema = value_schema<Field::kind>();
        // What is always written is null where it is not known.
        if (Field::kind == FieldKind::optional_number && field.presence == Presence::written)
            schema = or_null(schema);
    }
    if (*field.meaning) schema["description"] = field.meaning;
    return schema;
}

template <class Object, class Table>
Json object_schema(const Table& table) {
    Json properties;
    Json required = Json::array();
    for_each_field(table, [&](const auto& field) {
        const std::string name(field.name.name());
        properties[name] = schema_of<Object>(field);
        if (field.presence <= Presence::written) required.push_back(name);
    });
    Json schema = type("object");
    schema["properties"] = std::move(properties);
    schema["required"] = std::move(required);
    return schema;
}

}  // namespace

std::string field_definition(std::string_view name) {
    std::string definition;
    for_each_field(record_fields, [&](const auto& field) {
        if (field.name.name() == name) definition = field.meaning;
    });
    return definition;
}

std::string record_schema() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "decodemeter sample record"}};
    schema.update(object_schema<SampleRecord>(record_fields));
    schema["additionalProperties"] = false;
    return schema.dump(2) + "\n";
}

}  // namespace decodemeter
