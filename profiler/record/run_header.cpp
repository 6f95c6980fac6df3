#include "profiler/record/run_header.hpp"

#include <fmt/format.h>

namespace decodemeter {

std::vector<std::string> run_differences(const RunHeader& mine, const RunHeader& existing) {
    std::vector<std::string> differences;
    const auto compare = [&](const char* field, const auto& a, const auto& b) {
        if (a != b) differences.push_back(fmt::format("{}: {} here, {} in run.json", field, a, b));
    };
    compare("model.name", mine.model.name, existing.model.name);
    compare("model.dtype", mine.model.dtype, existing.model.dtype);
    compare("model.weights", mine.model.weights, existing.model.weights);
    compare("device.type", mine.device.type, existing.device.type);
    compare("device.name", mine.device.name, existing.device.name);
    compare("execution_mode", mine.execution_mode, existing.execution_mode);
    compare("max_crops", mine.max_crops, existing.max_crops);
    compare("block_rule", mine.block_rule, existing.block_rule);
    compare("stop_rule.output_lengths", mine.stop_rule.output_lengths,
            existing.stop_rule.output_lengths);
    compare("stop_rule.max_new_tokens", mine.stop_rule.max_new_tokens,
            existing.stop_rule.max_new_tokens);
    compare("stop_rule.length_seed", mine.stop_rule.length_seed, existing.stop_rule.length_seed);
    compare("synthetic", mine.synthetic, existing.synthetic);
    return differences;
}

}  // namespace decodemeter
