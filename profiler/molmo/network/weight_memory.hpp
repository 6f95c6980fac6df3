// Where weights lie.
#pragma once

#include <ATen/core/Tensor.h>

namespace decodemeter::molmo {

// As at::empty. On the CPU, large weights lie in huge pages where the kernel has them: a decode
// step reads each weight once, and with pages of 4 KiB the processor's prefetching stops at each
// page's end (20 against 57 GB/s measured).
at::Tensor empty_weights(at::IntArrayRef sizes, const at::TensorOptions& options);

}  // namespace decodemeter::molmo
