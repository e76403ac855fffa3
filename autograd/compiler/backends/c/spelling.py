"""How C spells the primitives: the rows of the table that programs compute by C's operators and its library.

The C of every other row is translated from the Python that computes its value, by `generate.py`, which
does the same for the engine. What stands here without a function of C's own library is in `runtime.h`.

A program goes on by IEEE's rules where Python's `math` would raise, and where the translation says that only
Python knows, the engine evaluates the program instead, as it does where a result is not finite.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from autograd.compiler.graph.lookups import ENTRY
from autograd.floats import elementary
from autograd.native import generate
from autograd.native.generate import FLOAT, Text, Writer, Written, literal
from autograd.op import TABLE, Op

__all__ = ["CODE", "OF_LANES", "PRELUDE", "Spelled", "literal", "spelled"]

PRELUDE = r"""
#include "runtime.h"

/* What gives each thread a variable of its own. */
#ifdef __GNUC__
#define OF_A_THREAD __thread
#elif __STDC_VERSION__ >= 201112L
#define OF_A_THREAD _Thread_local
#else
#define OF_A_THREAD
#endif

#define FOR(i, n) for (long i = 0; i < (n); i++)

/* Tables that may be copied: where it knows them, gcc 12 loses zeros behind equal numbers with AVX-512. */
#if defined __GNUC__ && !defined __clang__ && defined __AVX512F__
#define CONSTANTS static double __attribute__((used))
#else
#define CONSTANTS static const double
#endif

/* What of a program stands behind its numbers. */
#ifdef __GNUC__
typedef int64_t Word __attribute__((may_alias));
#else
typedef int64_t Word;
#endif

#ifdef PLAIN
/* A lane to a block, so that C's own types are enough. */
#define B 1
#define SIMD
#define SIMD_SUM
#define SIMD_MAX
#define SIMD_MIN
#define ALIGNED
#define AT(x, l) (x)
typedef double V;
typedef double V4;
INLINE V4 fold(V x) { return x; }
INLINE double total(V4 x) { return x; }
#else
/* Lanes to a block, as many as a register holds: gcc moves wider vectors through memory, a part at a time. */
#ifdef __AVX512F__
#define B 8
#elif defined __AVX__
#define B 4
#else
#define B 2
#endif
#define SIMD _Pragma("omp simd")
#define SIMD_SUM _Pragma("omp simd reduction(+:t)")
#define PRAGMA(...) _Pragma(#__VA_ARGS__)
#define SIMD_BEST(f, start) \
    PRAGMA(omp declare reduction(f: double: omp_out = f(omp_out, omp_in)) initializer(omp_priv = start)) \
    PRAGMA(omp simd reduction(f:t))
#define SIMD_MAX SIMD_BEST(larger, -INFINITY)
#define SIMD_MIN SIMD_BEST(smaller, INFINITY)
#define ALIGNED __attribute__((aligned(64)))
#define AT(x, l) (x)[l]
typedef double V __attribute__((vector_size(8 * B), aligned(8), may_alias));
typedef double V4 __attribute__((vector_size(32), aligned(8), may_alias));
#if B == 8
INLINE V4 fold(V x) { const V4 *half = (const V4 *)&x; return half[0] + half[1]; }
#elif B == 4
INLINE V4 fold(V x) { return x; }
#else
#define fold(x) ((V4){(x)[0], (x)[1]}) /* no function: it would return more than a register holds */
#endif
#define total(x) (((x)[0] + (x)[1]) + ((x)[2] + (x)[3]))
#endif
#define EACH_LANE SIMD for (int l = 0; l < B; l++)

/* Sines of lanes, or cosines; where one is far from 0 C's library is asked. */
#define OF_LANES(f, quarters) INLINE V f##_of_lanes(V x) { \
    V r = {0}, far = {0}; \
    EACH_LANE AT(r, l) = sin_loop(AT(x, l), quarters); \
    EACH_LANE AT(far, l) = fabs(AT(x, l)) <= 0x1p20 ? 0.0 : 1.0; \
    if (total(fold(far)) > 0.0) for (int l = 0; l < B; l++) AT(r, l) = f(AT(x, l)); \
    return r; }

/* Whether a number is a place in a table of some length. */
#define IS_PLACE(place, count) ((place) >= 0.0 && (place) < (count) && (place) == floor(place))

/* The entry of a table, whose entries are so far apart, in a place. */
INLINE double entry(const double *first, double place, double step, double count) {
    return IS_PLACE(place, count) ? first[(long)place * (long)step] : NAN;
}
"""

CODE: dict[str, str] = {
    "div": "{0} / {1}",
    "power": "power({0}, {1})",
    "pow": "pow({0}, {1})",
    "floor": "floor({0})",
    "ceil": "ceil({0})",
    "maximum": "larger({0}, {1})",
    "minimum": "smaller({0}, {1})",
    "softplus": "softplus({0})",
    "exp10": "exp10_loop({0})",
    "logit": "logit({0})",
    "log1mexp": "log1mexp({0})",
    "direction": "direction({0}, {1}, {2})",
}
"""For each primitive that is no function of C's library its expression: of its operands, then constants."""
OF_LANES = {"cos": "OF_LANES(cos, 1)", "sin": "OF_LANES(sin, 0)"}
"""For each primitive with a function of a block of lanes what makes that function."""

LOOPS = ("cosh", "exp", "exp2", "expm1", "log", "log1p", "sinh", "tanh")
"""Functions of C's library that `runtime.h` has for loops as well."""
BY_IEEE = {elementary.exp.__code__, elementary.sqrt.__code__}
"""The code of functions that answer by IEEE's rules where those of `math` raise; so do those of C."""
INLINED = 5000
"""Up to this many characters of C a row is part of the loop that it stands in, and may be vector code."""


class OfPrograms(generate.Dialect):
    """The C of rows in a program: several threads may run it, and loops over numbers become vector code."""

    raises = False
    fuses = True
    gives_back = True
    remembers = (generate.FLOAT,)

    def __init__(self) -> None:
        super().__init__()
        self.own |= {
            math.hypot: _hypot, elementary.two_product: _two_product, elementary.log_ratio: _log_ratio,
        }  # fmt: skip

    def declared(self, made: Written) -> str:
        """Return what stands before a function's type."""
        return "INLINE" if self.is_inlined(made) else "RARE"

    def is_inlined(self, made: Written) -> bool:
        """Tell whether a function becomes part of those that call it."""
        return made.length < INLINED and not (made.has_lists or made.gives_back or made.calls_itself)

    def named(self, name: str, made: Written) -> str:
        """Return the name of a function in C, which is another in what may become vector code."""
        return f"{name}_loop" if name in LOOPS and self.is_inlined(made) and not made.calls_library else name

    def plain(self, function: Any) -> Any:
        """Return what a function is in C."""
        if getattr(function, "__code__", None) in BY_IEEE:
            return inspect.getclosurevars(function).nonlocals["f"]
        return super().plain(function)


def _hypot(writer: Writer, e: ast.Call) -> Text:
    return Text(f"hypot({', '.join(map(writer.number, e.args))})", FLOAT)


def _log_ratio(writer: Writer, e: ast.Call) -> Text:
    return Text(f"log_ratio({', '.join(map(writer.number, e.args))})", FLOAT)


def _two_product(writer: Writer, e: ast.Call) -> Text:
    """Spell a product and its rounding error: programs may round a product and a sum once."""
    a, b = [writer.kept(Text(writer.number(x), FLOAT)).text for x in e.args]
    p = writer.kept_apart(Text(f"({a} * {b})", FLOAT))
    return generate.Tuple([p, Text(f"product_error({a}, {b}, {p.text})", FLOAT)])


class Spelled(NamedTuple):
    """Rows in C.

    Attributes
    ----------
    text
        The functions that stand in front of a program.
    calls
        Of each row its expression, of operands and then constants.
    """

    text: str
    calls: dict[Op, str]


def spelled(ops: Iterable[Op]) -> Spelled:
    """Return rows of the table as C; a row that has none, or a user's own operation, is left out."""
    return _spelled(frozenset(ops))


@lru_cache(maxsize=64)
def _spelled(ops: frozenset[Op]) -> Spelled:
    own = sorted((op for op in ops if TABLE.get(op.name) is op), key=lambda op: op.name)
    calls = {op: CODE[op.name] for op in own if op.name in CODE}
    calls |= {op: "entry(&{1}, {0}, {2}, {3})" for op in ops if op is ENTRY}
    program = generate.Program(OfPrograms())
    made = {op: f for op in own if op not in calls and (f := _translated(program, op))}
    for op, f in made.items():
        calls[op] = f"{f.name}({', '.join(f'{{{i}}}' for i in range(op.arity + len(op.params)))})"
    text = f"{_ARITHMETIC}{program.text()}" if made else ""
    return Spelled(text, calls)


_ARITHMETIC = """
#include "arithmetic.h"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-label"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wunused-const-variable"
"""


def _translated(program: generate.Program, op: Op) -> Written | None:
    """Return the function that computes a row; None where it is of any number of operands, or unreadable."""
    if op.arity < 0:
        return None
    try:
        made = program.value(op)
    except (generate.UntranslatableError, OSError):
        return None
    return None if made.gives_nothing or made.rest or made.result != FLOAT else made
