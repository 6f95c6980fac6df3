// Sixteen floats in AVX-512 (F, DQ, VL). Included only by a file that is compiled for it.
#pragma once

#include <immintrin.h>

#include "kernels/position_sum/number.hpp"

namespace decodemeter::kernels::avx512 {

struct Lanes {
    using Scalar = float;
    static constexpr int lanes = 16;
    static constexpr int registers = 32;
    using Mask = __mmask16;

    __m512 raw;

    Lanes() = default;
    DECODEMETER_HOST_DEVICE explicit Lanes(float x) : raw(_mm512_set1_ps(x)) {}
    DECODEMETER_HOST_DEVICE explicit Lanes(__m512 x) : raw(x) {}

    DECODEMETER_HOST_DEVICE static Mask first(int n) { return static_cast<Mask>((1u << n) - 1); }
    DECODEMETER_HOST_DEVICE static Lanes load(const float* from) {
        return Lanes(_mm512_loadu_ps(from));
    }
    DECODEMETER_HOST_DEVICE void store(float* to) const { _mm512_storeu_ps(to, raw); }
    DECODEMETER_HOST_DEVICE static Lanes load_first(const float* from, int n) {
        return Lanes(_mm512_maskz_loadu_ps(first(n), from));
    }
    DECODEMETER_HOST_DEVICE void store_first(float* to, int n) const {
        _mm512_mask_storeu_ps(to, first(n), raw);
    }
    DECODEMETER_HOST_DEVICE Lanes keep_first(int n) const {
        return Lanes(_mm512_maskz_mov_ps(first(n), raw));
    }

    DECODEMETER_HOST_DEVICE float operator[](int i) const { return raw[i]; }
    DECODEMETER_HOST_DEVICE friend Lanes operator+(Lanes a, Lanes b) {
        return Lanes(_mm512_add_ps(a.raw, b.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator-(Lanes a, Lanes b) {
        return Lanes(_mm512_sub_ps(a.raw, b.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator*(Lanes a, Lanes b) {
        return Lanes(_mm512_mul_ps(a.raw, b.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes operator/(Lanes a, Lanes b) {
        return Lanes(_mm512_div_ps(a.raw, b.raw));
    }

    DECODEMETER_HOST_DEVICE friend Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
        return Lanes(_mm512_fmadd_ps(a.raw, b.raw, c.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes maximum(Lanes other, Lanes kept) {
        return Lanes(_mm512_max_ps(other.raw, kept.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes minimum(Lanes other, Lanes kept) {
        return Lanes(_mm512_min_ps(other.raw, kept.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes where_greater(Lanes a, Lanes b, Lanes x, Lanes y) {
        return Lanes(
            _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.raw, b.raw, _CMP_GT_OQ), y.raw, x.raw));
    }
    DECODEMETER_HOST_DEVICE friend Lanes absolute(Lanes x) { return Lanes(_mm512_abs_ps(x.raw)); }
    DECODEMETER_HOST_DEVICE friend Lanes round_to_integer(Lanes x) {
        return Lanes(_mm512_roundscale_ps(x.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
    DECODEMETER_HOST_DEVICE friend Lanes times_power_of_two(Lanes x, Lanes n) {
        return Lanes(_mm512_scalef_ps(x.raw, n.raw));
    }
    // The estimate has 14 bits; one Newton step doubles them.
    DECODEMETER_HOST_DEVICE friend Lanes reciprocal(Lanes x) {
        const __m512 estimate = _mm512_rcp14_ps(x.raw);
        const __m512 error = _mm512_fnmadd_ps(x.raw, estimate, _mm512_set1_ps(1.0f));
        return Lanes(_mm512_fmadd_ps(estimate, error, estimate));
    }

    DECODEMETER_HOST_DEVICE friend Mask not_less_equal(Lanes a, Lanes b) {
        return _mm512_cmp_ps_mask(a.raw, b.raw, _CMP_NLE_UQ);
    }
    DECODEMETER_HOST_DEVICE friend Lanes add_where(Mask mask, Lanes to, Lanes x) {
        return Lanes(_mm512_mask_add_ps(to.raw, mask, to.raw, x.raw));
    }
};

}  // namespace decodemeter::kernels::avx512
