"""The table of operations. Each row is everything that is known about one operation.

Everything else reads the rows: `Value`'s operators, the backward pass, forward mode, the compiler's
emitters, pictures, derivations, Hypothesis strategies and the tests. To add an operation, add a row.

A rule ``partials(y, *operands)`` returns the local partial derivatives, ``y`` being the output. It uses
operators and other rows only, so that it runs on floats (a plain backward pass), on Values (whence every
higher order) and on symbols (derivations).

Each rule is a product, quotient or sum of accurate terms of one sign wherever there is such a form: so
tanh' is sech(x)**2, not 1 - y**2, which is 0 from x = 19 on. Where that differs from what
textbooks print, ``textbook`` holds their form, for derivations.
"""

# ruff: noqa: ARG001 - every rule takes the output and all operands

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

from autograd.floats import (
    airy,
    bessel,
    circular,
    dawson,
    elementary,
    elliptic,
    incomplete,
    integrals,
    inverse,
    lengths,
    many,
    python,
)
from autograd.floats import beta as betas
from autograd.floats import gamma as gammas
from autograd.floats import gaussian as normal
from autograd.floats import scaled_erf as scaled
from autograd.floats import zeta as zetas
from autograd.form import (
    NEGATION,
    POWER,
    PRODUCT,
    SUM,
    Auxiliary,
    Cases,
    Comparison,
    Fence,
    Fraction,
    Function,
    Infix,
    Power,
    Prefix,
    Products,
    Root,
)
from autograd.modes import is_tracing
from autograd.op import ANY, INF, INNER, REALS, TABLE, Ieee, MultiOp, Op, lookup, multi, row

__all__ = ["ANY", "TABLE", "Ieee", "MultiOp", "Op", "lookup", "row"]

POSITIVE = (0.0, INF)
ORDER = (0.0, elementary.MAX_ORDER)
SQRT2, LN2, LN10 = 1.4142135623730951, elementary.LN2, 2.302585092994046
LN2_OF_24_BITS, LN2_ABOVE = 0.6931471824645996, 1.904654323148236e-09  # LN2 is their difference
LOG2_E, LOG10_E = 1.4426950408889634, 0.4342944819032518
DEGREES, RADIANS = 57.29577951308232, 0.017453292519943295
TWO_INV_SQRT_PI, INV_SQRT_2PI = 1.1283791670955126, 0.3989422804014327
SCALE, SCALE_ALPHA = elementary.SELU_SCALE, elementary.SELU_SCALE * elementary.SELU_ALPHA


# Distances to a point without a derivative.


def _from_zero(x: float, *_: float) -> float:
    return math.fabs(x)


def _apart(a: float, b: float, *_: float) -> float:
    return math.fabs(a - b)


def _from_whole(x: float) -> float:
    return math.fabs(math.remainder(x, 1.0)) if math.isfinite(x) else INF


def _from_negative_whole(x: float, *_: float) -> float:
    return math.fabs(x) if x > -0.5 else _from_whole(x)


def _from_whole_but_zero(x: float) -> float:
    return 1.0 - math.fabs(x) if math.fabs(x) < 1.0 else _from_whole(x)


def _from_half(x: float, ndigits: float) -> float:
    unit = elementary.pow(10.0, -ndigits)
    return 0.5 * unit - math.fabs(math.remainder(x, unit)) if math.isfinite(x) else INF


def _from_multiple(a: float, b: float) -> float:
    return math.fabs(math.remainder(a, b)) if b and math.isfinite(a) else INF


def _from_step(a: float, b: float) -> float:
    """Of the multiples of b, zero is none where the whole part of a / b steps."""
    return math.fabs(b) - math.fabs(a) if math.fabs(a) < math.fabs(b) else _from_multiple(a, b)


def _from_odd_half(a: float, b: float) -> float:
    return 0.5 * math.fabs(b) - math.fabs(math.remainder(a, b)) if b and math.isfinite(a) else INF


def _from_zeros(a: float, b: float) -> float:
    return elementary.minimum(math.fabs(a), math.fabs(b))


def _from_either(*bounds: float) -> Any:
    return lambda x: math.fsum(sorted(math.fabs(x - bound) for bound in bounds)[:1])


def _from_bounds(x: float, low: float, high: float) -> float:
    return elementary.minimum(math.fabs(x - low), math.fabs(x - high))


def _gap_above(*xs: float) -> float:
    first, *second = sorted(xs, reverse=True)[:2]
    return first - second[0] if second else INF


def _gap_below(*xs: float) -> float:
    return _gap_above(*[-x for x in xs])


# Arithmetic.

add: Op = row(
    "add", lambda a, b: a + b, lambda y, a, b: (1.0, 1.0), arity=2, symbol="+",
    form=Infix("+", SUM, SUM, SUM), terms=lambda a, b: [(a,), (b,)], source="DLMF 1.4.9",
)
sub: Op = row(
    "sub", lambda a, b: a - b, lambda y, a, b: (1.0, -1.0), arity=2, symbol="-",
    form=Infix("-", SUM, SUM, PRODUCT), terms=lambda a, b: [(a,), (-1.0, b)], source="DLMF 1.4.9",
)
mul: Op = row(
    "mul", lambda a, b: a * b, lambda y, a, b: (b, a), arity=2, symbol="*",
    form=Infix("*", PRODUCT, PRODUCT, NEGATION), terms=lambda a, b: [(a, b)], source="DLMF 1.4.10",
)
div: Op = row(  # not 1.0 / b: b may be a constant zero
    "div", elementary.div, lambda y, a, b: (div(1.0, b), div_slope(a, b)), arity=2, symbol="/",
    noun="ratio", form=Fraction(), domain=(REALS, POSITIVE), float_partials=elementary.div_slopes,
    terms=lambda a, b: [(a, div(1.0, b))], source="DLMF 1.4.11",
    textbook=lambda y, a, b: (1.0 / b, -a / (b * b)),
)
# By two divisions, since a square leaves the range of doubles long before the quotient does.
div_slope: Op = row(
    "div_slope", elementary.div_slope, lambda y, a, b: (div_slope(1.0, b), -2.0 * y / b), arity=2,
    symbol="-a/b²", form=Auxiliary(lambda a, b: -(a / b**2.0)), domain=(REALS, POSITIVE),
    expand=lambda a, b: -(a / b) / b, source="DLMF 1.4.11",
)
neg: Op = row(
    "neg", lambda x: -x, lambda y, x: (-1.0,), symbol="-", form=Prefix("-"),
    terms=lambda x: [(-1.0, x)], source="DLMF 1.4.9",
)
reciprocal: Op = row(
    "reciprocal", lambda x: elementary.div(1.0, x), lambda y, x: (-(y * y),), symbol="1/x",
    form=lambda x: 1.0 / x, domain=(POSITIVE,), expand=lambda x: 1.0 / x, source="DLMF 1.4.11",
    textbook=lambda y, x: (-1.0 / (x * x),),
)
floordiv: Op = row(
    "floordiv", elementary.floordiv, lambda y, a, b: (0.0 * sign(y), 0.0 * sign(y)), arity=2, symbol="//",
    form=lambda a, b: floor(a / b),
    domain=(REALS, POSITIVE), kink=_from_multiple, gated=True, source="step function, slope 0",
)
mod: Op = row(
    "mod", elementary.mod, lambda y, a, b: (1.0, -floordiv(a, b)), arity=2, symbol="%",
    form=Infix("mod", PRODUCT, NEGATION, POWER),
    domain=(REALS, POSITIVE), kink=_from_multiple, source="a - b floor(a / b), Knuth, TAOCP 1.2.4",
)


def _remainder_slopes(y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Of a less a whole multiple of b."""
    return 1.0, -round((a - y) / b, 0.0)


fmod: Op = row(
    "fmod", elementary.fmod, _remainder_slopes, arity=2, domain=(REALS, POSITIVE), kink=_from_step,
    source="a - b trunc(a / b), C17 7.12.10.1",
)
remainder: Op = row(
    "remainder", elementary.remainder, _remainder_slopes, arity=2, domain=(REALS, POSITIVE),
    kink=_from_odd_half, source="a - b round(a / b), IEEE 754 5.3.1",
)
copysign: Op = row(
    "copysign", math.copysign, lambda y, a, b: (sign(a) * copysign(1.0, b), 0.0), arity=2,
    kink=_from_zeros, gated=True, source="|a| sign(b), IEEE 754 5.5.1",
)
degrees: Op = row(
    "degrees", lambda x: DEGREES * x, lambda y, x: (DEGREES,), form=lambda x: DEGREES * x,
    terms=lambda x: [(DEGREES, x)], source="180 / π degrees to a radian",
)
radians: Op = row(
    "radians", lambda x: RADIANS * x, lambda y, x: (RADIANS,), form=lambda x: RADIANS * x,
    terms=lambda x: [(RADIANS, x)], source="π / 180 radians to a degree",
)

# Powers. Each is one product with its factors, however often it is differentiated, so none of them is lost
# before it must.


def _scaled_power_slope(x: Any, factor: float, exponent: float) -> Any:
    """Derivative of factor x**exponent."""
    c, e = factor * exponent, exponent - 1.0
    if c == 0.0:
        return 0.0
    return scaled_power(x, c, e) if e + 1.0 == exponent else monomial(c, x, exponent, 1.0, 0.0)


def _whole_power(factor: float, x: Any, exponent: float) -> list[tuple[Any, ...]] | None:
    """Terms of a first or a second power."""
    return [(factor, *[x] * int(exponent))] if exponent in (1.0, 2.0) else None


power: Op = row(
    "power", elementary.pow, lambda y, x, c: (_scaled_power_slope(x, 1.0, c),), params={"exponent": 2.0},
    symbol="**", form=Power(), domain=(POSITIVE,), terms=lambda x, c: _whole_power(1.0, x, c),
    float_partials=elementary.power_slopes, source="DLMF 4.4.7, 1.4.12",
    textbook=lambda y, x, c: (c * power(x, c - 1.0) if c else 0.0,),
)
scaled_power: Op = row(  # the derivatives of a power with a constant exponent
    "scaled_power", elementary.scaled_power, lambda y, x, c, e: (_scaled_power_slope(x, c, e),),
    symbol="c x^e",
    params={"factor": 1.0, "exponent": 2.0}, form=Auxiliary(lambda x, c, e: c * x**e), domain=(POSITIVE,),
    terms=lambda x, c, e: _whole_power(c, x, e), expand=lambda x, c, e: c * power(x, e),
    source="DLMF 4.4.7, 1.4.12",
)
pow: Op = row(
    "pow", elementary.pow, lambda y, a, b: (pow_derivative(a, b, 1.0, 0.0), pow_derivative(a, b, 0.0, 1.0)),
    arity=2, symbol="**", form=Power(), domain=(POSITIVE, REALS), source="DLMF 4.2.26 with 1.4.12",
    python=python.pow,
    float_partials=elementary.pow_slopes,
    textbook=lambda y, a, b: (b * pow(a, b - 1.0), y * log(a)),
)


def _pow_derivative_terms(b: Any, first: float, second: float) -> list[Any]:
    """Return the factors of the powers of ln(a), from the highest one down."""
    factors: list[Any] = [1.0, *[0.0] * int(second)]
    for k in range(int(first)):
        factors = [
            _plus(_times(x, b - float(k) if k else b), _times(float(j), factors[j - 1]) if j else 0.0)
            for j, x in enumerate(factors)
        ]
    return [_times(float(math.comb(int(second), j)), x) for j, x in enumerate(factors)]


def _pow_derivative_form(a: Any, b: Any, first: float, second: float) -> Any:
    terms = [
        _times(x, log(a) if logs == 1.0 else log(a) ** logs) if logs else x
        for logs, x in zip(_descending(second), _pow_derivative_terms(b, first, second), strict=True)
    ]
    return _times(reduce(_plus, terms), a ** (b - first if first else b))


def _pow_derivative_product(a: Any, b: Any, first: float, second: float) -> Any:
    """Write it as one product where the base is positive, elsewhere as the sum of its terms."""
    factors = _pow_derivative_terms(b, first, second)
    if not first or not second:
        return monomial(factors[0], a, b, first, second)
    powers = list(zip(factors, _descending(second), strict=True))
    inside = [_times(x, log(a) if logs == 1.0 else power(log(a), logs)) if logs else x for x, logs in powers]
    terms = [monomial(x, a, b, first, logs) for x, logs in powers if not _is_zero(x)]
    return where(greater(a, 0.0), monomial(reduce(_plus, inside), a, b, first, 0.0), reduce(_plus, terms))


def _descending(order: float) -> list[float]:
    """Return the whole numbers from an order down to zero."""
    return [float(k) for k in range(int(order), -1, -1)]


pow_derivative: Op = row(  # in one row, since its terms leave the range of doubles with both signs
    "pow_derivative", elementary.pow_derivative,
    lambda y, a, b, first, second: (
        pow_derivative(a, b, first + 1.0, second), pow_derivative(a, b, first, second + 1.0),
    ),
    arity=2, params={"first": 1.0, "second": 0.0}, whole={"first": ORDER, "second": ORDER},
    symbol="(a^b)⁽ⁿ⁾", form=Auxiliary(_pow_derivative_form), expand=_pow_derivative_product,
    domain=(POSITIVE, REALS), source="DLMF 4.2.26 with 1.4.12",
)


def _monomial_form(c: Any, a: Any, b: Any, order: float, logs: float) -> Any:
    shown = _times(c, a ** (b - order if order else b))
    return shown * (log(a) if logs == 1.0 else log(a) ** logs) if logs else shown


monomial: Op = row(
    "monomial", elementary.monomial,
    lambda y, c, a, b, order, logs: (
        monomial(1.0, a, b, order, logs),
        monomial(c * (b - order), a, b, order + 1.0, logs)
        + (monomial(c * logs, a, b, order + 1.0, logs - 1.0) if logs else 0.0),
        monomial(c, a, b, order, logs + 1.0),
    ),
    arity=3, params={"order": 0.0, "logs": 0.0}, whole={"order": ORDER, "logs": ORDER},
    symbol="c a^b",
    form=Auxiliary(_monomial_form), domain=(REALS, POSITIVE, REALS), source="DLMF 4.2.26 with 1.4.12",
)
square: Op = row(
    "square", lambda x: x * x, lambda y, x: (2.0 * x,), symbol="x²", form=lambda x: x**2.0,
    terms=lambda x: [(x, x)], source="DLMF 1.4.12",
)
sqrt: Op = row(
    "sqrt", elementary.sqrt, lambda y, x: (0.5 / restrict(y),), symbol="√", form=Root("sqrt"),
    domain=(POSITIVE,), source="DLMF 1.4.12",
)
cbrt: Op = row(
    "cbrt", elementary.cbrt, lambda y, x: (1.0 / (3.0 * y) / y,), symbol="∛", form=Root("cbrt", 3),
    domain=(POSITIVE,), source="DLMF 1.4.12",
)
restrict: Op = row(  # makes a rule NaN off the domain of its function, and its zero positive
    "restrict", elementary.restrict, lambda y, x: (1.0,), symbol="id", form=Auxiliary(lambda x: x),
    domain=(POSITIVE,), guard=True, source="identity",
)
saturate: Op = row(  # lets a rule multiply by an exact zero at infinity, where the product's limit is zero
    "saturate", elementary.saturate, lambda y, x: (1.0,), symbol="id", form=Auxiliary(lambda x: x),
    guard=True, source="identity",
)

# Exponentials and logarithms.

exp: Op = row(
    "exp", elementary.exp, lambda y, x: (y,), form=Power("e"), source="DLMF 4.4.4",
)
exp2: Op = row(  # not LN2 * y: from 1024 to 1024.5 the power overflows and the derivative does not
    "exp2", elementary.exp2, lambda y, x: (scaled_base(x, LN2, 2.0),), form=Power("2"),
    source="DLMF 4.2.26 with 4.4.4",
    float_partials=lambda y, x: (elementary.base_slope(y, x, LN2, 2.0),),
    textbook=lambda y, x: (LN2 * y,),
)
exp10: Op = row(
    "exp10", elementary.exp10, lambda y, x: (scaled_base(x, LN10, 10.0),), form=Power("10"),
    source="DLMF 4.2.26 with 4.4.4",
    float_partials=lambda y, x: (elementary.base_slope(y, x, LN10, 10.0),),
    textbook=lambda y, x: (LN10 * y,),
)
scaled_base: Op = row(  # their derivatives
    "scaled_base", elementary.scaled_base, lambda y, x, c, b: (scaled_base(x, c * log(b), b),),
    params={"factor": 1.0, "base": 2.0}, symbol="c bˣ", form=Auxiliary(lambda x, c, b: c * pow(b, x)),
    expand=lambda x, c, b: c * (exp10(x) if b == 10.0 else exp2(x) if b == 2.0 else pow(b, x)),
    source="DLMF 4.2.26 with 4.4.4",
)
# The derivatives of an exponential with a factor: one product, lest it be zero where the product is not.
scaled_exp: Op = row(
    "scaled_exp", elementary.scaled_exp, lambda y, x, c: (y,), params={"factor": 1.0},
    symbol="c eˣ",
    form=Auxiliary(lambda x, c: c * exp(x)), expand=lambda x, c: c * exp(x), source="DLMF 4.4.4",
)
expm1: Op = row(  # not y + 1, which is 0 for x below -37
    "expm1", elementary.expm1, lambda y, x: (exp(x),), form=lambda x: exp(x) - 1.0, source="DLMF 4.4.4",
)
log: Op = row(
    "log", elementary.log, lambda y, x: (1.0 / restrict(x),), form=Function("ln"),
    domain=(POSITIVE,), source="DLMF 4.4.1",
)
log1p: Op = row(
    "log1p", elementary.log1p, lambda y, x: (1.0 / restrict(1.0 + x),), form=lambda x: log(1.0 + x),
    domain=((-1.0, INF),), source="DLMF 4.4.1",
)
log2: Op = row(
    "log2", elementary.log2, lambda y, x: (LOG2_E / restrict(x),), form=Function("log", index="2"),
    domain=(POSITIVE,), source="DLMF 4.2.10, 4.4.1",
)
log10: Op = row(
    "log10", elementary.log10, lambda y, x: (LOG10_E / restrict(x),), form=Function("log", index="10"),
    domain=(POSITIVE,), source="DLMF 4.2.13, 4.4.1",
)
# The same next to where a difference or a product of them loses its digits.
log1pmx: Op = row(
    "log1pmx", elementary.log1pmx, lambda y, x: (-saturation(x),), form=lambda x: log(1.0 + x) - x,
    domain=((-1.0, INF),), source="DLMF 4.4.1",
)
saturation: Op = row(  # in one row, since both terms of its derivative as a quotient cancel out far away
    "saturation", elementary.saturation, lambda y, x: (1.0 / restrict(1.0 + x) / (1.0 + x),),
    symbol="x/(1+x)",
    form=Auxiliary(lambda x: x / (1.0 + x)), domain=((-1.0, INF),), expand=lambda x: x / restrict(1.0 + x),
    source="DLMF 1.4.11",
)
log1mexp: Op = row(
    "log1mexp", elementary.log1mexp, lambda y, x: (log1mexp_slope(x),),
    domain=((-INF, 0.0),), source="Mächler 2012, eq. 7",
    textbook=lambda y, x: (-exp(x) / (1.0 - exp(x)),),
)
log1mexp_slope: Op = row(
    "log1mexp_slope", elementary.log1mexp_slope, lambda y, x: (y * (1.0 - y),),
    symbol="log1mexp'", form=Auxiliary(lambda x: -exp(x) / (1.0 - exp(x))), domain=((-INF, 0.0),),
    expand=lambda x: exp(x) / expm1(-restrict(-x)), source="DLMF 4.4.4, 1.4.11",
)


def _from_log2(x: Any) -> Any:
    """Half of exp(x) less 1, by what x is less than log(2), to its digits in single precision too.

    The maximum, of which only the first is ever meant, keeps compilers from adding up the constants.
    """
    return expm1(maximum(x - LN2_OF_24_BITS, -750.0) + LN2_ABOVE) - elementary.LN2_REST


log2mexp: Op = row(
    "log2mexp", elementary.log2mexp, lambda y, x: (log2mexp_slope(x),), domain=((-INF, LN2),),
    form=lambda x: log(2.0 - exp(x)),
    expand=lambda x: where(greater(x, 0.25), log(-2.0 * _from_log2(x)), log1p(-expm1(x))),
    source="DLMF 4.4.1, 4.4.4",
)
log2mexp_slope: Op = row(
    "log2mexp_slope", elementary.log2mexp_slope, lambda y, x: (y * (1.0 - y),),
    symbol="log2mexp'", form=Auxiliary(lambda x: -exp(x) / (2.0 - exp(x))), domain=((-INF, LN2),),
    expand=lambda x: -exp(x) / restrict(-2.0 * _from_log2(x)), source="DLMF 4.4.4, 1.4.11",
)
logexpm1: Op = row(
    "logexpm1", elementary.logexpm1, lambda y, x: (minuend_share(restrict(x), 0.0),), domain=(POSITIVE,),
    source="DLMF 4.4.1, 4.4.4",
    textbook=lambda y, x: (exp(x) / (exp(x) - 1.0),),
)
log1psq: Op = row(
    "log1psq", elementary.log1psq, lambda y, x: (log1psq_slope(x),),
    form=lambda x: log(1.0 + x**2.0), source="DLMF 4.4.1, 1.4.12",
    textbook=lambda y, x: (2.0 * x / (1.0 + x * x),),
)


def _log1psq_slope(x: Any) -> Any:
    scale = 1.0 / maximum(abs(x), 1.0)
    u = x * scale
    return 2.0 * u / (u * u + scale * scale) * scale


log1psq_slope: Op = row(  # in one row, since a square overflows where it does not
    "log1psq_slope", lambda x: 2.0 * lengths.complex_power(x, 1.0, 1.0)[0],
    lambda y, x: (-2.0 * re_inverse_power(x, 1.0, 2.0),), symbol="log1psq'",
    form=Auxiliary(lambda x: 2.0 * x / (1.0 + x**2.0)), expand=_log1psq_slope, source="DLMF 4.4.1, 1.4.12",
)
logmxp1: Op = row(
    "logmxp1", elementary.logmxp1, lambda y, x: (-shortfall(1.0, restrict(x)),), domain=(POSITIVE,),
    form=lambda x: log(x) - x + 1.0, source="DLMF 4.4.1", textbook=lambda y, x: (1.0 / x - 1.0,),
)
logit: Op = row(
    "logit", elementary.logit, lambda y, x: (logit_slope(x),), domain=((0.0, 1.0),),
    source="Bishop, PRML, eq. 4.89", textbook=lambda y, x: (1.0 / (x * (1.0 - x)),),
)
logit_slope: Op = row(  # by one row, since 1 / x and 1 / (1 - x) apart cancel out about 1/2
    "logit_slope", elementary.logit_slope, lambda y, x: ((2.0 * x - 1.0) * y * y,),
    symbol="logit'", form=Auxiliary(lambda x: 1.0 / (x * (1.0 - x))), domain=((0.0, 1.0),),
    expand=lambda x: 1.0 / (restrict(x) * restrict(1.0 - x)), source="DLMF 4.4.1",
)
xlogy: Op = row(
    "xlogy", elementary.xlogy, lambda y, a, b: (log(b), xdivy(a, restrict(b))), arity=2,
    domain=(REALS, POSITIVE), source="DLMF 4.4.1, 1.4.10",
)
xlog1py: Op = row(
    "xlog1py", elementary.xlog1py, lambda y, a, b: (log1p(b), xdivy(a, restrict(1.0 + b))), arity=2,
    domain=(REALS, (-1.0, INF)), source="DLMF 4.4.1, 1.4.10",
)
xdivy: Op = row(  # a quotient that is 0 with its numerator
    "xdivy", elementary.xdivy, lambda y, a, b: (div(1.0, b), div_slope(a, b)), arity=2,
    symbol="a/b", form=Auxiliary(lambda a, b: a / b), domain=(REALS, POSITIVE), source="DLMF 1.4.11",
)
entr: Op = row(
    "entr", elementary.entr, lambda y, x: (-1.0 - log(restrict(x)),), domain=(POSITIVE,),
    source="Cover, Thomas, Elements of Information Theory, eq. 2.1",
)
log_ratio: Op = row(  # right next to 0, where the operands are nearly equal
    "log_ratio", elementary.log_ratio, lambda y, a, b: (1.0 / restrict(a), -1.0 / restrict(b)), arity=2,
    symbol="ln a/b",
    form=Auxiliary(lambda a, b: log(a / b)), domain=(POSITIVE, POSITIVE), source="DLMF 4.4.1, 4.8.2",
)
rel_entr: Op = row(
    "rel_entr", elementary.rel_entr, lambda y, a, b: (log_ratio(a, b) + 1.0, -(restrict(a) / restrict(b))),
    arity=2, domain=(POSITIVE, POSITIVE),
    source="Cover, Thomas, Elements of Information Theory, eq. 2.26",
)
shortfall: Op = row(  # in one row, since b is in both terms of the difference
    "shortfall", lambda a, b: elementary.div(b - a, b),
    lambda y, a, b: (-1.0 / restrict(b), -div_slope(a, b)), arity=2,
    symbol="1-a/b", form=Auxiliary(lambda a, b: (b - a) / b), domain=(POSITIVE, POSITIVE),
    expand=lambda a, b: (b - a) / b, source="DLMF 1.4.11",
)
kl_div: Op = row(
    "kl_div", elementary.kl_div, lambda y, a, b: (log_ratio(a, b), shortfall(restrict(a), b)), arity=2,
    domain=(POSITIVE, POSITIVE),
    source="Boyd, Vandenberghe, Convex Optimization, sec. 3.1.5",
)

# Trigonometric and hyperbolic functions and their inverses.

sin: Op = row(
    "sin", elementary.sin, lambda y, x: (cos(x),), source="DLMF 4.20.1",
)
cos: Op = row(
    "cos", elementary.cos, lambda y, x: (-sin(x),), source="DLMF 4.20.2",
)
tan: Op = row(
    "tan", elementary.tan, lambda y, x: (1.0 + y * y,),
    domain=((-math.pi / 2, math.pi / 2),), source="DLMF 4.20.3, 4.21.3",
)
sec: Op = row(
    "sec", elementary.sec, lambda y, x: (y * tan(x),), domain=((-math.pi / 2, math.pi / 2),),
    expand=lambda x: 1.0 / cos(x), source="DLMF 4.20.5",
)
csc: Op = row(
    "csc", elementary.csc, lambda y, x: (-(y * cot(x)),), domain=((0.0, math.pi),),
    expand=lambda x: 1.0 / sin(x), source="DLMF 4.20.4",
)
cot: Op = row(
    "cot", elementary.cot, lambda y, x: (-(1.0 + y * y),), domain=((0.0, math.pi),),
    expand=lambda x: 1.0 / tan(x), source="DLMF 4.20.6, 4.21.4",
)
sinpi: Op = row(
    "sinpi", circular.sinpi, lambda y, x: (math.pi * cospi(x),), source="DLMF 4.20.1",
)
cospi: Op = row(
    "cospi", circular.cospi, lambda y, x: (-math.pi * sinpi(x),), source="DLMF 4.20.2",
)
sind: Op = row(
    "sind", circular.sind, lambda y, x: (RADIANS * cosd(x),), source="DLMF 4.20.1",
)
cosd: Op = row(
    "cosd", circular.cosd, lambda y, x: (-RADIANS * sind(x),), source="DLMF 4.20.2",
)
tand: Op = row(
    "tand", circular.tand, lambda y, x: (RADIANS * (1.0 + y * y),), domain=((-90.0, 90.0),),
    source="DLMF 4.20.3, 4.21.3",
)
sinc: Op = row(
    "sinc", circular.sinc, lambda y, x: (sinc_derivative(x, 1.0),),
    source="DLMF 3.3.43",
    textbook=lambda y, x: ((cospi(x) - y) / x,),
)
sinc_derivative: Op = row(
    "sinc_derivative", circular.sinc_derivative, lambda y, x, order: (sinc_derivative(x, order + 1.0),),
    params={"order": 1.0}, whole={"order": ORDER},
    symbol="sinc⁽ⁿ⁾", form=Auxiliary(of=lambda order: (sinc, (), (order,))), source="DLMF 10.51.2",
)


def _of_numbers(plain: Any) -> Callable[[Any], Any]:
    """Say what a function comes to where there are numbers only, as in C and JavaScript."""

    def mark(function: Any) -> Any:
        function.__wrapped__ = plain
        return function

    return mark


def _whole_factor(_: float, factor: float) -> float:
    """Return the factor, which is 1 to the last digit where `_level` leaves it out."""
    return factor


@_of_numbers(_whole_factor)
def _level(x: Any, factor: Any) -> Any:
    """Return a factor 1 + O(x**2) of something like 1 / x, or 1 where nothing else of it shows.

    Were it taken there, the derivatives of 1 / x, infinite for the smallest numbers, would meet its own.
    """
    return factor if is_tracing() or builtins.abs(*_numbers([x])) > 1e-154 else 1.0


sinint: Op = row(
    "sinint", integrals.sinint, lambda y, x: (sine_quotient(x, 0.0),), symbol="Si",
    form=Function("sinint", "Si"), source="DLMF 6.2.9",
)
cosint: Op = row(
    "cosint", integrals.cosint, lambda y, x: (_level(x, cos(x)) / restrict(x),), symbol="Ci",
    form=Function("cosint", "Ci"), domain=(POSITIVE,), source="DLMF 6.2.11",
    textbook=lambda y, x: (cos(x) / x,),
)
sine_quotient: Op = row(  # the derivative of a whole order of sin(x) / x
    "sine_quotient", integrals.sine_quotient, lambda y, x, order: (sine_quotient(x, order + 1.0),),
    params={"order": 0.0}, whole={"order": ORDER},
    symbol="Si⁽ⁿ⁾",
    form=Auxiliary(
        lambda x, order: None if order else sin(x) / x, lambda order: (sinint, (), (order + 1.0,))
    ),
    source="DLMF 10.49.3, 10.51.2",
)
asin: Op = row(
    "asin", elementary.asin, lambda y, x: (one_minus_square_power(x, -0.5),), form=Function("arcsin"),
    domain=((-1.0, 1.0),), source="DLMF 4.24.7", textbook=lambda y, x: (1.0 / sqrt(1.0 - x * x),),
)
acos: Op = row(
    "acos", elementary.acos, lambda y, x: (-one_minus_square_power(x, -0.5),), form=Function("arccos"),
    domain=((-1.0, 1.0),), source="DLMF 4.24.8", textbook=lambda y, x: (-1.0 / sqrt(1.0 - x * x),),
)
atan: Op = row(  # by two divisions: 1 + x**2 overflows where its reciprocal is still a number
    "atan", math.atan, lambda y, x: (1.0 / hypot(1.0, x) / hypot(1.0, x),), form=Function("arctan"),
    source="DLMF 4.24.9", textbook=lambda y, x: (1.0 / (1.0 + x * x),),
)
# By one row, since 1 - x and 1 + x apart change in opposite directions, which cancel next to zero.
one_minus_square_power: Op = row(
    "one_minus_square_power", elementary.one_minus_square_power,
    lambda y, x, c: (-2.0 * c * (x * one_minus_square_power(x, c - 1.0)),), params={"exponent": -0.5},
    symbol="(1-x²)^c", form=Auxiliary(lambda x, c: (1.0 - x**2.0) ** c),
    domain=((-1.0, 1.0),), expand=lambda x, c: power(restrict((1.0 - x) * (1.0 + x)), c),
    source="DLMF 4.4.7, 1.4.12",
)
sinh: Op = row(
    "sinh", elementary.sinh, lambda y, x: (cosh(x),), source="DLMF 4.34.7",
)
cosh: Op = row(
    "cosh", elementary.cosh, lambda y, x: (sinh(x),), source="DLMF 4.34.8",
)
tanh: Op = row(
    "tanh", math.tanh, lambda y, x: (sech_squared(x),),
    source="DLMF 4.34.9", textbook=lambda y, x: (1.0 - y * y,),
)
sech_squared: Op = row(  # the 2 within the square: y may be zero where twice it is not
    "sech_squared", elementary.sech_squared, lambda y, x: (-square(SQRT2 * sech(x)) * tanh(x),),
    noun="slope", symbol="sech²", form=Auxiliary(lambda x: sech(x) ** 2.0),
    source="DLMF 4.34.11", textbook=lambda y, x: (-2.0 * y * tanh(x),),
)
sech: Op = row(
    "sech", elementary.sech, lambda y, x: (-(y * tanh(x)),), source="DLMF 4.34.11",
)
csch: Op = row(
    "csch", elementary.csch, lambda y, x: (-(y * coth(x)),), domain=(POSITIVE,), source="DLMF 4.34.10",
)
coth: Op = row(
    "coth", elementary.coth, lambda y, x: (-square(csch(x)),), domain=(POSITIVE,),
    expand=lambda x: 1.0 / tanh(x), source="DLMF 4.34.12",
)
asinh: Op = row(
    "asinh", math.asinh, lambda y, x: (1.0 / hypot(1.0, x),), form=Function("arsinh"),
    source="DLMF 4.38.9", textbook=lambda y, x: (1.0 / sqrt(1.0 + x * x),),
)
acosh: Op = row(
    "acosh", elementary.acosh, lambda y, x: (1.0 / sqrt(x - 1.0) / sqrt(x + 1.0),), form=Function("arcosh"),
    domain=((1.0, INF),), source="DLMF 4.38.10", textbook=lambda y, x: (1.0 / sqrt(x * x - 1.0),),
)
atanh: Op = row(
    "atanh", elementary.atanh, lambda y, x: (one_minus_square_power(x, -1.0),), form=Function("artanh"),
    domain=((-1.0, 1.0),), source="DLMF 4.38.11", textbook=lambda y, x: (1.0 / (1.0 - x * x),),
)



def _leg(x: Any) -> Any:
    """Root of x**2 - 1."""
    return sqrt(abs(x) - 1.0) * sqrt(abs(x) + 1.0)


def _beside(x: Any, root: Any) -> Any:
    """What 1 / (x sqrt(1 - x**2)) has beside 1 / x."""
    return x / (root * (1.0 + root))


asec: Op = row(
    "asec", elementary.asec, lambda y, x: (1.0 / abs(x) / sqrt(abs(x) - 1.0) / sqrt(abs(x) + 1.0),),
    form=Function("arcsec"), domain=((1.0, INF),),
    expand=lambda x: where(greater(x, 0.0), atan(_leg(x)), math.pi - atan(_leg(x))), source="DLMF 4.24.11",
    textbook=lambda y, x: (1.0 / (abs(x) * sqrt(x * x - 1.0)),),
)
acsc: Op = row(
    "acsc", elementary.acsc, lambda y, x: (-1.0 / abs(x) / sqrt(abs(x) - 1.0) / sqrt(abs(x) + 1.0),),
    form=Function("arccsc"), domain=((1.0, INF),), expand=lambda x: sign(x) * atan(1.0 / _leg(x)),
    source="DLMF 4.24.10", textbook=lambda y, x: (-1.0 / (abs(x) * sqrt(x * x - 1.0)),),
)
acot: Op = row(
    "acot", elementary.acot, lambda y, x: (-1.0 / hypot(1.0, x) / hypot(1.0, x),), form=Function("arccot"),
    domain=(POSITIVE,), expand=lambda x: atan(1.0 / x), source="DLMF 4.24.12",
    textbook=lambda y, x: (-1.0 / (1.0 + x * x),),
)
asech: Op = row(
    "asech", elementary.asech,
    lambda y, x: (-1.0 / restrict(x) - _beside(x, one_minus_square_power(x, 0.5)),),
    form=Function("arsech"), domain=((0.0, 1.0),),

    expand=lambda x: where(
        greater(x, 1e-9), asinh(sqrt((1.0 - x) * (1.0 + x)) / restrict(x)), LN2 - log(restrict(x))
    ),
    source="DLMF 4.38.13",
    textbook=lambda y, x: (-1.0 / (x * sqrt(1.0 - x * x)),),
)
acsch: Op = row(
    "acsch", elementary.acsch, lambda y, x: (-1.0 / abs(x) / _level(x, hypot(1.0, x)),),
    form=Function("arcsch"), domain=(POSITIVE,),
    expand=lambda x: where(greater(abs(x), 1e-9), asinh(1.0 / x), sign(x) * (LN2 - log(abs(x)))),
    source="DLMF 4.38.12",
    textbook=lambda y, x: (-1.0 / (abs(x) * sqrt(1.0 + x * x)),),
)
acoth: Op = row(
    "acoth", elementary.acoth,
    lambda y, x: (-1.0 / restrict(abs(x) - 1.0) / (abs(x) + 1.0),), form=Function("arcoth"),
    domain=((1.0, INF),), expand=lambda x: sign(x) * 0.5 * log1p(2.0 / (abs(x) - 1.0)),
    source="DLMF 4.38.14", textbook=lambda y, x: (1.0 / (1.0 - x * x),),
)

# Smooth activations.

sigmoid: Op = row(
    "sigmoid", elementary.sigmoid, lambda y, x: (sigmoid_slope(x),), symbol="σ",
    form=Function("sigmoid", "σ"), source="Bishop, PRML, eq. 4.88", textbook=lambda y, x: (y * (1.0 - y),),
)
sigmoid_slope: Op = row(  # in one row, since both factors of y (1 - y) change in opposite directions
    "sigmoid_slope", elementary.sigmoid_slope, lambda y, x: (-(y * tanh(0.5 * x)),), symbol="σ'",
    noun="slope", form=Auxiliary(of=lambda: (sigmoid, (), (1.0,))),
    source="Bishop, PRML, eq. 4.88", textbook=lambda y, x: (y * (1.0 - 2.0 * sigmoid(x)),),
)
# One product: far out the slope alone lacks digits, or is zero, where the product need not be.
scaled_sigmoid_slope: Op = row(
    "scaled_sigmoid_slope", elementary.scaled_sigmoid_slope,
    lambda y, c, x: (sigmoid_slope(x), -(y * tanh(0.5 * x))), arity=2,
    symbol="c σ'", form=Auxiliary(lambda c, x: c * sigmoid_slope(x)),
    expand=lambda c, x: c * sigmoid_slope(x), source="Bishop, PRML, eq. 4.88",
    textbook=lambda y, c, x: (sigmoid_slope(x), y * (1.0 - 2.0 * sigmoid(x))),
)
logsigmoid: Op = row(
    "logsigmoid", lambda x: -elementary.softplus(-x), lambda y, x: (sigmoid(-x),), symbol="ln σ",
    form=Function("logsigmoid", "ln σ"), expand=lambda x: -softplus(-x), source="Bishop, PRML, eq. 4.88",
)
softplus: Op = row(
    "softplus", elementary.softplus, lambda y, x: (sigmoid(x),), source="Dugas et al. 2001",
)
silu: Op = row(
    "silu", elementary.silu, lambda y, x: (sigmoid(x) + scaled_sigmoid_slope(saturate(x), x),), symbol="SiLU",
    expand=lambda x: x * sigmoid(x), source="Elfwing, Uchibe, Doya 2018, eq. 5",
    textbook=lambda y, x: (sigmoid(x) + y * sigmoid(-x),),
)
gelu: Op = row(
    "gelu", normal.gelu, lambda y, x: (gelu_slope(x, 1.0),),
    float_partials=lambda y, x: (normal.gelu_slope(x, 1.0),), symbol="GELU",
    expand=lambda x: x * normal_cdf(x), source="Hendrycks, Gimpel 2016, eq. 1",
    textbook=lambda y, x: (normal_cdf(x) + INV_SQRT_2PI * x * exp(-0.5 * x * x),),
)
# The derivative of gelu of a whole order, from 1; from 2 on a polynomial times the density of the normal law.
gelu_slope: Op = row(
    "gelu_slope", normal.gelu_slope, lambda y, x, order: (gelu_slope(x, order + 1.0),), params={"order": 1.0},
    whole={"order": (1.0, elementary.MAX_ORDER)}, symbol="GELU⁽ⁿ⁾",
    form=Auxiliary(of=lambda order: (gelu, (), (order,))),
    expand=lambda x, order: (
        normal_cdf(x) - INV_SQRT_2PI * gaussian(x, 1.0, 2.0) if order == 1.0
        else INV_SQRT_2PI * (gaussian(x, order - 2.0, 2.0) - gaussian(x, order, 2.0))
    ),
    source="Hendrycks, Gimpel 2016, eq. 1, with DLMF 18.9.25",
)

# Error functions.

erf: Op = row(
    "erf", math.erf, lambda y, x: (TWO_INV_SQRT_PI * gaussian(x, 0.0, 1.0),),
    source="DLMF 7.10.1", textbook=lambda y, x: (TWO_INV_SQRT_PI * exp(-(x * x)),),
)
erfc: Op = row(
    "erfc", normal.erfc, lambda y, x: (-TWO_INV_SQRT_PI * gaussian(x, 0.0, 1.0),),
    source="DLMF 7.10.1", textbook=lambda y, x: (-TWO_INV_SQRT_PI * exp(-(x * x)),),
)
normal_cdf: Op = row(
    "normal_cdf", normal.normal_cdf, lambda y, x: (INV_SQRT_2PI * gaussian(x, 0.0, 2.0),), symbol="Φ",
    form=Function("Phi", "Φ"), source="DLMF 7.18.1 (as erfc)",
    textbook=lambda y, x: (INV_SQRT_2PI * exp(-0.5 * x * x),),
)


def _gaussian_form(x: Any, order: Any, scale: float) -> Any:
    """Return a polynomial times the exponential: each derivative's from the one before, up to the eighth."""
    if order not in range(9):
        return None
    factors = [1.0]
    for _ in range(int(order)):
        rising = [0.0, *(-2.0 / scale * c for c in factors)]
        factors = [c + (k + 1) * d for k, (c, d) in enumerate(zip(rising, [*factors[1:], 0, 0], strict=True))]
    shown = exp(-(x**2.0 / scale)) if scale != 1.0 else exp(-(x**2.0))
    terms = [c * x ** float(k) for k, c in reversed(list(enumerate(factors))) if c]
    return shown if not order else reduce(lambda a, b: a + b, terms) * shown


gaussian: Op = row(  # the derivative of a whole order of exp(-x**2 / scale)
    "gaussian", normal.gaussian, lambda y, x, order, scale: (gaussian(x, order + 1.0, scale),),
    params={"order": 0.0, "scale": 1.0}, whole={"order": ORDER, "scale": (1.0, 2.0)},
    symbol="e^(-x²)⁽ⁿ⁾", form=Auxiliary(_gaussian_form), source="DLMF 18.5.5, 18.9.1",
)
dawsn: Op = row(  # its slopes are rows, since the terms of each cancel out far away
    "dawsn", dawson.dawsn, lambda y, x: (dawsn_derivative(x, 1.0),), symbol="F",
    form=Function("dawsn", "F"), source="DLMF 7.2.5", textbook=lambda y, x: (1.0 - 2.0 * x * y,),
)
dawsn_derivative: Op = row(
    "dawsn_derivative", dawson.dawsn_derivative,
    lambda y, x, order: (dawsn_derivative(x, order + 1.0),), params={"order": 1.0}, whole={"order": ORDER},
    symbol="F⁽ⁿ⁾", form=Auxiliary(of=lambda order: (dawsn, (), (order,))), source="DLMF 7.10.2, 7.6.1",
)
# Beside the exponential, or of imaginary numbers. The slopes are rows, since their terms cancel out far away.
erfcx: Op = row(
    "erfcx", scaled.erfcx, lambda y, x: (erfcx_derivative(x, 1.0),), source="DLMF 7.18.3",
    textbook=lambda y, x: (2.0 * x * y - TWO_INV_SQRT_PI,),
)
erfcx_derivative: Op = row(
    "erfcx_derivative", scaled.erfcx_derivative,
    lambda y, x, order: (erfcx_derivative(x, order + 1.0),), params={"order": 1.0}, whole={"order": ORDER},
    symbol="erfcx⁽ⁿ⁾", form=Auxiliary(of=lambda order: (erfcx, (), (order,))), source="DLMF 7.18.3, 7.18.7",
)
logerfc: Op = row(
    "logerfc", scaled.logerfc, lambda y, x: (logerfc_derivative(x, 1.0, 0.0),),
    form=lambda x: log(erfc(x)), source="DLMF 4.4.1, 7.10.1",
    textbook=lambda y, x: (-TWO_INV_SQRT_PI * exp(-(x * x)) / erfc(x),),
)
logerfcx: Op = row(
    "logerfcx", scaled.logerfcx, lambda y, x: (logerfc_derivative(x, 1.0, 1.0),),
    form=lambda x: log(erfcx(x)), source="DLMF 4.4.1, 7.18.3",
    textbook=lambda y, x: (2.0 * x - TWO_INV_SQRT_PI / erfcx(x),),
)


def _logerfc_derivative_form(x: Any, order: float, square: float) -> Any:
    if order == 1.0:
        return 2.0 * x - TWO_INV_SQRT_PI / erfcx(x) if square else -(TWO_INV_SQRT_PI / erfcx(x))
    return None


logerfc_derivative: Op = row(  # of a whole order of square * x**2 + log(erfc(x))
    "logerfc_derivative", scaled.logerfc_derivative,
    lambda y, x, order, square: (logerfc_derivative(x, order + 1.0, square),),
    params={"order": 1.0, "square": 0.0}, whole={"order": (0.0, scaled.LOG_ORDER), "square": (0.0, 1.0)},
    symbol="(ln erfc)⁽ⁿ⁾",
    form=Auxiliary(
        _logerfc_derivative_form, lambda order, square: (logerfcx if square else logerfc, (), (order,))
    ),
    source="DLMF 7.10.1, 7.18.7",
)
erfi: Op = row(
    "erfi", scaled.erfi, lambda y, x: (TWO_INV_SQRT_PI * exp_square(x),), source="DLMF 7.2.1, 7.10.1",
)
exp_square: Op = row(
    "exp_square", scaled.exp_square, lambda y, x: (2.0 * x * y,), form=Auxiliary(lambda x: exp(x**2.0)),
    symbol="e^x²", source="DLMF 4.4.4, 1.4.12",
)
erfinv: Op = row(
    "erfinv", inverse.erfinv, lambda y, x: (erfinv_slope(x),), form=Function("erfinv", "erf⁻¹"),
    domain=((-1.0, 1.0),), source="DLMF 7.17.1",
    textbook=lambda y, x: (1.0 / (TWO_INV_SQRT_PI * exp(-(y * y))),),
)
# The slopes are rows, since an exponential of the square magnifies what rounding took from the inverse.
erfinv_slope: Op = row(
    "erfinv_slope", inverse.erfinv_slope, lambda y, x: (2.0 * erfinv(x) * y * y,),
    symbol="erf⁻¹'", form=Auxiliary(lambda x: 1.0 / (TWO_INV_SQRT_PI * exp(-(erfinv(x) ** 2.0)))),
    domain=((-1.0, 1.0),), source="DLMF 7.17.1, 7.10.1",
)
erfcinv: Op = row(
    "erfcinv", inverse.erfcinv, lambda y, x: (erfcinv_slope(x),), form=Function("erfcinv", "erfc⁻¹"),
    domain=((0.0, 2.0),), source="DLMF 7.17.1",
    textbook=lambda y, x: (-1.0 / (TWO_INV_SQRT_PI * exp(-(y * y))),),
)
erfcinv_slope: Op = row(
    "erfcinv_slope", inverse.erfcinv_slope, lambda y, x: (2.0 * erfcinv(x) * y * y,),
    symbol="erfc⁻¹'", form=Auxiliary(lambda x: -1.0 / (TWO_INV_SQRT_PI * exp(-(erfcinv(x) ** 2.0)))),
    domain=((0.0, 2.0),), source="DLMF 7.17.1, 7.10.1",
)
normal_quantile: Op = row(
    "normal_quantile", inverse.normal_quantile, lambda y, x: (normal_quantile_slope(x),), symbol="Φ⁻¹",
    form=Function("normal_quantile", "Φ⁻¹"), domain=((0.0, 1.0),), source="DLMF 7.17.1 (as erfc)",
    textbook=lambda y, x: (1.0 / (INV_SQRT_2PI * exp(-0.5 * y * y)),),
)
normal_quantile_slope: Op = row(
    "normal_quantile_slope", inverse.normal_quantile_slope, lambda y, x: (normal_quantile(x) * y * y,),
    symbol="Φ⁻¹'", form=Auxiliary(lambda x: 1.0 / (INV_SQRT_2PI * exp(-0.5 * normal_quantile(x) ** 2.0))),
    domain=((0.0, 1.0),), source="DLMF 7.17.1, 7.18.1 (as erfc)",
)

# The gamma function's logarithm.

lgamma: Op = row(
    "lgamma", gammas.lgamma, lambda y, x: (digamma(x),), symbol="ln Γ", form=Function("lgamma", "ln |Γ|"),
    domain=(POSITIVE,), pole=_from_negative_whole, source="DLMF 5.2.2",
)
digamma: Op = row(
    "digamma", gammas.digamma, lambda y, x: (polygamma(1.0, x),),
    float_partials=lambda y, x: (gammas.polygamma(x, 1.0),), symbol="ψ", form=Function("digamma", "ψ"),
    domain=(POSITIVE,), pole=_from_negative_whole, source="DLMF 5.15",
)
polygamma: Op = row(
    "polygamma", gammas.polygamma, lambda y, x, order: (polygamma(order + 1.0, x),), params={"order": 1.0},
    whole={"order": ORDER}, params_first=True, symbol="ψ⁽ⁿ⁾", form=Function("polygamma", "ψ", order="order"),
    domain=(POSITIVE,), pole=_from_negative_whole, source="DLMF 5.15",
)
trigamma: Op = row(
    "trigamma", lambda x: gammas.polygamma(x, 1.0), lambda y, x: (polygamma(2.0, x),), symbol="ψ'",
    form=Function("trigamma", "ψ'"), domain=(POSITIVE,), pole=_from_negative_whole,
    expand=lambda x: polygamma(1.0, x), source="DLMF 5.15",
)
gamma: Op = row(
    # Where y is infinite, so is each further derivative, whose terms have both signs.
    "gamma", betas.gamma, lambda y, x: (saturate(y) * digamma(x),), symbol="Γ", form=Function("gamma", "Γ"),
    domain=(POSITIVE,), pole=_from_negative_whole, float_partials=betas.gamma_slopes, source="DLMF 5.2.2",
    textbook=lambda y, x: (y * digamma(x),),
)
invdigamma: Op = row(
    # Next to zero and far out the slope is y**2 and y - 1/2 to all digits, and so are those of that.
    "invdigamma", zetas.invdigamma,
    lambda y, x: (
        where(
            greater(y, 1e9), y - 0.5, where(greater(1e-9, y), y * y, 1.0 / trigamma(clamp(y, 1e-9, 1e9)))
        ),
    ),
    symbol="ψ⁻¹", form=Function("invdigamma", "ψ⁻¹"), float_partials=zetas.invdigamma_slopes,
    textbook=lambda y, x: (1.0 / trigamma(y),), source="DLMF 5.2.2, 5.15.1",
)
zeta: Op = row(
    "zeta", zetas.zeta, lambda y, q, s: (-s * zeta(s + 1.0, q),), params={"s": 2.0}, params_first=True,
    symbol="ζ", form=Function("zeta", "ζ"), domain=(POSITIVE,), source="DLMF 25.11.1, 25.11.17",
)
beta: Op = row(
    "beta", betas.beta, lambda y, a, b: (beta_derivative(a, b, 1.0, 0.0), beta_derivative(a, b, 0.0, 1.0)),
    arity=2, symbol="B", form=Function("beta", "B"), domain=(POSITIVE, POSITIVE), source="DLMF 5.12.1, 5.2.2",
    textbook=lambda y, a, b: (y * (digamma(a) - digamma(a + b)), y * (digamma(b) - digamma(a + b))),
)


def _beta_derivative_form(a: Any, b: Any, first: float, second: float) -> Any:
    if (first, second) == (1.0, 0.0):
        return beta(a, b) * (digamma(a) - digamma(a + b))
    return beta(a, b) * (digamma(b) - digamma(a + b)) if (first, second) == (0.0, 1.0) else None


def _beta_derivative_product(a: Any, b: Any, first: float, second: float) -> Any:
    """Write a first derivative as a product of which a program has computed a factor."""
    if (first, second) == (1.0, 0.0):
        return beta(a, b) * polygamma_fall(a, b, 0.0)
    return beta(a, b) * polygamma_fall(b, a, 0.0) if (first, second) == (0.0, 1.0) else None


beta_derivative: Op = row(  # one product, of which a factor may be zero or infinite where the product is not
    "beta_derivative", betas.beta_derivative,
    lambda y, a, b, first, second: (
        beta_derivative(a, b, first + 1.0, second), beta_derivative(a, b, first, second + 1.0),
    ),
    arity=2, params={"first": 1.0, "second": 0.0},
    whole={"first": (0.0, betas.BETA_ORDER), "second": (0.0, betas.BETA_ORDER)},
    symbol="B⁽ⁿ⁾", form=Auxiliary(_beta_derivative_form, lambda *orders: (beta, (), orders)),
    expand=_beta_derivative_product, domain=(POSITIVE, POSITIVE),
    source="DLMF 5.12.1, 5.2.2",
)
betaln: Op = row(
    "betaln", betas.betaln, lambda y, a, b: (polygamma_fall(a, b, 0.0), polygamma_fall(b, a, 0.0)),
    arity=2, symbol="ln B", form=Function("betaln", "ln B"), domain=(POSITIVE, POSITIVE),
    source="DLMF 5.12.1, 5.2.2",
    textbook=lambda y, a, b: (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)),
)
# In one row, since the terms are nearly equal where b is small beside a.
polygamma_fall: Op = row(
    "polygamma_fall", betas.polygamma_fall,
    lambda y, a, b, order: (polygamma_fall(a, b, order + 1.0), -polygamma(order + 1.0, a + b)),
    arity=2, params={"order": 0.0}, whole={"order": (0.0, elementary.MAX_ORDER - 1.0)},
    symbol="ψ(a)-ψ(a+b)", form=Auxiliary(lambda a, b, order: polygamma(order, a) - polygamma(order, a + b)),
    domain=(POSITIVE, POSITIVE), source="DLMF 5.15",
)

# Incomplete gamma and beta functions: the parts of the whole below and above x.

gammainc: Op = row(
    "gammainc", incomplete.gammainc, lambda y, x, a: (gamma_density(x, a, 0.0),), params={"a": 1.0},
    params_first=True, symbol="P", form=Function("gammainc", "P"), domain=(POSITIVE,),
    source="DLMF 8.2.4, 8.8.13", textbook=lambda y, x, a: (x ** (a - 1.0) * exp(-x) / gamma(a),),
)
gammaincc: Op = row(
    "gammaincc", incomplete.gammaincc, lambda y, x, a: (-gamma_density(x, a, 0.0),), params={"a": 1.0},
    params_first=True, symbol="Q", form=Function("gammaincc", "Q"), domain=(POSITIVE,),
    source="DLMF 8.2.4, 8.8.14", textbook=lambda y, x, a: (-(x ** (a - 1.0)) * exp(-x) / gamma(a),),
)
gamma_density: Op = row(  # the derivative of a whole order of the density of the gamma law
    "gamma_density", incomplete.gamma_density,
    lambda y, x, a, order: (gamma_density(x, a, order + 1.0),), params={"a": 1.0, "order": 0.0},
    whole={"order": ORDER}, symbol="P⁽ⁿ⁾",
    form=Auxiliary(of=lambda a, order: (gammainc, (a,), (0.0, order + 1.0))),
    domain=(POSITIVE,), source="DLMF 8.8.13, 1.4.12",
)
betainc: Op = row(
    "betainc", incomplete.betainc, lambda y, x, a, b: (beta_density(x, a, b, 0.0),),
    params={"a": 1.0, "b": 1.0}, params_first=True, symbol="I", form=Function("betainc", "I"),
    domain=((0.0, 1.0),), source="DLMF 8.17.1, 8.17.2",
    textbook=lambda y, x, a, b: (x ** (a - 1.0) * (1.0 - x) ** (b - 1.0) / beta(a, b),),
)
beta_density: Op = row(  # the same of the beta law
    "beta_density", incomplete.beta_density,
    lambda y, x, a, b, order: (beta_density(x, a, b, order + 1.0),),
    params={"a": 1.0, "b": 1.0, "order": 0.0}, whole={"order": ORDER},
    symbol="I⁽ⁿ⁾",
    form=Auxiliary(of=lambda a, b, order: (betainc, (a, b), (0.0, 0.0, order + 1.0))), domain=((0.0, 1.0),),
    source="DLMF 8.17.1, 1.4.12",
)
expn: Op = row(
    "expn", incomplete.expn, lambda y, x, order: (-expn(order - 1.0, x),), params={"order": 1.0},
    whole={"order": (-elementary.MAX_ORDER, elementary.MAX_ORDER)}, params_first=True, symbol="E",
    form=Function("expn", "E", index="order"), domain=(POSITIVE,), source="DLMF 8.19.3, 8.19.13",
)

# Bessel functions of whole orders.


j0: Op = row(
    "j0", lambda x: bessel.jn(x, 0.0), lambda y, x: (-j1(x),), symbol="J₀", form=Function("j0", "J₀"),
    expand=lambda x: jn(0.0, x), source="DLMF 10.6.3",
)
j1: Op = row(
    "j1", lambda x: bessel.jn(x, 1.0), lambda y, x: (jn_derivative(x, 1.0, 1.0),), symbol="J₁",
    form=Function("j1", "J₁"), expand=lambda x: jn(1.0, x), source="DLMF 10.6.2",
    textbook=lambda y, x: (j0(x) - y / x,),
)
jn: Op = row(
    "jn", bessel.jn, lambda y, x, order: (jn_derivative(x, order, 1.0),),
    params={"order": 0.0}, whole={"order": ORDER}, params_first=True, symbol="Jₙ",
    form=Function("jn", "J", index="order"), source="DLMF 10.6.1",
    textbook=lambda y, x, order: (0.5 * (jn(order - 1.0, x) - jn(order + 1.0, x)) if order else -jn(1.0, x),),
)
# The derivatives are rows, since a sum of rules would be of infinities of both signs next to zero.
jn_derivative: Op = row(
    "jn_derivative", bessel.jn_derivative, lambda y, x, order, slope: (jn_derivative(x, order, slope + 1.0),),
    params={"order": 0.0, "slope": 1.0}, whole={"order": ORDER, "slope": ORDER},
    symbol="Jₙ⁽ᵐ⁾", form=Auxiliary(of=lambda n, m: (j1, (), (m,)) if n == 1.0 else (jn, (n,), (m,))),
    source="DLMF 10.6.7",
)
y0: Op = row(
    "y0", lambda x: bessel.yn(x, 0.0), lambda y, x: (-y1(x),), symbol="Y₀", form=Function("y0", "Y₀"),
    domain=(POSITIVE,), expand=lambda x: yn(0.0, x), source="DLMF 10.6.3",
)
y1: Op = row(
    "y1", lambda x: bessel.yn(x, 1.0), lambda y, x: (yn_derivative(x, 1.0, 1.0),), symbol="Y₁",
    form=Function("y1", "Y₁"), domain=(POSITIVE,), expand=lambda x: yn(1.0, x), source="DLMF 10.6.2",
    textbook=lambda y, x: (y0(x) - y / x,),
)
yn: Op = row(
    "yn", bessel.yn, lambda y, x, order: (yn_derivative(x, order, 1.0),),
    params={"order": 0.0}, whole={"order": ORDER}, params_first=True, symbol="Yₙ",
    form=Function("yn", "Y", index="order"), domain=(POSITIVE,), source="DLMF 10.6.1",
    textbook=lambda y, x, order: (0.5 * (yn(order - 1.0, x) - yn(order + 1.0, x)) if order else -yn(1.0, x),),
)
yn_derivative: Op = row(
    "yn_derivative", bessel.yn_derivative, lambda y, x, order, slope: (yn_derivative(x, order, slope + 1.0),),
    params={"order": 0.0, "slope": 1.0}, whole={"order": ORDER, "slope": ORDER},
    symbol="Yₙ⁽ᵐ⁾", form=Auxiliary(of=lambda n, m: (y1, (), (m,)) if n == 1.0 else (yn, (n,), (m,))),
    domain=(POSITIVE,), source="DLMF 10.6.7",
)
i0: Op = row(
    "i0", lambda x: bessel.modified(x, 0.0), lambda y, x: (i1(x),), symbol="I₀", form=Function("i0", "I₀"),
    source="DLMF 10.29.3",
)
i1: Op = row(
    "i1", lambda x: bessel.modified(x, 1.0), lambda y, x: (i1_slope(x),), symbol="I₁",
    form=Function("i1", "I₁"), source="DLMF 10.29.1", textbook=lambda y, x: (i0(x) - y / x,),
)
i1_slope: Op = row(
    "i1_slope", bessel.i1_slope, lambda y, x: (0.75 * i1(x) + 0.25 * bessel_i(3.0, x),),
    symbol="I₁'", form=Auxiliary(lambda x: 0.5 * i0(x) + 0.5 * bessel_i(2.0, x), lambda: (i1, (), (1.0,))),
    source="DLMF 10.29.1",
)
bessel_i: Op = row(
    "bessel_i", bessel.modified,
    lambda y, x, order: (
        i1(x) if order == 0.0 else 0.5 * bessel_i(order - 1.0, x) + 0.5 * bessel_i(order + 1.0, x),
    ),
    params={"order": 0.0}, whole={"order": ORDER}, params_first=True, symbol="Iₙ",
    form=Function("bessel_i", "I", index="order"), source="DLMF 10.29.1, 10.29.3",
)
# Times exp(-abs(x)), which has a kink at zero.
i0e: Op = row(
    "i0e", lambda x: bessel.ine(x, 0.0, 0.0), lambda y, x: (sign(x) * ine(abs(x), 0.0, 1.0),),
    kink=_from_zero, source="DLMF 10.29.3, 10.32.3", textbook=lambda y, x: (i1e(x) - sign(x) * y,),
)
i1e: Op = row(
    "i1e", lambda x: bessel.ine(x, 1.0, 0.0), lambda y, x: (ine(abs(x), 1.0, 1.0),),
    kink=_from_zero, source="DLMF 10.29.1, 10.32.3", textbook=lambda y, x: (i0e(x) - sign(x) * y - y / x,),
)
# The derivative of the order `slope`, since the terms of which it is the sum cancel out far away.
ine: Op = row(
    "ine", bessel.ine, lambda y, x, order, slope: (ine(x, order, slope + 1.0),),
    params={"order": 0.0, "slope": 0.0}, whole={"order": ORDER, "slope": ORDER}, symbol="Iₙ⁽ᵐ⁾",
    form=Auxiliary(
        of=lambda order, slope: (i1e if order else i0e, (), (slope,)) if order in (0.0, 1.0) else None
    ),
    domain=(POSITIVE,), source="DLMF 10.32.3, 10.40.1",
)
kn: Op = row(
    "kn", bessel.kn,
    lambda y, x, order: (
        -kn(1.0, x) if order == 0.0 else -0.5 * kn(order - 1.0, x) - 0.5 * kn(order + 1.0, x),
    ),
    params={"order": 0.0}, whole={"order": ORDER}, params_first=True, symbol="Kₙ",
    form=Function("kn", "K", index="order"), domain=(POSITIVE,), source="DLMF 10.29.1, 10.29.3",
)

# Airy functions: of order 0, or the derivatives of a whole order.

airyai: Op = row(
    "airyai", airy.airyai, lambda y, x, order: (airyai(x, order + 1.0),), params={"order": 0.0},
    whole={"order": (0.0, airy.AIRY_ORDER)}, symbol="Ai", form=Function("airyai", "Ai", order="order"),
    source="DLMF 9.2.1, 9.4.1",
)
airybi: Op = row(
    "airybi", airy.airybi, lambda y, x, order: (airybi(x, order + 1.0),), params={"order": 0.0},
    whole={"order": (0.0, airy.AIRY_ORDER)}, symbol="Bi", form=Function("airybi", "Bi", order="order"),
    source="DLMF 9.2.1, 9.4.3",
)

# Complete elliptic integrals, of the parameter m.

ellipk: Op = row(
    "ellipk", elliptic.ellipk, lambda y, m: (ellip_derivative(m, 1.0, 1.0),), symbol="K",
    form=Function("ellipk", "K"), domain=((-INF, 1.0),), source="DLMF 19.2.8, 19.4.1",
    textbook=lambda y, m: ((ellipe(m) - (1.0 - m) * y) / (2.0 * m * (1.0 - m)),),
)
ellipe: Op = row(
    "ellipe", elliptic.ellipe, lambda y, m: (ellip_derivative(m, 1.0, 2.0),), symbol="E",
    form=Function("ellipe", "E"), domain=((-INF, 1.0),), source="DLMF 19.2.8, 19.4.2",
    textbook=lambda y, m: ((y - ellipk(m)) / (2.0 * m),),
)


def _ellip_derivative_form(m: Any, order: float, kind: float) -> Any:
    if order != 1.0:
        return None
    difference = ellipe(m) - (1.0 - m) * ellipk(m) if kind == 1.0 else ellipe(m) - ellipk(m)
    return difference / (2.0 * m * (1.0 - m)) if kind == 1.0 else difference / (2.0 * m)


ellip_derivative: Op = row(  # of a whole order, of the first or the second kind
    "ellip_derivative", elliptic.ellip_derivative,
    lambda y, m, order, kind: (ellip_derivative(m, order + 1.0, kind),), params={"order": 1.0, "kind": 1.0},
    whole={"order": (0.0, elliptic.ELLIPTIC_ORDER), "kind": (1.0, 2.0)},
    symbol="K⁽ⁿ⁾",
    form=Auxiliary(
        _ellip_derivative_form, lambda order, kind: (ellipk if kind == 1.0 else ellipe, (), (order,))
    ),
    domain=((-INF, 1.0),), source="DLMF 19.4.8, 19.4.9",
)

# Functions in pieces. `step` tells the pieces apart, and NaN from both.


def _step_form(a: Any, b: Any, tie: float) -> Any:
    return greater_equal(a, b) if tie == 1.0 else greater(a, b) + tie * equal(a, b) if tie else greater(a, b)


def _clamp_form(x: Any, low: float, high: float) -> Any:
    above = maximum(low, x) if low > -INF else x
    return minimum(above, high) if high < INF else above


step: Op = row(
    "step", elementary.step, lambda y, a, b, tie: (0.0 * sign(y), 0.0 * sign(y)), arity=2,
    params={"tie": 0.0}, symbol=">", noun="pos", form=_step_form, auxiliary=True,
    kink=_apart, gated=True, source="Iverson's bracket, Knuth, TAOCP 1.2.3",
)
relu: Op = row(
    "relu", elementary.relu, lambda y, x: (step(x, 0.0, 0.0),), kink=_from_zero, gated=True, symbol="ReLU",
    form=lambda x: maximum(0.0, x), source="Goodfellow et al., eq. 6.37",
)
leaky_relu: Op = row(
    "leaky_relu", lambda x, slope: x if x > 0.0 else slope * x,
    lambda y, x, slope: (step(x, 0.0, 0.0) + slope * step(0.0, x, 1.0),), params={"slope": 0.01},
    kink=_from_zero, symbol="LeakyReLU", source="Maas, Hannun, Ng 2013, eq. 2",
)
elu: Op = row(
    "elu", elementary.elu, lambda y, x, alpha: (where(greater_equal(x, 0.0), 1.0, scaled_exp(x, alpha)),),
    params={"alpha": 1.0}, kink=_from_zero, symbol="ELU",
    source="Clevert, Unterthiner, Hochreiter 2016, eq. 15",
    textbook=lambda y, x, alpha: (where(greater_equal(x, 0.0), 1.0, alpha * exp(x)),),
)
selu: Op = row(  # at 0 its left derivative, as in PyTorch
    "selu", elementary.selu, lambda y, x: (where(greater(x, 0.0), SCALE, scaled_exp(x, SCALE_ALPHA)),),
    kink=_from_zero, symbol="SELU", expand=lambda x: SCALE * elu(x, elementary.SELU_ALPHA),
    source="Klambauer et al. 2017, eq. 2",
    textbook=lambda y, x: (where(greater(x, 0.0), SCALE, SCALE_ALPHA * exp(x)),),
)
relu6: Op = row(
    "relu6", lambda x: elementary.clamp(x, 0.0, 6.0), lambda y, x: (step(x, 0.0, 0.0) * step(6.0, x, 0.0),),
    gated=True, kink=_from_either(0.0, 6.0), symbol="ReLU6", form=lambda x: minimum(maximum(0.0, x), 6.0),
    expand=lambda x: clamp(x, 0.0, 6.0), source="Krizhevsky 2010",
)
hardtanh: Op = row(
    "hardtanh", lambda x: elementary.clamp(x, -1.0, 1.0),
    lambda y, x: (step(x, -1.0, 0.0) * step(1.0, x, 0.0),), gated=True, kink=_from_either(-1.0, 1.0),
    symbol="hardtanh", form=lambda x: minimum(maximum(-1.0, x), 1.0),
    expand=lambda x: clamp(x, -1.0, 1.0), source="Collobert 2004",
)
clamp: Op = row(
    "clamp", elementary.clamp, lambda y, x, low, high: (step(x, low, 1.0) * step(high, x, 1.0),),
    params={"low": -INF, "high": INF}, gated=True, kink=_from_bounds, form=_clamp_form,
    source="piecewise linear",
)
abs: Op = row(
    "abs", math.fabs, lambda y, x: (sign(x),), kink=_from_zero, symbol="|x|", form=Fence("|", "|"),
    python=python.abs, source="DLMF 1.9.4 (real case)",
)
sign: Op = row(
    "sign", elementary.sign, lambda y, x: (0.0 * y,), kink=_from_zero, gated=True,
    source="step function, slope 0",
)
floor: Op = row(
    "floor", elementary.floor, lambda y, x: (0.0 * sign(x),), kink=_from_whole, gated=True,
    form=Fence("⌊", "⌋", "floor"), source="step function, slope 0",
)
ceil: Op = row(
    "ceil", elementary.ceil, lambda y, x: (0.0 * sign(x),), kink=_from_whole, gated=True,
    form=Fence("⌈", "⌉", "ceil"), source="step function, slope 0",
)
trunc: Op = row(
    "trunc", elementary.trunc, lambda y, x: (0.0 * sign(x),), kink=_from_whole_but_zero, gated=True,
    source="step function, slope 0",
)
round: Op = row(
    "round", elementary.round, lambda y, x, ndigits: (0.0 * sign(x),), params={"ndigits": 0.0},
    whole={"ndigits": (-400.0, 400.0)}, kink=_from_half, gated=True, python=python.round,
    source="step function, slope 0",
)
maximum: Op = row(
    "maximum", elementary.maximum, lambda y, a, b: (step(a, b, 0.5), step(b, a, 0.5)), arity=2, kink=_apart,
    gated=True, symbol="max", form=Function("max"), source="piecewise linear",
)
minimum: Op = row(
    "minimum", elementary.minimum, lambda y, a, b: (step(b, a, 0.5), step(a, b, 0.5)), arity=2, kink=_apart,
    gated=True, symbol="min", form=Function("min"), source="piecewise linear",
)
where: Op = row(  # NaN as a condition is true, as in Python and NumPy
    "where", lambda condition, a, b: a if condition != 0.0 else b,
    lambda y, condition, a, b: (0.0, 1.0 - equal(condition, 0.0), equal(condition, 0.0)), arity=3,
    kink=_from_zero, gated=True, form=Cases(), source="the branch that was taken",
)

# Two operands.

hypot: Op = row(
    "hypot", math.hypot, lambda y, a, b: (direction(a, b, index=0.0), direction(a, b, index=1.0)), arity=2,
    domain=(POSITIVE, REALS), float_partials=lengths.directions,
    source="DLMF 1.9.3", textbook=lambda y, a, b: (a / y, b / y),
)
atan2: Op = row(
    "atan2", math.atan2, lambda y, a, b: (re_inverse_power(b, a, 1.0), im_inverse_power(b, a, 1.0)), arity=2,
    domain=(REALS, POSITIVE), float_partials=lengths.inverse_slopes, source="DLMF 1.9.5 (phase)",
    textbook=lambda y, a, b: (b / (a * a + b * b), -a / (a * a + b * b)),
)


def _inverse_power_form(x: Any, y: Any, n: Any, part: int) -> Any:
    """Return the real part (0) or the imaginary one (1) of (x + iy)^-n, up to the fourth power."""
    if n not in range(1, 5):
        return None
    terms = [
        (-1.0) ** ((k + 1) // 2) * math.comb(int(n), k) * x ** (n - k) * y ** float(k)
        for k in range(part, int(n) + 1, 2)
    ]
    return reduce(lambda a, b: a + b, terms) / (x**2.0 + y**2.0) ** n


re_inverse_power: Op = row(
    "re_inverse_power", lambda x, y, n: lengths.complex_power(x, y, n)[0],
    lambda value, x, y, n: (-n * re_inverse_power(x, y, n + 1.0), n * im_inverse_power(x, y, n + 1.0)),
    arity=2, params={"order": 1.0}, whole={"order": ORDER}, symbol="Re z⁻ⁿ",
    form=Auxiliary(lambda x, y, n: _inverse_power_form(x, y, n, 0)),
    domain=(POSITIVE, REALS), source="DLMF 1.9.25 (Cauchy-Riemann)",
)
im_inverse_power: Op = row(
    "im_inverse_power", lambda x, y, n: lengths.complex_power(x, y, n)[1],
    lambda value, x, y, n: (-n * im_inverse_power(x, y, n + 1.0), -n * re_inverse_power(x, y, n + 1.0)),
    arity=2, params={"order": 1.0}, whole={"order": ORDER}, symbol="Im z⁻ⁿ",
    form=Auxiliary(lambda x, y, n: _inverse_power_form(x, y, n, 1)),
    domain=(POSITIVE, REALS), source="DLMF 1.9.25 (Cauchy-Riemann)",
)
logaddexp: Op = row(
    "logaddexp", many.logaddexp, lambda y, a, b: (share(a, b), share(b, a)), arity=2,
    float_partials=many.softmaxes,
    source="Bishop, PRML, eq. 4.62", textbook=lambda y, a, b: (exp(a - y), exp(b - y)),
)
share: Op = row(  # sigmoid(a - b), with what the difference lost made good
    "share", many.share, lambda y, a, b: (share_slope(a, b), -share_slope(a, b)), arity=2,
    symbol="σ", form=Auxiliary(lambda a, b: sigmoid(a - b)),
    expand=lambda a, b: sigmoid(a - b), source="Bishop, PRML, eq. 4.57",
)
share_slope: Op = row(
    "share_slope", many.share_slope, lambda y, a, b: (-(y * tanh(0.5 * (a - b))), y * tanh(0.5 * (a - b))),
    arity=2, symbol="σ'", form=Auxiliary(lambda a, b: sigmoid_slope(a - b)),

    expand=lambda a, b: sigmoid_slope(a - b), source="Bishop, PRML, eq. 4.88",
)
logsubexp: Op = row(
    "logsubexp", many.logsubexp, lambda y, a, b: (minuend_share(a, b), minuend_share(b, a)), arity=2,
    pole=_apart,
    expand=lambda a, b: maximum(a, b) + log1mexp(minimum(a, b) - maximum(a, b)), source="DLMF 4.4.1, 4.4.4",
    textbook=lambda y, a, b: (exp(a) / (exp(a) - exp(b)), -exp(b) / (exp(a) - exp(b))),
)
minuend_share: Op = row(
    "minuend_share", many.minuend_share,
    lambda y, a, b: (minuend_share_slope(a, b), -minuend_share_slope(a, b)), arity=2, pole=_apart,
    symbol="1/(1-eˣ)", form=Auxiliary(lambda a, b: 1.0 / (1.0 - exp(b - a))),
    expand=lambda a, b: -1.0 / expm1(b - a),
    source="DLMF 4.4.4, 1.4.11",
)
minuend_share_slope: Op = row(
    "minuend_share_slope", many.minuend_share_slope,
    lambda y, a, b: (y * coth(0.5 * (b - a)), -(y * coth(0.5 * (b - a)))), arity=2, pole=_apart,
    symbol="-csch²/4", form=Auxiliary(lambda a, b: -(csch(0.5 * (b - a)) ** 2.0) / 4.0),
    expand=lambda a, b: -0.25 * square(csch(0.5 * (b - a))), source="DLMF 4.34.10",
)

# Comparisons: 1 or 0, with derivative 0.


def _comparison(name: str, value: Any, sign: str, symbol: str) -> Op:
    return row(
        name, value, lambda y, a, b: (0.0, 0.0), arity=2, symbol=symbol, form=Comparison(sign),
        kink=_apart, gated=True,
        source="Iverson's bracket, Knuth, TAOCP 1.2.3",
    )


greater: Op = _comparison("greater", lambda a, b: float(a > b), ">", ">")
greater_equal: Op = _comparison("greater_equal", lambda a, b: float(a >= b), ">=", "≥")
less: Op = _comparison("less", lambda a, b: float(a < b), "<", "<")
less_equal: Op = _comparison("less_equal", lambda a, b: float(a <= b), "<=", "≤")
equal: Op = _comparison("equal", lambda a, b: float(a == b), "==", "=")

# Any number of operands.


def _others(xs: tuple[Any, ...], i: int) -> tuple[Any, ...]:
    return xs[:i] + xs[i + 1 :]


def _shares(y: Any, *xs: Any) -> tuple[Any, ...]:
    """Split the slope of an extremum evenly among those that attain it; 0 / 0 = NaN if there is a NaN."""
    hits = [equal(x, y) for x in xs]
    count = sum(*hits)
    return tuple(hit / count for hit in hits)


def _weights(xs: tuple[Any, ...]) -> list[Any]:
    return softmaxes(*xs)


def _softmax_partials(y: Any, *operands: Any) -> tuple[Any, ...]:
    """Slope y (1 - y) on the diagonal, and -y weight elsewhere."""
    *xs, index = operands
    place = int(index)
    return tuple(
        y * softmax_rest(*xs, index=index) if i == place else -y * w
        for i, w in enumerate(_weights(tuple(xs)))
    )


def _softmax_rest_partials(y: Any, *operands: Any) -> tuple[Any, ...]:
    """The softmax's slopes with the other sign."""
    *xs, index = operands
    place = int(index)
    weights = _weights(tuple(xs))
    return tuple(-(weights[place] * y) if i == place else weights[place] * w for i, w in enumerate(weights))


def _log_softmax_partials(y: Any, *operands: Any) -> tuple[Any, ...]:
    """Slope 1 - weight on the diagonal, and -weight elsewhere."""
    *xs, index = operands
    place = int(index)
    return tuple(
        softmax_rest(*xs, index=index) if i == place else -w for i, w in enumerate(_weights(tuple(xs)))
    )


def _direction_partials(y: Any, *operands: Any) -> tuple[Any, ...]:
    """Slope (1 - y**2) / norm on the diagonal, 1 - y**2 as a sum of squares; else -y cosine / norm."""
    *xs, index = operands
    place = int(index)
    if _is_out_of_the_way(xs):
        return tuple(_second_slope(xs, place, i) for i in range(len(xs)))
    r = norm(*xs)
    cosines = directions(*xs)
    # The quotient first: what it loses to underflow a cosine, at most 1, does not bring back.
    squares = tuple(c * (c / r) for c in cosines)
    return tuple(sum(*_others(squares, i)) if i == place else -y * (c / r) for i, c in enumerate(cosines))


# A derivative of the length; behind the operands, how often it is taken by each. Near the ends of the range
# the sums of quotients that the rule above makes of the third order have terms beyond these ends, even where
# their sum is not.
_length_slope: Op = Op("length_slope", lengths.length_slope, lambda y, *xs: _higher(xs), arity=ANY)
INNER[_length_slope.name] = _length_slope


def _higher(operands: Sequence[Any]) -> tuple[Any, ...]:
    """Return the derivatives that are taken once more by each operand; none by how often."""
    count = len(operands) // 2
    xs, orders = operands[:count], operands[count:]
    once_more = ((*orders[:i], orders[i] + 1.0, *orders[i + 1 :]) for i in range(count))
    return (*[_length_slope(*xs, *taken) for taken in once_more], *[0.0] * count)


def _second_slope(xs: Sequence[Any], i: int, j: int) -> Any:
    return _length_slope(*xs, *[float((at == i) + (at == j)) for at in range(len(xs))])


def _is_extreme_and_short(xs: Sequence[float]) -> bool:
    return len(xs) <= 8 and lengths.is_extreme(xs)


@_of_numbers(_is_extreme_and_short)
def _is_out_of_the_way(xs: Sequence[Any]) -> bool:
    """Whether a length is near an end of the range, of operands so few that slopes are taken by every pair.

    A program that is being recorded will have other numbers, and symbols have none.
    """
    return not is_tracing() and _is_extreme_and_short(_numbers(xs))


def _numbers(xs: Sequence[Any]) -> list[float]:
    """Return the numbers of nodes, and 1 for symbols."""
    return [x if x.__class__ is float else getattr(x, "_data", 1.0) for x in xs]


def _each(*xs: Any) -> list[tuple[Any, ...]]:
    """Terms of one operand each."""
    return [(x,) for x in xs]


sum: Op = row(
    "sum", many.sum, lambda y, *xs: (1.0,) * len(xs), arity=ANY, symbol="Σ", form=Infix("+", SUM, SUM, SUM),
    terms=_each, source="DLMF 1.4.9",
)
mean: Op = row(
    "mean", many.mean, lambda y, *xs: (1.0 / len(xs),) * len(xs), arity=ANY,
    form=lambda *xs: sum(*xs) / float(len(xs)), terms=lambda *xs: [(1.0 / len(xs), x) for x in xs],
    source="DLMF 1.4.9",
)
prod: Op = row(
    "prod", elementary.prod, lambda y, *xs: tuple(prod(*_others(xs, i)) for i in range(len(xs))), arity=ANY,
    symbol="Π", form=Infix("*", PRODUCT, PRODUCT, NEGATION), expand=lambda *xs: reduce(mul, xs),
    float_partials=many.prod_slopes, source="DLMF 1.4.10",
)
dot: Op = row(
    "dot", many.dot, lambda y, *xs: (*xs[len(xs) // 2 :], *xs[: len(xs) // 2]), arity=ANY, vectors=True,
    symbol="·", form=Products(),
    terms=lambda *xs: list(zip(xs[: len(xs) // 2], xs[len(xs) // 2 :], strict=True)), source="DLMF 1.4.10",
)
max: Op = row(
    "max", many.max, _shares, arity=ANY, kink=_gap_above, gated=True, terms=_each, extremum="max",
    source="piecewise linear",
)
min: Op = row(
    "min", many.min, _shares, arity=ANY, kink=_gap_below, gated=True, terms=_each, extremum="min",
    source="piecewise linear",
)
# The maximum as a number to shift by, whose derivatives cancel out. It is no operation for anybody else.
_peak: Op = Op(
    "peak", many.max, lambda y, *xs: (0.0,) * len(xs), arity=ANY, terms=_each, extremum="max",
)


# In compiled programs a weight of nearly 1 leaves the others their digits: what stands beside the largest
# exponential is summed by itself, and slopes are taken off their mean by the weights twice. The second time
# takes off what rounding left to the operand that leads, whose slope is minus the sum of the others.
_slope: Op = Op("slope", lambda x, w: 0.0, lambda y, x, w: (w, 0.0), arity=2, expand=lambda x, w: 0.0)
_fixed: Op = Op("fixed", lambda x: x, lambda y, x: (0.0,), expand=lambda x: x)


def _exponentials(xs: Sequence[Any]) -> tuple[Any, list[Any], list[Any], Any]:
    """Return the maximum, how far the operands are from it, the exponentials of that, and their sum."""
    top = _peak(*xs)
    gaps = [x - top for x in xs]
    powers = [exp(d) for d in gaps]
    return top, gaps, powers, sum(*powers)


def _log_of_total(gaps: list[Any], powers: list[Any], total: Any) -> Any:
    """Logarithm of a sum of exponentials of which the largest is 1, without slopes; of ties the sum is 2."""
    below = sum(*[p * less(d, 0.0) for d, p in zip(gaps, powers, strict=True)])
    return _fixed(log1p(where(less(total, 2.0), below, total - 1.0)))


def _slopes(xs: Iterable[Any], weights: Iterable[Any]) -> Any:
    """Return 0, with a weight for each slope."""
    return sum(*[_slope(x, w) for x, w in zip(xs, weights, strict=True)])


def _off_mean(xs: Sequence[Any], weights: list[Any]) -> list[Any]:
    """Return the operands, with slopes that are taken off their mean by the weights."""
    mean = _slopes(xs, weights)
    return [x - mean for x in xs]


def _weights_apart(xs: tuple[Any, ...]) -> tuple[list[Any], list[Any], list[Any], Any]:
    """Return the softmax without slopes, zeros with its slopes, the exponentials, and their sum."""
    _, _, powers, total = _exponentials(xs)
    weights = [p / total for p in powers]
    slopes = [_slope(x, w) for x, w in zip(_off_mean(xs, weights), weights, strict=True)]
    whole = sum(*slopes)
    slopes = [s - _slope(whole, w) for s, w in zip(slopes, weights, strict=True)]
    return [_fixed(w) for w in weights], slopes, powers, total


def _softmaxes_written_out(*xs: Any) -> list[Any]:
    weights, slopes, _, _ = _weights_apart(xs)
    return [w + s for w, s in zip(weights, slopes, strict=True)]


def _softmax_rest_written_out(*operands: Any) -> Any:
    *xs, index = operands
    _, slopes, powers, total = _weights_apart(tuple(xs))
    return _fixed(sum(*_others(tuple(powers), int(index))) / total) - slopes[int(index)]


def _logsumexp_written_out(*xs: Any) -> Any:
    top, gaps, powers, total = _exponentials(xs)
    return sum(top, _log_of_total(gaps, powers, total), _slopes(xs, [p / total for p in powers]))


def _log_softmaxes_written_out(*xs: Any) -> list[Any]:
    _, gaps, powers, total = _exponentials(xs)
    weights = [p / total for p in powers]
    log_total = _log_of_total(gaps, powers, total)
    return [d - log_total for d in _off_mean(_off_mean(gaps, weights), weights)]


def _directions_written_out(*xs: Any) -> list[Any] | None:
    """Quotients by the length; but of two operands a primitive, which no square overflows."""
    if len(xs) == 2:
        return None
    return [x / norm(*xs) for x in xs] if len(xs) > 1 else [sign(*xs)]


logsumexp: Op = row(
    "logsumexp", many.logsumexp, lambda y, *xs: tuple(_weights(xs)), arity=ANY,
    float_partials=many.softmaxes, expand=_logsumexp_written_out, source="Bishop, PRML, eq. 4.62",
    textbook=lambda y, *xs: tuple(exp(x - y) for x in xs),
)
softmax: Op = row(
    "softmax", many.softmax, _softmax_partials, arity=ANY, params={"index": 0.0},
    form=Function("softmax", index="index"), float_partials=many.softmax_slopes,
    source="Bishop, PRML, eq. 4.106",
    textbook=lambda y, *xs: tuple(
        y * (1.0 - y) if i == int(xs[-1]) else -y * w for i, w in enumerate(_weights(xs[:-1]))
    ),
)
# 1 less the softmax: the sum of the other weights, which as a sum would lose the digits of its slopes.
softmax_rest: Op = row(
    "softmax_rest", many.softmax_rest, _softmax_rest_partials, arity=ANY, params={"index": 0.0},
    symbol="1-softmax", form=Auxiliary(lambda *xs: 1.0 - softmax(*xs[:-1], index=xs[-1])),
    float_partials=many.softmax_rest_slopes, expand=_softmax_rest_written_out,
    source="Bishop, PRML, eq. 4.106",
)
log_softmax: Op = row(
    "log_softmax", many.log_softmax, _log_softmax_partials, arity=ANY, params={"index": 0.0},
    form=Function("log_softmax", "ln softmax", index="index"),
    float_partials=many.log_softmax_slopes, source="Bishop, PRML, eq. 4.106",
    textbook=lambda y, *xs: tuple(
        1.0 - w if i == int(xs[-1]) else -w for i, w in enumerate(_weights(xs[:-1]))
    ),
)
norm: Op = row(
    "norm", lengths.norm, lambda y, *xs: tuple(directions(*xs)), arity=ANY, symbol="‖x‖",
    form=Fence("‖", "‖", "norm"), domain=(POSITIVE,),
    expand=lambda *xs: reduce(hypot, xs) if len(xs) > 1 else abs(*xs),
    float_partials=lengths.directions, source="DLMF 1.9.3", textbook=lambda y, *xs: tuple(x / y for x in xs),
)
direction: Op = row(
    "direction", lengths.direction, _direction_partials, arity=ANY, params={"index": 0.0},
    symbol="x/‖x‖", form=Auxiliary(lambda *xs: xs[int(xs[-1])] / norm(*xs[:-1])), domain=(POSITIVE,),
    float_partials=lengths.direction_slopes, source="DLMF 1.9.3",
)

# Operations with several results. Each matrix of derivatives is a diagonal one less a product of two vectors,
# so that a pass through it takes a few sums. Where a weight is more than all others together, what comes with
# it is taken apart, as in the rows above: 1 less that weight is the sum of the others, and not a difference.
# A program that is being recorded has other numbers, and finds the one that leads itself.


def _pick(leads: Any, a: Any, b: Any) -> Any:
    """Return ``a`` where a share leads, else ``b``."""
    if leads.__class__ is bool:
        return a if leads else b
    return 0.0 if _is_zero(a) and _is_zero(b) else where(leads, a, b)


def _is_zero(x: Any) -> bool:
    return x.__class__ is float and x == 0.0


def _times(a: Any, b: Any) -> Any:
    """Multiply, without a node for what is nothing at all."""
    if _is_zero(a) or _is_zero(b):
        return 0.0
    return b if a.__class__ is float and a == 1.0 else a if b.__class__ is float and b == 1.0 else a * b


def _plus(a: Any, b: Any) -> Any:
    return a if _is_zero(b) else b if _is_zero(a) else a + b


def _less(a: Any, b: Any) -> Any:
    return a if _is_zero(b) else -b if _is_zero(a) else a - b


def _total(terms: list[Any]) -> Any:
    """Sum, without a node for nothing or for one term."""
    left = [x for x in terms if not _is_zero(x)]
    return sum(*left) if len(left) > 1 else left[0] if left else 0.0


def _relative(w: list[Any], leading: list[Any], g: list[Any]) -> tuple[list[Any], Any]:
    """Return g less what comes with a dominating weight, and the mean of that by the weights."""
    c = _total([_pick(m, x, 0.0) for m, x in zip(leading, g, strict=True)])
    h = [_pick(m, 0.0, _less(x, c)) for m, x in zip(leading, g, strict=True)]
    return h, _total([_times(v, x) for v, x in zip(w, h, strict=True)])


def _softmax_pull(_: Any, w: list[Any], leading: list[Any], g: list[Any]) -> list[Any]:
    h, mean = _relative(w, leading, g)
    return [_times(v, _less(x, mean)) for v, x in zip(w, h, strict=True)]


def _log_softmax_push(_: Any, w: list[Any], leading: list[Any], t: list[Any]) -> list[Any]:
    h, mean = _relative(w, leading, t)
    return [_less(x, mean) for x in h]


def _log_softmax_pull(_: Any, w: list[Any], leading: list[Any], g: list[Any]) -> list[Any]:
    rest, others, whole = _sums_apart(leading, w, g)
    return [
        _pick(m, _less(_times(x, rest), _times(v, others)), _less(x, _times(v, whole)))
        for m, v, x in zip(leading, w, g, strict=True)
    ]


def _sums_apart(leading: list[Any], w: list[Any], g: list[Any]) -> tuple[Any, Any, Any]:
    """Return the sums of the weights and of g without those that lead, and that of all g."""
    rest = _total([_pick(m, 0.0, v) for m, v in zip(leading, w, strict=True)])
    others = _total([_pick(m, 0.0, x) for m, x in zip(leading, g, strict=True)])
    first = _total([_pick(m, x, 0.0) for m, x in zip(leading, g, strict=True)])
    return rest, others, _total([others, first])


def _direction_pull(xs: tuple[Any, ...], cosines: list[Any], leading: list[Any], g: list[Any]) -> list[Any]:
    if _is_out_of_the_way(xs):
        given = [(i, x) for i, x in enumerate(g) if not _is_zero(x)]
        return [_total([_times(x, _second_slope(xs, i, j)) for i, x in given]) for j in range(len(xs))]
    r = norm(*xs)
    ratios = [c / r for c in cosines]
    along = [_times(q, x) for q, x in zip(ratios, g, strict=True)]
    rest, others, whole = _sums_apart(leading, [c * q for c, q in zip(cosines, ratios, strict=True)], along)
    return [
        _pick(
            m,
            _less(_times(x, rest), _times(c, others)),
            _less(0.0 if _is_zero(x) else x / r, _times(c, whole)),
        )
        for m, c, x in zip(leading, cosines, g, strict=True)
    ]


softmaxes: MultiOp = multi(
    "softmaxes", softmax, values=many.weights, kept=many.weights, local=many.softmax_row,
    float_pull=many.softmax_pull, float_push=many.softmax_pull, leads=lambda w: greater(w, 0.5),
    pull=_softmax_pull, push=_softmax_pull, expand=_softmaxes_written_out,
)
log_softmaxes: MultiOp = multi(
    "log_softmaxes", log_softmax, values=many.log_softmaxes, kept=many.weights, local=many.log_softmax_row,
    float_pull=many.log_softmax_pull, float_push=many.log_softmax_push, shares=softmaxes,
    leads=lambda w: greater(w, 0.5), pull=_log_softmax_pull, push=_log_softmax_push,
    expand=_log_softmaxes_written_out,
)
directions: MultiOp = multi(
    "directions", direction, values=lambda xs: lengths.directions(0.0, *xs), kept=tuple,
    local=lengths.direction_row, float_pull=lengths.direction_pull, float_push=lengths.direction_pull,
    leads=lambda c: greater(c * c, 0.5625), pull=_direction_pull, push=_direction_pull,
    expand=_directions_written_out,
)
