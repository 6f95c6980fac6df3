// An argument that cannot be used, named by its field. A leaf.
#pragma once

#include <string>
#include <string_view>

#include "profiler/system/error.hpp"

namespace decodemeter {

// "top_k 17: the model has 16 experts". A library knows the field; the program adds the dashes of
// the option that sets it.
struct InvalidArgument : InputError {
    InvalidArgument(std::string_view field_name, std::string_view fault)
        : InputError(std::string(field_name) + std::string(fault)), field(field_name) {}

    std::string field;
};

}  // namespace decodemeter
