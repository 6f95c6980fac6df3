#include "profiler/commands/sample_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "profiler/commands/checks/option_checks.hpp"
#include "profiler/samples/dataset.hpp"
#include "profiler/samples/image_folder.hpp"
#include "profiler/samples/manifest.hpp"
#include "profiler/samples/photographs.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

constexpr const char* usual_prompt = "Describe this image.";

std::vector<Sample> read_found_photographs() {
    const std::filesystem::path folder = find_photographs();
    if (!folder.empty()) return read_photographs(folder);
    throw InputError(
        "--samples photos: the photographs of the scikit-image package were not found; run "
        "scripts/setup, "
        "or point DECODEMETER_PHOTOS at its skimage/data folder");
}

std::vector<Sample> read_logged_manifest(const std::string& path) {
    std::set<std::string> unknown;
    std::vector<Sample> samples = read_manifest(path, &unknown);
    if (!unknown.empty()) {
        spdlog::warn(
            "{}: fields that are not used: {}; a line's fields are prompt, image, dataset, "
            "task, answers, id",
            path, fmt::join(unknown, ", "));
    }
    return samples;
}

// Flags that the source has no use for would be ignored without a word.
void refuse_unused_flags(const SampleFlags& flags) {
    const auto refuse = [](bool given, const char* flag, const char* source) {
        if (given) throw InputError(fmt::format("{} is for {} alone", flag, source));
    };
    if (flags.images.empty()) refuse(flags.prompt.has_value(), "--prompt", "--images");
    if (!flags.dataset.empty()) return;
    refuse(!flags.split.empty(), "--split", "--dataset");
    refuse(!flags.dataset_dir.empty(), "--dataset_dir", "--dataset");
}

std::vector<Sample> read_source(const SampleFlags& flags) {
    if (!flags.images.empty())
        return read_image_folder(flags.images, flags.prompt.value_or(usual_prompt), "images");
    if (!flags.manifest.empty()) return read_logged_manifest(flags.manifest);
    if (!flags.dataset.empty()) {
        if (flags.dataset_dir.empty())
            throw InputError("--dataset " + flags.dataset +
                             ": name its directory with --dataset_dir");
        return read_dataset({flags.dataset, flags.dataset_dir, flags.split});
    }
    if (flags.samples == "photos") return read_found_photographs();
    throw InputError("--samples " + flags.samples + ": the only built-in samples are photos");
}

}  // namespace

void add_sample_flags(CLI::App& command, SampleFlags& flags) {
    command
        .add_option("--images", flags.images,
                    "A picture or a folder of pictures, all with --prompt")
        ->check(not_empty());
    command
        .add_option("--prompt", flags.prompt,
                    fmt::format("The question for --images (default: {})", usual_prompt))
        ->check(not_empty());
    command
        .add_option("--manifest", flags.manifest,
                    "JSON lines with a prompt and optionally image, dataset, task, answers and id")
        ->check(not_empty());
    command
        .add_option(
            "--samples", flags.samples,
            "photos: the photographs of the scikit-image package with four kinds of prompts")
        ->check(not_empty());
    command
        .add_option("--dataset", flags.dataset,
                    fmt::format("One of {}", fmt::join(dataset_names(), ", ")))
        ->check(not_empty());
    command
        .add_option("--dataset_dir", flags.dataset_dir,
                    "Folder of that data set, in the layout in which its owners publish it")
        ->check(not_empty());
    command.add_option("--split", flags.split, "Split of the data set (default: validation)")
        ->check(not_empty());
    command
        .add_option(
            "--num_samples", flags.num_samples,
            "Number of samples to draw with the seed; a larger subset contains the smaller ones")
        ->check(positive_int());
}

std::vector<Sample> read_samples(const SampleFlags& flags, std::uint64_t seed) {
    const std::array sources = {&flags.images, &flags.manifest, &flags.samples, &flags.dataset};
    const auto named = std::count_if(sources.begin(), sources.end(),
                                     [](const std::string* source) { return !source->empty(); });
    if (named != 1)
        throw InputError(
            "name one source of samples: --images, --manifest, --samples photos or --dataset");
    refuse_unused_flags(flags);
    std::vector<Sample> samples = read_source(flags);
    if (samples.empty()) throw InputError("the source of samples is empty");
    if (flags.num_samples) samples = choose_samples(std::move(samples), *flags.num_samples, seed);
    return samples;
}

}  // namespace decodemeter
