#include "estimator/networks/parameters.hpp"

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace decodemeter {

namespace {
// Each parameter begins at a cache line, so that vector loads do not straddle two.
constexpr std::int64_t alignment = 16;
}  // namespace

void Linear::forward(at::Tensor& y, const at::Tensor& x) const {
    at::addmm_out(y, bias.value, x, weight.value.t());
}

void Linear::backward(const at::Tensor& grad_y, const at::Tensor& x, at::Tensor* grad_x) {
    at::mm_out(weight.gradient, grad_y.t(), x);
    at::sum_out(bias.gradient, grad_y, 0);
    if (grad_x != nullptr) at::mm_out(*grad_x, grad_y, weight.value);
}

std::size_t Parameters::add(std::string name, std::vector<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    entries_.push_back({std::move(name), std::move(shape), total_, count});
    total_ += (count + alignment - 1) / alignment * alignment;
    return entries_.size() - 1;
}

void Parameters::allocate(const at::Device& device) {
    values_ = at::zeros({total_}, at::TensorOptions().dtype(at::kFloat).device(device));
    gradients_ = at::zeros_like(values_);
}

Parameter Parameters::get(std::size_t index) const {
    const Entry& entry = entries_[index];
    const auto view = [&](const at::Tensor& flat) {
        return flat.narrow(0, entry.offset, entry.count).view(entry.shape);
    };
    return {view(values_), view(gradients_)};
}

FlatAdam::FlatAdam(const Parameters& parameters)
    : first_{at::zeros_like(parameters.values())},
      second_{at::zeros_like(parameters.values())},
      steps_{at::zeros({}, parameters.values().options())} {}

void FlatAdam::step(Parameters& parameters, double learning_rate) {
    const std::vector<at::Tensor> values = {parameters.values()};
    const std::vector<at::Tensor> gradients = {parameters.gradients()};
    steps_.front().add_(1);
    at::_fused_adam_(values, gradients, first_, second_, {}, steps_, learning_rate, 0.9, 0.999,
                     1e-5, 1e-8,
                     /*amsgrad=*/false, /*maximize=*/false);
}

void initialize(const Linear& linear, at::Generator& random) {
    const double limit = 1 / std::sqrt(static_cast<double>(linear.weight.value.size(1)));
    for (const at::Tensor& value : {linear.weight.value, linear.bias.value}) {
        at::Tensor drawn = at::empty(value.sizes(), at::TensorOptions().dtype(at::kFloat));
        value.copy_(drawn.uniform_(-limit, limit, random));
    }
}

}  // namespace decodemeter
