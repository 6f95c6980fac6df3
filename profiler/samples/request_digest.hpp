// What a sample asks, as a short text to compare.
#pragma once

#include <string>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

// 16 hexadecimal digits, a hash of the picture file's bytes and the prompt. Throws InputError where
// the picture cannot be read.
std::string request_digest(const Sample& sample);

}  // namespace decodemeter
