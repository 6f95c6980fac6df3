#include "profiler/molmo/network/weight_memory.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/StringUtil.h>
#include <sys/mman.h>

#include <cerrno>
#include <system_error>

namespace decodemeter::molmo {

namespace {

constexpr std::size_t huge_page_bytes = 2 << 20;

// One mapping, whose weights begin at a huge page.
struct Mapping {
    void* start = nullptr;
    std::size_t bytes = 0;

    void* aligned() const {
        const auto address = reinterpret_cast<std::uintptr_t>(start);
        return reinterpret_cast<void*>((address + huge_page_bytes - 1) / huge_page_bytes *
                                       huge_page_bytes);
    }
};

Mapping map_memory(std::size_t bytes) {
    Mapping mapping{nullptr, bytes + huge_page_bytes};
    mapping.start =
        ::mmap(nullptr, mapping.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping.start == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(),
                                c10::str("no memory for ", bytes >> 20, " MiB of weights"));
    }
    ::madvise(mapping.start, mapping.bytes,
              MADV_HUGEPAGE);  // a kernel without them gives ordinary pages
    return mapping;
}

}  // namespace

at::Tensor empty_weights(at::IntArrayRef sizes, const at::TensorOptions& options) {
    std::size_t bytes = options.dtype().itemsize();
    for (const std::int64_t size : sizes) bytes *= static_cast<std::size_t>(size);
    if (!options.device().is_cpu() || bytes < huge_page_bytes) return at::empty(sizes, options);
    const Mapping mapping = map_memory(bytes);
    return at::from_blob(
        mapping.aligned(), sizes, [mapping](void*) { ::munmap(mapping.start, mapping.bytes); },
        options);
}

}  // namespace decodemeter::molmo
