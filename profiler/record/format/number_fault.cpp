#include "profiler/record/format/number_fault.hpp"

namespace decodemeter {

const char* to_string(NumberFault fault) noexcept {
    switch (fault) {
        case NumberFault::none:
            return "fine";
        case NumberFault::missing:
            return "missing";
        case NumberFault::negative:
            return "negative";
        case NumberFault::not_finite:
            return "not finite";
        case NumberFault::out_of_range:
            return "out of range";
        case NumberFault::not_a_number:
            return "not a number";
    }
    return "unknown";
}

}  // namespace decodemeter
