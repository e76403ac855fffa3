"""What Python's own functions do with what is no float, for the rows that have their names.

So ``from autograd import *`` hides nothing of them. NotImplemented is the answer where the row computes.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

__all__ = ["abs", "pow", "round"]


def _or_row(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of Python's; what it does not take, or takes no answer for, is the row's."""
    try:
        return function(*args)
    except (TypeError, ArithmeticError):
        return NotImplemented


def abs(x: Any) -> Any:
    """Absolute value, of a whole number a whole one, of a complex number its modulus."""
    return NotImplemented if isinstance(x, float) else _or_row(builtins.abs, x)


def pow(base: Any, exp: Any, mod: Any = None) -> Any:
    """Power, of whole numbers (modulo a third, if there is one) and of complex ones."""
    if mod is not None:
        return builtins.pow(base, exp, mod)
    exact = isinstance(base, int | complex) and isinstance(exp, int | complex)
    return _or_row(builtins.pow, base, exp) if exact else NotImplemented


def round(number: Any, ndigits: Any = None) -> Any:
    """Nearest whole number where no digits are named; of what is no float, whatever its type says."""
    if isinstance(number, float) and (ndigits is not None or not math.isfinite(number)):
        return NotImplemented
    return _or_row(builtins.round, number, ndigits)
