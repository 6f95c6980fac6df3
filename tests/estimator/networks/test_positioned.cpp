#include <cmath>
#include <fstream>

#include "estimator/evaluate/evaluation.hpp"
#include "estimator/networks/positioned_estimator.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/estimator/simulate/simulated_dataset.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;

namespace {

TrainingOptions small() {
    TrainingOptions options;
    options.hidden = 64;
    options.num_epochs = 30;
    return options;
}

PositionedEstimator trained_on(const Dataset& dataset, const TrainingOptions& options,
                               const EpochCallback& callback = {}) {
    const TrainAndValidation split = split_validation(dataset, training_rows(dataset), 1);
    return PositionedEstimator::train(dataset, split.train, split.validation, options, callback);
}

double last_over_first(const PositionedEstimator& network, const Request& request) {
    const std::vector<int> ends = {1, 63};
    const auto steps = network.predict_decode_at_positions(request, ends);
    return steps[1] / steps[0];
}

const Request request{576, 60, 1, 8, 12, 7};

std::string message_of(const std::filesystem::path& file) {
    try {
        PositionedEstimator::load(file);
    } catch (const InputError& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE(
    "On flat data the positioned network stays flat, and the published accounting learns a slope") {
    const Dataset dataset = test::simulated_dataset(test::flat_parameters_as_published(4000));
    CHECK(last_over_first(trained_on(dataset, small()), request) == Approx(1).margin(0.02));
    TrainingOptions published;
    published.published = true;
    CHECK(last_over_first(trained_on(dataset, published), request) > 1.5);
}

TEST_CASE("The total over N-1 steps is the sum of the network's steps") {
    const Dataset dataset = test::simulated_dataset(test::flat_parameters(300));
    TrainingOptions options = small();
    options.num_epochs = 2;
    const PositionedEstimator network = trained_on(dataset, options);
    const std::vector<int> positions = {1, 2, 3, 4, 5, 6, 7};
    double sum = 0;
    for (const double step : network.predict_decode_at_positions(request, positions)) sum += step;
    CHECK(network.predict_decode(request, 8) == Approx(sum).epsilon(1e-5));
    CHECK(network.predict_decode(request, 1) == 0);
    CHECK(network.predict_prefill(request) > 0);
}

TEST_CASE("The same seed trains the same network") {
    const Dataset dataset = test::simulated_dataset(test::flat_parameters(300));
    TrainingOptions options = small();
    options.num_epochs = 3;
    const double once = trained_on(dataset, options).predict_decode(request, 30);
    CHECK(trained_on(dataset, options).predict_decode(request, 30) == once);
    options.seed = 7;
    CHECK(trained_on(dataset, options).predict_decode(request, 30) != once);
}

TEST_CASE("Stopping early keeps the best epoch so far") {
    const Dataset dataset = test::simulated_dataset(test::flat_parameters(300));
    int epochs = 0;
    double best = HUGE_VAL;
    trained_on(dataset, small(), [&](const EpochReport& report) {
        best = std::min(best, report.validation_loss);
        return ++epochs < 4;
    });
    CHECK(epochs == 4);
    CHECK(std::isfinite(best));
}

TEST_CASE("A saved network predicts as before, and says which records it has not seen") {
    const Dataset dataset = test::simulated_dataset(test::flat_parameters(300));
    TrainingOptions options = small();
    options.num_epochs = 3;
    const PositionedEstimator network = trained_on(dataset, options);
    const TemporaryDirectory directory;
    const auto file = directory / "best_latency_estimator.pt";
    network.save(file, {dataset.records_hash, dataset.device, true, {"a/1", "b/2"}});
    const PositionedEstimator loaded = PositionedEstimator::load(file);
    CHECK(loaded.predict_decode(request, 30) == network.predict_decode(request, 30));
    CHECK(loaded.predict_prefill(request) == network.predict_prefill(request));
    CHECK(loaded.origin().held_out_keys == std::vector<std::string>{"a/1", "b/2"});
    CHECK(loaded.origin().records_hash == dataset.records_hash);
}

TEST_CASE("A network that cannot be written is an error that names the file") {
    if (!std::filesystem::exists("/dev/full")) return;
    const Dataset dataset = test::simulated_dataset(test::flat_parameters(300));
    TrainingOptions options = small();
    options.num_epochs = 1;
    const TemporaryDirectory directory;
    const auto file = directory / "best_latency_estimator.pt";
    std::filesystem::create_symlink("/dev/full", directory / "best_latency_estimator.pt.partial");
    const PositionedEstimator network = trained_on(dataset, options);
    CHECK_THROWS_WITH(network.save(file, {}), Catch::Contains("best_latency_estimator.pt"));
    CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("A checkpoint that is truncated, damaged or none is refused by name") {
    const Dataset dataset = test::simulated_dataset(test::flat_parameters(300));
    TrainingOptions options = small();
    options.num_epochs = 1;
    const TemporaryDirectory directory;
    const auto file = directory / "best_latency_estimator.pt";
    trained_on(dataset, options).save(file, {});
    const std::string bytes = test::read_text(file);
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{10}, bytes.size() / 2, bytes.size() - 1}) {
        test::write_text(directory / "cut.pt", bytes.substr(0, length));
        CHECK_THAT(message_of(directory / "cut.pt"), Catch::Contains("cut.pt"));
    }
    std::string other = bytes;
    const std::size_t name = other.find("decodemeter positioned latency estimator");
    REQUIRE(name != std::string::npos);
    other.replace(name, 11, "somebodyels");
    test::write_text(directory / "other.pt", other);
    CHECK_THAT(message_of(directory / "other.pt"), Catch::Contains("other.pt"));
    // LibTorch reads a changed number of a tensor as if it had been written so.
    std::string changed = bytes;
    changed[bytes.find("data/0") + 4096] ^= 1;
    test::write_text(directory / "changed.pt", changed);
    CHECK_THAT(message_of(directory / "changed.pt"),
               Catch::Contains("changed.pt") && Catch::Contains("does not match its checksum"));
    CHECK_THAT(message_of(directory / "nowhere.pt"), Catch::Contains("nowhere.pt"));
}

TEST_CASE("Records without step data and answers of one token are enough to train on") {
    SimulationParameters parameters = test::flat_parameters(200);
    parameters.step_data = false;
    parameters.single_token_share = 0.5;
    const Dataset dataset = test::simulated_dataset(parameters);
    TrainingOptions options = small();
    options.num_epochs = 2;
    CHECK(std::isfinite(trained_on(dataset, options).predict_decode(request, 10)));
    parameters.single_token_share = 0.999;
    parameters.requests = 60;
    const Dataset prefill_only = test::simulated_dataset(parameters);
    CHECK(std::isfinite(trained_on(prefill_only, options).predict_prefill(request)));
}
