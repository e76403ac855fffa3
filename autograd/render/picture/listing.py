"""A graph as text: one assignment a line, and as a Mermaid flow chart."""

from __future__ import annotations

from autograd.render import escape
from autograd.render.derive.steps import Steps
from autograd.render.formula.symbols import name
from autograd.render.formula.text import plain
from autograd.render.labels import number, visible
from autograd.render.picture.graph import Picture
from autograd.render.picture.measure import edge_label, word
from autograd.render.picture.palette import LIGHT
from autograd.value import Value
from autograd.words import gettext

__all__ = ["listing", "mermaid"]


def listing(listed: Steps) -> str:
    """Return static single assignment form: each node once, with operation, value and gradient.

    Examples
    --------
    >>> from autograd.render.derive.steps import steps
    >>> x = Value(3.0, "x")
    >>> print(listing(steps(x * x + 1.0)))
    x  =              #  3.0000  grad 6
    v1 = mul(x, x)    #  9.0000  grad 1
    v2 = add(v1, 1)   # 10.0000  grad 1
    """
    lines = []
    for step in listed.forward:
        op = step.node.op
        operands = [name(listed.names[x]) if isinstance(x, Value) else x for x in step.node.operands]
        call = "" if op is None else f"{op.name}({', '.join(plain(x) for x in op.written(operands))})"
        scope = (
            "  " + gettext("in {name}", name=visible(step.node.scope)) if step.node.scope else ""
        )
        lines.append(
            (
                step.name,
                call,
                f"{step.value:.4f}" if abs(step.value) < 1e6 else number(step.value),
                f"{gettext('grad')} {number(listed.gradients[step.node])}{scope}",
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    return "\n".join(
        f"{a.ljust(widths[0])} = {b.ljust(widths[1])}  # {c.rjust(widths[2])}  {d}" for a, b, c, d in lines
    )


def mermaid(graph: Picture, *, flow: bool = False) -> str:
    """Return a Mermaid flow chart, which code hosts draw inside Markdown."""
    lines = [f"flowchart {graph.rankdir if graph.rankdir != 'TB' else 'TD'}"]
    scopes = graph.scopes()
    index = {path: i for i, path in enumerate(scopes)}
    inside: dict[str, list[str]] = {}
    for node in graph.nodes:
        said = [escape.mermaid(x) for x in (node.operation, node.title) if x]
        head = " ".join(said) or word(node)
        text = f"{head}{f' ×{node.count}' if node.count > 1 else ''}<br/>{escape.mermaid(node.value)}"
        if node.gradient:
            text += f"<br/>{gettext('grad')} {escape.mermaid(node.gradient)}"
        left, right = ('(["', '"])') if node.kind.startswith("leaf") else ('["', '"]')
        inside.setdefault(node.scope, []).append(f"{node.id}{left}{text}{right}")
    lines += [f"  {line}" for line in inside.get("", ())]
    stack: list[tuple[str, bool]] = [(path, True) for path in reversed(scopes) if "." not in path]
    while stack:
        path, opening = stack.pop()
        pad = "  " * (path.count(".") + 1)
        if not opening:
            lines.append(f"{pad}end")
            continue
        lines.append(f'{pad}subgraph c{index[path]}["{escape.mermaid(graph.caption(path))}"]')
        lines += [f"{pad}  {line}" for line in inside.get(path, ())]
        stack.append((path, False))
        stack.extend((child, True) for child in reversed(scopes) if child.rpartition(".")[0] == path)
    for edge in graph.edges:
        label = "<br/>".join(escape.mermaid(line) for line in edge_label(edge, flow=flow))
        arrow = "-->" if edge.taken else "-.->"
        lines.append(f'  {edge.tail} {arrow}|"{label}"| {edge.head}')
    lines += [
        f"  style c{i} fill:{LIGHT['cluster']},stroke:{LIGHT['rule']},color:{LIGHT['quiet']}"
        for i in index.values()
    ]
    for shade in sorted({node.tone for node in graph.nodes} - {"none", "seed"}):
        members = ",".join(node.id for node in graph.nodes if node.tone == shade)
        lines += [
            f"  classDef {shade} fill:{LIGHT[shade]},stroke:{LIGHT['line']},color:{LIGHT['ink']}",
            f"  class {members} {shade}",
        ]
    return "\n".join(lines) + "\n"
