// The flags that say what is asked, shared by the commands that run one request.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "profiler/molmo/molmo.hpp"
#include "profiler/profile/plan/configurations.hpp"

namespace decodemeter {

struct RequestFlags {
    std::string image;
    std::string prompt = "Describe this image.";
    std::string tier = "none";
    std::optional<int> top_k;   // none: the model's own
    std::optional<int> blocks;  // none: all
    int max_crops = 12;
    int max_new_tokens = 64;
};

void add_request_flags(CLI::App& command, RequestFlags& flags);

// Null without --image.
std::unique_ptr<molmo::Image> read_request_image(const RequestFlags& flags);

// Throws InputError for a knob that the model does not have.
Configuration configuration_of(const RequestFlags& flags, const molmo::ModelDescription& model);

}  // namespace decodemeter
