"""Lines of loops that run alike, in one loop: where each reads what others wrote in the same round."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["Block", "fused"]

FAR = 8
"""Over so many blocks at the most lines may be brought forward."""


@dataclass
class Block:
    """Lines within loops, and before these the lines that make arrays."""

    heads: list[str]
    lines: list[str]
    declared: list[str] = field(default_factory=list)

    @cached_property
    def tree(self) -> ast.Module:
        """The lines, parsed."""
        return ast.parse("\n".join(self.lines))

    @cached_property
    def names(self) -> set[str]:
        """The names in the lines."""
        return {x.id for x in ast.walk(self.tree) if isinstance(x, ast.Name)}

    @cached_property
    def writes(self) -> set[str]:
        """The names of the arrays that the lines write to."""
        return {_array(target) for target in _targets(self.tree)}

    def text(self) -> list[str]:
        """Return the lines, with the loops around them."""
        loops = [f"{'    ' * k}{line}" for k, line in enumerate(self.heads)]
        return [*loops, *(f"{'    ' * len(self.heads)}{line}" for line in self.lines)]


def fused(blocks: list[Block]) -> list[Block]:
    """Return blocks, of which those that follow each other are one where they can be.

    Examples
    --------
    >>> head, lines = ["for i in range(9):"], ["m[i] = x[i, :i].max()", "z[i, :i] = x[i, :i] - m[i]"]
    >>> len(fused([Block(head, [line]) for line in lines]))
    1
    >>> len(fused([Block(head, [line]) for line in [lines[0], "z[i] = m[8 - i]"]]))
    2
    """
    out: list[Block] = []
    for block in blocks:
        for k in reversed(range(max(len(out) - FAR, 0), len(out))):
            if _fits(out[k], block):
                lines, declared = out[k].lines + block.lines, out[k].declared + block.declared
                out[k] = Block(out[k].heads, lines, declared)
                break
            apart = not (out[k].writes & block.names or block.writes & out[k].names)
            if not block.heads or not apart or "view" in out[k].names | block.names:
                out.append(block)
                break
        else:
            out.append(block)
    return out


def _fits(before: Block, block: Block) -> bool:
    """Tell whether the rounds of two loops can take turns.

    They can if all that the second one reads or writes of the arrays that the first one writes stands at the
    same index, along an axis along which the first one writes each place in a round of its own.
    """
    if before.heads != block.heads or len(block.heads) != 1 or "view" in before.names | block.names:
        return False
    variable = block.heads[0].split()[1]
    indexed = {id(x.value): _indices(x) for x in ast.walk(block.tree) if isinstance(x, ast.Subscript)}
    for target in _targets(before.tree):
        own = {(d, text) for d, text, names in _indices(target) if variable in names}
        for x in ast.walk(block.tree):
            at = {(d, text) for d, text, _ in indexed.get(id(x), [])}
            if isinstance(x, ast.Name) and x.id == _array(target) and not own & at:
                return False
    return True


def _targets(tree: ast.Module) -> list[ast.expr]:
    """Return what lines assign to."""
    places = [x for x in ast.walk(tree) if isinstance(x, (ast.Name, ast.Subscript))]
    return [x for x in places if isinstance(x.ctx, ast.Store)]


def _array(target: ast.expr) -> str:
    """Return the name of the array that is assigned to."""
    array = target.value if isinstance(target, ast.Subscript) else target
    return array.id if isinstance(array, ast.Name) else ""


def _indices(x: ast.expr) -> list[tuple[int, str, set[str]]]:
    """Return of each single index of an array its axis, its text, and the names in it."""
    if not isinstance(x, ast.Subscript):
        return []
    parts = x.slice.elts if isinstance(x.slice, ast.Tuple) else [x.slice]
    return [
        (d, ast.unparse(part), {y.id for y in ast.walk(part) if isinstance(y, ast.Name)})
        for d, part in enumerate(parts)
        if not isinstance(part, ast.Slice)
    ]
