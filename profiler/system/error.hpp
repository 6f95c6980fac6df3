// What a command can fail with. A leaf: includes nothing of ours.
#pragma once

#include <stdexcept>

namespace decodemeter {

// The input cannot be used: a flag, a file, a directory, a request to a device that is not there.
// The message names the thing, the place, and what to do. Commands answer it with exit code 2.
struct InputError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace decodemeter
