"""Statements over tables of addresses, so that many of them are alike.

A compiler takes time for each kind of line that it reads. Of what a long program lists (`listed`), the
loops and strides are therefore written out as tables of addresses, one for each operand, as on the tape of
an engine that records a run: then a line tells what is computed, and nothing of where.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.backends.indices import split
from autograd.compiler.roll.affine import Slanted, compress
from autograd.compiler.roll.program import Part, Ref, Statement

__all__ = ["MOST", "taped"]

MOST = 4096
"""So many rounds of its loops a statement has at the most, if they are to be written out."""


def taped(s: Statement) -> Statement | None:
    """Return a statement with a table for each operand; None where it is to stay as it is.

    That is: where a lane takes part, where there is but one round, or are too many, and where loops that grow
    read tables or add up.
    """
    refs = [*s.operands, *(x for p in s.parts for x in (p.a, p.b) if x is not None)]
    if s.lane or s.starts is not None or any(r.lane for r in refs) or any(p.over for p in s.parts):
        return None
    sizes = [s.sizes] if s.op is not None else [p.sizes for p in s.parts]
    if any(map(_slanted, sizes)):
        used = [*refs, s.result, *(x for p in s.parts for x in (p.result, p.coef))]
        if any(split(p)[1] for p in s.parts) or any(isinstance(r, Ref) and r.table is not None for r in used):
            return None
    rounds = [math.prod(row) for row in sizes]
    if max(rounds) > MOST or max(rounds) == 1:
        return None
    if s.op is None:
        return replace(s, parts=[_part(p) for p in s.parts])
    places = s.result.expand(s.sizes).ravel()
    count, result = places.shape, Ref(addresses=places, strides=(1,))
    return replace(s, sizes=count, result=result, operands=[_table(r, s.sizes, count) for r in s.operands])


def _part(p: Part) -> Part:
    """Return a summand of a loop over results, and one over what is added up for each."""
    if math.prod(p.sizes) == 1:
        return p
    out, inner = split(p)
    order = None if _slanted(p.sizes) else [*out, *inner]
    shape = -1, math.prod(p.sizes[k] for k in inner)
    a, b = [None if x is None else _table(x, p.sizes, shape, order) for x in (p.a, p.b)]
    coef = _table(p.coef, p.sizes, shape, order) if isinstance(p.coef, Ref) else p.coef
    places = _ordered(p.result.expand(p.sizes), order).reshape(shape)[:, :1]
    return Part((len(places), shape[1]), Ref(addresses=places, strides=(1, 0)), coef, a, b)


def _slanted(sizes: tuple[int, ...]) -> bool:
    """Tell whether a loop's size grows along another."""
    return any(isinstance(n, Slanted) for n in sizes)


def _table(r: Ref, sizes: tuple[int, ...], shape: tuple[int, ...], order: list[int] | None = None) -> Ref:
    """Return an operand as a table of addresses, or of numbers, of some shape."""
    if r.constants is None:
        return Ref(addresses=_ordered(r.expand(sizes), order).reshape(shape))
    return Ref(constants=compress(_ordered(np.broadcast_to(r.constants, sizes), order).reshape(shape)))


def _ordered(table: Any, order: list[int] | None) -> Any:
    """Return a table with its axes in another order."""
    return table if order is None else table.transpose(order)
