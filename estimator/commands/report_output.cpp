#include "estimator/commands/report_output.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "estimator/evaluate/plots.hpp"
#include "profiler/report/gnuplot.hpp"
#include "profiler/report/html_page.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/progress.hpp"

namespace decodemeter {

void print_evaluation(const EvaluationReport& report) {
    fmt::print("\n{}\n", summary_line(report));
    for (const CaptionedTable& part : evaluation_tables(report))
        fmt::print("\n{}\n{}", part.caption, part.table.text(output_width()));
}

ReportExtras report_extras(const Dataset& dataset, const ExperimentResult& result,
                           std::uint64_t seed) {
    ReportExtras extras;
    if (!result.folds.empty()) extras.budget_use = audit_budgets(dataset, result.folds, seed);
    extras.confusion = keyword_confusion(dataset);
    return extras;
}

namespace {

std::vector<CaptionedTable> extra_tables(const ReportExtras& extras) {
    std::vector<CaptionedTable> tables;
    if (!extras.budget_use.empty()) tables.push_back(budget_table(extras.budget_use));
    if (!extras.confusion.empty()) tables.push_back(confusion_table(extras.confusion));
    return tables;
}

void add_pictures(HtmlPage& page, const std::filesystem::path& folder,
                  const std::vector<NamedFigure>& figures) {
    if (!gnuplot_is_installed()) {
        spdlog::warn(
            "gnuplot is not installed, so there are no pictures: apt-get install gnuplot-nox");
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

void print_extras(const ReportExtras& extras) {
    for (const CaptionedTable& part : extra_tables(extras))
        fmt::print("\n{}\n{}", part.caption, part.table.text(output_width()));
}

void write_report(const ReportPlace& place, const std::string& title, const Dataset& dataset,
                  const ExperimentResult& result, const ReportExtras& extras) {
    const EvaluationReport& report = result.report;
    HtmlPage page(title, summary_line(report));
    page.section("Errors");
    for (const CaptionedTable& part : evaluation_tables(report))
        page.table(part.table, part.caption);
    page.section("Pictures");
    add_pictures(page, place.pictures, report_figures(dataset, result.predictions, report));
    const std::vector<CaptionedTable> more = extra_tables(extras);
    if (!more.empty()) page.section("Budgets and tasks");
    for (const CaptionedTable& part : more) page.table(part.table, part.caption);
    page.section("Configurations");
    const CaptionedTable configurations =
        configuration_table(report, std::string(to_string(leading_model(result.predictions))));
    page.table(configurations.table, configurations.caption);
    page.section("Source");
    page.paragraph("Records hash (SHA-256): " + report.records_hash + "; seed " +
                   std::to_string(report.seed) + ".");
    page.write(place.page);
    fmt::print("\nreport: {}\n", place.page.string());
}

}  // namespace decodemeter
