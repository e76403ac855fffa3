"""The logarithm of the gamma function and its derivatives.

Where doubles suffice for 2 ulp they do, in a microsecond or two: by power series, recurrences and Stirling's
series on the positive axis, by steps and reflections on the negative one. Where the terms of a reflection or
of a shift all but cancel (next to the zeros of log gamma, of digamma and of the polygamma functions of even
order below zero), beyond order 20, and where a power leaves the range of doubles, all is computed with 50
digits and rounded once. The standard library's decimal numbers take some 100 microseconds for that, and make
the textbook formulas safe.
"""



from __future__ import annotations

import math
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from functools import cache
from typing import Any

from autograd.floats.elementary import LN2_HIGH, LN2_LOW, is_order, two_product, two_sum

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


# Coefficients of log gamma(1 + t) / t and of log gamma(2 + t) / t, and what rounding the first two lost: DLMF
# 5.7.3.
_ABOUT_ONE = (
    -0.5772156649015329, 0.8224670334241132, -0.40068563438653143, 0.27058080842778454,
    -0.20738555102867398, 0.1695571769974082, -0.1440498967688461, 0.12550966952474304,
    -0.11133426586956469, 0.1000994575127818, -0.09095401714582904, 0.083353840546109, -0.0769325164113522,
    0.07143294629536133, -0.06666870588242046, 0.06250095514121304, -0.058823978658684585,
    0.055555767627403614, -0.05263167937961666, 0.05000004769810169, -0.047619070330142226,
    0.04545455629320467, -0.04347826605304026, 0.04166666915034121, -0.04000000119214014,
    0.03846153903467518, -0.037037037312989324, 0.035714285847333355, -0.034482758684919304,
    0.03333333336437758, -0.03225806453115042, 0.03125000000727597, -0.030303030306558044,
    0.029411764707594344, -0.02857142857226011, 0.027777777778181998, -0.027027027027223673,
    0.02631578947377995, -0.025641025641072283, 0.025000000000022737, -0.024390243902450117,
    0.023809523809529224, -0.023255813953491015, 0.02272727272727402, -0.022222222222222855,
    0.021739130434782917, -0.021276595744681003, 0.02083333333333341, -0.02040816326530616,
)  # fmt: skip
_ABOUT_TWO = (
    0.42278433509846713, 0.3224670334241132, -0.0673523010531981, 0.020580808427784546,
    -0.007385551028673986, 0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425,
    -0.00022315475845357939, 9.945751278180853e-05, -4.492623673813314e-05, 2.050721277567069e-05,
    -9.439488275268397e-06, 4.374866789907488e-06, -2.039215753801366e-06, 9.55141213040742e-07,
    -4.492469198764566e-07, 2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08,
    -2.2711094608943164e-08, 1.0838659214896955e-08, -5.183475041970047e-09, 2.4836745438024785e-09,
    -1.1921401405860912e-09, 5.731367241678862e-10, -2.7595228851242334e-10,
)  # fmt: skip
_ONE_LOST = (4.942915152430645e-18, 1.520336175199238e-17)
_TWO_LOST = (4.942915152430645e-18, 1.520336175199238e-17)

_STIRLING = (1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)


def _series(t: float, coefficients: tuple[float, ...], lost: tuple[float, float]) -> float:
    """Product of t and a power series in it whose first two terms may cancel.

    They keep their rounding errors.
    """
    p = 0.0
    for c in coefficients[:1:-1]:
        p = p * t + c
    first, first_lost = two_sum(coefficients[1], p * t)
    product, product_lost = two_product(first, t)
    total, total_lost = two_sum(coefficients[0], product)
    return t * total + t * (total_lost + product_lost + (first_lost + lost[1]) * t + lost[0])


def _lgamma_of_positive(x: float) -> float:
    """Logarithm of gamma(x) for x > 0.

    A power series serves up to 9, reached by steps of one, and Stirling's series beyond (DLMF 5.11.1).
    """
    if x < 0.5:
        return _series(x, _ABOUT_ONE, _ONE_LOST) - math.log(x)
    if x < 1.5:
        return _series(x - 1.0, _ABOUT_ONE, _ONE_LOST)
    if x < 9.0:
        product = 1.0
        while x > 2.5:
            x -= 1.0
            product *= x
        return math.log(product) + _series(x - 2.0, _ABOUT_TWO, _TWO_LOST)
    # log(x) - 1 in two parts.
    m, k = math.frexp(x)
    if m < 0.7071067811865476:
        m, k = 2.0 * m, k - 1
    high, low = two_sum(k * LN2_HIGH - 1.0, math.log(m))
    low += k * LN2_LOW
    if x > 1e17:
        return x * (high + low)
    inverse = 1.0 / x
    square, series = inverse * inverse, 0.0
    for c in _STIRLING:
        series = series * square + c
    p, lost = two_product(x - 0.5, high)
    return p + (lost + (x - 0.5) * low + (0.4189385332046727 + series * inverse))


def lgamma(x: float) -> float:
    """Logarithm of |gamma(x)|; infinite at the poles."""
    if _is_pole(x) or x == INF:
        return INF
    if x != x or x in (1.0, 2.0):
        return x if x != x else 0.0
    if x > 0.0:
        return _lgamma_of_positive(x) if x < 1e305 else x * (math.log(x) - 1.0)
    y = _lgamma_of_negative(x)
    if y == y:
        return y
    with localcontext(DIGITS):
        # Reflection, DLMF 5.5.3.
        return float((PI / abs(_sin_cos(x)[0])).ln() - _lgamma(1 - Decimal(x)))


def _lgamma_of_negative(x: float) -> float:
    """Logarithm of |gamma(x)| for x < 0, no pole; NaN where it is so near to zero that its terms cancel."""
    start = x
    if x > -0.5:
        return _series(x, _ABOUT_ONE, _ONE_LOST) - math.log(-x)
    if x > -9.0:
        # Up to between -1/2 and 1/2 about 1. The steps are exact; their product keeps its rounding errors.
        product, rest = x, 0.0
        while x < -0.5:
            x += 1.0
            if x < 0.5:
                high, low = two_product(product, x)
                product, rest = two_sum(high, low + rest * x)
        first, second = _series(x, _ABOUT_ONE, _ONE_LOST), math.log(abs(product + rest))
    else:
        z = 1.0 - x
        first = -_lgamma_of_positive(z) - ((1.0 - z) - x) * math.log(z)
        second = math.log(abs(_sine_of_pi(x)) * 0.3183098861837907)
    y = first - second
    return y if abs(y) > max(0.85, 0.7 * abs(first)) else _lgamma_near_zero(start) if start > -4.0 else NAN


# Zeros of log gamma, each with what rounding it lost.
_LGAMMA_ZEROS = (
    (-2.4570247382208006, -3.7075610815513266e-17),
    (-2.7476826467274127, 9.055340329338315e-17),
    (-3.14358088834998, -2.1818179852331714e-16),
    (-3.955294284858598, -1.999428391746348e-17),
)


@cache
def _about_zero(zero: float) -> tuple[float, ...]:
    """Coefficients of Taylor's series of log gamma about a zero as rounded, the last one first.

    The first is digamma there; the others are sums of inverse powers (DLMF 5.15.1).
    """
    inverses = [1.0 / (zero + k) for k in range(400)]
    higher = [(-1.0) ** k * math.fsum(r**k for r in inverses) / k for k in range(36, 12, -1)]
    lower = [polygamma(zero, k - 1.0) / math.factorial(k) for k in range(12, 0, -1)]
    return (*higher, *lower)


def _lgamma_near_zero(x: float) -> float:
    """Logarithm of |gamma(x)| within half of a zero's distance from the next pole; NaN elsewhere."""
    for zero, lost in _LGAMMA_ZEROS:
        t = x - zero
        if abs(t) < 0.28 * abs(math.remainder(zero, 1.0)):
            y, coefficients = 0.0, _about_zero(zero)
            for c in coefficients:
                y = y * t + c
            product, rest = two_product(y, t)
            return product + (rest - lost * (coefficients[-1] + lost * coefficients[-2]))
    return NAN


def _sine_of_pi(x: float) -> float:
    """Sine of pi x, but for its sign."""
    r = abs(math.remainder(x, 1.0))
    return math.sin(math.pi * r) if r < 0.25 else math.cos(math.pi * (0.5 - r))


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


# A rational function on 1 < x < 2 times the distance to the zero, which is given in three parts: Boost.Math,
# digamma.
_ZERO = (1569415565 / 1073741824, 381566830 / 1073741824 / 1073741824, 9.016312093258696e-20)
_NUMERATOR = (
    -0.0020713321167745952, -0.045251321448739056, -0.28919126444774784, -0.65031853770896507,
    -0.32555031186804491,
    0.25479851061131551,
)  # fmt: skip
_DENOMINATOR = (
    -0.55789841321675513e-6, 0.0021284987017821144, 0.054151797245674225, 0.43593529692665969,
    1.4606242909763515,
    2.0767117023730469, 1.0,
)  # fmt: skip


def _digamma_to_two(x: float) -> float:
    """Derivative of log gamma for 0 < x < 0.5 and 1 <= x <= 2, to 2 ulp up to 1.75."""
    if x < 1.0:
        return _digamma_to_two(x + 1.0) - 1.0 / x
    distance, lost = two_sum(x - _ZERO[0], -_ZERO[1])
    lost -= _ZERO[2]
    numerator = denominator = 0.0
    for c in _NUMERATOR:
        numerator = numerator * (x - 1.0) + c
    for c in _DENOMINATOR:
        denominator = denominator * (x - 1.0) + c
    ratio = numerator / denominator
    product, rest = two_product(distance, 0.99558162689208984)
    return product + (rest + distance * ratio + lost * (0.99558162689208984 + ratio))


def _digamma_from_ten(x: float) -> float:
    """Asymptotic series, DLMF 5.11.2."""
    w = 1.0 / x / x
    series = w * (
        1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * (691 / 32760 - w / 12)))))
    )
    return math.log(x) - (0.5 / x + series)


def digamma(x: float) -> float:
    """Derivative of log gamma; infinite at zero, NaN at the other poles."""
    if 0.0 < x < 0.5 or 1.0 <= x <= 1.75:
        return _digamma_to_two(x)
    if 10.0 <= x < INF:
        return _digamma_from_ten(x)
    if 0.5 <= x < 1.0:
        above, inverse = x + 1.0, 1.0 / x
        p, lost = two_product(inverse, x)
        # What rounding took from x + 1, times the slope there, about 0.8; and from 1 / x.
        return (_digamma_to_two(above) - inverse) + (0.8 * (x - (above - 1.0)) - ((1.0 - p) - lost) * inverse)
    if 1.75 < x < 10.0:
        # Down to between 1 and 2, by steps that round nothing.
        total, low = 0.0, 0.0
        while x >= 2.0:
            x -= 1.0
            total, lost = two_sum(total, 1.0 / x)
            low += lost
        first, lost = two_sum(total, _digamma_to_two(x))
        return first + (low + lost)
    return polygamma(x, 0.0)


def polygamma(x: float, order: float) -> float:
    """Derivative of the digamma function of a whole order, up to the largest that is computed.

    Of any other order it is NaN.
    """
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
    if x < 0.0:
        y = _polygamma_of_negative(x, n)
    elif n == 0:
        y = digamma(x)
    elif n == 1 and 1e-70 < x < 1e150:
        y = _trigamma(x)
    else:
        y = _polygamma_of_positive(x, n)
    if y == y:
        return y
    with localcontext(DIGITS):
        if x > 0.0:
            return float(_polygamma(+Decimal(x), n))
        # Reflection, DLMF 5.15.6.
        mirrored = _polygamma(1 - Decimal(x), n)
        return float((-mirrored if n % 2 else mirrored) - _cotangent(x, n))


# For each order the coefficients of the asymptotic series, DLMF 5.15.8, the last one first: of z**(-n - 2 k).
_TAILS = {
    n: tuple([
        float(_BERNOULLI[k - 1]) * (math.factorial(2 * k + n - 1) / math.factorial(2 * k))
        for k in range(12, 0, -1)
    ])
    for n in range(1, 21)
}  # fmt: skip


def _over_power(factor: float, z: float, n: int) -> float:
    """Give a factor over z**(n + 1)."""
    if n > 5:
        return factor * z ** (-n - 1)
    p, low = z, 0.0
    for _ in range(n):
        p, lost = two_product(p, z)
        low = low * z + lost
    return factor / (p + low)


def _trigamma(x: float) -> float:
    """Derivative of digamma, as the next ones: with each rounding that counts made good."""
    total, low, k, z = 0.0, 0.0, 0.0, x
    while z < 8.75:
        t = 1.0 / (z * z)
        before, total = total, total + t
        low += (t - (total - before)) + 2.0 * ((z - x) - k) * (t * t * z)
        k += 1.0
        z = x + k
    inverse, series = 1.0 / z, 0.0
    square = inverse * inverse
    for c in _TAILS[1]:
        series = series * square + c
    return total + (inverse + (low + ((0.5 + ((z - x) - k)) * square + inverse * (series * square))))


def _polygamma_of_positive(x: float, n: int) -> float:
    """Derivative of an order from 1 to 20 of digamma; NaN where a power leaves the doubles.

    The sum over k of n! (x + k)**(-n - 1), DLMF 5.15.1, up to where a series serves.
    """
    if n > 20 or not 1e-14 <= x < 1e14:
        return NAN
    factor, least = float(math.factorial(n)), 8.0 + 0.75 * n
    total, low, shift, k, z, lost = 0.0, 0.0, 0.0, 0.0, x, 0.0
    while z < least:
        t = _over_power(factor, z, n)
        shift += lost * (t / z)
        total, rest = two_sum(total, t)
        low += rest
        k += 1.0
        z = x + k
        lost = (z - x) - k
    inverse, top = 1.0 / z, _over_power(1.0, z, n - 1)
    square, series = inverse * inverse, 0.0
    for c in _TAILS[n]:
        series = series * square + c
    more = factor * top * (0.5 + lost) * inverse + top * (series * square)
    first, rest = two_sum(float(math.factorial(n - 1)) * top, more)
    total, more = two_sum(total, first)
    y = total + (low + more + rest + (n + 1) * shift)
    return y if n % 2 else -y


def _polygamma_of_negative(x: float, n: int) -> float:
    """Derivative of an order up to 20 of digamma below zero, by the same sum, whose steps round nothing.

    It is NaN where the digits of doubles do not suffice.
    """
    if n > 20 or not -30.0 < x < -1e-14:
        return NAN
    terms, z, digits, shift = [], x, 0.0, 0.0
    if n == 0:
        while z < 0.75:  # with what rounding takes from z, times slopes, apart
            terms.append(-1.0 / z)
            if z > 0.0:
                shift += (x - (z - (len(terms) - 1))) / (z * z)
            z += 1.0
        shift += (x - (z - len(terms))) * (1.0 / z + (0.5 + 1.0 / (6.0 * z)) / (z * z))
        digits = _digamma_to_two(z) + shift
        terms.append(digits)
    else:
        factor, power, k, least = float(math.factorial(n)), -n - 1, 1.0, 8.0 + 0.75 * n
        while z < least:
            # Beside the largest terms, those next to a pole, others may be an ulp off.
            t = factor * z**power if n > 2 or abs(z) < 1.5 else factor / (z * z if n == 1 else z * z * z)
            terms.append(t)
            if z > 0.0 and (lost := (z - x) - (k - 1.0)):
                shift -= power * lost * t / z
            z = x + k
            k += 1.0
        lost, inverse = (z - x) - (k - 1.0), 1.0 / z
        top = inverse if n == 1 else z**-n
        square, series = inverse * inverse, 0.0
        for c in _TAILS[n]:
            series = series * square + c
        top_factor = float(math.factorial(n - 1))
        terms += (shift, top_factor * top, factor * top * (0.5 + lost) * inverse, top * (series * square))
    y = math.fsum(terms)
    if x < 0.0 and n % 2 == 0 and abs(y) < (0.8 if n else 0.65) * max([abs(t) for t in terms]):
        if n or x < -10.0:
            return NAN  # next to a zero
        # What rounding took from the quotients.
        z = x
        for q in terms[:-1]:
            p, lost = two_product(q, z)
            terms.append(((-1.0 - p) - lost) / z)
            z += 1.0
        terms.append(shift - (digits - _digamma_to_two(z)))
        y = math.fsum(terms)
        if abs(y) < 0.4:
            return NAN
    return y if n % 2 or n == 0 else -y


def _polygamma(x: Decimal, n: int, beyond: int = 25) -> Decimal:
    """Asymptotic series, DLMF 5.11.2 and 5.15.8, after a shift by 5.5.2 and 5.15.5; x > 0.

    It has 38 digits beyond 25 and 45 beyond 40.
    """
    *below, z = _shifted(x, beyond + n)
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
