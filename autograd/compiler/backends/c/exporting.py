"""A program as one file of C that needs C's own library only."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

from autograd.compiler.backends.arrays import arguments, results
from autograd.compiler.backends.c.emit import c_program, unsupported
from autograd.compiler.backends.c.toolchain import HEADERS
from autograd.compiler.roll.program import LANES

__all__ = ["exported"]

_INCLUDE = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)
_ENTRY = re.compile(r"^long (?=run\(|train\()", re.MULTILINE)


def exported(engine: Any, shapes: Sequence[tuple[int, ...]], theta: Any, name: str) -> str:
    """Return a header of C with the function ``name``, and with the numbers of parameters and constants.

    Parameters
    ----------
    engine
        A program, with the numbers of what the function closes over.
    shapes
        Of the arguments of one example.
    theta
        The parameters' numbers.
    name
        What to call the function in C.
    """
    program = engine.program
    reason = unsupported(program)
    if reason:
        raise ValueError(f"this program cannot be written in C: {reason}")
    text = _INCLUDE.sub(lambda m: "" if m[1] not in HEADERS else _header(m[1]), c_program(program))
    text = _ENTRY.sub("static __attribute__((unused)) long ", text)
    numbers = engine.shared.copy()
    numbers[: 2 * program.parameters] = 0.0
    return _FILE.format(
        name=name, guard=f"CHAINRULE_{name.upper()}_H", program=text, about=_about(engine, name, shapes),
        numbers=_listed(numbers), theta=_listed(theta), body="\n".join(_body(engine, name, shapes)),
    )  # fmt: skip


def _header(name: str) -> str:
    return (resources.files(HEADERS[name]) / name).read_text(encoding="utf-8")


def _listed(numbers: Any) -> str:
    """Return numbers as C writes them, to the last bit."""
    special = {"inf": "INFINITY", "-inf": "-INFINITY", "nan": "NAN"}
    texts = [special.get(text, text) for text in map(repr, map(float, numbers))] or ["0.0"]
    return ",\n    ".join(", ".join(texts[i : i + 6]) for i in range(0, len(texts), 6))


def _signature(engine: Any, name: str, shapes: Sequence[tuple[int, ...]]) -> str:
    """Return the head of the function."""
    given = ["const double *theta"] if engine.program.parameters else []
    given += [f"const double *x{k}" for k in range(len(shapes))]
    given += ["long examples"] if engine.batch else []
    given += ["double *loss", "double *gradient"] if engine.program.parameters else ["double *results"]
    return f"static inline int {name}({', '.join(given)})"


def _about(engine: Any, name: str, shapes: Sequence[tuple[int, ...]]) -> str:
    """Return what the file says of the function."""
    theta = f"theta[{engine.program.parameters}] (those of the training are {name}_theta)"
    sizes = [*arguments(engine, shapes), *results(engine, theta, "results")]
    return f"{_signature(engine, name, shapes)};\n\n   Arrays, row by row: {', '.join(sizes)}."


def _body(engine: Any, name: str, shapes: Sequence[tuple[int, ...]]) -> list[str]:
    """Return the lines of the function."""
    program, graph = engine.program, engine.program.graph
    examples = "examples" if engine.batch else "1"
    lines = [
        f"{_signature(engine, name, shapes)} {{",
        f"    const long N = {examples};",
        "    if (N < 1) return 2;",
        f"    double *s = malloc(sizeof {name}_numbers);",
        f"    double *lanes = malloc(sizeof(double) * {max(program.lanes, 1)} * (size_t)N);",
        "    if (!s || !lanes) { free(s); free(lanes); return 2; }",
        f"    memcpy(s, {name}_numbers, sizeof {name}_numbers);",
        f"    memset(lanes, 0, sizeof(double) * {max(program.lanes, 1)} * (size_t)N);",
    ]
    if program.parameters:
        lines.append(f"    memcpy(s, theta, {program.parameters} * sizeof(double));")
    if engine.batch:
        lines.append(f"    s[{int(program.address[graph.scale])}] = 1.0 / (double)N;")
        lines.append(f"    s[{int(program.address[graph.lanes])}] = (double)N;")
    at = engine.first
    for k, size in enumerate(map(math.prod, shapes)):
        if engine.batch:
            lines.append(
                f"    FOR(n, N) FOR(i, {size}) lanes[({at} + i) * N + n] = x{k}[n * {size} + i];"
            )
        else:
            lines.append(f"    FOR(i, {size}) s[{at} + i] = x{k}[i];")
        at += size
    lines.append("    const int unsure = run(s, lanes, N) != 0;")
    if program.parameters:
        lines.append(f"    *loss = s[{engine.value_at}];")
        count = program.parameters
        lines.append(f"    memcpy(gradient, s + {count}, {count} * sizeof(double));")
    elif len(engine.outputs):
        outputs = [int(a) for a in engine.outputs]
        texts = [f"lanes[{a - LANES}L * N + n]" if a >= LANES else f"s[{a}]" for a in outputs]
        lines.append("    FOR(n, N) {")
        lines += [f"        results[n * {len(texts)} + {k}] = {text};" for k, text in enumerate(texts)]
        lines.append("    }")
    return [*lines, "    free(s); free(lanes);", "    return unsure;", "}"]


_FILE = """\
/* {about}

   Written by chainrule. It returns 0; or 1 where a number is not finite, or so large that what was computed
   from it may not be right; or 2 without memory, or without examples. Doubles throughout, and C's library
   only (link with -lm). For GCC and Clang, C11; include it in one file of C, with no other of these. */
#ifndef {guard}
#define {guard}

#pragma GCC diagnostic push
{program}

static const double {name}_numbers[] = {{
    {numbers},
}};
static const double {name}_theta[] = {{
    {theta},
}};

{body}
#pragma GCC diagnostic pop

#endif
"""
