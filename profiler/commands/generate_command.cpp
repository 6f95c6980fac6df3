#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/knob_values.hpp"
#include "profiler/commands/model_options.hpp"
#include "profiler/error/error.hpp"
#include "profiler/profile/configurations.hpp"
#include "profiler/profile/instruments.hpp"
#include "profiler/profile/measure.hpp"

namespace decodemeter {

namespace {

struct GenerateFlags {
    ModelFlags model;
    std::string image;
    std::string prompt = "Describe this image.";
    std::string tier = "none";
    int top_k = 0;
    int blocks = 0;
    int max_crops = 12;
    int max_new_tokens = 64;
    bool ignore_eos = false;
};

void print_times(const GenerateTrace& trace, const molmo::InputFacts& facts) {
    double decode_ms = 0;
    for (const StepTiming& step : trace.decode) decode_ms += step.span.value_or(step.host).count();
    fmt::print(stderr, "\n{} crops, {} vision + {} text tokens in; {} tokens out\n", facts.crops, facts.vision_tokens,
               facts.text_tokens, trace.returned_tokens);
    fmt::print(stderr, "preprocess {:.1f} ms, vision encoder {:.1f} ms, projector {:.1f} ms, prefill {:.1f} ms",
               trace.stages.preprocess.count(), trace.stages.vision_encoder.count(), trace.stages.projector.count(),
               trace.stages.prefill.count());
    if (!trace.decode.empty()) {
        const auto steps = static_cast<double>(trace.decode.size());
        fmt::print(stderr, ", {} decode steps of {:.2f} ms", trace.decode.size(), decode_ms / steps);
    }
    fmt::print(stderr, "\n");
}

void generate(const GenerateFlags& flags) {
    std::optional<molmo::Image> image;
    if (!flags.image.empty()) image = molmo::read_image(flags.image);
    KnobLists knobs;
    knobs.tiers = parse_tiers(flags.tier);
    if (knobs.tiers.size() != 1) throw InputError("--tier " + flags.tier + ": give one tier");
    if (flags.top_k != 0) knobs.top_k = {flags.top_k};
    if (flags.blocks != 0) knobs.blocks = {flags.blocks};
    knobs.max_crops = flags.max_crops;
    molmo::Molmo model = load_model(flags.model);
    const Configuration configuration = make_configurations(model, knobs).front();

    Instruments instruments(flags.max_new_tokens, flags.model.device == "cuda");
    const auto input =
        model.prepare({image ? &*image : nullptr, flags.prompt, tiles_of(configuration.key.tier), flags.max_crops},
                      instruments.observers());
    const molmo::GenerateOptions options{{configuration.key.top_k, configuration.active_blocks},
                                         flags.max_new_tokens,
                                         !flags.ignore_eos,
                                         molmo::Extent::everything};
    molmo::Generation generation = model.generate(*input, options, instruments.observers());
    GenerateTrace trace = instruments.timeline().resolve();
    trace.returned_tokens = static_cast<int>(generation.tokens.size());
    if (generation.ends_with_eos) generation.tokens.pop_back();
    fmt::print("{}\n", model.tokenizer().decode(generation.tokens));
    print_times(trace, molmo::Molmo::facts(*input));
}

}  // namespace

void add_generate_command(CLI::App& app) {
    auto flags = std::make_shared<GenerateFlags>();
    CLI::App* command = app.add_subcommand("generate", "Answer one prompt about one image, and say what it took");
    add_model_flags(*command, flags->model);
    command->add_option("--image", flags->image, "JPEG, PNG or WebP (default: text only)");
    command->add_option("--prompt", flags->prompt, "What to ask")->capture_default_str();
    command->add_option("--tier", flags->tier, "low, medium, high, or none: Molmo's own tiling")->capture_default_str();
    command->add_option("--top_k", flags->top_k, "Experts per token (default: the model's own)");
    command->add_option("--blocks", flags->blocks, "Decoder blocks that run (default: all)");
    command->add_option("--max_crops", flags->max_crops, "Most tiles of an image")->capture_default_str();
    command->add_option("--max_new_tokens", flags->max_new_tokens, "Most tokens of the answer")->capture_default_str();
    command->add_flag("--ignore_eos", flags->ignore_eos, "Go on to --max_new_tokens");
    command->footer(
        "Examples:\n"
        "  decodemeter generate --model ~/models/MolmoE-1B-0924 --image cat.jpg --prompt 'What is the cat doing?'\n"
        "  decodemeter generate --image cat.jpg --max_new_tokens 16   (random weights: the answer is noise, the times "
        "are real)\n");
    command->callback([flags] { generate(*flags); });
}

}  // namespace decodemeter
