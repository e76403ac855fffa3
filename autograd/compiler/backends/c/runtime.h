/* The primitives in C: what their expressions in spelling.py name beyond the C library.

   The same values as the rows' own, within 2 ulp; IEEE 754 throughout, NaN is never lost. The functions of
   the first half have no branches, so that compilers turn loops over them into vector instructions; to that
   end exp, tanh and the logarithm behind softplus are here once more, as polynomials.

   Compile with -ffp-contract=off: a product and a sum fused behind the formulas' back breaks exact
   arithmetic. */
#ifndef CHAINRULE_C_RUNTIME_H
#define CHAINRULE_C_RUNTIME_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "this code needs IEEE arithmetic; compile without -ffast-math"
#endif

/* For what is called rarely: small code rather than fast, since inlined it would take a compiler seconds. */
#if defined(__GNUC__)
#define CR_RARE static __attribute__((cold, noinline, unused))
#else
#define CR_RARE static inline
#endif

/* Product and sum, fused where the machine does that in one instruction; either way right to the
   last digits. */
#ifdef __FP_FAST_FMA
#define CR_MULADD(a, b, c) fma((a), (b), (c))
#else
#define CR_MULADD(a, b, c) ((a) * (b) + (c))
#endif

/* A polynomial by Horner's rule, the coefficient of the highest power first. Unrolled, so that loops around
   it become vector instructions. */
#define CR_POLYNOMIAL(x, c) cr_polynomial((x), (c), (int)(sizeof(c) / sizeof *(c)))
static inline __attribute__((always_inline)) double cr_polynomial(double x, const double *c, int n) {
    double q = c[0];
#ifdef __clang__
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 32
#endif
    for (int i = 1; i < n; i++) q = CR_MULADD(q, x, c[i]);
    return q;
}

/* Exact arithmetic on pairs: a rounded result, and what the rounding lost. */

static inline double cr_sum_error(double a, double b, double s) {
    double t = s - a;
    return isfinite(s) ? (a - (s - t)) + (b - t) : 0.0;
}

static inline double cr_product_error(double a, double b, double p) {
#ifdef __FP_FAST_FMA
    return fma(a, b, -p);
#else
    double c = 134217729.0 * a, d = 134217729.0 * b; /* 2^27 + 1 splits 53 bits into two halves */
    double a1 = c - (c - a), b1 = d - (d - b), a2 = a - a1, b2 = b - b1;
    return a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2);
#endif
}

/* Pieces. */

static inline double
step(double a, double b, double tie)
{
    return a > b ? 1.0 : a <= b ? (a == b ? tie : 0.0) : (double)NAN; /* no second question where tie is 0 */
}

static inline double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x + 0.0; }

static inline double relu(double x) { return x <= 0.0 ? 0.0 : x; }

static inline double leaky_relu(double x, double slope) { return x > 0.0 ? x : slope * x; }

static inline double clamp(double x, double low, double high) {
    x = x >= low ? x : x != x || low != low ? x + low : low;
    return x <= high ? x : x != x || high != high ? x + high : high;
}

static inline double where(double condition, double a, double b) { return condition != 0.0 ? a : b; }

static inline double restrict_positive(double x) { return x >= 0.0 ? fabs(x) : (double)NAN; }

static inline double saturate(double x) { return clamp(x, -DBL_MAX, DBL_MAX); }

static inline double greater(double a, double b) { return a > b ? 1.0 : 0.0; }

static inline double greater_equal(double a, double b) { return a >= b ? 1.0 : 0.0; }

static inline double less(double a, double b) { return a < b ? 1.0 : 0.0; }

static inline double less_equal(double a, double b) { return a <= b ? 1.0 : 0.0; }

static inline double equal(double a, double b) { return a == b ? 1.0 : 0.0; }

/* The exponential as m * s1 * s2: 2^n in two factors, since it may lie outside the range of doubles. */

typedef struct {
    double m, s1, s2;
} cr_power;

static inline cr_power cr_exp(double x) {
    const double shift = 0x1.8p52; /* a sum with it has its whole part in the lowest bits */
    double t = clamp(x, -1400.0, 1400.0);
    double k = t * 0x1.71547652b82fep+0 + shift, n = k - shift;
    double r = CR_MULADD(n, -0x1.62e42fefa4p-1, t); /* exact: the factor, ln 2, has 12 zeros at its end */
    r = CR_MULADD(n, 0x1.8432a1b0e2634p-43, r);
    static const double c[] = {
        0x1.1f730349868cep-29, 0x1.af4de97ca4194p-26, 0x1.27e4db646b17ep-22, 0x1.71de0231960ebp-19,
        0x1.a01a01a6d889cp-16, 0x1.a01a01abe7fe1p-13, 0x1.6c16c16c162d4p-10, 0x1.11111111100dcp-7,
        0x1.5555555555556p-5, 0x1.5555555555557p-3, 0x1p-1,
    };
    double q = CR_POLYNOMIAL(r, c);
    uint64_t bits, one, j;
    double origin = shift;
    memcpy(&bits, &k, 8);
    memcpy(&one, &origin, 8);
    j = bits - one + 2 * 1023; /* positive, so that its halves are exponents of doubles */
    uint64_t j1 = (j >> 1) << 52, j2 = (j - (j >> 1)) << 52;
    cr_power result = {1.0 + CR_MULADD(r * r, q, r), 0.0, 0.0};
    memcpy(&result.s1, &j1, 8);
    memcpy(&result.s2, &j2, 8);
    return result;
}

static inline double exp_loop(double x) {
    cr_power e = cr_exp(x);
    return e.m * e.s1 * e.s2;
}

/* log(1 + u) for u from 0 to 1: 2 artanh(s) with s = u / (2 + u), and what s lost to rounding. */
static inline double cr_log1p(double u) {
    double d = 2.0 + u, lost = u - (d - 2.0), s = u / d, p = s * d;
    double rest = (((u - p) - cr_product_error(s, d, p)) - s * lost) / d;
    double w = s * s;
    static const double c[] = {
        0x1.401d3e65cdc48p-3, 0x1.32e0d25c9c761p-4, 0x1.bc37f0140c19ep-4, 0x1.e0a2d581ab68fp-4,
        0x1.111abdc8abe16p-3, 0x1.3b13515f6f9efp-3, 0x1.745d19937b1fcp-3, 0x1.c71c71bedea97p-3,
        0x1.2492492499d46p-2, 0x1.9999999999944p-2, 0x1.5555555555555p-1,
    };
    double q = CR_POLYNOMIAL(w, c);
    return 2.0 * s + (2.0 * rest + s * w * q);
}

static inline double tanh_loop(double x) {
    double z = x * x;
    static const double c[] = {
        -0x1.58f3a11c9d235p-16, 0x1.64bc7688b7835p-14, -0x1.ebfcaff34e83fp-13, 0x1.34c3fb7f7d487p-11,
        -0x1.7d97a43814704p-10, 0x1.d6d336780bd1bp-9, -0x1.226e32e2c5bf8p-7, 0x1.664f4876c968cp-6,
        -0x1.ba1ba1b9fdf90p-5, 0x1.111111111102bp-3, -0x1.5555555555555p-2,
    };
    double q = CR_POLYNOMIAL(z, c);
    double small = x + x * (z * q), large = 1.0 - 2.0 / (exp_loop(2.0 * fabs(x)) + 1.0);
    return copysign(fabs(x) < 0.55 ? small : large, x);
}

/* Activations. */

/* The derivative of the logistic function. */
static inline double sigmoid_slope(double x) {
    double e = exp_loop(-fabs(x)), d = 1.0 + e;
    return e / (d * d);
}

/* 2 / (e^x + e^-x): twice the exponential, less a part of it. The powers of two come last, lest digits get
 * lost. */
static inline double sech(double x) {
    cr_power e = cr_exp(-fabs(x));
    double factor = e.m * e.s1 * e.s2, t = factor * factor, d = e.m + e.m;
    return (d - d * (t / (1.0 + t))) * e.s1 * e.s2;
}

/* The derivative of tanh. */
static inline double sech_squared(double x) {
    cr_power e = cr_exp(-2.0 * fabs(x));
    double d = 1.0 + e.m * e.s1 * e.s2;
    return 4.0 * e.m / (d * d) * e.s1 * e.s2;
}

static inline double softplus(double x) { return (x > 0.0 ? x : 0.0) + cr_log1p(exp_loop(-fabs(x))); }

static inline double elu(double x, double alpha) { return x > 0.0 ? x : alpha * expm1(x); }

/* Division with a remainder, as Python's: the remainder has the sign of b. */

static inline double mod(double a, double b) {
    double r = fmod(a, b);
    return b == 0.0 ? (double)NAN : r == 0.0 ? copysign(0.0, b) : (b < 0.0) != (r < 0.0) ? r + b : r;
}

static inline double floordiv(double a, double b) {
    if (b == 0.0) return a / b;
    double r = fmod(a, b), q = (a - r) / b;
    if (r != 0.0 && (b < 0.0) != (r < 0.0)) q -= 1.0;
    if (q == 0.0) return copysign(0.0, a / b);
    double whole = floor(q);
    return q - whole > 0.5 ? whole + 1.0 : whole;
}

/* Rounding in decimal needs all digits of the number; to a whole number it does not. */
CR_RARE double cr_round_decimal(double x, double ndigits) {
    if (!isfinite(x) || x == 0.0 || ndigits > 323.0) return x;
    if (ndigits < -309.0) return 0.0 * x;
    char text[1200];
    if (ndigits > 0.0) {
        snprintf(text, sizeof text, "%.*f", (int)ndigits, x);
        return strtod(text, NULL);
    }
    /* No double but a power of ten itself lies so close to one that 60 digits would round up to it. */
    snprintf(text, sizeof text, "%.60e", fabs(x));
    int exponent = atoi(strchr(text, 'e') + 1), digits = exponent + (int)ndigits;
    if (digits >= 0) {
        snprintf(text, sizeof text, "%.*e", digits, x);
        return strtod(text, NULL);
    }
    if (digits < -1) return copysign(0.0, x);
    int up = text[0] > '5' || (text[0] == '5' && strspn(text + 2, "0") != 60);
    snprintf(text, sizeof text, "1e%d", exponent + 1);
    return copysign(up ? strtod(text, NULL) : 0.0, x);
}

static inline double
round_digits(double x, double ndigits)
{
    return ndigits == 0.0 ? rint(x) : cr_round_decimal(x, ndigits);
}

/* Powers. */

/* x^c for a constant c: where the compiler knows it, the common ones become products. */
static inline double power(double x, double c) {
    if (c == 1.0) return x;
    if (c == 2.0) return x * x;
    if (c == 3.0) return x * x * x;
    if (c == -1.0) return 1.0 / x;
    if (c == -2.0) return (1.0 / x) * (1.0 / x);
    if (c == 0.5) return x == -(double)INFINITY ? (double)INFINITY : sqrt(x) + 0.0;
    return pow(x, c);
}

/* The cube root with one step of Newton's method, the residual in two parts. */
static inline double cbrt_accurate(double x) {
    if (x == 0.0 || !isfinite(x)) return x;
    int e;
    double m = frexp(x, &e);
    int third = (e + 3 * 1100) / 3 - 1100;
    m = ldexp(m, e - 3 * third);
    double y = cbrt(m), s = y * y, a = cr_product_error(y, y, s), cube = s * y,
           b = cr_product_error(s, y, cube);
    return ldexp(y - ((cube - m) + (b + a * y)) / (3.0 * s), third);
}

/* A product as a mantissa and an exponent, so that it overflows in the end or not at all. */
typedef struct {
    double m;
    int64_t e;
} cr_product;

static inline cr_product cr_times(cr_product p, double x) {
    int j = 0, k = 0;
    double f = isfinite(x) ? frexp(x, &j) : x, m = p.m * f;
    p.m = isfinite(m) ? frexp(m, &k) : m;
    p.e += j + k;
    return p;
}

static inline double
cr_value(cr_product p)
{
    return ldexp(p.m, p.e > 5000 ? 5000 : p.e < -5000 ? -5000 : (int)p.e);
}

/* c a^(b - order) log(a)^logs, of which every derivative of a power is made; 0 where c is. */
CR_RARE double monomial(double c, double a, double b, double order, double logs) {
    if (c == 0.0 || (a == 0.0 && logs != 0.0 && b >= order)) return 0.0;
    double e = b - order, lost = cr_sum_error(b, -order, e);
    if ((a == (double)INFINITY && e < 0.0) || (isinf(b) && pow(fabs(a), b) == 0.0)) return 0.0;
    double sign = a >= 0.0 ? 1.0 : logs != 0.0 ? (double)NAN : pow(-1.0, b) * pow(-1.0, order);
    a = fabs(a);
    double ln = log(a), whole = pow(a, e);
    cr_product p = cr_times(cr_times((cr_product){1.0, 0}, sign), c);
    if (0.0 < a && a < (double)INFINITY && !(1e-290 < whole && whole < 1e290)) {
        /* The power alone may leave the range of doubles although the product does not. */
        double root = pow(a, 0.5 * e);
        if (root == 0.0) return isnan(c) || isnan(sign) ? (double)NAN : 0.0;
        if (isinf(root)) { /* a factor c of 1e-324 may still bring the product back */
            root = pow(a, 0.125 * e);
            for (int k = 0; k < 6; k++) p = cr_times(p, root);
        }
        p = cr_times(cr_times(p, root), root);
        lost = isinf(root) ? 0.0 : lost;
    } else {
        p = cr_times(p, whole);
    }
    if (lost != 0.0 && isfinite(ln))
        p = cr_times(p, exp(lost * ln)); /* what rounding b - order lost counts ln(a) times */
    for (double k = 0.0; k < logs; k += 1.0) p = cr_times(p, ln);
    return cr_value(p);
}

/* log(e^a + e^b), relative to the larger one. */
static inline double logaddexp(double a, double b) {
    double top = a >= b ? a : b > a ? b : a + b, low = a <= b ? a : b < a ? b : a + b;
    if (!isfinite(top)) return top;
    double d = low - top, e = exp(d);
    return top + log1p(e + e * cr_sum_error(low, -top, d));
}

#include "special.h"

#endif
