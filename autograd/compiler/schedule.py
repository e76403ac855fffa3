"""Group nodes that can be computed together: alike, and none resting on another.

Two schedules are tried, and the one of fewer groups wins: as soon as possible, and agenda batching (Neubig,
Goldberg, Dyer 2017), which always takes the kind of node that is wanted earliest on average.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.compiler.ir import ONE, SOP, Graph, Ints, csr, spans

__all__ = ["groups", "signatures"]


def _mixed(keys: Any) -> Any:
    """Return well-spread 64-bit hashes of whole numbers (splitmix64), the same in every process."""
    with np.errstate(over="ignore"):
        z = keys.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def signatures(graph: Graph, lane: Any, *, coarse: bool) -> Ints:
    """Number the kinds of nodes: two nodes of one number may be computed together.

    Constant terms do not count, as a cell without one can have a zero in its place. With ``coarse``, what
    kinds of nodes the operands are does not count either.
    """
    n = graph.size
    back = np.arange(n) >= graph.forward if graph.forward >= 0 else np.zeros(n, bool)
    constant = (graph.kind == 0).astype(np.int64)
    pinned = np.zeros(n, np.int64)
    pinned[graph.pinned[graph.pinned >= 0]] = 1
    own = ((graph.kind.astype(np.int64) * 2 + lane) * 2 + back) * 2 + pinned
    for column in graph.args.T:
        there = column >= 0
        what = np.where(there, 1 + constant[column] * 2 + lane[column], 0)
        own = own * 8 + what
    t = graph.terms
    real = (t.a != ONE) | t.over
    t = t.take(real)
    if coarse:
        key = ((t.b != ONE) * 2 + lane[t.a]) * 2 + lane[t.b]
    else:
        what = graph.kind.astype(np.int64) * 4 + lane * 2 + back
        key = np.minimum(what[t.a], what[t.b]) * 4096 + np.maximum(what[t.a], what[t.b])
    key = key * 2 + t.over
    with np.errstate(over="ignore"):
        total = _mixed(own)
        np.add.at(total, t.node, _mixed(key))
    return np.unique(total, return_inverse=True)[1].ravel()


def groups(graph: Graph, lane: Any) -> list[Ints]:
    """Return the groups of nodes to compute, in order."""
    t = graph.terms
    work = graph.args[:, 0] >= 0
    work[t.node] = True
    producers, consumers = graph.edges()
    inner = work[producers]
    producers, consumers = producers[inner], consumers[inner]
    level = graph.levels()
    best: list[Ints] | None = None
    for coarse in (False, True):
        sig = signatures(graph, lane, coarse=coarse)
        early = _as_soon_as_possible(work, level, sig)
        tried = [early] if len(early) <= 3 else [early, _agenda(work, level, sig, producers, consumers)]
        for found in tried:
            # A finer signature makes more regular statements: a coarse one must be much better.
            if best is None or len(found) < (0.5 if coarse else 1.0) * len(best):
                best = found
        if best is not None and len(best) < 300:
            break
    return best or []


def _as_soon_as_possible(work: Any, level: Ints, sig: Ints) -> list[Ints]:
    nodes = np.flatnonzero(work)
    if not len(nodes):
        return []
    key = level[nodes] * (int(sig.max()) + 1) + sig[nodes]
    order = np.argsort(key, kind="stable")
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    return np.split(nodes[order], cuts)


def _agenda(work: Any, level: Ints, sig: Ints, producers: Ints, consumers: Ints) -> list[Ints]:
    nodes = np.flatnonzero(work)
    size, kinds = len(work), int(sig.max()) + 1
    waiting = np.bincount(consumers, minlength=size)
    start, targets = csr(producers, consumers, size)
    depth = np.bincount(sig[nodes], level[nodes], minlength=kinds)
    left = np.bincount(sig[nodes], minlength=kinds)
    ready: dict[int, list[Ints]] = {}

    def offer(fresh: Ints) -> None:
        order = np.argsort(sig[fresh], kind="stable")
        fresh = fresh[order]
        for part in np.split(fresh, np.flatnonzero(np.diff(sig[fresh])) + 1) if len(fresh) > 1 else [fresh]:
            if len(part):
                ready.setdefault(int(sig[part[0]]), []).append(part)

    offer(nodes[waiting[nodes] == 0])
    out: list[Ints] = []
    while ready:
        kind = min(ready, key=lambda k: (depth[k] / left[k], k))
        group = np.sort(np.concatenate(ready.pop(kind)))
        out.append(group)
        depth[kind] -= level[group].sum()
        left[kind] -= len(group)
        reached = targets[spans(start[group], start[group + 1])]
        np.subtract.at(waiting, reached, 1)
        reached = np.unique(reached)
        offer(reached[waiting[reached] == 0])
    return out


def is_sum(graph: Graph, group: Ints) -> bool:
    """Tell whether a group consists of sums of products."""
    return int(graph.kind[group[0]]) == SOP
