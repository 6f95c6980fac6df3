#include "profiler/report/html_page.hpp"

#include <regex>
#include <stdexcept>

#include "profiler/system/file.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --ink: #1c2329; --paper: #ffffff; --faint: #5c6a75; --rule: #d8dee3; --band: #f4f6f8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ed; --paper: #14181c; --faint: #9aa7b1; --rule: #333c44; --band: #1c2228; }
}
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper);
       max-width: 76rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; }
p.subtitle, figcaption, caption { color: var(--faint); }
p { max-width: 60rem; }
nav { margin: .8rem 0 0; }
nav a { margin-right: 1.1rem; color: inherit; }
div.table { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .25rem .8rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: .4rem; }
th { border-bottom: 1px solid var(--faint); font-weight: 600; }
tr:nth-child(even) td { background: var(--band); }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; max-width: 72rem; background: #fff; border-radius: 4px; }
@media print {
  :root { --ink: #000; --paper: #fff; --faint: #444; --rule: #bbb; --band: #f4f4f4; }
  body { font-size: 10pt; margin: 0; max-width: none; }
  nav { display: none; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
)";

// From <svg on: no XML declaration or doctype inside HTML, and nothing that runs or loads.
std::string inline_svg(const std::filesystem::path& file, int number) {
    std::string text = read_input_file(file);
    const std::size_t begin = text.find("<svg");
    if (begin == std::string::npos) throw std::runtime_error(file.string() + " is no SVG picture");
    text.erase(0, begin);
    static const std::regex active("<script[\\s\\S]*?</script>|<script[^>]*/>| on[a-z]+=\"[^\"]*\"",
                                   std::regex::icase);
    text = std::regex_replace(text, active, "");
    // Ids of several pictures on one page must differ, or all would use the first one's marks.
    const std::string prefix = "p" + std::to_string(number) + "-";
    static const std::regex definitions(" id=(['\"])");
    static const std::regex uses("(xlink:href=['\"]#|url\\(#)");
    text = std::regex_replace(text, definitions, " id=$1" + prefix);
    return std::regex_replace(text, uses, "$1" + prefix);
}

}  // namespace

HtmlPage::HtmlPage(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void HtmlPage::section(const std::string& heading) {
    const std::string id = "s" + std::to_string(++sections_);
    contents_ += "<a href=\"#" + id + "\">" + escape_html(heading) + "</a>\n";
    body_ += "<h2 id=\"" + id + "\">" + escape_html(heading) + "</h2>\n";
}

void HtmlPage::paragraph(const std::string& text) { body_ += "<p>" + escape_html(text) + "</p>\n"; }

void HtmlPage::table(const Table& table, const std::string& caption) {
    std::string html = table.html();
    if (!caption.empty()) {
        const std::size_t after = html.find('\n') + 1;
        html.insert(after, "<caption>" + escape_html(caption) + "</caption>\n");
    }
    body_ += "<div class=\"table\">\n" + html + "</div>\n";
}

void HtmlPage::picture(const std::filesystem::path& svg_file, const std::string& caption) {
    body_ += "<figure>\n" + inline_svg(svg_file, ++pictures_) + "<figcaption>" +
             escape_html(caption) + "</figcaption>\n</figure>\n";
}

std::string HtmlPage::text() const {
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    page += "<title>" + escape_html(title_) + "</title>\n<style>" + style +
            "</style>\n</head>\n<body>\n";
    page += "<h1>" + escape_html(title_) + "</h1>\n<p class=\"subtitle\">" +
            escape_html(subtitle_) + "</p>\n";
    if (!contents_.empty()) page += "<nav>\n" + contents_ + "</nav>\n";
    return page + body_ + "</body>\n</html>\n";
}

void HtmlPage::write(const std::filesystem::path& file) const { write_output_file(file, text()); }

}  // namespace decodemeter
