#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/data/published_export.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

struct ExportFlags {
    std::filesystem::path results_dir;
    std::vector<std::string> datasets;
    std::string format = "published";
    std::filesystem::path output_dir;
    std::filesystem::path json;
};

void export_records(const ExportFlags& flags) {
    refuse_output_among(flags.output_dir, std::span(&flags.results_dir, 1));
    const RecordSet set = read_results(flags.results_dir, {flags.datasets});
    for (const auto& [reason, count] : set.report.skipped)
        spdlog::warn("{} records skipped: {}", count, reason);
    const auto documents = published_documents(set.records);
    Progress progress("writing", static_cast<std::int64_t>(documents.size()));
    std::int64_t done = 0;
    nlohmann::ordered_json summary = {{"records", set.records.size()},
                                      {"files", nlohmann::ordered_json::array()}};
    for (const auto& [path, text] : documents) {
        write_output_file(flags.output_dir / path, text);
        summary["files"].push_back(path);
        progress.update(++done, path);
    }
    progress.finish();
    fmt::print("{} records in {} documents under {}\n", set.records.size(), documents.size(),
               flags.output_dir.string());
    if (!flags.json.empty()) write_output_file(flags.json, summary.dump(1) + "\n");
}

}  // namespace

void add_export_command(CLI::App& app) {
    const auto flags = std::make_shared<ExportFlags>();
    CLI::App* command =
        app.add_subcommand("export", "Write records in the format of the published experiments");
    command
        ->add_option("--results_dir,--records", flags->results_dir,
                     "Results directory, or a file of records")
        ->required();
    command->add_option("--datasets,--dataset_names", flags->datasets, "Only these data sets")
        ->delimiter(',');
    command
        ->add_option("--format", flags->format,
                     "published: one JSON document for each data set and configuration")
        ->check(CLI::IsMember({"published"}))
        ->capture_default_str();
    command
        ->add_option("--output_dir", flags->output_dir,
                     "Output directory, with a folder for each data set")
        ->required();
    command->add_option("--json,--output_file", flags->json,
                        "Write the list of files to this file as JSON");
    command->footer(
        "Example:\n"
        "  decodemeter export --results_dir results/demo/records --format published --output_dir "
        "results/published\n");
    command->callback([flags] { export_records(*flags); });
}

}  // namespace decodemeter
