// A table of text cells, aligned for a terminal. A leaf: includes nothing of ours.
#pragma once

#include <string>
#include <vector>

namespace decodemeter {

class Table {
public:
    // The first column is aligned left, the others right.
    explicit Table(std::vector<std::string> header);

    // Missing cells are blank; more cells than columns throw std::invalid_argument.
    void add_row(std::vector<std::string> cells);
    bool empty() const noexcept { return rows_.empty(); }

    // Lines that end in a newline, each indented by two spaces, with a rule under the header.
    // Columns that do not fit into `width` follow below, behind the first column once more; 0: all
    // fit.
    std::string text(int width = 0) const;
    // The same as an HTML table.
    std::string html() const;

private:
    std::vector<std::size_t> column_widths() const;
    // The first column, and those from `begin` to before `end`.
    std::string part(const std::vector<std::size_t>& widths, std::size_t begin,
                     std::size_t end) const;

    std::vector<std::string> header_;
    std::vector<std::vector<std::string>> rows_;
};

// Display width in columns of UTF-8 text without wide characters.
std::size_t display_width(const std::string& text);

std::string escape_html(const std::string& text);

}  // namespace decodemeter
