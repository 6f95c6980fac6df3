#include "kernels/torch/torch_bindings.hpp"

#include <ATen/Dispatch.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>
#include <limits>
#include <tuple>

namespace decodemeter::kernels {

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The tensors of one call, brought into the form that the kernels take. An undefined tensor is one
// not given.
struct Call {
    Tensor config_part;
    Tensor position_part;
    Tensor head_weight;
    Tensor head_bias;
    Tensor counts;
    Tensor weights;
    Tensor weight_row;
    PositionSumOptions options;

    PositionSumShape shape() const {
        return {config_part.size(0), position_part.size(0), config_part.size(1)};
    }
};

struct Passed {
    Tensor sum;
    Tensor values;
    Tensor slopes;
    Tensor visit;
};

// --- what is taken

void check(const Call& call) {
    const Tensor& u = call.config_part;
    const Tensor& v = call.position_part;
    TORCH_CHECK(u.dim() == 2 && v.dim() == 2 && u.size(1) == v.size(1),
                "position_sum: config_part and position_part must be [batch, hidden] and "
                "[positions, hidden], not ",
                u.sizes(), " and ", v.sizes());
    TORCH_CHECK(call.head_weight.dim() == 1 && call.head_weight.size(0) == u.size(1),
                "position_sum: head_weight must be [hidden] = [", u.size(1), "], not ",
                call.head_weight.sizes());
    TORCH_CHECK(call.head_bias.numel() == 1, "position_sum: head_bias must have one element, not ",
                call.head_bias.numel());
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    TORCH_CHECK(u.size(0) <= most && v.size(0) <= most,
                "position_sum: batch and positions must be below 2^31");
    const bool cpu =
        u.is_cpu() && (u.scalar_type() == at::kFloat || u.scalar_type() == at::kDouble);
    const bool cuda = u.is_cuda() && u.scalar_type() == at::kFloat;
    TORCH_CHECK(cpu || cuda,
                "position_sum: takes float32 or float64 on the CPU and float32 on CUDA, not ",
                u.scalar_type(), " on ", u.device());
    TORCH_CHECK(!cuda || position_sum_has_cuda(), "position_sum: tensors are on ", u.device(),
                ", but this program was built without CUDA");
    for (const Tensor* t :
         {&call.position_part, &call.head_weight, &call.head_bias, &call.weights}) {
        TORCH_CHECK(
            !t->defined() || (t->scalar_type() == u.scalar_type() && t->device() == u.device()),
            "position_sum: all parts must be of one type on one device; config_part is ",
            u.scalar_type(), " on ", u.device(), ", another ", t->scalar_type(), " on ",
            t->device());
    }
}

void check_samples(const Call& call, const Tensor& by_sample, const char* name) {
    TORCH_CHECK(by_sample.dim() == 1 && by_sample.size(0) == call.config_part.size(0),
                "position_sum: ", name, " must be [batch] = [", call.config_part.size(0), "], not ",
                by_sample.sizes());
    TORCH_CHECK(by_sample.device() == call.config_part.device(), "position_sum: ", name, " is on ",
                by_sample.device(), ", config_part on ", call.config_part.device());
    TORCH_CHECK(by_sample.scalar_type() == at::kInt || by_sample.scalar_type() == at::kLong,
                "position_sum: ", name, " must be int32 or int64, not ", by_sample.scalar_type());
}

void check_weights(const Call& call) {
    const bool has_row = call.weight_row.defined();
    TORCH_CHECK(call.weights.dim() == 2 && call.weights.size(1) == call.position_part.size(0) &&
                    (has_row || call.weights.size(0) == call.config_part.size(0)),
                "position_sum: weights must be [batch, positions], or [rows, positions] with "
                "weight_row, not ",
                call.weights.sizes());
    if (!has_row) return;
    check_samples(call, call.weight_row, "weight_row");
    // On CUDA a look would stop the host; there the kernels' caller answers for the rows.
    if (!call.weight_row.is_cpu() || call.weight_row.numel() == 0) return;
    TORCH_CHECK(call.weight_row.min().item<std::int64_t>() >= 0 &&
                    call.weight_row.max().item<std::int64_t>() < call.weights.size(0),
                "position_sum: weight_row has rows beyond the ", call.weights.size(0),
                " of weights");
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
    if (call.counts.defined() && call.counts.scalar_type() == at::kInt)
        inputs.counts = data<std::int32_t>(call.counts);
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
        return {mutable_data<Scalar>(out.sum), mutable_data<Scalar>(out.values),
                mutable_data<Scalar>(out.slopes), mutable_data<std::int32_t>(out.visit)};
    };
    if (call.config_part.is_cuda()) {
        const Tensor workspace =
            workspace_of(call.config_part, position_sum_workspace_cuda(shape).forward_bytes);
        position_sum_forward_cuda(shape, call.options, inputs_of<float>(call), outputs(float()),
                                  workspace.mutable_data_ptr(),
                                  current_stream(call.config_part.device()));
        return out;
    }
    AT_DISPATCH_FLOATING_TYPES(call.config_part.scalar_type(), "position_sum_forward", [&] {
        const Tensor workspace = workspace_of(
            call.config_part, position_sum_workspace_cpu<scalar_t>(shape).forward_bytes);
        position_sum_forward_cpu<scalar_t>(shape, call.options, inputs_of<scalar_t>(call),
                                           outputs(scalar_t()), workspace.mutable_data_ptr());
    });
    return out;
}

struct Gradients {
    Tensor config_part;
    Tensor position_part;
    Tensor head_weight;
    Tensor head_bias;
    Tensor weights;
};

void backward_pass(const Call& call, const Passed& passed, const Tensor& grad_sum,
                   const Tensor& grad_values, Gradients& out) {
    const PositionSumShape shape = call.shape();
    const c10::DeviceGuard guard(call.config_part.device());
    const auto saved = [&]<class Scalar>(Scalar) -> PositionSumSaved<Scalar> {
        return {data<Scalar>(passed.slopes), data<Scalar>(passed.values),
                data<std::int32_t>(passed.visit), data<Scalar>(grad_sum),
                data<Scalar>(grad_values)};
    };
    const auto gradients = [&]<class Scalar>(Scalar) -> PositionSumGradients<Scalar> {
        return {
            mutable_data<Scalar>(out.config_part), mutable_data<Scalar>(out.position_part),
            mutable_data<Scalar>(out.head_weight), mutable_data<Scalar>(out.head_bias),
            mutable_data<Scalar>(out.weights),     out.weights.defined() ? out.weights.size(0) : 0};
    };
    if (call.config_part.is_cuda()) {
        const Tensor workspace =
            workspace_of(call.config_part, position_sum_workspace_cuda(shape).backward_bytes);
        position_sum_backward_cuda(shape, call.options, inputs_of<float>(call), saved(float()),
                                   gradients(float()), workspace.mutable_data_ptr(),
                                   current_stream(call.config_part.device()));
        return;
    }
    AT_DISPATCH_FLOATING_TYPES(call.config_part.scalar_type(), "position_sum_backward", [&] {
        const Tensor workspace = workspace_of(
            call.config_part, position_sum_workspace_cpu<scalar_t>(shape).backward_bytes);
        position_sum_backward_cpu<scalar_t>(shape, call.options, inputs_of<scalar_t>(call),
                                            saved(scalar_t()), gradients(scalar_t()),
                                            workspace.mutable_data_ptr());
    });
}

// --- operations of the dispatcher, which tracers see as a whole instead of looking inside. No
// tensor: an empty one.

using Maybe = const std::optional<Tensor>&;
constexpr std::size_t learnable = 5;  // U, V, v, c and w
using Wanted = std::array<bool, learnable>;

Tensor given(const Tensor& tensor) { return tensor.numel() > 0 ? tensor : Tensor(); }
Tensor or_empty(const Tensor& tensor, const Tensor& like) {
    return tensor.defined() ? tensor : at::empty({0}, like.options());
}

Call call_of(const Tensor& u, const Tensor& v, const Tensor& weight, const Tensor& bias,
             Maybe counts, Maybe weights, Maybe weight_row, std::int64_t activation,
             std::int64_t link) {
    return prepared({u,
                     v,
                     weight,
                     bias,
                     counts.value_or(Tensor()),
                     weights.value_or(Tensor()),
                     weight_row.value_or(Tensor()),
                     {static_cast<Activation>(activation), static_cast<Link>(link)}});
}

using ForwardOutputs = std::tuple<Tensor, Tensor, Tensor, Tensor>;  // sum, values, slopes, visit

ForwardOutputs forward_op(const Tensor& u, const Tensor& v, const Tensor& weight,
                          const Tensor& bias, Maybe counts, Maybe weights, Maybe weight_row,
                          std::int64_t activation, std::int64_t link, bool with_values,
                          bool with_slopes) {
    const Call call = call_of(u, v, weight, bias, counts, weights, weight_row, activation, link);
    const Passed passed = forward_pass(call, with_values, with_slopes);
    return {passed.sum, or_empty(passed.values, u), or_empty(passed.slopes, u), passed.visit};
}

ForwardOutputs forward_shapes(const Tensor& u, const Tensor& v, const Tensor&, const Tensor&, Maybe,
                              Maybe, Maybe, std::int64_t, std::int64_t link, bool with_values,
                              bool with_slopes) {
    const c10::SymInt batch = u.sym_size(0);
    const c10::SymInt positions = v.sym_size(0);
    const auto table = [&](bool wanted) {
        return wanted ? u.new_empty_symint({batch, positions})
                      : u.new_empty_symint({c10::SymInt(0)});
    };
    const bool slopes = with_slopes && static_cast<Link>(link) != Link::identity;
    return {u.new_empty_symint({batch}), table(with_values), table(slopes),
            u.new_empty_symint({c10::SymInt(2), batch}, u.options().dtype(at::kInt))};
}

using BackwardOutputs = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor>;

BackwardOutputs backward_op(const Tensor& u, const Tensor& v, const Tensor& weight,
                            const Tensor& bias, Maybe counts, Maybe weights, Maybe weight_row,
                            const Tensor& values, const Tensor& slopes, const Tensor& visit,
                            Maybe grad_sum, Maybe grad_values, std::int64_t activation,
                            std::int64_t link, Wanted wanted) {
    const Call call = call_of(u, v, weight, bias, counts, weights, weight_row, activation, link);
    const auto contiguous = [](const Tensor& t) { return t.defined() ? t.contiguous() : t; };
    const auto gradient = [&](std::size_t input, const Tensor& like) {
        return wanted[input] ? at::empty(like.sizes(), like.options()) : Tensor();
    };
    Gradients out{gradient(0, u), gradient(1, v), gradient(2, weight), gradient(3, bias),
                  gradient(4, call.weights)};
    const Passed passed{{}, given(values), given(slopes), visit};
    backward_pass(call, passed, contiguous(grad_sum.value_or(Tensor())),
                  contiguous(grad_values.value_or(Tensor())), out);
    return {or_empty(out.config_part, u), or_empty(out.position_part, u),
            or_empty(out.head_weight, u), or_empty(out.head_bias, u), or_empty(out.weights, u)};
}

BackwardOutputs backward_shapes(const Tensor& u, const Tensor& v, const Tensor& weight,
                                const Tensor& bias, Maybe, Maybe weights, Maybe, const Tensor&,
                                const Tensor&, const Tensor&, Maybe, Maybe, std::int64_t,
                                std::int64_t, Wanted wanted) {
    const auto like = [&](std::size_t input, const Tensor& t) {
        return wanted[input] ? t.new_empty_symint(t.sym_sizes())
                             : u.new_empty_symint({c10::SymInt(0)});
    };
    return {like(0, u), like(1, v), like(2, weight), like(3, bias), like(4, weights.value_or(u))};
}

TORCH_LIBRARY(decodemeter, library) {
    library.def(
        "position_sum_forward(Tensor u, Tensor v, Tensor weight, Tensor bias, Tensor? counts, "
        "Tensor? weights,"
        " Tensor? weight_row, int activation, int link, bool with_values, bool with_slopes)"
        " -> (Tensor, Tensor, Tensor, Tensor)");
    library.def(
        "position_sum_backward(Tensor u, Tensor v, Tensor weight, Tensor bias, Tensor? counts, "
        "Tensor? weights,"
        " Tensor? weight_row, Tensor values, Tensor slopes, Tensor visit, Tensor? grad_sum, "
        "Tensor? grad_values,"
        " int activation, int link, bool[5] wanted) -> (Tensor, Tensor, Tensor, Tensor, Tensor)");
    for (const auto device : {c10::DispatchKey::CPU, c10::DispatchKey::CUDA}) {
        library.impl("position_sum_forward", torch::dispatch(device, TORCH_FN(forward_op)));
        library.impl("position_sum_backward", torch::dispatch(device, TORCH_FN(backward_op)));
    }
    library.impl("position_sum_forward",
                 torch::dispatch(c10::DispatchKey::Meta, TORCH_FN(forward_shapes)));
    library.impl("position_sum_backward",
                 torch::dispatch(c10::DispatchKey::Meta, TORCH_FN(backward_shapes)));
}

template <class Function>
auto operation(const char* name) {
    return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Function>();
}

// --- autograd

// What autograd does not look at.
struct Rest {
    Tensor counts;
    Tensor weight_row;
    PositionSumOptions options;
    bool with_values = false;
};

std::optional<Tensor> optional_of(const Tensor& tensor) {
    return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

ForwardOutputs call_forward(const Tensor& u, const Tensor& v, const Tensor& weight,
                            const Tensor& bias, const Tensor& weights, const Rest& rest,
                            bool with_values, bool with_slopes) {
    static const auto forward =
        operation<decltype(forward_op)>("decodemeter::position_sum_forward");
    return forward.call(u, v, weight, bias, optional_of(rest.counts), optional_of(weights),
                        optional_of(rest.weight_row),
                        static_cast<std::int64_t>(rest.options.activation),
                        static_cast<std::int64_t>(rest.options.link), with_values, with_slopes);
}

// Inputs 0 to 4 are U, V, v, c and w; outputs S and, where wanted, the values.
struct PositionSumFunction : torch::autograd::Function<PositionSumFunction> {
    static variable_list forward(AutogradContext* context, const Tensor& config_part,
                                 const Tensor& position_part, const Tensor& head_weight,
                                 const Tensor& head_bias,
                                 const std::optional<Tensor>& learnt_weights, const Rest& rest) {
        const at::AutoDispatchBelowADInplaceOrView below_autograd;
        const Tensor weights = learnt_weights.value_or(Tensor());
        const bool weights_learn = weights.defined() && weights.requires_grad();
        const auto [sum, values, slopes, visit] =
            call_forward(config_part, position_part, head_weight, head_bias, weights, rest,
                         rest.with_values || weights_learn, true);
        context->set_materialize_grads(false);
        context->save_for_backward({config_part, position_part, head_weight, head_bias, weights,
                                    rest.counts, rest.weight_row, slopes, values, visit});
        context->saved_data["activation"] = static_cast<std::int64_t>(rest.options.activation);
        context->saved_data["link"] = static_cast<std::int64_t>(rest.options.link);
        context->saved_data["weights_learn"] = weights_learn;
        if (rest.with_values) return {sum, values};
        return {sum};
    }

    static variable_list backward(AutogradContext* context, const variable_list& grad_outputs) {
        TORCH_CHECK(!at::GradMode::is_enabled(),
                    "position_sum: has no second derivatives; call backward without create_graph");
        static const auto backward =
            operation<decltype(backward_op)>("decodemeter::position_sum_backward");
        const variable_list saved = context->get_saved_variables();
        Wanted wanted{};
        for (std::size_t i = 0; i < 4; ++i) wanted[i] = context->needs_input_grad(i);
        wanted[4] = context->saved_data["weights_learn"].toBool();
        const auto [u, v, weight, bias, weights] = backward.call(
            saved[0], saved[1], saved[2], saved[3], optional_of(saved[5]), optional_of(saved[4]),
            optional_of(saved[6]), saved[8], saved[7], saved[9], optional_of(grad_outputs[0]),
            grad_outputs.size() > 1 ? optional_of(grad_outputs[1]) : std::nullopt,
            context->saved_data["activation"].toInt(), context->saved_data["link"].toInt(), wanted);
        const auto wanted_only = [&](std::size_t i, const Tensor& t) {
            return wanted[i] ? t : Tensor();
        };
        return {wanted_only(0, u),    wanted_only(1, v),       wanted_only(2, weight),
                wanted_only(3, bias), wanted_only(4, weights), Tensor()};
    }
};

variable_list apply(const Tensor& config_part, const Tensor& position_part,
                    const Tensor& head_weight, const Tensor& head_bias, const Tensor& weights,
                    const Rest& rest) {
    const auto learns = [](const Tensor& t) { return t.defined() && t.requires_grad(); };
    if (at::GradMode::is_enabled() &&
        (learns(config_part) || learns(position_part) || learns(head_weight) || learns(head_bias) ||
         learns(weights))) {
        return PositionSumFunction::apply(config_part, position_part, head_weight, head_bias,
                                          weights.defined() ? std::optional(weights) : std::nullopt,
                                          rest);
    }
    const auto [sum, values, slopes, visit] = call_forward(
        config_part, position_part, head_weight, head_bias, weights, rest, rest.with_values, false);
    return {sum, values};
}

}  // namespace

Tensor position_sum(const Tensor& config_part, const Tensor& position_part,
                    const Tensor& head_weight, const Tensor& head_bias, const Tensor& counts,
                    const PositionSumOptions& options) {
    return apply(config_part, position_part, head_weight, head_bias, {},
                 {counts, {}, options, false})[0];
}

Tensor weighted_position_sum(const Tensor& config_part, const Tensor& position_part,
                             const Tensor& head_weight, const Tensor& head_bias,
                             const Tensor& weights, const std::optional<Tensor>& weight_row,
                             const PositionSumOptions& options) {
    const Rest rest{{}, weight_row.value_or(Tensor()), options, false};
    return apply(config_part, position_part, head_weight, head_bias, weights, rest)[0];
}

std::pair<Tensor, Tensor> position_sum_with_values(const Tensor& config_part,
                                                   const Tensor& position_part,
                                                   const Tensor& head_weight,
                                                   const Tensor& head_bias, const Tensor& counts,
                                                   const PositionSumOptions& options) {
    variable_list out =
        apply(config_part, position_part, head_weight, head_bias, {}, {counts, {}, options, true});
    return {out[0], out[1]};
}

}  // namespace decodemeter::kernels
