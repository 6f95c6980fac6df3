#include "estimator/predictor/latency_model.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace decodemeter {

namespace {

double softplus(double x) noexcept { return x > 30 ? x : std::log1p(std::exp(x)); }

std::tuple<int, int, int> knobs(const ConfigurationCost& cost) noexcept {
    return {cost.tier, cost.top_k, cost.active_blocks};
}

double scaled_distance(int a, int b, FeatureRange range) noexcept {
    const double width = range.high - range.low;
    const double distance = (a - b) / (width > 0 ? width : 1);
    return distance * distance;
}

FeatureRange range_of(const std::vector<ConfigurationCost>& costs,
                      int ConfigurationCost::*knob) noexcept {
    FeatureRange range{static_cast<double>(costs.front().*knob),
                       static_cast<double>(costs.front().*knob)};
    for (const ConfigurationCost& cost : costs) {
        range.low = std::min<double>(range.low, cost.*knob);
        range.high = std::max<double>(range.high, cost.*knob);
    }
    return range;
}

}  // namespace

AverageTimes average_times(const AverageModel& model, const Request& request) noexcept {
    const auto [prefill, per_token] = model.network(request);
    return {model.scale_ms[0] * softplus(prefill), model.scale_ms[1] * softplus(per_token)};
}

bool CostTable::contains(const Request& request) const noexcept {
    const std::tuple wanted{request.tier, request.top_k, request.active_blocks};
    const auto found = std::lower_bound(
        costs.begin(), costs.end(), wanted,
        [](const ConfigurationCost& cost, const auto& key) { return knobs(cost) < key; });
    return found != costs.end() && knobs(*found) == wanted && found->records > 0;
}

const ConfigurationCost* CostTable::nearest(const Request& request) const noexcept {
    if (costs.empty()) return nullptr;
    const FeatureRange tiers = range_of(costs, &ConfigurationCost::tier);
    const FeatureRange top_ks = range_of(costs, &ConfigurationCost::top_k);
    const FeatureRange blocks = range_of(costs, &ConfigurationCost::active_blocks);
    const auto distance = [&](const ConfigurationCost& cost) {
        return scaled_distance(cost.tier, request.tier, tiers) +
               scaled_distance(cost.top_k, request.top_k, top_ks) +
               scaled_distance(cost.active_blocks, request.active_blocks, blocks);
    };
    return &*std::min_element(costs.begin(), costs.end(),
                              [&](const ConfigurationCost& a, const ConfigurationCost& b) {
                                  return distance(a) < distance(b);
                              });
}

std::uint32_t text_hash(std::string_view text) noexcept {
    std::uint32_t hash = 2166136261u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
}

double model_prefill_ms(const LatencyModel& model, const Request& request) noexcept {
    return physics_prefill_ms(model.physics, request);
}

double model_step_ms(const LatencyModel& model, const Request& request, int step) noexcept {
    return physics_step_ms(model.physics, request, step);
}

double model_decode_ms(const LatencyModel& model, const Request& request,
                       int output_tokens) noexcept {
    return physics_decode_ms(model.physics, request, output_tokens);
}

}  // namespace decodemeter
