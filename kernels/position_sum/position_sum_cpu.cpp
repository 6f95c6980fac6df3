#include <algorithm>

#include "kernels/position_sum/cpu_dispatch.hpp"
#include "kernels/position_sum/position_sum.hpp"
#include "kernels/position_sum/visit.hpp"

namespace decodemeter::kernels {

namespace {

#ifdef DECODEMETER_X86_64
constexpr const CpuKernels<float>* float_kernels[] = {&avx512_kernels, &avx2_kernels,
                                                      &portable_kernels};
#else
constexpr const CpuKernels<float>* float_kernels[] = {&portable_kernels};
#endif
constexpr const CpuKernels<double>* double_kernels[] = {&portable_double_kernels};

template <class Scalar>
const CpuKernels<Scalar>& best_kernels() {
    static const CpuKernels<Scalar>* const best = *std::ranges::find_if(
        cpu_kernels<Scalar>(),
        [](const CpuKernels<Scalar>* kernels) { return kernels->supported(); });
    return *best;
}

// Hands out pieces of the workspace, each aligned to 64 bytes; with no workspace, counts the bytes.
class Scratch {
public:
    explicit Scratch(void* workspace) : base_(static_cast<char*>(workspace)) {}
    template <class T>
    T* take(std::int64_t count) {
        char* at = base_ ? base_ + bytes_ : nullptr;
        bytes_ +=
            static_cast<std::size_t>(rounded_up(count * static_cast<std::int64_t>(sizeof(T)), 64));
        return reinterpret_cast<T*>(at);
    }
    std::size_t bytes() const { return bytes_; }

private:
    char* base_;
    std::size_t bytes_ = 0;
};

template <class Scalar>
struct ForwardScratch {
    Scalar* panels;
    Scalar* position_dots;
    std::int32_t* panel_is_large;
    std::int64_t* starts;

    ForwardScratch(const PositionSumShape& shape, Scratch& scratch) {
        const std::int64_t positions = rounded_up(shape.positions, widest_lanes);
        panels = scratch.take<Scalar>(2 * positions * shape.hidden);
        position_dots = scratch.take<Scalar>(positions);
        panel_is_large = scratch.take<std::int32_t>(positions);
        starts = scratch.take<std::int64_t>(shape.positions + 2);
    }
};

template <class Scalar>
struct BackwardScratch {
    Scalar* grad_y;
    double* grad_y_sums;
    Scalar* position_columns;
    Scalar* grad_columns;

    BackwardScratch(const PositionSumShape& shape, Scratch& scratch) {
        const std::int64_t hidden = rounded_up(shape.hidden, widest_lanes);
        grad_y = scratch.take<Scalar>(shape.batch * shape.positions);
        grad_y_sums = scratch.take<double>(shape.batch);
        position_columns = scratch.take<Scalar>(2 * shape.positions * hidden);
        grad_columns = scratch.take<Scalar>(shape.positions * hidden);
    }
};

// dw[r,s] = sum over the samples b of row r, in their order, of dL/dS[b] g(y[b,s]).
template <class Scalar>
void differentiate_weights(const BackwardTask<Scalar>& task) {
    const std::int64_t positions = task.shape.positions;
    const std::int64_t rows = task.gradients.weight_rows;
    std::fill_n(task.gradients.weights, rows * positions, Scalar(0));
    for (std::int64_t b = 0; b < task.shape.batch; ++b) {
        const std::int64_t row = task.inputs.weight_row ? task.inputs.weight_row[b] : b;
        const Scalar grad_sum = task.saved.grad_sum ? task.saved.grad_sum[b] : Scalar(0);
        const Scalar* values = task.saved.values + b * positions;
        Scalar* to = task.gradients.weights + row * positions;
        for (std::int64_t p = 0; p < task.visit.extents[b]; ++p) to[p] += grad_sum * values[p];
    }
}

}  // namespace

template <>
std::span<const CpuKernels<float>* const> cpu_kernels() {
    return float_kernels;
}
template <>
std::span<const CpuKernels<double>* const> cpu_kernels() {
    return double_kernels;
}

template <class Scalar>
void run_forward(const CpuKernels<Scalar>& kernels, const PositionSumShape& shape,
                 const PositionSumOptions& options, const PositionSumInputs<Scalar>& inputs,
                 const PositionSumOutputs<Scalar>& outputs, void* workspace) {
    Scratch scratch(workspace);
    const ForwardScratch<Scalar> pieces(shape, scratch);
    std::int32_t* extents = outputs.visit;
    std::int32_t* order = outputs.visit + shape.batch;
    find_extents(shape, inputs, outputs.values != nullptr, extents);
    order_by_extent(shape, extents, pieces.starts, order);
    kernels.forward(options.activation, {shape,
                                         options.link,
                                         inputs,
                                         outputs,
                                         {extents, order},
                                         pieces.panels,
                                         pieces.position_dots,
                                         pieces.panel_is_large});
}

template <class Scalar>
void run_backward(const CpuKernels<Scalar>& kernels, const PositionSumShape& shape,
                  const PositionSumOptions& options, const PositionSumInputs<Scalar>& inputs,
                  const PositionSumSaved<Scalar>& saved,
                  const PositionSumGradients<Scalar>& gradients, void* workspace) {
    Scratch scratch(workspace);
    const BackwardScratch<Scalar> pieces(shape, scratch);
    const BackwardTask<Scalar> task = {shape,
                                       options.link,
                                       inputs,
                                       saved,
                                       gradients,
                                       {saved.visit, saved.visit + shape.batch},
                                       pieces.grad_y,
                                       pieces.grad_y_sums,
                                       pieces.position_columns,
                                       pieces.grad_columns};
    kernels.backward(options.activation, task);
    if (gradients.weights) differentiate_weights(task);
    if (gradients.head_bias) {
        double sum = 0;
        for (std::int64_t b = 0; b < shape.batch; ++b) sum += pieces.grad_y_sums[b];
        *gradients.head_bias = static_cast<Scalar>(sum);
    }
}

template <class Scalar>
PositionSumWorkspace position_sum_workspace_cpu(const PositionSumShape& shape) {
    Scratch forward(nullptr);
    Scratch backward(nullptr);
    ForwardScratch<Scalar>(shape, forward);
    BackwardScratch<Scalar>(shape, backward);
    return {forward.bytes(), backward.bytes()};
}

template <class Scalar>
void position_sum_forward_cpu(const PositionSumShape& shape, const PositionSumOptions& options,
                              const PositionSumInputs<Scalar>& inputs,
                              const PositionSumOutputs<Scalar>& outputs, void* workspace) {
    run_forward(best_kernels<Scalar>(), shape, options, inputs, outputs, workspace);
}

template <class Scalar>
void position_sum_backward_cpu(const PositionSumShape& shape, const PositionSumOptions& options,
                               const PositionSumInputs<Scalar>& inputs,
                               const PositionSumSaved<Scalar>& saved,
                               const PositionSumGradients<Scalar>& gradients, void* workspace) {
    run_backward(best_kernels<Scalar>(), shape, options, inputs, saved, gradients, workspace);
}

#define DECODEMETER_INSTANTIATE(Scalar)                                                        \
    template void run_forward(const CpuKernels<Scalar>&, const PositionSumShape&,              \
                              const PositionSumOptions&, const PositionSumInputs<Scalar>&,     \
                              const PositionSumOutputs<Scalar>&, void*);                       \
    template void run_backward(const CpuKernels<Scalar>&, const PositionSumShape&,             \
                               const PositionSumOptions&, const PositionSumInputs<Scalar>&,    \
                               const PositionSumSaved<Scalar>&,                                \
                               const PositionSumGradients<Scalar>&, void*);                    \
    template PositionSumWorkspace position_sum_workspace_cpu<Scalar>(const PositionSumShape&); \
    template void position_sum_forward_cpu(const PositionSumShape&, const PositionSumOptions&, \
                                           const PositionSumInputs<Scalar>&,                   \
                                           const PositionSumOutputs<Scalar>&, void*);          \
    template void position_sum_backward_cpu(                                                   \
        const PositionSumShape&, const PositionSumOptions&, const PositionSumInputs<Scalar>&,  \
        const PositionSumSaved<Scalar>&, const PositionSumGradients<Scalar>&, void*);
DECODEMETER_INSTANTIATE(float)
DECODEMETER_INSTANTIATE(double)
#undef DECODEMETER_INSTANTIATE

}  // namespace decodemeter::kernels
