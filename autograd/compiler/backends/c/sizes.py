"""How large the numbers of a program become, told from the few of which the others are made.

A product of n numbers below 2**k is below 2**(n k), a sum of m of them below that times m. So as long as the
leaves, and the results of rows that may be of any size, are below a limit, no number that is to stay below
`ir.BOUND` can pass it, and only those few need to be looked at in each run; beyond the limit, all are.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.graph.bounds import BOUNDED, SMALL, runs, size_of, watched
from autograd.compiler.graph.ir import BOUND
from autograd.compiler.roll.program import LANES, Program, Ref, Statement
from autograd.compiler.roll.repeats import Rounds, blocks

__all__ = ["Few", "few_to_look_at"]

LEAST = 40.0
"""The logarithm of the limit, to base 2, from which it is worth having; ordinary numbers are below it."""
LANES_AT_MOST = 40.0
"""The logarithm of how many lanes a sum may run over."""


class Few(NamedTuple):
    """Stretches of both arenas that hold the numbers to look at, and the limit."""

    shared: list[tuple[int, int]]
    lanes: list[tuple[int, int]]
    limit: float


def few_to_look_at(program: Program) -> Few | None:
    """Return the few numbers that tell of all; None where the limit would be too low."""
    if any(isinstance(block, Rounds) or block.shared >= 0 for block in blocks(program)):
        return None  # products of all rounds' numbers: there is no limit worth having
    growth = _Growth(program)
    for s in program.statements:
        growth.follow(s)
    at = program.address[watched(program.graph)]
    of = growth.places(at[at >= 0])
    degrees, bits = growth.degree[of], growth.bits[of]
    rest = math.log2(BOUND) - bits
    limit = min([math.log2(BOUND), *(rest[degrees > 0] / degrees[degrees > 0]).tolist()])
    if limit < LEAST or (rest[degrees == 0] < 0.0).any():
        return None
    found = np.flatnonzero(growth.source)
    shared, lanes = found[found < program.shared], found[found >= program.shared] - program.shared
    return Few(runs(shared, 16, 64), runs(lanes, 16, 2), 2.0**limit)


class _Growth:
    """For each address the degree, and the factor as a logarithm, of what it holds: a product of sources."""

    def __init__(self, program: Program) -> None:
        self.program = program
        count = program.shared + program.lanes
        self.degree = np.ones(count)
        self.bits = np.zeros(count)
        self.source = np.ones(count, bool)
        if program.one >= 0:
            self.degree[program.one], self.source[program.one] = 0.0, False

    def places(self, addresses: Any) -> Any:
        """Return the places of addresses of both arenas in one row."""
        at = np.asarray(addresses)
        return np.where(at >= LANES, at - LANES + self.program.shared, at)

    def of(self, r: Ref | float | None, sizes: tuple[int, ...]) -> tuple[float, float]:
        """Return the degree and the factor of an operand over its loops."""
        if r is None:
            return 0.0, 0.0
        if isinstance(r, Ref) and r.constants is None:
            at = self.places(np.unique(r.expand(sizes)))
            return float(self.degree[at].max()), float(self.bits[at].max())
        table = r.constants if isinstance(r, Ref) else r
        largest = float(np.abs(table).max())
        return 0.0, math.log2(largest) if 0.0 < largest < math.inf else 0.0 if not largest else math.inf

    def follow(self, s: Statement) -> None:
        """Note what a statement's results may become."""
        if s.op is None:
            parts = []
            for p in s.parts:
                found = [self.of(x, p.sizes) for x in (p.a, p.b, p.coef)]
                terms = math.log2(max(math.prod(p.sizes), 1)) + (LANES_AT_MOST if p.over else 0.0)
                parts.append((sum(d for d, _ in found), sum(max(b, 0.0) for _, b in found) + terms))
            degree = max(d for d, _ in parts)
            bits = max(b for _, b in parts) + math.log2(len(parts))
        else:
            size, found = size_of(s.op, s.params), [self.of(r, s.sizes) for r in s.operands]
            degree = max((d for d, _ in found), default=0.0)
            bits = max([math.log2(SMALL), *(b for _, b in found)])
            if size == BOUNDED:
                degree, bits = 0.0, math.log2(SMALL)
            elif not size:  # of any size: looked at itself
                degree, bits = 1.0, 0.0
        at = self.places(self.program.address[s.nodes])
        self.degree[at], self.bits[at] = degree, bits
        self.source[at] = s.op is not None and not size_of(s.op, s.params)
