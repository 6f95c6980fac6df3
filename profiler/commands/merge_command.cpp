#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "profiler/commands/command_list.hpp"
#include "profiler/record/store/merge_shards.hpp"

namespace decodemeter {

void add_merge_command(CLI::App& app) {
    auto results_dir = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("merge", "Join the shards of a results directory");
    command
        ->add_option("results_dir,--results_dir", *results_dir,
                     "The directory that all shards were written to")
        ->required();
    command->footer(
        "Examples:\n"
        "  decodemeter profile ... --shard 1/2 --results_dir results/run &\n"
        "  decodemeter profile ... --shard 2/2 --results_dir results/run & wait\n"
        "  decodemeter merge results/run\n");
    command->callback([results_dir] {
        const MergeReport report = merge_shards(*results_dir);
        for (const std::string& note : report.notes) fmt::print("{}\n", note);
        fmt::print(
            "{} records of {} shards joined in {}; {} were there twice and were written once\n",
            report.records, report.shards, *results_dir, report.duplicates);
    });
}

}  // namespace decodemeter
