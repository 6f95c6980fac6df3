// The flags that say which samples are measured.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

struct SampleFlags {
    std::string images;
    std::string prompt = "Describe this image.";
    std::string manifest;
    std::string samples;
    std::string dataset;
    std::string dataset_dir;
    std::string split;
    std::size_t num_samples = 0;  // 0: all
};

void add_sample_flags(CLI::App& command, SampleFlags& flags);

// Throws InputError unless exactly one source is named and it has samples.
std::vector<Sample> read_samples(const SampleFlags& flags, std::uint64_t seed);

}  // namespace decodemeter
