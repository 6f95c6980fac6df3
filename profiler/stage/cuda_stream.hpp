// A leaf: includes nothing of ours.
#pragma once

namespace decodemeter {

// A stream of CUDA by the driver's handle, without owning it. The default is the legacy default
// stream, which waits for all other streams but those created as non-blocking.
struct CudaStream {
    void* handle = nullptr;
};

}  // namespace decodemeter
