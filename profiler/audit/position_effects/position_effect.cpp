#include "profiler/audit/position_effects/position_effect.hpp"

#include <cstddef>

namespace decodemeter {

std::string_view to_string(PositionEffectKind kind) noexcept {
    constexpr std::array<std::string_view, 12> names = {"transient",
                                                        "slope",
                                                        "jump",
                                                        "last_step",
                                                        "pattern",
                                                        "stray",
                                                        "drift",
                                                        "shift",
                                                        "level_by_length",
                                                        "two_speeds",
                                                        "prefill_in_step_1",
                                                        "edges"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace decodemeter
