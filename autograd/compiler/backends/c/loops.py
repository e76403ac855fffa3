"""The loop order of a sum of products in C, and copies that make its innermost loop contiguous.

Matrix products are calls of one function, which keeps what it adds up in registers.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import groupby, permutations
from operator import itemgetter
from typing import Any

import numpy as np

from autograd.compiler.backends.c.spelling import literal
from autograd.compiler.backends.indices import is_loop
from autograd.compiler.roll.affine import Slanted
from autograd.compiler.roll.program import Part, Ref
from autograd.compiler.roll.repeats import Moving

__all__ = ["PRODUCT", "added_up", "alike", "shared_part", "shared_parts"]

WIDTH, ROWS, WORTH = 8, 4, 256
"""The columns and rows that a matrix product has at least, and how many multiplications."""


def alike(parts: list[Part]) -> list[Part]:
    """Return a sum's parts, a loop over results as several where another part has them, for one pass."""
    model = max(parts, key=lambda p: len(p.sizes), default=None)
    return [_divided(p, model) if model else p for p in parts]


def _divided(part: Part, model: Part) -> Part:
    """Return a part of one loop with another part's loops, where these go over the same results."""
    refs = part.result, part.a, part.b
    if len(part.sizes) != 1 or any(r is not None and r.table is not None for r in (*refs, model.result)):
        return part
    numbers = [part.sizes[0], *model.sizes, *(r.strides[0] for r in refs if r is not None)]
    steps = [math.prod(model.sizes[k + 1 :]) for k in range(len(model.sizes))]
    result, a, b = [r and replace(r, strides=tuple([n * r.strides[0] for n in steps])) for r in refs]
    same = result == model.result and part.sizes[0] == math.prod(model.sizes)
    if not same or isinstance(part.coef, Ref) or any(isinstance(n, (Moving, Slanted)) for n in numbers):
        return part
    return Part(model.sizes, model.result, part.coef, a, b, part.over)


def shared_parts(w: Any, parts: list[Part]) -> str:
    """Print the parts of a statement whose results are shared, those over the same loops in one pass."""
    lines: list[str] = []
    for (loops, target), group in groupby(enumerate(parts), lambda part: _pass(w, *part)):
        own = [part for _, part in group]
        if len(own) == 1:
            lines.append(shared_part(w, own[0], first=not lines))
            continue
        added = added_up(w, own, [target] * bool(lines))
        lines.append(f"    {loops}{target} = {added};{' }' * bool(loops)}")
    return "\n".join(lines)


def _pass(w: Any, number: int, part: Part) -> tuple[str, str]:
    """Return the loops over the results of a part and their place; what is summed in a loop has its own."""
    sizes = part.sizes
    strides = part.result.strides or (0,) * len(sizes)
    out = [k for k in range(len(sizes)) if is_loop(sizes[k])]
    if part.result.addresses is not None or not all(strides[k] for k in out):
        return str(number), ""
    loops = f"{w.loops(sizes, out[:-1])}{{ SIMD {w.loops(sizes, out[-1:])}" if out else ""
    return loops, w.value(part.result, sizes)


def added_up(w: Any, parts: list[Part], texts: list[str] | None = None) -> str:
    """Return the sum of some texts, and of what parts add to their result."""
    return " + ".join([*(texts or []), *(_scaled(w, part) for part in parts)]).replace("+ -", "- ")


def _scaled(w: Any, part: Part) -> str:
    """Return what a part adds to its result."""
    if isinstance(part.coef, Ref) or part.coef == 1.0:
        return str(w.term(part))
    return f"{literal(part.coef)} * {w.term(part)}" if part.a is not None else literal(part.coef)


def shared_part(w: Any, part: Part, *, first: bool) -> str:
    """Print one part of a statement whose result is shared.

    The innermost loop is either one that is summed, along which the factors are contiguous (a dot product),
    or one along which the result is contiguous (a sum of scaled rows). A small factor that is not contiguous
    there is copied first.
    """
    sizes = part.sizes
    strides = part.result.strides or (0,) * len(sizes)
    out = [k for k in range(len(sizes)) if strides[k] and is_loop(sizes[k])]
    summed = [k for k in range(len(sizes)) if not strides[k] and is_loop(sizes[k])]
    target = w.value(part.result, sizes)

    coef = "" if isinstance(part.coef, Ref) or part.coef == 1.0 else f"{literal(part.coef)} * "
    sign = "=" if first else "+="
    if not summed:
        simd = "SIMD " if out else ""
        body = f"{simd}{w.loops(sizes, out[-1:])}{target} {sign} {coef}{w.term(part)};"
        return f"    {w.loops(sizes, out[:-1])}{{ {body} }}"
    factors = [r for r in (part.a, part.b) if r is not None] + (
        [part.coef] if isinstance(part.coef, Ref) else []
    )
    if any(isinstance(n, Slanted) for n in sizes) or part.result.addresses is not None:
        added = f"SIMD_SUM {w.loops(sizes, summed[-1:])}t += {w.term(part)};"
        body = f"double t = 0.0; {w.loops(sizes, summed[:-1])}{{ {added} }} {target} {sign} {coef}t;"
        return f"    {w.loops(sizes, out)}{{ {body} }}"
    matrices = _matrices(part, factors, out, summed)
    if matrices:
        return _product(w, part, coef, int(not first), *matrices)
    inner = _innermost(part, factors, out, summed)
    if inner in summed:
        texts, packs = _packed(w, part, factors, inner)
        simd = "SIMD_SUM " if sizes[inner] > 3 else ""
        rest = [k for k in summed if k != inner]
        added = f"{simd}{w.loops(sizes, [inner])}t += {' * '.join(texts)};"
        body = f"double t = 0.0; {w.loops(sizes, rest)}{{ {added} }} {target} {sign} {coef}t;"
        return f"    {{ {packs}{w.loops(sizes, out)}{{ {body} }} }}"
    if any(isinstance(n, Moving) for n in sizes):  # scratch memory has one size
        order = [*[k for k in out if k != inner], inner]
        begun = f"{w.loops(sizes, order)}{target} = 0.0; " if first else ""
        added = f"SIMD {w.loops(sizes, [inner])}{target} += {coef}{w.term(part)};"
        return f"    {begun}{w.loops(sizes, order[:-1])}{w.loops(sizes, summed)}{{ {added} }}"
    return _rows(w, part, factors, inner, out, summed, coef, sign)


def _moves(r: Ref, axis: int, sizes: tuple[int, ...]) -> int:
    """Return the stride of a factor along a loop; a gather counts as a large one."""
    if sizes[axis] == 1:
        return 0
    if r.constants is not None or r.addresses is not None:
        table = r.constants if r.constants is not None else r.addresses
        if table.shape[axis] == 1:
            return 0
        inner = int(np.prod(table.shape[axis + 1 :]))
        return inner if r.constants is not None else inner + 1000
    return r.strides[axis] if r.strides else 0


def _innermost(part: Part, factors: list[Ref], out: list[int], summed: list[int]) -> int:
    sizes = part.sizes
    total = float(np.prod(sizes))

    def price(k: int) -> float:
        """Estimate what it takes with this loop innermost."""
        cost = 0.0
        for r in factors:
            step = _moves(r, k, sizes)
            if step not in (0, 1):
                volume = float(np.prod([sizes[j] for j in range(len(sizes)) if _moves(r, j, sizes)]))
                cost += volume if 4 * volume <= total else total
        overhead = total * (6.0 / min(sizes[k], 64))
        if k in out:
            overhead += 0.5 * total
            if part.result.strides[k] != 1:
                cost += float(np.prod([sizes[j] for j in out]))
        else:
            overhead += float(np.prod([sizes[j] for j in out])) * 4.0
        return cost + overhead

    return min([*summed, *out], key=price)


def _matrices(part: Part, factors: list[Ref], out: list[int], summed: list[int]) -> Any:
    """Return a matrix product's factors, and the loops over its rows, its columns and what is summed."""
    sizes, found = part.sizes, []
    strides = [x for r in (*factors, part.result) for x in r.strides]
    if len(factors) != 2 or len(summed) != 1 or any(isinstance(x, Moving) for x in (*sizes, *strides)):
        return None
    for a, b in (factors, factors[::-1]):
        for m, n in permutations(out, 2):
            crossed = _moves(a, n, sizes) or _moves(b, m, sizes)
            of_a, of_b = _volume(a, sizes), _volume(b, sizes)
            small = sizes[m] < ROWS or sizes[n] < WIDTH or sizes[m] * sizes[n] * sizes[summed[0]] < WORTH
            if not crossed and not small and of_a + of_b <= 1 << 16:
                copied = of_b * (_moves(b, n, sizes) != 1) + of_a * (a.table is not None)
                scattered = math.prod(sizes[j] for j in out) * (part.result.strides[n] != 1)
                found.append((copied + scattered, a, b, m, n, summed[0]))
    return min(found, key=itemgetter(0))[1:] if found else None


def _volume(r: Ref, sizes: tuple[int, ...]) -> int:
    """Return how many numbers a factor has."""
    return math.prod(sizes[k] for k in range(len(sizes)) if _moves(r, k, sizes))


def _product(w: Any, part: Part, coef: str, add: int, a: Ref, b: Ref, m: int, n: int, k: int) -> str:
    """Print a matrix product, for each round of the loops around it."""
    sizes = part.sizes
    around = [j for j in range(len(sizes)) if j not in (m, n, k)]

    def place(r: Ref) -> str:
        """Return where a factor begins in a round of these loops."""
        strides = tuple([x * (j in around) for j, x in enumerate(r.strides)])
        return f"&{w.value(replace(r, strides=strides), sizes)}"

    packs, given = "", [place(part.result), sizes[m], sizes[n], sizes[k]]
    given += [part.result.strides[m], part.result.strides[n]]
    for r, copied, axes in ((a, a.table is not None, (m, k)), (b, _moves(b, n, sizes) != 1, (k,))):
        if copied:
            made, name, strides = _copied(w, r, sizes, n if r is b else k)
            packs += made
            begin = f"&{name}[{w.index([x * (j in around) for j, x in enumerate(strides)])}]"
        else:
            begin, strides = place(r), [*r.strides]
        given += [begin, *[strides[j] for j in axes]]
    call = ", ".join(map(str, [*given, coef[:-3] or "1.0", add]))
    return f"    {{ {packs}{w.loops(sizes, around)}matrix_product({call}); }}"


def _copied(w: Any, r: Ref, sizes: tuple[int, ...], inner: int) -> tuple[str, str, list[int]]:
    """Return what copies a factor so that it is contiguous along a loop, the copy's name, and its strides."""
    axes = [k for k in range(len(sizes)) if _moves(r, k, sizes)]
    order = [*[k for k in axes if k != inner], *[k for k in axes if k == inner]]
    strides, step = [0] * len(sizes), 1
    for k in reversed(order):
        strides[k] = step
        step *= sizes[k]
    name = f"p{w.scratch}"
    w.scratch += 1
    declared = f"static OF_A_THREAD double {name}[{step}]; "
    return (
        f"{declared}{w.loops(sizes, order)}{name}[{w.index(strides)}] = {w.value(r, sizes)}; ",
        name,
        strides,
    )


def _packed(w: Any, part: Part, factors: list[Ref], inner: int) -> tuple[list[str], str]:
    """Return the factors' texts, and the copies made first."""
    sizes = part.sizes
    total = float(np.prod(sizes))
    texts, packs = [], ""
    for r in factors:
        text = w.value(r, sizes)
        axes = [k for k in range(len(sizes)) if _moves(r, k, sizes)]
        volume = int(np.prod([sizes[k] for k in axes]))
        fixed = not any(isinstance(sizes[k], Moving) for k in axes)  # as an array's size is
        if fixed and _moves(r, inner, sizes) not in (0, 1) and 4 * volume <= total and volume <= 1 << 16:
            made, name, strides = _copied(w, r, sizes, inner)
            packs += made
            text = f"{name}[{w.index(strides)}]"
        texts.append(text)
    return texts, packs


def _rows(
    w: Any,
    part: Part,
    factors: list[Ref],
    inner: int,
    out: list[int],
    summed: list[int],
    coef: str,
    sign: str,
) -> str:
    """Print a sum of scaled rows, in scratch memory if the result is not contiguous or is added to."""
    sizes = part.sizes
    texts, packs = _packed(w, part, factors, inner)
    order = [*[k for k in out if k != inner], inner]
    target = w.value(part.result, sizes)
    name = f"p{w.scratch}"
    w.scratch += 1
    outer = [k for k in order if k != inner]
    # A row of the result stays in fast memory while all its terms are added.
    row = sizes[inner]
    added = f"SIMD {w.loops(sizes, [inner])}{name}[i{inner}] += {' * '.join(texts)};"
    body = f"double {name}[{row}] = {{0}}; {w.loops(sizes, summed)}{{ {added} }} "
    body += f"{w.loops(sizes, [inner])}{target} {sign} {coef}{name}[i{inner}];"
    return f"    {{ {packs}{w.loops(sizes, outer)}{{ {body} }} }}"


PRODUCT = r"""
/* Write a row of a block, or add to what is there, but for the columns that another block has written. */
INLINE void put(double *to, long tn, V c, double coef, int add, long from) {
    if (tn == 1 && !from) *(V *)to = add ? *(V *)to + coef * c : coef * c;
    else for (long l = from; l < B; l++) to[l * tn] = add ? to[l * tn] + coef * AT(c, l) : coef * AT(c, l);
}

/* Four rows and one or two blocks of columns of a product, but for what is there already. */
INLINE void tile(double *to, long K, long tm, long tn, const double *a, long am, long ak, const double *b,
                 long bk, double coef, int add, long skipped, long from, int two) {
    const long am2 = 2 * am, am3 = 3 * am;
    V c0 = {0}, c1 = c0, c2 = c0, c3 = c0, d0 = c0, d1 = c0, d2 = c0, d3 = c0;
    for (; K--; a += ak, b += bk) {
        const V x = *(const V *)b, y = two ? *(const V *)(b + B) : x;
        c0 += *a * x; c1 += a[am] * x; c2 += a[am2] * x; c3 += a[am3] * x;
        if (two) { d0 += *a * y; d1 += a[am] * y; d2 += a[am2] * y; d3 += a[am3] * y; }
    }
#define PUT(c, d, r) if (skipped <= r) { put(to, tn, c, coef, add, from); \
    if (two) put(to + B * tn, tn, d, coef, add, 0); } to += tm;
    PUT(c0, d0, 0) PUT(c1, d1, 1) PUT(c2, d2, 2) PUT(c3, d3, 3)
}

/* to[m, n] = coef * the sum of a[m, k] b[k, n], or that much more; b's columns follow one another. */
RARE void matrix_product(double *to, long M, long N, long K, long tm, long tn, const double *a, long am,
                         long ak, const double *b, long bk, double coef, int add) {
    for (long n = 0; n < N;) {
        const int two = n + 2 * B <= N;
        const long j = n + B <= N ? n : N - B;
        for (long m = 0; m < M; m += 4) {
            const long i = m + 4 <= M ? m : M - 4;
            double *at = to + i * tm + j * tn;
            if (two) tile(at, K, tm, tn, a + i * am, am, ak, b + j, bk, coef, add, m - i, 0, 1);
            else tile(at, K, tm, tn, a + i * am, am, ak, b + j, bk, coef, add, m - i, n - j, 0);
        }
        n += two ? 2 * B : B;
    }
}
"""
