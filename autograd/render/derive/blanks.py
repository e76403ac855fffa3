"""A derivation as a worksheet: what is to be worked out becomes a blank, and the numbers go into a key."""

from __future__ import annotations

from dataclasses import replace

from autograd.render.derive.derivation import Derivation, Row
from autograd.render.labels import Blank

__all__ = ["blanked"]


def blanked(d: Derivation) -> Derivation:
    """Return the derivation with blanks for its results; what is given, leaves and the seed, stays.

    A number that is met again, as a node's gradient in the rows after it, is the same blank.

    Parameters
    ----------
    d
        The derivation, with its numbers.

    Examples
    --------
    >>> from autograd import Value
    >>> from autograd.render.derive.derivation import derive
    >>> x = Value(3.0, "x")
    >>> sheet = blanked(derive(x * x, x))
    >>> sheet.key, sheet.forward[0][2].place
    ((9.0, 3.0, 3.0, 3.0, 3.0, 6.0), 1)
    """
    key: list[float] = []
    arrived: dict[str, float] = {d.output: d.seed}  # at each node, so far
    hooked: dict[str, tuple[float, float]] = {}  # before and after its hook

    def blank(x: float) -> Blank:
        key.append(x)
        return Blank(x, len(key))

    def met(name: str, x: float) -> float:
        """Return a node's gradient: the blank it has already, unless its hook has changed it since."""
        before = arrived.get(name)
        if before is None or before != x:
            arrived[name] = blank(x)
            hooked[name] = x if before is None else before, arrived[name]
        return arrived[name]

    def row_of_blanks(row: Row) -> Row:
        s = row.step
        upstream, before = met(row.node, s.upstream), arrived.get(row.parent, s.before)
        local, contribution = blank(s.local), blank(s.contribution)
        after = arrived[row.parent] = contribution if s.after == s.contribution else blank(s.after)
        added = replace(s, local=local, upstream=upstream, contribution=contribution)
        return replace(row, step=replace(added, before=before, after=after))

    forward = tuple((name, f, value if f is None else blank(value)) for name, f, value in d.forward)
    rows = tuple(map(row_of_blanks, d.rows))
    for name, _, after in d.hooks:
        met(name, after)
    gradient = d.gradient if d.target is None or d.gradient is None else met(d.target, d.gradient)
    return replace(
        d, forward=forward, rows=rows, gradient=gradient,
        hooks=tuple((name, *hooked.get(name, (before, after))) for name, before, after in d.hooks),
        variables=tuple((name, formula, met(name, x)) for name, formula, x in d.variables),
        network=tuple(replace(e, value=[list(map(blank, line)) for line in e.value]) for e in d.network),
        key=tuple(key),
    )  # fmt: skip
