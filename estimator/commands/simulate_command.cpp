#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/commands/simulate_flags.hpp"
#include "estimator/data/published_export.hpp"
#include "estimator/simulate/simulated_truths.hpp"
#include "profiler/record/store/record_store.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

struct SimulateFlags {
    fs::path output_dir = "results/simulated";
    fs::path parameters_file;
    fs::path json;
    std::string truth;
    std::string format;  // empty: the truth's, else native
    std::string per_token;
    ParameterFlags parameters;
    bool list_truths = false;
    bool flat = false;
};

std::string text_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw InputError(file.string() + ": cannot read");
    std::ostringstream text;
    text << stream.rdbuf();
    return std::move(text).str();
}

// The truth first, then the file, then single options.
SimulationParameters parameters_of(const SimulateFlags& flags) {
    SimulationParameters parameters;
    if (!flags.truth.empty()) apply_truth(parameters, find_truth(flags.truth));
    if (!flags.parameters_file.empty())
        apply_simulation_parameters(parameters, text_of(flags.parameters_file),
                                    flags.parameters_file.string());
    flags.parameters.apply(parameters);
    if (flags.flat)
        parameters.physics.beta[3] = parameters.physics.beta[4] = parameters.physics.beta[5] = 0;
    return parameters;
}

// The figure of published documents; none: native records.
std::optional<PerTokenFigure> published_figure(const SimulateFlags& flags) {
    std::optional<PerTokenFigure> figure;
    if (!flags.truth.empty()) figure = find_truth(flags.truth).published;
    if (flags.format == "published" && !figure) figure = PerTokenFigure::output_tokens;
    if (flags.format == "native") figure.reset();
    if (flags.per_token.empty()) return figure;
    if (!figure) throw InputError("--per_token: only published records hold it; see --format");
    figure = parse_per_token_figure(flags.per_token);
    if (!figure)
        throw InputError("--per_token " + flags.per_token +
                         ": give N, N+1, N-1, content_tokens or prefill_included");
    return figure;
}

void write_native(const fs::path& folder, const Simulation& simulation) {
    RecordStore store(folder, simulation.header);
    Progress progress("writing", static_cast<std::int64_t>(simulation.records.size()));
    std::int64_t done = 0;
    for (const SampleRecord& record : simulation.records) {
        store.append(record);
        progress.update(++done);
    }
    progress.finish();
}

void write_published(const fs::path& folder, const Simulation& simulation, PerTokenFigure figure) {
    for (const auto& [path, text] : published_documents(simulation.records, figure))
        write_output_file(folder / path, text);
}

void require_new_folder(const fs::path& folder) {
    if (fs::exists(folder / "run.json"))
        throw InputError(folder.string() +
                         ": holds a run already; name another --output_dir or remove it");
}

void list_truths() {
    for (const SimulatedTruth& truth : simulated_truths())
        fmt::print("{:<20}{}\n", truth.name, truth.sentence);
}

void run_simulation(const SimulateFlags& flags) {
    if (flags.list_truths) return list_truths();
    const SimulationParameters parameters = parameters_of(flags);
    const std::optional<PerTokenFigure> figure = published_figure(flags);
    check(parameters);
    require_new_folder(flags.output_dir);
    const Simulation simulation = simulate(parameters);
    if (figure) write_published(flags.output_dir, simulation, *figure);
    else write_native(flags.output_dir, simulation);
    fmt::print("{} simulated records in {}; noise floor of decode totals {:.2f} %\n",
               simulation.records.size(), flags.output_dir.string(),
               simulation.noise_floor_percent);
    if (!flags.json.empty()) write_output_file(flags.json, to_json(parameters));
}

void add_options(CLI::App& command, SimulateFlags& flags) {
    command
        .add_option("--output_dir,--results_dir", flags.output_dir, "Output directory; must be new")
        ->capture_default_str();
    command.add_option("--truth", flags.truth,
                       "Name of a predefined simulation; other options override its parameters");
    command.add_flag("--list_truths", flags.list_truths, "List the predefined simulations");
    command.add_option("--parameters", flags.parameters_file,
                       "JSON file of parameters, as --json writes it");
    flags.parameters.add_to(command);
    command.add_flag("--flat", flags.flat, "A step costs the same at every position and context");
    command
        .add_option("--format", flags.format,
                    "native, or published: one JSON document for each data set and configuration")
        ->check(CLI::IsMember({"native", "published"}));
    command.add_option("--per_token", flags.per_token,
                       "T_decode_per_token of published records is T_LLM_decode by N, N+1, N-1 or "
                       "content_tokens, or with the prefill_included");
    command.add_option("--json,--output_file", flags.json,
                       "Write the parameters to this file as JSON");
}

}  // namespace

void add_simulate_command(CLI::App& app) {
    const auto flags = std::make_shared<SimulateFlags>();
    CLI::App* command = app.add_subcommand(
        "simulate",
        "Write records of a stated physical model, marked synthetic, to try the estimator and the "
        "audit");
    add_options(*command, *flags);
    command->footer(
        "Examples:\n"
        "  decodemeter simulate --requests 10000 --output_dir results/simulated\n"
        "  decodemeter simulate --flat --seed 1 --output_dir results/flat --json parameters.json\n"
        "  decodemeter simulate --parameters parameters.json --output_dir results/again\n"
        "  decodemeter simulate --truth first15 --output_dir results/first15\n"
        "  decodemeter simulate --log_law_offset_ms 25 --log_law_factor_ms 20 --output_dir "
        "results/law\n");
    command->callback([flags] { run_simulation(*flags); });
}

}  // namespace decodemeter
