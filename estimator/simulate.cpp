#include "estimator/simulate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "estimator/dataset.hpp"
#include "estimator/image_geometry.hpp"
#include "estimator/task.hpp"
#include "profiler/error/error.hpp"
#include "profiler/record/build_info.hpp"
#include "profiler/statistics/length_distribution.hpp"

namespace decodemeter {

namespace {

struct Tiling {
    int rows, columns;
    int vision_tokens() const { return 144 + (8 * rows + 4) * (8 * columns + 4); }
};

// What images of common shapes take in each tier.
const std::vector<Tiling>& tilings_of(int tier) {
    static const std::vector<Tiling> tilings[3] = {{{1, 1}, {1, 2}, {2, 1}},
                                                   {{2, 2}, {2, 3}, {3, 2}, {2, 4}},
                                                   {{3, 3}, {3, 4}, {4, 3}, {2, 5}}};
    return tilings[tier];
}

double factor(double deviation, std::mt19937_64& random) {
    std::normal_distribution<double> normal(0, 1);
    // Drawn even when the deviation is 0, so that two simulations with one seed differ in nothing
    // else.
    return std::exp(deviation * normal(random));
}

double power_top_k(const SimulationParameters& parameters, int top_k) {
    return std::pow(static_cast<double>(top_k), parameters.top_k_exponent);
}

void require(bool fine, const char* what) {
    if (!fine) throw InputError(std::string("simulate: ") + what);
}

void check(const SimulationParameters& p) {
    const auto all = [](const auto& values, const auto& test) {
        return std::all_of(values.begin(), values.end(), test);
    };
    const auto natural = [](double value) { return std::isfinite(value) && value >= 0; };
    require(p.requests > 0, "requests must be above 0");
    require(!p.datasets.empty() && !p.tiers.empty() && !p.top_k.empty() && !p.blocks.empty(),
            "at least one data set, tier, top_k and blocks is needed");
    require(all(p.tiers, [](int tier) { return tier >= 0 && tier <= 2; }),
            "a tier is low, medium or high");
    require(all(p.top_k, [](int k) { return k >= 0; }), "top_k must not be negative");
    require(all(p.blocks, [](int blocks) { return blocks > 0; }), "blocks must be above 0");
    require(all(p.physics.beta, natural) && all(p.physics.gamma, natural),
            "coefficients must be finite and not negative");
    require(std::accumulate(p.physics.beta.begin(), p.physics.beta.end(), 0.0) > 0,
            "a step must cost something");
    require(std::accumulate(p.physics.gamma.begin(), p.physics.gamma.end(), 0.0) > 0,
            "a prefill must cost something");
    const SimulatedNoise& n = p.noise;
    for (const double deviation : {n.run, n.config, n.dataset, n.request, n.step})
        require(natural(deviation) && deviation < 1,
                "noise is a relative standard deviation from 0 to below 1");
    require(n.outlier_share >= 0 && n.outlier_share < 1 && n.outlier_factor > 0,
            "outlier_share is from 0 to below 1");
    require(p.single_token_share >= 0 && p.single_token_share < 1,
            "single_token_share is from 0 to below 1");
    require(std::isfinite(p.slope_percent_per_token) && std::isfinite(p.top_k_exponent),
            "slopes must be finite");
}

int text_tokens(Task task, std::mt19937_64& random) {
    const auto uniform = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(random);
    };
    switch (task) {
        case Task::captioning:
            return 44 + uniform(6, 14);
        case Task::doc_qa:
            return 44 + uniform(12, 60);
        default:
            return 44 + uniform(8, 30);
    }
}

struct Configuration {
    ConfigKey key;
    double effect = 1;
    std::vector<double> run_effects;  // by data set
};

std::vector<Configuration> make_configurations(const SimulationParameters& p,
                                               std::mt19937_64& random) {
    std::vector<Configuration> configurations;
    for (const int tier : p.tiers) {
        for (const int top_k : p.top_k) {
            for (const int blocks : p.blocks) {
                Configuration configuration{
                    {static_cast<Tier>(tier), top_k, blocks}, factor(p.noise.config, random), {}};
                for (std::size_t i = 0; i < p.datasets.size(); ++i)
                    configuration.run_effects.push_back(factor(p.noise.run, random));
                configurations.push_back(std::move(configuration));
            }
        }
    }
    return configurations;
}

Request draw_request(const SimulationParameters&, const ConfigKey& key, Task task, Tiling& tiling,
                     std::mt19937_64& random) {
    const int tier = static_cast<int>(*key.tier);
    const auto& tilings = tilings_of(tier);
    tiling = tilings[std::uniform_int_distribution<std::size_t>(0, tilings.size() - 1)(random)];
    return {tiling.vision_tokens(), text_tokens(task, random),       tier, key.top_k,
            key.active_blocks,      1 + tiling.rows * tiling.columns};
}

int draw_length(const SimulationParameters& p, Task task, std::mt19937_64& random) {
    const double draw = std::uniform_real_distribution<double>(0, 1)(random);
    const int tokens = published_lengths(to_string(task))
                           .quantile(std::uniform_real_distribution<double>(0, 1)(random));
    return draw < p.single_token_share ? 1 : tokens;
}

void set_request(SampleRecord& record, const Request& request, const Tiling& tiling) {
    record.vision_tokens = request.vision_tokens;
    record.text_tokens = request.text_tokens;
    record.prompt_tokens = request.prompt_tokens();
    record.num_crops = request.num_crops;
    record.tiling = {tiling.rows, tiling.columns};
    record.image_size = {224 * tiling.rows + 112, 224 * tiling.columns + 112};
    record.max_crops = 12;
    for (int i = 0; i < request.active_blocks; ++i) record.active_block_indices.push_back(i);
}

void set_times(SampleRecord& record, const SimulationParameters& p, const Request& request,
               double level, std::mt19937_64& random) {
    const double prefill = simulated_prefill_ms(p, request) * level * factor(p.noise.step, random);
    const double vision = (p.physics.gamma[0] + p.physics.gamma[1] * request.num_crops) * level;
    record.T_vision_total = std::min(vision, prefill);
    record.T_vision_encoder = 0.95 * record.T_vision_total;
    record.T_projector = record.T_vision_total - record.T_vision_encoder;
    record.T_LLM_prefill = prefill - record.T_vision_total;
    record.T_prefill_total = record.T_vision_total + record.T_LLM_prefill;
    const bool outlier =
        std::uniform_real_distribution<double>(0, 1)(random) < p.noise.outlier_share;
    const double stretch = outlier ? p.noise.outlier_factor : 1;
    std::vector<double> steps;
    for (int s = 1; s <= record.decode_steps(); ++s)
        steps.push_back(simulated_step_ms(p, request, s) * level * stretch *
                        factor(p.noise.step, random));
    record.T_LLM_decode = std::accumulate(steps.begin(), steps.end(), 0.0);
    if (p.step_data) record.T_decode_per_step = std::move(steps);
    record.decode_start_ms = record.T_prefill_total;
    record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
    record.T_total = record.decode_end_ms;
}

SampleRecord draw_record(const SimulationParameters& p, std::int64_t sample, int dataset,
                         const Configuration& configuration, double dataset_effect,
                         std::mt19937_64& random) {
    const auto at = static_cast<std::size_t>(dataset);
    const Task task = dataset_task(p.datasets[at]);
    Tiling tiling{};
    const Request request = draw_request(p, configuration.key, task, tiling, random);
    SampleRecord record;
    record.dataset = p.datasets[at];
    record.sample_id = sample;
    record.config = configuration.key;
    record.key = record_key(record.dataset, sample, record.config, 0);
    record.output_tokens = draw_length(p, task, random);
    record.ends_with_eos = record.output_tokens < 64;
    record.content_tokens = record.output_tokens - (record.ends_with_eos ? 1 : 0);
    record.stop = "drawn_length";
    record.synthetic = true;
    record.time = "1970-01-01T00:00:00.000Z";  // simulated records have no time; the same seed
                                               // gives the same file
    set_request(record, request, tiling);
    const double level = configuration.effect * configuration.run_effects[at] * dataset_effect *
                         factor(p.noise.request, random);
    set_times(record, p, request, level, random);
    return record;
}

double noise_floor(const SimulationParameters& p, const std::vector<SampleRecord>& records) {
    double sum = 0;
    std::int64_t count = 0;
    for (const SampleRecord& record : records) {
        if (record.decode_steps() == 0) continue;
        const Request request = request_of(record);
        sum += std::abs(
            simulated_decode_ms(p, request, record.output_tokens) / record.T_LLM_decode - 1);
        ++count;
    }
    return count > 0 ? 100 * sum / static_cast<double>(count) : 0;
}

RunHeader make_header(const SimulationParameters& p, double floor_percent) {
    RunHeader header;
    header.synthetic = true;
    header.device.type = "simulated";
    header.model.name = "simulated";
    header.model.weights = "none";
    header.execution_mode = "simulated";
    header.stop_rule.output_lengths = "dataset";
    header.stop_rule.max_new_tokens = 64;
    header.stop_rule.length_seed = p.seed;
    header.max_crops = 12;
    header.order_seed = p.seed;
    header.versions.decodemeter = build_info().version;
    header.versions.git_revision = build_info().git_revision;
    header.figures["simulation"] = to_json(p);
    header.figures["noise_floor_percent"] = std::to_string(floor_percent);
    return header;
}

}  // namespace

double simulated_step_ms(const SimulationParameters& p, const Request& request, int step) noexcept {
    StepBasis basis = step_range_basis(request, step, step);
    if (request.top_k > 0) basis[2] *= power_top_k(p, request.top_k) / request.top_k;
    double time = 0;
    for (std::size_t i = 0; i < step_terms; ++i) time += p.physics.beta[i] * basis[i];
    return time * (1 + p.slope_percent_per_token / 100 * (step - 1));
}

double simulated_decode_ms(const SimulationParameters& p, const Request& request,
                           int output_tokens) noexcept {
    double time = 0;
    for (int s = 1; s < output_tokens; ++s) time += simulated_step_ms(p, request, s);
    return time;
}

double simulated_prefill_ms(const SimulationParameters& p, const Request& request) noexcept {
    PrefillBasis basis = prefill_basis(request);
    if (request.top_k > 0) basis[4] *= power_top_k(p, request.top_k) / request.top_k;
    double time = 0;
    for (std::size_t i = 0; i < prefill_terms; ++i) time += p.physics.gamma[i] * basis[i];
    return time;
}

Simulation simulate(const SimulationParameters& parameters) {
    check(parameters);
    std::mt19937_64 random(parameters.seed);
    const std::vector<Configuration> configurations = make_configurations(parameters, random);
    std::vector<double> dataset_effects;
    for (std::size_t i = 0; i < parameters.datasets.size(); ++i)
        dataset_effects.push_back(factor(parameters.noise.dataset, random));
    Simulation simulation;
    for (std::int64_t sample = 0; sample < parameters.requests; ++sample) {
        // Every data set and configuration in turn, so that also a short simulation is balanced.
        const auto dataset = static_cast<std::size_t>(sample) % parameters.datasets.size();
        const auto turn = static_cast<std::size_t>(sample) / parameters.datasets.size();
        const Configuration& configuration = configurations[turn % configurations.size()];
        simulation.records.push_back(draw_record(parameters, sample, static_cast<int>(dataset),
                                                 configuration, dataset_effects[dataset], random));
    }
    simulation.noise_floor_percent = noise_floor(parameters, simulation.records);
    simulation.header = make_header(parameters, simulation.noise_floor_percent);
    return simulation;
}

}  // namespace decodemeter
