"""What a number is, held against what it should be: right, a library's own choice, flushed, or a fault."""

from __future__ import annotations

import math
from typing import NamedTuple

from autograd.testing.conformance.data import Expectation, single
from autograd.words import marked

__all__ = ["FAULTS", "Precision", "Verdict", "judge", "precision"]

FAULTS = {
    "nan": marked("not a number"),
    "infinite": marked("infinite where the derivative is a number"),
    "zero": marked("zero where the derivative is a normal number"),
    "finite": marked("a number where the derivative is infinite"),
    "sign": marked("of the wrong sign"),
    "digits": marked("digits are lost"),
}
"""The symptoms of a fault, in words."""
SLACK = {0: 10, 1: 10, 2: 12, 3: 14}
"""For each order, the bits that rounding in a library's own formulas may cost beside the condition number."""
EVERY_BIT = 35
"""The loss at which no digit of a double is left."""


class Precision(NamedTuple):
    """What a dtype holds."""

    eps: float
    """Half a unit in the last place of 1."""
    tiny: float
    """The smallest normal number."""
    largest: float


_PRECISIONS = {
    "float64": Precision(2.0**-53, 2.0**-1022, 1.7976931348623157e308),
    "float32": Precision(2.0**-24, 2.0**-126, 3.4028234663852886e38),
}


def precision(dtype: str) -> Precision:
    """Return what ``"float64"`` or ``"float32"`` holds."""
    return _PRECISIONS[dtype]


class Verdict(NamedTuple):
    """What one number is."""

    kind: str
    """``right``, ``policy``, ``flushed``, or a symptom of `FAULTS`."""
    expected: float = math.nan
    """What it should be, in that precision."""
    ulp: float = 0.0
    """The error in units in the last place."""


def judge(
    expectation: Expectation, got: float, dtype: str, order: int, point: tuple[float, ...] = ()
) -> Verdict:
    """Hold a number against its expectation.

    Parameters
    ----------
    expectation
        What it should be.
    got
        What it is.
    dtype
        The precision it was computed in.
    order
        The order of the derivative.
    point
        The operands: of subnormal ones a library may see zeros.

    Examples
    --------
    >>> judge(Expectation(4.248354255291589e-18), 0.0, "float64", 1)
    Verdict(kind='zero', expected=4.248354255291589e-18, ulp=5514679113423396.0)
    >>> judge(Expectation(slopes=(-1.0, 1.0)), 1.0, "float64", 1).kind
    'policy'
    """
    if expectation.outside:
        return Verdict("right" if math.isnan(got) else "policy", math.nan)
    if expectation.slopes is not None:
        low, high = expectation.slopes
        middle = (low + high) / 2
        if low - 1e-6 <= got <= high + 1e-6:
            return Verdict("policy" if low < high else "right", middle)
        return Verdict(_symptom(got, middle), middle, math.inf)
    assert expectation.value is not None
    known = precision(dtype)
    expected = expectation.value if dtype == "float64" else single(expectation.value)
    bits = SLACK[order] + expectation.loss
    lost = expectation.loss == EVERY_BIT or 2.0 ** (SLACK[1] + expectation.loss) * known.eps >= 1.0
    if lost and math.isfinite(got):  # one rounding of the operands leaves no digit, not even the sign
        return Verdict("right", expected)
    relative = min(2.0**bits * known.eps, 0.25)
    if _close(expectation, got, expected, relative, known):
        return Verdict("right", expected)
    flushed = any(0.0 < abs(x) < known.tiny for x in point)
    if flushed or (abs(expected) < known.tiny and abs(got) <= known.tiny):
        return Verdict("flushed", expected, _ulp(got, expected, dtype))
    return Verdict(_symptom(got, expected), expected, _ulp(got, expected, dtype))


def _close(
    expectation: Expectation, got: float, expected: float, relative: float, known: Precision
) -> bool:
    """Whether rounding explains the difference."""
    if math.isnan(got):
        return False
    if expectation.scale is not None:
        return abs(got) <= relative * expectation.scale + known.eps
    if got == expected:
        return True
    if math.isinf(expected):
        return abs(got) >= known.largest * (1.0 - relative) and got * expected > 0.0
    if math.isinf(got):
        return abs(expected) > known.largest * (1.0 - relative) and got * expected > 0.0
    if abs(expected) < known.tiny:  # half of the bits of a subnormal number, or its last few
        return abs(got - expected) <= max(8 * 2 * known.eps * known.tiny, relative * abs(expected))
    return abs(got - expected) <= relative * abs(expected)


def _symptom(got: float, expected: float) -> str:
    if math.isnan(got):
        return "nan"
    if math.isinf(got):
        return "sign" if math.isinf(expected) else "infinite"
    if math.isinf(expected):
        return "finite"
    if got == 0.0:
        return "zero"
    return "sign" if got * expected < 0.0 else "digits"


def _ulp(got: float, expected: float, dtype: str) -> float:
    """Return the distance in units in the last place of what was expected."""
    if not math.isfinite(got) or not math.isfinite(expected):
        return math.inf
    unit = math.ulp(expected) if dtype == "float64" else max(math.ulp(expected) * 2.0**29, 2.0**-149)
    return abs(got - expected) / unit
