#pragma once

namespace decodemeter {

// Thrown by a command that has done its work and wants an exit code other than 0, as `budget` when
// nothing fits. No failure: nothing is printed for it.
struct ExitCode {
    int value = 0;
};

}  // namespace decodemeter
