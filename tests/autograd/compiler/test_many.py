"""Thousands of random programs, and the page that explains the compiler."""

import random
import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import NIGHTLY

from autograd import Value
from autograd.compiler import compile
from autograd.compiler.roll.verify import verify
from autograd.testing.strategies import expressions

ROOT = Path(__file__).resolve().parents[3]
MANY = settings(max_examples=10_000 if NIGHTLY else 150)


@pytest.fixture(scope="module")
def makers():
    return runpy.run_path(str(Path(__file__).with_name("test_compile.py")))


@pytest.mark.slow
@MANY
@given(st.integers(0, 2**32), st.sampled_from(["numpy", "python"]))
def test_random_graphs_as_the_engine(makers, seed, backend):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1.5, 1.5), f"p[{i}]") for i in range(rng.randint(1, 4))]
    size, graph_seed = rng.randint(1, 30), rng.random()

    def graph():
        return makers["random_graph"](random.Random(graph_seed), leaves, size)

    step = compile(graph, leaves, backend=backend)
    step.check()
    verify(step._latest[0].program)
    makers["assert_as_backward"](step, [graph()], leaves)


@pytest.mark.slow
@MANY
@given(st.integers(0, 2**32), st.sampled_from(["numpy", "python"]), st.booleans())
def test_random_nets_as_the_engine(makers, seed, backend, batch):
    loss, params, xs, ys = makers["random_net"](random.Random(seed), batch)
    step = compile(loss, params, batch=batch, backend=backend)
    step.check(xs, ys)
    verify(step._latest[0].program)
    losses = [loss(x, y) / float(len(xs)) for x, y in zip(xs, ys, strict=True)] if batch else [loss(xs, ys)]
    makers["assert_as_backward"](step, losses, params, xs, ys)


@pytest.mark.slow
@settings(max_examples=2000 if NIGHTLY else 60)
@given(st.data())
def test_strategies_functions_and_their_gradients(data):
    expression = data.draw(expressions())
    leaves = [Value(x, f"p[{i}]") for i, x in enumerate(expression.inputs)]
    for backend in ("numpy", "python"):
        step = compile(lambda: expression(*leaves), leaves, backend=backend)
        step.check(tolerance=1e-10)
        assert step() == pytest.approx(float(expression(*leaves)), rel=1e-9, nan_ok=True)


def test_the_page_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / "notebooks" / "compiler.py"))
    assert "z1 = layer0_w @ x + layer0_b[:, None]" in capsys.readouterr().out
