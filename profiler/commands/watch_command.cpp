#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/knob_values.hpp"
#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/record/store/record_store.hpp"
#include "profiler/statistics/summary.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"
#include "profiler/system/file.hpp"
#include "profiler/system/program.hpp"
#include "profiler/system/scratch_folder.hpp"
#include "profiler/watch/watch_library.hpp"
#include "profiler/watch/watch_report.hpp"
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

// Found here, not after the program has run in vain.
void check_same_run(const WatchSettings& settings) {
    const fs::path file = fs::path(settings.results_dir) / run_file_name({});
    if (!fs::exists(file)) return;
    constexpr std::size_t most_header_bytes = std::size_t{16} << 20;
    const RunHeader existing =
        parse_run_header(read_input_file(file, most_header_bytes), file.string());
    RunHeader mine = existing;
    mine.model.name = settings.name;
    mine.execution_mode = watched_execution_mode;
    if (const auto differences = run_differences(mine, existing); !differences.empty())
        throw InputError(
            fmt::format("{} holds another run ({}); choose another --results_dir, or say --name",
                        settings.results_dir, fmt::join(differences, "; ")));
}

// "answer.py" of "/usr/bin/python3 -u answer.py --image cat.jpg"; the program itself where there is
// no script.
std::string name_of(const std::vector<std::string>& program) {
    const std::string first = fs::path(program.front()).filename().string();
    const bool code_in_words = std::find(program.begin(), program.end(), "-c") != program.end();
    if (!first.starts_with("python") || code_in_words) return first;
    const auto script =
        std::find_if(program.begin() + 1, program.end(),
                     [](const std::string& argument) { return !argument.starts_with("-"); });
    return script == program.end() ? first : fs::path(*script).filename().string();
}

std::string why_nothing(const WatchReport& seen) {
    constexpr const char* example =
        "it must push NVTX ranges named prefill and decode_step, as "
        "torch.cuda.nvtx.range_push(\"decode_step\"); see "
        "decodemeter watch --help";
    if (seen.processes == 0)
        return fmt::format("no sample was seen: the program did not use NVTX; {}", example);
    if (seen.unfinished > 0)
        return fmt::format(
            "no sample was seen whole: in all {} a range was left open, or no stage was in it",
            seen.unfinished);
    if (seen.names.empty())
        return fmt::format("no sample was seen: the program pushed no range; {}", example);
    return fmt::format("no sample was seen: the program's ranges have other names ({}); {}",
                       fmt::join(seen.names, ", "), example);
}

void print_samples(const WatchReport& seen, const std::string& results_dir) {
    const RecordSet set = read_results(results_dir);
    std::vector<double> watched;
    for (const auto* records : {&set.records, &set.passes}) {
        for (const SampleRecord& record : *records) {
            if (seen.samples.contains(record.key))
                watched.insert(watched.end(), record.T_decode_per_step.begin(),
                               record.T_decode_per_step.end());
        }
    }
    fmt::print("{} samples watched, {} decode steps", seen.samples.size(), watched.size());
    if (!watched.empty()) fmt::print(" of {:.3f} ms in the median", median(watched));
    fmt::print("; {} records in {}\n", set.records.size() + set.passes.size(), results_dir);
}

// What there is to be said of a run whose program ended well. Throws where it was not watched to
// its end.
void report(const WatchReport& seen, const std::string& results_dir) {
    if (!seen.samples.empty()) {
        print_samples(seen, results_dir);
        if (seen.unfinished > 0)
            spdlog::warn(
                "{} samples were not whole and are left out: a range was left open, or no stage "
                "was in them",
                seen.unfinished);
    }
    if (!seen.stopped.empty())
        throw std::runtime_error(
            fmt::format("not watched to the end: {}", fmt::join(seen.stopped, "; ")));
    if (seen.samples.empty()) throw InputError(why_nothing(seen));
    fmt::print("next: decodemeter audit {}\n", results_dir);
}

fs::path watch_library() {
    fs::path library = find_watch_library();
    if (library.empty())
        throw InputError(
            "the library that programs load is not beside this program; build all targets, and "
            "where NVTX's headers are missing, scripts/setup --cuda installs them");
    if (!::dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL))
        throw InputError(
            fmt::format("the library that programs load cannot be loaded: {}", ::dlerror()));
    return library;
}

// The libraries that scripts/bundle_run brings are ours, not the program's.
void give_back_library_path() {
    const char* const outer = std::getenv("DECODEMETER_OUTER_LIBRARY_PATH");
    if (!outer) return;
    if (*outer) ::setenv("LD_LIBRARY_PATH", outer, 1);
    else ::unsetenv("LD_LIBRARY_PATH");
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
    if (settings.name.empty()) settings.name = name_of(flags.program);
    check_dataset_name(settings.dataset);
    if (const char* const other = std::getenv(injection_variable))
        throw InputError(fmt::format(
            "{} is set: {} reads the ranges already; unset it, or leave the other tool out",
            injection_variable, other));
    check_results_directory(settings.results_dir);
    settings.results_dir = fs::absolute(settings.results_dir).string();
    check_same_run(settings);
    const ScratchFolder reports;
    settings.report_dir = reports.path().string();
    ::setenv(injection_variable, watch_library().c_str(), 1);
    ::setenv(watch_settings_variable, to_text(settings).c_str(), 1);
    give_back_library_path();
    const int code = run_watched(flags.program);
    const WatchReport seen = read_watch_report(reports.path());
    for (const std::string& problem : seen.problems) spdlog::warn("{}", problem);
    if (code != 0) {
        spdlog::error("{} ended with exit code {}; {} samples until then are in {}",
                      flags.program.front(), code, seen.samples.size(), settings.results_dir);
        throw ExitCode{code};
    }
    report(seen, settings.results_dir);
}

}  // namespace

void add_watch_command(CLI::App& app) {
    auto flags = std::make_shared<WatchFlags>();
    flags->settings.results_dir = "results/watched";
    CLI::App* command =
        app.add_subcommand("watch", "Time the decode steps of another program by its NVTX ranges");
    WatchSettings& settings = flags->settings;
    command->add_option("--results_dir", settings.results_dir, "Directory of the records")
        ->capture_default_str();
    command
        ->add_option("--dataset", settings.dataset,
                     "Name of the data set: the folder of the records in it")
        ->capture_default_str();
    command->add_option(
        "--name", settings.name,
        "Name of the program for run.json (default: that of the program or its script)");
    command
        ->add_option("--tier", flags->tier, "Image tier of the samples: low, medium, high or none")
        ->capture_default_str();
    command->add_option("--top_k", settings.config.top_k, "Experts per token; 0 in a dense model")
        ->capture_default_str();
    command->add_option("--blocks", settings.config.active_blocks, "Active blocks; 0: unknown")
        ->capture_default_str();
    command->add_option("--vision_tokens", settings.vision_tokens,
                        "Per sample, if the same for all");
    command->add_option("--text_tokens", settings.text_tokens, "Per sample, if the same for all");
    command
        ->add_option("--max_steps", settings.max_steps,
                     "Maximum number of decode steps of a sample")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
    command->add_flag("!--no_events", settings.events,
                      "No CUDA events: by default, where the program uses CUDA, they time the "
                      "steps on its default stream");
    command->add_flag("--cupti", settings.cupti,
                      "Trace the GPU too: busy time, kernels and idle split of each step. Slows "
                      "the program down; its "
                      "records are flagged and kept apart from the times of others");
    command->add_option("program", flags->program, "The program and its arguments, after --")
        ->required();
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
        "  nvtx.mark('decodemeter {\"vision_tokens\": 576, \"text_tokens\": 40, \"top_k\": 8, "
        "\"num_active_blocks\": "
        "16}')\n");
    command->callback([flags] { watch(*flags); });
}

}  // namespace decodemeter
