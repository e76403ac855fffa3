"""Pytrees: nested lists, tuples, dicts and arrays of numbers, as functions of functions take and return them.

None in a tree holds nothing, as an empty list does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

from autograd.floats.convert import is_number, to_float
from autograd.modes import MODE
from autograd.value import Value
from autograd.words import gettext

__all__ = [
    "array_mode", "as_array", "atoms", "blocks", "has_axes", "is_array", "leaves", "leaves_like", "map_atoms",
    "map_leaves", "map_nodes", "nodes", "outputs", "paths", "rebuild",
]  # fmt: skip

_LEAVES: Final = {float, Value}


def _arrays() -> Any:
    """Return the module for arrays, which imports NumPy."""
    return import_module("autograd.calculus.arrays")


def is_array(x: Any) -> bool:
    """Whether it is an array that is looked into.

    One of objects is where a function runs that was called with arrays; elsewhere nobody means it.
    """
    kind = x.__class__
    if kind is float or kind is Value:
        return False
    numpy = sys.modules.get("numpy")
    return (
        numpy is not None
        and isinstance(x, numpy.ndarray)
        and (x.dtype != object or x.__class__ is not numpy.ndarray or MODE.get().arrays is not None)
    )


def is_ndarray(x: Any) -> bool:
    """Whether it is an array of NumPy, of numbers or of anything."""
    numpy = sys.modules.get("numpy")
    return x.__class__ is not Value and numpy is not None and isinstance(x, numpy.ndarray)


def has_axes(x: Any) -> bool:
    """Whether it is an array that stands for no single number."""
    return is_array(x) and x.ndim > 0


def array_mode(*given: Any) -> dict[str, Any]:
    """Return the change of `Mode` for a function that is called with these trees, of nodes for numbers."""
    if "numpy" in sys.modules and any(map(is_array, atoms(given))):
        return {"arrays": _arrays().Array}
    return {}


def as_array(x: Any) -> Any:
    """Return an array of nodes and numbers that a function made as an `Array`, all else as it is."""
    if not is_array(x) or x.dtype != object:
        return x
    numbers = all(isinstance(item, Value) or is_number(item) for item in _arrays().elements(x))
    return x.view(_arrays().Array) if numbers else x


def _items(tree: Any) -> list[tuple[Any, Any]] | None:
    """Return the (key, child) pairs of a container; None of what is not one."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return list(tree.items())
    return list(enumerate(tree)) if isinstance(tree, (list, tuple)) else None


def atoms(tree: Any) -> list[Any]:
    """Return the leaves in order, with arrays whole.

    Examples
    --------
    >>> atoms({"w": [1.0, None], "b": 3.0})
    [1.0, 3.0]
    """
    found: list[Any] = []
    _collect(found, tree)
    return found


def nodes(tree: Any) -> list[Value]:
    """Return the leaves that are nodes, those in arrays included, in order."""
    return [
        x
        for atom in atoms(tree)
        if atom.__class__ is not float
        for x in (_arrays().elements(atom) if is_array(atom) else (atom,))
        if isinstance(x, Value)
    ]


def _collect(found: list[Any], tree: Any) -> None:
    children = tree.values() if isinstance(tree, dict) else tree
    if children is tree and not isinstance(tree, (list, tuple)):
        if tree is not None:
            found.append(tree)
        return
    for child in children:
        kind = child.__class__
        if kind is float or kind is Value:
            found.append(child)
        else:
            _collect(found, child)


def paths(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf, with the expression that leads to it.

    Examples
    --------
    >>> list(paths({"w": [1.0, 2.0], "b": 3.0}, "x"))
    [("x['w'][0]", 1.0), ("x['w'][1]", 2.0), ("x['b']", 3.0)]
    """
    items = _items(tree)
    if items is not None:
        for key, child in items:
            yield from paths(child, f"{name}[{key!r}]")
    elif is_array(tree):
        _arrays().check(tree)
        places = import_module("numpy").ndindex(*tree.shape)
        for place, child in zip(places, _arrays().elements(tree), strict=True):
            yield f"{name}[{', '.join(map(str, place))}]" if place else name, child
    else:
        yield name, tree


def leaves(tree: Any, name: str, convert: Callable[[Any], float] = to_float) -> list[Any]:
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
    found = atoms(tree)
    if {x.__class__ for x in found} <= _LEAVES:
        return found
    found = []
    for path, leaf in paths(tree, name):
        try:
            found.append(leaf if isinstance(leaf, Value) else convert(leaf))
        except (TypeError, OverflowError) as error:
            raise type(error)(f"{path}: {error}") from None
    return found


def outputs(tree: Any, name: str) -> list[Any]:
    """Return the leaves of what a function returned, as `leaves` does; what is true or false is no number.

    Examples
    --------
    >>> outputs([1.0, 2.0 > 1.0], "the result")
    Traceback (most recent call last):
    ...
    TypeError: the result[1]: expected a real number, got bool True, which has no derivative; return the ...
    """
    return leaves(tree, name, _output)


def _output(x: Any) -> float:
    kind = type(x).__name__
    if is_number(x) and kind.startswith("bool"):
        raise TypeError(gettext(
            "expected a real number, got {kind} {x}, which has no derivative; return the number that was "
            "compared, or autograd.where(condition, a, b)",
            kind=kind, x=f"{x!r:.60}",
        ))  # fmt: skip
    return to_float(x)


def rebuild(tree: Any, new: Iterator[Any]) -> Any:
    """Return a container of the same structure with the leaves taken from ``new``, in order.

    Examples
    --------
    >>> rebuild({"w": [1.0, 2.0], "b": 3.0}, iter("xyz"))
    {'w': ['x', 'y'], 'b': 'z'}
    """
    kind = tree.__class__
    if kind is list:
        return [next(new) if x.__class__ is float else rebuild(x, new) for x in tree]
    if kind is dict:
        return {k: next(new) if x.__class__ is float else rebuild(x, new) for k, x in tree.items()}
    return map_atoms(
        lambda atom: (
            _arrays().build([next(new) for _ in range(atom.size)], atom.shape)
            if is_array(atom)
            else next(new)
        ),
        tree,
    )


def blocks(outputs: Any, inputs: Any, rows: Any) -> Any:
    """Return the structure of ``outputs`` with that of ``inputs`` at the place of each leaf, as JAX has it.

    The numbers come from ``rows``, a row for each output. Where there are arrays on either side, an array
    has the axes of the output's, then those of the input's.

    Examples
    --------
    >>> blocks({"y": 0.0}, (0.0, [0.0]), [[1.0, 2.0]])
    {'y': (1.0, [2.0])}
    """
    start = 0

    def row(output: Any) -> Any:
        """Return what belongs at the place of one output."""
        nonlocal start
        first = start
        start += output.size if is_array(output) else 1
        column = 0

        def block(given: Any) -> Any:
            """Return the derivatives of the output with respect to one leaf of the inputs."""
            nonlocal column
            left = column
            column += given.size if is_array(given) else 1
            axes = [x.shape for x in (output, given) if is_array(x)]
            if not axes:
                return rows[first][left]
            items = [x for cells in rows[first:start] for x in cells[left:column]]
            return _arrays().build(items, sum(axes, ()))

        return map_atoms(block, inputs)

    return map_atoms(row, outputs)


def map_atoms(f: Callable[[Any], Any], tree: Any) -> Any:
    """Return a container of the same structure with ``f`` applied to each leaf, and to each array whole."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: map_atoms(f, child) for key, child in tree.items()}
    if isinstance(tree, (list, tuple)):
        return like(tree, [map_atoms(f, child) for child in tree])
    return f(tree)


def like(x: Any, children: list[Any]) -> Any:
    """Return a list or a tuple of the kind of ``x``."""
    return children if isinstance(x, list) else getattr(x, "_make", tuple)(children)


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """Return a container of the same structure with ``f`` applied to each leaf."""
    return map_atoms(
        lambda atom: (
            _arrays().build(list(map(f, _arrays().elements(atom))), atom.shape) if is_array(atom) else f(atom)
        ),
        tree,
    )


def map_nodes(f: Callable[[Value], Any], tree: Any) -> Any:
    """Return a container of the same structure with ``f`` applied to its nodes; all else stays as it is."""

    def mapped(atom: Any) -> Any:
        """Apply it to a node, or to those in an array."""
        if is_array(atom):
            items = _arrays().elements(atom) if atom.dtype == object else []
            if not any(isinstance(x, Value) for x in items):
                return atom
            return _arrays().build([f(x) if isinstance(x, Value) else x for x in items], atom.shape)
        return f(atom) if isinstance(atom, Value) else atom

    return map_atoms(mapped, tree)


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
    rule = gettext("{name} must have the structure of {model}", name=name, model=model)
    _check_structure(like, tree, name, rule)
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
        place = "" if rule.startswith(path) else gettext(" at {path}", path=path)
        raise ValueError(gettext(
            "{rule}: expected {shape}{place}, got {shape2}",
            rule=rule, shape=_shape(like), place=place, shape2=_shape(tree),
        ))  # fmt: skip
    for key, child in _items(like) or ():
        _check_structure(child, tree[key], f"{path}[{key!r}]", rule)


def _shape(tree: Any) -> str:
    if tree is None:
        return "None"
    if isinstance(tree, dict):
        return gettext("a dict with the keys {keys}", keys=", ".join(sorted(map(repr, tree))))
    if isinstance(tree, (list, tuple)):
        kind = "list" if isinstance(tree, list) else "tuple"
        return gettext("a {kind} of {count}", kind=kind, count=len(tree))
    return gettext("an array of shape {shape}", shape=tree.shape) if has_axes(tree) else gettext("a number")
