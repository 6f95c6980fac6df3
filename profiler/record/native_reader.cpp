#include <simdjson.h>

#include <array>
#include <cstring>

#include "profiler/record/json_number.hpp"
#include "profiler/record/record_reader.hpp"

namespace decodemeter {

namespace {

namespace od = simdjson::ondemand;

// What one line came to. `fault` names the first thing that makes the sample unusable.
struct LineState {
    SampleRecord record;
    std::string fault;
    double stored_decode_steps = -1;
    std::uint64_t seen = 0;

    void note(std::string_view field, NumberFault what) {
        if (fault.empty()) fault = std::string(to_string(what)) + " " + std::string(field);
    }
};

using Member = double SampleRecord::*;

void text(od::value value, std::string& target) {
    std::string_view view;
    if (value.get_string().get(view) == simdjson::SUCCESS) target = view;
}

void optional_text(od::value value, std::optional<std::string>& target) {
    std::string_view view;
    if (value.get_string().get(view) == simdjson::SUCCESS) target = std::string(view);
}

void texts(od::value value, std::vector<std::string>& target) {
    od::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    for (auto item : array) {
        std::string_view view;
        if (item.get_string().get(view) == simdjson::SUCCESS) target.emplace_back(view);
    }
}

template <class Integer>
void integer(od::value value, Integer& target) {
    std::int64_t number = 0;
    if (value.get_int64().get(number) == simdjson::SUCCESS) target = static_cast<Integer>(number);
}

template <class Integer>
void integers(od::value value, std::vector<Integer>& target) {
    od::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    for (auto item : array) {
        std::int64_t number = 0;
        if (item.get_int64().get(number) == simdjson::SUCCESS) target.push_back(static_cast<Integer>(number));
    }
}

void pair_of(od::value value, std::array<int, 2>& target) {
    std::vector<int> numbers;
    integers(value, numbers);
    if (numbers.size() == 2) target = {numbers[0], numbers[1]};
}

void optional_number(od::value value, std::optional<double>& target) {
    double number = 0;
    if (read_number(value, number) == NumberFault::none) target = number;
}

template <class Integer>
void count(LineState& state, std::string_view field, od::value value, Integer& target) {
    std::int64_t number = 0;
    if (value.get_int64().get(number) != simdjson::SUCCESS) {
        double wrong = 0;
        const NumberFault fault = read_number(value, wrong);
        return state.note(field, fault == NumberFault::none ? NumberFault::not_a_number : fault);
    }
    if (number < 0) return state.note(field, NumberFault::negative);
    target = static_cast<Integer>(number);
}

void time(LineState& state, std::string_view field, od::value value, double& target) {
    const NumberFault fault = read_non_negative(value, target);
    if (fault != NumberFault::none) state.note(field, fault);
}

void optional_times(LineState& state, std::string_view field, od::value value,
                    std::optional<std::vector<double>>& target) {
    std::vector<double> times;
    const NumberFault fault = read_times(value, times);
    if (fault == NumberFault::none) target = std::move(times);
    else if (fault != NumberFault::missing) state.note(field, fault);
}

template <class Handler>
void each_field(od::value value, const Handler& handler) {
    od::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return;
    for (auto field : object) {
        std::string_view name;
        od::value member;
        if (field.unescaped_key().get(name) != simdjson::SUCCESS || field.value().get(member) != simdjson::SUCCESS)
            return;
        handler(name, member);
    }
}

void read_clocks(LineState& state, od::value value) {
    StepClocks clocks;
    bool any = false;
    each_field(value, [&](std::string_view name, od::value member) {
        any = true;
        if (name == "host_ms") {
            if (const NumberFault fault = read_times(member, clocks.host_ms); fault != NumberFault::none)
                state.note(name, fault);
        } else if (name == "span_ms") {
            optional_times(state, name, member, clocks.span_ms);
        } else if (name == "busy_ms") {
            optional_times(state, name, member, clocks.busy_ms);
        } else if (name == "headline") {
            text(member, clocks.headline);
        }
    });
    if (any) state.record.clocks = std::move(clocks);
}

void read_subtraction(LineState& state, od::value value) {
    SubtractionTimes times;
    unsigned seen = 0;
    each_field(value, [&](std::string_view name, od::value member) {
        const auto number = [&](double& target) {
            const NumberFault fault = read_number(member, target);
            if (fault == NumberFault::none) ++seen;
            else state.note("subtraction." + std::string(name), fault);
        };
        if (name == "T_vision_total") number(times.T_vision_total);
        else if (name == "T_LLM_prefill") number(times.T_LLM_prefill);
        else if (name == "T_total") number(times.T_total);
        else if (name == "T_LLM_decode_signed") number(times.T_LLM_decode_signed);
        else if (name == "T_LLM_decode") number(times.T_LLM_decode);
    });
    if (seen == 5) state.record.subtraction = times;
}

void read_gpu(LineState& state, od::value value) {
    GpuState gpu;
    bool any = false;
    each_field(value, [&](std::string_view name, od::value member) {
        any = true;
        if (name == "sm_mhz_min") optional_number(member, gpu.sm_mhz_min);
        else if (name == "throttle") texts(member, gpu.throttle);
        else if (name == "temperature_c") optional_number(member, gpu.temperature_c);
        else if (name == "power_w") optional_number(member, gpu.power_w);
        else if (name == "energy_mj") optional_number(member, gpu.energy_mj);
    });
    if (any) state.record.gpu = std::move(gpu);
}

void read_losses(CuptiSummary& cupti, od::value value) {
    each_field(value, [&](std::string_view name, od::value member) {
        if (name == "dropped") integer(member, cupti.dropped);
        else if (name == "zero_timestamps") integer(member, cupti.zero_timestamps);
        else if (name == "unmatched") integer(member, cupti.unmatched);
        else if (name == "overlapping") integer(member, cupti.overlapping);
        else if (name == "link_disagreements") integer(member, cupti.link_disagreements);
    });
}

void read_cupti(LineState& state, od::value value) {
    CuptiSummary cupti;
    bool any = false;
    each_field(value, [&](std::string_view name, od::value member) {
        if (name == "none") return optional_text(member, state.record.cupti_refused);
        any = true;
        if (name == "idle_launch_ms") read_times(member, cupti.idle_launch_ms);
        else if (name == "idle_synchronise_ms") read_times(member, cupti.idle_synchronise_ms);
        else if (name == "idle_gap_ms") read_times(member, cupti.idle_gap_ms);
        else if (name == "kernels") integers(member, cupti.kernels);
        else if (name == "api_calls") integers(member, cupti.api_calls);
        else if (name == "synchronisations") integers(member, cupti.synchronisations);
        else if (name == "memcpy_bytes") integers(member, cupti.memcpy_bytes);
        else if (name == "losses") read_losses(cupti, member);
    });
    if (any) state.record.cupti = std::move(cupti);
}

void read_metadata(LineState& state, od::value value) {
    each_field(value, [&](std::string_view name, od::value member) {
        if (name == "prompt") optional_text(member, state.record.prompt);
        else if (name == "image") optional_text(member, state.record.image);
    });
}

void read_tier(LineState& state, od::value value) {
    std::string_view name;
    if (value.get_string().get(name) != simdjson::SUCCESS) {
        if (!value.is_null()) state.note("tier", NumberFault::not_a_number);
        return;
    }
    state.record.config.tier = parse_tier(name);
    if (!state.record.config.tier && state.fault.empty()) state.fault = "unknown tier";
}

void read_steps(LineState& state, od::value value) {
    const NumberFault fault = read_times(value, state.record.T_decode_per_step);
    if (fault != NumberFault::none && fault != NumberFault::missing) state.note("T_decode_per_step", fault);
}

struct Field {
    std::string_view name;
    void (*read)(LineState&, od::value);
    bool required;
};

// In the order in which to_json_line writes them, so that the next field is nearly always the next entry.
constexpr Field fields[] = {
    {"schema", [](LineState&, od::value) {}, false},
    {"key", [](LineState& s, od::value v) { text(v, s.record.key); }, true},
    {"dataset", [](LineState& s, od::value v) { text(v, s.record.dataset); }, false},
    {"sample_id", [](LineState& s, od::value v) { integer(v, s.record.sample_id); }, false},
    {"repeat", [](LineState& s, od::value v) { integer(v, s.record.repeat); }, false},
    {"tier", read_tier, true},
    {"tier_idx", [](LineState&, od::value) {}, false},
    {"top_k", [](LineState& s, od::value v) { count(s, "top_k", v, s.record.config.top_k); }, true},
    {"num_active_blocks",
     [](LineState& s, od::value v) { count(s, "num_active_blocks", v, s.record.config.active_blocks); }, true},
    {"active_block_indices", [](LineState& s, od::value v) { integers(v, s.record.active_block_indices); }, false},
    {"max_crops", [](LineState& s, od::value v) { integer(v, s.record.max_crops); }, false},
    {"image_size", [](LineState& s, od::value v) { pair_of(v, s.record.image_size); }, false},
    {"tiling", [](LineState& s, od::value v) { pair_of(v, s.record.tiling); }, false},
    {"num_crops", [](LineState& s, od::value v) { integer(v, s.record.num_crops); }, false},
    {"vision_tokens", [](LineState& s, od::value v) { count(s, "vision_tokens", v, s.record.vision_tokens); }, true},
    {"text_tokens", [](LineState& s, od::value v) { count(s, "text_tokens", v, s.record.text_tokens); }, true},
    {"prompt_tokens", [](LineState& s, od::value v) { integer(v, s.record.prompt_tokens); }, false},
    {"output_tokens", [](LineState& s, od::value v) { count(s, "output_tokens", v, s.record.output_tokens); }, true},
    {"content_tokens", [](LineState& s, od::value v) { integer(v, s.record.content_tokens); }, false},
    {"ends_with_eos",
     [](LineState& s, od::value v) {
         if (v.get_bool().get(s.record.ends_with_eos) != simdjson::SUCCESS) s.record.ends_with_eos = false;
     },
     false},
    {"decode_steps", [](LineState& s, od::value v) { read_number(v, s.stored_decode_steps); }, false},
    {"stop", [](LineState& s, od::value v) { text(v, s.record.stop); }, false},
    {"T_preprocess", [](LineState& s, od::value v) { time(s, "T_preprocess", v, s.record.T_preprocess); }, false},
    {"T_vision_encoder", [](LineState& s, od::value v) { time(s, "T_vision_encoder", v, s.record.T_vision_encoder); },
     false},
    {"T_projector", [](LineState& s, od::value v) { time(s, "T_projector", v, s.record.T_projector); }, false},
    {"T_vision_total", [](LineState& s, od::value v) { time(s, "T_vision_total", v, s.record.T_vision_total); }, true},
    {"T_LLM_prefill", [](LineState& s, od::value v) { time(s, "T_LLM_prefill", v, s.record.T_LLM_prefill); }, true},
    {"T_prefill_total", [](LineState& s, od::value v) { time(s, "T_prefill_total", v, s.record.T_prefill_total); },
     false},
    {"decode_start_ms", [](LineState& s, od::value v) { time(s, "decode_start_ms", v, s.record.decode_start_ms); },
     false},
    {"decode_end_ms", [](LineState& s, od::value v) { time(s, "decode_end_ms", v, s.record.decode_end_ms); }, false},
    {"T_LLM_decode", [](LineState& s, od::value v) { time(s, "T_LLM_decode", v, s.record.T_LLM_decode); }, true},
    {"T_decode_per_step", read_steps, false},
    {"T_decode_per_token", [](LineState& s, od::value v) { optional_number(v, s.record.stored_per_token_ms); }, false},
    {"T_decode_per_step_mean", [](LineState&, od::value) {}, false},
    {"T_total", [](LineState& s, od::value v) { time(s, "T_total", v, s.record.T_total); }, false},
    {"clocks", read_clocks, false},
    {"subtraction", read_subtraction, false},
    {"cupti", read_cupti, false},
    {"gpu", read_gpu, false},
    {"flags", [](LineState& s, od::value v) { texts(v, s.record.flags); }, false},
    {"time", [](LineState& s, od::value v) { text(v, s.record.time); }, false},
    {"synthetic",
     [](LineState& s, od::value v) {
         if (v.get_bool().get(s.record.synthetic) != simdjson::SUCCESS) s.record.synthetic = false;
     },
     false},
    {"pred", [](LineState& s, od::value v) { optional_text(v, s.record.pred); }, false},
    {"answers", [](LineState& s, od::value v) { texts(v, s.record.answers); }, false},
    {"accuracy", [](LineState& s, od::value v) { optional_number(v, s.record.accuracy); }, false},
    {"metadata", read_metadata, false},
};
constexpr std::size_t field_count = std::size(fields);
static_assert(field_count <= 64, "LineState::seen is one word");

// Index of `name`, looked for from `expected` on; field_count when it is unknown.
std::size_t find_field(std::string_view name, std::size_t expected) {
    for (std::size_t i = 0; i < field_count; ++i) {
        const std::size_t candidate = expected + i < field_count ? expected + i : expected + i - field_count;
        if (fields[candidate].name == name) return candidate;
    }
    return field_count;
}

void check_complete(LineState& state) {
    for (std::size_t i = 0; i < field_count && state.fault.empty(); ++i) {
        if (fields[i].required && !(state.seen >> i & 1)) state.note(fields[i].name, NumberFault::missing);
    }
    if (!state.fault.empty()) return;
    SampleRecord& record = state.record;
    if (record.output_tokens < 1) state.fault = "output_tokens below 1";
    const auto steps = static_cast<std::size_t>(record.decode_steps());
    if (!record.T_decode_per_step.empty() && record.T_decode_per_step.size() != steps)
        record.flags.push_back("steps_length");
    if (state.stored_decode_steps >= 0 && state.stored_decode_steps != static_cast<double>(steps)) {
        record.flags.push_back("decode_steps_field");
    }
}

bool read_line(od::parser& parser, std::string_view line, std::size_t readable, LineState& state) {
    od::document document;
    od::object object;
    if (parser.iterate(line.data(), line.size(), readable).get(document) != simdjson::SUCCESS) return false;
    if (document.get_object().get(object) != simdjson::SUCCESS) return false;
    std::size_t expected = 0;
    for (auto field : object) {
        std::string_view name;
        od::value value;
        if (field.unescaped_key().get(name) != simdjson::SUCCESS || field.value().get(value) != simdjson::SUCCESS)
            return false;
        const std::size_t index = find_field(name, expected);
        if (index == field_count) continue;
        fields[index].read(state, value);
        state.seen |= std::uint64_t{1} << index;
        expected = index + 1 < field_count ? index + 1 : 0;
    }
    const char* rest = nullptr;
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

}  // namespace

void read_native_lines(std::string_view text, const std::string& file, const std::function<void(SampleRecord&&)>& sink,
                       ReadReport& report) {
    od::parser parser;
    std::int64_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        ++number;
        const void* newline = std::memchr(text.data() + begin, '\n', text.size() - begin);
        const std::size_t end =
            newline ? static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) : text.size();
        const std::string_view line = text.substr(begin, end - begin);
        const std::size_t readable = text.size() - begin + json_padding;
        begin = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        LineState state;
        if (!read_line(parser, line, readable, state)) {
            report.skip(file, number, newline ? "broken line" : "torn last line");
            continue;
        }
        check_complete(state);
        if (!state.fault.empty()) {
            report.skip(file, number, state.fault);
            continue;
        }
        ++report.read;
        ++report.native;
        sink(std::move(state.record));
    }
}

}  // namespace decodemeter
