"""Derivatives found from values alone: by the complex step, and by Richardson's extrapolation of differences.

The complex step, Im f(x + ih) / h with h = 1e-200, has no subtraction and so loses no digits (Squire and
Trapp 1998). It needs the function's continuation to complex numbers, which `continuation` has of most rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd import ops
from autograd.op import OpOfCall
from autograd.testing.continuation import Complex, continued
from autograd.words import gettext, marked

__all__ = ["Estimate", "complex_step", "jumps", "local_derivative", "richardson", "slopes"]

ULP = 2.0**-52


class Estimate(NamedTuple):
    """A derivative found numerically."""

    derivative: float
    uncertainty: float
    """How far off it may be."""
    method: str


def complex_step(f: Callable[..., Any], operands: Sequence[float], i: int) -> tuple[float, float] | None:
    """Return the derivative of ``f`` in its operand ``i``, and what rounding may have taken from it.

    ``f`` takes `Complex` numbers. None where it is not continued to these, or not defined around there.
    """
    x = operands[i]
    zs: list[Any] = list(operands)
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
        zs[i] = Complex(complex(x, h))
        try:
            z = f(*zs)
        except (ArithmeticError, ValueError, LookupError):
            return None
        y, terms = (z.imaginary, z.terms) if isinstance(z, Complex) else (0.0, 0.0)
        if not math.isfinite(y):
            return None
        # At zero itself the larger step is not small beside x, and leaves out terms of h**2.
        lost = 1e-300 / h + 32.0 * ULP * max(terms - abs(y), 0.0) / h + (1e3 * h * h if x == 0.0 else 0.0)
        found.append((y / h, lost))
    if not found:
        return None
    (d, lost), (other, other_lost) = found[0], found[-1]
    return (d, lost + 4.0 * abs(d - other)) if abs(d - other) <= 1e-6 * abs(other) else (other, other_lost)


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
    # The table's row serves its own function only, not one of a user that bears its name.
    row = ops.TABLE.get(op.name)
    if row is not None and row.value is op.value:
        found = complex_step(partial(continued, row), operands, i)
        if found is not None:
            d, lost = found
            return Estimate(d, 1e-12 * abs(d) + lost, "complex step")

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
    return room if op.pole is None else min(room, op.pole(*operands))


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
        if y == 0.0 and math.ulp(x) >= 1.0:  # all numbers are whole here, and a function may be zero at them
            return None
        # Between whole numbers it may swing by what is lost to rounding, over a length of about 1.
        length = steps[-1][0] if math.ulp(x) < 1.0 else 1.0
        off = (4.0 * ULP * max(1.0, abs(y)) + 16.0 * rounding + 1e-290) / length
        return Estimate(0.0, off, "Richardson")
    found: list[tuple[float, Estimate]] = []
    noise, told, largest = 0.0, 0, 0.0
    closest = max(1.0, 1e-8 * abs(x))  # over such a length the function may swing by what is lost to rounding
    for (h, a, b), (h1, a1, b1), (h2, a2, b2) in zip(steps, steps[1:], steps[2:]):
        if h1 != 4.0 * h or h2 != 16.0 * h:
            continue
        slope, coarse, coarser = (a - b) / (2.0 * h), (a1 - b1) / (2.0 * h1), (a2 - b2) / (2.0 * h2)
        slope, coarse = slope + (slope - coarse) / 15.0, coarse + (coarse - coarser) / 15.0
        odd, even = (slope - coarse) * h, ((a - y) + (b - y)) - ((a1 - y) + (b1 - y)) / 16.0
        noise, told, size = max(noise, abs(odd), abs(even)), told + 1, max(abs(y), abs(a), abs(b))
        largest = max(largest, size)
        off = (4.0 * noise + 2.0 * ULP * size + 16.0 * rounding + 1e-290) / min(h, closest)
        # Not where too few steps tell the noise, nor where there is more of it than rounding makes, or little
        # else: there the function swings.
        if told > 3 and noise <= min(max(1e-14, 1e-9 * size), 0.01 * largest) and math.isfinite(off):
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
    for sign, side in ((-1.0, marked("below")), (1.0, marked("above"))):
        places = [x + sign * h for h in (reach, 1e-2 * reach, 1e-5 * reach)]
        beside = [float(f(t)) for t in places]
        off = [v - y - slope * (t - x) for t, v in zip(places, beside, strict=True)]
        rounding = 64.0 * ULP * max(abs(y), *map(abs, beside))
        # With a NaN or an infinity among them, no comparison holds.
        if min(map(abs, off)) > 20.0 * (max(off) - min(off)) + rounding:
            return gettext(
                "the function jumps: it is {y} there, and {beside} just {side}",
                y=f"{y:.6g}", beside=f"{beside[-1]:.6g}", side=gettext(side),
            )
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
