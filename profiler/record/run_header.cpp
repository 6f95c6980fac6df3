#include "profiler/record/run_header.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace decodemeter {

namespace {

class Differences {
public:
    template <class Value>
    void compare(const char* field, const Value& mine, const Value& existing) {
        if (mine != existing) add(field, mine, existing);
    }

    // Where both tell it: an earlier version may not have written the field.
    void compare_known(const char* field, const std::string& mine, const std::string& existing) {
        if (!mine.empty() && !existing.empty()) compare(field, mine, existing);
    }
    void compare_known(const char* field, std::optional<int> mine, std::optional<int> existing) {
        if (mine && existing) compare(field, *mine, *existing);
    }

    template <class Value>
    void add(const char* field, const Value& mine, const Value& existing) {
        found_.push_back(fmt::format("{}: {} here, {} in run.json", field, mine, existing));
    }

    std::vector<std::string> take() { return std::move(found_); }

private:
    std::vector<std::string> found_;
};

void compare_blocks(Differences& differences, const RunHeader& mine, const RunHeader& existing) {
    if (mine.block_rule == existing.block_rule) return;
    const auto described = [](const RunHeader& header) {
        return header.block_order.empty()
                   ? header.block_rule
                   : fmt::format("{} ({})", header.block_rule, fmt::join(header.block_order, ","));
    };
    differences.add("block_rule", described(mine), described(existing));
}

}  // namespace

std::vector<std::string> run_differences(const RunHeader& mine, const RunHeader& existing) {
    Differences differences;
    differences.compare("model.name", mine.model.name, existing.model.name);
    differences.compare("model.dtype", mine.model.dtype, existing.model.dtype);
    differences.compare("model.weights", mine.model.weights, existing.model.weights);
    const AttentionInfo& attention = mine.model.attention_backend;
    const AttentionInfo& existing_attention = existing.model.attention_backend;
    differences.compare_known("model.attention_backend.decode", attention.decode,
                              existing_attention.decode);
    differences.compare_known("model.attention_backend.prefill", attention.prefill,
                              existing_attention.prefill);
    differences.compare("device.type", mine.device.type, existing.device.type);
    differences.compare("device.name", mine.device.name, existing.device.name);
    differences.compare_known("device.threads", mine.device.threads, existing.device.threads);
    differences.compare("execution_mode", mine.execution_mode, existing.execution_mode);
    differences.compare_known("versions.torch", mine.versions.torch, existing.versions.torch);
    differences.compare_known("versions.cuda_runtime", mine.versions.cuda_runtime,
                              existing.versions.cuda_runtime);
    differences.compare("max_crops", mine.max_crops, existing.max_crops);
    compare_blocks(differences, mine, existing);
    const StopRule& stop = mine.stop_rule;
    const StopRule& existing_stop = existing.stop_rule;
    differences.compare("stop_rule.output_lengths", stop.output_lengths,
                        existing_stop.output_lengths);
    differences.compare("stop_rule.max_new_tokens", stop.max_new_tokens,
                        existing_stop.max_new_tokens);
    differences.compare("stop_rule.length_seed", stop.length_seed, existing_stop.length_seed);
    differences.compare("synthetic", mine.synthetic, existing.synthetic);
    return differences.take();
}

std::vector<std::string> machine_changes(const RunHeader& mine, const RunHeader& existing) {
    Differences differences;
    differences.compare_known("device.uuid", mine.device.uuid, existing.device.uuid);
    differences.compare_known("device.driver", mine.device.driver, existing.device.driver);
    return differences.take();
}

}  // namespace decodemeter
