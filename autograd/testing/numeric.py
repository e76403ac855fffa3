"""Derivatives found from values alone: by the complex step, and by Richardson's extrapolation of differences.

The complex step, Im f(x + ih) / h with h = 1e-200, has no subtraction and so loses no digits (Squire and Trapp
1998). It needs the function's continuation to complex numbers; `COMPLEX` has that of most of the table.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import ops

__all__ = ["COMPLEX", "Estimate", "complex_step", "jumps", "local_derivative", "richardson", "slopes"]

ULP = 2.0**-52


class Estimate(NamedTuple):
    """A derivative found numerically."""

    derivative: float
    uncertainty: float
    """How far off it may be."""
    method: str


def _exp_of(z: complex) -> complex:
    return cmath.exp(z)


def _sigmoid(z: complex) -> complex:
    if z.real < 0.0:
        e = cmath.exp(z)
        return e / (1.0 + e)
    return 1.0 / (1.0 + cmath.exp(-z))


def _softplus(z: complex) -> complex:
    return z + cmath.log(1.0 + cmath.exp(-z)) if z.real > 0.0 else cmath.log(1.0 + cmath.exp(z))


def _power(z: complex, w: complex) -> complex:
    if w.imag == 0.0 and w.real == math.floor(w.real) and abs(w.real) <= 64.0:
        # By repeated squaring, for a negative base too.
        result, base, n = 1.0 + 0.0j, z, int(abs(w.real))
        while n:
            result, base, n = result * base if n & 1 else result, base * base if n > 1 else base, n >> 1
        return result if w.real >= 0.0 else 1.0 / result
    if z.real <= 0.0:
        raise ValueError("a power of a negative number with a broken exponent")
    return cmath.exp(w * cmath.log(z))


def _cbrt(z: complex) -> complex:
    return cmath.exp(cmath.log(z) / 3.0) if z.real > 0.0 else -cmath.exp(cmath.log(-z) / 3.0)


def _atan2(y: complex, x: complex) -> complex:
    # Up to a constant, which has no derivative; by the smaller of the two quotients.
    return cmath.atan(y / x) if abs(y) <= abs(x) else -cmath.atan(x / y)


def _norm(*zs: complex) -> complex:
    scale = max(abs(z) for z in zs)
    return scale * cmath.sqrt(sum((z / scale) ** 2 for z in zs))


def _logsumexp(*zs: complex) -> complex:
    top = max(z.real for z in zs)
    return top + cmath.log(sum(cmath.exp(z - top) for z in zs))


def _softmax(*zs_index: complex) -> complex:
    *zs, index = zs_index
    return 1.0 / sum(cmath.exp(z - zs[int(index.real)]) for z in zs)


def _log_softmax(*zs_index: complex) -> complex:
    *zs, index = zs_index
    z = zs[int(index.real)]
    # The others' differences from the largest are kept, and those from a smaller one would swallow them.
    return -_logsumexp(*[other - z for other in zs]) if z.real == max(other.real for other in zs) else z - _logsumexp(*zs)


def _prod(*zs: complex) -> complex:
    return math.prod(zs, start=1.0 + 0.0j)


def _dot(*zs: complex) -> complex:
    half = len(zs) // 2
    return sum((a * b for a, b in zip(zs[:half], zs[half:], strict=True)), 0.0j)


def _elu(z: complex, alpha: complex) -> complex:
    return z if z.real > 0.0 else alpha * cmath.exp(z)


COMPLEX: dict[str, Callable[..., complex]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "neg": lambda z: -z, "reciprocal": lambda z: 1.0 / z, "square": lambda z: z * z,
    "mod": lambda a, b: a - b * (a.real // b.real),
    "power": _power, "div_slope": lambda a, b: -a / b / b, "scaled_power": lambda z, c, e: c * _power(z, e), "pow": _power, "sqrt": cmath.sqrt, "cbrt": _cbrt, "restrict": lambda z: z, "saturate": lambda z: z,
    "exp": cmath.exp, "scaled_exp": lambda z, c: c * cmath.exp(z), "exp2": lambda z: cmath.exp(z * math.log(2.0)), "expm1": _exp_of,
    "log": cmath.log, "log1p": lambda z: cmath.log(1.0 + z), "log2": lambda z: cmath.log(z) / math.log(2.0), "log10": cmath.log10,
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "asin": cmath.asin, "acos": cmath.acos, "atan": cmath.atan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "sech": lambda z: 1.0 / cmath.cosh(z), "sech_squared": lambda z: cmath.cosh(z) ** -2.0, "asinh": cmath.asinh, "atanh": cmath.atanh,
    "acosh": lambda z: cmath.log(z + cmath.sqrt(z - 1.0) * cmath.sqrt(z + 1.0)) if z.real < 1e150 else cmath.log(z),
    "sigmoid": _sigmoid, "softplus": _softplus, "logsigmoid": lambda z: -_softplus(-z), "silu": lambda z: z * _sigmoid(z),
    "sigmoid_slope": lambda z: 0.25 * cmath.cosh(0.5 * z) ** -2.0, "scaled_sigmoid_slope": lambda c, z: 0.25 * c * cmath.cosh(0.5 * z) ** -2.0,
    "share": lambda a, b: _sigmoid(a - b), "share_slope": lambda a, b: 0.25 * cmath.cosh(0.5 * (a - b)) ** -2.0,
    "one_minus_square_power": lambda z, c: _power(complex((1.0 - z.real) * (1.0 + z.real), -2.0 * z.real * z.imag), c),
    "hypot": _norm, "norm": _norm, "atan2": _atan2, "direction": lambda *zs: zs[int(zs[-1].real)] / _norm(*zs[:-1]),
    "logaddexp": _logsumexp, "logsumexp": _logsumexp, "softmax": _softmax, "log_softmax": _log_softmax,
    "sum": lambda *zs: sum(zs, 0.0j), "mean": lambda *zs: sum(zs, 0.0j) / len(zs), "prod": _prod, "dot": _dot,
    # In pieces: the piece is chosen by the real part.
    "relu": lambda z: z if z.real > 0.0 else 0.0j, "leaky_relu": lambda z, slope: z if z.real > 0.0 else slope * z,
    "elu": _elu, "selu": lambda z: ops.SCALE * z if z.real > 0.0 else ops.SCALE_ALPHA * cmath.exp(z),
    "relu6": lambda z: z if 0.0 < z.real < 6.0 else 0.0j, "hardtanh": lambda z: z if -1.0 < z.real < 1.0 else 0.0j,
    "clamp": lambda z, low, high: z if low.real < z.real < high.real else 0.0j, "abs": lambda z: z if z.real > 0.0 else -z,
    "maximum": lambda a, b: a if a.real > b.real else b, "minimum": lambda a, b: a if a.real < b.real else b,
    "max": lambda *zs: max(zs, key=lambda z: z.real), "min": lambda *zs: min(zs, key=lambda z: z.real),
    "where": lambda condition, a, b: a if condition.real != 0.0 else b,
    **dict.fromkeys(
        ["sign", "floor", "ceil", "round", "floordiv", "step", "greater", "greater_equal", "less", "less_equal", "equal"],
        lambda *zs: 0.0j,
    ),
}  # fmt: skip
"""Up to a real constant, each row's function of complex numbers."""


def complex_step(f: Callable[..., complex], operands: Sequence[float], i: int) -> tuple[float, float] | None:
    """Return the derivative of ``f`` in its operand ``i`` and what underflow and the step may have taken from it.

    None where the function is not defined around there.
    """
    x = operands[i]
    zs = [complex(v) for v in operands]
    found: list[tuple[float, float]] = []
    # A tiny step; a larger one, which shows what underflow took from the first on its way; one for a huge operand.
    for h in (1e-200, min(abs(x) * 1e-20, 1e-20) or 1e-30, abs(x) * 1e-20):
        if not h or (h > abs(x) * 1e-10 and x != 0.0) or (len(found) == 2 and (abs(x) <= 1.0 or any(d for d, _ in found))):
            continue  # too large beside a tiny operand, or not needed
        zs[i] = complex(x, h)
        try:
            y = f(*zs).imag
        except (ArithmeticError, ValueError):
            y = math.nan
        if not math.isfinite(y):
            return None
        # At zero itself the larger step is not small beside x, and leaves out terms of h**2.
        found.append((y / h, 1e-300 / h + (1e3 * h * h if x == 0.0 else 0.0)))
    if not found:
        return None
    (d, lost), (other, other_lost) = found[0], found[-1]
    return (d, lost + 4.0 * abs(d - other)) if abs(d - other) <= 1e-6 * abs(other) else (other, other_lost)


# Rows in whose complex form squares or products leave the range of doubles where their operands are far apart.
_FAR_APART = {"hypot", "norm", "direction", "atan2", "prod", "re_inverse_power", "im_inverse_power"}


def local_derivative(op: ops.Op, operands: Sequence[float], i: int) -> Estimate | None:
    """Return the derivative of a row's value in its operand ``i``, without looking at the row's rule.

    Examples
    --------
    >>> from autograd import exp
    >>> local_derivative(exp, [0.0], 0)
    Estimate(derivative=1.0, uncertainty=1e-12, method='complex step')
    """
    if op.call is not None:
        return None  # a checkpointed call knows its value at one point only
    sizes = [abs(x) for x in operands[: len(operands) - len(op.params)] if x]
    if op.name in _FAR_APART and sizes and max(sizes) > 1e60 * min(sizes):
        return None
    form = COMPLEX.get(op.name)
    # A row's own continuation serves only the row's own function, not one that merely bears its name.
    if form is not None and op.name in ops.TABLE and ops.TABLE[op.name].value is op.value:
        found = complex_step(form, operands, i)
        if found is not None:
            d, lost = found
            return Estimate(d, 1e-12 * abs(d) + lost + _near_root(op, operands, i), "complex step")

    def along(x: float) -> float:
        return op.value(*operands[:i], x, *operands[i + 1 :])

    x, room = operands[i], _room(op, operands, i)
    if room == 0.0:
        return None
    near = richardson(along, x, scale=min(abs(x) or 1.0, 100.0 * room))
    if near is None or near.uncertainty > 1e-6 * abs(near.derivative):
        # Next to zero a step as small as x may drown in rounding, where the function varies over a length of 1.
        alone = len(operands) - len(op.params) == 1
        wide = richardson(along, x, scale=1.0) if alone and abs(x) < 1e-3 < room else None
        return min((e for e in (near, wide) if e is not None), key=lambda e: e.uncertainty, default=None)
    return near


def _room(op: ops.Op, operands: Sequence[float], i: int) -> float:
    """Return how far an operand may move before it meets an end of the domain, a pole or a kink."""
    x = operands[i]
    room = min((abs(x - end) for end in op.domain[min(i, len(op.domain) - 1)] if math.isfinite(end)), default=math.inf)
    if op.kink is not None:
        room = min(room, op.kink(*operands))
    if op.name in ("lgamma", "digamma", "polygamma") and x < 0.0:
        room = min(room, abs(math.remainder(x, 1.0)))
    return room


def _near_root(op: ops.Op, operands: Sequence[float], i: int) -> float:
    """Return the rounding error where a derivative that is a sum of two terms goes through zero."""
    if op.name in {"silu", "direction"}:
        return 32.0 * ULP * abs(op.value(*operands) / (operands[i] or 1.0))
    return 0.0


def invisible(slope: float, h: float, values: Sequence[float]) -> bool:
    """Whether values that are all the same do not contradict a slope: over ``h`` it changes them by less than rounding on the way.

    Examples
    --------
    >>> invisible(-4e-18, 0.04, [0.0, 0.0]), invisible(2.0, 0.04, [0.0, 0.0])
    (True, False)
    """
    return len(set(values)) == 1 and abs(slope) * h <= 4.0 * ULP * max(1.0, abs(values[0]))


def richardson(
    f: Callable[[float], Any], x: float, *, step: float = 1e-3, scale: float | None = None, rounding: float = 0.0
) -> Estimate | None:
    """Return the derivative of ``f`` at ``x`` by central differences, thrice extrapolated to a step of zero.

    Parameters
    ----------
    f
        Of one number.
    step
        The first step, relative to ``scale``; three halvings follow. It is made smaller where ``f`` is not finite.
    scale
        The length over which ``f`` varies; by default the magnitude of ``x``, or 1 at zero.
    rounding
        How far off the values of ``f`` may be, beside the rounding of the last place.

    Returns
    -------
    Estimate or None
        None where no step gives finite numbers.

    Examples
    --------
    >>> import math
    >>> estimate = richardson(math.exp, 1.0)
    >>> abs(estimate.derivative - math.e) < estimate.uncertainty < 1e-10
    True
    """
    for shrink in (1.0, 1e-2, 1e-4):
        h = step * shrink * (scale or abs(x) or 1.0)
        table: list[list[float]] = []
        largest = 0.0
        for k in range(4):
            high, low = x + h / 2**k, x - h / 2**k
            a, b = float(f(high)), float(f(low))
            largest = max(largest, abs(a), abs(b))
            row = [(a - b) / (high - low)] if high > low else [math.nan]
            for m, coarser in enumerate(table[-1] if table else ()):
                row.append(row[m] + (row[m] - coarser) / (4.0 ** (m + 1) - 1.0))
            table.append(row)
        best, before = table[-1][-1], table[-2][-1]
        if math.isfinite(best) and math.isfinite(before):
            # What rounding, and underflow on the way, may have put into the differences.
            noise = (16.0 * (ULP * largest + rounding) + 1e-290) / (h / 8.0)
            return Estimate(best, 2.0 * abs(best - before) + noise, "Richardson")
    return None


def jumps(f: Callable[[float], Any], x: float, slope: float) -> str:
    """Return how ``f`` jumps at ``x``, in words; nothing where it does not.

    Next to a jump the values on one side lie on a line of that slope, and the value at the point does not.

    Examples
    --------
    >>> jumps(lambda x: x if x > 0.0 else x + 5.0, 0.0, 1.0)
    'the function jumps: it is 5 there, and 1e-12 just above'
    >>> jumps(abs, 0.0, 0.0)
    ''
    """
    y = float(f(x))
    reach = 1e-7 * (abs(x) or 1.0)
    for sign, side in ((-1.0, "below"), (1.0, "above")):
        places = [x + sign * h for h in (reach, 1e-2 * reach, 1e-5 * reach)]
        beside = [float(f(t)) for t in places]
        off = [v - y - slope * (t - x) for t, v in zip(places, beside, strict=True)]
        rounding = 64.0 * ULP * max(abs(y), *map(abs, beside))
        # With a NaN or an infinity among them, no comparison holds.
        if min(map(abs, off)) > 20.0 * (max(off) - min(off)) + rounding:
            return f"the function jumps: it is {y:.6g} there, and {beside[-1]:.6g} just {side}"
    return ""


def slopes(f: Callable[[float], Any], x: float, h: float) -> tuple[float, float]:
    """Return the slopes of ``f`` to the left and to the right of ``x``, by second-order one-sided differences.

    Examples
    --------
    >>> slopes(abs, 0.0, 1e-3)
    (-1.0, 1.0)
    """
    if x + h == x:
        return math.nan, math.nan
    y = float(f(x))
    sides = []
    for step in (-h, h):
        one, two = float(f(x + step)), float(f(x + 2.0 * step))
        sides.append((4.0 * one - 3.0 * y - two) / (2.0 * step))
    return sides[0], sides[1]
