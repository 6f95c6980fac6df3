#include <nlohmann/json.hpp>

#include "profiler/record/format/record_fields.hpp"
#include "profiler/record/format/record_json.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

template <class Table, class Object>
Json object_json(const Table& table, const Object& object);

template <class Table, class Object>
Json part_or_null(const Table& table, const std::optional<Object>& part) {
    return part ? object_json(table, *part) : Json(nullptr);
}

Json part_json(const std::optional<StepClocks>& clocks) {
    return part_or_null(clock_fields, clocks);
}
Json part_json(const std::optional<SubtractionTimes>& times) {
    return part_or_null(subtraction_fields, times);
}
Json part_json(const std::optional<GpuState>& gpu) { return part_or_null(gpu_fields, gpu); }
Json part_json(const std::optional<CuptiSummary>& cupti) {
    return part_or_null(cupti_fields, cupti);
}
Json part_json(const CuptiSummary& cupti) { return object_json(loss_fields, cupti); }
Json part_json(const SampleRecord& record) { return object_json(metadata_fields, record); }

// Null where there is nothing to write.
template <FieldKind kind, class Value>
Json value_json(const Value& value) {
    using enum FieldKind;
    if constexpr (kind == optional_text || kind == optional_integer || kind == optional_number ||
                  kind == optional_time || kind == optional_times)
        return or_null(value);
    else if constexpr (kind == optional_texts) return value.empty() ? Json() : Json(value);
    else if constexpr (kind == true_or_absent) return value ? Json(true) : Json();
    else if constexpr (kind == part) return part_json(value);
    else if constexpr (kind == schema_version) return record_schema_version;
    else if constexpr (kind == tier_name)
        return value.config.tier ? Json(to_string(*value.config.tier)) : Json();
    else if constexpr (kind == tier_index)
        return value.config.tier ? Json(static_cast<int>(*value.config.tier)) : Json();
    else if constexpr (kind == decode_steps) return value.decode_steps();
    else if constexpr (kind == per_token) return decode_per_token_ms(value);
    else if constexpr (kind == per_step_mean) return or_null(decode_per_step_mean_ms(value));
    else if constexpr (kind == refusal) return nullptr;
    else return value;
}

template <class Table, class Object>
Json object_json(const Table& table, const Object& object) {
    Json json;
    for_each_field(table, [&]<class Field>(const Field& field) {
        Json value = value_json<Field::kind>(field.value(object));
        if (field.presence == Presence::optional && value.is_null()) return;
        json[std::string(field.name.name())] = std::move(value);
    });
    return json;
}

}  // namespace

std::string to_json_line(const SampleRecord& record) {
    Json json = object_json(record_fields, record);
    if (record.cupti_refused) json["cupti"] = {{"none", *record.cupti_refused}};
    // A prompt or an answer from elsewhere may hold broken UTF-8; the record must not be lost for
    // it.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace decodemeter
