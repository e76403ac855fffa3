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
FIRST = 4
"""Rounds of a loop that are followed one by one."""
NEAR = 1e-6
"""By so much more the logarithms of other rounds' numbers may come out, by rounding."""


class Few(NamedTuple):
    """Stretches of both arenas that hold the numbers to look at, and the limit."""

    shared: list[tuple[int, int]]
    lanes: list[tuple[int, int]]
    limit: float


def few_to_look_at(program: Program) -> Few | None:
    """Return the few numbers that tell of all; None where the limit would be too low."""
    growth = _Growth(program)
    for block in blocks(program):
        if isinstance(block, Rounds):
            if not growth.follow_rounds(block):
                return None
        elif block.shared >= 0:
            return None  # products of all rounds' numbers: there is no limit worth having
        else:
            growth.follow(block, block, program.address[block.nodes][None], slice(1))
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

    def follow_rounds(self, loop: Rounds) -> bool:
        """Note what the results of a loop may become; False if they do not grow evenly.

        From the first few rounds it is told what the others' may, which holds if these then make no more.
        """
        statements = list(
            zip(loop.first, loop.second, [self.program.address[n] for n in loop.nodes], strict=True)
        )
        for r in range(min(FIRST, loop.count)):
            for s, then, at in statements:
                self.follow(s, then, at, slice(r, r + 1))
        if loop.count <= FIRST:
            return True
        ahead = np.arange(1.0, loop.count - FIRST + 1)[:, None]
        told = []
        for *_, at in statements:
            here, there, to = map(self.places, (at[FIRST - 2], at[FIRST - 1], at[FIRST:]))
            for of in (self.degree, self.bits):
                of[to] = of[there] + ahead * (of[there] - of[here])
            told.append((to, self.degree[to], self.bits[to] + NEAR))
        for s, then, at in statements:
            self.follow(s, then, at, slice(FIRST, loop.count))
        return all(
            (self.degree[to] <= degree).all() and (self.bits[to] <= bits).all() for to, degree, bits in told
        )

    def _of(self, r: Ref | float | None, then: Any, sizes: tuple[int, ...], rounds: Any) -> tuple[Any, Any]:
        """Return the degree and the factor of an operand over its loops, in each of some rounds."""
        if r is None:
            return 0.0, 0.0
        if isinstance(r, Ref) and r.constants is None:
            if r.addresses is None and then.addresses is None and {*map(type, sizes)} <= {int}:  # not slanted
                sizes = tuple([n if x or y else 1 for n, x, y in zip(sizes, r.strides, then.strides)])
            here, there = [self.places(x.expand(sizes).ravel()) for x in (r, then)]
            far = 1 + 2 * int(np.abs(there - here).max())
            if far > 1:
                here, step = np.divmod(np.unique(here * far + there - here + far // 2), far)
                there = here + step - far // 2
            at = here + rounds[:, None] * (there - here)
            return self.degree[at].max(axis=1), self.bits[at].max(axis=1)
        table = r.constants if isinstance(r, Ref) else r
        largest = float(np.abs(table).max())
        return 0.0, math.log2(largest) if 0.0 < largest < math.inf else 0.0 if not largest else math.inf

    def follow(self, s: Statement, then: Statement, address: Any, which: slice) -> None:
        """Note what a statement's results may become in some rounds.

        Given the statement in the round after the first, and the addresses of its results in all.
        """
        at = self.places(address[which])
        rounds = np.arange(len(address))[which]
        if s.op is None:
            parts = []
            for p, q in zip(s.parts, then.parts, strict=True):
                pairs = (p.a, q.a), (p.b, q.b), (p.coef, q.coef)
                found = [self._of(x, y, p.sizes, rounds) for x, y in pairs]
                terms = math.log2(max(math.prod(p.sizes), 1)) + (LANES_AT_MOST if p.over else 0.0)
                parts.append((sum(d for d, _ in found), sum(np.maximum(b, 0.0) for _, b in found) + terms))
            degree = np.max([np.broadcast_to(d, rounds.shape) for d, _ in parts], axis=0)
            bits = np.max([np.broadcast_to(b, rounds.shape) for _, b in parts], axis=0) + math.log2(
                len(parts)
            )
        else:
            size = size_of(s.op, s.params)
            found = [self._of(x, y, s.sizes, rounds) for x, y in zip(s.operands, then.operands, strict=True)]
            none = np.zeros(len(rounds))
            degree = np.max([none, *[none + d for d, _ in found]], axis=0)
            bits = np.max([none + math.log2(SMALL), *[none + b for _, b in found]], axis=0)
            if size == BOUNDED:
                degree, bits = none, none + math.log2(SMALL)
            elif not size:  # of any size: looked at itself
                degree, bits = none + 1.0, none
        self.degree[at], self.bits[at] = degree[:, None], bits[:, None]
        self.source[at] = s.op is not None and not size_of(s.op, s.params)
