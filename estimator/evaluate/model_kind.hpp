// The models that are set side by side.
#pragma once

#include <optional>
#include <string_view>

namespace decodemeter {

enum class ModelKind {
    average,              // the published network: one time for each of N tokens
    constant_per_config,  // a table of the measured configurations
    physics,              // the physical model, which is served
    positioned,           // the network with a time for each position
    positioned_published  // the positioned network with the published accounting
};

std::string_view to_string(ModelKind kind) noexcept;
std::optional<ModelKind> parse_model_kind(std::string_view name) noexcept;

}  // namespace decodemeter
