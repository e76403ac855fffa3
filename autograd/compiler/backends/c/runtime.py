"""What compiled C programs begin with, and the rows of the table as C."""

from __future__ import annotations

from autograd.op import Op

__all__ = ["PRELUDE", "expression"]

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
INLINE double gate(double a, double b) { return a > b ? 1.0 : a <= b ? 0.0 : (double)NAN; }
INLINE double quotient(double e, double n) { return n == -0.5 ? 1.0 / (sqrt(e) + 0.0) : n == -1.0 ? 1.0 / e : n == -1.5 ? 1.0 / (e * sqrt(e)) : n == 3.0 ? e * e * e : power(e, n); }
INLINE double larger(double a, double b) { return a != a ? a : a >= b ? a : b; }
INLINE double smaller(double a, double b) { return a != a ? a : a <= b ? a : b; }
INLINE double product(double c, double x, double y, double n, double logs) {
    double p = quotient(x, y - n);
    if (!(x > 0.0 && p > 1e-290 && p < 1e290)) return monomial(c, x, y, n, logs);
    return logs == 0.0 ? c * p : c * p * pow(log(x), logs);
}
INLINE double logistic(double x) { return 1.0 / (1.0 + exp_loop(-x)); }
"""

# A program whose result is not finite is evaluated again by the engine, so these may leave NaN's finer points to it.
EXPRESSIONS = {
    "maximum": "larger({0}, {1})", "minimum": "smaller({0}, {1})",
    "monomial": "product({0}, {1}, {2}, {3}, {4})", "sigmoid": "logistic({0})", "power": "quotient({0}, {1})", "direction": "direction((double[]){{{0}, {1}}}, 2, 1, {2})",
}  # fmt: skip


def expression(op: Op, params: tuple[float, ...]) -> str | None:
    """Return the row's template in C, or None where it has none."""
    if op.name == "step" and params == (0.0,):
        return "gate({0}, {1})"
    found = EXPRESSIONS.get(op.name) or op.c
    return found if "{" in found else None
