"""How C spells numbers."""

from __future__ import annotations

import math

__all__ = ["literal"]


def literal(x: float) -> str:
    """Return a double in C, exactly."""
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(float(x)) if x >= 0 else f"({float(x)!r})"
