// What does one prediction cost? Nanoseconds, median over many batches, of
//   physics              decodemeter::Predictor: prefill, decode and total with their bounds
//   physics + residual   the same with the small network switched on
//   sweep                75 configurations in one call, in microseconds
//   LibTorch             the positioned network's total over N-1 steps, one request a call
//   LightGBM             one number from 100 boosted trees through its C API, single row, fast
//   configuration
// Usage: bench_estimator_prediction [lib_lightgbm.so]; without it the last line is left out.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "estimator/evaluate/model_building.hpp"
#include "estimator/fit/residual_fit.hpp"
#include "estimator/networks/positioned_estimator.hpp"
#include "estimator/predictor/predictor.hpp"
#include "estimator/simulate/simulate.hpp"

using namespace decodemeter;

namespace {

constexpr int batches = 201;

// Median nanoseconds a call of `call(i)`.
double median_ns(int calls, const std::function<double(int)>& call) {
    std::vector<double> times;
    volatile double sink = 0;
    for (int batch = 0; batch < batches; ++batch) {
        double sum = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < calls; ++i) sum += call(i);
        const std::chrono::duration<double, std::nano> time =
            std::chrono::steady_clock::now() - begin;
        sink = sink + sum;
        times.push_back(time.count() / calls);
    }
    std::nth_element(times.begin(), times.begin() + batches / 2, times.end());
    return times[batches / 2];
}

// The part of LightGBM's C API that is used here, loaded at run time.
class BoostedTrees {
public:
    explicit BoostedTrees(const char* library)
        : library_(::dlopen(library, RTLD_NOW | RTLD_LOCAL)) {}
    bool loaded() const { return library_ != nullptr; }

    // `rows` of `columns` features.
    bool train(const std::vector<double>& features, int rows, int columns,
               const std::vector<float>& targets) {
        void* data = nullptr;
        const char* settings =
            "objective=regression num_leaves=31 learning_rate=0.1 verbosity=-1 num_threads=1";
        int done = 0;
        bool fine = call<int (*)(const void*, int, int32_t, int32_t, int, const char*, const void*,
                                 void**)>("LGBM_DatasetCreateFromMat")(
                        features.data(), 1, rows, columns, 1, settings, nullptr, &data) == 0 &&
                    call<int (*)(void*, const char*, const void*, int, int)>(
                        "LGBM_DatasetSetField")(data, "label", targets.data(), rows, 0) == 0 &&
                    call<int (*)(const void*, const char*, void**)>("LGBM_BoosterCreate")(
                        data, settings, &booster_) == 0;
        const auto update = call<int (*)(void*, int*)>("LGBM_BoosterUpdateOneIter");
        for (int i = 0; fine && i < 100; ++i) fine = update(booster_, &done) == 0;
        fine = fine && call<int (*)(void*, int, int, int, int, int32_t, const char*, void**)>(
                           "LGBM_BoosterPredictForMatSingleRowFastInit")(
                           booster_, 0, 0, 100, 1, columns, settings, &fast_) == 0;
        predict_ = call<Predict>("LGBM_BoosterPredictForMatSingleRowFast");
        return fine;
    }

    double predict(const double* features) const {
        int64_t length = 0;
        double result = 0;
        predict_(fast_, features, &length, &result);
        return result;
    }

private:
    using Predict = int (*)(void*, const void*, int64_t*, double*);
    template <class Function>
    Function call(const char* name) const {
        return reinterpret_cast<Function>(::dlsym(library_, name));
    }
    void* library_;
    void* booster_ = nullptr;
    void* fast_ = nullptr;
    Predict predict_ = nullptr;
};

void time_trees(const char* library, const Dataset& dataset) {
    BoostedTrees trees(library);
    if (!trees.loaded())
        return void(std::printf("LightGBM             not loaded: %s\n", ::dlerror()));
    std::vector<double> features;
    std::vector<float> targets;
    for (const Row& row : dataset.rows) {
        for (const double feature : features_of(row.request)) features.push_back(feature);
        features.push_back(row.output_tokens);
        targets.push_back(static_cast<float>(row.decode_ms));
    }
    const int rows = static_cast<int>(dataset.rows.size());
    if (!trees.train(features, rows, 6, targets))
        return void(std::printf("LightGBM             could not train\n"));
    std::printf("LightGBM             %9.0f ns\n", median_ns(500, [&](int i) {
                    return trees.predict(&features[static_cast<std::size_t>(6 * (i % rows))]);
                }));
}

LatencyModel model_of(const Dataset& dataset, bool with_residual) {
    const std::vector<int> rows = training_rows(dataset);
    const auto folds = make_folds(dataset, Split::leave_configuration_out, 5, 1);
    LatencyModel model =
        build_latency_model(dataset, rows, run_folds(dataset, folds, physics_fold_model(1)), 1);
    const Physics& physics = model.physics.physics;
    model.physics = make_physics_model(
        physics, with_residual ? train_residual(dataset, rows, physics, 1) : Residual{},
        model.physics.levels);
    return model;
}

}  // namespace

int main(int argc, char** argv) {
    SimulationParameters parameters;
    Simulation simulation = simulate(parameters);
    RecordSet set;
    set.run = simulation.header;
    set.records = std::move(simulation.records);
    const Dataset dataset = make_dataset(set);
    const auto request_at = [&](int i) {
        return dataset.rows[static_cast<std::size_t>(i) % dataset.rows.size()].request;
    };

    for (const bool with_residual : {false, true}) {
        const Predictor predictor =
            Predictor::parse(to_json(model_of(dataset, with_residual)), "bench");
        const double one = median_ns(
            1000, [&](int i) { return predictor.predict(request_at(i), 2 + i % 63).total.p95_ms; });
        std::vector<Request> requests;
        for (const int tier : {0, 1, 2})
            for (const int top_k : parameters.top_k)
                for (const int blocks : parameters.blocks)
                    requests.push_back({576, 60, tier, top_k, blocks, 0});
        std::vector<Estimate> estimates(requests.size());
        const double sweep = median_ns(20, [&](int i) {
            predictor.predict(requests, 2 + i % 63, estimates);
            return estimates.back().total.p95_ms;
        });
        std::printf("%-20s %9.0f ns      sweep of %zu: %7.2f us\n",
                    with_residual ? "physics + residual" : "physics", one, requests.size(),
                    sweep / 1000);
    }

    TrainingOptions options;
    options.num_epochs = 1;
    const std::vector<int> rows = training_rows(dataset);
    const auto network = PositionedEstimator::train(dataset, rows, {}, options);
    std::printf("LibTorch             %9.0f ns\n", median_ns(20, [&](int i) {
                    return network.predict_decode(request_at(i), 2 + i % 63);
                }));
    if (argc > 1) time_trees(argv[1], dataset);
}
