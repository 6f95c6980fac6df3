// A report as one self-contained HTML file: text, tables and inline pictures, for light and dark
// screens and for paper. Includes nothing of ours but table.hpp.
#pragma once

#include <filesystem>
#include <string>

#include "profiler/report/table.hpp"

namespace decodemeter {

class HtmlPage {
public:
    // `subtitle` is one line under the title: what was measured, from which records.
    HtmlPage(std::string title, std::string subtitle);

    // Begins a section, which the contents at the top link to.
    void section(const std::string& heading);
    void paragraph(const std::string& text);
    // The first column is aligned left, the others right. A table wider than the page scrolls.
    void table(const Table& table, const std::string& caption = {});
    // The SVG file's content, with what could run or load something taken out. Throws
    // std::runtime_error where it cannot be read.
    void picture(const std::filesystem::path& svg_file, const std::string& caption);

    std::string text() const;
    // Throws std::runtime_error where the file cannot be written.
    void write(const std::filesystem::path& file) const;

private:
    std::string title_;
    std::string subtitle_;
    std::string contents_;
    std::string body_;
    int sections_ = 0;
    int pictures_ = 0;
};

}  // namespace decodemeter
