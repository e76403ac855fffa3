"""Incomplete gamma and beta functions, their densities, and exponential integrals (DLMF 8.2.4, 8.17.2, 8.19).

Each part is a density times a series or a continued fraction. Of these the least terms come first, so that
their errors shrink on the way, and each step that counts keeps what it rounds; so a part is right to the
digits of its density, and what is left of 1 as well.

Errors stay within 4 ulp for parameters up to 1e7, in the tails too: 3 were measured, for 25 parameters
in each of six ranges and up to 36 standard deviations away. Beyond that, of the beta function where both are
beyond, the parts are error functions: to 13 and 9 digits, and in the far tails to 11 and 9. Densities keep
all of theirs.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, localcontext
from functools import lru_cache

from autograd.floats.beta import _beta_pair, _betaln, _divided, _pair, _stirling_rest, beta
from autograd.floats.elementary import INF, NAN, div, is_order, log1pmx, pow, two_product, two_sum
from autograd.floats.gamma import DIGITS, _lgamma
from autograd.floats.gaussian import erfc

_SQRT_2PI = 2.5066282746310002
_MANY = 1e7
"""From here on the incomplete gamma function, and the beta's of two such, are nearly a normal law's.

Their series would be long.
"""
_HUGE = 1e15
"""From here on the beta function of one large parameter is nearly a gamma function."""
_LARGE = 30.0
"""From here on gamma functions are taken by Stirling's formula."""
_FEW = 2.0**-12
"""By less of the whole what a step adds needs no more digits than a float has."""


# The gamma law.


def gamma_density(x: float, a: float, order: float) -> float:
    """Derivative of a whole order of the density x**(a - 1) exp(-x) / gamma(a) of the gamma law.

    It is a power one less for each order, times the exponential and a polynomial: by Leibniz' rule of the
    power's derivatives and the exponential's.
    """
    if not is_order(order) or not (a > 0.0 and x >= 0.0) or a == INF:
        return NAN
    if x > 2000.0 + 50.0 * a:
        return 0.0
    polynomial, coefficient, below = 1.0, 1.0, 0.0
    while below < order and coefficient != 0.0:
        coefficient *= -(order - below) / (below + 1.0) * (a - 1.0 - below)
        if coefficient != 0.0:
            polynomial = polynomial * x + coefficient
            below += 1.0
    if order % 2.0 == 1.0:
        polynomial = -polynomial
    e, lost = two_sum(a, -1.0 - below)
    if x == 0.0:
        power = INF if e < 0.0 else 0.0 if e > 0.0 else 1.0
        return _over_gamma(power * polynomial, 0.0, a) if a < _LARGE else 0.0 * polynomial
    if a < _LARGE:
        far = x > 600.0
        half = math.exp(-0.5 * x if far else -x)
        q, rest = two_product(pow(x, e), half)
        if not 1e-280 < q < 1e280:
            q, rest = pow(x, e) * math.exp(-x), 0.0
        y = _over_gamma(q * polynomial, rest * polynomial, a)
        if lost != 0.0:
            y += y * (lost * math.log(x))
        return y * half if far else y
    y = _large_kernel(x, a) * pow(x, -1.0 - below)
    if 1e-280 < y < 1e280:
        return y * polynomial
    return _power_of_gamma(x, a, 1.0 + below, polynomial)


def _power_of_gamma(x: float, a: float, below: float, factor: float) -> float:
    """Product of a factor and x**(a - below) exp(-x) / gamma(a), with 50 digits."""
    if math.isinf(x):
        return 0.0 * factor
    with localcontext(DIGITS):
        s, z = Decimal(a), Decimal(x)
        logarithm = (s - Decimal(below)) * z.ln() - z - _lgamma(s)
        if not math.isfinite(factor):  # beside which no polynomial counts that overflows
            return 0.0 if logarithm < -1000000 else NAN
        return float(logarithm.exp() * Decimal(factor)) if logarithm < 900 else INF * factor


@lru_cache(maxsize=16)  # all numbers of an array ask for the same
def _gamma_pair(a: float) -> tuple[float, float]:
    """Give gamma(a) in two parts, for a below 100."""
    return _pair(a)


def _over_gamma(x: float, rest: float, a: float) -> float:
    """Quotient of a number in two parts and gamma(a), for a below 100."""
    if a < 1e-17:
        return x * a
    g, g_low = _gamma_pair(a)
    if not 1e-280 < abs(x) < 1e280:
        return x / g
    y, low = _divided(x, rest, g, g_low)
    return y + low


def _large_kernel(x: float, a: float) -> float:
    """Product x**a exp(-x) / gamma(a) for a large a, by Stirling's formula; 0 where it leaves the doubles.

    That is the power of x / a times exp(a - x), each with what rounding took from its operand.
    """
    q, q_lost = _divided(x, 0.0, a, 0.0)
    d, d_lost = two_sum(a, -x)
    if not abs(d) < 700.0 or not 1e-300 < q < 1e300:
        return 0.0
    first, second = pow(q, a), math.exp(d)
    p, low = two_product(first, second) if 1e-280 < first < 1e280 else (0.0, 0.0)
    if p < 1e-280:
        return 0.0
    root = math.sqrt(a)
    square, rest = two_product(root, root)
    correction = a * (q_lost / q) + d_lost - _stirling_rest(a) + low / p + 0.5 * ((a - square) - rest) / a
    y = p * root / _SQRT_2PI
    return y + y * math.expm1(correction)


def _gamma_kernel(x: float, a: float) -> float:
    """Product x**a exp(-x) / gamma(a)."""
    if a >= _LARGE:
        y = _large_kernel(x, a)
        if y > 0.0:
            return y
        return _power_of_gamma(x, a, 0.0, 1.0)
    if x > 2000.0:
        return 0.0
    half = math.exp(-0.5 * x if x > 600.0 else -x)
    p, rest = two_product(pow(x, a), half)
    y = _over_gamma(p, rest, a)
    return y * half if x > 600.0 else y


def gammainc(x: float, a: float) -> float:
    """Lower part of the gamma function, gammainc(a, x)."""
    if not (a > 0.0 and x >= 0.0) or a == INF:
        return NAN
    if not 0.0 < x < INF:
        return 0.0 if x == 0.0 else 1.0
    if a > _MANY:
        return _normal_parts(x, a)[0]
    return _lower(x, a) if _is_lower(x, a) else 1.0 - _upper(x, a)


def gammaincc(x: float, a: float) -> float:
    """Upper part of the gamma function, gammaincc(a, x)."""
    if not (a > 0.0 and x >= 0.0) or a == INF:
        return NAN
    if not 0.0 < x < INF:
        return 1.0 if x == 0.0 else 0.0
    if a > _MANY:
        return _normal_parts(x, a)[1]
    if not _is_lower(x, a):
        return _upper(x, a)
    y = _lower(x, a)
    if y < 0.75:
        return 1.0 - y
    return _small_upper(x, a)


def _is_lower(x: float, a: float) -> bool:
    """Whether the lower part is the one to compute."""
    return x < a - 0.3 or x < 0.4


def _lower(x: float, a: float) -> float:
    """Lower part, by the series DLMF 8.7.1."""
    total, term, count, few = 1.0, 1.0, 0.0, 0.0
    while term > 1e-18 * total:
        count += 1.0
        term *= x / (a + count)
        total += term
        few = count if term > _FEW * total else few
    high, low = 1.0, 0.0
    while count > few + 1.0:
        high = 1.0 + x / (a + count) * high
        count -= 1.0
    while count > 0.0:
        d, d_low = two_sum(a, count)
        q, q_low = _divided(x, 0.0, d, d_low)
        p, rest = two_product(q, high)
        high, lost = two_sum(1.0, p)
        low = lost + (rest + q * low + q_low * high)
        count -= 1.0
    if a < 1e-200:
        return pow(x, a)
    kernel = _gamma_kernel(x, a)
    p, rest = two_product(kernel, high) if kernel < 1e290 else (kernel * high, 0.0)
    return (p + (rest + kernel * low)) / a


def _small_upper(x: float, a: float) -> float:
    """Upper part where it is a small rest of 1."""
    with localcontext(DIGITS):
        s, z = Decimal(a), Decimal(x)
        whole = part = 1 / s
        for step in range(1, 60):
            part *= z / (s + step)
            whole += part
        return float(1 - (s * z.ln() - z - _lgamma(s)).exp() * whole)


def _upper(x: float, a: float) -> float:
    """Upper part, by its continued fraction."""
    kernel = _gamma_kernel(x, a)
    if kernel == 0.0:
        return 0.0
    high, low = _gamma_fraction(x, a)
    y, rest = _divided(kernel, 0.0, high, low)
    return y + rest


def _gamma_fraction(x: float, a: float) -> tuple[float, float]:
    """Quotient of x**a exp(-x) and the upper gamma function, by the continued fraction DLMF 8.9.2.

    For x from 0.4 and a - 0.3 on.
    """
    distance, lost = two_sum(x, -a)
    if a < 30.0 and x > 1.25:
        # As many steps as were needed and a few more; above those that count, numerators and denominators.
        root = math.sqrt(max(a, 0.0))
        count = float(math.floor(max(8.0 + 120.0 / x, 6.0 + 3.8 * root)))
        few = 4.0 + 4.0 / x + 1.4 * root
        b = distance + (2.0 * count + 1.0)
        above, below = b, 1.0
        while count > few:
            b -= 2.0
            above, below = b * above + count * (a - count) * below, above
            count -= 1.0
        high, low = above / below, 0.0
    else:
        count, few = _steps(x, a)
        high, low = two_sum(distance, 2.0 * count + 1.0)
        low += lost
        while count > few:
            high, low = distance + (2.0 * count - 1.0) + count * (a - count) / high, 0.0
            count -= 1.0
    while count > 0.0:
        s, s_low = two_sum(a, -count)
        p, rest = two_product(count, s)
        inverse = 1.0 / high
        q = p * inverse
        product, more = two_product(q, high)
        q_low = (((p - product) - more) + (rest + count * s_low) - q * low) * inverse
        count -= 1.0
        b, b_low = two_sum(distance, 2.0 * count + 1.0)
        high, more = two_sum(b, q)
        low = more + (b_low + lost + q_low)
    return high, low


def _steps(x: float, a: float) -> tuple[float, float]:
    """How many steps that fraction takes, and how many count: by Steed's method."""
    b = x + 1.0 - a
    b = b if b != 0.0 else 1e-300
    d = 1.0 / b
    change, whole = d, d
    count, few = 0.0, 0.0
    while abs(change) > 1e-15 * abs(whole) and count < 1e6:
        count += 1.0
        b += 2.0
        d = div(1.0, count * (a - count) * d + b)
        change *= b * d - 1.0
        whole += change
        few = count if abs(change) > _FEW * abs(whole) else few
    return count + math.floor(0.4 * count) + 2.0, few + 2.0  # where the last digits come slowly


def _normal_parts(x: float, a: float) -> tuple[float, float]:
    """Give the parts for a large a: an error function, corrected (DLMF 8.12.3, 8.12.4)."""
    t = (x - a) / a
    half_square = -log1pmx(t)
    if a * half_square > 800.0 or half_square == INF:
        return (1.0, 0.0) if x > a else (0.0, 1.0)
    eta = math.copysign(math.sqrt(2.0 * half_square), t)
    z = eta * math.sqrt(0.5 * a)
    rest = math.exp(-a * half_square) / _SQRT_2PI / math.sqrt(a)
    rest *= -1.0 / 3.0 + eta * (1.0 / 12.0 - eta * (2.0 / 135.0)) - 1.0 / 540.0 / a
    return 0.5 * erfc(-z) - rest, 0.5 * erfc(z) + rest


# The beta law.


def beta_density(x: float, a: float, b: float, order: float) -> float:
    """Derivative of a whole order of the density x**(a - 1) (1 - x)**(b - 1) / beta(a, b) of the beta law.

    It is powers one less for each order, times a polynomial: by Leibniz' rule of the powers' derivatives.
    """
    if not is_order(order) or not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0) or not a + b < INF:
        return NAN
    if order == 0.0 and 0.0 < x < 1.0:  # as nearly always
        return _beta_product(x, a, b, 1.0, 1.0, 1.0)
    n = int(order)
    falling = [1.0]  # of b - 1
    for k in range(n):
        falling.append(falling[k] * (b - 1.0 - k))
    polynomial, coefficient, power, below = falling[n], 1.0, 1.0, 0.0
    for k in range(n):
        coefficient *= -(n - k) / (k + 1.0) * (a - 1.0 - k)
        if coefficient == 0.0:
            break
        power *= 1.0 - x
        polynomial = polynomial * x + coefficient * falling[n - k - 1] * power
        below += 1.0
    if n % 2 == 1:
        polynomial = -polynomial
    if 0.0 < x < 1.0:
        if n > 0 and (a + b > _MANY or not abs(polynomial) < INF):
            return _far_beta_density(x, a, b, n)
        return _beta_product(x, a, b, below + 1.0, order + 1.0, polynomial)
    e = a - 1.0 - below if x == 0.0 else b - 1.0 - order
    return INF * polynomial if e < 0.0 else 0.0 if e > 0.0 else div(polynomial, beta(a, b))


def _far_beta_density(x: float, a: float, b: float, n: int) -> float:
    """The same derivative inside (0, 1), of parameters whose powers cancel or leave the range of doubles."""
    with localcontext(_digits_for(a + b)) as digits:
        product = _log_beta_product(x, a, b, n + 1.0, n + 1.0).exp()
        if product.adjusted() + n * (digits.prec - DIGITS.prec + 3) < -400:
            return 0.0
        digits.prec += min(n * (digits.prec - DIGITS.prec), 2500)
        s, t, z = Decimal(a), Decimal(b), Decimal(x)
        first, second = [Decimal(1)], [Decimal(1)]  # falling powers of a - 1 and b - 1
        for k in range(n):
            first.append(first[k] * (s - 1 - k))
            second.append(second[k] * (t - 1 - k))
        whole = Decimal(0)
        for k in range(n + 1):
            whole += math.comb(n, k) * first[k] * (1 - z) ** k * second[n - k] * (-z) ** (n - k)
        return float(product * whole)


def _digits_for(parameters: float) -> Context:
    """Decimals enough for the logarithm of a power of that size."""
    digits = DIGITS.copy()
    digits.prec += max(0, math.frexp(parameters)[1] // 3)
    return digits


def _log_beta_product(x: float, a: float, b: float, below: float, beside: float) -> Decimal:
    """Logarithm of x**(a - below) (1 - x)**(b - beside) / beta(a, b), for the decimals of `_digits_for`."""
    s, t, z = Decimal(a), Decimal(b), Decimal(x)
    return (s - Decimal(below)) * z.ln() + (t - Decimal(beside)) * (1 - z).ln() - _betaln(s, t)


@lru_cache(maxsize=16)  # as of the gamma function above
def _usual_beta(a: float, b: float) -> float:
    """Give beta(a, b) for parameters up to 100, none of them tiny."""
    y, low = _beta_pair(a, b)
    return y + low


def _beta_whole(a: float, b: float) -> float:
    """Give beta(a, b); 0 for parameters whose powers are not within the doubles."""
    if a + b <= 100.0 and a > 1e-140 and b > 1e-140:
        return _usual_beta(a, b)
    return beta(a, b) if a + b < 900.0 else 0.0


def _beta_product(x: float, a: float, b: float, below: float, beside: float, factor: float) -> float:
    """Product of a factor and x**(a - below) (1 - x)**(b - beside) / beta(a, b)."""
    e, e_lost = two_sum(a, -below)
    f, f_lost = two_sum(b, -beside)
    rest, lost = two_sum(1.0, -x)
    first, second = pow(x, e), pow(rest, f)
    whole = _beta_whole(a, b)
    if 1e-140 < first < 1e140 and 1e-140 < second < 1e140 and 1e-150 < whole < 1e150:
        p, low = two_product(first, second)
        y, low = _divided(p, low, whole, 0.0)
        correction = f * lost / rest
        if e_lost != 0.0 or f_lost != 0.0:
            correction = correction + e_lost * math.log(x) + f_lost * math.log(rest)
        return factor * (y + (low + y * correction))
    with localcontext(_digits_for(a + b)):
        return float(_log_beta_product(x, a, b, below, beside).exp() * Decimal(factor))


def betainc(x: float, a: float, b: float) -> float:
    """Part of the beta function below x."""
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0) or not a + b < INF:
        return NAN
    if not 0.0 < x < 1.0:
        return x
    if min(a, b) > _MANY:
        return _normal_part(x, a, b)
    if b > _HUGE:  # the power of 1 - x is nearly an exponential, and the part one of the gamma function
        return gammainc(-(b + 0.5 * (a - 1.0)) * math.log1p(-x), a)
    if a > _HUGE:
        return gammaincc(-(a + 0.5 * (b - 1.0)) * math.log(x), b)
    kernel = _beta_product(x, a, b, 0.0, 0.0, 1.0)
    if x * (a + b + 2.0) < a + 1.0:
        return _part(x, 0.0, kernel, a, b)
    rest, lost = two_sum(1.0, -x)
    y = 1.0 - _part(rest, lost, kernel, b, a)
    if y > 0.25 or b > 200.0:  # of a large b the part below the mean is no small one
        return y
    return _small_rest(x, a, b)


def _normal_part(x: float, a: float, b: float) -> float:
    """Part of the beta function below x for two large parameters (DLMF 8.18.9).

    It is an error function, corrected.
    """
    whole = a + b
    mean, other = a / whole, b / whole
    distance, spread = x - mean, math.sqrt(mean * other)
    # The logarithms of x / mean and (1 - x) / other; of their mean the linear terms cancel out.
    half_square = -(mean * log1pmx(distance / mean) + other * log1pmx(-distance / other))
    if whole * half_square > 800.0 or half_square == INF:
        return 1.0 if x > mean else 0.0
    eta = math.copysign(math.sqrt(2.0 * half_square), distance)
    near = abs(eta) < 1e-5
    correction = (other - mean) / (3.0 * spread) if near else 1.0 / eta - spread / distance
    density = math.exp(-whole * half_square) / _SQRT_2PI / math.sqrt(whole)
    return 0.5 * erfc(-eta * math.sqrt(0.5 * whole)) + density * correction


def _small_rest(x: float, a: float, b: float) -> float:
    """Part below x where the part above is nearly all, by the series DLMF 8.17.8 of that one."""
    with localcontext(DIGITS):
        s, t, z = Decimal(a), Decimal(b), Decimal(x)
        y = 1 - z
        part = whole = 1 / t
        for k in range(1000):
            part *= (s + t + k) / (t + 1 + k) * y
            whole += part
            if part < whole * Decimal("1e-40"):
                break
        return float(1 - (s * z.ln() + t * y.ln() - _betaln(s, t)).exp() * whole)


def _part(x: float, lost: float, kernel: float, a: float, b: float) -> float:
    """Part below x, given x**a (1 - x)**b / beta(a, b): by the continued fraction DLMF 8.17.22."""
    m, few = _pairs(x, a, b)
    whole = a + b
    first = 1.0
    if m < 100.0:  # above those that count, numerators and denominators
        below = 1.0
        while m > few:
            k = a + 2.0 * m
            first, below = first + x * m * (b - m) / ((k - 1.0) * k) * below, first
            m -= 1.0
            first, below = first - x * (a + m) * (whole + m) / ((k - 2.0) * (k - 1.0)) * below, first
        first /= below
    while m > few:
        k = a + 2.0 * m
        first = 1.0 + x * m * (b - m) / ((k - 1.0) * k * first)
        m -= 1.0
        first = 1.0 - x * (a + m) * (whole + m) / ((k - 2.0) * (k - 1.0) * first)
    high, low = first, 0.0
    whole, whole_low = two_sum(a, b)
    lost /= x
    while m > 0.0:
        t, t_low = two_sum(b, -m)
        high, low = _step(x, lost, m, 0.0, t, t_low, a, 2.0 * m - 1.0, high, low)
        m -= 1.0
        s, s_low = two_sum(a, m)
        t, t_low = two_sum(whole, m)
        high, low = _step(-x, lost, s, s_low, t, t_low + whole_low, a, 2.0 * m, high, low)
    y, rest = _divided(kernel, 0.0, high, low)
    return (y + rest) / a


def _pairs(x: float, a: float, b: float) -> tuple[float, float]:
    """How many pairs of steps that fraction takes, and how many count.

    From its numerators and denominators (DLMF 1.12.5) as long as they stay doubles; else by Steed's method.
    """
    whole, m, few = a + b, 0.0, 0.0
    c = -x * whole / (a + 1.0)
    above, above_before, below, below_before, product = 1.0 + c, 1.0, 1.0, 1.0, c
    while abs(product) > 1e-15 * abs(above * below_before) and m < 50.0:
        m += 1.0
        k = a + 2.0 * m
        c = x * m * (b - m) / ((k - 1.0) * k)
        product *= c
        above, above_before = above + c * above_before, above
        below, below_before = below + c * below_before, below
        few = m if abs(product) > _FEW * abs(above * below_before) else few
        c = -x * (a + m) * (whole + m) / (k * (k + 1.0))
        product *= c
        above, above_before = above + c * above_before, above
        below, below_before = below + c * below_before, below
    if m >= 50.0:
        d, m, few = 1.0, 0.0, 0.0
        change = -x * whole / (a + 1.0)
        total = 1.0 + change
        while abs(change) > 1e-15 * abs(total) and m < 1e6:
            m += 1.0
            k = a + 2.0 * m
            d = div(1.0, 1.0 + x * m * (b - m) / ((k - 1.0) * k) * d)
            change *= d - 1.0
            total += change
            few = m if abs(change) > _FEW * abs(total) else few
            d = div(1.0, 1.0 - x * (a + m) * (whole + m) / (k * (k + 1.0)) * d)
            change *= d - 1.0
            total += change
    m += math.floor(0.4 * m) + 2.0  # where the last digits come slowly
    # Of a large parameter each step is magnified by those above it; to the last one a tiny one counts.
    return m, max(few, 0.25 * m + 2.0) if a > 30.0 else max(few, 1.0)


def _step(
    x: float, lost: float, s: float, s_low: float, t: float, t_low: float, a: float, k: float, high: float,
    low: float,
) -> tuple[float, float]:
    """Give 1 + s t x / ((a + k) (a + k + 1)) over what is below, by one division.

    Beside x stands what rounding took from it, as a part of it.
    """  # fmt: skip
    d, d_low = two_sum(a, k)
    e, e_low = two_sum(d, 1.0)
    p, p_low = two_product(s, t)
    n, n_low = two_product(p, x)
    n_low += (p_low + s * t_low + s_low * t) * x + n * lost
    g, g_low = two_product(d, e)
    g_low += d * (e_low + d_low) + d_low * e
    h, h_low = two_product(g, high)
    h_low += g_low * high + g * low
    inverse = 1.0 / h
    q = n * inverse
    product, more = two_product(q, h)
    q_low = (((n - product) - more) + (n_low - q * h_low)) * inverse
    high, more = two_sum(1.0, q)
    return high, more + q_low


# Exponential integrals.

_EULER, _EULER_REST = 0.5772156649015329, -4.942915152430645e-18


def expn(x: float, order: float) -> float:
    """Exponential integral of a whole order: that of exp(-x t) / t**order over t from 1 on (DLMF 8.19.3)."""
    if not is_order(abs(order)) or not x >= 0.0:
        return NAN
    if x == 0.0:
        return div(1.0, order - 1.0) if order > 1.0 else INF
    if x > 800.0:
        return 0.0
    if order > 0.0 and x < 0.4:
        return _expn_near_zero(x, order)
    half = math.exp(-0.5 * x)
    power = half * half if x > 600.0 else math.exp(-x)
    if order > 0.0:
        high, low = _gamma_fraction(x, 1.0 - order)
        y, rest = _divided(half if x > 600.0 else power, 0.0, high, low)
        return (y + rest) * half if x > 600.0 else y + rest
    # A sum of powers of 1 / x.
    total, k = 1.0, 0.0
    while k < -order:
        k += 1.0
        total = 1.0 + k / x * total
    return half / x * total * half if x > 600.0 else power / x * total


def _expn_near_zero(x: float, order: float) -> float:
    """Exponential integral of an order from 1: a series (DLMF 6.6.2), then a recurrence (DLMF 8.19.12)."""
    terms = [-_EULER, -_EULER_REST, -math.log(x)]
    term, k = -1.0, 0.0
    while abs(term) > 1e-18 * x:
        k += 1.0
        term *= -x / k
        terms.append(term / k)
    y, n, power = math.fsum(terms), 1.0, math.exp(-x)
    while n < order:
        p, lost = two_product(x, y) if x > 1e-280 else (x * y, 0.0)
        y = ((power - p) - lost) / n
        n += 1.0
    return y
