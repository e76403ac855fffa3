"""Training steps of compiled scalar programs on XLA beside JAX's own programs of the same networks.

``python tests/benchmarks/bench_xla.py [--large] [--dtype float32]`` runs on whatever device JAX has. Both
take the same number of steps of gradient descent inside one call; the hand-written program differentiates
matrices with ``jax.value_and_grad`` and loops with ``lax.scan``. Rounds alternate; medians are compared. On a
processor each has one thread, and what it took of the processor is counted, as others may run there too.
"""

import argparse
import os
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from rolled_systems import SYSTEMS

import autograd
import nn
from autograd import compile

LR = 1e-12
STEPS = 1000
"""About as many as `step.train` takes in one call of the device."""


def network(sizes, examples):
    """Return the scalar loss of a classifier with its parameters and data, and the same over matrices."""
    rs = np.random.RandomState(0)
    model = nn.MLP(sizes[0], list(sizes[1:]), rng=1)
    x, y = rs.randn(examples, sizes[0]), rs.randint(0, sizes[-1], examples)

    def loss(a, b):
        return nn.losses.cross_entropy(model(a), b)

    def by_hand(theta, x, y):
        for k, (w, b) in enumerate(theta):
            x = x @ w.T + b
            x = jnp.maximum(x, 0.0) if k < len(theta) - 1 else x
        return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1).mean()

    numbers = [p.data for p in model.parameters()]
    theta, at = [], 0
    for a, b in zip(sizes, sizes[1:], strict=False):
        rows = np.array(numbers[at : at + b * (a + 1)]).reshape(b, a + 1)
        theta.append((rows[:, :-1], rows[:, -1]))
        at += b * (a + 1)
    return loss, model.parameters(), (x, y), True, by_hand, theta


def recurrent(steps=100, units=16, inputs=8):
    """Return the same for a recurrent network over one sequence."""
    rs = np.random.RandomState(0)
    arrays = [0.3 * rs.randn(units, inputs), 0.3 * rs.randn(units, units), 0.1 * rs.randn(units)]
    wx, wh, b = [np.vectorize(autograd.Value, otypes=[object])(a).tolist() for a in arrays]
    x, y = rs.randn(steps, inputs), rs.randn(units)

    def loss(x, y):
        h = [0.0] * units
        for row in x:
            h = [
                (autograd.dot(u, row) + autograd.dot(v, h) + c).tanh()
                for u, v, c in zip(wx, wh, b, strict=True)
            ]
        return autograd.sum([(p - q) ** 2 for p, q in zip(h, y, strict=True)])

    def by_hand(theta, x, y):
        u, v, c = theta
        h, _ = lax.scan(lambda h, z: (jnp.tanh(v @ h + z), None), jnp.zeros_like(c), x @ u.T + c)
        return jnp.square(h - y).sum()

    params = [p for w in (wx, wh) for row in w for p in row] + b
    return loss, params, (x, y), False, by_hand, arrays


def arrays_of(params):
    """Return the arrays whose elements some parameters are, by name, as their labels tell."""
    places: dict[str, dict[tuple[int, ...], float]] = {}
    for p in params:
        name, *index = p.label.replace("]", "").split("[")
        places.setdefault(name, {})[tuple(map(int, index))] = p.data
    found = {}
    for name, numbers in places.items():
        found[name] = np.zeros(tuple(max(axis) + 1 for axis in zip(*numbers, strict=True)))
        for index, x in numbers.items():
            found[name][index] = x
    return found


def system(name, by_hand):
    """Return the same for a system that the compiler is measured on."""
    made = SYSTEMS[name]()
    batch = bool(made.batch)
    return made.loss, made.params, made.data, batch, by_hand(made), arrays_of(made.params), made.reduction


def r4(_):
    """R4: a network of sigmoids, for one example."""

    def loss(w, x, y):
        for k in "123":
            x = jax.nn.sigmoid(w[f"W{k}"] @ x + w[f"b{k}"])
        return (x[0] - y) ** 2

    return loss


def r5(_):
    """R5: two layers, the sum of squares."""

    def loss(w, x, y):
        return jnp.square(jnp.maximum(x @ w["w1"], 0.0) @ w["w2"] - y).sum()

    return loss


def gpt(made):
    """A GPT of one layer."""
    text, heads = made.facts["text"], made.facts["heads"]
    tokens = len(text) - 1

    def norm(x):
        return x * (jnp.square(x).mean(1, keepdims=True) + 1e-5) ** -0.5

    def loss(w):
        def split(a):
            return a.reshape(tokens, heads, -1).transpose(1, 0, 2)

        x = norm(w["wte"][text[:-1]] + w["wpe"])
        q, k, v = (split(norm(x) @ w[name].T) for name in ("wq", "wk", "wv"))
        scores = q @ k.transpose(0, 2, 1) * q.shape[-1] ** -0.5
        weights = jax.nn.softmax(jnp.where(jnp.tri(tokens, dtype=bool), scores, -jnp.inf))
        x = (weights @ v).transpose(1, 0, 2).reshape(tokens, -1) @ w["wo"].T + x
        x = jnp.maximum(norm(x) @ w["up"].T, 0.0) @ w["down"].T + x
        return -jax.nn.log_softmax(x @ w["head"].T)[jnp.arange(tokens), text[1:]].mean()

    return loss


WORK = {
    "R4: sigmoids 2-3-3-1, 1 example": lambda: system("r4", r4),
    "R5: 1000-100-10, 64 examples": lambda: system("r5", r5),
    "moons 2-16-16-2, 100 examples": lambda: network((2, 16, 16, 2), 100),
    "R6: spiral 2-100-3, 300 examples": lambda: network((2, 100, 3), 300),
    "recurrent, 100 steps of 16 units": recurrent,
    "tiny GPT, 1 layer, 8 tokens": lambda: system("gpt", gpt),
}
LARGE = {"784-256-10, 1024 examples": lambda: network((784, 256, 10), 1024)}


def measured(make, dtype, rounds):
    """Return microseconds a step, of ours and by hand, and the seconds of compiling ours."""
    loss, params, data, batch, by_hand, theta, *reduction = make()
    data = tuple(map(np.asarray, data))
    start = time.perf_counter()
    step = compile(loss, params, batch=batch, backend="xla", dtype=dtype, reduction=(*reduction, "mean")[0])
    losses = step.train(*data, nn.optim.SGD(params, LR), STEPS)
    building = time.perf_counter() - start
    engine = step._latest[1]
    bound, optimizer = engine.bound, nn.optim.SGD(params, LR)

    def own():
        bound.optimize(optimizer, STEPS)

    with jax.enable_x64(dtype == "float64"), jax.default_matmul_precision("highest"):
        kinds = [jnp.asarray(a, dtype if a.dtype.kind == "f" else None) for a in data]
        start_theta = jax.tree.map(lambda a: jnp.asarray(a, dtype), theta)

        @jax.jit
        def many(theta, *data):
            def one(theta, _):
                value, grads = jax.value_and_grad(by_hand)(theta, *data)
                return jax.tree.map(lambda t, g: t - LR * g, theta, grads), value

            return lax.scan(one, theta, None, STEPS)

        np.testing.assert_allclose(many(start_theta, *kinds)[1], losses, rtol=1e-3)  # the same mathematics
        clock = time.process_time if jax.devices()[0].platform == "cpu" else time.perf_counter
        times = [], []
        both = own, lambda: jax.block_until_ready(many(start_theta, *kinds))
        for _ in range(rounds):
            for f, found in zip(both, times, strict=True):
                begin = clock()
                f()
                found.append((clock() - begin) / STEPS * 1e6)
    return *map(statistics.median, times), building


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="networks of a million scalar nodes, too")
    parser.add_argument("--dtype", default="float64", choices=["float64", "float32"])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="networks whose names begin so")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # before JAX counts them
    print(f"{jax.devices()[0].device_kind}, {args.dtype}, {STEPS} steps a call")
    print("| network | ours, us a step | JAX by hand | ratio | building, s |\n|---|---|---|---|---|")
    for name, make in {**WORK, **(LARGE if args.large else {})}.items():
        if not name.startswith(args.only):
            continue
        mine, hand, building = measured(make, args.dtype, args.rounds)
        print(f"| {name} | {mine:.1f} | {hand:.1f} | {mine / hand:.2f} | {building:.1f} |", flush=True)
