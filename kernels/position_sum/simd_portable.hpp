// SIMD on GCC's and Clang's vector extension: whatever the compiler's target has (SSE2, NEON, ...).
#pragma once

#include <cstdint>

#include "kernels/position_sum/number.hpp"

namespace decodemeter::kernels::portable {

// Sixteen bytes of them. (The attribute is lost where the type depends on a template parameter.)
template <class T>
struct Sixteen;
template <>
struct Sixteen<float> {
    using Whole = std::int32_t;
    typedef float Raw __attribute__((vector_size(16)));
    typedef std::int32_t Mask __attribute__((vector_size(16)));
};
template <>
struct Sixteen<double> {
    using Whole = std::int64_t;
    typedef double Raw __attribute__((vector_size(16)));
    typedef std::int64_t Mask __attribute__((vector_size(16)));
};

template <class T>
struct Lanes {
    using Scalar = T;
    using Raw = typename Sixteen<T>::Raw;
    using Mask = typename Sixteen<T>::Mask;
    using Whole = typename Sixteen<T>::Whole;
    static constexpr int lanes = 16 / sizeof(T);
    static constexpr int registers = 16;

    Raw raw;

    Lanes() = default;
    DECODEMETER_HOST_DEVICE explicit Lanes(T x) : raw(x - Raw{}) {}
    DECODEMETER_HOST_DEVICE explicit Lanes(Raw x) : raw(x) {}

    DECODEMETER_HOST_DEVICE static Lanes load(const T* from) {
        Lanes x;
        __builtin_memcpy(&x.raw, from, sizeof x.raw);
        return x;
    }
    DECODEMETER_HOST_DEVICE void store(T* to) const { __builtin_memcpy(to, &raw, sizeof raw); }

    // The first n lanes only, 0 <= n <= lanes; a load leaves 0 in the others.
    DECODEMETER_HOST_DEVICE static Lanes load_first(const T* from, int n) {
        Lanes x{T(0)};
        for (int i = 0; i < n; ++i) x.raw[i] = from[i];
        return x;
    }
    DECODEMETER_HOST_DEVICE void store_first(T* to, int n) const {
        for (int i = 0; i < n; ++i) to[i] = raw[i];
    }
    DECODEMETER_HOST_DEVICE Lanes keep_first(int n) const {
        Lanes x = *this;
        for (int i = n; i < lanes; ++i) x.raw[i] = T(0);
        return x;
    }

    DECODEMETER_HOST_DEVICE T operator[](int i) const { return raw[i]; }
    DECODEMETER_HOST_DEVICE friend Lanes operator+(Lanes a, Lanes b) {
        return Lanes(a.raw + b.raw);
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator-(Lanes a, Lanes b) {
        return Lanes(a.raw - b.raw);
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator*(Lanes a, Lanes b) {
        return Lanes(a.raw * b.raw);
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator/(Lanes a, Lanes b) {
        return Lanes(a.raw / b.raw);
    }

    DECODEMETER_HOST_DEVICE friend Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
        return Lanes(a.raw * b.raw + c.raw);
    }
    DECODEMETER_HOST_DEVICE friend Lanes maximum(Lanes other, Lanes kept) {
        return choose(other.raw > kept.raw, other, kept);
    }
    DECODEMETER_HOST_DEVICE friend Lanes minimum(Lanes other, Lanes kept) {
        return choose(other.raw < kept.raw, other, kept);
    }
    DECODEMETER_HOST_DEVICE friend Lanes where_greater(Lanes a, Lanes b, Lanes x, Lanes y) {
        return choose(a.raw > b.raw, x, y);
    }
    DECODEMETER_HOST_DEVICE friend Lanes absolute(Lanes x) {
        constexpr Whole sign = Whole(1) << (8 * sizeof(T) - 1);
        return Lanes((Raw)((Mask)x.raw & ~sign));
    }
    // Adding and subtracting 1.5 x 2^(fraction bits) rounds what is smaller than half of that.
    DECODEMETER_HOST_DEVICE friend Lanes round_to_integer(Lanes x) {
        constexpr T shift = sizeof(T) == 4 ? T(12582912.0) : T(6755399441055744.0);
        return Lanes((x.raw + shift) - shift);
    }
    DECODEMETER_HOST_DEVICE friend Lanes times_power_of_two(Lanes x, Lanes n) {
        constexpr int fraction_bits = sizeof(T) == 4 ? 23 : 52;
        constexpr int bias = sizeof(T) == 4 ? 127 : 1023;
        const Mask exponent = (__builtin_convertvector(n.raw, Mask) + Whole(bias))
                              << Whole(fraction_bits);
        return Lanes(x.raw * (Raw)exponent);
    }
    DECODEMETER_HOST_DEVICE friend Lanes reciprocal(Lanes x) { return Lanes(T(1) / x.raw); }

    // Lanes in which a <= b does not hold: a > b, or one of them is a NaN.
    DECODEMETER_HOST_DEVICE friend Mask not_less_equal(Lanes a, Lanes b) {
        return ~(a.raw <= b.raw);
    }
    DECODEMETER_HOST_DEVICE friend Lanes add_where(Mask mask, Lanes to, Lanes x) {
        return Lanes(to.raw + (Raw)((Mask)x.raw & mask));
    }

private:
    DECODEMETER_HOST_DEVICE static Lanes choose(Mask mask, Lanes x, Lanes y) {
        return Lanes((Raw)(((Mask)x.raw & mask) | ((Mask)y.raw & ~mask)));
    }
};

}  // namespace decodemeter::kernels::portable
