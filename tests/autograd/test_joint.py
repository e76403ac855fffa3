"""Operations with several results: linear in time and memory, to the digits of the single rows, for every
reader of a graph."""

import copy
import itertools
import json
import math
import pickle
import tracemalloc

import mpmath as mp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, detect_anomaly, gradients, ops
from autograd.compiler.backends.c.toolchain import find_compiler
from autograd.errors import AnomalyError, GraphError
from autograd.testing import oracle

KINDS = {"softmax": ops.softmaxes, "log_softmax": ops.log_softmaxes, "direction": ops.directions}
by_kind = pytest.mark.parametrize("name", KINDS)
SCORES = [
    [0.5, -1.25, 2.0, 0.25], [0.5, 0.5, 0.5], [40.0, 0.0, 0.5], [0.0, 1.5, 40.0, -3.0], [-700.0, 0.0, 30.0],
    [1.0], [2.0, 2.0],
    [1e200, 3.0], [-1e-300, 2e-300, 1e-300], [3.0, 1e-9, -2e-9],
]  # fmt: skip
ODD = [
    [math.inf, 0.0],
    [math.inf, math.inf],
    [-math.inf, 0.0, 1.0],
    [-math.inf, -math.inf],
    [math.nan, 0.0],
    [0.0, 0.0],
]


def nodes_of(xs):
    return [Value(x) for x in xs]


def one_by_one(name, xs):
    """The same results, as a node of all operands each."""
    return [ops.TABLE[name](*xs, index=i) for i in range(len(xs))]


def weighted(ys):
    return autograd.dot(ys, [0.5 - 0.25 * (i % 7) for i in range(len(ys))])


def same(a, b):
    return [repr(float(x)) for x in a] == [repr(float(x)) for x in b]


@by_kind
@pytest.mark.parametrize("xs", SCORES + ODD, ids=str)
def test_what_a_reader_of_the_graph_sees_is_what_the_row_alone_shows(name, xs):
    for operands in (nodes_of(xs), [*nodes_of(xs), 0.25]):
        found, wanted = KINDS[name](*operands), one_by_one(name, operands)
        assert same(found, wanted)
        for a, b in zip(found, wanted, strict=True):
            assert a.op is b.op is ops.TABLE[name]
            assert a.operands == b.operands
            assert a.parents == b.parents
            assert same(a.local_grads, b.local_grads)
            assert repr(a) == repr(b)
    assert same(KINDS[name](*xs), one_by_one(name, xs))


@by_kind
@pytest.mark.parametrize("xs", [xs for xs in SCORES if len(xs) > 1], ids=str)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_every_order_are_right_relatively(name, xs, order):
    """Of each result, and of a sum of all, against the exact derivative of the row."""
    n, length = len(xs), mp.sqrt(mp.fsum(mp.mpf(x) ** 2 for x in xs))
    if name == "direction" and order > 1 and not 1e-100 < length < 1e100:
        pytest.skip("squares of its higher orders leave the range")
    weights = [oracle.value(ops.softmax, (*xs, float(i))) for i in range(n)]
    for index in range(n):
        leaves = nodes_of(xs)
        for path in itertools.product(range(n), repeat=order - 1):
            y = KINDS[name](*leaves)[index]
            for i in path:
                y = gradients(y, leaves[i], create_graph=True)
            for j, got in enumerate(gradients(y, leaves)):
                exact = oracle.partial(ops.TABLE[name], (*xs, float(index)), tuple(sorted((*path, j))))
                size = abs(exact)
                if order > 1:  # where terms of both signs meet
                    size = (
                        size + 1 / length**order
                        if name == "direction"
                        else max(size, mp.fprod(sorted(weights)[1:]) * weights[index])
                    )
                assert abs(mp.mpf(got) - exact) <= 64 * 2.0**-52 * size + 8 * 5e-324, (
                    index,
                    path,
                    j,
                    got,
                    mp.nstr(exact, 17),
                )


@by_kind
@given(xs=st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=6), data=st.data())
def test_pulls_pushes_and_second_orders_are_sums_over_the_rows(name, xs, data):
    c = data.draw(st.lists(st.floats(-2.0, 2.0), min_size=len(xs), max_size=len(xs)))
    kept = KINDS[name].kept(tuple(xs))
    rows = [KINDS[name].local(kept, i) for i in range(len(xs))]
    if not all(math.isfinite(d) for row in rows for d in row):
        return
    for found, columns in (
        (KINDS[name].float_pull(kept, c), list(zip(*rows, strict=True))),
        (KINDS[name].float_push(kept, c), rows),
    ):
        for got, column in zip(found, columns, strict=True):
            terms = [g * d for g, d in zip(c, column, strict=True)]
            assert got == pytest.approx(
                math.fsum(terms), rel=1e-14, abs=1e-14 * max(map(abs, terms)) + 1e-300
            )


@by_kind
@pytest.mark.parametrize("xs", [xs for xs in SCORES if max(map(abs, xs)) < 1e100], ids=str)
def test_forward_mode_agrees_with_reverse_mode(name, xs):
    def f(v):
        return KINDS[name](*v)

    t = [0.5 - i for i in range(len(xs))]
    g = [1.0 + 0.5 * i for i in range(len(xs))]
    _, forward = autograd.jvp(f, (xs,), (t,))
    _, pull = autograd.vjp(f, xs)
    (backward,) = pull(g)
    size = sum(abs(a * b) for a, b in zip(g, forward, strict=True))
    assert autograd.dot(g, forward) == pytest.approx(autograd.dot(t, backward), abs=1e-14 * size)
    # forward over reverse over forward: recorded pushes and pulls
    second = autograd.hvp(lambda v: weighted(f(v)) ** 2, (xs,), (t,))
    alone = autograd.hvp(lambda v: weighted(one_by_one(name, v)) ** 2, (xs,), (t,))
    assert second == pytest.approx(alone, rel=1e-11, abs=1e-13 * max(map(abs, alone)), nan_ok=True)
    nested = autograd.jvp(lambda v: autograd.jvp(f, (v,), (t,))[1], (xs,), (t,))[1]
    alone = autograd.jvp(lambda v: autograd.jvp(lambda u: one_by_one(name, u), (v,), (t,))[1], (xs,), (t,))[1]
    assert nested == pytest.approx(alone, rel=1e-11, abs=1e-13 * max(map(abs, alone)), nan_ok=True)


# Linearity, without a clock.


def peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def leaves(n):
    return [Value(0.37 * i % 3.0 - 1.0, "") for i in range(n)]


def second_order(name, n):
    xs = leaves(n)
    first = gradients(weighted(KINDS[name](*xs)), xs, create_graph=True)
    gradients(weighted(first), xs)


def second_order_of_a_reduction(function, n):
    xs = leaves(n)
    gradients(weighted(gradients(function(xs), xs, create_graph=True)), xs)


WORK = {
    "backward": lambda f, n: weighted(f(*leaves(n))).backward(),
    "gradients": lambda f, n: gradients(weighted(f(*(xs := leaves(n)))), xs),
    "jvp": lambda f, n: autograd.jvp(lambda v: f(*v), ([0.1] * n,), ([0.5] * n,)),
    "hvp": lambda f, n: autograd.hvp(lambda v: weighted(f(*v)) ** 2, ([0.1] * n,), ([0.5] * n,)),
    "deepcopy": lambda f, n: copy.deepcopy(weighted(f(*leaves(n)))),
    "deepcopy of a list": lambda f, n: copy.deepcopy(f(*leaves(n))),
    "pickle": lambda f, n: pickle.loads(pickle.dumps(weighted(f(*leaves(n))))),
    "pickle of a list": lambda f, n: pickle.loads(pickle.dumps(f(*leaves(n)))),
    "json": lambda f, n: autograd.from_json(autograd.to_json(weighted(f(*leaves(n))))),
    "anomaly": lambda f, n: detect_anomaly()(lambda: weighted(f(*leaves(n))).backward())(),
}


@by_kind
@pytest.mark.parametrize("work", WORK)
def test_memory_grows_with_the_number_of_operands_and_not_with_its_square(name, work, engine):
    small, large = (peak(lambda n=n: WORK[work](KINDS[name], n)) for n in (300, 1200))
    assert large < 10.0 * small  # four times as many operands: 4, where 16 would be the square


@pytest.mark.parametrize("function", [autograd.logsumexp, autograd.norm], ids=lambda f: f.__name__)
def test_second_orders_of_reductions_grow_with_the_number_of_operands(function):
    small, large = (peak(lambda n=n: second_order_of_a_reduction(function, n)) for n in (300, 1200))
    assert large < 10.0 * small  # four times as many operands: 4, where 16 would be the square


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_hundred_thousand_scores(name, engine):
    n = 100_000
    xs = leaves(n)
    ys = getattr(autograd, name)(xs)
    weighted(ys).backward()
    assert math.fsum(x.grad for x in xs) == pytest.approx(0.0, abs=1e-9 * n)
    assert any(x.grad for x in xs)


def test_a_call_of_a_hundred_thousand_scores_twice_differentiated():
    second_order("softmax", 100_000)


# What is done with graphs.


@by_kind
def test_copies_pickles_and_files_keep_the_call_shared(name):
    xs = [Value(0.5, "a"), 1.5, Value(-2.0, "b")]
    ys = KINDS[name](*xs)
    root = weighted(ys)
    root.backward()
    for twin in (
        copy.deepcopy(root),
        pickle.loads(pickle.dumps(root)),
        autograd.from_json(autograd.to_json(root)),
    ):
        assert autograd.to_json(twin) == autograd.to_json(root)
        before = [x.grad for x in twin.parents[0].parents]
        autograd.zero_grad(twin)
        twin.backward()
        assert [x.grad for x in twin.parents[0].parents] == before == [xs[0].grad, xs[2].grad]
        first = gradients(twin, twin.parents[0].parents, create_graph=True)
        assert all(map(math.isfinite, first))
    for ys_twin, x in (copy.deepcopy((ys, xs[0])), pickle.loads(pickle.dumps((ys, xs[0])))):
        assert len({id(y._a) for y in ys_twin}) == 1
        assert gradients(weighted(ys_twin), x) == xs[0].grad
    alone = copy.copy(ys[1])
    assert gradients(alone + ys[1], xs[0]) == 2.0 * gradients(ys[1], xs[0])


@by_kind
def test_files_hold_results_of_the_row_alone_too(name):
    xs = nodes_of([0.5, -2.0, 1.0])
    alone = weighted(one_by_one(name, xs))
    twin = autograd.from_json(autograd.to_json(alone))
    assert twin.parents[0].local_grads == alone.parents[0].local_grads
    text = autograd.to_json(weighted(KINDS[name](*xs)))
    assert len(json.loads(text)["calls"]) == 1


def damaged(**changes):
    document = json.loads(autograd.to_json(autograd.sum(autograd.log_softmax([Value(1.0), Value(2.0), 0.5]))))
    call = document["calls"][0]
    row = next(row for row in document["nodes"] if "call" in row)
    for place, value in changes.items():
        holder = (
            row
            if place in ("call", "index", "local", "op_of_node")
            else document
            if place == "calls"
            else call
        )
        holder[place.removesuffix("_of_node")] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"index": 3}, "index of log_softmax is 3, and there are 3 results"), ({"index": -1}, "index"),
        ({"index": 1.5}, "index"), ({"index": True}, "index"),
        ({"index": None}, "index"), ({"call": "c1"}, "there is no call 'c1'"),
        ({"call": 0}, "there is no call"), ({"call": []}, "unhashable"), ({"calls": {}}, "lists"),
        ({"calls": []}, "there is no call"), ({"calls": [3]}, "a call is an object"),
        ({"op": "softmax"}, "no operation with several results"), ({"op": []}, "unhashable"),
        ({"operands": [1.0, 2.0, 3.0]}, "constants alone"),
        ({"operands": ["n9", 1.0, 1.0]}, "does not stand before"), ({"operands": "n0"}, "must be a list"),
        ({"values": [-1.0, -2.0, -3.0]}, "not those that its operands give"),
        ({"assigned": 1}, "true or false"), ({"values": [0.5]}, "as many values"),
        ({"kept": []}, "as many values"), ({"kept": [1, 2, "x"]}, "expected a number"),
        ({"other": 1}, "unknown key 'other' of a call"),
        ({"op_of_node": "add"}, "no operation of its own"), ({"local": []}, "no operation of its own"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(changes, message):
    with pytest.raises(GraphError, match=f"node .* of the graph: .*{message}|not a graph.*{message}"):
        autograd.from_json(damaged(**changes))


def test_a_file_whose_numbers_are_others_is_read_and_differentiated():
    root = autograd.from_json(damaged(kept=["nan", "inf", -3.0], values=[1e300, "-inf", 7], assigned=True))
    root.backward()
    with pytest.raises(GraphError, match="was changed"):
        root.backward(create_graph=True)


def test_a_file_of_a_graph_whose_leaves_have_moved_says_so():
    x = Value(1.0)
    root = weighted(autograd.softmax([x, 2.0, 0.5]))
    before = gradients(root, x)
    x.data = 3.0
    twin = autograd.from_json(autograd.to_json(root))
    assert gradients(twin, [node for node in autograd.toposort(twin) if node.op is None]) == [before]
    assert '"assigned": true' in autograd.to_json(root)


def test_data_that_was_changed_is_noticed():
    x, y = Value(1.0), Value(2.0)
    ys = autograd.softmax([x, y])
    before = gradients(ys[0], [x, y])
    x.data = 3.0
    assert gradients(ys[0], [x, y]) == before, "the gradient of what was computed"
    with pytest.raises(GraphError, match=r"softmax\(\.\.\., index=0\) = .* was changed"):
        gradients(ys[0], [x, y], create_graph=True)
    x.data = 1.0
    ys[1].data = 0.0
    gradients(ys[0], [x, y], create_graph=True)
    with pytest.raises(GraphError, match="index=1"):
        gradients(ys[1], [x, y], create_graph=True)


def test_hooks_labels_scopes_and_interior_gradients():
    xs = nodes_of([0.5, -1.0, 2.0])
    with autograd.scope("head"), autograd.sources():
        ys = autograd.softmax(xs)
    assert all(y.scope == "head" and "test_joint.py" in y.source for y in ys)
    seen = []
    ys[1].register_hook(lambda g: seen.append(g) or 2.0 * g)
    root = weighted(ys)
    root.backward()
    assert seen == [0.25]
    expected = [
        autograd.dot([0.5, 0.5, 0.0], column) for column in zip(*(y.local_grads for y in ys), strict=True)
    ]
    assert [x.grad for x in xs] == pytest.approx(expected, rel=1e-14)
    assert ys[1].grad == 0.5
    assert ys[0].grad == 0.5
    xs[0].register_hook(lambda g: 0.0)
    root.backward()
    assert len(seen) == 2


def test_results_that_nobody_uses_receive_nothing():
    xs = nodes_of([0.5, -1.0, 2.0])
    ys = autograd.log_softmax(xs)
    ys[2].backward()
    assert [x.grad for x in xs] == pytest.approx(list(ys[2].local_grads), rel=1e-15)
    assert ys[0].grad == 0.0


def test_anomalies_name_a_result_and_its_line():
    xs = nodes_of([0.0, 1.0])
    with detect_anomaly():
        ys = autograd.softmax(xs)
        with pytest.raises(AnomalyError, match=r"softmax|mul"):
            (ys[0] * 1e308 * 10.0).backward(1e10)
        with pytest.raises(AnomalyError, match=r"log_softmax\(1e\+308, -1e\+308, 1.0\) = -inf"):
            autograd.log_softmax([Value(1e308), Value(-1e308)])
    with autograd.no_grad():
        assert all(y.op is None for y in autograd.softmax(xs))


@pytest.mark.parametrize("backend", ["numpy", "python", *(["c"] if find_compiler() else [])])
@by_kind
def test_compiled_functions_and_their_derivatives(name, backend):
    for n in (2, 3, 5):
        xs = nodes_of([0.5 - 0.75 * i + 0.1 * i * i for i in range(n)])

        def first(xs=xs):
            return weighted(KINDS[name](*xs)) ** 2

        def second(xs=xs):
            return weighted(gradients(weighted(KINDS[name](*xs)), xs, create_graph=True))

        for f in (first, second):
            step = autograd.compile(f, xs, backend=backend)
            for x in xs:
                x.grad = 0.0
            assert step() == pytest.approx(float(f()), rel=1e-13)
            assert [x.grad for x in xs] == pytest.approx(gradients(f(), xs), rel=1e-11, abs=1e-14)
            # Another score leads now: what was recorded must not hold on to the one that led.
            xs[0].data = 41.0
            for x in xs:
                x.grad = 0.0
            if name != "direction":
                assert step() == pytest.approx(float(f()), rel=1e-12)
                assert [x.grad for x in xs] == pytest.approx(gradients(f(), xs), rel=1e-9, abs=1e-12)
            xs[0].data = 0.5


def test_a_checkpointed_call_of_many_results_holds_its_operands_once():
    def work(n):
        xs = leaves(n)
        ys = autograd.checkpoint(lambda xs: [x * 2.0 for x in xs])(xs)
        autograd.sum(ys).backward()
        assert xs[0].grad == 2.0

    small, large = (peak(lambda n=n: work(n)) for n in (300, 1200))
    assert large < 10.0 * small  # four times as many operands: 4, where 16 would be the square


def test_a_softmax_inside_a_checkpointed_call():
    xs = nodes_of([0.5, -1.0, 2.0])
    ys = autograd.checkpoint(autograd.softmax)(xs)
    assert gradients(weighted(ys), xs) == gradients(weighted(autograd.softmax(xs)), xs)
    first = gradients(weighted(ys), xs, create_graph=True)
    assert gradients(weighted(first), xs) == pytest.approx(
        gradients(weighted(gradients(weighted(autograd.softmax(xs)), xs, create_graph=True)), xs), rel=1e-13
    )


@pytest.mark.parametrize("slot", ["_a", "_b", "_row"])
@pytest.mark.parametrize(
    "rubbish",
    [None, 1.5, -1.0, 1e300, math.nan, "text", (), (1.0,), [1.0], object(), {}, 10**400, Value(1.0)],
    ids=lambda x: type(x).__name__,
)
def test_a_slot_that_holds_anything_ends_in_an_exception_at_worst(slot, rubbish, engine):
    xs = nodes_of([0.5, -1.0])
    for holder_of in (lambda y: y, lambda y: y._a):
        ys = autograd.softmax(xs)
        root = weighted(ys).tanh()
        try:
            setattr(holder_of(ys[0]), slot, rubbish)
        except (AttributeError, TypeError):  # C refuses what is no operand
            continue
        for work in (
            root.backward,
            lambda root=root: root.backward(create_graph=True),
            lambda root=root: autograd.to_json(root),
            lambda root=root: copy.deepcopy(root),
        ):
            try:
                work()
            except Exception as error:
                assert type(error) is not SystemError


def test_pictures_and_derivations_show_rows():
    xs = [Value(0.5, "a"), Value(1.5, "b")]
    alone, together = weighted(one_by_one("softmax", xs)), weighted(autograd.softmax(xs))
    for root in (alone, together):
        root.backward()
    assert str(autograd.draw(together, engine="builtin")) == str(autograd.draw(alone, engine="builtin"))
    for style in ("text", "latex", "mathml"):
        assert str(autograd.explain(together, style=style)) == str(autograd.explain(alone, style=style))
    assert str(autograd.stepper(together, engine="builtin")) == str(autograd.stepper(alone, engine="builtin"))
