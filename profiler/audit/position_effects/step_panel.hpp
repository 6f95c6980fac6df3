// The steps of every request that recorded them, and the model of a step's cost by its position.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// One request with its N - 1 step times.
struct StepSeries {
    std::size_t record = 0;  // its index
    std::size_t cell = 0;    // its configuration on its data set
    double place = 0;        // in the run: 0 is the first request, 1 the last
    int prompt_tokens = 0;
    double prefill_ms = 0;
    std::span<const double> ms;  // step s is ms[s - 1]

    int steps() const noexcept { return static_cast<int>(ms.size()); }
};

struct StepPanel {
    std::vector<StepSeries> requests;
    std::size_t cells = 0;
    bool timed = false;  // places are of the records' times, not of their order in files
};

// The requests whose record holds N - 1 steps, all above 0. The spans point into `records`.
StepPanel step_panel(std::span<const SampleRecord> records);

// Each record's place in the run from 0 to 1, by its time stamp; by its order in the files where a
// record has no time stamp.
std::vector<double> places_in_run(std::span<const SampleRecord> records);

// Note [Position model]
// Step s of a request costs
//     a (1 + slope (s - 1)) (1 + transient[s]) (1 + last [s is the last]) (1 + jump)^pages
//       (1 + pattern[s])
// times noise, where a is the level of the request itself. Dividing by a keeps the configuration,
// the data set, the output length and the time of the run from looking like an effect of position.
struct PositionModel {
    std::vector<double> transient;  // of step 1, 2, ...; steps beyond are settled
    double slope = 0;               // per token, as a share of a
    int page = 0;                   // tokens of a KV-cache page; 0: no jump
    double jump = 0;                // at each page that the context has filled
    std::vector<double> pattern;    // of step 1, 2, ...: what no other term explains
    double last = 0;

    // Cost of step s in units of a.
    double factor(const StepSeries& request, int step) const noexcept;
    int settled_from() const noexcept { return static_cast<int>(transient.size()) + 1; }
};

// Pages of `page` tokens that the context of step s has filled: floor((prompt + s) / page).
double filled_pages(const StepSeries& request, int step, int page) noexcept;

// The steps of a request that a level can be taken from: settled, and not the last.
struct StepRange {
    int first = 1;
    int last = 0;  // included; empty where it is before `first`

    int size() const noexcept { return last >= first ? last - first + 1 : 0; }
};
StepRange settled_steps(const StepSeries& request, const PositionModel& model) noexcept;

// a: the median over the settled steps of time / factor, in milliseconds; NaN without such steps.
double level_ms(const StepSeries& request, const PositionModel& model);

// time / (level x factor) - 1 of one step.
double residual_of(const StepSeries& request, const PositionModel& model, double level_ms,
                   int step) noexcept;

}  // namespace decodemeter
