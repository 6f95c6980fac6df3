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
    void initialise(at::Generator& random);
    void reserve(std::int64_t rows);
    const at::Tensor& forward(const at::Tensor& x);
    // `grad_output` is overwritten; grad_x null where it is not wanted.
    void backward(at::Tensor& grad_output, const at::Tensor& x, at::Tensor* grad_x);
    const at::Tensor& output() const noexcept { return output_; }

private:
    bool layer_norm_ = false, relu_ = false;
    std::array<std::size_t, 4> index_{};
    std::int64_t outputs_ = 0;
    Linear linear_;
    Parameter scale_, shift_;
    at::Tensor before_, normed_, mean_, inverse_, output_, grad_before_;
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

    void initialise(std::uint64_t seed);
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
    std::array<EncoderLayer, 2> config_encoder_, position_encoder_;
    Linear prefill_head_, config_part_;
    std::size_t prefill_weight_ = 0, prefill_bias_ = 0, config_weight_ = 0, config_bias_ = 0,
                position_weight_ = 0, head_weight_ = 0, head_bias_ = 0;
    Parameter position_part_, head_, head_bias_value_;

    std::int64_t batch_ = 0, positions_ = 0;
    at::Tensor features_, positions_feature_;
    at::Tensor prefill_raw_, prefill_, decode_, values_, slopes_, visit_, workspace_;
    at::Tensor u_, v_;
    at::Tensor grad_prefill_, grad_prefill_raw_, grad_decode_, grad_values_, step_errors_, grad_u_,
        grad_v_, grad_encoded_, grad_from_prefill_, grad_hidden_, grad_position_,
        grad_position_hidden_;
};

}  // namespace decodemeter
