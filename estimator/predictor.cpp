#include "estimator/predictor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "estimator/latency_model.hpp"

namespace decodemeter {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
// More tokens, blocks or experts than any model has: a request beyond it is a mistake, not an extrapolation.
constexpr int largest_count = 1 << 22;

Feature meaningless_feature(const Request& request, int output_tokens) noexcept {
    const auto outside = [](int value, int low) { return value < low || value > largest_count; };
    if (outside(request.vision_tokens, 0)) return Feature::vision_tokens;
    if (outside(request.text_tokens, 0)) return Feature::text_tokens;
    if (request.tier < 0 || request.tier > 2) return Feature::tier;
    if (outside(request.top_k, 0)) return Feature::top_k;
    if (outside(request.active_blocks, 1)) return Feature::active_blocks;
    if (outside(request.num_crops, 0)) return Feature::num_crops;
    return outside(output_tokens, 1) ? Feature::output_tokens : Feature::none;
}

Feature feature_out_of_range(const LatencyModel& model, const Request& request, int output_tokens) noexcept {
    const std::array<double, range_count> values = {static_cast<double>(request.vision_tokens),
                                                    static_cast<double>(request.text_tokens),
                                                    static_cast<double>(request.tier),
                                                    static_cast<double>(request.top_k),
                                                    static_cast<double>(request.active_blocks),
                                                    static_cast<double>(crops_of(request)),
                                                    static_cast<double>(output_tokens)};
    for (std::size_t i = 0; i < range_count; ++i) {
        if (!model.ranges[i].holds(values[i])) return static_cast<Feature>(i + 1);
    }
    return Feature::none;
}

BoundedTime bounded(double expected_ms, const BoundFactors& factors) noexcept {
    return {expected_ms, expected_ms * factors.p90, expected_ms * factors.p95, expected_ms * factors.p99};
}

Estimate refusal(Feature feature) noexcept {
    const BoundedTime nothing{nan, nan, nan, nan};
    return {nothing, nothing, nothing, nan, Coverage::refused, feature};
}

}  // namespace

std::string_view to_string(Coverage coverage) noexcept {
    constexpr std::array<std::string_view, 4> names = {"OK", "INTERPOLATED", "EXTRAPOLATED", "REFUSED"};
    return names[static_cast<std::size_t>(coverage)];
}

std::string_view to_string(Feature feature) noexcept {
    constexpr std::array<std::string_view, 8> names = {"none",  "vision_tokens",     "text_tokens", "tier",
                                                       "top_k", "num_active_blocks", "num_crops",   "output_tokens"};
    return names[static_cast<std::size_t>(feature)];
}

struct Predictor::Model {
    LatencyModel values;
};

Predictor::Predictor(std::unique_ptr<const Model> model) : model_(std::move(model)) {}
Predictor::Predictor(const std::filesystem::path& file)
    : model_(std::make_unique<const Model>(Model{read_latency_model(file)})) {}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

Predictor Predictor::parse(std::string_view text, std::string_view origin) {
    return Predictor(std::make_unique<const Model>(Model{parse_latency_model(text, origin)}));
}

Estimate Predictor::predict(const Request& request, int output_tokens) const noexcept {
    if (const Feature feature = meaningless_feature(request, output_tokens); feature != Feature::none)
        return refusal(feature);
    const LatencyModel& model = model_->values;
    const ResidualFactors factors = residual_factors(model.residual, request);
    const double prefill = decodemeter::prefill_ms(model.physics, request) * factors.prefill;
    const double decode = decodemeter::decode_ms(model.physics, request, output_tokens) * factors.decode;
    const std::size_t bin = bound_bin(output_tokens);

    Estimate estimate;
    estimate.prefill = bounded(prefill, model.bounds.prefill);
    estimate.decode = bounded(decode, model.bounds.decode[bin]);
    // Without a decode step the total is the prefill, and so is its bound.
    estimate.total =
        output_tokens > 1 ? bounded(prefill + decode, model.bounds.total[bin]) : bounded(prefill, model.bounds.prefill);
    estimate.hierarchical_p95_ms = estimate.total.p95_ms * model.bounds.hierarchical;
    estimate.feature = feature_out_of_range(model, request, output_tokens);
    if (estimate.feature != Feature::none) estimate.coverage = Coverage::extrapolated;
    else if (!model.table.contains(request)) estimate.coverage = Coverage::interpolated;
    return estimate;
}

void Predictor::predict(std::span<const Request> requests, int output_tokens,
                        std::span<Estimate> estimates) const noexcept {
    const std::size_t count = std::min(requests.size(), estimates.size());
    for (std::size_t i = 0; i < count; ++i) estimates[i] = predict(requests[i], output_tokens);
}

double Predictor::prefill_ms(const Request& request) const noexcept {
    return meaningless_feature(request, 1) == Feature::none ? model_prefill_ms(model_->values, request) : nan;
}

double Predictor::step_ms(const Request& request, int step) const noexcept {
    return meaningless_feature(request, step) == Feature::none ? model_step_ms(model_->values, request, step) : nan;
}

double Predictor::decode_ms(const Request& request, int output_tokens) const noexcept {
    return meaningless_feature(request, output_tokens) == Feature::none
               ? model_decode_ms(model_->values, request, output_tokens)
               : nan;
}

std::string_view Predictor::device() const noexcept { return model_->values.provenance.device; }
std::string_view Predictor::records_hash() const noexcept { return model_->values.provenance.records_hash; }
bool Predictor::synthetic() const noexcept { return model_->values.provenance.synthetic; }

}  // namespace decodemeter
