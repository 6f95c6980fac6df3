#include "estimator/commands/accuracy_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "profiler/record/config_key.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

constexpr std::array<std::string_view, 4> columns = {"tier", "top_k", "num_active_blocks",
                                                     "accuracy"};

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) {
        cell.erase(0, cell.find_first_not_of(" \t"));
        cell.erase(cell.find_last_not_of(" \t\r") + 1);
        cells.push_back(std::move(cell));
    }
    return cells;
}

template <class Number>
Number number_of(const std::string& text, const std::string& place) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        throw InputError(place + ": \"" + text + "\" is no number of the kind that belongs there");
    return value;
}

std::array<std::size_t, 4> find_columns(const std::vector<std::string>& header,
                                        const std::string& file) {
    std::array<std::size_t, 4> at{};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto found = std::find(header.begin(), header.end(), columns[i]);
        if (found == header.end())
            throw InputError(file + ":1: has no column " + std::string(columns[i]) +
                             "; the first line names tier,top_k,num_active_blocks,accuracy");
        at[i] = static_cast<std::size_t>(found - header.begin());
    }
    return at;
}

}  // namespace

std::vector<AccuracyEntry> read_accuracy_table(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::string line;
    if (!std::getline(stream, line)) throw InputError(file.string() + ": cannot read, or empty");
    if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // a spreadsheet's byte order mark
    const auto at = find_columns(cells_of(line), file.string());
    std::vector<AccuracyEntry> entries;
    for (int number = 2; std::getline(stream, line); ++number) {
        const std::vector<std::string> cells = cells_of(line);
        if (cells.empty()) continue;
        const std::string place = file.string() + ":" + std::to_string(number);
        if (cells.size() <= *std::max_element(at.begin(), at.end()))
            throw InputError(place + ": has too few columns");
        const auto tier = parse_tier(cells[at[0]]);
        if (!tier)
            throw InputError(place + ": tier \"" + cells[at[0]] +
                             "\" is none of low, medium, high");
        const auto accuracy = number_of<double>(cells[at[3]], place);
        if (!std::isfinite(accuracy))
            throw InputError(place + ": accuracy \"" + cells[at[3]] + "\" is not a finite number");
        entries.push_back({static_cast<int>(*tier), number_of<int>(cells[at[1]], place),
                           number_of<int>(cells[at[2]], place), accuracy});
    }
    return entries;
}

}  // namespace decodemeter
