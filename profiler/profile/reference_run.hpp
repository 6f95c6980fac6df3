// The run that warm-up and the instrument's own cost are measured on.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "profiler/profile/profile.hpp"

namespace decodemeter {

struct ReferenceRun {
    std::unique_ptr<molmo::Image> image;  // none: a text
    MeasureRequest request;
};

// The first sample whose image can be read, under the configuration, with an answer of at most 16
// tokens; none where no sample can be used.
std::optional<ReferenceRun> choose_reference(const ProfilePlan& plan,
                                             const Configuration& configuration);

const Configuration& most_expensive(const std::vector<Configuration>& configurations);

}  // namespace decodemeter
