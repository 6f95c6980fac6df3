#include "profiler/profile/run_description.hpp"

#include "profiler/record/build_info.hpp"
#include "profiler/record/this_process.hpp"

namespace decodemeter {

namespace {

std::map<std::string, std::int64_t> sizes_of(const molmo::ModelConfig& config) {
    std::map<std::string, std::int64_t> sizes = {{"d_model", config.d_model},
                                                 {"layers", config.layers},
                                                 {"heads", config.heads},
                                                 {"kv_heads", config.kv_heads},
                                                 {"head_dim", config.head_dim},
                                                 {"vocabulary", config.embedding_size},
                                                 {"projector_inner", config.projector_inner},
                                                 {"vision_width", config.vision.width},
                                                 {"vision_layers", config.vision.layers},
                                                 {"qkv_bias", config.qkv_bias ? 1 : 0},
                                                 {"qk_norm", config.qk_norm ? 1 : 0}};
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
    DeviceInfo device = this_processor();
    device.threads = threads;
    return device;
}

RunHeader describe_run(const molmo::ModelDescription& model, const std::string& device) {
    const BuildInfo& build = build_info();
    RunHeader header;
    header.device = describe_cpu(model.threads);
    header.device.type = device;
    header.versions = {build.version, build.git_revision,
                       build.dirty,   molmo::Molmo::torch_version(),
                       build.cuda,    ""};
    header.model = {model.name,
                    std::string(to_string(model.precision)),
                    model.weights_source,
                    sizes_of(model.config),
                    {model.attention_backend.decode, model.attention_backend.prefill}};
    header.starts = {this_start()};
    return header;
}

}  // namespace decodemeter
