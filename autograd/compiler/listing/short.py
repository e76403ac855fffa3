"""Slanted loops of so few rounds that each is easier to read by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.graph.ir import Ints
from autograd.compiler.roll.affine import Slanted, addresses
from autograd.compiler.roll.program import Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import FEWEST

__all__ = ["apart", "needed"]

Sizes = tuple[int, ...]


def apart(program: Program) -> Program:
    """Return a program in which slanted loops over a few results are statements of their own."""
    found = [each for s in program.statements for each in _rounds(s, program.address)]
    return replace(program, statements=found)


def needed(sizes: Sizes) -> set[int]:
    """Return the loops along which the size of another one grows.

    Examples
    --------
    >>> needed((5, 2, Slanted(9, 1, (2, 0))))
    {0}
    """
    return {k for n in sizes if isinstance(n, Slanted) for k, step in enumerate(n.steps) if step}


def _rounds(s: Statement, address: Ints) -> Iterator[Statement]:
    """Yield a statement, or one for each round of a short loop."""
    sizes, result = (s.sizes, s.result) if s.op is not None else (s.parts[0].sizes, s.parts[0].result)
    nests = [p.sizes for p in s.parts if len(p.sizes) >= len(sizes)] or [sizes]
    short = [
        k for n in nests for k in needed(n)
        if k < len(sizes) and _is_short(sizes[k]) and result.strides[k]
    ]  # fmt: skip
    if not short:
        is_sum = s.op is None and not s.extremum
        yield replace(s, parts=[x for p in s.parts for x in _parts(p)]) if is_sum else s
        return
    k, node_at = short[0], dict(zip(address[s.nodes].tolist(), s.nodes.tolist(), strict=True))
    found = []
    for r in range(sizes[k]):
        left, (place, *operands) = _fixed(sizes, [result, *s.operands], k, r)
        at = list(dict.fromkeys(place.expand(left).ravel().tolist()))
        parts = [_part(p, k, r, sizes[k], result.strides[k], set(at)) for p in s.parts]
        if None in parts:
            yield replace(s, parts=[each for p in s.parts for each in _parts(p)])
            return
        nodes = np.array([node_at[a] for a in at])
        kept = [p for p in parts if p is not None and p.sizes != (0,)]
        inner = left if s.op is not None else s.sizes
        found.append(replace(s, nodes=nodes, parts=kept, sizes=inner, result=place, operands=operands))
    for each in found:
        yield from _rounds(each, address)


def _parts(p: Part) -> Iterator[Part]:
    """Yield a part, or one for each round of a short loop."""
    short = [k for k in needed(p.sizes) if _is_short(p.sizes[k])]
    if not short:
        yield p
        return
    for r in range(p.sizes[short[0]]):
        yield from _parts(_in_round(p, short[0], r))


def _is_short(n: int) -> bool:
    """Tell whether a loop has a few rounds."""
    return n < FEWEST and not isinstance(n, Slanted)


def _part(p: Part, k: int, r: int, size: int, stride: int, at: set[int]) -> Part | None:
    """Return what a part adds in a round of a loop over results; without terms if nothing; None if some."""
    runs_along = len(p.sizes) > k and p.sizes[k] == size and p.result.strides[k] == stride
    made = _in_round(p, k, r) if runs_along else p
    there = [x in at for x in np.unique(made.result.expand(made.sizes)).tolist()]
    if all(there):
        return made
    return None if any(there) else Part((0,), p.result, 0.0, None, None)


def _in_round(p: Part, k: int, r: int) -> Part:
    """Return a part in one round of one of its loops."""
    sizes, (result, coef, a, b) = _fixed(p.sizes, [p.result, p.coef, p.a, p.b], k, r)
    return Part(sizes, result, coef, a, b, p.over)


def _fixed(sizes: Sizes, refs: list[Any], k: int, r: int) -> tuple[Sizes, list[Any]]:
    """Return loops and operands in one round of one of the loops."""
    left: list[int] = []
    for j, n in enumerate(sizes):
        if j == k:
            continue
        if isinstance(n, Slanted) and j > k:
            first = n.first + n.steps[k] * r
            steps = (*n.steps[:k], *n.steps[k + 1 :])
            most = int(addresses(tuple(left), steps, first).max())
            left.append(Slanted(most, first, steps) if any(steps) else first)
        else:
            left.append(n)
    return tuple(left), [_operand(x, k, r) for x in refs]


def _operand(x: Any, k: int, r: int) -> Any:
    """Return an operand in one round of a loop."""
    if not isinstance(x, Ref):
        return x
    table = x.table
    if table is None:
        move = x.strides[k] if x.strides else 0
        return replace(x, base=x.base + r * move, strides=(*x.strides[:k], *x.strides[k + 1 :]))
    if table.ndim > k:
        table = np.take(table, r if table.shape[k] > 1 else 0, axis=k)
    return replace(x, constants=table) if x.constants is not None else replace(x, addresses=table)
