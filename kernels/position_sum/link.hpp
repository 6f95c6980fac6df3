// Links g and their slopes g'.
#pragma once

#include "kernels/position_sum/elementary.hpp"
#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

template <class Number>
struct Linked {
    Number value;
    Number slope;
};

// softplus(y) = max(y, 0) + log(1 + e^-|y|), and its slope, the sigmoid.
template <class Number>
DECODEMETER_HOST_DEVICE Linked<Number> softplus(Number y) {
    const Number zero{scalar_of<Number>(0)};
    const Number one{scalar_of<Number>(1)};
    const Number e = exponential(zero - absolute(y));
    return {maximum(zero, y) + log_one_plus(e), where_greater(zero, y, e, one) / (one + e)};
}

template <class Number>
DECODEMETER_HOST_DEVICE Linked<Number> linked(Link link, Number y) {
    if (link == Link::softplus) return softplus(y);
    if (link == Link::exp) {
        const Number e = exponential(y);
        return {e, e};
    }
    return {y, Number(scalar_of<Number>(1))};
}

}  // namespace decodemeter::kernels
