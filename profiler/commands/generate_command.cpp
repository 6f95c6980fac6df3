#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <numeric>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/model_options.hpp"
#include "profiler/commands/request_options.hpp"
#include "profiler/profile/instruments.hpp"
#include "profiler/profile/measure.hpp"
#include "profiler/report/log_output.hpp"

namespace decodemeter {

namespace {

struct GenerateFlags {
    ModelFlags model;
    RequestFlags request;
    bool ignore_eos = false;
};

std::string times_text(const GenerateTrace& trace, const molmo::InputFacts& facts,
                       std::size_t returned_tokens) {
    const auto& [stages, first_token, total, steps] = trace.headline();
    std::string text = fmt::format(
        "\n{} crops, {} vision + {} text tokens in; {} tokens out\n"
        "preprocess {:.1f} ms, vision encoder {:.1f} ms, projector {:.1f} ms, prefill {:.1f} ms",
        facts.crops, facts.vision_tokens, facts.text_tokens, returned_tokens,
        trace.host.stages.preprocess.count(), stages.vision_encoder.count(),
        stages.projector.count(), stages.prefill.count());
    if (!steps.empty()) {
        const Milliseconds decode = std::accumulate(steps.begin(), steps.end(), Milliseconds{});
        text += fmt::format(", {} decode steps of {:.2f} ms", steps.size(),
                            decode.count() / static_cast<double>(steps.size()));
    }
    return text + "\n";
}

void generate(const GenerateFlags& flags) {
    const RequestFlags& request = flags.request;
    const auto image = read_request_image(request);
    const Configuration configuration = configuration_of(request, describe_model(flags.model));
    molmo::Molmo model = load_model(flags.model);
    Instruments instruments(request.max_new_tokens, gpu_of(flags.model.device));
    const auto input = model.prepare(
        {image.get(), request.prompt, tiles_of(configuration.key.tier), request.max_crops},
        instruments.observers());
    const molmo::GenerateOptions options{{configuration.key.top_k, configuration.active_blocks},
                                         request.max_new_tokens,
                                         !flags.ignore_eos,
                                         molmo::Extent::everything};
    molmo::Generation generation = model.generate(*input, options, instruments.observers());
    const GenerateTrace trace = instruments.timeline().resolve();
    const std::size_t returned_tokens = generation.tokens.size();
    if (generation.ends_with_eos) generation.tokens.pop_back();
    fmt::print("{}\n", model.tokenizer().decode(generation.tokens));
    constexpr std::chrono::milliseconds patience{200};
    write_log(STDERR_FILENO, times_text(trace, molmo::Molmo::facts(*input), returned_tokens),
              patience);
}

}  // namespace

void add_generate_command(CLI::App& app) {
    auto flags = std::make_shared<GenerateFlags>();
    CLI::App* command =
        app.add_subcommand("generate", "Answer one prompt about one image and print the times");
    add_model_flags(*command, flags->model);
    add_request_flags(*command, flags->request);
    command->add_flag("--ignore_eos", flags->ignore_eos, "Do not stop at EOS");
    command->footer(
        "Examples:\n"
        "  decodemeter generate --model ~/models/MolmoE-1B-0924 --image cat.jpg --prompt 'What is "
        "the cat doing?'\n"
        "  decodemeter generate --image cat.jpg --max_new_tokens 16   (random weights: the answer "
        "is noise, the times "
        "are real)\n");
    command->callback([flags] { generate(*flags); });
}

}  // namespace decodemeter
