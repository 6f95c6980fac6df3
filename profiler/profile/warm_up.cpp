#include "profiler/profile/warm_up.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "profiler/error/error.hpp"
#include "profiler/profile/measure.hpp"

namespace decodemeter {

namespace {

const Configuration& most_expensive(const std::vector<Configuration>& configurations) {
    const auto cost = [](const Configuration& configuration) {
        const ConfigKey& key = configuration.key;
        return std::tuple(key.active_blocks, key.top_k, key.tier);
    };
    return *std::max_element(configurations.begin(), configurations.end(),
                             [&](const auto& a, const auto& b) { return cost(a) < cost(b); });
}

// The first sample whose image can be read; unreadable ones are reported when they are measured.
std::optional<molmo::Image> first_image(const std::vector<Sample>& samples, MeasureRequest& request) {
    for (const Sample& sample : samples) {
        request.sample = &sample;
        if (sample.image.empty()) return std::nullopt;
        try {
            return molmo::read_image(sample.image);
        } catch (const InputError&) {
            request.sample = nullptr;
        }
    }
    return std::nullopt;
}

}  // namespace

WarmUp warm_up(molmo::Molmo& model, const std::vector<Sample>& samples,
               const std::vector<Configuration>& configurations, const ProfileOptions& options,
               Instruments& instruments, const std::function<void(const WarmUp&)>& on_run) {
    constexpr int longest_answer = 16;  // enough to settle, without the whole of a long answer
    MeasureRequest request;
    const std::optional<molmo::Image> image = first_image(samples, request);
    if (request.sample == nullptr) return {};
    const Configuration& configuration = most_expensive(configurations);
    request.image = image ? &*image : nullptr;
    request.config = configuration.key;
    request.active_blocks = configuration.active_blocks;
    request.max_crops = options.max_crops;
    request.tokens = std::min(options.max_new_tokens, longest_answer);
    request.stop_at_eos = false;
    Settling settling;
    while (!settling.done()) {
        settling.add(measure(model, request, instruments.timeline(), instruments.observers()).T_total);
        if (on_run) on_run(settling.result());
    }
    return settling.result();
}

}  // namespace decodemeter
