"""Graphs to draw, and readers of what was drawn; shared by the tests of pictures."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from autograd import Value

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="no dot program")
SVG = "{http://www.w3.org/2000/svg}"


def neuron():
    """L = (tanh(w x + b) - y)^2, labelled throughout, after backward()."""
    w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
    m = w * x
    z = m + b
    a = z.tanh()
    e = a - y
    loss = e**2
    for node, label in ((m, "m"), (z, "z"), (a, "a"), (e, "e"), (loss, "L")):
        node.label = label
    loss.backward()
    return loss


def network(sizes=(2, 3, 2, 1), rng=3, activation="tanh"):
    """Return the squared error of a small network, after backward()."""
    from nn import MLP

    model = MLP(sizes[0], list(sizes[1:]), activation=activation, rng=rng)
    loss = (model([float(i - 1) for i in range(sizes[0])]) - 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def chain(count):
    """Return a graph of ``count`` nodes that does not fold: no two of its links are alike."""
    x = y = Value(0.5, "x")
    operations = [lambda v: v.sin(), lambda v: v.tanh(), lambda v: v * 0.5, lambda v: v + x]
    for i in range(count - 1):
        y = operations[i % 4](y)
    return y


def elements(svg, kind):
    """Return the groups of a class in an SVG document."""
    return [g for g in ET.fromstring(svg).iter(f"{SVG}g") if kind in (g.get("class") or "").split()]


def texts(element):
    """Return the lines of text in an element."""
    return ["".join(t.itertext()) for t in element.iter(f"{SVG}text")]


def parsed_by_dot(program, *options):
    """Let Graphviz read a program, and return it as JSON."""
    return json.loads(
        subprocess.run(
            ["dot", *options, "-Tjson"], input=program, capture_output=True, text=True, check=True
        ).stdout
    )
