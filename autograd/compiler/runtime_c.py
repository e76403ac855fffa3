"""What compiled C programs rest on: types, and the rows of the table that libm does not have."""

from __future__ import annotations

from autograd.op import Op

__all__ = ["EXPRESSIONS", "PRELUDE", "expression"]

PRELUDE = r"""
#include <math.h>
#include <string.h>
#define B 8
typedef double V __attribute__((vector_size(8 * B), aligned(8), may_alias));
typedef double V4 __attribute__((vector_size(32), aligned(8), may_alias));
#define FOR(i, n) for (long i = 0; i < (n); i++)
#define LANES _Pragma("omp simd") for (int l = 0; l < B; l++)
#define INLINE static inline __attribute__((always_inline, unused))
#define MAYBE static __attribute__((unused))
#ifdef VECTOR_LIBM
#define SIMD __attribute__((__simd__("notinbranch")))
SIMD double exp(double); SIMD double log(double); SIMD double sin(double); SIMD double cos(double);
SIMD double tanh(double); SIMD double pow(double, double); SIMD double expm1(double); SIMD double log1p(double);
#endif

INLINE V4 fold(V x) { V4 t[2]; memcpy(t, &x, sizeof x); return t[0] + t[1]; }
INLINE double total(V4 x) { return (x[0] + x[1]) + (x[2] + x[3]); }

INLINE double cr_sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }
INLINE double cr_slope(double x, double k) { double e = exp(-fabs(k * x)), t = 1.0 + e; return e / (t * t); }
INLINE double cr_step(double a, double b, double tie) { return a > b ? 1.0 : a == b ? tie : a < b ? 0.0 : NAN; }
INLINE double cr_relu(double x) { return x <= 0.0 ? 0.0 : x; }
INLINE double cr_leaky_relu(double x, double k) { return x > 0.0 ? x : k * x; }
INLINE double cr_elu(double x, double a) { return x > 0.0 ? x : a * expm1(x); }
INLINE double cr_selu(double x) { return 1.0507009873554805 * (x > 0.0 ? x : 1.6732632423543772 * expm1(x)); }
INLINE double cr_softplus(double x) { double t = log1p(exp(-fabs(x))); return x > 0.0 ? x + t : x <= 0.0 ? t : x; }
INLINE double cr_logsigmoid(double x) { return -cr_softplus(-x); }
INLINE double cr_silu(double x) { return x / (1.0 + exp(-x)); }
INLINE double cr_normal_cdf(double x) { return 0.5 * erfc(-0.70710678118654752 * x); }
INLINE double cr_gelu(double x) { return x * cr_normal_cdf(x); }
INLINE double cr_clamp(double x, double low, double high) { double y = x < low ? low : x; return y > high ? high : y; }
INLINE double cr_maximum(double a, double b) { return a != a ? a : b != b ? b : a >= b ? a : b; }
INLINE double cr_minimum(double a, double b) { return a != a ? a : b != b ? b : a <= b ? a : b; }
INLINE double cr_sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x == 0.0 ? 0.0 : x; }
INLINE double cr_restrict(double x) { return x >= 0.0 ? fabs(x) : NAN; }
INLINE double cr_saturate(double x) { return fabs(x) == INFINITY ? copysign(1.7976931348623157e308, x) : x; }
INLINE double cr_logaddexp(double a, double b) { double m = cr_maximum(a, b); return isinf(m) ? m : m + log1p(exp(-fabs(a - b))); }
INLINE double cr_direction(double a, double b, int i) { double h = hypot(a, b); return h == 0.0 ? 0.0 : (i ? b : a) / h; }
INLINE double cr_monomial(double c, double x, double y, double n, double logs) {
    double p = c * pow(x, y - n); return logs == 0.0 ? p : p * pow(log(x), logs);
}
INLINE double cr_power(double x, double y) { return y == 3.0 ? x * x * x : y == -1.0 ? 1.0 / x : y == -0.5 ? 1.0 / sqrt(x) : pow(x, y); }
INLINE double cr_gaussian(double x, int n, double k) {
    double u = x / sqrt(k), a = 1.0, b = 2.0 * u, c = 1.0;
    for (int i = 1; i <= n; i++) { double t = 2.0 * u * b - 2.0 * i * a; a = b; b = t; c *= -1.0 / sqrt(k); }
    return c * a * exp(-u * u);
}
MAYBE double cr_digamma(double x) {
    double r = 0.0, f;
    if (x <= 0.0) {
        if (x == floor(x)) return NAN;
        return cr_digamma(1.0 - x) - 3.14159265358979323846 / tan(3.14159265358979323846 * x);
    }
    while (x < 12.0) { r -= 1.0 / x; x += 1.0; }
    f = 1.0 / (x * x);
    return r + log(x) - 0.5 / x - f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132
        - f * (691.0 / 32760 - f * (1.0 / 12)))))));
}
"""

LIBM = {
    "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "floor", "ceil", "hypot", "atan2", "pow", "lgamma",
}  # fmt: skip
OWN = {
    "sigmoid", "slope", "step", "relu", "leaky_relu", "elu", "selu", "softplus", "logsigmoid", "silu", "normal_cdf", "gelu",
    "clamp", "maximum", "minimum", "sign", "restrict", "saturate", "logaddexp", "monomial", "power", "digamma",
}  # fmt: skip
EXPRESSIONS = {
    "div": "{0} / {1}", "abs": "fabs({0})", "greater": "({0} > {1} ? 1.0 : 0.0)", "greater_equal": "({0} >= {1} ? 1.0 : 0.0)",
    "less": "({0} < {1} ? 1.0 : 0.0)", "less_equal": "({0} <= {1} ? 1.0 : 0.0)", "equal": "({0} == {1} ? 1.0 : 0.0)",
    "where": "({0} != 0.0 ? {1} : {2})", "relu6": "cr_clamp({0}, 0.0, 6.0)", "hardtanh": "cr_clamp({0}, -1.0, 1.0)",
    "direction": "cr_direction({0}, {1}, (int){2})",
}  # fmt: skip
"""Rows that are an expression of C."""


def expression(op: Op, params: tuple[float, ...]) -> str | None:
    """Return the row's template in C, or None where it has none."""
    name = op.name
    if name == "step" and params == (0.0,):
        return "({0} > {1} ? 1.0 : 0.0)"
    if name == "gaussian":
        return "cr_gaussian({0}, (int){1}, {2})"
    if name == "round" and params == (0.0,):
        return "nearbyint({0})"
    if name in EXPRESSIONS:
        return EXPRESSIONS[name]
    places = ", ".join(f"{{{i}}}" for i in range(op.arity + len(op.params)))
    if name in LIBM:
        return f"{name}({places})"
    return f"cr_{name}({places})" if name in OWN else None
