#include <cuda_runtime_api.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "kernels/position_sum/device_sequence.hpp"
#include "kernels/position_sum/executor.cuh"

namespace decodemeter::kernels {

namespace {

void check(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    throw std::runtime_error(std::string("position sum: ") + what +
                             " failed: " + cudaGetErrorString(status));
}

struct StreamLauncher {
    cudaStream_t stream;

    template <class Kernel>
    void launch(const Kernel& kernel) {
        const std::int64_t blocks = kernel.blocks();
        if (blocks == 0) return;
        if (blocks > std::numeric_limits<std::int32_t>::max())
            throw std::runtime_error("position sum: " + std::to_string(blocks) +
                                     " blocks are more than a grid has; split the batch");
        constexpr auto shared_bytes = static_cast<int>(sizeof(typename Kernel::Shared));
        constexpr int without_asking = 48 * 1024;
        if (shared_bytes > without_asking) {
            check(cudaFuncSetAttribute(run_kernel<Kernel>,
                                       cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes),
                  "asking for shared memory");
        }
        run_kernel<Kernel>
            <<<static_cast<unsigned>(blocks), Kernel::threads, shared_bytes, stream>>>(kernel);
        check(cudaGetLastError(), "launching a kernel");
    }
};

}  // namespace

bool position_sum_has_cuda() noexcept { return true; }

PositionSumWorkspace position_sum_workspace_cuda(const PositionSumShape& shape) {
    return device_workspace(shape);
}

void position_sum_forward_cuda(const PositionSumShape& shape, const PositionSumOptions& options,
                               const PositionSumInputs<float>& inputs,
                               const PositionSumOutputs<float>& outputs, void* workspace,
                               void* stream) {
    StreamLauncher launcher{static_cast<cudaStream_t>(stream)};
    launch_forward(shape, options, inputs, outputs, workspace,
                   plan_forward(shape, options.activation), launcher);
}

void position_sum_backward_cuda(const PositionSumShape& shape, const PositionSumOptions& options,
                                const PositionSumInputs<float>& inputs,
                                const PositionSumSaved<float>& saved,
                                const PositionSumGradients<float>& gradients, void* workspace,
                                void* stream) {
    StreamLauncher launcher{static_cast<cudaStream_t>(stream)};
    launch_backward(shape, options, inputs, saved, gradients, workspace, plan_backward(shape),
                    launcher);
}

}  // namespace decodemeter::kernels
