"""Recomputing instead of storing: the same gradients to the bit, in little memory."""

import gc
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import GraphError, Value
from autograd.calculus.checkpointing import checkpoint
from autograd.calculus.functional import grad, jacfwd, jacrev, jvp
from autograd.testing import strategies

STEPS, CHUNK = 1000, 25


@pytest.fixture
def few_objects():
    """Keep what is there already out of sight of the collector, which would look at all of it again and
    again."""
    gc.collect()
    gc.freeze()
    used_up = [Value(0.0) + 1.0 for _ in range(10_000)]  # the blank nodes that are out of sight now
    yield
    gc.unfreeze()
    del used_up


def live_nodes():
    return sum(
        type(x) is Value and hasattr(x, "_data") for x in gc.get_objects()
    )  # those made in advance are blank


def recurrence(step, start, parameters, wrap):
    """Run the steps in chunks; return the gradients and the largest number of nodes there were at a time."""
    peak = 0

    def chunk(h, parameters):
        nonlocal peak
        for i in range(CHUNK):
            h = step(h, parameters)
            if i == CHUNK - 1:  # looking for live nodes is slow
                peak = max(peak, live_nodes() - before)
        return h

    gc.collect()
    before = live_nodes()
    run = wrap(chunk)
    leaves = [Value(p) for p in parameters]
    first = h = Value(start)
    for _ in range(STEPS // CHUNK):
        h = run(h, leaves)
    h.backward()
    return h.data, first.grad, [p.grad for p in leaves], peak


RECURRENCES = {
    "logistic map": (lambda h, p: p[0] * h * (1.0 - h), 0.3, [2.7]),
    "contraction": (lambda h, p: ag.tanh(p[0] * h + p[1]) + 0.3 * h, 0.5, [0.9, 0.1]),
    "sine": (lambda h, p: h + p[0] * ag.sin(h * p[1]), 0.4, [0.01, 1.3]),
}


@pytest.mark.usefixtures("few_objects")
@pytest.mark.parametrize(("step", "start", "parameters"), RECURRENCES.values(), ids=RECURRENCES)
def test_a_recurrence_takes_the_square_root_of_the_nodes_and_gives_the_same_bits(step, start, parameters):
    *stored, all_nodes = recurrence(step, start, parameters, lambda f: f)
    *recomputed, few_nodes = recurrence(step, start, parameters, checkpoint)
    assert recomputed == stored
    assert all_nodes > STEPS
    # One node for each chunk and those of one chunk, some six a step.
    assert few_nodes < STEPS // CHUNK + 8 * CHUNK


STATEFUL = (  # each rests on the state
    lambda h, p: ag.tanh(h) + p, lambda h, p: p * h, lambda h, p: h - p * h, lambda h, p: ag.sin(p * h),
    lambda h, p: h / (1.0 + (h * p) ** 2),
    lambda h, p: ag.dot((p, h), (h, 0.3)), lambda h, p: ag.where(h > p, h, 0.5 * h), lambda h,
    p: ag.maximum(h, p) * h,
)  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, len(STATEFUL) - 1), st.integers(0, 2)), min_size=1, max_size=30),
    st.integers(1, 7),
    st.tuples(*[st.floats(-2.0, 2.0)] * 4),
)
def test_any_recurrence_has_the_same_bits(steps, chunk, numbers):
    def run(wrap):
        h, *parameters = leaves = [Value(x) for x in numbers]
        for i in range(0, len(steps), chunk):

            def advance(h, parameters, i=i):
                for kind, which in steps[i : i + chunk]:
                    h = STATEFUL[kind](h, parameters[which])
                return h

            h = wrap(advance)(h, parameters)
        h.backward()
        return [x.grad.hex() for x in leaves]

    assert run(checkpoint) == run(lambda f: f)


@given(strategies.expressions(kinks=True))
def test_one_call_has_the_same_bits(expression):
    def bits(f):
        leaves = [Value(x) for x in expression.inputs]
        return [d.hex() for d in ag.gradients(ag.tanh(f(*leaves)), leaves)]

    assert bits(checkpoint(expression)) == bits(expression)


@given(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=12))
def test_a_side_branch_adds_the_same_terms_in_another_order(numbers):
    def run(wrap):
        h, p = Value(0.7), Value(0.9)
        for x in numbers:
            h = wrap(lambda h, p, x=x: h * ag.tanh(p * x))(h, p)
        h.backward()
        return h.grad, p.grad

    (plain_h, plain_p), (h, p) = run(lambda f: f), run(checkpoint)
    assert h == plain_h
    assert p == pytest.approx(plain_p, rel=1e-13, abs=1e-15)
    if len(numbers) < 3:  # two terms have no order
        assert p == plain_p


def f(x, y):
    return ag.tanh(x * y) * x + ag.exp(-y)


@pytest.mark.parametrize(
    "d",
    [
        grad,
        lambda f: grad(grad(f)),
        lambda f: grad(grad(grad(f))),
        lambda f: lambda x, y: jvp(lambda x: f(x, y), (x,), (1.0,)),
        lambda f: jacfwd(grad(f, 1)),
    ],
    ids=["first", "second", "third", "forward", "mixed"],
)
def test_every_order_and_mode(d):
    assert d(checkpoint(f))(0.7, 1.2) == d(f)(0.7, 1.2)


def test_several_results_recompute_once():
    calls = []

    def g(v):
        calls.append(1)
        return {"product": v[0] * v[1], "sum": v[0] + v[1], "constant": 3.0, "input": v[0]}

    x, y = Value(2.0), Value(5.0)
    result = checkpoint(g)([x, y])
    assert result["constant"] == 3.0
    assert result["input"] is x
    (result["product"] * result["sum"]).backward()
    assert (x.grad, y.grad) == (5.0 * 7.0 + 10.0, 2.0 * 7.0 + 10.0)
    assert len(calls) == 2
    assert jacrev(checkpoint(lambda v: list(g(v).values())))([2.0, 5.0]) == [
        [5.0, 2.0],
        [1.0, 1.0],
        [0.0, 0.0],
        [1.0, 0.0],
    ]


def test_closures_get_their_gradient():
    w = Value(3.0)
    deep = w * w
    checkpoint(lambda x: deep * x * w)(Value(2.0)).backward()
    assert w.grad == 3.0 * 3.0**2 * 2.0


def test_nested_calls():
    inner = checkpoint(lambda x: ag.sin(x) * x)
    outer = checkpoint(lambda x: inner(inner(x)) + x)
    plain = lambda x: ag.sin(ag.sin(x) * x) * (ag.sin(x) * x) + x
    assert grad(outer)(1.1) == pytest.approx(grad(plain)(1.1), rel=1e-15)


def test_dot_products_inside():
    def layer(ws, xs):
        return [ag.tanh(ag.dot(tuple(w), tuple(xs))) for w in ws]

    def loss(ws, xs, wrap):
        return ag.sum(wrap(layer)(ws, wrap(layer)(ws, xs)))

    ws = [[0.1, 0.2], [-0.3, 0.4]]
    plain, again = (
        grad(lambda ws, wrap=wrap: loss(ws, [1.0, 2.0], wrap))(ws) for wrap in (lambda f: f, checkpoint)
    )
    assert [x for row in again for x in row] == pytest.approx([x for row in plain for x in row], rel=1e-15)


def test_numbers_and_no_grad_pass_through():
    assert checkpoint(f)(0.7, 1.2) == f(0.7, 1.2)
    with ag.no_grad():
        assert checkpoint(f)(Value(0.7), 1.2).parents == ()


def test_a_function_that_changes_is_an_error_and_writes_nothing():
    state = [1.0]
    x = Value(2.0)
    y = checkpoint(lambda x: x * state[0])(x)
    state[0] = 5.0
    with pytest.raises(GraphError, match=r"returned \[10\.0\] in place of \[2\.0\]"):
        y.backward()
    assert x.grad == 0.0


def test_it_takes_a_function():
    with pytest.raises(TypeError, match=r"write checkpoint\(f\), not checkpoint\(f\(x\)\)"):
        checkpoint(3.0)


def test_readers_of_the_graph_see_the_local_derivatives_of_a_call():
    x, c = Value(2.0, "x"), Value(3.0, "c")
    y = checkpoint(lambda x: ag.sin(x) * c)(x)
    assert y.local_grads == pytest.approx((3.0 * math.cos(2.0), math.sin(2.0)))
    assert y.parents == (x, c)
    first, second = checkpoint(lambda a, b: [a * b, ag.where(a > b, a, b * 2.0)])(x, c)
    assert first.local_grads == (3.0, 2.0)
    assert second.edges() == [(x, None), (c, 2.0)]  # a branch that was not taken
    assert (x.grad, c.grad) == (0.0, 0.0)


def test_an_explanation_goes_on_through_a_call():
    x = Value(2.0, "x")
    y = checkpoint(ag.sin)(x) * 3.0
    text = str(ag.explain(y, wrt=x))
    assert "v1 = checkpoint x = 0.9093" in text
    assert "2  checkpoint  dv1/dx = -0.4161  x.grad += -0.4161 * 3 = -1.2484" in text
    assert "= 3 * (-0.4161)\n         = -1.2484" in text
    assert "no finite difference: a checkpointed or compiled call, or a node by hand," in text
    assert "they differ" not in text
    assert "-0.416" in ag.draw(y).svg()
    for style in ("latex", "mathml", "markdown"):
        assert "0.4161" in str(ag.explain(y, wrt=x, style=style))
