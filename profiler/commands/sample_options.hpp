// The flags that say which samples are measured.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

struct SampleFlags {
    std::string images;
    std::optional<std::string> prompt;  // none: "Describe this image."
    std::string manifest;
    std::string samples;
    std::string dataset;
    std::string dataset_dir;
    std::string split;
    std::optional<std::size_t> num_samples;  // none: all
};

void add_sample_flags(CLI::App& command, SampleFlags& flags);

// Throws InputError unless exactly one source is named and it has samples, and for a flag that the
// source has no use for. Fields of a manifest that are not read are logged.
std::vector<Sample> read_samples(const SampleFlags& flags, std::uint64_t seed);

}  // namespace decodemeter
