// The two files of a trained estimator.
#pragma once

#include <filesystem>
#include <optional>

#include "estimator/networks/positioned_estimator.hpp"
#include "estimator/predictor/latency_model.hpp"

namespace decodemeter {

struct EstimatorFiles {
    std::filesystem::path json;
    std::optional<std::filesystem::path> checkpoint;
};
// From either file or their folder. Throws InputError when the JSON file is not there; the
// checkpoint may be absent.
EstimatorFiles find_estimator(const std::filesystem::path& path);

// The network beside `model`, where there is one. Throws InputError naming both files when the
// checkpoint is damaged or belongs to another training.
std::optional<PositionedEstimator> load_network(const EstimatorFiles& files,
                                                const LatencyModel& model);

}  // namespace decodemeter
