"""Compiled functions without NumPy: straight-line Python, against the engine."""

import math
import random
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
import nn
from autograd import Value
from autograd.compiler.with_numpy import Compiled
from autograd.compiler.without_numpy import PlainCompiled
from autograd.errors import GraphError, MissingDependencyError, TracingError

ROOT = Path(__file__).parents[3]
COMMON = runpy.run_path(str(Path(__file__).with_name("test_compile.py")))


def plain(f, params=None, *, batch=False, reduction="mean", penalty=None):
    return PlainCompiled(f, params, batch, reduction, penalty, "auto")


@pytest.mark.parametrize("seed", range(25))
def test_random_graphs_and_nets(seed):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1.5, 1.5), f"p[{i}]") for i in range(rng.randint(1, 5))]
    size, graph_seed = rng.randint(1, 60), rng.random()

    def graph():
        return COMMON["random_graph"](random.Random(graph_seed), leaves, size)

    step = plain(graph, leaves)
    step.check()
    COMMON["assert_as_backward"](step, [graph()], leaves)
    for batch in (False, True):
        loss, params, xs, ys = COMMON["random_net"](random.Random(seed), batch)

        def penalty(params=params):
            return 0.1 * autograd.dot(params, params)

        step = plain(loss, params, batch=batch, reduction=["mean", "sum"][seed % 2], penalty=penalty)
        for x, y in ((xs, ys), (xs[:1], ys[:1])):
            step.check(x, y)
            share = 1.0 / len(x) if seed % 2 == 0 else 1.0
            losses = [share * loss(a, b) for a, b in zip(x, y, strict=True)] if batch else [loss(x, y)]
            COMMON["assert_as_backward"](step, [*losses, penalty()], params, x, y)


def test_other_data_takes_other_branches():
    w = Value(-1.0, "w")
    step = plain(
        lambda x: autograd.where(x > 0.0, w.sqrt(), w * x) + (w * x).relu() + autograd.max([w, x, w * x]),
        [w],
        batch=True,
    )
    for data in ([1.0], [-2.0, -3.0], [0.5, -0.5, 2.0]):
        assert step.value_and_grad(data) == pytest.approx(_eager(step, data), nan_ok=True)
    w.data = 2.0
    for data in ([-2.0, 3.0], [0.0, 1.0], [2.0, 2.0]):
        step.check(data)
        assert step.value_and_grad(data) == pytest.approx(_eager(step, data), nan_ok=True)


def _eager(step, data):
    from autograd.compiler.report import eager

    value, grads = eager(step._roots((data,)), step._params)
    return pytest.approx(value, nan_ok=True), pytest.approx(grads, nan_ok=True)


def test_the_program_is_straight_lines():
    w, b = Value(2.0, "w"), Value(0.5, "b")
    step = plain(lambda x, y: (w * x + b - y) ** 2, [w, b], batch=True)
    with pytest.raises(GraphError, match="once"):
        _ = step.source
    assert step([1.0, 2.0], [0.0, 1.0]) == pytest.approx((2.5**2 + 3.5**2) / 2)
    assert (w.grad, b.grad) == (pytest.approx(9.5), pytest.approx(6.0))
    lines = step.source.splitlines()
    assert lines[0] == "def run(theta, inputs, lanes):"
    assert "    (w, b,) = theta" in lines
    assert "    for (x, y,) in lanes:" in lines
    assert sum("w * x" in line for line in lines) == 1
    assert step.report()["backend"] == "python"
    assert "NumPy" in step.report()["because"]
    with pytest.raises(MissingDependencyError, match="pip install numpy"):
        _ = step.c_source
    with pytest.raises(MissingDependencyError, match="pip install numpy"):
        _ = step.jax_source
    with pytest.raises(MissingDependencyError, match=r"export\('step.h'\) needs NumPy"):
        step.export("step.h")
    assert {name for name in dir(Compiled) if name[0] != "_"} <= set(dir(step))


def test_functions_of_numbers_and_captured_leaves():
    f = plain(lambda x, y: {"a": [x * y, (x + y).sin()], "b": (x, 2.0)})
    assert f(2.0, 3.0) == {"a": [6.0, pytest.approx(math.sin(5.0))], "b": (2.0, 2.0)}
    assert plain(autograd.grad(autograd.grad(lambda x: autograd.exp(2.0 * x))))(0.3) == pytest.approx(
        4.0 * math.exp(0.6)
    )
    assert math.isnan(plain(lambda x: x.log())(-1.0))
    w, c = Value(3.0, "w"), Value(5.0, "c")
    outside = w * 2.0
    step = plain(lambda x: c * w * x + outside, [w])
    assert step.value_and_grad(2.0) == (36.0, [12.0])
    c.data = 6.0
    assert step.value_and_grad(2.0) == (42.0, [14.0])
    assert plain(lambda: outside, [w]).value_and_grad() == (6.0, [2.0])
    assert plain(lambda x: 3.0, [w], batch=True).value_and_grad([1.0, 2.0]) == (3.0, [0.0])


def test_training_and_errors():
    ends = []
    for compiled in (True, False):
        model = nn.MLP(2, [4, 1], rng=3)
        optimizer = nn.optim.Adam(model.parameters(), 0.05)
        X, y = [[0.5, -1.0], [1.0, 2.0], [-0.3, 0.2]], [0.2, -0.4, 1.0]
        if compiled:
            seen = []
            step = plain(lambda a, t: (model(a) - t) ** 2, model.parameters(), batch=True)
            losses = step.train(X, y, optimizer, 12, lambda i, value: seen.append(i) or i == 9)
            assert seen == list(range(10)) and len(losses) == 10
        else:
            for _ in range(10):
                optimizer.zero_grad()
                autograd.mean([(model(a) - t) ** 2 for a, t in zip(X, y, strict=True)]).backward()
                optimizer.step()
        ends.append([p.data for p in model.parameters()])
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)
    w = Value(1.0, "w")
    for bad, error in [
        (lambda: plain(lambda x: w if w * x > 0 else -w, [w])(1.0), TracingError),
        (lambda: plain(lambda x: [w, w], [w])(1.0), TypeError),
        (lambda: plain(lambda x, y: w * x, [w], batch=True)([1.0], [1.0, 2.0]), ValueError),
        (lambda: plain(lambda x: w * x, [w], batch=True)(1.0), ValueError),
        (lambda: plain(lambda x: w * x, [w])([[1.0], [2.0, 3.0]]), TypeError),
        (lambda: plain(abs).train(1.0, optimizer, 1), TypeError), (lambda: plain(abs).check(1.0), TypeError),
        (lambda: plain(lambda x: w * x, [w]).train(1.0, optimizer, 1), ValueError),
    ]:  # fmt: skip
        with pytest.raises(error):
            bad()


WITHOUT = """
import sys, warnings
sys.modules["numpy"] = None
import autograd, nn
from autograd import Value
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    model = nn.MLP(2, [4, 1], rng=3)
    step = autograd.compile(
        lambda x, y: (model(x) - y) ** 2, model.parameters(), batch=True,
        penalty=lambda: nn.losses.l2_penalty(model, 1e-3),
    )  # fmt: skip
    X, Y = [[0.5, -1.0], [1.0, 2.0], [-0.3, 0.2]], [0.2, -0.4, 1.0]
    assert step.check(X, Y) < 1e-12
    assert "for (x_0, x_1, y,) in lanes:" in step.source
    losses = step.train(X, Y, nn.optim.SGD(model.parameters(), 0.1), 50)
    assert losses[-1] < losses[0]
    assert autograd.compile(autograd.grad(lambda x: x ** 3), backend="c")(2.0) == 12.0
    assert step.report()["backend"] == "python"
try:
    nn.fit(
        model, (X, Y), lambda p, y: (p - y) ** 2, nn.optim.SGD(model.parameters(), 0.1), epochs=1,
        compile=True, progress=False,
    )  # fmt: skip
except autograd.MissingDependencyError as error:
    assert "pip install numpy" in str(error)
else:
    raise AssertionError("fit(compile=True) needs arrays")
assert [w.category for w in told] == [RuntimeWarning], told
print(told[0].message)
"""


def test_without_numpy_there_is_one_notice_and_python():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "without NumPy" in done.stdout and "pip install numpy" in done.stdout
