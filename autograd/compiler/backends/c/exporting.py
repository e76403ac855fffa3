"""A program as one file of C that needs C's own library only."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from importlib import resources
from itertools import chain
from typing import Any

from autograd.compiler.backends.arrays import arguments, results
from autograd.compiler.backends.c.emit import c_program, unsupported
from autograd.compiler.backends.c.toolchain import HEADERS
from autograd.compiler.roll.program import LANES
from autograd.words import gettext, unpacked

__all__ = ["RESERVED", "exported"]

_WORDS = """
_Bool _Complex _Imaginary asm auto break case char const continue default do double else enum extern float
for goto if inline int long main register restrict return short signed sizeof static struct switch typedef
typeof union unsigned void volatile while acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh
erf erfc exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp gamma hypot ilogb isfinite isinf isnan
isnormal j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan nearbyint
nextafter nexttoward pow remainder remquo rint round scalbln scalbn signbit sin sinh sqrt tan tanh tgamma
trunc y0 y1 yn abort abs atexit atof atoi atol bsearch calloc div exit free getenv labs malloc qsort rand
realloc srand strtod strtol system memchr memcmp memcpy memmove memset strcat strchr strcmp strcpy strlen
strstr strtok fclose fopen fprintf fread fwrite getchar printf putchar puts remove rename scanf sprintf time
NAN NULL INFINITY alignas alignof and and_eq bitand bitor bool catch char16_t char32_t char8_t class co_await
co_return co_yield compl concept const_cast consteval constexpr constinit decltype delete dynamic_cast
explicit export false friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private
protected public reinterpret_cast requires static_assert static_cast template this thread_local throw true
try typeid typename using virtual wchar_t xor xor_eq
"""
RESERVED = frozenset(_WORDS.split())
"""What no function can be called: keywords of C and C++, and what the library has that a program includes."""

_INCLUDE = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)
_ENTRY = re.compile(r"^long (?=run\(|train\()", re.MULTILINE)
_APART = re.compile(r"(/\*.*?\*/|^#include[^\n]*)", re.DOTALL | re.MULTILINE)
_DIRECTIVE = re.compile(r"^#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
_DECLARED = re.compile(r"\bstruct (\w+)|([A-Za-z_]\w*)\s*(?=[;,\[@])")


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
        raise ValueError(gettext("this program cannot be written in C: {reason}", reason=reason))
    text = _INCLUDE.sub(lambda m: "" if m[1] not in HEADERS else _header(m[1]), c_program(program))
    text = _PLAIN + re.sub(r"\brestrict\b", "RESTRICT", text)
    text = _named_apart(_ENTRY.sub("static long ", text), name)
    numbers = engine.shared.copy()
    numbers[: 2 * program.parameters] = 0.0
    return _FILE.format(
        name=name, guard=f"CHAINRULE_{name.upper()}_H", program=text, about=_about(engine, name, shapes),
        numbers=_listed(numbers), theta=_listed(theta), body="\n".join(_body(engine, name, shapes)),
    )  # fmt: skip


def _header(name: str) -> str:
    return unpacked(resources.files(HEADERS[name]), name)


def _named_apart(text: str, name: str) -> str:
    """Begin each name that a file of C declares with its function's, lest another file have it too."""
    parts = _APART.split(text)
    bare = "".join(parts[::2])
    own = set(re.findall(r"^#define (\w+)", bare, re.MULTILINE))
    # What is in braces and parentheses, from the inside out, and initial values declare nothing for a file.
    outermost = _ATTRIBUTE.sub("", _DIRECTIVE.sub("", bare))
    for within, left in ((r"\{[^{}]*\}", ""), (r"\([^()]*\)", "@"), (r"=[^;,]*", "")):
        while (shorter := re.sub(within, left, outermost)) != outermost:
            outermost = shorter
    own.update(filter(None, chain.from_iterable(_DECLARED.findall(outermost))))
    parts[::2] = [re.sub(r"\b[A-Za-z_]\w*", lambda m: f"{name}_{m[0]}" if m[0] in own else m[0], part)
                  for part in parts[::2]]  # fmt: skip
    return "".join(parts)


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
        f"    double *s = (double *)malloc(sizeof {name}_numbers);",
        f"    double *lanes = (double *)malloc(sizeof(double) * {max(program.lanes, 1)} * (size_t)N);",
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
            loops = f"{name}_FOR(n, N) {name}_FOR(i, {size})"
            lines.append(f"    {loops} lanes[({at} + i) * N + n] = x{k}[n * {size} + i];")
        else:
            lines.append(f"    {name}_FOR(i, {size}) s[{at} + i] = x{k}[i];")
        at += size
    lines.append(f"    const int unsure = {name}_run(s, lanes, N) != 0;")
    if program.parameters:
        lines.append(f"    *loss = s[{engine.value_at}];")
        count = program.parameters
        lines.append(f"    memcpy(gradient, s + {count}, {count} * sizeof(double));")
    elif len(engine.outputs):
        outputs = [int(a) for a in engine.outputs]
        texts = [f"lanes[{a - LANES}L * N + n]" if a >= LANES else f"s[{a}]" for a in outputs]
        lines.append(f"    {name}_FOR(n, N) {{")
        lines += [f"        results[n * {len(texts)} + {k}] = {text};" for k, text in enumerate(texts)]
        lines.append("    }")
    return [*lines, "    free(s); free(lanes);", "    return unsure;", "}"]


_PLAIN = """
#if !defined __GNUC__ || defined __STRICT_ANSI__ || defined __TINYC__
#define PLAIN
#endif
#ifdef __cplusplus
#define RESTRICT __restrict
#else
#define RESTRICT restrict
#endif
"""

_FILE = """\
/* {about}

   Written by chainrule. It returns 0; or 1 where a number is not finite, or NaN for want of more digits than
   doubles have, or so large that what was computed from it may not be right; or 2 without memory, or without
   examples. Doubles throughout, and C's library only (link with -lm). C99, or C++17; where GCC and Clang are
   not told to keep to a standard (-std=c99), with vectors.
   Every name in it begins with {name}. */
#ifndef {guard}
#define {guard}

#ifdef __GNUC__
#pragma GCC system_header
#pragma GCC diagnostic push
#endif

#include <stdlib.h>
{program}

{name}_CONSTANTS {name}_numbers[] = {{
    {numbers},
}};
{name}_CONSTANTS {name}_theta[] = {{
    {theta},
}};

{body}

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#endif
"""
