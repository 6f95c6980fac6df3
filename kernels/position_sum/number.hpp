// The operations that the position sum is written in, for float and double, on the host and in
// CUDA. The SIMD types (simd_*.hpp) have the same ones under the same names, so every formula
// stands once. C++17.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define DECODEMETER_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define DECODEMETER_HOST_DEVICE inline __attribute__((always_inline))
#endif

namespace decodemeter::kernels {

// What a number is made of: float of float, double of double, a SIMD type of its lanes' type.
template <class Number>
struct ScalarOf {
    using type = typename Number::Scalar;
};
template <>
struct ScalarOf<float> {
    using type = float;
};
template <>
struct ScalarOf<double> {
    using type = double;
};
template <class Number>
using scalar_of = typename ScalarOf<Number>::type;

// a * b + c, rounded once where the machine can. The order of operations is always spelt out with
// it: files that include this one are compiled without contraction, so host and device agree to the
// bit.
DECODEMETER_HOST_DEVICE float multiply_add(float a, float b, float c) { return fmaf(a, b, c); }
DECODEMETER_HOST_DEVICE double multiply_add(double a, double b, double c) { return fma(a, b, c); }

// The larger one; `kept` where the two do not compare, so that a NaN in `kept` stays.
DECODEMETER_HOST_DEVICE float maximum(float other, float kept) {
    return other > kept ? other : kept;
}
DECODEMETER_HOST_DEVICE double maximum(double other, double kept) {
    return other > kept ? other : kept;
}
DECODEMETER_HOST_DEVICE float minimum(float other, float kept) {
    return other < kept ? other : kept;
}
DECODEMETER_HOST_DEVICE double minimum(double other, double kept) {
    return other < kept ? other : kept;
}

// a > b ? x : y, lane by lane.
DECODEMETER_HOST_DEVICE float where_greater(float a, float b, float x, float y) {
    return a > b ? x : y;
}
DECODEMETER_HOST_DEVICE double where_greater(double a, double b, double x, double y) {
    return a > b ? x : y;
}

DECODEMETER_HOST_DEVICE float absolute(float x) { return fabsf(x); }
DECODEMETER_HOST_DEVICE double absolute(double x) { return fabs(x); }

// To the nearest integer, ties to even.
DECODEMETER_HOST_DEVICE float round_to_integer(float x) { return rintf(x); }
DECODEMETER_HOST_DEVICE double round_to_integer(double x) { return rint(x); }

// x 2^n, where n is an integer and both 2^n and the result are normal numbers.
DECODEMETER_HOST_DEVICE float times_power_of_two(float x, float n) {
#ifdef __CUDA_ARCH__
    return x * __int_as_float((static_cast<int>(n) + 127) << 23);
#else
    const std::int32_t bits = (static_cast<std::int32_t>(n) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return x * power;
#endif
}
DECODEMETER_HOST_DEVICE double times_power_of_two(double x, double n) {
    return ldexp(x, static_cast<int>(n));
}

// 1 / x to within two units in the last place.
DECODEMETER_HOST_DEVICE float reciprocal(float x) {
#ifdef __CUDA_ARCH__
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
#else
    return 1.0f / x;
#endif
}
DECODEMETER_HOST_DEVICE double reciprocal(double x) { return 1.0 / x; }

}  // namespace decodemeter::kernels
