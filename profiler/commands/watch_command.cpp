#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/knob_values.hpp"
#include "profiler/commands/watch_library.hpp"
#include "profiler/error/error.hpp"
#include "profiler/error/exit_code.hpp"
#include "profiler/process/program.hpp"
#include "profiler/record/record_reader.hpp"
#include "profiler/record/record_store.hpp"
#include "profiler/statistics/summary.hpp"
#include "profiler/watch/watch_settings.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

constexpr const char* injection_variable = "NVTX_INJECTION64_PATH";

struct WatchFlags {
    WatchSettings settings;
    std::string tier = "none";
    std::vector<std::string> program;
};

// The steps of each record, by its key.
using StepsByKey = std::map<std::string, std::vector<double>>;

StepsByKey steps_in(const fs::path& results_dir) {
    StepsByKey steps;
    if (!fs::exists(results_dir / run_file_name({}))) return steps;
    const RecordSet set = read_results(results_dir);
    for (const auto* records : {&set.records, &set.passes}) {
        for (const SampleRecord& record : *records) steps[record.key] = record.T_decode_per_step;
    }
    return steps;
}

void report(const StepsByKey& before, const StepsByKey& after, const std::string& results_dir) {
    if (after.size() <= before.size()) {
        throw InputError(
            "no sample was seen: the program must push NVTX ranges named prefill and decode_step, for example "
            "torch.cuda.nvtx.range_push(\"decode_step\"); see decodemeter watch --help");
    }
    std::vector<double> watched;
    for (const auto& [key, steps] : after) {
        if (!before.contains(key)) watched.insert(watched.end(), steps.begin(), steps.end());
    }
    fmt::print("{} samples watched, {} decode steps", after.size() - before.size(), watched.size());
    if (!watched.empty()) fmt::print(" of {:.3f} ms in the median", median(watched));
    fmt::print("; {} records in {}\nnext: decodemeter audit {}\n", after.size(), results_dir, results_dir);
}

fs::path watch_library() {
    fs::path library = find_watch_library();
    if (!library.empty()) return library;
    throw InputError(
        "built without NVTX's headers, so that there is no library for programs to load; scripts/setup --cuda installs "
        "them and builds again");
}

int run_watched(const std::vector<std::string>& program) {
    try {
        return run_program(program.front(), {program.begin() + 1, program.end()});
    } catch (const std::system_error& error) {
        throw InputError(error.what());
    }
}

void watch(WatchFlags flags) {
    WatchSettings& settings = flags.settings;
    settings.config.tier = parse_tiers(flags.tier).front();
    settings.command_line = fmt::format("{}", fmt::join(flags.program, " "));
    if (settings.name.empty()) settings.name = settings.command_line;
    if (const char* const other = std::getenv(injection_variable))
        throw InputError(std::string(injection_variable) + " is set: " + other +
                         " reads the ranges already; unset it, or leave the other tool out");
    check_results_directory(settings.results_dir);
    settings.results_dir = fs::absolute(settings.results_dir).string();
    const StepsByKey before = steps_in(settings.results_dir);
    ::setenv(injection_variable, watch_library().c_str(), 1);
    ::setenv(watch_settings_variable, to_text(settings).c_str(), 1);
    const int code = run_watched(flags.program);
    if (code != 0) {
        fmt::print(stderr, "{} ended with exit code {}; what was watched until then is in {}\n", flags.program.front(),
                   code, settings.results_dir);
        throw ExitCode{code};
    }
    report(before, steps_in(settings.results_dir), settings.results_dir);
}

}  // namespace

void add_watch_command(CLI::App& app) {
    auto flags = std::make_shared<WatchFlags>();
    flags->settings.results_dir = "results/watched";
    CLI::App* command =
        app.add_subcommand("watch", "Direct step times of another program, by the NVTX ranges it pushes");
    WatchSettings& settings = flags->settings;
    command->add_option("--results_dir", settings.results_dir, "Where the records go")->capture_default_str();
    command->add_option("--dataset", settings.dataset, "The folder of the records in it")->capture_default_str();
    command->add_option("--name", settings.name, "What is run, for run.json; the program's command line otherwise");
    command->add_option("--tier", flags->tier, "Image tier of the samples: low, medium, high or none")
        ->capture_default_str();
    command->add_option("--top_k", settings.config.top_k, "Experts per token; 0 in a dense model")
        ->capture_default_str();
    command->add_option("--blocks", settings.config.active_blocks, "Active blocks; 0: unknown")->capture_default_str();
    command->add_option("--vision_tokens", settings.vision_tokens, "Of each sample, where they are all alike");
    command->add_option("--text_tokens", settings.text_tokens, "Of each sample, where they are all alike");
    command->add_option("--max_steps", settings.max_steps, "Most decode steps of a sample")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
    command->add_flag("--cupti", settings.cupti,
                      "Trace the GPU too: busy time, kernels and idle split of each step. Slows the program down; its "
                      "records are flagged and kept apart from the times of others");
    command->add_option("program", flags->program, "The program and its arguments, after --")->required();
    command->footer(
        "Examples:\n"
        "  decodemeter watch -- python3 answer.py --image cat.jpg\n"
        "  decodemeter watch --results_dir results/hf --top_k 8 --blocks 16 -- python3 answer.py\n"
        "  decodemeter audit results/hf\n"
        "The program says what it does by NVTX ranges, in any language; in Python:\n"
        "  nvtx = torch.cuda.nvtx\n"
        "  nvtx.range_push(\"generate\")\n"
        "  nvtx.range_push(\"prefill\"); first_token(); nvtx.range_pop()\n"
        "  while more(): nvtx.range_push(\"decode_step\"); next_token(); nvtx.range_pop()\n"
        "  nvtx.range_pop()\n"
        "vision_encoder and projector are read too. What it knows of a sample it says by a mark:\n"
        "  nvtx.mark('decodemeter {\"vision_tokens\": 576, \"text_tokens\": 40, \"top_k\": 8, \"num_active_blocks\": "
        "16}')\n");
    command->callback([flags] { watch(*flags); });
}

}  // namespace decodemeter
