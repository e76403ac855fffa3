"""Print a program in JavaScript: loops over the same statements, each over all examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.backends.indices import ROUND, index, packed, split, whole
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.roll.program import LANES, Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import Rounds, UnevenError, blocks, replaced, weighted
from autograd.native.javascript import Script, literal
from autograd.op import TABLE

__all__ = ["Writer", "unsupported"]

LOOKUP = """/* Whether a number is a place in a table of some length. */
const $isPlace = (x, count) => x >= 0 && x < count && Number.isInteger(x);
"""


def unsupported(program: Program) -> str:
    """Return the name of an operation that has no JavaScript, such as a user's own, or an empty text."""
    rows = [s.op for s, _ in weighted(program) if s.op is not None]
    return next((op.name for op in rows if op is not ENTRY and TABLE.get(op.name) is not op), "")


class Writer:
    """Collects functions, tables and statements."""

    def __init__(self, program: Program) -> None:
        self.program, self.script = program, Script()
        self.tables: dict[str, str] = {}

    def lines(self) -> list[str]:
        """Return the statements, over the arrays ``s`` of shared numbers and ``v`` of N for each row."""
        found: list[str] = []
        for s in blocks(self.program):
            found += self._rounds(s) if isinstance(s, Rounds) else [self._statement(s)]
        origins, targets = self.program.copies
        if len(origins):
            origin, target = self._table(origins), self._table(targets)
            found.append(f"for (let i = 0; i < {len(origins)}; i++) s[{target}[i]] = s[{origin}[i]];")
        return [*found, *map(self._scattered, self.program.scattered)]

    def text(self) -> str:
        """Return the functions and tables of what was printed."""
        tables = [f"const {name} = {numbers};" for numbers, name in self.tables.items()]
        looks_up = any(s.op is ENTRY for s, _ in weighted(self.program))
        return "\n".join([self.script.text(), *tables, *[LOOKUP] * looks_up])

    def _rounds(self, loop: Rounds) -> list[str]:
        """Print a known loop; statement by statement where more than numbers differ."""
        try:
            lines = [self._statement(replaced(s, loop.moving(k))) for k, s in enumerate(loop.first)]
        except UnevenError:
            return [self._statement(s) for s in loop]
        return [f"for (let {ROUND} = 0; {ROUND} < {loop.count}; {ROUND}++) {{", *lines, "}"]

    def _table(self, numbers: Any) -> str:
        text = f"[{', '.join(literal(float(x)) for x in np.ravel(numbers))}]"
        return self.tables.setdefault(text, f"t{len(self.tables)}")

    def _value(self, ref: Ref, sizes: Sequence[int]) -> str:
        """Return an operand, or a place."""
        if ref.constants is not None:
            if ref.constants.size == 1:
                return literal(float(ref.constants.ravel()[0]))
            return f"{self._table(ref.constants)}[{index(packed(ref.constants.shape))}]"
        if ref.addresses is not None:
            return self._gathered(ref, index(packed(ref.addresses.shape)))
        strides = [s if n > 1 else 0 for s, n in zip(ref.strides, sizes, strict=True)]
        at = index(strides, ref.base - (LANES if ref.lane else 0))
        return f"v[({at}) * N + n]" if ref.lane else f"s[{at}]"

    def _gathered(self, ref: Ref, place: str) -> str:
        """Return what stands at the address in some place of a table."""
        at = f"{self._table(ref.addresses - (LANES if ref.lane else 0))}[{place}]"
        at += f" + {whole(ref.base)}" if ref.base.__class__ is not int else ""
        return f"v[({at}) * N + n]" if ref.lane else f"s[{at}]"

    @staticmethod
    def _loops(sizes: Sequence[int], axes: Sequence[int], *, lane: bool = False) -> str:
        """Open loops over axes, and over the examples."""
        opened = [f"for (let i{k} = 0; i{k} < {whole(sizes[k])}; i{k}++) " for k in axes if sizes[k] > 1]
        return "".join([*opened, "for (let n = 0; n < N; n++) " * lane])

    def _statement(self, s: Statement) -> str:
        if s.op is ENTRY:
            place, first = [self._value(r, s.sizes) for r in s.operands]
            step, count = map(int, s.params)
            target, at = self._value(s.result, s.sizes), first[2:-1]
            value = f"$isPlace({place}, {count}) ? s[{at} + {step} * {place}] : NaN"
            return f"{self._loops(s.sizes, range(len(s.sizes)), lane=s.lane)}{target} = {value};"
        if s.op is not None:
            given = [*(self._value(r, s.sizes) for r in s.operands), *map(literal, s.params)]
            value = f"{self.script.value(s.op)}({', '.join(given)})"
            target = self._value(s.result, s.sizes)
            return f"{self._loops(s.sizes, range(len(s.sizes)), lane=s.lane)}{target} = {value};"
        if s.starts is not None:
            return self._ragged(s)
        return "\n".join(self._part(s, part, first=k == 0) for k, part in enumerate(s.parts))

    def _scattered(self, s: Statement) -> str:
        """Print what adds to the gradients of tables."""
        received, place, first = [self._value(r, s.sizes) for r in s.operands]
        step, count = map(int, s.params)
        lane = any(r.lane for r in s.operands)
        target = f"s[{first[2:-1]} + {self.program.parameters} + {step} * {place}]"
        loops = self._loops(s.sizes, range(len(s.sizes)), lane=lane)
        return f"{loops}if ($isPlace({place}, {count})) {target} += {received};"

    def _part(self, s: Statement, part: Part, *, first: bool) -> str:
        """Print one summand of a sum of products, or what an extremum is taken of."""
        out, inner = split(part)
        lane = part.result.lane
        target = self._value(part.result, part.sizes)
        factors = [self._value(r, part.sizes) for r in (part.a, part.b) if r is not None]
        coef = part.coef
        if isinstance(coef, Ref):
            factors.append(self._value(coef, part.sizes))
        elif not s.extremum and (coef != 1.0 or not factors):
            factors.append(literal(coef) if coef >= 0.0 else f"({literal(coef)})")
        elif not factors:
            factors.append(literal(coef))
        value = " * ".join(factors)
        if s.extremum:
            start = target if not first else "-Infinity" if s.extremum == "max" else "Infinity"
            added = f"t = Math.{s.extremum}(t, {value});"
        else:
            start, added = "0" if first else target, f"t += {value};"
        summed = self._loops(part.sizes, inner, lane=part.over)
        return (
            f"{self._loops(part.sizes, out, lane=lane)}{{ let t = {start}; {summed}{added} {target} = t; }}"
        )

    def _ragged(self, s: Statement) -> str:
        """Print sums of unequally many terms."""
        (part,) = s.parts
        factors = [self._gathered(r, "k") for r in (part.a, part.b) if r is not None]
        factors.append(
            f"{self._table(part.coef.constants)}[k]" if isinstance(part.coef, Ref) else literal(part.coef)
        )
        ends = self._table(np.append(s.starts, part.sizes[0]))
        summed = f"for (let k = {ends}[i]; k < {ends}[i + 1]; k++) t += {' * '.join(factors)};"
        opened = f"for (let i = 0; i < {len(s.nodes)}; i++)"
        return f"{opened} {{ let t = 0; {summed} s[{whole(s.result.base)} + i] = t; }}"
