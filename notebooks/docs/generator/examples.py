"""The code blocks of a page, so that tests can run them.

And the place in a file that a block's title names.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

_FENCE = re.compile(
    r'^(?P<indent> *)```(?P<language>\w*)(?: title="(?P<title>[^"]*)")?\n(?P<text>.*?)^(?P=indent)```$',
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One block of code."""

    language: str
    title: str
    text: str


def blocks(markdown: str) -> list[Block]:
    r"""Return the fenced blocks of a page in order.

    Examples
    --------
    >>> blocks('Try:\n\n```pycon title="here"\n>>> 1 + 1\n2\n```\n')
    [Block(language='pycon', title='here', text='>>> 1 + 1\n2\n')]
    """
    return [
        Block(m["language"], m["title"] or "", textwrap.dedent(m["text"])) for m in _FENCE.finditer(markdown)
    ]


def insert(source: str, addition: str, below: str) -> str:
    r"""Return a file with ``addition`` below an assignment, a function or method, or an imported name.

    Examples
    --------
    >>> print(insert("a = 1\nb = 2\n", "c = 3\n", "a"), end="")
    a = 1
    c = 3
    b = 2
    """
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if below in _names(node):
            end = node.end_lineno  # type: ignore[attr-defined]
            return "".join([*lines[:end], addition, *lines[end:]])
    raise LookupError(f"there is nothing called {below!r} to put this below: {addition:.60}")


def _names(node: ast.AST) -> set[str]:
    match node:
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name) | ast.alias(name=name):
            return {name}
    return set()
