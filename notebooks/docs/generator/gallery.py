"""The gallery: each entry is a program, shown and run while the site is built, and the picture it ends in."""

from __future__ import annotations

import ast
from typing import Any

from autograd.render.drawing import Drawing
from generator import pictures

ENTRIES: tuple[tuple[str, str, str], ...] = (
    (
        "Values, gradients, local derivatives",
        "Each box holds value and gradient, each edge the local derivative and what flows back. Colour is the gradient's sign and size.",
        """
from autograd import Value, draw

w, b = Value(0.5, "w"), Value(-0.3, "b")
x, y = Value(2.0, "x"), Value(1.0, "y")
loss = ((w * x + b).tanh() - y) ** 2
loss.label = "loss"
loss.backward()
draw(loss)
""",
    ),
    (
        "Step by step",
        "The same graph, played: the buttons, the slider or the arrow keys move through the forward and the backward pass.",
        """
from autograd import Value, stepper

w, b = Value(0.5, "w"), Value(-0.3, "b")
loss = ((w * 2.0 + b).tanh() - 1.0) ** 2
stepper(loss)
""",
    ),
    (
        "As a derivation",
        "The chain rule of this graph, with symbols and numbers.",
        """
from autograd import Value, explain

w, b = Value(0.5, "w"), Value(-0.3, "b")
x, y = Value(2.0, "x"), Value(1.0, "y")
loss = ((w * x + b).tanh() - y) ** 2
explain(loss, wrt=w, style="mathml")
""",
    ),
    (
        "Used twice",
        "A value with two consumers receives two contributions; so does one that is used twice by the same operation.",
        """
from autograd import Value, draw

a = Value(3.0, "a")
y = a * a + a
y.backward()
draw(y)
""",
    ),
    (
        "A branch that was not taken",
        "It receives nothing, not even a zero times infinity: the square root of a negative number stays out of the gradient.",
        """
from autograd import Value, draw, where

x = Value(-1.0, "x")
y = where(x > 0.0, x.sqrt(), 2.0 * x)
y.backward()
draw(y)
""",
    ),
    (
        "Not a number",
        "What is not finite is marked, with a sign beside the colour.",
        """
from autograd import Value, draw

x = Value(0.0, "x")
y = x.log() * x
y.backward()
draw(y)
""",
    ),
    (
        "Neurons and layers",
        "Modules are clusters. With `granular=True` each product and each sum has a box of its own, as on paper.",
        """
import random
import nn
from autograd import Value, draw

model = nn.MLP(2, [2, 1], granular=True, activation="tanh", rng=random.Random(3))
loss = (model([Value(1.0, "x0"), Value(-2.0, "x1")]) - 1.0) ** 2
loss.backward()
draw(loss)
""",
    ),
    (
        "Folded by module",
        "A network of 337 parameters, one box for each layer.",
        """
import random
import nn
from autograd import Value, draw

model = nn.MLP(2, [16, 16, 1], rng=random.Random(1))
loss = (1.0 + model([Value(0.5, "x0"), Value(-1.0, "x1")])).relu()
loss.backward()
draw(loss, depth=1)
""",
    ),
    (
        "A derivative as a graph",
        "With `create_graph=True` the gradient is recorded too, and can be drawn, differentiated again or compiled.",
        """
from autograd import Value, draw, gradients

x = Value(2.0, "x")
slope = gradients(x ** 3, x, create_graph=True)
slope.label = "3x²"
slope.backward()
draw(slope)
""",
    ),
    (
        "From the top down",
        "The direction is a choice, for narrow pages.",
        """
from autograd import Value, draw

p, q = Value(0.25, "p"), Value(0.5, "q")
y = p * (p / q).log() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).log()
y.label = "divergence"
y.backward()
draw(y, rankdir="TB")
""",
    ),
)


def show() -> str:
    """Return every entry as Markdown: the words, the program, what it shows."""
    out = []
    for title, words, program in ENTRIES:
        shown = rendered(run(program))
        out += [f"## {title}", "", words, "", f"```python\n{program.strip()}\n```", "", shown, ""]
    return "\n".join(out)


def run(program: str) -> Any:
    """Run a program, and return the value of its last line, as a notebook does.

    Examples
    --------
    >>> run("a = 2\\na + 1")
    3
    """
    *body, last = ast.parse(program).body
    if not isinstance(last, ast.Expr):
        raise TypeError(f"the last line of a gallery's program is an expression, not {ast.unparse(last)!r}")
    names: dict[str, Any] = {}
    exec(compile(ast.Module(body, []), "<gallery>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<gallery>", "eval"), names)


def rendered(shown: Any) -> str:
    """Return a picture, a page or a derivation as HTML on one line."""
    if isinstance(shown, Drawing):
        return pictures.inline(shown.svg())
    if hasattr(shown, "_repr_html_"):
        # As a file of its own it would be a second page; inside an attribute every line break must be written out.
        return f'<div class="stepper">{shown._repr_html_().replace(chr(10), "&#10;")}</div>'
    return f'<div class="derivation">{str(shown).replace(chr(10), "")}</div>'
