#include "estimator/experiment/estimator_files.hpp"

#include <fmt/format.h>

#include "estimator/data/sha256.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

EstimatorFiles find_estimator(const fs::path& path) {
    fs::path folder = path;
    if (!fs::is_directory(path)) {
        if (!fs::exists(path))
            throw InputError(path.string() + ": no such file; `decodemeter train` writes " +
                             std::string(latency_model_file) + " and " +
                             std::string(checkpoint_file));
        folder = path.parent_path();
    }
    EstimatorFiles files;
    files.json = path.extension() == ".json" ? path : folder / latency_model_file;
    const fs::path checkpoint = path.extension() == ".pt" ? path : folder / checkpoint_file;
    if (fs::exists(checkpoint)) files.checkpoint = checkpoint;
    if (!fs::exists(files.json))
        throw InputError(files.json.string() + ": not found beside " + path.string() +
                         "; copy both files, or train again");
    return files;
}

namespace {

[[noreturn]] void refuse_pair(const EstimatorFiles& files) {
    throw InputError(
        fmt::format("{} and {}: one is damaged, or they are of two trainings; restore both files "
                    "of one training, or train again",
                    files.checkpoint->string(), files.json.string()));
}

}  // namespace

std::optional<PositionedEstimator> load_network(const EstimatorFiles& files,
                                                const LatencyModel& model) {
    if (!files.checkpoint) return std::nullopt;
    const std::string& digest = model.provenance.checkpoint_sha256;
    if (!digest.empty() && digest != sha256_of(*files.checkpoint)) refuse_pair(files);
    PositionedEstimator network = PositionedEstimator::load(*files.checkpoint);
    const CheckpointOrigin& origin = network.origin();
    if (origin.records_hash != model.provenance.records_hash) refuse_pair(files);
    if (!origin.model_sha256.empty() &&
        origin.model_sha256 != model_digest(read_input_file(files.json), digest))
        refuse_pair(files);
    return network;
}

}  // namespace decodemeter
