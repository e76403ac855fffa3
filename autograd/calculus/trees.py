"""Pytrees: nested lists, tuples and dicts of numbers, as functions of functions take and return them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autograd.floats.convert import to_float
from autograd.value import Value

__all__ = ["leaves", "leaves_like", "map_leaves", "map_nodes", "paths", "rebuild"]


def _items(tree: Any) -> list[tuple[Any, Any]] | None:
    """Return the (key, child) pairs of a container; None of what is not one."""
    if isinstance(tree, dict):
        return list(tree.items())
    return list(enumerate(tree)) if isinstance(tree, (list, tuple)) else None


def paths(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf, with the expression that leads to it.

    Examples
    --------
    >>> list(paths({"w": [1.0, 2.0], "b": 3.0}, "x"))
    [("x['w'][0]", 1.0), ("x['w'][1]", 2.0), ("x['b']", 3.0)]
    """
    items = _items(tree)
    if items is None:
        yield name, tree
    else:
        for key, child in items:
            yield from paths(child, f"{name}[{key!r}]")


def leaves(tree: Any, name: str) -> list[Any]:
    """Return the leaves in order: nodes as they are, numbers as floats.

    Raises
    ------
    TypeError
        Where a leaf is neither, naming it by ``name`` and its indices, with what to write instead.

    Examples
    --------
    >>> leaves({"w": [1, 2.0], "b": 3}, "the argument")
    [1.0, 2.0, 3.0]
    >>> leaves([1.0, "2"], "the argument")
    Traceback (most recent call last):
    ...
    TypeError: the argument[1]: expected a real number, got str '2'; convert it first: float(text)
    """
    found = []
    for path, leaf in paths(tree, name):
        try:
            found.append(leaf if leaf.__class__ is Value else to_float(leaf))
        except (TypeError, OverflowError) as error:
            raise type(error)(f"{path}: {error}") from None
    return found


def rebuild(tree: Any, new: Iterator[Any]) -> Any:
    """Return a container of the same structure with the leaves taken from ``new``, in order.

    Examples
    --------
    >>> rebuild({"w": [1.0, 2.0], "b": 3.0}, iter("xyz"))
    {'w': ['x', 'y'], 'b': 'z'}
    """
    return map_leaves(lambda _: next(new), tree)


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """Return a container of the same structure with ``f`` applied to each leaf."""
    if isinstance(tree, dict):
        return {key: map_leaves(f, child) for key, child in tree.items()}
    if isinstance(tree, list):
        return [map_leaves(f, child) for child in tree]
    if isinstance(tree, tuple):
        children = [map_leaves(f, child) for child in tree]
        named = getattr(tree, "_make", None)
        return tuple(children) if named is None else named(children)
    return f(tree)


def map_nodes(f: Callable[[Value], Any], tree: Any) -> Any:
    """Return a container of the same structure with ``f`` applied to its nodes; all else stays as it is."""
    return map_leaves(lambda leaf: f(leaf) if leaf.__class__ is Value else leaf, tree)


def leaves_like(like: Any, tree: Any, name: str, model: str) -> list[Any]:
    """Return the leaves of ``tree``, which must have the structure of ``like``.

    Raises
    ------
    ValueError
        Where it has not, naming the place.

    Examples
    --------
    >>> leaves_like([1.0, (2.0, 3.0)], [10, (20, 30)], "tangents", "primals")
    [10.0, 20.0, 30.0]
    >>> leaves_like([1.0, 2.0], [10], "tangents", "primals")
    Traceback (most recent call last):
    ...
    ValueError: tangents must have the structure of primals: expected a list of 2, got a list of 1
    """
    _check_structure(like, tree, name, f"{name} must have the structure of {model}")
    return leaves(_in_order_of(like, tree), name)


def _in_order_of(like: Any, tree: Any) -> Any:
    """Return ``tree`` with the keys of its dicts in the model's order.

    The order in which they were filled says nothing.
    """
    if isinstance(like, dict):
        return {key: _in_order_of(child, tree[key]) for key, child in like.items()}
    if isinstance(like, (list, tuple)):
        return [_in_order_of(a, b) for a, b in zip(like, tree, strict=True)]
    return tree


def _check_structure(like: Any, tree: Any, path: str, rule: str) -> None:
    if _shape(like) != _shape(tree):
        place = "" if rule.startswith(f"{path} ") else f" at {path}"
        raise ValueError(f"{rule}: expected {_shape(like)}{place}, got {_shape(tree)}")
    for key, child in _items(like) or ():
        _check_structure(child, tree[key], f"{path}[{key!r}]", rule)


def _shape(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a dict with the keys {', '.join(sorted(map(repr, tree)))}"
    if isinstance(tree, (list, tuple)):
        return f"a {'list' if isinstance(tree, list) else 'tuple'} of {len(tree)}"
    return "a number"
