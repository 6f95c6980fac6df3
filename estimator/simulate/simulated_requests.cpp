#include "estimator/simulate/simulated_requests.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "profiler/statistics/length_distribution.hpp"

namespace decodemeter {

namespace {

struct Tiling {
    int rows;
    int columns;
    int vision_tokens() const { return 144 + (8 * rows + 4) * (8 * columns + 4); }
};

// What images of common shapes take in each tier.
const std::vector<Tiling>& tilings_of(int tier) {
    static const std::vector<Tiling> tilings[3] = {{{1, 1}, {1, 2}, {2, 1}},
                                                   {{2, 2}, {2, 3}, {3, 2}, {2, 4}},
                                                   {{3, 3}, {3, 4}, {4, 3}, {2, 5}}};
    return tilings[tier];
}

int text_tokens(Task task, SimulatedDraws& draws) {
    switch (task) {
        case Task::captioning:
            return 44 + draws.request_integer(6, 14);
        case Task::doc_qa:
            return 44 + draws.request_integer(12, 60);
        default:
            return 44 + draws.request_integer(8, 30);
    }
}

// Of the i-th of n: 0 to 1.
double share(std::size_t i, std::size_t n) {
    return n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0.5;
}

// `place` (0 to 1) between shortest and longest, evenly over the logarithm.
double log_between(const SimulatedLengths& lengths, double place) {
    return lengths.shortest *
           std::pow(static_cast<double>(lengths.longest) / lengths.shortest, place);
}

// The middle of the lengths that a place in the run or the grid answers at, times 0.8 to 1.25.
double length_of_place(const SimulationParameters& p, const RequestPlace& place, double draw) {
    double at = share(static_cast<std::size_t>(place.sample), static_cast<std::size_t>(p.requests));
    if (p.lengths.rule == LengthRule::configuration)
        at = share(place.configuration, place.configurations);
    if (p.lengths.rule == LengthRule::dataset) at = share(place.dataset, p.datasets.size());
    return log_between(p.lengths, at) * std::pow(1.25, 2 * draw - 1);
}

double length_by_rule(const SimulationParameters& p, const RequestPlace& place, double draw) {
    const SimulatedLengths& lengths = p.lengths;
    switch (lengths.rule) {
        case LengthRule::equal:
            return lengths.longest;
        case LengthRule::uniform:
            return lengths.shortest + draw * (lengths.longest - lengths.shortest);
        case LengthRule::log_uniform:
            return log_between(lengths, draw);
        default:
            return length_of_place(p, place, draw);
    }
}

}  // namespace

RequestPlace place_of(const SimulationParameters& p, std::int64_t sample,
                      std::size_t configurations) {
    const auto index = static_cast<std::size_t>(sample);
    return {sample, index % p.datasets.size(), index / p.datasets.size() % configurations,
            configurations};
}

DrawnRequest draw_request(const ConfigKey& config, Task task, SimulatedDraws& draws) {
    const int tier = static_cast<int>(*config.tier);
    const auto& tilings = tilings_of(tier);
    std::uniform_int_distribution<std::size_t> any(0, tilings.size() - 1);
    const Tiling tiling = tilings[any(draws.requests())];
    const int text = text_tokens(task, draws);
    const Request request{
        tiling.vision_tokens(),          text, tier, config.top_k, config.active_blocks,
        1 + tiling.rows * tiling.columns};
    return {request, tiling.rows, tiling.columns};
}

int draw_length(const SimulationParameters& p, Task task, const RequestPlace& place,
                SimulatedDraws& draws) {
    const bool single = draws.request_uniform() < p.single_token_share;
    const double draw = draws.request_uniform();
    if (single) return 1;
    if (p.lengths.rule == LengthRule::task)
        return published_lengths(to_string(task)).quantile(draw);
    const auto tokens = static_cast<int>(std::lround(length_by_rule(p, place, draw)));
    return std::clamp(tokens, p.lengths.shortest, p.lengths.longest);
}

}  // namespace decodemeter
