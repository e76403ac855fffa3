"""The derivative of a recorded computation as a linear map.

`Linear.push` multiplies it by tangents (forward mode, JVP), `Linear.pull` multiplies cotangents by it
(reverse mode, VJP). Both multiply by the same local derivatives, those of the table's rows. Forward is the
chain rule applied from the inputs up, in the order in which the nodes were made; reverse is
`autograd.backward`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from autograd.backward import (
    _accumulate,
    _accumulate_recorded,
    _check_finite,
    _hooked,
    _recorded_edges,
    _times,
    sort,
)
from autograd.modes import ACTIVE, MODE, is_tracing
from autograd.native import engine
from autograd.node import Bundle, Call, ConstantNote
from autograd.value import Value

__all__ = ["InputNote", "Linear"]


class InputNote(ConstantNote):
    """The note of the leaves that a differentiated call makes of the numbers it is given."""

    __slots__ = ("live",)

    def __init__(self) -> None:
        super().__init__()
        self.live = True
        """Whether the call is going on. Afterwards its leaves are constants to everyone."""


def _may_be_differentiated(leaf: Value) -> bool:
    """Whether somebody outside of this call may want a derivative with respect to a leaf.

    Not where it is a constant, or an input of a call that has ended.
    """
    note = leaf.note
    return not isinstance(note, ConstantNote) or (isinstance(note, InputNote) and note.live)


class _Reached(dict[Any, Any]):
    """Gradients by node; None where none has arrived."""

    def __missing__(self, node: Any) -> None:
        return None


class Linear:
    """The derivative of ``outputs`` with respect to ``inputs``.

    Parameters
    ----------
    inputs
        Nodes made for this one computation. Nothing below them is looked at. That each computation has inputs
        of its own is what keeps nested derivatives apart: no tags are needed.
    outputs
        What was computed from them: nodes, or numbers where nothing depends on the inputs.
    others
        More nodes at which to stop.
    recorded
        Whether the derivatives must be nodes that can be differentiated again. They must as soon as a node
        that is not an input takes part, for its owner may want to; this is found out here.
    """

    def __init__(
        self,
        inputs: Sequence[Value],
        outputs: Sequence[Any],
        *,
        others: Sequence[Value] = (),
        recorded: bool = False,
    ) -> None:
        self.inputs = list(inputs)
        self.outputs = tuple(outputs)
        self._ends = dict.fromkeys((*inputs, *others))
        root = Bundle(self.outputs)
        self._order, self._bundles = sort(root, self._ends)
        self._order.pop()  # the root, which is made anew for each cotangent
        # Where all are numbers but the inputs, and these are nobody else's, the derivatives are wanted as
        # numbers.
        self.recorded = recorded or any(
            x.op is None and _may_be_differentiated(x) for x in self._order if isinstance(x, Value)
        )
        self._active = self._find_active() if self.recorded else None
        self._steps: list[tuple[Any, list[tuple[Any, Any]]]] | None = None

    def _find_active(self) -> list[Any]:
        """Return what depends on the inputs, in order; `pull` skips the rest."""
        found = None if engine is None else engine.reach(self._order, self.inputs)
        if found is None:
            active: set[Any] = set(self.inputs)
            for node in self._order:
                if not active.isdisjoint(node._predecessors()):
                    active.add(node)
            found = [x for x in self._order if x in active]
        return found

    def nodes(self) -> list[Value]:
        """Return the nodes between inputs and outputs, each after its parents."""
        return [node for node in self._order if isinstance(node, Value)]

    def pull(self, cotangents: Sequence[Any], *, recorded: bool = False) -> list[Any]:
        """Return, for each input, the sum over outputs of cotangent times derivative: reverse mode.

        A cotangent of None stands for an output that is left out; a result of None for an input that nothing
        reaches.
        """
        recorded = recorded or self.recorded
        pairs = [
            (y, c)
            for y, c in zip(self.outputs, cotangents, strict=True)
            if c is not None and isinstance(y, Value)
        ]
        root = Bundle(tuple(y for y, _ in pairs))
        order = self._order if self._active is None else self._active
        grads: dict[Any, Any] = _Reached() if recorded else dict.fromkeys((*self._ends, *self._order))
        grads[root] = [c for _, c in pairs]
        if recorded or (ACTIVE and MODE.get().anomaly):
            _accumulate_recorded(grads, [*order, root], self._bundles, recorded)
        else:
            _accumulate(grads, [*order, root], self._bundles)
        return [
            _hooked(x.note.hooks, grads[x]) if x.note is not None and grads[x] is not None else grads[x]
            for x in self.inputs
        ]

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """Return, for each output, the sum over inputs of derivative times tangent: forward mode.

        None stands for a tangent that is zero by structure: an input held fast, or an output out of reach.
        """
        steps = self._linearize()
        anomaly = bool(ACTIVE) and MODE.get().anomaly
        reached: dict[Any, Any] = {x: t for x, t in zip(self.inputs, tangents, strict=True) if t is not None}
        for node, edges in steps:
            if isinstance(node, Call):
                given = [reached.get(x) for x in node.elements]
                if any(t is not None for t in given):
                    reached[node] = node.push(given, self.recorded)
                continue
            call = node._call
            if call is not None and not call.recomputed:
                if call in reached:
                    reached[node] = reached[call][node._index]
                    if anomaly:
                        _check_finite(
                            node,
                            reached[node],
                            (t for x in call.elements if (t := reached.get(x)) is not None),
                            "forward",
                        )
                continue
            total: Any = None
            for x, local in edges:
                t = reached.get(x)
                if t is not None:
                    term = _times(t, local)
                    sum_ = term if total is None else total + term
                    if anomaly:
                        _check_finite(node, term, (t, local), "forward")
                        _check_finite(node, sum_, (term, 0.0 if total is None else total), "forward")
                    total = sum_
            if total is not None:
                reached[node] = total
        return [reached.get(y) if isinstance(y, Value) else None for y in self.outputs]

    def entries(self) -> Iterator[tuple[int, dict[int, Any]]]:
        """Yield each output that depends on inputs, with its derivatives by the places of these inputs.

        A pass goes through what the output rests on, and nothing else: so where each rests on little, all of
        them cost little, and no derivative that is zero by structure is computed.
        """
        place = {x: i for i, x in enumerate(self.inputs)}
        active = None if self._active is None else {*self.inputs, *self._active}
        for k, y in enumerate(self.outputs):
            if y.__class__ is not Value:
                continue
            root = Bundle((y,))
            order, bundles = sort(root, self._ends_below(y))
            grads: dict[Any, Any] = _Reached({root: [1.0]})
            if active is not None:  # vectors are bundles made anew
                order = [
                    x
                    for x in order
                    if x in active or (x.__class__ is Bundle and not active.isdisjoint(x.elements))
                ]
            if self.recorded or (ACTIVE and MODE.get().anomaly):
                _accumulate_recorded(grads, order, bundles, self.recorded)
            else:
                _accumulate(grads, order, bundles)
            found = {place[x]: g for x, g in grads.items() if g is not None and x in place}
            for i, g in found.items():
                note = self.inputs[i].note
                found[i] = g if note is None else _hooked(note.hooks, g)
            if found:
                yield k, dict(sorted(found.items()))

    def _ends_below(self, y: Value) -> list[Any]:
        """Return the inputs, and other nodes at which to stop, on which an output rests."""
        seen: set[Any] = set()
        found: list[Any] = []
        stack: list[Any] = [y]
        while stack:
            node = stack.pop()
            if node.__class__ is float or node is None or node in seen:
                continue
            seen.add(node)
            if node in self._ends:
                found.append(node)
            else:
                stack += node._predecessors()
        return found

    def rows_by_reverse(self) -> list[list[Any]]:
        """Return the derivatives of each output with respect to each input, an output at a time."""
        rows: list[list[Any]] = [[None] * len(self.inputs) for _ in self.outputs]
        for k, found in self.entries():
            for i, g in found.items():
                rows[k][i] = g
        return rows

    def rows_by_forward(self) -> list[list[Any]]:
        """Return the same, an input at a time."""
        n = len(self.inputs)
        columns = [self.push([1.0 if i == j else None for j in range(n)]) for i in range(n)]
        return [[column[k] for column in columns] for k in range(len(self.outputs))]

    def rows(self) -> list[list[Any]]:
        """Return the same, by the mode that needs fewer passes."""
        return self.rows_by_forward() if len(self.inputs) < len(self.outputs) else self.rows_by_reverse()

    def _linearize(self) -> list[tuple[Any, list[tuple[Any, Any]]]]:
        """Return each node that depends on the inputs with its edges, computed once for all tangents."""
        if self._steps is None:
            self._steps = []
            self._add_steps(self._order, set(self.inputs))
        return self._steps

    def _add_steps(self, order: Iterable[Any], active: set[Any]) -> None:
        assert self._steps is not None
        again: dict[Any, Sequence[Any]] = {}
        for node in order:
            if node.__class__ is Bundle or active.isdisjoint(node._predecessors()):
                continue
            edges: list[tuple[Any, Any]]
            if isinstance(node, Call):
                active.add(node)
                if not node.recomputed:
                    self._steps.append((node, []))
                continue
            call = node._call
            if call is not None and not call.recomputed:
                active.add(node)
                self._steps.append((node, []))
                continue
            if call is not None:
                # A checkpointed call: its own nodes, made once more, come in between.
                if call not in again:
                    again[call] = outputs = call.recompute()
                    self._add_steps(sort(Bundle(tuple(outputs)), call.elements)[0][:-1], active)
                edges = [(again[call][node._index], 1.0)]
            else:
                edges = _recorded_edges(node, is_tracing()) if self.recorded else node._edges()
                if ACTIVE and MODE.get().anomaly:
                    for x, d in edges:
                        if x in active:
                            _check_finite(node, d, node.operands, "forward")
            edges = [(x, d) for x, d in edges if d is not None and x in active]
            if edges:
                active.add(node)
                self._steps.append((node, edges))
