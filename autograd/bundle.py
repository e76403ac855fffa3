"""Bundles: what stands between nodes and several operands that they share, in a sorted graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Bundle", "Call", "below"]


class Bundle:
    """A vector of operands that dot products share: in a sorted graph it stands between them and its elements."""

    __slots__ = ("_a", "grad")
    op = _row = note = _b = _da = _db = None
    recomputed = False
    """Whether the nodes that it stands for were dropped, so that a pass goes through `replay` and not through `pull`."""

    def __init__(self, elements: tuple[Any, ...]) -> None:
        self._a = elements
        self.grad: Any = None

    def replay(self, cotangents: Any, grads: dict[Any, Any], recorded: bool) -> Any:
        """Return a pass that is to be made before the one around goes on, or None where all has been passed on."""
        raise NotImplementedError

    def pull(self, cotangents: Any, recorded: bool = False) -> Sequence[Any]:  # noqa: ARG002
        """Return what each element receives."""
        received: Sequence[Any] = cotangents
        return received


class Call(Bundle):
    """One call of an operation with several results.

    In a sorted graph it stands between these and what they rest on. A result keeps the call in its slot ``_a``, and which of the results it is in ``_b``, as a float.
    """

    __slots__ = ("count",)
    count: int

    def check(self, index: int, now: float) -> None:
        """Raise where the data of a result is another number now than it was."""

    def operands(self, index: Any) -> tuple[Any, ...]:
        """Return the operands of one result, constants included."""
        raise NotImplementedError

    def local(self, index: Any) -> Sequence[float | None]:
        """Return the local derivatives of one result."""
        raise NotImplementedError

    def push(self, tangents: Sequence[Any], recorded: bool = False) -> Sequence[Any]:
        """Return what each result receives from the tangents of the operands."""
        raise NotImplementedError


def below(node: Any) -> tuple[Any, ...]:
    """Return what a node or a bundle rests on, as a walk meets it: one of several results rests on their `Call`."""
    a, b = node._a, node._b
    if isinstance(a, Call):
        return (a,)
    if a.__class__ is not tuple:
        return (a, b)
    is_dot = b.__class__ is tuple and len(a) == 2 and a[0].__class__ is a[1].__class__ is tuple
    return (*a[0], *a[1]) if is_dot else a
