// Latency of a request, predicted from a latency_estimator.json. Needs no LibTorch, only the C++
// standard library. A Predictor is immutable: any number of threads may ask it at once, and no
// prediction allocates.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace decodemeter {

// What is to be run. `num_crops` counts the global crop too; 0 derives it from the vision tokens.
struct Request {
    int vision_tokens = 0;
    int text_tokens = 0;
    int tier = 0;  // 0 low, 1 medium, 2 high
    int top_k = 0;
    int active_blocks = 0;
    int num_crops = 0;

    int prompt_tokens() const noexcept { return vision_tokens + text_tokens; }
    bool operator==(const Request&) const = default;
};

// How far the answer is covered by the records that the model was trained on.
enum class Coverage {
    ok,            // the configuration was measured and every feature lies in its range
    interpolated,  // a configuration that was not measured, inside the ranges; or a measured one
                   // with Estimate::feature outside its range at that tier
    extrapolated,  // a feature lies outside its range; Estimate::feature names it
    refused,       // the request has no meaning; all times are NaN
};
std::string_view to_string(Coverage coverage) noexcept;

enum class Feature {
    none,
    vision_tokens,
    text_tokens,
    tier,
    top_k,
    active_blocks,
    num_crops,
    output_tokens
};
std::string_view to_string(Feature feature) noexcept;

// A time and the upper bounds that hold for 90, 95 and 99 of 100 requests, in milliseconds.
struct BoundedTime {
    double expected_ms = 0;
    double p90_ms = 0;
    double p95_ms = 0;
    double p99_ms = 0;
};

struct Estimate {
    BoundedTime prefill;
    BoundedTime decode;  // of all N-1 steps together
    BoundedTime total;
    // Total: holds for 95 of 100 requests in 90 of 100 configurations. NaN where the records hold
    // one configuration.
    double hierarchical_p95_ms = 0;
    Coverage coverage = Coverage::ok;
    Feature feature = Feature::none;
    // Whether the upper bounds were calibrated on requests like this one. False where a feature is
    // extrapolated: show no bounds then.
    bool bounds_calibrated = false;
};

class Predictor {
public:
    // Reads a latency_estimator.json. Throws std::runtime_error naming the file and what is wrong
    // with it.
    explicit Predictor(const std::filesystem::path& file);
    // The same from text; `origin` names it in messages.
    static Predictor parse(std::string_view text, std::string_view origin);

    Predictor(Predictor&&) noexcept;
    Predictor& operator=(Predictor&&) noexcept;
    ~Predictor();

    // `output_tokens` N counts the end-of-sequence token: N-1 decode steps.
    Estimate predict(const Request& request, int output_tokens) const noexcept;

    // One estimate for each request. `estimates` is at least as long as `requests`.
    void predict(std::span<const Request> requests, int output_tokens,
                 std::span<Estimate> estimates) const noexcept;

    double prefill_ms(const Request& request) const noexcept;
    // Decode step s, 1-based: the pass that takes token s and yields token s+1, of an answer that
    // goes on after it. The last step of an answer may cost another time; decode_ms contains it.
    double step_ms(const Request& request, int step) const noexcept;
    // All steps of an answer of `output_tokens` tokens.
    double decode_ms(const Request& request, int output_tokens) const noexcept;

    // The device that the records came from, as "cuda NVIDIA H100"; SHA-256 of those records;
    // whether they were simulated.
    std::string_view device() const noexcept;
    std::string_view records_hash() const noexcept;
    bool synthetic() const noexcept;

private:
    struct Model;
    explicit Predictor(std::unique_ptr<const Model> model);
    std::unique_ptr<const Model> model_;
};

}  // namespace decodemeter
