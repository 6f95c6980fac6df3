// Activations and their slopes. SiLU and GELU (tanh form) are both x sigmoid(u(x)), with u = x for
// SiLU and u = 2 sqrt(2/pi) (x + 0.044715 x^3) for GELU, so they share all but u.
#pragma once

#include "kernels/position_sum/elementary.hpp"
#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

// relu(a + q) = max(a, -q) + q: one maximum per element, and a sum over h that depends on the
// position only. A NaN in a stays; one in q comes back with that sum.
template <class Number>
DECODEMETER_HOST_DEVICE Number relu_excess(Number a, Number minus_q) {
    return maximum(minus_q, a);
}
#ifdef __CUDA_ARCH__
// One instruction. Differs from the above in which zero and which NaN comes out, of which no sum
// tells.
DECODEMETER_HOST_DEVICE float relu_excess(float a, float minus_q) {
    float larger;
    asm("max.NaN.f32 %0, %1, %2;" : "=f"(larger) : "f"(a), "f"(minus_q));
    return larger;
}
#endif

// 2 sqrt(2/pi) and the same times 0.044715.
constexpr double gelu_linear = 1.59576912160573071176;
constexpr double gelu_cubic = gelu_linear * 0.044715;

// -u(x) log2(e), so that sigmoid(u) = 1 / (1 + 2^gate_exponent).
template <Activation activation, class Number>
DECODEMETER_HOST_DEVICE Number gate_exponent(Number x) {
    using Scalar = scalar_of<Number>;
    if constexpr (activation == Activation::silu) return x * Number(Scalar(-log2e));
    else {
        const Number minus_linear{Scalar(-log2e * gelu_linear)};
        const Number minus_cubic{Scalar(-log2e * gelu_cubic)};
        return x * multiply_add(minus_cubic, x * x, minus_linear);
    }
}

// u'(x)
template <Activation activation, class Number>
DECODEMETER_HOST_DEVICE Number gate_slope([[maybe_unused]] Number x) {
    using Scalar = scalar_of<Number>;
    if constexpr (activation == Activation::silu) return Number(Scalar(1));
    else return multiply_add(Number(Scalar(3 * gelu_cubic)), x * x, Number(Scalar(gelu_linear)));
}

// 1 + 2^gate_exponent, at most 2^60, so that the product of two is still a number. There sigmoid(u)
// < 1e-18.
template <Activation activation, class Number>
DECODEMETER_HOST_DEVICE Number gate_denominator(Number x) {
    using Scalar = scalar_of<Number>;
    const Number exponent = minimum(gate_exponent<activation>(x), Number(Scalar(60)));
    return Number(Scalar(1)) + exp2_saturated(exponent);
}

// An activation's value and slope.
template <class Number>
struct Activated {
    Number value;
    Number slope;
};

// x s(u) and its derivative s + x s (1 - s) u', from x, the sigmoid s and u'.
template <Activation activation, class Number>
DECODEMETER_HOST_DEVICE Activated<Number> gated(Number x, Number sigmoid) {
    using Scalar = scalar_of<Number>;
    const Number value = x * sigmoid;
    const Number bend = value * (Number(Scalar(1)) - sigmoid);
    if constexpr (activation == Activation::silu) return {value, bend + sigmoid};
    else return {value, multiply_add(bend, gate_slope<activation>(x), sigmoid)};
}

}  // namespace decodemeter::kernels
