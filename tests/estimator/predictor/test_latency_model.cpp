#include "estimator/predictor/latency_model.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "estimator/predictor/predictor.hpp"
#include "estimator/predictor/predictor_c.h"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using Json = nlohmann::json;

namespace {

std::string stored_text() { return test::read_text(DECODEMETER_TEST_MODEL); }
LatencyModel stored() { return parse_latency_model(stored_text(), "stored"); }

std::string message_of(const std::string& text) {
    try {
        parse_latency_model(text, "file.json");
    } catch (const InputError& error) {
        return error.what();
    }
    return {};
}

std::string changed(const char* pointer, const Json& value) {
    Json json = Json::parse(stored_text());
    json[Json::json_pointer(pointer)] = value;
    return message_of(json.dump());
}

const Request request{928, 60, 2, 8, 16, 0};

}  // namespace

TEST_CASE("A model file that was read and written again is the same") {
    const LatencyModel model = stored();
    CHECK(parse_latency_model(to_json(model), "again") == model);
    CHECK(model.provenance.synthetic);
    CHECK_FALSE(model.table.costs.empty());
}

TEST_CASE("A model file that cannot be right is refused with the file and the field") {
    using Catch::Contains;
    CHECK_THAT(changed("/version", 2),
               Contains("file.json: has version 2") && Contains("train again"));
    CHECK_THAT(changed("/version", 99), Contains("file.json: has version 99"));
    CHECK_THAT(changed("/format", "something"), Contains("is not a latency estimator"));
    CHECK_THAT(changed("/physics/decode_step/every_step/0", -1), Contains("every_step"));
    CHECK_THAT(changed("/physics/decode_step/every_step/0", nullptr), Contains("every_step"));
    CHECK_THAT(changed("/physics/prefill/per_crop", {1, 2}), Contains("per_crop"));
    CHECK_THAT(changed("/bounds/prefill/p95", "wide"), Contains("p95"));
    CHECK_THAT(changed("/residual/decode", 1), Contains("decode"));
    CHECK_THAT(changed("/provenance/records", -5), Contains("records"));
    CHECK_THAT(message_of(""), Contains("no whole JSON document"));
    CHECK_THAT(message_of(stored_text().substr(0, 2000)), Contains("no whole JSON document"));
    CHECK_THAT(message_of("{\"format\" 1}"),
               Contains("line 1, column 11") && !Contains("exception"));
    CHECK_THAT(message_of(std::string(100000, '[')), Contains("file.json"));
    CHECK_THAT(message_of("[]"), Contains("file.json"));
    CHECK_THROWS_WITH(read_latency_model("/nowhere.json"), Contains("/nowhere.json"));
}

TEST_CASE("A network whose sizes do not fit is refused") {
    const auto layer = [](int inputs, int outputs, std::size_t weights) {
        return Json{{"inputs", inputs},
                    {"outputs", outputs},
                    {"activation", "tanh"},
                    {"weight", std::vector<double>(weights, 0.1)},
                    {"bias", std::vector<double>(2, 0.0)}};
    };
    CHECK(changed("/residual/network/layers", Json::array({layer(5, 2, 10)})).empty());
    CHECK_FALSE(changed("/residual/network/layers", Json::array({layer(5, 2, 9)})).empty());
    CHECK_FALSE(changed("/residual/network/layers", Json::array({layer(4, 2, 8)})).empty());
    CHECK_FALSE(changed("/residual/network/layers", Json::array({layer(5, 3, 15)})).empty());
    CHECK_FALSE(changed("/residual/network/layers", Json::array({layer(5, 1 << 30, 10)})).empty());
    CHECK_FALSE(changed("/residual/network/layers", Json::array({layer(5, -2, 10)})).empty());
}

TEST_CASE("A damaged byte is refused or harmless, and never crashes") {
    const std::string text = stored_text();
    std::mt19937_64 random(3);
    int refused = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string damaged = text;
        damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
        try {
            const Estimate estimate = predict(parse_latency_model(damaged, "damaged"), request, 20);
            CHECK_FALSE(std::isinf(estimate.total.expected_ms));
        } catch (const InputError&) {
            ++refused;
        }
    }
    CHECK(refused > 500);
}

TEST_CASE("An answer says how far the records cover it") {
    const LatencyModel model = stored();
    CHECK(predict(model, request, 20).coverage == Coverage::ok);
    CHECK(predict(model, request, 20).bounds_calibrated);
    CHECK(predict(model, {928, 60, 2, 7, 16, 0}, 20).coverage == Coverage::interpolated);
    const auto outside = [&](const Request& asked, int tokens, Feature feature) {
        const Estimate estimate = predict(model, asked, tokens);
        CHECK(estimate.coverage == Coverage::extrapolated);
        CHECK(estimate.feature == feature);
        CHECK_FALSE(estimate.bounds_calibrated);
        CHECK(std::isfinite(estimate.total.p99_ms));
    };
    outside({928, 60, 2, 13, 16, 0}, 20, Feature::top_k);
    outside({5000, 60, 2, 8, 16, 13}, 20, Feature::vision_tokens);
    outside({928, 60, 2, 8, 32, 0}, 20, Feature::active_blocks);
    outside(request, 65, Feature::output_tokens);
    for (const Request& meaningless :
         {Request{-1, 60, 2, 8, 16, 0}, Request{928, 60, 3, 8, 16, 0},
          Request{928, 60, 2, -1, 16, 0}, Request{928, 60, 2, 8, 0, 0}}) {
        const Estimate estimate = predict(model, meaningless, 20);
        CHECK(estimate.coverage == Coverage::refused);
        CHECK(std::isnan(estimate.total.expected_ms));
    }
    CHECK(predict(model, request, 0).coverage == Coverage::refused);
}

TEST_CASE(
    "An answer of one token has no decode time, and its total is the prefill with the prefill's "
    "bounds") {
    const Estimate estimate = predict(stored(), request, 1);
    CHECK(estimate.decode.expected_ms == 0);
    CHECK(estimate.total.expected_ms == estimate.prefill.expected_ms);
    CHECK(estimate.total.p95_ms == estimate.prefill.p95_ms);
}

TEST_CASE("The C interface gives what the C++ interface gives") {
    const Predictor predictor{std::filesystem::path(DECODEMETER_TEST_MODEL)};
    char message[200];
    decodemeter_predictor* handle =
        decodemeter_predictor_open(DECODEMETER_TEST_MODEL, message, sizeof message);
    REQUIRE(handle != nullptr);
    const decodemeter_request asked{928, 60, 2, 8, 16, 0};
    decodemeter_estimate estimate{};
    CHECK(decodemeter_predict(handle, &asked, 20, &estimate) == -1);  // no size
    estimate.size = sizeof estimate;
    CHECK(decodemeter_predict(handle, &asked, 20, &estimate) == 0);
    const Estimate expected = predictor.predict(request, 20);
    CHECK(estimate.total.p99_ms == expected.total.p99_ms);
    CHECK(estimate.prefill.expected_ms == expected.prefill.expected_ms);
    CHECK(estimate.hierarchical_p95_ms == expected.hierarchical_p95_ms);
    double total = 0;
    double p95 = 0;
    CHECK(decodemeter_predict_many(handle, &asked, 1, 20, &total, &p95) == 0);
    CHECK(total == expected.total.expected_ms);
    CHECK(p95 == expected.total.p95_ms);
    CHECK(decodemeter_step_ms(handle, &asked, 3) == predictor.step_ms(request, 3));
    CHECK(std::string(decodemeter_predictor_device(handle)) == "simulated");
    CHECK(decodemeter_predictor_synthetic(handle) == 1);
    CHECK(decodemeter_predict(nullptr, &asked, 20, &estimate) == -1);
    decodemeter_predictor_close(handle);
    CHECK(decodemeter_predictor_open("/nowhere.json", message, sizeof message) == nullptr);
    CHECK_THAT(std::string(message), Catch::Contains("/nowhere.json"));
    char small[8];
    CHECK(decodemeter_predictor_open("/nowhere.json", small, sizeof small) == nullptr);
    CHECK(std::string(small).size() == 7);
    CHECK(decodemeter_predictor_open(nullptr, nullptr, 0) == nullptr);
    decodemeter_predictor_close(nullptr);
}

TEST_CASE("Threads that ask one predictor at once get one answer") {
    const Predictor predictor{std::filesystem::path(DECODEMETER_TEST_MODEL)};
    const double expected = predictor.predict(request, 20).total.p95_ms;
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 20000; ++i)
                    wrong += predictor.predict(request, 20).total.p95_ms != expected;
            });
    }
    CHECK(wrong == 0);
}
