"""Turn groups of nodes into statements: order the cells and their terms so that addresses form loops.

Whatever a statement computes is stored in the order chosen for it, so that the next statements see
arithmetic progressions. Gradients are pinned to one vector in the order of the parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount, repeated, runs
from autograd.compiler.graph.ir import (
    CONST,
    EXTREMA,
    FIRST_ROW,
    INPUT,
    LANE,
    MAX,
    ONE,
    PARAM,
    SOP,
    Graph,
    Ints,
    csr,
    spans,
)
from autograd.compiler.graph.lookups import ENTRY, SCATTER
from autograd.compiler.listing.names import split_label
from autograd.compiler.roll.addresses import Column, Plan, fitted, fitted_terms, gather_price, pieces
from autograd.compiler.roll.affine import compress, nest
from autograd.compiler.roll.program import LANES, Part, Ref, Statement
from autograd.compiler.roll.repeats import Rounds
from autograd.native import engine
from autograd.words import gettext

__all__ = ["Layout"]

NOWHERE = np.int64(1) << 50
_NONE = np.zeros(0, np.int64)


class Layout:
    """Addresses given so far, and the statements made."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.is_lane = graph.lane()
        self.has_lanes = bool(self.is_lane.any())
        self.kind = graph.kind.astype(np.int64)  # once: groups are many, and the graph may be long
        n = graph.size
        self.address = np.full(n, -1, np.int64)
        self.block = np.zeros(n, np.int64)
        params = np.flatnonzero(graph.kind == PARAM)
        self.parameters = len(params)
        self.address[params] = np.arange(len(params))
        self.next = 2 * len(params)
        inputs = np.flatnonzero(graph.kind == INPUT)
        self.address[inputs] = self.next + np.arange(len(inputs))
        self.next += len(inputs)
        lanes = np.flatnonzero(graph.kind == LANE)
        self.address[lanes] = LANES + np.arange(len(lanes))
        self.next_lane = len(lanes)
        self.block[inputs], self.block[lanes] = 1, 2
        self.blocks = 3 + self._label_blocks(params)
        self.pin = np.full(n, -1, np.int64)
        has = graph.pinned >= 0
        self.pin[graph.pinned[has]] = len(params) + np.flatnonzero(has)
        self.start, self.order = csr(graph.terms.node, np.arange(len(graph.terms)), n)
        t = graph.terms
        self._terms = tuple(np.ascontiguousarray(x) for x in (t.a, t.b, t.coef, t.over))
        self.args = np.ascontiguousarray(graph.args if graph.rows else graph.args[:0])
        self.statements: list[Statement | Rounds] = []
        self.moves: Ints | None = None
        self.one = -1
        self.copies: list[tuple[Ints, Ints]] = []
        self.tables: list[tuple[list[Ref], Any]] = []
        self.grids: list[tuple[int, int, int]] = []
        self._sorted: tuple[Any, int, dict[Any, Any]] = None, 0, {}
        self._cells: tuple[Any, list[Any]] = None, []

    def _label_blocks(self, leaves: Ints, first: int = 3) -> int:
        """Tell the leaves of one array from those of another, by their labels; return how many arrays."""
        known: dict[str, int] = {}
        heads: dict[str, str] = {"": ""}  # of labels that end in a number, which says nothing of the name
        names = []
        for label in map(self.graph.labels.get, leaves.tolist(), repeat("")):
            head = label if "[" in label else label.rstrip("0123456789") or label
            name = heads.get(head)
            if name is None:
                name = heads[head] = split_label(label)[0]
            names.append(name)
        self.block[leaves] = [first + known.setdefault(name, len(known)) for name in names]
        return len(known)

    def allocate(self, nodes: Ints, pinned: bool) -> None:
        """Store results, in the given order."""
        if pinned:
            self.address[nodes] = self.pin[nodes]
        else:
            self.address[nodes] = self.room(bool(self.is_lane[nodes[0]]), len(nodes)) + np.arange(len(nodes))
        self.block[nodes] = self.blocks
        self.blocks += 1

    def place(self, group: Ints) -> None:
        """Make the statement of a group, or one for each part where that is cheaper than gathering."""
        if len(group) > 1 and self.graph.row(group[0]) in (ENTRY, SCATTER):
            for part in self._by_table(group):
                self._commit(part, self._plan(part, strict=True) or self._plan(part, strict=False))
            return
        if engine is not None and type(self) is Layout:
            moves = _NONE if self.moves is None else self.moves
            # What is of unequal length takes a place, once, for the number 1.
            known = self.kind, self.block, self.pin, self.args, moves, not self.has_lanes and self.one >= 0
            plans = engine.place(*self.sums(group), *known)
            for nodes, *plan in plans or ():
                self._planned(np.frombuffer(nodes, np.int64), *plan)
            if plans:
                return
        if len(group) == 1 and self._place_alone(int(group[0])):
            return
        plan = self._regular(group)
        parts = self._by_block(group) if plan is None or len(group) >= 16 else []
        if plan is not None:
            # Two or three arrays side by side could be one view; apart they are easier to read.
            plans = [self._regular(part) for part in parts] if 1 < len(parts) <= 3 else []
            if (
                plans
                and None not in plans
                and sum(p.price for p in plans if p is not None) <= plan.price * len(plans)
            ):
                for part, chosen in zip(parts, plans, strict=True):
                    self._commit(part, chosen)
                return
        else:
            plan = self._plan(group, strict=False, least=1)
            if len(parts) > 1:
                plans = [self._regular(part) or self._plan(part, strict=False, least=1) for part in parts]
                if plan is None or sum(p.price for p in plans if p is not None) <= plan.price + 1.0:
                    for part, chosen in zip(parts, plans, strict=True):
                        self._commit(part, chosen)
                    return
        self._commit(group, plan)

    def _planned(self, nodes: Ints, pin: int, gathered: int, parts: list[Any]) -> None:
        """Store the results of a group as the engine planned, and enter its statement."""
        if pin == -2:  # sums of unequal length
            self._commit(nodes, self._ragged(nodes))
            return
        first = nodes[0]
        base, lane, kind = self._store(nodes, pin >= 0), bool(self.is_lane[first]), int(self.kind[first])
        if pin == -3:  # gradients that are copied into place
            own = np.sort(nodes)
            self.copies.append((self.address[own], self.pin[own]))
            self.pin[own] = -1
        if kind < FIRST_ROW:
            made = []
            for sizes, strides, coef, lanes, (*operands,) in parts:
                a, b, *_ = *[_ref(x, lanes & 8 >> k > 0) for k, x in enumerate(operands)], None, None
                if isinstance(coef, bytearray):
                    coef = Ref(constants=compress(np.frombuffer(coef).reshape(sizes)))  # noqa: PLW2901
                made.append(Part(sizes, Ref(base, strides, lane=lane), coef, a, b, lanes & 1 > 0))
            note = gettext("{count} factors gathered", count=gathered) if gathered else ""
            self.statements.append(Statement(nodes, lane, made, note=note))
            return
        ((sizes, strides, _, _, operands),) = parts
        left, read = iter(operands), []
        for c in self.args[nodes].T:
            if c[0] >= 0:
                fixed = self.kind[c[0]] == CONST
                values = compress(self.graph.value[c].reshape(sizes)) if fixed else None
                read.append(Ref(constants=values) if fixed else _ref(next(left), bool(self.is_lane[c[0]])))
        note = gettext("{count} of {of} operands gathered", count=gathered, of=len(read)) if gathered else ""
        op, params = self.graph.rows[kind - FIRST_ROW]
        result = Ref(base, strides, lane=lane)
        self.statements.append(Statement(
            nodes, lane, op=op, params=params, operands=read, sizes=sizes, result=result, note=note,
        ))  # fmt: skip

    def place_row(self, nodes: Ints) -> None:
        """Make the statement of nodes whose results are to stand in a row in the order given."""
        self.pin[nodes] = self.room(bool(self.is_lane[nodes[0]]), len(nodes) + 1) + np.arange(len(nodes))
        self.place(nodes)

    def room(self, lane: bool, size: int) -> int:
        """Return the first of so many addresses that are free; they are taken then."""
        if lane:
            self.next_lane += size
            return LANES + self.next_lane - size
        self.next += size
        return self.next - size

    def _place_alone(self, node: int) -> bool:
        """Make the statement of a single node of few terms, none like another, as `_row` and `_sum` would.

        Scalar programs are made of these. False where the node is another kind of thing.
        """
        g, at = self.graph, self.address
        kind, lane = int(g.kind[node]), bool(self.is_lane[node])
        parts: list[tuple[int, float, Ref | None, Ref | None, bool]] = []
        operands: list[Ref] = []
        if kind >= FIRST_ROW:
            for x in g.args[node].tolist():
                if x >= 0:
                    fixed = g.kind[x] == CONST
                    operands.append(Ref(constants=np.array(g.value[x])) if fixed else self._ref(x))
        else:
            which = self.order[self.start[node] : self.start[node + 1]]
            if kind in EXTREMA or not 0 < len(which) <= 3:
                return False
            constant, is_shifted = 0.0, False
            for *factors, coef, over in zip(*(x[which].tolist() for x in self._terms), strict=True):
                if factors[0] == ONE and not over:
                    constant, is_shifted = constant + coef, is_shifted or coef != 0.0
                    continue
                a, b = sorted(factors, key=lambda x: NOWHERE if x == ONE else at[x])
                lanes = (int(self.is_lane[a]) * 2 + int(self.is_lane[b])) * 4 + (b == ONE) * 2 + over
                key = (int(self.block[a]) * (1 << 24) + int(self.block[b])) * 16 + lanes
                parts.append((key, coef, self._ref(a), None if b == ONE else self._ref(b), over))
            if len({key for key, *_ in parts}) < len(parts):
                return False
            parts.sort(key=lambda part: part[0])
            if is_shifted or not parts:
                parts.append((0, constant, None, None, False))
        self.allocate(np.array([node]), pinned=bool(self.pin[node] >= 0))
        op, params = g.rows[kind - FIRST_ROW] if operands else (None, ())
        self.statements.append(Statement(
            np.array([node]), lane,
            [Part((), self._ref(node), coef, a, b, over) for _, coef, a, b, over in parts],
            op=op, params=params, operands=operands, result=self._ref(node) if operands else Ref(),
        ))  # fmt: skip
        return True

    def _ref(self, node: int) -> Ref:
        """Return a node by itself."""
        return Ref(int(self.address[node]), (), lane=bool(self.is_lane[node]))

    def _regular(self, group: Ints) -> Plan | None:
        """Return a plan without gathers, or one with where that has far fewer parts.

        None if there is no regular one.
        """
        plan = self._plan(group, strict=True)
        if plan is not None and plan.price > 3.0 and int(self.graph.kind[group[0]]) < FIRST_ROW:
            # Of many parts, one for each statement that factors come from.
            other = self._sum(group, strict=False, levels=(0,))
            if other is not None and other.price < plan.price:
                return other
        return plan

    def _plan(self, group: Ints, *, strict: bool, least: int = 0) -> Plan | None:
        """Return a plan, without gathers or with as few as can be, which are known to be so many at least."""
        kind = int(self.graph.kind[group[0]])
        return (self._row if kind >= FIRST_ROW else self._sum)(group, strict=strict, least=least)

    def _commit(self, group: Ints, plan: Plan | None) -> None:
        """Store the results of a group, and enter its statement."""
        if plan is not None:
            nodes = group[plan.order]
            self.statements.append(plan.finish(nodes, self._store(nodes, plan.pinned)))
            return
        # Pinned gradients whose places are no loop: computed elsewhere, and copied into place at the end.
        pins = self.pin[group].copy()
        self.pin[group] = -1
        plan = self._plan(group, strict=False)
        if plan is None or pins[0] < 0:
            raise AssertionError("a group of nodes has no layout")
        self._commit(group, plan)
        self.copies.append((self.address[group], pins))

    def _by_block(self, group: Ints) -> list[Ints]:
        """Split a group by the statements that its operands come from."""
        g = self.graph
        key = np.zeros(len(group), np.int64)
        if self.kind[group[0]] >= FIRST_ROW:
            for column in g.args[group].T:
                key = key * 1000003 + np.where(column >= 0, self.block[column], -1)
        else:
            cell, a, b, *_ = self._terms_of(group)
            at_a, at_b = self.block[a], self.block[b]
            low, high = np.minimum(at_a, at_b), np.maximum(at_a, at_b)
            np.add.at(key, cell, (low * 1000003 + high + 7919) * ((low * 31 + high) % 1009 + 1))
        if (key == key[0]).all():
            return [group]
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        if len(first) == 1 or len(first) > max(8, len(group) // 4):
            return [group]
        rank = np.argsort(np.argsort(first))[inverse.ravel()]
        return [group[rank == i] for i in range(len(first))]

    def _by_table(self, group: Ints) -> list[Ints]:
        """Split a group of entries by the tables, and by what they are looked up by."""
        g, known = self.graph, dict[Any, int]()
        firsts, places = (g.args[group, k] for k in ((1, 0) if g.args[group[0], 2] < 0 else (2, 1)))
        names = [split_label(g.labels.get(n, ""))[0] for n in places.tolist()]
        keys = zip(self.block[firsts].tolist(), self.block[places].tolist(), names, strict=True)
        which = np.array([known.setdefault(key, len(known)) for key in keys])
        return [group[which == k] for k in range(len(known))]

    # Orders to try.

    def _orders(self, group: Ints, keys: list[Any]) -> Iterator[Any]:
        """Yield permutations of the cells, each once."""
        tried: set[bytes] = set()
        for order in self._wanted(group, keys):
            told = order.tobytes()
            if told not in tried:
                tried.add(told)
                yield order

    def _wanted(self, group: Ints, keys: list[Any]) -> Iterator[Any]:
        """Yield permutations of the cells: by pinned address, as recorded, by operands, reversed."""
        if len(group) == 1:
            yield np.arange(1)
            return
        pins = self.pin[group]
        if pins[0] >= 0:
            yield np.argsort(pins, kind="stable")
        yield np.arange(len(group))
        for key in keys:
            yield np.argsort(key, kind="stable")
        for key in keys:
            yield np.argsort(-key, kind="stable")
        if len(keys) > 1:
            yield np.lexsort((keys[0], keys[1]))
            yield np.lexsort((keys[1], keys[0]))
        yield np.arange(len(group))[::-1]

    # Rows.

    def _row(self, group: Ints, *, strict: bool, least: int = 0) -> Plan | None:
        g = self.graph
        op, params = g.rows[int(g.kind[group[0]]) - FIRST_ROW]
        columns = [c for c in g.args[group].T if c[0] >= 0]
        constant = [bool(g.kind[c[0]] == CONST) for c in columns]
        addresses = [self.address[c] for c in columns]
        wanted = [None if fixed else a for a, fixed in zip(addresses, constant, strict=True)]
        keys = [a for a in wanted if a is not None]
        pins, results, best = self.pin[group], np.arange(len(group)), None
        pinned = bool(pins[0] >= 0)
        for order in self._orders(group, keys):
            results = pins[order] if pinned else results
            chosen, fit = fitted(results, wanted, order, strict)
            if chosen is not None and (best is None or fit < best[0]):
                best = fit, order, chosen
                if fit <= least:
                    break
        if best is None:
            return None
        gathered, order, (sizes, refs) = best

        def finish(nodes: Ints, base: int) -> Statement:
            """Return the statement, with its results from an address on."""
            lane = bool(self.is_lane[nodes[0]])
            operands = []
            for c, ref, fixed in zip(columns, refs[1:], constant, strict=True):
                ref.lane = bool(self.is_lane[c[0]])
                operands.append(Ref(constants=compress(g.value[c[order]].reshape(sizes))) if fixed else ref)
            result = refs[0]
            result.base, result.lane = (result.base if pinned else base), lane
            note = gettext("{count} of {of} operands gathered", count=gathered, of=len(columns))
            return Statement(
                nodes, lane, op=op, params=params, operands=operands, sizes=sizes, result=result,
                note=note if gathered else "",
            )  # fmt: skip

        return Plan(1.0 + gather_price(refs), order, pinned, finish)

    def _store(self, nodes: Ints, pinned: bool) -> int:
        self.allocate(nodes, pinned)
        return int(self.address[nodes[0]])

    # Sums of products, and extrema.

    def _known(self, group: Ints, level: int) -> tuple[list[Column], Any] | None:
        """Return what `_columns` does for the classes of a level; it is asked again for what fits nowhere."""
        if self._sorted[0] is not group or self._sorted[1] != self.blocks:
            self._sorted = group, self.blocks, {}
        known: dict[Any, Any] = self._sorted[2]
        if level not in known:
            classes = self._classes(group, level)
            same = tuple([c.tobytes() for c in classes])
            if same not in known:
                known[same] = self._columns(group, classes)
            known[level] = known[same]
        found: tuple[list[Column], Any] | None = known[level]
        return found

    def _terms_of(self, group: Ints) -> list[Any]:
        """Return the terms of a group, in order, in columns, and the constants of each cell or None.

        Of each term its cell, its factors, where these are, its coefficient, whether it is over lanes, and
        whether the factors are lanes or one.
        """
        if self._cells[0] is group:
            return self._cells[1]
        g, count = self.graph, len(group)
        kind = int(g.kind[group[0]])
        if engine is not None and kind == SOP:
            found, length, extra = engine.terms(*self.sums(group))
            *made, lanes, coef = np.frombuffer(found, np.int64).reshape(7, -1)[:, :length]
            offset = None if extra is None else np.frombuffer(extra)
            self._cells = group, [*made, coef.view(np.float64), (lanes & 1) > 0, lanes, offset]
            return self._cells[1]
        start, end = self.start[group], self.start[group + 1]
        which = self.order[spans(start, end)]
        cell = repeated(np.arange(count), end - start)
        columns: list[Any] = [column[which] for column in self._terms]
        a, b, coef, over = columns
        offset = None
        constant = (self.kind[a] == CONST if kind in EXTREMA else a == ONE) & ~over
        if constant.any():
            if kind in EXTREMA:
                offset = np.full(count, -np.inf if kind == MAX else np.inf)
                (np.maximum if kind == MAX else np.minimum).at(offset, cell[constant], g.value[a[constant]])
            elif coef[constant].any():
                offset = bincount(cell[constant], coef[constant], minlength=count)
            a, b, coef, over, cell = [column[~constant] for column in (a, b, coef, over, cell)]
        at_a, at_b = self._at(a), self._at(b)
        swap = at_b < at_a
        a, b = np.where(swap, b, a), np.where(swap, a, b)
        at_a, at_b = np.minimum(at_a, at_b), np.maximum(at_a, at_b)
        lanes = (b == ONE) * np.int64(2) + (self.is_lane[a] * 2 + self.is_lane[b]) * 4 + over
        sort = np.lexsort((at_b, at_a, cell))
        self._cells = group, [*(x[sort] for x in (cell, a, b, at_a, at_b, coef, over, lanes)), offset]
        return self._cells[1]

    def sums(self, nodes: Ints) -> tuple[Any, ...]:
        """Return nodes and what the engine asks of all sums."""
        given = self.start, self.order, *self._terms, self.address, self.is_lane
        return np.ascontiguousarray(nodes), *given

    def _classes(self, group: Ints, level: int) -> list[Ints]:
        """Sort the terms of a group into classes.

        ``level`` says what tells classes apart: 0 the kinds of the factors, 1 the statements that they come
        from, 2 only whether they differ from lane to lane.
        """
        _, a, b, *_, lanes, _ = self._terms_of(group)
        key, what = lanes, self.block if level else self.kind
        if engine is not None:
            given = (_NONE, _NONE) if level == 2 else (what, _NONE if self.moves is None else self.moves)
            number, terms = engine.classes(a, b, lanes, *given)
            return runs(np.frombuffer(number, np.int64), np.frombuffer(terms, np.int64))
        moved = np.zeros_like(key)
        if level < 2:
            key = (what[a] * (1 << 24) + what[b]) * 16 + lanes
            if self.moves is not None:  # what moves otherwise from round to round is apart
                moved = self.moves[a] * 3 + self.moves[b]
        sort = np.lexsort((moved, key))
        apart = (np.diff(key[sort]) != 0) | (np.diff(moved[sort]) != 0)
        return np.split(sort, np.flatnonzero(apart) + 1) if len(sort) else []

    def _columns(self, group: Ints, classes: list[Ints]) -> tuple[list[Column], Any] | None:
        """Return the terms of classes; None if the cells do not have equally many of each."""
        count, is_extremum = len(group), int(self.graph.kind[group[0]]) in EXTREMA
        cell, a, b, at_a, at_b, coefs, over, _, offset = self._terms_of(group)
        columns = []
        for part in classes:
            i = part[0]
            own = slice(None) if len(classes) == 1 else part
            factors = [at_a[own]] if b[i] == ONE else [at_a[own], at_b[own]]
            even = self._even(cell[own], factors, coefs[own], count, extremum=is_extremum)
            if even is None:
                return None
            (first, *second), coef = even
            columns.append(Column(
                first, second[0] if second else None, coef,
                bool(over[i]), bool(self.is_lane[a[i]]), bool(self.is_lane[b[i]]),
            ))  # fmt: skip
        if count == 1 and len(columns) <= 8:
            columns = [piece for c in columns for piece in pieces(c)]
        return columns, offset

    def _even(
        self,
        cell: Ints,
        factors: list[Ints],
        coef: Any,
        count: int,
        *,
        extremum: bool,  # noqa: ARG002
    ) -> tuple[list[Ints], Any] | None:
        """Return factors and coefficients as rows, one for each cell; None if they are not equally long."""
        if len(cell) % count or (cell.reshape(count, -1) != np.arange(count)[:, None]).any():
            return None
        return [x.reshape(count, -1) for x in factors], coef.reshape(count, -1)

    def _at(self, nodes: Ints) -> Ints:
        at = self.address[nodes]
        return np.where(nodes == ONE, NOWHERE, at)

    def _sum(
        self, group: Ints, *, strict: bool, levels: tuple[int, ...] = (0, 1, 2), least: int = 0
    ) -> Plan | None:
        g = self.graph
        best: Any = None
        tried: list[Any] = []
        pins, results = self.pin[group], np.arange(len(group))
        pinned = bool(pins[0] >= 0)
        for level in (1, 0, 2) if len(group) == 1 and len(levels) > 1 else levels:
            found = self._known(group, level)
            if found is None or (level == 1 and len(group) == 1 and len(found[0]) > 8):
                continue
            columns, offset = found
            keys = [
                k
                for c in columns[:1]
                for k in (c.a[:, 0], c.b[:, 0] if c.b is not None else None)
                if k is not None
            ]
            known = any(found is one for one in tried)  # the same classes
            tried.append(found)
            for order in () if known else self._orders(group, keys):
                results = pins[order] if pinned else results
                if (offset is not None or not columns) and nest(results[None, :]) is None:
                    continue
                cost, fits = 0, []
                for c in columns:
                    fit = fitted_terms(results, c, order, strict)
                    if fit is None or (best is not None and cost + fit[0] >= best[0]):
                        break
                    cost += fit[0]
                    fits.append(fit)
                else:
                    best = cost, order, columns, offset, fits
                    if cost <= least:
                        break
                gathered = sum(c.gathered for c in columns)
                if gathered and (strict or (best is not None and best[0] <= gathered)):
                    break
            if best is not None and (best[0] <= least or (level == 1 and len(group) > 1)):
                break
        if best is None:
            return (
                None
                if strict or len(levels) == 1 or self.has_lanes or int(g.kind[group[0]]) in EXTREMA
                else self._ragged(group)
            )
        cost, order, columns, offset, fits = best
        price = len(columns) + (offset is not None) + sum(gather_price(f[2]) for f in fits)

        def finish(nodes: Ints, base: int) -> Statement:
            """Return the statement, with its results from an address on."""
            return self._finished(nodes, base, cost, order, columns, offset, fits, pinned)

        return Plan(price, order, pinned, finish)

    def _ragged(self, group: Ints) -> Plan | None:
        """Plan sums of unequal length: all factors gathered, multiplied, and added up stretch by stretch."""
        if self.pin[group[0]] >= 0:
            return None
        if self.one < 0:
            self.one, self.next = self.next, self.next + 1
        which = self.order[spans(self.start[group], self.start[group + 1])]
        t = self.graph.terms.take(which)
        counts = self.start[group + 1] - self.start[group]
        a, b = [np.where(x == ONE, self.one, self.address[x]) for x in (t.a, t.b)]

        def finish(nodes: Ints, base: int) -> Statement:
            """Return the statement, with its results from an address on."""
            sizes = (len(t),)
            coef: float | Ref = Ref(constants=t.coef) if (t.coef != t.coef[0]).any() else float(t.coef[0])
            result = Ref(addresses=repeated(base + np.arange(len(nodes)), counts))
            part = Part(sizes, result, coef, Ref(addresses=a), Ref(addresses=b))
            starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
            return Statement(
                nodes,
                False,
                [part],
                result=Ref(base, (1,)),
                starts=starts,
                note=gettext("{count} factors gathered one by one", count=2 * len(t)),
            )

        return Plan(4.0 + len(t) / 250.0, np.arange(len(group)), False, finish)

    def _finished(
        self, nodes: Ints, base: int, cost: int, order: Any, columns: list[Column], offset: Any, fits: Any,
        pinned: bool,
    ) -> Statement:  # fmt: skip
        lane = bool(self.is_lane[nodes[0]])
        parts = []
        for c, (_, sizes, refs) in zip(columns, fits, strict=True):
            result, a, b = refs[0], refs[1], refs[2] if c.b is not None else None
            result.base, result.lane = (result.base if pinned else base), lane
            a.lane = c.lane_a
            if b is not None:
                b.lane = c.lane_b
            parts.append(Part(sizes, result, _numbers(c.coef, order, sizes), a, b, c.over))
        if offset is not None or not parts:
            results = self.address[nodes]
            found = nest(results[None, :])
            if found is None:
                raise AssertionError("constants have no layout")
            sizes, strides = found
            coef = 0.0 if offset is None else _numbers(offset, order, sizes)
            parts.append(Part(sizes, Ref(int(results[0]), strides[0], lane=lane), coef, None, None))
        kind = int(self.graph.kind[nodes[0]])
        extremum = "" if kind not in EXTREMA else "max" if kind == MAX else "min"
        note = gettext("{count} factors gathered", count=cost) if cost else ""
        return Statement(nodes, lane, parts, extremum=extremum, note=note)


def _ref(told: tuple[Any, Any], lane: bool) -> Ref:
    """Return an operand: where it begins, and its strides; or a table, and its shape."""
    at, how = told
    if isinstance(at, int):
        return Ref(at, how, lane=lane)
    return Ref(addresses=np.frombuffer(at, np.int64).reshape(how), lane=lane)


def _numbers(coefs: Any, order: Any, sizes: tuple[int, ...]) -> float | Ref:
    """Return coefficients, a row for each cell, in an order of the cells; a number where all are alike."""
    first = coefs[order[0]].flat[0]
    return float(first) if (coefs == first).all() else Ref(constants=compress(coefs[order].reshape(sizes)))
