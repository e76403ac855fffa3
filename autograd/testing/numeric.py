"""Derivatives found from values alone: by the complex step, and by Richardson's extrapolation of differences.

The complex step, Im f(x + ih) / h with h = 1e-200, has no subtraction and so loses no digits (Squire and
Trapp 1998). It needs the function's continuation to complex numbers; `COMPLEX` has that of most of the table.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import ops
from autograd.op import OpOfCall

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
    return (
        -_logsumexp(*[other - z for other in zs])
        if z.real == max(other.real for other in zs)
        else z - _logsumexp(*zs)
    )


def _prod(*zs: complex) -> complex:
    return math.prod(zs, start=1.0 + 0.0j)


def _dot(*zs: complex) -> complex:
    half = len(zs) // 2
    return sum((a * b for a, b in zip(zs[:half], zs[half:], strict=True)), 0.0j)


def _elu(z: complex, alpha: complex) -> complex:
    return z if z.real > 0.0 else alpha * cmath.exp(z)


COMPLEX: dict[str, Callable[..., complex]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a,
    b: a / b,
    "neg": lambda z: -z, "reciprocal": lambda z: 1.0 / z, "square": lambda z: z * z,
    "mod": lambda a, b: a - b * (a.real // b.real),
    "power": _power, "div_slope": lambda a, b: -a / b / b, "scaled_power": lambda z, c, e: c * _power(z, e),
    "pow": _power, "sqrt": cmath.sqrt, "cbrt": _cbrt, "restrict": lambda z: z, "saturate": lambda z: z,
    "exp": cmath.exp, "scaled_exp": lambda z, c: c * cmath.exp(z),
    "exp2": lambda z: cmath.exp(z * math.log(2.0)), "expm1": _exp_of,
    "log": cmath.log, "log1p": lambda z: cmath.log(1.0 + z), "log2": lambda z: cmath.log(z) / math.log(2.0),
    "log10": cmath.log10,
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "asin": cmath.asin, "acos": cmath.acos,
    "atan": cmath.atan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "sech": lambda z: 1.0 / cmath.cosh(z),
    "sech_squared": lambda z: cmath.cosh(z) ** -2.0, "asinh": cmath.asinh, "atanh": cmath.atanh,
    "acosh": lambda z: cmath.log(z + cmath.sqrt(z - 1.0) * cmath.sqrt(z + 1.0) if z.real < 1e150 else z),
    "sigmoid": _sigmoid, "softplus": _softplus, "logsigmoid": lambda z: -_softplus(-z),
    "silu": lambda z: z * _sigmoid(z),
    "sigmoid_slope": lambda z: 0.25 * cmath.cosh(0.5 * z) ** -2.0, "scaled_sigmoid_slope": lambda c,
    z: 0.25 * c * cmath.cosh(0.5 * z) ** -2.0,
    "share": lambda a, b: _sigmoid(a - b), "share_slope": lambda a,
    b: 0.25 * cmath.cosh(0.5 * (a - b)) ** -2.0,
    "one_minus_square_power": lambda z,
    c: _power(complex((1.0 - z.real) * (1.0 + z.real), -2.0 * z.real * z.imag), c),
    "hypot": _norm, "norm": _norm, "atan2": _atan2,
    "direction": lambda *zs: zs[int(zs[-1].real)] / _norm(*zs[:-1]),
    "logaddexp": _logsumexp, "logsumexp": _logsumexp, "softmax": _softmax, "log_softmax": _log_softmax,
    "sum": lambda *zs: sum(zs, 0.0j), "mean": lambda *zs: sum(zs, 0.0j) / len(zs), "prod": _prod, "dot": _dot,
    # In pieces: the piece is chosen by the real part.
    "relu": lambda z: z if z.real > 0.0 else 0.0j, "leaky_relu": lambda z,
    slope: z if z.real > 0.0 else slope * z,
    "elu": _elu, "selu": lambda z: ops.SCALE * z if z.real > 0.0 else ops.SCALE_ALPHA * cmath.exp(z),
    "relu6": lambda z: z if 0.0 < z.real < 6.0 else 0.0j,
    "hardtanh": lambda z: z if -1.0 < z.real < 1.0 else 0.0j,
    "clamp": lambda z, low, high: z if low.real < z.real < high.real else 0.0j,
    "abs": lambda z: z if z.real > 0.0 else -z,
    "maximum": lambda a, b: a if a.real > b.real else b, "minimum": lambda a, b: a if a.real < b.real else b,
    "max": lambda *zs: max(zs, key=lambda z: z.real), "min": lambda *zs: min(zs, key=lambda z: z.real),
    "where": lambda condition, a, b: a if condition.real != 0.0 else b,
    **dict.fromkeys(
        ["sign", "floor", "ceil", "round", "floordiv", "step", "greater", "greater_equal", "less",
         "less_equal", "equal"],
        lambda *zs: 0.0j,
    ),
}  # fmt: skip
"""Up to a real constant, each row's function of complex numbers."""


def complex_step(f: Callable[..., complex], operands: Sequence[float], i: int) -> tuple[float, float] | None:
    """Return the derivative of ``f`` in its operand ``i``, and what rounding may have taken from it.

    None where the function is not defined around there.
    """
    x = operands[i]
    zs = [complex(v) for v in operands]
    found: list[tuple[float, float]] = []
    # A tiny step; a larger one, which shows what underflow took from the first on its way; one for a huge
    # operand.
    for h in (1e-200, min(abs(x) * 1e-20, 1e-20) or 1e-30, abs(x) * 1e-20):
        if (
            not h
            or (h > abs(x) * 1e-10 and x != 0.0)
            or (len(found) == 2 and (abs(x) <= 1.0 or any(d for d, _ in found)))
        ):
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


# Rows in whose complex form squares or products leave the range of doubles where their operands are far
# apart.
_FAR_APART = {"hypot", "norm", "direction", "atan2", "prod", "re_inverse_power", "im_inverse_power"}


def local_derivative(op: ops.Op, operands: Sequence[float], i: int) -> Estimate | None:
    """Return the derivative of a row's value in its operand ``i``, without looking at the row's rule.

    Examples
    --------
    >>> from autograd import exp
    >>> local_derivative(exp, [0.0], 0)
    Estimate(derivative=1.0, uncertainty=1e-12, method='complex step')
    """
    if isinstance(op, OpOfCall):
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

    room = _room(op, operands, i)
    return richardson(along, operands[i], room=room) if room else None


def _room(op: ops.Op, operands: Sequence[float], i: int) -> float:
    """Return how far an operand may move before it meets an end of the domain, a pole or a kink."""
    x = operands[i]
    room = min(
        (abs(x - end) for end in op.domain[min(i, len(op.domain) - 1)] if math.isfinite(end)),
        default=math.inf,
    )
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


def richardson(
    f: Callable[[float], Any], x: float, *, room: float = math.inf, rounding: float = 0.0
) -> Estimate | None:
    """Return the derivative of ``f`` at ``x`` by the best of many extrapolated central differences.

    Steps go down by fours from an eighth of ``x`` (and of 1, for a small ``x``) to its last digits. What the
    differences of all smaller steps leave of a parabola tells how far off the values are, whatever took their
    digits; that, over the step, is how far off a slope may be. The surest slope counts that all smaller steps
    bear out: a large step over which the function swings is not believed, however smooth it looks.

    Parameters
    ----------
    f
        Of one number.
    room
        How far the argument may be moved.
    rounding
        How far off the values of ``f`` may be, beside the rounding of the last place.

    Returns
    -------
    Estimate or None
        None where no steps say anything: values that are not finite, or whose digits are lost to rounding.

    Examples
    --------
    >>> import math
    >>> estimate = richardson(math.exp, 1.0)
    >>> abs(estimate.derivative - math.e) < estimate.uncertainty < 1e-9
    True
    >>> abs(richardson(math.sin, 1e5).derivative - math.cos(1e5)) < 1e-9
    True
    """
    y = _at(f, x)
    if not math.isfinite(y):
        return None
    steps = []
    for h in _steps(x, room):
        a, b = _at(f, x + h), _at(f, x - h)
        if math.isfinite(a) and math.isfinite(b) and math.isfinite(a - b):
            steps.append((h, a, b))
    steps = _telling(steps, y)
    if steps and steps[0][1] == steps[0][2] == y and all(a == b == y for _, a, b in steps):
        return Estimate(
            0.0, (4.0 * ULP * max(1.0, abs(y)) + 16.0 * rounding + 1e-290) / steps[-1][0], "Richardson"
        )
    found: list[tuple[float, Estimate]] = []
    noise, told = 0.0, 0
    closest = max(1.0, 1e-8 * abs(x))  # over such a length the function may swing by what is lost to rounding
    for (h, a, b), (h1, a1, b1), (h2, a2, b2) in zip(steps, steps[1:], steps[2:]):
        if h1 != 4.0 * h or h2 != 16.0 * h:
            continue
        slope, coarse, coarser = (a - b) / (2.0 * h), (a1 - b1) / (2.0 * h1), (a2 - b2) / (2.0 * h2)
        slope, coarse = slope + (slope - coarse) / 15.0, coarse + (coarse - coarser) / 15.0
        odd, even = (slope - coarse) * h, ((a - y) + (b - y)) - ((a1 - y) + (b1 - y)) / 16.0
        noise, told, size = max(noise, abs(odd), abs(even)), told + 1, max(abs(y), abs(a), abs(b))
        off = (4.0 * noise + 2.0 * ULP * size + 16.0 * rounding + 1e-290) / min(h, closest)
        # Not where too few steps tell the noise, nor where there is more of it than rounding makes: there the
        # function swings.
        if told > 3 and noise <= max(1e-14, 1e-9 * size) and math.isfinite(off):
            found.append((h, Estimate(slope, off, "Richardson")))
    return _surest(found, 4.0 * ULP * max(1.0, abs(y)))


def _surest(found: list[tuple[float, Estimate]], hidden: float) -> Estimate | None:
    """Return the surest of slopes by growing steps that contradicts none before it.

    If a larger step contradicts it, over a step in which the difference may have been ``hidden`` by rounding,
    neither is sure.
    """
    low, high, last = -math.inf, math.inf, len(found)
    for k, (_, (slope, off, _)) in enumerate(found):
        if slope - off > high or slope + off < low:
            last = k
            break
        low, high = max(low, slope - off), min(high, slope + off)
    if not last:
        return None
    h, best = min(found[:last], key=lambda pair: pair[1].uncertainty)
    gaps = [abs(other.derivative - best.derivative) for _, other in found[last:]]
    return best._replace(
        uncertainty=max([best.uncertainty, *(2.0 * gap for gap in gaps if gap * h <= hidden)])
    )


def _at(f: Callable[[float], Any], x: float) -> float:
    """Return a value; NaN where a user's function raises or is complex.

    It may be defined at the point and not beside.
    """
    try:
        return float(f(x))
    except (ArithmeticError, ValueError, TypeError):
        return math.nan


def _steps(x: float, room: float) -> list[float]:
    """Return steps from small to large, powers of 4: moving ``x`` by them rounds nothing."""
    least = 8.0 * math.ulp(x) if x else 2.0**-80
    if 0.0 < abs(x) < 1e8 * least:
        # Among the last subnormal numbers there are too few to tell how the function varies with x itself.
        return []
    scales = [(max(1.0, abs(x)), least)] if abs(x) > 1e-6 or x == 0.0 else [(abs(x), least), (1.0, 2.0**-50)]
    steps: list[float] = []
    for scale, smallest in scales:
        high = math.frexp(min(0.125 * scale, 0.5 * room))[1] - 1
        low = max(math.frexp(smallest)[1], -1070)
        steps += [math.ldexp(1.0, e) for e in range(low + low % 2, high + 1, 2)]
    return sorted(set(steps))


def _telling(steps: list[tuple[float, float, float]], y: float) -> list[tuple[float, float, float]]:
    """Leave out small steps that see one number where larger ones see it change by what rounding swallows."""
    flat = next((k for k, (_, a, b) in enumerate(steps) if a != y or b != y), len(steps))
    if flat == len(steps):
        return steps
    _, a, b = steps[flat]
    return steps[flat:] if max(abs(a - y), abs(b - y)) <= 1e-6 * max(1.0, abs(y)) else steps


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
    """Return the left and the right slope of ``f`` at ``x``, by second-order one-sided differences.

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
