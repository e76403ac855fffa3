"""A backend is a folder and a line in the table: one is added here, and everything else takes it as it is."""

import copy
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from interpret import interpret

import nn
from autograd import Value
from autograd.compiler import choose, compile, structure
from autograd.compiler.backends import BACKENDS, Cost, Descending, Reusable, load
from autograd.compiler.backends.finite import Finite
from autograd.compiler.graph.ir import INPUT, LANE, PARAM
from autograd.compiler.report import Report
from autograd.compiler.roll.program import LANES

FEATURES = [[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]]
TARGETS = [0.5, -0.25, 1.0]


class BoundGraph:
    """The scalar graph of a program, to be walked node by node."""

    count = 1

    def __init__(self, program, lanes):
        self.program = program
        self.shared, self.lanes = np.zeros(max(program.shared, 1)), np.zeros((max(program.lanes, 1), lanes))

    def run(self):
        graph, address = self.program.graph, self.program.address.tolist()
        leaves = np.flatnonzero(np.isin(graph.kind, (PARAM, INPUT, LANE))).tolist()
        values = {
            n: self.lanes[address[n] - LANES] if address[n] >= LANES else self.shared[address[n]]
            for n in leaves
        }
        numbers = interpret(graph, values, self.lanes.shape[1])
        for node, at in enumerate(address):
            if 0 <= at < LANES and graph.kind[node] not in (PARAM, INPUT):
                self.shared[at] = numbers[node]
        self.shared[self.program.copies[1]] = self.shared[self.program.copies[0]]
        return Finite(self.program, self.shared, self.lanes, inner=False)()


class Interpreter:
    """A backend that is quickest to write."""

    title = "the interpreter"

    def __init__(self, absent="", against="", cost=1e9):
        self.reasons, self.price = (absent, against), cost

    def bind(self, program, lanes):
        return BoundGraph(program, lanes)

    def absent(self):
        return self.reasons[0]

    def against(self, program):
        assert program.statements
        return self.reasons[1]

    def source(self, program):
        return ""

    def cost(self, work):
        assert work.statements
        return Cost(self.price, 0.0)


@pytest.fixture
def added(monkeypatch):
    """Add a backend to the table, under a name that no other has."""

    def add(backend):
        monkeypatch.setitem(sys.modules, "interpreter_backend", SimpleNamespace(BACKEND=backend))
        monkeypatch.setitem(BACKENDS, "interpreter", "interpreter_backend")
        monkeypatch.setattr(choose, "_NOTICED", [])
        structure.KNOWN.clear()  # what was compiled with another of this name

    return add


def step_of(backend):
    """A network of two layers, compiled, with its parameters."""
    model = nn.MLP(2, [3, 1], rng=3)
    params = model.parameters()
    return compile(lambda x, y: (model(x) - y) ** 2, params, batch=True, backend=backend), params


def test_a_backend_that_is_added_runs_checks_trains_and_is_reported(added):
    added(Interpreter())
    results = []
    for backend in ("interpreter", "numpy"):
        step, params = step_of(backend)
        loss = step(FEATURES, TARGETS)
        gradients = [p.grad for p in params]
        losses = step.train(FEATURES, TARGETS, nn.optim.SGD(params, 0.1), 5)
        results.append([loss, *gradients, *losses, *[p.data for p in params]])
        assert step.report()["backend"] == backend
        assert step.check(FEATURES, TARGETS) < 1e-12
    assert results[0] == pytest.approx(results[1], rel=1e-12)


def test_auto_takes_the_backend_that_costs_least_of_those_that_can(added):
    added(Interpreter(cost=0.0))
    step, _ = step_of("auto")
    step(FEATURES, TARGETS)
    assert step.report()["backend"] == "interpreter"
    assert "the interpreter 0.0 us" in step.report()["because"]
    added(Interpreter(cost=0.0, against="the moon is not full"))
    step, _ = step_of("auto")
    step(FEATURES, TARGETS)
    assert step.report()["backend"] != "interpreter"
    assert "but the moon is not full" in step.report()["because"]


def test_a_backend_that_is_not_there_is_noticed_once_and_numpy_runs_instead(added):
    added(Interpreter(absent="nobody interprets here"))
    step, _ = step_of("interpreter")
    with pytest.warns(
        RuntimeWarning, match="backend='interpreter'.*nobody interprets here; using NumPy"
    ) as caught:
        step(FEATURES, TARGETS)
    step_of("interpreter")[0](FEATURES, TARGETS)
    assert len(caught) == 1
    assert step.report()["backend"] == "numpy"


def test_a_report_says_once_what_holds_of_many_statements_and_of_how_many():
    report = Report({"statements": 3}, ["1 of 2 operands gathered", "scattered", "1 of 2 operands gathered"])
    assert str(report).splitlines()[1:] == [
        "fallback: 1 of 2 operands gathered (2 ×)",
        "fallback: scattered",
    ]


def test_a_name_that_no_backend_has_is_refused_with_all_that_there_are(added):
    added(Interpreter())
    with pytest.raises(ValueError, match="one of auto, numpy, python, c, interpreter, xla, got 'fortran'"):
        compile(lambda x: x, backend="fortran")


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_shows_the_program_that_it_runs(name):
    step, _ = step_of("numpy")
    step(FEATURES, TARGETS)
    source = load(name).source(step._made()[0].program)
    assert source == {"numpy": step.source, "python": step.python_source, "c": step.c_source}[name]
    assert "loss" in source.lower()


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    ("x", "holds"), [(0.5, True), (1e200, False), (float("inf"), False), (float("nan"), False)]
)
def test_a_run_tells_whether_its_results_hold(name, x, holds):
    if load(name).absent():
        pytest.skip("no C compiler")
    w = Value(2.0)
    step = compile(lambda x: (w * x - 1.0) ** 2, [w], backend="numpy")
    step(3.0)
    program = step._made()[0].program
    bound = load(name).bind(program, 1)
    for some in (bound, bound.another(1)) if isinstance(bound, Reusable) else (bound,):
        some.shared[0] = 2.0
        some.shared[program.address[program.graph.kind == INPUT]] = x
        assert some.run() is holds


@pytest.mark.parametrize("name", ["python", "c"])
def test_what_a_bound_program_can_do_beside_running_is_declared(name):
    if load(name).absent():
        pytest.skip("no C compiler")
    w = Value(2.0)
    step = compile(lambda x: (w * x - 1.0) ** 2, [w], backend="numpy")
    step(3.0)
    bound = load(name).bind(step._made()[0].program, 1)
    assert isinstance(bound, Reusable)
    assert isinstance(bound, Descending)
    assert bound.another(1).shared is not bound.shared


def network_with(threads, backend="c"):
    """Return a model with a penalty, and its compiled loss."""
    model = nn.MLP(2, [3, 1], rng=0)
    step = compile(
        lambda x, y: nn.losses.mse_loss(model(x), y), model.parameters(), batch=True, backend=backend,
        penalty=lambda: nn.losses.l2_penalty(model, 0.1), threads=threads,
    )  # fmt: skip
    return model, step


@pytest.mark.parametrize("threads", [2, 3, 5])
@pytest.mark.parametrize("examples", [1, 7, 8, 9, 17, 40, 103])
def test_threads_share_the_examples_of_a_batch_whatever_their_number(threads, examples):
    rng = np.random.default_rng(examples)
    data = rng.normal(size=(examples, 2)), rng.normal(size=examples)
    alone, together = [network_with(n)[1].value_and_grad(*data) for n in (1, threads)]
    assert together[0] == pytest.approx(alone[0], rel=1e-13)
    np.testing.assert_allclose(together[1], alone[1], rtol=1e-12, atol=1e-14)


def test_threads_give_each_example_the_number_that_one_thread_gives_it():
    x = np.linspace(0.3, 9.0, 1001)

    def f(v):
        return [v.lgamma() * v.sin(), v.softplus()]

    alone, together = [compile(f, batch=True, backend="c", threads=n)(x) for n in (1, 4)]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("place", [0, 50, 99])
def test_a_number_that_is_not_finite_is_noticed_whichever_thread_computes_it(place):
    x = np.full(100, 2.0)
    x[place] = 1e308
    step = compile(lambda v: v * v, batch=True, backend="c", threads=4)
    found = step(x)
    assert found[place] == np.inf
    assert (np.delete(found, place) == 4.0).all()
    assert step.report()["left to the engine"] != "nothing"


def test_steps_of_training_in_several_threads_are_those_in_one():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(50, 2)), rng.normal(size=50)
    ended = []
    for threads in (1, 3):
        model, step = network_with(threads)
        step.train(*data, nn.optim.SGD(model.parameters(), lr=0.1), 20)
        ended.append([p.data for p in model.parameters()])
    assert ended[0] == pytest.approx(ended[1], rel=1e-10)


def test_a_copy_of_a_step_has_its_threads():
    step = compile(Product(), batch=True, backend="c", threads=3)
    for twin in (pickle.loads(pickle.dumps(step)), copy.deepcopy(step), copy.copy(step)):
        assert twin._backend.threads == 3
        np.testing.assert_array_equal(twin(np.arange(30.0)), 3.0 * np.arange(30.0))


class Product:
    """A function that can be pickled."""

    def __call__(self, x):
        return 3.0 * x


def test_threads_go_with_the_choice_of_a_backend():
    _, step = network_with(2, backend="auto")
    data = np.ones((20, 2)), np.ones(20)
    wanted = network_with(1)[1].value_and_grad(*data)[0]
    assert step.value_and_grad(*data)[0] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"threads": 0, "batch": True}, "a whole number from 1 on"),
        ({"threads": True, "batch": True}, "a whole number from 1 on"),
        ({"threads": 1.5, "batch": True}, "a whole number from 1 on"),
        ({"threads": 2}, "write batch=True"),
        ({"threads": 2, "batch": True, "backend": "numpy"}, "threads are for C"),
        ({"threads": 2, "batch": True, "backend": "python"}, "threads are for C"),
    ],
)
def test_threads_without_examples_to_share_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        compile(lambda x: x, **options)
