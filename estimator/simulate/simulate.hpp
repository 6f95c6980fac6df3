// Synthetic records from a stated physical model, to try and to test the estimator without a GPU.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/predictor/step_physics.hpp"
#include "estimator/simulate/simulated_effects.hpp"
#include "profiler/record/run_header.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// Relative standard deviations of the multiplicative errors, and outliers.
struct SimulatedNoise {
    double run = 0.02;  // each configuration and data set is a run of its own
    double config = 0;  // what a configuration costs beyond the physical model
    double dataset = 0;
    double request = 0.02;
    double step = 0.01;
    double outlier_share = 0;   // of requests
    double outlier_factor = 4;  // on their decode
};

struct SimulationParameters {
    // Milliseconds: a step, and a prefill, in the terms of step_physics.hpp.
    StepPhysics physics{{2.0, 0.9, 0.05, 2e-5, 0, 0}, {8, 3.5, 0.4, 1.2e-3, 1.2e-4, 1e-7}};
    // Growth of a step by one position in percent of the first one, on top of the physical model.
    double slope_percent_per_token = 0;
    // top_k enters with this power: other than 1 is what the physical model cannot express.
    double top_k_exponent = 1;
    SimulatedNoise noise;
    SimulatedEffects effects;
    SimulatedLengths lengths;
    std::vector<std::string> datasets = {"coco_2014_vqa", "coco_caption", "doc_qa", "text_vqa"};
    std::vector<int> tiers = {0, 1, 2};
    std::vector<int> top_k = {4, 6, 8, 10, 12};
    std::vector<int> blocks = {8, 10, 12, 14, 16};
    std::int64_t requests = 10000;
    bool step_data = true;
    double single_token_share = 0;  // answers of N = 1: no decode step
    std::uint64_t seed = 3407;
};

// Error-free times, without mixtures and effects of the run. `last_step` is the answer's number of
// steps, or 0 where it is not known.
double simulated_step_ms(const SimulationParameters& parameters, const Request& request, int step,
                         int last_step = 0) noexcept;
double simulated_decode_ms(const SimulationParameters& parameters, const Request& request,
                           int output_tokens) noexcept;
double simulated_prefill_ms(const SimulationParameters& parameters,
                            const Request& request) noexcept;

struct Simulation {
    RunHeader header;  // marked synthetic; figures hold the parameters and the noise floor
    std::vector<SampleRecord> records;
    double noise_floor_percent = 0;  // mean |error-free / simulated - 1| of decode totals
};

// Throws InputError naming the parameter that has no meaning, that makes a time infinite or not
// above 0, or that would take more than 4 GiB of memory.
void check(const SimulationParameters& parameters);

// Deterministic for a seed. Throws as check().
Simulation simulate(const SimulationParameters& parameters);

// The parameters as JSON, and back: unknown names and wrong types throw InputError naming `origin`
// and the field.
std::string to_json(const SimulationParameters& parameters);
SimulationParameters parse_simulation_parameters(std::string_view text, const std::string& origin);
// Sets the parameters that `text` names and leaves the others.
void apply_simulation_parameters(SimulationParameters& parameters, std::string_view text,
                                 const std::string& origin);

}  // namespace decodemeter
