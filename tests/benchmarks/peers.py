"""The same training steps in PyTorch (eager) and JAX (jit), for those of the compiler's systems that have a usual form there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from rolled_systems import LR, System

__all__ = ["jax_step", "torch_step"]


def arrays(system: System, key: str) -> dict[str, Any] | None:
    """Return the parameters as arrays, by name."""
    theta = np.array([p.data for p in system.params])
    if key == "spiral":
        return {"w1": theta[:200].reshape(2, 100), "b1": theta[200:300], "w2": theta[300:600].reshape(100, 3), "b2": theta[600:]}
    if key == "r5":
        return {"w1": theta[:100_000].reshape(1000, 100), "w2": theta[100_000:].reshape(100, 10)}
    if key == "moons":
        found, at = {}, 0
        for k, (a, b) in enumerate(((2, 16), (16, 16), (16, 1))):
            block = theta[at : at + b * (a + 1)].reshape(b, a + 1)
            found[f"w{k}"], found[f"b{k}"] = block[:, :-1].copy(), block[:, -1].copy()
            at += b * (a + 1)
        return found
    return None


def loss_of(key: str, m: Any, relu: Any, log_softmax: Any) -> Callable[..., Any]:
    """Return the loss over dictionaries of arrays, for a library ``m`` with NumPy's names."""

    def spiral(p: Any, x: Any, y: Any) -> Any:
        scores = log_softmax(relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"])
        return -scores[m.arange(300), y].mean() + 5e-4 * ((p["w1"] ** 2).sum() + (p["w2"] ** 2).sum())

    def r5(p: Any, x: Any, y: Any) -> Any:
        return ((relu(x @ p["w1"]) @ p["w2"] - y) ** 2).sum()

    def moons(p: Any, x: Any, y: Any) -> Any:
        for k in range(3):
            x = x @ p[f"w{k}"].T + p[f"b{k}"]
            x = relu(x) if k < 2 else x
        return relu(1.0 - y * x[:, 0]).mean() + 1e-4 * sum((a**2).sum() for a in p.values())

    return {"spiral": spiral, "r5": r5, "moons": moons}[key]


def torch_step(system: System, key: str) -> Callable[[], Any] | None:
    """Return the step in PyTorch, or None without it or without a form of the system."""
    try:
        import torch
    except ImportError:
        return None
    found = arrays(system, key)
    if found is None:
        return None
    torch.set_num_threads(1)
    params = {k: torch.tensor(a, requires_grad=True) for k, a in found.items()}
    loss = loss_of(key, torch, torch.relu, lambda z: torch.log_softmax(z, 1))
    x, y = torch.tensor(system.data[0]), torch.tensor(system.data[1])

    def step() -> Any:
        value = loss(params, x, y)
        value.backward()
        with torch.no_grad():
            for p in params.values():
                p -= LR * p.grad
                p.grad = None
        return value.item()

    return step


def jax_step(system: System, key: str) -> Callable[[], Any] | None:
    """Return the step in JAX under jit, or None without it or without a form of the system."""
    try:
        import jax
    except ImportError:
        return None
    found = arrays(system, key)
    if found is None:
        return None
    jax.config.update("jax_enable_x64", True)
    loss = loss_of(key, jax.numpy, jax.nn.relu, jax.nn.log_softmax)
    x, y = jax.numpy.asarray(system.data[0]), jax.numpy.asarray(system.data[1])

    @jax.jit
    def update(p: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(p, x, y)
        return value, {k: a - LR * grads[k] for k, a in p.items()}

    state = {k: jax.numpy.asarray(a) for k, a in found.items()}

    def step() -> Any:
        nonlocal state
        value, state = update(state)
        return value.block_until_ready()

    return step
