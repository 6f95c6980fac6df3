#include "profiler/samples/request_digest.hpp"

#include "profiler/system/content_hash.hpp"
#include "profiler/system/file.hpp"

namespace decodemeter {

std::string request_digest(const Sample& sample) {
    constexpr std::size_t most_picture_bytes = std::size_t{256} << 20;  // what can be decoded
    ContentHash hash;
    hash.add_with_length(sample.image.empty() ? std::string()
                                              : read_input_file(sample.image, most_picture_bytes));
    hash.add_with_length(sample.prompt);
    return hash.text();
}

}  // namespace decodemeter
