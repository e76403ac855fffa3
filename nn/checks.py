"""Checks of what a caller passes: numbers in their ranges, lists, parameters.

Each says what was wrong and what to write.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd import Value, modes, ops
from autograd.floats.convert import to_float
from autograd.floats.tables import as_rows
from autograd.spellings import told_instead
from autograd.words import gettext

__all__ = [
    "as_whole",
    "check_list",
    "data_of",
    "entries",
    "is_sequence",
    "listed",
    "proven",
    "real",
    "refuse",
    "rows_of",
    "values",
    "whole",
]

_NO_LISTS = (str, bytes, Mapping)


def whole(name: str, number: Any, *, least: int = 1) -> int:
    """Check a whole number from ``least``."""
    if (
        isinstance(number, (bool, Value))
        or not hasattr(number, "__index__")
        or not least <= number.__index__() <= sys.maxsize
    ):
        raise ValueError(gettext(
            "{name} must be a whole number of at least {least}, got {number}",
            name=name, least=least, number=f"{number!r:.60}",
        ))
    return int(number.__index__())


def as_whole(number: Any) -> int | None:
    """Return a number that is whole as an int, also where a float holds it; else None."""
    try:
        found = int(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found == number else None


def real(
    name: str, number: Any, *, least: float = -math.inf, above: float = -math.inf, below: float = math.inf
) -> float:
    """Check a finite number from ``least`` or above ``above``, and below ``below``."""
    if not isinstance(number, bool) and isinstance(number, numbers.Real):
        try:
            found = float(number)
        except OverflowError:
            found = math.inf
        if math.isfinite(found) and least <= found and above < found < below:
            return found
    bounds = []
    if least > -math.inf:
        bounds = [gettext("from {limit}", limit=f"{least:g}")]
    elif above > -math.inf:
        bounds = [gettext("above {limit}", limit=f"{above:g}")]
    bounds += [gettext("below {limit}", limit=f"{below:g}")] if below < math.inf else []
    said = f"{number!r:.60}"
    if not bounds:
        raise ValueError(gettext("{name} must be a finite number, got {number}", name=name, number=said))
    raise ValueError(gettext(
        "{name} must be a number {bounds}, got {number}",
        name=name, bounds=gettext(" and ").join(bounds), number=said,
    ))  # fmt: skip


def data_of(x: Any) -> float:
    """Return a number, or that in a Value, as a float."""
    return x.data if isinstance(x, Value) else to_float(x)


def proven(result: Any, x: Any, holds: Callable[[Any], Any], message: str) -> Any:
    """Return a result; raise where a number that it was computed from is not as it must be.

    While a function is recorded for compilation the number is not known: then the result becomes NaN there,
    and the engine, which evaluates such calls again, says so.

    Parameters
    ----------
    result
        To be returned.
    x
        The number, or a Value.
    holds
        Tells by operations of this package whether it is as it must be: 1, or 0.
    message
        Of the error, in the catalogues; ``{given}`` stands for the number.
    """
    if isinstance(x, Value) and modes.is_tracing():
        return result + ops.where(holds(x), 0.0, math.nan)
    if not holds(data_of(x)):
        raise ValueError(gettext(message, given=x.data if isinstance(x, Value) else repr(x)))
    return result


def refuse(module: str, name: str, instead: Mapping[str, str], names: Iterable[str]) -> AttributeError:
    """Return the error of a name that there is not: with what to write, or the same in other letters."""
    wanted = name.lower().replace("_", "")
    alike = [] if name[:1] == "_" else [x for x in names if x.lower().replace("_", "") == wanted]
    remedy = instead.get(name) or (f"write {module}.{alike[0]}" if alike else "")
    told = gettext("module {module} has no attribute {name}", module=repr(module), name=repr(name))
    return AttributeError(told + told_instead(remedy))


def listed(name: str, xs: Any) -> list[Any]:
    """Return a sequence's elements as a list."""
    check_list(name, xs)
    return list(xs)


def rows_of(name: str, data: Any) -> list[Any]:
    """Return the elements of a sequence, or the rows of a table, as a list."""
    return listed(name, data if data.__class__ is list else as_rows(data, name))


def check_list(name: str, xs: Any, *needed: str) -> None:
    """Check that something is a sequence, with the methods that are needed of it."""
    if (
        isinstance(xs, _NO_LISTS)
        or getattr(xs, "ndim", 1) == 0
        or not all(hasattr(xs, method) for method in ("__iter__", *needed))
    ):
        hint = gettext("; pass its parameters()") if hasattr(xs, "parameters") else ""
        raise TypeError(gettext(
            "{name} must be a list, a tuple or an array, got {kind}{hint}",
            name=name, kind=type(xs).__name__, hint=hint,
        ))  # fmt: skip


def values(name: str, xs: Any) -> list[Value]:
    """Return parameters as a list, after checking that each is a Value."""
    found = listed(name, xs)
    for x in found:
        if not isinstance(x, Value):
            raise TypeError(gettext(
                "{name} must hold Values, and {x} is a {kind}; pass model.parameters()",
                name=name, x=f"{x!r:.60}", kind=type(x).__name__,
            ))  # fmt: skip
    return found


def entries(state: Any, names: Iterable[str], whose: str) -> list[Any]:
    """Return the entries of a state that has been saved, in the order of their names."""
    wanted = list(names)
    missing = wanted if not isinstance(state, Mapping) else [name for name in wanted if name not in state]
    if missing:
        raise ValueError(
            gettext(
                "this is no state of {whose}: it lacks {missing}; pass what state_dict() returned",
                whose=whose, missing=', '.join(map(repr, missing)),
            )
        )
    return [state[name] for name in wanted]


def is_sequence(x: Any) -> bool:
    """Whether something holds several numbers: a list, a tuple, an array, and no Value."""
    return (
        not isinstance(x, Value)
        and hasattr(x, "__iter__")
        and getattr(x, "ndim", 1) != 0
        and not isinstance(x, _NO_LISTS)
    )
