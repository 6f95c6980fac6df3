// Eight floats in AVX2 with FMA. Included only by a file that is compiled for them.
#pragma once

#include <immintrin.h>

#include "kernels/position_sum/number.hpp"

namespace decodemeter::kernels::avx2 {

struct Lanes {
    using Scalar = float;
    static constexpr int lanes = 8;
    static constexpr int registers = 16;
    struct Mask {
        __m256 raw;
    };

    __m256 raw;

    Lanes() = default;
    DECODEMETER_HOST_DEVICE explicit Lanes(float x) : raw(_mm256_set1_ps(x)) {}
    DECODEMETER_HOST_DEVICE explicit Lanes(__m256 x) : raw(x) {}

    DECODEMETER_HOST_DEVICE static __m256i first(int n) {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
    DECODEMETER_HOST_DEVICE static Lanes load(const float* from) {
        return Lanes(_mm256_loadu_ps(from));
    }
    DECODEMETER_HOST_DEVICE void store(float* to) const { _mm256_storeu_ps(to, raw); }
    DECODEMETER_HOST_DEVICE static Lanes load_first(const float* from, int n) {
        return Lanes(_mm256_maskload_ps(from, first(n)));
    }
    DECODEMETER_HOST_DEVICE void store_first(float* to, int n) const {
        _mm256_maskstore_ps(to, first(n), raw);
    }
    DECODEMETER_HOST_DEVICE Lanes keep_first(int n) const {
        return Lanes(_mm256_and_ps(raw, _mm256_castsi256_ps(first(n))));
    }

    DECODEMETER_HOST_DEVICE float operator[](int i) const { return raw[i]; }
    DECODEMETER_HOST_DEVICE friend Lanes operator+(Lanes a, Lanes b) {
        return Lanes(_mm256_add_ps(a.raw, b.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator-(Lanes a, Lanes b) {
        return Lanes(_mm256_sub_ps(a.raw, b.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator*(Lanes a, Lanes b) {
        return Lanes(_mm256_mul_ps(a.raw, b.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator/(Lanes a, Lanes b) {
        return Lanes(_mm256_div_ps(a.raw, b.raw));
    }

    DECODEMETER_HOST_DEVICE friend Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
        return Lanes(_mm256_fmadd_ps(a.raw, b.raw, c.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes maximum(Lanes other, Lanes kept) {
        return Lanes(_mm256_max_ps(other.raw, kept.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes minimum(Lanes other, Lanes kept) {
        return Lanes(_mm256_min_ps(other.raw, kept.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes where_greater(Lanes a, Lanes b, Lanes x, Lanes y) {
        return Lanes(_mm256_blendv_ps(y.raw, x.raw, _mm256_cmp_ps(a.raw, b.raw, _CMP_GT_OQ)));
    }
    DECODEMETER_HOST_DEVICE friend Lanes absolute(Lanes x) {
        return Lanes(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), x.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes round_to_integer(Lanes x) {
        return Lanes(_mm256_round_ps(x.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
    DECODEMETER_HOST_DEVICE friend Lanes times_power_of_two(Lanes x, Lanes n) {
        const __m256i exponent =
            _mm256_add_epi32(_mm256_cvtps_epi32(n.raw), _mm256_set1_epi32(127));
        return Lanes(_mm256_mul_ps(x.raw, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23))));
    }
    // The estimate has 12 bits; two Newton steps would cost as much as the division.
    DECODEMETER_HOST_DEVICE friend Lanes reciprocal(Lanes x) { return Lanes(1.0f) / x; }

    DECODEMETER_HOST_DEVICE friend Mask not_less_equal(Lanes a, Lanes b) {
        return {_mm256_cmp_ps(a.raw, b.raw, _CMP_NLE_UQ)};
    }
    DECODEMETER_HOST_DEVICE friend Lanes add_where(Mask mask, Lanes to, Lanes x) {
        return Lanes(_mm256_add_ps(to.raw, _mm256_and_ps(mask.raw, x.raw)));
    }
};

}  // namespace decodemeter::kernels::avx2
