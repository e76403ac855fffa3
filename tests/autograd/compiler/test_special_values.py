"""Every row on every backend at special values: NaN, infinities, zeros, kinks, ties, the ends of the range.

A program whose result is not finite is evaluated again by the engine, which would hide what a backend makes
of a number that is not finite. So the programs here return finite probes of their numbers.
"""

import itertools
import math
import shutil

import pytest

import autograd
from autograd import Value, ops
from autograd.compiler import compile
from autograd.op import ANY

INF, NAN = math.inf, math.nan
BACKENDS = ["numpy", "python", "auto", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]
LARGEST = 1.7976931348623157e308
ONE = [
    NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 6.0, -6.0, 2.5, 5e-324, -1e-310, 1e308, -1e308,
    1e-8, 40.0, -40.0, 700.0, -700.0, 800.0, -800.0,
]  # fmt: skip
TWO = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.0, -2.5, 1e-300, 1e308]
THREE = [NAN, INF, 0.0, -0.0, 1.0, -2.0]
CONSTANTS = {
    "leaky_relu": [(0.01,), (-0.5,)], "clamp": [(-1.0, 2.0), (0.0, 6.0), (NAN, 1.0), (0.0, NAN)],
    "elu": [(1.0,), (0.5,)], "round": [(0.0,), (1.0,)],
    "power": [(2.0,), (3.0,), (0.5,), (-1.0,), (-2.0,), (1.5,), (0.0,), (1.0,), (-0.5,), (-1.5,)],
    "step": [(0.0,), (0.5,), (1.0,)], "monomial": [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)],
}  # fmt: skip
ROWS = [(op, c) for name, op in ops.TABLE.items() for c in CONSTANTS.get(name, [tuple(op.params.values())])]
# Their exponentials are taken relative to the largest operand: that of an infinite one is NaN, which the
# engine settles.
RELATIVE = ("logaddexp", "logsumexp", "softmax", "log_softmax")
PIECEWISE = (
    "step", "relu", "leaky_relu", "relu6", "hardtanh", "clamp", "abs", "sign", "floor", "ceil", "round",
    "maximum", "minimum", "where", "max", "min", "greater", "greater_equal", "less", "less_equal", "equal",
)  # fmt: skip


def operands_of(op):
    count = 2 if op.arity == ANY else op.arity
    return list(itertools.product({1: ONE, 2: TWO, 3: THREE}[count], repeat=count))


def numbers(op, constants, xs):
    """Return a row's value and its partial derivatives."""
    y = op(*xs, **dict(zip(op.params, constants, strict=True)))
    return [y, *op.partials(y, *xs, *constants)[: len(xs)]]


def probe(y):
    """Return finite numbers that tell what y is: NaN or not, its sign, and its value where that is finite."""
    return [
        ops.equal(y, y),
        ops.greater(y, 0.0),
        ops.less(y, 0.0),
        ops.where(ops.less_equal(ops.abs(y), LARGEST), y, 7.0),
    ]


def probes(op, constants, xs):
    return [p for y in numbers(op, constants, xs) for p in probe(y)]


def differs(op, got, want):
    """Tell whether four probes differ from what the engine says."""
    if want[0] == 1.0 and abs(want[3]) < 1e-305 and want[3] != got[3]:
        return not abs(got[3]) < 1e-305  # the least of numbers may be zero
    tolerance = 0.0 if op.name in PIECEWISE else 1e-12
    if got[0] == 0.0 and want[0] == 1.0 and not math.isfinite(want[3]):
        return False
    return got[:3] != want[:3] or not abs(got[3] - want[3]) <= tolerance * abs(want[3])


def eager(op, constants, xs):
    return [float(p) for p in probes(op, constants, [Value(x) for x in xs])]


def faults(op, constants, table, got):
    out = []
    for xs, row in zip(table, got, strict=True):
        want = eager(op, constants, xs)
        for k in range(0, len(want), 4):
            unsettled = row[k] == 0.0 and want[k] == 1.0  # a NaN too many: the engine has the last word
            if not (unsettled and op.name not in PIECEWISE) and differs(op, row[k : k + 4], want[k : k + 4]):
                out.append(
                    (
                        op.name,
                        constants,
                        xs,
                        "value" if k == 0 else f"partial {k // 4 - 1}",
                        row[k : k + 4],
                        want[k : k + 4],
                    )
                )
    return out


def check(rows, backend):
    tables = [operands_of(op) for op, _ in rows]
    program = compile(
        lambda *given: [[probes(op, c, xs) for xs in x] for (op, c), x in zip(rows, given, strict=True)],
        backend=backend,
    )
    got = program(*tables)
    found = [
        fault
        for (op, c), table, mine in zip(rows, tables, got, strict=True)
        for fault in faults(op, c, table, mine)
    ]
    assert not found, "\n".join(map(str, found[:20]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].name}{list(row[1]) if row[1] else ''}")
def test_no_nan_gets_lost_in_a_row(row):
    check([row], "numpy")
    check([row], "python")


@pytest.mark.skipif("c" not in BACKENDS, reason="no C compiler")
@pytest.mark.parametrize("count", [1, 2, 3, ANY])
def test_no_nan_gets_lost_in_c(count):
    check([row for row in ROWS if row[0].arity == count and row[0].name != "monomial"], "c")


@pytest.mark.skipif("c" not in BACKENDS, reason="no C compiler")
def test_no_nan_gets_lost_in_a_power_in_c():
    check([(ops.monomial, c) for c in CONSTANTS["monomial"]], "c")


@pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=[pytest.mark.slow] * (name in ("c", "auto"))) for name in BACKENDS]
)
@pytest.mark.filterwarnings("ignore:32 calls of a compiled function:RuntimeWarning")
def test_no_nan_gets_lost_in_lanes(backend):
    rows = [(op, c) for op, c in ROWS if op.arity == 1]
    weights = [Value(0.0) for row in rows for _ in range(8)]
    step = compile(
        lambda x: sum(
            w * p for w, p in zip(weights, (p for op, c in rows for p in probes(op, c, [x])), strict=True)
        ),
        weights, batch=True, backend=backend,
    )  # fmt: skip
    found = []
    for k, x in enumerate(ONE):
        _, got = step.value_and_grad([x] * (4 if k % 2 else 8))
        for i, (op, c) in enumerate(rows):
            found += faults(op, c, [(x,)], [list(got[8 * i : 8 * i + 8])])
    assert not found, "\n".join(map(str, found[:20]))


SWALLOWED = {
    "relu": lambda w: w.relu(), "relu6": ops.relu6, "hardtanh": ops.hardtanh,
    "leaky_relu": lambda w: w.leaky_relu(), "elu": lambda w: w.elu(),
    "clamp": lambda w: autograd.clamp(w, -1.0, 1.0), "maximum": lambda w: autograd.maximum(w, 0.5),
    "minimum": lambda w: autograd.minimum(0.5, w), "abs": abs, "max": lambda w: autograd.max([w, 0.5]),
    "min": lambda w: autograd.min([w, 0.5, 2.0]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("backend", "names"),
    [
        *itertools.product([b for b in BACKENDS if b != "c"], [[name] for name in SWALLOWED]),
        *([("c", [*SWALLOWED])] if "c" in BACKENDS else []),  # one program, since a compiler takes its time
    ],
)
def test_the_gradient_of_nan_is_nan_even_where_the_loss_is_a_number(backend, names):
    weights = [Value(NAN, f"w{i}") for i in range(len(names))]

    def swallowed(*ws):
        numbers = [SWALLOWED[name](w) for name, w in zip(names, ws, strict=True)]
        return autograd.sum([autograd.pow(1.0, x) for x in numbers])  # IEEE: one to any power is one

    swallowed(*weights).backward()
    want = [math.isnan(w.grad) for w in weights]
    for w in weights:
        w.grad = 0.0
    value, got = compile(lambda: swallowed(*weights), weights, backend=backend).value_and_grad()
    _, lanes = compile(
        lambda x: swallowed(*weights) * x, weights, batch=True, backend=backend
    ).value_and_grad([1.0] * 9)
    assert value == len(names)
    assert [*map(math.isnan, got)] == [*map(math.isnan, lanes)] == want

    def plain(ws):
        return autograd.sum([SWALLOWED[name](w) for name, w in zip(names, ws, strict=True)])

    assert all(map(math.isnan, compile(autograd.grad(plain), backend=backend)([NAN] * len(names))))


def test_a_bound_that_is_not_a_number_makes_clamp_so():
    for low, high in ((NAN, 1.0), (0.0, NAN), (NAN, NAN)):
        assert all(math.isnan(autograd.clamp(x, low, high)) for x in (2.5, -1.0, 0.5, INF, NAN))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "f",
    [
        autograd.floor,
        autograd.ceil,
        autograd.round,
        autograd.sign,
        lambda p: p // 2.0,
        lambda p: ops.step(p, 0.0),
    ],
)
def test_a_slope_that_is_not_a_number_is_lost_by_no_step(backend, f):
    p, q = Value(NAN), Value(NAN)
    step = compile(lambda: f(p) + 0.0, [p], backend=backend)
    assert math.isnan(step())
    (f(q) + 0.0).backward()
    assert math.isnan(p.grad)
    assert math.isnan(q.grad)
    p.data, p.grad = 2.5, None
    step()
    assert p.grad is None


@pytest.mark.parametrize("name", ["log2mexp", "log2mexp_slope"])
def test_what_is_beside_log_2_keeps_its_digits(name):
    op, leaf, other = ops.TABLE[name], Value(0.25), Value(0.25)
    program = compile(lambda: op(leaf), [leaf], backend="numpy")
    for x in (0.6931471805598, 0.69314717, 0.3, -700.0):
        for v in (leaf, other):
            v.data, v.grad = x, 0.0
        y = op(other)
        y.backward()
        assert [float(program()), leaf.grad] == pytest.approx([y.data, other.grad], rel=1e-15)
