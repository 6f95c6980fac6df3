#include "kernels/torch_bindings.hpp"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <limits>

namespace decodemeter::kernels {

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The tensors of one call, brought into the form that the kernels take. An undefined tensor is one not given.
struct Call {
    Tensor config_part, position_part, head_weight, head_bias, counts, weights, weight_row;
    PositionSumOptions options;

    PositionSumShape shape() const { return {config_part.size(0), position_part.size(0), config_part.size(1)}; }
};

struct Passed {
    Tensor sum, values, slopes, visit;
};

// --- what is taken

void check(const Call& call) {
    const Tensor &u = call.config_part, &v = call.position_part;
    TORCH_CHECK(u.dim() == 2 && v.dim() == 2 && u.size(1) == v.size(1),
                "position_sum: config_part and position_part must be [batch, hidden] and [positions, hidden], not ",
                u.sizes(), " and ", v.sizes());
    TORCH_CHECK(call.head_weight.dim() == 1 && call.head_weight.size(0) == u.size(1),
                "position_sum: head_weight must be [hidden] = [", u.size(1), "], not ", call.head_weight.sizes());
    TORCH_CHECK(call.head_bias.numel() == 1, "position_sum: head_bias must have one element, not ",
                call.head_bias.numel());
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    TORCH_CHECK(u.size(0) <= most && v.size(0) <= most, "position_sum: batch and positions must be below 2^31");
    const bool cpu = u.is_cpu() && (u.scalar_type() == at::kFloat || u.scalar_type() == at::kDouble);
    const bool cuda = u.is_cuda() && u.scalar_type() == at::kFloat;
    TORCH_CHECK(cpu || cuda, "position_sum: takes float32 or float64 on the CPU and float32 on CUDA, not ",
                u.scalar_type(), " on ", u.device());
    TORCH_CHECK(!cuda || position_sum_has_cuda(), "position_sum: tensors are on ", u.device(),
                ", but this program was built without CUDA");
    for (const Tensor* t : {&call.position_part, &call.head_weight, &call.head_bias, &call.weights}) {
        TORCH_CHECK(!t->defined() || (t->scalar_type() == u.scalar_type() && t->device() == u.device()),
                    "position_sum: all parts must be of one type on one device; config_part is ", u.scalar_type(),
                    " on ", u.device(), ", another ", t->scalar_type(), " on ", t->device());
    }
}

void check_samples(const Call& call, const Tensor& by_sample, const char* name) {
    TORCH_CHECK(by_sample.dim() == 1 && by_sample.size(0) == call.config_part.size(0), "position_sum: ", name,
                " must be [batch] = [", call.config_part.size(0), "], not ", by_sample.sizes());
    TORCH_CHECK(by_sample.device() == call.config_part.device(), "position_sum: ", name, " is on ", by_sample.device(),
                ", config_part on ", call.config_part.device());
    TORCH_CHECK(by_sample.scalar_type() == at::kInt || by_sample.scalar_type() == at::kLong, "position_sum: ", name,
                " must be int32 or int64, not ", by_sample.scalar_type());
}

void check_weights(const Call& call) {
    const bool has_row = call.weight_row.defined();
    TORCH_CHECK(call.weights.dim() == 2 && call.weights.size(1) == call.position_part.size(0) &&
                    (has_row || call.weights.size(0) == call.config_part.size(0)),
                "position_sum: weights must be [batch, positions], or [rows, positions] with weight_row, not ",
                call.weights.sizes());
    if (!has_row) return;
    check_samples(call, call.weight_row, "weight_row");
    // On CUDA a look would stop the host; there the kernels' caller answers for the rows.
    if (!call.weight_row.is_cpu() || call.weight_row.numel() == 0) return;
    TORCH_CHECK(call.weight_row.min().item<std::int64_t>() >= 0 &&
                    call.weight_row.max().item<std::int64_t>() < call.weights.size(0),
                "position_sum: weight_row has rows beyond the ", call.weights.size(0), " of weights");
}

// Rows contiguous, one after the other at any distance.
Tensor with_contiguous_rows(const Tensor& matrix) {
    const bool fits = matrix.size(1) <= 1 || matrix.stride(1) == 1;
    return fits && matrix.stride(0) >= matrix.size(1) ? matrix : matrix.contiguous();
}

Call prepared(Call call) {
    check(call);
    call.config_part = with_contiguous_rows(call.config_part);
    call.position_part = with_contiguous_rows(call.position_part);
    call.head_weight = call.head_weight.contiguous();
    if (call.counts.defined()) {
        check_samples(call, call.counts, "counts");
        call.counts = call.counts.contiguous();
    }
    if (call.weights.defined()) {
        check_weights(call);
        call.weights = call.weights.contiguous();
        if (call.weight_row.defined()) call.weight_row = call.weight_row.to(at::kInt).contiguous();
    }
    return call;
}

// --- to the kernels

template <class Scalar>
const Scalar* data(const Tensor& t) {
    return t.defined() ? t.const_data_ptr<Scalar>() : nullptr;
}
template <class Scalar>
Scalar* mutable_data(const Tensor& t) {
    return t.defined() ? t.mutable_data_ptr<Scalar>() : nullptr;
}

template <class Scalar>
PositionSumInputs<Scalar> inputs_of(const Call& call) {
    PositionSumInputs<Scalar> inputs;
    inputs.config_part = data<Scalar>(call.config_part);
    inputs.position_part = data<Scalar>(call.position_part);
    inputs.config_stride = call.config_part.stride(0);
    inputs.position_stride = call.position_part.stride(0);
    inputs.head_weight = data<Scalar>(call.head_weight);
    inputs.head_bias = data<Scalar>(call.head_bias);
    if (call.counts.defined() && call.counts.scalar_type() == at::kInt) inputs.counts = data<std::int32_t>(call.counts);
    if (call.counts.defined() && call.counts.scalar_type() == at::kLong)
        inputs.long_counts = data<std::int64_t>(call.counts);
    inputs.weights = data<Scalar>(call.weights);
    inputs.weight_row = data<std::int32_t>(call.weight_row);
    return inputs;
}

// LibTorch's stream of the device as a cudaStream_t, asked for without linking libtorch_cuda.
void* current_stream(c10::Device device) {
    const c10::impl::VirtualGuardImpl guard(device.type());
    return guard.getStreamNativeHandle(guard.getStream(device));
}

Tensor workspace_of(const Tensor& like, std::size_t bytes) {
    return at::empty({static_cast<std::int64_t>(bytes)}, like.options().dtype(at::kByte));
}

Passed forward_pass(const Call& call, bool with_values, bool with_slopes) {
    const PositionSumShape shape = call.shape();
    const auto like = call.config_part.options();
    Passed out;
    out.sum = at::empty({shape.batch}, like);
    if (with_values) out.values = at::empty({shape.batch, shape.positions}, like);
    if (with_slopes && call.options.link != Link::identity)
        out.slopes = at::empty({shape.batch, shape.positions}, like);
    out.visit = at::empty({2, shape.batch}, like.dtype(at::kInt));
    const c10::DeviceGuard guard(call.config_part.device());
    const auto outputs = [&]<class Scalar>(Scalar) -> PositionSumOutputs<Scalar> {
        return {mutable_data<Scalar>(out.sum), mutable_data<Scalar>(out.values), mutable_data<Scalar>(out.slopes),
                mutable_data<std::int32_t>(out.visit)};
    };
    if (call.config_part.is_cuda()) {
        const Tensor workspace = workspace_of(call.config_part, position_sum_workspace_cuda(shape).forward_bytes);
        position_sum_forward_cuda(shape, call.options, inputs_of<float>(call), outputs(float()),
                                  workspace.mutable_data_ptr(), current_stream(call.config_part.device()));
        return out;
    }
    AT_DISPATCH_FLOATING_TYPES(call.config_part.scalar_type(), "position_sum_forward", [&] {
        const Tensor workspace =
            workspace_of(call.config_part, position_sum_workspace_cpu<scalar_t>(shape).forward_bytes);
        position_sum_forward_cpu<scalar_t>(shape, call.options, inputs_of<scalar_t>(call), outputs(scalar_t()),
                                           workspace.mutable_data_ptr());
    });
    return out;
}

struct Gradients {
    Tensor config_part, position_part, head_weight, head_bias, weights;
};

void backward_pass(const Call& call, const Passed& passed, const Tensor& grad_sum, const Tensor& grad_values,
                   Gradients& out) {
    const PositionSumShape shape = call.shape();
    const c10::DeviceGuard guard(call.config_part.device());
    const auto saved = [&]<class Scalar>(Scalar) -> PositionSumSaved<Scalar> {
        return {data<Scalar>(passed.slopes), data<Scalar>(passed.values), data<std::int32_t>(passed.visit),
                data<Scalar>(grad_sum), data<Scalar>(grad_values)};
    };
    const auto gradients = [&]<class Scalar>(Scalar) -> PositionSumGradients<Scalar> {
        return {mutable_data<Scalar>(out.config_part), mutable_data<Scalar>(out.position_part),
                mutable_data<Scalar>(out.head_weight), mutable_data<Scalar>(out.head_bias),
                mutable_data<Scalar>(out.weights),     out.weights.defined() ? out.weights.size(0) : 0};
    };
    if (call.config_part.is_cuda()) {
        const Tensor workspace = workspace_of(call.config_part, position_sum_workspace_cuda(shape).backward_bytes);
        position_sum_backward_cuda(shape, call.options, inputs_of<float>(call), saved(float()), gradients(float()),
                                   workspace.mutable_data_ptr(), current_stream(call.config_part.device()));
        return;
    }
    AT_DISPATCH_FLOATING_TYPES(call.config_part.scalar_type(), "position_sum_backward", [&] {
        const Tensor workspace =
            workspace_of(call.config_part, position_sum_workspace_cpu<scalar_t>(shape).backward_bytes);
        position_sum_backward_cpu<scalar_t>(shape, call.options, inputs_of<scalar_t>(call), saved(scalar_t()),
                                            gradients(scalar_t()), workspace.mutable_data_ptr());
    });
}

// --- autograd

// What autograd does not look at.
struct Rest {
    Tensor counts, weight_row;
    PositionSumOptions options;
    bool with_values = false;
};

// Inputs 0 to 4 are U, V, v, c and w; outputs S and, where wanted, the values.
struct PositionSumFunction : torch::autograd::Function<PositionSumFunction> {
    static variable_list forward(AutogradContext* context, const Tensor& config_part, const Tensor& position_part,
                                 const Tensor& head_weight, const Tensor& head_bias,
                                 const std::optional<Tensor>& learnt_weights, const Rest& rest) {
        const Tensor weights = learnt_weights.value_or(Tensor());
        const Call call = prepared(
            {config_part, position_part, head_weight, head_bias, rest.counts, weights, rest.weight_row, rest.options});
        const bool weights_learn = weights.defined() && weights.requires_grad();
        const Passed passed = forward_pass(call, rest.with_values || weights_learn, true);
        context->set_materialize_grads(false);
        context->save_for_backward({call.config_part, call.position_part, call.head_weight, call.head_bias,
                                    call.weights, call.counts, call.weight_row, passed.slopes,
                                    weights_learn ? passed.values : Tensor(), passed.visit});
        context->saved_data["activation"] = static_cast<std::int64_t>(call.options.activation);
        context->saved_data["link"] = static_cast<std::int64_t>(call.options.link);
        if (rest.with_values) return {passed.sum, passed.values};
        return {passed.sum};
    }

    static variable_list backward(AutogradContext* context, const variable_list& grad_outputs) {
        TORCH_CHECK(!at::GradMode::is_enabled(),
                    "position_sum: has no second derivatives; call backward without create_graph");
        const variable_list saved = context->get_saved_variables();
        Call call{saved[0], saved[1], saved[2], saved[3], saved[5], saved[4], saved[6], {}};
        call.options.activation = static_cast<Activation>(context->saved_data["activation"].toInt());
        call.options.link = static_cast<Link>(context->saved_data["link"].toInt());
        const Passed passed{{}, saved[8], saved[7], saved[9]};
        Gradients gradients;
        const auto wanted = [&](std::size_t input, const Tensor& like) {
            return context->needs_input_grad(input) ? at::empty(like.sizes(), like.options()) : Tensor();
        };
        gradients.config_part = wanted(0, call.config_part);
        gradients.position_part = wanted(1, call.position_part);
        gradients.head_weight = wanted(2, call.head_weight);
        gradients.head_bias = wanted(3, call.head_bias);
        if (passed.values.defined()) gradients.weights = wanted(4, call.weights);
        const auto contiguous = [](const Tensor& t) { return t.defined() ? t.contiguous() : t; };
        backward_pass(call, passed, contiguous(grad_outputs[0]),
                      grad_outputs.size() > 1 ? contiguous(grad_outputs[1]) : Tensor(), gradients);
        return {gradients.config_part, gradients.position_part, gradients.head_weight,
                gradients.head_bias,   gradients.weights,       Tensor()};
    }
};

variable_list apply(const Tensor& config_part, const Tensor& position_part, const Tensor& head_weight,
                    const Tensor& head_bias, const Tensor& weights, const Rest& rest) {
    const auto learns = [](const Tensor& t) { return t.defined() && t.requires_grad(); };
    if (at::GradMode::is_enabled() &&
        (learns(config_part) || learns(position_part) || learns(head_weight) || learns(head_bias) || learns(weights))) {
        return PositionSumFunction::apply(config_part, position_part, head_weight, head_bias,
                                          weights.defined() ? std::optional(weights) : std::nullopt, rest);
    }
    const Passed passed = forward_pass(prepared({config_part, position_part, head_weight, head_bias, rest.counts,
                                                 weights, rest.weight_row, rest.options}),
                                       rest.with_values, false);
    return {passed.sum, passed.values};
}

}  // namespace

Tensor position_sum(const Tensor& config_part, const Tensor& position_part, const Tensor& head_weight,
                    const Tensor& head_bias, const Tensor& counts, const PositionSumOptions& options) {
    return apply(config_part, position_part, head_weight, head_bias, {}, {counts, {}, options, false})[0];
}

Tensor weighted_position_sum(const Tensor& config_part, const Tensor& position_part, const Tensor& head_weight,
                             const Tensor& head_bias, const Tensor& weights, const std::optional<Tensor>& weight_row,
                             const PositionSumOptions& options) {
    const Rest rest{{}, weight_row.value_or(Tensor()), options, false};
    return apply(config_part, position_part, head_weight, head_bias, weights, rest)[0];
}

std::pair<Tensor, Tensor> position_sum_with_values(const Tensor& config_part, const Tensor& position_part,
                                                   const Tensor& head_weight, const Tensor& head_bias,
                                                   const Tensor& counts, const PositionSumOptions& options) {
    variable_list out = apply(config_part, position_part, head_weight, head_bias, {}, {counts, {}, options, true});
    return {out[0], out[1]};
}

}  // namespace decodemeter::kernels
