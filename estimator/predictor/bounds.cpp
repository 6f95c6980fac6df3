#include "estimator/predictor/bounds.hpp"

namespace decodemeter {

std::size_t bound_bin(int output_tokens) noexcept {
    if (output_tokens <= 2) return 0;
    if (output_tokens <= 5) return 1;
    return output_tokens <= 20 ? 2 : 3;
}

}  // namespace decodemeter
