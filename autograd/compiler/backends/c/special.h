/* The error functions, log gamma and its derivatives, and complex powers. Included by runtime.h. */
#ifndef CHAINRULE_C_SPECIAL_H
#define CHAINRULE_C_SPECIAL_H

#include "wide.h"

/* c exp(-x^2 / scale) for a scale of 1 or 2, the rounding error of x^2 made good; no underflow unless the
 * product's. */
static inline double cr_times_gaussian(double c, double x, double scale) {
    if (fabs(x) > 1e3 || isnan(x)) return isnan(x) ? x : 0.0 * copysign(1.0, c);
    double s = x * x, lost = cr_product_error(x, x, s) / scale;
    if (s < 500.0) {
        double p = c * exp(-s / scale);
        return p - p * lost;
    }
    double half = exp(-0.5 * s / scale), p = c * half;
    return (p - p * lost) * half;
}

/* The factor of exp(-x^2 / scale) in its derivative of that order, in two parts: right next to the
 * polynomial's zeros, too. */
static inline double cr_hermite(double x, double order, double scale, double *low) {
    double c = -2.0 / scale, before = 0.0, before_low = 0.0, now = 1.0, now_low = 0.0;
    for (double n = 0.0; n < order; n += 1.0) {
        double p = x * now, m = n * before, s = p + m;
        double rest = cr_sum_error(p, m, s) + cr_product_error(x, now, p) + cr_product_error(n, before, m)
                      + x * now_low + n * before_low;
        before = now, before_low = now_low;
        now = c * s, now_low = c * rest;
    }
    *low = now_low;
    return now;
}

/* The derivative of a whole order of exp(-x^2 / scale), by the recurrence of Hermite's polynomials. */
static inline double gaussian(double x, double order, double scale) {
    if (isinf(x)) return 0.0;
    double low = 0.0, high = fabs(x) <= 1e3 ? cr_hermite(x, order, scale, &low) : x;
    return cr_times_gaussian(high + low, x, scale);
}

/* What the tail's continued fraction adds to x, for x from 0.5 to 45, at scale 2: a polynomial in (x - 3) /
 * (x + 3). */
static inline double cr_fraction(double x) {
    double u = (x - 3.0) / (x + 3.0);
    static const double c[] = {
        0x1.6e8cf37ccb1edp-23, -0x1.429467724da3ep-22, -0x1.24b98586efcf8p-20, 0x1.e65c46414ea80p-21,
        0x1.43c4b2532b9fap-18, 0x1.23459fec5b482p-19, -0x1.f4831b1e94bbbp-17, -0x1.b7971732eede7p-16,
        0x1.a740b503c50dap-16, 0x1.eadc4c60458e9p-14, 0x1.7b7f5f61cc1b2p-16, -0x1.78d3d5b25c28bp-12,
        -0x1.6ebc1bc8996dfp-12, 0x1.be00520f36f11p-11, 0x1.a2b6beec9165cp-10, -0x1.a0e05ffd56b70p-10,
        -0x1.6645211996c3ep-8, 0x1.2ba5e0bb00738p-9, 0x1.10ac530e3a87cp-6, -0x1.609445a11c9bep-9,
        -0x1.97b9f976ef2e5p-5, 0x1.3fa1094ec21a0p-7, 0x1.42c91f844fa25p-3, -0x1.01f416b40c23dp-3,
        -0x1.ac38574dc8448p-2, 0x1.6a5dc46a56cd4p+0,
    };
    double q = CR_POLYNOMIAL(u, c);
    return q / (x + 2.0);
}

/* factor / sqrt(scale pi) times the integral of exp(-t^2 / scale) 2 / scale from x on, x from 0.5 to 45:
   erfc(x) for a scale of 1, the normal law's tail for 2. All in pairs of doubles, since each rounding would
   show. */
static inline double cr_tail(double x, double scale, double factor) {
    double ratio = scale == 1.0 ? 1.4142135623730951 : 1.0;
    double root = scale == 1.0 ? 1.772453850905516 : 2.5066282746310007;
    double root_rest = scale == 1.0 ? -7.666586499825799e-17 : -1.8328579980459167e-16;
    double r = cr_fraction(x * ratio) / ratio, d = x + r, d_rest = r - (d - x);
    double g = d * root, g_rest = cr_product_error(d, root, g) + d * root_rest + d_rest * root;
    double s = x * x, lost = cr_product_error(x, x, s) / scale;
    cr_power e = cr_exp(-s / scale);
    double p = factor * e.m, p_rest = cr_product_error(factor, e.m, p) - p * lost;
    double q = p / g, w = q * g, rest = (((p - w) - cr_product_error(q, g, w)) + (p_rest - q * g_rest)) / g;
    return (q + rest) * e.s1 * e.s2;
}

static inline double
erfc_accurate(double x)
{
    return x > 30.0 ? 0.0 : x > 2.0 ? cr_tail(x, 1.0, 1.0) : erfc(x);
}

/* What the normal law's distribution function has beyond 1/2, for |x| up to 0.5. */
static inline double cr_central(double x) {
    double w = x * x;
    static const double c[] = {
        -0x1.4e6f15d4c3d5ap-25, 0x1.65064b2b17714p-21, -0x1.3ce72cf51ea04p-17, 0x1.e42b064e14b6fp-14,
        -0x1.37403f643672cp-10, 0x1.46d0429761691p-7, -0x1.1058377e2ceb0p-4, 0x1.9884533d43651p-2,
    };
    double q = CR_POLYNOMIAL(w, c);
    return x * q;
}

static inline double normal_cdf(double x) {
    double far = clamp(fabs(x), 0.5, 45.0), tail = cr_tail(far, 2.0, 1.0);
    return fabs(x) <= 0.5 ? 0.5 + cr_central(x) : x > 0.0 ? 1.0 - tail : x < 0.0 ? tail : x;
}

/* Bernoulli numbers B(2), B(4), ... as fractions: DLMF 24.2. */
static const double cr_bernoulli[16][2] = {
    {1, 6},
    {-1, 30},
    {1, 42},
    {-1, 30},
    {5, 66},
    {-691, 2730},
    {7, 6},
    {-3617, 510},
    {43867, 798},
    {-174611, 330},
    {854513, 138},
    {-236364091, 2730},
    {8553103, 6},
    {-23749461029, 870},
    {8615841276005, 14322},
    {-7709321041217, 510},
};

CR_RARE int cr_is_pole(double x) { return x <= 0.0 && (isinf(x) || x == floor(x)); }

/* Sine and cosine of pi x up to a common sign, x being reduced exactly first. */
CR_RARE void cr_sine_cosine(double x, cr_wide *sine, cr_wide *cosine) {
    cr_wide t = cr_mul(cr_pi, cr_wide_from(remainder(x, 1.0))), term = cr_whole(1.0);
    *sine = *cosine = cr_whole(0.0);
    for (uint32_t k = 0; k < 56; k += 2) {
        *cosine = cr_add(*cosine, term);
        term = cr_over(cr_mul(term, t), k + 1);
        *sine = cr_add(*sine, term);
        term = cr_negative(cr_over(cr_mul(term, t), k + 2));
    }
}

/* Stirling's series, DLMF 5.11.1, after a shift by 5.5.1; x > 0. */
CR_RARE cr_wide cr_log_gamma(cr_wide x) {
    cr_wide z = x, product = cr_whole(1.0), one = cr_whole(1.0), series = cr_whole(0.0);
    for (int k = 1; cr_double(z) < 30.0; k++) {
        product = cr_mul(product, z);
        z = cr_add(x, cr_whole(k));
    }
    cr_wide power = cr_div(one, z), squared = cr_mul(power, power);
    for (int k = 1; k <= 16; k++) {
        cr_wide factor = cr_over(cr_whole(cr_bernoulli[k - 1][0]),
                                 (uint32_t)(cr_bernoulli[k - 1][1] * (2.0 * k * (2.0 * k - 1.0))));
        series = cr_add(series, cr_mul(factor, power));
        power = cr_mul(power, squared);
    }
    cr_wide main = cr_sub(cr_mul(cr_sub(z, cr_whole(0.5)), cr_log(z)), z);
    return cr_sub(cr_add(cr_add(main, cr_half_log_2pi), series), cr_log(product));
}

CR_RARE double lgamma_accurate(double x) {
    if (isnan(x)) return x;
    if (cr_is_pole(x) || isinf(x)) return (double)INFINITY;
    if (x == 1.0 || x == 2.0) return 0.0;
    if (x > 0.0) return cr_double(cr_log_gamma(cr_wide_from(x)));
    /* Reflection, DLMF 5.5.3. */
    cr_wide sine, cosine;
    cr_sine_cosine(x, &sine, &cosine);
    sine.sign = 1;
    return cr_double(
        cr_sub(cr_log(cr_div(cr_pi, sine)), cr_log_gamma(cr_sub(cr_whole(1.0), cr_wide_from(x)))));
}

/* Asymptotic series, DLMF 5.11.2 and 5.15.8, after a shift by 5.5.2 and 5.15.5; x > 0. */
CR_RARE cr_wide cr_polygamma(cr_wide x, int n) {
    cr_wide z = x, one = cr_whole(1.0), factor = one, total = cr_whole(0.0);
    for (int k = 2; k <= n; k++) factor = cr_mul(factor, cr_whole(k));
    for (int k = 1; cr_double(z) < 30.0 + n; k++) {
        total = cr_add(total, cr_power_of(cr_div(one, z), n + 1));
        z = cr_add(x, cr_whole(k));
    }
    cr_wide inverse = cr_div(one, z), squared = cr_mul(inverse, inverse), power = cr_power_of(inverse, n);
    total = cr_add(total, cr_mul(cr_mul(power, inverse), cr_whole(0.5)));
    total = cr_mul(total, factor);
    total = n ? cr_add(total, cr_div(cr_mul(factor, power), cr_whole(n))) : cr_sub(total, cr_log(z));
    /* (2k + n - 1)! / (2k)! / z^(2k + n), from k = 1 on */
    cr_wide term = cr_mul(cr_mul(factor, cr_whole(0.5 * (n + 1.0))), cr_mul(power, squared));
    for (int k = 1; k <= 16; k++) {
        cr_wide bernoulli = cr_over(cr_whole(cr_bernoulli[k - 1][0]), (uint32_t)cr_bernoulli[k - 1][1]);
        total = cr_add(total, cr_mul(bernoulli, term));
        double up = (2.0 * k + n) * (2.0 * k + n + 1.0);
        term = cr_over(cr_mul(cr_mul(term, squared), cr_whole(up)),
                       (2u * (uint32_t)k + 1u) * (2u * (uint32_t)k + 2u));
    }
    return n % 2 ? total : cr_negative(total);
}

/* n-th derivative of pi cot(pi x): a polynomial in c = cot(pi x), by c' = -pi (1 + c^2). */
CR_RARE double cr_reflected(double x, int n, cr_wide mirrored) {
    cr_wide sine, cosine, value = cr_whole(0.0), zero = value;
    cr_wide *a = calloc((size_t)n + 3, sizeof *a), *next = calloc((size_t)n + 3, sizeof *a);
    if (a == NULL || next == NULL) {
        free(a), free(next);
        return (double)NAN;
    }
    cr_sine_cosine(x, &sine, &cosine);
    cr_wide c = cr_div(cosine, sine);
    a[1] = cr_whole(1.0);
    for (int i = 1; i <= n; i++) {
        for (int k = 0; k <= i + 1; k++) {
            cr_wide low = k <= i ? cr_mul(a[k + 1], cr_whole(k + 1)) : zero;
            next[k] = cr_negative(k > 0 ? cr_add(low, cr_mul(a[k - 1], cr_whole(k - 1))) : low);
        }
        memcpy(a, next, ((size_t)n + 3) * sizeof *a);
    }
    for (int k = n + 1; k >= 0; k--) value = cr_add(cr_mul(value, c), a[k]);
    free(a), free(next);
    value = cr_mul(value, cr_power_of(cr_pi, n + 1));
    return cr_double(cr_sub(n % 2 ? cr_negative(mirrored) : mirrored, value));
}

/* Derivative of a whole order of the digamma function; NaN for an order that is none (the table's row refuses
 * it). */
CR_RARE double polygamma(double order, double x) {
    if (!(order >= 0.0 && order <= 10000.0) || order != floor(order)) return (double)NAN;
    int n = (int)order;
    if (isnan(x)) return x;
    /* Both sides of a pole agree for odd n; at zero, its sign tells the side. */
    if (cr_is_pole(x))
        return isinf(x)   ? (double)NAN
               : n % 2    ? (double)INFINITY
               : x == 0.0 ? -copysign((double)INFINITY, x)
                          : (double)NAN;
    if (isinf(x)) return n ? 0.0 : x;
    if (x > 0.0) return cr_double(cr_polygamma(cr_wide_from(x), n));
    /* Reflection, DLMF 5.15.6. */
    return cr_reflected(x, n, cr_polygamma(cr_sub(cr_whole(1.0), cr_wide_from(x)), n));
}

CR_RARE double digamma(double x) { return polygamma(0.0, x); }

/* In wide numbers, since x and y may be 600 orders of magnitude apart. */
CR_RARE double cr_wide_inverse_power(double x, double y, double order, int imaginary) {
    cr_wide u = cr_wide_from(x), v = cr_wide_from(y), s = cr_add(cr_mul(u, u), cr_mul(v, v));
    cr_wide re = cr_whole(1.0), im = cr_whole(0.0);
    u = cr_div(u, s), v = cr_negative(cr_div(v, s));
    for (double k = 0.0; k < order; k += 1.0) {
        cr_wide real = cr_sub(cr_mul(re, u), cr_mul(im, v));
        im = cr_add(cr_mul(re, v), cr_mul(im, u));
        re = real;
    }
    return cr_double(imaginary ? im : re);
}

/* Real and imaginary part of (x + iy)^-order; NaN at zero. */
static inline double cr_inverse_power(double x, double y, double order, int imaginary) {
    if ((x == 0.0 && y == 0.0) || isnan(x) || isnan(y)) return (double)NAN;
    if (isinf(x) || isinf(y)) return 0.0;
    if (order == 1.0 && 1e-100 < fabs(x) && fabs(x) < 1e100 && 1e-100 < fabs(y) && fabs(y) < 1e100) {
        double p = x * x, q = y * y, s = p + q;
        s += cr_sum_error(p, q, s) + cr_product_error(x, x, p) + cr_product_error(y, y, q);
        return (imaginary ? -y : x) / s;
    }
    return cr_wide_inverse_power(x, y, order, imaginary);
}

static inline double
re_inverse_power(double x, double y, double order)
{
    return cr_inverse_power(x, y, order, 0);
}

static inline double
im_inverse_power(double x, double y, double order)
{
    return cr_inverse_power(x, y, order, 1);
}

#endif
