"""The list of steps of a graph: what every picture, page, table and derivation shows.

Forward, one step for each node. Backward, one for each edge, in the order of `backward`:
``parent.grad += local * node.grad``. Computing it writes nothing to the graph.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from autograd.backward import adjoints, toposort
from autograd.op import TABLE, Op
from autograd.render.formula.mathml import LETTERS
from autograd.render.formula.symbols import apply_raw, local_formulas, name
from autograd.render.formula.text import plain
from autograd.render.labels import shorten, visible
from autograd.value import Value

__all__ = ["BackwardStep", "ForwardStep", "Steps", "steps"]


@dataclass(frozen=True, slots=True)
class ForwardStep:
    """A node is computed from its operands."""

    node: Value
    name: str
    operands: tuple[str, ...]
    """Names of nodes; constants as numbers."""
    value: float


@dataclass(frozen=True, slots=True)
class BackwardStep:
    """An edge carries a gradient: ``parent.grad += local * node.grad``."""

    node: Value
    """The consumer, from which the gradient comes."""
    parent: Value
    position: int
    """Which operand of the node the parent is; constants count."""
    local: float
    upstream: float
    contribution: float
    """``local * upstream``; what is added."""
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps of the graph below ``root``.

    Attributes
    ----------
    root : Value
    nodes : tuple of Value
        In topological order, parents first.
    names : dict
        From node to a name that no other node has: the label, or ``v1``, ``v2``, ... where there is none.
    forward, backward : tuple of steps
    gradients : dict
        From node to the derivative of ``root`` with respect to it, 0 where no gradient arrives.
    hooked : dict
        From node with a hook to the gradient that the hook was given.
    """

    root: Value
    nodes: tuple[Value, ...]
    names: dict[Value, str]
    forward: tuple[ForwardStep, ...]
    backward: tuple[BackwardStep, ...]
    gradients: dict[Value, float]
    hooked: dict[Value, float]

    def incoming(self, node: Value) -> list[BackwardStep]:
        """Return the steps that add to the gradient of ``node``, one for each consumer, in order."""
        return [step for step in self.backward if step.parent is node]


def steps(root: Value, gradient: float = 1.0) -> Steps:
    """List the steps of the graph below ``root``.

    Parameters
    ----------
    root
        The node to differentiate.
    gradient
        The seed of the backward pass.

    Returns
    -------
    Steps

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> listed = steps(x * x)
    >>> [(s.local, s.before, s.after) for s in listed.backward]
    [(3.0, 0.0, 3.0), (3.0, 3.0, 6.0)]
    """
    nodes = tuple(toposort(root))
    names = unique_names(nodes)
    forward = tuple(
        ForwardStep(
            node,
            names[node],
            tuple(names[x] if isinstance(x, Value) else repr(x) for x in node.operands),
            node.data,
        )
        for node in nodes
    )
    # Hooks may change gradients on the way, so what arrives is read from the engine, not recomputed.
    arrived = {node: None if g is None else float(g) for node, g in adjoints(root, gradient).items()}
    running = dict.fromkeys(nodes, 0.0)
    running[root] = gradient
    hooked: dict[Value, float] = {}
    backward = []
    for node in reversed(nodes):
        upstream = arrived[node]
        if upstream is None:
            continue
        if node.note is not None and node.note.hooks:
            hooked[node] = running[node]
        for position, parent, local in positioned_edges(node):
            if local is None:
                continue
            before = running[parent]
            running[parent] = before + upstream * local
            backward.append(
                BackwardStep(
                    node, parent, position, local, upstream, upstream * local, before, running[parent]
                )
            )
    gradients = {node: g or 0.0 for node, g in arrived.items()}
    return Steps(root, nodes, names, forward, tuple(backward), gradients, hooked)


def positioned_edges(node: Value) -> Iterator[tuple[int, Value, float | None]]:
    """Yield, for each operand that is a node, its position, itself, and the local derivative."""
    positions = [i for i, x in enumerate(node.operands) if isinstance(x, Value)]
    for position, (parent, local) in zip(positions, node.edges(), strict=True):
        yield position, parent, local


_NEURON = re.compile(r".*n\d+\Z")


def unique_names(nodes: tuple[Value, ...]) -> dict[Value, str]:
    """Name every node: by its label, else by its place in a neuron, else ``v1``, ``v2``, ....

    Numbered where several share one.

    No two of them look alike, typeset either: where one is ``w1``, another's ``w_1`` gets a number. Nor does
    one look like what formulas of this graph say: where there is an exponential, a variable ``e`` is ``e_1``.
    """
    wished = {node: _label(node) or _place(node) for node in nodes}
    names: dict[Value, str] = {}
    words = frozenset().union(*{words_of(node.op) for node in nodes if node.op is not None})
    taken = set(words)
    following: dict[str, int] = {}
    # Labels first: a made-up name gives way to a given one.
    for node in sorted(nodes, key=lambda node: not node.label):
        wish = found = wished[node]
        if not wish:
            continue
        while (look := _look(found)) in taken:
            k = following.get(wish, 1 if wish in words else 2)
            following[wish] = k + 1
            # In sqrt(2) or e(2) one would read a function or a product.
            found = f"{wish}_{k}" if wish in words or wish in TABLE else f"{wish}({k})"
        names[node] = found
        taken.add(look)
    count = 1
    for node in nodes:
        if not wished[node]:
            while f"v{count}" in taken:
                count += 1
            names[node] = f"v{count}"
            count += 1
    return names


@lru_cache(maxsize=256)
def words_of(op: Op) -> frozenset[str]:
    """Return the words in formulas of a row and its derivatives, such as ``tanh``, ``if`` and ``e``."""
    if type(op) is not Op:  # a checkpointed call has no formula
        return frozenset()
    operands = [*map(name, "αβγδ"[: op.arity if op.arity >= 0 else 2]), *op.params.values()]
    formulas = [apply_raw(op, operands), *(local_formulas(op, name("ω"), operands) or ())]
    return frozenset(_WORD.findall(" ".join(map(plain, formulas))))


_WORD = re.compile("[A-Za-z]+")


def _label(node: Value) -> str:
    """Return the label as it is shown; one of blanks alone is none."""
    shown = shorten(visible(node.label), 40)
    return shown if _look(shown) else ""


_UNSEEN = re.compile("[\u034f\u115f\u1160\u200c\u200d\u3164\ufe00-\ufe0f\uffa0]")
_INDEXED = re.compile(r"([A-Za-z]+)_?([0-9]*)")


def _look(name: str) -> str:
    """Return what a reader sees of a name.

    No blanks at its ends, no joiners, an index typeset below the line.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFC", _UNSEEN.sub("", name))
    name = " ".join(name.split())
    match = _INDEXED.fullmatch(name)
    if match is None or name.endswith("_"):
        return name
    return LETTERS.get(match[1], match[1]) + match[2]


def _place(node: Value) -> str:
    """Return what textbooks call a neuron's nodes: ``z`` before the activation, ``a`` after it."""
    if node.op is None or not _NEURON.match(node.scope):
        return ""
    letter = "z" if node.op.vectors else "a" if node.op.arity == 1 else "s"
    return f"{shorten(visible(node.scope), 40)}.{letter}"
