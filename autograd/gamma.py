"""The logarithm of the gamma function and its derivatives, rounded once: computed with 50 digits.

Doubles alone lose most of their digits next to the zeros of these functions and to the poles. The standard
library's decimal numbers are fast enough (some 50 microseconds a call) and make the textbook formulas safe.
"""



from __future__ import annotations

import math
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import Any

from autograd.special import is_order

NAN, INF = math.nan, math.inf

DIGITS = Context(prec=50, Emin=MIN_EMIN, Emax=MAX_EMAX)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
_HALF_LOG_2PI = Decimal("0.91893853320467274178032973640561763986139747363778341281715154")

# Bernoulli numbers B(2), B(4), ...: DLMF 24.2.
_BERNOULLI = [
    DIGITS.divide(p, q)
    for p, q in (
        (1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798),
        (-174611, 330), (854513, 138), (-236364091, 2730), (8553103, 6), (-23749461029, 870),
        (8615841276005, 14322), (-7709321041217, 510),
    )
]  # fmt: skip


def _is_pole(x: float) -> bool:
    return x <= 0.0 and (x == -INF or x == math.floor(x))


def _shifted(x: Decimal, beyond: int) -> list[Decimal]:
    """Return x, x + 1, ... up to the first number where the asymptotic series serve."""
    steps = [x]
    while steps[-1] < beyond:
        steps.append(x + len(steps))
    return steps


def _sin_cos(x: float) -> tuple[Decimal, Decimal]:
    """Sine and cosine of pi x up to a common sign, x being reduced exactly first."""
    t = PI * Decimal(math.remainder(x, 1.0))
    sine, cosine, term = Decimal(0), Decimal(0), Decimal(1)
    for k in range(0, 48, 2):
        cosine += term
        term *= t / (k + 1)
        sine += term
        term *= -t / (k + 2)
    return sine, cosine


def lgamma(x: float) -> float:
    """Logarithm of |gamma(x)|; infinite at the poles."""
    if _is_pole(x) or x == INF:
        return INF
    if x != x or x in (1.0, 2.0):
        return x if x != x else 0.0
    with localcontext(DIGITS):
        if x > 0.0:
            return float(_lgamma(+Decimal(x)))
        # Reflection, DLMF 5.5.3.
        return float((PI / abs(_sin_cos(x)[0])).ln() - _lgamma(1 - Decimal(x)))


def _lgamma(x: Decimal) -> Decimal:
    """Stirling's series, DLMF 5.11.1, after a shift by 5.5.1; x > 0."""
    *below, z = _shifted(x, 25)
    product = Decimal(1)
    for step in below:
        product *= step
    series, inverse = Decimal(0), 1 / z
    if z < 10**40:
        power, square = inverse, inverse * inverse
        for k, bernoulli in enumerate(_BERNOULLI, 1):
            series += bernoulli / (2 * k * (2 * k - 1)) * power
            power *= square
    return (z - Decimal("0.5")) * z.ln() - z + _HALF_LOG_2PI + series - product.ln()


def digamma(x: float) -> float:
    """Derivative of log gamma; infinite at zero, NaN at the other poles."""
    return polygamma(x, 0.0)


def polygamma(x: float, order: float) -> float:
    """Derivative of the digamma function of a whole order, up to the largest that is computed; NaN of another."""
    if not is_order(order):
        return NAN
    n = int(order)
    if _is_pole(x):
        # Both sides of a pole agree for odd n; at zero, its sign tells the side.
        if x == -INF:
            return NAN
        return INF if n % 2 else -math.copysign(INF, x) if x == 0.0 else NAN
    if x == INF:
        return 0.0 if n else INF
    if x != x:
        return x
    with localcontext(DIGITS):
        if x > 0.0:
            return float(_polygamma(+Decimal(x), n))
        # Reflection, DLMF 5.15.6.
        mirrored = _polygamma(1 - Decimal(x), n)
        return float((-mirrored if n % 2 else mirrored) - _cotangent(x, n))


def _polygamma(x: Decimal, n: int) -> Decimal:
    """Asymptotic series, DLMF 5.11.2 and 5.15.8, after a shift by 5.5.2 and 5.15.5; x > 0."""
    *below, z = _shifted(x, 25 + n)
    inverse = 1 / z
    factor = Decimal(math.factorial(n))
    total = sum((step ** -(n + 1) for step in below), inverse ** (n + 1) / 2) * factor
    total += factor / n * inverse**n if n else -z.ln()
    if z < 10**40:
        term = factor * (n + 1) / 2 * inverse ** (n + 2)  # (2k + n - 1)! / (2k)! / z**(2k + n) for k = 1
        for k, bernoulli in enumerate(_BERNOULLI, 1):
            total += bernoulli * term
            term *= (2 * k + n) * (2 * k + n + 1) * inverse * inverse / ((2 * k + 1) * (2 * k + 2))
    return total if n % 2 else -total


def _cotangent(x: float, n: int) -> Decimal:
    """Derivative of order n of pi cot(pi x): a polynomial in c = cot(pi x), by c' = -pi (1 + c**2)."""
    sine, cosine = _sin_cos(x)
    c = cosine / sine
    polynomial: list[Any] = [0, 1]
    for _ in range(n):
        slope = [k * a for k, a in enumerate(polynomial)][1:]
        polynomial = [-a - b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    value = Decimal(0)
    for a in reversed(polynomial):
        value = value * c + a
    return value * PI ** (n + 1)
