#include "profiler/commands/model_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "profiler/commands/checks/option_checks.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

constexpr std::int64_t worth_a_bar_bytes = 256 << 20;

bool is_built_in(const std::string& model) {
    const auto& names = molmo::Molmo::built_in_names();
    return std::find(names.begin(), names.end(), model) != names.end();
}

void check_directory(const std::string& model) {
    if (std::filesystem::is_directory(model)) return;
    throw InputError(fmt::format("--model {}: neither a directory nor a built-in model ({})", model,
                                 fmt::join(molmo::Molmo::built_in_names(), ", ")));
}

molmo::ModelOptions options_of(const ModelFlags& flags) {
    molmo::ModelOptions options;
    options.device = flags.device;
    options.precision = parse_precision(flags.dtype);
    options.seed = flags.weight_seed;
    options.threads = flags.threads;
    return options;
}

}  // namespace

std::optional<molmo::Precision> parse_precision(const std::string& dtype) {
    if (dtype.empty()) return std::nullopt;
    if (dtype == "float32" || dtype == "fp32") return molmo::Precision::float32;
    if (dtype == "bfloat16" || dtype == "bf16") return molmo::Precision::bfloat16;
    throw InputError("--dtype " + dtype + ": give float32 or bfloat16");
}

void add_model_flags(CLI::App& command, ModelFlags& flags) {
    command
        .add_option(
            "--model", flags.model,
            fmt::format(
                "A Hugging Face snapshot's directory, or a built-in model with random weights: {}",
                fmt::join(molmo::Molmo::built_in_names(), ", ")))
        ->capture_default_str();
    command.add_option("--device", flags.device, "cpu or cuda")->capture_default_str();
    command.add_option(
        "--dtype", flags.dtype,
        "float32 or bfloat16 (default: bfloat16; float32 for the tiny models on the CPU)");
    command.add_option("--threads", flags.threads, "CPU threads (default: one for each core)")
        ->check(positive_int());
    command.add_option("--weight_seed", flags.weight_seed, "Seed of random weights")
        ->check(seed_number())
        ->capture_default_str();
}

molmo::ModelDescription describe_model(const ModelFlags& flags) {
    if (is_built_in(flags.model)) return molmo::describe_built_in(flags.model, options_of(flags));
    check_directory(flags.model);
    return molmo::describe_snapshot(flags.model, options_of(flags));
}

molmo::Molmo load_model(const ModelFlags& flags, const std::function<void()>& between) {
    molmo::ModelOptions options = options_of(flags);
    std::unique_ptr<Progress> bar;
    options.progress = [&](std::int64_t done, std::int64_t total) {
        if (between) between();
        if (total < worth_a_bar_bytes) return;
        if (!bar) bar = std::make_unique<Progress>("weights (MB)", total >> 20);
        bar->update(done >> 20);
    };
    if (is_built_in(flags.model)) return molmo::Molmo::built_in(flags.model, options);
    check_directory(flags.model);
    molmo::Molmo model = molmo::Molmo::load(flags.model, options);
    for (const std::string& warning : model.warnings()) spdlog::warn("{}", warning);
    return model;
}

}  // namespace decodemeter
