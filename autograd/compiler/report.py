"""The report on a compiled function, and the comparison with the engine itself. Needs the standard library only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.backward import gradients, toposort
from autograd.errors import GraphError
from autograd.value import Value

__all__ = ["Report", "absolute", "eager", "worst"]


class Report:
    """What the compiler made of a function; ``str()`` of it is for reading."""

    def __init__(self, facts: dict[str, Any], notes: list[str]) -> None:
        self.facts = facts
        self.notes = notes

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        lines = [f"{name:<{width}}  {fact}" for name, fact in self.facts.items()]
        return "\n".join(lines + [f"fallback: {note}" for note in self.notes])

    __repr__ = __str__


def eager(roots: Iterable[tuple[Any, float]], params: Sequence[Value]) -> tuple[float, list[float]]:
    """Return the weighted sum of losses and its gradients as the engine itself computes them."""
    total, sums = 0.0, [0.0] * len(params)
    for loss, weight in roots:
        total += weight * float(loss)
        if isinstance(loss, Value):
            sums = [s + g for s, g in zip(sums, gradients(loss, params, gradient=weight), strict=True)]
    return total, sums


def absolute(roots: Iterable[tuple[Any, float]], params: Sequence[Value]) -> list[float]:
    """Return for each parameter the sum of the absolute values of all path products."""
    sums = [0.0] * len(params)
    for root, factor in roots:
        if not isinstance(root, Value):
            continue
        reached: dict[Any, float] = {root: factor}
        for node in reversed(toposort(root)):
            g = reached.get(node, 0.0)
            for x, d in node.edges() if g else ():
                reached[x] = reached.get(x, 0.0) + g * abs(d or 0.0)
        sums = [s + reached.get(p, 0.0) for s, p in zip(sums, params, strict=True)]
    return sums


def worst(
    got: tuple[float, Sequence[float]], roots: Callable[[], Iterable[tuple[Any, float]]], params: Sequence[Value], tolerance: float,
) -> float:  # fmt: skip
    """Return the largest relative error of a loss and its gradients; raise if one is beyond the tolerance."""
    value, grads = got
    right, wanted = eager(roots(), params)
    errors = [worst_of(value, right, abs(right) + abs(value), tolerance, "the loss")]
    for p, g, want, size in zip(params, grads, wanted, absolute(roots(), params), strict=True):
        errors.append(worst_of(g, want, size, tolerance, f"the gradient of {p.label or p!r}"))
    return max(errors)


def worst_of(got: float, want: float, size: float, tolerance: float, what: str) -> float:
    """Return the relative error of a number; raise if it is beyond the tolerance."""
    if got == want or (got != got and want != want):
        return 0.0
    error = abs(got - want)
    allowed = tolerance * abs(want) + (64 * 2.0**-53 * size if math.isfinite(size) else 0.0)
    if not error <= allowed:
        raise GraphError(f"{what} is {got!r} compiled and {want!r} computed by the engine: a defect of the compiler, or of a function that is not the same at each call")
    return error / abs(want) if abs(want) > 1e-6 * size else error / max(size, 5e-324)
