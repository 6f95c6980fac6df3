// Phases on the device (see phases.hpp).
#pragma once

#include "kernels/position_sum/phases.hpp"

namespace decodemeter::kernels {

template <class Kernel>
struct DeviceThread {
    int index;
    typename Kernel::Shared& shared;
    typename Kernel::Registers& registers;

    // `floats` of four from global memory, in the background; the others are 0. `whole` if `from`
    // is aligned to 16 bytes wherever all four are there.
    __device__ __forceinline__ void copy(Four& to, const float* from, int floats, bool whole) {
        const auto address = static_cast<unsigned>(__cvta_generic_to_shared(&to));
        if (whole) {
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from),
                         "r"(4 * floats)
                         : "memory");
            return;
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(address + 4 * i),
                         "l"(from + i), "r"(i < floats ? 4 : 0)
                         : "memory");
        }
    }
    __device__ __forceinline__ void commit() {
        asm volatile("cp.async.commit_group;" ::: "memory");
    }
    // For all but the last `pending` groups of copies of this thread.
    template <int pending>
    __device__ __forceinline__ void wait() {
        asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
    }
};

template <class Kernel>
struct DeviceBlock {
    std::int64_t index;
    DeviceThread<Kernel>& thread;

    template <class Phase>
    __device__ __forceinline__ void each(Phase phase) {
        phase(thread);
    }
    __device__ __forceinline__ void barrier(Barrier) { __syncthreads(); }
    __device__ __forceinline__ const typename Kernel::Shared& shared() const {
        return thread.shared;
    }
};

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads, Kernel::blocks_per_multiprocessor)
    run_kernel(const __grid_constant__ Kernel kernel) {
    extern __shared__ Four shared_memory[];
    typename Kernel::Registers registers;
    DeviceThread<Kernel> thread{static_cast<int>(threadIdx.x),
                                *reinterpret_cast<typename Kernel::Shared*>(shared_memory),
                                registers};
    DeviceBlock<Kernel> block{blockIdx.x, thread};
    kernel.run(block);
}

}  // namespace decodemeter::kernels
