#include "profiler/commands/sample_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "profiler/commands/photographs.hpp"
#include "profiler/error/error.hpp"
#include "profiler/samples/dataset.hpp"
#include "profiler/samples/image_folder.hpp"
#include "profiler/samples/manifest.hpp"

namespace decodemeter {

namespace {

std::vector<Sample> read_found_photographs() {
    const std::filesystem::path folder = find_photographs();
    if (!folder.empty()) return read_photographs(folder);
    throw InputError(
        "--samples photos: the photographs of the scikit-image package were not found; run "
        "scripts/setup, "
        "or point DECODEMETER_PHOTOS at its skimage/data folder");
}

std::vector<Sample> read_source(const SampleFlags& flags) {
    if (!flags.images.empty()) return read_image_folder(flags.images, flags.prompt, "images");
    if (!flags.manifest.empty()) return read_manifest(flags.manifest);
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
    command.add_option("--images", flags.images,
                       "A picture or a folder of pictures, all with --prompt");
    command.add_option("--prompt", flags.prompt, "The question for --images")
        ->capture_default_str();
    command.add_option("--manifest", flags.manifest,
                       "JSON lines with prompt and, if wanted, image, dataset, answers");
    command.add_option(
        "--samples", flags.samples,
        "photos: the photographs of the scikit-image package, four kinds of prompts");
    command.add_option("--dataset", flags.dataset,
                       fmt::format("One of {}", fmt::join(dataset_names(), ", ")));
    command.add_option("--dataset_dir", flags.dataset_dir,
                       "Where that data set lies, as its owners publish it");
    command.add_option("--split", flags.split, "Its split (default: the validation split)");
    command.add_option("--num_samples", flags.num_samples,
                       "A seeded subset of this size; a larger one extends a smaller one");
}

std::vector<Sample> read_samples(const SampleFlags& flags, std::uint64_t seed) {
    const std::array sources = {&flags.images, &flags.manifest, &flags.samples, &flags.dataset};
    const auto named = std::count_if(sources.begin(), sources.end(),
                                     [](const std::string* source) { return !source->empty(); });
    if (named != 1)
        throw InputError(
            "name one source of samples: --images, --manifest, --samples photos or --dataset");
    std::vector<Sample> samples = read_source(flags);
    if (samples.empty()) throw InputError("the source of samples is empty");
    if (flags.num_samples > 0)
        samples = choose_samples(std::move(samples), flags.num_samples, seed);
    return samples;
}

}  // namespace decodemeter
