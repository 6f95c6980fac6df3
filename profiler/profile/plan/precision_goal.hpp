// How well each configuration's step is known: --until_ci.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace decodemeter {

// Step means of each configuration, until their medians are known as well as was asked. Without a
// goal none is ever reached.
class PrecisionGoal {
public:
    // `half_width` of the median's interval, as a fraction of the median.
    PrecisionGoal(std::size_t configurations, std::optional<double> half_width)
        : configurations_(configurations), goal_(half_width) {}

    void add(std::size_t configuration, double step_mean_ms);
    bool reached(std::size_t configuration);
    bool all_reached();

private:
    struct Known {
        std::vector<double> means_ms;
        bool current = true;  // whether `reached` is that of all means
        bool reached = false;
    };

    std::vector<Known> configurations_;
    std::optional<double> goal_;
};

}  // namespace decodemeter
