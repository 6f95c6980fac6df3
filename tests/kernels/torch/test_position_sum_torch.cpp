// Before the tests' headers: LibTorch's logging and Catch2 both define CHECK, and the tests want
// the latter.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "kernels/torch/torch_bindings.hpp"
#undef CHECK
#include "tests/catch.hpp"

using namespace decodemeter::kernels;

namespace {

using at::Tensor;
using Inputs = std::vector<Tensor>;  // U, V, v, c

Inputs random_inputs(std::int64_t batch, std::int64_t positions, std::int64_t hidden,
                     at::ScalarType type) {
    at::manual_seed(static_cast<std::uint64_t>(batch + positions + hidden));
    const auto options = at::TensorOptions().dtype(type);
    Inputs inputs = {at::randn({batch, hidden}, options), at::randn({positions, hidden}, options),
                     at::randn({hidden}, options) * 0.3, at::randn({1}, options)};
    for (Tensor& input : inputs) input.requires_grad_(true);
    return inputs;
}

Tensor call(const Inputs& in, const Tensor& counts, const PositionSumOptions& options) {
    return position_sum(in[0], in[1], in[2], in[3], counts, options);
}

// The same by LibTorch's own operations, with the tensor of batch x positions x hidden.
Tensor by_full_tensor(const Inputs& in, const Tensor& weights, const PositionSumOptions& options) {
    const Tensor x = in[0].unsqueeze(1) + in[1].unsqueeze(0);
    const Tensor a = options.activation == Activation::relu   ? at::relu(x)
                     : options.activation == Activation::gelu ? at::gelu(x, "tanh")
                                                              : at::silu(x);
    const Tensor y = a.matmul(in[2]) + in[3];
    const Tensor g = options.link == Link::identity   ? y
                     : options.link == Link::softplus ? at::softplus(y)
                                                      : y.exp();
    return (g * weights).sum(1);
}

Tensor mask_of(const Tensor& counts, const Tensor& position_part) {
    return (at::arange(position_part.size(0)).unsqueeze(0) < counts.unsqueeze(1))
        .to(position_part.scalar_type());
}

// Central differences of sum(f * direction) by one element of `input`.
double difference(const std::function<Tensor()>& f, const Tensor& direction, const Tensor& input,
                  std::int64_t at) {
    const c10::NoGradGuard no_grad;
    constexpr double step = 1e-5;
    auto* element = static_cast<double*>(input.data_ptr()) + at;
    const double before = *element;
    *element = before + step;
    const double above = (f() * direction).sum().item<double>();
    *element = before - step;
    const double below = (f() * direction).sum().item<double>();
    *element = before;
    return (above - below) / (2 * step);
}

void check_gradients(const std::function<Tensor()>& f, const Inputs& inputs) {
    const Tensor output = f();
    const Tensor direction = at::rand(output.sizes(), output.options());
    const Inputs gradients = torch::autograd::grad({output}, inputs, {direction});
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        for (std::int64_t at = 0; at < inputs[i].numel(); ++at) {
            const double expected = difference(f, direction, inputs[i], at);
            const double got = gradients[i].reshape(-1)[at].item<double>();
            INFO("input " << i << ", element " << at);
            CHECK(std::fabs(got - expected) <= 1e-6 * std::max(1.0, std::fabs(expected)));
        }
    }
}

bool bitwise_equal(const Tensor& a, const Tensor& b) {
    return a.sizes() == b.sizes() && a.eq(b).all().item<bool>();
}

constexpr Activation all_activations[] = {Activation::relu, Activation::gelu, Activation::silu};
constexpr Link all_links[] = {Link::identity, Link::softplus, Link::exp};

}  // namespace

TEST_CASE("In float64 the position sum's gradients are finite differences") {
    for (const Activation activation : all_activations) {
        for (const Link link : all_links) {
            const Inputs inputs = random_inputs(4, 5, 6, at::kDouble);
            const Tensor counts = at::randint(0, 7, {4}, at::kLong);
            check_gradients([&] { return call(inputs, counts, {activation, link}); }, inputs);
        }
    }
}

TEST_CASE("In float64 the gradients of weights and of values are finite differences") {
    Inputs inputs = random_inputs(4, 5, 6, at::kDouble);
    const PositionSumOptions options{Activation::silu, Link::softplus};
    const Tensor counts = at::randint(0, 6, {4}, at::kInt);
    check_gradients(
        [&] {
            return position_sum_with_values(inputs[0], inputs[1], inputs[2], inputs[3], counts,
                                            options)
                .second;
        },
        inputs);
    const Tensor row = at::randint(0, 3, {4}, at::kLong);
    inputs.push_back(at::rand({3, 5}, at::kDouble).requires_grad_(true));
    check_gradients(
        [&] {
            return weighted_position_sum(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], row,
                                         options);
        },
        inputs);
}

TEST_CASE("The position sum is what LibTorch computes from the full tensor") {
    for (const Activation activation : all_activations) {
        const PositionSumOptions options{activation, Link::softplus};
        const Inputs inputs = random_inputs(33, 20, 40, at::kFloat);
        const Tensor counts = at::randint(-2, 25, {33}, at::kLong);
        const Tensor expected = by_full_tensor(inputs, mask_of(counts, inputs[1]), options);
        CHECK(at::allclose(call(inputs, counts, options), expected, 1e-5, 1e-5));
        const Tensor weights = at::rand({33, 20});
        CHECK(at::allclose(weighted_position_sum(inputs[0], inputs[1], inputs[2], inputs[3],
                                                 weights, std::nullopt, options),
                           by_full_tensor(inputs, weights, options), 1e-5, 1e-5));
    }
}

TEST_CASE("A repetition gives the same bits, forward and backward") {
    const Inputs inputs = random_inputs(100, 64, 96, at::kFloat);
    const Tensor counts = at::randint(0, 65, {100}, at::kInt);
    const PositionSumOptions options{Activation::relu, Link::softplus};
    const auto once = [&] {
        const Tensor sum = call(inputs, counts, options);
        Inputs all = torch::autograd::grad({sum.sum()}, inputs);
        all.push_back(sum);
        return all;
    };
    const Inputs first = once();
    const Inputs second = once();
    for (std::size_t i = 0; i < first.size(); ++i) CHECK(bitwise_equal(first[i], second[i]));
}

TEST_CASE("Transposed, sliced and expanded tensors give what their contiguous copies give") {
    const c10::NoGradGuard no_grad;
    const PositionSumOptions options{Activation::gelu, Link::identity};
    const Tensor u = at::randn({12, 9}).t();
    const Tensor v = at::randn({14, 24}).slice(1, 4, 16).slice(0, 0, 14, 2);
    const Tensor weight = at::randn({24}).slice(0, 0, 24, 2);
    const Tensor bias = at::randn({1});
    const Tensor counts = at::randint(0, 8, {18}, at::kInt).slice(0, 0, 18, 2);
    REQUIRE(!u.is_contiguous());
    REQUIRE(!v.is_contiguous());
    const Tensor expected = position_sum(u.contiguous(), v.contiguous(), weight.contiguous(), bias,
                                         counts.contiguous(), options);
    CHECK(bitwise_equal(position_sum(u, v, weight, bias, counts, options), expected));
    const Tensor one_row = at::randn({1, 12}).expand({9, 12});
    CHECK(bitwise_equal(position_sum(one_row, v, weight, bias, counts, options),
                        position_sum(one_row.contiguous(), v, weight, bias, counts, options)));
}

TEST_CASE("Only the gradients that are asked for are computed, and there are no second ones") {
    Inputs inputs = random_inputs(5, 6, 7, at::kFloat);
    inputs[1] = inputs[1].detach();
    const Tensor counts = at::randint(0, 7, {5}, at::kLong);
    const Tensor sum = call(inputs, counts, {}).sum();
    sum.backward();
    CHECK(inputs[0].grad().defined());
    CHECK(!inputs[1].grad().defined());
    CHECK_THROWS_WITH(
        torch::autograd::grad({call(inputs, counts, {}).sum()}, {inputs[0]}, {}, true, true),
        Catch::Contains("no second derivatives"));
}

TEST_CASE("What does not fit is refused with a reason") {
    const Inputs in = random_inputs(3, 4, 5, at::kFloat);
    const Tensor counts = at::randint(0, 4, {3}, at::kLong);
    const auto refused = [&](const Tensor& u, const Tensor& v, const Tensor& weight,
                             const Tensor& n, const std::string& reason) {
        CHECK_THROWS_WITH(position_sum(u, v, weight, in[3], n, {}), Catch::Contains(reason));
    };
    refused(in[0], at::randn({4, 6}), in[2], counts, "[batch, hidden] and [positions, hidden]");
    refused(in[0], in[1], at::randn({6}), counts, "head_weight must be [hidden]");
    refused(in[0], in[1].to(at::kDouble), in[2], counts, "one type");
    refused(in[0].to(at::kHalf), in[1], in[2], counts, "float32 or float64");
    refused(in[0], in[1], in[2], at::randint(0, 4, {2}, at::kLong), "counts must be [batch]");
    refused(in[0], in[1], in[2], at::rand({3}), "int32 or int64");
    CHECK_THROWS_WITH(weighted_position_sum(in[0], in[1], in[2], in[3], at::rand({2, 4}),
                                            at::randint(2, 3, {3}, at::kLong), {}),
                      Catch::Contains("weight_row has rows beyond"));
}

TEST_CASE("Empty batches and empty tables have sums and gradients of zero") {
    for (const auto& [batch, positions] : {std::pair{0, 4}, {3, 0}}) {
        const Inputs inputs = random_inputs(batch, positions, 5, at::kFloat);
        const Tensor sum =
            call(inputs, at::randint(0, 5, {batch}, at::kLong), {Activation::relu, Link::softplus});
        CHECK(sum.abs().sum().item<double>() == 0);
        for (const Tensor& gradient : torch::autograd::grad({sum.sum()}, inputs))
            CHECK(gradient.abs().sum().item<double>() == 0);
    }
}
