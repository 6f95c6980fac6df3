// All parameters of a network in one flat tensor, so that the optimizer is one call and a copy is
// one copy. [torch]
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace decodemeter {

// A parameter and its gradient: views of the flat tensors.
struct Parameter {
    at::Tensor value;
    at::Tensor gradient;
};

// y = x weight' + bias; weight [outputs, inputs].
struct Linear {
    Parameter weight;
    Parameter bias;

    // y [rows, outputs], x [rows, inputs].
    void forward(at::Tensor& y, const at::Tensor& x) const;
    // Overwrites the gradients; grad_x may be undefined where it is not wanted.
    void backward(const at::Tensor& grad_y, const at::Tensor& x, at::Tensor* grad_x);
};

class Parameters {
public:
    // Registers a parameter before allocate().
    std::size_t add(std::string name, std::vector<std::int64_t> shape);
    // Makes the flat tensors, zero, on `device`.
    void allocate(const at::Device& device);

    Parameter get(std::size_t index) const;
    std::size_t size() const noexcept { return entries_.size(); }
    const std::string& name(std::size_t index) const { return entries_[index].name; }

    at::Tensor& values() noexcept { return values_; }
    const at::Tensor& values() const noexcept { return values_; }
    at::Tensor& gradients() noexcept { return gradients_; }

private:
    struct Entry {
        std::string name;
        std::vector<std::int64_t> shape;
        std::int64_t offset = 0;
        std::int64_t count = 0;
    };
    std::vector<Entry> entries_;
    std::int64_t total_ = 0;
    at::Tensor values_;
    at::Tensor gradients_;
};

// Adam with the published hyper-parameters: betas 0.9 and 0.999, L2 weight decay 1e-5. One fused
// call a step.
class FlatAdam {
public:
    explicit FlatAdam(const Parameters& parameters);
    void step(Parameters& parameters, double learning_rate);

private:
    std::vector<at::Tensor> first_, second_, steps_;
};

// Uniform in +-1/sqrt(inputs), as LibTorch's own linear layers begin. Drawn on the CPU, so that a
// seed gives the same network on every device.
void initialize(const Linear& linear, at::Generator& random);

}  // namespace decodemeter
