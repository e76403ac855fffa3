"""One program on eight devices: the results of one device, sums over the examples as all-reduces."""

import itertools

import jax
import numpy as np
import pytest
from benchmarks.rolled_systems import SYSTEMS

import autograd
import nn
from autograd import Value, compile
from autograd.compiler.backends.xla import backend


def step_of(name, **options):
    system = SYSTEMS[name]()
    step = compile(
        system.loss, system.params, batch=True, reduction=system.reduction, penalty=system.penalty,
        backend="xla", **options,
    )  # fmt: skip
    return step, system.data, system.params


def small(**options):
    """Return a small loss, compiled, with its data and parameters."""
    data = nn.data.make_moons(18, rng=1)
    model = nn.MLP(2, [3, 1], rng=1)
    step = compile(
        lambda x, y: nn.losses.binary_cross_entropy_with_logits(model(x), y), model.parameters(), batch=True,
        **{"backend": "xla", **options},
    )  # fmt: skip
    return step, data, model.parameters()


def text_of(step):
    """Return what XLA made of the program of the latest call."""
    bound = step._latest[1].bound
    with bound.devices.arithmetic():
        return bound.judged.runs[0].lower(bound.theta(), *bound.data()).compile().as_text()


@pytest.mark.parametrize(
    ("name", "examples", "shard"),
    [("moons", 16, None), ("moons", 13, "parameters"), ("spiral", 9, None), ("spiral", 8, "parameters")],
)
def test_eight_devices_equal_one(mesh, name, examples, shard):
    found = []
    for options in ({}, {"mesh": mesh, "shard": shard}):
        step, data, _ = step_of(name, **options)
        found.append(step.value_and_grad(*[x[:examples] for x in data]))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-12)
    size = np.abs(found[0][1]).max()
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-12, atol=1e-13 * size)
    text = text_of(step)
    assert "all-reduce" in text
    assert "num_partitions=8" in text


def test_examples_over_one_axis_and_parameters_over_another():
    mesh = jax.make_mesh((4, 2), ("rows", "columns"))
    found = []
    for options in (
        {"backend": "numpy"}, {"mesh": mesh, "shard": "parameters"},
        {"mesh": mesh, "shard": {"examples": "columns", "parameters": "rows"}}, {"mesh": mesh, "shard": {}},
    ):  # fmt: skip
        step, data, params = small(**options)
        step.train(*data, nn.optim.Adam(params, lr=0.01), 7)
        found.append([p.data for p in params])
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-11)


def test_parameters_that_are_split_lie_apart(mesh):
    step, data, params = small(mesh=mesh, shard="parameters")
    step._begin(step._parsed(data))
    bound = step._latest[1].bound
    with bound.devices.arithmetic():
        theta = bound.theta()
    assert len({shard.index[0].start for shard in theta.addressable_shards}) == 8
    assert theta.addressable_shards[0].data.size == -(-len(params) // 8)


@pytest.mark.parametrize("examples", [16, 21])
def test_results_of_each_example_come_back_in_their_order(mesh, examples):
    f = compile(lambda x: [x * x, x + 1.0], batch=True, backend="xla", mesh=mesh)
    x = np.arange(float(examples))
    assert f(x).tolist() == np.stack([x * x, x + 1.0], 1).tolist()


def test_what_fills_up_the_devices_adds_nothing(mesh):
    """Constant losses, penalties, losses without the parameters: all that a sum over examples may be."""
    w, v = Value(0.5, "w"), Value(2.0, "v")
    losses = [
        lambda x: w * x, lambda x: w * v, lambda x: w * v + x, lambda x: (w - x) ** 2 * 0.5 + 3.0,
        lambda x: (w * x).exp() / (1.0 + (v * x).exp()), lambda x: x * x,
    ]  # fmt: skip
    for loss, reduction in zip(losses, itertools.cycle(["mean", "sum"]), strict=False):
        found = []
        for options in ({"backend": "numpy"}, {"backend": "xla", "mesh": mesh}):
            step = compile(
                loss, [w, v], batch=True, reduction=reduction, penalty=lambda: w * v * v, **options
            )
            value, grads = step.value_and_grad(np.linspace(-1.0, 2.0, 13))
            found.append([value, *grads])
        assert found[1] == pytest.approx(found[0], rel=1e-13)


def test_one_example_that_is_not_finite_is_the_engines_on_every_mesh(mesh):
    w = Value(1.0, "w")
    step = compile(lambda x: (w * x).log(), [w], batch=True, backend="xla", mesh=mesh)
    x = np.linspace(1.0, 2.0, 21)
    x[5] = -1.0
    assert np.isnan(step(x))
    x[5] = 1.0
    assert step(x) == pytest.approx(np.log(x).mean(), rel=1e-14)


# Errors: a sentence each, with what to write instead.


def square(x):
    return x * x


def test_meshes_and_axes_that_are_not_there(mesh, monkeypatch):
    cases = [
        ({"mesh": 8}, TypeError, "mesh must be a mesh of JAX, got int; write jax.make_mesh"),
        ({"shard": "parameters"}, ValueError, "pass one too, such as mesh=jax.make_mesh"),
        ({"mesh": mesh, "shard": "model"}, ValueError, "shard must be \"parameters\", or axes by what they"),
        ({"mesh": mesh, "shard": {"parameters": "model"}}, ValueError, "no axis 'model' .* has 'examples'"),
        ({"dtype": "float16"}, ValueError, "dtype must be one of float64, float32, got 'float16'"),
    ]  # fmt: skip
    for options, kind, message in cases:
        with pytest.raises(kind, match=message):
            compile(square, backend="xla", **options)
    for options in ({"mesh": mesh}, {"dtype": "float32"}, {"shard": "parameters"}):
        with pytest.raises(ValueError, match='say where XLA runs; write backend="xla", not \'numpy\''):
            compile(square, backend="numpy", **options)
    monkeypatch.setattr(backend, "WITHOUT_DOUBLES", ("cpu",))
    with pytest.raises(ValueError, match='computes no float64; pass dtype="float32"'):
        compile(square, backend="xla")
    compile(square, backend="xla", dtype=np.float32)


def test_a_batch_smaller_than_the_mesh(mesh):
    f = compile(square, batch=True, backend="xla", mesh=mesh)
    with pytest.raises(
        ValueError, match="a batch of 7 is smaller than the mesh, which has 8 devices .*; pass 8 or"
    ):
        f(np.ones(7))
    assert f(np.ones(8)).tolist() == [1.0] * 8


@pytest.mark.parametrize("data", [(), (np.linspace(0.5, 1.5, 21),)])
@pytest.mark.parametrize(("shard", "grouped"), [(None, False), ("parameters", False), ("parameters", True)])
def test_parameters_that_meet_their_neighbours(mesh, shard, grouped, data):
    w = [Value(0.1 * k, f"w[{k}]") for k in range(10)]

    def loss(x=1.0):
        return autograd.sum([100.0 * (b - a * a) ** 2 + (1.0 - a * x) ** 2 for a, b in itertools.pairwise(w)])

    step = compile(loss, w, batch=bool(data), backend="xla", mesh=mesh, shard=shard)
    other = compile(loss, w, batch=bool(data), backend="numpy")
    (value, grads), (want, wanted) = step.value_and_grad(*data), other.value_and_grad(*data)
    assert value == pytest.approx(want, rel=1e-14)
    np.testing.assert_allclose(grads, wanted, rtol=1e-12, atol=1e-12)
    start, losses = [p.data for p in w], []
    for f in (step, other):
        for p, x in zip(w, start, strict=True):
            p.data = x
        groups = [{"params": w[:3]}, {"params": w[3:], "lr": 1e-4}] if grouped else w
        losses.append(f.train(*data, nn.optim.Adam(groups, lr=1e-3), 9))
    np.testing.assert_allclose(*losses, rtol=1e-12)


def test_a_sum_over_lanes_of_two_factors_that_are_gathered(mesh):
    first, second, which = [5, 0, 3, 1, 4, 2, 2], [2, 5, 1, 0, 0, 3, 4], [1, 0, 2, 2, 0, 1, 0]
    w = [Value(0.3 * i - 0.4) for i in range(4)]

    def loss(x):
        z = [(a * w[3]).tanh() for a in x]
        return autograd.sum([w[k] * z[i] * x[j] for i, j, k in zip(first, second, which, strict=True)])

    x = np.random.RandomState(0).randn(13, 6)
    (value, grads), (want, wanted) = [
        compile(loss, w, batch=True, **options).value_and_grad(x)
        for options in ({"backend": "xla", "mesh": mesh}, {"backend": "numpy"})
    ]
    assert value == pytest.approx(want, rel=1e-13)
    np.testing.assert_allclose(grads, wanted, rtol=1e-12)
