"""Exact values and derivatives, from mpmath at more than a thousand bits: the judge of the table's rows.

Derivatives are differences of the functions' values at that precision, so that no derivative rule, ours or
another's, is trusted. Only `REFERENCE` is: each row's function in mpmath's words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from autograd import ops
from autograd.backward import toposort
from autograd.errors import optional
from autograd.floats.zeta import invdigamma
from autograd.value import Value
from autograd.words import gettext

__all__ = [
    "REFERENCE",
    "WITHOUT_STEPS",
    "derivative",
    "evaluate",
    "gradient",
    "partial",
    "precision",
    "reference",
    "second_derivative",
    "step",
    "to_double",
    "value",
]

mpmath = optional("mpmath", "autograd.testing.oracle", "pip install mpmath")
mp = mpmath.mp

PRECISION = 1600
"""Bits: enough for 1 - tanh(350), which is 2**-1009, and two differences with steps of 2**-120."""
STEP = 120
# Algebraic and piecewise functions mix numbers of all magnitudes, and cost little at any precision.
_MANY_BITS = dict.fromkeys(
    [
        "add",
        "sub",
        "mul",
        "div",
        "div_slope",
        "neg",
        "reciprocal",
        "square",
        "floordiv",
        "mod",
        "sqrt",
        "cbrt",
        "restrict",
        "saturate",
        "step",
        "relu",
        "leaky_relu",
        "relu6",
        "hardtanh",
        "clamp",
        "abs",
        "sign",
        "floor",
        "ceil",
        "round",
        "trunc",
        "fmod",
        "remainder",
        "copysign",
        "xdivy",
        "saturation",
        "shortfall",
        "log_ratio",
        "kl_div",
        "rel_entr",
        "log1pmx",
        "degrees",
        "radians",
        "maximum",
        "minimum",
        "where",
        "hypot",
        "re_inverse_power",
        "im_inverse_power",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "equal",
        "sum",
        "mean",
        "prod",
        "dot",
        "max",
        "min",
        "norm",
        "direction",
    ],
    6000,
)
# pi/2 or 1 less a tiny number, and powers of tiny ones.
_MANY_BITS.update(
    dict.fromkeys(["atan2", "acot", "gammaincc", "gamma_density", "beta_density", "expn"], 4000)
)
# Rows without an end of their domain at zero whose steps are relative to the operand all the same.
_WAVES = {"cosint", "csc", "cot", "jn", "jn_derivative", "y0", "y1", "yn", "yn_derivative", "bessel_i", "ine"}
"""Powers about zero, and waves or exponentials far away: steps are relative to the smaller one of x and 1."""
_RELATIVE = {
    "atan2",
    "jn",
    "jn_derivative",
    "bessel_i",
    "ine",
    "beta",
    "beta_derivative",
    "betaln",
    "polygamma_fall",
    *_MANY_BITS,
}
_LENGTHS = {"hypot", "norm", "direction", "atan2", "re_inverse_power", "im_inverse_power"}
"""Rows in which a zero varies as the other operands do."""
_EVEN = {"jn", "jn_derivative", "bessel_i", "ine"}
"""Rows whose steps are relative, and whose values at a tiny operand are 1 and its square."""
# An operand of 1e300 beside one whose share is 1e-300: their difference needs the bits of both, and absolute
# steps.
_MANY_BITS.update(dict.fromkeys(["logsumexp", "logaddexp", "log_softmax", "share", "share_slope"], 4000))
# Steps within what separates a subnormal number from zero.
_MANY_BITS.update(dict.fromkeys(["elu", "selu", "i0e", "i1e"], 3000))
# A square beside a logarithm.
_MANY_BITS.update(dict.fromkeys(["logerfc", "logerfc_derivative", "logerfcx"], 3400))
# Third derivatives in a large operand that the other one makes representable.
_MANY_BITS["xlog1py"] = 3000


_FEW_BITS = dict.fromkeys(["lgamma", "digamma", "polygamma", "trigamma", "gamma"], 500)
"""Of rows that are slow, and never near to a constant."""
_FEW_BITS.update(dict.fromkeys(["bessel_i", "ine", "jn", "jn_derivative"], 2000))
_FEW_BITS["beta_derivative"] = 900
_FEW_BITS.update(dict.fromkeys(["kn", "zeta", "invdigamma", "airyai", "airybi"], 600))
_FEW_BITS.update(dict.fromkeys(["beta", "betaln", "polygamma_fall"], 3000))


def _erfc(x: Any) -> Any:
    if abs(x) > 1e4:  # mpmath's own fails; a step of 2**-120 changes nothing there that a double could hold
        return mp.mpf(0 if x > 0 else 2)
    if abs(x) < 1:
        return mp.erfc(x)
    # The tail is found with all of its bits right: it needs fewer than its difference from 2.
    with mp.workprec(min(mp.prec, 600)):
        tail = mp.erfc(abs(x))
    return tail if x > 0 else 2 - tail


def _dawsn(x: Any, order: Any = 0) -> Any:
    # By the recurrence of its derivatives, DLMF 7.10.2; far out by the series 7.12.1, differentiated.
    n = int(order)
    if abs(x) > 45:
        total, factor, k = mp.mpf(0), mp.mpf(1) / 2, 0
        while k < 1000:
            term = factor * (-1) ** n * mp.rf(2 * k + 1, n) * mp.power(x, -2 * k - 1 - n)
            total += term
            if abs(term) < mp.ldexp(abs(total), -mp.prec):
                break
            factor *= mp.mpf(2 * k + 1) / 2
            k += 1
        return total
    with mp.extraprec(60 + 20 * n):
        y = mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)
        found = [y, 1 - 2 * x * y]
        for k in range(1, n):
            found.append(-2 * x * found[k] - 2 * k * found[k - 1])
        return found[n]


@lru_cache(maxsize=64)
def _erfcinv_of(x: Any, _precision: int) -> Any:
    # By Newton's steps, of the logarithm where that is a tail; each doubles the bits.
    if x > 1:
        return -_erfcinv_of(2 - x, mp.prec)
    goal, y = mp.prec, mp.mpf(0)
    with mp.workprec(80):
        y = mp.sqrt(-mp.log(x)) if x < 0.01 else (1 - x) * mp.sqrt(mp.pi) / 2
    for bits in [80] * 60 + [goal // 8, goal // 4, goal // 2, goal + 20, goal + 20]:
        with mp.workprec(bits + 60):
            tail = _erfc(y)
            ratio = tail / (2 / mp.sqrt(mp.pi) * mp.exp(-y * y))
            step = ratio * mp.log(tail / x) if x < 0.3 else ratio * (tail - x) / tail
            y += step
        if bits == 80 and abs(step) < mp.ldexp(abs(y), -70):
            continue
    return y


def _erfcinv(x: Any) -> Any:
    if not 0 < x < 2:
        return mp.nan
    return _erfcinv_of(mp.mpf(x), mp.prec)


def _bessel_j(x: Any, order: Any) -> Any:
    return mp.besselj(int(order), x)


def _bessel_y(x: Any, order: Any) -> Any:
    # mpmath's own takes seconds. DLMF 10.8.1, and 10.17.4 far out; then the recurrence.
    if x <= 0:
        return mp.nan
    with mp.extraprec(300):
        if x < 200:
            quarter, term, harmonic, total, first = x * x / 4, mp.mpf(1), mp.mpf(0), mp.mpf(0), mp.mpf(0)
            k = 0
            while k < 4 or abs(term) > mp.ldexp(1, -mp.prec):
                total += term * harmonic
                first += term / (k + 1) * (2 * harmonic + mp.mpf(1) / (k + 1))
                k += 1
                harmonic += mp.mpf(1) / k
                term *= -quarter / k**2
            ln = mp.log(x / 2) + mp.euler
            below = 2 / mp.pi * (ln * mp.besselj(0, x) - total)
            y = 2 / mp.pi * (ln * mp.besselj(1, x) - 1 / x - x / 4 * first)
        else:
            below, y = (mp.im(_hankel(n, x)) for n in (0, 1))
        if order == 0:
            return below
        for k in range(1, int(order)):
            below, y = y, 2 * k / x * y - below
        return y


def _derivative_of_bessel(f: Callable[..., Any], x: Any, order: Any, slope: Any) -> Any:
    # DLMF 10.6.7; functions of orders below zero are those above it, but for signs.
    n, m = int(order), int(slope)
    with mp.extraprec(60):
        total = mp.mpf(0)
        for k in range(m + 1):
            other = n - m + 2 * k
            odd = k + (other if other < 0 else 0)
            total += (-1) ** (odd % 2) * mp.binomial(m, k) * f(x, abs(other))
        return total / mp.mpf(2) ** m


def _hankel(n: int, x: Any) -> Any:
    total, term, k = mp.mpc(0), mp.mpc(1), 0
    while abs(term) > mp.ldexp(1, -700) and k < 2 * x:
        total += term
        k += 1
        term *= mp.mpc(0, 1) * (4 * n * n - (2 * k - 1) ** 2) / (8 * k * x)
    return mp.sqrt(2 / (mp.pi * x)) * mp.expj(x - (2 * n + 1) * mp.pi / 4) * total


def _derivative_of_scaled_i(x: Any, order: Any, slope: Any) -> Any:
    # DLMF 10.32.3, where (cos - 1)**slope is a sum of cosines, which cancel out far away.
    n, m = int(order), int(slope)
    if x < 0:
        return (-1) ** (n + m) * _derivative_of_scaled_i(-x, order, slope)
    with mp.extraprec(60 + m * max(0, int(mp.log(abs(x) + 1, 2)))):
        terms = ((-1) ** k * mp.binomial(2 * m, m + k) * mp.besseli(abs(n + k), x) for k in range(-m, m + 1))
        return mp.mpf(-0.5) ** m * mp.fsum(terms) * mp.exp(-x)


def _scaled_i(x: Any, order: Any) -> Any:
    return mp.besseli(int(order), x) * mp.exp(-abs(x))


def _pick(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _power(a: Any, b: Any) -> Any:
    return mp.power(a, int(b)) if b == mp.floor(b) and abs(b) < 1e6 else mp.power(a, b)


def _pow_derivative(a: Any, b: Any, first: Any, second: Any) -> Any:
    # Leibniz: of b (b - 1) ... times a power, by b.
    n, m = int(first), int(second)
    falling = [mp.mpf(1)]  # as a polynomial, its constant first
    for k in range(n):
        falling = [x - k * y for x, y in zip([0, *falling], [*falling, 0], strict=True)]
    total = mp.mpf(0)
    for j in range(m + 1):
        logs = mp.log(a) ** (m - j) if m > j else mp.mpf(1)
        total += mp.binomial(m, j) * mp.polyval(falling[::-1], b) * logs
        falling = [i * x for i, x in enumerate(falling)][1:] or [mp.mpf(0)]
    return total * _power(a, b - n)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _norm(*xs: Any) -> Any:
    return mp.sqrt(mp.fsum(x * x for x in xs))


@lru_cache(maxsize=64)  # differences move one operand at a time, and ask for the others' again and again
def _exp(x: Any, _precision: int) -> Any:
    return mp.exp(x)


def _exponentials(xs: Sequence[Any]) -> list[Any]:
    return [_exp(x, mp.prec) for x in xs]


def _logsumexp(*xs: Any) -> Any:
    return mp.log(mp.fsum(_exponentials(xs)))


def _softmax(*xs_index: Any) -> Any:
    *xs, index = xs_index
    powers = _exponentials(xs)
    return powers[int(index)] / mp.fsum(powers)


def _round_half_even(x: Any, ndigits: Any) -> Any:
    unit = mp.mpf(10) ** -int(ndigits)
    return mp.nint(x / unit) * unit


def _trunc(x: Any) -> Any:
    return mp.floor(x) if x >= 0 else mp.ceil(x)


def _sinc_derivative(x: Any, order: Any) -> Any:
    # The recurrence of sinc_derivative's rule; about zero, where it cancels, Taylor's series of sin(t) / t.
    t, n = mp.pi * x, int(order)
    if abs(t) < 1:
        terms = (
            (-1) ** k * t ** (2 * k - n) / (mp.factorial(2 * k - n) * (2 * k + 1))
            for k in range((n + 1) // 2, n + 300)
        )
        return mp.pi**n * mp.fsum(terms)
    y = mp.sin(t) / t
    for k in range(1, n + 1):
        y = (mp.sin(t + k * mp.pi / 2) - k * y) / t
    return mp.pi**n * y


def _gaussian(x: Any, order: Any, scale: Any) -> Any:
    # The recurrence of Hermite's polynomials, DLMF 18.9.1, in the variable x / sqrt(scale).
    if abs(x) > 1e4:
        return mp.mpf(0)
    before, polynomial = mp.mpf(0), mp.mpf(1)
    for k in range(int(order)):
        before, polynomial = polynomial, -2 / mp.mpf(scale) * (x * polynomial + k * before)
    return polynomial * mp.exp(-x * x / scale)


def _gelu_slope(x: Any, order: Any) -> Any:
    # Leibniz: of x times the distribution function.
    def density(n: int) -> Any:
        return _gaussian(x, n, 2) / mp.sqrt(2 * mp.pi) if n >= 0 else _erfc(-x / mp.sqrt(2)) / 2

    return x * density(int(order) - 1) + order * density(int(order) - 2)


def _lgamma(x: Any) -> Any:
    # By reflection, DLMF 5.5.3: mpmath walks to large negative numbers step by step.
    return mp.re(mp.loggamma(x)) if x > 0 else mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def _polygamma(x: Any, order: Any) -> Any:
    n = int(order)
    if x > 0:
        return mp.psi(n, x)
    # DLMF 5.15.6, with the n-th derivative of the cotangent c as a polynomial in c, by c' = -(1 + c**2).
    c = mp.cospi(x) / mp.sinpi(x)
    polynomial = [0, 1]
    for _ in range(n):
        slope = [k * a for k, a in enumerate(polynomial)][1:]
        polynomial = [-a - b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return (-1) ** n * mp.psi(n, 1 - x) - mp.pi ** (n + 1) * mp.polyval(polynomial[::-1], c)


def _beta_derivative(a: Any, b: Any, first: Any, second: Any) -> Any:
    # Leibniz: of the function times the derivatives of its logarithm.
    n, m = int(first), int(second)

    # The digits that are lost where a small operand is added to a large one.
    lost = abs(int(mp.mag(a) - mp.mag(b))) if mp.isnormal(a) and mp.isnormal(b) else 0

    @cache
    def slope(d: int, e: int) -> Any:
        with mp.extraprec(lost):
            own = mp.psi(d - 1, a) if e == 0 else mp.psi(e - 1, b) if d == 0 else 0
            return own - mp.psi(d + e - 1, a + b)

    found = {(0, 0): mp.beta(a, b)}
    for j in range(m + 1):
        for i in range(n + 1):
            before, beside = max(i - 1, 0), j if i else j - 1
            if i + j:
                found[i, j] = mp.fsum(
                    mp.binomial(before, p) * mp.binomial(beside, q) * slope(i - p, j - q) * found[p, q]
                    for p in range(before + 1) for q in range(beside + 1)
                )  # fmt: skip
    return found[n, m]


def _gammainc(x: Any, a: Any) -> Any:
    # The series of positive terms, DLMF 8.7.1; far out nothing is left of its difference from 1.
    if x <= 0:
        return mp.nan
    if x > 1500 + 4 * a:
        return mp.mpf(1)
    with mp.workprec(mp.prec if x < 1 else min(mp.prec, 2600)):
        part = whole = 1 / mp.mpf(a)
        k, least = 0, mp.ldexp(part, -mp.prec)
        while part > least:
            k += 1
            part *= x / (a + k)
            whole += part
        return whole * mp.exp(a * mp.log(x) - x) * mp.rgamma(a)


def _gamma_density(x: Any, a: Any, order: Any) -> Any:
    # Leibniz: of a power and an exponential.
    n = int(order)
    terms = (
        mp.binomial(n, k) * (-1) ** k * mp.ff(a - 1, n - k) * mp.power(x, a - 1 - n + k) for k in range(n + 1)
    )
    return mp.fsum(terms) * mp.exp(-x) * mp.rgamma(a) if x > 0 else mp.nan


def _beta_density(x: Any, a: Any, b: Any, order: Any) -> Any:
    # Leibniz: of two powers.
    n = int(order)
    terms = (
        mp.binomial(n, k) * mp.ff(a - 1, n - k) * mp.power(x, a - 1 - n + k)
        * (-1) ** k * mp.ff(b - 1, k) * mp.power(1 - x, b - 1 - k)
        for k in range(n + 1)
    )  # fmt: skip
    return mp.fsum(terms) / mp.beta(a, b) if 0 < x < 1 else mp.nan


def _betainc(x: Any, a: Any, b: Any) -> Any:
    # The series of positive terms, DLMF 8.17.8, from the nearer end.
    if not 0 < x < 1:
        return mp.nan
    if 2 * x > 1:
        return 1 - _betainc(1 - x, b, a)
    part = whole = 1 / mp.mpf(a)
    k = 0
    while part > mp.ldexp(whole, -mp.prec):
        part *= (a + b + k) / (a + 1 + k) * x
        whole += part
        k += 1
    return whole * mp.power(x, a) * mp.power(1 - x, b) / mp.beta(a, b)


def _expn(x: Any, order: Any) -> Any:
    # A closed form; or the series of the first order, DLMF 6.6.2, and the recurrence 8.19.12.
    n = int(order)
    if x <= 0:
        return mp.nan
    if x > 1500:
        return mp.mpf(0)
    if n <= 0:
        sizes = (mp.factorial(-n) / mp.factorial(-n - k) * mp.power(x, -k) for k in range(1 - n))
        return mp.exp(-x) / x * mp.fsum(sizes)
    with mp.workprec((mp.prec if x < 1 else min(mp.prec, 1600)) + int(3 * x) + 16 * n):
        total, term, k = -mp.euler - mp.log(x), mp.mpf(-1), 0
        least = mp.ldexp(min(x, 1), -mp.prec)
        while abs(term) > least:
            k += 1
            term *= -x / k
            total += term / k
        for m in range(1, n):
            total = (mp.exp(-x) - x * total) / m
        return total


def _erfcx(x: Any, order: Any = 0) -> Any:
    # By the recurrence of its derivatives, DLMF 7.18.7; far out by the series 7.12.1, differentiated.
    n = int(order)
    if x > 1e4:
        total, factor, k = mp.mpf(0), 1 / mp.sqrt(mp.pi), 0
        while True:
            term = factor * (-1) ** (n + k) * mp.rf(2 * k + 1, n) * mp.power(x, -2 * k - 1 - n)
            total += term
            if abs(term) < mp.ldexp(abs(total), -mp.prec):
                return total
            factor *= mp.mpf(2 * k + 1) / 2
            k += 1
    with mp.extraprec(60 + 30 * n):
        y = mp.exp(x * x) * (mp.erfc(x) if x > -1e4 else 2)
        found = [y, 2 * x * y - 2 / mp.sqrt(mp.pi)]
        for k in range(1, n):
            found.append(2 * x * found[k] + 2 * k * found[k - 1])
        return found[n]


def _logerfcx(x: Any) -> Any:
    return mp.log(_erfcx(x)) if x > 1e4 else x * x + _logerfc(x)


def _logerfc(x: Any) -> Any:
    return mp.log(_erfcx(x)) - x * x if x > 1e4 else mp.log(mp.erfc(x) if x > -1e4 else 2)


def _logerfc_derivative(x: Any, order: Any, square: Any) -> Any:
    # From q' = -q (2 x + q) by Leibniz' rule; it cancels out far away.
    n = int(order)
    if n == 0:
        return _logerfcx(x) if square else _logerfc(x)
    with mp.extraprec(60 + (n + 2) * max(0, int(mp.log(abs(x) + 1, 2))) * 2):
        found = [-2 / mp.sqrt(mp.pi) / _erfcx(x)]
        for k in range(1, n):
            slopes = [found[0] + 2 * x, *([found[1] + 2] if k > 1 else []), *found[2:]]
            found.append(-mp.fsum(mp.binomial(k - 1, j) * found[k - 1 - j] * slopes[j] for j in range(k)))
        return found[n - 1] + (square * [2 * x, 2, 0][min(n, 3) - 1])


def _erfi(x: Any) -> Any:
    return mp.erfi(x) if abs(x) < 100 else mp.exp(x * x) / x


def _quotient_of_sine(x: Any, order: Any) -> Any:
    # The power series, else the recurrence x f(n) = g(n) - n f(n - 1), where g are those of the sine.
    n = int(order)
    if abs(x) < 1:
        total, k = mp.mpf(0), (n + 1) // 2
        while True:
            term = (-1) ** k * mp.ff(2 * k, n) * mp.power(x, 2 * k - n) / mp.factorial(2 * k + 1)
            total += term
            k += 1
            if abs(term) <= mp.ldexp(abs(total), -mp.prec):
                return total
    y = mp.sin(x) / x
    for k in range(1, n + 1):
        y = (mp.sin(x + k * mp.pi / 2) - k * y) / x
    return y


def _integral_of_sine(x: Any) -> Any:
    return mp.si(x) if abs(x) < 1e6 else mp.sign(x) * mp.pi / 2 - _far(x, 0)


def _integral_of_cosine(x: Any) -> Any:
    return mp.nan if x <= 0 else mp.ci(x) if x < 1e6 else _far(x, 1)


def _far(x: Any, cosine: int) -> Any:
    # What is left of the integrals from x on, DLMF 6.12.3 and 6.12.4.
    f, g, term, k = mp.mpf(0), mp.mpf(0), 1 / x, 0
    while k < 400 and abs(term) > mp.ldexp(1, -mp.prec):
        if k % 2:
            g += term if k % 4 == 1 else -term
        else:
            f += term if k % 4 == 0 else -term
        k += 1
        term *= k / x
    return f * mp.sin(x) - g * mp.cos(x) if cosine else f * mp.cos(x) + g * mp.sin(x)


def _elliptic(m: Any, order: Any, kind: Any) -> Any:
    # The series within 1/2 of zero, else the differential equation.
    n, half = int(order), mp.mpf(1) / 2
    a = half if kind == 1 else -half
    if not m < 1:
        return mp.nan
    if abs(m) < half:
        term = mp.pi / 2 * mp.rf(a, n) * mp.rf(half, n) / mp.factorial(n)
        total, k = mp.mpf(0), 0
        while abs(term) > mp.ldexp(abs(total), -mp.prec):
            total += term
            term *= (a + n + k) * (half + n + k) / ((n + 1 + k) * (k + 1)) * m
            k += 1
        return total
    first, second = mp.ellipk(m), mp.ellipe(m)
    slope = (second / (1 - m) if kind == 1 else second) - first
    found = [first if kind == 1 else second, slope / (2 * m)]
    for k in range(n - 1):
        p, q = (a + k) * (half + k) * found[k], (k + 1 - (2 * k + 1 + half + a) * m) * found[k + 1]
        found.append((p - q) / (m * (1 - m)))
    return found[n]


def _bessel_k(x: Any, order: Any) -> Any:
    # From the orders 0 and 1 by the recurrence; next to zero by the first terms of their series.
    if x <= 0:
        return mp.nan
    if x < mp.ldexp(1, -600):
        ln = mp.log(x / 2) + mp.euler
        found = [-ln, 1 / x + x / 2 * (ln - mp.mpf(1) / 2)]
    else:
        with mp.extraprec(int(3 * x) if x < 300 else 0):
            found = _series_of_k(x) if x < 300 else [_asymptotic_k(x, 0), _asymptotic_k(x, 1)]
    n = int(order)
    for k in range(1, n):
        found.append(2 * k / x * found[k] + found[k - 1])
    return found[n]


def _series_of_k(x: Any) -> list[Any]:
    quarter, term, k = x * x / 4, mp.mpf(1), 0
    zero, one, total, harmonic = mp.mpf(1), x / 2, mp.mpf(0), mp.mpf(0)
    while term > mp.ldexp(zero, -mp.prec):
        k += 1
        term *= quarter / (k * k)
        harmonic += mp.mpf(1) / k
        zero += term
        one += term * x / (2 * (k + 1))
        total += term * harmonic
    first = total - (mp.log(x / 2) + mp.euler) * zero
    return [first, (1 / x - one * first) / zero]


def _asymptotic_k(x: Any, n: int) -> Any:
    if x > 2000:
        return mp.mpf(0)
    total, term, k = mp.mpf(1), mp.mpf(1), 0
    while k < x and abs(term) > mp.ldexp(1, -mp.prec):
        k += 1
        term *= (4 * n * n - (2 * k - 1) ** 2) / (8 * k * x)
        total += term
    return mp.sqrt(mp.pi / (2 * x)) * mp.exp(-x) * total


def _zeta(q: Any, s: Any) -> Any:
    # Euler's and Maclaurin's formula, DLMF 25.11.28.
    if q <= 0:
        return mp.nan
    total, w, far = mp.mpf(0), q, mp.prec / 4
    while w < far:
        total += mp.power(w, -s)
        w += 1
    total += mp.power(w, 1 - s) / (s - 1) + mp.power(w, -s) / 2
    factor, j = s * mp.power(w, -s - 1), 1
    while abs(factor) > mp.ldexp(total, -mp.prec):
        term = mp.bernoulli(2 * j) / mp.factorial(2 * j) * factor
        total += term
        if abs(term) < mp.ldexp(total, -mp.prec):
            break
        factor *= (s + 2 * j - 1) * (s + 2 * j) / (w * w)
        j += 1
    return total


def _invdigamma(x: Any) -> Any:
    # Newton's method of digamma, from wherever; far out of its first terms. Beyond 700 what the second one
    # lacks is a number with 300 zeros behind the point, of one with as many digits before it.
    if x > 700:
        return mp.exp(x) + mp.mpf(1) / 2
    y = mp.mpf(invdigamma(float(x)))
    for _ in range(int(math.log2(mp.prec))):
        if y > 1e9:
            z, term, k = y - mp.mpf(1) / 2, mp.mpf(1), 1
            value, slope = mp.log(z), 1 / z
            while abs(term) > mp.ldexp(1, -mp.prec):
                term = mp.bernoulli(2 * k) * (1 - mp.ldexp(1, 1 - 2 * k)) / (2 * k) * mp.power(z, -2 * k)
                value, slope, k = value + term, slope - 2 * k * term / z, k + 1
        else:
            value, slope = mp.psi(0, y), mp.psi(1, y)
        d = (value - x) / slope
        y -= d
        if abs(d) < mp.ldexp(y, -mp.prec // 2 - 10):
            break
    return y


def _airy(function: Any) -> Any:
    def derivative(x: Any, order: Any) -> Any:
        # By the differential equation, differentiated.
        found = [function(x), function(x, derivative=1)]
        for k in range(int(order) - 1):
            found.append(x * found[k] + (k * found[k - 1] if k else 0))
        return found[int(order)]

    return derivative


def _invdigamma_derivative(x: Any, order: int) -> Any:
    # By the derivatives of the function that it is the inverse of. Beyond 700 they are all the exponential.
    if order and x > 700:
        return mp.exp(x)
    y = _invdigamma(x)
    if not order:
        return y
    first, second, third = (mp.psi(k, y) for k in (1, 2, 3))
    return [1 / first, -second / first**3, (3 * second**2 - first * third) / first**5][order - 1]


def _airy_derivative(function: Any) -> Any:
    derivative = _airy(function)
    return lambda x, n, order: derivative(x, n + order)


# Derivatives of rows that vary over far less than an operand, or far more: no step would do. Last come how
# many times by each operand.
WITHOUT_STEPS: dict[str, Callable[..., Any]] = {
    "invdigamma": _invdigamma_derivative,
    "airyai": _airy_derivative(mp.airyai), "airybi": _airy_derivative(mp.airybi),
    "beta_derivative": lambda a, b, n, m, i, j: _beta_derivative(a, b, n + i, m + j),
    "ellipk": lambda m, i: _elliptic(m, i, 1), "ellipe": lambda m, i: _elliptic(m, i, 2),
    "ellip_derivative": lambda m, order, kind, i: _elliptic(m, order + i, kind),
}  # fmt: skip


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

REFERENCE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a,
    b: a / b,
    "neg": lambda x: -x, "reciprocal": lambda x: 1 / x, "square": lambda x: x * x,
    "floordiv": lambda a, b: mp.floor(a / b), "mod": lambda a, b: a - b * mp.floor(a / b),
    "power": _power, "pow": _power, "pow_derivative": _pow_derivative,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "div_slope": lambda a, b: -a / (b * b), "scaled_power": lambda x, c, e: c * _power(x, e),
    "monomial": lambda c, a, b, order, logs: c * mp.power(a, b - order) * mp.log(a) ** int(logs),
    "restrict": lambda x: x, "saturate": lambda x: x,
    "scaled_base": lambda x, c, b: c * mp.power(b, x), "scaled_exp": lambda x, c: c * mp.exp(x),
    "exp2": lambda x: mp.power(2, x),
    "expm1": lambda x: mp.exp(x) - 1,
    "log1p": lambda x: mp.log(1 + x), "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "sech_squared": lambda x: mp.sech(x) ** 2,
    "asinh": lambda x: mp.sign(x) * mp.log(abs(x) + mp.sqrt(x * x + 1)),
    "acosh": lambda x: mp.log(x + mp.sqrt((x - 1) * (x + 1))),
    "atanh": lambda x: mp.log((1 + x) / (1 - x)) / 2,
    "sigmoid": _sigmoid, "logsigmoid": lambda x: -mp.log(1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "sigmoid_slope": lambda x: _sigmoid(x) * _sigmoid(-x), "scaled_sigmoid_slope": lambda c,
    x: c * _sigmoid(x) * _sigmoid(-x),
    "one_minus_square_power": lambda x, c: mp.power((1 - x) * (1 + x), c), "gelu_slope": _gelu_slope,
    "share": lambda a, b: _softmax(a, b, 0),
    "share_slope": lambda a, b: _softmax(a, b, 0) * _softmax(a, b, 1),
    "softmax_rest": lambda *xs_index: mp.fsum(
        _softmax(*xs_index[:-1], i) for i in range(len(xs_index) - 1) if i != int(xs_index[-1])
    ),
    "silu": lambda x: x * _sigmoid(x), "gelu": lambda x: x * _erfc(-x / mp.sqrt(2)) / 2,
    "erf": lambda x: mp.erf(x) if abs(x) < 1 else mp.sign(x) * (1 - _erfc(abs(x))), "erfc": _erfc,
    "normal_cdf": lambda x: _erfc(-x / mp.sqrt(2)) / 2,
    "gaussian": _gaussian, "lgamma": _lgamma, "digamma": lambda x: _polygamma(x, 0), "polygamma": _polygamma,
    "dawsn": _dawsn, "dawsn_derivative": _dawsn, "erfcx": _erfcx, "erfcx_derivative": _erfcx,
    "logerfc": _logerfc, "logerfcx": _logerfcx, "logerfc_derivative": _logerfc_derivative,
    "erfi": _erfi, "exp_square": lambda x: mp.exp(x * x),
    "sinint": _integral_of_sine, "cosint": _integral_of_cosine, "sine_quotient": _quotient_of_sine,
    "ellipk": lambda m: _elliptic(m, 0, 1), "ellipe": lambda m: _elliptic(m, 0, 2),
    "ellip_derivative": _elliptic, "kn": _bessel_k, "zeta": _zeta, "invdigamma": _invdigamma,
    "airyai": _airy(mp.airyai), "airybi": _airy(mp.airybi),
    "expn": _expn, "beta_derivative": _beta_derivative,
    "gammainc": _gammainc, "gammaincc": lambda x, a: 1 - _gammainc(x, a),
    "gamma_density": _gamma_density, "betainc": _betainc, "beta_density": _beta_density,
    "step": lambda a, b, tie: _pick(a == b, tie, _pick(a > b, mp.mpf(1), mp.mpf(0))),
    "relu": lambda x: _pick(x > 0, x, mp.mpf(0)), "leaky_relu": lambda x, slope: _pick(x > 0, x, slope * x),
    "elu": lambda x, alpha: _pick(x > 0, x, alpha * (mp.exp(x) - 1)),
    "selu": lambda x: SELU_SCALE * _pick(x > 0, x, SELU_ALPHA * (mp.exp(x) - 1)),
    "relu6": lambda x: min(max(x, mp.mpf(0)), mp.mpf(6)),
    "hardtanh": lambda x: min(max(x, mp.mpf(-1)), mp.mpf(1)),
    "clamp": lambda x, low, high: min(max(x, low), high), "abs": abs, "round": _round_half_even,
    "maximum": max, "minimum": min,
    "where": lambda condition, a, b: _pick(condition != 0, a, b),
    "hypot": _norm,
    "re_inverse_power": lambda x, y, n: mp.re(mp.mpc(x, y) ** -int(n)), "im_inverse_power": lambda x, y,
    n: mp.im(mp.mpc(x, y) ** -int(n)),
    "logaddexp": _logsumexp,
    "fmod": lambda a, b: a - b * _trunc(a / b), "remainder": lambda a, b: a - b * mp.nint(a / b),
    "copysign": lambda a, b: abs(a) * (1 if b >= 0 else -1), "trunc": _trunc,
    "exp10": lambda x: mp.power(10, x),
    "log1pmx": lambda x: mp.log(1 + x) - x, "log1mexp": lambda x: mp.log(1 - mp.exp(x)),
    "log1mexp_slope": lambda x: mp.exp(x) / (mp.exp(x) - 1),
    "logit": lambda x: mp.log(x / (1 - x)), "logit_slope": lambda x: 1 / (x * (1 - x)),
    "xlogy": lambda x, y: x * mp.log(y), "xlog1py": lambda x, y: x * mp.log(1 + y),
    "xdivy": lambda x, y: x / y,
    "saturation": lambda x: x / (1 + x), "shortfall": lambda a, b: (b - a) / b,
    "sind": lambda x: mp.sinpi(x / 180), "cosd": lambda x: mp.cospi(x / 180),
    "tand": lambda x: mp.sinpi(x / 180) / mp.cospi(x / 180),
    "acsch": lambda x: mp.sign(x) * mp.log(1 / abs(x) + mp.sqrt(1 / (x * x) + 1)),
    "asech": lambda x: mp.log(1 / x + mp.sqrt(1 / (x * x) - 1)),
    "acoth": lambda x: mp.log((x + 1) / (x - 1)) / 2,
    "acot": lambda x: mp.atan(1 / x),
    "log2mexp": lambda x: mp.log(2 - mp.exp(x)), "log2mexp_slope": lambda x: mp.exp(x) / (mp.exp(x) - 2),
    "logexpm1": lambda x: mp.log(mp.expm1(x)), "log1psq": lambda x: mp.log(1 + x * x),
    "log1psq_slope": lambda x: 2 * x / (1 + x * x),
    "logmxp1": lambda x: mp.log(x) - x + 1,
    "logsubexp": lambda a, b: mp.log(abs(mp.exp(a) - mp.exp(b))),
    "minuend_share": lambda a, b: 1 / (1 - mp.exp(b - a)),
    "minuend_share_slope": lambda a, b: -1 / (4 * mp.sinh((b - a) / 2) ** 2),
    "sinc": lambda x: _sinc_derivative(x, 0), "sinc_derivative": _sinc_derivative,
    "trigamma": lambda x: _polygamma(x, 1),
    "betaln": lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
    "polygamma_fall": lambda a, b, order: mp.psi(int(order), a) - mp.psi(int(order), a + b),
    "erfinv": lambda x: _erfcinv(1 - x), "erfcinv": _erfcinv,
    "erfinv_slope": lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(_erfcinv(1 - x) ** 2),
    "erfcinv_slope": lambda x: -mp.sqrt(mp.pi) / 2 * mp.exp(_erfcinv(x) ** 2),
    "normal_quantile": lambda x: -mp.sqrt(2) * _erfcinv(2 * x),
    "normal_quantile_slope": lambda x: mp.sqrt(2 * mp.pi) * mp.exp(_erfcinv(2 * x) ** 2),
    "j0": lambda x: _bessel_j(x, 0), "j1": lambda x: _bessel_j(x, 1), "jn": _bessel_j,
    "y0": lambda x: _bessel_y(x, 0), "y1": lambda x: _bessel_y(x, 1), "yn": _bessel_y,
    "jn_derivative": lambda x, n, m: _derivative_of_bessel(_bessel_j, x, n, m),
    "yn_derivative": lambda x, n, m: _derivative_of_bessel(_bessel_y, x, n, m),
    "i0": lambda x: mp.besseli(0, x), "i1": lambda x: mp.besseli(1, x),
    "i1_slope": lambda x: (mp.besseli(0, x) + mp.besseli(2, x)) / 2,
    "bessel_i": lambda x, order: mp.besseli(int(order), x),
    "i0e": lambda x: _scaled_i(x, 0), "i1e": lambda x: _scaled_i(x, 1),
    "ine": _derivative_of_scaled_i,
    "entr": lambda x: -x * mp.log(x), "log_ratio": lambda x, y: mp.log(x / y),
    "rel_entr": lambda x, y: x * mp.log(x / y), "kl_div": lambda x, y: x * mp.log(x / y) - x + y,
    "greater": lambda a, b: mp.mpf(a > b), "greater_equal": lambda a, b: mp.mpf(a >= b), "less": lambda a,
    b: mp.mpf(a < b),
    "less_equal": lambda a, b: mp.mpf(a <= b), "equal": lambda a, b: mp.mpf(a == b),
    "sum": lambda *xs: mp.fsum(xs), "mean": lambda *xs: mp.fsum(xs) / len(xs),
    "prod": lambda *xs: mp.fprod(xs),
    "dot": lambda *xs: mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 :]), "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "logsumexp": _logsumexp, "softmax": _softmax,
    "log_softmax": lambda *xs_index: mp.log(_softmax(*xs_index)),
    "norm": _norm, "direction": lambda *xs_index: xs_index[int(xs_index[-1])] / _norm(*xs_index[:-1]),
}  # fmt: skip
"""The function of each row of the table, of mpmath's numbers.

Of the others it is mpmath's own of that name.
"""


def reference(op: ops.Op) -> Callable[..., Any]:
    """Return the exact function of a row.

    Parameters
    ----------
    op
        The row.

    Raises
    ------
    LookupError
        If mpmath has no function of that name and `REFERENCE` neither.

    Examples
    --------
    >>> from autograd import ops
    >>> reference(ops.sin) is mpmath.sin
    True
    """
    found: Callable[..., Any] | None = REFERENCE.get(op.name) or getattr(mp, op.name, None)
    if found is None:
        raise LookupError(gettext(
            "mpmath has no function {name}; give REFERENCE in {module} one",
            name=op.name, module=__name__,
        ))  # fmt: skip
    return found


def _apply(op: ops.Op, operands: Sequence[Any]) -> Any:
    """Return the exact value; NaN off the real domain."""
    try:
        y = reference(op)(*operands)
    except (ZeroDivisionError, ValueError):
        return mp.nan
    return mp.nan if isinstance(y, mpmath.mpc) else y


def precision(op: ops.Op) -> Any:
    """Return a context with the bits that a row's differences take."""
    if op.name in _FEW_BITS:
        return mp.workprec(_FEW_BITS[op.name])
    return mp.workprec(_MANY_BITS.get(op.name, PRECISION))


def step(op: ops.Op, operands: Sequence[float], i: int) -> Any:
    """Return a step small beside the length over which a row's function varies in its operand ``i``."""
    x, xs = abs(operands[i]), operands[: len(operands) - len(op.params)]
    if not x:
        others = [abs(other) for other in xs if other and math.isfinite(other)]
        return mp.ldexp(min(others, default=1.0) if op.name in _LENGTHS else 1, -STEP)
    pole = 0.0 in op.domain[min(i, len(op.domain) - 1)]
    reach = mp.mpf(x) if pole or op.name in _RELATIVE else mp.mpf(1)
    if op.pole is not None:
        reach = min(reach, mp.mpf(op.pole(*operands) or 1.0))
    if op.name in _WAVES:
        reach = min(reach, mp.mpf(1))
    gap = op.kink(*operands) if op.kink is not None else math.inf
    if 0.0 < gap < math.inf:
        # A kink may lie much closer than zero does; in a divisor, closer still by as much as that is the
        # smaller one.
        reach = min(reach, mp.mpf(gap) * x / max(map(abs, xs)))
    return mp.ldexp(reach, -STEP)


# Central differences: how many steps aside, and with what weight.
_DIFFERENCES: dict[int, list[tuple[int, Any]]] = {
    1: [(1, mp.mpf("0.5")), (-1, mp.mpf("-0.5"))],
    2: [(1, 1), (0, -2), (-1, 1)],
    3: [(2, mp.mpf("0.5")), (1, -1), (-1, 1), (-2, mp.mpf("-0.5"))],
}


def value(op: ops.Op, operands: Sequence[float]) -> Any:
    """Return the exact value of a row, as an mpmath number.

    Examples
    --------
    >>> from autograd import exp
    >>> float(value(exp, [1.0]))
    2.718281828459045
    """
    with precision(op):
        return _apply(op, [mp.mpf(x) for x in operands])


def derivative(op: ops.Op, operands: Sequence[float], i: int, *, order: int = 1) -> Any:
    """Return the exact derivative of a row's value in its operand ``i``, of order 1, 2 or 3.

    Examples
    --------
    >>> from autograd import tanh
    >>> float(derivative(tanh, [20.5], 0))
    6.251528757339955e-18
    """
    return partial(op, operands, (i,) * order)


def second_derivative(op: ops.Op, operands: Sequence[float], i: int, j: int) -> Any:
    """Return the exact second derivative of a row's value in its operands ``i`` and ``j``.

    Examples
    --------
    >>> from autograd import ops
    >>> float(second_derivative(ops.mul, [2.0, 3.0], 0, 1))
    1.0
    """
    return partial(op, operands, (i, j))


def partial(op: ops.Op, operands: Sequence[float], indices: Sequence[int]) -> Any:
    """Return the exact derivative of a row's value in its operands ``indices``, one after the other.

    Examples
    --------
    >>> float(partial(ops.pow, [2.0, 3.0], (0, 0, 0)))
    6.0
    """
    third = len(indices) > 2 and op.name in ("elu", "selu", "i0e", "i1e")
    # Steps beside a tiny operand are tinier still, and take as many digits more from differences of an order;
    # of an even function the operand itself does too.
    several = len(indices) > 2 or op.name in _EVEN
    moved = [*indices, *indices[: op.name in _EVEN]] if several else []
    tiny = sum(max(0, -STEP - int(mp.mag(step(op, operands, i)))) for i in moved)
    with precision(op), mp.extraprec(max(3000 if third else 0, tiny)):
        xs = [mp.mpf(x) for x in operands]
        if op.name in WITHOUT_STEPS and all(map(math.isfinite, operands)):
            counts = [list(indices).count(i) for i in range(len(xs) - len(op.params))]
            return WITHOUT_STEPS[op.name](*xs, *counts)
        found, natural = _differences(op, operands, xs, indices, 0)
        if abs(found) < max(mp.ldexp(natural, -100), mp.ldexp(1, -STEP)):
            # A zero, perhaps: what is left of it then shrinks with the square of the step.
            again, _ = _differences(op, operands, xs, indices, 1)
            return again if abs(found - again) <= mp.ldexp(abs(again), -60) else mp.mpf(0)
        return found


def _differences(
    op: ops.Op, operands: Sequence[float], xs: list[Any], indices: Sequence[int], halvings: int
) -> tuple[Any, Any]:
    """Return a quotient of differences, and a bound on its size from how much the function may vary."""
    terms: list[tuple[Any, list[Any]]] = [(mp.mpf(1), xs)]
    size = mp.mpf(1)
    for i in sorted(set(indices)):
        h, order = mp.ldexp(step(op, operands, i), -halvings), list(indices).count(i)
        size *= h**order
        terms = [(w * c, _moved(point, i, k * h)) for w, point in terms for k, c in _DIFFERENCES[order]]
    values = [w * _apply(op, point) for w, point in terms]
    return _difference(values) / size, mp.ldexp(max(map(abs, values)), -STEP * len(indices)) / size


def _difference(terms: Sequence[Any]) -> Any:
    """Return the sum, or zero where it is no more than the terms' rounding errors."""
    total = mp.fsum(terms)
    return total if not abs(total) <= mp.ldexp(max(map(abs, terms)), 8 - mp.prec) else mp.mpf(0)


def _moved(xs: list[Any], i: int, h: Any) -> list[Any]:
    return [*xs[:i], xs[i] + h, *xs[i + 1 :]]


def evaluate(root: Value, moved: Mapping[Value, Any]) -> Any:
    """Return the exact value of a graph, with some leaves replaced.

    Parameters
    ----------
    root
        The output.
    moved
        From leaf to the mpmath number that takes the place of its data.
    """
    with mp.workprec(PRECISION):
        numbers: dict[Value, Any] = {}
        for node in toposort(root):
            if node.op is None:
                numbers[node] = moved.get(node, mp.mpf(node.data))
            else:
                numbers[node] = _apply(
                    node.op, [numbers[x] if isinstance(x, Value) else mp.mpf(x) for x in node.operands]
                )
        return numbers[root]


def gradient(root: Value, leaves: Iterable[Value]) -> list[Any]:
    """Return the exact derivative of the function that a graph is with respect to each of its leaves.

    Examples
    --------
    >>> x = Value(3.0)
    >>> [float(d) for d in gradient(x * x, [x])]
    [6.0]
    """
    with mp.workprec(PRECISION):
        results = []
        for x in leaves:
            h = mp.ldexp(mp.mpf(min(abs(x.data), 1.0) or 1.0), -STEP)
            high, low = (evaluate(root, {x: mp.mpf(x.data) + s * h}) for s in (1, -1))
            results.append((high - low) / (2 * h))
        return results


def to_double(x: Any) -> float:
    """Return the double that is nearest to an exact number.

    Examples
    --------
    >>> to_double(mpmath.mpf("1e400")), to_double(mpmath.mpf("3e-324"))
    (inf, 5e-324)
    """
    if mp.isnan(x):
        return math.nan
    if x == 0 or mp.isinf(x):
        return float(x)
    if abs(x) < mpmath.mpf(2) ** -1022:
        # A subnormal: round once, to a whole number of the smallest one.
        with mp.workprec(PRECISION):
            return float(mp.nint(mp.ldexp(x, 1074))) * 5e-324
    return float(x)
