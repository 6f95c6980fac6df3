// The dispatcher's calls of this thread. [torch]
#pragma once

#include <ATen/record_function.h>

namespace decodemeter::molmo {

// Counts the calls that compute while it lives: neither views nor allocations, nor calls that
// consist of others that are counted, nor reading a value back. At most one in a thread.
class CountedOperations {
public:
    CountedOperations();
    ~CountedOperations() { at::removeCallback(handle_); }
    CountedOperations(const CountedOperations&) = delete;
    CountedOperations& operator=(const CountedOperations&) = delete;

    int count() const noexcept;
    void start_over() noexcept;

private:
    at::CallbackHandle handle_;
};

}  // namespace decodemeter::molmo
