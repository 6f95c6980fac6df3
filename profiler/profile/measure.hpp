// One sample under one configuration, measured.
#pragma once

#include "profiler/molmo/molmo.hpp"
#include "profiler/record/sample_record.hpp"
#include "profiler/samples/sample.hpp"
#include "profiler/timing/timeline.hpp"

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
    bool subtraction = false;  // measure the four separate runs beside it
    bool keep_text = false;    // the decoded answer into `pred`
};

// `observers` holds the timeline and whoever else watches. Throws what generate() throws.
SampleRecord measure(molmo::Molmo& model, const MeasureRequest& request, Timeline<>& timeline,
                     StageObserver& observers);

// The same sample as people time it today, in three runs of their own: vision alone, vision and
// prefill, everything.
SubtractionTimes measure_subtraction(molmo::Molmo& model, const molmo::PreparedInput& input,
                                     const molmo::GenerateOptions& options);

// The tiles that a tier allows; none without a tier.
std::optional<molmo::TierRange> tiles_of(const std::optional<Tier>& tier);

}  // namespace decodemeter
