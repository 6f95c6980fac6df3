// The instruction sets that this program has kernels for. Not included by the files that are
// compiled for one of them.
#pragma once

#include <span>

#include "kernels/position_sum/cpu_kernels.hpp"

namespace decodemeter::kernels {

// Best first; not each is supported by this machine, but the last one is.
template <class Scalar>
std::span<const CpuKernels<Scalar>* const> cpu_kernels();
template <>
std::span<const CpuKernels<float>* const> cpu_kernels();
template <>
std::span<const CpuKernels<double>* const> cpu_kernels();

// position_sum_forward_cpu and position_sum_backward_cpu with the kernels given.
template <class Scalar>
void run_forward(const CpuKernels<Scalar>& kernels, const PositionSumShape& shape,
                 const PositionSumOptions& options, const PositionSumInputs<Scalar>& inputs,
                 const PositionSumOutputs<Scalar>& outputs, void* workspace);
template <class Scalar>
void run_backward(const CpuKernels<Scalar>& kernels, const PositionSumShape& shape,
                  const PositionSumOptions& options, const PositionSumInputs<Scalar>& inputs,
                  const PositionSumSaved<Scalar>& saved,
                  const PositionSumGradients<Scalar>& gradients, void* workspace);

}  // namespace decodemeter::kernels
