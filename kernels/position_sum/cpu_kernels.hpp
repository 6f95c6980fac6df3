// What the CPU implementation's files share: the tasks, and the kernels of one instruction set. The
// files cpu_avx512.cpp, cpu_avx2.cpp and cpu_portable.cpp each compile cpu_forward.hpp and
// cpu_backward.hpp for one.
#pragma once

#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

// Lanes of the widest SIMD type; scratch is laid out for it.
constexpr std::int64_t widest_lanes = 16;

constexpr std::int64_t rounded_up(std::int64_t n, std::int64_t to) {
    return (n + to - 1) / to * to;
}

// Which of the samples' positions count, and in which order samples are visited:
// PositionSumOutputs::visit by its parts.
struct Visit {
    const std::int32_t* extents = nullptr;  // by sample
    const std::int32_t* order = nullptr;    // samples by falling extent
};

template <class Scalar>
struct ForwardTask {
    PositionSumShape shape;
    Link link = Link::identity;
    PositionSumInputs<Scalar> inputs;
    PositionSumOutputs<Scalar> outputs;
    Visit visit;
    // Scratch: V transposed to panels of one SIMD type's lanes, `panel_parts` arrays of them; v . V
    // by position; by panel, whether an entry is too large for the product of exponentials.
    Scalar* panels = nullptr;
    Scalar* position_dots = nullptr;
    std::int32_t* panel_is_large = nullptr;
};

template <class Scalar>
struct BackwardTask {
    PositionSumShape shape;
    Link link = Link::identity;
    PositionSumInputs<Scalar> inputs;
    PositionSumSaved<Scalar> saved;
    PositionSumGradients<Scalar> gradients;
    Visit visit;
    // Scratch: dL/dy [batch, positions] in visiting order, its sum by sample in that order, V and
    // dL/dV by columns of one SIMD type's lanes.
    Scalar* grad_y = nullptr;
    double* grad_y_sums = nullptr;
    Scalar* position_columns = nullptr;
    Scalar* grad_columns = nullptr;
};

// Of one instruction set.
template <class Scalar>
struct CpuKernels {
    const char* name;
    bool (*supported)();
    void (*forward)(Activation, const ForwardTask<Scalar>&);
    void (*backward)(Activation, const BackwardTask<Scalar>&);
};

extern const CpuKernels<float> portable_kernels;
extern const CpuKernels<double> portable_double_kernels;
#ifdef DECODEMETER_X86_64
extern const CpuKernels<float> avx2_kernels;
extern const CpuKernels<float> avx512_kernels;
#endif

}  // namespace decodemeter::kernels
