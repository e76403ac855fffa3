"""How XLA's programs spell the primitives: by jax.numpy as NumPy does, and by `functions`.

What stands in neither place is translated from the Python that defines it: see `translate`.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from autograd.compiler.backends.numpy import spelling as numpy_spelling
from autograd.compiler.backends.xla import functions as by_hand
from autograd.compiler.backends.xla.translate import (
    BOOL,
    FLOAT,
    INT,
    Language,
    Text,
    Translated,
    kind_of,
    made_so_far,
    shown,
    translated,
)  # fmt: skip
from autograd.compiler.listing.expressions import wrapped
from autograd.compiler.listing.views import number
from autograd.floats import elementary
from autograd.native.generate import UntranslatableError
from autograd.op import ANY, TABLE, Op

__all__ = ["definitions", "functions", "known_as", "spelled", "unspelled"]

functions: Final = {name: inspect.getsource(f) for name, f in inspect.getmembers(by_hand, inspect.isfunction)}
"""The functions of `functions.py` as text."""

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


FUNCTIONS: Final[dict[Any, tuple[str, str]]] = {
    **{getattr(math, x): (f"jnp.{x}({{0}})", FLOAT) for x in (
        "exp", "expm1", "log", "log1p", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan",
        "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "ceil", "fabs",
    )},
    math.pow: ("({0} ** {1})", FLOAT), math.copysign: ("jnp.copysign({0}, {1})", FLOAT),
    math.remainder: (
        "(jnp.fmod({0}, 2.0 * {1}) - {1} * jnp.rint(jnp.fmod({0}, 2.0 * {1}) / {1}))", FLOAT,
    ),
    math.fmod: ("jnp.fmod({0}, {1})", FLOAT), math.hypot: ("jnp.hypot({0}, {1})", FLOAT),
    math.isfinite: ("jnp.isfinite({0})", BOOL), math.isnan: ("jnp.isnan({0})", BOOL),
    math.isinf: ("jnp.isinf({0})", BOOL), float: ("(1.0 * {0})", FLOAT),
    math.erf: ("special.erf({0})", FLOAT), math.erfc: ("special.erfc({0})", FLOAT),
    elementary.div: ("({0} / {1})", FLOAT), elementary.pow: ("({0} ** {1})", FLOAT),
}  # fmt: skip
"""Functions of Python as text, and what they return."""


def spelled(op: Op, params: tuple[float, ...], texts: list[str]) -> str:
    """Return a row applied to texts, of which those of more than one operation stand in parentheses."""
    template = CODE.get(op.name)
    if template is not None:
        call = re.fullmatch(r"\w+\(.*\)", template) is not None
        return template.format(*(texts if call else map(wrapped, texts)), *map(number, params))
    if op.name in functions:
        return f"{op.name}({', '.join([*texts, *map(number, params)])})"
    made = _of_row(op, params)
    if not isinstance(made.form, Text):
        return number(made.form)
    return f"over_arrays({', '.join([made.name, *[texts[i] for i in made.operands]])})"


@lru_cache(maxsize=256)
def _of_row(op: Op, params: tuple[float, ...]) -> Translated:
    """Return the value of a row as a function of numbers of JAX."""
    return translated(op.value, (*[Text("x")] * op.arity, *params), LANGUAGE)


def unspelled(op: Op) -> bool:
    """Tell whether a row has no function over arrays of JAX; a user's own may be named as one that has."""
    if TABLE.get(op.name) is not op:
        return True
    if op.name in CODE or op.name in functions:
        return False
    if op.arity == ANY:
        return True
    try:
        _of_row(op, tuple(op.params.values()))
    except UntranslatableError:
        return True
    return False


def known_as(function: Any, arguments: Sequence[Any]) -> tuple[Text, list[str]] | None:
    """Return a function of arguments as text, and what that calls: Python's own, or the value of a row."""
    if function in FUNCTIONS:
        pattern, kind = FUNCTIONS[function]
        return Text(pattern.format(*map(shown, arguments)), kind), []
    if function in (min, max):
        name = "minimum" if function is min else "maximum"
        kind = FLOAT if FLOAT in map(kind_of, arguments) else INT
        return Text(f"jnp.{name}({', '.join(map(shown, arguments))})", kind), []
    op = _rows().get(function)
    if op is None or any(isinstance(x, Text) for x in arguments[op.arity :]):
        return None
    template = CODE.get(op.name, f"{op.name}({', '.join(f'{{{i}}}' for i in range(len(arguments)))})")
    text = template.format(*[f"({shown(x)})" for x in arguments])
    names = {x.id for x in ast.walk(ast.parse(text)) if isinstance(x, ast.Name)}
    own = [x for x in names if x in functions]
    called = re.compile(r"(?<![\w.])([a-z]\w*)\(")
    return Text(called.sub(lambda m: m[0] if m[1] in functions else f"jnp.{m[0]}", text)), own


LANGUAGE: Final = Language(frozenset(functions), known_as)
"""How what is translated spells the rest."""


@lru_cache(maxsize=1)
def _rows() -> dict[Any, Op]:
    """Return the rows that have a spelling, by the functions that are their values."""
    return {op.value: op for op in TABLE.values() if op.name in CODE or op.name in functions}


def definitions(names: set[str]) -> str:
    """Return the text of the functions that are among some names, with those that they call themselves."""
    texts, wanted, pending = functions | made_so_far(), dict[str, None](), sorted(names)
    while pending:
        name = pending.pop()
        if name in texts and name not in wanted:
            wanted[name] = None
            pending += sorted({x.id for x in ast.walk(ast.parse(texts[name])) if isinstance(x, ast.Name)})
    plain = [re.sub(r": (Any|float)\b| -> Any", "", texts[name]) for name in texts if name in wanted]
    return "\n\n".join(plain)
