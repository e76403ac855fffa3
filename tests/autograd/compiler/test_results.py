"""What a compiled function returns: arrays where arrays went in, lists and floats elsewhere, its own data."""

import collections
import copy
import functools
import math
import multiprocessing
import pickle
import shutil
import threading

import numpy as np
import pytest

import autograd
from autograd import Value, compile, grad, hessian, jacobian
from autograd.bulk import gather, scatter, set_grads
from autograd.compiler.record.recording import flatten, stacked
from autograd.compiler.results import assembled, form_of, taker
from autograd.compiler.without_numpy import PlainCompiled
from autograd.errors import AnomalyError

BACKENDS = ["numpy", "python", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]
Pair = collections.namedtuple("Pair", "first second")


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def same(a, b):
    """Whether two results are of one structure, types included, and hold the same numbers."""
    if isinstance(a, dict):
        return type(b) is dict and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return (
            type(b) is np.ndarray
            and a.dtype == b.dtype
            and a.shape == b.shape
            and bool(np.isclose(a, b).all())
        )
    return type(a) is type(b) is float and math.isclose(a, b, rel_tol=1e-12)


array = np.array
STRUCTURES = {
    "a number": (lambda v: v[0] * v[1], lambda x, y: x * y),
    "a list": (lambda v: [v[1], v[0] * v[0]], lambda x, y: array([y, x * x])),
    "of a constant": (lambda v: [v[0], 2.0, 0.0, v[1], 0.0], lambda x, y: array([x, 2, 0, y, 0])),
    "constants": (lambda v: [1.0, [2.0, 3.0]], lambda x, y: [1.0, array([2.0, 3.0])]),
    "a matrix": (lambda v: [[v[0], v[1], 1.0], [v[1], v[0], v[0] + v[1]]],
                 lambda x, y: array([[x, y, 1], [y, x, x + y]])),
    "ragged": (lambda v: [[v[0]], [v[1], v[0]]], lambda x, y: [array([x]), array([y, x])]),
    "a tuple": (lambda v: (v[0], [v[1], v[0]]), lambda x, y: (x, array([y, x]))),
    "a named one": (lambda v: Pair(v[1], [v[0]]), lambda x, y: Pair(y, array([x]))),
    "a dict": (lambda v: {"b": v[0], "a": [[v[1]]]}, lambda x, y: {"b": x, "a": array([[y]])}),
    "tuples": (lambda v: [(v[0], [v[1], v[1]]), (v[1], [v[0], 2.0])],
               lambda x, y: [(x, array([y, y])), (y, array([x, 2.0]))]),
    "named tuples": (lambda v: [Pair(v[0], v[1]), Pair(v[1], v[0])], lambda x, y: [Pair(x, y), Pair(y, x)]),
    "unlike tuples": (lambda v: [(v[0],), (v[1], v[0])], lambda x, y: [(x,), (y, x)]),
    "nothing": (lambda v: [], lambda x, y: array([])),
    "the arguments": (lambda v: v, lambda x, y: array([x, y])),
    "twice the same": (lambda v: [v[0], v[0], v[1]], lambda x, y: array([x, x, y])),
}  # fmt: skip


def listed(result):
    """The same result with lists in place of arrays."""
    if isinstance(result, dict):
        return {key: listed(child) for key, child in result.items()}
    if isinstance(result, (list, tuple)):
        children = [listed(child) for child in result]
        return getattr(result, "_make", type(result))(children)
    return result.tolist() if isinstance(result, np.ndarray) else result


@pytest.mark.parametrize("name", STRUCTURES)
def test_arrays_come_out_where_arrays_went_in_and_lists_where_lists_did(name, backend):
    f, wanted = STRUCTURES[name]
    step = compile(f, backend=backend)
    for x, y in ((2.0, 3.0), (-1.0, 0.5), (0.25, 4.0)):
        want = wanted(x, y)
        assert same(want, step(np.array([x, y])))
        assert same(listed(want), step([x, y]))
        assert same(want, step(np.array([x, y], np.float32)))
        assert same(want, step(np.array([[x, 7.0], [y, 7.0]])[:, 0]))  # with steps between its numbers
    assert same(wanted(2.0, 3.0), step(np.array([2, 3])))
    assert same((2.0, 3.0) if name == "the arguments" else listed(wanted(2.0, 3.0)), step((2, 3)))


def test_any_array_among_the_arguments_counts(backend):
    f = compile(lambda a, v: [a * x for x in v], backend=backend)
    for _ in range(3):
        assert same(f(2.0, [1.0, 3.0]), [2.0, 6.0])
        assert same(f(2.0, np.array([1.0, 3.0])), np.array([2.0, 6.0]))
        assert same(f(np.array(2.0), [1.0, 3.0]), np.array([2.0, 6.0]))
        assert same(f(np.float64(2.0), [1.0, 3.0]), [2.0, 6.0])


def test_what_the_engine_evaluates_comes_back_alike(backend):
    f = compile(lambda v: ([x / v[0] for x in v], autograd.where(v[0] > 0.0, v[0], 1.0)), backend=backend)
    assert same(f(np.array([2.0, 4.0])), (np.array([1.0, 2.0]), 2.0))
    with np.errstate(all="raise"):
        infinite = f(np.array([0.0, 4.0]))
    assert same(infinite[1], 1.0)
    assert type(infinite[0]) is np.ndarray and infinite[0][1] == math.inf
    g = compile(lambda v: [math.inf, v[0]], backend=backend)
    assert g([2.0]) == [math.inf, 2.0]
    assert g(np.array([2.0])).tolist() == [math.inf, 2.0]


def test_derivatives_come_out_as_arrays(backend):
    def f(v, w):
        return autograd.sum([x * x * y for x, y in zip(v, w, strict=True)]) + v[0] * v[1]

    v, w = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    gradient = 2 * v * w + v[::-1]
    for _ in range(3):
        assert same(compile(grad(f), backend=backend)(v, w), gradient)
        assert same(compile(grad(f, argnums=(0, 1)), backend=backend)(v, w), (gradient, v * v))
        assert same(
            compile(hessian(f), backend=backend)(v, w), np.diag(2 * w) + np.array([[0.0, 1.0], [1.0, 0.0]])
        )
        g = compile(jacobian(lambda v, w: [x * y for x, y in zip(v, w, strict=True)], argnums=(0, 1)),
                    backend=backend)  # fmt: skip
        rows = g(v, w)
        assert same(rows, [(np.array([3.0, 0.0]), np.array([1.0, 0.0])),
                           (np.array([0.0, -1.0]), np.array([0.0, 2.0]))])  # fmt: skip
        assert same(g(v.tolist(), w.tolist()), listed(rows))


def test_results_are_the_callers_own(backend):
    f = compile(lambda v: ([v[0], v[1]], [[v[1], v[0]]], [(v[0], [v[0], v[1]])] * 2), backend=backend)
    data = np.array([1.0, 2.0])
    f(data)
    first = f(data)
    kept = copy.deepcopy(first)
    data[:] = 5.0
    second = f(data)
    assert same(first, kept)
    second[0][:] = second[1][:] = 9.0
    for pair in second[2]:
        pair[1][:] = 9.0
    assert same(f(data)[0], np.array([5.0, 5.0])) and data.tolist() == [5.0, 5.0]


# A call whose kind is known already.


def test_a_known_call_reads_what_the_function_closes_over(backend):
    a = Value(2.0, "a")
    f = compile(lambda x: a * x, backend=backend)
    assert [f(3.0), f(3.0)] == [6.0, 6.0]
    a.data = 5.0
    assert f(3.0) == 15.0
    f.retrace()
    assert f(3.0) == 15.0


def test_a_known_call_gives_way_to_what_is_in_force(backend):
    f = compile(lambda x: x**3, backend=backend)
    w = Value(2.0, "w")
    step = compile(lambda x: (w * x) ** 2, [w], backend=backend)
    for _ in range(3):
        assert f(2.0) == 8.0 and step(3.0) == 36.0
    assert w.grad == 3 * 36.0
    with autograd.no_grad():
        assert step(3.0) == 36.0
    assert w.grad == 3 * 36.0
    seen = []
    handle = w.register_hook(lambda g: seen.append(g) or 10.0 * g)
    step(3.0)
    handle.remove()
    assert seen == [36.0] and w.grad == 3 * 36.0 + 360.0
    assert grad(f)(2.0) == 12.0 and grad(grad(f))(2.0) == 12.0
    assert compile(lambda x: f(x) + f(2.0), backend=backend)(3.0) == 35.0
    v = Value(2.0)
    f(v).backward()
    assert v.grad == 12.0
    with autograd.detect_anomaly(), pytest.raises(AnomalyError):
        compile(lambda x: x.log(), backend=backend)(0.0)
    w.grad = None
    step(3.0)
    assert w.grad == 36.0
    w.grad = None
    assert step(0.0) == 0.0 and w.grad == 0.0  # a zero that arrived
    w.grad = "text"
    with pytest.raises(TypeError, match="grad"):
        step(3.0)


def test_whole_numbers_are_numbers_and_what_is_too_large_is_refused(backend):
    f = compile(lambda x, y: x * y, backend=backend)
    for _ in range(3):
        assert f(2, 3) == 6.0 and type(f(2, 3)) is float
    with pytest.raises(OverflowError):
        f(2, 10**400)
    with pytest.raises(TypeError, match="argument 1"):
        f(2, "3")
    assert f(2, 3) == 6.0


def test_more_kinds_of_arguments_than_are_kept(backend):
    f = compile(lambda v: autograd.sum([x * x for x in v]), backend="numpy" if backend == "c" else backend)
    for _ in range(2):
        for n in range(1, 80):
            assert f(np.ones(n)) == n


def test_calls_in_threads_do_not_meet(backend):
    f = compile(jacobian(lambda v: [v[i] * v[i - 1] for i in range(6)]), backend=backend)
    failures = []

    def work(k):
        v = np.arange(6.0) + k
        want = jacobian(lambda v: [v[i] * v[i - 1] for i in range(6)])(v.tolist())
        failures.extend([k for _ in range(100) if not same(f(v), np.array(want))])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# Copies, and other processes.


def cube(x):
    """A function at the top of a module."""
    return x * x * x


class Line:
    """A model that knows its loss."""

    def __init__(self):
        self.w = Value(2.0, "w")

    def loss(self, x):
        """Return the loss of an example."""
        return (self.w * x - 1.0) ** 2


def squared(model, x):
    """Return the loss of an example."""
    return model.loss(x)


def called(step, x, queue):
    """Call a step in another process."""
    queue.put((step(x), [p.grad for p in step._params or ()]))


@pytest.mark.parametrize("kind", ["function", "bound method", "partial", "gradient of a partial"])
def test_a_step_can_be_sent_to_another_process(kind):
    model = Line()
    step, want = {
        "function": (compile(cube, backend="numpy"), (27.0, [])),
        "bound method": (compile(model.loss, [model.w], backend="numpy"), (25.0, [30.0])),
        "partial": (compile(functools.partial(squared, model), [model.w], backend="numpy"), (25.0, [30.0])),
        "gradient of a partial": (compile(functools.partial(squared, model), backend="numpy"), (25.0, [])),
    }[kind]
    step(3.0)  # which leaves something behind that is not to be sent
    model.w.grad = 0.0
    twin = pickle.loads(pickle.dumps(step))
    assert twin(3.0) == want[0] and model.w.grad == 0.0
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=called, args=(step, 3.0, queue))
    process.start()
    assert queue.get(timeout=120) == want
    process.join()


def test_what_cannot_be_sent_says_so():
    w = Value(1.0)
    with pytest.raises(pickle.PicklingError, match="top level of a module"):
        pickle.dumps(compile(lambda x: x * x))
    with pytest.raises(pickle.PicklingError, match="compile at the other end"):
        pickle.dumps(compile(lambda x: w * x, [w]))


def test_a_copy_goes_its_own_way(backend):
    model = Line()
    step = compile(model.loss, [model.w], backend=backend)
    step(3.0)
    step(3.0)
    twin = copy.deepcopy(step)
    model.w.data = 0.0
    assert twin(3.0) == 25.0 and twin(3.0) == 25.0 and step(3.0) == 1.0


# Many examples, without parameters.

MAPPED = {
    "a number": lambda x, v: x * v[0] + autograd.sin(v[1]),
    "a structure": lambda x, v: {"a": x * v[0], "b": [v[0], x, 2.0], "c": (v[1] * v[1], 3.0, [])},
    "one that all share": lambda x, v: [[1.0, 2.0], 3.0],
    "the arguments": lambda x, v: (x, v),
    "a gradient": lambda x, v: grad(lambda v: v[0] ** 2 * v[1] * x)(v),
    "a Hessian": lambda x, v: hessian(lambda v: v[0] ** 2 * v[1] + x * v[1] ** 3)(v),
}


def mapped(f, kind):
    """The function of many examples, of each kind."""
    if kind == "plain":
        return PlainCompiled(f, None, True, "mean", None, "auto")
    return compile(f, batch=True, backend=kind)


@pytest.mark.parametrize("count", [1, 3, 8, 21])
@pytest.mark.parametrize("name", MAPPED)
@pytest.mark.parametrize("kind", [*BACKENDS, "plain"])
def test_batch_without_params_maps_a_function_over_examples(name, kind, count):
    f = MAPPED[name]
    plain = kind == "plain"
    step = mapped(f, kind)
    g = np.random.default_rng(count)
    x, v = g.normal(size=count), g.normal(size=(count, 2))
    results = [f(Value(a), [Value(c) for c in b]) for a, b in zip(x.tolist(), v.tolist(), strict=True)]
    leaves = []
    for r in results:
        found = []
        form = flatten(r, found)
        leaves.append([float(y) for y in found])
    want = stacked(form, list(zip(*leaves, strict=True))) if leaves[0] else None
    for _ in range(2):
        assert close(step(x.tolist(), v.tolist()), want)
        if not plain:
            assert close(listed(step(x, v)), want)


def close(a, b):
    """Whether two nested structures hold the same numbers."""
    left, right = [], []
    return flatten(a, left) == flatten(b, right) and left == pytest.approx(right, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("kind", [*BACKENDS, "plain"])
def test_a_mapped_function_is_an_operation(kind):
    w = Value(0.5, "w")

    def f(x, v):
        return {"a": w * x * v[0] + v[1] ** 3, "b": [v[0] * x, v[1]], "c": (x * x,)}

    step = mapped(f, kind)
    xs, vs = [1.0, 2.0, -1.0], [[1.0, 2.0], [3.0, 0.5], [-2.0, 1.0]]

    def total(result):
        return autograd.sum([
            *[k * y for k, y in enumerate(result["a"])],
            *[k * y[0] * y[1] for k, y in enumerate(result["b"])],
            *[y**2 for y in result["c"][0]],
        ])  # fmt: skip

    def eager(x, v):
        results = [f(a, b) for a, b in zip(x, v, strict=True)]
        return total({"a": [r["a"] for r in results], "b": [r["b"] for r in results],
                      "c": ([r["c"][0] for r in results],)})  # fmt: skip

    def compiled(x, v):
        return total(step(x, v))

    assert close(grad(compiled, argnums=(0, 1))(xs, vs), grad(eager, argnums=(0, 1))(xs, vs))
    assert close(grad(compiled, argnums=1)(xs, vs), grad(eager, argnums=1)(xs, vs))
    assert close(hessian(compiled)(xs, vs), hessian(eager)(xs, vs))
    w.grad = 0.0
    compiled([Value(a) for a in xs], vs).backward()
    first, w.grad = w.grad, 0.0
    eager([Value(a) for a in xs], vs).backward()
    assert first == pytest.approx(w.grad)


@pytest.mark.parametrize("kind", [*BACKENDS, "plain"])
def test_an_example_that_is_not_finite_does_not_spoil_the_others(kind):
    def f(x):
        return [1.0 / x, x]

    step = mapped(f, kind)
    assert step([1.0, 2.0]) == [[1.0, 1.0], [0.5, 2.0]]
    assert step([1.0, 0.0]) == [[1.0, 1.0], [math.inf, 0.0]]
    with pytest.raises(ValueError, match="number of examples"):
        compile(lambda x, y: x * y, batch=True)([1.0, 2.0], [1.0])


def test_a_mapped_function_is_recorded_along_with_what_calls_it(backend):
    inner = compile(lambda x: x * x, batch=True, backend=backend)
    outer = compile(lambda v: autograd.sum(inner(v)), backend=backend)
    assert outer([1.0, 2.0, 3.0]) == 14.0
    assert grad(outer)([1.0, 2.0, 3.0]) == [2.0, 4.0, 6.0]
    again = compile(compile(lambda x: x * x, backend=backend), batch=True, backend=backend)
    assert same(again(np.array([1.0, 2.0])), np.array([1.0, 4.0]))


# Numbers of many nodes at a time.


def test_numbers_of_many_nodes_go_to_an_array_and_back():
    nodes, numbers = [Value(float(i)) for i in range(50)], np.zeros(50)
    gather(nodes, numbers)
    assert numbers.tolist() == [float(i) for i in range(50)]
    scatter(nodes, numbers * 2.0)
    set_grads(nodes, numbers - 1.0)
    assert [(x.data, x.grad) for x in nodes] == [(2.0 * i, i - 1.0) for i in range(50)]
    nodes[3].grad = None
    nodes[4].grad = Value(1.0)
    set_grads(nodes, numbers)
    assert [x.grad for x in nodes] == numbers.tolist()


@pytest.mark.parametrize("form", [([0, 1], {"loss": 2}), [[0, 1], [2, 3]], [(0, [1]), (2, [3])], 0, []])
def test_results_are_taken_as_they_are_assembled(form):
    numbers = np.array([10.0, 11.0, 12.0, 13.0])
    for at in (np.arange(4), np.array([3, 1, 0, 2]), np.arange(4)[::-1]):
        shared = np.zeros(4)
        shared[at] = numbers
        for arrays in (True, False):
            assert same(
                assembled(form_of(form), numbers, arrays), taker(form_of(form), at, shared, None, arrays)()
            )
