"""A rolled program: a few statements over views of two arenas, in place of many scalar nodes.

Every number has an address. Shared numbers live in one arena: first the parameters, then their gradients,
then inputs and results. What differs from lane to lane lives in rows of a second arena, whose addresses
start at LANES. A view is nothing but a compressed table of addresses, so a statement that no view fits
gathers by a table and stays right.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.compiler.graph.bounds import runs, watched
from autograd.compiler.graph.ir import Graph, Ints
from autograd.compiler.roll.affine import addresses
from autograd.op import Op

__all__ = ["LANES", "Part", "Program", "Ref", "Statement"]

LANES = 1 << (40 if sys.maxsize > 1 << 32 else 28)  # NumPy's own integers are as wide as an address


@dataclass
class Ref:
    """An operand over the loops of a part.

    Either a view (``base`` and ``strides``), or a table over the loops, with length 1 along loops that do
    not matter: of addresses to gather from, or of constants.
    """

    base: int = -1
    strides: tuple[int, ...] = ()
    addresses: Any = None
    constants: Any = None
    lane: bool = False

    @property
    def table(self) -> Any:
        """The table, of addresses or of constants; None of a view."""
        return self.addresses if self.constants is None else self.constants

    def expand(self, sizes: tuple[int, ...]) -> Any:
        """Return the address for every iteration, those of slanted loops in a row."""
        if self.addresses is not None:
            return np.broadcast_to(self.addresses, sizes)
        return addresses(sizes, self.strides, self.base)


@dataclass
class Part:
    """One summand of a statement: result[...] += sum of coef * a * b, over loops of the given sizes."""

    sizes: tuple[int, ...]
    result: Ref
    coef: float | Ref
    a: Ref | None
    b: Ref | None
    over: bool = False


@dataclass
class Statement:
    """Results that are computed together.

    For a sum of products, the sum of ``parts``; for an extremum, that over the loops of its one part; for a
    row, ``op`` applied to ``operands`` over ``sizes``.
    """

    nodes: Ints
    lane: bool
    parts: list[Part] = field(default_factory=list)
    op: Op | None = None
    params: tuple[float, ...] = ()
    operands: list[Ref] = field(default_factory=list)
    sizes: tuple[int, ...] = ()
    result: Ref = field(default_factory=Ref)
    extremum: str = ""
    starts: Any = None
    """Where each result's terms begin, if the one part lists unequally many of them one after the other."""
    note: str = ""
    """Why something fell back to a gather, or empty."""
    shared: int = -1
    """How many of its outermost loops are also those of the statement before, in whose rounds it runs then.

    Its own results are computed one after the other; ``sizes`` are the loops over these, of sums too. -1
    where they, and statements, can be in any order.
    """


@dataclass
class Program:
    """Statements in order, and where everything is.

    Attributes
    ----------
    address
        For each node of the graph; -1 for constants.
    shared, lanes
        Sizes of the arenas: numbers, and rows.
    copies
        (from, to) addresses of gradients that could not be computed in place.
    """

    graph: Graph
    statements: Sequence[Statement]
    address: Ints
    shared: int
    lanes: int
    copies: tuple[Ints, Ints]
    parameters: int
    one: int = -1
    """Address of a number that is always 1, for terms of one factor among terms of two; or -1."""
    constants: Any = field(default_factory=lambda: np.zeros(0))
    """The numbers that stand at the end of the shared arena: results that are constants, and tables."""
    outputs: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """The address of each output, constants included."""
    tables: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """Where constants begin that differ from round to round of a loop, and the shape of each table."""
    scattered: list[Statement] = field(default_factory=list)
    """What adds to gradients that stand in their places, when all else is done: see `graph.lookups`."""
    emptied: list[tuple[int, int]] = field(default_factory=list)
    """The stretches of gradients that are zero before that."""
    grids: list[tuple[int, int, int]] = field(default_factory=list)
    """Where families stand that have a row for each level: where each begins, its rows, its columns."""

    def looked_at(
        self, most: int, gaps: tuple[int, int], which: Callable[[Graph], Any] = watched
    ) -> list[list[tuple[int, int]]]:
        """Return at most so many stretches of each arena that hold all numbers that must not be too large."""
        at = self.address[which(self.graph)]
        at = at[at >= 0]
        return [runs(at[at < LANES], most, gaps[0]), runs(at[at >= LANES] - LANES, most, gaps[1])]
