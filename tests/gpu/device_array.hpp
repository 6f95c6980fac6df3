// Arrays and streams on the current CUDA device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace decodemeter {

inline void check_cuda(cudaError_t status) {
    if (status != cudaSuccess)
        throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(status));
}

// `size` elements, each byte 0xff at first: NaN, or -1.
template <class T>
class DeviceArray {
public:
    explicit DeviceArray(std::int64_t size) : bytes_(static_cast<std::size_t>(size) * sizeof(T)) {
        if (bytes_ == 0) return;
        check_cuda(cudaMalloc(&data_, bytes_));
        check_cuda(cudaMemset(data_, 0xff, bytes_));
    }
    DeviceArray(const T* from, std::int64_t size) : DeviceArray(size) {
        if (bytes_ != 0) check_cuda(cudaMemcpy(data_, from, bytes_, cudaMemcpyHostToDevice));
    }
    DeviceArray(DeviceArray&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    DeviceArray& operator=(DeviceArray&&) = delete;
    ~DeviceArray() { cudaFree(data_); }

    // Null where it is empty.
    T* get() const { return static_cast<T*>(data_); }
    void copy_to(T* to) const {
        if (bytes_ != 0) check_cuda(cudaMemcpy(to, data_, bytes_, cudaMemcpyDeviceToHost));
    }

private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

class Stream {
public:
    Stream() { check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { cudaStreamDestroy(stream_); }
    cudaStream_t get() const { return stream_; }
    void wait() const { check_cuda(cudaStreamSynchronize(stream_)); }

private:
    cudaStream_t stream_ = nullptr;
};

}  // namespace decodemeter
