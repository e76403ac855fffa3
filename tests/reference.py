"""Where to ask the table's rows, what the exact answer is, and beside which of its terms an error counts.

The answers are `autograd.testing.oracle`'s: differences of each row's function at so many bits that no
derivative rule is trusted.
"""

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import kept
import mpmath as mp
from profiles import NIGHTLY

from autograd import ops

TINY, MAX, INF = 5e-324, 1.7976931348623157e308, math.inf


def value(name: str, operands: tuple[float, ...]) -> Any:
    return kept.partial(ops.TABLE[name], operands, ())


def derivative(name: str, i: int, operands: tuple[float, ...], n: int) -> Any:
    """n-th partial derivative by operand i of the row ``name``."""
    return kept.partial(ops.TABLE[name], operands, (i,) * n)


# What the rules say, to any order.


class Dual:
    """A number with a tangent; nested, for higher orders. Runs the rules as they stand."""

    def __init__(self, primal: Any, tangent: Any, level: int) -> None:
        self.primal, self.tangent, self.level = primal, tangent, level

    @staticmethod
    def _apply(op: ops.Op, operands: tuple[Any, ...]) -> "Dual":
        level = max(x.level for x in operands if isinstance(x, Dual))
        inner = [isinstance(x, Dual) and x.level == level for x in operands]
        primal = tuple(x.primal if own else x for own, x in zip(inner, operands))
        xs, params = primal[: len(primal) - len(op.params)], primal[len(primal) - len(op.params) :]
        y = op(*xs, **dict(zip(op.params, params)))
        plain = all(isinstance(x, float) for x in primal)
        partials = op.local(y, primal) if plain else op.partials(y, *primal)
        total: Any = 0.0
        for own, x, d in zip(inner, operands, partials):
            if own and not is_zero(x.tangent) and not (op.gated and number(d) == 0.0):
                term = d * x.tangent
                total = term if is_zero(total) else total + term
        return Dual(y, total, level)

    def __add__(self, other: Any) -> Any:
        return ops.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return ops.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return ops.sub(self, other)

    def __rsub__(self, other: Any) -> Any:
        return ops.sub(other, self)

    def __mul__(self, other: Any) -> Any:
        return ops.mul(self, other)

    def __rmul__(self, other: Any) -> Any:
        return ops.mul(other, self)

    def __truediv__(self, other: Any) -> Any:
        return ops.div(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return ops.div(other, self)

    def __neg__(self) -> Any:
        return ops.neg(self)


def is_zero(x: Any) -> bool:
    return isinstance(x, float) and x == 0.0


def number(x: Any) -> float:
    while isinstance(x, Dual):
        x = x.primal
    return float(x)


def partial(op: ops.Op, indices: tuple[int, ...], operands: tuple[float, ...]) -> float:
    """Derivative of a row's value in the operands ``indices``, one after the other, by the rules as they
    stand."""
    xs: list[Any] = list(operands)
    for level, i in enumerate(indices):
        xs[i] = Dual(xs[i], 1.0, level)
    # A dual number of one level is a constant to the others.
    y = op(*xs[: len(xs) - len(op.params)], **dict(zip(op.params, xs[len(xs) - len(op.params) :])))
    for level in reversed(range(len(indices))):
        y = y.tangent if isinstance(y, Dual) and y.level == level else 0.0
    return number(y)


def nth_derivative(op: ops.Op, i: int, operands: tuple[float, ...], n: int) -> float:
    return partial(op, (i,) * n, operands)


# Where a function or a derivative has a root in general position: its largest term there.


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def bump(x: Any) -> Any:
    """The derivative of the logistic function."""
    return sigmoid(x) * sigmoid(-x)


def length(*xs: Any) -> Any:
    return mp.sqrt(sum(x * x for x in xs))


def bell(x: Any, power: int, scale: Any) -> Any:
    return max(abs(x), 1) ** power * mp.exp(-x * x / scale)


def gelu_term(x: Any, order: Any) -> Any:
    """The largest term of gelu's derivative of that order; from the second on it is one product, right next
    to its zeros, too."""
    return (mp.erfc(-x / mp.sqrt(2)) / 2 if abs(x) < 1e3 else 0) if order == 1 else 0


def sinc_term(x: Any, order: Any) -> Any:
    """The larger one of the terms of sinc's derivative of that order."""
    return mp.pi**order * min(1 / (order + 1), 1 / (mp.pi * abs(x)) if x else 1)


def wave(x: Any, *_: Any) -> Any:
    """The amplitude of a Bessel function, from where on it is no longer right relatively."""
    return mp.sqrt(2 / (mp.pi * abs(x))) if abs(x) >= 25 else 0


WAVES = ("j0", "j1", "jn", "jn_derivative", "y0", "y1", "yn", "yn_derivative")
def airy_wave(x: Any, order: Any) -> Any:
    """The amplitude of an Airy function's derivative of that order, where it has zeros."""
    size = max(1, abs(x)) ** (mp.mpf(order) / 2 - mp.mpf(1) / 4) / mp.sqrt(mp.pi)
    return size if x < -2 or (order > 1 and x < 2) else 0


def cosine_term(x: Any, order: Any) -> Any:
    """The largest term of the cosine integral's derivative of that order."""
    return (1 / x + (x**-order if order else 0)) if x >= 20 or order > 1 else 0


def sine_term(x: Any, order: Any) -> Any:
    """The larger one of the terms of the derivative of that order of sin(x) / x."""
    return min(1 / (mp.mpf(order) + 1), 1 / abs(x) if x else 1)


def power_terms(a: Any, b: Any, first: int, second: int) -> Any:
    """The largest term of a derivative of a**b: of a product with a polynomial in ln(a)."""
    factors = [mp.mpf(1)] + [mp.mpf(0)] * int(second)
    for k in range(int(first)):
        factors = [abs(b - k) * x + (j * factors[j - 1] if j else 0) for j, x in enumerate(factors)]
    if not second or not a > 0:
        return 0
    logs = [mp.binomial(second, j) * x * abs(mp.log(a)) ** (second - j) for j, x in enumerate(factors)]
    return max(logs) * mp.mpf(a) ** (b - first)


AIRY = ("airyai", "airybi")
VALUE_SCALE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(AIRY, airy_wave),
    "cosint": lambda x: cosine_term(x, 0),
    "pow_derivative": power_terms,
    "sine_quotient": sine_term,
    **dict.fromkeys(WAVES, wave),
    "sinc_derivative": sinc_term,
    "gelu_slope": gelu_term,
    "logsumexp": lambda *x: max(map(abs, x)),
    "logaddexp": lambda *x: max(map(abs, x)),
    "logsubexp": lambda *x: max(map(abs, x)),
    "dot": lambda *x: max(abs(a * b) for a, b in zip(x[: len(x) // 2], x[len(x) // 2 :])),
    "re_inverse_power": lambda x, y, n: length(x, y) ** -int(n),
    "im_inverse_power": lambda x, y, n: length(x, y) ** -int(n) if n > 1 else 0,
}
FIRST_SCALE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(AIRY, lambda i, x: airy_wave(x[0], x[1] + 1)),
    "sinint": lambda i, x: sine_term(x[0], 0),
    "sine_quotient": lambda i, x: sine_term(x[0], x[1] + 1),
    **dict.fromkeys(WAVES, lambda _, x: wave(x[0])),
    "sinc": lambda i, x: sinc_term(x[0], 1),
    "pow_derivative": lambda i, x: power_terms(x[0], x[1], x[2] + (i == 0), x[3] + (i == 1)),
    "sinc_derivative": lambda i, x: sinc_term(x[0], x[1] + 1),
    "silu": lambda i, x: max(sigmoid(x[0]), abs(x[0]) * bump(x[0])),
    "gelu": lambda i, x: mp.erfc(-x[0] / mp.sqrt(2)) / 2 if abs(x[0]) < 1e3 else 0,
    "rel_entr": lambda i, x: 1 if i == 0 else 0,
    "re_inverse_power": lambda i, x: x[2] * length(*x[:2]) ** -int(x[2] + 1),
    "im_inverse_power": lambda i, x: x[2] * length(*x[:2]) ** -int(x[2] + 1),
    "monomial": lambda i, x: x[0] * x[4] * x[1] ** (x[2] - x[3] - 1) if x[4] and i == 1 else 0,
}
SECOND_SCALE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(AIRY, lambda i, x: airy_wave(x[0], x[1] + 2)),
    "cosint": lambda i, x: cosine_term(x[0], 2),
    "sinint": lambda i, x: sine_term(x[0], 1),
    "sine_quotient": lambda i, x: sine_term(x[0], x[1] + 2),
    **dict.fromkeys(WAVES, lambda _, x: wave(x[0])),
    "sinc": lambda i, x: sinc_term(x[0], 2),
    "pow_derivative": lambda i, x: power_terms(x[0], x[1], x[2] + 2 * (i == 0), x[3] + 2 * (i == 1)),
    "sinc_derivative": lambda i, x: sinc_term(x[0], x[1] + 2),
    "sigmoid_slope": lambda i, x: bump(x[0]),
    "scaled_sigmoid_slope": lambda i, x: x[0] * bump(x[1]) if i else 0,
    "share_slope": lambda i, x: bump(x[0] - x[1]),
    "softmax_rest": lambda i, x: abs(derivative("softmax", i, tuple(map(float, x)), 1)),
    "sech_squared": lambda i, x: 4 * mp.sech(x[0]) ** 2,
    "silu": lambda i, x: bump(x[0]) * max(1, abs(x[0])),
    "softmax": lambda i, x: abs(derivative("softmax", i, tuple(map(float, x)), 1)),
    "re_inverse_power": lambda i, x: x[2] * (x[2] + 1) * length(*x[:2]) ** -int(x[2] + 2),
    "im_inverse_power": lambda i, x: x[2] * (x[2] + 1) * length(*x[:2]) ** -int(x[2] + 2),
}


def gamma_term(x: Any, a: Any, order: Any) -> Any:
    """The largest term of a derivative of the gamma law's density: of a power less or of a factor -1."""
    n = int(order)
    terms = (
        abs(mp.binomial(n, k) * mp.ff(a - 1, n - k)) * mp.power(x, a - 1 - n + k) for k in range(n + 1)
    )
    return max(terms) * mp.exp(-x) * mp.rgamma(a)


def beta_term(x: Any, a: Any, b: Any, order: Any) -> Any:
    """The same of the beta law's."""
    n = int(order)
    return max(
        abs(mp.binomial(n, k) * mp.ff(a - 1, n - k) * mp.ff(b - 1, k))
        * mp.power(x, a - 1 - n + k)
        * mp.power(1 - x, b - 1 - k)
        for k in range(n + 1)
    ) / mp.beta(a, b)


INCOMPLETE: dict[str, Callable[..., Any]] = {
    "gammainc": lambda order, x: gamma_term(*x, order - 1),
    "gammaincc": lambda order, x: gamma_term(*x, order - 1),
    "gamma_density": lambda order, x: gamma_term(*x[:2], x[2] + order),
    "betainc": lambda order, x: beta_term(*x, order - 1),
    "beta_density": lambda order, x: beta_term(*x[:3], x[3] + order),
}
for _name, _term in INCOMPLETE.items():
    if _name.endswith("density"):
        VALUE_SCALE[_name] = lambda *x, term=_term: term(0, x)
        FIRST_SCALE[_name] = lambda i, x, term=_term: term(1, x)
    SECOND_SCALE[_name] = lambda i, x, term=_term: term(2, x)


TERMS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(AIRY, lambda order, x: airy_wave(x[0], x[1] + order)),
    "cosint": lambda order, x: cosine_term(x[0], order),
    "sinint": lambda order, x: sine_term(x[0], order - 1),
    "sine_quotient": lambda order, x: sine_term(x[0], x[1] + order),
    **dict.fromkeys(WAVES, lambda _, x: wave(x[0])),
    "beta": lambda order, x: mp.beta(*x) * (1 / min(x) + abs(mp.log(max(x)))) ** order,
    **INCOMPLETE,
    "sinc": lambda order, x: sinc_term(x[0], order),
    "sinc_derivative": lambda order, x: sinc_term(x[0], x[1] + order),
}
"""The largest term of a derivative that has roots in general position: of its order and the operands."""


def ulps(got: float, exact: Any, scale: Any = 0.0) -> float:
    """Error in units in the last place of the exact number, or of the largest term ``scale`` if given."""
    exact_float = float(exact)
    if got != got or math.isinf(got):
        beyond = abs(exact) > mp.mpf(MAX) * (1 - mp.mpf(2) ** -50)
        return 0.0 if got == got and beyond and (got > 0) == (exact > 0) else INF
    unit = math.ulp(min(max(abs(exact_float), float(abs(scale))), MAX))
    return float(abs(mp.mpf(got) - exact) / unit)


# Where to ask.

EDGES = (
    TINY,
    2.2250738585072014e-308,
    1e-200,
    1e-17,
    0.5,
    1.0,
    1.4616321449683622,
    2.0,
    20.5,
    40.0,
    709.5,
    745.0,
    1024.2,
    1e17,
    1e200,
    MAX,
)
PARAMS: dict[str, list[tuple[float, ...]]] = {
    "power": [(c,) for c in (-2.5, -1.0, -0.3, 0.0, 0.5, 1.0, 1.7, 2.0, 3.0, 30.0)],
    "scaled_power": [(3.0, 2.0), (4.0, 3.0), (-2.0, -3.0), (-0.21, -1.3), (2.5, 1.5)],
    "monomial": [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (2.0, 0.0)],
    "pow_derivative": [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (2.0, 1.0)],
    "gaussian": [(0.0, 1.0), (1.0, 1.0), (0.0, 2.0), (1.0, 2.0), (2.0, 2.0)],
    "polygamma": [(1.0,), (2.0,), (3.0,)],
    "polygamma_fall": [(0.0,), (1.0,)],
    "dawsn_derivative": [(1.0,), (2.0,), (5.0,)],
    "erfcx_derivative": [(1.0,), (4.0,)],
    "logerfc_derivative": [(1.0, 0.0), (2.0, 1.0), (4.0, 0.0)],
    "sine_quotient": [(0.0,), (3.0,)],
    "ellip_derivative": [(1.0, 1.0), (1.0, 2.0), (3.0, 1.0)],
    "kn": [(0.0,), (3.0,)],
    "zeta": [(2.0,), (3.5,)],
    "airyai": [(0.0,), (1.0,)],
    "airybi": [(0.0,), (1.0,)],
    "beta_derivative": [(1.0, 0.0), (0.0, 2.0), (1.0, 1.0)],
    "jn": [(0.0,), (3.0,)],
    "jn_derivative": [(0.0, 1.0), (2.0, 3.0)],
    "yn": [(0.0,), (3.0,)],
    "yn_derivative": [(0.0, 1.0), (2.0, 3.0)],
    "bessel_i": [(0.0,), (3.0,)],
    "ine": [(0.0, 1.0), (1.0, 2.0)],
    "sinc_derivative": [(1.0,), (2.0,), (7.0,)],
    "expn": [(1.0,), (2.0,), (0.0,), (5.0,)],
    "gammainc": [(0.5,), (3.0,), (40.0,)],
    "gammaincc": [(0.5,), (3.0,), (40.0,)],
    "gamma_density": [(0.5, 0.0), (3.0, 0.0), (40.0, 1.0)],
    "betainc": [(0.5, 2.0), (3.0, 5.0), (1.5, 0.25)],
    "beta_density": [(0.5, 2.0, 0.0), (3.0, 5.0, 1.0), (1.5, 0.25, 2.0)],
    "clamp": [(-1.0, 2.5)],
    "round": [(0.0,), (1.0,)],
    "elu": [(1.0,), (0.3,), (40.0,)],
    "scaled_exp": [(1.0,), (-2.5,), (1e-3,), (1e30,)],
    "scaled_base": [(1.0, 2.0), (-2.5, 10.0), (1e-3, 10.0), (1e30, 2.0)],
    "re_inverse_power": [(1.0,), (2.0,)],
    "im_inverse_power": [(1.0,), (2.0,)],
    "softmax": [(0.0,), (2.0,)],
    "softmax_rest": [(0.0,), (2.0,)],
    "one_minus_square_power": [(-0.5,), (-1.0,), (-2.5,)],
    "gelu_slope": [(1.0,), (2.0,), (3.0,), (4.0,)],
    "log_softmax": [(0.0,), (2.0,)],
    "direction": [(0.0,), (1.0,)],
}
COUNTS = {"dot": 4, "prod": 4}
# Functions defined on both sides of the pole that bounds their row's interval.
TWO_SIDED = {
    "div",
    "div_slope",
    "reciprocal",
    "mod",
    "floordiv",
    "cbrt",
    "lgamma",
    "digamma",
    "polygamma",
    "trigamma",
    "gamma",
    "hypot",
    "norm",
    "direction",
    "re_inverse_power",
    "im_inverse_power",
    "atan2",
}


def draw(rng: random.Random, interval: tuple[float, float], low: int, high: int) -> float:
    """A number of the open interval, log-uniform in the distance to its ends."""
    a, b = interval
    while True:
        x = rng.choice((2.0 ** rng.uniform(low, high), 2.0 ** rng.uniform(max(low, -6), min(high, 10))))
        ends = [end for end in (a, b, 0.0) if math.isfinite(end) and a <= end <= b]
        x = rng.choice(ends) + x * rng.choice((-1.0, 1.0))
        if a < x < b:
            return x


LIMITED = {
    "beta": (-40, 40), "beta_derivative": (-40, 40), "betaln": (-40, 40), "polygamma_fall": (-40, 40),
    "jn": (-200, 2000),
    "airyai": (-200, 10), "airybi": (-200, 7), "kn": (-200, 2000), "invdigamma": (-2000, 16),
    "jn_derivative": (-200, 2000), "bessel_i": (-200, 2000), "ine": (-200, 2000),
}  # fmt: skip
"""Rows of whose slopes a factor or a term leaves the doubles before the slope does, or whose differences take
too many digits: the powers of 2 between which they are asked."""


def asked(op: ops.Op, xs: tuple[float, ...]) -> bool:
    low, high = LIMITED.get(op.name, (-2000, 2000))
    return all(low < math.frexp(x)[1] < high for x in xs if x) or op.name not in LIMITED


def points(
    op: ops.Op, count: int, seed: str, *, low: int = -1074, high: int = 1023, edges: bool = True
) -> Iterator[tuple[float, ...]]:
    """Operands, constants included, inside the row's domain."""
    rng = random.Random(f"{op.name} {seed}")
    limits = LIMITED.get(op.name, (-2000, 2000))
    low, high = max(low, limits[0]), min(high, limits[1])
    n = COUNTS.get(op.name, 3) if op.arity == ops.ANY else op.arity
    params = PARAMS.get(op.name, [tuple(op.params.values())])
    intervals = [op.domain[min(i, len(op.domain) - 1)] for i in range(n)]
    if op.name in TWO_SIDED:
        intervals = [ops.REALS] * n
    for k in range(count):
        xs = [draw(rng, interval, low, high) for interval in intervals]
        if op.name in ("floordiv", "mod"):
            xs = [math.copysign(2.0 ** rng.uniform(-200, 200), x) for x in xs]
        yield (*xs, *params[k % len(params)])
    if n == 1 and edges:
        for x in EDGES:
            for signed in (x, -x):
                if intervals[0][0] < signed < intervals[0][1] and asked(op, (signed,)):
                    for constants in params:
                        yield (signed, *constants)


# Rows of which mpmath takes milliseconds a value: the nightly profile asks all points of them, others a
# seventh.
COSTLY = frozenset(
    [
        "gammainc", "gammaincc", "gamma_density", "betainc", "beta_density", "beta", "betaln", "expn",
        "polygamma", "polygamma_fall", "trigamma", "erfinv", "erfcinv", "normal_quantile", "erfinv_slope",
        "erfcinv_slope", "normal_quantile_slope", "jn", "yn", "y0", "y1", "jn_derivative", "yn_derivative",
        "bessel_i", "ine", "i0e", "i1e", "sinc", "sinc_derivative", "log_softmax",
        "erfcx", "erfcx_derivative", "logerfc", "logerfcx", "logerfc_derivative", "erfi", "exp_square",
        "sinint", "cosint", "sine_quotient", "ellipk", "ellipe", "ellip_derivative", "kn", "zeta",
        "invdigamma", "airyai", "airybi", "dawsn", "dawsn_derivative", "beta_derivative", "j0", "j1", "i0",
        "i1", "i1_slope", "logsumexp", "elu", "selu", "lgamma", "digamma", "gamma",
    ]
)  # fmt: skip


def affordable(op: ops.Op, points: Iterator[tuple[float, ...]]) -> Iterator[tuple[float, ...]]:
    """Those of the points that a test has time to compare with the oracle."""
    rng = random.Random(f"{op.name} affordable")
    every = op.name not in COSTLY or NIGHTLY
    for k, xs in enumerate(points):
        if every or not k or rng.random() < 0.15:
            yield xs


# Where exponentials, their squares, squares, cubes, roots and reciprocals of numbers, or numbers themselves,
# leave the doubles.
LINEAR_ENDS = (
    (372.0, 374.0),
    (706.0, 747.0),
    (744.4, 746.0),
    (26.0, 28.0),
    (37.0, 39.5),
    (1020.0, 1026.0),
    (1073.0, 1076.0),
)
BINARY_ENDS = (
    (-1074, -1000),
    (-545, -530),
    (-515, -505),
    (-360, -330),
    (330, 360),
    (500, 524),
    (1020, 1023.9),
)


def ends(op: ops.Op, count: int) -> Iterator[tuple[float, ...]]:
    """Operands, constants included, of a row over one operand, where it or a derivative leaves the doubles.
    """
    rng = random.Random(f"{op.name} ends")
    low, high = (-INF, INF) if op.name in TWO_SIDED else op.domain[0]
    for params in PARAMS.get(op.name, [tuple(op.params.values())]):
        xs = [rng.uniform(*zone) for zone in LINEAR_ENDS for _ in range(count)]
        xs += [2.0 ** rng.uniform(a, b) for a, b in BINARY_ENDS for _ in range(count)] + [MAX, TINY, 3 * TINY]
        bounds = [end for end in (low, high) if math.isfinite(end) and end]
        xs += [
            end + side * 2.0 ** -rng.uniform(1, 52)
            for end in bounds
            for side in (-1.0, 1.0)
            for _ in range(count)
        ]
        yield from (
            (side * x, *params)
            for x in xs
            for side in (-1.0, 1.0)
            if low < side * x < high and asked(op, (x,))
        )


# Where terms of a derivative of higher order cancel.

CENTRES: dict[str, tuple[float, ...]] = {
    "gelu": (2.0, 2.0**0.5, -0.7517915246935645), "silu": (2.399357280515468, -1.2784645427610738),
    "digamma": (1.4616321449683622, -0.504083008264455),
    "lgamma": (1.0, 2.0, 1.4616321449683622, -2.4570247382208006),
    "gaussian": (1.0, 3.0**0.5, 0.5**0.5, 1.5**0.5),
    "erf": (0.5**0.5,), "erfc": (0.5**0.5,), "normal_cdf": (1.0,), "atan": (3.0**-0.5,), "asinh": (0.5**0.5,),
    "tanh": (0.6584789484624084,),
    "sigmoid": (1.3169578969248166,), "sin": (math.pi / 2, math.pi), "cos": (math.pi / 2, math.pi),
    "tan": (math.pi / 2, math.pi), "log": (1.0,), "log2": (1.0,), "log10": (1.0,), "log1p": (1.0,),
    "elu": (1.0,), "relu6": (3.0,), "power": (1.0,), "scaled_power": (1.0,),
}  # fmt: skip
RELATIVE = (0.0, 1e-16, 1e-9, 1e-3, 0.3)
"""How far from a centre to ask, beside its magnitude."""


def critical(op: ops.Op, count: int, seed: str = "critical") -> Iterator[tuple[float, ...]]:
    """Operands, constants included, near zeros of derivatives, near symmetric points, near kinks and bounds,
    and anywhere else."""
    rng = random.Random(f"{op.name} {seed}")
    n = COUNTS.get(op.name, 3) if op.arity == ops.ANY else op.arity
    intervals = (
        [ops.REALS] * n if op.name in TWO_SIDED else [op.domain[min(i, len(op.domain) - 1)] for i in range(n)]
    )
    for params in PARAMS.get(op.name, [tuple(op.params.values())]):
        near: list[tuple[float, ...]] = []
        if n == 1:
            bounds = [end for end in intervals[0] if math.isfinite(end)]
            for centre in (*CENTRES.get(op.name, ()), 1.0, *bounds):
                near += [
                    (side * (centre + way * d * (centre or 1.0)),)
                    for d in RELATIVE
                    for side in (1.0, -1.0)
                    for way in (1.0, -1.0)
                ]
            near += [(side * d,) for d in (1e-300, 1e-160, 1e-17, 1e-9, 1e-5, 0.01) for side in (1.0, -1.0)]
            near += [(draw(rng, intervals[0], -1000, 1000),) for _ in range(count)]
            near += [(draw(rng, intervals[0], -20, 9),) for _ in range(count)]
        else:
            for k in range(count):
                size = 2.0 ** rng.choice(
                    (rng.uniform(-3, 3), rng.uniform(-3, 9), rng.uniform(-100, 100), rng.uniform(-1000, 1000))
                )
                base = size * rng.uniform(1.0, 2.0)
                # Equal, opposite, or nearly so; of one magnitude; of any.
                apart = rng.choice((0.0, 1e-15, 1e-9, 1e-4))
                kinds = (
                    lambda i: base * (1.0 + apart * rng.uniform(-1.0, 1.0)) * rng.choice((1.0, -1.0)),
                    lambda i: base * (1.0 + apart * i),
                    lambda i: size * rng.uniform(0.5, 4.0) * rng.choice((1.0, -1.0)),
                    lambda i: draw(rng, intervals[i], -30, 9),
                )
                near.append(tuple(kinds[k % 4](i) for i in range(n)))
        for xs in near:
            if all(low < x < high for x, (low, high) in zip(xs, intervals)) and asked(op, xs) and (
                op.kink is None or op.kink(*xs, *params) > 0.0
            ):
                yield (*xs, *params)
