"""Values and gradients of programs on one device: those of the engine, for programs of every kind."""

import math
import random
import re
import runpy
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from benchmarks.rolled_systems import SYSTEMS

import autograd
import nn
from autograd import Value, compile, ops

COMPILER = Path(__file__).parents[1] / "autograd/compiler"
STRUCTURE = runpy.run_path(str(COMPILER / "test_structure.py"))
MAKERS = runpy.run_path(str(COMPILER / "test_compile.py"))
OWN = {
    "r2": "r2", "rnn-lanes": "rnn_over_lanes", "two-layers": "two_layers_of_recurrence", "heat": "heat",
    "lstm": "lstm", "pendulum": "swinging", "predators": "predators", "patches": "patches",
}  # fmt: skip
INSTRUCTION = re.compile(r"%([\w.-]+) = \S+ ([\w-]+)\(([^)]*)\)")
"""One line of a program that XLA has compiled: what it makes, by what, of what."""


@pytest.mark.parametrize("name", [*OWN, "chain", "r4", "spiral", "gpt"])
def test_loss_and_gradient_of_a_system(name):
    if name == "chain":
        system = STRUCTURE["chain"](300)
    else:
        system = STRUCTURE[OWN[name]]() if name in OWN else SYSTEMS[name]()
    step = STRUCTURE["compiled"](system, "xla")
    value, grads = step.value_and_grad(*system.data)
    other = STRUCTURE["compiled"](system, "numpy")
    want, wanted = other.value_and_grad(*system.data)
    assert value == pytest.approx(want, rel=1e-13)
    np.testing.assert_allclose(grads, wanted, rtol=1e-10, atol=1e-13)
    assert step.report()["backend"] == "xla"
    assert step.report()["left to the engine"] == "nothing"


@pytest.mark.parametrize("seed", range(3))
def test_random_programs(seed):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1.5, 1.5), f"p[{i}]") for i in range(4)]
    graph_seed = rng.random()
    programs = [(lambda: MAKERS["random_graph"](random.Random(graph_seed), leaves, 20), leaves, (), False)]
    for batch in (False, True):
        loss, params, *data = MAKERS["random_net"](random.Random(seed), batch)
        programs.append((loss, params, data, batch))
    for loss, params, data, batch in programs:
        step = compile(loss, params, batch=batch, backend="xla")
        if math.isfinite(step.value_and_grad(*data)[0]):
            step.check(*data, tolerance=1e-9)


@pytest.mark.parametrize("name", list(STRUCTURE["FUNCTIONS"]))
def test_functions_without_parameters(name):
    f, data, _ = STRUCTURE["FUNCTIONS"][name]
    got, want = [compile(f, backend=backend)(*data) for backend in ("xla", "numpy")]
    flat = [[], []]
    for x, found in zip((got, want), flat, strict=True):
        leaves = []
        STRUCTURE["recording"].flatten(x, leaves)
        found += np.concatenate(list(map(np.ravel, leaves))).tolist()
    assert flat[0] == pytest.approx(flat[1], rel=1e-12)


def test_a_batch_of_results():
    f = compile(lambda x, y: [x * y, 2.0, [y.sin(), x]], batch=True, backend="xla")
    found = f(np.arange(5.0), np.arange(5.0) + 1.0)
    assert found[0].tolist() == [0.0, 2.0, 6.0, 12.0, 20.0]
    assert found[1].tolist() == [2.0] * 5
    np.testing.assert_allclose(
        found[2], np.stack([np.sin(np.arange(5.0) + 1.0), np.arange(5.0)], 1), rtol=1e-15
    )


KINKS = [
    lambda x: x.relu(), lambda x: x.abs(), lambda x: autograd.maximum(x, 0.0), lambda x: x.clamp(-1.0, 1.0),
    lambda x: autograd.where(x > 0.0, x * x, 0.0), lambda x: ops.relu6(x), lambda x: ops.leaky_relu(x),
    lambda x: autograd.max([x, 0.0 * x, -x]), lambda x: ops.sign(x) * x, lambda x: ops.hypot(x, 0.0),
    lambda x: autograd.where(x > 0.0, autograd.where(x > 0.0, x, 1.0).sqrt(), 0.0), lambda x: x.sqrt(),
    lambda x: autograd.minimum(x, x), lambda x: x**0.5, lambda x: (x * 0.0) / x, lambda x: x.log() * 0.0,
]  # fmt: skip
SPECIAL = [0.0, -0.0, 1.0, -1.0, 6.0, math.nan, math.inf, -math.inf, 1e200, 5e-320]


@pytest.mark.parametrize("k", range(len(KINKS)))
def test_ties_kinks_nan_and_structural_zeros_are_the_engines(k):
    f, w, batch = KINKS[k], Value(1.0, "w"), k % 2 == 1
    step = compile(lambda x: f(w * x), [w], batch=batch, backend="xla", reduction="sum")
    for x in SPECIAL:
        w.grad = None
        found = step([x] if batch else x)
        got = w.grad
        w.grad = None
        loss = f(w * x)
        loss.backward()
        assert (got is None) == (w.grad is None), x
        assert (found, got or 0.0) == pytest.approx((loss.data, w.grad or 0.0), rel=1e-13, nan_ok=True), x


def test_large_numbers_on_the_way_are_left_to_the_engine():
    w = Value(1e200, "w")
    step = compile(lambda x: w * x - w * x + x, [w], backend="xla")
    assert step(3.0) == 3.0
    assert step.report()["left to the engine"] == "1 calls"


def test_the_source_runs_by_itself():
    model = nn.MLP(2, [4, 3], rng=1)
    step = compile(
        lambda x, y: nn.losses.cross_entropy(model(x), y), model.parameters(), batch=True, backend="numpy"
    )
    x, y = np.random.RandomState(0).randn(6, 2), np.arange(6) % 3
    value, grads = step.value_and_grad(x, y)
    space = {}
    exec(step.jax_source, space)
    with jax.enable_x64(True):
        lanes = np.concatenate([x.T, y[None].astype(float)])
        got, gradient = jax.jit(space["program"])(
            np.array([p.data for p in model.parameters()]), np.zeros(0), lanes
        )
        assert float(got) == pytest.approx(value, rel=1e-14)
        np.testing.assert_allclose(gradient, grads, rtol=1e-12, atol=1e-16)
    assert "layer0_w @ x + layer0_b[:, None]" in step.jax_source
    assert "grad(" not in step.jax_source and "vjp" not in step.jax_source


def test_a_source_that_is_read_without_doubles_computes_with_them():
    shifts = [0.1, -math.inf, 1.0 / 3.0, 0.7, 0.3, 1e-30]
    params = [Value(0.3 * i) for i in range(6)]

    def loss():
        pairs = zip(params, shifts, strict=True)
        return autograd.sum([(p + c).exp() + (p * (i + 1.1)).sin() for i, (p, c) in enumerate(pairs)])

    step = compile(loss, params, backend="xla")
    assert "= np.array([" in step.jax_source
    space = {}
    exec(step.jax_source, space)
    with jax.enable_x64(True):
        got, gradient = space["program"](np.array([p.data for p in params]), np.zeros(0), np.zeros((0, 1)))
    value, grads = step.value_and_grad()
    assert float(got) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(gradient, grads, rtol=1e-13)


def test_what_all_lanes_share_is_added_for_each_of_them():
    shared_in_part = runpy.run_path(str(COMPILER / "test_listing.py"))["shared_in_part"]
    w, x = Value(-0.4), np.random.RandomState(0).randn(4, 5)
    (value, grads), (want, wanted) = [
        compile(
            lambda x: shared_in_part(list(x[:3]), [w, *x[3:]]), [w], backend=backend, batch=True
        ).value_and_grad(x)
        for backend in ("xla", "numpy")
    ]
    assert value == pytest.approx(want, rel=1e-13)
    np.testing.assert_allclose(grads, wanted, rtol=1e-12)


def test_a_loop_is_one_loop():
    source = STRUCTURE["compiled"](SYSTEMS["rnn"](), "xla").jax_source
    assert "lax.fori_loop(1, 100, " in source
    assert len(source.splitlines()) < 60


def test_sums_are_computed_once_whatever_gathers_read_them():
    system = SYSTEMS["gpt"]()
    step = STRUCTURE["compiled"](system, "xla")
    step.value_and_grad(*system.data)
    assert "twice(" in step.jax_source
    bound = step._latest[1].bound
    with bound.devices.arithmetic():
        text = bound.judged.runs[0].lower(bound.theta(), *bound.data()).compile().as_text()
    for kernel in text.split("\n}\n"):
        made = {name: (op, re.findall(r"%([\w.-]+)", args)) for name, op, args in INSTRUCTION.findall(kernel)}
        pending = [x for op, args in made.values() if op == "gather" for x in args]
        for x in pending:
            op, args = made.get(x, ("", []))
            assert op != "reduce", kernel
            pending += args


def test_single_precision():
    system = SYSTEMS["moons"]()
    step = compile(
        system.loss, system.params, batch=True, penalty=system.penalty, backend="xla", dtype="float32"
    )
    value, grads = step.value_and_grad(*system.data)
    assert step.check(*system.data, tolerance=1e-4) > 1e-12
    assert np.float32(value) == value and not jax.config.jax_enable_x64
    assert grads.dtype == np.float64


def test_a_call_with_python_alone_imports_no_jax():
    code = "import sys, autograd; autograd.compile(lambda x: x * x)(2.0); sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
