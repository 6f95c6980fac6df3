// A config.json, then, after a NUL each, a preprocessor_config.json and a generation_config.json. A
// config that is accepted must be one that the geometry can be computed from.
#include "profiler/molmo/checkpoint/model_config.hpp"
#include "profiler/molmo/text/token_layout.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace decodemeter;

namespace {

void use(const molmo::ModelConfig& config) {
    if (config.q_width() != config.d_model || config.heads % config.kv_heads != 0) ::abort();
    if (config.image.base_size > 1000) return;  // the layout below would be slow, not wrong
    const molmo::Tiling tiling =
        choose_tiling(config.image, 480, 640, std::min(config.image.max_crops, 15));
    const molmo::CropPlan plan = plan_crops(config.image, tiling, 480, 640);
    if (image_masks(config.image, plan).size() !=
        static_cast<std::size_t>(tiling.crops()) *
            static_cast<std::size_t>(config.image.patches())) {
        ::abort();
    }
    for (const std::int32_t position : image_input_idx(config.image, tiling, 1)) {
        if (position != molmo::dropped_cell &&
            (position < 1 || position > image_tokens(config.image, tiling)))
            ::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto [config, others] = fuzz::split_at_nul(fuzz::text_of(data, size));
    const auto [preprocessor, generation] = fuzz::split_at_nul(others);
    fuzz::write_scratch("config.json", config);
    fuzz::write_scratch("preprocessor_config.json", preprocessor.empty() ? "{}" : preprocessor);
    fuzz::write_scratch("generation_config.json", generation.empty() ? "{}" : generation);
    fuzz::read_or_refuse([] { use(molmo::read_model_config(fuzz::scratch_directory())); });
    return 0;
}
