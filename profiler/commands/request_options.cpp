#include "profiler/commands/request_options.hpp"

#include "profiler/commands/checks/option_checks.hpp"
#include "profiler/commands/knob_values.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

void add_request_flags(CLI::App& command, RequestFlags& flags) {
    command.add_option("--image", flags.image, "JPEG, PNG or WebP (default: text only)")
        ->check(not_empty());
    command.add_option("--prompt", flags.prompt, "The question")->capture_default_str();
    command.add_option("--tier", flags.tier, "low, medium, high, or none: Molmo's own tiling")
        ->capture_default_str();
    command.add_option("--top_k", flags.top_k, "Experts per token (default: the model's own)")
        ->check(positive_int());
    command.add_option("--blocks", flags.blocks, "Decoder blocks that run (default: all)")
        ->check(positive_int());
    command.add_option("--max_crops", flags.max_crops, "Maximum number of tiles of an image")
        ->check(positive_int())
        ->capture_default_str();
    command
        .add_option("--max_new_tokens", flags.max_new_tokens,
                    "Maximum number of tokens of the answer")
        ->check(positive_int())
        ->capture_default_str();
}

std::unique_ptr<molmo::Image> read_request_image(const RequestFlags& flags) {
    return flags.image.empty() ? nullptr
                               : std::make_unique<molmo::Image>(molmo::read_image(flags.image));
}

Configuration configuration_of(const RequestFlags& flags, const molmo::ModelDescription& model) {
    KnobLists knobs;
    knobs.tiers = parse_tiers(flags.tier);
    if (knobs.tiers.size() != 1) throw InputError("--tier " + flags.tier + ": give one tier");
    if (flags.top_k) knobs.top_k = {*flags.top_k};
    if (flags.blocks) knobs.blocks = {*flags.blocks};
    knobs.max_crops = flags.max_crops;
    return make_configurations(model, knobs).front();
}

}  // namespace decodemeter
