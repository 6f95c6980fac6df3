// The positioned network with its own backward pass: few calls a step, and no tensor of
// batch x positions x hidden. [torch]
//
//     e = encoder(features)                 [batch, hidden]      two layers
//     q = encoder(log(s+1))                 [positions, hidden/4]
//     prefill = softplus(e . p + b)
//     step s  = softplus(v . relu(U + V_s) + c),  U = e A' + a,  V = q B'
// which is the decode head on the concatenation [e, q]: its first layer's weight is [A B].
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "estimator/networks/parameters.hpp"

namespace decodemeter {

struct NetShape {
    std::int64_t hidden = 256;
    // The published network: layer norm and ReLU in the encoder instead of SiLU.
    bool published = false;

    std::int64_t position_hidden() const noexcept { return hidden / 4; }
};

// One layer of an encoder: linear, layer norm where published, activation.
class EncoderLayer {
public:
    void register_parameters(Parameters& parameters, const std::string& name, std::int64_t inputs,
                             std::int64_t outputs, bool layer_norm, bool relu);
    void bind(const Parameters& parameters);
    void initialize(at::Generator& random);
    void reserve(std::int64_t rows);
    const at::Tensor& forward(const at::Tensor& x);
    // `grad_output` is overwritten; grad_x null where it is not wanted.
    void backward(at::Tensor& grad_output, const at::Tensor& x, at::Tensor* grad_x);
    const at::Tensor& output() const noexcept { return output_; }

private:
    bool layer_norm_ = false;
    bool relu_ = false;
    std::array<std::size_t, 4> index_{};
    std::int64_t outputs_ = 0;
    Linear linear_;
    Parameter scale_;
    Parameter shift_;
    at::Tensor before_;
    at::Tensor normed_;
    at::Tensor mean_;
    at::Tensor inverse_;
    at::Tensor output_;
    at::Tensor grad_before_;
};

// Targets in units of the scales: relative errors where `squared_ms` is not set.
struct TrainingBatch {
    at::Tensor features;       // [batch, 5]
    at::Tensor counts;         // [batch] int32: positions to sum
    at::Tensor prefill;        // [batch] measured / scale
    at::Tensor decode;         // [batch] measured / scale; 1 where there is no step
    at::Tensor decode_weight;  // [batch] 1, or 0 where there is no step
    at::Tensor inverse_steps;  // [batch, positions] scale / measured; 0 where there is none
    at::Tensor step_weights;   // [batch, positions] 1 / steps of the sample; 0 where there is none
};

class PositionedNet {
public:
    PositionedNet(NetShape shape, const at::Device& device);

    void initialize(std::uint64_t seed);
    // Buffers for batches of exactly `batch` rows over `positions` positions.
    void reserve(std::int64_t batch, std::int64_t positions);

    // Outputs stay in prefill(), decode() and values() until the next call.
    void forward(const at::Tensor& features, const at::Tensor& counts);
    const at::Tensor& prefill() const noexcept { return prefill_; }  // [batch]
    const at::Tensor& decode() const noexcept { return decode_; }    // [batch], summed over counts
    const at::Tensor& values() const noexcept {
        return values_;
    }  // [batch, positions], 0 beyond counts

    // forward, then adds the loss to `loss` (one element) and fills the gradients of the
    // parameters.
    void loss_and_gradients(const TrainingBatch& batch, bool squared_ms, bool step_loss,
                            at::Tensor& loss);

    Parameters& parameters() noexcept { return parameters_; }
    const Parameters& parameters() const noexcept { return parameters_; }
    const NetShape& shape() const noexcept { return shape_; }

private:
    void backward(const TrainingBatch& batch, bool step_loss);
    void position_sum_forward(const at::Tensor& counts);
    void position_sum_backward(const at::Tensor& counts, bool step_loss);

    NetShape shape_;
    at::Device device_;
    Parameters parameters_;
    std::array<EncoderLayer, 2> config_encoder_;
    std::array<EncoderLayer, 2> position_encoder_;
    Linear prefill_head_;
    Linear config_part_;
    std::size_t prefill_weight_ = 0;
    std::size_t prefill_bias_ = 0;
    std::size_t config_weight_ = 0;
    std::size_t config_bias_ = 0;
    std::size_t position_weight_ = 0;
    std::size_t head_weight_ = 0;
    std::size_t head_bias_ = 0;
    Parameter position_part_;
    Parameter head_;
    Parameter head_bias_value_;

    std::int64_t batch_ = 0;
    std::int64_t positions_ = 0;
    at::Tensor features_;
    at::Tensor positions_feature_;
    at::Tensor prefill_raw_;
    at::Tensor prefill_;
    at::Tensor decode_;
    at::Tensor values_;
    at::Tensor slopes_;
    at::Tensor visit_;
    at::Tensor workspace_;
    at::Tensor u_;
    at::Tensor v_;
    at::Tensor grad_prefill_;
    at::Tensor grad_prefill_raw_;
    at::Tensor grad_decode_;
    at::Tensor grad_values_;
    at::Tensor step_errors_;
    at::Tensor grad_u_;
    at::Tensor grad_v_;
    at::Tensor grad_encoded_;
    at::Tensor grad_from_prefill_;
    at::Tensor grad_hidden_;
    at::Tensor grad_position_;
    at::Tensor grad_position_hidden_;
};

}  // namespace decodemeter
