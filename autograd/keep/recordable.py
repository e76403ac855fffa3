"""Checks of the local derivatives that a graph file holds, against those of the operations at its numbers.

A file holds the local derivatives, since its numbers may have been assigned to after they were computed: an
optimizer moves the leaves of a graph that is saved afterwards. So they cannot simply be computed anew. What
can be known for sure is this:

- null stands for a branch that was not taken, and only a row that has branches can have written it;
- a derivative that does not depend on numbers in nodes, such as that of x*3.0, is what the row says, whatever
  became of them;
- where the result is what the row makes of the operands, the derivatives are those of the row there, too.
  They need not be if an operand was assigned to and the result is the same by chance (x*x at 2 and at -2,
  tanh far out): then `save` says so.

Numbers agree within what versions of this package and of C libraries may differ by. A custom operation's rule
is the user's, which may do anything, and an order in the hundreds costs more to compute than to read: there
the first of the three is all that is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from autograd.joint import MultiOpCall
from autograd.node import Node
from autograd.op import TABLE, Op
from autograd.words import gettext

__all__ = ["agrees", "call_agrees", "difference"]

CLOSE: Final = 1e-9
"""Relative difference of two numbers that are taken for the same one, computed elsewhere."""
MAX_ORDER: Final = 64.0
"""Orders up to this one are computed."""


def same(a: float | None, b: float | None) -> bool:
    """Tell whether two local derivatives are one, computed by two versions; null is no number."""
    if a is None or b is None:
        return a is b
    return a == b or math.isclose(a, b, rel_tol=CLOSE) or (a != a and b != b)


def expected(op: Op, y: float, operands: Sequence[Any], numbers: tuple[float, ...]) -> list[float | None]:
    """Return what is recorded for each operand that is a node."""
    local: list[float | None] = [d for x, d in zip(operands, op.local(y, numbers)) if isinstance(x, Node)]
    return [None if d == 0.0 else d for d in local] if op.gated else local


def agrees(op: Op, y: float, operands: Sequence[Any], local: list[float | None]) -> bool:
    """Tell whether local derivatives, one for each operand that is a node, are the row's at their numbers."""
    if _is_unchecked(op, operands):
        return True
    numbers = tuple([x._data if isinstance(x, Node) else x for x in operands])
    right = expected(op, y, operands, numbers)
    return right == local or all(map(same, local, right))


def call_agrees(call: MultiOpCall) -> bool:
    """Tell whether all that a call with several results keeps is what its operation makes of its operands."""
    numbers = tuple([x._data if isinstance(x, Node) else x for x in call.elements])
    return all(map(same, call.values, call.kind.values(numbers))) and all(
        map(same, call.kept, call.kind.kept(numbers))
    )


def difference(
    op: Op, y: float, operands: Sequence[Any], local: list[float | None], *, assigned: bool
) -> str:
    """Return what is wrong with local derivatives that a file holds, or an empty text.

    ``assigned`` is what the file says: that an operand was assigned to after the operation was recorded.
    """
    if not op.gated and None in local:
        return gettext(
            "a local derivative is null, as of a branch not taken, and {name} has no branches", name=op.name
        )
    if agrees(op, y, operands, local):
        return ""
    numbers = tuple([x._data if isinstance(x, Node) else x for x in operands])
    if not assigned and same(y, op.value(*numbers)):
        right = expected(op, y, operands, numbers)
    elif op.gated:
        return ""
    else:  # a rule that does not look at the nodes makes a number of NaN too
        unknown = expected(
            op, math.nan, operands, tuple([math.nan if isinstance(x, Node) else x for x in operands])
        )
        right = [d if p != p else p for d, p in zip(local, unknown)]
    for place, (d, p) in enumerate(zip(local, right, strict=True)):
        if not same(d, p):
            given, wanted = ("null" if z is None else f"{z:.6g}" for z in (d, p))
            return gettext(
                "local derivative {place} of {name} is {given}, and the operation has {wanted} there",
                place=place, name=op.name, given=given, wanted=wanted,
            )  # fmt: skip
    return ""


def _is_unchecked(op: Op, operands: Sequence[Any]) -> bool:
    if TABLE.get(op.name) is not op:
        return True
    if not op.whole:
        return False
    count = len(operands) - len(op.params)
    return any(
        name in op.whole and x > MAX_ORDER for name, x in zip(op.params, operands[count:], strict=True)
    )
