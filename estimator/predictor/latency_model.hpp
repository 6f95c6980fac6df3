// All that latency_estimator.json holds: the models that need no LibTorch, their bounds, and where
// they came from.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/predictor/bounds.hpp"
#include "estimator/predictor/dense_network.hpp"
#include "estimator/predictor/physics_model.hpp"
#include "estimator/predictor/step_physics.hpp"

namespace decodemeter {

inline constexpr int latency_model_version = 3;
inline constexpr std::string_view latency_model_file = "latency_estimator.json";
inline constexpr std::string_view checkpoint_file = "best_latency_estimator.pt";

// The published old model: softplus(network) * scale, outputs prefill and decode per token T/N.
struct AverageModel {
    DenseNetwork network;
    std::array<double, 2> scale_ms{1, 1};

    bool operator==(const AverageModel&) const = default;
};
struct AverageTimes {
    double prefill_ms = 0;
    double per_token_ms = 0;
};
AverageTimes average_times(const AverageModel& model, const Request& request) noexcept;

// One measured configuration: its typical step, prefill and image.
struct ConfigurationCost {
    int tier = 0;
    int top_k = 0;
    int active_blocks = 0;
    double step_ms = 0;
    double prefill_ms = 0;
    int vision_tokens = 0;
    std::int64_t records = 0;

    bool operator==(const ConfigurationCost&) const = default;
};

// c(tier, top_k, blocks) (N-1). Sorted by tier, top_k, active_blocks.
struct CostTable {
    std::vector<ConfigurationCost> costs;

    // Whether the configuration has a row with records of this device.
    bool contains(const Request& request) const noexcept;
    // The configuration's own row or the nearest one, knobs scaled to their ranges; null when
    // empty.
    const ConfigurationCost* nearest(const Request& request) const noexcept;
    bool operator==(const CostTable&) const = default;
};

// Output lengths N of one task, as the records had them.
struct TaskLengths {
    std::string task;
    std::int64_t records = 0;
    double mean_tokens = 0;
    int p95_tokens = 0;
    int p99_tokens = 0;
    std::vector<double> survival;  // survival[s-1] = P(N-1 >= s)

    bool operator==(const TaskLengths&) const = default;
};

struct FeatureRange {
    double low = 0;
    double high = 0;

    bool holds(double value) const noexcept { return value >= low && value <= high; }
    bool operator==(const FeatureRange&) const = default;
};

// By Feature, from vision_tokens to output_tokens.
inline constexpr std::size_t range_count = 7;

inline constexpr std::array<std::string_view, 3> tier_names = {"low", "medium", "high"};
using FeatureRanges = std::array<FeatureRange, range_count>;

// Answer lengths that follow a knob.
struct LengthConfounding {
    std::string knob;            // tier, top_k, num_active_blocks or configuration
    double explained_share = 0;  // of the variance of log(N-1)

    bool operator==(const LengthConfounding&) const = default;
};

struct Provenance {
    std::string device;
    std::string model;
    std::string records_hash;
    std::string decodemeter;
    std::int64_t records = 0;
    std::uint64_t seed = 0;
    bool synthetic = false;
    std::vector<std::string> datasets;
    std::vector<std::string> mixed;  // what the records' sources differ in; empty: one source
    std::string checkpoint_sha256;   // of the checkpoint trained with it; empty: not known
    std::vector<std::string>
        held_out_keys;  // records that the positioned and the average network have not seen
    std::vector<std::uint32_t>
        training_records;  // record_hash of every record that the models came from, sorted

    bool operator==(const Provenance&) const = default;
};

struct LatencyModel {
    PhysicsModel physics;
    AverageModel average;
    CostTable table;
    Bounds bounds;
    FeatureRanges ranges{};
    std::array<std::optional<FeatureRanges>, 3> tier_ranges;  // of each tier that was measured
    std::optional<LengthConfounding> length_confounding;
    std::vector<TaskLengths> lengths;
    Provenance provenance;

    bool operator==(const LatencyModel&) const = default;
};

// FNV-1a: tells records that a model came from from others.
std::uint32_t text_hash(std::string_view text) noexcept;

// The physical model as it is served; a step is one that the answer goes on after.
double model_prefill_ms(const LatencyModel& model, const Request& request) noexcept;
double model_step_ms(const LatencyModel& model, const Request& request, int step) noexcept;
double model_decode_ms(const LatencyModel& model, const Request& request,
                       int output_tokens) noexcept;

// Times, their bounds, and how far the records cover the request. Allocates nothing.
Estimate predict(const LatencyModel& model, const Request& request, int output_tokens) noexcept;
// The first feature that makes the request meaningless; none when it can be answered.
Feature meaningless_feature(const Request& request, int output_tokens) noexcept;
// Every feature that has no meaning; else every one outside of what was measured; else every one
// outside of what was measured at the request's tier.
std::vector<Feature> offending_features(const LatencyModel& model, const Request& request,
                                        int output_tokens);

std::string to_json(const LatencyModel& model);
// Both throw InputError naming the file and the field that cannot be used: another version, a
// missing or non-finite number, a network whose sizes do not fit.
LatencyModel parse_latency_model(std::string_view text, std::string_view origin);
LatencyModel read_latency_model(const std::filesystem::path& file);

}  // namespace decodemeter
