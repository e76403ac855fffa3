"""The gamma function and the beta function, and differences of log gamma and its derivatives.

Where doubles serve to 2 ulp they do; elsewhere all is computed with 50 digits and rounded once, as in
`autograd.floats.gamma`.
"""

from __future__ import annotations

import math
from decimal import Decimal, getcontext, localcontext
from functools import lru_cache

from autograd.floats.bessel import _log, _over
from autograd.floats.elementary import INF, NAN, div, is_order, log1pmx, two_product, two_sum
from autograd.floats.gamma import (
    _BERNOULLI,
    DIGITS,
    PI,
    _lgamma,
    _over_power,
    _polygamma,
    _sin_cos,
    digamma,
    lgamma,
    polygamma,
)

BETA_ORDER = 40.0
"""The largest order in either operand of a derivative of the beta function: each takes all lower ones."""
# The gamma function about 2 is 1 + t (_FIRST + t (_SECOND + t times a polynomial)), for t from -1/2 to 1/2.
# Of that the coefficients of even and of odd powers, the last one first: two sums of which none waits for the
# other.
_EVEN = (
    -3.2832557737525304e-07, -9.027121792473554e-07, -3.827449780626126e-06, -1.5232163430579842e-05,
    -6.079319956186348e-05, -0.0002409414150348575, -0.0009195738396293126, -0.002852645821139603,
    -0.0002669820687451342, 0.08157691924708627,
)  # fmt: skip
_ODD = (
    1.6416889389881356e-07, 4.51403457897752e-07, 1.914161477793341e-06, 7.620393440714801e-06,
    3.0453711165770802e-05, 0.00012167379613732169, 0.0004903884512242634, 0.002103933340689519,
    0.01115404571813105, 0.0742490107535139,
)  # fmt: skip
_FIRST, _SECOND = 0.42278433509846713, 0.4118403304264397
_FIRST_REST, _SECOND_REST = 4.942915152430645e-18, 1.2103393958429376e-18
# The same function of t to 77 bits: its first coefficients are in two parts, the last one first, and what is
# left of it over t**12 is a polynomial, by interpolation.
_LEADING = (
    -0.00024094143582384595, 0.0004903884508225733, -0.0009195738388259458, 0.002103933340697388,
    -0.0028526458211553408, 0.011154045718130992, -0.00026698206874501475, 0.0742490107535139,
    0.08157691924708627, 0.4118403304264397, 0.42278433509846713, 1.0,
)  # fmt: skip
_LEADING_REST = (
    -1.0709401836169619e-20, -3.228209868059536e-20, -1.9796507167047744e-20, 6.690455008798711e-20,
    -3.61047310747762e-20, -7.080895262887566e-19, -1.5403592712871224e-20, 3.974729819595808e-18,
    5.271149295793965e-19, 1.2103393958429376e-18, 4.942915152430645e-18, 0.0,
)  # fmt: skip
_REMAINING = (
    -3.206656069487783e-10, 6.413305929774503e-10, -8.818273145671782e-10, 1.7636498174139055e-09,
    -3.740227205141212e-09, 7.48041069854313e-09, -1.4898060273948583e-08, 2.9795727363489836e-08,
    -5.9601406856334755e-08, 1.191992768695953e-07, -2.3838671833825412e-07, 4.767416539763922e-07,
    -9.533877810502419e-07, 1.9064916591491748e-06, -3.812110400080804e-06, 7.621779696136373e-06,
    -1.5234935894944363e-05, 3.0453557037787897e-05, -6.079289131104111e-05, 0.0001216738065319887,
)  # fmt: skip
_STIRLING = (
    0.0005401647678926045, 0.00640336283380807, -0.00016251626278391583, -0.0019144384985654776,
    7.204895416020011e-05, 0.0008394987206720873, -5.171790908260592e-05, -0.0005921664373536939,
    6.972813758365857e-05, 0.0007840392217200666, -0.00022947209362139917, -0.0026813271604938273,
    0.003472222222222222, 0.08333333333333333,
)  # fmt: skip
"""Coefficients of exp of Stirling's series in 1 / x, less 1, the last one first (DLMF 5.11.3)."""
_STIRLING_REST = (
    -3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12,
)  # fmt: skip
_ROOT, _ROOT_REST = 2.5066282746310007, -1.8328579980459167e-16


def gamma(x: float) -> float:
    """Gamma function; infinite at zero, NaN at the other poles."""
    if x != x or x == INF:
        return x
    if x == 0.0:
        return math.copysign(INF, x)
    if x < 0.0 and (x == -INF or x == math.floor(x)):
        return NAN
    if x > 171.7:
        return INF
    if x < -190.0:
        return 0.0 if math.floor(x) % 2.0 == 0.0 else -0.0
    if abs(x) < 1e-300:
        return div(1.0, x)
    if 24.0 < x < 140.0:
        return _stirling(x)
    if x >= 140.0:
        high, low = 1.0, 0.0
        while x >= 140.0:
            x -= 1.0
            high, lost = two_product(high, x)
            low = low * x + lost
        y = _stirling(x)
        p, lost = two_product(y, high)
        return p + (lost + y * low) if p < INF else p
    # Down to between 1.5 and 2.5 by steps that round nothing, or up to a t between -1/2 and 1/2 about 2.
    high, low = 1.0, 0.0
    if x > 2.5:
        while x > 2.5:
            x -= 1.0
            high, lost = two_product(high, x)
            low = low * x + lost
        t = x - 2.0
        y = _about_two(t)
        p, lost = two_product(y, high)
        return p + (lost + y * low)
    large = 1.0
    while x < -0.5:
        if abs(high) > 1e280:
            large, high, low = high, 1.0, low / high
        high, lost = two_product(high, x)
        low = low * x + lost
        x += 1.0
    if x > 1.5:
        return _about_two(x - 2.0)
    if x > 0.5:
        t = x - 1.0
        d, d_lost = x, 0.0
    else:
        t = x
        high, lost = two_product(high, x)
        low = low * x + lost
        d, d_lost = two_sum(1.0, t)
    high, lost = two_product(high, d)
    low = low * d + lost + high / d * d_lost
    y = _about_two(t) / large
    q = y / high
    p, lost = two_product(q, high)
    return q + (((y - p) - lost) - q * low) / high


def _about_two(t: float) -> float:
    """Give gamma(2 + t) for t between -1/2 and 1/2."""
    return 1.0 + (_FIRST + (_SECOND + _beyond_two(t) * t) * t) * t


def _beyond_two(t: float) -> float:
    """Give the polynomial about 2, but for its first terms."""
    square, even, odd = t * t, 0.0, 0.0
    for c in _EVEN:
        even = even * square + c
    for c in _ODD:
        odd = odd * square + c
    return even + odd * t


def _stirling(x: float) -> float:
    """Stirling's formula, DLMF 5.11.3, in which the products keep their rounding errors."""
    inverse, series = 1.0 / x, 0.0
    for c in _STIRLING:
        series = (series + c) * inverse
    power = math.pow(x, x - 0.5)
    e = math.exp(-x)
    p, lost = two_product(power, e)
    q, rest = two_product(p, _ROOT)
    return q + (rest + lost * _ROOT + p * _ROOT_REST + q * series)


def gamma_slopes(y: float, x: float) -> tuple[float]:
    """Derivative y digamma(x); next to the poles far below zero, where y lacks digits, with 50 digits."""
    if x < -150.0 and abs(y) < 1e-290:
        return (_far_slope(x),)
    return (y * digamma(x),)


def _far_slope(x: float) -> float:
    """Derivative of the gamma function for x < 0, no pole, by reflection (DLMF 5.5.3, 5.5.4)."""
    if x < -200.0 or x == math.floor(x):
        return 0.0 if x == x else x
    with localcontext(DIGITS):
        z = 1 - Decimal(x)
        sine, cosine = _sin_cos(x)
        if sine != 0 and math.floor(x) % 2 == 0:
            sine, cosine = abs(sine), cosine * (1 if sine > 0 else -1)
        elif sine != 0:
            sine, cosine = -abs(sine), cosine * (-1 if sine > 0 else 1)
        value = PI / (sine * _lgamma(z).exp())
        return float(value * (_polygamma(z, 0) - PI * cosine / sine))


def _pair(x: float) -> tuple[float, float]:
    """Give gamma(x) for 1e-200 < x < 101 in two parts, the second one of seven bits."""
    t = _from_two(x)
    # The first two coefficients are in two parts each.
    p, lost = two_product(_beyond_two(t), t)
    y, rest = two_sum(_SECOND, p)
    rest += lost + _SECOND_REST
    p, lost = two_product(y, t)
    y, more = two_sum(_FIRST, p)
    rest = more + lost + rest * t + _FIRST_REST
    p, lost = two_product(y, t)
    y, more = two_sum(1.0, p)
    return _stepped(x, y, more + lost + rest * t)


def _long_pair(x: float) -> tuple[float, float]:
    """Give gamma(x) for 1e-200 < x < 101 in two parts, the second one of 24 bits."""
    t, rest = _from_two(x), 0.0
    for c in _REMAINING:
        rest = rest * t + c
    y, low = rest, 0.0
    for k in range(12):
        p, lost = two_product(y, t)
        lost += low * t
        y, low = two_sum(_LEADING[k], p)
        low += lost + _LEADING_REST[k]
    return _stepped(x, y, low)


def _from_two(x: float) -> float:
    """Give the t between -1/2 and 1/2 where gamma(2 + t) leads to gamma(x) by steps of 1."""
    while x > 2.5:
        x -= 1.0
    return x if x < 0.5 else x - 1.0 if x < 1.5 else x - 2.0


def _stepped(x: float, y: float, rest: float) -> tuple[float, float]:
    """Give gamma(x) by steps of 1 from where it is y and the rest."""
    high, low = 1.0, 0.0
    while x > 2.5:
        x -= 1.0
        high, lost = two_product(high, x)
        low = low * x + lost
    below, below_low = 1.0, 0.0
    if x < 0.5:
        d, d_lost = two_sum(1.0, x)
        below, lost = two_product(x, d)
        below_low = lost + x * d_lost
    elif x < 1.5:
        below = x
    p, lost = two_product(y, high)
    return _divided(p, lost + rest * high + y * low, below, below_low)


def _divided(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """Divide numbers in two parts."""
    q = a / b
    p, lost = two_product(q, b)
    return q, (((a - p) - lost) + a_low - q * b_low) / b


@lru_cache(maxsize=16)  # a value and its derivatives ask for the same
def _beta_pair(a: float, b: float) -> tuple[float, float]:
    """Give the beta function for a + b <= 100 in two parts."""
    first, first_low = _pair(a)
    second, second_low = _pair(b)
    s, lost = two_sum(a, b)
    third, third_low = _pair(s)
    # Times the slope, digamma, of which few digits are needed (DLMF 5.11.2).
    r = 1.0 / (s + 1.0)
    third_low += third * lost * (math.log(s + 1.0) - 1.0 / s - (0.5 + r / 12.0) * r)
    p, rest = two_product(first, second)
    return _divided(p, rest + first * second_low + second * first_low, third, third_low)


def _long_beta_pair(a: float, b: float) -> tuple[float, float]:
    """Give the same, the second part of 20 bits."""
    first, first_low = _long_pair(a)
    second, second_low = _long_pair(b)
    s, lost = two_sum(a, b)
    third, third_low = _long_pair(s)
    third_low += third * lost * digamma(s)
    p, rest = two_product(first, second)
    return _divided(p, rest + first * second_low + second * first_low, third, third_low)


def _beta_of_large(a: float, b: float) -> float:
    """Give the beta function for a >= b and a + b > 100, by Stirling's formula (DLMF 5.11.3).

    What rounding took from the powers' bases is made good, and so is what it takes from the products; 0
    where a power leaves the doubles before the function does.
    """
    w, lost = two_sum(a, b)
    if b >= 30.0:
        first, first_lost = _divided(a, 0.0, w, lost)
        second, second_lost = _divided(b, 0.0, w, lost)
        rest = a * (first_lost / first) + b * (second_lost / second) + _stirling_rest(b)
        n, n_lost = two_product(w / a, 6.283185307179586)
        square, low = _divided(n, n_lost, b, 0.0)
        y = math.sqrt(square)
        p, more = two_product(y, y)
        # What rounding took from w / a, from 2 pi, from the quotient and from the root.
        rest += 0.5 * (((square - p) - more + low) / square + 3.9e-17)
        q, more = two_product(w / a, a)
        rest += 0.5 * (((w - q) - more + lost) / w)
        factors = (math.pow(first, a), math.pow(second, b))
    elif b * b < 0.1 * a:
        t = b / a
        y, low = _pair(b)
        rest = 0.5 * math.log1p(t) - a * log1pmx(t) - b * (lost / w) + low / y
        factors = (math.pow(w, -b), 1.0)
    else:
        first, first_lost = _divided(a, 0.0, w, lost)
        y, low = _pair(b)
        rest = (a - 0.5) * (first_lost / first) - b * (lost / w) + low / y
        second, second_lost = two_product(math.pow(first, a - 0.5), math.exp(b))
        rest += second_lost / second
        factors = (math.pow(w, -b), second)
    rest += _stirling_rest(a) - _stirling_rest(w)
    if factors[0] < 1e-290 or factors[1] < 1e-290:
        return 0.0
    high, low = two_product(factors[0], factors[1])
    p, more = two_product(y, high)
    return p + (more + y * low + p * math.expm1(rest))


def beta(a: float, b: float) -> float:
    """Beta function gamma(a) gamma(b) / gamma(a + b) of positive numbers (DLMF 5.12.1)."""
    if not (a > 0.0 and b > 0.0):
        return INF if 0.0 <= a < INF and 0.0 <= b < INF else NAN
    if not (a < INF and b < INF):
        return 0.0
    if a + b <= 100.0 and a > 1e-140 and b > 1e-140:
        y, low = _beta_pair(a, b)
        return y + low
    least, most = min(a, b), max(a, b)
    if a + b > 100.0 and least > 1e-140 and most < 1e290:
        y = _beta_of_large(most, least)
        if y > 1e-290 or _betaln_of_doubles(most, least) < -746.0:
            return y
    with localcontext(DIGITS):
        return float(_betaln(Decimal(a), Decimal(b)).exp())


def beta_derivative(a: float, b: float, first: float, second: float) -> float:
    """Derivative of the beta function of whole orders in its first and in its second operand.

    In one product, of which a factor may leave the doubles where the product does not: the beta function
    times a polynomial in the derivatives of its logarithm. Where those terms, which are of one sign in one
    operand alone, all but cancel, it is found with 50 digits.
    """
    if not (is_order(first) and is_order(second)) or max(first, second) > BETA_ORDER:
        return NAN
    n, m = int(first), int(second)
    if n == 0 and m == 0:
        return beta(a, b)
    if not (a > 0.0 and b > 0.0):
        if not (0.0 <= a < INF and 0.0 <= b < INF) or (n > 0 and m > 0) or a == b:
            return NAN
        # 1 / a and what B has beside it (DLMF 5.12.1) next to a = 0; and the same of b.
        x, order = (b, m) if a == 0.0 else (a, n)
        if order > 0:
            return -polygamma(x, float(order))
        return INF if (n + m) % 2 == 0 else -INF
    if not (a < INF and b < INF):
        return 0.0
    y = _beta_derivative_of_doubles(a, b, n, m)
    if y == y:
        return y
    if n > 0 and m > 0 and n + m < 7 and min(a, b) < 1.0 and max(a, b) <= 20.0:
        return _by_integral(a, b, n, m)
    return _beta_derivative_of_decimals(a, b, n, m)


def _beta_derivative_of_doubles(a: float, b: float, n: int, m: int) -> float:
    """Derivative of the beta function; NaN where doubles do not serve.

    By Leibniz' rule for the derivative of the function times that of its logarithm.
    """
    value = beta(a, b)
    least, most = min(a, b), max(a, b)
    # Each order adds a factor of the size of a logarithm.
    if value == 0.0 and least >= 1.0 and _betaln_of_doubles(most, least) < -750.0 - 40.0 * (n + m):
        return -0.0 if (n + m) % 2 == 1 else 0.0
    if not 1e-290 < value < 1e290 or n + m > 20:
        return NAN
    if n == 1 and m == 1 and least < 1.0 and most < 1e14:
        return _mixed_slope(a, b)
    if n + m == 1:
        fall = polygamma_fall(a, b, 0.0) if n == 1 else polygamma_fall(b, a, 0.0)
        return value * fall if abs(fall) > 1e-290 and abs(value * fall) > 1e-290 else NAN
    # One after the other, of each order in the second operand all those in the first; each by a step in the
    # first operand if its order there is not zero, else in the second.
    found = [value]
    for j in range(m + 1):
        for i in range(n + 1):
            if i + j == 0:
                continue
            total, whole = 0.0, 0.0
            before, beside = max(i - 1, 0), j if i > 0 else j - 1
            for p in range(before + 1):
                for q in range(beside + 1):
                    d, e = i - p, j - q
                    if e == 0:
                        slope = polygamma_fall(a, b, d - 1.0)
                    elif d == 0:
                        slope = polygamma_fall(b, a, e - 1.0)
                    else:
                        slope = -polygamma(a + b, d + e - 1.0)
                    if abs(slope) < 1e-290 or abs(slope) > 1e290:
                        return NAN
                    term = _choices(before, p) * _choices(beside, q) * slope * found[q * (n + 1) + p]
                    total += term
                    whole += abs(term)
            if not 1e-290 < whole < 1e290 or abs(total) < 0.1 * whole:
                return NAN
            found.append(total)
    return found[(n + 1) * (m + 1) - 1]


# The nodes of Takahasi's and Mori's rule: for s from -42 / 12 to 42 / 12 the logarithms of
# t = 1 / (1 + exp(-pi sinh(s))), those of 1 - t in the opposite order, and the weights pi cosh(s) / 12.
_LOGS = (
    -51.97019635790816, -47.80697407654648, -43.97593684070206, -40.45046482548221, -37.20606141497539,
    -34.220182988393766, -31.47208227653235, -28.942664200112876, -26.6143531883116, -24.470971055547736,
    -22.49762458801759, -20.68060205913666, -19.007277955912812, -17.46602525802356, -16.046134671379825,
    -14.737740284194993, -13.531751194584597, -12.419788763114967, -11.394129274355056,
    -10.447651937843185, -9.573792292263864, -8.76650115370376, -8.020209225654995, -7.329797340295918,
    -6.690572037969348, -6.098245862307615, -5.548921422355342, -5.039078018579215, -4.565559490405701,
    -4.125561927204697, -3.7166199703384684, -3.3365905845205215, -2.9836333602908827, -2.65618661252882,
    -2.3529387726657114, -2.07279486299678, -1.8148382234526212, -1.5782881540605944, -1.3624547273692533,
    -1.1666926558060162, -0.9903566638677432, -0.8327611784172266, -0.6931471805599453,
    -0.5706586768386837, -0.4643304508746688, -0.3730876571151773, -0.2957566070975475,
    -0.2310849985598524, -0.17776903989333556, -0.1344845348450152, -0.09991902009365984,
    -0.07280240855524919, -0.05193415238737933, -0.036205565840766354, -0.024616533897145864,
    -0.016286319479979484, -0.010458557152574358, -0.006500804260822651, -0.0038992446131083853,
    -0.0022493333254812306, -0.0012433444037917927, -0.0006559215284385523, -0.0003288052829588543,
    -0.0001558801345003074, -6.952963261865987e-05, -2.901674648910673e-05, -1.1261467179287053e-05,
    -4.037896200126912e-06, -1.3281141815442853e-06, -3.976315216990708e-07, -1.0746134691171407e-07,
    -2.597775492279819e-08, -5.56216757447652e-09, -1.043586959309215e-09, -1.695921654475582e-10,
    -2.3571775911889102e-11, -2.7639696561810334e-12, -2.693770833381248e-13, -2.1470805279391434e-14,
    -1.3751920670859892e-15, -6.94404991757713e-17, -2.7076114119036155e-18, -7.970641821063928e-20,
    -1.7286018046456485e-21, -2.6892457956968446e-23,
)  # fmt: skip
_WEIGHTS = (
    4.338755352985445, 3.9925071964353465, 3.6740008330105, 3.381023132662926, 3.1115383503448473,
    2.8636739807072082, 2.6357077470633823, 2.4260556342113584, 2.2332608819608972, 2.055983862887572,
    1.8929927739796346, 1.7431550774989488, 1.6054296315831176, 1.478859455908576, 1.3625650821471198,
    1.255738443011757, 1.157637257430132, 1.0675798728311032, 0.9849405287062927, 0.9091450085356235,
    0.8396666498644177, 0.7760226848082089, 0.7177708855574052, 0.6645064915732072, 0.6158593971235148,
    0.5714915796165159, 0.5310947508628245, 0.4943882149460501, 0.4611169178172837, 0.4310496750611838,
    0.4039775655193537, 0.37971247960916216, 0.3580858122510521, 0.33894729132218987, 0.3221639334960066,
    0.3076191202123212, 0.29521178735745546, 0.28485572302386347, 0.27647896846978237, 0.2700233181164952,
    0.26544391510895365, 0.2627089396295289, 0.26179938779914946, 0.2627089396295289, 0.26544391510895365,
    0.2700233181164952, 0.27647896846978237, 0.28485572302386347, 0.29521178735745546, 0.3076191202123212,
    0.3221639334960066, 0.33894729132218987, 0.3580858122510521, 0.37971247960916216, 0.4039775655193537,
    0.4310496750611838, 0.4611169178172837, 0.4943882149460501, 0.5310947508628245, 0.5714915796165159,
    0.6158593971235148, 0.6645064915732072, 0.7177708855574052, 0.7760226848082089, 0.8396666498644177,
    0.9091450085356235, 0.9849405287062927, 1.0675798728311032, 1.157637257430132, 1.255738443011757,
    1.3625650821471198, 1.478859455908576, 1.6054296315831176, 1.7431550774989488, 1.8929927739796346,
    2.055983862887572, 2.2332608819608972, 2.4260556342113584, 2.6357077470633823, 2.8636739807072082,
    3.1115383503448473, 3.381023132662926, 3.6740008330105, 3.9925071964353465, 4.338755352985445,
)  # fmt: skip


def _by_integral(a: float, b: float, n: int, m: int) -> float:
    """Mixed derivative where an operand is below 1, and none above 20: an integral of one sign.

    That of t**(a - 1) (1 - t)**(b - 1) log(t)**n log(1 - t)**m from 0 to 1 (DLMF 5.12.1).
    """
    total, rest = 0.0, 0.0
    for k in range(85):
        first, second = _LOGS[k], _LOGS[84 - k]
        term = _WEIGHTS[k] * math.exp(a * first + b * second)
        for _ in range(n):
            term *= first
        for _ in range(m):
            term *= second
        total, lost = two_sum(total, term)
        rest += lost
    return total + rest


def _mixed_slope(a: float, b: float) -> float:
    """Derivative in both operands, once each, of which one is below 1.

    If both are, it is the sum of those at greater numbers: B(a, b) is B(a + 1, b) + B(a, b + 1)
    (DLMF 5.12.1), and all of these derivatives are positive.
    """
    if a < 1.0 and b < 1.0:
        return _mixed_slope_of(a + 1.0, b) + _mixed_slope_of(b + 1.0, a)
    return _mixed_slope_of(max(a, b), min(a, b))


def _mixed_slope_of(a: float, b: float) -> float:
    """Give it for a >= 1 and b < 1.

    The derivative in a is the product of b and the beta function, and of 1 / b and digamma's rise from a to
    a + b, neither of which changes much for a small b: so the second is differentiated by its Taylor series.
    Of a greater b the terms serve as they are; where they cancel, the sum above leads to a greater a.
    """
    total = 0.0
    while b >= 0.1 * a:
        product, less = _rises(a, b), polygamma(a + b, 1.0)
        if product - less > 0.35 * product:
            return total + beta(a, b) * (product - less)
        total += beta(a, b + 1.0) * (_rises(a, b + 1.0) - polygamma(a + b + 1.0, 1.0))
        a += 1.0
    series, term, power, k = 0.0, 1.0, 1.0, 0.0
    while abs(term) > 1e-18 * abs(series) and k < 19.0:
        # power is b**k / (k + 2)! (k + 1).
        power = 0.5 if k == 0.0 else power * b * (k + 1.0) / (k * (k + 2.0))
        term = polygamma(a, k + 2.0) * power
        series += term
        k += 1.0
    other = -polygamma_fall(1.0 + b, a - 1.0, 0.0) if a > 1.0 else 0.0
    return total + b * beta(a, b) * (other * (-polygamma_fall(a, b, 0.0) / b) - series)


def _rises(a: float, b: float) -> float:
    """Product of digamma's rises from a and from b to their sum."""
    return polygamma_fall(a, b, 0.0) * polygamma_fall(b, a, 0.0)


def _choices(n: int, k: int) -> float:
    """Binomial coefficient."""
    y = 1.0
    for i in range(k):
        y = y * (n - i) / (i + 1)
    return y


def _beta_derivative_of_decimals(a: float, b: float, n: int, m: int) -> float:
    """Derivative of the beta function with decimal numbers.

    Mixed ones do not change next to zero: they are sums of those at greater numbers, B(a, b) being
    B(a + 1, b) + B(a, b + 1) (DLMF 5.12.1), and at one small number on a line through those at two a little
    greater. The terms cancel the more, the higher the orders are: from five in all on digits are
    lost there.
    """
    with localcontext(DIGITS):
        x, z = Decimal(a), Decimal(b)
        if n == 0 or m == 0:
            return float(_beta_derivative(x, z, n, m))
        if a < 1.0 and b < 1.0:
            return float(_beside_one(x + 1, z, n, m) + _beside_one(x, z + 1, n, m))
        return float(_beside_one(x, z, n, m))


def _beside_one(a: Decimal, b: Decimal, n: int, m: int) -> Decimal:
    """Mixed derivative of the beta function where at most one operand is less than 1."""
    if a < b:
        a, b, n, m = b, a, m, n
    least = Decimal(10) ** -min(20, 32 // m)
    near = _beta_derivative(a, max(b, least), n, m)
    if b >= least or least < Decimal("1e-18"):
        return near
    return near + (near - _beta_derivative(a, 2 * least, n, m)) * (1 - b / least)


def _beta_derivative(a: Decimal, b: Decimal, n: int, m: int) -> Decimal:
    """Leibniz' rule, as above."""
    slopes = {(d, e): _log_slope(a, b, d, e) for d in range(n + 1) for e in range(m + 1) if d + e > 0}
    found = {(0, 0): _betaln(a, b).exp()}
    for j in range(m + 1):
        for i in range(n + 1):
            if i > 0:
                found[i, j] = sum(
                    (math.comb(i - 1, p) * math.comb(j, q) * slopes[i - p, j - q] * found[p, q]
                     for p in range(i) for q in range(j + 1)),
                    Decimal(0),
                )
            elif j > 0:
                found[i, j] = sum(
                    (math.comb(j - 1, q) * slopes[0, j - q] * found[0, q] for q in range(j)), Decimal(0)
                )
    return found[n, m]


@lru_cache(maxsize=64)
def _psi(x: Decimal, n: int) -> Decimal:
    """Derivative of order n of digamma, with all digits; several slopes ask for the same."""
    return _polygamma(x, n, 40)


def _log_slope(a: Decimal, b: Decimal, d: int, e: int) -> Decimal:
    """Derivative of the beta function's logarithm, of order d in the first and e in the second operand."""
    if d > 0 and e > 0:
        return -_psi(a + b, d + e - 1)
    x, z, n = (a, b, d - 1) if e == 0 else (b, a, e - 1)
    if z > x / 1000:
        return _psi(x, n) - _psi(x + z, n)
    # Taylor's series about the middle.
    total, factor, k = Decimal(0), -z, 0
    while True:
        term = factor * _psi(x + z / 2, n + 2 * k + 1)
        total += term
        if abs(term) <= abs(total) * Decimal("1e-50"):
            return total
        k += 1
        factor *= z * z / (4 * (2 * k) * (2 * k + 1))


def betaln(a: float, b: float) -> float:
    """Logarithm of the beta function; with 50 digits where that is near to 1, or beyond the doubles."""
    if not (a > 0.0 and b > 0.0):
        return INF if 0.0 <= a < INF and 0.0 <= b < INF else NAN
    if not (a < INF and b < INF):
        return -INF
    least, most = min(a, b), max(a, b)
    if least > 1e-140 and most < 1e290:
        y = _betaln_of_doubles(most, least)
        if y == y:
            return y
    with localcontext(DIGITS):
        y = float(_betaln(Decimal(a), Decimal(b)))
    return y if abs(y) > 1e-30 else 0.0  # which is beta(1, 1)


def _betaln_of_doubles(a: float, b: float) -> float:
    """Logarithm of the beta function for a >= b; NaN where its terms cancel.

    Beyond 10 by Stirling's series (DLMF 5.11.1), whose logarithms are of quotients.
    """
    if b >= 10.0:
        ratio = 6.283185307179586 * (1.0 / a + 1.0 / b)
        rest = 0.5 * math.log(ratio) + (_stirling_rest(a) + _stirling_rest(b) - _stirling_rest(a + b))
        first, low = _times_log1p(a, b)
        second, more = _times_log1p(b, a)
        y, lost = two_sum(-first, -second)
        return y + (rest + (lost - low - more))
    if a + b > 100.0:
        t = b / a
        total, lack = two_sum(a, b)
        ln, low = _log(total, 3.0)
        second, lost = two_product(b, ln)
        rest = 0.5 * math.log1p(t) - a * log1pmx(t) + (_stirling_rest(a) - _stirling_rest(a + b))
        rest -= lost + b * (low + lack / total)
        first, more = lgamma(b), 0.0
        if 1e-10 < b < 1.0:  # log gamma(b + 1) - log(b)
            ln, low = _log(b, 3.0)
            first, more = two_sum(-ln, lgamma(1.0 + b))
            more -= low
        y, less = two_sum(first, -second)
        if b >= 1.0 or abs(y) > 0.6 * max(abs(first), second):
            return y + (rest + more + less)
        g, g_low = _long_pair(b)
        first, low = _log(g, 3.0)
        y, less = two_sum(first, -second)
        y += rest + less + (low + g_low / g)
        return y if abs(y) > 0.005 else NAN
    y, low = _beta_pair(a, b)
    if 0.97 < y < 1.03:
        if a == 1.0 or b == 1.0:  # where it is the reciprocal of the other one
            return -math.log(a * b)
        y, low = _long_beta_pair(a, b)
        rest = (y - 1.0) + low
        return math.log1p(rest) if abs(rest) > 1e-6 else NAN
    if 0.5 < y < 2.0:
        return math.log1p((y - 1.0) + low)
    return math.log(y) + low / y


def _times_log1p(a: float, b: float) -> tuple[float, float]:
    """Product of a and the logarithm of 1 + b / a in two parts, but for the rounding of the logarithm."""
    t, t_low = _over(b, 0.0, a, 0.0)
    y, low = two_product(a, math.log1p(t))
    return y, low + a * (t_low / (1.0 + t))


def _stirling_rest(x: float) -> float:
    """What Stirling's formula for log gamma lacks, for x >= 10."""
    w, y = 1.0 / x / x, 0.0
    for c in _STIRLING_REST:
        y = y * w + c
    return y / x


def _betaln(a: Decimal, b: Decimal) -> Decimal:
    """Logarithm of the beta function; of a large and a small number by one series of the difference."""
    a, b = max(a, b), min(a, b)
    if b < a * Decimal("1e-30") and (b < 1 or getcontext().prec < DIGITS.prec + a.adjusted()):
        # log gamma(a + b) - log gamma(a) is b digamma(a + b / 2), but for what is 60 digits less.
        return _lgamma(b) - b * _polygamma(a + b / 2, 0)
    return _lgamma(a) + _lgamma(b) - _lgamma(a + b)


# For each order the coefficients of the powers of 1 / z in the asymptotic series of a polygamma function, but
# for log(z), of the highest power first.
_FALLS = {
    n: tuple([
        float(_BERNOULLI[k // 2 - 1]) * (math.factorial(k + n - 1) / math.factorial(k)) if k % 2 == 0
        else 0.5 * math.factorial(n) if k == 1 else 0.0
        for k in range(24, 0, -1)
    ])
    for n in range(21)
}  # fmt: skip


def _fall_of_doubles(a: float, b: float, n: int) -> float:
    """Absolute value of `polygamma_fall` for an order from 1 to 20.

    It is the sum over k of n! ((a + k)**-(n + 1) - (a + b + k)**-(n + 1)), DLMF 5.15.1, up to where a series
    serves; each difference of powers is that of the numbers, times positive terms.
    """
    total, low, k, z, w, factor = 0.0, 0.0, 1.0, a, a + b, float(math.factorial(n))
    while z < 8.0 + 0.75 * n:
        if w > 2.0 * z:
            term = _over_power(factor, z, n) - _over_power(factor, w, n)
        else:
            p, r, power, quotient = 1.0 / z, 1.0 / w, 1.0, 1.0
            for _ in range(n):
                power *= r
                quotient = quotient * p + power
            term = factor * quotient * (b / z / w)
        total, lost = two_sum(total, term)
        low += lost
        z = a + k
        w = a + (b + k) if a < b else b + z
        k += 1.0
    p, r, value, slope = 1.0 / z, 1.0 / w, 0.0, 0.0
    for c in _FALLS[n]:
        slope = slope * r + value
        value = value * p + c
    slope = slope * r + value
    value = value * p + math.factorial(n - 1)
    for _ in range(n):
        slope = slope * r + value
        value *= p
    total, lost = two_sum(total, slope * (b / z / w))
    return total + (low + lost)


_DIGAMMA_FALL = tuple([float(_BERNOULLI[k - 1]) / (2 * k) for k in range(10, 0, -1)])
"""Coefficients of DLMF 5.11.2 in 1 / x**2, the last one first."""


def _digamma_fall(a: float, b: float) -> float:
    """Give `polygamma_fall` of order 0, with the other sign, in the same way."""
    total, low, k, z = 0.0, 0.0, 0.0, a
    w, lost = two_sum(a, b)
    while z < 10.0:
        p, rest = two_product(z, w)
        inverse = 1.0 / p
        term = b * inverse
        q, more = two_product(term, p)
        low += ((b - q) - more - term * (rest + z * lost)) * inverse
        total, more = two_sum(total, term)
        low += more
        k += 1.0
        z = a + k
        w = a + (b + k) if a < b else b + z
        lost = 0.0
    # P(p) - P(r), P being the polynomial, is p - r times the slope below, for the squares p and r.
    p, r = 1.0 / z, 1.0 / w
    square, other, value, slope = p * p, r * r, 0.0, 0.0
    for c in _DIGAMMA_FALL:
        slope = slope * other + value
        value = value * square + c
    slope = slope * other + value
    more = b / z / w * (0.5 + (p + r) * slope)
    first, lost = two_sum(math.log1p(b / z), more)
    total, rest = two_sum(total, first)
    return total + (low + lost + rest)


def polygamma_fall(a: float, b: float, order: float) -> float:
    """Difference of the polygamma functions of a whole order at a and at a + b, for positive numbers.

    Where b is small beside a it is the slope in the middle times b.
    """
    if not is_order(order) or not (a >= 0.0 and b >= 0.0) or (a == 0.0 and not 0.0 < b < INF):
        return NAN
    if a == INF or b == 0.0:
        return 0.0 if a < INF or (0.0 < b < INF) else NAN
    n = int(order)
    if n <= 20 and (a > 1e-12 or (n == 0 and a > 1e-150)) and b < 1e290:
        y = _fall_of_doubles(a, b, n) if n > 0 else _digamma_fall(a, b)
        if 1e-290 < y < 1e290:
            return y if n % 2 else -y
    first, second = polygamma(a, order), polygamma(a + b, order)
    if b == INF or a == 0.0 or abs(first - second) > 0.7 * max(abs(first), abs(second)):
        return first - second
    if b < 1e-9 * a:
        y = -b * polygamma(a + 0.5 * b, order + 1.0) if order < 1000.0 else NAN
        if 1e-290 < abs(y) < 1e290:
            return y
        with localcontext(DIGITS):
            return float(-Decimal(b) * _polygamma(Decimal(a), n + 1))
    with localcontext(DIGITS):
        return float(_polygamma(Decimal(a), n) - _polygamma(Decimal(a) + Decimal(b), n))
