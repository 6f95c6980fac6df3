#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "profiler/molmo/checkpoint/safetensors.hpp"

namespace decodemeter::molmo {

namespace {

// The data begins at a multiple of this, so that tensors of whole words are aligned in a mapped
// file.
constexpr std::size_t alignment_bytes = 8;

std::string header_text(std::span<const TensorView> tensors,
                        const std::map<std::string, std::string>& metadata) {
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::size_t offset = 0;
    for (const TensorView& tensor : tensors) {
        header[tensor.name] = {{"dtype", to_string(tensor.dtype)},
                               {"shape", tensor.shape},
                               {"data_offsets", {offset, offset + tensor.bytes.size()}}};
        offset += tensor.bytes.size();
    }
    std::string text = header.dump();
    text.resize((text.size() + alignment_bytes - 1) / alignment_bytes * alignment_bytes, ' ');
    return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata) {
    const std::string header = header_text(tensors, metadata);
    const std::uint64_t length = header.size();
    std::ofstream stream(path, std::ios::binary | std::ios::trunc);
    stream.write(reinterpret_cast<const char*>(&length), sizeof length);
    stream << header;
    for (const TensorView& tensor : tensors) {
        stream.write(reinterpret_cast<const char*>(tensor.bytes.data()),
                     static_cast<std::streamsize>(tensor.bytes.size()));
    }
    stream.close();
    if (!stream)
        throw std::runtime_error(path.string() + ": cannot be written: " + std::strerror(errno));
}

}  // namespace decodemeter::molmo
