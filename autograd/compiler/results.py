"""Where a function's results stand, and how they are given back: in the structure that the function returned.

A form is that structure with the nested lists of numbers in it that are rectangular as blocks: such a block
is one array, and one look into the arrays of an engine. A list of tuples that are all alike, such as the
Jacobian of a function of several arguments, is as many blocks as a tuple has entries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from autograd.calculus.arrays import build
from autograd.calculus.sparse import Coordinates, finished, maker
from autograd.calculus.trees import like
from autograd.compiler.roll.program import LANES

__all__ = ["Block", "Sparse", "Taker", "assembled", "form_of", "of_nodes", "taker"]


class Block(NamedTuple):
    """A rectangular nested list of numbers, by their positions among the outputs; or a single one."""

    positions: Any


class Sparse(NamedTuple):
    """A sparse matrix, by the positions of its values."""

    positions: Any
    matrix: Coordinates


def form_of(structure: Any) -> Any:
    """Return the form of nested lists, tuples and dicts of positions. None stands for nothing, as in trees.

    Examples
    --------
    >>> form_of(([0, 1], {"loss": 2}))
    (Block(positions=array([0, 1])), {'loss': Block(positions=array(2))})
    """
    if structure is None:
        return None
    if isinstance(structure, int):
        return Block(np.array(structure))
    if isinstance(structure, Coordinates):
        return Sparse(np.array(structure.values, np.int64), structure)
    if isinstance(structure, dict):
        return {key: form_of(child) for key, child in structure.items()}
    if isinstance(structure, tuple):
        return like(structure, [form_of(child) for child in structure])
    parts = [form_of(child) for child in structure]
    blocks = [part for part in parts if part.__class__ is Block]
    if not parts:
        return Block(np.zeros(0, np.int64))
    if len(blocks) == len(parts) and len({part.positions.shape for part in blocks}) == 1:
        return Block(np.array([part.positions for part in blocks]))
    return parts


def _mapped(f: Callable[[Any], Any], form: Any) -> Any:
    """Return the structure with something in place of each block."""
    if form.__class__ is Block or form.__class__ is Sparse:
        return f(form)
    if form is None:
        return None
    if isinstance(form, dict):
        return {key: _mapped(f, child) for key, child in form.items()}
    children = [_mapped(f, child) for child in form]
    return like(form, children)


def assembled(form: Any, numbers: Any, arrays: bool) -> Any:
    """Return the structure with numbers in it: those of one example, or a row for each of many.

    Where they are not asked for as ``arrays``, as nested lists.
    """
    numbers = np.asarray(numbers)

    def of(part: Any) -> Any:
        """Return the numbers of a block."""
        found = numbers[..., part.positions]
        if part.__class__ is Sparse:
            return _matrices(part.matrix, found)
        return found if arrays and found.ndim else found.tolist()

    return _mapped(of, form)


def of_nodes(form: Any, nodes: Sequence[Any]) -> Any:
    """Return the structure with nodes in it, and arrays of nodes in place of nested lists."""

    def of(part: Any) -> Any:
        """Return the nodes of a block."""
        found = [nodes[i] for i in part.positions.ravel().tolist()]
        if part.__class__ is Sparse:
            return part.matrix.of(found)
        return build(found, part.positions.shape) if part.positions.ndim else found[0]

    return _mapped(of, form)


Taker = Callable[[], Any]


def taker(form: Any, at: Any, shared: Any, rows: Any, arrays: bool) -> Taker:
    """Return what takes the results out of the arrays of an engine: as arrays, or as nested lists.

    Parameters
    ----------
    form
        Of the results.
    at
        The address of each output.
    shared, rows
        The arrays.
    arrays
        Whether nested lists become arrays. A single number is a number, but where it is one of each example.
    """
    if form.__class__ is Block:
        return _block(at[form.positions], shared, rows, arrays)
    if form.__class__ is Sparse:
        take, matrix = _block(at[form.positions], shared, rows, True), form.matrix
        if rows is not None or find_spec("scipy") is None:
            return lambda: _matrices(matrix, take())
        make = maker(matrix)
        return lambda: make(take())

    def of(part: Any, arrays: bool = arrays) -> Taker:
        """Return what takes a part out."""
        return taker(part, at, shared, rows, arrays) if part is not None else lambda: None

    if isinstance(form, dict):
        items = [(key, of(part)) for key, part in form.items()]
        return lambda: {key: take() for key, take in items}
    if isinstance(form, tuple):
        takers = list(map(of, form))
        make = getattr(form, "_make", tuple)
        return lambda: make([take() for take in takers])
    columns = _columns(form) if rows is None else None
    if columns is None:
        takers = list(map(of, form))
        return lambda: [take() for take in takers]
    # The rows of an array are views of it, and so are made at once.
    takers = [of(column, arrays and column.positions.ndim > 1) for column in columns]
    make = getattr(form[0], "_make", None)
    if make is None:
        return lambda: list(zip(*[take() for take in takers]))
    return lambda: list(map(make, zip(*[take() for take in takers])))


def _columns(parts: list[Any]) -> list[Block] | None:
    """Return, of a list of tuples that are all alike, the block that each entry makes up; else None."""
    first = parts[0]
    if not isinstance(first, tuple) or not first or first.__class__ in (Block, Sparse):
        return None
    if any(part.__class__ is not first.__class__ or len(part) != len(first) for part in parts):
        return None
    columns = []
    for column in zip(*parts, strict=True):
        if any(x.__class__ is not Block or x.positions.shape != column[0].positions.shape for x in column):
            return None
        columns.append(Block(np.array([x.positions for x in column])))
    return columns


def _matrices(matrix: Coordinates, values: Any) -> Any:
    """Return a sparse matrix, or one for each of many examples."""
    if values.ndim > 1:
        return [_matrices(matrix, row) for row in values]
    return finished(matrix.of(values.tolist()))


def _block(at: Any, shared: Any, rows: Any, arrays: bool) -> Taker:
    """Return what takes one block out, of numbers at these addresses."""
    if rows is None and not at.ndim:
        where, item = int(at), shared.item
        return lambda: item(where)
    view = _view(at, shared, rows)
    if view is not None:
        found: Taker = view.copy if arrays else view.tolist
        return found
    if rows is None:
        take = shared.take
        return (lambda: take(at)) if arrays else (lambda: take(at).tolist())
    return (lambda: _spread(at, shared, rows)) if arrays else (lambda: _spread(at, shared, rows).tolist())


def _view(at: Any, shared: Any, rows: Any) -> Any:
    """Return a view of these addresses, where steps lead from one to the next; else None."""
    if not at.size or (rows is not None and bool((at < LANES).any())):
        return None
    origin = int(at.flat[0])
    steps = [int(np.take(at, 1, axis=k).flat[0]) - origin if n > 1 else 0 for k, n in enumerate(at.shape)]
    wanted = np.full(at.shape, origin)
    for k, step in enumerate(steps):
        wanted += step * np.arange(at.shape[k]).reshape([-1 if i == k else 1 for i in range(at.ndim)])
    if not np.array_equal(at, wanted):
        return None
    strides = np.lib.stride_tricks.as_strided
    if rows is None:
        return strides(shared[origin:], at.shape, [8 * step for step in steps])
    of_rows = [rows.strides[0] * step for step in steps]
    return strides(rows[origin - LANES :], (rows.shape[1], *at.shape), (rows.strides[1], *of_rows))


def _spread(at: Any, shared: Any, rows: Any) -> Any:
    """Return a block for each example: what all share too."""
    found = np.empty((rows.shape[1], *at.shape))
    own = at >= LANES
    found[:, own] = rows[at[own] - LANES].T
    found[:, ~own] = shared[at[~own]]
    return found
