"""Expressions of SymPy: each row that it can write means the same there, and comes back the same."""

import doctest
import math
import random

import pytest

import autograd
from autograd import TABLE, GraphError, Value, custom_op, from_sympy, grad, to_sympy
from autograd.op import ANY
from autograd.render.formula import sympy as language

sympy = pytest.importorskip("sympy")

REFUSED = {"remainder", "round", "invdigamma"}
"""What SymPy has no function for."""
# Whose rule gives no exact derivative at all of what they are, since they are constant between steps.
STEPS = {"sign", "floor", "ceil", "trunc", "floordiv", "fmod", "mod", "step", "copysign"}


def applied(row, seed=1):
    """A row at a point inside its domain, its operands labelled x0, x1, ..."""
    rng = random.Random(f"{row.name}{seed}")
    count = 4 if row.arity == ANY else row.arity
    while True:
        numbers = []
        for i in range(count):
            low, high = row.domain[min(i, len(row.domain) - 1)]
            low, high = max(low, -1.5), min(high, max(2.0, low + 2.0))
            numbers.append(low + (high - low) * rng.uniform(0.1, 0.9))
        if row.kink is None or row.kink(*numbers, *row.params.values()) > 0.01:
            break
    nodes = [Value(x, f"x{i}") for i, x in enumerate(numbers)]
    return nodes, row(*row.params.values(), *nodes) if row.params_first else row(*nodes)


def symbols(nodes):
    return [sympy.Symbol(node.label) for node in nodes]


SINE = custom_op("sine", math.sin, lambda y, x: (1.0,))
WRITTEN = [row for row in TABLE.values() if row.name not in REFUSED]


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_row_means_the_same_in_sympy_and_comes_back_the_same(row, seed):
    nodes, y = applied(row, seed)
    expression = to_sympy(y)
    numbers = {s: sympy.Float(node.data, 40) for s, node in zip(symbols(nodes), nodes, strict=True)}
    assert float(expression.subs(numbers).evalf(30)) == pytest.approx(y.data, rel=1e-13, abs=1e-15)
    back = from_sympy(expression, symbols(nodes))
    assert back(*[node.data for node in nodes]) == pytest.approx(y.data, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("row", [row for row in WRITTEN if not row.auxiliary], ids=lambda row: row.name)
def test_a_row_that_came_back_has_the_rows_gradient(row):
    nodes, y = applied(row)
    back = from_sympy(to_sympy(y), symbols(nodes))
    places = tuple(range(len(nodes)))
    theirs = grad(back, argnums=places)(*[node.data for node in nodes])
    y.backward()
    assert theirs == pytest.approx([node.grad for node in nodes], rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("row", sorted(REFUSED))
def test_what_sympy_has_no_function_for_is_refused_by_name(row):
    _, y = applied(TABLE[row])
    with pytest.raises(GraphError, match=f"SymPy has no function for ({row}|gaussian), "):
        to_sympy(y)


def test_a_graph_is_an_expression_of_its_labels_with_numbers_as_people_write_them():
    x, y = Value(0.5, "x"), Value(2.0, "y")
    expression = to_sympy(autograd.sin(x * y) + 0.5 * x**2 + 0.1)
    a, b = sympy.symbols("x y")
    assert expression == sympy.sin(a * b) + a**2 / 2 + sympy.Float(0.1, 17)
    assert expression.diff(a) == a + b * sympy.cos(a * b)


def test_symbols_of_ones_own_stand_for_nodes_inner_ones_too():
    x = Value(2.0, "x")
    square = x * x
    y = autograd.exp(square) + x
    t, u = sympy.symbols("t u", positive=True)
    assert to_sympy(y, {square: t, x: u}) == sympy.exp(t) + u


def test_second_derivatives_agree_with_those_that_sympy_finds():
    a, b = sympy.symbols("a b")
    expression = sympy.exp(a * sympy.sin(b)) / (1 + a**2) + sympy.sqrt(2) * sympy.atan2(a, b)
    f = from_sympy(expression, [a, b])
    hessian = autograd.hessian(lambda x: f(x[0], x[1]))([0.7, -0.4])
    theirs = sympy.hessian(expression, [a, b]).subs({a: 0.7, b: -0.4}).evalf(20)
    assert [h for row in hessian for h in row] == pytest.approx([float(h) for h in theirs], rel=1e-12)


@pytest.mark.parametrize(
    "text, at, expected",
    [
        ("Piecewise((x, x > 0), (x**2, True))", -3.0, 9.0),
        ("Piecewise((x, x > 0), (x**2, True))", 3.0, 3.0),
        ("Piecewise((1, (x > 0) & (x < 1)), (2, (x > 5) | ~(x > 0)), (3, True))", -1.0, 2.0),
        ("Piecewise((1, Eq(x, 2)), (2, Ne(x, 3)))", 3.0, math.nan),
        ("Heaviside(x)", 0.0, 0.5),
        ("Heaviside(x, 1)", 0.0, 1.0),
        ("Max(x, 1, 2)", 3.0, 3.0),
        ("Mod(x, 2)", 5.5, 1.5),
        ("sinc(x)", 0.0, 1.0),
        ("pi + E*x", 0.0, math.pi),
        ("x**Rational(1, 3)", 8.0, 2.0),
        ("Integer(3)", 1.0, 3.0),
        ("frac(x)", -1.25, 0.75),
        ("factorial(x)", 4.0, 24.0),
        ("binomial(x, 2)", 5.0, 10.0),
        ("RisingFactorial(x, 3)", 2.0, 24.0),
        ("FallingFactorial(x, 3)", 4.0, 24.0),
        ("Derivative(x**3, x)", 2.0, 12.0),
        ("Derivative(x**3, x, 2) + x", 2.0, 14.0),
        ("Sum(x**k, (k, 0, 3))", 2.0, 15.0),
        ("Product(x + k, (k, 1, 3))", 0.0, 6.0),
        ("Integral(t**2, (t, 0, x))", 3.0, 9.0),
        ("Limit(sin(x*t)/t, t, 0)", 3.0, 3.0),
        ("Subs(Derivative(t**2, t), t, x)", 3.0, 6.0),
    ],
)
def test_what_sympy_writes_is_a_function_here(text, at, expected):
    f = from_sympy(sympy.sympify(text), "x")
    assert f(at) == pytest.approx(expected, nan_ok=True)
    assert autograd.value_and_grad(f)(at)[0] == pytest.approx(expected, nan_ok=True)


def test_it_is_compiled_and_takes_lists_of_expressions():
    a, b = sympy.symbols("a b")
    f = from_sympy([a * b, a + b], (b, a))
    assert f(2.0, 5.0) == [10.0, 7.0]
    assert from_sympy(a - b)(5.0, 2.0) == 3.0
    g = from_sympy(sympy.tanh(a) * b)
    if pytest.importorskip("numpy"):
        assert autograd.compile(g)(0.5, 2.0) == pytest.approx(2.0 * math.tanh(0.5))


def test_a_deep_expression_needs_no_deep_stack():
    a = sympy.Symbol("a")
    expression = a
    for _ in range(120):
        expression = sympy.sin(expression, evaluate=False) + 1
    f = from_sympy(expression)
    assert math.isfinite(f(0.3))


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: from_sympy(sympy.hyper((1,), (2,), sympy.Symbol("x"))), "no row for SymPy's (hyper|Tuple)"),
        (lambda: from_sympy(sympy.Symbol("x") + sympy.I), "SymPy's I is no real number"),
        (lambda: from_sympy(sympy.Symbol("x") * sympy.Symbol("y"), "x"), "has the symbols y beside x"),
        (lambda: from_sympy(sympy.sympify("Integral(exp(sin(x)), x)")), "no row for SymPy's Integral"),
        (lambda: to_sympy(SINE(Value(1.0))), "no function for sine"),
    ],
)
def test_what_has_no_counterpart_is_named(make, said):
    with pytest.raises(GraphError, match=said):
        make()
    with pytest.raises(TypeError, match="to_sympy takes a Value"):
        to_sympy(2.0)
    with pytest.raises(TypeError, match="takes 1 numbers, x"):
        from_sympy(sympy.Symbol("x"))(1.0, 2.0)


@pytest.mark.parametrize("function", [to_sympy, from_sympy])
def test_the_examples_run(function):
    text = function.__doc__.replace("  # doctest: +SKIP", "")
    example = doctest.DocTestParser().get_doctest(text, {}, function.__name__, None, None)
    assert len(example.examples) > 2
    assert not doctest.DocTestRunner().run(example).failed


def test_the_language_names_rows_only():
    assert not {*language.NAMES, *language.SPELLED} - TABLE.keys()
    assert not language.NAMES.keys() & language.SPELLED.keys()


def test_without_sympy_the_command_that_brings_it_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sympy", None)
    for call in (lambda: to_sympy(Value(1.0)), lambda: from_sympy("x")):
        with pytest.raises(autograd.MissingDependencyError, match="pip install sympy"):
            call()


def test_a_matrix_is_a_function_with_rows():
    x, y = sympy.symbols("x y")
    column = sympy.Matrix([x * y, sympy.sin(x)])
    assert from_sympy(column, (x, y))(2.0, 3.0) == pytest.approx([6.0, math.sin(2.0)])
    slopes = from_sympy(column.jacobian([x, y]), (x, y))(2.0, 3.0)
    f = from_sympy(column, (x, y))
    expected = autograd.jacobian(lambda v: f(*v))([2.0, 3.0])
    assert sympy.flatten(slopes) == pytest.approx(sympy.flatten(expected))
