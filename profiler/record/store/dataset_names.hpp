// Names of data sets that a command was asked for.
#pragma once

#include <span>
#include <string>

namespace decodemeter {

// Throws InputError for a wanted data set that is none of `found` (canonical names), with one
// that is close to it. Where nothing is found by name, nothing is refused.
void refuse_unknown_datasets(std::span<const std::string> wanted,
                             std::span<const std::string> found);

}  // namespace decodemeter
