"""What a call of a compiled function may rely on: its own data, the engine's semantics, gradients, copies."""

import copy
import decimal
import functools
import math
import os
import pickle
import shutil
import threading
import warnings
from fractions import Fraction

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, grad, hessian, jacobian, jvp, native, sweep, vjp
from autograd.compiler import compile
from autograd.compiler.cache import Recent
from autograd.compiler.without_numpy import PlainCompiled
from autograd.errors import AnomalyError, GraphError, TracingError

BACKENDS = ["numpy", "python", "auto", *(["c"] if shutil.which("gcc") or shutil.which("cc") else []), "plain"]


def made(f, params=None, *, backend, batch=False, reduction="mean", penalty=None):
    """A compiled function of each kind, that of an interpreter without NumPy included."""
    if backend == "plain":
        return PlainCompiled(f, params, batch, reduction, penalty, "auto")
    return compile(f, params, batch=batch, reduction=reduction, penalty=penalty, backend=backend)


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def line(backend, start=(0.5, -1.0), **options):
    w, b = Value(start[0], "w"), Value(start[1], "b")
    return made(lambda x, y: (w * x + b - y) ** 2, [w, b], backend=backend, batch=True, **options), [w, b]


X, Y = [1.0, 2.0, -1.0], [3.0, 5.0, -1.0]


def by_hand(params, xs, ys):
    """The mean of the losses of `line`, and its gradients."""
    w, b = [p if isinstance(p, float) else p.data for p in params]
    r = [w * x + b - y for x, y in zip(xs, ys, strict=True)]
    n = len(xs)
    return math.fsum(e * e for e in r) / n, [
        2 * math.fsum(e * x for e, x in zip(r, xs, strict=True)) / n,
        2 * math.fsum(r) / n,
    ]


# A call owns its data.


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_a_call_within_training_leaves_the_training_as_it_is(backend, kind):
    ends = []
    for disturbed in (False, True):
        step, params = line(backend)
        optimizer = getattr(nn.optim, kind)(params, 0.1)

        def other(i, value, step=step, params=params):
            before = [p.grad for p in params]
            assert step([9.0, 8.0, 7.0], [0.0, 1.0, 2.0]) == pytest.approx(
                by_hand(params, [9.0, 8.0, 7.0], [0.0, 1.0, 2.0])[0]
            )
            step.value_and_grad(X[::-1], Y)
            step.check([1.0], [2.0])
            step.report()
            list(step.train([4.0, 5.0, 6.0], Y, nn.optim.SGD(params, 0.0), 2))
            for p, g in zip(params, before, strict=True):
                p.grad = g

        losses = step.train(X, Y, optimizer, 5, other if disturbed else (lambda i, value: None))
        ends.append([*losses, *[p.data for p in params]])
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)


def test_data_that_change_during_training_do_not_matter(backend):
    if backend == "plain":
        pytest.skip("takes no arrays")
    ends = []
    for changed in (False, True):
        step, params = line(backend)
        xs = np.array(X)
        losses = step.train(
            xs,
            np.array(Y),
            nn.optim.SGD(params, 0.05),
            4,
            lambda i, value, xs=xs, c=changed: xs.fill(7.0) if c else None,
        )
        ends.append(losses)
    assert ends[0] == ends[1]


def test_an_optimizer_that_keeps_the_gradient_has_its_own(backend):
    class Twice(nn.optim.Optimizer if hasattr(nn.optim, "Optimizer") else nn.optim.optimizer.Optimizer):
        """Moves by the present gradient and the one before."""

        slots = ("before",)

        def update(self, theta, grad, state, lr, step):
            return theta - lr * (grad + state[0]), (grad,)

    step, params = line(backend)
    theta, before = [0.5, -1.0], [0.0, 0.0]
    step.train(X, Y, Twice(params, 0.02), 4)
    for _ in range(4):
        g = by_hand(theta, X, Y)[1]
        theta, before = [t - 0.02 * (a + b) for t, a, b in zip(theta, g, before, strict=True)], g
    assert [p.data for p in params] == pytest.approx(theta, rel=1e-12)


def test_results_stay_as_they_are(backend):
    step, _ = line(backend)
    _, first = step.value_and_grad(X, Y)
    kept = list(first)
    step.value_and_grad([5.0, 5.0, 5.0], Y)
    assert list(first) == kept
    f = made(lambda v: [v[0], v[1]], backend=backend)
    data = np.array([1.0, 2.0]) if backend != "plain" else [1.0, 2.0]
    got = f(data)
    data[0] = 9.0
    assert list(got) == [1.0, 2.0]


def run_in_threads(count, work):
    failures = []
    start = threading.Barrier(count)

    def each(k):
        try:
            start.wait()
            work(k)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=each, args=(k,)) for k in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]


def test_threads_share_nothing_while_structures_compile(backend):
    w = Value(1.5, "w")
    step = made(lambda x: autograd.sum([(w * v).sin() * v for v in x]), [w], backend=backend, batch=True)
    f = made(lambda x, y: [x * y, (x - y).tanh()], backend=backend)

    def work(k):
        for i in range(12):
            xs = [[float(k + 1), 0.1 * i, *[0.3 * k] * (i % 2)] for _ in range(1 + k % 3)]
            value, (g,) = step.value_and_grad(xs)
            assert value == pytest.approx(math.fsum(math.sin(1.5 * v) * v for v in xs[0]), rel=1e-12)
            assert g == pytest.approx(math.fsum(math.cos(1.5 * v) * v * v for v in xs[0]), rel=1e-12)
            assert f(float(k), float(i)) == [k * i, pytest.approx(math.tanh(k - i), rel=1e-12)]
            if i == 6:
                assert step.check(xs) < 1e-11
                str(step.report())

    run_in_threads(4, work)


def test_threads_fill_gradients_exactly(backend):
    step, params = line(backend, start=(1.0, 1.0))
    step([1.0], [1.0])  # the gradients are 2 and 2
    for p in params:
        p.grad = 0.0
    run_in_threads(4, lambda _: [step([1.0], [1.0]) for _ in range(200)])
    assert [p.grad for p in params] == [1600.0, 1600.0]


def test_each_thread_trains_its_own_model(backend):
    def work(k):
        step, params = line(backend, start=(0.1 * k, 0.0))
        want = [0.1 * k, 0.0]
        step.train(
            X,
            Y,
            nn.optim.Momentum(params, 0.05) if hasattr(nn.optim, "Momentum") else nn.optim.SGD(params, 0.05),
            1,
        )
        want = [t - 0.05 * g for t, g in zip(want, by_hand(want, X, Y)[1], strict=True)]
        assert [p.data for p in params] == pytest.approx(want, rel=1e-12)

    run_in_threads(4, work)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_goes_on(backend):
    step, params = line(backend)
    want = step.value_and_grad(X, Y)[0]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python warns where other tests left a thread behind
        pid = os.fork()
    if pid == 0:
        os._exit(
            0
            if step(X, Y) == want and step.value_and_grad([1.0], [2.0])[0] == by_hand(params, [1.0], [2.0])[0]
            else 1
        )
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# A compiled function is an operation.

FUNCTIONS = {
    "cubic": (lambda x: x**3 * autograd.sin(x), 0.7),
    "a list": (lambda v: v[0] * v[1] + autograd.exp(v[0]), [0.3, 1.7]),
    "rows": (lambda m: autograd.sum([autograd.dot(r, m[0]).tanh() for r in m]), [[0.2, -0.4], [1.0, 0.3]]),
    "a relu": (lambda x: (x * x).relu() + x.relu(), -1.0),
    "an untaken branch": (lambda x: autograd.where(x > 0.0, x.sqrt(), x * x), -2.0),
}


@pytest.mark.filterwarnings("ignore:32 calls of a compiled function:RuntimeWarning")  # of the untaken branch
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_every_order_are_those_of_the_function(backend, name):
    f, x = FUNCTIONS[name]
    compiled = made(f, backend=backend)
    close = functools.partial(np.testing.assert_allclose, rtol=1e-11, atol=1e-13)
    close(
        compiled(x),
        f(np.vectorize(Value, otypes=[object])(x).tolist() if isinstance(x, list) else Value(x)).data,
    )
    close(grad(compiled)(x), grad(f)(x))
    close(hessian(compiled)(x), hessian(f)(x))
    close(jacobian(compiled)(x), jacobian(f)(x))
    close(jvp(compiled, (x,), (x,)), jvp(f, (x,), (x,)))
    close(vjp(compiled, x)[1](2.0)[0], vjp(f, x)[1](2.0)[0])
    close(
        grad(made(grad(f) if not isinstance(x, list) else f, backend=backend))(x),
        grad(grad(f))(x) if not isinstance(x, list) else grad(f)(x),
    )
    close(made(grad(compiled), backend=backend)(x), grad(f)(x))
    if not isinstance(x, list):
        close(grad(grad(grad(compiled)))(x), grad(grad(grad(f)))(x))


def test_nodes_and_numbers_may_be_mixed(backend):
    g = made(lambda v, s: {"a": v[0] * v[1] * s, "b": (v[0] + s, 3.0)}, backend=backend)
    a, s = Value(2.0), Value(5.0)
    out = g([a, 3], s)
    assert (out["a"].data, out["b"][0].data, out["b"][1]) == (30.0, 7.0, 3.0)
    (out["a"] + 10.0 * out["b"][0]).backward()
    assert (a.grad, s.grad) == (25.0, 16.0)
    g([a, a], 1.0)["a"].backward()
    assert a.grad == 29.0
    first = autograd.gradients(g([a, a], 1.0)["a"] ** 2, a, create_graph=True)
    assert autograd.gradients(first, a) == 48.0  # a**4
    with autograd.scope("encoder"):
        assert g([a, 3], s)["a"].scope == "encoder"
    with autograd.no_grad():
        assert g([a, 3], s)["a"].parents == ()


def test_what_the_function_closes_over_gets_its_gradient(backend):
    w = Value(2.0, "w")
    outside = w * 3.0
    f = made(lambda x: w * x * x + outside, backend=backend)
    x = Value(3.0)
    f(x).backward()
    assert (x.grad, w.grad) == (12.0, 12.0)
    assert grad(lambda a: made(lambda x: a * x * x, backend=backend)(3.0))(5.0) == 9.0
    second = grad(grad(lambda a: made(lambda x: a**3 * x, backend=backend)(2.0)))(5.0)
    assert second == 60.0 and type(second) is float  # all that took part were numbers
    assert jvp(lambda a: made(lambda x: a * x * x, backend=backend)(3.0), (5.0,), (2.0,)) == (45.0, 18.0)


def test_a_node_whose_data_changed_is_not_differentiated(backend):
    w = Value(2.0, "w")
    f = made(lambda x: w * x**3, backend=backend)
    y = f(Value(2.0))
    w.data = 9.0
    with pytest.raises(GraphError, match="afresh"):
        y.backward()


GIVEN = {
    "doubles": [1.0, 2.0, 3.0, 4.0], "strided": np.arange(1.0, 9.0)[::2], "backwards": np.arange(4.0)[::-1],
    "swapped": np.arange(4.0).astype(">f8"), "singles": np.arange(4.0, dtype=np.float32),
    "whole": np.arange(4),
    "truths": np.array([True, False, True, True]), "read only": np.frombuffer(bytes(32)),
}  # fmt: skip


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("number", [2.0, 3, np.float64(4.0), np.float32(5.0), np.int64(6)], ids=repr)
def test_arrays_and_numbers_of_every_kind_are_taken_alike(backend, kind, number):
    if backend == "plain":
        pytest.skip("takes no arrays")
    f = made(lambda a, x, b: (a * x).sum() + 10.0 * b[0][1], backend=backend)
    a, b = np.asarray(GIVEN[kind]), np.arange(6.0).reshape(3, 2).T  # of columns
    for _ in range(3):
        assert f(a, number, b) == float(np.sum(a * float(number))) + 10.0 * b[0, 1]
        assert f(np.ones(4), 1.0, b.copy()) == 4.0 + 10.0 * b[0, 1]


def test_a_whole_number_that_no_double_holds_is_refused_at_every_call(backend):
    f = made(lambda x, y: x * y, backend=backend)
    assert f(2, 3.0) == f(2, 3.0) == 6.0
    for _ in range(2):
        with pytest.raises(OverflowError):
            f(10**400, 3.0)
    assert f(2, 3.0) == 6.0


@pytest.mark.skipif("c" not in BACKENDS or native.engine is None, reason="the engine's C runs programs in C")
def test_a_program_is_not_run_on_other_arrays_than_its_places_fit():
    f = made(lambda x: (x * x).sum(), backend="c")
    assert f(np.ones(3)) == f(np.ones(3)) == 3.0
    run = f._latest[1].direct
    code, shared, lanes, count, ends = run.args
    assert run((np.full(3, 2.0),)) is True and f(np.ones(3)) == 3.0
    shapes = [np.ones(2), np.ones((3, 2))[:, 0], np.ones(3, ">f8"), [1.0] * 3]
    for wrong in (None, "text", *shapes, 1.0, 10**400):
        assert run((wrong,)) is None
    assert run(()) is None
    for places in ((0,), (0, len(shared) + 1), (-1, 2), (2, 1), (0, "text"), (10**400, 1)):
        assert run.func(code, shared, lanes, count, places, (np.ones(3),)) is None
    for wrong in ((None, *run.args[1:]), (code, None, *run.args[2:]), (code, shared, None, count, ends),
                  (code, shared, lanes, "text", ends), (code, shared, lanes, count, None)):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            run.func(*wrong, (np.ones(3),))
    with pytest.raises(TypeError):
        run.func(code)


def test_a_node_computed_before_is_refused_once_it_would_be_another(backend):
    w, c = Value(2.0, "w"), Value(3.0, "c")
    before = w * c
    later = autograd.dot([before, w], [c, w])
    plain, loss = made(lambda x: later * x, backend=backend), made(lambda x: later * x, [w], backend=backend)
    assert plain(2.0) == plain(2.0) == loss(2.0) == 44.0
    assert made(lambda x: before * x, [c], backend=backend)(1.0) == 6.0
    with pytest.raises(GraphError, match=r"mul\(...\) = 6.0.*train\(\)"):
        loss.train(2.0, nn.optim.SGD([w], 0.1), 3)
    assert w.data == 2.0
    w.data = 5.0
    for call in (plain, loss, loss.value_and_grad, made(lambda x: later * x, backend=backend)):
        with pytest.raises(GraphError, match="inside the function"):
            call(2.0)
    with pytest.raises(GraphError, match="inside the function"):
        plain(Value(2.0))
    w.data = 2.0
    assert plain(2.0) == 44.0
    later.data = 40.0  # of its own, too
    with pytest.raises(GraphError, match=r"dot\(...\) = 40.0"):
        plain(2.0)


class Tenfold(Value):
    """A node with a sum of its own."""

    def __add__(self, other):
        return 10.0 * Value.__add__(self, other)


class Named(Value):
    """A node with nothing of its own that a function meets."""

    def __init__(self, x):
        super().__init__(x, label="named")


def test_arguments_with_operators_of_their_own_are_refused(backend):
    assert made(lambda x: x + 1.0, backend=backend)(Named(2.0)).data == 3.0
    for argument in (Tenfold(2.0), [Named(1.0), Tenfold(2.0)]):
        with pytest.raises(TypeError, match=r"argument 0 \(x\).* Tenfold.*__add__"):
            made(lambda x: autograd.sum(x) if isinstance(x, list) else x + 1.0, backend=backend)(argument)
    assert made(lambda x: Tenfold.__add__(x, 1.0), backend=backend)(2.0) == 30.0


def test_a_compiled_function_in_another_is_recorded_with_it(backend):
    inner = made(lambda x, k: x**2 * k, backend=backend)
    w = Value(3.0, "w")
    step = made(lambda x: inner(w * x, 2.0), [w], backend=backend, batch=True)
    assert step.value_and_grad([1.0, 2.0])[0] == 45.0
    assert list(step.value_and_grad([1.0, 2.0])[1]) == [30.0]
    outer = made(lambda x: inner(inner(x, 1.0), 3), backend=backend)
    assert (outer(2.0), grad(outer)(2.0)) == (48.0, 96.0)


def test_a_loss_with_params_refuses_nodes_and_recording(backend):
    step, _ = line(backend)
    with pytest.raises(TypeError, match=r"argument 1 \(y\).*without params"):
        step([1.0], [Value(2.0)])
    with pytest.raises(TypeError, match=r"argument 0 \(x\)"):
        grad(lambda x: step.value_and_grad([x], [1.0])[0])(2.0)
    for call in (lambda x: step([1.0], [2.0]) * x, lambda x: step.value_and_grad([1.0], [2.0])[0] * x,
                 lambda x: step.train([1.0], [2.0], nn.optim.SGD(step._params, 0.1), 1)[0] * x):  # fmt: skip
        with pytest.raises(TracingError, match="loss function itself"):
            made(call, backend=backend)(1.0)


# The engine's own semantics hold.


def test_hooks_of_parameters_run(backend):
    step, (w, b) = line(backend)
    _, (gw, gb) = step.value_and_grad(X, Y)
    seen = []
    handle = w.register_hook(lambda g: seen.append(g) or 10.0 * g)
    step(X, Y)
    assert (w.grad, b.grad) == (pytest.approx(10.0 * gw), pytest.approx(gb))
    assert seen == [pytest.approx(gw)]
    assert step.value_and_grad(X, Y)[1][0] == pytest.approx(10.0 * gw)
    assert step.check(X, Y) < 1e-12
    assert step.train(X, Y, nn.optim.SGD([w, b], 0.01), 1) == [pytest.approx(by_hand([0.5, -1.0], X, Y)[0])]
    assert w.data == pytest.approx(0.5 - 0.1 * gw)
    handle.remove()
    seen.clear()
    step.value_and_grad(X, Y)
    assert seen == []


def test_hooks_change_compiled_derivatives_as_they_change_those_of_the_engine(backend):
    w = Value(2.0)

    def hooked(x):
        y = x * x
        y.register_hook(lambda g: 10.0 * g)
        return y * x

    def of_w(x):
        y = w * x
        return autograd.gradients(y * y, [w], create_graph=True)[0]

    for f in (grad(hooked), autograd.hessian(hooked), autograd.value_and_grad(hooked)):
        assert made(f, backend=backend)(3.0) == f(3.0)
    assert made(hooked, backend=backend)(3.0) == 27.0
    step = made(of_w, backend=backend)
    assert step(3.0) == 36.0
    handle = w.register_hook(lambda g: 100.0 * g)
    assert step(3.0) == of_w(3.0).data == 3600.0
    assert "hook" in str(step.report())
    handle.remove()
    assert step(3.0) == 36.0


def test_hooks_of_other_nodes_leave_the_call_to_the_engine(backend):
    w, c = Value(2.0, "w"), Value(3.0, "c")
    outside = w * c
    step = made(lambda x: outside * x + w, [w], backend=backend, batch=True)
    assert list(step.value_and_grad([1.0, 3.0])[1]) == [7.0]
    seen = []
    handle = outside.register_hook(lambda g: seen.append(g) or 0.0 * g)
    assert list(step.value_and_grad([1.0, 3.0])[1]) == [1.0] and seen == [2.0]
    assert "hook" in str(step.report())
    handle.remove()
    assert list(step.value_and_grad([1.0, 3.0])[1]) == [7.0]

    def hooked(x):
        y = w * x
        y.register_hook(lambda g: 5.0 * g)
        return y * y

    inside = made(hooked, [w], backend=backend)
    assert list(inside.value_and_grad(3.0)[1]) == [180.0]
    assert "hook" in str(inside.report())
    assert float(grad(made(lambda x: hooked(x), backend=backend))(1.0)) == float(grad(hooked)(1.0))


def test_modes_hold(backend):
    step, params = line(backend)
    want = step.value_and_grad(X, Y)
    with autograd.no_grad():
        assert step(X, Y) == want[0]
        assert list(step.value_and_grad(X, Y)[1]) == list(want[1])
    assert [p.grad for p in params] == [0.0, 0.0]
    with autograd.detect_anomaly():
        assert step(X, Y) == pytest.approx(want[0])
    assert [p.grad for p in params] == pytest.approx(list(want[1]))
    assert "detect_anomaly" in str(step.report())
    w = Value(800.0, "w")
    for call in (
        made(lambda x: 1.0 / (w * x).exp(), [w], backend=backend),
        made(lambda x: 1.0 / (800.0 * x).exp(), backend=backend),
    ):
        call(1.0)
        with pytest.raises(AnomalyError), autograd.detect_anomaly():
            call(1.0)


def test_no_grad_around_what_is_not_finite(backend):
    w = Value(-1.0, "w")
    step = made(lambda x: autograd.where(x > 0.0, w.sqrt(), w * x), [w], batch=True, backend=backend)
    with autograd.no_grad():
        value, grads = step.value_and_grad([-2.0, -3.0])
    assert (value, list(grads)) == (2.5, [-2.5])


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_what_a_callback_changes_holds(backend, kind):
    step, params = line(backend)
    optimizer = getattr(nn.optim, kind)(params, 0.1)
    starts = []

    def callback(i, value):
        starts.append([p.data for p in params])
        params[0].data = 1.0 + i
        params[1].grad = 5.0
        optimizer.lr = 0.01

    losses = step.train(X, Y, optimizer, 3, callback)
    assert losses[1] == pytest.approx(by_hand([1.0, starts[0][1]], X, Y)[0])
    assert losses[2] == pytest.approx(by_hand([2.0, starts[1][1]], X, Y)[0])
    assert (params[0].data, params[1].grad) == (3.0, 5.0)
    assert abs(starts[1][0] - 1.0) < 0.2

    def fails(i, value):
        params[0].data = 77.0
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        step.train(X, Y, optimizer, 3, fails)
    assert params[0].data == 77.0


def test_an_optimizers_own_step_is_taken(backend):
    class Half(nn.optim.SGD):
        def step(self):
            for p in self.params:
                p.data -= 0.5 * self.lr * p.grad

    for callback in (None, lambda i, value: None):
        step, params = line(backend)
        params[0].grad = 3.0
        gradient = by_hand(params, X, Y)[1]
        step.train(X, Y, Half(params, 0.1), 1, callback)
        assert [p.data for p in params] == pytest.approx(
            [t - 0.05 * g for t, g in zip([0.5, -1.0], gradient, strict=True)]
        )
        assert params[0].grad == 3.0


@pytest.mark.parametrize("compiled", [False, True])
def test_a_callback_of_fit_may_write_parameters(compiled):
    model = nn.Neuron(1, init="zeros")
    p = model.parameters()[0]

    def clipped(training):
        p.data = 0.25

    nn.fit(model, ([[1.0], [2.0]], [3.0, 1.0]), nn.losses.mse_loss, nn.optim.SGD(model.parameters(), 0.1),
        epochs=3, callbacks=[clipped],
           compile=compiled, progress=False)  # fmt: skip
    assert p.data == 0.25


def test_a_callback_of_fit_may_give_the_model_other_parameters():
    ends = []
    for compiled in (False, True):
        model = nn.MLP(1, [3, 1], activation="tanh", rng=0)

        def replaced(training, model=model):
            if training.epoch == 1:
                model.layers[0].neurons[0].w[0] = Value(2.0)

        history = nn.fit(
            model, ([[1.0], [2.0]], [3.0, 1.0]), nn.losses.mse_loss, nn.optim.SGD(model.parameters(), 0.1),
            epochs=4, callbacks=[replaced], compile=compiled, progress=False,
        )  # fmt: skip
        ends.append([*history["loss"], *(p.data for p in model.parameters())])
    assert ends[1] == pytest.approx(ends[0], rel=1e-12)
    assert 2.0 in ends[1]


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("compiled", [False, True])
def test_fit_takes_an_optimizers_own_step(compiled, size):
    class Half(nn.optim.SGD):
        def step(self):
            for p in self.params:
                p.data -= 0.5 * self.lr * p.grad

    ends = []
    for kind, rate in ((Half, 0.1), (nn.optim.SGD, 0.05)):
        model = nn.MLP(1, [3, 1], rng=1)
        start = [p.data for p in model.parameters()]
        nn.fit(model, ([[1.0], [2.0]], [3.0, 1.0]), nn.losses.mse_loss, kind(model.parameters(), rate),
            epochs=3, batch_size=size, shuffle=False,
               compile=compiled, progress=False)  # fmt: skip
        ends.append([p.data for p in model.parameters()])
        assert ends[-1] != start
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)


def test_gradients_add_up_as_in_backward(backend):
    w, v, u = Value(2.0, "w"), Value(1.0, "v"), Value(1.0, "u")
    step = made(lambda x: w * x, [w, v], backend=backend, batch=True)
    w.grad = v.grad = None
    step([1.0, 3.0])
    assert (w.grad, v.grad) == (2.0, None)
    step([1.0, 3.0])
    assert w.grad == 4.0 and type(w.grad) is float
    (u * w).backward(create_graph=True)
    assert isinstance(w.grad, Value)
    step([1.0, 3.0])
    assert isinstance(w.grad, Value) and w.grad.data == 7.0
    w.grad = 0.0
    made(lambda: w * 0.0 * -1.0, [w], backend=backend)()
    assert w.grad == 0.0


# Copies.


def squares(xs):
    return autograd.sum([x * x for x in xs])


class Model:
    def __init__(self):
        self.w = Value(2.0, "w")

    def loss(self, x, y):
        return (self.w * x - y) ** 2


def test_copies_compute_with_data_of_their_own(backend):
    step, params = line(backend)
    step(X, Y)
    for twin in (copy.copy(step), copy.deepcopy(step)):
        assert twin.value_and_grad([1.0], [2.0])[0] == pytest.approx(by_hand(params, [1.0], [2.0])[0])
        assert step.value_and_grad(X, Y)[0] == pytest.approx(by_hand(params, X, Y)[0])
        assert twin.value_and_grad(X, Y)[0] == pytest.approx(by_hand(params, X, Y)[0])
    model = Model()
    step = made(model.loss, [model.w], backend=backend)
    for other, twin in (copy.deepcopy((model, step)), pickle.loads(pickle.dumps((model, step)))):
        assert other.w is not model.w
        other.w.data = 5.0
        assert step.value_and_grad(1.0, 1.0)[0] == 1.0
        assert twin(1.0, 1.0) == 16.0 and (other.w.grad, model.w.grad) == (8.0, 0.0)


def test_pickling_works_or_says_why_not(backend):
    twin = pickle.loads(pickle.dumps(made(squares, backend=backend)))
    assert twin([1.0, 2.0]) == 5.0
    with pytest.raises(pickle.PicklingError, match="top level"):
        pickle.dumps(made(lambda x: x, backend=backend))
    w = Value(1.0)
    with pytest.raises(pickle.PicklingError, match="apart from the parameters"):
        pickle.dumps(made(squares, [w], backend=backend))


# What is kept.


def test_many_structures_are_kept():
    calls = []
    w = Value(2.0, "w")

    def loss(xs):
        calls.append(len(xs))
        return autograd.sum([w * x for x in xs])

    step = compile(loss, [w], backend="python")
    for _ in range(3):
        for n in range(1, 31):
            assert step.value_and_grad([1.0] * n)[0] == 2.0 * n
    assert len(calls) == 30


def test_the_entries_used_last_stay_as_room_allows():
    kept = Recent(limit=10, room=100.0, weigh=lambda key, _: float(key))
    for key in range(10):
        kept.recall(key, lambda key=key: key)
    assert len(kept) == 10
    kept.recall(0, list)
    kept.recall(60, list)  # 105 in all: the oldest go until the rest has room, never the last eight
    assert len(kept) == 8 and 0 in kept and 60 in kept and 1 not in kept
    copied = kept.copy()
    kept.clear()
    assert (len(kept), len(copied)) == (0, 8)
    run_in_threads(4, lambda k: [kept.recall((k * i) % 23, object) for i in range(500)])
    assert len(kept) <= 10


# Data.


@pytest.mark.parametrize("bad", [
    None, "3", b"3", 1j, [1.0, None], [[1.0, "2"], [3.0, 4.0]], object(), decimal.Decimal("1.5"), [2**2000],
    np.datetime64("2020-01-01"), np.array(["1"]), np.array([1j]), np.array([None]),
], ids=lambda bad: f"{type(bad).__name__} {bad!r:.20}" if type(bad) is not object else "object")  # fmt: skip
def test_data_that_are_no_numbers_are_refused(backend, bad):
    f, step = made(lambda a, x: 1.0 * a, backend=backend), line(backend)[0]
    with pytest.raises((TypeError, OverflowError), match=r"argument 1 \(x\)"):
        f(1.0, bad)
    with pytest.raises((TypeError, OverflowError), match=r"argument 0 \(x\)"):
        step([bad, bad], [1.0, 2.0])
    with pytest.raises((TypeError, OverflowError), match=r"argument 0 \(x\)"):
        step.train([bad, bad], [1.0, 2.0], nn.optim.SGD(step._params, 0.1), 1)


def test_examples_of_different_lengths_are_refused(backend):
    step = line(backend)[0]
    for call in (step, step.value_and_grad):
        with pytest.raises(TypeError, match=r"argument 0 \(x\)"):
            call([[1.0], [2.0, 3.0]], [1.0, 2.0])


@pytest.mark.parametrize("x", [True, 3, np.float32(0.5), np.int8(3), np.bool_(True), Fraction(1, 2), 2**60])
def test_numbers_are_those_that_a_value_takes(backend, x):
    f = made(lambda x: x * 1.0, backend=backend)
    assert f(x) == Value(x).data
    assert made(lambda v: v[1] * 1.0, backend=backend)([1, x]) == Value(x).data


KINDS = [np.int64, np.int32, np.uint8, np.float32, np.float16, np.bool_, ">f8", ">i2"]


@pytest.mark.parametrize("backend", [b for b in BACKENDS if b != "plain"])  # which knows no arrays
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("twisted", [False, True])
def test_arrays_of_other_kinds_of_numbers_are_taken_at_each_call(backend, kind, twisted):
    f = made(lambda x: [x[0] * 2.0, x[1] * x[2]], backend=backend)
    whole = np.array([1, 0, 1, 1, 0, 1])
    x = whole.astype(kind)[::-2] if twisted else whole.astype(kind)[:3]
    wanted = f(np.array(x.tolist(), float))
    for _ in range(3):
        assert np.array_equal(f(x), wanted)
        assert f(x).dtype == np.float64


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.int32])
def test_numbers_of_numpy_are_taken_at_each_call(backend, kind):
    f = made(lambda x, y: x * y + x, backend=backend)
    for number in (3, 5, 7):
        found = f(kind(number), number)
        assert found == number * number + number
        assert type(found) is float


def test_masked_arrays_are_refused():
    f = compile(lambda x: x[0] * 1.0, backend="numpy")
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    for bad in (masked, [masked, masked], [[masked, masked]]):
        with pytest.raises(TypeError, match="masked"):
            f(bad)
    with pytest.raises(TypeError, match="masked"):
        f([np.ma.masked, 1.0])


# What falls back, and says so.


def root_of_where(backend, **options):
    w = Value(4.0, "w")
    return made(
        lambda x: autograd.where(x > 0.0, (w * x).sqrt(), 0.0 * w),
        [w],
        backend=backend,
        batch=True,
        **options,
    ), w


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_only_the_examples_that_need_it_are_left_to_the_engine(backend, reduction):
    step, w = root_of_where(backend, reduction=reduction)
    xs = [float(i % 37) for i in range(300)]
    n = len(xs) if reduction == "mean" else 1
    counted = []
    inner = step._f
    step._f = lambda x: counted.append(1) or inner(x)
    for i in range(12):
        value, (g,) = step.value_and_grad(xs)
        assert value == pytest.approx(math.fsum(2.0 * math.sqrt(x) for x in xs) / n, rel=1e-12)
        assert g == pytest.approx(math.fsum(0.25 * math.sqrt(x) for x in xs) / n, rel=1e-12)
        if i:
            assert len(counted) <= 12  # nine zeros, and recordings
        counted.clear()
    report = str(step.report())
    assert "the engine itself evaluated 12 calls" in report and "not finite" in report
    with_penalty, w = root_of_where(backend, penalty=lambda: 3.0 * w * w)
    for _ in range(3):
        value, (g,) = with_penalty.value_and_grad(xs)
        assert g == pytest.approx(
            math.fsum(0.25 * math.sqrt(x) for x in xs) / len(xs) + (6.0 * w.data), rel=1e-12
        )


def test_calls_that_the_engine_makes_again_and_again_are_warned_of_once(backend):
    w = Value(4.0, "w")
    step = made(lambda x: autograd.where(x > 0.0, (w * x).sqrt(), 0.0 * w), [w], backend=backend)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(50):
            assert step.value_and_grad(0.0)[0] == 0.0
    assert [t.category for t in told] == [RuntimeWarning]
    assert "keep its operand inside its domain" in str(told[0].message)
    assert told[0].filename == __file__
    assert "the engine itself evaluated 50 calls" in str(step.report())
    assert step.report()["left to the engine"] == "50 calls"


# check


def test_a_near_perfect_fit_is_no_defect(backend):
    rng = np.random.RandomState(1)
    for scale in (1.0, 1e-8, 1e-13, 1e-15, 1e-16, 0.0):
        ws = [Value(x, f"w{i}") for i, x in enumerate(rng.randn(5))]
        xs = rng.randn(20, 5)
        hidden = np.tanh(xs @ [w.data for w in ws])
        ys = hidden * (1.0 + scale * rng.randn(20))
        step = made(
            lambda x, y, ws=ws: (autograd.dot(ws, x).tanh() - y) ** 2, ws, backend=backend, batch=True
        )
        assert step.check(xs.tolist(), ys.tolist()) < 1e-10


@pytest.mark.parametrize("loss", [
    lambda r: r * r, lambda r: r**2, lambda r: r**4, lambda r: autograd.abs(r),
    lambda r: 1.0 - autograd.cos(r), lambda r: autograd.exp(r * r) - 1.0,
])  # fmt: skip
def test_a_perfect_fit_is_no_defect(backend, loss):
    w, b = Value(2.0, "w"), Value(1.0, "b")
    xs = [i / 10 for i in range(10)]
    step = made(lambda x, y: loss(w * x + b - y), [w, b], backend=backend, batch=True)
    assert step.check(xs, [2.0 * x + 1.0 for x in xs]) < 1e-12


def test_a_wrong_number_is_found(backend, monkeypatch):
    step, _ = line(backend)
    whole = type(step).value_and_grad
    for change in (lambda v, g: (v * (1 + 1e-9), g), lambda v, g: (v, [g[0] * (1 + 1e-9), g[1]])):
        monkeypatch.setattr(
            type(step), "value_and_grad", lambda self, *data, change=change: change(*whole(self, *data))
        )
        with pytest.raises(GraphError, match="either the compiler is at fault"):
            step.check(X, Y)
    monkeypatch.setattr(type(step), "value_and_grad", whole)
    assert step.check(X, Y) < 1e-12


def test_terms_that_cancel_in_another_order_are_no_defect(backend):
    w = Value(1.0, "w")
    step = made(lambda a, b: ((w * a + b) - a) * 1.0 + (a * w - a), [w], backend=backend)
    step.check(1e10, 1.0)
    step.check(1e16, 1.0)


def test_gradients_are_added_all_or_none_to_the_bit():
    add = sweep.add_floats
    a, b, c, d = (Value(1.0) for _ in range(4))
    a.grad, b.grad, c.grad, d.grad = 0.0, 0.1, -0.0, 7.0
    assert add([a, b, c, d], [-0.0, 0.2, 5e-324, None])
    assert [x.grad.hex() for x in (a, b, c, d)] == [x.hex() for x in (-0.0, 0.1 + 0.2, 5e-324, 7.0)]
    for other, more in ((Value(2.0), 1.0), (1, 1.0), (None, 0.0)):
        c.grad = other
        assert not add([a, b, c], [1.0, 1.0, more])
        assert (a.grad, b.grad, c.grad) == (-0.0, 0.1 + 0.2, other)
    assert add([a, c, d], [None, 2.0, 1.0])
    assert (a.grad.hex(), c.grad, d.grad) == ((-0.0).hex(), 2.0, 8.0)


def test_a_parameter_that_is_not_used_keeps_none_and_its_hook_is_not_called(backend):
    w, unused = Value(2.0), Value(1.0)
    w.grad = unused.grad = None
    seen = []
    handles = [
        p.register_hook(lambda g, name=name: seen.append((name, g)) or 2.0 * g)
        for p, name in ((w, "w"), (unused, "unused"))
    ]
    made(lambda x: w * w * x, [w, unused], backend=backend)(3.0)  # with hooks from before the recording
    assert seen == [("w", 12.0)]
    assert (w.grad, unused.grad) == (24.0, None)
    for handle in handles:
        handle.remove()


CUT = {
    "where": lambda x, p, q: autograd.where(x > 0.0, p * x, q * x * x),
    "relu": lambda x, p, q: (p * x).relu() + q * x,
    "maximum": lambda x, p, q: autograd.maximum(p * x, 0.5 * q),
    "of many": lambda x, p, q: autograd.max([p * x, q * 3.0, x]),
    "clamp, twice": lambda x, p, q: autograd.clamp((p * x).relu(), 0.0, 1.0) * q,
    "dot": lambda x, p, q: autograd.dot([autograd.where(x > 0.0, p, 1.0), q], [x, x]).tanh(),
    "zero, but reached": lambda x, p, q: p * (x - x) + (q * x).relu(),
}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("at", [[2.0], [-2.0], [-2.0, -1.0], [-2.0, 0.0, 3.0]])
def test_what_no_branch_reaches_keeps_none_and_its_hook_is_not_called(backend, name, at):
    p, q = Value(1.5), Value(-0.5)
    f, batch = CUT[name], len(at) > 1
    step = made(lambda x: f(x, p, q), [p, q], backend=backend, batch=batch, reduction="sum")

    def outcome(run, hooked):
        seen = []
        p.grad = q.grad = None
        handles = (
            [v.register_hook(lambda g, k=k: seen.append((k, g))) for k, v in enumerate((p, q))]
            if hooked
            else []
        )
        run()
        for handle in handles:
            handle.remove()
        return p.grad, q.grad, sorted(seen)

    for hooked in (False, True):
        want = outcome(lambda: autograd.sum([f(Value(x), p, q) for x in at]).backward(), hooked)
        got = outcome(lambda: step(at if batch else at[0]), hooked)
        for a, b in zip(got[:2], want[:2], strict=True):
            assert a == (None if b is None else pytest.approx(b, rel=1e-12))
        assert [k for k, _ in got[2]] == [k for k, _ in want[2]]


class Halving(nn.optim.SGD):
    """Gradient descent that halves each gradient first, in both of its steps."""

    def step(self):
        for p in self.params:
            p.grad = 0.5 * p.grad
        super().step()

    def step_flat(self, theta, grad):
        return super().step_flat(theta, 0.5 * np.asarray(grad))


class Decaying(nn.optim.SGD):
    """Gradient descent whose parameters shrink."""

    def update(self, theta, grad, state, lr, step):
        return 0.5 * theta - lr * grad, state


@pytest.mark.parametrize(("make", "plain"), [
    (lambda p: nn.optim.SGD(p, 0.1), True),
    (lambda p: nn.optim.SGD(p, 0.1, momentum=0.5), False),
    (lambda p: nn.optim.SGD(p, 0.1, weight_decay=0.5), False),
    (lambda p: nn.optim.Adam(p, 0.1), False),
    (lambda p: Halving(p, 0.1), False),
    (lambda p: Decaying(p, 0.1), False),
], ids=["plain", "momentum", "decay", "Adam", "own steps", "own update"])  # fmt: skip
def test_a_program_takes_the_steps_of_plain_descent_itself_and_of_nothing_else(make, plain, backend):
    def trained(by):
        w = Value(2.0, "w")
        optimizer = make([w])
        step = made(lambda x: (w * x - 1.0) ** 2, [w], batch=True, backend=backend)
        by(step, optimizer, w)
        return w.data, optimizer.steps

    def one_by_one(step, optimizer, w):
        for _ in range(3):
            optimizer.zero_grad()
            step([1.0, 2.0])
            optimizer.step()

    assert make([Value(1.0)]).is_plain_descent is plain
    got, steps = trained(lambda step, optimizer, w: step.train([1.0, 2.0], optimizer, 3))
    want, _ = trained(one_by_one)
    assert (got, steps) == (pytest.approx(want, rel=1e-12), 3)


def test_a_loss_that_is_a_condition_is_refused_as_a_bool_is():
    x = Value(2.0)
    for loss in (lambda: x > 1.0, lambda: True, lambda: x <= x):
        with pytest.raises(TypeError, match=r"returned a condition, .* return the number that was compared"):
            autograd.compile(loss, [x], backend="python")()
    assert autograd.compile(lambda a: a > 1.0, backend="python")(2.0) == 1.0
