"""Derivatives of functions: meaning, structure, nesting, cost, errors."""

import itertools
import math
from collections import namedtuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value
from autograd.backward import toposort
from autograd.calculus import trees
from autograd.calculus.functional import (
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)
from autograd.testing import strategies


def derivative(f):
    """Return f' by forward mode."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


DERIVATIVES = {"reverse": grad, "forward": derivative}
BOTH = pytest.mark.parametrize("d", DERIVATIVES.values(), ids=DERIVATIVES)
PAIRS = pytest.mark.parametrize(
    ("outer", "inner"),
    [(a, b) for a in DERIVATIVES.values() for b in DERIVATIVES.values()],
    ids=[f"{a} over {b}" for a in DERIVATIVES for b in DERIVATIVES],
)


# Meaning.


@BOTH
def test_a_derivative_is_a_float_for_a_float(d):
    result = d(lambda x: x**3)(2.0)
    assert type(result) is float
    assert result == 12.0


@BOTH
def test_whole_numbers_are_numbers(d):
    assert d(lambda x: x * x)(3) == 6.0


@pytest.mark.parametrize("order", range(7))
@PAIRS
def test_every_order(outer, inner, order):
    f = lambda x: x**5
    for k in range(order):
        f = (outer if k % 2 else inner)(f)
    assert f(2.0) == [32.0, 80.0, 160.0, 240.0, 240.0, 120.0, 0.0][order]


def test_argnums_chooses_and_a_sequence_gives_a_tuple():
    f = lambda x, y, z: x * y**2 * z**3
    assert grad(f, 1)(2.0, 3.0, 1.0) == 12.0
    assert grad(f, (2, 0))(2.0, 3.0, 1.0) == (54.0, 9.0)
    assert grad(f, -1)(2.0, 3.0, 1.0) == 54.0
    assert grad(f, [0])(2.0, 3.0, 1.0) == (9.0,)


def test_keywords_are_handed_through():
    assert grad(lambda x, *, power: x**power)(3.0, power=2) == 6.0


def test_structures_are_mirrored():
    Pair = namedtuple("Pair", "left right")

    def f(tree):
        return tree["w"][0] * tree["w"][1] + tree["p"].left * tree["p"].right + tree["b"]

    result = grad(f)({"w": [2.0, 3.0], "p": Pair(4.0, 5.0), "b": 1, "unused": (7.0, [])})
    assert result == {"w": [3.0, 2.0], "p": Pair(5.0, 4.0), "b": 1.0, "unused": (0.0, [])}
    assert isinstance(result["p"], Pair)


def test_aux_is_handed_through_with_nodes_as_numbers():
    f = lambda x: (x**2, {"cube": x**3, "name": "f", "nothing": None})
    aux = {"cube": 27.0, "name": "f", "nothing": None}
    assert grad(f, has_aux=True)(3.0) == (6.0, aux)
    assert value_and_grad(f, has_aux=True)(3.0) == ((9.0, aux), 6.0)
    assert jvp(f, (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, aux)
    value, pull, other = vjp(f, 3.0, has_aux=True)
    assert (value, pull(2.0), other) == (9.0, (12.0,), aux)
    assert jacfwd(f, has_aux=True)(3.0) == (6.0, aux)
    assert jacrev(f, has_aux=True)(3.0) == (6.0, aux)
    assert hessian(f, has_aux=True)(3.0) == (2.0, aux)
    assert grad(lambda x: (x, None), has_aux=True)(3.0) == (1.0, None)


INFINITE_SLOPES = {
    "sqrt": (lambda x, y: ag.sqrt(x) + y, 0.0), "log": (lambda x, y: ag.log(x) + y, 0.0),
    "a quotient": (lambda x, y: 1.0 / x + y, 0.0), "a power": (lambda x, y: x**0.5 + y, 0.0),
    "asin": (lambda x, y: ag.asin(x) + y, 1.0), "a product": (lambda x, y: x * math.inf + y, 1.0),
    "a chain": (lambda x, y: ag.sqrt(x * x) + y, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", INFINITE_SLOPES)
def test_what_does_not_move_adds_nothing_where_its_slope_is_infinite(name):
    f, at = INFINITE_SLOPES[name]
    for still in (0.0, -0.0, 0, False):
        assert jvp(f, (at, 3.0), (still, 2.0))[1] == 2.0
        assert jvp(lambda v: f(*v), ([at, 3.0],), ([still, 2.0],))[1] == 2.0
    g = lambda x, y: ag.sqrt(x) ** 3.0 + y * y
    assert hvp(g, (0.0, 3.0), (0.0, 1.0)) == (0.0, 2.0)
    _, pull = vjp(lambda x: [f(x, 0.0), x], at)
    assert pull([0.0, 1.0]) == (1.0,)
    assert pull([0.0, 0.0]) == (0.0,)


def test_a_tangent_that_is_a_value_of_zero_may_be_differentiated():
    assert grad(lambda t: jvp(lambda x: x * x, (3.0,), (t,))[1])(0.0) == 6.0


def test_vjp_pulls_any_number_of_times():
    value, pull = vjp(lambda x, y: {"product": x * y, "ratio": x / y}, 6.0, 2.0)
    assert value == {"product": 12.0, "ratio": 3.0}
    assert pull({"product": 1.0, "ratio": 0.0}) == (2.0, 6.0)
    assert pull({"ratio": 1.0, "product": 0.0}) == (0.5, -1.5)


@pytest.mark.parametrize("j", [jacobian, jacfwd, jacrev])
def test_jacobians_have_the_structure_of_outputs_then_inputs(j):
    f = lambda v: (v[0] * v[1], {"sum": v[0] + v[1] + v[2], "constant": 4.0})
    assert j(f)([2.0, 3.0, 1.0]) == ([3.0, 2.0, 0.0], {"sum": [1.0, 1.0, 1.0], "constant": [0.0, 0.0, 0.0]})
    assert j(lambda x, y: [x * y, x], (0, 1))(2.0, 3.0) == [(3.0, 2.0), (1.0, 0.0)]
    assert j(lambda x: x * x)(3.0) == 6.0


def test_hessian_has_the_structure_of_inputs_twice():
    assert hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 3.0, "b": 5.0}) == {
        "a": {"a": 10.0, "b": 6.0},
        "b": {"a": 6.0, "b": 0.0},
    }
    assert hessian(lambda x, y: x**2 * y, (0, 1))(3.0, 5.0) == ((10.0, 6.0), (6.0, 0.0))


def test_hvp_is_the_hessian_times_the_vector():
    f = lambda v, s: ag.tanh(v[0] * v[1]) * s + ag.exp(v[0] * s)
    matrix = hessian(lambda v: f(v, 0.5))([0.3, 0.7])
    product = hvp(lambda v: f(v, 0.5), ([0.3, 0.7],), ([2.0, -1.0],))
    assert product == pytest.approx([2.0 * row[0] - row[1] for row in matrix], rel=1e-14)
    by_v, by_s = hvp(f, ([0.3, 0.7], 0.5), ([2.0, -1.0], 0.0))
    assert by_v == pytest.approx(product, rel=1e-14)
    assert by_s == pytest.approx(
        grad(lambda s: grad(lambda t: f([0.3 + 2.0 * t, 0.7 - t], s))(0.0))(0.5), rel=1e-13
    )


def test_grad_and_backward_agree_to_the_bit():
    f = lambda x, y: ag.softplus(x * y) / (ag.tanh(x) + y) - ag.log(y) * x
    x, y = Value(0.7), Value(1.9)
    f(x, y).backward()
    assert grad(f, (0, 1))(0.7, 1.9) == (x.grad, y.grad)


# Nesting.


@PAIRS
def test_perturbations_are_not_confused(outer, inner):
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(2.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(1.0))(3.0) == 6.0
    assert outer(lambda x: x * inner(lambda y: x * y)(x))(3.0) == 6.0
    assert outer(lambda x: x * inner(lambda y: x * y * y)(x))(3.0) == 54.0
    assert outer(lambda x: inner(lambda y: x)(1.0) + x)(3.0) == 1.0
    assert outer(lambda x: inner(lambda x: x * x)(x))(3.0) == 2.0


@PAIRS
def test_a_function_that_returns_functions_keeps_its_variables_apart(outer, inner):
    # Manzyuk et al. 2019: the outer variable stays the outer one inside a closure that is used later.
    def curried(x):
        return lambda f: lambda y: f(y + x)

    assert inner(lambda x: curried(x)(lambda t: t**3)(2.0))(1.0) == 27.0
    assert outer(lambda z: inner(lambda x: curried(x)(curried(z)(ag.exp))(0.0))(0.0))(0.0) == 1.0


def test_three_levels_with_every_variable_in_every_level():
    def f(x):
        return grad(lambda y: jvp(lambda z: x * y**2 * z**3, (x,), (y,))[1])(x)

    # d/dy [3 x y**3 x**2] at y = x is 9 x**5, so f' = 45 x**4.
    assert f(2.0) == 288.0
    assert grad(f)(2.0) == 720.0
    assert derivative(f)(2.0) == 720.0


@BOTH
def test_closures_over_values_give_values_that_know_them(d):
    w = Value(3.0)
    slope = d(lambda x: w * x**2)(2.0)
    assert slope.data == 12.0
    slope.backward()
    assert w.grad == 4.0


@BOTH
def test_a_value_as_argument_gives_a_value_that_can_be_differentiated(d):
    x = Value(2.0)
    slope = d(lambda v: v**3)(x)
    assert slope.data == 12.0
    slope.backward()
    assert x.grad == 12.0


def test_tangents_and_cotangents_may_be_values():
    t = Value(5.0)
    _value, slope = jvp(lambda x: x**2, (3.0,), (t,))
    slope.backward()
    assert (slope.data, t.grad) == (30.0, 6.0)
    (pulled,) = vjp(lambda x: x**2, 3.0)[1](t)
    assert pulled.data == 30.0
    assert grad(lambda c: vjp(lambda x: x**2, 3.0)[1](c)[0])(5.0) == 6.0


@BOTH
def test_control_flow_follows_the_numbers(d):
    def power(x, n=4):
        result = 1.0
        while n:
            if n % 2:
                result = result * x
            x, n = x * x, n // 2
        return result if result > 0.0 else -result

    assert d(power)(2.0) == 32.0
    assert d(d(power))(-2.0) == 48.0


def unrecorded(x):
    with ag.no_grad():
        return x * 1.0


@pytest.mark.parametrize("cut", [lambda x: x.detach(), unrecorded], ids=["detach", "no_grad"])
def test_parts_that_are_cut_off_are_constants_and_results_numbers(cut):
    # JAX's stop_gradient, in every mode and order.
    f = lambda x: cut(x) * x * x
    for d in DERIVATIVES.values():
        assert d(f)(3.0).hex() == (18.0).hex()
        assert d(d(f))(3.0).hex() == (6.0).hex()
        assert d(lambda x: d(lambda y: cut(x) * y * x)(x))(3.0).hex() == (3.0).hex()
        assert float(d(lambda x: cut(ag.exp(x)))(1.0)) == 0.0
    for d in (jacfwd, jacrev, hessian):
        assert isinstance(d(f)(3.0), float)
    assert repr(value_and_grad(f)(3.0)) == "(27.0, 18.0)"
    assert repr(jvp(f, (3.0,), (1.0,))) == "(27.0, 18.0)"
    value, pull = vjp(f, 3.0)
    assert repr((value, pull(1.0))) == "(27.0, (18.0,))"
    with ag.modes.scope("layer"):
        assert isinstance(grad(f)(3.0), float)


def test_what_was_detached_outside_is_still_someones_variable():
    w = Value(2.0).detach()
    slope = grad(lambda x: w * x)(3.0)
    slope.backward()
    assert w.grad == 1.0


# Hooks and anomaly mode.


def test_hooks_act_in_reverse_mode_only():
    seen = []

    def f(x):
        y = x * x
        x.register_hook(lambda g: seen.append(("x", float(g))))
        y.register_hook(lambda g: seen.append(("y", float(g))) or 10.0 * g)
        return y * x

    assert grad(f)(3.0) == 10.0 * 3.0 * 6.0 + 9.0
    assert seen == [("y", 3.0), ("x", 189.0)]
    seen.clear()
    assert jvp(f, (3.0,), (1.0,)) == (27.0, 27.0)
    assert jacfwd(f)(3.0) == 27.0
    assert seen == []
    # Forward over reverse: the hook is part of the gradient, 21 x**2, that is differentiated.
    assert hessian(f)(3.0) == 126.0
    assert hvp(f, (3.0,), (2.0,)) == 252.0
    assert seen == 2 * [("y", 3.0), ("x", 189.0)]


def test_a_hook_on_an_argument_can_change_the_gradient():
    def clipped(v):
        v[0].register_hook(lambda g: min(g, 1.0))
        return 5.0 * v[0] + 5.0 * v[1]

    assert grad(clipped)([1.0, 1.0]) == [1.0, 5.0]
    assert jacrev(clipped)([1.0, 1.0]) == [1.0, 5.0]


ANOMALIES = {
    "local derivative, jvp": (
        lambda: jvp(ag.sqrt, (0.0,), (1.0,)),
        r"forward through sqrt\(0\.0\): the derivative became inf",
    ),
    "local derivative, jacfwd": (lambda: jacfwd(lambda x: ag.sqrt(x))(0.0), r"forward through sqrt\(0\.0\)"),
    "product": (lambda: jvp(lambda x: x * 1e200, (1.0,), (1e200,)), r"forward through mul\(1\.0, 1e\+200\)"),
    "sum": (
        lambda: jvp(lambda x, y: x + y, (1.0, 1.0), (1.5e308, 1.5e308)),
        r"forward through add\(1\.0, 1\.0\)",
    ),
    "second derivative, hvp": (
        lambda: hvp(lambda x: x**1.5, (0.0,), (1.0,)),
        r"forward through scaled_power\(0\.0, 1\.5, 0\.5\)",
    ),
    "second derivative, hessian": (
        lambda: hessian(lambda x: x**1.5)(0.0),
        r"forward through scaled_power\(0\.0, 1\.5, 0\.5\)",
    ),
    "value": (lambda: jvp(ag.exp, (1000.0,), (1.0,)), r"exp\(1000\.0\) = inf.*Recorded at .*test_functional"),
    "reverse": (lambda: grad(ag.sqrt)(0.0), r"backward through sqrt\(0\.0\): the gradient became inf"),
}


@pytest.mark.parametrize(("call", "message"), ANOMALIES.values(), ids=ANOMALIES)
def test_anomaly_mode_watches_every_mode(call, message):
    call()
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError, match=message):
        call()


def test_anomaly_mode_lets_what_is_well_pass():
    f = lambda x, y: ag.tanh(x * y) / (1.0 + ag.where(x > 0.0, ag.sqrt(abs(x)), ag.relu(x)))
    plain = jvp(f, (0.5, 2.0), (1.0, 0.0))
    with ag.detect_anomaly():
        assert jvp(f, (0.5, 2.0), (1.0, 0.0)) == plain
        assert hessian(f, (0, 1))(-0.5, 2.0)[0][1] == pytest.approx(
            hessian(f, (0, 1))(-0.5, 2.0)[1][0], rel=1e-14
        )


def test_inside_no_grad_the_derivative_is_right_and_not_recorded():
    w = Value(3.0)
    with ag.no_grad():
        assert grad(lambda x: x**2)(3.0) == 6.0
        slope = grad(lambda x: w * x)(2.0)
    assert (slope.data, slope.parents) == (3.0, ())


def test_nothing_is_written_to_the_arguments():
    x = Value(2.0)
    grad(lambda v: v**2)(x)
    hessian(lambda v: v**3)(x)
    assert x.grad == 0.0


def test_an_outer_computation_is_not_walked_through():
    x = deep = Value(1.0)
    for _ in range(100_000):
        deep = deep + 1e-9
    # A hundred thousand derivatives each would take hours if each went down the chain.
    total = 0.0
    for _ in range(1_000):
        total = total + grad(lambda v: v**2)(deep)
    total.backward()
    assert x.grad == pytest.approx(2000.0)


# Forward and reverse mode.


@settings(max_examples=3 * settings.default.max_examples)
@given(strategies.expressions(kinks=True), st.data())
def test_duality_of_forward_and_reverse(expression, data):
    weights = st.floats(-2.0, 2.0)
    tangents = data.draw(st.tuples(*[weights] * len(expression.inputs)))
    _, forward = jvp(expression, expression.inputs, tangents)
    gradient = grad(expression, tuple(range(len(tangents))))(*expression.inputs)
    terms = [g * t for g, t in zip(gradient, tangents, strict=True)]
    root, leaves = expression.graph()
    scale = math.fsum(path_sum(root, leaves))
    assert (
        abs(forward - math.fsum(terms)) <= 8.0 * 2.0**-53 * (len(toposort(root)) + 1) * 2.0 * scale + 1e-300
    )


def path_sum(root, leaves):
    """Return for each leaf the sum over paths of the absolute product of local derivatives."""
    size = {root: 1.0}
    for node in reversed(toposort(root)):
        for x, d in node.edges():
            size[x] = size.get(x, 0.0) + size.get(node, 0.0) * abs(d or 0.0)
    return [size.get(x, 0.0) for x in leaves]


def test_forward_mode_passes_nothing_through_an_untaken_branch():
    f = lambda x: ag.where(x > 0.0, ag.sqrt(x), -x)
    assert derivative(f)(-1.0) == grad(f)(-1.0) == -1.0


def test_dot_products_and_shared_vectors_in_every_mode():
    def f(v):
        xs = tuple(v[:2])
        return [ag.dot(xs, tuple(v[2:])), ag.dot(xs, (3.0, 4.0)), ag.norm(xs)]

    point = [3.0, 4.0, 5.0, 6.0]
    expected = [[5.0, 6.0, 3.0, 4.0], [3.0, 4.0, 0.0, 0.0], [0.6, 0.8, 0.0, 0.0]]
    for j in (jacfwd, jacrev, jacobian):
        assert [pytest.approx(row) for row in expected] == j(f)(point)
    second = hessian(lambda v: f(v)[0])(point)
    assert second == [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]


# Cost, counted in operations: evaluations of a row's value or of one local derivative, and multiplications
# with addition.


def operations(root):
    """Return how many operations the function takes, and how many the function and its gradient together."""
    nodes = [node for node in toposort(root) if node.op is not None]
    edges = sum(len(node.edges()) for node in nodes)
    values = sum(max(1, len(node.operands) - 1) for node in nodes)
    return values, values + 2 * edges


def network(v):
    layer = [ag.tanh(ag.dot(tuple(v[8 * i : 8 * i + 8]), tuple(0.1 * k for k in range(8)))) for i in range(8)]
    return ag.sum(h * h for h in layer)


COSTLY = {
    "product": lambda v: ag.prod(v),
    "chain of products": lambda v: math.prod(v, start=1.0),
    "Rosenbrock": lambda v: sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(v)),
    "network": network,
    "logsumexp": lambda v: ag.logsumexp(v),
    "quotients": lambda v: sum(a / (1.0 + b * b) for a, b in itertools.pairwise(v)),
}


@pytest.mark.parametrize("f", COSTLY.values(), ids=COSTLY)
def test_a_gradient_of_many_inputs_costs_at_most_five_functions(f):
    root = f([Value(0.01 * k + 0.1) for k in range(64)])
    alone, both = operations(root)
    assert both <= 5 * alone


@settings(max_examples=settings.default.max_examples)
@given(strategies.expressions(kinks=True, max_operations=20))
def test_so_does_that_of_any_expression(expression):
    alone, both = operations(expression.graph()[0])
    assert both <= 5 * alone


def test_a_hessian_costs_one_gradient_and_a_pass_for_each_input():
    calls = []

    def f(v):
        calls.append(len(v))
        return ag.sum(a**2 * b for a, b in itertools.pairwise(v))

    matrix = hessian(f)([1.0 + k for k in range(20)])
    assert calls == [20]
    assert matrix[3][3] == 2.0 * 5.0
    assert matrix[3][4] == 2.0 * 4.0


# Errors.

BAD = {
    "several outputs": (lambda: grad(lambda x: [x, x])(1.0), TypeError,
        r"one number, got a list of 2.*jacobian"),
    "no output": (lambda: grad(lambda x: None)(1.0), TypeError, r"returned None.*return statement"),
    "no aux": (lambda: grad(lambda x: x, has_aux=True)(1.0), TypeError, r"pair \(result, aux\), got Value"),
    "text as output": (lambda: grad(lambda x: "x")(1.0), TypeError,
        r"the result of grad\(\)'s function: expected a real number"),
    "text as argument": (lambda: grad(lambda x: x)({"a": [1.0, "2"]}), TypeError,
        r"argument 0 of grad\(\)'s function\['a'\]\[1\].*float\(text\)"),
    "None as argument": (lambda: jvp(lambda x: x, (None,), (1.0,)), TypeError, r"argument 0 of jvp"),
    "complex argument": (lambda: grad(lambda x: x)(1j), TypeError, r"complex"),
    "argnums too large": (lambda: grad(lambda x: x, 1)(1.0), ValueError,
        r"argnums=1.*1 positional argument was given"),
    "argnums too small": (lambda: grad(lambda x, y: x, -3)(1.0, 2.0), ValueError,
        r"out of range: 2 positional arguments were given"),
    "argnums twice": (lambda: grad(lambda x, y: x, (0, 0))(1.0, 2.0), ValueError, r"none twice"),
    "argnums once more, from behind": (lambda: grad(lambda x, y: x, (1, -1))(1.0, 2.0), ValueError,
        r"none twice"),
    "argnums empty": (lambda: grad(lambda x: x, ())(1.0), ValueError, r"at least one"),
    "argnums a name": (lambda: grad(lambda x: x, "x")(1.0), TypeError, r"whole number"),
    "argnums a float": (lambda: grad(lambda x: x, 0.0)(1.0), TypeError, r"whole number"),
    "not a function": (lambda: grad(3.0), TypeError, r"write grad\(f\), not grad\(f\(x\)\)"),
    "primals not in a tuple": (lambda: jvp(lambda x: x, 1.0, 1.0), TypeError, r"primals as a tuple"),
    "tangents of another length": (lambda: jvp(lambda x, y: x, (1.0, 2.0), (1.0,)), ValueError,
        r"expected a tuple of 2, got a tuple of 1"),
    "tangents of another structure": (lambda: jvp(lambda x: x[0], ([1.0],), (1.0,)), ValueError,
        r"expected a list of 1 at tangents\[0\], got a number"),
    "tangents with other keys": (lambda: jvp(lambda x: x["a"], ({"a": 1.0},), ({"b": 1.0},)), ValueError,
        r"keys 'a'.*keys 'b'"),
    "several outputs, hvp": (lambda: hvp(lambda x: [x, x], (1.0,), (1.0,)), TypeError,
        r"hvp\(\) needs a function that returns one number"),
    "no output, hessian": (lambda: hessian(lambda x: None)(1.0), TypeError,
        r"hessian\(\): the function returned None"),
    "text as argument, hessian": (lambda: hessian(lambda x: x)("2"), TypeError,
        r"argument 0 of hessian\(\)'s function"),
    "not a function, hessian": (lambda: hessian(3.0), TypeError, r"write hessian\(f\)"),
    "not a function, hvp": (lambda: hvp(3.0, (1.0,), (1.0,)), TypeError, r"hvp\(\) takes a function"),
    "cotangent of another structure": (lambda: vjp(lambda x: [x, x], 1.0)[1](1.0), ValueError,
        r"the cotangent must have the structure"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD.values(), ids=BAD)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_error_in_the_function_comes_through():
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x * (1 / 0))(1.0)


def test_the_wrapped_function_keeps_its_name():
    def energy(x):
        """Energy of x."""
        return x

    assert (grad(energy).__name__, grad(energy).__doc__) == ("energy", "Energy of x.")


@PAIRS
def test_an_argument_that_is_not_chosen_is_still_someones_variable(outer, inner):
    f = lambda x, y: x**2 * y**3
    assert outer(lambda y: inner(lambda x: f(x, y))(2.0))(3.0) == 108.0
    assert grad(grad(f, 0), 1)(2.0, 3.0) == 108.0
    assert grad(grad(f, 1), 0)(2.0, 3.0) == 108.0
    assert grad(grad(lambda x, *, y: f(x, y[0])), 0)(2.0, y=[3.0]) == 54.0


def test_a_label_does_not_turn_a_constant_into_a_variable():
    def named(x):
        c = x.detach()
        c.label = "c"
        with ag.no_grad():
            d = x * 1.0
        d.label = "d"
        return c * d * x

    assert isinstance(ag.grad(named)(3.0), float)
    assert ag.jvp(named, (3.0,), (1.0,)) == (27.0, 9.0)


@pytest.mark.parametrize(
    ("derivative", "at"),
    [
        (grad(lambda x: 2.0 * x), lambda x: x),
        (grad(grad(lambda x: 2.0 * x)), lambda x: x),
        (grad(lambda x, y: x * 2.0 + 0.0 * y, argnums=(0, 1)), lambda x: (x, 1.0)),
        (grad(lambda x: 3.0), lambda x: x),
        (value_and_grad(lambda x: 3.0), lambda x: x),
        (grad(lambda v: v[0]), lambda x: [x, x]),
        (jacobian(lambda v: [v[0], 2.0 * v[1], 1.0]), lambda x: [x, x]),
        (hessian(lambda v: v[0] ** 2 + v[1]), lambda x: [x, x]),
    ],
)
def test_of_nodes_every_derivative_is_a_node_also_where_it_is_a_constant(derivative, at):
    x = Value(2.0)
    arguments = at(x)
    result = derivative(*arguments) if isinstance(arguments, tuple) else derivative(arguments)
    found = [leaf for _, leaf in trees.paths(result)]
    assert {type(leaf) for leaf in found} == {Value}
    for leaf in found:
        leaf.backward()


def test_of_numbers_a_constant_derivative_is_a_number():
    for f in (lambda x: 2.0 * x, lambda x: 3.0, grad(lambda x: 2.0 * x)):
        assert type(grad(f)(2.0)) is float
    assert type(grad(grad(grad(lambda x: x * x)))(2.0)) is float
