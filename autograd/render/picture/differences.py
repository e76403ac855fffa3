"""Two graphs beside each other, and what differs between them."""

from __future__ import annotations

from difflib import SequenceMatcher

from autograd.render.picture.graph import Picture
from autograd.words import gettext, marked

__all__ = ["beside"]

HEADINGS = {"#a": marked("the graph"), "#b": marked("versus")}


def beside(one: Picture, other: Picture) -> Picture:
    """Return two pictures as one, each in a frame of its own, in which what differs is marked.

    The frames stand beside each other across the flow: in two columns where that runs down, and one below the
    other where it runs to the right. Boxes are paired in the order of computation, by what is applied and
    what they are called.
    """
    kinds = [[(box.operation, box.title, box.scope) for box in graph.nodes] for graph in (one, other)]
    matcher = SequenceMatcher(None, kinds[0], kinds[1], autojunk=False)
    differing = 0
    for box in (*one.nodes, *other.nodes):
        box.mark = "alone"
    for block in matcher.get_matching_blocks():
        pair = one.nodes[block.a : block.a + block.size], other.nodes[block.b : block.b + block.size]
        for a, b in zip(*pair, strict=True):
            unlike = [
                row
                for row, x, y in (("value", a.value, b.value), ("grad", a.gradient, b.gradient))
                if x != y
            ]
            a.mark = b.mark = " ".join(["differs", *unlike]) if unlike else ""
            differing += bool(unlike)
    first, second = (sum(box.mark == "alone" for box in graph.nodes) for graph in (one, other))
    both = Picture(rankdir=one.rankdir, scale=max(one.scale, other.scale), view=one.view)
    both.heaviest = max(one.heaviest, other.heaviest)
    both.scope_names = {frame: gettext(name) for frame, name in HEADINGS.items()}
    counts = {"count": differing, "first": first, "second": second}
    told = (
        gettext(
            "{count} box with another value or gradient, {first} only in the graph, {second} only in the "
            "other", **counts,
        )
        if differing == 1
        else gettext(
            "{count} boxes with another value or gradient, {first} only in the graph, {second} only in the "
            "other", **counts,
        )
    )  # fmt: skip
    both.notices = [
        told,
        *dict.fromkeys([*one.notices, *other.notices]),
    ]
    for graph, frame in zip((one, other), HEADINGS, strict=True):
        letter = frame[1:]
        for box in graph.nodes:
            box.id = f"{letter}{box.id}"
            box.scope = f"{frame}.{box.scope}" if box.scope else frame
        for edge in graph.edges:
            edge.id = f"{letter}{edge.id}"
            edge.tail, edge.head = f"{letter}{edge.tail}", f"{letter}{edge.head}"
        both.nodes += graph.nodes
        both.edges += graph.edges
        both.scope_counts |= {f"{frame}.{path}": count for path, count in graph.scope_counts.items()}
        both.scope_names |= {f"{frame}.{path}": name for path, name in graph.scope_names.items()}
    return both
