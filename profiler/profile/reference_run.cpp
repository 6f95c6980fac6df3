#include "profiler/profile/reference_run.hpp"

#include <algorithm>
#include <tuple>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

constexpr int longest_answer = 16;  // enough to settle, without the whole of a long answer

// Unreadable images are reported when they are measured.
std::unique_ptr<molmo::Image> readable_image(const Sample& sample) {
    try {
        return std::make_unique<molmo::Image>(molmo::read_image(sample.image));
    } catch (const InputError&) {
        return nullptr;
    }
}

}  // namespace

const Configuration& most_expensive(const std::vector<Configuration>& configurations) {
    const auto cost = [](const Configuration& configuration) {
        const ConfigKey& key = configuration.key;
        return std::tuple(key.active_blocks, key.top_k, key.tier);
    };
    return *std::max_element(configurations.begin(), configurations.end(),
                             [&](const auto& a, const auto& b) { return cost(a) < cost(b); });
}

std::optional<ReferenceRun> choose_reference(const ProfilePlan& plan,
                                             const Configuration& configuration) {
    for (const Sample& sample : plan.samples) {
        ReferenceRun run;
        if (!sample.image.empty() && !(run.image = readable_image(sample))) continue;
        run.request = make_request(sample, run.image.get(), configuration, plan.options, 0);
        run.request.tokens = std::min(plan.options.max_new_tokens, longest_answer);
        run.request.stop_at_eos = false;
        run.request.subtraction = false;
        return run;
    }
    return std::nullopt;
}

}  // namespace decodemeter
