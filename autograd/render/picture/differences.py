"""Two graphs beside each other, and what differs between them."""

from __future__ import annotations

from difflib import SequenceMatcher

from autograd.render.picture.graph import Picture

__all__ = ["beside"]


def beside(one: Picture, other: Picture) -> Picture:
    """Mark what differs in two pictures, and hang the second below the first.

    Boxes are paired in the order of computation, by what is applied and what they are called.
    """
    kinds = [[(box.operation, box.title, box.scope) for box in graph.nodes] for graph in (one, other)]
    matcher = SequenceMatcher(None, kinds[0], kinds[1], autojunk=False)
    differing = 0
    for box in (*one.nodes, *other.nodes):
        box.mark = "alone"
    for block in matcher.get_matching_blocks():
        pair = one.nodes[block.a : block.a + block.size], other.nodes[block.b : block.b + block.size]
        for a, b in zip(*pair, strict=True):
            same = (a.value, a.gradient) == (b.value, b.gradient)
            a.mark = b.mark = "" if same else "differs"
            differing += not same
    first, second = (sum(box.mark == "alone" for box in graph.nodes) for graph in (one, other))
    for graph, letter in ((one, "a"), (other, "b")):
        for box in graph.nodes:
            box.id = f"{letter}{box.id}"
        for edge in graph.edges:
            edge.id = f"{letter}{edge.id}"
            edge.tail, edge.head = f"{letter}{edge.tail}", f"{letter}{edge.head}"
    scale = max(one.scale, other.scale)
    one.scale = other.scale = scale
    one.inset = other
    told = (
        f"above the graph, below the other: {differing} boxes with another value or gradient, {first} only "
        f"above, {second} only below"
    )
    one.notices = [told, *dict.fromkeys([*one.notices, *other.notices])]
    return one
