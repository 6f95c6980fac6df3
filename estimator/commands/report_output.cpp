#include "estimator/commands/report_output.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "profiler/report/gnuplot.hpp"
#include "profiler/report/html_page.hpp"
#include "profiler/report/progress.hpp"

namespace decodemeter {

void print_evaluation(const EvaluationReport& report) {
    fmt::print("\n{}\n", summary_line(report));
    for (const CaptionedTable& part : evaluation_tables(report)) fmt::print("\n{}\n{}", part.caption, part.table.text());
}

namespace {

void add_pictures(HtmlPage& page, const std::filesystem::path& folder, const std::vector<NamedFigure>& figures) {
    if (!gnuplot_is_installed()) {
        spdlog::warn("gnuplot is not installed, so there are no pictures: apt-get install gnuplot-nox");
        return page.paragraph("gnuplot was not installed, so there are no pictures.");
    }
    Progress progress("drawing", static_cast<std::int64_t>(figures.size()));
    std::int64_t done = 0;
    for (const NamedFigure& figure : figures) {
        const std::filesystem::path stem = folder / figure.name;
        draw(figure.figure, stem);
        page.picture(stem.string() + ".svg", figure.caption);
        progress.update(++done, figure.name);
    }
}

}  // namespace

void write_report(const std::filesystem::path& output_dir, const std::string& title, const Dataset& dataset,
                  const JudgedPredictions& models, const EvaluationReport& report, const ReportExtras& extras) {
    HtmlPage page(title, summary_line(report));
    page.section("Errors");
    for (const CaptionedTable& part : evaluation_tables(report)) page.table(part.table, part.caption);
    page.section("Pictures");
    add_pictures(page, output_dir / "plots", report_figures(dataset, models, report));
    if (!extras.budget_use.empty() || !extras.confusion.empty()) page.section("Budgets and tasks");
    if (!extras.budget_use.empty()) {
        const CaptionedTable table = budget_table(extras.budget_use);
        page.table(table.table, table.caption);
    }
    if (!extras.confusion.empty()) {
        const CaptionedTable table = confusion_table(extras.confusion);
        page.table(table.table, table.caption);
    }
    page.section("Configurations");
    const CaptionedTable configurations = configuration_table(report, leading_model(models));
    page.table(configurations.table, configurations.caption);
    page.section("Source");
    page.paragraph("Records hash (SHA-256): " + report.records_hash + "; seed " + std::to_string(report.seed) + ".");
    page.write(output_dir / "report.html");
    fmt::print("\nreport: {}\n", (output_dir / "report.html").string());
}

}  // namespace decodemeter
