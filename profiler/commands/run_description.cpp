#include "profiler/commands/run_description.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "profiler/record/build_info.hpp"

namespace decodemeter {

namespace {

std::string processor_name() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        const auto colon = line.find(": ");
        if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "unknown processor";
}

// As it was typed, nul bytes turned into spaces.
std::string command_line() {
    std::ifstream stream("/proc/self/cmdline", std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    while (!text.empty() && text.back() == '\0') text.pop_back();
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

std::map<std::string, std::int64_t> sizes_of(const molmo::ModelConfig& config) {
    std::map<std::string, std::int64_t> sizes = {{"d_model", config.d_model},
                                                 {"layers", config.layers},
                                                 {"heads", config.heads},
                                                 {"kv_heads", config.kv_heads},
                                                 {"head_dim", config.head_dim},
                                                 {"vocabulary", config.embedding_size},
                                                 {"projector_inner", config.projector_inner},
                                                 {"vision_width", config.vision.width},
                                                 {"vision_layers", config.vision.layers}};
    if (config.experts) {
        sizes["experts"] = config.experts->experts;
        sizes["top_k"] = config.experts->top_k;
        sizes["expert_inner"] = config.experts->inner;
    } else {
        sizes["inner"] = config.inner;
    }
    return sizes;
}

}  // namespace

DeviceInfo describe_cpu(int threads) {
    DeviceInfo device;
    device.type = "cpu";
    device.name = processor_name();
    device.threads = threads;
    return device;
}

RunHeader describe_run(const molmo::Molmo& model, const std::string& device) {
    const BuildInfo& build = build_info();
    RunHeader header;
    header.device = describe_cpu(model.threads());
    header.device.type = device;
    header.versions = {build.version, build.git_revision, build.dirty, model.torch_version(), build.cuda, ""};
    header.model = {model.name(), std::string(to_string(model.precision())), model.weights_source(),
                    sizes_of(model.config())};
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    header.starts = {{fmt::format("{:%FT%T}Z", fmt::gmtime(now)), command_line(), build.git_revision}};
    return header;
}

}  // namespace decodemeter
