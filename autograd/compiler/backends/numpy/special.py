"""Primitives that NumPy lacks, over whole arrays: the error functions, log gamma and digamma.

Each writes into ``out``. They agree with the rows of the table to a few units of the last place; below zero,
where the gamma function's reflection is a difference, of its larger term.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebval

from autograd.floats import gaussian
from autograd.native import engine
from autograd.op import Op

__all__ = [
    "by_row", "by_value", "digamma", "erf", "erfc", "horner", "lgamma", "normal_cdf", "sign_of",
    "two_product",
]  # fmt: skip


def by_value(value: Callable[..., float]) -> Callable[..., None]:
    """Return a function over arrays that calls a row's value for each element."""
    bare = getattr(value, "bare", value)  # of a custom operation, the user's own function, without its check

    def apply(*operands: Any) -> None:
        """Fill the last of the arrays."""
        *given, out = operands
        numbers = [np.broadcast_to(x, out.shape).ravel().tolist() for x in given]
        results = list(map(bare, *numbers))
        if not {float}.issuperset(map(type, results)):
            results = list(map(value, *numbers))
        out[...] = np.array(results).reshape(out.shape)

    return apply


def by_row(op: Op, rest: Callable[..., None] | None = None) -> Callable[..., None]:
    """Return a function over arrays that computes a row as the engine does.

    In the engine's C where that was compiled, but for the numbers of which only Python knows the value: with
    another function over arrays all from the first such number on.
    """
    if engine is None or op.arity < 0:
        return rest or by_value(op.value)

    def apply(*operands: Any) -> None:
        """Fill the last of the arrays."""
        *given, out = operands
        arrays = tuple(_in_a_row(x, out.shape) for x in given)
        results = out.reshape(-1) if out.flags.c_contiguous else np.empty(out.size)
        at = engine.over(op, arrays, results, 0)
        if rest and at < len(results):
            rest(*[x[at:] if len(x) > 1 else x for x in arrays], results[at:])
            at = len(results)
        while at < len(results):
            results[at] = op.value(*[float(x[at if len(x) > 1 else 0]) for x in arrays])
            at = engine.over(op, arrays, results, at + 1)
        if not out.flags.c_contiguous:
            out[...] = results.reshape(out.shape)

    return apply


def _in_a_row(x: Any, shape: tuple[int, ...]) -> Any:
    """Return an array of that shape as doubles in a row; of a number, that one."""
    x = np.asarray(x, np.float64)
    return np.ascontiguousarray(x if x.size == 1 else np.broadcast_to(x, shape)).reshape(-1)


# The normal law: a polynomial in the middle, a continued fraction's remainder in the tails.

SQRT2, SQRT_PI = 1.4142135623730951, 1.772453850905516
MIDDLE = 0.5
"""Up to here the polynomial, in units of the standard deviation."""


def horner(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Evaluate a polynomial, the coefficient of the highest power first."""
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y *= x
        y += c
    return y


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """Product and its rounding error (Dekker 1971)."""
    p, c, d = a * b, 134217729.0 * a, 134217729.0 * b  # 2**27 + 1 splits 53 bits into two halves
    a1, b1 = c - (c - a), d - (d - b)
    a2, b2 = a - a1, b - b1
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)


def _central(x: Any) -> Any:
    """What the normal law's distribution function has beyond 1/2, next to 0."""
    x = np.clip(x, -MIDDLE, MIDDLE)
    return x * horner(x * x, gaussian.CENTRAL)


def _tail(x: Any, scale: float) -> Any:
    """Integral from x >= MIDDLE / sqrt(2) on: erfc(x) for a scale of 1, the normal law's tail for 2.

    The rounding error of x**2, which the exponential magnifies, is made good.
    """
    ratio = SQRT2 if scale == 1.0 else 1.0
    x = np.clip(x, MIDDLE / ratio, 45.0 / ratio)
    scaled = x * ratio
    added = horner((scaled - 3.0) / (scaled + 3.0), gaussian.FRACTION) / (scaled + 2.0) / ratio
    square, lost = two_product(x, x)
    power = np.exp(-square / scale)
    return (power - power * (lost / scale)) / ((x + added) * (SQRT_PI * (1.0 if scale == 1.0 else SQRT2)))


def erf(x: Any, out: Any) -> None:
    """The error function, DLMF 7.2.1."""
    size = np.abs(x)
    far = np.copysign(1.0 - _tail(size, 1.0), x)
    out[...] = np.where(size <= MIDDLE / SQRT2, 2.0 * _central(SQRT2 * np.asarray(x)), far)


def erfc(x: Any, out: Any) -> None:
    """1 - erf(x), DLMF 7.2.2."""
    size = np.abs(x)
    tail = _tail(size, 1.0)
    far = np.where(np.less(x, 0.0), 2.0 - tail, tail)
    out[...] = np.where(size <= MIDDLE / SQRT2, 1.0 - 2.0 * _central(SQRT2 * np.asarray(x)), far)


def normal_cdf(x: Any, out: Any) -> None:
    """The normal law's distribution function, erfc(-x / sqrt(2)) / 2."""
    size = np.abs(x)
    tail = _tail(size, 2.0)
    far = np.where(np.less(x, 0.0), tail, 1.0 - tail)
    out[...] = np.where(size <= MIDDLE, 0.5 + _central(x), far)


# The gamma function: Chebyshev series next to the roots, steps of one below 12, Stirling's series from there
# on.

FAR = 12.0
LOG_GAMMA = (
    0.44148902545501423, -0.11119580321752523, 0.01951044826068884, -0.003922461463025264,
    0.0008478989895953857, -0.00019153855341365593, 4.454470184975607e-05, -1.05728743735943e-05,
    2.5474336873408417e-06, -6.208535880776316e-07, 1.5268677399071546e-07, -3.782637660291326e-08,
    9.428100823624284e-09, -2.361999702184645e-09, 5.943541905817546e-10, -1.501312977072867e-10,
    3.8050196458110534e-11, -9.672485299656325e-12, 2.465348198355661e-12, -6.298868140791711e-13,
    1.6128460030283787e-13, -4.137949206814042e-14, 1.0635701227757898e-14, -2.7382420786652826e-15,
    7.060670507214892e-16, -1.8232177141662118e-16, 4.714169006756272e-17, -1.2204107319639856e-17,
    3.1630451661790255e-18,
)
"""log gamma(2 + u) / (u (1 + u)) for u from -1 to 1."""
DIGAMMA = (
    0.983570260441567, -0.2270640863346444, 0.03336889902393011, -0.005320077271596548,
    0.0008788656937820505, -0.00014773492650606044, 2.5060543468359146e-05, -4.2721034029993324e-06,
    7.302769272465923e-07, -1.2502886813559594e-07, 2.1425009322359472e-08, -3.673295918565179e-09,
    6.299717236108931e-10, -1.080593028883266e-10, 1.853735192053638e-11, -3.18023536582553e-12,
    5.456147570322795e-13, -9.360993131036438e-14, 1.606064636295075e-14, -2.7555431377438815e-15,
    4.727736178601912e-16, -8.11148420346509e-17, 1.391707769474154e-17, -2.3877901082188625e-18,
    4.096797187161558e-19, -7.028989740861997e-20,
)
"""digamma(x) / (x - ROOT) for x from 1 to 2, in 2 x - 3."""
ROOT, ROOT_REST = 1.4616321449683622, 9.549995429965697e-17
"""Where digamma is zero, in two parts."""
STIRLING = (
    -0.029550653594771242, 0.00641025641025641, -0.0019175269175269176, 0.0008417508417508417,
    -0.0005952380952380953, 0.0007936507936507937, -0.002777777777777778, 0.08333333333333333,
)
"""DLMF 5.11.1, in 1 / x**2, highest power first."""
ASYMPTOTIC = (
    -0.4432598039215686, 0.08333333333333333, -0.021092796092796094, 0.007575757575757576,
    -0.004166666666666667, 0.003968253968253968, -0.008333333333333333, 0.08333333333333333,
)
"""DLMF 5.11.2, in 1 / x**2, highest power first."""
HALF_LOG_2PI = 0.9189385332046728


def lgamma(x: Any, out: Any) -> None:
    """The logarithm of the gamma function's absolute value; below zero by reflection, DLMF 5.5.3."""
    x = np.broadcast_to(x, out.shape)
    below = x < 0.0
    z = np.where(below, 1.0 - x, x)
    near, product = np.where(z > 0.0, z, 1.5), np.ones_like(z)
    for _ in range(int(FAR) - 3):
        down = (near > 3.0) & (z < FAR)
        near[down] -= 1.0
        product[down] *= near[down]
    low = z < 1.0  # there gamma(x) is gamma(1 + x) / x
    u = np.where(low, z - 1.0, np.minimum(near, 3.0) - 2.0)
    beside = np.where(low, z, 1.0 + u)
    close = u * beside * chebval(u, LOG_GAMMA) + np.where(low, -np.log(z), np.log(product))
    big = np.maximum(z, FAR)
    log = np.log(big)
    series = horner(1.0 / (big * big), STIRLING) / big
    far = (big - 0.5) * (log - 1.0) + (HALF_LOG_2PI - 0.5) + series
    y = np.where(z < FAR, close, far)
    if below.any():
        sine, _ = _sine_and_cosine_of_pi(x)
        lost = (1.0 - z) - x  # by rounding 1 - x, times the slope there
        beside = -np.log(np.where(x > -1e-30, -x, np.abs(sine) / np.pi))
        mirrored = beside - y - lost * np.log(z)
        y = np.where(below, np.where(np.isneginf(x), np.inf, mirrored), y)
    out[...] = y


def digamma(x: Any, out: Any) -> None:
    """The derivative of log gamma; below zero by reflection, DLMF 5.5.4."""
    x = np.broadcast_to(x, out.shape)
    below = x < 0.0
    z = np.where(below, 1.0 - x, x)
    low = z < 1.0  # there digamma(x) is digamma(1 + x) - 1 / x
    near = np.where(low, z + 1.0, np.minimum(z, FAR))
    added = np.where(low, -1.0 / z, 0.0)
    for _ in range(int(FAR) - 1):
        down = near > 2.0
        near[down] -= 1.0
        added[down] += 1.0 / near[down]
    close = ((near - ROOT) - ROOT_REST) * chebval(2.0 * near - 3.0, DIGAMMA) + added
    big = np.maximum(z, FAR)
    inverse = 1.0 / (big * big)
    far = np.log(big) - 0.5 / big - inverse * horner(inverse, ASYMPTOTIC)
    y = np.where(z < FAR, close, far)
    if below.any():
        sine, cosine = _sine_and_cosine_of_pi(x)
        lost = (1.0 - z) - x
        mirrored = y + lost / z - np.pi * cosine / sine
        y = np.where(below, np.where(sine == 0.0, np.nan, mirrored), y)
    out[...] = y


def _sine_and_cosine_of_pi(x: Any) -> tuple[Any, Any]:
    """Sine and cosine of pi x up to a common sign: of what is left of x beside a whole number, exactly."""
    rest = x - np.rint(x)
    beside = np.copysign(0.5, rest) - rest  # from a half on the other function of this
    close = np.abs(rest) < 0.25
    return (
        np.where(close, np.sin(np.pi * rest), np.copysign(np.cos(np.pi * beside), rest)),
        np.where(close, np.cos(np.pi * rest), np.copysign(np.sin(np.pi * beside), beside * rest)),
    )


def sign_of(whole: Any) -> Any:
    """Return cos(pi n) of whole numbers n."""
    return 1.0 - 2.0 * np.abs(whole - 2.0 * np.rint(0.5 * whole))
