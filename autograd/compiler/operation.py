"""A compiled function as an operation on nodes. Needs the standard library only.

Its value comes from the program, and so does its gradient: from the compiled product of a cotangent with the
Jacobian. Where a derivative is itself to be differentiated, or pushed forward, the function is run on nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.backward import Pass, _recorded_edges, toposort
from autograd.calculus import trees
from autograd.calculus.checkpointing import CheckpointedCall
from autograd.calculus.linear import Linear
from autograd.calculus.lookup import Lookup
from autograd.compiler.record.recording import flatten
from autograd.errors import GraphError
from autograd.modes import ACTIVE, MODE, is_tracing, mode
from autograd.node import HOOKED
from autograd.value import Value
from autograd.words import gettext

__all__ = ["Applied", "pullback", "reach"]


class Applied(CheckpointedCall):
    """A call of a compiled function on nodes; in a sorted graph between its results and what they depend on.

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
        below = tuple(dict.fromkeys([*(x for flat in flats for x in flat if isinstance(x, Value)), *ends]))
        super().__init__(below, owner._f, (), {}, outputs)
        self._owner, self._given, self._ends = owner, given, list(ends)
        self._before = [x._data for x in below]

    def recompute(self) -> list[Any]:
        """Return the call's results with all their nodes."""
        self._check(self.elements)
        with mode(grad=True):
            return _numbers(self._owner._on_nodes(self._given))

    def _check(self, nodes: Sequence[Value]) -> None:
        before = dict(zip(self.elements, self._before, strict=True))
        if any(x._data != before[x] and before[x] == before[x] for x in nodes):
            raise GraphError(gettext(
                "the data of a node was changed after a compiled function was called on it, so its "
                "derivative would be that of something that was never computed; call it afresh first"
            ))  # fmt: skip

    def replay(self, cotangents: list[Any], grads: dict[Any, Any], recorded: bool) -> Pass | None:
        """Pass the gradient of the results on: by the program, where numbers are all that is wanted."""
        pulled = None
        if not (recorded or HOOKED or (ACTIVE and (MODE.get().anomaly or is_tracing()))):
            self._check(self._ends)
            pulled = self._owner._pulled(
                [0.0 if c is None else float(c) for c in cotangents], self._given, self._ends
            )
        if pulled is None:
            return super().replay(cotangents, grads, recorded)
        flats = self._given.given or [
            [0.0] * (math.prod(shape) * self._given.lanes) for shape in self._given.shapes
        ]
        for x, g in zip([*(x for flat in flats for x in flat), *self._ends], pulled, strict=True):
            if isinstance(x, Value):
                old = grads[x]
                grads[x] = g if old is None else old + g
        return None


def reach(
    f: Callable[..., Any], penalty: Callable[[], Any] | None, params: Sequence[Value]
) -> Callable[..., list[Any]]:
    """Return the function of an example that tells for each parameter whether a gradient reaches it.

    0.0 where no branch to it is taken.
    """

    def reached(*args: Any) -> list[Any]:
        """Pass ones backward, through the branches that are taken."""
        sums: dict[Any, Any] = {}
        for root in [f(*args), *([] if penalty is None else [penalty()])]:
            found: dict[Any, Any] = {root: 1.0}
            for node in reversed(toposort(root)) if isinstance(root, Value) else ():
                here, op = found.get(node), node.op
                if here is None or op is None:
                    continue
                for x, local in _edges(node):
                    found[x] = _either(found.get(x), _through(here, local) if op.gated else here)
            for p in params:
                sums[p] = _either(sums.get(p), found.get(p))
        return [0.0 if sums[p] is None else sums[p] for p in params]

    return reached


def _edges(node: Value) -> Sequence[tuple[Any, Any]]:
    """Return what a node depends on, with derivatives that tell which branches are taken."""
    if isinstance(node._call, Lookup):
        return node._call.edges(node._index)
    return [(x, 1.0) for x in node.parents] if node._call is not None else _recorded_edges(node, is_tracing())


def _through(here: Any, local: Any) -> Any:
    """Return what comes through a branch, whose derivative is 0 where it is not taken."""
    if not isinstance(local, Value):
        return here if local else None
    taken = 1.0 - ops.equal(local, 0.0)
    return taken if here.__class__ is float else here * taken


def _either(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    return 1.0 if float in (a.__class__, b.__class__) else ops.maximum(a, b)


def _numbers(result: Any) -> list[Any]:
    """Return the numbers and nodes that a function returned."""
    found: list[Any] = []
    flatten(result, found)
    return trees.leaves(found, gettext("the result of a compiled function"))


def pullback(f: Callable[..., Any], ends: Sequence[Value]) -> Callable[..., list[Any]]:
    """Return the function of cotangents and arguments that pulls back to each number and to ``ends``."""

    def pull(cotangents: Any, *args: Any) -> list[Any]:
        """Pull cotangents back through a call on these arguments."""
        outputs = _numbers(f(*args))
        inputs = [x for _, x in trees.paths(args)]
        linear = Linear([*inputs, *ends], outputs, recorded=is_tracing())
        return [0.0 if g is None else g for g in linear.pull(cotangents)]

    return pull
