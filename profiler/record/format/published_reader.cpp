#include <simdjson.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "profiler/record/format/json_number.hpp"
#include "profiler/record/format/line_reading.hpp"

namespace decodemeter {

namespace {

namespace od = simdjson::ondemand;

// The knobs of a document: at the top, in summary[0], or in each sample.
struct Knobs {
    std::optional<Tier> tier;
    std::optional<int> top_k;
    std::optional<int> active_blocks;
    std::vector<int> active_block_indices;
    bool no_tier = false;  // stated as "none": a program without tiers
    bool unknown_tier = false;

    bool states_tier() const { return tier || no_tier || unknown_tier; }
};

struct PublishedSample {
    Knobs knobs;
    SampleRecord record;
    std::string fault;
    bool has_output = false;
    bool has_vision = false;
    bool has_text = false;
    bool has_vision_time = false;
    bool has_prefill_time = false;
    bool has_decode_time = false;
    std::int64_t index = 0;

    void note(std::string_view field, NumberFault what) {
        if (fault.empty()) fault = std::string(to_string(what)) + " " + std::string(field);
    }
};

void read_integers(od::value value, std::vector<int>& target) {
    od::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    target.clear();
    for (auto item : array) {
        std::int64_t number = 0;
        if (item.get_int64().get(number) == simdjson::SUCCESS)
            target.push_back(static_cast<int>(number));
    }
}

constexpr double largest_count = 1e9;
constexpr double largest_id = 9007199254740992.0;  // whole numbers up to here are exact

// A knob's number; one that no knob can have leaves `target` as it was.
void read_level(od::value value, std::optional<int>& target) {
    double number = 0;
    if (read_non_negative(value, number) == NumberFault::none && number <= largest_count)
        target = static_cast<int>(number);
}

// Takes `name` if it is one of the knobs.
bool read_knob(std::string_view name, od::value value, Knobs& knobs) {
    if (name == "tier") {
        std::string_view text;
        if (value.get_string().get(text) == simdjson::SUCCESS) {
            knobs.tier = parse_tier(text);
            knobs.no_tier = text == "none";
            knobs.unknown_tier = !knobs.tier && !knobs.no_tier;
        }
        return true;
    }
    if (name == "top_k") {
        read_level(value, knobs.top_k);
        return true;
    }
    if (name == "num_active_blocks") {
        read_level(value, knobs.active_blocks);
        return true;
    }
    if (name == "active_block_indices") {
        read_integers(value, knobs.active_block_indices);
        return true;
    }
    return false;
}

bool read_count(PublishedSample& sample, std::string_view field, od::value value, int& target) {
    double number = 0;
    const NumberFault fault = read_non_negative(value, number);
    if (fault == NumberFault::missing) return false;
    if (fault != NumberFault::none || number != std::floor(number) || number > largest_count) {
        sample.note(field, fault == NumberFault::none ? NumberFault::not_a_number : fault);
        return false;
    }
    target = static_cast<int>(number);
    return true;
}

bool read_time(PublishedSample& sample, std::string_view field, od::value value, double& target) {
    const NumberFault fault = read_non_negative(value, target);
    if (fault == NumberFault::missing) return false;
    if (fault != NumberFault::none) sample.note(field, fault);
    return fault == NumberFault::none;
}

// [[8.5, 8.3], [9.2, 9.0]]: positions, each over runs; also a flat list. A position becomes its
// mean.
void read_positions(PublishedSample& sample, od::value value) {
    od::array positions;
    if (value.get_array().get(positions) != simdjson::SUCCESS) return;
    for (auto item : positions) {
        od::value position;
        if (item.get(position) != simdjson::SUCCESS) return;
        od::json_type type;
        if (position.type().get(type) != simdjson::SUCCESS)
            return sample.note("T_decode_per_step", NumberFault::not_a_number);
        std::vector<double> runs(1);
        const NumberFault fault = type == od::json_type::array
                                      ? read_times(position, runs)
                                      : read_non_negative(position, runs.front());
        if (fault != NumberFault::none) return sample.note("T_decode_per_step", fault);
        if (runs.empty()) continue;
        sample.record.T_decode_per_step.push_back(std::accumulate(runs.begin(), runs.end(), 0.0) /
                                                  static_cast<double>(runs.size()));
    }
}

void read_pair(od::value value, std::array<int, 2>& target) {
    std::vector<int> numbers;
    read_integers(value, numbers);
    if (numbers.size() == 2) target = {numbers[0], numbers[1]};
}

void read_sample_field(PublishedSample& sample, std::string_view name, od::value value) {
    SampleRecord& record = sample.record;
    std::string_view text;
    double number = 0;
    if (read_knob(name, value, sample.knobs)) return;
    if (name == "sample_id") {
        if (read_number(value, number) == NumberFault::none && std::abs(number) <= largest_id) {
            record.sample_id = static_cast<std::int64_t>(number);
        }
    } else if (name == "output_tokens") {
        sample.has_output |= read_count(sample, name, value, record.output_tokens);
    } else if (name == "content_tokens") {
        read_count(sample, name, value, record.content_tokens);
    } else if (name == "ends_with_eos") {
        if (value.get_bool().get(record.ends_with_eos) != simdjson::SUCCESS)
            record.ends_with_eos = false;
    } else if (name == "synthetic") {
        if (value.get_bool().get(record.synthetic) != simdjson::SUCCESS) record.synthetic = false;
    } else if (name == "actual_image_size") {
        read_pair(value, record.image_size);
    } else if (name == "actual_tiling") {
        read_pair(value, record.tiling);
    } else if (name == "actual_num_crops") {
        read_count(sample, name, value, record.num_crops);
    } else if (name == "actual_vision_tokens" || (name == "vision_tokens" && !sample.has_vision)) {
        sample.has_vision |= read_count(sample, name, value, record.vision_tokens);
    } else if (name == "actual_text_tokens" || (name == "text_tokens" && !sample.has_text)) {
        sample.has_text |= read_count(sample, name, value, record.text_tokens);
    } else if (name == "T_vision_total") {
        sample.has_vision_time |= read_time(sample, name, value, record.T_vision_total);
    } else if (name == "T_LLM_prefill") {
        sample.has_prefill_time |= read_time(sample, name, value, record.T_LLM_prefill);
    } else if (name == "T_LLM_decode") {
        sample.has_decode_time |= read_time(sample, name, value, record.T_LLM_decode);
    } else if (name == "T_total") {
        read_time(sample, name, value, record.T_total);
    } else if (name == "T_decode_per_step") {
        read_positions(sample, value);
    } else if (name == "T_decode_per_token") {
        if (read_number(value, number) == NumberFault::none) record.stored_per_token_ms = number;
    } else if (name == "accuracy") {
        if (read_number(value, number) == NumberFault::none) record.accuracy = number;
    } else if (name == "pred") {
        if (value.get_string().get(text) == simdjson::SUCCESS) record.pred = std::string(text);
    }
}

// False: the document is broken here, and what follows cannot be read.
template <class Handler>
bool each_field(od::object object, const Handler& handler) {
    for (auto field : object) {
        std::string_view name;
        od::value value;
        if (field.unescaped_key().get(name) != simdjson::SUCCESS ||
            field.value().get(value) != simdjson::SUCCESS)
            return false;
        if (!handler(name, value)) return false;
    }
    return true;
}

bool read_samples(od::value value, std::vector<PublishedSample>& samples) {
    od::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    for (auto item : array) {
        od::object object;
        if (item.get_object().get(object) != simdjson::SUCCESS) return false;
        PublishedSample sample;
        sample.index = static_cast<std::int64_t>(samples.size());
        const bool whole = each_field(object, [&](std::string_view name, od::value field) {
            read_sample_field(sample, name, field);
            return true;
        });
        if (!whole) return false;
        samples.push_back(std::move(sample));
    }
    return true;
}

void read_summary(od::value value, Knobs& knobs) {
    od::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    bool first = true;
    for (auto item : array) {
        od::object object;
        if (!std::exchange(first, false) || item.get_object().get(object) != simdjson::SUCCESS)
            return;
        each_field(object, [&](std::string_view name, od::value field) {
            read_knob(name, field, knobs);
            return true;
        });
    }
}

void check_complete(PublishedSample& sample) {
    const auto require = [&](bool present, std::string_view field) {
        if (!present) sample.note(field, NumberFault::missing);
    };
    if (sample.knobs.unknown_tier && sample.fault.empty()) sample.fault = "unknown tier";
    require(sample.knobs.states_tier(), "tier");
    require(sample.knobs.top_k.has_value(), "top_k");
    require(sample.knobs.active_blocks.has_value(), "num_active_blocks");
    require(sample.has_vision, "vision_tokens");
    require(sample.has_text, "text_tokens");
    require(sample.has_output, "output_tokens");
    require(sample.has_vision_time, "T_vision_total");
    require(sample.has_prefill_time, "T_LLM_prefill");
    require(sample.has_decode_time, "T_LLM_decode");
    if (sample.fault.empty() && sample.record.output_tokens < 1)
        sample.fault = "output_tokens below 1";
}

Knobs merged(const Knobs& sample, const Knobs& document) {
    Knobs knobs = sample;
    if (!knobs.states_tier()) {
        knobs.tier = document.tier;
        knobs.no_tier = document.no_tier;
        knobs.unknown_tier = document.unknown_tier;
    }
    if (!knobs.top_k) knobs.top_k = document.top_k;
    if (!knobs.active_blocks) knobs.active_blocks = document.active_blocks;
    if (knobs.active_block_indices.empty())
        knobs.active_block_indices = document.active_block_indices;
    return knobs;
}

SampleRecord finished(PublishedSample&& sample, const std::string& dataset,
                      const std::string& stem) {
    SampleRecord record = std::move(sample.record);
    record.format = RecordFormat::published;
    record.dataset = dataset;
    record.config = {sample.knobs.tier, *sample.knobs.top_k, *sample.knobs.active_blocks};
    record.active_block_indices = std::move(sample.knobs.active_block_indices);
    // sample_id repeats between shards, so the key is the place in the file.
    record.key = dataset + '/' + stem + '/' + std::to_string(sample.index);
    record.prompt_tokens = record.vision_tokens + record.text_tokens;
    record.T_prefill_total = record.T_vision_total + record.T_LLM_prefill;
    if (record.T_total == 0) record.T_total = record.T_prefill_total + record.T_LLM_decode;
    if (record.content_tokens == 0)
        record.content_tokens = record.output_tokens - (record.ends_with_eos ? 1 : 0);
    const auto steps = static_cast<std::size_t>(record.decode_steps());
    if (!record.T_decode_per_step.empty() && record.T_decode_per_step.size() != steps)
        record.flags.push_back("steps_length");
    return record;
}

}  // namespace

void read_published_document(std::string_view text, const std::string& file,
                             const std::string& dataset,
                             const std::function<void(SampleRecord&&)>& sink, ReadReport& report) {
    od::parser parser;
    od::document document;
    od::object object;
    if (parser.iterate(text.data(), text.size(), text.size() + json_padding).get(document) !=
            simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
        return report.skip(file, 0, "broken document");
    }
    Knobs knobs;
    std::vector<PublishedSample> samples;
    bool has_samples = false;
    const bool whole = each_field(object, [&](std::string_view name, od::value value) {
        if (read_knob(name, value, knobs)) return true;
        if (name == "summary") read_summary(value, knobs);
        if (name != "per_sample_results") return true;
        has_samples = true;
        return read_samples(value, samples);
    });
    if (!whole) report.skip(file, static_cast<std::int64_t>(samples.size()), "broken document");
    else if (!has_samples)
        report.notes.push_back(file + ": has no per_sample_results; not a result document");
    const std::string stem = std::filesystem::path(file).stem().string();
    for (PublishedSample& sample : samples) {
        sample.knobs = merged(sample.knobs, knobs);
        check_complete(sample);
        if (!sample.fault.empty()) {
            report.skip(file, sample.index, sample.fault);
            continue;
        }
        ++report.read;
        ++report.published;
        sink(finished(std::move(sample), dataset, stem));
    }
}

}  // namespace decodemeter
