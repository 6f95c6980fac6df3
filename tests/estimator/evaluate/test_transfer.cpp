#include "estimator/evaluate/transfer.hpp"

#include <set>

#include "estimator/data/published_export.hpp"
#include "estimator/evaluate/evaluation.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "estimator/evaluate/predictions.hpp"
#include "tests/catch.hpp"
#include "tests/estimator/simulate/simulated_dataset.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;

namespace {

SimulationParameters first_device() {
    SimulationParameters parameters;
    parameters.requests = 3000;
    return parameters;
}

// Launches cost the same, weights half, attention and prefill a third.
SimulationParameters second_device() {
    SimulationParameters parameters = first_device();
    parameters.physics = {{2.0, 0.5, 0.025, 0.7e-5, 0}, {6, 1.5, 0.2, 0.4e-3, 0.4e-4, 0.3e-7}};
    parameters.seed = 99;
    return parameters;
}

double decode_mape(const Dataset& dataset, const LatencyModel& model) {
    const auto rows = training_rows(dataset);
    return evaluate_model(dataset, predict_rows(dataset, rows, model.physics))
        .errors.decode_total.mape_percent;
}

}  // namespace

TEST_CASE("Twenty requests carry a model to another device") {
    const Dataset source = test::simulated_dataset(first_device());
    const Dataset target = test::simulated_dataset(second_device());
    LatencyModel model;
    model.physics = fit_physics_model(source, training_rows(source), 1);
    const double at_home = decode_mape(source, model);
    CHECK(decode_mape(target, model) > 30);
    const std::vector<int> rows = rows_to_measure(target, 20, 1);
    CHECK(decode_mape(target, transferred(model, target, rows)) <= at_home + 1);
}

TEST_CASE(
    "The requests to measure are of as many configurations as there are, and of more than one "
    "step") {
    const Dataset dataset = test::simulated_dataset(first_device());
    const std::vector<int> rows = rows_to_measure(dataset, 20, 1);
    std::set<int> configs;
    for (const int row : rows) {
        configs.insert(dataset.rows[static_cast<std::size_t>(row)].config);
        CHECK(dataset.rows[static_cast<std::size_t>(row)].steps() > 1);
    }
    CHECK(rows.size() == 20);
    CHECK(configs.size() == 20);
    CHECK(rows_to_measure(dataset, 1 << 20, 1).size() == dataset.rows.size());
}

TEST_CASE("Records written in the published format are read as the same rows") {
    SimulationParameters parameters;
    parameters.requests = 300;
    parameters.single_token_share = 0.1;
    const Simulation simulation = simulate(parameters);
    const test::TemporaryDirectory directory;
    for (const auto& [path, text] : published_documents(simulation.records))
        test::write_text(directory / path, text);
    CHECK(std::filesystem::exists(
        directory / "coco-caption/coco-caption_imgsizetier-low_crops2_topk4_blocks8.json"));
    RecordSet set = read_results(directory.path());
    CHECK(set.report.published == 300);
    CHECK(set.report.skipped_count() == 0);
    const Dataset there = make_dataset(set);
    const Dataset here = test::simulated_dataset(parameters);
    REQUIRE(there.rows.size() == here.rows.size());
    CHECK(there.configs == here.configs);
    const auto sorted_times = [](const Dataset& dataset) {
        std::multiset<std::tuple<double, double, int, int, int>> times;
        for (const Row& row : dataset.rows)
            times.insert({row.prefill_ms, row.decode_ms, row.output_tokens,
                          row.request.vision_tokens, static_cast<int>(dataset.steps(row).size())});
        return times;
    };
    CHECK(sorted_times(there) == sorted_times(here));
}

TEST_CASE("Records without a tier are written and read back without one") {
    SimulationParameters parameters;
    parameters.requests = 60;
    parameters.effects.no_tiers = true;
    const Simulation simulation = simulate(parameters);
    const test::TemporaryDirectory directory;
    const auto documents = published_documents(simulation.records);
    for (const auto& [path, text] : documents) {
        CHECK(path.find("_imgsizetier-none_") != std::string::npos);
        test::write_text(directory / path, text);
    }
    const RecordSet set = read_results(directory.path());
    CHECK(set.report.skipped_count() == 0);
    REQUIRE(set.records.size() == 60);
    for (const SampleRecord& record : set.records) CHECK_FALSE(record.config.tier.has_value());
}
