// How a device kernel is written, so that it also runs on the host: as phases without a barrier
// inside, and a driver `run(block)` that puts barriers between them. A block has
//
//     block.index                    of the grid
//     block.each(phase)              phase(thread) for each thread
//     block.barrier(Barrier)         all threads have finished all phases so far
//     block.shared()                 for the driver, just after a barrier
//
// and a thread has `index`, the block's `shared` memory, its own `registers`, and asynchronous
// copies to shared memory (copy, commit, wait). On the device (executor.cuh) each thread calls the
// phases in turn and a barrier is
// __syncthreads(). On the host (tests) the phases between two barriers run thread by thread in any
// order. Phases therefore capture by value, and a driver branches only on what is the same for all
// threads of a block. C++17.
#pragma once

#include "kernels/position_sum/number.hpp"

#ifdef __CUDACC__
#define DECODEMETER_UNROLL _Pragma("unroll")
#define DECODEMETER_ROLLED _Pragma("unroll 1")
#else
#define DECODEMETER_UNROLL
#define DECODEMETER_ROLLED
#endif

namespace decodemeter::kernels {

// What all threads have done when a barrier lets them pass.
enum class Barrier {
    window_loaded,   // the extents of a window lie in shared memory
    ranks_counted,   // and each thread has counted its part
    weights_looked,  // each thread knows its last weight that is not 0
    chunk_arrived,   // all copies of a chunk have arrived
    chunk_used,      // nobody reads the chunk any more
    values_stored,   // a tile of y lies in shared memory
    values_linked,   // and is summed next
    share_listed,    // a block knows its samples
    rows_arrived,    // a group of samples is in shared memory
    rows_used,       // each warp's share of dL/dU is
    totals_stored,   // each thread's totals are in shared memory
};
constexpr int barrier_count = 11;

// Sixteen bytes, copied and loaded at once.
struct alignas(16) Four {
    float at[4];
};

}  // namespace decodemeter::kernels
