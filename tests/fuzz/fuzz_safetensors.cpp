// A file's bytes. Every view must lie inside them, and views must not overlap.
#include "profiler/molmo/checkpoint/safetensors.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace decodemeter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::read_or_refuse([&] {
        const std::span file(reinterpret_cast<const std::byte*>(data), size);
        const std::byte* end = file.data();
        for (const molmo::TensorView& tensor : molmo::parse_safetensors(file, "fuzz").tensors) {
            std::size_t bytes = molmo::size_bytes(tensor.dtype);
            for (const std::int64_t side : tensor.shape) bytes *= static_cast<std::size_t>(side);
            const std::byte* last = tensor.bytes.data() + tensor.bytes.size();
            if (bytes != tensor.bytes.size() || tensor.bytes.data() < end ||
                last > file.data() + size)
                ::abort();
            end = last;
        }
    });
    return 0;
}
