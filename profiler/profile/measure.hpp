// One sample under one configuration, measured.
#pragma once

#include <functional>

#include "profiler/molmo/molmo.hpp"
#include "profiler/profile/instruments.hpp"
#include "profiler/profile/largest_prefill.hpp"
#include "profiler/record/sample_record.hpp"
#include "profiler/samples/sample.hpp"

namespace decodemeter {

struct MeasureRequest {
    const Sample* sample = nullptr;
    const molmo::Image* image = nullptr;  // none: a sample without an image
    ConfigKey config;
    std::vector<int> active_blocks;
    int repeat = 0;
    int max_crops = 12;
    int tokens = 0;  // to return at most
    bool stop_at_eos = true;
    bool subtraction = false;           // measure the four separate runs beside it
    bool keep_text = false;             // the decoded answer into `pred`
    LargestPrefill* largest = nullptr;  // of the run; fills the allocator's cache again
};

// Watched by the instruments and, where there is one, by `another`. Throws what generate() throws.
SampleRecord measure(molmo::Molmo& model, const MeasureRequest& request, Instruments& instruments,
                     StageObserver* another = nullptr);

// The parts of a subtraction, which tests replace.
struct SubtractionRuns {
    std::function<Milliseconds(molmo::Extent)> timed;
    std::function<bool()> empty_cache;  // whether there was one
    std::function<void()> fill_cache;   // as it was before
};

// The same sample as people time it today, in three runs of their own: vision alone, vision and
// prefill, everything. The cache of the allocator is emptied before the last of them, and filled
// again after it, so that the samples that follow are timed as they are without --subtraction.
SubtractionTimes measure_subtraction(const SubtractionRuns& runs);

// The tiles that a tier allows; none without a tier.
std::optional<molmo::TierRange> tiles_of(const std::optional<Tier>& tier);

}  // namespace decodemeter
