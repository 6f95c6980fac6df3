// The batched position sum, forward and backward, without a framework and without the tensor of
// batch x positions x hidden:
//
//     y[b,s] = v . act(U[b,:] + V[s,:]) + c          S[b] = sum over s = 1 .. n_b of w[b,s]
//     g(y[b,s])
//
// C++17, included by CUDA sources too. Nothing here allocates: the caller brings the workspace.
#pragma once

#include <cstddef>
#include <cstdint>

namespace decodemeter::kernels {

enum class Activation { relu, gelu, silu };   // gelu in its tanh form
enum class Link { identity, softplus, exp };  // g

struct PositionSumOptions {
    Activation activation = Activation::relu;
    Link link = Link::identity;
};

struct PositionSumShape {
    std::int64_t batch = 0;
    std::int64_t positions = 0;
    std::int64_t hidden = 0;
};

// Rows lie contiguous; config_part and position_part may have a stride between rows, in elements.
template <class Scalar>
struct PositionSumInputs {
    const Scalar* config_part = nullptr;    // U [batch, hidden]
    const Scalar* position_part = nullptr;  // V [positions, hidden]
    std::int64_t config_stride = 0;
    std::int64_t position_stride = 0;
    const Scalar* head_weight = nullptr;  // v [hidden]
    const Scalar* head_bias = nullptr;    // c, one element
    // n_b [batch], in one of two widths; below 0 counts as 0, above `positions` as `positions`.
    // Null: all positions.
    const std::int32_t* counts = nullptr;
    const std::int64_t* long_counts = nullptr;
    // w [rows, positions]; null: 1 everywhere. Sample b has row weight_row[b], or row b where that
    // is null. A weight of 0 leaves its position out, whatever the position's value.
    const Scalar* weights = nullptr;
    const std::int32_t* weight_row = nullptr;
};

// Null where not wanted. What backward needs of it: `visit`, and `slopes` unless the link is the
// identity.
template <class Scalar>
struct PositionSumOutputs {
    Scalar* sum = nullptr;     // S [batch]
    Scalar* values = nullptr;  // g(y) [batch, positions]; 0 beyond n_b
    Scalar* slopes = nullptr;  // g'(y) [batch, positions]; unwritten beyond n_b
    // [2, batch], never null: how many positions of each sample count, and the samples by falling
    // count (equal counts in their own order).
    std::int32_t* visit = nullptr;
};

template <class Scalar>
struct PositionSumSaved {
    const Scalar* slopes = nullptr;
    const Scalar* values = nullptr;  // only for the gradient of the weights
    const std::int32_t* visit = nullptr;
    const Scalar* grad_sum = nullptr;     // [batch]; null is 0
    const Scalar* grad_values = nullptr;  // [batch, positions]; null is 0
};

// Contiguous; null where not wanted. All are overwritten.
template <class Scalar>
struct PositionSumGradients {
    Scalar* config_part = nullptr;
    Scalar* position_part = nullptr;
    Scalar* head_weight = nullptr;
    Scalar* head_bias = nullptr;
    Scalar* weights = nullptr;  // [rows, positions]; asks for PositionSumSaved::values
    std::int64_t weight_rows = 0;
};

// Bytes of scratch, O(batch x positions + positions x hidden); the workspace is aligned to 64
// bytes.
struct PositionSumWorkspace {
    std::size_t forward_bytes = 0;
    std::size_t backward_bytes = 0;
};

// On the CPU: AVX-512, AVX2 or neither, as the machine has it, and as many threads as OpenMP gives.
// The result does not depend on the number of threads. Order of summation: see kernels/README.md.
// Instantiated for float and double.
template <class Scalar>
PositionSumWorkspace position_sum_workspace_cpu(const PositionSumShape& shape);
template <class Scalar>
void position_sum_forward_cpu(const PositionSumShape& shape, const PositionSumOptions& options,
                              const PositionSumInputs<Scalar>& inputs,
                              const PositionSumOutputs<Scalar>& outputs, void* workspace);
template <class Scalar>
void position_sum_backward_cpu(const PositionSumShape& shape, const PositionSumOptions& options,
                               const PositionSumInputs<Scalar>& inputs,
                               const PositionSumSaved<Scalar>& saved,
                               const PositionSumGradients<Scalar>& gradients, void* workspace);

// On the current CUDA device, all pointers in its memory, queued on `stream` (a cudaStream_t)
// without a host round trip, so that it can be captured in a graph. The result depends on neither
// the device nor the stream. Built without CUDA, the two calls throw std::runtime_error.
bool position_sum_has_cuda() noexcept;
PositionSumWorkspace position_sum_workspace_cuda(const PositionSumShape& shape);
void position_sum_forward_cuda(const PositionSumShape& shape, const PositionSumOptions& options,
                               const PositionSumInputs<float>& inputs,
                               const PositionSumOutputs<float>& outputs, void* workspace,
                               void* stream);
void position_sum_backward_cuda(const PositionSumShape& shape, const PositionSumOptions& options,
                                const PositionSumInputs<float>& inputs,
                                const PositionSumSaved<float>& saved,
                                const PositionSumGradients<float>& gradients, void* workspace,
                                void* stream);

}  // namespace decodemeter::kernels
