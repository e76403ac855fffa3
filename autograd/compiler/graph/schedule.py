"""Group nodes that can be computed together: alike, and none resting on another.

Three schedules are tried, and the one of fewest groups wins: as soon as possible; the forward pass as soon as
possible and then the gradient; and agenda batching (Neubig, Goldberg, Dyer 2017), which always takes the kind
of node that is wanted earliest on average. As late as possible, a fourth, saves nothing on the benchmarks'
systems and computes the loss amid the gradient, where nobody looks for it.
"""

from __future__ import annotations

from heapq import heappop, heappush
from operator import itemgetter
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount, mixed, numbered, runs
from autograd.compiler.graph.ir import (
    CONST,
    EXTREMA,
    ONE,
    SOP,
    Graph,
    Ints,
    Terms,
    csr,
    longest_paths,
)
from autograd.compiler.graph.rounds import Stretch, stretches
from autograd.native import engine

__all__ = ["again", "families", "groups", "signatures", "term_keys", "together", "with_set"]


TURNS = 16
"""So many levels are tried, and more around the best, at which a pass may turn back."""
FINE, COARSE, RAGGED, SETS = range(4)
"""How much two nodes must have in common: the kinds of their operands; only the number of terms.

Not even that; the kinds of their operands, however many there are of each.
"""


def signatures(graph: Graph, lane: Any, detail: int) -> Ints:
    """Number the kinds of nodes: two nodes of one number may be computed together.

    Constant terms do not count, as a cell without one can have a zero in its place.
    """
    if detail not in graph.known:
        graph.known[detail] = _signatures(graph, lane, detail)
    kinds: Ints = graph.known[detail]
    return kinds


def _signatures(graph: Graph, lane: Any, detail: int) -> Ints:
    own, t = _alone(graph, lane), graph.terms
    if detail == RAGGED:  # which extrema cannot be
        count = bincount(t.node, minlength=graph.size)
        return numbered(mixed(own) + mixed(np.where(np.isin(graph.kind, EXTREMA), count, 0)))
    real = (t.a != ONE) | t.over
    key = (
        (((t.b != ONE) * 2 + lane[t.a]) * 2 + lane[t.b]) * 2 + t.over
        if detail == COARSE
        else term_keys(graph, lane, t)
    )
    if detail == SETS:
        return with_set(own, t.node[real], key[real])
    with np.errstate(over="ignore"):
        total = mixed(own)
        np.add.at(total, t.node, np.where(real, mixed(key), 0))
    return numbered(total)


def _alone(graph: Graph, lane: Any) -> Ints:
    """Return a key for each node that tells what it is, whatever it reads but constants and lanes."""
    back = np.arange(graph.size) >= graph.forward if graph.forward >= 0 else np.zeros(graph.size, bool)
    constant = (graph.kind == CONST).astype(np.int64)
    pinned = np.zeros(graph.size, np.int64)
    pinned[graph.pinned[graph.pinned >= 0]] = 1
    own: Ints = ((graph.kind.astype(np.int64) * 2 + lane) * 2 + back) * 2 + pinned
    for column in graph.args.T:
        there = column >= 0
        own = own * 8 + np.where(there, 1 + constant[column] * 2 + lane[column], 0)
    return own


def term_keys(graph: Graph, lane: Any, t: Terms) -> Ints:
    """Number the classes of terms: alike in the kinds of their factors."""
    back = np.arange(graph.size) >= graph.forward if graph.forward >= 0 else np.zeros(graph.size, bool)
    what = graph.kind.astype(np.int64) * 4 + lane * 2 + back
    a, b = what[t.a], what[t.b]
    keys: Ints = (np.minimum(a, b) * 4096 + np.maximum(a, b)) * 2 + t.over
    return keys


def families(graph: Graph, lane: Any, arrays: Ints, *, apart: bool) -> tuple[list[Ints], Ints]:
    """Return groups of nodes to compute, in order, and a number for each node: its kind.

    Nodes are of one kind here whatever the number of their terms, as the sums in a triangle's rows are, if
    they read the same kinds of nodes and, where they are to be ``apart``, are read by the same kinds. As soon
    as possible suits what goes forward, as late as possible what goes back: of the levels at which one may
    turn, that of fewest groups is taken; groups of one level come in the order of their last nodes.
    ``arrays`` tells of each leaf which array it is of.
    """
    work = graph.args[:, 0] >= 0
    work[graph.terms.node] = True
    kinds = _kinds(graph, lane, arrays, apart=apart)
    producers, consumers = graph.edges()
    inner = work[producers] & work[consumers]
    producers, consumers = producers[inner], consumers[inner]
    early = longest_paths(graph.size, producers, consumers)
    depth = int(early.max())
    late = depth - longest_paths(graph.size, consumers, producers)
    found: dict[int, list[Ints]] = {}

    def turned(turn: int) -> int:
        """Note the groups of one way; return how many there are."""
        if turn not in found:
            found[turn] = _by_level(work, np.where(early <= turn, early, late), kinds)
        return len(found[turn])

    step = max(depth // TURNS, 1)
    best = min(range(0, depth + step, step), key=turned)
    while step > 1:
        step = max(step // 4, 1)
        best = min(range(max(best - 4 * step, 0), best + 4 * step + 1, step), key=turned)
        found = {best: found[best]}
    level = np.where(early <= best, early, late)
    return sorted(found[best], key=lambda group: (level[group[0]], group[-1])), kinds


def _kinds(graph: Graph, lane: Any, arrays: Ints, *, apart: bool) -> Ints:
    """Number nodes by what they are, what they add up and what reads them, each kind of these once.

    What a row reads counts if it is a row, as the first rounds read leaves where the others read sums.
    """
    producers, consumers = graph.edges()
    row = graph.args[producers, 0] >= 0
    rows = graph.kind[producers[row]].astype(np.int64)
    kinds = with_set(_alone(graph, lane) * (int(arrays.max()) + 1) + arrays, consumers[row], rows)
    t = graph.terms.take((graph.terms.a != ONE) | graph.terms.over)
    low, high = np.minimum(kinds[t.a], kinds[t.b]), np.maximum(kinds[t.a], kinds[t.b])
    kinds = with_set(kinds, t.node, ((low * graph.size + high) * 2 + t.over) * 2 + (t.coef < 0.0))
    return with_set(kinds, producers, kinds[consumers]) if apart else kinds


def with_set(kinds: Ints, node: Ints, key: Ints) -> Ints:
    """Number kinds anew, apart where the sets of keys differ that nodes have."""
    order = np.lexsort((key, node))
    node, key = node[order], key[order]
    first = np.ones(len(node), bool)
    first[1:] = (node[1:] != node[:-1]) | (key[1:] != key[:-1])
    with np.errstate(over="ignore"):
        total = mixed(kinds)
        np.add.at(total, node[first], mixed(key[first]))
    return numbered(total)


def groups(graph: Graph, lane: Any, ahead: Any, *, even: bool = True, once: bool = True) -> list[Ints]:
    """Return the groups of nodes to compute, in order.

    ``ahead`` tells of each node whether it is computed before all others. Where there are such, for the sake
    of loops, what nothing rests on comes last, and not between the rounds. Unless groups are to be ``even``,
    nodes of one may differ in how many terms they add up. Those that come again and again count ``once``.
    """
    t = graph.terms
    scattered = graph.scatters()
    work = graph.args[:, 0] >= 0
    work[t.node] = True
    work &= ~(ahead | scattered)
    edges = producers, consumers = graph.edges()
    level = graph.levels()
    # What only repeats a number, or adds a constant to it, for none but the caller: all together at the end.
    behind = _copies(graph, work, producers)
    work &= ~behind
    inner = work[producers] & work[consumers]
    producers, consumers = producers[inner], consumers[inner]
    depth = int(level.max(initial=0))
    late = _late_levels(graph, level, producers, consumers)
    best: list[Ints] | None = None
    details = (SETS,) if not even else (FINE, COARSE) if lane.any() else (FINE, COARSE, RAGGED)
    few = 0
    for detail in details:
        sig = signatures(graph, lane, detail)
        ways = [_by_level(work, at, sig) for at in {id(x): x for x in (late, level)}.values()]
        if 3 < len(min(ways, key=len)) > 1.25 * depth:  # there are no fewer groups than levels
            ways.append(_agenda(work, level, sig, producers, consumers))
        counts = [len(x) - (repeats(again(graph, lane, x)) if once else 0) for x in ways]
        count, _, found = min(zip(counts, map(len, ways), ways, strict=True), key=itemgetter(0, 1))
        # Coarser signatures make less regular statements: they must be much fewer.
        if best is None or count < 0.5 * few:
            few, best = count, found
        if few < 300 or 0.5 * len(best) <= depth:
            break
    best = best or []
    if ahead.any():
        read = np.zeros(graph.size, bool)
        read[producers] = True
        best.sort(key=lambda group: not read[group].any())
    best += together(graph, lane, behind) + together(graph, lane, scattered)
    if not in_order(graph.size, edges, [np.flatnonzero(ahead), *best]):
        raise AssertionError("a number would be read before it is computed")
    return best


def again(graph: Graph, lane: Any, found: list[Ints]) -> list[Stretch]:
    """Return where groups come again in kind and size."""
    kinds = signatures(graph, lane, FINE)[[int(group[0]) for group in found]]
    return stretches(mixed(mixed(kinds) + np.array([len(group) for group in found], np.uint64)))


def repeats(known: list[Stretch]) -> int:
    """Return how many groups are those of a round before."""
    return sum(x.period * (x.count - 1) for x in known)


def together(graph: Graph, lane: Any, which: Any) -> list[Ints]:
    """Return groups of nodes that can be computed in any order."""
    if not which.any():
        return []
    return _by_level(which, np.zeros(graph.size, np.int64), signatures(graph, lane, FINE))


def _copies(graph: Graph, work: Any, producers: Ints) -> Any:
    """Tell which nodes are one number, and perhaps a constant, and are read by none."""
    t = graph.terms
    real = (t.a != ONE) | t.over
    found = work & (graph.kind == SOP) & (bincount(t.node[real], minlength=graph.size) == 1)
    found[t.node[t.over | (t.b != ONE)]] = False
    found[t.node[real & ~work[t.a]]] = False
    found[producers] = False
    return found


def _late_levels(graph: Graph, level: Ints, producers: Ints, consumers: Ints) -> Ints:
    """Return levels by which nothing of the gradient is computed before the forward pass is done.

    The derivatives of a recurrent network's steps, say, can then be computed all at once.
    """
    if graph.forward < 0 or graph.forward >= graph.size:
        return level
    back = np.arange(graph.size) >= graph.forward
    while (
        needed := back[producers] & ~back[consumers]
    ).any():  # by a sum over lanes, whose products were made later
        back[producers[needed]] = False
    both = back[producers] & back[consumers]
    after = longest_paths(graph.size, producers[both], consumers[both])
    return np.where(back, int(level[~back].max()) + 1 + after, level)


def in_order(size: int, edges: tuple[Ints, Ints], found: list[Ints]) -> bool:
    """Tell whether groups come after all that they rest on."""
    turn = np.full(size, -1)
    for i, group in enumerate(found):
        turn[group] = i
    producers, consumers = edges
    return bool((turn[producers] < turn[consumers]).all())


def _by_level(work: Any, level: Ints, sig: Ints) -> list[Ints]:
    nodes = np.flatnonzero(work)
    if not len(nodes):
        return []
    key = level[nodes] * (int(sig.max()) + 1) + sig[nodes]
    order = np.argsort(key, kind="stable")
    return runs(key[order], nodes[order])


def _agenda(work: Any, level: Ints, sig: Ints, producers: Ints, consumers: Ints) -> list[Ints]:
    if engine is not None:
        turn, found = engine.agenda(work, level, sig, producers, consumers)
        return runs(np.frombuffer(turn, np.int64), np.frombuffer(found, np.int64))
    nodes = np.flatnonzero(work)
    size, kinds, kind_of = len(work), int(sig.max()) + 1, sig.tolist()
    start, targets = csr(producers, consumers, size)
    first, to, waits = start.data, targets.data, bincount(consumers, minlength=size).tolist()
    depth = bincount(sig[nodes], level[nodes], minlength=kinds).tolist()
    left = bincount(sig[nodes], minlength=kinds).tolist()
    ready: dict[int, list[int]] = {}
    queue: list[tuple[float, int]] = []  # a heap: for each kind that is ready, the mean level of what is left
    fresh, out = [node for node in nodes.tolist() if not waits[node]], list[Ints]()
    while fresh or ready:
        for node in fresh:
            kind = kind_of[node]
            if kind not in ready:
                ready[kind] = []
                heappush(queue, (depth[kind] / left[kind], kind))
            ready[kind].append(node)
        _, kind = heappop(queue)
        few = sorted(ready.pop(kind))
        out.append(np.array(few))
        depth[kind] -= float(level[few].sum())
        left[kind] -= len(few)
        fresh = []
        for node in few:
            for x in to[first[node] : first[node + 1]]:
                waits[x] -= 1
                if not waits[x]:
                    fresh.append(x)
    return out
