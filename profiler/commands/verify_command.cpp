#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <tuple>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/model_options.hpp"
#include "profiler/molmo/verify.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/table.hpp"
#include "profiler/system/exit_code.hpp"

namespace decodemeter {

namespace {

struct VerifyFlags {
    std::string directory;
    std::string device = "cpu";
    std::string dtype = "float32";
    bool all = false;
};

// How bad a row is, to choose the worst: a difference, then one that is not judged.
std::tuple<bool, bool, double> badness(const molmo::StageDifference& row) {
    return {!row.agrees, !row.judged, row.largest_relative};
}

std::string limit_text(const molmo::StageDifference& row) {
    if (!row.judged) return "–";
    return row.limit > 0 ? fmt::format("{:.3g}", row.limit) : "equal";
}

std::string verdict_text(const molmo::StageDifference& row) {
    if (!row.agrees) return "NO " + row.remark;
    if (row.judged) return "yes";
    return row.remark.empty() ? "–" : "– " + row.remark;
}

// The worst of each stage over all runs, in the order in which stages come; every row with --all.
std::vector<molmo::StageDifference> rows_to_print(const molmo::Verification& verification,
                                                  bool all) {
    if (all) return verification.stages;
    std::vector<molmo::StageDifference> worst;
    for (const molmo::StageDifference& row : verification.stages) {
        auto known = std::find_if(worst.begin(), worst.end(),
                                  [&](const auto& other) { return other.stage == row.stage; });
        if (known == worst.end()) worst.push_back(row);
        else if (badness(row) > badness(*known)) *known = row;
    }
    return worst;
}

void verify(const VerifyFlags& flags) {
    const auto precision = parse_precision(flags.dtype).value_or(molmo::Precision::float32);
    const molmo::Verification result = molmo::verify(flags.directory, {flags.device, precision});
    Table table(
        {"stage", "worst in", "largest absolute", "largest relative", "rms", "limit", "agrees"});
    for (const molmo::StageDifference& row : rows_to_print(result, flags.all)) {
        table.add_row({row.stage, row.run, fmt::format("{:.3g}", row.largest_absolute),
                       fmt::format("{:.3g}", row.largest_relative), fmt::format("{:.3g}", row.rms),
                       limit_text(row), verdict_text(row)});
    }
    fmt::print("{}\n{} of {} runs return the original's token ids; logits rms {:.3g}\n{}\n",
               table.text(output_width()), result.runs_with_equal_ids, result.runs,
               result.logits_rms, result.passed ? "PASS" : "FAIL");
    if (!result.passed) throw ExitCode{1};
}

}  // namespace

void add_verify_command(CLI::App& app) {
    auto flags = std::make_shared<VerifyFlags>();
    CLI::App* command = app.add_subcommand(
        "verify", "Compare the model stage by stage with vectors of the original code");
    command
        ->add_option(
            "directory", flags->directory,
            "Checkpoint with index.json and <case>.golden.safetensors; images in ../images")
        ->required();
    command->add_option("--device", flags->device, "cpu or cuda")->capture_default_str();
    command
        ->add_option("--dtype", flags->dtype,
                     "float32 compares every stage and the token ids; bfloat16 compares the rms of "
                     "the logits")
        ->capture_default_str();
    command->add_flag("--all", flags->all,
                      "Print every stage of every run instead of the worst run of each stage");
    command->footer(
        "Exit code 0: agrees; 1: differs; 2: the directory cannot be used.\n"
        "Examples:\n"
        "  decodemeter verify tests/golden/tiny-molmoe\n"
        "  decodemeter verify golden/tiny-molmo-dense --dtype bf16 --all\n");
    command->callback([flags] { verify(*flags); });
}

}  // namespace decodemeter
