// A field of a record, told once: its name, the member that holds it, how it is read, written and
// described. Reading, writing, the JSON Schema and the definitions in run.json follow from it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <tuple>

namespace decodemeter {

// A field's name as it stands in compact JSON, `"name":`, to be compared a word at a time.
class FieldName {
public:
    consteval FieldName(const char* name) {
        while (name[size_] != '\0') ++size_;
        std::array<unsigned char, bytes> text{};
        std::array<unsigned char, bytes> mask{};
        text[0] = '"';
        for (std::size_t i = 0; i < size_; ++i) text[i + 1] = static_cast<unsigned char>(name[i]);
        text[size_ + 1] = '"';
        text[size_ + 2] = ':';
        for (std::size_t i = 0; i < quoted_size(); ++i) mask[i] = 0xff;
        name_ = name;
        text_ = std::bit_cast<Words>(text);
        mask_ = std::bit_cast<Words>(mask);
    }

    constexpr std::string_view name() const noexcept { return {name_, size_}; }
    constexpr std::size_t quoted_size() const noexcept { return size_ + 3; }

    // Whether `text` begins with the quoted name and its colon. Reads up to 32 bytes.
    bool matches(const char* text) const noexcept {
        std::uint64_t difference = 0;
        for (std::size_t word = 0; 8 * word < quoted_size(); ++word) {
            std::uint64_t found;
            std::memcpy(&found, text + 8 * word, sizeof found);
            difference |= (found ^ text_[word]) & mask_[word];
        }
        return difference == 0;
    }

private:
    static constexpr std::size_t bytes = 32;
    using Words = std::array<std::uint64_t, bytes / 8>;

    const char* name_ = nullptr;
    std::size_t size_ = 0;
    Words text_{};
    Words mask_{};
};

// What kind of value a field has. Kinds from `schema_version` on are single fields with a rule of
// their own.
enum class FieldKind {
    text,
    optional_text,
    texts,
    optional_texts,  // left out where there are none
    boolean,
    true_or_absent,
    integer,
    optional_integer,
    count,  // at least 0; anything else spoils the record
    integers,
    pair,
    time,          // milliseconds, at least 0; anything else spoils the record
    lenient_time,  // written as a time, read as a signed one
    signed_time,   // milliseconds; anything but a number spoils the record
    optional_number,
    optional_time,
    times,           // anything but a list of times spoils the record
    times_or_null,   // the same, but for null
    optional_times,  // the same; null where there are none
    tolerated_times,
    part,  // an object with fields of its own
    schema_version,
    tier_name,
    tier_index,
    decode_steps,
    headline,
    per_token,
    per_step_mean,
    refusal
};

enum class Presence {
    required,  // always written; a line without it is no record
    written,   // always written, by this version
    newer,     // always written, but not by all versions of this schema
    optional   // written where there is something to write
};

template <FieldKind field_kind, class Member>
struct RecordField {
    static constexpr FieldKind kind = field_kind;

    FieldName name;
    Member member;  // called with the object, it gives the value
    Presence presence;
    const char* meaning;
    bool in_run_file;  // whether run.json repeats the meaning

    template <class Object>
    constexpr decltype(auto) value(Object& object) const {
        return std::invoke(member, object);
    }
};

// For kinds that are no member.
struct NoMember {
    template <class Object>
    constexpr Object& operator()(Object& object) const {
        return object;
    }
};

inline constexpr bool in_run_file = true;

template <FieldKind kind, class Member = NoMember>
consteval RecordField<kind, Member> field(FieldName name, Member member, Presence presence,
                                          const char* meaning = "", bool repeated = false) {
    return {name, member, presence, meaning, repeated};
}

// Calls `use` with each field of a table.
template <class Table, class Use>
constexpr void for_each_field(const Table& table, const Use& use) {
    std::apply([&](const auto&... fields) { (use(fields), ...); }, table);
}

}  // namespace decodemeter
