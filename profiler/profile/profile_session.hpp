// What the parts of a run of profile work with.
#pragma once

#include "profiler/molmo/molmo.hpp"
#include "profiler/profile/instruments.hpp"
#include "profiler/profile/plan/profile_plan.hpp"

namespace decodemeter {

struct ProfileSession {
    molmo::Molmo& model;
    ProfilePlan& plan;  // the digests of samples are filled in as they are read
    Instruments& instruments;
};

}  // namespace decodemeter
