/* Operations over any number of operands: f(x, n, stride), the operands being x[0], x[stride], ...
   Included by runtime.h. */
#ifndef CHAINRULE_C_NARY_H
#define CHAINRULE_C_NARY_H

#define CR_BIG 0x1p1000

/* A sum rounded once (Shewchuk 1997): parts that do not overlap hold it exactly; 40 of them fill all doubles. */
static inline double cr_exact_sum(const double *x, ptrdiff_t n, ptrdiff_t stride, double scale) {
    double part[64], plain = 0.0;
    int count = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = x[i * stride] * scale;
        int kept = 0;
        plain += a;
        for (int j = 0; j < count; j++) {
            double b = part[j], s = a + b, lost = fabs(a) < fabs(b) ? a - (s - b) : b - (s - a);
            if (lost != 0.0) part[kept++] = lost;
            a = s;
        }
        if (!isfinite(a)) {
            for (i++; i < n; i++) plain += x[i * stride] * scale;
            return isfinite(plain) ? a : plain;
        }
        part[kept++] = a;
        count = kept;
    }
    if (count == 0) return 0.0;
    double total = part[--count], rest = 0.0;
    while (count > 0) {
        double a = total, b = part[--count];
        total = a + b;
        rest = b - (total - a);
        if (rest != 0.0) break;
    }
    /* Half-way to the next double, the parts below decide. */
    if (count > 0 && ((rest < 0.0 && part[count - 1] < 0.0) || (rest > 0.0 && part[count - 1] > 0.0))) {
        double twice = 2.0 * rest, next = total + twice;
        if (next - total == twice) total = next;
    }
    return total;
}

static inline double sum(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    double total = cr_exact_sum(x, n, stride, 1.0);
    return isfinite(total) ? total : cr_exact_sum(x, n, stride, 1.0 / CR_BIG) * CR_BIG;
}

static inline double mean(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    double total = sum(x, n, stride);
    return isinf(total) ? cr_exact_sum(x, n, stride, 1.0 / CR_BIG) / (double)n * CR_BIG : total / (double)n;
}

static inline double prod(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    cr_product p = {1.0, 0};
    for (ptrdiff_t i = 0; i < n; i++) p = cr_times(p, x[i * stride]);
    return cr_value(p);
}

/* The scalar product of the first half with the second half, the rounding errors of the sums added in the end. */
static inline double dot(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    double total = 0.0, lost = 0.0;
    for (ptrdiff_t i = 0; i < n / 2; i++) {
        double term = x[i * stride] * x[(n / 2 + i) * stride], s = total + term;
        lost += cr_sum_error(total, term, s);
        total = s;
    }
    return isfinite(total) ? total + lost : total;
}

static inline double max(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    double top = n > 0 ? x[0] : (double)NAN;
    for (ptrdiff_t i = 1; i < n; i++) top = maximum(top, x[i * stride]);
    return top;
}

static inline double min(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    double bottom = n > 0 ? x[0] : (double)NAN;
    for (ptrdiff_t i = 1; i < n; i++) bottom = minimum(bottom, x[i * stride]);
    return bottom;
}

/* Exponentials are taken relative to the largest operand; those of the others are summed apart from its 1. */

static inline double cr_relative(double x, double top) {
    double d = x - top, e = exp(d);
    return e + e * cr_sum_error(x, -top, d);
}

static inline double cr_others(const double *x, ptrdiff_t n, ptrdiff_t stride, double top) {
    double total = 0.0, lost = 0.0;
    int found = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!found && x[i * stride] == top) {
            found = 1;
            continue;
        }
        double e = cr_relative(x[i * stride], top), s = total + e;
        lost += cr_sum_error(total, e, s);
        total = s;
    }
    return total + lost;
}

static inline ptrdiff_t cr_count(const double *x, ptrdiff_t n, ptrdiff_t stride, double value) {
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < n; i++) count += x[i * stride] == value;
    return count;
}

static inline double logsumexp(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    if (n == 0) return -(double)INFINITY;
    double top = max(x, n, stride);
    return isfinite(top) ? top + log1p(cr_others(x, n, stride, top)) : top;
}

static inline double softmax(const double *x, ptrdiff_t n, ptrdiff_t stride, double index) {
    double top = max(x, n, stride);
    if (!(index >= 0.0 && index < (double)n) || isnan(top)) return (double)NAN;
    double mine = x[(ptrdiff_t)index * stride];
    if (isinf(top)) return cr_count(x, n, stride, top) > 1 ? (double)NAN : mine == top ? 1.0 : 0.0;
    return (mine == top ? 1.0 : cr_relative(mine, top)) / (1.0 + cr_others(x, n, stride, top));
}

/* 1 less the softmax: the sum of the other weights. */
static inline double softmax_rest(const double *x, ptrdiff_t n, ptrdiff_t stride, double index) {
    double top = max(x, n, stride), total = 0.0, lost = 0.0;
    if (!(index >= 0.0 && index < (double)n) || isnan(top)) return (double)NAN;
    if (isinf(top)) return cr_count(x, n, stride, top) > 1 ? (double)NAN : x[(ptrdiff_t)index * stride] == top ? 0.0 : 1.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i == (ptrdiff_t)index) continue;
        double e = cr_relative(x[i * stride], top), s = total + e;
        lost += cr_sum_error(total, e, s);
        total = s;
    }
    return (total + lost) / (1.0 + cr_others(x, n, stride, top));
}

static inline double log_softmax(const double *x, ptrdiff_t n, ptrdiff_t stride, double index) {
    double top = max(x, n, stride);
    if (!(index >= 0.0 && index < (double)n) || isnan(top)) return (double)NAN;
    double mine = x[(ptrdiff_t)index * stride];
    if (isinf(top)) return cr_count(x, n, stride, top) > 1 ? (double)NAN : mine == top ? 0.0 : -(double)INFINITY;
    return (mine - top) - log1p(cr_others(x, n, stride, top));
}

static inline double logaddexp(double a, double b) {
    double top = maximum(a, b), low = minimum(a, b);
    return isfinite(top) ? top + log1p(cr_relative(low, top)) : top;
}

/* The softmax of the first of two, and the product of both's. */
static inline double share(double a, double b) {
    double top = maximum(a, b), low = minimum(a, b);
    if (isinf(top)) return a == b ? (double)NAN : a == top ? 1.0 : 0.0;
    double e = cr_relative(low, top);
    return (a == top ? 1.0 : e) / (1.0 + e);
}

static inline double share_slope(double a, double b) { return share(a, b) * share(b, a); }

/* Lengths, scaled by a power of two and summed with the squares' rounding errors. */

static inline double cr_length(const double *x, ptrdiff_t n, ptrdiff_t stride, int e) {
    double total = 0.0, lost = 0.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double v = ldexp(x[i * stride], -e), p = v * v, s = total + p;
        lost += cr_sum_error(total, p, s) + cr_product_error(v, v, p);
        total = s;
    }
    double s = total + lost, r = sqrt(s);
    if (!(r > 0.0)) return r;
    /* One step of Newton's method with what s and r lost. */
    double p = r * r;
    return r + (((s - p) - cr_product_error(r, r, p)) + (lost - (s - total))) / (2.0 * r);
}

/* The binary exponent of the largest magnitude: scaled by it, no square overflows. */
static inline int cr_exponent(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    double top = 0.0;
    int e;
    for (ptrdiff_t i = 0; i < n; i++) top = fabs(x[i * stride]) > top ? fabs(x[i * stride]) : top;
    frexp(top, &e);
    return e;
}

static inline double norm(const double *x, ptrdiff_t n, ptrdiff_t stride) {
    double total = 0.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (isinf(x[i * stride])) return (double)INFINITY;
        total += 0.0 * x[i * stride];
    }
    if (isnan(total)) return total;
    int e = cr_exponent(x, n, stride);
    return ldexp(cr_length(x, n, stride, e), e);
}

static inline double direction(const double *x, ptrdiff_t n, ptrdiff_t stride, double index) {
    if (!(index >= 0.0 && index < (double)n)) return (double)NAN;
    double mine = x[(ptrdiff_t)index * stride];
    ptrdiff_t infinite = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (isnan(x[i * stride])) return (double)NAN;
        infinite += isinf(x[i * stride]) != 0;
    }
    if (infinite > 0) return infinite > 1 ? (double)NAN : isinf(mine) ? copysign(1.0, mine) : 0.0;
    int e = cr_exponent(x, n, stride);
    double length = cr_length(x, n, stride, e);
    return length > 0.0 ? ldexp(mine, -e) / length : 0.0;
}

#endif
