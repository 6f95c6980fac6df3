#include "estimator/predictor/predictor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "estimator/predictor/latency_model.hpp"

namespace decodemeter {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::string_view to_string(Coverage coverage) noexcept {
    constexpr std::array<std::string_view, 4> names = {"OK", "INTERPOLATED", "EXTRAPOLATED",
                                                       "REFUSED"};
    return names[static_cast<std::size_t>(coverage)];
}

std::string_view to_string(Feature feature) noexcept {
    constexpr std::array<std::string_view, 8> names = {
        "none",  "vision_tokens",     "text_tokens", "tier",
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
    return decodemeter::predict(model_->values, request, output_tokens);
}

void Predictor::predict(std::span<const Request> requests, int output_tokens,
                        std::span<Estimate> estimates) const noexcept {
    const std::size_t count = std::min(requests.size(), estimates.size());
    for (std::size_t i = 0; i < count; ++i) estimates[i] = predict(requests[i], output_tokens);
}

double Predictor::prefill_ms(const Request& request) const noexcept {
    return meaningless_feature(request, 1) == Feature::none
               ? model_prefill_ms(model_->values, request)
               : nan;
}

double Predictor::step_ms(const Request& request, int step) const noexcept {
    return meaningless_feature(request, step) == Feature::none
               ? model_step_ms(model_->values, request, step)
               : nan;
}

double Predictor::decode_ms(const Request& request, int output_tokens) const noexcept {
    return meaningless_feature(request, output_tokens) == Feature::none
               ? model_decode_ms(model_->values, request, output_tokens)
               : nan;
}

std::string_view Predictor::device() const noexcept { return model_->values.provenance.device; }
std::string_view Predictor::records_hash() const noexcept {
    return model_->values.provenance.records_hash;
}
bool Predictor::synthetic() const noexcept { return model_->values.provenance.synthetic; }

}  // namespace decodemeter
