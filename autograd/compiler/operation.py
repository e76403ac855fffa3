"""A compiled function as an operation on nodes. Needs the standard library only.

Its value comes from the program, and so does its gradient: from the compiled product of a cotangent with the Jacobian. Where
a derivative is itself to be differentiated, or pushed forward, the function is run on nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd import trees
from autograd.backward import Pass
from autograd.checkpointing import _Call
from autograd.errors import GraphError
from autograd.linear import Linear
from autograd.modes import ACTIVE, MODE, is_tracing, mode
from autograd.node import HOOKED
from autograd.value import Value

__all__ = ["Applied", "pullback"]


class Applied(_Call):
    """A call of a compiled function on nodes. In a sorted graph it stands between its results and what they rest on.

    Parameters
    ----------
    owner
        The compiled function.
    given
        The call's arguments.
    ends
        Nodes that the function closes over.
    outputs
        What the program computed.
    """

    __slots__ = ("_before", "_ends", "_given", "_owner")
    name = "compiled"

    def __init__(self, owner: Any, given: Any, ends: Sequence[Value], outputs: Sequence[float]) -> None:
        flats: list[list[Any]] = given.given or []
        below = tuple(dict.fromkeys([*(x for flat in flats for x in flat if x.__class__ is Value), *ends]))
        super().__init__(below, owner._f, (), {}, outputs)
        self._owner, self._given, self._ends = owner, given, list(ends)
        self._before = [x._data for x in below]

    def again(self) -> list[Any]:
        """Return the call's results with all their nodes."""
        self._check(self._a)
        with mode(grad=True):
            return trees.leaves(self._f(*self._given.values()), "the result of a compiled function")

    def _check(self, nodes: Sequence[Value]) -> None:
        before = dict(zip(self._a, self._before, strict=True))
        if any(x._data != before[x] and before[x] == before[x] for x in nodes):
            raise GraphError(
                "the data of a node was changed after a compiled function was called on it, so its derivative "
                "would be that of something that was never computed; call it afresh first"
            )

    def replay(self, cotangents: list[Any], grads: dict[Any, Any], recorded: bool) -> Pass | None:
        """Pass the gradient of the results on: by the program, where numbers are all that is wanted."""
        pulled = None
        if not (recorded or HOOKED or (ACTIVE and (MODE.get().anomaly or is_tracing()))):
            self._check(self._ends)
            pulled = self._owner._pulled([0.0 if c is None else float(c) for c in cotangents], self._given, self._ends)
        if pulled is None:
            return super().replay(cotangents, grads, recorded)
        flats = self._given.given or [[0.0] * math.prod(shape) for shape in self._given.shapes]
        for x, g in zip([*(x for flat in flats for x in flat), *self._ends], pulled, strict=True):
            if x.__class__ is Value:
                old = grads[x]
                grads[x] = g if old is None else old + g
        return None


def pullback(f: Callable[..., Any], ends: Sequence[Value]) -> Callable[..., list[Any]]:
    """Return the function of cotangents and the arguments of ``f`` that pulls back, to each number there and to ``ends``."""

    def pull(cotangents: Any, *args: Any) -> list[Any]:
        outputs = trees.leaves(f(*args), "the result of a compiled function")
        inputs = [x for _, x in trees.paths(args)]
        linear = Linear([*inputs, *ends], outputs, recorded=is_tracing())
        return [0.0 if g is None else g for g in linear.pull(cotangents)]

    return pull
