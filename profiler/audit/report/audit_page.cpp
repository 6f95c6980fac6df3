#include <stdlib.h>

#include <stdexcept>

#include "profiler/audit/report/audit_plots.hpp"
#include "profiler/audit/report/audit_report.hpp"
#include "profiler/audit/report/audit_tables.hpp"
#include "profiler/report/html_page.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

// Pictures on their way into the page.
class ScratchDirectory {
public:
    ScratchDirectory() {
        std::string pattern = (fs::temp_directory_path() / "decodemeter-audit-XXXXXX").string();
        if (!::mkdtemp(pattern.data()))
            throw std::runtime_error("cannot make a temporary directory: " + pattern);
        path_ = pattern;
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

void add_pictures(HtmlPage& page, const std::vector<AuditFigure>& figures) {
    if (figures.empty()) return;
    page.section("Pictures");
    if (!gnuplot_is_installed()) {
        page.paragraph("The pictures need the program gnuplot, which is not installed here.");
        return;
    }
    const ScratchDirectory scratch;
    for (const AuditFigure& entry : figures) {
        draw(entry.figure, scratch.path() / entry.name);
        page.picture(scratch.path() / (entry.name + ".svg"), entry.caption);
    }
}

}  // namespace

void write_audit_page(const AuditReport& report, std::span<const SampleRecord> records,
                      const std::filesystem::path& file) {
    HtmlPage page("Audit of decode times: " + std::string(to_string(report.verdict)),
                  report.subject);
    page.section("Findings");
    for (const std::string& line : audit_findings_text(report)) page.paragraph(line);
    add_pictures(page, audit_figures(report, records));
    for (const AuditSection& section : audit_sections(report)) {
        page.section(section.heading);
        for (const std::string& paragraph : section.paragraphs) page.paragraph(paragraph);
        for (const Table& table : section.tables) page.table(table);
    }
    page.write(file);
}

}  // namespace decodemeter
