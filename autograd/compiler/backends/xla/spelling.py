"""How XLA's programs spell the primitives: by jax.numpy as NumPy does, and by `functions`."""

from __future__ import annotations

import ast
import inspect
import re
from functools import lru_cache

from autograd.compiler.backends.numpy import spelling as numpy_spelling
from autograd.compiler.backends.xla import functions
from autograd.compiler.listing.expressions import wrapped
from autograd.compiler.listing.views import number
from autograd.op import TABLE, Op

__all__ = ["definitions", "spelled", "unspelled"]

CODE: dict[str, str] = {
    **numpy_spelling.CODE,
    "greater": "1.0 * ({0} > {1})",
    "greater_equal": "1.0 * ({0} >= {1})",
    "less": "1.0 * ({0} < {1})",
    "less_equal": "1.0 * ({0} <= {1})",
    "equal": "1.0 * ({0} == {1})",
    "where": "where({0} != 0, {1}, {2})",
    "round": "round_to({0}, {1})",
}
"""As expressions of operands and constants, of names of jax.numpy and of `functions`.

A comparison is a number, which sums of products add and multiply.
"""


def spelled(op: Op, params: tuple[float, ...], texts: list[str]) -> str:
    """Return a row applied to texts, of which those of more than one operation stand in parentheses."""
    template = CODE.get(op.name)
    if template is None:
        return f"{op.name}({', '.join([*texts, *map(number, params)])})"
    call = re.fullmatch(r"\w+\(.*\)", template) is not None
    return template.format(*(texts if call else map(wrapped, texts)), *map(number, params))


def unspelled(op: Op) -> bool:
    """Tell whether a row has no function over arrays of JAX; a user's own may be named as one that has."""
    return TABLE.get(op.name) is not op or (op.name not in CODE and op.name not in _functions())


@lru_cache(maxsize=1)
def _functions() -> dict[str, str]:
    """Return the functions of `functions`, by name, as text."""
    found = inspect.getmembers(functions, inspect.isfunction)
    return {name: inspect.getsource(f) for name, f in found}


def definitions(names: set[str]) -> str:
    """Return the text of the functions that are among some names, with those that they call themselves."""
    texts, wanted, pending = _functions(), set[str](), set(names)
    while pending:
        name = pending.pop()
        if name in texts and name not in wanted:
            wanted.add(name)
            pending |= {x.id for x in ast.walk(ast.parse(texts[name])) if isinstance(x, ast.Name)}
    plain = [re.sub(r": (Any|float)\b| -> Any", "", texts[name]) for name in texts if name in wanted]
    return "\n\n".join(plain)
