#include "profiler/profile/first_touch.hpp"

#include <algorithm>
#include <map>

namespace decodemeter {

std::vector<Configuration> first_touches(const std::vector<Configuration>& configurations) {
    const auto cost = [](const Configuration& one) {
        return std::pair(one.key.active_blocks, one.key.top_k);
    };
    std::map<std::optional<Tier>, Configuration> dearest;
    for (const Configuration& one : configurations) {
        const auto [place, added] = dearest.try_emplace(one.key.tier, one);
        if (!added && cost(one) > cost(place->second)) place->second = one;
    }
    std::vector<Configuration> touches;
    for (auto& [tier, one] : dearest) touches.push_back(std::move(one));
    return touches;
}

void touch_first(molmo::Molmo& model, const ReferenceRun& reference,
                 const std::vector<Configuration>& configurations,
                 const std::function<void(const Configuration&)>& before) {
    constexpr int tokens = 4;
    const MeasureRequest& request = reference.request;
    NullObserver nobody;
    for (const Configuration& one : first_touches(configurations)) {
        if (before) before(one);
        const auto input = model.prepare(
            {request.image, request.sample->prompt, tiles_of(one.key.tier), request.max_crops},
            nobody);
        model.generate(*input,
                       {{one.key.top_k, one.active_blocks},
                        std::min(tokens, request.tokens),
                        false,
                        molmo::Extent::everything},
                       nobody);
    }
    model.synchronize();
}

}  // namespace decodemeter
