// Compares the model, stage by stage, with vectors that the original code gave.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "profiler/molmo/molmo.hpp"

namespace decodemeter::molmo {

// One tensor of one run.
struct StageDifference {
    std::string run;    // a case's name, or "knobs/topk4"
    std::string stage;  // the tensor's name in the golden file
    double largest_absolute = 0;
    double largest_relative = 0;  // largest_absolute over the golden tensor's largest magnitude
    double rms = 0;
    double limit = 0;  // of largest_absolute, or of rms in bfloat16; 0: must be equal
    bool agrees = false;
    bool judged = true;  // false: shown, but no reason to fail
    std::string remark;
};

struct Verification {
    std::vector<StageDifference> stages;
    int runs = 0;
    int runs_with_equal_ids = 0;
    double logits_rms = 0;  // over all runs
    bool passed = false;
};

struct VerifyOptions {
    std::string device = "cpu";
    Precision precision = Precision::float32;
};

// `directory` holds a checkpoint, index.json and <case>.golden.safetensors; images lie in
// ../images, float crops of some of them in ../prep. In float32 every stage must lie within 1e-4 *
// max(1, the golden tensor's largest magnitude), indices exact, greedy ids equal wherever the
// margin of the best token is above that. In bfloat16 the logits' rms is judged, against 1.5 times
// what the original code shows in bfloat16 (0.037 dense, 0.13 with experts). Throws InputError when
// the directory is not laid out so.
Verification verify(const std::filesystem::path& directory, const VerifyOptions& options);

}  // namespace decodemeter::molmo
