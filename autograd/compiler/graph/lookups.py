"""Tables in which a number looks something up, such as embeddings.

A table is a column of leaves that stand at equal distances. Its entry in the place that a number tells is a
row of the graph with two operands, that number and the first leaf; the distance and the length of the table
are its constants. So the graph has as many nodes whatever the length of the table. Where the number is none
of the places 0, 1, ..., the entry is NaN, and the engine, which evaluates such calls again, says so.

The gradient of a table of parameters is scattered: what an entry receives is added to the gradient of the
parameter in that place, once all other gradients stand in theirs. That, too, is a row: of what is received,
the number, and the first parameter. Its own result is nothing, and nothing reads it.
"""

from __future__ import annotations

import math
from typing import Any

from autograd.op import Op

__all__ = ["ENTRY", "SCATTER", "enter"]


def _partials(*_: float) -> tuple[float, ...]:
    """Return zeros: nothing flows to the place, and what flows to the table is scattered."""
    return 0.0, 0.0, 0.0


ENTRY = Op("entry", lambda *_: math.nan, _partials, arity=2, params={"distance": 1.0, "count": 0.0})
"""The entry of a table: of a place, and the first leaf."""
SCATTER = Op("scatter", lambda *_: 0.0, _partials, arity=3, params={"distance": 1.0, "count": 0.0})
"""The gradient of an entry, added to that of a parameter: of the gradient, a place, and the first leaf."""


def enter(b: Any, out: Any, places: Any, firsts: Any, step: int, count: int) -> None:
    """Enter entries of tables of one length into a builder: nodes, the places, the first leaves."""
    b.assign(out, b.row(ENTRY, (float(step), float(count))))
    b.call(out, [places, firsts])
