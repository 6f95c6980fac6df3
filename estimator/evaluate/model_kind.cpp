#include "estimator/evaluate/model_kind.hpp"

#include <algorithm>
#include <array>

namespace decodemeter {

namespace {

constexpr std::array<std::string_view, 5> names = {"average", "constant_per_config", "physics",
                                                   "positioned", "positioned_published"};

}  // namespace

std::string_view to_string(ModelKind kind) noexcept {
    return names[static_cast<std::size_t>(kind)];
}

std::optional<ModelKind> parse_model_kind(std::string_view name) noexcept {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<ModelKind>(found - names.begin());
}

}  // namespace decodemeter
