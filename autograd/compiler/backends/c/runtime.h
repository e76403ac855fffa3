/* What compiled programs compute with beyond C's library. IEEE 754 throughout; NaN is never lost.

   The library's exponential, logarithms and hyperbolic tangent take one number at a time. Here they are once
   more, without branches and right to 2 ulp, so that compilers turn loops over them into vector instructions.

   A compiler may fuse a product and a sum, but not where the rounding error of a product is meant, which is
   `product_error`. */
#ifndef CHAINRULE_C_RUNTIME_H
#define CHAINRULE_C_RUNTIME_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "this code needs IEEE arithmetic; compile without -ffast-math"
#endif

/* RARE is for what is long or called rarely: inlined it would take a compiler seconds. */
#ifdef __GNUC__
#define INLINE static inline __attribute__((always_inline, unused))
#define RARE static __attribute__((noinline, unused))
#else
#define INLINE static inline
#define RARE static
#endif

/* Where a function keeps its latest result. */
#ifndef PLAIN
#define LATEST static __thread
#endif

/* Product and sum, fused where the machine does that in one instruction; either way right to the
   last digits. */
#ifdef __FP_FAST_FMA
#define MULADD(a, b, c) fma((a), (b), (c))
#else
#define MULADD(a, b, c) ((a) * (b) + (c))
#endif

/* A polynomial of up to 12 coefficients by Horner's rule, that of the highest power first. Without a loop, so
   that loops around it become vector instructions. */
#define POLYNOMIAL(x, c) polynomial((x), (c), (int)(sizeof(c) / sizeof *(c)))
#define NEXT(i) if (i < n) q = MULADD(q, x, c[i]);
INLINE double polynomial(double x, const double *c, int n) {
    double q = c[0];
    NEXT(1) NEXT(2) NEXT(3) NEXT(4) NEXT(5) NEXT(6) NEXT(7) NEXT(8) NEXT(9) NEXT(10) NEXT(11)
    return q;
}

/* What rounding a product to p lost. */
INLINE double product_error(double a, double b, double p) {
#ifdef __FP_FAST_FMA
    return fma(a, b, -p);
#else
    double c = 134217729.0 * a, d = 134217729.0 * b; /* 2^27 + 1 splits 53 bits into two halves */
    double a1 = c - (c - a), b1 = d - (d - b), a2 = a - a1, b2 = b - b1;
    return a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2);
#endif
}

INLINE uint64_t bits_of_double(double x) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits;
}

INLINE double double_of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, 8);
    return x;
}

INLINE double larger(double a, double b) { return a != a ? a : a >= b ? a : b; }
INLINE double smaller(double a, double b) { return a != a ? a : a <= b ? a : b; }

#define SHIFT 0x1.8p52 /* a sum with it has its whole part in the lowest bits */

/* e^r - 1 - r for r from -0.35 to 0.35. */
INLINE double exp_rest(double r) {
    static const double c[] = {
        0x1.1f730349868cep-29, 0x1.af4de97ca4194p-26, 0x1.27e4db646b17ep-22, 0x1.71de0231960ebp-19,
        0x1.a01a01a6d889cp-16, 0x1.a01a01abe7fe1p-13, 0x1.6c16c16c162d4p-10, 0x1.11111111100dcp-7,
        0x1.5555555555556p-5, 0x1.5555555555557p-3, 0x1p-1,
    };
    return r * r * POLYNOMIAL(r, c);
}

/* 2^n in two factors, since it may lie outside the range of doubles, where n + SHIFT is given. */
INLINE double half_of_power(double k, double *other) {
    uint64_t j = bits_of_double(k) - bits_of_double(SHIFT) + 2 * 1023; /* their exponents are positive */
    *other = double_of_bits((j - (j >> 1)) << 52);
    return double_of_bits((j >> 1) << 52);
}

/* 2^n e^r for r from -0.35 to 0.35, where n + SHIFT is given; and what its last sum lost. */
INLINE double exp_and_lost(double k, double r, double *lost) {
    double other, half = half_of_power(k, &other), p = r + exp_rest(r), m = 1.0 + p;
    *lost = (p - (m - 1.0)) * half * other;
    return m * half * other;
}

INLINE double exp_of_parts(double k, double r) {
    double lost;
    return exp_and_lost(k, r, &lost);
}

/* 2^more e^x, without an overflow on the way, and what its last sum lost. */
INLINE double exp_and_power(double x, double more, double *lost) {
    double t = smaller(larger(x, -1400.0), 720.0); /* beyond it all are infinite */
    double k = t * 0x1.71547652b82fep+0 + SHIFT, n = k - SHIFT;
    double r = MULADD(n, -0x1.62e42fefa4p-1, t); /* exact: the factor, ln 2, has 12 zeros at its end */
    return exp_and_lost(k + more, MULADD(n, 0x1.8432a1b0e2634p-43, r), lost);
}

INLINE double exp_loop(double x) {
    double lost;
    return exp_and_power(x, 0.0, &lost);
}

INLINE double cosh_loop(double x) {
    double lost, y = exp_and_power(fabs(x), -1.0, &lost);
    return y + (0.25 / y + lost);
}

INLINE double sinh_loop(double x) {
    static const double c[] = {
        0x1.952c77030ad4ap-49, 0x1.ae7f3e733b81fp-41, 0x1.6124613a86d09p-33, 0x1.ae64567f544e4p-26,
        0x1.71de3a556c734p-19, 0x1.a01a01a01a01ap-13, 0x1.1111111111111p-7, 0x1.5555555555555p-3,
    };
    double z = x * x, lost, y = exp_and_power(fabs(x), -1.0, &lost);
    return fabs(x) < 1.0 ? x + x * (z * POLYNOMIAL(z, c)) : copysign(y - (0.25 / y - lost), x);
}

/* e^x - 1: 2^n - 1 + 2^n (e^r - 1), all of it without one half of the power, and what the sum lost. */
INLINE double expm1_loop(double x) {
    double t = smaller(larger(x, -60.0), 1400.0);
    double k = t * 0x1.71547652b82fep+0 + SHIFT, n = k - SHIFT;
    double high = MULADD(n, -0x1.62e42fefa4p-1, t), low = n * 0x1.8432a1b0e2634p-43, r = high + low;
    double other, half = half_of_power(k, &other), a = half - 1.0 / other, b = half * r, sum = a + b;
    double b_kept = sum - a, lost = (a - (sum - b_kept)) + (b - b_kept);
    double y = (sum + (lost + half * (((high - r) + low) + exp_rest(r)))) * other;
    return fabs(x) < 0x1p-54 ? x : y;
}

INLINE double exp2_loop(double x) {
    double t = smaller(larger(x, -2000.0), 2000.0), k = t + SHIFT;
    return exp_of_parts(k, (t - (k - SHIFT)) * 0x1.62e42fefa39efp-1);
}

INLINE double exp10_loop(double x) {
    double t = smaller(larger(x, -420.0), 420.0);
    double k = t * 0x1.a934f0979a371p+1 + SHIFT, n = k - SHIFT;
    double r = MULADD(n, -0x1.34413509f8p-2, t); /* exact, as above: the factor is log10(2) */
    r = MULADD(n, 0x1.80433b83b532ap-44, r);
    return exp_of_parts(k, MULADD(r, 0x1.26bb1bbb55516p+1, r * -0x1.f48ad494ea3e9p-53));
}

/* k ln 2 + log(1 + f + rest), for f from -0.3 to 1: 2 artanh(s) with s = f / (2 + f), and what s lost. */
INLINE double log_of_parts(double k, double f, double rest) {
    double d = 2.0 + f, lost = f - (d - 2.0), inverse = 1.0 / d, s = f * inverse, p = s * d, w = s * s;
    double s_lost = (((f - p) - product_error(s, d, p)) + (rest - s * (lost + rest))) * inverse;
    static const double c[] = {
        0x1.401d3e65cdc48p-3, 0x1.32e0d25c9c761p-4, 0x1.bc37f0140c19ep-4, 0x1.e0a2d581ab68fp-4,
        0x1.111abdc8abe16p-3, 0x1.3b13515f6f9efp-3, 0x1.745d19937b1fcp-3, 0x1.c71c71bedea97p-3,
        0x1.2492492499d46p-2, 0x1.9999999999944p-2, 0x1.5555555555555p-1,
    };
    double high = k * 0x1.62e42fefa4p-1, sum = high + 2.0 * s; /* the product is exact */
    double small = (high - sum) + 2.0 * s + k * -0x1.8432a1b0e2634p-43;
    return sum + (2.0 * s_lost + s * w * POLYNOMIAL(w, c) + small);
}

/* k + 1024, where 2^-k takes a positive number to between sqrt(1/2) and sqrt(2). */
INLINE uint64_t power_within(double x) {
    return (bits_of_double(x) - 0x3fe6a09e667f3bcdu + ((uint64_t)1024 << 52)) >> 52;
}

INLINE double double_of_whole(uint64_t x) { return double_of_bits(x | bits_of_double(0x1p52)) - 0x1p52; }

INLINE double log_loop(double x) {
    double u = x < DBL_MIN ? x * 0x1p54 : x;
    uint64_t j = power_within(u);
    double k = double_of_whole(j) - (x < DBL_MIN ? 1024.0 + 54.0 : 1024.0);
    double y = log_of_parts(k, double_of_bits(bits_of_double(u) - ((j - 1024) << 52)) - 1.0, 0.0);
    return x > 0.0 ? (x <= DBL_MAX ? y : x) : x == 0.0 ? -(double)INFINITY : (double)NAN;
}

INLINE double log1p_loop(double x) {
    double u = 1.0 + x, above = 1.0 - (u - x), below = x - (u - 1.0), lost = x > 1.0 ? above : below;
    uint64_t j = power_within(u);
    double f = double_of_bits(bits_of_double(u) - ((j - 1024) << 52)) - 1.0;
    double y = log_of_parts(double_of_whole(j) - 1024.0, f, 0.5 * lost * double_of_bits((2048 - j) << 52));
    y = u > 0.0 ? (u <= DBL_MAX ? y : u) : u == 0.0 ? -(double)INFINITY : (double)NAN;
    return fabs(x) < 0x1p-54 ? x : y;
}

/* log(1 - e^x): the logarithm of the difference where that is below 1/2, else of 1 and the exponential. */
INLINE double log1mexp(double x) {
    double k = larger(x, -1400.0) * 0x1.71547652b82fep+0 + SHIFT, n = k - SHIFT;
    double r = MULADD(n, 0x1.8432a1b0e2634p-43, MULADD(n, -0x1.62e42fefa4p-1, larger(x, -1400.0)));
    double other, half = half_of_power(k, &other), p = r + exp_rest(r), e = half * other;
    int near = x > -0x1.62e42fefa39efp-1;
    double u = near ? ((1.0 - e) - e * p) * 0x1p54 : 0x1p54;
    uint64_t j = power_within(u);
    double f = double_of_bits(bits_of_double(u) - ((j - 1024) << 52)) - 1.0;
    double y = log_of_parts(double_of_whole(j) - (1024.0 + 54.0), near ? f : -(1.0 + p) * half * other, 0.0);
    return x < 0.0 ? y : x == 0.0 ? -(double)INFINITY : (double)NAN;
}

/* log(x / (1 - x)), with what rounding took from the divisor and from the quotient */
INLINE double logit(double x) {
    double b = 1.0 - x, q = x / b, p = q * b;
    double lost = (((x - p) - product_error(q, b, p)) - q * ((1.0 - b) - x)) / b;
    double u = q < DBL_MIN ? x * 0x1p54 : q;
    uint64_t j = power_within(u);
    double k = double_of_whole(j) - (q < DBL_MIN ? 1024.0 + 54.0 : 1024.0);
    double f = double_of_bits(bits_of_double(u) - ((j - 1024) << 52)) - 1.0;
    double y = log_of_parts(k, f, q < 0x1p-54 ? 0.0 : lost * double_of_bits((2047 - j) << 52));
    return q > 0.0 ? (q <= DBL_MAX ? y : q) : q == 0.0 ? -(double)INFINITY : (double)NAN;
}

/* log(x / y), with what rounding took from the quotient of both without their powers of two */
INLINE double log_ratio(double x, double y) {
    double u = x < DBL_MIN ? x * 0x1p54 : x, v = y < DBL_MIN ? y * 0x1p54 : y;
    uint64_t i = power_within(u), j = power_within(v);
    double a = double_of_bits(bits_of_double(u) - ((i - 1024) << 52));
    double b = double_of_bits(bits_of_double(v) - ((j - 1024) << 52));
    double q = a / b, p = q * b, lost = ((a - p) - product_error(q, b, p)) / b;
    uint64_t more = power_within(q);
    double scale = double_of_bits((2047 - more) << 52);
    double k = double_of_whole(i + more) - double_of_whole(j) - 1024.0;
    k += (y < DBL_MIN ? 54.0 : 0.0) - (x < DBL_MIN ? 54.0 : 0.0);
    double ordinary = log_of_parts(k, q * scale - 1.0, lost * scale);
    int is_ordinary = (x > 0.0) & (y > 0.0) & (x <= DBL_MAX) & (y <= DBL_MAX);
    int is_defined = (x >= 0.0) & (y >= 0.0) & (x != y);
    double beyond = x > y ? (double)INFINITY : -(double)INFINITY;
    return is_ordinary ? ordinary : is_defined ? beyond : (double)NAN;
}

INLINE double tanh_loop(double x) {
    double z = x * x;
    static const double c[] = {
        -0x1.58f3a11c9d235p-16, 0x1.64bc7688b7835p-14, -0x1.ebfcaff34e83fp-13, 0x1.34c3fb7f7d487p-11,
        -0x1.7d97a43814704p-10, 0x1.d6d336780bd1bp-9, -0x1.226e32e2c5bf8p-7, 0x1.664f4876c968cp-6,
        -0x1.ba1ba1b9fdf90p-5, 0x1.111111111102bp-3, -0x1.5555555555555p-2,
    };
    double q = POLYNOMIAL(z, c);
    double small = x + x * (z * q), large = 1.0 - 2.0 / (exp_loop(2.0 * fabs(x)) + 1.0);
    return copysign(fabs(x) < 0.55 ? small : large, x);
}

/* sin(x + quarters pi/2) for x from -2^20 to 2^20; the first parts of pi/2 have 20 zeros at their ends. */
INLINE double sin_loop(double x, uint64_t quarters) {
    static const double s[] = {
        0x1.5d93a5acfd57cp-33, -0x1.ae5e68a2b9cebp-26, 0x1.71de357b1fe7dp-19,
        -0x1.a01a019c161d5p-13, 0x1.111111110f8a6p-7,
    };
    static const double c[] = {
        -0x1.8fae9be8838d4p-37, 0x1.1ee9ebdb4b1c4p-29, -0x1.27e4f809c52adp-22,
        0x1.a01a019cb159p-16, -0x1.6c16c16c15177p-10, 0x1.555555555554cp-5,
    };
    double k = x * 0x1.45f306dc9c883p-1 + SHIFT, n = k - SHIFT, a = MULADD(n, -0x1.921fb544p+0, x);
    double b = MULADD(n, -0x1.0b4611a6p-34, a), d = MULADD(n, -0x1.3198a2ep-69, b);
    double rest = n * 0x1.b839a252049c1p-104 - ((a - b) - n * 0x1.0b4611a6p-34) - ((b - d) - n * 0x1.3198a2ep-69);
    double r = d - rest, t = (d - r) - rest, z = r * r, v = z * r, w = 1.0 - 0.5 * z;
    double sine = r - ((z * (0.5 * t - v * POLYNOMIAL(z, s)) - t) + v * 0x1.5555555555549p-3);
    double cosine = w + (((1.0 - w) - 0.5 * z) + (z * z * POLYNOMIAL(z, c) - r * t));
    uint64_t j = bits_of_double(k) + quarters;
    return double_of_bits(bits_of_double(j & 1 ? cosine : sine) ^ (j & 2) << 62);
}

/* log(1 + e^x) */
INLINE double softplus(double x) { return larger(x, 0.0) + log_of_parts(0.0, exp_loop(-fabs(x)), 0.0); }

/* x^c for a constant c: where the compiler knows it, the common ones become products. */
INLINE double power(double x, double c) {
    if (c == 1.0) return x;
    if (c == 2.0) return x * x;
    if (c == 3.0) return x * x * x;
    if (c == -1.0) return 1.0 / x;
    if (c == -2.0) return (1.0 / x) * (1.0 / x);
    if (c == 0.5) return x == -(double)INFINITY ? (double)INFINITY : sqrt(x) + 0.0;
    if (c == -0.5) return 1.0 / (sqrt(x) + 0.0);
    if (c == -1.5) return 1.0 / (x * sqrt(x));
    return pow(x, c);
}

/* a or b by the length of the two. */
INLINE double direction(double a, double b, double index) {
    double mine = index == 0.0 ? a : b, most = larger(fabs(a), fabs(b));
    if (isnan(a) || isnan(b) || (isinf(a) && isinf(b))) return (double)NAN;
    if (isinf(most)) return isinf(mine) ? copysign(1.0, mine) : 0.0;
    /* A length beyond the doubles, or of subnormal numbers, is taken of scaled ones. */
    double scale = most > 1e290 ? 0x1p-600 : most < 1e-250 ? 0x1p600 : 1.0;
    double r = hypot(a * scale, b * scale);
    return r == 0.0 ? 0.0 : mine * scale / r;
}

#endif
