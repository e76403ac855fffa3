"""Results of a loop's rounds as one array: what a round computes becomes an element, or a row, of it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from autograd.compiler.listing.names import Region
from autograd.compiler.roll.program import Program
from autograd.compiler.roll.repeats import Loop, places

__all__ = ["Family", "families"]


@dataclass
class Family:
    """Statements whose results lie at equal distances.

    Attributes
    ----------
    base, step
        Where the first result is, and how far it is to the next.
    statements
        Their numbers, in order.
    backward
        Whether the last is element 0, because the rounds go back through an array.
    region
        The array, once it has a name.
    target
        Where the statements after the first write, then; `source.Target`.
    """

    base: int
    step: int
    statements: list[int]
    backward: bool
    cuts: set[int] = field(default_factory=set)
    region: Region | None = None
    target: Any = None

    @cached_property
    def number(self) -> dict[int, int]:
        """Which of them each statement is."""
        return {statement: k for k, statement in enumerate(self.statements)}

    def index(self, statement: int) -> int:
        """Return which element a statement computes."""
        k = self.number[statement]
        return len(self.number) - 1 - k if self.backward else k

    def enter(self, name: str, shape: tuple[int, ...], strides: tuple[int, ...]) -> Region:
        """Make the array of all results."""
        count = len(self.statements)
        base, step = (
            (self.base + (count - 1) * self.step, -self.step) if self.backward else (self.base, self.step)
        )
        self.region = Region(name, base, (count, *shape), (step, *strides))
        return self.region


def families(
    program: Program, found: list[Loop], cuts: dict[int, set[int]], taken: Container[int],
    outputs: Container[int],
) -> dict[int, Family]:  # fmt: skip
    """Return, for each statement of a loop whose results get an array in common, its family.

    A statement just before or after the loop belongs to it too if its result continues the sequence.

    Parameters
    ----------
    program, found
        What to print, and its loops.
    cuts
        As of `names.cut_points`.
    taken
        Addresses that have a name already.
    outputs
        Those of results, which before and after a loop keep names of their own.
    """
    address, graph = program.address, program.graph
    at = [low for low, _ in places(program)]
    starts = {base: i for i, base in enumerate(at)}
    out: dict[int, Family] = {}
    inside = {i for loop in found for i in range(loop.start, loop.end)}
    for loop in found:
        members = [list(range(loop.start + j, loop.end, loop.period)) for j in range(loop.period)]
        heads = [[int(graph.primal[program.statements[i].nodes[0]]) for i in mine[:2]] for mine in members]
        backward = any(min(pair) >= 0 and address[pair[1]] < address[pair[0]] for pair in heads)
        for mine in members:
            base, step = at[mine[0]], at[mine[1]] - at[mine[0]]
            if step <= 0 or any(at[i] in taken for i in mine):
                continue
            family = Family(base, step, mine, backward)
            for place, front in ((base - step, True), (base + step * len(mine), False)):
                i = starts.get(place, -1)
                if (
                    i >= 0
                    and i not in inside
                    and i not in out
                    and place not in taken
                    and place not in outputs
                    and _alike(program, i, mine[0], same=not front)
                ):
                    family.statements = [i, *family.statements] if front else [*family.statements, i]
            family.base = at[family.statements[0]]
            for i in family.statements:
                family.cuts |= cuts.get(i, set())
                out[i] = family
    return out


def _alike(program: Program, i: int, j: int, *, same: bool) -> bool:
    """Tell whether two statements could compute elements of one array.

    A loop's first round may be simpler than the others.
    """
    a, b = program.statements[i], program.statements[j]
    loops_of = [[p.sizes for p in s.parts] for s in (a, b)]
    return (
        a.lane == b.lane
        and len(a.nodes) == len(b.nodes)
        and a.op is b.op
        and a.extremum == b.extremum
        and (not same or loops_of[0] == loops_of[1])
    )
