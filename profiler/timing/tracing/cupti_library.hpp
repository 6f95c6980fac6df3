// Whether CUPTI can be found, for programs that do not start it.
#pragma once

#include <string>

namespace decodemeter {

struct CuptiLibrary {
    std::string version;  // CUPTI's own number, as "130001"
    std::string absent;   // why there is none; empty: there is
};

// By the way in which a CuptiSession finds it.
CuptiLibrary find_cupti();

}  // namespace decodemeter
