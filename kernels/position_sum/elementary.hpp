// exp2, exp and log(1 + e) from additions, multiplications and one division, for every number type
// of number.hpp.
#pragma once

#include <cmath>

#include "kernels/position_sum/number.hpp"

namespace decodemeter::kernels {

constexpr double ln2 = 0.693147180559945309417;
constexpr double log2e = 1.44269504088896340736;

// 2^f for |f| <= 1/2 as a polynomial of `terms` coefficients; 2^limit and 2^-limit are normal.
template <class Scalar>
struct Exp2Polynomial;
template <>
struct Exp2Polynomial<float> {
    static constexpr int terms = 7;
    static constexpr float limit = 126;
    // Minimax for the relative error (2.6e-9) with 2^0 = 1, by Remez's exchange.
    DECODEMETER_HOST_DEVICE static constexpr double coefficient(int k) {
        constexpr double minimax[] = {1.0,
                                      0.69314721496773117,
                                      0.24022652783005376,
                                      0.055503105515904644,
                                      0.0096176929597862224,
                                      0.0013406643714997182,
                                      0.00015594681287174613};
        return minimax[k];
    }
};
template <>
struct Exp2Polynomial<double> {
    static constexpr int terms = 14;
    static constexpr double limit = 1022;
    // Taylor's: the first term left out is below 4e-18.
    DECODEMETER_HOST_DEVICE static constexpr double coefficient(int k) {
        return k == 0 ? 1.0 : coefficient(k - 1) * ln2 / k;
    }
};

// sum over i >= k of coefficient(i) f^(i - k), Horner's way.
template <int k = 0, class Number>
DECODEMETER_HOST_DEVICE Number exp2_polynomial(Number f) {
    using Scalar = scalar_of<Number>;
    constexpr auto coefficient = static_cast<Scalar>(Exp2Polynomial<Scalar>::coefficient(k));
    if constexpr (k + 1 == Exp2Polynomial<Scalar>::terms) {
        return Number(coefficient);
    } else {
        return multiply_add(exp2_polynomial<k + 1>(f), f, Number(coefficient));
    }
}

// 2^x, for x from -limit to limit; what is beyond, and a NaN, counts as an end of that range.
template <class Number>
DECODEMETER_HOST_DEVICE Number exp2_saturated(Number x) {
    using Scalar = scalar_of<Number>;
    constexpr Scalar limit = Exp2Polynomial<Scalar>::limit;
    x = minimum(maximum(x, Number(-limit)), Number(limit));
    const Number whole = round_to_integer(x);
    return times_power_of_two(exp2_polynomial(x - whole), whole);
}
#ifdef __CUDA_ARCH__
// To 2^-22, and with 0 and infinity where they are nearer than the range's ends.
DECODEMETER_HOST_DEVICE float exp2_saturated(float x) {
    float power;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
    return power;
}
#endif

// e^y; a NaN stays, above 2^limit is infinity, below 2^-limit is 0.
template <class Number>
DECODEMETER_HOST_DEVICE Number exponential(Number y) {
    using Scalar = scalar_of<Number>;
    constexpr Scalar limit = Exp2Polynomial<Scalar>::limit;
    const Number low{Scalar(-limit * ln2)};
    const Number high{Scalar(limit * ln2)};
    const Number inside = minimum(high, maximum(low, y));
    // 2^n e^r with r = y - n ln 2 taken in two parts: y log2(e) alone would lose the low bits of a
    // large y.
    constexpr Scalar ln2_high = static_cast<Scalar>(ln2);
    constexpr Scalar ln2_low = static_cast<Scalar>(ln2 - double(ln2_high));
    const Number n = round_to_integer(maximum(inside * Number(Scalar(log2e)), Number(-limit)));
    const Number r = multiply_add(n, Number(-ln2_low), multiply_add(n, Number(-ln2_high), inside));
    const Number power = times_power_of_two(exp2_polynomial(r * Number(Scalar(log2e))), n);
    return where_greater(y, high, Number(Scalar(HUGE_VAL)),
                         where_greater(low, y, Number(Scalar(0)), power));
}

// log(1 + e) for 0 <= e <= 1, to a few units in the last place also where e is tiny:
// 2 artanh(r) = 2 (r + r^3/3 + r^5/5 + ...) with r = e / (2 + e) <= 1/3.
template <int terms, int k = 0, class Number>
DECODEMETER_HOST_DEVICE Number artanh_series(Number r_squared) {
    using Scalar = scalar_of<Number>;
    constexpr auto coefficient = static_cast<Scalar>(2.0 / (2 * k + 1));
    if constexpr (k + 1 == terms) {
        return Number(coefficient);
    } else {
        return multiply_add(artanh_series<terms, k + 1>(r_squared), r_squared, Number(coefficient));
    }
}
template <class Number>
DECODEMETER_HOST_DEVICE Number log_one_plus(Number e) {
    using Scalar = scalar_of<Number>;
    constexpr int terms = sizeof(Scalar) == sizeof(float) ? 8 : 17;
    const Number r = e / (Number(Scalar(2)) + e);
    return r * artanh_series<terms>(r * r);
}

}  // namespace decodemeter::kernels
