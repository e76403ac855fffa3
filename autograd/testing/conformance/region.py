"""Where a fault holds, about its worst point: outwards by powers of two, then by bisection.

What is right between the suite's points is said by this package's own derivatives, which are right to a few
units in the last place.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from functools import cache

import autograd
from autograd.testing.conformance.adapter import find
from autograd.testing.conformance.data import Expectation
from autograd.testing.conformance.judge import FAULTS, judge
from autograd.words import gettext

__all__ = ["region"]

Ask = Callable[[Sequence[tuple[float, ...]]], list[float]]
_FORMATS = {"float64": ("d", "q", 63), "float32": ("f", "i", 31)}


@cache
def _exact(function: str, path: tuple[int, ...]) -> Callable[..., float] | None:
    """Return our derivative of a function; None where it is not one of the table's."""
    text = find("chainrule").functions.get(function)
    if text is None:
        return None
    f = eval(f"lambda x, y=0.0, z=0.0: {text}", {"autograd": autograd})  # noqa: S307 - text of the package
    for i in path:
        f = autograd.grad(f, i)
    return f  # type: ignore[no-any-return]


def _ordinal(x: float, dtype: str) -> int:
    """Number the floats in their order, zero being 0."""
    real, whole, _ = _FORMATS[dtype]
    n: int = struct.unpack(whole, struct.pack(real, abs(x)))[0]
    return -n if math.copysign(1.0, x) < 0.0 else n


def _number(n: int, dtype: str) -> float:
    real, whole, _ = _FORMATS[dtype]
    x: float = struct.unpack(real, struct.pack(whole, abs(n)))[0]
    return -x if n < 0 else x


def region(
    function: str, path: tuple[int, ...], dtype: str, worst: tuple[float, ...], ask: Ask, between: int = 62
) -> str:
    """Say from where to where a fault holds, along the operand it is taken by first.

    Parameters
    ----------
    function, path, dtype
        The derivative.
    worst
        A point at which it is wrong.
    ask
        Returns the library's derivatives at some points.
    between
        So many numbers between two are asked for at once.

    Returns
    -------
    str
        Such as ``x from 36.74 to 709.8``; empty where nothing is known between the points.
    """
    exact = _exact(function, path)
    place = path[0]
    if exact is None or not math.isfinite(worst[place]) or any(map(math.isinf, worst)):
        return ""
    derivative = exact

    def wrong(numbers: Sequence[int]) -> list[bool]:
        points = [(*worst[:place], _number(n, dtype), *worst[place + 1 :]) for n in numbers]
        found = []
        for point, got in zip(points, ask(points), strict=True):
            right = derivative(*point)
            if math.isnan(right):
                found.append(False)
                continue
            kind = judge(Expectation(right, scale=None if right else 1.0), got, dtype, len(path), point).kind
            found.append(kind in FAULTS)
        return found

    start = _ordinal(worst[place], dtype)
    if not wrong([start])[0]:
        return ""
    ends = [_end(start, side, dtype, wrong, between) for side in (-1, 1)]
    low, high = (_number(n, dtype) for n in ends)
    name = "xyz"[place]
    others = ", ".join(f"{'xyz'[k]} = {x:.6g}" for k, x in enumerate(worst) if k != place)
    span = (
        gettext("at {point}", point=f"{name} = {low!r}")
        if low == high
        else gettext("{name} from {low} to {high}", name=name, low=f"{low:.6g}", high=f"{high:.6g}")
    )
    return f"{span}, {others}" if others else span


def _end(
    start: int, side: int, dtype: str, wrong: Callable[[Sequence[int]], list[bool]], between: int
) -> int:
    """Return the last wrong number on one side, to a few digits."""
    real, whole, _ = _FORMATS[dtype]
    largest = struct.unpack(
        whole, struct.pack(real, 3.4028234663852886e38 if real == "f" else 1.7976931348623157e308)
    )[0]
    steps = [start + side * 2**k for k in range(_FORMATS[dtype][2] + 1)]
    steps = [n for n in steps if abs(n) <= largest]
    bad = start
    good: int | None = None
    for n, is_wrong in zip(steps, wrong(steps) if steps else [], strict=True):
        if not is_wrong:
            good = n
            break
        bad = n
    if good is None:
        last = side * largest
        return last if wrong([last])[0] else bad
    while True:
        a, b = _number(bad, dtype), _number(good, dtype)
        if abs(good - bad) <= 1 or abs(a - b) <= 1e-6 * max(abs(a), abs(b)):
            break
        step = max(1, abs(good - bad) // (between + 1))
        inside = list(range(bad + side * step, good, side * step))[:between]
        for n, is_wrong in zip(inside, wrong(inside), strict=True):
            if not is_wrong:
                good = n
                break
            bad = n
    return bad
