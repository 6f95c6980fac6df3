// The implementations that the tests run: the CPU's, one for each instruction set that this machine
// has, and the device's kernels on the host.
#pragma once

#include "kernels/position_sum/cpu_dispatch.hpp"
#include "kernels/position_sum/device_sequence.hpp"
#include "tests/kernels/position_sum/host_executor.hpp"
#include "tests/kernels/position_sum/position_sum_case.hpp"

namespace decodemeter::kernels {

inline std::vector<Implementation> cpu_implementations() {
    std::vector<Implementation> all;
    for (const CpuKernels<float>* kernels : cpu_kernels<float>()) {
        if (!kernels->supported()) continue;
        all.push_back(
            {kernels->name, position_sum_workspace_cpu<float>,
             [=](const Case& of, const PositionSumOutputs<float>& outputs, void* workspace) {
                 run_forward(*kernels, of.shape, of.options, of.inputs(), outputs, workspace);
             },
             [=](const Case& of, const PositionSumSaved<float>& saved,
                 const PositionSumGradients<float>& gradients, void* workspace) {
                 run_backward(*kernels, of.shape, of.options, of.inputs(), saved, gradients,
                              workspace);
             }});
    }
    return all;
}

template <class Tile>
ForwardPlan tiled(TileSize size, const PositionSumShape& shape) {
    return plan_of_tile<Tile>(size, shape);
}

inline ForwardPlan plan_of_size(TileSize size, const PositionSumShape& shape) {
    switch (size) {
        case TileSize::large:
            return tiled<LargeTile>(size, shape);
        case TileSize::medium:
            return tiled<MediumTile>(size, shape);
        default:
            return tiled<SmallTile>(size, shape);
    }
}

// With tiles of one size and, where it is not 0, so many shares of the samples backward, whatever
// the shape.
inline Implementation device_on_host(TileSize size, const Adversary& adversary,
                                     std::int64_t shares = 0) {
    const auto backward_plan = [=](const PositionSumShape& shape) {
        BackwardPlan plan = plan_backward(shape);
        if (shares > 0 && plan.sample_shares > shares) plan.sample_shares = shares;
        return plan;
    };
    return {"device on host",
            [=](const PositionSumShape& shape) {
                PositionSumWorkspace bytes = device_workspace(shape);
                bytes.forward_bytes =
                    sizeof(float) * plan_scratch(shape, plan_of_size(size, shape)).floats;
                return bytes;
            },
            [=](const Case& of, const PositionSumOutputs<float>& outputs, void* workspace) {
                const HostLauncher launcher{adversary};
                launch_forward(of.shape, of.options, of.inputs(), outputs, workspace,
                               plan_of_size(size, of.shape), launcher);
            },
            [=](const Case& of, const PositionSumSaved<float>& saved,
                const PositionSumGradients<float>& gradients, void* workspace) {
                const HostLauncher launcher{adversary};
                launch_backward(of.shape, of.options, of.inputs(), saved, gradients, workspace,
                                backward_plan(of.shape), launcher);
            }};
}

inline std::vector<TileSize> tiles_for(Activation activation) {
    if (activation == Activation::relu) return {TileSize::small, TileSize::medium, TileSize::large};
    return {TileSize::small, TileSize::medium};
}

constexpr Activation all_activations[] = {Activation::relu, Activation::gelu, Activation::silu};
constexpr Link all_links[] = {Link::identity, Link::softplus, Link::exp};

}  // namespace decodemeter::kernels
