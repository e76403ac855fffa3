"""PyTorch's and JAX's functions by our names, with their values and derivatives at many points at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

__all__ = ["libraries"]

Results = Iterator[tuple[float, list[float], dict[tuple[int, int], float]]]


@cache
def libraries() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Return the other libraries that are installed, each with how to run it and its functions."""
    peers = {"PyTorch": (by_torch, torch_functions()), "JAX": (by_jax, jax_functions())}
    return {name: peer for name, peer in peers.items() if peer[1]}


@cache
def torch_functions() -> dict[str, Callable[..., Any]]:
    """Return PyTorch's functions by our names; none where it is not installed."""
    try:
        import torch
    except ImportError:
        return {}
    f = torch.nn.functional
    same = [
        "exp",
        "exp2",
        "expm1",
        "log",
        "log1p",
        "log2",
        "log10",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "sigmoid",
        "sqrt",
        "square",
        "reciprocal",
        "erf",
        "erfc",
        "lgamma",
        "digamma",
        "abs",
        "relu",
        "hypot",
        "atan2",
        "logaddexp",
        "maximum",
        "minimum",
    ]
    return {name: getattr(torch, name) for name in same} | {
        "softplus": f.softplus, "logsigmoid": f.logsigmoid, "silu": f.silu, "gelu": f.gelu, "elu": f.elu,
        "selu": f.selu,
        "relu6": f.relu6, "hardtanh": f.hardtanh, "leaky_relu": f.leaky_relu,
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
        "neg": torch.neg,
    }  # fmt: skip


@cache
def jax_functions() -> dict[str, Callable[..., Any]]:
    """Return JAX's functions by our names; none where it is not installed."""
    try:
        import jax
    except ImportError:
        return {}
    jax.config.update("jax_enable_x64", True)
    n, j, s = jax.numpy, jax.nn, jax.scipy.special
    same = [
        "exp",
        "exp2",
        "expm1",
        "log",
        "log1p",
        "log2",
        "log10",
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "arcsinh",
        "arccosh",
        "arctanh",
        "sqrt",
        "square",
        "cbrt",
        "reciprocal",
        "abs",
        "hypot",
        "arctan2",
        "logaddexp",
        "maximum",
        "minimum",
    ]
    return {name.replace("arc", "a"): getattr(n, name) for name in same} | {
        "sigmoid": j.sigmoid, "softplus": j.softplus, "logsigmoid": j.log_sigmoid, "silu": j.silu,
        "relu": j.relu, "selu": j.selu,
        "gelu": lambda x: j.gelu(x, approximate=False), "elu": j.elu, "relu6": j.relu6,
        "leaky_relu": j.leaky_relu,
        "hardtanh": j.hard_tanh, "erf": s.erf, "erfc": s.erfc, "lgamma": s.gammaln, "digamma": s.digamma,
        "add": n.add, "sub": n.subtract, "mul": n.multiply, "div": n.divide, "pow": n.power,
        "neg": n.negative,
    }  # fmt: skip


def by_torch(f: Callable[..., Any], points: list[tuple[float, ...]], count: int) -> Results:
    """Yield PyTorch's value and derivatives."""
    import torch

    xs = [torch.tensor([p[i] for p in points], dtype=torch.float64, requires_grad=True) for i in range(count)]
    y = f(*xs)
    first = torch.autograd.grad(y.sum(), xs, create_graph=True)
    second = {}
    for i, j in [*((i, i) for i in range(count)), *([(0, 1)] if count > 1 else [])]:
        d = (
            torch.autograd.grad(first[i].sum(), xs[j], retain_graph=True, allow_unused=True)[0]
            if first[i].requires_grad
            else None
        )
        second[i, j] = [0.0] * len(points) if d is None else (torch.zeros_like(xs[j]) + d).tolist()
    firsts, values = [d.tolist() for d in first], y.tolist()
    for k in range(len(points)):
        yield values[k], [d[k] for d in firsts], {key: d[k] for key, d in second.items()}


def by_jax(f: Callable[..., Any], points: list[tuple[float, ...]], count: int) -> Results:
    """Yield JAX's value and derivatives."""
    import jax

    xs = [jax.numpy.array([p[i] for p in points], dtype="float64") for i in range(count)]
    values = f(*xs).tolist()
    first = [jax.vmap(jax.grad(f, i))(*xs).tolist() for i in range(count)]
    pairs = [*((i, i) for i in range(count)), *([(0, 1)] if count > 1 else [])]
    second = {(i, j): jax.vmap(jax.grad(jax.grad(f, i), j))(*xs).tolist() for i, j in pairs}
    for k in range(len(points)):
        yield values[k], [d[k] for d in first], {key: d[k] for key, d in second.items()}
