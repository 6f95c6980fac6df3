#include "profiler/report/table.hpp"

#include <algorithm>
#include <limits>
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

std::vector<std::size_t> Table::column_widths() const {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < header_.size(); ++column) {
        std::size_t width = display_width(header_[column]);
        for (const auto& row : rows_) width = std::max(width, display_width(row[column]));
        widths.push_back(width);
    }
    return widths;
}

std::string Table::part(const std::vector<std::size_t>& widths, std::size_t begin,
                        std::size_t end) const {
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string text = "  " + padded(cells[0], widths[0], true);
        for (std::size_t column = begin; column < end; ++column)
            text += "  " + padded(cells[column], widths[column], false);
        return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    };
    std::vector<std::string> rule;
    for (const std::size_t width : widths) rule.emplace_back(width, '-');
    std::string text = line(header_) + line(rule);
    for (const auto& row : rows_) text += line(row);
    return text;
}

std::string Table::text(int width) const {
    if (header_.empty()) return "\n\n";
    const std::vector<std::size_t> widths = column_widths();
    const std::size_t room =
        width > 0 ? static_cast<std::size_t>(width) : std::numeric_limits<std::size_t>::max();
    std::string text;
    std::size_t begin = 1;
    do {
        std::size_t end = begin;
        std::size_t used = 2 + widths[0];
        while (end < widths.size() && (end == begin || used + 2 + widths[end] <= room))
            used += 2 + widths[end++];
        text += (text.empty() ? "" : "\n") + part(widths, begin, end);
        begin = end;
    } while (begin < widths.size());
    return text;
}

std::string Table::html() const {
    std::string text = "<table>\n" + html_row(header_, "th");
    for (const auto& row : rows_) text += html_row(row, "td");
    return text + "</table>\n";
}

}  // namespace decodemeter
