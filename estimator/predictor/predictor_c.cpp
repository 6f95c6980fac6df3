#include "estimator/predictor/predictor_c.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>
#include <string_view>

#include "estimator/predictor/predictor.hpp"

struct decodemeter_predictor {
    decodemeter::Predictor predictor;
};

namespace {

decodemeter::Request request_from(const decodemeter_request& request) noexcept {
    return {request.vision_tokens, request.text_tokens,   request.tier,
            request.top_k,         request.active_blocks, request.num_crops};
}

decodemeter_bounded_time time_from(const decodemeter::BoundedTime& time) noexcept {
    return {time.expected_ms, time.p90_ms, time.p95_ms, time.p99_ms};
}

void write_message(std::string_view text, char* message, size_t message_size) noexcept {
    if (message == nullptr || message_size == 0) return;
    const size_t length = std::min(text.size(), message_size - 1);
    std::memcpy(message, text.data(), length);
    message[length] = '\0';
}

}  // namespace

int decodemeter_predictor_abi(void) { return DECODEMETER_PREDICTOR_ABI; }

decodemeter_predictor* decodemeter_predictor_open(const char* file, char* message,
                                                  size_t message_size) {
    if (file == nullptr) {
        write_message("no file was named", message, message_size);
        return nullptr;
    }
    try {
        return new decodemeter_predictor{decodemeter::Predictor(std::filesystem::path(file))};
    } catch (const std::exception& error) {
        write_message(error.what(), message, message_size);
    } catch (...) {
        write_message("unknown failure", message, message_size);
    }
    return nullptr;
}

void decodemeter_predictor_close(decodemeter_predictor* predictor) { delete predictor; }

int decodemeter_predict(const decodemeter_predictor* predictor, const decodemeter_request* request,
                        int output_tokens, decodemeter_estimate* estimate) {
    if (predictor == nullptr || request == nullptr || estimate == nullptr) return -1;
    if (estimate->size != sizeof(decodemeter_estimate)) return -1;
    const decodemeter::Estimate result =
        predictor->predictor.predict(request_from(*request), output_tokens);
    estimate->prefill = time_from(result.prefill);
    estimate->decode = time_from(result.decode);
    estimate->total = time_from(result.total);
    estimate->hierarchical_p95_ms = result.hierarchical_p95_ms;
    estimate->coverage = static_cast<int>(result.coverage);
    estimate->feature = static_cast<int>(result.feature);
    return 0;
}

double decodemeter_step_ms(const decodemeter_predictor* predictor,
                           const decodemeter_request* request, int step) {
    if (predictor == nullptr || request == nullptr) return std::numeric_limits<double>::quiet_NaN();
    return predictor->predictor.step_ms(request_from(*request), step);
}

int decodemeter_predict_many(const decodemeter_predictor* predictor,
                             const decodemeter_request* requests, size_t count, int output_tokens,
                             double* total_ms, double* p95_ms) {
    if (predictor == nullptr || (count > 0 && (requests == nullptr || total_ms == nullptr)))
        return -1;
    for (size_t i = 0; i < count; ++i) {
        const decodemeter::Estimate estimate =
            predictor->predictor.predict(request_from(requests[i]), output_tokens);
        total_ms[i] = estimate.total.expected_ms;
        if (p95_ms != nullptr) p95_ms[i] = estimate.total.p95_ms;
    }
    return 0;
}

// The names are std::string members of the model, so data() ends in a zero.
const char* decodemeter_predictor_device(const decodemeter_predictor* predictor) {
    return predictor == nullptr ? "" : predictor->predictor.device().data();
}

const char* decodemeter_predictor_records_hash(const decodemeter_predictor* predictor) {
    return predictor == nullptr ? "" : predictor->predictor.records_hash().data();
}

int decodemeter_predictor_synthetic(const decodemeter_predictor* predictor) {
    return predictor != nullptr && predictor->predictor.synthetic() ? 1 : 0;
}

const char* decodemeter_feature_name(int feature) {
    const int last = static_cast<int>(decodemeter::Feature::output_tokens);
    const auto known = feature >= 0 && feature <= last ? static_cast<decodemeter::Feature>(feature)
                                                       : decodemeter::Feature::none;
    return decodemeter::to_string(known).data();
}
