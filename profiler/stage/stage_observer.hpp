// How generate() is watched from outside. A leaf: includes nothing of ours.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace decodemeter {

enum class Stage { preprocess, vision_encoder, projector, prefill, decode_step, generate };
inline constexpr std::size_t stage_count = 6;
inline constexpr std::array<std::string_view, stage_count> stage_names = {
    "preprocess", "vision_encoder", "projector", "prefill", "decode_step", "generate"};

// Note [Step edges]
// generate() calls begin and end around each stage that it runs, and around the forward pass of
// each decode step. On an asynchronous device the end of a stage is the moment at which its work
// has been queued. After each pass it reads the token back and calls step_edge: step_edge(0) when
// the caller holds token 1, step_edge(s) when it holds token s+1. Step s lasts from edge s-1 to
// edge s, on every clock:
//   host: from step_edge(s-1) to step_edge(s), which is what a caller waits for a token;
//   span: from event to event on the compute stream, where the event of edge 0 is recorded at
//         end(prefill) and that of edge s at end(decode_step) of step s, before the token is read
//         back. The device reaches it when the token exists. An event recorded after the read-back
//         would find an idle stream, stamp at once and repeat the host's mark.
// So both clocks exclude prefill from step 1, both contain the host's work between two passes (the
// test for EOS included) in the step that follows it, and they differ by the read-back alone.
// `generate` spans all stages but preprocess. A stage may run in several parts: it lasts from the
// first begin to the last end.
//
// Implementations neither allocate, format nor synchronize.
class StageObserver {
public:
    virtual void begin(Stage stage) noexcept = 0;
    virtual void end(Stage stage) noexcept = 0;
    virtual void step_edge(int step) noexcept = 0;

protected:
    StageObserver() = default;
    StageObserver(const StageObserver&) = default;
    StageObserver& operator=(const StageObserver&) = default;
    ~StageObserver() = default;
};

// Watches nothing.
class NullObserver final : public StageObserver {
public:
    void begin(Stage) noexcept override {}
    void end(Stage) noexcept override {}
    void step_edge(int) noexcept override {}
};

}  // namespace decodemeter
