"""What the table's rows should compute, in mpmath at high precision, and where to ask.

A row's derivatives come from its function by central differences at 1600 bits, whose error is far below
what a float can hold; where a function's digits would hide its derivative, ``FIRST`` has that in closed form.
"""

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import mpmath as mp

from autograd import ops

PRECISION = 1600
TINY, MAX, INF = 5e-324, 1.7976931348623157e308, math.inf


def real_power(x: Any, y: Any) -> Any:
    if x < 0:
        return (-1) ** (int(y) % 2) * (-x) ** y if y == mp.floor(y) else mp.nan
    return mp.mpf(x) ** y


def weights(*xs: Any) -> list[Any]:
    top = max(xs)
    powers = [mp.exp(x - top) for x in xs]
    return [p / sum(powers) for p in powers]


def logsumexp(*xs: Any) -> Any:
    top = max(xs)
    rest = list(xs)
    rest.remove(top)
    return top + mp.log1p(sum(mp.exp(x - top) for x in rest))


def log_softmax(*operands: Any) -> Any:
    *xs, i = operands
    x, top = xs[int(i)], max(xs)
    rest = list(xs)
    rest.remove(top)
    return (x - top) - mp.log1p(sum(mp.exp(r - top) for r in rest))


def length(*xs: Any) -> Any:
    return mp.sqrt(sum(x * x for x in xs))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def erfc(x: Any) -> Any:
    return mp.erfc(x) if x < 10**6 else mp.mpf(0)


def normal_cdf(x: Any) -> Any:
    return erfc(-x / mp.sqrt(2)) / 2


def normal_pdf(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def hermite_gaussian(x: Any, n: Any, s: Any) -> Any:
    before, p = mp.mpf(0), mp.mpf(1)
    for k in range(int(n)):
        before, p = p, -2 / mp.mpf(s) * (x * p + k * before)
    return p * mp.exp(-x * x / s)


def loggamma(x: Any) -> Any:
    return mp.re(mp.loggamma(x)) if x > 0 else mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def psi(x: Any, n: Any) -> Any:
    n = int(n)
    if x > 0:
        return mp.psi(n, x)
    # mpmath walks to large negative numbers step by step; reflection does not.
    c = mp.cospi(x) / mp.sinpi(x)
    slope = (c, -1 - c**2, 2 * c * (1 + c**2), -2 * (1 + c**2) * (1 + 3 * c**2), 8 * c * (1 + c**2) * (2 + 3 * c**2), -8 * (1 + c**2) * (2 + 15 * c**2 + 15 * c**4))[n]
    return (-1) ** n * mp.psi(n, 1 - x) - mp.pi ** (n + 1) * slope


def complex_power(x: Any, y: Any, n: Any) -> Any:
    return mp.mpc(x, y) ** -int(n)


SELU, ALPHA = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")

VALUE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "neg": lambda x: -x, "reciprocal": lambda x: 1 / x, "floordiv": lambda a, b: mp.floor(a / b),
    "mod": lambda a, b: a - b * mp.floor(a / b), "power": real_power, "pow": real_power,
    "monomial": lambda c, a, b, k, n: c * a ** (b - k) * mp.log(a) ** int(n) if n else c * a ** (b - k),
    "square": lambda x: x * x, "sqrt": mp.sqrt, "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "restrict": lambda x: x, "saturate": lambda x: x,
    "exp": mp.exp, "exp2": lambda x: mp.mpf(2) ** x, "expm1": mp.expm1, "log": mp.log, "log1p": mp.log1p,
    "log2": lambda x: mp.log(x) / mp.log(2), "log10": lambda x: mp.log(x) / mp.log(10),
    "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "asin": mp.asin, "acos": mp.acos, "atan": mp.atan,
    "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh, "asinh": mp.asinh, "acosh": mp.acosh, "atanh": mp.atanh,
    "sigmoid": sigmoid, "logsigmoid": lambda x: -softplus(-x), "softplus": softplus, "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * normal_cdf(x), "erf": mp.erf, "erfc": erfc, "normal_cdf": normal_cdf,
    "gaussian": hermite_gaussian, "lgamma": loggamma, "digamma": lambda x: psi(x, 0), "polygamma": psi,
    "step": lambda a, b, tie: mp.mpf(a > b), "relu": lambda x: max(x, mp.mpf(0)),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x, "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "selu": lambda x: SELU * (x if x > 0 else ALPHA * mp.expm1(x)),
    "relu6": lambda x: min(max(x, mp.mpf(0)), mp.mpf(6)), "hardtanh": lambda x: min(max(x, mp.mpf(-1)), mp.mpf(1)),
    "clamp": lambda x, low, high: min(max(x, mp.mpf(low)), mp.mpf(high)), "abs": abs, "sign": mp.sign,
    "floor": mp.floor, "ceil": mp.ceil, "round": lambda x, n: mp.nint(x * 10 ** int(n)) / mp.mpf(10) ** int(n),
    "maximum": max, "minimum": min, "where": lambda condition, a, b: a if condition else b,
    "hypot": length, "atan2": mp.atan2, "logaddexp": logsumexp,
    "re_inverse_power": lambda x, y, n: complex_power(x, y, n).real,
    "im_inverse_power": lambda x, y, n: complex_power(x, y, n).imag,
    "greater": lambda a, b: mp.mpf(a > b), "greater_equal": lambda a, b: mp.mpf(a >= b), "less": lambda a, b: mp.mpf(a < b),
    "less_equal": lambda a, b: mp.mpf(a <= b), "equal": lambda a, b: mp.mpf(a == b),
    "sum": lambda *xs: mp.fsum(xs), "mean": lambda *xs: mp.fsum(xs) / len(xs), "prod": lambda *xs: mp.fprod(xs),
    "dot": lambda *xs: mp.fdot(zip(xs[: len(xs) // 2], xs[len(xs) // 2 :])), "max": max, "min": min,
    "logsumexp": logsumexp, "softmax": lambda *xs: weights(*xs[:-1])[int(xs[-1])], "log_softmax": log_softmax,
    "norm": length, "direction": lambda *xs: xs[int(xs[-1])] / length(*xs[:-1]),
}  # fmt: skip


def _others(w: list[Any], i: int) -> Any:
    return sum(w[:i] + w[i + 1 :])


def _monomial_slope(i: int, x: tuple[Any, ...]) -> Any:
    c, a, b, k, n = x
    f = VALUE["monomial"]
    if i == 0:
        return f(1, a, b, k, n)
    if i == 2:
        return f(c, a, b, k, n + 1)
    return f(c * (b - k), a, b, k + 1, n) + (f(c * n, a, b, k + 1, n - 1) if n else 0)


def _softmax_slope(i: int, operands: tuple[Any, ...]) -> Any:
    w, k = weights(*operands[:-1]), int(operands[-1])
    return w[k] * _others(w, k) if i == k else -w[i] * w[k]


def _log_softmax_slope(i: int, operands: tuple[Any, ...]) -> Any:
    w, k = weights(*operands[:-1]), int(operands[-1])
    return _others(w, k) if i == k else -w[i]


def _direction_slope(i: int, operands: tuple[Any, ...]) -> Any:
    *xs, k = operands
    k, r = int(k), length(*xs)
    return sum(x * x for j, x in enumerate(xs) if j != k) / r**3 if i == k else -xs[i] * xs[k] / r**3


# First derivatives by operand i, where differences of the function would not show them.
FIRST: dict[str, Callable[[int, tuple[Any, ...]], Any]] = {
    "add": lambda i, x: mp.mpf(1),
    "sub": lambda i, x: mp.mpf(1 - 2 * i),
    "mul": lambda i, x: x[1 - i],
    "div": lambda i, x: 1 / x[1] if i == 0 else -x[0] / x[1] ** 2,
    "floordiv": lambda i, x: mp.mpf(0),
    "mod": lambda i, x: -mp.floor(x[0] / x[1]) if i else mp.mpf(1),
    "monomial": _monomial_slope,
    "sum": lambda i, x: mp.mpf(1),
    "mean": lambda i, x: mp.mpf(1) / len(x),
    "dot": lambda i, x: x[(i + len(x) // 2) % len(x)],
    "prod": lambda i, x: mp.fprod(x[:i] + x[i + 1 :]),
    "sin": lambda i, x: mp.cos(x[0]),
    "cos": lambda i, x: -mp.sin(x[0]),
    "cosh": lambda i, x: mp.sinh(x[0]),
    "gaussian": lambda i, x: hermite_gaussian(x[0], x[1] + 1, x[2]),
    "re_inverse_power": lambda i, x: (-x[2] * complex_power(*x[:2], x[2] + 1) * (1, 1j)[i]).real,
    "im_inverse_power": lambda i, x: (-x[2] * complex_power(*x[:2], x[2] + 1) * (1, 1j)[i]).imag,
    "sigmoid": lambda i, x: 1 / (1 + mp.exp(x[0])) / (1 + mp.exp(-x[0])),
    "tanh": lambda i, x: 4 / (1 + mp.exp(2 * x[0])) / (1 + mp.exp(-2 * x[0])),
    "softplus": lambda i, x: sigmoid(x[0]),
    "logsigmoid": lambda i, x: sigmoid(-x[0]),
    "silu": lambda i, x: sigmoid(x[0]) * (1 + x[0] / (1 + mp.exp(x[0]))),
    "atan": lambda i, x: 1 / (1 + x[0] ** 2),
    "asinh": lambda i, x: 1 / mp.sqrt(1 + x[0] ** 2),
    "erf": lambda i, x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x[0] ** 2)),
    "erfc": lambda i, x: -2 / mp.sqrt(mp.pi) * mp.exp(-(x[0] ** 2)),
    "normal_cdf": lambda i, x: normal_pdf(x[0]),
    "gelu": lambda i, x: normal_cdf(x[0]) + x[0] * normal_pdf(x[0]),
    "lgamma": lambda i, x: psi(x[0], 0),
    "digamma": lambda i, x: psi(x[0], 1),
    "polygamma": lambda i, x: psi(x[0], x[1] + 1),
    "hypot": lambda i, x: x[i] / length(*x),
    "norm": lambda i, x: x[i] / length(*x),
    "direction": _direction_slope,
    "atan2": lambda i, x: (x[1], -x[0])[i] / (x[0] ** 2 + x[1] ** 2),
    "logaddexp": lambda i, x: weights(*x)[i],
    "logsumexp": lambda i, x: weights(*x)[i],
    "softmax": _softmax_slope,
    "log_softmax": _log_softmax_slope,
}

SECOND: dict[str, Callable[[int, tuple[Any, ...]], Any]] = {
    "mod": lambda i, x: mp.mpf(0),
    "lgamma": lambda i, x: psi(x[0], 1),
    "digamma": lambda i, x: psi(x[0], 2),
    "polygamma": lambda i, x: psi(x[0], x[1] + 2),
    "gelu": lambda i, x: (2 - x[0] ** 2) * normal_pdf(x[0]),
}


# Where a function or a derivative has a root in general position: its largest term there.
VALUE_SCALE: dict[str, Callable[..., Any]] = {
    "logsumexp": lambda *x: max(map(abs, x)),
    "logaddexp": lambda *x: max(map(abs, x)),
    "dot": lambda *x: max(abs(a * b) for a, b in zip(x[: len(x) // 2], x[len(x) // 2 :])),
    "gaussian": lambda x, n, s: max(abs(x), 1) ** int(n) * mp.exp(-x * x / s),
    "re_inverse_power": lambda x, y, n: length(x, y) ** -int(n),
    "im_inverse_power": lambda x, y, n: length(x, y) ** -int(n) if n > 1 else 0,
}
FIRST_SCALE: dict[str, Callable[..., Any]] = {
    "silu": lambda i, x: sigmoid(x[0]),
    "gelu": lambda i, x: normal_cdf(x[0]),
    "gaussian": lambda i, x: max(abs(x[0]), 1) ** int(x[1] + 1) * mp.exp(-x[0] * x[0] / x[2]) if x[1] else 0,
    "re_inverse_power": lambda i, x: x[2] * length(*x[:2]) ** -int(x[2] + 1),
    "im_inverse_power": lambda i, x: x[2] * length(*x[:2]) ** -int(x[2] + 1),
    "monomial": lambda i, x: VALUE["monomial"](x[0] * x[4], x[1], x[2], x[3] + 1, 0) if x[4] and i == 1 else 0,
}


def _bell(s: int) -> Callable[..., Any]:
    return lambda i, x: max(x[0] ** 2, 1) * mp.exp(-x[0] ** 2 / s)


SECOND_SCALE: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda i, x: FIRST["sigmoid"](i, x),
    "tanh": lambda i, x: 2 * FIRST["tanh"](i, x),
    "silu": lambda i, x: FIRST["sigmoid"](i, x) * max(1, abs(x[0])),
    "gelu": _bell(2),
    "gaussian": lambda i, x: max(abs(x[0]), 1) ** int(x[1] + 2) * mp.exp(-x[0] * x[0] / x[2]),
    "softmax": lambda i, x: abs(_softmax_slope(i, x)),
    "asin": lambda i, x: 1 / mp.sqrt(1 - x[0] ** 2) ** 3,
    "acos": lambda i, x: 1 / mp.sqrt(1 - x[0] ** 2) ** 3,
    "atanh": lambda i, x: 1 / (1 - x[0] ** 2) ** 2,
    "re_inverse_power": lambda i, x: x[2] * (x[2] + 1) * length(*x[:2]) ** -int(x[2] + 2),
    "im_inverse_power": lambda i, x: x[2] * (x[2] + 1) * length(*x[:2]) ** -int(x[2] + 2),
}


# Slow at many bits, and in no need of them.
HEAVY = {"lgamma", "digamma", "polygamma", "gelu", "erf", "erfc", "normal_cdf", "gaussian"}


def difference(f: Callable[[Any], Any], x: Any, n: int) -> Any:
    """n-th derivative, n up to 3, by a central difference."""
    h = mp.ldexp(min(abs(x), 1) or 1, -120)
    if n == 0:
        return f(x)
    if n == 1:
        return (f(x + h) - f(x - h)) / (2 * h)
    if n == 2:
        return (f(x + h) - 2 * f(x) + f(x - h)) / h**2
    return (f(x + 2 * h) - 2 * f(x + h) + 2 * f(x - h) - f(x - 2 * h)) / (2 * h**3)


def derivative(name: str, i: int, operands: tuple[float, ...], n: int) -> Any:
    """n-th partial derivative by operand i of the row ``name``."""
    known = next((k for k, table in ((2, SECOND), (1, FIRST)) if name in table and k <= n), 0)
    # A second difference loses the square of what a first one loses.
    bits = 250 if name in SECOND and n <= 2 else 300 if name in HEAVY and n == known else 2 * PRECISION + 200 if n == 2 else PRECISION
    with mp.workprec(bits):
        xs = tuple(map(mp.mpf, operands))
        exact = (SECOND[name] if known == 2 else FIRST[name]) if known else None

        def along(x: Any) -> Any:
            at = (*xs[:i], x, *xs[i + 1 :])
            return exact(i, at) if exact else VALUE[name](*at)

        return difference(along, xs[i], n - known)


def value(name: str, operands: tuple[float, ...]) -> Any:
    with mp.workprec(300 if name in HEAVY else PRECISION):
        return +VALUE[name](*map(mp.mpf, operands))


def ulps(got: float, exact: Any, scale: Any = 0.0) -> float:
    """Error in units in the last place of the exact number, or of the largest term ``scale`` if given."""
    exact_float = float(exact)
    if got != got or math.isinf(got):
        beyond = abs(exact) > mp.mpf(MAX) * (1 - mp.mpf(2) ** -50)
        return 0.0 if got == got and beyond and (got > 0) == (exact > 0) else INF
    unit = math.ulp(min(max(abs(exact_float), float(abs(scale))), MAX))
    return float(abs(mp.mpf(got) - exact) / unit)


# Where to ask.

EDGES = (TINY, 2.2250738585072014e-308, 1e-200, 1e-17, 0.5, 1.0, 1.4616321449683622, 2.0, 20.5, 40.0, 709.5, 745.0, 1024.2, 1e17, 1e200, MAX)
PARAMS: dict[str, list[tuple[float, ...]]] = {
    "power": [(c,) for c in (-2.5, -1.0, -0.3, 0.0, 0.5, 1.0, 1.7, 2.0, 3.0, 30.0)],
    "monomial": [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (2.0, 0.0)],
    "gaussian": [(0.0, 1.0), (1.0, 1.0), (0.0, 2.0), (1.0, 2.0), (2.0, 2.0)],
    "polygamma": [(1.0,), (2.0,), (3.0,)],
    "clamp": [(-1.0, 2.5)],
    "round": [(0.0,), (1.0,)],
    "elu": [(1.0,), (0.3,)],
    "re_inverse_power": [(1.0,), (2.0,)],
    "im_inverse_power": [(1.0,), (2.0,)],
    "softmax": [(0.0,), (2.0,)],
    "log_softmax": [(0.0,), (2.0,)],
    "direction": [(0.0,), (1.0,)],
}
COUNTS = {"dot": 4, "prod": 4}
# Functions defined on both sides of the pole that bounds their row's interval.
TWO_SIDED = {"div", "reciprocal", "mod", "floordiv", "cbrt", "lgamma", "digamma", "polygamma", "hypot", "norm", "direction", "re_inverse_power", "im_inverse_power", "atan2"}


def draw(rng: random.Random, interval: tuple[float, float], low: int, high: int) -> float:
    """A number of the open interval, log-uniform in the distance to its ends."""
    a, b = interval
    while True:
        x = rng.choice((2.0 ** rng.uniform(low, high), 2.0 ** rng.uniform(max(low, -6), min(high, 10))))
        ends = [end for end in (a, b, 0.0) if math.isfinite(end) and a <= end <= b]
        x = rng.choice(ends) + x * rng.choice((-1.0, 1.0))
        if a < x < b:
            return x


def points(op: ops.Op, count: int, seed: str, *, low: int = -1074, high: int = 1023, edges: bool = True) -> Iterator[tuple[float, ...]]:
    """Operands, constants included, inside the row's domain."""
    rng = random.Random(f"{op.name} {seed}")
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
                if intervals[0][0] < signed < intervals[0][1]:
                    for constants in params:
                        yield (signed, *constants)
