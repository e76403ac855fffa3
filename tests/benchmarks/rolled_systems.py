"""The systems on which the compiler is measured and tested: scalar by scalar, and written by hand.

Each is a `System`: a loss over Values, and a function that makes the same training step in NumPy (or, for
graphs without structure, in straight-line Python), written as people write it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Value


@dataclass
class System:
    """A loss to compile, its data, and the same step by hand: ``hand()`` returns a function without
    parameters."""

    name: str
    loss: Callable[..., Any]
    params: list[Value]
    data: tuple[Any, ...]
    hand: Callable[[], Callable[[], Any]]
    batch: bool = False
    reduction: str = "mean"
    penalty: Callable[[], Any] | None = None
    targets: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    """What the same step in another library needs to know."""


LR = 1e-9  # so small that thousands of timed steps leave the parameters where they are


def values(name: str, array: Any) -> Any:
    """Return nested lists of Values with labels such as ``name[3][7]``."""
    if array.ndim == 0:
        return Value(float(array), name)
    return [values(f"{name}[{i}]", row) for i, row in enumerate(array)]


def flat(*nested: Any) -> list[Value]:
    """Return the Values of nested lists in order."""
    return [v for x in nested for v in (flat(*x) if isinstance(x, list) else [x])]


def r4() -> System:
    """The 2-3-3-1 sigmoid network on one sample."""
    rs = np.random.RandomState(4)
    shapes = [(3, 2), (3, 3), (1, 3)]
    weights = [rs.rand(*s) for s in shapes]
    biases = [rs.rand(s[0]) for s in shapes]
    w = [values(f"W{k + 1}", a) for k, a in enumerate(weights)]
    b = [values(f"b{k + 1}", a) for k, a in enumerate(biases)]

    def loss(x, y):
        for rows, offsets in zip(w, b, strict=True):
            x = [(autograd.dot(row, x) + offset).sigmoid() for row, offset in zip(rows, offsets, strict=True)]
        return (x[0] - y) ** 2

    def hand():
        ws, bs = [a.copy() for a in weights], [a.reshape(-1, 1).copy() for a in biases]
        x, y = np.array([[5.0], [7.0]]), 0.6

        def step():
            activations = [x]
            for m, c in zip(ws, bs, strict=True):
                activations.append(1.0 / (1.0 + np.exp(-(m @ activations[-1] + c))))
            error = activations[-1] - y
            value = (error**2).item()
            delta = 2.0 * error * activations[-1] * (1.0 - activations[-1])
            for k in (2, 1, 0):
                dw, db = delta @ activations[k].T, delta
                if k:
                    delta = (ws[k].T @ delta) * activations[k] * (1.0 - activations[k])
                ws[k] -= LR * dw
                bs[k] -= LR * db
            return value

        return step

    return System("R4, one sample", loss, [v for k in range(3) for v in flat(w[k], b[k])], ([5.0, 7.0], 0.6),
        hand,
                  targets={"numpy": 0.65, "python": 0.10, "c": 0.02})  # fmt: skip


def spiral_data() -> tuple[Any, Any]:
    """Return 300 points of three interleaved spiral arms, and their labels."""
    rs = np.random.RandomState(0)
    points, labels = np.zeros((300, 2)), np.zeros(300, int)
    for j in range(3):
        r, t = np.linspace(0.0, 1.0, 100), np.linspace(4 * j, 4 * (j + 1), 100) + rs.randn(100) * 0.2
        points[100 * j : 100 * (j + 1)] = np.c_[r * np.sin(t), r * np.cos(t)]
        labels[100 * j : 100 * (j + 1)] = j
    return points, labels


def spiral(*, traced: bool) -> System:
    """The spiral classifier 2-100-3, with a lane for the sample or with all samples recorded."""
    points, labels = spiral_data()
    rs = np.random.RandomState(1)
    a1, a2 = 0.01 * rs.randn(2, 100), 0.01 * rs.randn(100, 3)
    W1, b1, W2, b2 = (
        values("W1", a1),
        values("b1", np.zeros(100)),
        values("W2", a2),
        values("b2", np.zeros(3)),
    )
    first, second = [tuple(c) for c in zip(*W1, strict=True)], [tuple(c) for c in zip(*W2, strict=True)]

    def scores(x):
        x = tuple(x)
        hidden = tuple((autograd.dot(c, x) + b).relu() for c, b in zip(first, b1, strict=True))
        return [autograd.dot(c, hidden) + b for c, b in zip(second, b2, strict=True)]

    def penalty():
        return 0.5e-3 * (autograd.dot(flat(W1), flat(W1)) + autograd.dot(flat(W2), flat(W2)))

    def one(x, y):
        hot = [autograd.equal(y, float(k)) for k in range(3)]
        return -autograd.dot(hot, autograd.log_softmax(scores(x)))

    def whole():
        rows = points.tolist()
        return (
            autograd.mean(
                [-autograd.log_softmax(scores(x))[int(y)] for x, y in zip(rows, labels, strict=True)]
            )
            + penalty()
        )

    def hand():
        w1, c1, w2, c2 = a1.copy(), np.zeros((1, 100)), a2.copy(), np.zeros((1, 3))
        X, y, n, reg = points, labels, 300, 1e-3

        def step():
            nonlocal w1, c1, w2, c2
            hidden = np.maximum(0, np.dot(X, w1) + c1)
            logits = np.dot(hidden, w2) + c2
            exp_scores = np.exp(logits)
            probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
            data_loss = np.sum(-np.log(probs[range(n), y])) / n
            value = data_loss + 0.5 * reg * np.sum(w1 * w1) + 0.5 * reg * np.sum(w2 * w2)
            dscores = probs
            dscores[range(n), y] -= 1
            dscores /= n
            dw2, db2 = np.dot(hidden.T, dscores), np.sum(dscores, axis=0, keepdims=True)
            dhidden = np.dot(dscores, w2.T)
            dhidden[hidden <= 0] = 0
            dw1, db1 = np.dot(X.T, dhidden), np.sum(dhidden, axis=0, keepdims=True)
            dw2 += reg * w2
            dw1 += reg * w1
            w1 -= LR * dw1
            c1 -= LR * db1
            w2 -= LR * dw2
            c2 -= LR * db2
            return value

        return step

    params = flat(W1, b1, W2, b2)
    if traced:
        return System(
            "R6 spiral, all 300 samples traced", whole, params, (), hand, targets={"numpy": 0.75, "c": 0.50}
        )
    return System(
        "R6 spiral, batch lane",
        one,
        params,
        (points, labels),
        hand,
        batch=True,
        penalty=penalty,
        targets={"numpy": 0.75, "c": 0.20},
    )


def two_layer(sizes: tuple[int, int, int, int] = (64, 1000, 100, 10)) -> System:
    """R5, the two-layer network."""
    n, d, h, o = sizes
    rs = np.random.RandomState(5)
    X, Y, m1, m2 = rs.randn(n, d), rs.randn(n, o), rs.randn(d, h), rs.randn(h, o)
    w1, w2 = values("w1", m1), values("w2", m2)
    first, second = [tuple(c) for c in zip(*w1, strict=True)], [tuple(c) for c in zip(*w2, strict=True)]

    def loss(x, y):
        x = tuple(x)
        hidden = tuple(autograd.dot(c, x).relu() for c in first)
        return autograd.sum([(autograd.dot(c, hidden) - t) ** 2 for c, t in zip(second, y, strict=True)])

    def hand():
        a, b = m1.copy(), m2.copy()

        def step():
            nonlocal a, b
            hidden = X.dot(a)
            relu = np.maximum(hidden, 0)
            predicted = relu.dot(b)
            value = np.square(predicted - Y).sum()
            grad_predicted = 2.0 * (predicted - Y)
            grad_b = relu.T.dot(grad_predicted)
            grad_hidden = grad_predicted.dot(b.T).copy()
            grad_hidden[hidden < 0] = 0
            grad_a = X.T.dot(grad_hidden)
            a -= LR * 1e-6 * grad_a
            b -= LR * 1e-6 * grad_b
            return value

        return step

    return System(
        "R5 two-layer",
        loss,
        flat(w1, w2),
        (X, Y),
        hand,
        batch=True,
        reduction="sum",
        targets={"numpy": 1.05, "c": 1.2},
    )


def moons() -> System:
    """The moons classifier 2-16-16-1 on 100 points, hinge loss and an L2 penalty, as micrograd's demo."""
    points, labels = nn.data.make_moons(100, 0.1, rng=1)
    X, y = np.array(points, float), 2.0 * np.array(labels, float) - 1.0
    model = nn.MLP(2, [16, 16, 1], rng=3)
    params = model.parameters()

    def loss(x, t):
        return (1.0 - t * model(x)).relu()

    def penalty():
        return 1e-4 * autograd.dot(tuple(params), tuple(params))

    def hand():
        ws = [np.array([[p.data for p in neuron.w] for neuron in layer.neurons]) for layer in model.layers]
        bs = [np.array([neuron.b.data for neuron in layer.neurons]) for layer in model.layers]

        def step():
            h1 = np.maximum(0, X @ ws[0].T + bs[0])
            h2 = np.maximum(0, h1 @ ws[1].T + bs[1])
            score = (h2 @ ws[2].T + bs[2])[:, 0]
            margin = 1.0 - y * score
            value = np.maximum(0, margin).mean() + 1e-4 * sum(
                np.sum(w * w) + np.sum(b * b) for w, b in zip(ws, bs, strict=True)
            )
            d = (-y * (margin > 0) / 100)[:, None]
            grads = []
            for k, h in ((2, h2), (1, h1), (0, X)):
                grads.append((d.T @ h + 2e-4 * ws[k], d.sum(0) + 2e-4 * bs[k]))
                if k:
                    d = (d @ ws[k]) * (h > 0)
            for k, (gw, gb) in zip((2, 1, 0), grads, strict=True):
                ws[k] -= LR * gw
                bs[k] -= LR * gb
            return value

        return step

    return System(
        "moons 2-16-16-1, 100 points",
        loss,
        params,
        (X, y),
        hand,
        batch=True,
        penalty=penalty,
        targets={"numpy": 0.80, "c": 0.12},
    )


def rnn(steps: int = 100, units: int = 16, inputs: int = 8) -> System:
    """A recurrent network over one sequence, squared error of its last state."""
    rs = np.random.RandomState(6)
    mx, mh, mb = 0.3 * rs.randn(units, inputs), 0.2 * rs.randn(units, units), 0.1 * rs.randn(units)
    xs, y = rs.randn(steps, inputs), rs.randn(units)
    wx, wh, b = values("Wx", mx), values("Wh", mh), values("b", mb)

    def loss(sequence, target):
        h = [0.0] * units
        for x in sequence:
            h = [(autograd.dot(wx[i], x) + autograd.dot(wh[i], h) + b[i]).tanh() for i in range(units)]
        return autograd.sum([(p - t) ** 2 for p, t in zip(h, target, strict=True)])

    def hand():
        a, c, e = mx.copy(), mh.copy(), mb.copy()

        def step():
            hs = [np.zeros(units)]
            for x in xs:
                hs.append(np.tanh(a @ x + c @ hs[-1] + e))
            error = hs[-1] - y
            value = (error**2).sum()
            da, dc, de = np.zeros_like(a), np.zeros_like(c), np.zeros_like(e)
            dh = 2.0 * error
            for t in reversed(range(steps)):
                dz = dh * (1.0 - hs[t + 1] ** 2)
                da += np.outer(dz, xs[t])
                dc += np.outer(dz, hs[t])
                de += dz
                dh = c.T @ dz
            for p, g in ((a, da), (c, dc), (e, de)):
                p -= LR * g
            return value

        return step

    return System(
        "RNN, 100 steps of 16 units", loss, flat(wx, wh, b), (xs, y), hand, targets={"numpy": 0.70, "c": 0.08}
    )


def gpt(tokens: int = 8, width: int = 16, heads: int = 4, vocabulary: int = 27) -> System:
    """A GPT of one layer: embeddings, causal attention, an MLP, RMS normalisation."""
    rs = np.random.RandomState(7)
    shapes = {"wte": (vocabulary, width), "wpe": (tokens, width), "wq": (width, width), "wk": (width, width),
        "wv": (width, width),
              "wo": (width, width), "up": (4 * width, width), "down": (width, 4 * width),
              "head": (vocabulary, width)}  # fmt: skip
    arrays = {name: 0.3 * rs.randn(*shape) for name, shape in shapes.items()}
    p = {name: [tuple(row) for row in values(name, a)] for name, a in arrays.items()}
    text = rs.randint(0, vocabulary, tokens + 1)
    size = width // heads

    def linear(rows, x):
        x = tuple(x)
        return [autograd.dot(row, x) for row in rows]

    def norm(x):
        scale = (autograd.dot(x, x) / len(x) + 1e-5) ** -0.5
        return [v * scale for v in x]

    def loss():
        keys, vals, losses = [], [], []
        for i in range(tokens):
            x = norm([a + c for a, c in zip(p["wte"][text[i]], p["wpe"][i], strict=True)])
            z = norm(x)
            q = linear(p["wq"], z)
            keys.append(linear(p["wk"], z))
            vals.append(linear(p["wv"], z))
            mixed = []
            for j in range(0, width, size):
                cut = slice(j, j + size)
                weights = autograd.softmax([autograd.dot(q[cut], k[cut]) * size**-0.5 for k in keys])
                mixed += [autograd.dot(weights, [v[j + c] for v in vals]) for c in range(size)]
            x = [a + c for a, c in zip(linear(p["wo"], mixed), x, strict=True)]
            h = [v.relu() for v in linear(p["up"], norm(x))]
            x = [a + c for a, c in zip(linear(p["down"], h), x, strict=True)]
            losses.append(-autograd.log_softmax(linear(p["head"], x))[int(text[i + 1])])
        return autograd.mean(losses)

    def hand():
        return gpt_by_hand({name: a.copy() for name, a in arrays.items()}, text, heads)

    return System("tiny GPT, 1 layer, 8 tokens", loss, flat(*[list(map(list, p[name])) for name in shapes]),
        (), hand, targets={"numpy": 1.2, "c": 0.12},
                  facts={"shapes": shapes, "text": text, "heads": heads})  # fmt: skip


def gpt_by_hand(w: dict[str, Any], text: Any, heads: int) -> Callable[[], Any]:
    """Return the step of `gpt` in NumPy."""
    n, d = w["wpe"].shape
    size = d // heads
    mask = np.triu(np.full((n, n), -np.inf), 1)

    def norm(x):
        r = ((x * x).mean(1, keepdims=True) + 1e-5) ** -0.5
        return x * r, r

    def norm_back(g, x, r):
        return r * g - x * (r**3) * (g * x).sum(1, keepdims=True) / d

    def split(x):
        return x.reshape(n, heads, size).transpose(1, 0, 2)

    def join(x):
        return x.transpose(1, 0, 2).reshape(n, d)

    def step():
        e = w["wte"][text[:-1]] + w["wpe"]
        x0, r0 = norm(e)
        z, r1 = norm(x0)
        q, k, v = (split(z @ w[m].T) for m in ("wq", "wk", "wv"))
        s = q @ k.transpose(0, 2, 1) * size**-0.5 + mask
        s = np.exp(s - s.max(-1, keepdims=True))
        a = s / s.sum(-1, keepdims=True)
        mixed = join(a @ v)
        x1 = mixed @ w["wo"].T + x0
        u, r2 = norm(x1)
        pre = u @ w["up"].T
        h = np.maximum(0, pre)
        x2 = h @ w["down"].T + x1
        logits = x2 @ w["head"].T
        logits = logits - logits.max(1, keepdims=True)
        ex = np.exp(logits)
        total = ex.sum(1, keepdims=True)
        value = (np.log(total)[:, 0] - logits[np.arange(n), text[1:]]).mean()
        g = ex / total
        g[np.arange(n), text[1:]] -= 1.0
        g /= n
        grads = {"head": g.T @ x2}
        dx2 = g @ w["head"]
        grads["down"] = dx2.T @ h
        dh = (dx2 @ w["down"]) * (pre > 0)
        grads["up"] = dh.T @ u
        dx1 = dx2 + norm_back(dh @ w["up"], x1, r2)
        grads["wo"] = dx1.T @ mixed
        dm = split(dx1 @ w["wo"])
        da, dv = dm @ v.transpose(0, 2, 1), a.transpose(0, 2, 1) @ dm
        ds = a * (da - (da * a).sum(-1, keepdims=True)) * size**-0.5
        dq, dk = ds @ k, ds.transpose(0, 2, 1) @ q
        dz = np.zeros_like(z)
        for m, gm in (("wq", dq), ("wk", dk), ("wv", dv)):
            gm = join(gm)
            grads[m] = gm.T @ z
            dz += gm @ w[m]
        de = norm_back(dx1 + norm_back(dz, x0, r1), e, r0)
        grads["wpe"] = de
        grads["wte"] = np.zeros_like(w["wte"])
        np.add.at(grads["wte"], text[:-1], de)
        for name, grad in grads.items():
            w[name] -= LR * grad
        return value

    return step


def random_dag(size: int = 20_000) -> System:
    """A graph without structure; by hand it is straight-line Python over floats."""
    rng = random.Random(8)
    leaves = [Value(rng.uniform(-1, 1), f"p[{i}]") for i in range(20)]
    plan: list[tuple[str, int, int]] = []
    for i in range(size):
        op = rng.choice(["add", "sub", "mul", "tanh", "sin", "sigmoid", "relu"])
        plan.append((op, rng.randrange(i + 20), rng.randrange(max(0, i - 1000), i + 20)))

    def loss():
        v = list(leaves)
        for op, a, b in plan:
            if op == "add":
                v.append(0.5 * (v[a] + v[b]))
            elif op == "sub":
                v.append(v[a] - 0.5 * v[b])
            elif op == "mul":
                v.append(v[a] * v[b])
            else:
                v.append(getattr(v[b], op)())
        return autograd.mean(v[-100:])

    return System(
        f"random DAG, {size} mixed operations",
        loss,
        leaves,
        (),
        lambda: dag_by_hand(plan, leaves),
        targets={"numpy": 0.6, "c": 0.08},
        facts={"plan": plan},
    )


def dag_by_hand(plan: Any, leaves: list[Value]) -> Callable[[], Any]:
    """Return the graph's step as straight-line Python, with its reverse pass."""
    lines, back, n = [], [], len(leaves) + len(plan)
    partials = {
        "tanh": "(1.0 - {y} * {y})",
        "sin": "cos({x})",
        "sigmoid": "({y} * (1.0 - {y}))",
        "relu": "({x} > 0.0)",
    }
    calls = {
        "tanh": "tanh({x})",
        "sin": "sin({x})",
        "sigmoid": "1.0 / (1.0 + exp(-{x}))",
        "relu": "({x} if {x} > 0.0 else 0.0)",
    }
    grads: dict[int, list[str]] = {i: ["0.01"] for i in range(n - 100, n)}
    for i, (op, a, b) in reversed(list(enumerate(plan, start=len(leaves)))):
        if i not in grads:
            continue
        back.append(f"g{i} = {' + '.join(grads[i])}")
        if op in ("add", "sub"):
            grads.setdefault(a, []).append(f"{'0.5 * ' if op == 'add' else ''}g{i}")
            grads.setdefault(b, []).append(f"{'0.5' if op == 'add' else '-0.5'} * g{i}")
        elif op == "mul":
            grads.setdefault(a, []).append(f"g{i} * v{b}")
            grads.setdefault(b, []).append(f"g{i} * v{a}")
        else:
            grads.setdefault(b, []).append(f"g{i} * {partials[op].format(x=f'v{b}', y=f'v{i}')}")
    for i, (op, a, b) in enumerate(plan, start=len(leaves)):
        text = {"add": f"0.5 * (v{a} + v{b})", "sub": f"v{a} - 0.5 * v{b}", "mul": f"v{a} * v{b}"}.get(
            op
        ) or calls[op].format(x=f"v{b}")
        if i in grads:
            lines.append(f"v{i} = {text}")
    total = " + ".join(f"v{i}" for i in range(n - 100, n))
    head = [f"v{i} = theta[{i}]" for i in range(len(leaves))]
    tail = [f"theta[{i}] -= {LR} * ({' + '.join(grads[i])})" for i in range(len(leaves)) if i in grads]
    code = "\n    ".join(
        ["def step():", *head, *lines, f"loss = ({total}) * 0.01", *back, *tail, "return loss"]
    )
    space: dict[str, Any] = {
        "theta": [v.data for v in leaves],
        "tanh": math.tanh,
        "sin": math.sin,
        "cos": math.cos,
        "exp": math.exp,
    }
    exec(compile(code, "<straight line>", "exec"), space)
    return space["step"]


def chain(length: int = 10_000) -> System:
    """A chain of operations, none beside another."""
    w = Value(0.3, "w")

    def loss(x):
        for i in range(length // 2):
            x = (x * w + 0.5) if i % 2 else x.sin()
        return x * x

    def hand():
        theta = [0.3]

        def step():
            t, x, kept = theta[0], 0.7, []
            for i in range(length // 2):
                kept.append(x)
                x = x * t + 0.5 if i % 2 else math.sin(x)
            value, g, gw = x * x, 2.0 * x, 0.0
            for i in range(length // 2 - 1, -1, -1):
                if i % 2:
                    gw += g * kept[i]
                    g *= t
                else:
                    g *= math.cos(kept[i])
            theta[0] -= LR * gw
            return value

        return step

    return System(
        f"chain of {length} operations",
        loss,
        [w],
        (0.7,),
        hand,
        targets={"auto": 1.0, "c": 0.20},
        facts={"length": length},
    )


SYSTEMS: dict[str, Callable[[], System]] = {
    "r4": r4, "spiral": lambda: spiral(traced=False), "spiral-traced": lambda: spiral(traced=True),
    "r5": two_layer,
    "moons": moons, "rnn": rnn, "gpt": gpt, "dag": random_dag, "chain": chain,
}  # fmt: skip


def descent(engine, start, lr):
    """Return a function that takes one step of gradient descent by a compiled program."""
    engine.theta[:] = start
    where = engine.value_at
    scaled = np.empty(len(engine.theta))

    def step():
        if not engine.run():
            raise FloatingPointError("the loss or a gradient is not finite")
        np.multiply(engine.gradient, lr, out=scaled)
        np.subtract(engine.theta, scaled, out=engine.theta)
        return engine.shared.item(where)

    return step
