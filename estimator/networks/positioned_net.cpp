#include "estimator/networks/positioned_net.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/softplus_backward.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/threshold_backward.h>

#include "estimator/predictor/dense_network.hpp"
#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter {

namespace {

constexpr double layer_norm_epsilon = 1e-5;
// log(s+1) of the first and the 63rd step are about -1 and 1 after this.
constexpr double log_position_center = 2.4;
constexpr double log_position_scale = 1.7;
constexpr double prefill_loss_weight = 2.0;
constexpr double decode_loss_weight = 1.0;
constexpr double step_loss_weight = 0.5;

constexpr kernels::PositionSumOptions head_options{kernels::Activation::relu,
                                                   kernels::Link::softplus};

at::Tensor floats(std::vector<std::int64_t> shape, const at::Device& device) {
    return at::empty(shape, at::TensorOptions().dtype(at::kFloat).device(device));
}

void* current_stream(const at::Device& device) {
    const c10::impl::VirtualGuardImpl guard(device.type());
    return guard.getStream(device).native_handle();
}

at::Tensor position_features(std::int64_t positions, bool published, const at::Device& device) {
    at::Tensor s =
        at::arange(1, positions + 1, at::TensorOptions().dtype(at::kFloat).device(device));
    s = (s + 1).log();
    if (!published) s = (s - log_position_center) / log_position_scale;
    return s.unsqueeze(1);
}

}  // namespace

void EncoderLayer::register_parameters(Parameters& parameters, const std::string& name,
                                       std::int64_t inputs, std::int64_t outputs, bool layer_norm,
                                       bool relu) {
    layer_norm_ = layer_norm;
    relu_ = relu;
    outputs_ = outputs;
    index_[0] = parameters.add(name + ".weight", {outputs, inputs});
    index_[1] = parameters.add(name + ".bias", {outputs});
    if (!layer_norm) return;
    index_[2] = parameters.add(name + ".norm.weight", {outputs});
    index_[3] = parameters.add(name + ".norm.bias", {outputs});
}

void EncoderLayer::bind(const Parameters& parameters) {
    linear_ = {parameters.get(index_[0]), parameters.get(index_[1])};
    if (!layer_norm_) return;
    scale_ = parameters.get(index_[2]);
    shift_ = parameters.get(index_[3]);
}

void EncoderLayer::initialize(at::Generator& random) {
    decodemeter::initialize(linear_, random);
    if (!layer_norm_) return;
    scale_.value.fill_(1);
    shift_.value.zero_();
}

void EncoderLayer::reserve(std::int64_t rows) {
    const at::Device device = linear_.weight.value.device();
    for (at::Tensor* tensor : {&before_, &output_, &grad_before_})
        *tensor = floats({rows, outputs_}, device);
}

const at::Tensor& EncoderLayer::forward(const at::Tensor& x) {
    linear_.forward(before_, x);
    if (layer_norm_) {
        std::tie(normed_, mean_, inverse_) = at::native_layer_norm(
            before_, {outputs_}, scale_.value, shift_.value, layer_norm_epsilon);
    }
    const at::Tensor& inner = layer_norm_ ? normed_ : before_;
    if (relu_) at::relu_out(output_, inner);
    else at::silu_out(output_, inner);
    return output_;
}

void EncoderLayer::backward(at::Tensor& grad_output, const at::Tensor& x, at::Tensor* grad_x) {
    const at::Tensor& inner = layer_norm_ ? normed_ : before_;
    if (relu_) at::threshold_backward_out(grad_before_, grad_output, output_, 0);
    else at::silu_backward_out(grad_before_, grad_output, inner);
    if (!layer_norm_) return linear_.backward(grad_before_, x, grad_x);
    const auto [grad_input, grad_scale, grad_shift] =
        at::native_layer_norm_backward(grad_before_, before_, {outputs_}, mean_, inverse_,
                                       scale_.value, shift_.value, {true, true, true});
    scale_.gradient.copy_(grad_scale);
    shift_.gradient.copy_(grad_shift);
    linear_.backward(grad_input, x, grad_x);
}

PositionedNet::PositionedNet(NetShape shape, const at::Device& device)
    : shape_(shape), device_(device) {
    const bool published = shape.published;
    const auto features = static_cast<std::int64_t>(feature_count);
    const std::int64_t hidden = shape.hidden;
    const std::int64_t narrow = shape.position_hidden();
    config_encoder_[0].register_parameters(parameters_, "config_encoder.0", features, hidden,
                                           published, published);
    config_encoder_[1].register_parameters(parameters_, "config_encoder.1", hidden, hidden,
                                           published, published);
    position_encoder_[0].register_parameters(parameters_, "position_encoder.0", 1, narrow, false,
                                             published);
    position_encoder_[1].register_parameters(parameters_, "position_encoder.1", narrow, narrow,
                                             false, published);
    prefill_weight_ = parameters_.add("prefill_head.weight", {1, hidden});
    prefill_bias_ = parameters_.add("prefill_head.bias", {1});
    config_weight_ = parameters_.add("decode_head.config.weight", {hidden, hidden});
    config_bias_ = parameters_.add("decode_head.config.bias", {hidden});
    position_weight_ = parameters_.add("decode_head.position.weight", {hidden, narrow});
    head_weight_ = parameters_.add("decode_head.out.weight", {hidden});
    head_bias_ = parameters_.add("decode_head.out.bias", {1});
    parameters_.allocate(device);
    for (auto* encoder : {&config_encoder_, &position_encoder_})
        for (EncoderLayer& layer : *encoder) layer.bind(parameters_);
    prefill_head_ = {parameters_.get(prefill_weight_), parameters_.get(prefill_bias_)};
    config_part_ = {parameters_.get(config_weight_), parameters_.get(config_bias_)};
    position_part_ = parameters_.get(position_weight_);
    head_ = parameters_.get(head_weight_);
    head_bias_value_ = parameters_.get(head_bias_);
}

void PositionedNet::initialize(std::uint64_t seed) {
    at::Generator random = at::detail::createCPUGenerator(seed);
    for (auto* encoder : {&config_encoder_, &position_encoder_})
        for (EncoderLayer& layer : *encoder) layer.initialize(random);
    decodemeter::initialize(prefill_head_, random);
    decodemeter::initialize(config_part_, random);
    Linear position{position_part_, {config_part_.bias.value.clone(), {}}};
    decodemeter::initialize(position, random);
    Linear head{{head_.value.unsqueeze(0), {}}, head_bias_value_};
    decodemeter::initialize(head, random);
}

void PositionedNet::reserve(std::int64_t batch, std::int64_t positions) {
    if (batch == batch_ && positions == positions_) return;
    batch_ = batch;
    positions_ = positions;
    const std::int64_t hidden = shape_.hidden;
    const std::int64_t narrow = shape_.position_hidden();
    positions_feature_ = position_features(positions, shape_.published, device_);
    for (EncoderLayer& layer : config_encoder_) layer.reserve(batch);
    for (EncoderLayer& layer : position_encoder_) layer.reserve(positions);
    for (at::Tensor* tensor : {&u_, &grad_u_, &grad_encoded_, &grad_from_prefill_, &grad_hidden_})
        *tensor = floats({batch, hidden}, device_);
    for (at::Tensor* tensor : {&v_, &grad_v_}) *tensor = floats({positions, hidden}, device_);
    for (at::Tensor* tensor : {&grad_position_, &grad_position_hidden_})
        *tensor = floats({positions, narrow}, device_);
    for (at::Tensor* tensor : {&values_, &slopes_, &grad_values_, &step_errors_})
        *tensor = floats({batch, positions}, device_);
    for (at::Tensor* tensor : {&prefill_raw_, &grad_prefill_raw_})
        *tensor = floats({batch, 1}, device_);
    for (at::Tensor* tensor : {&prefill_, &grad_prefill_, &decode_, &grad_decode_})
        *tensor = floats({batch}, device_);
    visit_ = at::empty({2, batch}, at::TensorOptions().dtype(at::kInt).device(device_));
    const kernels::PositionSumShape sum{batch, positions, hidden};
    const auto needed = device_.is_cuda() ? kernels::position_sum_workspace_cuda(sum)
                                          : kernels::position_sum_workspace_cpu<float>(sum);
    const auto bytes =
        static_cast<std::int64_t>(std::max(needed.forward_bytes, needed.backward_bytes));
    workspace_ = at::empty({bytes}, at::TensorOptions().dtype(at::kByte).device(device_));
}

void PositionedNet::forward(const at::Tensor& features, const at::Tensor& counts) {
    features_ = features;
    const at::Tensor& encoded = config_encoder_[1].forward(config_encoder_[0].forward(features));
    prefill_head_.forward(prefill_raw_, encoded);
    at::Tensor prefill_column = prefill_.unsqueeze(1);
    at::softplus_out(prefill_column, prefill_raw_);
    config_part_.forward(u_, encoded);
    const at::Tensor& positions =
        position_encoder_[1].forward(position_encoder_[0].forward(positions_feature_));
    at::mm_out(v_, positions, position_part_.value.t());
    position_sum_forward(counts);
}

namespace {

kernels::PositionSumInputs<float> sum_inputs(const at::Tensor& u, const at::Tensor& v,
                                             const Parameter& head, const Parameter& bias,
                                             const at::Tensor& counts) {
    kernels::PositionSumInputs<float> inputs;
    inputs.config_part = u.const_data_ptr<float>();
    inputs.position_part = v.const_data_ptr<float>();
    inputs.config_stride = inputs.position_stride = u.size(1);
    inputs.head_weight = head.value.const_data_ptr<float>();
    inputs.head_bias = bias.value.const_data_ptr<float>();
    inputs.counts = counts.const_data_ptr<std::int32_t>();
    return inputs;
}

}  // namespace

void PositionedNet::position_sum_forward(const at::Tensor& counts) {
    const kernels::PositionSumShape shape{batch_, positions_, shape_.hidden};
    const auto inputs = sum_inputs(u_, v_, head_, head_bias_value_, counts);
    const kernels::PositionSumOutputs<float> outputs{
        decode_.mutable_data_ptr<float>(), values_.mutable_data_ptr<float>(),
        slopes_.mutable_data_ptr<float>(), visit_.mutable_data_ptr<std::int32_t>()};
    void* workspace = workspace_.mutable_data_ptr();
    if (device_.is_cuda())
        kernels::position_sum_forward_cuda(shape, head_options, inputs, outputs, workspace,
                                           current_stream(device_));
    else kernels::position_sum_forward_cpu(shape, head_options, inputs, outputs, workspace);
}

void PositionedNet::position_sum_backward(const at::Tensor& counts, bool step_loss) {
    const kernels::PositionSumShape shape{batch_, positions_, shape_.hidden};
    const auto inputs = sum_inputs(u_, v_, head_, head_bias_value_, counts);
    kernels::PositionSumSaved<float> saved;
    saved.slopes = slopes_.const_data_ptr<float>();
    saved.visit = visit_.const_data_ptr<std::int32_t>();
    saved.grad_sum = grad_decode_.const_data_ptr<float>();
    if (step_loss) saved.grad_values = grad_values_.const_data_ptr<float>();
    kernels::PositionSumGradients<float> gradients;
    gradients.config_part = grad_u_.mutable_data_ptr<float>();
    gradients.position_part = grad_v_.mutable_data_ptr<float>();
    gradients.head_weight = head_.gradient.mutable_data_ptr<float>();
    gradients.head_bias = head_bias_value_.gradient.mutable_data_ptr<float>();
    void* workspace = workspace_.mutable_data_ptr();
    if (device_.is_cuda())
        kernels::position_sum_backward_cuda(shape, head_options, inputs, saved, gradients,
                                            workspace, current_stream(device_));
    else
        kernels::position_sum_backward_cpu(shape, head_options, inputs, saved, gradients,
                                           workspace);
}

void PositionedNet::loss_and_gradients(const TrainingBatch& batch, bool squared_ms, bool step_loss,
                                       at::Tensor& loss) {
    forward(batch.features, batch.counts);
    const double rows = static_cast<double>(batch_);
    // d/dp of w/B (p/t - 1)^2 is 2 w/B (p/t - 1)/t; in squared milliseconds t divides nothing.
    const auto squared_error = [&](at::Tensor& gradient, const at::Tensor& predicted,
                                   const at::Tensor& measured, const at::Tensor* kept,
                                   double weight) {
        at::sub_out(gradient, predicted, measured);
        if (!squared_ms) gradient.div_(measured);
        if (kept != nullptr) gradient.mul_(*kept);
        loss.add_(gradient.dot(gradient), weight / rows);
        if (!squared_ms) gradient.div_(measured);
        gradient.mul_(2 * weight / rows);
    };
    squared_error(grad_prefill_, prefill_, batch.prefill, nullptr, prefill_loss_weight);
    squared_error(grad_decode_, decode_, batch.decode, &batch.decode_weight, decode_loss_weight);
    if (step_loss) {
        // y / t - 1; the weight 1/n is 0 where there is no step.
        at::mul_out(step_errors_, values_, batch.inverse_steps).sub_(1);
        at::mul_out(grad_values_, step_errors_, batch.step_weights);
        loss.add_(grad_values_.view(-1).dot(step_errors_.view(-1)), step_loss_weight / rows);
        grad_values_.mul_(batch.inverse_steps).mul_(2 * step_loss_weight / rows);
    }
    backward(batch, step_loss);
}

void PositionedNet::backward(const TrainingBatch& batch, bool step_loss) {
    position_sum_backward(batch.counts, step_loss);
    // decode head -> encoders
    const at::Tensor& encoded = config_encoder_[1].output();
    config_part_.backward(grad_u_, encoded, &grad_encoded_);
    const at::Tensor& positions = position_encoder_[1].output();
    at::mm_out(position_part_.gradient, grad_v_.t(), positions);
    at::mm_out(grad_position_, grad_v_, position_part_.value);
    position_encoder_[1].backward(grad_position_, position_encoder_[0].output(),
                                  &grad_position_hidden_);
    position_encoder_[0].backward(grad_position_hidden_, positions_feature_, nullptr);
    // prefill head -> encoder
    at::softplus_backward_out(grad_prefill_raw_, grad_prefill_.unsqueeze(1), prefill_raw_, 1, 20);
    prefill_head_.backward(grad_prefill_raw_, encoded, &grad_from_prefill_);
    grad_encoded_.add_(grad_from_prefill_);
    config_encoder_[1].backward(grad_encoded_, config_encoder_[0].output(), &grad_hidden_);
    config_encoder_[0].backward(grad_hidden_, batch.features, nullptr);
}

}  // namespace decodemeter
