"""Name the loops of a product as einsum would, and find the NumPy function that runs them.

A loop over which the result, a and b all move is a batch loop; over result and a: the rows of a matrix
product; over result and b: its columns; over a and b only: what is summed. Which of them a loop is, is
read off its strides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from autograd.compiler.backends.numpy.spelling import positive, restrict, where
from autograd.native import engine as native

__all__ = ["Calls", "Moving", "alike", "contract", "pick", "spread", "strided"]


SMALL, SHORT = 4096, 512
_IN_C: list[Any] = [
    np.multiply, np.add, np.subtract, np.divide, np.copyto, "take", np.negative, np.sqrt, np.maximum,
    np.minimum, restrict, where, positive, np.less, np.less_equal, np.greater, np.greater_equal, "widen",
    np.exp, np.log, np.log1p, np.tanh, np.sin, np.cos, np.vecdot,
]  # fmt: skip
"""As native/nests.c numbers what it does; after that sums, and what is the most and the least."""
TAKE, DOT = 5, len(_IN_C) - 1
_KINDS = {**{f: i for i, f in enumerate(_IN_C)}, np.dot: DOT, np.matmul: DOT}
_SUMS = {np.add: DOT + 1, np.maximum: DOT + 2, np.minimum: DOT + 3}


def strided(array: Any, shape: Sequence[int], strides: Sequence[int], at: int = 0) -> Any:
    """Return a view of an array without gaps, from one of its bytes on: NumPy's own function is slow."""
    return np.ndarray(shape, np.float64, array, at, strides)


def spread(table: Any, sizes: tuple[int, ...], width: tuple[int, ...]) -> Any:
    """Return a view of a table over all loops, and lanes: NumPy's own function is slow."""
    table = table if table.flags.c_contiguous else table.copy()
    steps = [step if n > 1 else 0 for n, step in zip(table.shape, table.strides, strict=True)]
    return strided(table, sizes + width, (*steps, *[0 for _ in width]))


class Moving:
    """A view that is another in each round, along the first axis of an array."""

    def __init__(self, every: Any) -> None:
        self.every = every

    def __getitem__(self, k: int) -> Any:
        return self.every[k, ...]


class Calls:
    """A list of calls, which becomes one function."""

    def __init__(self) -> None:
        self.list: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.numbers: dict[Any, Any] = {}
        self.repeats: dict[int, tuple[list[Any], int]] = {}

    def count(self) -> int:
        """Return how many calls there are."""
        return len(self.list) + sum(len(body) * times - 1 for body, times in self.repeats.values())

    def repeat(self, body: list[tuple[Callable[..., Any], list[Any]]], times: int) -> None:
        """Enter a loop of calls; an operand may be one that moves."""
        self.repeats[len(self.list)] = body, times
        self.list.append((_nothing, ()))

    def add(self, f: Callable[..., Any], *operands: Any) -> None:
        """Enter a call."""
        if isinstance(f, np.ufunc) and operands[-1].size <= SMALL:
            # A number is slower than an array of it, as it has to be converted at every call.
            shape = operands[-1].shape
            operands = (
                *[self.filled(shape, x) if isinstance(x, float) else x for x in operands[:-1]],
                operands[-1],
            )
        self.list.append((f, operands))

    def filled(self, shape: tuple[int, ...], x: float) -> Any:
        """Return an array of one number, the same each time."""
        key = shape, x.hex()
        if key not in self.numbers:
            self.numbers[key] = np.full(shape, x)
        return self.numbers[key]

    def function(self) -> Callable[[], None]:
        """Return a function without parameters that makes all calls in order."""
        calls = list(self.list)
        for i, (body, times) in self.repeats.items():
            merged = _merged(body, times)
            whole = len(merged) == 1 and merged[0][0] is getattr(native, "short_round", None)
            calls[i] = merged[0] if whole else (_rounds(_named(merged)), ())
        every = _named(_merged(calls))

        def run() -> None:
            """Make the calls: as fast as straight code, which takes long to compile."""
            for f, operands in every:
                f(*operands)

        return run


def _merged(calls: Sequence[Any], times: int = 1) -> list[Any]:
    """Return calls, or those of some rounds, with those in a row on short arrays as one."""

    def of(call: Any, k: int) -> Any:
        """Return a call of a round."""
        return _short(call[0], [x[k] if x.__class__ is Moving else x for x in call[1]])

    found: list[Any] = []
    for is_short, group in groupby([(of(call, 0), call) for call in calls], lambda x: x[0] is not None):
        first, left = zip(*group, strict=True)
        if not is_short:
            found += left
            continue
        last = tuple([of(call, -1) for call in left]) if times > 1 else first
        whole = times == 1 or len(left) == len(calls)
        found.append((native.short_round, [native.short_rounds(first, last, times, whole)]))
    return found


def _short(f: Any, operands: Sequence[Any]) -> Any:
    """Return a call on short arrays as the engine's C makes it, which takes less; None for one of NumPy."""
    if native is None or not operands or getattr(operands[-1], "size", 0) > SHORT:
        return None
    *given, out = operands
    of, kind = getattr(f, "__self__", None), _KINDS.get(f, -1)
    if f is np.copyto:
        out, a = operands
        given = [a]
    elif len(operands) == 4 and of.__class__ is np.ndarray:  # take
        kind, out, given = TAKE, operands[2], [of, operands[0]]
    elif len(operands) == 4 and of in _SUMS and len(operands[1]) < 2:
        kind, given = _KINDS[np.copyto], given[:1]
        for axis in operands[1]:
            kind, given = _SUMS[of], [np.moveaxis(given[0], axis, -1)]
    elif kind == DOT and f is not np.vecdot:
        a, b = given
        if a.ndim > 1 and b.ndim > 1:
            given = [a[..., None, :], b.swapaxes(-1, -2)[..., None, :, :]]
        elif b.ndim > 1:
            given = [b.swapaxes(-1, -2), a]
    return native.short_call(kind, out, *given[:3], *given[-1:] * (3 - len(given))) if kind >= 0 else None


def _rounds(body: list[tuple[Callable[..., Any], list[Any]]]) -> Callable[[], None]:
    """Return a loop of calls, as a function: of those of all rounds, a list would be slower."""
    names: dict[str, Any] = {}
    moving: dict[str, Any] = {}
    lines = []
    for f, operands in body:
        for x in (f, *operands):
            (moving if isinstance(x, (Moving, list)) else names)[f"v{id(x)}"] = x
        lines.append(f"        v{id(f)}({', '.join(f'v{id(x)}' for x in operands)})")
    names["rows"] = list(zip(*moving.values(), strict=True))
    head = f"def run():\n    for {', '.join(moving)}, in rows:\n"
    # Of names made above only.
    exec(compile(head + "\n".join(lines), "<compiled program>", "exec"), names)  # noqa: S102
    run: Callable[[], None] = names["run"]
    return run


def _maximum(a: Any, b: Any, out: Any) -> None:
    np.maximum(a, b, out=out)


def _minimum(a: Any, b: Any, out: Any) -> None:
    np.minimum(a, b, out=out)


def _named(calls: Sequence[Any]) -> list[Any]:
    """Return calls with those of two functions changed, which want their third argument by name."""
    extrema: dict[Any, Any] = {np.maximum: _maximum, np.minimum: _minimum}
    return [(extrema.get(f, f), operands) for f, operands in calls]


def _nothing() -> None:
    """Stand for a loop in a list of calls."""


def alike(first: list[Any], other: list[Any]) -> bool:
    """Tell whether two lists of calls are of the same functions, on as many operands."""
    return [(f, len(operands)) for f, operands in first] == [(f, len(operands)) for f, operands in other]


def pick(x: Any, axes: Sequence[int]) -> Any:
    """Return the array over some axes, in that order; the others do not matter."""
    if len(axes) == x.ndim and list(axes) == list(range(x.ndim)):
        return x
    # The ellipsis keeps a view where every axis is dropped.
    chosen = x[(*[slice(None) if i in axes else 0 for i in range(x.ndim)], ...)]
    rank = sorted(axes)
    return chosen if rank == list(axes) else chosen.transpose([rank.index(i) for i in axes])


def contract(calls: Calls, coef: float, out: Any, a: Any, b: Any) -> None:
    """Enter calls for out[...] = coef * sum of a * b, over arrays of one shape; unused axes have stride 0."""
    if a is None:
        calls.add(np.copyto, _reduced_view(out), coef)
        return
    live, steps = [], zip(out.strides, a.strides, (a if b is None else b).strides, strict=True)
    for i, (n, (x, y, z)) in enumerate(zip(out.shape, steps, strict=True)):
        if n > 1:
            if x or y or z:
                live.append(i)
            else:
                coef *= n
    out, a = pick(out, live), pick(a, live)
    b = None if b is None else pick(b, live)
    if b is None:
        _single(calls, coef, out, a)
    else:
        _pair(calls, coef, out, a, b)


def _reduced_view(out: Any) -> Any:
    return pick(out, [i for i, step in enumerate(out.strides) if step and out.shape[i] > 1])


def _single(calls: Calls, coef: float, out: Any, a: Any) -> None:
    to, of = out.strides, a.strides
    summed = [i for i, step in enumerate(to) if not step]
    if not summed:
        if coef == 1.0:
            calls.add(np.copyto, out, a)
        elif coef == -1.0:
            calls.add(np.negative, a, out)
        else:
            calls.add(np.multiply, a, coef, out)
        return
    kept = [i for i, step in enumerate(to) if step]
    target = pick(out, kept)
    both = [i for i in kept if of[i]]
    if len(both) == len(kept):
        rows, count = pick(a, kept + summed), prod([a.shape[i] for i in summed])
        flat = rows.reshape(*rows.shape[: len(kept)], count) if len(summed) > 1 else rows
        small = flat.size < 64 and target.flags.c_contiguous
        if np.may_share_memory(flat, rows) and len(kept) <= 1 and (blasable(flat) or small):
            # A row sum as a product with ones is faster than a reduction.
            calls.add(np.dot if target.flags.c_contiguous else np.matmul, flat, np.full(count, coef), target)
            return
        calls.add(np.add.reduce, rows, tuple(range(len(kept), rows.ndim)), None, target)
        source = target
    else:
        rows = pick(a, both + summed)
        source = np.empty([a.shape[i] for i in both])
        calls.add(np.add.reduce, rows, tuple(range(len(both), rows.ndim)), None, source)
        shape = [a.shape[i] if i in both else 1 for i in kept]
        calls.add(np.copyto, target, np.broadcast_to(source.reshape(shape), target.shape))
        source = target
    if coef != 1.0:
        calls.add(np.multiply, source, coef, target)


def _pair(calls: Calls, coef: float, out: Any, a: Any, b: Any) -> None:
    axes, to = range(out.ndim), out.strides
    for alone, other in ((a, b), (b, a)):
        steps, others = alone.strides, other.strides
        lonely = [i for i in axes if steps[i] and not (others[i] or to[i])]
        if lonely:
            kept = [i for i in axes if i not in lonely]
            there = [i for i in kept if steps[i]]
            total = np.empty([alone.shape[i] for i in there])
            calls.add(
                np.add.reduce,
                pick(alone, there + lonely),
                tuple(range(len(there), len(there) + len(lonely))),
                None,
                total,
            )
            shape = [alone.shape[i] if i in there else 1 for i in kept]
            reduced = np.broadcast_to(total.reshape(shape), [out.shape[i] for i in kept])
            contract(calls, coef, pick(out, kept), reduced, pick(other, kept))
            return
    summed = [i for i in axes if not to[i]]
    if not summed:
        calls.add(np.multiply, a, b, out)
        if coef != 1.0:
            calls.add(np.multiply, out, coef, out)
        return
    wide = [i for i in axes if to[i] and not (steps[i] or others[i])]
    if wide:
        kept = [i for i in axes if i not in wide]
        inner = [i for i in kept if to[i]]
        total = np.empty([out.shape[i] for i in inner])
        strides = iter(total.strides)
        view = strided(total, [out.shape[i] for i in kept], [next(strides) if to[i] else 0 for i in kept])
        contract(calls, coef, view, pick(a, kept), pick(b, kept))
        places = [i for i in axes if to[i]]
        shape = [out.shape[i] if i in inner else 1 for i in places]
        calls.add(
            np.copyto,
            pick(out, places),
            np.broadcast_to(total.reshape(shape), [out.shape[i] for i in places]),
        )
        return
    _product(calls, coef, out, a, b, summed)


def _product(calls: Calls, coef: float, out: Any, a: Any, b: Any, summed: list[int]) -> None:
    axes, to, first, second = range(out.ndim), out.strides, a.strides, b.strides
    batch = [i for i in axes if to[i] and first[i] and second[i]]
    rows = [i for i in axes if to[i] and first[i] and not second[i]]
    columns = [i for i in axes if to[i] and second[i] and not first[i]]
    if coef != 1.0:
        # Scale whichever array is smallest: an operand beforehand, or the result.
        sizes = [_volume(out), _volume(a), _volume(b)]
        if sizes[0] > min(sizes[1:]):
            small = a if sizes[1] <= sizes[2] else b
            steps = small.strides
            there = [i for i in axes if steps[i]]
            scaled = np.empty([small.shape[i] for i in there])
            calls.add(np.multiply, pick(small, there), coef, scaled)
            strides = iter(scaled.strides)
            full = strided(scaled, small.shape, [next(strides) if steps[i] else 0 for i in axes])
            a, b, coef = (full, b, 1.0) if small is a else (a, full, 1.0)
    left = merged(calls, a, [[i] for i in batch] + ([rows] if rows else []) + [summed])
    if not rows and not columns:
        right = merged(calls, b, [[i] for i in batch] + [summed])
        target = pick(out, batch)
        if batch:
            calls.add(np.vecdot, left, right, target)
        else:
            calls.add(np.dot, left, right, target)
    else:
        right = merged(calls, b, [[i] for i in batch] + [summed] + ([columns] if columns else []))
        _matmul(calls, left, right, out, batch, rows, columns)
    if coef != 1.0:
        target = pick(out, [i for i in axes if to[i]])
        calls.add(np.multiply, target, coef, target)


def _matmul(
    calls: Calls, left: Any, right: Any, out: Any, batch: list[int], rows: list[int], columns: list[int]
) -> None:
    order = batch + rows + columns
    place = pick(out, order)
    shape = [out.shape[i] for i in batch] + ([prod([out.shape[i] for i in g]) for g in (rows, columns) if g])
    view = place.reshape(shape)
    direct = np.may_share_memory(view, place) and (view.ndim < 2 or blasable(view))
    if not direct:
        view = np.empty(shape)
    if batch and not columns:
        calls.add(np.matmul, left, right[..., None], view[..., None])
    elif batch and not rows:
        calls.add(np.matmul, left[..., None, :], right, view[..., None, :])
    elif not batch and view.flags.c_contiguous:  # np.dot asks fewer questions than np.matmul
        calls.add(np.dot, left, right, view)
    else:
        calls.add(np.matmul, left, right, view)
    if not direct:
        calls.add(np.copyto, place, view.reshape(place.shape))


def _volume(x: Any) -> int:
    return prod([n for n, step in zip(x.shape, x.strides, strict=True) if step])


def blasable(x: Any) -> bool:
    """Tell whether BLAS takes the last two axes as they are."""
    if x.ndim < 2:
        return bool(x.ndim == 0 or x.strides[0] > 0)
    (m, n), (s, t) = x.shape[-2:], x.strides[-2:]
    return bool((t == 8 and s >= 8 * n) or (s == 8 and t >= 8 * m))


def merged(calls: Calls, x: Any, groups: list[list[int]]) -> Any:
    """Return the array with each group of axes as one; packed into a fresh array where BLAS needs that."""
    picked = pick(x, [i for g in groups for i in g])
    shape = [prod([x.shape[i] for i in g]) for g in groups]
    view = picked.reshape(shape) if max(map(len, groups)) > 1 else picked
    if (view is picked or np.may_share_memory(view, picked)) and (blasable(view) or view.size < 64):
        return view
    packed = np.empty(shape)
    calls.add(np.copyto, packed.reshape(picked.shape), picked)
    return packed
