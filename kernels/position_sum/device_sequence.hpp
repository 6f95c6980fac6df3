// Which kernels a call queues, in which order. `Launcher` has launch(kernel), which runs all the
// kernel's blocks after those of the launches before: on a stream, or on the host in the tests.
#pragma once

#include "kernels/position_sum/device_finish.hpp"
#include "kernels/position_sum/device_forward.hpp"

namespace decodemeter::kernels {

inline bool starts_on_sixteen_bytes(const float* p) {
    return reinterpret_cast<std::uintptr_t>(p) % 16 == 0;
}

// Rows `stride` floats apart whose fours lie on 16 bytes.
inline bool in_whole_fours(const float* rows, std::int64_t stride, std::int64_t hidden) {
    return hidden % 4 == 0 && stride % 4 == 0 && starts_on_sixteen_bytes(rows);
}

template <Activation activation, class Launcher>
void launch_tiles(const DeviceForwardTask& task, Launcher& launcher) {
    int tile_positions = 0;
    const auto launch = [&](auto kernel) {
        tile_positions = kernel.positions;
        launcher.launch(kernel);
    };
    switch (task.plan.size) {
        case TileSize::large:
            // Planned for ReLU only.
            if constexpr (activation == Activation::relu)
                launch(DeviceForward<activation, LargeTile>{task});
            break;
        case TileSize::medium:
            launch(DeviceForward<activation, MediumTile>{task});
            break;
        case TileSize::small:
            launch(DeviceForward<activation, SmallTile>{task});
            break;
    }
    if (task.plan.position_tiles != 1 && task.outputs.sum)
        launcher.launch(DeviceTileSum{task, tile_positions});
}

template <class Launcher>
void launch_forward(const PositionSumShape& shape, const PositionSumOptions& options,
                    const PositionSumInputs<float>& inputs,
                    const PositionSumOutputs<float>& outputs, void* workspace,
                    const ForwardPlan& plan, Launcher& launcher) {
    DeviceForwardTask task;
    task.shape = shape;
    task.link = options.link;
    task.inputs = inputs;
    task.outputs = outputs;
    task.visit = {outputs.visit, outputs.visit + shape.batch};
    task.plan = plan;
    task.tile_sums = static_cast<float*>(workspace) + plan_scratch(shape, task.plan).tile_sums;
    task.whole_fours = in_whole_fours(inputs.config_part, inputs.config_stride, shape.hidden) &&
                       in_whole_fours(inputs.position_part, inputs.position_stride, shape.hidden) &&
                       starts_on_sixteen_bytes(inputs.head_weight);
    const bool has_weights = inputs.weights != nullptr;
    if (has_weights)
        launcher.launch(DeviceExtents{shape, inputs, task.visit, outputs.values != nullptr});
    launcher.launch(DeviceOrder{shape, inputs, task.visit, has_weights});
    switch (options.activation) {
        case Activation::relu:
            return launch_tiles<Activation::relu>(task, launcher);
        case Activation::gelu:
            return launch_tiles<Activation::gelu>(task, launcher);
        case Activation::silu:
            return launch_tiles<Activation::silu>(task, launcher);
    }
}

inline DeviceBackwardTask backward_task(const PositionSumShape& shape,
                                        const PositionSumInputs<float>& inputs,
                                        const PositionSumSaved<float>& saved,
                                        const PositionSumGradients<float>& gradients,
                                        void* workspace, const BackwardPlan& plan) {
    DeviceBackwardTask task;
    task.shape = shape;
    task.inputs = inputs;
    task.saved = saved;
    task.gradients = gradients;
    // The kernels only read it.
    auto* visit = const_cast<std::int32_t*>(saved.visit);
    task.visit = {visit, visit + shape.batch};
    task.plan = plan;
    const BackwardScratchPlan scratch = plan_scratch(shape, task.plan);
    auto* base = static_cast<float*>(workspace);
    task.grad_u = base + scratch.grad_u;
    task.grad_v = base + scratch.grad_v;
    task.grad_weight = base + scratch.grad_weight;
    task.grad_bias = base + scratch.grad_bias;
    task.whole_fours = in_whole_fours(inputs.config_part, inputs.config_stride, shape.hidden);
    return task;
}

template <class Launcher>
void launch_backward(const PositionSumShape& shape, const PositionSumOptions& options,
                     const PositionSumInputs<float>& inputs, const PositionSumSaved<float>& saved,
                     const PositionSumGradients<float>& gradients, void* workspace,
                     const BackwardPlan& plan, Launcher& launcher) {
    const DeviceBackwardTask task = backward_task(shape, inputs, saved, gradients, workspace, plan);
    switch (options.activation) {
        case Activation::relu:
            launcher.launch(DeviceBackward<Activation::relu>{task});
            break;
        case Activation::gelu:
            launcher.launch(DeviceBackward<Activation::gelu>{task});
            break;
        case Activation::silu:
            launcher.launch(DeviceBackward<Activation::silu>{task});
            break;
    }
    launcher.launch(DeviceFinish{task});
    if (gradients.weights) launcher.launch(DeviceWeightGradient{task});
}

inline PositionSumWorkspace device_workspace(const PositionSumShape& shape) {
    std::int64_t forward = 0;
    for (const Activation activation : {Activation::relu, Activation::gelu, Activation::silu}) {
        const std::int64_t floats = plan_scratch(shape, plan_forward(shape, activation)).floats;
        forward = floats > forward ? floats : forward;
    }
    const std::int64_t backward = plan_scratch(shape, plan_backward(shape)).floats;
    return {sizeof(float) * static_cast<std::size_t>(forward),
            sizeof(float) * static_cast<std::size_t>(backward)};
}

}  // namespace decodemeter::kernels
