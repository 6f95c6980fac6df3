#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/simulate.hpp"
#include "profiler/error/error.hpp"
#include "profiler/record/record_store.hpp"
#include "profiler/report/progress.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

struct SimulateFlags {
    fs::path output_dir = "results/simulated";
    fs::path parameters_file;
    fs::path json;
    // Each is used where it was given.
    CLI::Option* requests = nullptr;
    CLI::Option* seed = nullptr;
    CLI::Option* slope = nullptr;
    CLI::Option* top_k_exponent = nullptr;
    CLI::Option* outlier_share = nullptr;
    CLI::Option* single_token_share = nullptr;
    SimulationParameters given;
    bool flat = false;
    bool no_step_data = false;
};

std::string text_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw InputError(file.string() + ": cannot read");
    std::ostringstream text;
    text << stream.rdbuf();
    return std::move(text).str();
}

SimulationParameters parameters_of(const SimulateFlags& flags) {
    SimulationParameters parameters;
    if (!flags.parameters_file.empty())
        parameters = parse_simulation_parameters(text_of(flags.parameters_file),
                                                 flags.parameters_file.string());
    const SimulationParameters& given = flags.given;
    if (flags.requests->count() > 0) parameters.requests = given.requests;
    if (flags.seed->count() > 0) parameters.seed = given.seed;
    if (flags.slope->count() > 0)
        parameters.slope_percent_per_token = given.slope_percent_per_token;
    if (flags.top_k_exponent->count() > 0) parameters.top_k_exponent = given.top_k_exponent;
    if (flags.outlier_share->count() > 0)
        parameters.noise.outlier_share = given.noise.outlier_share;
    if (flags.single_token_share->count() > 0)
        parameters.single_token_share = given.single_token_share;
    if (flags.flat)
        parameters.physics.beta[3] = parameters.physics.beta[4] = parameters.physics.beta[5] = 0;
    if (flags.no_step_data) parameters.step_data = false;
    return parameters;
}

void run_simulation(const SimulateFlags& flags) {
    const SimulationParameters parameters = parameters_of(flags);
    const Simulation simulation = simulate(parameters);
    if (fs::exists(flags.output_dir / "run.json"))
        throw InputError(flags.output_dir.string() +
                         ": holds a run already; name another --output_dir or remove it");
    RecordStore store(flags.output_dir, simulation.header);
    Progress progress("writing", static_cast<std::int64_t>(simulation.records.size()));
    std::int64_t done = 0;
    for (const SampleRecord& record : simulation.records) {
        store.append(record);
        progress.update(++done);
    }
    progress.finish();
    fmt::print("{} simulated records in {}; noise floor of decode totals {:.2f} %\n",
               simulation.records.size(), flags.output_dir.string(),
               simulation.noise_floor_percent);
    if (!flags.json.empty()) write_file(flags.json, to_json(parameters));
}

}  // namespace

void add_simulate_command(CLI::App& app) {
    const auto flags = std::make_shared<SimulateFlags>();
    CLI::App* command = app.add_subcommand(
        "simulate",
        "Write records of a stated physical model, marked synthetic, to try the estimator");
    command->add_option("--output_dir,--results_dir", flags->output_dir, "A new results directory")
        ->capture_default_str();
    command->add_option("--parameters", flags->parameters_file,
                        "Physics, noise, grid and lengths as JSON; --json writes what was used");
    SimulationParameters& given = flags->given;
    flags->requests =
        command->add_option("--requests", given.requests, "Records")->capture_default_str();
    flags->seed = command->add_option("--seed", given.seed, "Of every draw")->capture_default_str();
    flags->slope = command->add_option("--slope_percent_per_token", given.slope_percent_per_token,
                                       "Growth of a step by a position");
    flags->top_k_exponent = command->add_option("--top_k_exponent", given.top_k_exponent,
                                                "top_k enters with this power");
    flags->outlier_share = command->add_option("--outlier_share", given.noise.outlier_share,
                                               "Share of requests with a slow decode");
    flags->single_token_share = command->add_option(
        "--single_token_share", given.single_token_share, "Share of answers of one token");
    command->add_flag("--flat", flags->flat, "A step costs the same at every position and context");
    command->add_flag("--no_step_data", flags->no_step_data, "Totals only");
    command->add_option("--json,--output_file", flags->json, "The parameters that were used");
    command->footer(
        "Examples:\n"
        "  decodemeter simulate --requests 10000 --output_dir results/simulated\n"
        "  decodemeter simulate --flat --seed 1 --output_dir results/flat --json parameters.json\n"
        "  decodemeter simulate --parameters parameters.json --output_dir results/again\n");
    command->callback([flags] { run_simulation(*flags); });
}

}  // namespace decodemeter
