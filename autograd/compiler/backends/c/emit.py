"""Print a program in C: loops over the same statements, with eight examples to a vector register group.

Where there are lanes, the whole lane part of the program runs for one block of lanes at a time, so that all
intermediate results stay in the cache; sums over lanes gather in accumulators of four.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.backends.c.listed import Lines, Listed
from autograd.compiler.backends.c.loops import PRODUCT, added_up, alike, shared_part, shared_parts
from autograd.compiler.backends.c.sizes import few_to_look_at
from autograd.compiler.backends.c.spelling import OF_LANES, PRELUDE, literal, spelled
from autograd.compiler.backends.c.tape import taped
from autograd.compiler.backends.indices import ROUND, bound, index, is_loop, packed, split, whole
from autograd.compiler.graph.bounds import runs
from autograd.compiler.graph.ir import BOUND, LANE
from autograd.compiler.roll.affine import Slanted
from autograd.compiler.roll.program import LANES, Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import (
    Moving,
    Rounds,
    UnevenError,
    blocks,
    read,
    repeats,
    replaced,
    weighted,
)
from autograd.op import Op
from autograd.words import gettext

__all__ = ["ROUND", "CWriter", "c_program", "unsupported", "whole"]

SECTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("before", {}),
    ("inside", {"v": "V *restrict ", "acc": "V4 *restrict ", "mask": "const V ", "tail": "const int "}),
    ("after", {"acc": "const V4 *restrict "}),
)
"""What runs before the blocks of lanes, for each of them, and after; and what functions of each are given."""
STATEMENTS_PER_FUNCTION = 40  # compilers are superlinear in the size of a function
TEXT = 30000
"""How many characters of statements a compiler is given; the rest is listed (`listed`).

Processor time of gcc 12, and of a call, for a double pendulum (51 kB of statements, a loop among them) and
for soft warping (79 kB, straight): -O3 1.4 s, 480 us and 12 s, 27 us; -O1 1.3 s, 480 us and 4.8 s, 98 us;
-O1, listed beyond 30 kB, 0.8 s, 320 us and, of what can be on a tape (`tape`) beyond 3 kB, 0.6 s, 45 us.
"""


def unsupported(program: Program) -> str:
    """Return why the program cannot be printed in C, or an empty text."""
    left = set(rows_of(program)) - set(spelled(rows_of(program)).calls)
    names = sorted(op.name for op in left)[:1]
    return "".join(gettext("{name}() is not available in C", name=name) for name in names)


def rows_of(program: Program) -> list[Op]:
    """Return the rows that a program computes as such."""
    return [s.op for s, _ in weighted(program) if s.op is not None]


def c_program(program: Program) -> str:
    """Return the program in C, every statement in it."""
    return CWriter(program).text()


class Brief(NamedTuple):
    """A program in C of bounded length.

    Attributes
    ----------
    text
        The program.
    behind
        The numbers that it reads behind those of its shared arena.
    length
        How many characters its statements have, those among these numbers too.
    """

    text: str
    behind: Any
    length: int


def brief(program: Program, threads: int = 1) -> Brief:
    """Return the program in C, as much of it as a compiler reads in a second, and the rest as numbers.

    So many threads share the blocks of lanes.
    """
    writer = CWriter(program, TEXT, threads)
    text = writer.text()
    return Brief(text, writer.listed.numbers(), writer.listed.length)


Spans = list[tuple[int, int]]
"""Stretches of an arena: from where to where."""


class Piece(NamedTuple):
    """A statement, or a part of one: what it is, the whole numbers in it, and its text for such numbers.

    Its text is another where it is not for the compiler, but listed.
    """

    kind: Any
    numbers: tuple[int, ...]
    text: Callable[[Sequence[int]], str]
    work: float = 1.0
    rounds: int = 1
    listed: Callable[[], str] | None = None
    lane: Statement | None = None

    def printed(self) -> Lines:
        """Return the piece as text, with its own numbers."""
        return Lines(self.rounds, [self.text(self.numbers)], self.work, self.listed)


def _work(s: Statement) -> float:
    """Return how many numbers a statement adds up, or computes."""
    return float(sum([math.prod(p.sizes) for p in s.parts]) + math.prod(s.sizes))


def _in_rounds(refs: list[tuple[Ref | None, tuple[int, ...]]], axis: int, rounds: int) -> list[Any]:
    """Return the rows of lanes that operands are, those of a round in a row, and the rounds' numbers."""
    lanes = [r.expand(sizes) - LANES for r, sizes in refs if rounds and r is not None and r.lane]
    return [(np.moveaxis(at, axis, 0).reshape(rounds, -1), np.arange(rounds)[:, None]) for at in lanes]


def _in_one(lines: list[Lines]) -> Lines:
    """Return lines as one loop, in which their first loops run; the last may be a sum, used after it."""
    if not lines[1:]:
        return lines[0]
    bodies, begin, name, rounds, end = [], "", "", 0, ""
    for one in lines:
        begin, name, count, body = re.findall(r"(.*?)FOR\((i\d+), (\d+)\) (.*)", one.texts[0])[0]
        if begin.strip():
            body, end = body.split("; ", 1)
            body += ";"
        rounds = rounds or int(count)
        if (each := int(count) // rounds) > 1:
            body = f"FOR(m, {each}) {{ const long at = {each} * {name} + m, {name} = at; {body} }}"
        bodies.append(body)
    text = f"{begin}FOR({name}, {rounds}) {{ {' '.join(bodies)} }} {end}".rstrip()
    return Lines(1, [text], sum(one.work for one in lines))


def moving(here: Piece, there: Piece) -> list[int]:
    """Return a piece's numbers, of which those move that differ in the next round."""
    return [x if x == y else Moving(x, y - x) for x, y in zip(here.numbers, there.numbers, strict=True)]


class CWriter:
    """Collects tables and statements."""

    def __init__(self, program: Program, most: float = math.inf, threads: int = 1) -> None:
        self.program, self.threads = program, threads
        self.listed = Listed(max(program.shared, 1), most)
        self.accumulators = 0
        self.scratch = 0
        self.spelled = spelled(rows_of(program))

    def text(self) -> str:
        """Return the whole file."""
        before: list[Piece] = []
        inside: list[Piece] = []
        after: list[Piece] = []
        late: set[int] = set()
        nest: list[Statement] = []
        for s in [*blocks(self.program), None]:
            if nest and (s is None or isinstance(s, Rounds) or s.shared <= 0):
                before.append(self._nest(nest))
                nest = []
            if s is None:
                break
            if isinstance(s, Rounds):
                is_late = bool(late) and any(self._reads(x) & late for x in s)
                section = inside if s.first[0].lane else after if is_late else before
                section += self._rounds_of(s)
                if is_late:
                    late.update(x for nodes in s.nodes for x in self.program.address[nodes].ravel().tolist())
                continue
            over = any(p.over for p in s.parts)
            if s.shared >= 0:
                nest.append(s)
            elif over:
                self._lane_sum(s, inside, after)
                late.update(self.program.address[s.nodes].tolist())
            elif s.lane:
                inside.append(self._piece(s))
            elif late and self._reads(s) & late:
                after.append(self._piece(s))
                late.update(self.program.address[s.nodes].tolist())
            else:
                before.append(self._piece(s))
        copies = self.program.copies
        if len(copies[0]):
            origin, target = self._ints(copies[0]), self._ints(copies[1])
            text = f"    FOR(i, {len(copies[0])}) s[{target}[i]] = s[{origin}[i]];"
            after.append(Piece("copies", (), lambda _: text))
        functions: list[str] = []
        bodies = [self._folded(pieces) for pieces in (before, inside, after)]
        self.listed.choose([lines for body in bodies for lines in body])
        shared, lane, final = [
            self._functions(*section, functions) for section in zip(SECTIONS, bodies, strict=True)
        ]
        run = self._run(shared, lane, final)
        tables = self.listed.tables("\n".join([*functions, run]))
        text = "".join(functions)
        made = [OF_LANES[name] for name in OF_LANES if f"{name}_of_lanes" in text]
        made += [PRODUCT] * ("matrix_product(" in text)
        return "\n".join([PRELUDE, self.spelled.text, *made, tables, *functions, run, TRAIN])

    def _functions(self, section: tuple[str, dict[str, str]], body: list[Lines], out: list[str]) -> list[str]:
        """Print functions of so many statements, and return the names of those to call."""
        name, parameters = section
        calls: list[str] = []
        declared = "".join(f", {kind}{p}" for p, kind in parameters.items())
        used = "".join(f"    (void){p};\n" for p in ("s", *parameters))
        texts = self.listed.statements(name, parameters, body, out)
        kind = "INLINE" if name == "inside" and len(texts) <= STATEMENTS_PER_FUNCTION else "static"
        for i in range(0, len(texts), STATEMENTS_PER_FUNCTION):
            lines = "\n".join(texts[i : i + STATEMENTS_PER_FUNCTION])
            calls.append(f"{name}{len(calls)}")
            out.append(f"{kind} void {calls[-1]}(double *restrict s{declared}) {{\n{used}{lines}\n}}\n")
        return calls

    def _folded(self, pieces: list[Piece]) -> list[Lines]:
        """Print pieces, those that repeat as loops."""
        out: list[Lines] = []
        at = 0
        for loop in repeats([(piece.kind, piece.numbers) for piece in pieces]):
            first, second = [pieces[k : k + loop.period] for k in (loop.start, loop.start + loop.period)]
            if any(piece.rounds > 1 for piece in first):
                continue
            try:
                lines = [here.text(moving(here, there)) for here, there in zip(first, second, strict=True)]
            except UnevenError:
                continue
            out += self._joined(pieces[at : loop.start])
            out.append(Lines(loop.count, lines, sum(x.work for x in first)))
            at = loop.end
        return out + self._joined(pieces[at:])

    def _joined(self, pieces: list[Piece]) -> list[Lines]:
        """Print pieces; loops over lanes become one where no round reads what a later one makes."""
        groups: list[list[Piece]] = []
        axis, rounds, maker = -1, 0, np.zeros(self.program.lanes, int)
        for piece in pieces:
            own, count, is_sum, reads, makes = self._first_loop(piece.lane)
            inside = rounds and own == axis and not count % rounds
            if not inside or any((maker[at] > k).any() for at, k in _in_rounds(reads, axis, rounds)):
                groups.append([])
                axis, rounds = own, count
                maker[:] = 0
            groups[-1].append(piece)
            for at, k in _in_rounds(makes, axis, 0 if is_sum else rounds):
                maker[at] = k
            rounds *= not is_sum
        return [_in_one([piece.printed() for piece in group]) for group in groups]

    def _first_loop(self, s: Statement | None) -> tuple[int, int, bool, Any, Any]:
        """Return a statement's first loop, if any: axis, rounds, whether it is a sum's; operands, results."""
        parts = alike(s.parts) if s and s.starts is None else []
        if not s or not (parts or s.op) or len({self._rounds(p) for p in parts}) > 1:
            return -1, 0, True, (), ()
        sizes, axes, summed = s.sizes, [*range(len(s.sizes))], list[int]()
        if parts:
            sizes, (axes, summed) = parts[0].sizes, self._split(parts[0])
        loops, sums = [[k for k in found if is_loop(sizes[k])] for found in (axes, summed)]
        first = (loops or sums)[:1] if not parts[1:] or (loops and not s.extremum) else []
        if not first or any(isinstance(n, Slanted) for n in sizes):
            return -1, 0, True, (), ()
        reads = [(r, p.sizes) for p in parts for r in (p.a, p.b)] + [(r, s.sizes) for r in s.operands]
        makes = [(p.result, p.sizes) for p in parts] or [(s.result, s.sizes)]
        return first[0], sizes[first[0]], not loops, reads, makes

    def _rounds_of(self, loop: Rounds) -> list[Piece]:
        """Return a known loop as one piece; its statements one by one where more than numbers differ."""
        lines = []
        try:
            for k, s in enumerate(loop.first):
                lines.append(self._statement(replaced(s, loop.moving(k))))
        except UnevenError:
            return [self._piece(s) for s in loop]
        work = sum(map(_work, loop.first))
        return [Piece((ROUND, loop.count, tuple(lines)), (), lambda _: "\n".join(lines), work, loop.count)]

    def _piece(self, s: Statement) -> Piece:
        return Piece(
            *read(s),
            lambda numbers: self._statement(replaced(s, numbers)),
            _work(s),
            listed=None if s.lane else lambda: self._statement(taped(s) or s),
            lane=s if s.lane else None,
        )

    def _nest(self, statements: list[Statement]) -> Piece:
        """Print statements in the loops that they share."""
        text, opened = "   ", 0
        for s in statements:
            ends, opened = " }" * (opened - s.shared), len(s.sizes)
            begins = "".join(f"FOR(i{k}, {bound(s.sizes[k])}) {{ " for k in range(s.shared, opened))
            text += f"{ends} {begins}{self._number(s)}"
        text += " }" * opened
        return Piece(text, (), lambda _: text, sum(map(_work, statements)))

    def _number(self, s: Statement) -> str:
        """Print how one number of a statement is computed, within its loops."""
        if s.op is not None:
            return f"{self.value(s.result, s.sizes)} = {self._computed(s)};"
        depth, target = len(s.sizes), self.value(s.parts[0].result, s.parts[0].sizes)
        if s.extremum:
            f, start = ("larger", "-INFINITY") if s.extremum == "max" else ("smaller", "INFINITY")
            steps = [(part, f"t = {f}(t, {self._compared(part)});") for part in s.parts]
        else:
            start = added_up(self, [part for part in s.parts if len(part.sizes) == depth]) or "0.0"
            looped = [part for part in s.parts if len(part.sizes) > depth]
            if not looped:
                return f"{target} = {start};"
            steps = [(part, f"t += {added_up(self, [part])};") for part in looped]
        text, simd = "", f"SIMD_{s.extremum or 'sum'} ".upper()
        for part, step in steps:
            axes = range(depth, len(part.sizes))
            outer, inner = self.loops(part.sizes, axes[:-1]), self.loops(part.sizes, axes[-1:])
            text += f"{outer}{{ {simd if axes else ''}{inner}{step} }} "
        return f"{{ double t = {start}; {text}{target} = t; }}"

    def _run(self, shared: list[str], lane: list[str], final: list[str]) -> str:
        p = self.program
        numbers, rows = p.looked_at(16, (64, 2))
        few = few_to_look_at(p)
        keeps = bool((p.outputs >= LANES).any())
        has_lanes = bool(p.lanes and (lane or keeps))
        lines = [f"#define BOUND {BOUND!r}", f"#define LIMIT {few.limit if few else 0.0!r}", SOUND]
        lines += self._some(lane, few.lanes if few else [], rows) if has_lanes else []
        lines += [
            "/* Return whether the engine has the last word: a number too large, or a result not finite. */",
            "static long run_once(double *restrict s, double *restrict lanes, long N) {",
            f"    long unsound = 0, closely = {int(few is None)};",
            "    (void)lanes; (void)N;",
            *["    unknown = 0;", "    give_up_lists();"] * bool(self.spelled.text),
        ]
        lines += [f"    {name}(s);" for name in shared]
        leading = few.shared if few else []
        lines += _look("closely |= 1;", _stretches("s + {}", "{}", leading), "LIMIT") if p.lanes else []
        lines.append(f"    static OF_A_THREAD V4 acc[{max(self.accumulators, 1)}];")
        if has_lanes:
            call = "some(s, lanes, N, 0, N, acc, &closely)"
            shared_out = f"all(s, lanes, N, acc, {max(self.accumulators, 1)}, &closely)"
            lines += [
                "    memset(acc, 0, sizeof acc);",
                f"    unsound |= {call if self.threads == 1 else shared_out};",
            ]
        lines += [f"    {name}(s, acc);" for name in final]
        if not final:
            lines.append("    (void)acc;")
        lines += self._scattered()
        results = [
            *range(p.parameters, 2 * p.parameters),
            *(a for n in p.graph.outputs.tolist() if 0 <= (a := int(p.address[n])) < LANES),
        ]
        if results:
            table = self._ints(np.array(results))
            lines += self._look_closely(leading, numbers, "s + {}", "{}")
            finite = f"FOR(i, {len(results)}) unsound |= !isfinite(s[{table}[i]]);"
            lines += _look(finite, _stretches("s + {}", "{}", runs(np.array(results), 16, 64)))
        lines += ["    unsound |= unknown; /* to C */"] * bool(self.spelled.text)
        lines += ["    return unsound;", "}", f"static const long PARAMETERS = {p.parameters};"]
        loss = [int(p.address[n]) for n in p.graph.outputs.tolist()[:1]]
        lines.append(f"static const long LOSS = {loss[0] if loss and 0 <= loss[0] < LANES else -1};")
        return "\n".join(lines)

    def _scattered(self) -> list[str]:
        """Print what adds to gradients when all else is done."""
        p = self.program
        lines = [f"    memset(s + {a}, 0, {b - a} * sizeof *s);" for a, b in p.emptied]
        for s in p.scattered:
            received, place, first = [self.value(r, s.sizes) for r in s.operands]
            loops = self.loops(s.sizes, range(len(s.sizes)))
            if any(r.lane for r in s.operands):
                loops = f"FOR(n, N) {loops}"
            received, place = [f"lanes[({x[2:-1]}) * N + n]" if x[0] == "v" else x for x in (received, place)]
            step, count = map(int, s.params)
            lines.append(
                f"    {loops}{{ const double place = {place}; if (IS_PLACE(place, {count})) "
                f"(&{first})[{p.parameters} + (long)place * {step}] += {received}; }}"
            )
        return lines

    def _some(self, lane: list[str], few: Spans, rows: Spans) -> list[str]:
        """Print what computes some of the blocks of lanes, and what lets threads share all of them."""
        p = self.program
        inputs = int((p.graph.kind == LANE).sum())
        lines = [
            "/* Compute the lanes from n up to an end; tell of their numbers what run_once does. */",
            "static long some(double *restrict s, double *restrict lanes, long N, long n, long end,",
            "                 V4 *restrict acc, long *wary) {",
            "    long unsound = 0, closely = *wary;",
            f"    static OF_A_THREAD V v[{p.lanes}] ALIGNED;",
            "    for (; n < end; n += B) {",
            "        const int full = n + B <= N;",
            "        V mask;",
            "        FOR(l, B) AT(mask, l) = n + l < N ? 1.0 : 0.0;",
            "        (void)mask;",
            f"        if (full) FOR(r, {inputs}) v[r] = *(const V *)&lanes[r * N + n];",
            f"        else FOR(r, {inputs})",
            "            FOR(l, B) AT(v[r], l) = lanes[r * N + (n + l < N ? n + l : N - 1)];",
            f"        if (full) {{ {' '.join(f'{name}(s, v, acc, mask, 0);' for name in lane)} }}",
            f"        else {{ {' '.join(f'{name}(s, v, acc, mask, 1);' for name in lane)} }}",
            *self._look_closely(few, rows, "(const double *)&v[{}]", "{} * B"),
            *self._kept(inputs),
            "    }",
            "    *wary = closely;",
            "    return unsound;",
            "}",
        ]
        if self.threads > 1:
            lists = bool(self.spelled.text)
            lines.append(SHARED.format(
                threads=self.threads, count=max(self.accumulators, 1),
                begin="unknown = 0; give_up_lists();" if lists else "",
                end=END_OF_LISTS if lists else "",
            ))  # fmt: skip
        return lines

    def _kept(self, inputs: int) -> list[str]:
        """Print what keeps the results of a block of lanes; inputs among them stand there already."""
        at = np.unique(self.program.outputs)
        checked = at[at >= LANES] - LANES
        scattered = [r.expand(s.sizes).ravel() for s in self.program.scattered for r in s.operands if r.lane]
        at = np.unique(np.concatenate([at, *scattered]))
        kept = at[at >= LANES + inputs] - LANES
        lines = []
        if len(checked):
            finite = self._ints(checked)
            lines = [f"        FOR(r, {len(checked)}) FOR(l, B) unsound |= !isfinite(AT(v[{finite}[r]], l));"]
        rows = self._ints(kept) if len(kept) else ""
        if rows:
            lines += [
                f"        FOR(r, {len(kept)}) {{",
                f"            double *to = lanes + {rows}[r] * N + n;",
                f"            FOR(l, full ? B : N - n) to[l] = AT(v[{rows}[r]], l);",
                "        }",
            ]
        return lines

    @staticmethod
    def _look_closely(few: Spans, all_: Spans, start: str, count: str) -> list[str]:
        """Print a look at a few numbers of an arena, and at all that are watched where those are large."""
        if not all_:
            return []
        watched = _stretches(start, count, all_)
        return [
            *_look("closely |= 1;", _stretches(start, count, few), "LIMIT"),
            "    if (closely) {",
            *_look(" ".join(f"unsound |= beyond({x}, {n});" for x, n in watched), watched),
            "    }",
        ]

    def _reads(self, s: Statement) -> set[int]:
        out: set[int] = set()
        for sizes, refs in [(p.sizes, (p.a, p.b)) for p in s.parts] + [(s.sizes, tuple(s.operands))]:
            for r in refs:
                if r is not None and r.constants is None:
                    out.update(set(r.expand(sizes).ravel().tolist()))
        return out

    # Tables.

    def _ints(self, table: Any) -> str:
        return self.listed.table(np.ascontiguousarray(table, np.int64).ravel())

    def _doubles(self, table: Any) -> str:
        return self.listed.table(np.ascontiguousarray(table, np.float64).ravel())

    # Expressions.

    index = staticmethod(index)
    _packed = staticmethod(packed)
    _split = staticmethod(split)

    def value(self, ref: Ref, sizes: tuple[int, ...]) -> str:
        """Return an operand: a double, or for a lane a V."""
        if ref.constants is not None:
            if ref.constants.size == 1:
                return literal(float(ref.constants.ravel()[0]))
            return f"{self._doubles(ref.constants)}[{self.index(self._packed(ref.constants.shape))}]"
        if ref.addresses is not None:
            return self._gathered(ref, self.index(self._packed(ref.addresses.shape)))
        base = ref.base - (LANES if ref.lane else 0)
        strides = [s if is_loop(n) else 0 for s, n in zip(ref.strides, sizes, strict=True)]
        return f"{'v' if ref.lane else 's'}[{self.index(strides, base)}]"

    def _gathered(self, ref: Ref, place: str) -> str:
        """Return what stands at the address in some place of a table."""
        table = self._ints(ref.addresses - (LANES if ref.lane else 0))
        moved = f" + {whole(ref.base)}" if isinstance(ref.base, Moving) else ""
        return f"{'v' if ref.lane else 's'}[{table}[{place}]{moved}]"

    @staticmethod
    def loops(sizes: tuple[int, ...], axes: Any) -> str:
        """Open loops."""
        return " ".join([f"FOR(i{k}, {bound(sizes[k])})" for k in axes if is_loop(sizes[k])]) + " "

    # Statements.

    def _statement(self, s: Statement) -> str:
        self.scratch = 0
        if s.op is not None:
            return self._row(s)
        if s.starts is not None:
            return self._ragged(s)
        if s.extremum:
            return self._extremum(s)
        parts = alike(s.parts)
        if not parts[0].result.lane:
            return shared_parts(self, parts)
        runs = groupby(enumerate(parts), lambda part: self._rounds(part[1]))
        return "\n".join([self._sum(rounds, [*parts]) for rounds, parts in runs])

    def _rounds(self, part: Part) -> tuple[str, str]:
        """Return the loops over a part's results, and their place."""
        return self.loops(part.sizes, self._split(part)[0]), self.value(part.result, part.sizes)

    def _computed(self, s: Statement) -> str:
        """Return what a row's statement computes in a round."""
        assert s.op is not None
        texts = [self.value(r, s.sizes) for r in s.operands]
        if s.lane:
            texts = [f"AT({t}, l)" if r.lane else t for t, r in zip(texts, s.operands, strict=True)]
        texts = [t if t.startswith("(") or " " not in t or t.endswith("]") else f"({t})" for t in texts]
        return self.spelled.calls[s.op].format(*texts, *map(literal, s.params))

    def _row(self, s: Statement) -> str:
        axes = range(len(s.sizes))
        value = self._computed(s)
        target = self.value(s.result, s.sizes)
        simd = "" if s.lane or not s.sizes else "SIMD "
        outer, inner = list(axes)[:-1], list(axes)[-1:]
        if s.lane:
            each = f"V r = {{0}}; EACH_LANE AT(r, l) = {value}; {target} = r;"
            if s.op and s.op.name in OF_LANES and s.operands[0].lane:
                each = f"{target} = {s.op.name}_of_lanes({self.value(s.operands[0], s.sizes)});"
            return f"    {self.loops(s.sizes, axes)}{{ {each} }}"
        begin = simd if s.sizes and is_loop(s.sizes[-1]) else ""
        return f"    {self.loops(s.sizes, outer)}{{ {begin}{self.loops(s.sizes, inner)}{target} = {value}; }}"

    def _extremum(self, s: Statement) -> str:
        lines = []
        for k, part in enumerate(s.parts):
            out, inner = self._split(part)
            target = self.value(part.result, part.sizes)
            x = self._compared(part)
            start = f"{target}" if k else ("-INFINITY" if s.extremum == "max" else "INFINITY")
            f = "larger" if s.extremum == "max" else "smaller"
            if s.lane:
                scalar = x if part.a is None or not part.a.lane else f"AT({x}, l)"
                begin = "V t = " + (f"{start}" if k else f"(V){{0}} + {start}")
                each = f"EACH_LANE AT(t, l) = {f}(AT(t, l), {scalar});"
                body = f"{self.loops(part.sizes, inner)}{each} {target} = t;"
                lines.append(f"    {self.loops(part.sizes, out)}{{ {begin}; {body} }}")
            else:
                outer, last = self.loops(part.sizes, inner[:-1]), self.loops(part.sizes, inner[-1:])
                simd = f"SIMD_{s.extremum.upper()} " if last.strip() else ""
                body = f"{outer}{{ {simd}{last}t = {f}(t, {x}); }} {target} = t;"
                lines.append(f"    {self.loops(part.sizes, out)}{{ double t = {start}; {body} }}")
        return "\n".join(lines)

    def _compared(self, part: Part) -> str:
        """Return the operand of an extremum."""
        if part.a is not None:
            return self.value(part.a, part.sizes)
        return self.value(part.coef, part.sizes) if isinstance(part.coef, Ref) else literal(part.coef)

    def _ragged(self, s: Statement) -> str:
        part = s.parts[0]
        assert part.a is not None
        assert part.b is not None
        a, b = self._gathered(part.a, "k"), self._gathered(part.b, "k")
        ends = self._ints(np.append(s.starts, part.sizes[0]))
        coef = (
            f"{self._doubles(part.coef.constants)}[k]" if isinstance(part.coef, Ref) else literal(part.coef)
        )
        return (
            f"    FOR(i, {len(s.nodes)}) {{ double t = 0.0; for (long k = {ends}[i]; k < {ends}[i + 1]; k++) "
            f"t += {coef} * {a} * {b}; s[{whole(s.result.base)} + i] = t; }}"
        )

    def term(self, part: Part) -> str:
        """Return the product of a part's factors, and of its coefficient where that differs."""
        factors = [self.value(r, part.sizes) for r in (part.a, part.b) if r is not None]
        if isinstance(part.coef, Ref):
            factors.append(self.value(part.coef, part.sizes))
        return " * ".join(factors) if factors else "1.0"

    def _sum(self, rounds: tuple[str, str], parts: list[tuple[int, Part]]) -> str:
        """Print parts of a sum of which each result is a lane, in one pass over their results."""
        opened, target = rounds
        body, so_far = "", "V r ="
        for k, part in parts:
            term, inner = self.term(part), self._split(part)[1]
            coef = "" if isinstance(part.coef, Ref) or part.coef == 1.0 else f"{literal(part.coef)} * "
            lane = any(r is not None and r.lane for r in (part.a, part.b))
            if any(is_loop(part.sizes[i]) for i in inner):
                kind, zero = ("V", "(V){0}") if lane else ("double", "0.0")
                body += f"{kind} part{k} = {zero}; {self.loops(part.sizes, inner)}part{k} += {term}; "
                term = f"part{k}"
            if so_far != "r +=" and (k or not lane):
                so_far = f"V r = {target if k else '(V){0}'} +"
            body, so_far = f"{body}{so_far} {coef}{term}; ", "r +="
        return f"    {opened}{{ {body}{target} = r; }}"

    def _lane_sum(self, s: Statement, inside: list[Piece], after: list[Piece]) -> None:
        """Print a sum over lanes: accumulated for each block of lanes, finished after the last."""
        slot, places = self.accumulators, np.sort(self.program.address[s.nodes])
        self.accumulators += len(places)
        for part in s.parts:
            alone = replace(s, parts=[part])
            kind, numbers = read(alone)
            if part.over:
                # Which of the accumulators of this statement.
                kept = set(self._split(part)[0])
                sizes = tuple([n if k in kept else 1 for k, n in enumerate(part.sizes)])
                which = np.searchsorted(places, part.result.expand(sizes))
                inside.append(
                    Piece(
                        ("accumulated", kind, which.shape, which.tobytes()),
                        (slot, *numbers),
                        partial(self._accumulated, alone, which),
                        lane=alone,
                    )
                )
        kind = "total", (places - places[0]).tobytes()
        after.append(Piece(kind, (slot, int(places[0])), partial(self._totalled, places)))
        for part in s.parts:
            if not part.over:
                alone = replace(s, parts=[part])
                kind, numbers = read(alone)
                after.append(Piece(("added", kind), numbers, partial(self._added, alone)))

    def _accumulated(self, s: Statement, which: Any, numbers: Sequence[int]) -> str:
        """Print the one part of a sum over lanes, for one block of these."""
        slot, *rest = numbers
        (part,) = replaced(s, rest).parts
        out, inner = self._split(part)
        target = self._place(slot, which)
        coef = "" if isinstance(part.coef, Ref) or part.coef == 1.0 else f"{literal(part.coef)} * "
        product = self.term(part)
        if any(is_loop(part.sizes[k]) for k in inner):
            body = f"V t = {{0}}; {self.loops(part.sizes, inner)}t += {product};"
        else:
            body = f"V t = {product};"
        body += f" if (tail) t *= mask; acc[{target}] += fold({coef}t);"
        return f"    {self.loops(part.sizes, out)}{{ {body} }}"

    def _totalled(self, places: Any, numbers: Sequence[int]) -> str:
        """Print the totals of accumulators."""
        slot, first = numbers
        if len(places) == 1:
            return f"    s[{whole(first)}] = total(acc[{whole(slot)}]);"
        steps = np.diff(places)
        if (steps == steps[0]).all():
            place = f"{whole(first)} + {steps[0]} * i" if steps[0] != 1 else f"{whole(first)} + i"
        else:
            place = f"{whole(first)} + {self._ints(places - places[0])}[i]"
        return f"    FOR(i, {len(places)}) s[{place}] = total(acc[{whole(slot)} + i]);"

    def _added(self, s: Statement, numbers: Sequence[int]) -> str:
        """Print the one part of a sum that is added to what is there."""
        self.scratch = 0
        return shared_part(self, replaced(s, numbers).parts[0], first=False)

    def _place(self, slot: int, which: Any) -> str:
        """Return the accumulator's index as an expression of the loops, or by a table."""
        origin = int(which.ravel()[0])
        strides = [
            int(np.take(which, 1, axis=k).ravel()[0]) - origin if n > 1 else 0
            for k, n in enumerate(which.shape)
        ]
        if (Ref(origin, tuple(strides)).expand(which.shape) == which).all():
            return self.index(strides, slot + origin)
        return f"{whole(slot)} + {self._ints(which)}[{self.index(self._packed(which.shape))}]"


def _stretches(start: str, count: str, stretches: Spans) -> list[tuple[str, str]]:
    """Print where stretches of an arena begin, and how many numbers they have."""
    return [(start.format(i), count.format(j - i)) for i, j in stretches]


def _look(otherwise: str, stretches: list[tuple[str, str]], bound: str = "BOUND") -> list[str]:
    """Print a look at stretches of numbers, all in one sum, and what to do where that is large or NaN."""
    if not stretches:
        return []
    added = " ".join(f"q = squares(q, {x}, {n});" for x, n in stretches)
    return [
        f"    {{ V q = {{0}}; {added}",
        f"      if (!(total(fold(q)) < {bound} * {bound})) {{ {otherwise} }} }}",
    ]


SOUND = r"""
/* Add squares: as a rule their sum shows that no number is too large or not finite. */
INLINE V squares(V q, const double *x, long n) {
    const V *v = (const V *)x;
    V q1 = {0}, q2 = {0}, q3 = {0};
    double rest = 0.0;
    for (; n >= 4 * B; n -= 4 * B, v += 4) {
        q += v[0] * v[0]; q1 += v[1] * v[1]; q2 += v[2] * v[2]; q3 += v[3] * v[3];
    }
    for (; n >= B; n -= B, v++) q += v[0] * v[0];
    x = (const double *)v;
    FOR(i, n) rest += x[i] * x[i];
    AT(q1, 0) += rest;
    return (q + q1) + (q2 + q3);
}

/* Tell whether a number is beyond the bound, but finite. */
RARE long beyond(const double *x, long n) {
    long found = 0;
    FOR(k, n) found |= fabs(x[k]) >= BOUND && fabs(x[k]) <= DBL_MAX;
    return found;
}
"""

SHARED = r"""
#include <pthread.h>

/* Some of the lanes, and what a thread adds up for them. */
typedef struct {{
    double *s, *lanes;
    long N, n, end, closely, unsound;
    V4 acc[{count}];
}} Share;

static void *work(void *given) {{
    Share *mine = given;
    {begin}
    mine->unsound = some(mine->s, mine->lanes, mine->N, mine->n, mine->end, mine->acc, &mine->closely);
    {end}
    return NULL;
}}

/* Compute all lanes in several threads, each as many blocks as the others; this one has the first of them. */
static long all(double *restrict s, double *restrict lanes, long N, V4 *restrict acc, long count,
                long *wary) {{
    static OF_A_THREAD Share shares[{threads}] ALIGNED;
    pthread_t threads[{threads}];
    int begun[{threads}];
    const long blocks = (N + B - 1) / B, each = (blocks + {threads} - 1) / {threads} * B;
    long unsound, found = *wary;
    for (int k = 1; k < {threads}; k++) {{
        Share *share = &shares[k];
        memset(share->acc, 0, sizeof share->acc);
        share->s = s, share->lanes = lanes, share->N = N, share->unsound = 0, share->closely = *wary;
        share->n = k * each, share->end = (k + 1) * each < N ? (k + 1) * each : N;
        begun[k] = share->n < N && !pthread_create(&threads[k], NULL, work, share);
    }}
    unsound = some(s, lanes, N, 0, each < N ? each : N, acc, &found);
    for (int k = 1; k < {threads}; k++) {{
        Share *share = &shares[k];
        if (begun[k]) pthread_join(threads[k], NULL);
        else if (share->n < N)
            share->unsound = some(s, lanes, N, share->n, share->end, share->acc, &share->closely);
        unsound |= share->unsound;
        found |= share->closely;
        FOR(i, count) acc[i] += share->acc[i];
    }}
    *wary = found;
    return unsound;
}}
"""
END_OF_LISTS = (
    "mine->unsound |= unknown; give_up_lists(); "
    "if (piece != first_piece) {{ free((char *)piece - sizeof(struct Old)); piece = NULL; }}"
).format()
"""What a thread leaves behind would be lost with it."""

TRAIN = r"""
long run(double *s, double *lanes, long N) { return run_once(s, lanes, N); }

/* Take steps of gradient descent; stop before one that is the engine's. Return how many were taken. */
long train(double *s, double *lanes, long N, long steps, double lr, double *losses) {
    for (long k = 0; k < steps; k++) {
        if (run_once(s, lanes, N)) return k;
        losses[k] = LOSS >= 0 ? s[LOSS] : 0.0;
        FOR(i, PARAMETERS) s[i] -= lr * s[PARAMETERS + i];
    }
    return steps;
}
"""
