"""What a recording cannot see is refused: no number leaves the graph of a function that is compiled."""

import copy
import itertools
import math
import pickle
import random
import sys
import threading

import numpy as np
import pytest

import autograd
import nn
from autograd import GraphError, TracingError, Value, backward, native
from autograd.calculus import linear
from autograd.compiler import compile
from autograd.compiler.graph.ir import INPUT, LARGE, Builder
from autograd.compiler.record import extract
from autograd.compiler.record.recording import Tape, record
from autograd.compiler.without_numpy import PlainCompiled

KEPT = Value(3.0, "kept")
OWN, GENERATOR, LEGACY = random.Random(7), np.random.default_rng(7), np.random.RandomState(7)
BOX = {"rngs": [random.Random(3)]}


class Noisy:
    """A model that holds a generator of its own."""

    def __init__(self):
        self.rng = random.Random(1)

    def __call__(self, x):
        return x * self.rng.random()


def assigned(x):
    y = x * x
    y.data = 5.0
    return y * 2.0


def passed(x):
    y = x * x
    y.backward()
    return y * x.grad


def without_gradient(x):
    with autograd.no_grad():
        y = x * x
    return x + y


WAYS = {
    "data": lambda x: x * x.data, "data of a result": lambda x: x * (x * x).data,
    "data of a leaf outside": lambda x: x * KEPT.data,
    "item": lambda x: x * x.item(), "assigned data": assigned,
    "assigned data outside": lambda x: setattr(KEPT, "data", 1.0) or x,
    "f-string": lambda x: x * float(f"{x:.17g}"), "format": lambda x: x * float(format(x, "g")),
    "percent": lambda x: x * float("%f" % x),  # noqa: UP031
    "float": lambda x: x * float(x), "int": lambda x: x * int(x), "bool": lambda x: x if x else -x,
    "complex": lambda x: x * complex(x).real,
    "index": lambda x: [1.0, 2.0, 3.0][x] * x, "range": lambda x: x * range(9)[x],
    "if": lambda x: x if x < 0.0 else -x, "and": lambda x: x and -x,
    "max": lambda x: max(x, 2.0 * x), "sorted": lambda x: sorted([x, -x])[0],
    "math": lambda x: x * math.sqrt(x), "fsum": lambda x: x * math.fsum([x]),
    "floor": lambda x: x * math.floor(x), "isnan": lambda x: x * math.isnan(x),
    "isclose": lambda x: x * math.isclose(x, 2.0),
    "float64": lambda x: x * np.float64(x), "asarray": lambda x: x * np.asarray([x], float)[0],
    "numpy max": lambda x: np.max([x, 2.0 * x]),
    "local derivatives": lambda x: x * (x * x).local_grads[0], "edges": lambda x: x * (x * x).edges()[0][1],
    "copy": lambda x: x * copy.copy(x), "deepcopy": lambda x: x * copy.deepcopy(x),
    "pickle": lambda x: x * pickle.loads(pickle.dumps(x)),
    "detach": lambda x: x * x.detach(), "no_grad": without_gradient,
    "dropout": lambda x: nn.Dropout(0.5)([x])[0],
    "backward": passed, "backward outside": lambda x: (KEPT * KEPT).backward() or x,
    "gradients": lambda x: x * autograd.gradients(x * x, x),
    "random": lambda x: x * random.random(), "random leaf": lambda x: x + Value(random.gauss(0.0, 1.0)),
    "numpy random": lambda x: x * np.random.rand(),
    "own random": lambda x: x * OWN.random(), "numpy generator": lambda x: x * GENERATOR.normal(),
    "legacy generator": lambda x: x * LEGACY.rand(),
    "random in a container": lambda x: x * BOX["rngs"][0].gauss(0.0, 1.0), "random of an object": Noisy(),
    "random of a method": Noisy().__call__,
    "random by default": lambda x, rng=OWN: x * rng.random(),
    "gradient": lambda x: x * x.grad, "gradient of a result": lambda x: x * (x * x).grad,
    "gradient outside": lambda x: x * KEPT.grad,
    "getattr": lambda x: x * getattr(x, "grad"),  # noqa: B009 - what is tested
    "explain": lambda x: x * len(str((x * x).explain())), "draw": lambda x: x * len(str((x * x).draw())),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_number_that_leaves_the_graph_is_refused(way):
    with pytest.raises((TracingError, GraphError)):
        compile(WAYS[way], backend="numpy")(2.0)
    assert KEPT.data == 3.0
    assert KEPT.grad == 0.0


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("dropout", "numpy random")])
def test_so_it_is_in_a_loss_its_lanes_and_its_penalty(way):
    w = Value(2.0, "w")
    with pytest.raises(TracingError):
        compile(lambda x: WAYS[way](x), [w], batch=True, backend="numpy")([1.0, 2.0])
    with pytest.raises(TracingError):
        compile(lambda x: WAYS[way](w) * x, [w], batch=True, backend="numpy")([1.0, 2.0])
    with pytest.raises(TracingError):
        compile(lambda x: w * x, [w], batch=True, penalty=lambda: WAYS[way](w), backend="numpy")([1.0, 2.0])
    assert w.data == 2.0


def test_the_error_names_the_line_and_the_remedy():
    instead = "write x itself in place of x\\.data|Write x itself"
    reads = r"test_recording\.py:\d+ reads the number in a Value"
    with pytest.raises(TracingError, match=f"{reads} .* {instead}"):
        compile(WAYS["data"])(2.0)
    with pytest.raises(TracingError, match=r"autograd\.take\(E, i\)"):
        compile(WAYS["index"])(2.0)
    with pytest.raises(TracingError, match=r"Write autograd\.take\(E, i\) .* static_argnames='n'\)"):
        compile(lambda n: [1.0 for _ in range(n)])(2.0)


RECORDED = {
    "round": lambda x: x * round(x), "floor": lambda x: autograd.floor(x) * x,
    "grad": lambda x: autograd.grad(lambda t: t**3)(x) * x,
    "backward as Values": lambda x: autograd.gradients(x**3, x, create_graph=True) * x,
    "arrays of objects": lambda x: (np.array([x, x]) * [1.0, 2.0]).sum(),
    "array's own function": lambda x: np.sqrt(np.array([x]))[0], "mask": lambda x: x * (x > 2.5),
    "where": lambda x: autograd.where(x > 2.5, x, x * x), "sum": lambda x: sum([x, x]),
    "looked up": lambda x: autograd.dot(
        [autograd.equal(x, float(k)) for k in range(4)], [4.0, 5.0, 6.0, 7.0]
    ),
    "printed": lambda x: x * float(bool(repr(x) and str(x) and f"{x}")),
    "identity": lambda x: {x: 3.0}[x] * x,
}  # fmt: skip


@pytest.mark.parametrize("way", RECORDED)
def test_what_a_recording_sees_is_computed_anew_at_each_call(way):
    f = compile(RECORDED[way], backend="numpy")
    for x in (2.0, 3.0, -1.5):
        if not (way == "array's own function" and x < 0.0):
            assert f(x) == pytest.approx(float(RECORDED[way](Value(x))), rel=1e-12)


def test_a_recorded_value_prints_without_a_number():
    shown = []
    compile(lambda x: shown.extend([repr(x), str(x), f"{x}"]) or x * 2.0)(2.0)
    assert set(shown) == {"Value(data=..., grad=...)"}
    assert repr(Value(2.0)) == "Value(data=2.0, grad=0.0)"


@pytest.mark.parametrize(
    "way",
    ["own random", "random of an object", "random", "numpy generator", "gradient outside", "data", "float"],
)
def test_without_numpy_it_is_refused_too(way):
    w = Value(2.0)
    with pytest.raises(TracingError):
        PlainCompiled(WAYS[way], None, False, "mean", None, "python")(2.0)
    with pytest.raises(TracingError):
        PlainCompiled(lambda x: w * x, [w], True, "mean", lambda: WAYS[way](w), "python")([2.0])


def test_gradients_are_read_as_ever_after_a_recording_and_beside_it():
    p = Value(2.0)
    p.grad = 5.0
    seen = []

    def f(x):
        reader = threading.Thread(target=lambda: seen.append(p.grad))
        reader.start()
        reader.join()
        return x * p

    assert compile(f)(3.0) == 6.0
    with pytest.raises(TracingError, match=r"reads the gradient in a Value .*Write autograd\.grad"):
        compile(lambda x: x * p.grad)(1.0)
    assert seen == [5.0]
    assert type(vars(Value)["grad"]) is not property
    assert (p.grad, Value(1.0).grad) == (5.0, 0.0)


def test_an_own_generator_that_does_not_matter_may_be_drawn_from():
    def f(x):
        OWN.random()
        return x * 2.0

    assert compile(f)(1.0) == 2.0


def test_random_numbers_drawn_elsewhere_meanwhile_are_no_fault():
    def f(x):
        random.random()  # as another thread might
        return x * 2.0

    assert compile(f)(1.0) == 2.0


def test_a_list_is_not_looked_up_by_a_value_outside_of_a_recording_either():
    with pytest.raises(TypeError, match=r"write int\(x\.data\), as in E\[int\(x\.data\)\]"):
        [1.0, 2.0][Value(1.0)]


A, B = Value(0.5, "a"), Value(-2.0, "b")
COMPUTED = {
    "first operand": lambda y, x: y + x,
    "second operand": lambda y, x: x + y,
    "one of many": lambda y, x: autograd.sum([x, x, y]),
    "in a vector": lambda y, x: autograd.dot([x, 1.0], [x, y]),
    "in a shared vector": lambda y, x: autograd.dot([x, 1.0], [x, x]) + autograd.dot([y, x], [x, x]),
    "of a call": lambda y, x: autograd.softmax([x, y, 1.0])[1],
    "looked up": lambda y, x: autograd.take([x, y], 1.0 + 0.0 * x),
    "result": lambda y, x: y,
}


@pytest.mark.parametrize("use", COMPUTED)
def test_what_was_computed_before_a_recording_is_found_wherever_it_is_read(use):
    y = (A * B).tanh()
    step = compile(lambda x: COMPUTED[use](y, x), [A, B], backend="numpy")
    value, grads = step.value_and_grad(0.25)
    expected = COMPUTED[use](y, Value(0.25))
    found = autograd.gradients(expected, [A, B])
    assert math.isclose(value, expected.data, rel_tol=1e-14)
    assert grads.tolist() == pytest.approx(found, rel=1e-12)


def test_modes_begin_and_end_within_a_recording():
    """Nodes go on the tape in order, and nothing else is left out, whatever modes there are around them."""
    tape = Tape()

    def f(x):
        y = x * x
        with autograd.scope("inner"):
            y = y + x
            with autograd.sources():
                y = y.tanh()
        z = autograd.grad(lambda t: t * t)(y)
        with autograd.no_grad():
            constant = x * 3.0
        return z + constant

    result = record(f, [Value(2.0)], tape)
    assert [node.op.name for node in tape if node.op is not None][:3] == ["mul", "add", "tanh"]
    assert [node.scope for node in tape[:3]] == ["", "inner", "inner"] and tape[2].source
    assert tape[-1] is result and sum(node.op is None for node in tape) == 1
    count = len(tape)
    _ = result * 2.0
    assert len(tape) == count
    with autograd.no_grad():
        assert (Value(1.0) * 2.0).op is None
    assert len(tape) == count


def test_recordings_in_two_threads_keep_their_nodes_apart():
    tapes = [Tape() for _ in range(4)]
    meet = threading.Barrier(len(tapes))

    def f(x):
        for k in range(200):
            x = x * 1.5 + 1.0
            if k % 50 == 0:
                meet.wait()
        return x

    threads = [threading.Thread(target=record, args=(f, [Value(1.0)], tape)) for tape in tapes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(tape) for tape in tapes] == [400] * len(tapes)
    for tape in tapes:
        assert all(b.parents[0] is a for a, b in zip(tape, tape[1:], strict=False))


compiled = pytest.mark.skipif(native.engine is None, reason="not compiled here")


def recorded(f, numbers):
    """Return what a recording holds, in words: each node, its references, when passes back came by which."""
    xs, tape = [Value(x) for x in numbers], Tape(looks_up=True)
    record(f, [xs], tape)
    references = [sys.getrefcount(x) for x in [*xs, *tape]]
    place = {x: i for i, x in enumerate([*xs, *tape])}
    nodes = [(x.op.name, *[place.get(a, a) for a in x.operands]) for x in tape]
    visits = [place.get(x, type(x)) if not isinstance(x, dict) else len(x) for x in tape.visits]
    return repr((nodes, references, visits))


def same_in_python(f, numbers, monkeypatch):
    """Tell whether Python records the same, the engine's C having known the rules before or not."""
    by_c = [recorded(f, numbers) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(backward, "engine", None)
        patch.setattr(linear, "engine", None)
        by_python = recorded(f, numbers)
    return by_c == [by_python, by_python]


@compiled
@pytest.mark.parametrize("op", autograd.TABLE.values(), ids=lambda op: op.name)
def test_a_pass_back_through_a_row_records_in_c_what_it_does_in_python(op, monkeypatch):
    count = op.arity if op.arity > 0 else 4 if op.vectors else 3
    for given in itertools.product((False, True), repeat=count if count < 4 else 0):
        if given and all(given):
            continue
        operands = lambda x, given=given: [
            0.3 + 0.1 * i if i < len(given) and given[i] else x[i] * 1.5 for i in range(count)
        ]

        def f(x, operands=operands):
            if op.vectors:
                return autograd.dot(x[:2], x[1:3]) * autograd.dot(x[:2], (x[0], 2.0))
            if op.arity < 0:
                return op(*operands(x), **dict.fromkeys(op.params, 0.0))
            return op(*op.written([*operands(x), *op.params.values()]))

        twice = autograd.grad(lambda x: autograd.sum([g * g for g in autograd.grad(f)(x)]))
        for derivative in (autograd.grad(f), twice):
            assert same_in_python(derivative, [0.2, 0.4, 0.6, 0.3][:count], monkeypatch)


def shared_vectors(x):
    rows = [tuple(x), (x[1], 2.0, x[0]), (0.5, 1.0, 1.5)]
    products = [autograd.dot(a, b) for a in rows for b in rows[:2]]
    weights = autograd.softmax(products[:3])
    return autograd.dot(weights, products[3:]) + autograd.logsumexp(weights) - autograd.max(products)


def checkpointed(x):
    part = autograd.checkpoint(lambda a, b: autograd.sin(a * b) / a)
    return part(x[0], x[1]) * part(x[1], x[2]) + x[0] * x[0]


def with_a_custom_operation(x):
    return x[0] * cubed(x[1] + x[2]) + cubed(x[0])


cubed = autograd.custom_op("cubed_in_a_recording", lambda x: x**3, lambda y, x: (3.0 * x * x,))


@compiled
@pytest.mark.parametrize("f", [shared_vectors, checkpointed, with_a_custom_operation])
@pytest.mark.parametrize("way", [autograd.grad, autograd.jacobian, autograd.hessian, autograd.value_and_grad])
def test_so_it_does_through_whatever_else_a_graph_holds(f, way, monkeypatch):
    several = (lambda x: [f(x), f(x) * x[0], x[1]]) if way is autograd.jacobian else f
    numbers = [0.7, 1.1, 1.6]
    assert same_in_python(way(several), numbers, monkeypatch)
    source = []
    for engine in (extract.engine, None):
        monkeypatch.setattr(extract, "engine", engine)
        step = compile(way(several))
        step(numbers)
        source.append(step.source)
    assert source[0] == source[1]


@compiled
def test_a_zero_among_the_constants_of_a_rule_keeps_its_sign():
    slope = lambda zero: autograd.grad(lambda x: autograd.leaky_relu(x, zero))
    for zero in (0.0, -0.0, 0.0):
        assert math.copysign(1.0, compile(slope(zero))(-1.0)) == math.copysign(1.0, slope(zero)(-1.0))


@pytest.mark.parametrize("engine", [native.engine, None])
def test_numbers_of_recorded_nodes_hold_whatever_passes_come_between(engine, monkeypatch):
    monkeypatch.setattr(extract, "engine", engine)
    x, known, tape = Value(0.5), Value(2.0), Tape()
    (y,) = record(lambda x: [(x * 3.0 + known) * autograd.softmax([x, 0.0, -0.0])[1]], [x], tape)
    rec = extract.Recorded(Builder())
    rec.leaves([x], INPUT)
    extract.extract(rec, tape, [y])
    for _ in range(2):
        assert rec.numbers([*tape, x])[0].tolist() == [*range(rec.start, rec.start + len(tape)), rec.ids[x]]
        y.backward()
    leaf = Value(1.0)
    several = [0.0, -0.0, 0.0, math.nan, leaf, leaf, 1e30]
    zero, minus, again, nan, first, second, huge = rec.resolve(several, LARGE)
    assert zero == again != minus != nan
    assert first == second == rec.ids[leaf]
    assert [v._data for v in rec.captured] == [2.0, 1.0, 1e30]
    assert rec.b.numbers[int(nan)] != rec.b.numbers[int(nan)]
    assert huge == rec.resolve([1e30], LARGE)[0]
