// The fields of a native line as tables of readers, once for both ways of reading it.
//
// Value is the value of a field: a TolerantValue, which notes or passes over what it cannot use, or
// a LineScanner, which gives up at the first thing out of the ordinary. Both have the same members.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "profiler/record/format/field_table.hpp"
#include "profiler/record/format/record_fields.hpp"

namespace decodemeter {

template <class V>
void read_tier(LineState& state, V& value) {
    std::optional<std::string> name;
    if (!value.text_or_null(name)) return state.note("tier", NumberFault::not_a_number);
    if (!name) return;
    state.record.config.tier = parse_tier(*name);
    if (!state.record.config.tier && state.fault.empty()) state.fault = "unknown tier";
}

template <class V>
void read_part(LineState& state, std::optional<StepClocks>& clocks, V& value);
template <class V>
void read_part(LineState& state, std::optional<SubtractionTimes>& times, V& value);
template <class V>
void read_part(LineState& state, std::optional<CuptiSummary>& cupti, V& value);
template <class V>
void read_part(LineState& state, std::optional<GpuState>& gpu, V& value);
template <class V>
void read_part(LineState& state, CuptiSummary& cupti, V& value);  // its losses
template <class V>
void read_part(LineState& state, SampleRecord& record, V& value);  // its metadata

// Into a member, or into the object itself.
template <FieldKind kind, class V, class Target>
void read_value(LineState& state, std::string_view name, Target& target, V& value) {
    using enum FieldKind;
    if constexpr (kind == text || kind == headline) value.text(target);
    else if constexpr (kind == optional_text) value.optional_text(target);
    else if constexpr (kind == texts || kind == optional_texts) value.texts(target);
    else if constexpr (kind == boolean || kind == true_or_absent) value.boolean(target);
    else if constexpr (kind == integer || kind == optional_integer) value.integer(target);
    else if constexpr (kind == count) value.count(state, name, target);
    else if constexpr (kind == integers) value.integers(target);
    else if constexpr (kind == pair) value.pair(target);
    else if constexpr (kind == time) value.time(state, name, target);
    else if constexpr (kind == lenient_time || kind == signed_time)
        value.signed_time(state, name, target);
    else if constexpr (kind == optional_number || kind == optional_time)
        value.optional_number(target);
    else if constexpr (kind == times) value.times(state, name, target);
    else if constexpr (kind == times_or_null) value.times_or_null(state, name, target);
    else if constexpr (kind == optional_times) value.optional_times(state, name, target);
    else if constexpr (kind == tolerated_times) value.times(target);
    else if constexpr (kind == part) read_part(state, target, value);
    else if constexpr (kind == schema_version) value.integer(state.schema);
    else if constexpr (kind == tier_name) read_tier(state, value);
    else if constexpr (kind == decode_steps) value.number(state.stored_decode_steps);
    else if constexpr (kind == per_token) value.optional_number(target.stored_per_token_ms);
    else if constexpr (kind == refusal) value.optional_text(state.record.cupti_refused);
    else value.ignore();
}

template <const auto& table, std::size_t index, class V, class Object>
void read_entry(LineState& state, Object& object, V& value) {
    constexpr const auto& field = std::get<index>(table);
    using Field = std::remove_cvref_t<decltype(field)>;
    read_value<Field::kind>(state, field.name.name(), field.value(object), value);
}

template <const auto& table, class V, class Object, std::size_t... index>
constexpr auto make_readers(std::index_sequence<index...>) {
    return std::to_array<Field<V, Object>>(
        {{std::get<index>(table).name, &read_entry<table, index, V, Object>,
          std::get<index>(table).presence == Presence::required}...});
}

// The fields of a table, as V reads them.
template <const auto& table, class V, class Object>
inline constexpr auto readers = make_readers<table, V, Object>(
    std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<decltype(table)>>>());

template <class V>
inline constexpr const auto& native_fields = readers<record_fields, V, SampleRecord>;

template <class V>
void read_part(LineState& state, std::optional<StepClocks>& clocks, V& value) {
    StepClocks read;
    if (read_fields(state, value, read, readers<clock_fields, V, StepClocks>))
        clocks = std::move(read);
}

template <class V>
void read_part(LineState& state, std::optional<SubtractionTimes>& times, V& value) {
    constexpr auto& fields = readers<subtraction_fields, V, SubtractionTimes>;
    SubtractionTimes read;
    unsigned seen = 0;
    state.object = "subtraction.";
    read_fields(state, value, read, fields, [&](std::size_t index) { seen |= 1u << index; });
    state.object = {};
    if (seen == (1u << fields.size()) - 1) times = read;
}

template <class V>
void read_part(LineState& state, std::optional<CuptiSummary>& cupti, V& value) {
    CuptiSummary read;
    bool results = false;  // or the reason why there are none, which comes first in the table
    state.object = "cupti.";
    read_fields(state, value, read, readers<cupti_fields, V, CuptiSummary>,
                [&](std::size_t index) { results |= index > 0; });
    state.object = {};
    if (results) cupti = std::move(read);
}

template <class V>
void read_part(LineState& state, std::optional<GpuState>& gpu, V& value) {
    GpuState read;
    if (read_fields(state, value, read, readers<gpu_fields, V, GpuState>)) gpu = std::move(read);
}

template <class V>
void read_part(LineState& state, CuptiSummary& cupti, V& value) {
    read_fields(state, value, cupti, readers<loss_fields, V, CuptiSummary>);
}

template <class V>
void read_part(LineState& state, SampleRecord& record, V& value) {
    read_fields(state, value, record, readers<metadata_fields, V, SampleRecord>);
}

}  // namespace decodemeter
