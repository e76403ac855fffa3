"""The numbers of many nodes at a time, to and from an array of doubles."""

from __future__ import annotations

from typing import Any

from autograd.native import engine

__all__ = ["gather", "scatter", "set_grads"]


def gather(nodes: Any, array: Any) -> None:
    """Write the numbers of nodes into an array, as many as they are."""
    array[:] = [node._data for node in nodes]


def scatter(nodes: Any, array: Any) -> None:
    """Set the numbers of nodes to those in an array, as many as they are."""
    for node, number in list(zip(nodes, array.tolist(), strict=True)):  # all or none
        node._data = number


def set_grads(nodes: Any, array: Any) -> None:
    """Set the ``grad`` of nodes to the numbers in an array, as many as they are."""
    for node, number in list(zip(nodes, array.tolist(), strict=True)):  # all or none
        node.grad = number


# Once more in C, where that was compiled: see native/pass.c.
if engine is not None:
    gather, scatter, set_grads = engine.gather, engine.scatter, engine.set_grads
