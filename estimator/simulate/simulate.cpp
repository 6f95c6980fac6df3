#include "estimator/simulate/simulate.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>

#include "estimator/data/dataset.hpp"
#include "estimator/simulate/simulated_draws.hpp"
#include "estimator/simulate/simulated_requests.hpp"
#include "profiler/record/build_info.hpp"

namespace decodemeter {

namespace {

struct Configuration {
    ConfigKey key;
    double effect = 1;
    std::vector<double> run_effects;  // by data set
};

std::vector<Configuration> make_configurations(const SimulationParameters& p,
                                               SimulatedDraws& draws) {
    std::vector<Configuration> configurations;
    for (const int tier : p.tiers) {
        for (const int top_k : p.top_k) {
            for (const int blocks : p.blocks) {
                Configuration configuration{{static_cast<Tier>(tier), top_k, blocks},
                                            draws.request_factor(p.noise.config),
                                            {}};
                for (std::size_t i = 0; i < p.datasets.size(); ++i)
                    configuration.run_effects.push_back(draws.noise_factor(p.noise.run));
                configurations.push_back(std::move(configuration));
            }
        }
    }
    return configurations;
}

void set_request(SampleRecord& record, const DrawnRequest& drawn) {
    const Request& request = drawn.request;
    record.vision_tokens = request.vision_tokens;
    record.text_tokens = request.text_tokens;
    record.prompt_tokens = request.prompt_tokens();
    record.num_crops = request.num_crops;
    record.tiling = {drawn.rows, drawn.columns};
    record.image_size = {224 * drawn.rows + 112, 224 * drawn.columns + 112};
    record.max_crops = 12;
    for (int i = 0; i < request.active_blocks; ++i) record.active_block_indices.push_back(i);
}

// Rounds the edges between steps to multiples of the clock's tick.
void quantize(std::vector<double>& steps, double tick_ms) {
    double end = 0;
    double rounded_end = 0;
    for (double& step : steps) {
        end += step;
        const double rounded = std::round(end / tick_ms) * tick_ms;
        step = rounded - rounded_end;
        rounded_end = rounded;
    }
}

std::vector<double> draw_steps(const SimulationParameters& p, const Request& request, int count,
                               double level, SimulatedDraws& draws) {
    const SimulatedEffects& effects = p.effects;
    const double spread = std::pow(effects.noise_spread, draws.event_uniform());
    std::vector<double> steps;
    for (int s = 1; s <= count; ++s) {
        const double slow =
            draws.event_happens(effects.slow_step_share) ? effects.slow_step_factor : 1;
        steps.push_back(simulated_step_ms(p, request, s, count) * level * slow *
                        draws.noise_factor(p.noise.step * spread));
    }
    if (effects.clock_tick_ms > 0) quantize(steps, effects.clock_tick_ms);
    return steps;
}

void set_prefill(SampleRecord& record, const SimulationParameters& p, const Request& request,
                 double level, SimulatedDraws& draws) {
    const double prefill =
        simulated_prefill_ms(p, request) * level * draws.noise_factor(p.noise.step);
    const double vision = (p.physics.gamma[0] + p.physics.gamma[1] * request.num_crops) * level;
    record.T_vision_total = std::min(vision, prefill);
    record.T_vision_encoder = 0.95 * record.T_vision_total;
    record.T_projector = record.T_vision_total - record.T_vision_encoder;
    record.T_LLM_prefill =
        (prefill - record.T_vision_total) * (1 - p.effects.prefill_share_in_step_1);
    record.T_prefill_total = record.T_vision_total + record.T_LLM_prefill;
}

void set_decode(SampleRecord& record, const SimulationParameters& p, const Request& request,
                double level, SimulatedDraws& draws) {
    const double stretch =
        draws.noise_uniform() < p.noise.outlier_share ? p.noise.outlier_factor : 1;
    std::vector<double> steps =
        draw_steps(p, request, record.decode_steps(), level * stretch, draws);
    record.T_LLM_decode = std::accumulate(steps.begin(), steps.end(), 0.0);
    if (p.step_data) record.T_decode_per_step = std::move(steps);
    record.decode_start_ms = record.T_prefill_total;
    record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
    record.T_total = record.decode_end_ms;
}

void set_answer(SampleRecord& record, const SimulationParameters& p, int tokens) {
    const int cut_off_at = p.lengths.rule == LengthRule::task ? 64 : p.lengths.longest;
    record.output_tokens = tokens;
    record.ends_with_eos = tokens < cut_off_at;
    record.content_tokens = tokens - (record.ends_with_eos ? 1 : 0);
    record.stop = "drawn_length";
}

// Levels that a request shares with others.
struct SharedLevels {
    double run = 1;
    std::vector<double> datasets;
};

SampleRecord draw_record(const SimulationParameters& p, const RequestPlace& place,
                         const Configuration& configuration, const SharedLevels& levels,
                         SimulatedDraws& draws) {
    const Task task = dataset_task(p.datasets[place.dataset]);
    const DrawnRequest drawn = draw_request(configuration.key, task, draws);
    const Request& request = drawn.request;
    SampleRecord record;
    record.dataset = p.datasets[place.dataset];
    record.sample_id = place.sample;
    record.config = configuration.key;
    if (p.effects.no_tiers) record.config.tier.reset();
    record.key = record_key(record.dataset, place.sample, record.config, 0);
    record.synthetic = true;
    set_answer(record, p, draw_length(p, task, place, draws));
    set_request(record, drawn);
    const double slow =
        draws.event_happens(p.effects.slow_request_share) ? p.effects.slow_request_factor : 1;
    const double level = configuration.effect * configuration.run_effects[place.dataset] *
                         levels.run * levels.datasets[place.dataset] * slow *
                         run_factor(p.effects, place.sample, p.requests) *
                         draws.noise_factor(p.noise.request);
    set_prefill(record, p, request, level, draws);
    set_decode(record, p, request, level, draws);
    return record;
}

// Simulated time starts with the epoch and counts the requests' times, so that one seed gives one
// file.
std::string time_after(double elapsed_ms) {
    const auto whole = static_cast<std::int64_t>(elapsed_ms);
    return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(whole / 1000)),
                       whole % 1000);
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
    header.stop_rule.max_new_tokens = p.lengths.rule == LengthRule::task ? 64 : p.lengths.longest;
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

Simulation simulate(const SimulationParameters& parameters) {
    check(parameters);
    SimulatedDraws draws(parameters.seed, parameters.effects.repetition);
    const std::vector<Configuration> configurations = make_configurations(parameters, draws);
    SharedLevels levels{draws.event_factor(parameters.effects.run_level), {}};
    for (std::size_t i = 0; i < parameters.datasets.size(); ++i)
        levels.datasets.push_back(draws.request_factor(parameters.noise.dataset));
    Simulation simulation;
    double elapsed_ms = 0;
    for (std::int64_t sample = 0; sample < parameters.requests; ++sample) {
        const RequestPlace place = place_of(parameters, sample, configurations.size());
        simulation.records.push_back(
            draw_record(parameters, place, configurations[place.configuration], levels, draws));
        elapsed_ms += simulation.records.back().T_total;
        simulation.records.back().time = time_after(elapsed_ms);
    }
    simulation.noise_floor_percent = noise_floor(parameters, simulation.records);
    simulation.header = make_header(parameters, simulation.noise_floor_percent);
    return simulation;
}

}  // namespace decodemeter
