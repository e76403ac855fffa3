"""Gradients in the variables alone: read as a person writes them, and true."""

import math
import random

import pytest

import autograd
from autograd import Value, explain
from autograd.cli.expression import parse_expression
from autograd.render.derive.steps import steps
from autograd.render.derive.variables import in_variables, shown_leaves
from autograd.render.formula.symbols import evaluate
from autograd.render.formula.text import plain

AS_WRITTEN = {
    "a*a": {"a": "2a"},
    "x*sin(x)*x": {"x": "2*x*sin x + x^2*cos x"},
    "x**2*y + y": {"y": "x^2 + 1"},
    "sqrt(x**2 + y**2)": {"x": "x/sqrt(x^2 + y^2)", "y": "y/sqrt(x^2 + y^2)"},
    "-log(sigmoid(x))": {"x": "sigmoid x - 1"},
    "log(exp(x*y))": {"x": "y", "y": "x"},
    "x/y + y/x": {"x": "1/y - y/x^2", "y": "-x/y^2 + 1/x"},
    "(tanh(w*x + b) - y)^2": {"b": "2*(tanh(w*x + b) - y)*(1 - tanh(w*x + b)^2)",
                              "y": "-2(tanh(w*x + b) - y)"},
}  # fmt: skip
POINT = {"a": 3.0, "x": 2.0, "y": 3.0, "w": 0.5, "b": -0.3}


def graph(text, point=POINT):
    expression = parse_expression(text)
    leaves = {name: Value(point[name], name) for name in expression.names}
    root = expression.evaluate(leaves)
    root.label = "f"
    return root, leaves


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_gradients_are_written_in_the_variables_as_a_person_would(text):
    root, leaves = graph(text)
    listed = steps(root)
    found = {name: plain(formula) for name, formula, _ in in_variables(listed, list(leaves.values()))}
    assert found.items() >= AS_WRITTEN[text].items()
    printed = str(explain(root))
    for name, formula in AS_WRITTEN[text].items():
        assert f"df/d{name} = {formula} = " in printed


SMOOTH = [
    *AS_WRITTEN, "exp(-x**2/2)*cos(y*x)", "(x**3 + 2*x)/(1 + x*x)", "logsumexp(x, y, x*y)", "x**y",
    "atan(y/x)*hypot(x, y)", "lgamma(x)*erf(y)", "log1p(x*y)/cosh(x)", "gelu(x - y)", "softplus(x*y) - x",
]  # fmt: skip


@pytest.mark.parametrize("text", SMOOTH)
def test_the_formula_is_the_derivative_at_other_points_too(text):
    root, leaves = graph(text)
    formulas = in_variables(steps(root), list(leaves.values()))
    random.seed(text)
    for _ in range(5):
        point = {name: random.uniform(0.3, 1.5) for name in POINT}
        there, own = graph(text, point)
        there.backward()
        for name, formula, _ in formulas:
            assert formula is not None
            assert math.isclose(evaluate(formula, point), own[name].grad, rel_tol=1e-9, abs_tol=1e-12)


def test_leaves_come_as_they_are_read_and_only_up_to_four():
    root, _ = graph("(tanh(w*x + b) - y)^2")
    assert [x.label for x in shown_leaves(steps(root))] == ["w", "x", "b", "y"]
    assert "Gradient" not in str(explain(autograd.sum([Value(float(i), f"x{i}") for i in range(5)])))
    assert shown_leaves(steps(Value(1.0, "x"))) == []


def test_leaves_without_a_name_are_left_out_beside_those_that_have_one():
    x, c = Value(2.0, "x"), Value(3.0)
    assert shown_leaves(steps(x * c)) == [x]
    assert shown_leaves(steps(c * c)) == [c]


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "mathml"])
def test_every_style_shows_them(style):
    shown = explain(graph("x*sin(x)*x")[0], style=style).to(style)
    sine = {"text": "2*x*sin x", "markdown": "2*x*sin x", "latex": r"2 \, x \, \sin"}.get(style, "<mn>2</mn>")
    last = shown.rindex("Gradient" if style != "latex" else r"\mathrm{d} x")
    assert sine in shown[last:]


def test_what_would_not_be_read_or_is_not_true_is_left_out():
    x = Value(1.2, "x")
    long = x
    for _ in range(8):
        long = long * long.sin() + 1.0
    assert in_variables(steps(long), [x])[0][1] is None, "too long"
    far = Value(20.0, "x")
    ((_, formula, number),) = in_variables(steps(far.tanh()), [far])
    assert number != 0.0
    assert formula is None or math.isclose(evaluate(formula, {"x": 20.0}), number), "1 - tanh^2 is 0 there"
    assert explain(x * x, gradient=2.0).derivation.variables == ()
    hooked = x * 2.0
    hooked.register_hook(lambda g: 3.0 * g)
    assert explain(hooked * x).derivation.variables == ()
    assert explain(x.sin() * x, depth=1).derivation.variables == ()
