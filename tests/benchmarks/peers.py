"""The same training steps in PyTorch (eager) and JAX (jit).

Systems with arrays are written as one writes them there; the graphs without structure, whose every operation
is another, are the same straight lines. ``python tests/benchmarks/peers.py SYSTEM`` prints the microseconds
of JAX's step.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import numpy as np
from rolled_systems import LR, SYSTEMS, System

__all__ = ["jax_apart", "jax_step", "torch_step"]

STRAIGHT = ("dag", "chain")
"""Systems that are straight lines: JAX may need minutes to compile them, so it gets a process of its own and
a limit."""
LIMIT = 60.0


def shapes_of(system: System, key: str) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the arrays that the parameters are, in order."""
    if key.startswith("spiral"):
        return {"w1": (2, 100), "b1": (100,), "w2": (100, 3), "b2": (3,)}
    if key == "moons":  # each neuron's bias after its weights
        return {"n0": (16, 3), "n1": (16, 17), "n2": (1, 17)}
    named = {
        "r4": {"w0": (3, 2), "b0": (3,), "w1": (3, 3), "b1": (3,), "w2": (1, 3), "b2": (1,)},
        "r5": {"w1": (1000, 100), "w2": (100, 10)},
        "rnn": {"wx": (16, 8), "wh": (16, 16), "b": (16,)},
        "gpt": system.facts.get("shapes", {}),
    }
    return named.get(key, {"theta": (len(system.params),)})


def arrays(system: System, key: str) -> dict[str, Any]:
    """Return the parameters as arrays, by name."""
    theta, found, at = np.array([p.data for p in system.params]), {}, 0
    for name, shape in shapes_of(system, key).items():
        size = int(np.prod(shape))
        found[name] = theta[at : at + size].reshape(shape).copy()
        at += size
    return found


def data_of(system: System, key: str) -> tuple[Any, Any]:
    """Return the two arguments of the loss as arrays; those of a system that has recorded its data are found
    elsewhere."""
    given = SYSTEMS["spiral"]().data if key == "spiral-traced" else system.data
    return tuple(np.asarray(x) for x in (*given, 0.0, 0.0)[:2])  # type: ignore[return-value]


def torch_library() -> Any:
    """Return PyTorch's functions by NumPy's names."""
    import torch

    return SimpleNamespace(
        relu=torch.relu, tanh=torch.tanh, sin=torch.sin, sigmoid=torch.sigmoid, log_softmax=torch.log_softmax,
        softmax=torch.softmax,
        swapaxes=torch.swapaxes, arange=torch.arange, zeros=lambda n: torch.zeros(n, dtype=torch.float64),
        loop=None,
    )  # fmt: skip


def jax_library() -> Any:
    """Return JAX's functions by NumPy's names."""
    import jax

    n = jax.numpy
    return SimpleNamespace(
        relu=jax.nn.relu, tanh=n.tanh, sin=n.sin, sigmoid=jax.nn.sigmoid, log_softmax=jax.nn.log_softmax,
        softmax=jax.nn.softmax,
        swapaxes=n.swapaxes, arange=n.arange, zeros=n.zeros, loop=jax.lax.scan,
    )  # fmt: skip


def loss_of(system: System, key: str, m: Any) -> Callable[..., Any]:
    """Return the loss over dictionaries of arrays, for a library with NumPy's names."""

    def spiral(p: Any, x: Any, y: Any) -> Any:
        scores = m.log_softmax(m.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"], 1)
        return -scores[m.arange(300), y].mean() + 5e-4 * ((p["w1"] ** 2).sum() + (p["w2"] ** 2).sum())

    def r4(p: Any, x: Any, y: Any) -> Any:
        for k in range(3):
            x = m.sigmoid(p[f"w{k}"] @ x + p[f"b{k}"])
        return (x[0] - y) ** 2

    def r5(p: Any, x: Any, y: Any) -> Any:
        return ((m.relu(x @ p["w1"]) @ p["w2"] - y) ** 2).sum()

    def moons(p: Any, x: Any, y: Any) -> Any:
        for k in range(3):
            x = x @ p[f"n{k}"][:, :-1].T + p[f"n{k}"][:, -1]
            x = m.relu(x) if k < 2 else x
        return m.relu(1.0 - y * x[:, 0]).mean() + 1e-4 * sum((a**2).sum() for a in p.values())

    def rnn(p: Any, x: Any, y: Any) -> Any:
        early, h = x @ p["wx"].T + p["b"], m.zeros(16)
        if m.loop is not None:
            h, _ = m.loop(lambda state, row: (m.tanh(row + p["wh"] @ state), None), h, early)
        else:
            for row in early:
                h = m.tanh(row + p["wh"] @ h)
        return ((h - y) ** 2).sum()

    def dag(p: Any, x: Any, y: Any) -> Any:
        v = list(p["theta"])
        calls = {"tanh": m.tanh, "sin": m.sin, "sigmoid": m.sigmoid, "relu": m.relu}
        for op, a, b in system.facts["plan"]:
            v.append(
                0.5 * (v[a] + v[b])
                if op == "add"
                else v[a] - 0.5 * v[b]
                if op == "sub"
                else v[a] * v[b]
                if op == "mul"
                else calls[op](v[b])
            )
        return sum(v[-100:]) / 100.0

    def chain(p: Any, x: Any, y: Any) -> Any:
        for i in range(system.facts["length"] // 2):
            x = x * p["theta"][0] + 0.5 if i % 2 else m.sin(x)
        return x * x

    return {
        "spiral": spiral,
        "spiral-traced": spiral,
        "r4": r4,
        "r5": r5,
        "moons": moons,
        "rnn": rnn,
        "gpt": gpt_of(system, m),
        "dag": dag,
        "chain": chain,
    }[key]


def gpt_of(system: System, m: Any) -> Callable[..., Any]:
    """Return the loss of the tiny GPT."""

    def norm(x: Any) -> Any:
        return x * ((x * x).mean(1) + 1e-5)[:, None] ** -0.5

    def loss(p: Any, x: Any, y: Any) -> Any:
        text, heads = system.facts["text"], system.facts["heads"]
        (n, d), rows = p["wpe"].shape, m.arange(len(text) - 1)

        def split(x: Any) -> Any:
            return m.swapaxes(x.reshape(n, heads, d // heads), 0, 1)

        start = norm(p["wte"][text[:-1]] + p["wpe"])
        z = norm(start)
        q, k, v = (split(z @ p[name].T) for name in ("wq", "wk", "wv"))
        later = rows[None, :] > rows[:, None]
        weights = m.softmax(q @ m.swapaxes(k, 1, 2) * (d // heads) ** -0.5 - 1e30 * later, -1)
        mixed = m.swapaxes(weights @ v, 0, 1).reshape(n, d)
        x = mixed @ p["wo"].T + start
        x = m.relu(norm(x) @ p["up"].T) @ p["down"].T + x
        return -m.log_softmax(x @ p["head"].T, 1)[rows, text[1:]].mean()

    return loss


def checked(step: Callable[[], Any], system: System) -> Callable[[], Any]:
    """Return the step, if its loss is the one of the step by hand."""
    assert abs(float(step()) - float(system.hand()())) < 1e-9 * max(1.0, abs(float(system.hand()())))
    return step


def torch_step(system: System, key: str) -> Callable[[], Any] | None:
    """Return the step in PyTorch, or None without it."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    params = {k: torch.tensor(a, requires_grad=True) for k, a in arrays(system, key).items()}
    loss = loss_of(system, key, torch_library())
    x, y = map(torch.tensor, data_of(system, key))

    def step() -> Any:
        value = loss(params, x, y)
        value.backward()
        with torch.no_grad():
            for p in params.values():
                p -= LR * p.grad
                p.grad = None
        return value.item()

    return checked(step, system)


def jax_step(system: System, key: str) -> Callable[[], Any] | None:
    """Return the step in JAX under jit, or None without it."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    loss = loss_of(system, key, jax_library())
    x, y = map(jax.numpy.asarray, data_of(system, key))

    @jax.jit
    def update(p: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(p, x, y)
        return value, {k: a - LR * grads[k] for k, a in p.items()}

    state = {k: jax.numpy.asarray(a) for k, a in arrays(system, key).items()}

    def step() -> Any:
        nonlocal state
        value, state = update(state)
        return value.block_until_ready()

    return checked(step, system)


def jax_apart(key: str) -> float | None:
    """Return the seconds of JAX's step, measured in a process of its own, or None where it does not finish in
    time."""
    try:
        done = subprocess.run(
            [sys.executable, __file__, key], capture_output=True, text=True, timeout=LIMIT, check=True
        )
    except subprocess.TimeoutExpired:
        return None
    return float(done.stdout) * 1e-6


def main() -> None:
    """Print the microseconds of JAX's step of a system."""
    step = jax_step(SYSTEMS[sys.argv[1]](), sys.argv[1])
    assert step is not None
    times = []
    for _ in range(50):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(statistics.median(times) * 1e6)


if __name__ == "__main__":
    main()
