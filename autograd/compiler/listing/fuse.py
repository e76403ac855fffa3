"""Lines of loops that run alike, in one loop where each reads what the ones before wrote in the same round."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

__all__ = ["Block", "fused"]


@dataclass
class Block:
    """Lines within loops, and before these the lines that make arrays."""

    heads: list[str]
    lines: list[str]
    declared: list[str] = field(default_factory=list)

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
        before = out[-1] if out else None
        if before is not None and _fits(before, block):
            out[-1] = Block(before.heads, before.lines + block.lines, before.declared + block.declared)
        else:
            out.append(block)
    return out


def _fits(before: Block, block: Block) -> bool:
    """Tell whether the rounds of two loops can take turns.

    They can if all that the second one reads or writes of the arrays that the first one writes stands at the
    same index, along an axis along which the first one writes each place in a round of its own.
    """
    if before.heads != block.heads or len(block.heads) != 1:
        return False
    variable = block.heads[0].split()[1]
    after = ast.parse("\n".join(block.lines))
    inside = {id(x.value): _indices(x) for x in ast.walk(after) if isinstance(x, ast.Subscript)}
    for statement in ast.parse("\n".join(before.lines)).body:
        assert isinstance(statement, (ast.Assign, ast.AugAssign))
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        written = _indices(target) if isinstance(target, ast.Subscript) else []
        own = {(d, text) for d, text, names in written if variable in names}
        array = target.value if isinstance(target, ast.Subscript) else target
        name = array.id if isinstance(array, ast.Name) else ""
        for x in ast.walk(after):
            if isinstance(x, ast.Name) and x.id in (name, "shared", "lanes", "gradient"):
                if not own & {(d, text) for d, text, _ in inside.get(id(x), [])}:
                    return False
    return True


def _indices(x: ast.Subscript) -> list[tuple[int, str, set[str]]]:
    """Return of each single index of an array its axis, its text, and the names in it."""
    parts = x.slice.elts if isinstance(x.slice, ast.Tuple) else [x.slice]
    return [
        (d, ast.unparse(part), {y.id for y in ast.walk(part) if isinstance(y, ast.Name)})
        for d, part in enumerate(parts)
        if not isinstance(part, ast.Slice)
    ]
