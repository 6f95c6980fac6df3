// The device's position sum beside its own kernels run on the host: the same phases in the same
// order.
#include <memory>

#include "tests/catch.hpp"
#include "tests/gpu/device_array.hpp"
#include "tests/kernels/position_sum/implementations.hpp"

using namespace decodemeter;
using namespace decodemeter::kernels;

namespace {

// A case's arrays on the device, and the calls on them.
class OnDevice {
public:
    explicit OnDevice(const Case& of)
        : case_(of),
          u_(of.u.data(), of.u.size()),
          v_(of.v.data(), of.v.size()),
          head_weight_(of.head_weight.data(), of.head_weight.size()),
          head_bias_(of.head_bias.data(), of.head_bias.size()),
          weights_(of.weights.data(), of.weights.size()),
          grad_sum_(of.grad_sum.data(), of.grad_sum.size()),
          grad_values_(of.grad_values.data(), of.grad_values.size()),
          counts_(of.counts.data(), of.counts.size()),
          weight_row_(of.weight_row.data(), of.weight_row.size()),
          room_(room_for<float>(of)),
          sum_(room_.sum.size()),
          values_(room_.values.size()),
          slopes_(room_.slopes.size()),
          grad_u_(room_.u.size()),
          grad_v_(room_.v.size()),
          grad_head_weight_(room_.head_weight.size()),
          grad_head_bias_(room_.head_bias.size()),
          grad_weights_(room_.weights.size()),
          visit_(room_.visit.size()),
          forward_scratch_(
              static_cast<std::int64_t>(position_sum_workspace_cuda(of.shape).forward_bytes)),
          backward_scratch_(
              static_cast<std::int64_t>(position_sum_workspace_cuda(of.shape).backward_bytes)) {
        check_cuda(cudaDeviceSynchronize());
    }

    void queue(cudaStream_t stream) {
        const bool is_identity = case_.options.link == Link::identity;
        position_sum_forward_cuda(
            case_.shape, case_.options, inputs(),
            {sum_.get(), values_.get(), is_identity ? nullptr : slopes_.get(), visit_.get()},
            forward_scratch_.get(), stream);
        position_sum_backward_cuda(case_.shape, case_.options, inputs(),
                                   {is_identity ? nullptr : slopes_.get(), values_.get(),
                                    visit_.get(), grad_sum_.get(), grad_values_.get()},
                                   {grad_u_.get(), grad_v_.get(), grad_head_weight_.get(),
                                    grad_head_bias_.get(), grad_weights_.get(), case_.weight_rows},
                                   backward_scratch_.get(), stream);
    }

    Results<float> fetch() {
        sum_.copy_to(room_.sum.data());
        values_.copy_to(room_.values.data());
        grad_u_.copy_to(room_.u.data());
        grad_v_.copy_to(room_.v.data());
        grad_head_weight_.copy_to(room_.head_weight.data());
        grad_head_bias_.copy_to(room_.head_bias.data());
        grad_weights_.copy_to(room_.weights.data());
        visit_.copy_to(room_.visit.data());
        return room_;
    }

private:
    PositionSumInputs<float> inputs() const {
        PositionSumInputs<float> in = case_.inputs();
        in.config_part = u_.get();
        in.position_part = v_.get();
        in.head_weight = head_weight_.get();
        in.head_bias = head_bias_.get();
        in.counts = counts_.get();
        in.weights = weights_.get();
        in.weight_row = weight_row_.get();
        return in;
    }

    Case case_;
    DeviceArray<float> u_;
    DeviceArray<float> v_;
    DeviceArray<float> head_weight_;
    DeviceArray<float> head_bias_;
    DeviceArray<float> weights_;
    DeviceArray<float> grad_sum_;
    DeviceArray<float> grad_values_;
    DeviceArray<std::int32_t> counts_;
    DeviceArray<std::int32_t> weight_row_;
    Results<float> room_;
    DeviceArray<float> sum_;
    DeviceArray<float> values_;
    DeviceArray<float> slopes_;
    DeviceArray<float> grad_u_;
    DeviceArray<float> grad_v_;
    DeviceArray<float> grad_head_weight_;
    DeviceArray<float> grad_head_bias_;
    DeviceArray<float> grad_weights_;
    DeviceArray<std::int32_t> visit_;
    DeviceArray<char> forward_scratch_;
    DeviceArray<char> backward_scratch_;
};

Results<float> on_device(const Case& of) {
    OnDevice device(of);
    const Stream stream;
    device.queue(stream.get());
    stream.wait();
    return device.fetch();
}

Results<float> on_host(const Case& of) {
    return run(device_on_host(plan_forward(of.shape, of.options.activation).size, {}), of);
}

constexpr PositionSumShape small_shapes[] = {
    {1, 1, 1},  {31, 33, 32}, {33, 31, 1}, {32, 32, 33},
    {64, 0, 8}, {8, 8, 0},    {0, 5, 5},   {64, 64, 96},
};
constexpr PositionSumShape shapes[] = {
    {1, 1000, 7}, {1000, 1, 33}, {64, 64, 256}, {130, 129, 65}, {600, 512, 64}};

void check_bits(const PositionSumShape& shape) {
    for (const Link link : all_links) {
        INFO(shape.batch << " x " << shape.positions << " x " << shape.hidden << ", link "
                         << static_cast<int>(link));
        const Case made = make_case(shape, {Activation::relu, link});
        CHECK(same_bits(on_device(made), on_host(made)));
    }
}

void check_against_float64(const PositionSumShape& shape) {
    for (const Activation activation : {Activation::gelu, Activation::silu}) {
        INFO(shape.batch << " x " << shape.positions << " x " << shape.hidden);
        const Case made = make_case(shape, {activation, Link::softplus});
        CHECK(excess(on_device(made), reference(made)) <= 1);
    }
}

}  // namespace

// Those with [small] are quick enough for compute-sanitizer.
TEST_CASE("With ReLU the device gives the host's bits over small shapes", "[small]") {
    for (const PositionSumShape& shape : small_shapes) check_bits(shape);
}

TEST_CASE("With ReLU the device gives the host's bits") {
    for (const PositionSumShape& shape : shapes) check_bits(shape);
}

TEST_CASE("With ReLU and large tiles the device gives the host's bits") {
    const Case made = make_case({4096, 1024, 12}, {Activation::relu, Link::softplus});
    REQUIRE(plan_forward(made.shape, Activation::relu).size == TileSize::large);
    CHECK(same_bits(on_device(made), on_host(made)));
}

TEST_CASE("The device takes weights by sample or by row, and gives values and gradients of both",
          "[small]") {
    for (const Weighting weighting : {Weighting::none, Weighting::by_sample, Weighting::table}) {
        for (const std::int64_t padding : {0, 3, 4}) {
            const Case made = make_case({37, 45, 20}, {Activation::relu, Link::softplus}, weighting,
                                        true, padding);
            CHECK(same_bits(on_device(made), on_host(made)));
        }
    }
}

TEST_CASE("With GELU and SiLU the device agrees with float64 over small shapes", "[small]") {
    for (const PositionSumShape& shape : small_shapes) check_against_float64(shape);
}

TEST_CASE("With GELU and SiLU the device agrees with float64") {
    for (const PositionSumShape& shape : shapes) check_against_float64(shape);
}

TEST_CASE("The device repeats its bits, on two streams at once too") {
    for (const Activation activation : all_activations) {
        const Case made = make_case({700, 200, 130}, {activation, Link::softplus});
        const Results<float> expected = on_device(made);
        std::vector<std::unique_ptr<OnDevice>> calls;
        const Stream streams[2];
        for (int i = 0; i < 8; ++i) calls.push_back(std::make_unique<OnDevice>(made));
        for (std::size_t i = 0; i < calls.size(); ++i) calls[i]->queue(streams[i % 2].get());
        for (const Stream& stream : streams) stream.wait();
        for (const auto& call : calls) CHECK(same_bits(call->fetch(), expected));
    }
}

TEST_CASE("A captured graph of the calls gives the same bits as the calls") {
    const Case made = make_case({64, 64, 256}, {Activation::relu, Link::softplus});
    const Results<float> expected = on_device(made);
    OnDevice device(made);
    const Stream stream;
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    check_cuda(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal));
    device.queue(stream.get());
    check_cuda(cudaStreamEndCapture(stream.get(), &graph));
    check_cuda(cudaGraphInstantiate(&executable, graph, 0));
    for (int i = 0; i < 3; ++i) check_cuda(cudaGraphLaunch(executable, stream.get()));
    stream.wait();
    CHECK(same_bits(device.fetch(), expected));
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);
}
