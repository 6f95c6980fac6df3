// A generate() whose steps are kernels of known length, for the instrument's GPU tests.
#pragma once

#include <cuda_runtime_api.h>

#include "profiler/stage/stage_observer.hpp"
#include "tests/gpu/check_cuda.hpp"
#include "tests/gpu/spin.hpp"

namespace decodemeter::test {

struct SpinningGenerate {
    int steps = 16;
    int kernels = 20;              // in a step
    long long kernel_ns = 50'000;  // each
    cudaStream_t stream = nullptr;

    void operator()(StageObserver& observer) const {
        observer.begin(Stage::generate);
        pass(observer, Stage::prefill, 0);
        for (int step = 1; step <= steps; ++step) pass(observer, Stage::decode_step, step);
        observer.end(Stage::generate);
        check_cuda(cudaDeviceSynchronize(), "cannot wait for the device");
    }

    double step_ms() const {
        return static_cast<double>(kernels) * static_cast<double>(kernel_ns) / 1e6;
    }

private:
    void pass(StageObserver& observer, Stage stage, int edge) const {
        observer.begin(stage);
        launch(kernels);
        observer.end(stage);
        read_token();
        observer.step_edge(edge);
    }

    void launch(int count) const {
        for (int i = 0; i < count; ++i) check_cuda(launch_spin(kernel_ns, stream), "cannot launch");
    }

    // As a loop that tests for EOS does: a small copy, and the host waits for it.
    void read_token() const {
        static long long* const on_device = [] {
            void* memory = nullptr;
            check_cuda(cudaMalloc(&memory, sizeof(long long)), "cannot allocate");
            return static_cast<long long*>(memory);
        }();
        long long token = 0;
        check_cuda(cudaMemcpyAsync(&token, on_device, sizeof token, cudaMemcpyDeviceToHost, stream),
                   "cannot copy");
        check_cuda(cudaStreamSynchronize(stream), "cannot wait for the stream");
    }
};

}  // namespace decodemeter::test
