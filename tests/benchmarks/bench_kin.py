"""Functions beside their kin: ``python tests/benchmarks/bench_kin.py``.

Each function is beside one that reads alike, or beside the terms it stands for: how often the kin's time it
takes. Both are evaluated at the same points, by turns; of twelve rounds the least time counts, of the
processor, lest other programs count. In the engine's C that is for nodes, with their slopes, and for a
backward pass over them; compiled, for an array of 20,000 numbers, and for the value with its slopes. SciPy's
column is what the same two expressions cost in ``scipy.special`` and NumPy, values only: a function of three
times the kin's work is slower everywhere.
"""

import argparse
import functools
import math
import time

import numpy as np
import scipy.special

import autograd
from autograd import Value

MANY = 1000
LENGTH = 20_000
ROUNDS = 12
BOUND = 1.5
ABOVE_ZERO, UNIT, BOTH_SIDES, BEYOND_ONE = (0.1, 20.0), (0.01, 0.99), (-8.0, 8.0), (1.1, 20.0)
KIN = {
    "degrees(x)": ("2.0 * x", BOTH_SIDES),
    "radians(x)": ("2.0 * x", BOTH_SIDES),
    "fmod(x, y)": ("x % y", ABOVE_ZERO),
    "remainder(x, y)": ("x % y", ABOVE_ZERO),
    "copysign(x, y)": ("maximum(x, y)", BOTH_SIDES),
    "trunc(x)": ("floor(x)", BOTH_SIDES),
    "exp2(x)": ("exp(x)", BOTH_SIDES),
    "exp10(x)": ("exp(x)", BOTH_SIDES),
    "logit(x)": ("log(x)", UNIT),
    "xlogy(x, y)": ("x * log(y)", ABOVE_ZERO),
    "xlog1py(x, y)": ("x * log1p(y)", ABOVE_ZERO),
    "entr(x)": ("x * log(x)", ABOVE_ZERO),
    "rel_entr(x, y)": ("x * log(x / y)", ABOVE_ZERO),
    "kl_div(x, y)": ("x * log(x / y)", ABOVE_ZERO),
    "log1pmx(x)": ("log1p(x) - x", ABOVE_ZERO),
    "log1psq(x)": ("log1p(x * x)", ABOVE_ZERO),
    "log1mexp(-x)": ("log1p(-exp(-x))", ABOVE_ZERO),
    "logexpm1(x)": ("log(expm1(x))", ABOVE_ZERO),
    "logsubexp(x, y)": ("logaddexp(x, y)", ABOVE_ZERO),
    "sinc(x)": ("sin(x)", BOTH_SIDES),
    "sinpi(x)": ("sin(x)", BOTH_SIDES),
    "cospi(x)": ("cos(x)", BOTH_SIDES),
    "sind(x)": ("sin(x)", BOTH_SIDES),
    "tand(x)": ("tan(x)", BOTH_SIDES),
    "cbrt(x)": ("exp(x)", BOTH_SIDES),
    "sec(x)": ("cos(x)", BOTH_SIDES),
    "cot(x)": ("tan(x)", ABOVE_ZERO),
    "sech(x)": ("cosh(x)", BOTH_SIDES),
    "coth(x)": ("tanh(x)", ABOVE_ZERO),
    "asec(x)": ("acos(1 / x)", BEYOND_ONE),
    "acot(x)": ("atan(x)", ABOVE_ZERO),
    "asech(x)": ("acosh(1 / x)", UNIT),
    "acsch(x)": ("asinh(1 / x)", ABOVE_ZERO),
    "acoth(x)": ("atanh(1 / x)", BEYOND_ONE),
    "erfinv(x)": ("erf(x)", UNIT),
    "erfcinv(x)": ("erfc(x)", UNIT),
    "normal_quantile(x)": ("normal_cdf(x)", UNIT),
    "erfcx(x)": ("erfc(x)", ABOVE_ZERO),
    "erfi(x)": ("erf(x)", UNIT),
    "dawsn(x)": ("erf(x)", BOTH_SIDES),
    "gamma(x)": ("lgamma(x)", ABOVE_ZERO),
    "digamma(x)": ("lgamma(x)", ABOVE_ZERO),
    "trigamma(x)": ("digamma(x)", ABOVE_ZERO),
    "polygamma(2, x)": ("digamma(x)", ABOVE_ZERO),
    "beta(x, y)": ("exp(lgamma(x) + lgamma(y) - lgamma(x + y))", ABOVE_ZERO),
    "betaln(x, y)": ("lgamma(x) + lgamma(y) - lgamma(x + y)", ABOVE_ZERO),
    "gammainc(2, x)": ("exp(lgamma(x))", ABOVE_ZERO),
    "gammaincc(2, x)": ("gammainc(2, x)", ABOVE_ZERO),
    "betainc(2, 3, x)": ("gammainc(2, x)", UNIT),
    "betainc(20, 30, x)": ("gammainc(20, 50 * x)", UNIT),
    "expn(1, x)": ("gammaincc(0.5, x)", ABOVE_ZERO),
    "j0(x)": ("sin(x)", ABOVE_ZERO),
    "j1(x)": ("j0(x)", ABOVE_ZERO),
    "jn(2, x)": ("j0(x)", ABOVE_ZERO),
    "y0(x)": ("j0(x)", ABOVE_ZERO),
    "y1(x)": ("j1(x)", ABOVE_ZERO),
    "i0(x)": ("j0(x)", ABOVE_ZERO),
    "i1(x)": ("i0(x)", ABOVE_ZERO),
    "i0e(x)": ("i0(x)", ABOVE_ZERO),
    "i1e(x)": ("i1(x)", ABOVE_ZERO),
    "kn(1, x)": ("i1(x)", ABOVE_ZERO),
}
"""The functions, their kin, and between which numbers the operands are."""
HERE = vars(autograd)
THERE = vars(np) | vars(scipy.special) | {
    "lgamma": scipy.special.gammaln, "tand": scipy.special.tandg, "sind": scipy.special.sindg,
    "normal_cdf": scipy.special.ndtr, "normal_quantile": scipy.special.ndtri, "acos": np.arccos,
    "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
}  # fmt: skip
"""SciPy's functions by the names that these have here."""
PROGRAMS = tuple(f"{backend}{what}" for backend in ("c", "numpy", "xla") for what in ("", ", with slopes"))
COLUMNS = ("C", "C, backward", *PROGRAMS, "SciPy")


def operands(expression, bounds, count):
    """Return as many numbers for each operand that an expression has."""
    rng = np.random.default_rng(1)
    return [rng.uniform(*bounds, count) for name in "xy" if name in names(expression)]


@functools.lru_cache
def names(expression):
    """Return the names that an expression reads."""
    return compile(expression, "kin", "eval").co_names


def function(expression, space, given):
    """Return an expression as a function of its operands, of which there are so many."""
    return eval(f"lambda {', '.join('xy'[:given])}: {expression}", dict(space))


def eager(expression, points):
    """Return a round of calls on nodes, and a backward pass over them."""
    call = function(expression, HERE, len(points))
    rows = [tuple(map(Value, row)) for row in zip(*(p[:MANY].tolist() for p in points), strict=True)]

    def values():
        for row in rows:
            call(*row)

    return [values, autograd.sum([call(*row) for row in rows]).backward]


def compiled(expression, points, backend):
    """Return calls of the compiled value, and of the compiled value with its slopes."""
    call = function(expression, HERE, len(points))
    every = autograd.value_and_grad(call, argnums=tuple(range(len(points))))
    programs = [autograd.compile(f, batch=True, backend=backend) for f in (call, every)]
    return [functools.partial(program, *points) for program in programs]


def elsewhere(expression, points):
    """Return a call of SciPy's function, if there is one."""
    if not all(name in THERE or name in ("x", "y") for name in names(expression)):
        return []
    return [functools.partial(function(expression, THERE, len(points)), *points)]


def works(expression, points, columns):
    """Yield what there is to time of an expression, by its column."""
    if columns & set(COLUMNS[:2]):
        yield from zip(COLUMNS, eager(expression, points), strict=False)
    for backend in ("c", "numpy", "xla"):
        if any(column.startswith(backend) for column in columns):
            for what, work in zip(("", ", with slopes"), compiled(expression, points, backend), strict=True):
                yield f"{backend}{what}", work
    for work in elsewhere(expression, points):
        yield "SciPy", work


def least(pair, seconds=0.002):
    """Return the least time a call of each of two takes, which are called by turns."""
    counts, best = [], [math.inf, math.inf]
    for work in pair:
        work()
        start = time.process_time()
        work()
        counts.append(max(1, int(seconds / (time.process_time() - start))))
    for _ in range(ROUNDS):
        for i, (work, count) in enumerate(zip(pair, counts, strict=True)):
            start = time.process_time()
            for _ in range(count):
                work()
            best[i] = min(best[i], (time.process_time() - start) / count)
    return best


def measured(expression, columns):
    """Return of each column the times for a number, in nanoseconds, of a function and of its kin."""
    kin, bounds = KIN[expression]
    points = operands(expression, bounds, LENGTH)
    found = {}
    with np.errstate(all="ignore"):
        pairs = [dict(works(text, points, columns)) for text in (expression, kin)]
        for column in columns & pairs[0].keys() & pairs[1].keys():
            share = MANY if column in COLUMNS[:2] else LENGTH
            found[column] = [t / share * 1e9 for t in least([pair[column] for pair in pairs])]
    return found


def entry(times):
    """Return a cell: the ratio, in bold where it is beyond the bound, and the two times."""
    if times is None:
        return ""
    ratio = f"{times[0] / times[1]:.2f}"
    shown = [f"{t:,.1f}" if t < 100 else f"{t:,.0f}" for t in times]
    return f"{f'**{ratio}**' if times[0] > BOUND * times[1] else ratio} ({' : '.join(shown)})"


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="functions whose names are among these words", nargs="*", default=[])
    parser.add_argument("--columns", help="|".join(COLUMNS), nargs="*", default=COLUMNS)
    options = parser.parse_args()
    columns = [column for column in COLUMNS if column in options.columns]
    print("Ratios of times, and in brackets the times for a number in nanoseconds: function : kin.")
    print(f"| function | kin | {' | '.join(columns)} |")
    print(f"|{'---|' * (len(columns) + 2)}")
    for expression, (kin, _) in KIN.items():
        if options.only and expression.partition("(")[0] not in options.only:
            continue
        found = measured(expression, set(columns))
        cells = [entry(found.get(column)) for column in columns]
        print(f"| `{expression}` | `{kin}` | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
