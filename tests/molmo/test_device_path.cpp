// The decoder as it runs on a device that is not the CPU. What LibTorch is asked to do is seen
// here; the kernels and waits within CUDA's own operations are not.
#include <ATen/Context.h>
#include <ATen/ops/_scaled_dot_product_attention_math.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <c10/core/InferenceMode.h>
#include <torch/library.h>

#include "profiler/molmo/checkpoint/built_in_models.hpp"
#include "profiler/molmo/counted_operations.hpp"
#include "profiler/molmo/implementation.hpp"
#include "profiler/molmo/molmo.hpp"
#include "tests/catch.hpp"
#include "tests/molmo/decode_launches.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;
using test::DeviceCall;
using test::DeviceOperation;
using test::StandInDevice;

namespace {

constexpr int answer_tokens = 5;
const GenerateOptions five_tokens{{}, answer_tokens, false, Extent::everything};

// What was dispatched in each step, from edge to edge.
class StepOperations final : public StageObserver {
public:
    explicit StepOperations(StandInDevice& device) : device_(device) {}
    void begin(Stage) noexcept override {}
    void end(Stage) noexcept override {}
    void step_edge(int step) noexcept override {
        if (step > 0) steps.push_back(device_.operations());
        device_.clear();
    }
    std::vector<std::vector<DeviceOperation>> steps;

private:
    StandInDevice& device_;
};

Molmo tiny(const char* name, Precision precision) {
    ModelOptions options;
    options.precision = precision;
    return Molmo::built_in(name, options);
}

void move_to_device(Molmo& model) {
    const c10::InferenceMode guard;
    Molmo::Implementation& self = model.implementation();
    self.device = StandInDevice::device();
    const Parameters parameters = allocate_parameters(self.config, self.options());
    const auto from = named_parameters(self.parameters, self.config);
    const auto to = named_parameters(parameters, self.config);
    for (std::size_t i = 0; i < from.size(); ++i) to[i].tensor.copy_(from[i].tensor);
    self.parameters = parameters;
}

std::shared_ptr<const PreparedInput> question(const Molmo& model) {
    NullObserver nobody;
    return model.prepare({nullptr, "How many birds are there?", std::nullopt, 12}, nobody);
}

std::vector<std::int64_t> answer_on_cpu(const char* name) {
    Molmo model = tiny(name, Precision::float32);
    NullObserver nobody;
    return model.generate(*question(model), five_tokens, nobody).tokens;
}

// As CUDA's memory-efficient attention leaves its result: by position, then by head.
at::Tensor attention_by_position(const at::Tensor& query, const at::Tensor& key,
                                 const at::Tensor& value, const std::optional<at::Tensor>& mask,
                                 double dropout, bool is_causal, std::optional<double> scale,
                                 bool enable_gqa) {
    const at::Tensor mixed = std::get<0>(at::_scaled_dot_product_attention_math(
        query, key, value, mask, dropout, is_causal, {}, scale, enable_gqa));
    return mixed.transpose(1, 2).contiguous().transpose(1, 2);
}

std::vector<std::vector<DeviceOperation>> steps_on_device(const char* name, Precision precision) {
    StandInDevice device;
    Molmo model = tiny(name, precision);
    move_to_device(model);
    StepOperations observer(device);
    model.generate(*question(model), five_tokens, observer);
    return observer.steps;
}

}  // namespace

TEST_CASE("The device's path gives the CPU's answer") {
    for (const char* name : {"tiny-molmoe", "tiny-molmo"}) {
        const std::vector<std::int64_t> expected = answer_on_cpu(name);
        StandInDevice device;
        Molmo model = tiny(name, Precision::float32);
        move_to_device(model);
        NullObserver nobody;
        CHECK(model.generate(*question(model), five_tokens, nobody).tokens == expected);
    }
}

TEST_CASE("In bfloat16 a decode step waits for the device once, to read the token back") {
    for (const char* name : {"tiny-molmoe", "tiny-molmo"}) {
        const auto steps = steps_on_device(name, Precision::bfloat16);
        REQUIRE(steps.size() == answer_tokens - 1);
        for (const auto& step : steps) {
            CHECK(test::count_by_name(step, DeviceCall::read_by_host) ==
                  std::map<std::string, int>{{"_local_scalar_dense", 1}});
            CHECK(test::count_by_name(step, DeviceCall::copy_to_device).empty());
        }
    }
}

TEST_CASE("In float32 each grouped product of a mixture of experts waits for the device") {
    const auto steps = steps_on_device("tiny-molmoe", Precision::float32);
    REQUIRE(steps.size() == answer_tokens - 1);
    CHECK(test::count_by_name(steps.back(), DeviceCall::read_by_host) ==
          std::map<std::string, int>{{"_grouped_mm", 32}, {"_local_scalar_dense", 1}});
}

TEST_CASE("A step dispatches what its layers and the rest are counted to dispatch") {
    const ModelConfig config = *built_in_model("tiny-molmoe");
    const test::DecodeLaunches counted = test::decode_launches(config, at::kBFloat16, 40);
    const auto steps = steps_on_device("tiny-molmoe", Precision::bfloat16);
    std::map<std::string, int> expected = test::count_by_name(counted.outside);
    for (const auto& [name, count] : test::count_by_name(counted.layer))
        expected[name] += config.layers * count;
    CHECK(test::count_by_name(steps.back()) == expected);
}

TEST_CASE("Attention may leave its result in memory by position") {
    for (const char* name : {"tiny-molmoe", "tiny-molmo"}) {
        const std::vector<std::int64_t> expected = answer_on_cpu(name);
        torch::Library cpu(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
        cpu.impl("scaled_dot_product_attention", &attention_by_position);
        CHECK(answer_on_cpu(name) == expected);
    }
}

TEST_CASE("A model leaves cuDNN's attention off, which plans anew for each length") {
    at::globalContext().setSDPUseCuDNN(true);
    const AttentionBackend backend = describe_built_in("tiny-molmoe", {}).attention_backend;
    CHECK_FALSE(at::globalContext().userEnabledCuDNNSDP());
    CHECK((backend.decode == "flash" || backend.decode == "math"));
    CHECK((backend.prefill == "flash" || backend.prefill == "math"));
}

TEST_CASE("Views, allocations and calls that consist of others are not counted as operations") {
    const c10::InferenceMode guard;
    const at::Tensor x = at::ones({4, 6});
    CountedOperations counted;
    const at::Tensor view = x.view({2, 12}).narrow(1, 0, 4).to(at::kFloat).unsqueeze(0);
    CHECK(counted.count() == 0);
    const at::Tensor product = at::linear(x, x);
    CHECK(counted.count() == 1);
    const at::Tensor copied = x.t().reshape({24});
    CHECK(counted.count() == 2);
    CHECK(product.sum().item<float>() == 96);
    CHECK(counted.count() == 3);
}

TEST_CASE("A layer of the full-size mixture of experts dispatches 34 operations in a decode step") {
    const test::DecodeLaunches counted =
        test::decode_launches(*built_in_model("molmoe-1b"), at::kBFloat16, 1000);
    CHECK(test::count_by_name(counted.layer) ==
          std::map<std::string, int>{{"_fused_rms_norm", 3},
                                     {"mul", 5},
                                     {"mm", 3},
                                     {"copy", 6},
                                     {"roll", 1},
                                     {"addcmul", 1},
                                     {"scaled_dot_product_attention", 1},
                                     {"add", 2},
                                     {"_softmax", 1},
                                     {"topk", 1},
                                     {"sort", 1},
                                     {"arange", 1},
                                     {"searchsorted", 1},
                                     {"floor_divide", 1},
                                     {"index_select", 1},
                                     {"_grouped_mm", 2},
                                     {"silu", 1},
                                     {"index_copy", 1},
                                     {"bmm", 1}});
    CHECK(test::count_by_name(counted.outside) ==
          std::map<std::string, int>{
              {"index_select", 1}, {"_fused_rms_norm", 1}, {"mul", 1}, {"mm", 1}, {"argmax", 1}});
    CHECK(test::count_by_name(counted.layer, DeviceCall::read_by_host).empty());
}
