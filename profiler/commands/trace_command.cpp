#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/model_options.hpp"
#include "profiler/commands/request_options.hpp"
#include "profiler/profile/tracing.hpp"
#include "profiler/report/report_file.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

struct TraceFlags {
    ModelFlags model;
    RequestFlags request;
    std::string output = "trace.json";
};

void trace(const TraceFlags& flags) {
    check_report_file(flags.output, "--output");
    const auto image = read_request_image(flags.request);
    const Configuration configuration =
        configuration_of(flags.request, describe_model(flags.model));
    molmo::Molmo model = load_model(flags.model);
    ProfileOptions options;
    options.lengths = {OutputLengths::Rule::fixed, flags.request.max_new_tokens};
    options.max_new_tokens = flags.request.max_new_tokens;
    options.max_crops = flags.request.max_crops;
    Sample sample;
    sample.dataset = "trace";
    sample.image = flags.request.image;
    sample.prompt = flags.request.prompt;
    const MeasureRequest request = make_request(sample, image.get(), configuration, options, 0);

    Instruments instruments(options.max_new_tokens, gpu_of(flags.model.device));
    measure(model, request, instruments);  // the first run is never like the others
    CuptiOptions cupti_options;
    cupti_options.max_steps = options.max_new_tokens;
    cupti_options.keep_records = true;
    CuptiSession cupti(cupti_options);
    const TracedSample traced = trace_sample(model, request, instruments, cupti);
    if (traced.record.cupti_refused)
        spdlog::warn("stages and steps only, without device times: {}",
                     *traced.record.cupti_refused);
    write_output_file(flags.output, traced.trace);
    fmt::print("{}: {} decode steps of {:.2f} ms; open it in ui.perfetto.dev or chrome://tracing\n",
               flags.output, traced.record.decode_steps(),
               decode_per_step_mean_ms(traced.record).value_or(0));
}

}  // namespace

void add_trace_command(CLI::App& app) {
    auto flags = std::make_shared<TraceFlags>();
    CLI::App* command = app.add_subcommand(
        "trace", "Trace one request for Perfetto: stages, decode steps, kernels");
    add_model_flags(*command, flags->model);
    add_request_flags(*command, flags->request);
    command->add_option("--output", flags->output, "The file to write")->capture_default_str();
    command->footer(
        "Examples:\n"
        "  decodemeter trace --image cat.jpg --max_new_tokens 8 --output cat.json\n"
        "  decodemeter trace --model molmoe-1b --device cuda --image cat.jpg --top_k 4\n"
        "profile --traces writes the same for samples of a run, linked from their records.\n"
        "On a GPU, NVTX ranges that libraries push are in it too if NVTX_INJECTION64_PATH names "
        "CUPTI's library.\n");
    command->callback([flags] { trace(*flags); });
}

}  // namespace decodemeter
