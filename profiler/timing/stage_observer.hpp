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

// generate() calls begin and end once for each stage that it runs, with step 0, and for decoding
// begin(decode_step, 1) once, then end(decode_step, s) for s = 1 ... N-1: the end of step s is the
// start of step s+1. Decoding begins as soon as prefill has ended, before token 1 is read back, so
// that the host's test for EOS after token s lies inside step s; a begin with no end means that
// token 1 was the last. `generate` spans all stages but preprocess.
//
// Implementations neither allocate, format nor synchronise.
class StageObserver {
public:
    virtual void begin(Stage stage, int step) noexcept = 0;
    virtual void end(Stage stage, int step) noexcept = 0;

protected:
    StageObserver() = default;
    StageObserver(const StageObserver&) = default;
    StageObserver& operator=(const StageObserver&) = default;
    ~StageObserver() = default;
};

// Watches nothing.
class NullObserver final : public StageObserver {
public:
    void begin(Stage, int) noexcept override {}
    void end(Stage, int) noexcept override {}
};

}  // namespace decodemeter
