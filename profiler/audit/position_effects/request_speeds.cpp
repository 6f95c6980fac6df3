#include "profiler/audit/position_effects/request_speeds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "profiler/statistics/bimodality.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double least_distance = 0.03;
constexpr std::size_t least_in_cell = 4;
constexpr int least_steps = 3;       // of a request: a level of fewer is noise
constexpr double least_split = 0.5;  // of the cells that have both speeds
constexpr int rounds = 12;

using Cell = std::vector<double>;  // logarithms of the levels, sorted

std::vector<Cell> sorted_cells(std::span<const RequestLevel> levels, double by_log_tokens) {
    std::map<std::size_t, Cell> cells;
    for (const RequestLevel& level : levels) {
        if (level.settled_steps < least_steps) continue;
        cells[level.cell].push_back(std::log(level.ms) - by_log_tokens * std::log(level.tokens));
    }
    std::vector<Cell> kept;
    for (auto& [id, cell] : cells) {
        if (cell.size() < least_in_cell) continue;
        std::sort(cell.begin(), cell.end());
        kept.push_back(std::move(cell));
    }
    return kept;
}

// The level of a cell's fast requests where the first `fast` are fast and the rest lie `distance`
// above, and the sum of squares that leaves.
struct Assignment {
    std::size_t fast = 0;
    double level = 0;
    double squares = std::numeric_limits<double>::infinity();

    bool splits(const Cell& cell) const { return fast > 0 && fast < cell.size(); }
};

Assignment assign(const Cell& cell, double distance) {
    Assignment best;
    for (std::size_t fast = 0; fast <= cell.size(); ++fast) {
        double sum = 0;
        double squares = 0;
        for (std::size_t i = 0; i < cell.size(); ++i) {
            const double value = cell[i] - (i < fast ? 0 : distance);
            sum += value;
            squares += value * value;
        }
        const double count = static_cast<double>(cell.size());
        const double left = squares - sum * sum / count;
        if (left < best.squares) best = {fast, sum / count, left};
    }
    return best;
}

// Least-squares distance for given assignments: differences within the cells that have both.
double distance_of(const std::vector<Cell>& cells, double distance) {
    double sum = 0;
    double weight = 0;
    for (const Cell& cell : cells) {
        const Assignment assignment = assign(cell, distance);
        if (!assignment.splits(cell)) continue;
        const std::size_t fast = assignment.fast;
        const std::span<const double> all(cell);
        const double slow_count = static_cast<double>(cell.size() - fast);
        const double own =
            slow_count * static_cast<double>(fast) / static_cast<double>(cell.size());
        sum += own * (mean(all.subspan(fast)) - mean(all.first(fast)));
        weight += own;
    }
    return weight > 0 ? sum / weight : 0;
}

double squares_at(const std::vector<Cell>& cells, double distance) {
    double squares = 0;
    for (const Cell& cell : cells) squares += assign(cell, distance).squares;
    return squares;
}

// Several starts, because the sum of squares has more than one minimum.
double best_distance(const std::vector<Cell>& cells) {
    double best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (double start = 0.03; start < 1; start *= 1.5) {
        double distance = start;
        for (int round = 0; round < rounds; ++round) distance = distance_of(cells, distance);
        const double squares = squares_at(cells, distance);
        if (squares >= least) continue;
        least = squares;
        best = distance;
    }
    return best;
}

}  // namespace

std::optional<PositionEffect> find_two_request_speeds(std::span<const RequestLevel> levels,
                                                      double by_log_tokens) {
    const std::vector<Cell> cells = sorted_cells(levels, by_log_tokens);
    if (cells.empty()) return std::nullopt;
    const double distance = best_distance(cells);
    std::vector<double> values;
    std::size_t split = 0;
    for (const Cell& cell : cells) {
        const Assignment assignment = assign(cell, distance);
        // A cell of one speed does not tell which.
        if (!assignment.splits(cell)) continue;
        ++split;
        for (const double value : cell) values.push_back(value - assignment.level);
    }
    if (static_cast<double>(split) < least_split * static_cast<double>(cells.size()))
        return std::nullopt;
    const TwoGroups two = find_two_groups(values, least_distance);
    if (!two.found) return std::nullopt;
    PositionEffect effect;
    effect.kind = PositionEffectKind::two_speeds;
    effect.estimate = 100 * std::expm1(two.upper_center - two.lower_center);
    effect.interval = {NAN, NAN};
    effect.unit = "percent";
    effect.sentence = fmt::format(
        "Requests fall into two groups at equal work: {:.0f} % of them take {:.3g} % longer at "
        "every step.",
        100 * static_cast<double>(two.upper_count) / static_cast<double>(values.size()),
        effect.estimate);
    return effect;
}

}  // namespace decodemeter
