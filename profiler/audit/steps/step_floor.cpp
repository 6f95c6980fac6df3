#include "profiler/audit/steps/step_floor.hpp"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

// Sizes by name; `complete` turns false where one is missing.
class Sizes {
public:
    explicit Sizes(const ModelInfo& model) : model_(model) {}

    double operator()(const char* name) {
        const auto found = model_.sizes.find(name);
        if (found == model_.sizes.end()) complete = false;
        return found == model_.sizes.end() ? 0 : static_cast<double>(found->second);
    }
    double value_bytes() const { return model_.dtype == "float32" ? 4 : 2; }
    bool complete = true;

private:
    const ModelInfo& model_;
};

struct Samples {
    std::vector<double> step_ms;
    std::vector<double> context;
};

// By top_k and blocks. A figure of another form, as another version wrote it, says nothing.
std::map<std::pair<int, int>, int> operation_counts(const RunHeader& run) {
    std::map<std::pair<int, int>, int> counts;
    const auto found = run.figures.find("operations_per_decode_step");
    if (found == run.figures.end()) return counts;
    const auto list = nlohmann::json::parse(found->second, nullptr, false);
    if (!list.is_array()) return counts;
    for (const auto& entry : list) {
        const auto number = [&](const char* name) {
            const auto value = entry.is_object() ? entry.find(name) : entry.end();
            return value != entry.end() && value->is_number_integer() ? value->template get<int>()
                                                                      : -1;
        };
        if (number("operations") >= 0)
            counts[{number("top_k"), number("blocks")}] = number("operations");
    }
    return counts;
}

}  // namespace

std::optional<double> step_weight_bytes(const ModelInfo& model, int top_k, int blocks) {
    Sizes size(model);
    const double d = size("d_model");
    const double key_value = size("kv_heads") * size("head_dim");
    const bool experts = model.sizes.contains("experts");
    const double attention = d * (d + 2 * key_value) + d * d;
    const double feed_forward = experts ? size("experts") * d + 3 * top_k * d * size("expert_inner")
                                        : 3 * d * size("inner");
    const double bias = size("qkv_bias") * (d + 2 * key_value);
    const double norms = 2 * d + size("qk_norm") * (d + key_value);
    const double values =
        blocks * (attention + bias + norms + feed_forward) + d + size("vocabulary") * d + d;
    return size.complete ? std::optional(values * size.value_bytes()) : std::nullopt;
}

std::optional<double> step_cache_bytes(const ModelInfo& model, int blocks, double context) {
    Sizes size(model);
    const double bytes =
        2 * blocks * size("kv_heads") * size("head_dim") * size.value_bytes() * context;
    return size.complete ? std::optional(bytes) : std::nullopt;
}

std::optional<double> memory_gb_per_s(std::string_view device_name) {
    // The first part of a name that is found counts, so the narrower ones come first.
    constexpr std::array<std::pair<std::string_view, double>, 10> speeds = {
        {{"GH200", 4000},
         {"H200", 4800},
         {"H100 PCIe", 2039},
         {"H100 NVL", 3938},
         {"H100", 3350},
         {"A100-SXM4-80GB", 2039},
         {"A100 80GB PCIe", 1935},
         {"A100", 1555},
         {"L40S", 864},
         {"RTX 4090", 1008}}};
    for (const auto& [name, speed] : speeds) {
        if (device_name.find(name) != std::string_view::npos) return speed;
    }
    return std::nullopt;
}

std::vector<StepFloorRow> step_floors(const RecordSet& set, std::span<const IdleSplitRow> traced) {
    if (!set.run) return {};
    std::map<ConfigKey, Samples> samples;
    for (const SampleRecord& record : set.records) {
        const auto mean_step = decode_per_step_mean_ms(record);
        if (!mean_step || *mean_step <= 0) continue;
        samples[record.config].step_ms.push_back(*mean_step);
        samples[record.config].context.push_back(record.prompt_tokens + record.output_tokens / 2.0);
    }
    const std::optional<double> speed = memory_gb_per_s(set.run->device.name);
    const auto operations = operation_counts(*set.run);
    std::vector<StepFloorRow> rows;
    for (const auto& [config, seen] : samples) {
        const auto weights = step_weight_bytes(set.run->model, config.top_k, config.active_blocks);
        const auto cache =
            step_cache_bytes(set.run->model, config.active_blocks, mean(seen.context));
        if (!weights || !cache) return {};
        StepFloorRow row;
        row.config = config;
        row.samples = seen.step_ms.size();
        row.step_ms = median(seen.step_ms);
        row.gigabytes = (*weights + *cache) / 1e9;
        row.gb_per_s = 1000 * row.gigabytes / row.step_ms;
        if (speed) row.floor_ms = 1000 * row.gigabytes / *speed;
        if (const auto found = operations.find({config.top_k, config.active_blocks});
            found != operations.end())
            row.operations = found->second;
        for (const IdleSplitRow& pass : traced) {
            if (pass.config != config) continue;
            row.kernels = pass.kernels;
            row.waits = pass.waits;
        }
        rows.push_back(row);
    }
    return rows;
}

}  // namespace decodemeter
