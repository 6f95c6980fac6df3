#include "profiler/commands/model_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "profiler/error/error.hpp"
#include "profiler/report/progress.hpp"

namespace decodemeter {

namespace {

constexpr std::int64_t worth_a_bar_bytes = 256 << 20;

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
    command.add_option("--dtype", flags.dtype,
                       "float32 or bfloat16 (default: float32 for the tiny models, else bfloat16)");
    command.add_option("--threads", flags.threads, "CPU threads (default: one for each core)");
    command.add_option("--weight_seed", flags.weight_seed, "Seed of random weights")
        ->capture_default_str();
}

molmo::Molmo load_model(const ModelFlags& flags) {
    molmo::ModelOptions options;
    options.device = flags.device;
    options.precision = parse_precision(flags.dtype);
    options.seed = flags.weight_seed;
    options.threads = flags.threads;
    std::unique_ptr<Progress> bar;
    options.progress = [&](std::int64_t done, std::int64_t total) {
        if (total < worth_a_bar_bytes) return;
        if (!bar) bar = std::make_unique<Progress>("weights (MB)", total >> 20);
        bar->update(done >> 20);
    };
    const auto& built_in = molmo::Molmo::built_in_names();
    if (std::find(built_in.begin(), built_in.end(), flags.model) != built_in.end()) {
        return molmo::Molmo::built_in(flags.model, options);
    }
    if (!std::filesystem::is_directory(flags.model)) {
        throw InputError(fmt::format("--model {}: neither a directory nor a built-in model ({})",
                                     flags.model, fmt::join(built_in, ", ")));
    }
    molmo::Molmo model = molmo::Molmo::load(flags.model, options);
    for (const std::string& warning : model.warnings()) spdlog::warn("{}", warning);
    return model;
}

}  // namespace decodemeter
