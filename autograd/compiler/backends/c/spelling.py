"""How C spells the primitives: the rows of the table that compiled programs compute as they are.

What stands here without a function of C's own library is in `runtime.h`, right to 2 ulp, or in the prelude
below, which leaves the ends of the range of doubles to the engine: that evaluates a program again whose
result is not finite.
"""

from __future__ import annotations

import math

from autograd.op import TABLE, Op

__all__ = ["CODE", "PRELUDE", "expression", "literal"]

PRELUDE = r"""
#include "runtime.h"

#define B 8 /* lanes to a block */
typedef double V __attribute__((vector_size(8 * B), aligned(8), may_alias));
typedef double V4 __attribute__((vector_size(32), aligned(8), may_alias));
#define FOR(i, n) for (long i = 0; i < (n); i++)
#define EACH_LANE _Pragma("omp simd") for (int l = 0; l < B; l++)
#define INLINE static inline __attribute__((always_inline, unused))

INLINE V4 fold(V x) { V4 t[2]; memcpy(t, &x, sizeof x); return t[0] + t[1]; }
INLINE double total(V4 x) { return (x[0] + x[1]) + (x[2] + x[3]); }
INLINE double quotient(double e, double n) {
    return n == -0.5 ? 1.0 / (sqrt(e) + 0.0)
         : n == -1.5 ? 1.0 / (e * sqrt(e))
                     : power(e, n);
}
INLINE double larger(double a, double b) { return a != a ? a : a >= b ? a : b; }
INLINE double smaller(double a, double b) { return a != a ? a : a <= b ? a : b; }
INLINE double product(double c, double x, double y, double n, double logs) {
    double p = quotient(x, y - n);
    if (!(x > 0.0 && p > 1e-290 && p < 1e290)) return monomial(c, x, y, n, logs);
    return logs == 0.0 ? c * p : c * p * pow(log(x), logs);
}
INLINE double direction(double a, double b, double index) {
    double mine = index == 0.0 ? a : b, larger = fmax(fabs(a), fabs(b));
    if (isnan(a) || isnan(b) || (isinf(a) && isinf(b))) return (double)NAN;
    if (isinf(larger)) return isinf(mine) ? copysign(1.0, mine) : 0.0;
    /* A length beyond the doubles, or of subnormal numbers, is taken of scaled ones. */
    double scale = larger > 1e290 ? 0x1p-600 : larger < 1e-250 ? 0x1p600 : 1.0;
    double r = hypot(a * scale, b * scale);
    return r == 0.0 ? 0.0 : mine * scale / r;
}
INLINE double logistic(double x) {
    double e = exp_loop(-fabs(x)), p = e / (1.0 + e);
    return x >= 0.0 ? 1.0 / (1.0 + e) : e - e * p;
}
"""

CODE: dict[str, str] = {
    "div": "{0} / {1}",
    "floordiv": "floordiv({0}, {1})",
    "mod": "mod({0}, {1})",
    "power": "quotient({0}, {1})",
    "pow": "pow({0}, {1})",
    "monomial": "product({0}, {1}, {2}, {3}, {4})",
    "sqrt": "sqrt({0})",
    "cbrt": "cbrt_accurate({0})",
    "restrict": "restrict_positive({0})",
    "saturate": "saturate({0})",
    "exp": "exp_loop({0})",
    "exp2": "exp2({0})",
    "expm1": "expm1({0})",
    "log": "log({0})",
    "log1p": "log1p({0})",
    "log2": "log2({0})",
    "log10": "log10({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "tan": "tan({0})",
    "asin": "asin({0})",
    "acos": "acos({0})",
    "atan": "atan({0})",
    "sinh": "sinh({0})",
    "cosh": "cosh({0})",
    "tanh": "tanh_loop({0})",
    "sech_squared": "sech_squared({0})",
    "sech": "sech({0})",
    "asinh": "asinh({0})",
    "acosh": "acosh({0})",
    "atanh": "atanh({0})",
    "sigmoid": "logistic({0})",
    "sigmoid_slope": "sigmoid_slope({0})",
    "softplus": "softplus({0})",
    "erf": "erf({0})",
    "erfc": "erfc_accurate({0})",
    "normal_cdf": "normal_cdf({0})",
    "gaussian": "gaussian({0}, {1}, {2})",
    "lgamma": "lgamma_accurate({0})",
    "digamma": "digamma({0})",
    "polygamma": "polygamma({1}, {0})",
    "step": "step({0}, {1}, {2})",
    "relu": "relu({0})",
    "leaky_relu": "leaky_relu({0}, {1})",
    "elu": "elu({0}, {1})",
    "clamp": "clamp({0}, {1}, {2})",
    "abs": "fabs({0})",
    "sign": "sign({0})",
    "floor": "floor({0})",
    "ceil": "ceil({0})",
    "round": "round_digits({0}, {1})",
    "maximum": "larger({0}, {1})",
    "minimum": "smaller({0}, {1})",
    "where": "where({0}, {1}, {2})",
    "hypot": "hypot({0}, {1})",
    "atan2": "atan2({0}, {1})",
    "re_inverse_power": "re_inverse_power({0}, {1}, {2})",
    "im_inverse_power": "im_inverse_power({0}, {1}, {2})",
    "logaddexp": "logaddexp({0}, {1})",
    "greater": "greater({0}, {1})",
    "greater_equal": "greater_equal({0}, {1})",
    "less": "less({0}, {1})",
    "less_equal": "less_equal({0}, {1})",
    "equal": "equal({0}, {1})",
    "direction": "direction({0}, {1}, {2})",
}
"""For each primitive its expression: of its operands, then of its constants."""


def expression(op: Op) -> str | None:
    """Return a primitive as C; None for any other row, and for a user's own operation."""
    return CODE.get(op.name) if TABLE.get(op.name) is op else None


def literal(x: float) -> str:
    """Return a double in C, exactly."""
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(float(x)) if x >= 0 else f"({float(x)!r})"
