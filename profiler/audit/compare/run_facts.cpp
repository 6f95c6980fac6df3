#include "profiler/audit/compare/run_facts.hpp"

namespace decodemeter {

namespace {

std::string sizes_text(const ModelInfo& model) {
    std::string text;
    for (const auto& [name, size] : model.sizes)
        text += (text.empty() ? "" : ", ") + name + " " + std::to_string(size);
    return text;
}

std::string revision(const SoftwareVersions& versions) {
    return versions.git_revision + (versions.dirty ? " with changes" : "");
}

std::string number(const std::optional<int>& value) { return value ? std::to_string(*value) : ""; }

}  // namespace

std::vector<RunFact> run_facts(const RunHeader& run) {
    return {{"model", run.model.name},
            {"data type", run.model.dtype},
            {"weights", run.model.weights},
            {"model's sizes", sizes_text(run.model)},
            {"device", run.device.name},
            {"device type", run.device.type},
            {"driver", run.device.driver},
            {"threads", number(run.device.threads)},
            {"execution mode", run.execution_mode},
            {"LibTorch version", run.versions.torch},
            {"CUDA runtime", run.versions.cuda_runtime},
            {"decodemeter version", run.versions.decodemeter},
            {"git revision", revision(run.versions)},
            {"limit of crops", std::to_string(run.max_crops)},
            {"rule of active blocks", run.block_rule},
            {"rule of output lengths", run.stop_rule.output_lengths},
            {"limit of new tokens", std::to_string(run.stop_rule.max_new_tokens)},
            {"source of times", run.synthetic ? "simulated" : "measured"}};
}

std::vector<FactDifference> differing_facts(const std::optional<RunHeader>& a,
                                            const std::optional<RunHeader>& b) {
    std::vector<FactDifference> differences;
    if (!a || !b) return differences;
    const std::vector<RunFact> in_a = run_facts(*a);
    const std::vector<RunFact> in_b = run_facts(*b);
    for (std::size_t i = 0; i < in_a.size(); ++i) {
        if (in_a[i].value != in_b[i].value)
            differences.push_back({in_a[i].name, in_a[i].value, in_b[i].value});
    }
    return differences;
}

}  // namespace decodemeter
