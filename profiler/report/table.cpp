#include "profiler/report/table.hpp"

#include <algorithm>
#include <stdexcept>

namespace decodemeter {

namespace {

std::string padded(const std::string& cell, std::size_t width, bool left) {
    const std::string space(width - display_width(cell), ' ');
    return left ? cell + space : space + cell;
}

std::string html_row(const std::vector<std::string>& cells, const char* tag) {
    std::string row = "<tr>";
    for (const std::string& cell : cells)
        row += std::string("<") + tag + ">" + escape_html(cell) + "</" + tag + ">";
    return row + "</tr>\n";
}

}  // namespace

std::size_t display_width(const std::string& text) {
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    return text.size() -
           static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
}

std::string escape_html(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {}

void Table::add_row(std::vector<std::string> cells) {
    if (cells.size() > header_.size())
        throw std::invalid_argument("a table row has more cells than the header");
    cells.resize(header_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < header_.size(); ++column) {
        std::size_t width = display_width(header_[column]);
        for (const auto& row : rows_) width = std::max(width, display_width(row[column]));
        widths.push_back(width);
    }
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string text = " ";
        for (std::size_t column = 0; column < cells.size(); ++column) {
            text += (column == 0 ? " " : "  ") + padded(cells[column], widths[column], column == 0);
        }
        return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    };
    std::vector<std::string> rule;
    for (const std::size_t width : widths) rule.emplace_back(width, '-');
    std::string text = line(header_) + line(rule);
    for (const auto& row : rows_) text += line(row);
    return text;
}

std::string Table::html() const {
    std::string text = "<table>\n" + html_row(header_, "th");
    for (const auto& row : rows_) text += html_row(row, "td");
    return text + "</table>\n";
}

}  // namespace decodemeter
