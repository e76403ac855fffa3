"""Calls of operations with several results, such as softmax: one object that the result nodes share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd.errors import GraphError
from autograd.floats.convert import to_float
from autograd.modes import is_tracing
from autograd.native import engine
from autograd.node import Call, Node
from autograd.op import MultiOp
from autograd.words import gettext

__all__ = ["MultiOpCall", "record"]


class MultiOpCall(Call):
    """One call of a `MultiOp`: what its result nodes share, and how derivatives pass through it.

    Parameters
    ----------
    kind
        The operation.
    operands
        Nodes, or floats.
    values
        The results.
    kept
        The floats from which derivatives are computed; see `MultiOp.kept`.
    """

    # Where C made the call, both are its doubles.
    __slots__ = ("_kept", "_values", "kind")

    def __init__(
        self, kind: MultiOp, operands: tuple[Any, ...], values: Sequence[float], kept: Sequence[float]
    ) -> None:  # fmt: skip
        super().__init__(operands)
        self.count = len(operands)
        self.kind, self._values, self._kept = kind, values, kept

    @property
    def values(self) -> Sequence[float]:
        """The results."""
        return _as_tuple(self._values)

    @property
    def kept(self) -> Sequence[float]:
        """What the derivatives are computed from."""
        return _as_tuple(self._kept)

    def operands(self, index: Any) -> tuple[Any, ...]:
        """Return the operands of one result, the index behind them."""
        return (*self._a, index)

    def local(self, index: Any) -> Sequence[float | None]:
        """Return the local derivatives of one result."""
        slopes = self.kind.local(self.kept, int(index))
        return [d if isinstance(x, Node) else None for x, d in zip(self._a, slopes, strict=True)]

    def pull(self, cotangents: Sequence[Any], recorded: bool = False) -> Sequence[Any]:
        """Return for each operand the sum over the results of cotangent times derivative."""
        if not recorded:
            # Not 0.0: adding -0.0 changes no number, the sign of a zero included.
            return self.kind.float_pull(self.kept, [-0.0 if g is None else g for g in cotangents])
        return self._on_nodes(self.kind.pull, cotangents)

    def push(self, tangents: Sequence[Any], recorded: bool = False) -> Sequence[Any]:
        """Return for each result the sum over the operands of derivative times tangent."""
        if not recorded:
            return self.kind.float_push(self.kept, [-0.0 if t is None else t for t in tangents])
        return self._on_nodes(self.kind.push, tangents)

    def _on_nodes(self, rule: Any, received: Sequence[Any]) -> Sequence[Any]:
        """Apply a rule of the operation to nodes, so that the result can be differentiated again.

        ``shares`` are the results that the rules are written with; ``leading`` says which of them outweighs
        the rest.
        """
        self._check()
        shares = (self.kind.shares or self.kind)(*self._a)
        leading = list(map(self.kind.leads, shares if is_tracing() else [w._data for w in shares]))
        if not is_tracing():
            leading = [m == 1.0 for m in leading]
        found: Sequence[Any] = rule(self._a, shares, leading, [0.0 if g is None else g for g in received])
        return found

    def _check(self) -> None:
        """Raise where operands were changed, for the rules take them as they are."""
        now = self.kind.values(tuple([x._data if isinstance(x, Node) else x for x in self._a]))
        for index, number in enumerate(now):
            self.check(index, number)

    def check(self, index: int, now: float) -> None:
        """Raise where a result is, or would be of the operands as they are, another number than it was."""
        number = self._values[index]
        if number != now and not (math.isnan(number) and math.isnan(now)):
            raise GraphError(gettext(
                "the data of {name}(..., index={index}) = {number} or of its operands was changed after it "
                "was computed (it is {now} now), and create_graph=True derives from the operands as they "
                "are; compute it afresh first",
                name=self.kind.row.name, index=index, number=repr(number), now=repr(now),
            ))  # fmt: skip


def _as_tuple(xs: Any) -> Sequence[float]:
    found: Sequence[float] = xs if isinstance(xs, (tuple, list)) else engine.floats(xs)
    return found


def record(kind: MultiOp, operands: tuple[Any, ...]) -> list[Any]:
    """Compute an operation with several results, and record each as a node."""
    if engine is not None:
        made = engine.several(kind, operands)
        if made is not None:
            return made  # type: ignore[no-any-return]
    operands = tuple([x if isinstance(x, Node) else to_float(x) for x in operands])
    numbers = tuple([x._data if isinstance(x, Node) else x for x in operands])
    values = kind.values(numbers)
    call = MultiOpCall(kind, operands, values, values if kind.kept is kind.values else kind.kept(numbers))
    return [Node.record_result(kind.row, y, call, i) for i, y in enumerate(values)]
