#include <stdexcept>

#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

namespace {

[[noreturn]] void refuse() {
    throw std::runtime_error(
        "position sum: this program was built without CUDA; install nvcc (scripts/setup --cuda) "
        "and build again");
}

}  // namespace

bool position_sum_has_cuda() noexcept { return false; }

PositionSumWorkspace position_sum_workspace_cuda(const PositionSumShape&) { return {}; }

void position_sum_forward_cuda(const PositionSumShape&, const PositionSumOptions&,
                               const PositionSumInputs<float>&, const PositionSumOutputs<float>&,
                               void*, void*) {
    refuse();
}

void position_sum_backward_cuda(const PositionSumShape&, const PositionSumOptions&,
                                const PositionSumInputs<float>&, const PositionSumSaved<float>&,
                                const PositionSumGradients<float>&, void*, void*) {
    refuse();
}

}  // namespace decodemeter::kernels
