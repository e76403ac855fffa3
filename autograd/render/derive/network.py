"""The errors of a network's layers: the four equations of backpropagation with the numbers of one graph.

Nielsen, Neural Networks and Deep Learning, ch. 2: delta is the gradient at the pre-activations z, and each
equation is evaluated here by itself, from the layer after it, and compared with what the engine found.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from autograd.render import labels
from autograd.render.derive.steps import Steps
from autograd.value import Value
from autograd.words import gettext

__all__ = ["MATRIX", "Equation", "equations", "network_equations"]

MATRIX = 8  # rows and columns of a matrix that are printed

_NEURON = re.compile(r"(.*)\.n(\d+)\Z")


@dataclass(frozen=True, slots=True)
class Equation:
    """One of the four, for one layer.

    Attributes
    ----------
    name : str
        BP1, BP2, BP3 or BP4.
    layer : int
        Counted from 1, the first that has weights.
    text, latex : str
        The formula.
    value : list of lists
        One row for each neuron.
    """

    name: str
    layer: int
    path: str
    text: str
    latex: str
    value: list[list[float]]


@dataclass(slots=True)
class _Layer:
    """The neurons of one layer in one graph."""

    path: str
    z: list[Value] = field(default_factory=list)
    a: list[Value] = field(default_factory=list)
    weights: list[list[Value]] = field(default_factory=list)
    bias: list[Value | None] = field(default_factory=list)


def network_equations(listed: Steps) -> list[Equation]:
    """Return the equations from the last layer to the first.

    Nothing where the graph is no plain network of one sample.
    """
    layers = _layers(listed)
    if not layers:
        return []
    found: list[Equation] = []
    grads = listed.gradients
    inputs = {(s.parent, s.node): s.local for s in listed.backward}
    # Of a weight, used once: its input.
    arrived: dict[Value, float] = {s.parent: s.local for s in listed.backward}
    cost = listed.names[listed.root]
    for number in range(len(layers), 0, -1):
        layer = layers[number - 1]
        slopes = [1.0 if a is z else inputs.get((z, a), 0.0) for z, a in zip(layer.z, layer.a, strict=True)]
        if number == len(layers):
            reaching = [grads[a] for a in layer.a]
            name, text = "BP1", f"delta[{number}] = d{cost}/da[{number}] * f'(z[{number}])"
            latex = rf"\delta^{{{number}}} = \nabla_{{a}} C \odot f'(z^{{{number}}})"
        else:
            after = layers[number]
            reaching = [
                math.fsum(row[k].data * grads[z] for row, z in zip(after.weights, after.z, strict=True))
                for k in range(len(layer.a))
            ]
            name, text = "BP2", f"delta[{number}] = (W[{number + 1}]^T delta[{number + 1}]) * f'(z[{number}])"
            back = rf"(W^{{{number + 1}}})^{{T}} \delta^{{{number + 1}}}"
            latex = rf"\delta^{{{number}}} = \left({back}\right) \odot f'(z^{{{number}}})"
        delta = [g * slope for g, slope in zip(reaching, slopes, strict=True)]
        if not _equal(delta, [grads[z] for z in layer.z]):
            return []  # the equations say nothing of neurons that more than the next layer uses
        found.append(Equation(name, number, layer.path, text, latex, [[d] for d in delta]))
        if all(b is not None for b in layer.bias):
            text, latex = (
                f"d{cost}/db[{number}] = delta[{number}]",
                rf"\partial C / \partial b^{{{number}}} = \delta^{{{number}}}",
            )
            found.append(Equation("BP3", number, layer.path, text, latex, [[d] for d in delta]))
        matrix = [[arrived.get(w, 0.0) * d for w in row] for row, d in zip(layer.weights, delta, strict=True)]
        text = f"d{cost}/dW[{number}][j][k] = a[{number - 1}][k] * delta[{number}][j]"
        slope = rf"a^{{{number - 1}}}_{{k}} \delta^{{{number}}}_{{j}}"
        latex = rf"\partial C / \partial W^{{{number}}}_{{jk}} = {slope}"
        found.append(Equation("BP4", number, layer.path, text, latex, matrix))
    return found


def _equal(computed: list[float], engine: list[float]) -> bool:
    return all(
        math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-300) for x, y in zip(computed, engine, strict=True)
    )


def _layers(listed: Steps) -> list[_Layer]:
    """Return the layers in the order of the forward pass, or nothing where a neuron fires more than once."""
    by_label = {node.label: node for node in listed.nodes if node.op is None and node.label}
    neurons: dict[str, list[Value]] = {}
    for node in listed.nodes:
        if node.op is not None and _NEURON.match(node.scope):
            neurons.setdefault(node.scope, []).append(node)
    layers: dict[str, dict[int, _Layer]] = {}
    for scope, nodes in neurons.items():
        match = _NEURON.match(scope)
        assert match is not None
        last = nodes[-1]
        op = last.op
        assert op is not None
        parent = last.parents[0]
        active = op.arity == 1 and parent in nodes
        z = parent if active else last
        weights: list[Value] = []
        while (label := f"{scope}.w{len(weights)}") in by_label:
            weights.append(by_label[label])
        # One sample, one firing: another one's nodes would not lie below this one.
        if not weights or sum(node.op is not None and node.op.vectors for node in nodes) > 1:
            return []
        layers.setdefault(match[1], {})[int(match[2])] = _Layer(
            match[1], [z], [last], [weights], [by_label.get(f"{scope}.b")]
        )
    merged = []
    for path, parts in layers.items():
        whole = _Layer(path)
        for _, part in sorted(parts.items()):
            for into, out in (
                (whole.z, part.z),
                (whole.a, part.a),
                (whole.weights, part.weights),
                (whole.bias, part.bias),
            ):
                into.extend(out)  # type: ignore[arg-type]
        merged.append(whole)
    # Each layer must take as many inputs as the one before has neurons; else they do not follow one another.
    for one, two in itertools.pairwise(merged):
        if any(len(row) != len(one.a) for row in two.weights):
            return []
    return merged


def equations(found: Iterable[Equation]) -> list[list[str]]:
    """Return the equations as blocks of text, one block for each layer."""
    blocks: dict[int, list[str]] = {}
    for e in found:
        title = gettext("layer {number}", number=e.layer) + (f" ({e.path})" if e.path else "")
        block = blocks.setdefault(e.layer, [title])
        wide = len(e.value[0]) > 1 or e.name == "BP4"
        shown = [_short([labels.number(x) for x in row]) for row in e.value]
        if wide:
            block.append(f"{e.name}  {e.text}")
            block += [f"       [{j}]  {row}" for j, row in enumerate(shown[:8])] + (
                ["       ... " + gettext("{count} more neurons", count=len(shown) - 8)]
                if len(shown) > 8
                else []
            )
        else:
            block.append(f"{e.name}  {e.text} = [{_short(shown)}]")
    return list(blocks.values())


def _short(texts: list[str]) -> str:
    return "  ".join(texts if len(texts) <= 8 else [*texts[:6], "...", texts[-1]])
