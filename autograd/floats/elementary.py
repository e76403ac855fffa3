"""Accurate functions of floats that obey IEEE 754 where Python's ``math`` raises. Standard library only."""



from __future__ import annotations

import math
from collections.abc import Callable, Sequence

NAN, INF = math.nan, math.inf
MAX_ORDER = 1000.0
"""The largest order of derivative that a function of whole orders computes.

Each takes a number of steps that grows with it.
"""
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
LN2 = 0.6931471805599453
LN2_REST = 2.3190468138462996e-17  # what rounding took from it
LN2_HIGH, LN2_LOW = 0.6931471805592082, 7.371002565167799e-13


# Exact arithmetic on pairs: a rounded result, and what the rounding lost.


def two_sum(a: float, b: float) -> tuple[float, float]:
    """Sum and its rounding error (Knuth, TAOCP 4.2.2, theorem B)."""
    s = a + b
    if not math.isfinite(s):
        return s, 0.0
    t = s - a
    return s, (a - (s - t)) + (b - t)


def two_product(a: float, b: float) -> tuple[float, float]:
    """Product and its rounding error, for factors below 1e290 (Dekker 1971)."""
    p = a * b
    c, d = 134217729.0 * a, 134217729.0 * b  # 2**27 + 1 splits 53 bits into two halves
    a1, b1 = c - (c - a), d - (d - b)
    a2, b2 = a - a1, b - b1
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)


# What Python's math raises for, IEEE answers with infinity or NaN.


def div(a: float, b: float) -> float:
    """Quotient, to the bit Python's; by zero as IEEE 754 says."""
    try:
        return a / b
    except ZeroDivisionError:
        return NAN if a == 0.0 or a != a else math.copysign(INF, a) * math.copysign(1.0, b)


def div_slope(a: float, b: float) -> float:
    """Slope -a / b**2 of a quotient: by way of a / b, but where that one is subnormal and lacks digits."""
    y = div(a, b)
    return -a / (b * b) if 0.0 < abs(y) < 1e-290 and abs(b) < 1.0 else div(-y, b)


def div_slopes(y: float, a: float, b: float) -> tuple[float, float]:
    """Partials of the quotient: 1 / b and `div_slope`."""
    return 1.0 / b, -y / b if abs(y) > 1e-290 or abs(b) >= 1.0 else div_slope(a, b)


def floordiv(a: float, b: float) -> float:
    """Python's ``a // b``; by zero as a division."""
    return div(a, b) if b == 0.0 else a // b


def mod(a: float, b: float) -> float:
    """Python's ``a % b``, with the sign of b; NaN for b = 0."""
    return NAN if b == 0.0 else a % b


def pow(x: float, y: float) -> float:
    """Power as C99's Annex F says; NaN instead of a complex result."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -INF if x < 0.0 and y % 2.0 == 1.0 else INF
    except ValueError:
        if x != 0.0:
            return NAN
        return math.copysign(INF, x) if y % 2.0 == 1.0 else INF


def overflowing(f: Callable[[float], float], *, odd: bool = False) -> Callable[[float], float]:
    """Give infinity where ``f`` raises OverflowError, with the operand's sign for an odd function."""

    def ieee(x: float) -> float:
        try:
            return f(x)
        except OverflowError:
            return math.copysign(INF, x) if odd else INF

    return ieee


def bounded(f: Callable[[float], float], pole: float = NAN, at_pole: float = NAN) -> Callable[[float], float]:
    """Give NaN where ``f`` raises ValueError, outside its domain; but ``at_pole`` at ``pole``."""

    def ieee(x: float) -> float:
        try:
            return f(x)
        except ValueError:
            return at_pole if x == pole else NAN

    return ieee


exp, exp2 = overflowing(math.exp), overflowing(math.exp2)
expm1, cosh = overflowing(math.expm1), overflowing(math.cosh)
sinh = overflowing(math.sinh, odd=True)
sqrt, asin, acos, acosh = bounded(math.sqrt), bounded(math.asin), bounded(math.acos), bounded(math.acosh)
sin, cos, tan = bounded(math.sin), bounded(math.cos), bounded(math.tan)
log, log2, log10 = bounded(math.log, 0.0, -INF), bounded(math.log2, 0.0, -INF), bounded(math.log10, 0.0, -INF)
log1p = bounded(math.log1p, -1.0, -INF)


def atanh(x: float) -> float:
    """Inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond."""
    if x in (-1.0, 1.0):
        return math.copysign(INF, x)
    return math.atanh(x) if abs(x) < 1.0 else NAN


def cbrt(x: float) -> float:
    """Cube root: libm's is up to 3 ulp off, so one step of Newton's method with the residual in two parts."""
    if x == 0.0 or not math.isfinite(x):
        return x
    m, e = math.frexp(x)
    third, rest = divmod(e, 3)
    x = math.ldexp(m, rest)
    y = math.cbrt(x)
    square, a = two_product(y, y)
    cube, b = two_product(square, y)
    return math.ldexp(y - ((cube - x) + (b + a * y)) / (3.0 * square), third)


def sec(x: float) -> float:
    """Secant 1 / cos(x)."""
    return div(1.0, cos(x))


def csc(x: float) -> float:
    """Cosecant 1 / sin(x)."""
    return div(1.0, sin(x))


def cot(x: float) -> float:
    """Cotangent 1 / tan(x)."""
    return div(1.0, tan(x))


def csch(x: float) -> float:
    """Hyperbolic cosecant 2 / (exp(x) - exp(-x)), accurate to the last subnormal number."""
    a = abs(x)
    if a < 20.0:
        return div(1.0, math.sinh(x))
    # exp(-2 a) is nothing beside 1; where exp(-a) lacks digits, the factor exp(-706) comes last.
    y = 2.0 * math.exp(706.0 - a) * 2.443969469407077e-307 if a > 706.0 else 2.0 * math.exp(-a)
    return math.copysign(y, x)


def coth(x: float) -> float:
    """Hyperbolic cotangent 1 / tanh(x)."""
    return div(1.0, math.tanh(x))


# Inverses of the reciprocals, each from what is 0 or infinite at the ends of its domain.


def _leg(a: float) -> float:
    """Root of a**2 - 1; NaN below 1."""
    return sqrt((a - 1.0) * (a + 1.0)) if a < 1e100 else a


def asec(x: float) -> float:
    """Inverse secant, from 0 to pi; NaN between -1 and 1."""
    if not abs(x) >= 1.0:
        return NAN
    angle = math.atan(_leg(abs(x)))
    return angle if x > 0.0 else math.pi - angle


def acsc(x: float) -> float:
    """Inverse cosecant, from -pi / 2 to pi / 2; NaN between -1 and 1."""
    return math.copysign(math.atan(div(1.0, _leg(abs(x)))), x) if abs(x) >= 1.0 else NAN


def acot(x: float) -> float:
    """Inverse cotangent, an odd function from -pi / 2 to pi / 2 that jumps at zero."""
    return math.atan(div(1.0, x))


def asech(x: float) -> float:
    """Inverse hyperbolic secant; NaN outside of 0 to 1."""
    if not 1e-9 < x <= 1.0:
        return LN2 - log(x) if 0.0 <= x < 0.5 else NAN
    return math.asinh(math.sqrt((1.0 - x) * (1.0 + x)) / x)


def acsch(x: float) -> float:
    """Inverse hyperbolic cosecant."""
    return math.asinh(1.0 / x) if not abs(x) < 1e-9 else math.copysign(LN2 - log(abs(x)), x)


def acoth(x: float) -> float:
    """Inverse hyperbolic cotangent; NaN between -1 and 1."""
    a = abs(x)
    return math.copysign(0.5 * math.log1p(div(2.0, a - 1.0)), x) if a >= 1.0 else NAN


# Steps. NaN stays NaN.


def step(a: float, b: float, tie: float) -> float:
    """1 where a > b, 0 where a < b, ``tie`` where equal."""
    return 1.0 if a > b else 0.0 if a < b else tie if a == b else NAN


def sign(x: float) -> float:
    """Sign: -1, 0 or 1."""
    return step(x, 0.0, 0.5) * 2.0 - 1.0


def restrict(x: float) -> float:
    """The same number, without the sign of zero; NaN below zero."""
    return abs(x) if x >= 0.0 else NAN


def saturate(x: float) -> float:
    """The same number; the largest float in place of an infinity, so that 0 * x is 0."""
    return math.copysign(1.7976931348623157e308, x) if abs(x) == INF else x


def floor(x: float) -> float:
    """Largest whole number that is not above x."""
    return math.copysign(math.floor(x), x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """Smallest whole number that is not below x."""
    return math.copysign(math.ceil(x), x) if math.isfinite(x) else x


_TENS = tuple([10.0**k for k in range(23)])
"""The powers of ten that are floats."""


def round(x: float, ndigits: float) -> float:
    """Round to a number of decimals, halves to even."""
    if ndigits != ndigits or not math.isfinite(x):
        return x if ndigits == ndigits else NAN
    digits = int(clamp(ndigits, -400.0, 400.0))
    if digits == 0:
        return x.__round__(0)
    if -23 < digits < 0:  # what is left of a multiple of a whole number is a float
        return math.copysign(x - math.remainder(x, _TENS[-digits]), x)
    if 0 < digits < 23:
        unit = _TENS[digits]
        scaled, lost = two_product(x, unit)
        if abs(scaled) < 4503599627370496.0:  # 2**52: the whole number is a float, and so is the distance
            whole = scaled.__round__(0)
            if lost != 0.0 and abs(scaled - whole) == 0.5:  # no tie, but beside one
                whole = scaled + math.copysign(0.5, lost)
            return math.copysign(whole / unit, x)
    try:
        return x.__round__(digits)
    except OverflowError:
        return math.copysign(INF, x)


def clamp(x: float, low: float, high: float) -> float:
    """The number in [low, high] next to x; high, if the interval is empty; NaN if there is a NaN."""
    return minimum(maximum(x, low), high)


def maximum(a: float, b: float) -> float:
    """The larger one; NaN if there is a NaN."""
    return a if a >= b or a != a else b


def minimum(a: float, b: float) -> float:
    """The smaller one; NaN if there is a NaN."""
    return a if a <= b or a != a else b


def trunc(x: float) -> float:
    """The whole part, towards zero."""
    return math.copysign(math.floor(abs(x)), x) if math.isfinite(x) else x


def fmod(a: float, b: float) -> float:
    """Remainder with the sign of a, as C's ``fmod``; NaN for b = 0."""
    return math.fmod(a, b) if b != 0.0 and math.isfinite(a) else NAN


def remainder(a: float, b: float) -> float:
    """Difference of a and the nearest multiple of b, as IEEE 754 says; NaN for b = 0."""
    return math.remainder(a, b) if b != 0.0 and math.isfinite(a) else NAN


# Activations.


def sigmoid(x: float) -> float:
    """Logistic function 1 / (1 + exp(-x)), accurate in both tails."""
    e = math.exp(-abs(x))
    # Below zero e / (1 + e), which rounds less as a difference whose second term is the smaller one.
    return 1.0 / (1.0 + e) if x >= 0.0 else e - e * (e / (1.0 + e))


def softplus(x: float) -> float:
    """Smooth ramp log(1 + exp(x)), without overflow."""
    y = math.log1p(math.exp(-abs(x)))
    return x + y if x > 0.0 else y


def relu(x: float) -> float:
    """Ramp max(x, 0); NaN stays NaN."""
    return 0.0 if x <= 0.0 else x


def elu(x: float, alpha: float) -> float:
    """Identity above zero, alpha (exp(x) - 1) below."""
    return x if x > 0.0 else alpha * expm1(x)


def selu(x: float) -> float:
    """Scaled elu, whose two constants keep mean 0 and variance 1 from layer to layer."""
    return SELU_SCALE * x if x > 0.0 else SELU_SCALE * SELU_ALPHA * math.expm1(x) if x <= 0.0 else x


def sech(x: float) -> float:
    """Hyperbolic secant 2 / (exp(x) + exp(-x)), accurate to the last subnormal number."""
    a = abs(x)
    far = a > 706.0  # where exp(-a) lacks digits, 2 exp(-a) with the factor exp(-706) last
    e = math.exp(706.0 - a if far else -a)
    t, d = e * e, e + e
    # The difference rounds less than d / (1 + t), as in `sigmoid`.
    return d * 2.443969469407077e-307 if far else d - d * (t / (1.0 + t))


def sech_squared(x: float) -> float:
    """Derivative of tanh: 4 q (1 - q) with q = sigmoid(-2 abs(x)).

    Where q may be subnormal or zero, and four times it is not, it is the square of 2 exp(-abs(x)).
    """
    e = math.exp(-2.0 * abs(x))
    if e < 1e-300:
        e = math.exp(-abs(x))
        return 4.0 * e * e
    q = e - e * (e / (1.0 + e))
    return 4.0 * (q - q * q)


def silu(x: float) -> float:
    """Product x sigmoid(x) as a quotient, which rounds less often.

    Where the exponential leaves the range of doubles, it is applied in two halves.
    """
    if x < -700.0:
        half = math.exp(0.5 * x)
        return saturate(x) * half * half
    return x / (1.0 + math.exp(-x))


def sigmoid_slope(x: float) -> float:
    """Derivative of `sigmoid`: q (1 - q) with q = sigmoid(-abs(x))."""
    e = math.exp(-abs(x))
    q = e - e * (e / (1.0 + e))
    return q - q * q


def scaled_sigmoid_slope(c: float, x: float) -> float:
    """Product of c and `sigmoid_slope`.

    Where the slope lacks digits or leaves the range of doubles, the exponential is applied in two halves.
    """
    if abs(x) < 700.0:
        return c * sigmoid_slope(x)
    half = math.exp(-0.5 * abs(x))
    return c * half * half


def is_order(order: float) -> bool:
    """Whether a number is an order of derivative that is computed."""
    return 0.0 <= order <= MAX_ORDER and order == math.floor(order)


# Logarithms of probabilities, and entropies.


def logit(x: float) -> float:
    """Logarithm of x / (1 - x); about 1/2, where it is zero, of 1 and an exact difference's quotient."""
    if 0.25 <= x <= 0.75:
        y = 2.0 * x - 1.0
        return math.log1p(y / (1.0 - x)) if y >= 0.0 else -math.log1p(-y / x)
    return log(x / (1.0 - x)) if x < 1.0 else INF if x == 1.0 else NAN


def logit_slope(x: float) -> float:
    """Derivative 1 / (x (1 - x)) of `logit`."""
    return div(1.0, abs(x) * (1.0 - x)) if 0.0 <= x <= 1.0 else NAN


def log1mexp(x: float) -> float:
    """Logarithm of 1 - exp(x) for x <= 0; whichever difference with 1 is the larger one is taken."""
    if x > -LN2:
        return log(-expm1(x))
    return math.log1p(-math.exp(x))


def log1mexp_slope(x: float) -> float:
    """Derivative of `log1mexp`, -1 / (exp(-x) - 1), far below zero -exp(x)."""
    if x < -40.0:
        return -math.exp(x)
    return -div(1.0, math.expm1(-x)) if x < 0.0 else -INF if x == 0.0 else NAN


def log2mexp(x: float) -> float:
    """Logarithm of 2 - exp(x), which about its end at log(2) is -2 expm1(x - log(2))."""
    if x < 0.5:
        return math.log1p(-math.expm1(x))
    return log(-2.0 * expm1((x - LN2) - LN2_REST)) if x <= LN2 else NAN


def log2mexp_slope(x: float) -> float:
    """Derivative of `log2mexp`, exp(x) / (exp(x) - 2)."""
    if x < 0.25:
        power = math.exp(x)
        return -power / (2.0 - power)
    return 0.5 * math.exp(x) / expm1((x - LN2) - LN2_REST) if x <= LN2 else NAN


def logexpm1(x: float) -> float:
    """Logarithm of exp(x) - 1 for x >= 0; about its zero at log(2) of 1 + 2 expm1(x - log(2))."""
    if not x >= 0.0:
        return NAN
    far, near = x > 1.0, x < 0.4
    e = math.expm1(x if near else -x if far else (x - LN2) - LN2_REST)
    if near or far:
        return log(abs(e)) + (x if far else 0.0)
    return math.log1p(2.0 * e)


def log1psq(x: float) -> float:
    """Logarithm of 1 + x**2."""
    far = abs(x) > 1e150
    y = math.log1p(abs(x) if far else x * x)
    return y + y if far else y


def logmxp1(x: float) -> float:
    """Difference log(x) - (x - 1)."""
    if 0.5 <= x < 4.0:
        return log1pmx(x - 1.0)
    return (1.0 - x) + log(x) if x < INF else -x


# By interpolation: what artanh(r) has beyond r, over r**3, up to r = 2/3. The last coefficient is first.
ARTANH = (
    2.778883853675802, -8.219287847705775, 11.820777258679751, -10.38650923164993, 6.33184519885593,
    -2.701229937675656, 0.9198164739301918, -0.1681154338766747, 0.08582685295549035, 0.047477931747992266,
    0.05933594324726058, 0.06662995457729616, 0.07692490686041077, 0.09090903074936518, 0.11111111231056524,
    0.14285714284456827, 0.2000000000000521, 0.3333333333333333,
)  # fmt: skip
_ARTANH_ODD, _ARTANH_EVEN = ARTANH[::2], ARTANH[1::2]


def log1pmx(x: float) -> float:
    """Difference log(1 + x) - x."""
    if not -0.8 < x < 4.0:
        return -INF if x == INF else log1p(x) - x
    y, rest = _log1pmx(x)
    return y + rest


def _log1pmx(x: float) -> tuple[float, float]:
    """Give the difference log(1 + x) - x from -0.8 to 4 in two parts.

    By the inverse hyperbolic tangent of r = x / (2 + x), since 2 r - x = -x r (DLMF 4.6.4).
    """
    # What rounding took from r counts as often as the slope says.
    d, d_lost = two_sum(2.0, x)
    inverse = 1.0 / d
    r = x * inverse
    p, lost = two_product(r, d)
    lost = ((x - p) - lost - r * d_lost) * inverse
    square, even, odd = r * r, 0.0, 0.0
    fourth = square * square
    for c in _ARTANH_ODD:
        odd = odd * fourth + c
    for c in _ARTANH_EVEN:  # apart, lest each waits for the one before
        even = even * fourth + c
    series = odd * square + even
    factor, factor_lost = two_sum(-x, 2.0 * square * series)
    y, y_lost = two_product(r, factor)
    slope = 2.0 * square * (1.0 + square * (0.95 + 1.9 * square))  # 2 r**2 / (1 - r**2), to two digits
    return y, y_lost + r * factor_lost + lost * (slope - x)


def _quotient(x: float, y: float) -> tuple[float, float]:
    """Quotient, and what rounding took from it, of numbers of ordinary size."""
    q = x / y
    p, lost = two_product(q, y)
    return q, ((x - p) - lost) / y


def log_ratio(x: float, y: float) -> float:
    """Logarithm of x / y for positive numbers; where these are near to each other, of 1 + (x - y) / y."""
    if x < 0.0 or y < 0.0:
        return NAN
    if 0.5 * y <= x <= 2.0 * y < INF and x > 0.0:
        return math.log1p((x - y) / y)
    if 1e-140 < x < 1e140 and 1e-140 < y < 1e140:
        q, lost = _quotient(x, y)
        return math.log(q) + lost / q
    if not 0.0 < x < INF or not 0.0 < y < INF:
        return NAN if x == y else log(x) - log(y)
    a, i = math.frexp(x)
    b, j = math.frexp(y)
    q, lost = _quotient(a, b)
    k = float(i - j)
    return k * LN2_HIGH + (math.log(q) + (lost / q + k * LN2_LOW))


def saturation(x: float) -> float:
    """Part x / (1 + x) of what saturates; NaN below -1."""
    return div(x, 1.0 + x) if -1.0 <= x < INF else 1.0 if x > 0.0 else NAN


def xlogy(x: float, y: float) -> float:
    """Product x log(y); 0 where x is, whatever the logarithm."""
    return 0.0 if x == 0.0 and y == y else x * log(y)


def xlog1py(x: float, y: float) -> float:
    """Product x log(1 + y); 0 where x is, whatever the logarithm."""
    return 0.0 if x == 0.0 and y == y else x * log1p(y)


def xdivy(x: float, y: float) -> float:
    """Quotient x / y; 0 where x is, whatever the divisor."""
    return 0.0 if x == 0.0 and y == y else div(x, y)


def entr(x: float) -> float:
    """Entropy -x log(x) of a probability; minus infinity below zero."""
    return -xlogy(x, x) if x >= 0.0 or x != x else -INF


def rel_entr(x: float, y: float) -> float:
    """Relative entropy x log(x / y); infinite beyond its domain."""
    if x != x or y != y:
        return NAN
    if x > 0.0 and y > 0.0:
        return x * log_ratio(x, y)
    return 0.0 if x == 0.0 and y >= 0.0 else INF


def kl_div(x: float, y: float) -> float:
    """Distance x log(x / y) - x + y; infinite beyond its domain.

    Where the numbers are near to each other it is made of `log1pmx`, whose operand keeps its rounding error.
    """
    if x != x or y != y:
        return NAN
    if not (x > 0.0 and y > 0.0):
        return y if x == 0.0 and y >= 0.0 else INF
    if not (x < INF and y < INF):
        return NAN if x == y else INF
    most = max(x, y)
    scale = 2.0**-600 if most > 1e150 else 2.0**600 if most < 1e-150 else 1.0
    a, b = x * scale, y * scale
    if 0.2 * a < b < 5.0 * a:
        d, d_lost = two_sum(b, -a)
        t, lost = _quotient(d, a)
        y, rest = _log1pmx(t)
        p, p_lost = two_product(a, y)
        distance = -p - (p_lost + a * (rest - (lost + d_lost / a) * t / (1.0 + t)))
    else:
        p, lost = two_product(a, log_ratio(x, y))
        s, s_lost = two_sum(p, -a)
        distance, rest = two_sum(s, b)
        distance += rest + s_lost + lost
    return distance / scale


# Powers.


def running_products(xs: Sequence[float]) -> list[tuple[int, int]]:
    """Product of the first 0, 1, 2, ... of finite numbers as m 2**e, each m with 128 bits."""
    m, e = 1, 0
    products = [(1, 0)]
    for x in xs:
        f, j = math.frexp(x)
        m *= int(f * 9007199254740992.0)  # 2**53
        excess = m.bit_length() - 128
        if excess > 0:
            m >>= excess
            e += excess
        e += j - 53
        products.append((m, e))
    return products


def rounded(m: int, e: int) -> float:
    """Give the float next to m 2**e; infinity beyond the range."""
    try:
        return math.ldexp(float(m), e)
    except OverflowError:
        return math.copysign(INF, m)


def products_of_others(xs: Sequence[float]) -> tuple[float, ...]:
    """For each of numbers that are finite and not zero, what stands before it times what stands behind it."""
    before, behind = running_products(xs), running_products(xs[::-1])[::-1]
    return tuple([rounded(m * n, e + k) for (m, e), (n, k) in zip(before, behind[1:], strict=False)])


def prod(*xs: float) -> float:
    """Product, rounded once."""
    if 0.0 not in xs:
        try:
            return rounded(*running_products(xs)[-1])
        except (OverflowError, ValueError):  # there is no whole number for the mantissa of an infinity or NaN
            pass
    # A zero, an infinity or NaN decides, and the signs.
    y = 1.0
    for x in xs:
        y *= math.copysign(1.0, x) if x and math.isfinite(x) else x
    return y


def exp10(x: float) -> float:
    """10 to a power."""
    return pow(10.0, x)


def scaled_base(x: float, factor: float, base: float) -> float:
    """Product factor base**x; in two halves, where the power alone leaves the range of doubles."""
    return base_slope(pow(base, x), x, factor, base)


def base_slope(y: float, x: float, factor: float, base: float) -> float:
    """Give that product from the power."""
    if 1e-290 < y < 1e290:
        return factor * y
    half = pow(base, 0.5 * x)
    return factor * half * half


def scaled_exp(x: float, factor: float) -> float:
    """Product factor exp(x).

    Where the exponential lacks digits or leaves the range of doubles, it is applied in two halves.
    """
    if abs(x) < 700.0:
        return factor * math.exp(x)
    half = exp(0.5 * x)
    return factor * half * half


def scaled_power(x: float, factor: float, exponent: float) -> float:
    """Product factor x**exponent; where the power alone leaves the range of doubles, as a `monomial`."""
    power = pow(x, exponent)
    if 1e-290 < abs(power) < 1e290 or not 0.0 < abs(x) < INF:
        return factor * power
    return monomial(factor, x, exponent, 0.0, 0.0)


def power_slopes(_: float, x: float, c: float) -> tuple[float]:
    """Derivative of x**c, in the steps of its row's rule."""
    e = c - 1.0
    return (0.0 if c == 0.0 else scaled_power(x, c, e) if e + 1.0 == c else monomial(c, x, c, 1.0, 0.0),)


def pow_slopes(y: float, a: float, b: float) -> tuple[float, float]:
    """Partials of a**b, in the steps of its row's rule; the power is asked for again where it is extreme."""
    slope = y * log(a) if 0.0 < a < INF and 1e-140 < y < 1e140 else monomial(1.0, a, b, 0.0, 1.0)
    return monomial(b, a, b, 1.0, 0.0), slope


def one_minus_square_power(x: float, exponent: float) -> float:
    """Power of 1 - x**2, which keeps its rounding error; NaN beyond 1."""
    square, lost = two_product(x, x) if abs(x) < 1e100 else (INF, 0.0)
    base, rest = two_sum(1.0, -square)
    if base <= 0.0 or base != base:
        return pow(0.0, exponent) if abs(x) == 1.0 else NAN
    y = 1.0 / math.sqrt(base) if exponent == -0.5 else pow(base, exponent)
    return y + y * (exponent * ((rest - lost) / base))


def pow_derivative(a: float, b: float, first: float, second: float) -> float:
    """Derivative of a**b, taken by a and by b so many times: one product, since its terms may not be numbers.

    It is a**(b - first) times a polynomial in ln(a), whose coefficients are the derivatives of
    b (b - 1) ... (b - first + 1).
    """
    if not is_order(first) or not is_order(second):
        return NAN
    factors = [1.0] + [0.0] * int(second)
    for k in range(int(first)):
        for j in range(int(second), 0, -1):
            factors[j] = factors[j] * (b - k) + j * factors[j - 1]
        factors[0] *= b - k
    if first == 0.0 or second == 0.0:
        return monomial(factors[0], a, b, first, second)
    binomial = 1.0
    inside = total = 0.0
    for j in range(int(second) + 1):
        factor, logs = binomial * factors[j], second - j
        if factor != 0.0:
            total += monomial(factor, a, b, first, logs)
            if a > 0.0:
                inside = inside + factor * pow(log(a), logs)
        binomial *= logs / (j + 1.0)
    if inside != inside and abs(b) > 1.0:  # of a huge exponent the factors overflow: the first outweighs them
        return monomial(factors[0], a, b, first, second)
    return monomial(inside, a, b, first, 0.0) if a > 0.0 else total


def monomial(c: float, a: float, b: float, order: float, logs: float) -> float:
    """Product c a**(b - order) log(a)**logs, of which every derivative of a power is made; 0 where c is."""
    if not is_order(logs):
        return NAN
    if c == 0.0 or (a == 0.0 and logs and b >= order):
        return 0.0
    e, lost = two_sum(b, -order)
    power = pow(a, e)
    if 0.0 < a < INF and logs <= 1.0 and 1e-140 < power < 1e140 and 1e-140 < abs(c) < 1e140:
        # As nearly always: two factors, or three, rounded once. What b - order lost counts ln(a) times.
        ln = log(a) if logs or lost else 0.0
        if abs(lost * ln) < 1e-9:
            y, rest = two_product(c, power)
            rest += y * (lost * ln)
            if logs == 0.0:
                return y + rest
            y, more = two_product(y, ln)
            return y + (more + rest * ln)
    return _any_monomial(c, a, b, order, logs)


def _any_monomial(c: float, a: float, b: float, order: float, logs: float) -> float:
    """Give a `monomial` as a product of all its factors, each within the range of doubles."""
    e, lost = two_sum(b, -order)
    if (a == INF and e < 0.0) or (math.isinf(b) and pow(abs(a), b) == 0.0):
        return 0.0
    # A negative base takes whole exponents only, and has no logarithm.
    sign = 1.0 if a >= 0.0 else NAN if logs else pow(-1.0, b) * pow(-1.0, order)
    a = abs(a)
    ln = log(a)
    factors = [pow(a, e)]
    if 0.0 < a < INF and not 1e-290 < factors[0] < 1e290:
        # The power alone may leave the range of doubles although the product does not; its root tells.
        root = pow(a, 0.5 * e)
        if root == 0.0:
            return 0.0 if c == c and sign == sign else NAN
        # Which a factor c of 1e-324 may still bring back.
        factors = [root, root] if root < INF else [pow(a, 0.125 * e)] * 8
        lost = lost if root < INF else 0.0
    if lost and math.isfinite(ln):
        # What rounding b - order lost counts ln(a) times.
        factors.append(exp(lost * ln))
    return prod(sign, c, *factors, *[ln] * int(logs))
