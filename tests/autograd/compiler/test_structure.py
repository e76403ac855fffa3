"""What the compiler finds in known systems: matrix products, no gathers; and that its printed source runs."""

import gc
import math
import os
import random
import re
import runpy
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from benchmarks.rolled_systems import LR, SYSTEMS, System, chain, descent, flat, random_dag, rnn, values
from listings import run_source

import autograd
import nn
from autograd import Value
from autograd.compiler import compile
from autograd.compiler.backends.python import spelling
from autograd.compiler.graph.ir import INPUT
from autograd.compiler.listing.source import Writer
from autograd.compiler.record import recording
from autograd.compiler.roll.verify import verify


def compiled(system: System, backend: str = "numpy"):
    step = compile(
        system.loss,
        system.params,
        batch=system.batch,
        reduction=system.reduction,
        penalty=system.penalty,
        backend=backend,
    )
    step._prepare(system.data)
    return step


def r2() -> System:
    """A net 5-4-3-2 with sigmoids, and two independent labels under logistic cross-entropy."""
    rs = np.random.RandomState(2)
    ws = [values(f"W{k}", rs.randn(b, a)) for k, (a, b) in enumerate([(5, 4), (4, 3), (3, 2)])]
    bs = [values(f"b{k}", rs.randn(b)) for k, b in enumerate([4, 3, 2])]

    def loss(x, y):
        for k, (w, b) in enumerate(zip(ws, bs, strict=True)):
            z = [autograd.dot(row, x) + c for row, c in zip(w, b, strict=True)]
            x = [v.sigmoid() for v in z] if k < 2 else z
        return autograd.sum([v.softplus() - t * v for v, t in zip(x, y, strict=True)])

    return System(
        "R2", loss, flat(*ws, *bs), (rs.randn(7, 5), rs.randint(0, 2, (7, 2))), lambda: None, batch=True
    )


# For each system: matrix products as printed, statements, whether anything is gathered.
STRUCTURES = {
    "r2": (8, 22, False), "r4": (3, 19, False), "r5": (5, 10, False), "spiral": (5, 30, False),
    "spiral-traced": (5, 25, False), "moons": (7, 23, False), "rnn": (5, 406, False), "gpt": (12, 130, True),
}  # fmt: skip


@pytest.mark.parametrize("name", STRUCTURES)
def test_structure(name):
    system = r2() if name == "r2" else SYSTEMS[name]()
    step = compiled(system)
    program = step._latest[0].program
    if name != "r5":
        verify(program)
    source = step.source
    assert (source.count(" @ "), len(program.statements), bool(step.report().notes)) == STRUCTURES[name]
    assert ("shared[" in source) == STRUCTURES[name][2]


def test_r5_is_the_hand_derived_program():
    assert compiled(SYSTEMS["r5"]()).source.splitlines() == [
        "z1 = w1.T @ x",
        "relu_z1 = maximum(z1, 0)",
        "z2 = w2.T @ relu_z1 - y",
        "loss = (z2 * z2).sum()",
        "pos_z1 = z1 > 0",
        "d_z2 = z2 * 2",
        "d_w2 = relu_z1 @ d_z2.T",
        "d_relu_z1 = w2 @ d_z2",
        "d_z1 = pos_z1 * d_relu_z1",
        "d_w1 = x @ d_z1.T",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "r2",
        "r4",
        "spiral",
        "spiral-traced",
        "moons",
        "rnn",
        "rnn-lanes",
        "gpt",
        "chain",
        "dag",
        "two-layers",
        "heat",
    ],
)
def test_the_printed_source_runs(name):
    system = {
        "r2": r2,
        "rnn-lanes": rnn_over_lanes,
        "chain": lambda: chain(400),
        "dag": lambda: random_dag(3000),
        "two-layers": two_layers_of_recurrence,
        "heat": heat,
    }.get(name) or SYSTEMS[name]
    system = system()
    step = compiled(system)
    value, grads = step.value_and_grad(*system.data)
    names, _ = run_source(step)
    assert names["loss"] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(names["gradient"], grads, rtol=1e-10, atol=1e-15)


def pairs(x):
    return [a * b for a, b in zip(x, x[1:], strict=False)]


def waves(x):
    return [v.sin() * x[0] for v in x]


def points_seen(camera, points):
    """Each row of the Jacobian has a few numbers at uneven places, and zeros."""
    return [(p[k] - camera[k]) / p[2] * camera[3] for p in points for k in range(2)]


def rosenbrock(x):
    return autograd.sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:], strict=False)])


def product_of(a, b):
    return [[autograd.dot(row, column) for column in zip(*b, strict=True)] for row in a]


def turned(x, t):
    return [x[0] * t.cos() - x[1] * t.sin(), x[0] * t.sin() + x[1] * t.cos(), 0.0, 1.0]


# Functions, their arguments, and how many lines their listings have at most.
FUNCTIONS = {
    "pairs": (autograd.jacobian(pairs), (np.linspace(0.5, 2.0, 40),), 4),
    "waves": (autograd.jacobian(waves), (np.linspace(0.5, 2.0, 40),), 12),
    "points": (
        autograd.jacobian(points_seen, argnums=(0, 1)),
        (np.linspace(1.0, 2.0, 4), np.linspace(0.5, 2.0, 30).reshape(10, 3)), 30,
    ),
    "rosenbrock": (autograd.hessian(rosenbrock), (np.linspace(0.5, 2.0, 20),), 16),
    "gradient": (autograd.grad(rosenbrock), (np.linspace(0.5, 2.0, 20),), 8),
    "product": (product_of, (np.arange(12.0).reshape(3, 4), np.arange(8.0).reshape(4, 2)), 2),
    "turned": (turned, (np.array([0.4, 0.7]), np.array(0.3)), 4),
    "constant": (lambda x: [0.0, 0.0, x * 0.0 + 2.0, 3.0] * 5, (np.array(1.5),), 8),
    "zeros": (autograd.hessian(autograd.sum), (np.linspace(0.5, 2.0, 20),), 1),
    "one": (lambda x: autograd.dot(x, x), (np.linspace(0.5, 2.0, 20),), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_printed_source_of_functions_runs(name):
    f, data, most = FUNCTIONS[name]
    step = compile(f, backend="numpy")
    want = step(*data)
    names, writer = run_source(step)
    got = names[writer.output] if writer.output else names["output"]
    leaves: list[Any] = []
    recording.flatten(want, leaves)
    np.testing.assert_allclose(np.ravel(got), np.concatenate(list(map(np.ravel, leaves))), rtol=1e-12)
    assert len(step.source.splitlines()) <= most


def lstm() -> System:
    """An LSTM over one sequence: four gates, whose weights lie apart."""
    rs = np.random.RandomState(8)
    units = 8
    gates = {
        name: (
            values(f"W{name}", 0.3 * rs.randn(units, 4)),
            values(f"U{name}", 0.3 * rs.randn(units, units)),
            values(f"b{name}", 0.1 * rs.randn(units)),
        )
        for name in "ifog"
    }

    def loss(sequence, target):
        h, c = [0.0] * units, [0.0] * units
        for x in sequence:
            i, f, o, g = [
                [autograd.dot(w, x) + autograd.dot(u, h) + b for w, u, b in zip(*gate, strict=True)]
                for gate in gates.values()
            ]
            c = [a.sigmoid() * b + d.sigmoid() * e.tanh() for a, b, d, e in zip(f, c, i, g, strict=True)]
            h = [a.sigmoid() * b.tanh() for a, b in zip(o, c, strict=True)]
        return autograd.sum([(a - b) ** 2 for a, b in zip(h, target, strict=True)])

    data = rs.randn(12, 4), rs.randn(units)
    return System("LSTM", loss, flat(*[x for gate in gates.values() for x in gate]), data, lambda: None)


def swinging() -> System:
    """A pendulum, whose gradient takes the cosines of all angles at once, from the last to the first."""
    theta, g, length = Value(1.0, "angle"), Value(9.8, "g"), Value(1.0, "length")

    def loss():
        angle, speed = theta, 0.0
        for _ in range(30):
            speed = speed - 0.05 * (g / length) * angle.sin()
            angle = angle + 0.05 * speed
        return angle * angle

    return System("pendulum", loss, [theta, g, length], (), lambda: None)


def predators() -> System:
    """Lotka and Volterra's equations by the midpoint rule."""
    rates = {"alpha": 1.1, "eaten": 0.4, "delta": 0.1, "gamma": 0.4}
    a, b, c, d = [Value(x, name) for name, x in rates.items()]

    def slope(x, y):
        return a * x - b * x * y, c * x * y - d * y

    def loss():
        x, y = Value(10.0, "x"), Value(5.0, "y")
        for _ in range(30):
            u, v = slope(x, y)
            u, v = slope(x + 0.005 * u, y + 0.005 * v)
            x, y = x + 0.01 * u, y + 0.01 * v
        return x * x + y * y

    return System("predators", loss, [a, b, c, d], (), lambda: None)


def patches() -> System:
    """A convolution, whose result is read as rows and columns and as one row."""
    rs = np.random.RandomState(9)
    kernel, weights = values("K", rs.randn(2, 2)), values("w", rs.randn(16))

    def loss(image):
        cells = [
            autograd.sum([kernel[a][b] * image[i + a][j + b] for a in range(2) for b in range(2)]).relu()
            for i in range(4)
            for j in range(4)
        ]
        return autograd.dot(cells, weights) ** 2

    return System("patches", loss, flat(kernel, weights), (rs.randn(5, 5),), lambda: None)


# What the listing of each has, where operands lie in several arrays or have other axes than the result; and
# what it no longer needs.
ASSEMBLED = {
    lstm: (["stack([Wi, Wf, Wo, Wg])", "stack([Ui, Uf, Uo, Ug])", "for t in"], "shared"),
    swinging: (["cos(z2[27::-1])", "for t in", "d_g, d_length = "], "shared"),
    predators: (["stack([eaten, delta])", "for t in"], "view("),
    patches: ([".reshape(16)", ".reshape(4, 4)"], "broadcast_to"),
}


@pytest.mark.parametrize("make", ASSEMBLED)
def test_operands_in_several_arrays_have_their_names(make):
    system = make()
    step = compiled(system)
    value, grads = step.value_and_grad(*system.data)
    names, _ = run_source(step)
    assert names["loss"] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(names["gradient"], grads, rtol=1e-10, atol=1e-15)
    texts, no_more = ASSEMBLED[make]
    for text in texts:
        assert text in step.source
    assert no_more not in step.source


def test_structural_zeros_are_no_statements():
    for count in (10, 60):
        step = compile(autograd.jacobian(pairs), backend="numpy")
        step(np.linspace(0.5, 2.0, count))
        n = count * (count - 1)
        assert step.source.splitlines()[1:] == [
            f"output = zeros({n})",
            f"output[::{count + 1}] = sum_x[1:]",
            f"output[1::{count + 1}] = sum_x[:{count - 1}]",
        ]


def test_a_loop_is_printed_once_and_not_round_by_round(monkeypatch):
    counts = []
    line = Writer._line

    def counted(writer, *given):
        counts[-1] += 1
        return line(writer, *given)

    monkeypatch.setattr(Writer, "_line", counted)
    for steps in (20, 80):
        counts.append(0)
        assert "for t in" in compiled(rnn(steps=steps, units=3, inputs=2)).source
    assert counts[0] == counts[1]


@pytest.mark.parametrize("label", ["theta", "output", "t", "zeros", "N"])
def test_a_label_that_the_listing_uses_itself_is_not_taken_for_it(label):
    w = [Value(0.1 * i, f"{label}{i}") for i in range(3)]
    v = [Value(0.3 * i, f"v{i}") for i in range(3)]

    def loss(x):
        h = [0.0] * 3
        for _ in range(8):
            h = [(a * b + c * x).tanh() for a, b, c in zip(w, h, v, strict=True)]
        return autograd.sum(h) + autograd.dot([*w, *v], [*w, *v])

    step = compile(loss, [*w, *v], backend="numpy")
    value, grads = step.value_and_grad(0.7)
    names, _ = run_source(step)
    assert names["loss"] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(names["gradient"], grads, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("seed", range(25))
def test_the_printed_source_of_random_programs_runs(makers, seed):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1.5, 1.5), f"p[{i}]") for i in range(4)]
    graph_seed = rng.random()
    programs = [(lambda: makers["random_graph"](random.Random(graph_seed), leaves, 40), leaves, (), False)]
    for batch in (False, True):
        loss, params, *data = makers["random_net"](random.Random(seed), batch)
        programs.append((loss, params, data, batch))
    for loss, params, data, batch in programs:
        step = compile(loss, params, batch=batch, backend="numpy")
        value, grads = step.value_and_grad(*data)
        if math.isfinite(value) and np.isfinite(grads).all():
            names, _ = run_source(step)
            assert names["loss"] == pytest.approx(value, rel=1e-10)
            np.testing.assert_allclose(names["gradient"], grads, rtol=1e-9, atol=1e-12)


@pytest.fixture(scope="module")
def makers():
    return runpy.run_path(str(Path(__file__).with_name("test_compile.py")))


def two_layers_of_recurrence() -> System:
    """A recurrent network on top of another, with an output at each step."""
    rs = np.random.RandomState(3)
    shapes = {"A": (4, 3), "B": (4, 4), "C": (4, 4), "D": (4, 4), "E": (2, 4)}
    p = {name: values(name, 0.3 * rs.randn(*shape)) for name, shape in shapes.items()}
    start = values("h", 0.3 * rs.randn(2, 4))

    def loss(sequence, targets):
        low, high = start
        losses = []
        for x, y in zip(sequence, targets, strict=True):
            low = [
                (autograd.dot(a, x) + autograd.dot(b, low)).tanh()
                for a, b in zip(p["A"], p["B"], strict=True)
            ]
            high = [
                (autograd.dot(c, low) + autograd.dot(d, high)).sigmoid()
                for c, d in zip(p["C"], p["D"], strict=True)
            ]
            losses += [(autograd.dot(e, high) - t) ** 2 for e, t in zip(p["E"], y, strict=True)]
        return autograd.mean(losses)

    return System(
        "two layers", loss, flat(*p.values(), start), (rs.randn(15, 3), rs.randn(15, 2)), lambda: None
    )


def heat() -> System:
    """Heat that spreads over twelve cells for thirty steps: each step gathers neighbours."""
    rs = np.random.RandomState(4)
    kappa, sources = Value(0.3, "kappa"), values("s", rs.randn(12))

    def loss(u):
        for _ in range(30):
            padded = [0.0, *u, 0.0]
            u = [
                b + kappa * (a - 2.0 * b + c) + s
                for a, b, c, s in zip(padded, u, padded[2:], sources, strict=False)
            ]
        return autograd.dot(u, u)

    return System("heat", loss, [kappa, *sources], (rs.randn(12),), lambda: None)


def rnn_over_lanes() -> System:
    """The recurrent network on three sequences at a time."""
    system = rnn(steps=6, units=3, inputs=2)
    xs, y = system.data
    return replace(system, data=(np.stack([xs, xs + 1.0, 2.0 * xs]), np.stack([y, y, -y])), batch=True)


def test_repeated_statements_are_printed_as_loops():
    source = compiled(SYSTEMS["rnn"]()).source
    assert len(source.splitlines()) <= 24
    assert (
        source.splitlines()[0] == "z1 = sequence @ Wx.T + b"
    )  # what needs no recurrence comes before it, at once
    assert (
        "for t in range(1, 100):\n    z2[t] = Wh @ tanh_z2[t - 1] + z1[t]\n    tanh_z2[t] = tanh(z2[t])\n"
    ) in source
    assert (
        "for t in reversed(range(99)):\n"
        "    d_tanh_z2[t] = Wh.T @ d_z2[t + 1]\n"
        "    d_z2[t] = slope_z2[t] * d_tanh_z2[t]\n"
    ) in source
    assert len(compiled(chain(1000)).source.splitlines()) < 40
    assert len(compiled(heat()).source.splitlines()) < 40  # whose gathers move along
    assert len(compiled(two_layers_of_recurrence()).source.splitlines()) < 60


@pytest.mark.parametrize("name", ["r4", "moons"])
def test_the_source_of_every_backend_is_printable(name):
    system = SYSTEMS[name]()
    step = compiled(system, "python" if name == "r4" else "numpy")
    value, grads = step.value_and_grad(*system.data)
    structure, engine = step._latest
    assert f"long PARAMETERS = {len(system.params)}" in step.c_source
    assert "loss = " in step.source
    space = dict(spelling.NAMES)
    exec(step.python_source, space)
    inputs = engine.shared[structure.program.address[structure.program.graph.kind == INPUT]]
    (loss,), pulled = space["run"](
        [p.data for p in system.params],
        inputs.tolist(),
        engine.rows[: system.data[0].shape[1] + 1].T.tolist() if system.batch else [],
    )
    assert loss == pytest.approx(value, rel=1e-12)
    assert pulled == pytest.approx(grads.tolist(), rel=1e-11, abs=1e-15)


def test_repeated_statements_run_as_loops():
    short, long = [compiled(rnn(steps=n, units=3, inputs=2)) for n in (20, 40)]
    (calls, code), (more_calls, more_code) = [
        (s._latest[1].calls, len(s._latest[1].bound.run.__code__.co_code)) for s in (short, long)
    ]
    assert more_calls > 1.8 * calls
    assert more_code < 1.2 * code
    assert len(long.c_source) < len(short.c_source) + 20
    assert re.search(r"for \(long \w+ = 0; \w+ < \d\d;", long.c_source)


@pytest.mark.parametrize("name", ["r4", "spiral", "moons", "rnn", "gpt"])
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_gradients_of_the_systems(name, backend):
    system = SYSTEMS[name]()
    step = compiled(system, backend)
    got, want = step.value_and_grad(*system.data), step._exact(system.data)
    assert got[0] == pytest.approx(want[0], rel=1e-12)
    assert np.abs(got[1] - want[1]).max() <= 1e-12 * np.abs(want[1]).max()


@pytest.mark.slow
def test_two_layer_trains_to_the_end_as_by_hand():
    system = SYSTEMS["r5"]()
    X, Y = system.data
    w1 = np.array([p.data for p in system.params[:100_000]]).reshape(1000, 100)
    w2 = np.array([p.data for p in system.params[100_000:]]).reshape(100, 10)
    by_hand = []
    for _ in range(500):
        h = X @ w1
        relu = np.maximum(h, 0)
        error = relu @ w2 - Y
        by_hand.append(np.square(error).sum())
        d = (2.0 * error) @ w2.T
        d[h < 0] = 0
        w1, w2 = w1 - 1e-6 * X.T @ d, w2 - 1e-6 * relu.T @ (2.0 * error)
    losses = compiled(system).train(X, Y, nn.optim.SGD(system.params, 1e-6), 500)
    assert len(losses) == 500
    assert losses[:50] == pytest.approx(by_hand[:50], rel=1e-6)
    assert losses[0] > 1e7
    assert losses[-1] < 1.0
    assert losses[-1] == pytest.approx(by_hand[-1], rel=0.05)


@pytest.mark.slow
def test_spiral_trains_to_the_end_as_by_hand():
    system = SYSTEMS["spiral"]()
    X, y = system.data
    theta = np.array([p.data for p in system.params])
    w1, b1, w2, b2 = theta[:200].reshape(2, 100), theta[200:300], theta[300:600].reshape(100, 3), theta[600:]
    for _ in range(10_000):
        hidden = np.maximum(0, X @ w1 + b1)
        e = np.exp(hidden @ w2 + b2)
        p = e / e.sum(1, keepdims=True)
        value = -np.log(p[range(300), y]).mean() + 5e-4 * ((w1 * w1).sum() + (w2 * w2).sum())
        p[range(300), y] -= 1.0
        p /= 300
        d = (p @ w2.T) * (hidden > 0)
        w1, b1 = w1 - (X.T @ d + 1e-3 * w1), b1 - d.sum(0)
        w2, b2 = w2 - (hidden.T @ p + 1e-3 * w2), b2 - p.sum(0)
    losses = compiled(system).train(X, y, nn.optim.SGD(system.params, 1.0), 10_000)
    assert losses[0] == pytest.approx(np.log(3), rel=1e-2)
    assert losses[-1] == pytest.approx(
        value, rel=0.04
    )  # chaotic: rounding alone moves the end by a percent or two


def test_optimizers_stay_on_arrays_and_agree_with_the_engine():
    for make in (
        lambda p: nn.optim.SGD(p, 0.1, momentum=0.9),
        lambda p: nn.optim.Adam(p, 0.05),
        lambda p: nn.optim.AdaGrad(p, 0.1),
    ):
        ends = []
        for eager in (True, False):
            system = SYSTEMS["r4"]()
            optimizer = make(system.params)
            if eager:
                for _ in range(20):
                    optimizer.zero_grad()
                    system.loss([Value(5.0), Value(7.0)], 0.6).backward()
                    optimizer.step()
            else:
                seen = []
                compiled(system).train(
                    [5.0, 7.0], 0.6, optimizer, 20, lambda i, value: seen.append((i, value))
                )
                assert [i for i, _ in seen] == list(range(20))
            ends.append([p.data for p in system.params])
        assert ends[0] == pytest.approx(ends[1], rel=1e-10)


def test_fit_with_a_compiled_step():
    points, labels = nn.data.make_moons(60, 0.1, rng=1)
    ends = []
    for fast in (False, True):
        model = nn.MLP(2, [8, 1], rng=3)
        optimizer = nn.optim.SGD(model.parameters(), 0.1)
        nn.fit(
            model,
            (points, labels),
            nn.losses.binary_cross_entropy_with_logits,
            optimizer,
            epochs=10,
            compile=fast,
            progress=False,
        )
        ends.append([p.data for p in model.parameters()])
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)


def test_integer_targets_and_embeddings_by_a_lane():
    table = nn.Embedding(5, 3, rng=0)
    layer = nn.Layer(3, 4, activation=None, rng=1)
    params = table.parameters() + layer.parameters()

    def loss(i, t):
        return nn.losses.cross_entropy(layer(table(i)), t)

    step = compile(loss, params, batch=True, backend="numpy")
    step.check([0, 3, 3, 4], [1, 2, 0, 3])
    assert "shared[" not in step.source


@pytest.mark.skipif(os.name != "posix", reason="a process is asked for its peak of memory as POSIX does")
def test_memory_and_speed_of_compiling_are_linear_in_the_graph():
    """Below 0.8 KB for each scalar node of the rolled graph, in a process of its own."""
    code = (
        "import resource, sys; sys.path[:0] = sys.argv[1:]\n"
        "from benchmarks.rolled_systems import two_layer\n"
        "from autograd.compiler import compile\n"
        "s = two_layer()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "c = compile(s.loss, s.params, batch=True, reduction='sum', backend='numpy')\n"
        "c._prepare(s.data)\n"
        "unit = 1 if sys.platform == 'darwin' else 1024\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit)\n"
    )
    root = os.path.dirname(os.path.dirname(autograd.__file__))
    done = subprocess.run(
        [sys.executable, "-c", code, root, os.path.join(root, "tests")],
        capture_output=True,
        text=True,
        check=True,
    )
    nodes = 508_393  # scalar operations of R5's example, gradient included
    assert int(done.stdout) < 800 * nodes


def test_timed_steps_do_not_move_the_parameters():
    system = SYSTEMS["r4"]()
    start = [p.data for p in system.params]
    run = descent(compiled(system)._latest[1], start, LR)
    assert run() == pytest.approx(run(), rel=1e-6)


def test_a_small_program_that_was_compiled_before_is_kept_with_what_is_each_functions_own():
    made = []
    for number in (3.0, 5.0):
        w = Value(number, "w")
        f, step = compile(lambda x, w=w: x * w), compile(lambda y, w=w: (y * w) ** 2, [w], backend="numpy")
        assert (f(2.0), step(2.0), w.grad) == (2 * number, 4 * number**2, 8 * number)
        assert "w * y" in step.source
        made.append((f, step))
    for (f, step), number in zip(made, (3.0, 5.0), strict=True):  # calls in turn do not disturb each other
        assert (f(np.array([2.0]))[0], step(2.0)) == (2 * number, 4 * number**2)
    assert made[0][1]._latest[0].engines is made[1][1]._latest[0].engines
    assert compile(lambda x: x * Value(3.0), backend="numpy")(2.0) == 6.0  # a number that is its own
    assert compile(lambda x: x * Value(7.0), backend="numpy")(2.0) == 14.0


def test_a_program_that_is_kept_holds_no_leaf_and_returns_each_functions_own_kind_of_result():
    found = []
    for _ in range(2):

        class Point(NamedTuple):
            x: Any
            y: Any

        class Leaf(Value):
            """One that tells when it is gone."""

        w = Leaf(3.0)
        point = compile(lambda x, w=w: Point(x, x * w))
        assert type(point(2.0)) is Point
        assert point(4.0) == (4.0, 12.0)
        numbers = compile(lambda x, w=w: (x, [x * w]))
        assert numbers(2.0) == (2.0, [6.0])
        found.append(weakref.ref(w))
        del w, point, numbers
    gc.collect()
    assert [ref() for ref in found] == [None, None]
