#include "profiler/profile/settling.hpp"

#include <cmath>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

void Settling::add(double run_ms) {
    runs_ms_.push_back(run_ms);
    elapsed_ms_ += run_ms;
    ++result_.runs;
    const auto window = static_cast<std::ptrdiff_t>(rule_.window);
    if (static_cast<std::ptrdiff_t>(runs_ms_.size()) < 2 * window) return;
    const double before = median({runs_ms_.end() - 2 * window, runs_ms_.end() - window});
    const double last = median({runs_ms_.end() - window, runs_ms_.end()});
    result_.last_window_ms = last;
    result_.difference_percent = 100 * (last / before - 1);
    result_.agreed = std::abs(result_.difference_percent) <= rule_.agreement_percent;
}

}  // namespace decodemeter
