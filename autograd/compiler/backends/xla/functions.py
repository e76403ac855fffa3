"""What a program for XLA calls besides jax.numpy: rows of the table as pure functions over arrays of JAX.

Each takes a row's operands, then its constants. The text of what a program calls stands at its head, so a
function here uses ``jnp`` and other functions of this file alone.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy import special

__all__: list[str] = []


def put(rows: Any, t: Any, value: Any) -> Any:
    """Return an array with another row ``t``."""
    return lax.dynamic_update_index_in_dim(rows, value.astype(rows.dtype), t, 0)


def twice(x: Any, axis: int) -> Any:
    """Each number twice along an axis: XLA computes sums once that are so spread before they are gathered."""
    return jnp.repeat(x, 2, axis)


def entry(table: Any, first: Any, step: int, count: int, place: Any) -> Any:
    """The entries of columns in places; NaN where there is no such place."""
    known = (place >= 0) & (place < count) & (place == jnp.floor(place))
    return jnp.where(known, table[jnp.where(known, place, 0).astype(int) * step + first], jnp.nan)


def scatter(gradient: Any, first: Any, step: int, count: int, place: Any, received: Any) -> Any:
    """The gradient with what the entries of columns receive."""
    known = (place >= 0) & (place < count) & (place == jnp.floor(place))
    at = jnp.where(known, place, 0).astype(int) * step + first
    return gradient.at[at].add(jnp.where(known, received, 0.0))


def over_arrays(f: Any, *xs: Any) -> Any:
    """A function of numbers over arrays, in doubles."""
    kind = jnp.result_type(float)
    with jax.enable_x64(True):
        doubles = [jnp.asarray(x, jnp.result_type(float)) for x in xs]
        return jnp.asarray(jnp.vectorize(f)(*doubles), kind)


def smaller_share(x: Any) -> Any:
    """The smaller one of sigmoid(x) and sigmoid(-x), from which both follow, and the slope."""
    e = jnp.exp(-jnp.abs(x))
    return e / (1.0 + e)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    q = smaller_share(x)
    return jnp.where(x >= 0.0, 1.0 - q, q)


def sigmoid_slope(x: Any) -> Any:
    """The derivative of the logistic function, q (1 - q) with the smaller share q."""
    q = smaller_share(x)
    return q * (1.0 - q)


def sech(x: Any) -> Any:
    """2 / (exp(x) + exp(-x)), from exp(-abs(x)) so that nothing overflows."""
    e = jnp.exp(-jnp.abs(x))
    return 2.0 * e / (1.0 + e * e)


def sech_squared(x: Any) -> Any:
    """The derivative of tanh, from one exponential."""
    e = jnp.exp(-2.0 * jnp.abs(x))
    return 4.0 * e / jnp.square(e + 1.0)


def csch(x: Any) -> Any:
    """1 / sinh(x)."""
    return 1.0 / jnp.sinh(x)


def step(a: Any, b: Any, tie: float) -> Any:
    """1 where a > b, ``tie`` where equal, 0 where a < b; NaN where one of them is."""
    found = 1.0 * (a > b) + (tie * (a == b) if tie else 0.0)
    return jnp.where(jnp.isnan(a) | jnp.isnan(b), jnp.nan, found)


def leaky_relu(x: Any, slope: float) -> Any:
    """x where positive, else slope * x."""
    return jnp.where(x > 0.0, x, slope * x)


def elu(x: Any, alpha: float) -> Any:
    """x where positive, else alpha * expm1(x)."""
    return jnp.where(x > 0.0, x, alpha * jnp.expm1(jnp.minimum(x, 0.0)))


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return jnp.maximum(x, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def exp10(x: Any) -> Any:
    """10 ** x; in doubles exp(n log(10)) for a short n, whose product is exact, times what is left."""
    if jnp.finfo(jnp.result_type(float)).nmant < 52:
        return 10.0**x
    near = jnp.clip(x, -400.0, 400.0)
    short = jnp.floor(near * 262144.0) / 262144.0
    # The maximum, of which only the first is ever meant, keeps XLA from adding up the products.
    rest = 2.302585092994046 * jnp.maximum(near - short, 0.0) + 2.064431423637055e-07 * short
    power = jnp.exp(2.3025848865509033 * short)
    return power + power * (rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0))))


def logit(x: Any) -> Any:
    """log(x / (1 - x)); about 1/2, where it is zero, of 1 and an exact difference's quotient."""
    middle = jnp.clip(x, 0.25, 0.75)
    near = jnp.log1p((2.0 * middle - 1.0) / (1.0 - middle))
    return jnp.where(jnp.abs(x - 0.5) > 0.25, jnp.log(x / (1.0 - x)), near)


def restrict(x: Any) -> Any:
    """x without the sign of zero; NaN below zero."""
    return jnp.where(x < 0.0, jnp.nan, jnp.abs(x))


def saturate(x: Any) -> Any:
    """x, but the largest number in place of infinity."""
    largest = jnp.finfo(jnp.result_type(float)).max
    return jnp.clip(x, -largest, largest)


def direction(a: Any, b: Any, index: float) -> Any:
    """a / hypot(a, b) or b / hypot(a, b); 0 at the origin."""
    length = jnp.hypot(a, b)
    return (a, b)[int(index)] / jnp.where(length == 0.0, 1.0, length)


def round_to(x: Any, ndigits: float) -> Any:
    """Round to a number of decimals, halves to even, by exact remainders or a product's rounding error."""
    if ndigits == 0.0:
        return jnp.rint(x)
    unit = 10.0 ** abs(ndigits)
    if ndigits < 0.0:
        rest, odd = jnp.fmod(x, unit), jnp.abs(jnp.fmod(x, 2.0 * unit)) >= unit
        up = (jnp.abs(rest) > 0.5 * unit) | ((jnp.abs(rest) == 0.5 * unit) & odd)
        return jnp.copysign(x - jnp.where(up, rest - jnp.copysign(unit, x), rest), x)
    scaled, lost = two_product(x, unit)
    whole = jnp.rint(scaled)
    beside = (lost != 0.0) & (jnp.abs(scaled - whole) == 0.5)  # no tie
    whole = jnp.where(beside, scaled + jnp.copysign(0.5, lost), whole)
    return jnp.where(jnp.abs(scaled) < 1.0 / jnp.finfo(scaled.dtype).eps, jnp.copysign(whole / unit, x), x)


def two_product(a: Any, b: Any) -> Any:
    """Product and its rounding error (Dekker 1971)."""
    split = (
        2.0 ** -(jnp.finfo(jnp.result_type(float)).nmant // 2) / jnp.finfo(jnp.result_type(float)).eps + 1.0
    )
    p, c, d = a * b, split * a, split * b
    a1, b1 = c - (c - a), d - (d - b)
    a2, b2 = a - a1, b - b1
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)


def remainder(x: Any, y: Any) -> Any:
    """x - n y for the whole number n nearest to x / y, the even one of two."""
    size = jnp.abs(y)
    rest = jnp.fmod(jnp.abs(x), 2.0 * size)
    less = rest - size
    less = jnp.where(less >= 0.5 * size, less - size, less)
    rest = jnp.where(rest > 0.5 * size, less, rest)
    return jnp.where(jnp.isinf(y) & jnp.isfinite(x), x, jnp.copysign(1.0, x) * rest)


def monomial(c: Any, x: Any, exponent: Any, order: float, logs: float) -> Any:
    """c * x ** (exponent - order) * log(x) ** logs; 0 where c is, and for a power of zero with logs."""
    e = exponent - order
    size, sign = jnp.abs(x), jnp.where(x < 0.0, -1.0, 1.0)
    sign = sign**exponent * sign**order
    y = size**e
    root = size ** (0.5 * e)  # whose square may leave the range although the product does not
    ordinary = ((y > 1e-30) & (y < 1e30)) | (x == 0.0) | ~jnp.isfinite(x)
    y = jnp.where(ordinary, sign * y * c, c * root * (sign * root))
    zero = (c == 0.0) | (jnp.isposinf(x) & (e < 0.0))
    if logs:
        y = y * jnp.log(x) ** logs
        zero = zero | ((x == 0.0) & (exponent >= order))
    return jnp.where(zero, 0.0, y)


def gaussian(x: Any, order: float, scale: float) -> Any:
    """The derivative of a whole order of exp(-x * x / scale), by Hermite's recurrence."""
    u = x / scale**0.5
    before, now = jnp.ones_like(u), 2.0 * u
    for k in range(1, int(order) + 1):
        before, now = now, 2.0 * u * now - 2.0 * k * before
    # The square of a number of few bits is exact, and what it leaves of the other is small.
    near = jnp.clip(x, -50.0, 50.0)
    few = jnp.rint(64.0 * near) / 64.0
    power = jnp.exp(-few * few / scale)
    power += power * jnp.expm1((few - near) * (few + near) / scale)  # of two exponentials XLA makes one
    return before * (-1.0 / scale**0.5) ** order * power


def inverse_powers(x: Any, y: Any, order: float) -> Any:
    """Real and imaginary part of (x + iy)**-order."""
    length = jnp.hypot(x, y)
    u, v = x / length / length, -y / length / length
    re, im = u, v
    for _ in range(int(order) - 1):
        re, im = re * u - im * v, re * v + im * u
    return re, im


def re_inverse_power(x: Any, y: Any, order: float) -> Any:
    """The real part of (x + iy)**-order."""
    return inverse_powers(x, y, order)[0]


def im_inverse_power(x: Any, y: Any, order: float) -> Any:
    """The imaginary part of (x + iy)**-order."""
    return inverse_powers(x, y, order)[1]


def log1pmx(x: Any) -> Any:
    """log(1 + x) - x, by its series next to zero."""
    r = x / (2.0 + x)
    s = r * r
    series = jnp.zeros_like(r)
    for k in range(23, 1, -2):
        series = s * (2.0 / k + series)
    near = r * (series - x)
    return jnp.where(jnp.abs(x) < 0.4, near, jnp.log1p(x) - x)


def log1mexp(x: Any) -> Any:
    """log(1 - exp(x)) for x <= 0."""
    return jnp.where(x > -0.6931471805599453, jnp.log(-jnp.expm1(x)), jnp.log1p(-jnp.exp(x)))


def log1psq(x: Any) -> Any:
    """log(1 + x ** 2)."""
    far = jnp.abs(x) > 1e9
    return jnp.where(far, 2.0 * jnp.log(jnp.where(far, jnp.abs(x), 1.0)), jnp.log1p(x * x))


def logexpm1(x: Any) -> Any:
    """log(exp(x) - 1) for x >= 0, about its zero at log(2) of 1 + 2 expm1(x - log(2))."""
    # Less log(2) in three parts, of which either precision holds the first; XLA would add up constants.
    beside = jnp.maximum(x - 0.6931471824645996, -1.0) + 1.904654323148236e-09
    middle = jnp.log1p(2.0 * (jnp.expm1(beside) - 2.3190468138462996e-17))
    found = jnp.where(x < 0.4, jnp.log(jnp.expm1(x)), middle)
    return jnp.where(x > 1.0, x + jnp.log1p(-jnp.exp(-x)), found)


def logmxp1(x: Any) -> Any:
    """log(x) - (x - 1)."""
    return jnp.where((x >= 0.6) & (x < 1.4), log1pmx(x - 1.0), (1.0 - x) + jnp.log(x))


def xlogy(x: Any, y: Any) -> Any:
    """x log(y); 0 where x is."""
    return jnp.where((x == 0.0) & ~jnp.isnan(y), 0.0, x * jnp.log(y))


def xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y); 0 where x is."""
    return jnp.where((x == 0.0) & ~jnp.isnan(y), 0.0, x * jnp.log1p(y))


def xdivy(x: Any, y: Any) -> Any:
    """x / y; 0 where x is."""
    return jnp.where((x == 0.0) & ~jnp.isnan(y), 0.0, x / y)


def entr(x: Any) -> Any:
    """-x log(x); 0 at 0."""
    return jnp.where(x == 0.0, 0.0, -x * jnp.log(x))


def log_ratio(a: Any, b: Any) -> Any:
    """log(a / b), next to a = b by what they differ."""
    near = (0.5 * b <= a) & (a <= 2.0 * b) & (a > 0.0)
    found = jnp.where(near, jnp.log1p((a - b) / b), jnp.log(a) - jnp.log(b))
    return jnp.where((a < 0.0) | (b < 0.0), jnp.nan, found)


def rel_entr(a: Any, b: Any) -> Any:
    """a log(a / b); infinite beyond its domain."""
    inside = jnp.where((a == 0.0) & (b >= 0.0), 0.0, jnp.inf)
    found = jnp.where((a > 0.0) & (b > 0.0), a * log_ratio(a, b), inside)
    return jnp.where(jnp.isnan(a) | jnp.isnan(b), jnp.nan, found)


def kl_div(a: Any, b: Any) -> Any:
    """a log(a / b) - a + b; infinite beyond its domain."""
    near = (0.6 * a < b) & (b < 1.4 * a)
    found = jnp.where(near, -a * log1pmx((b - a) / a), a * log_ratio(a, b) - a + b)
    inside = jnp.where((a == 0.0) & (b >= 0.0), b, jnp.inf)
    found = jnp.where((a > 0.0) & (b > 0.0), found, inside)
    return jnp.where(jnp.isnan(a) | jnp.isnan(b), jnp.nan, found)


def sine_and_cosine(x: Any, half: float) -> Any:
    """Sine and cosine of an angle in a unit of which ``half`` are half a turn.

    From what is left of it beside a whole number of half turns, exactly.
    """
    turns = jnp.rint(x / half)
    rest = x - half * turns
    beside = jnp.copysign(0.5 * half, rest) - rest
    close = jnp.abs(rest) < 0.25 * half
    sign = jnp.where(jnp.fmod(turns, 2.0) == 0.0, 1.0, -1.0)
    unit = jnp.pi / half
    return (
        sign * jnp.where(close, jnp.sin(unit * rest), jnp.copysign(jnp.cos(unit * beside), rest)),
        sign * jnp.where(close, jnp.cos(unit * rest), jnp.copysign(jnp.sin(unit * beside), beside * rest)),
    )


def sinpi(x: Any) -> Any:
    """sin(pi x)."""
    return sine_and_cosine(x, 1.0)[0]


def cospi(x: Any) -> Any:
    """cos(pi x)."""
    return sine_and_cosine(x, 1.0)[1]


def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x); 1 at 0."""
    return jnp.where(x == 0.0, 1.0, sinpi(x) / (jnp.pi * jnp.where(x == 0.0, 1.0, x)))


def sind(x: Any) -> Any:
    """The sine of degrees."""
    return sine_and_cosine(jnp.fmod(x, 360.0), 180.0)[0]


def cosd(x: Any) -> Any:
    """The cosine of degrees."""
    return sine_and_cosine(jnp.fmod(x, 360.0), 180.0)[1]


def tand(x: Any) -> Any:
    """The tangent of degrees."""
    return sind(x) / cosd(x)


def normal_quantile(p: Any) -> Any:
    """The inverse of the normal law's distribution function."""
    return special.ndtri(p)


def normal_quantile_slope(p: Any) -> Any:
    """The derivative of `normal_quantile`."""
    return 2.5066282746310002 * jnp.exp(0.5 * jnp.square(special.ndtri(p)))


def exp_square(x: Any) -> Any:
    """exp(x ** 2); the square of a number of few bits is exact, and what it leaves of the other is small."""
    near = jnp.clip(x, -50.0, 50.0)
    few = jnp.rint(64.0 * near) / 64.0
    power = jnp.exp(few * few)
    return power + power * jnp.expm1((near - few) * (near + few))


def erfinv_parts(x: Any) -> Any:
    """The inverse of the error function for 0 <= x < 1, and a step of Newton's method on erfc beside it."""
    y = special.erfinv(x)
    z = jnp.where((x > 0.5) & jnp.isfinite(y), y, 0.0)
    step = 0.886226925452758 * exp_square(z) * (special.erfc(z) - (1.0 - x))
    return y, jnp.where(z > 0.0, step, 0.0)


def erfinv(x: Any) -> Any:
    """The inverse of the error function."""
    y, step = erfinv_parts(jnp.abs(x))
    return jnp.copysign(y + step, x)


def erfinv_slope(x: Any) -> Any:
    """The derivative of `erfinv`."""
    y, step = erfinv_parts(jnp.abs(x))
    slope = 0.886226925452758 * exp_square(y) * jnp.exp(step * (2.0 * y + step))
    return jnp.where(jnp.abs(x) == 1.0, jnp.inf, slope)


def erfcinv(x: Any) -> Any:
    """The inverse of the complementary error function."""
    return -0.7071067811865476 * special.ndtri(0.5 * x)


def erfcinv_slope(x: Any) -> Any:
    """The derivative of `erfcinv`."""
    return -0.886226925452758 * jnp.exp(jnp.square(erfcinv(x)))


def erf(x: Any) -> Any:
    """The error function."""
    return special.erf(x)


def erfc(x: Any) -> Any:
    """1 - erf(x)."""
    return special.erfc(x)


def normal_cdf(x: Any) -> Any:
    """The normal law's distribution function."""
    return 0.5 * special.erfc(-x * 0.7071067811865476)


def lgamma(x: Any) -> Any:
    """The logarithm of the gamma function's absolute value."""
    return special.gammaln(x)


def digamma(x: Any) -> Any:
    """The derivative of log gamma."""
    return special.digamma(x)


def polygamma(x: Any, order: float) -> Any:
    """The derivative of a whole order of digamma; NaN below zero."""
    return jnp.where(x > 0.0, special.polygamma(int(order), x), jnp.nan)
