#include "estimator/networks/compute_device.hpp"

#include "kernels/position_sum/position_sum.hpp"
#include "profiler/system/invalid_argument.hpp"
#include "profiler/torch_device/torch_device.hpp"

namespace decodemeter {

c10::Device open_training_device(const std::string& name) {
    if (name == "cuda" && !kernels::position_sum_has_cuda())
        throw InvalidArgument("device",
                              " cuda: this program was built without CUDA; build with nvcc on "
                              "PATH, or train on the CPU");
    return open_device(name);
}

}  // namespace decodemeter
