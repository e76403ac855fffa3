"""Laws of differentiation over random graphs: exact to rounding, 8 n u S, or to the bit.

u is 2**-53, n the number of nodes, S the sum over all paths of the absolute product of local derivatives.
The nightly profile draws 200 times as many graphs as the ordinary one.
"""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp

import autograd as ag
from autograd import Value, from_json, gradients, to_json, toposort
from autograd.calculus.functional import grad, hessian
from autograd.testing import oracle, strategies

U = 2.0**-53
EXAMPLES = settings.default.max_examples
expressions = strategies.expressions
weights = st.floats(-2.0, 2.0)


def path_sums(root):
    """Return for each node the sum over paths from the root of the absolute product of local derivatives."""
    sums = {root: 1.0}
    for node in reversed(toposort(root)):
        for x, d in node.edges():
            sums[x] = sums.get(x, 0.0) + sums.get(node, 0.0) * size(node, x, d or 0.0)
    return sums


PRODUCTS = ("gelu", "silu", "entr", "rel_entr")
"""Rows x g(x), whose derivative g + x g' goes through zero."""


def size(node, x, d):
    """Return the size of a local derivative: of its largest term, where it is a sum that goes through zero.
    """
    summed = node.op.name in PRODUCTS and x is node.operands[0] and x.data
    return max(abs(d), abs(node.data / x.data)) if summed else abs(d)


def assert_gradients(root, leaves, expected):
    """The gradient of the root is what is expected, to rounding."""
    assume(all(map(math.isfinite, expected)))  # a rule's terms may overflow where their sum does not
    sums, n = path_sums(root), len(toposort(root))
    for x, d, e in zip(leaves, gradients(root, leaves), expected, strict=True):
        assert abs(d - e) <= 8.0 * n * U * sums.get(x, 0.0) + 1e-300, (d, e)


def graph(expression, leaves):
    y = expression(*leaves)
    return y if isinstance(y, Value) else Value(y)


@st.composite
def pairs(draw):
    """Two expressions over the same leaves, with the leaves."""
    f, g = draw(expressions()), draw(expressions())
    inputs = f.inputs if len(f.inputs) >= len(g.inputs) else g.inputs
    leaves = [Value(x) for x in inputs]
    try:
        return graph(f, leaves[: len(f.inputs)]), graph(g, leaves[: len(g.inputs)]), leaves
    except (OverflowError, ValueError):  # outside a domain with the other's inputs
        assume(False)


def usable(*roots):
    assume(
        all(
            math.isfinite(v.data) and all(map(math.isfinite, v.local_grads))
            for root in roots
            for v in toposort(root)
        )
    )


# Against exact arithmetic.


@settings(max_examples=4 * EXAMPLES)
@given(expressions(kinks=True))
def test_gradient_is_the_exact_one(expression):
    root, leaves = expression.graph()
    order = toposort(root)
    # Exact local derivatives at the recorded operands, multiplied and added without rounding.
    with mp.workprec(300):
        exact = dict.fromkeys(order, mp.mpf(0)) | {root: mp.mpf(1)}
        for node in reversed(order):
            numbers = [x.data if isinstance(x, Value) else x for x in node.operands]
            for i, x in enumerate(node.operands):
                if isinstance(x, Value):
                    exact[x] += exact[node] * oracle.derivative(node.op, numbers, i)
        assert_gradients(root, leaves, [float(exact.get(x, 0)) for x in leaves])


# The rules of calculus.


@settings(max_examples=EXAMPLES)
@given(pairs(), weights, weights)
def test_linearity(pair, a, b):
    f, g, leaves = pair
    root = a * f + b * g
    usable(root)
    assert_gradients(
        root, leaves, [a * x + b * y for x, y in zip(gradients(f, leaves), gradients(g, leaves), strict=True)]
    )


@settings(max_examples=EXAMPLES)
@given(pairs())
def test_product_rule(pair):
    f, g, leaves = pair
    root = f * g
    usable(root)
    assert_gradients(
        root,
        leaves,
        [x * g.data + f.data * y for x, y in zip(gradients(f, leaves), gradients(g, leaves), strict=True)],
    )


@settings(max_examples=EXAMPLES)
@given(pairs())
def test_quotient_rule(pair):
    f, g, leaves = pair
    assume(abs(g.data) > 1e-3)
    root = f / g
    usable(root)
    assert_gradients(
        root,
        leaves,
        [
            x / g.data - root.data * y / g.data
            for x, y in zip(gradients(f, leaves), gradients(g, leaves), strict=True)
        ],
    )


@settings(max_examples=EXAMPLES)
@given(expressions(max_inputs=1), expressions())
def test_chain_rule(outer, inner):
    middle, leaves = inner.graph()
    root = outer(middle)
    usable(root)
    alone = Value(middle.data)
    slope = gradients(graph(outer, [alone]), alone)
    assert_gradients(root, leaves, [slope * d for d in gradients(middle, leaves)])


@settings(max_examples=EXAMPLES)
@given(expressions(max_operations=5))
def test_hessian_is_symmetric(expression):
    matrix = hessian(lambda v: expression(*v))(list(expression.inputs))
    root, leaves = expression.graph()
    rows = gradients(root, leaves, create_graph=True)
    for i, row in enumerate(rows):
        for j in range(i):
            if not isinstance(row, Value) or not isinstance(rows[j], Value):
                continue
            bound = sum(
                path_sums(r).get(x, 0.0) * 8.0 * U * len(toposort(r))
                for r, x in ((row, leaves[j]), (rows[j], leaves[i]))
            )
            assert matrix[i][j] == pytest.approx(matrix[j][i], rel=1e-12, abs=bound + 1e-300)


@settings(max_examples=EXAMPLES)
@given(expressions(kinks=True), st.randoms(use_true_random=False))
def test_permuted_arguments_permute_the_gradient(expression, rng):
    places = list(range(len(expression.inputs)))
    rng.shuffle(places)

    def permuted(*xs):
        return expression(*(x for _, x in sorted(zip(places, xs, strict=True), key=lambda pair: pair[0])))

    everything = tuple(range(len(places)))
    plain = grad(expression, everything)(*expression.inputs)
    assert grad(permuted, everything)(*(expression.inputs[p] for p in places)) == tuple(
        plain[p] for p in places
    )


@settings(max_examples=EXAMPLES)
@given(expressions(kinks=True))
def test_a_subexpression_may_be_shared_or_computed_twice(expression):
    leaves = [Value(x) for x in expression.inputs]
    once = graph(expression, leaves)
    shared, twice = once + once, graph(expression, leaves) + graph(expression, leaves)
    assert shared.data == twice.data
    assert_gradients(twice, leaves, gradients(shared, leaves))


INVERSES = [
    ("exp", "log", -30.0, 30.0), ("sin", "asin", -1.5, 1.5), ("tanh", "atanh", -6.0, 6.0),
    ("sinh", "asinh", -30.0, 30.0),
    ("expm1", "log1p", -20.0, 30.0), ("exp2", "log2", -30.0, 30.0), ("square", "sqrt", 1e-9, 1e9),
    ("tan", "atan", -1.5, 1.5),
    ("cosh", "acosh", 0.1, 30.0), ("reciprocal", "reciprocal", 1e-9, 1e9),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inverse", "low", "high"), INVERSES, ids=[f"{f} {g}" for f, g, *_ in INVERSES])
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_slopes_of_inverse_functions_are_reciprocal(f, inverse, low, high, data):
    x = data.draw(st.floats(low, high))
    f, inverse = getattr(ag, f), getattr(ag, inverse)
    y = f(x)
    # The inverse's slope is taken at the rounded y: that counts as often as the slope's logarithm changes
    # with log y.
    leaf = Value(y)
    slope = gradients(inverse(leaf), leaf, create_graph=True)
    curvature = gradients(slope, leaf) if isinstance(slope, Value) else 0.0
    bend = abs(curvature * y / float(slope))
    assert grad(f)(x) * float(slope) == pytest.approx(1.0, abs=4.0 * U * (8.0 + bend))


# To the bit.


def bits(numbers):
    return [float(x).hex() for x in numbers]


@settings(max_examples=EXAMPLES)
@given(expressions(kinks=True))
def test_gradients_are_reproducible_to_the_bit(expression):
    root, leaves = expression.graph()
    once = bits(gradients(root, leaves))
    again, others = expression.graph()
    assert bits(gradients(again, others)) == once
    assert bits(gradients(root, leaves, create_graph=True)) == once
    # Dead code: nodes that the root does not rest on.
    for x in leaves:
        ag.tanh(x * 3.0) + root
    assert bits(gradients(root, leaves)) == once


@settings(max_examples=EXAMPLES)
@given(expressions(kinks=True))
def test_saved_graphs_have_the_same_gradients_to_the_bit(expression):
    root, leaves = expression.graph()
    loaded = from_json(to_json(root))
    twins = {x.label: x for x in toposort(loaded)}
    assert loaded.data == root.data
    reached = [x for x in leaves if x in set(toposort(root))]
    assert bits(gradients(loaded, [twins[x.label] for x in reached])) == bits(gradients(root, reached))
