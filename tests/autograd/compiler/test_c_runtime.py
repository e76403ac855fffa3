"""Every primitive in C, against the row's own value; where they differ, mpmath decides."""

import ctypes
import itertools
import math
import platform
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import reference

from autograd import Value, compile, ops
from autograd.compiler.backends.c import emit, toolchain
from autograd.compiler.backends.c.spelling import CODE, PRELUDE, spelled
from autograd.compiler.graph.expand import RESULTS

pytestmark = pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")

ROWS = [
    op for op in ops.TABLE.values() if op.name in CODE or not (op.expand or op.terms or op in RESULTS)
]
SPELLED = spelled(ROWS)
FILE = f"{PRELUDE}{SPELLED.text}\n#include <stdio.h>\n"
SPECIAL = (
    0.0,
    1.0,
    0.5,
    2.0,
    3.0,
    5e-324,
    1e-310,
    1e-200,
    709.5,
    745.5,
    1e200,
    1.7976931348623157e308,
    math.inf,
)
SPECIAL = (*SPECIAL, *(-x for x in SPECIAL), math.nan)
FEW = (0.0, -0.0, 1.0, -2.0, 1e200, -1e-200, math.inf, -math.inf, math.nan)
# Others' derivatives, for which 4 ulp are promised rather than 2.
DERIVATIVES = [
    ops.sech_squared, ops.sigmoid_slope, ops.erfinv_slope, ops.erfcinv_slope, ops.normal_quantile_slope,
    ops.polygamma_fall, ops.dawsn_derivative, ops.erfcx_derivative, ops.logerfc_derivative,
    ops.sine_quotient, ops.ellip_derivative,
]  # fmt: skip
# Of which Python knows some values alone.
ASKING = {
    "lgamma": 0.02, "digamma": 0.2, "polygamma": 0.25, "round": 0.11,
    "re_inverse_power": 0.14, "im_inverse_power": 0.14, "beta": 0.03, "betaln": 0.04, "polygamma_fall": 0.01,
    "gammainc": 0.2, "gammaincc": 0.2, "gamma_density": 0.12, "betainc": 0.28, "beta_density": 0.23,
    "beta_derivative": 0.06, "airyai": 0.1, "airybi": 0.1,
}  # fmt: skip
"""And at most how many, most of them at the ends of the range."""
# Loops of these become vector instructions; that is what they are for.
HOT = [
    "relu", "sigmoid", "tanh", "exp", "softplus", "sigmoid_slope", "sech", "sech_squared", "greater", "equal",
    "where", "maximum", "minimum", "clamp", "sign", "abs", "step", "leaky_relu", "restrict", "normal_cdf",
    "exp2", "exp10", "logit", "expm1", "sinh", "cosh", "csch", "log_ratio", "rel_entr", "log1pmx",
    "logexpm1", "erfinv", "erfcinv", "normal_quantile", "erfinv_slope", "normal_quantile_slope",
]  # fmt: skip


def c_name(op):
    return f"loop_{op.name}"


def count_of(op):
    """The number of operands: a direction is a primitive where it has two."""
    return 2 if op.arity == ops.ANY else op.arity


def c_loop(op):
    """A C function that applies a row to n tuples of operands."""
    width = count_of(op) + len(op.params)
    call = SPELLED.calls[op].format(*[f"(x[{i}])" for i in range(width)])
    return f"""void {c_name(op)}(const double *x, double *out, ptrdiff_t n) {{
        for (ptrdiff_t i = 0; i < n; i++, x += {width}) {{
            unknown = 0;
            out[i] = {call};
            if (unknown) out[i] = {ASKED};
        }} }}"""


ASKED = -1234.5
"""What stands for a number that only Python knows."""


def operands_of(op, seed="in C"):
    """Log-uniform points of the row's domain, and edge points in and out of it."""
    rng = random.Random(f"{op.name} {seed}")
    slow = op.name in ("lgamma", "digamma", "polygamma", "re_inverse_power", "im_inverse_power", "monomial")
    count = 300 if slow else 3000
    points = list(reference.points(op, count, seed)) if op.arity != ops.ANY else []
    n = count_of(op)
    if op.arity == ops.ANY:  # a direction: everywhere in the range of doubles, near and far from each other
        for _ in range(count):
            size = rng.randrange(-322, 308)
            xs = [rng.uniform(-1.0, 1.0) * 10.0 ** min(size + rng.randrange(-30, 31), 308) for _ in range(n)]
            points.append((*xs, float(rng.randrange(n))))
    edges = SPECIAL if n == 1 else FEW
    params = reference.PARAMS.get(op.name, [tuple(op.params.values())])
    points += [(*xs, *constants) for xs in itertools.product(edges, repeat=n) for constants in params]
    if n == 1:
        points += [
            (x * 2.0 ** -rng.randrange(3), *constants)
            for x in np.linspace(-40.0, 40.0, 200).tolist()
            for constants in params
        ]
    if op.arity in (2, ops.ANY):  # ties and cancellation
        points += [
            (*[rng.choice((1.5, -1.5, 0.0, 1.5 + 2.0**-52)) for _ in range(n)], *constants)
            for _ in range(40)
            for constants in params
        ]
    return points


# Without a fused product and sum, exact products are made in another way.
STRICT = (*toolchain.STRICT, "-Wno-psabi")  # which tells of vectors wider than the machine's
PLAIN = [pytest.param(("-march=x86-64",), id="plain")] if platform.machine() == "x86_64" else []


@pytest.fixture(scope="module", params=[pytest.param((), id="native"), *PLAIN])
def library(request, once):
    source, flags = "\n".join([FILE, *map(c_loop, ROWS)]), [*STRICT, *request.param]
    once(f"rows-{''.join(request.param)}", lambda _: str(toolchain.build(source, flags=flags))[:0])
    return toolchain.load(toolchain.build(source, flags=flags))  # which is kept


def in_c(library, op, points):
    x = np.array(points)
    out = np.empty(len(x))
    getattr(library, c_name(op))(
        ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(out.ctypes.data), ctypes.c_ssize_t(len(x))
    )
    return out.tolist()


def apart(op, got, want, operands):
    """How many ulp two results are apart, of their largest term where that is larger."""
    if got == want or (got != got and want != want):
        return 0.0
    if not (math.isfinite(got) and math.isfinite(want)):
        return math.inf
    return abs(got - want) / math.ulp(max(abs(want), abs(float(largest_term(op, operands)))))


def largest_term(op, operands):
    """What a result near a root of the function is compared with.

    0 where the row promises digits there too.
    """
    scale = reference.VALUE_SCALE.get(op.name)
    return scale(*map(reference.mp.mpf, operands)) if scale else 0.0


def judged(op, got, operands):
    """Error against the exact value."""
    error = reference.ulps(got, reference.value(op.name, operands), largest_term(op, operands))
    return error / 2.0 if op in DERIVATIVES else error


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_row_in_c_has_the_value_of_the_row(library, op):
    points = operands_of(op)
    left = 0
    for operands, got in zip(points, in_c(library, op, points), strict=True):
        if got == ASKED:
            left += 1
            continue
        want = op.value(*operands)
        if apart(op, got, want, operands) > 2.0:
            assert math.isfinite(got), (operands, got, want)
            assert judged(op, got, operands) <= 2.0, (operands, got, want)
    assert left <= len(points) * ASKING.get(op.name, 0.0), left / len(points)


def test_every_row_is_a_primitive_or_taken_apart():
    assert set(ROWS) == set(SPELLED.calls)
    rest = [op.name for op in ROWS if not (op.expand or op.terms or op in RESULTS)]
    assert set(CODE) - set(rest) == {"direction", "div", "power"}


def test_every_function_of_the_run_time_library_is_reached_from_a_primitive():
    lines = toolchain.resources.files("autograd.compiler.backends.c").joinpath("runtime.h").read_text()
    lines = lines.split("\n")
    bodies = {}
    for i, line in enumerate(lines):
        found = re.match(r"(?:INLINE|RARE)\b[^=;]*?\b(\w+)\([^;]*\{", line)
        if found:
            end = i if line.endswith("}") else lines.index("}", i)
            bodies[found[1]] = "\n".join(lines[i : end + 1])
    assert len(bodies) == len([line for line in lines if re.match(r"INLINE|RARE", line)])
    macros = [line for line in lines if line.startswith("#define")]
    waiting, reached = ["\n".join([*CODE.values(), *macros, FILE, emit.SOUND, emit.TRAIN])], set()
    while waiting:
        called = set(re.findall(r"\b(\w+)\(", waiting.pop())) & set(bodies)
        waiting += [bodies[name] for name in called - reached]
        reached |= called
    assert sorted(set(bodies) - reached) == []


def test_integers_of_a_decimal_rounding(library):
    rng = random.Random("round")
    op = ops.TABLE["round"]
    points = [
        (rng.uniform(-1.0, 1.0) * 10.0 ** rng.randrange(-30, 300), float(rng.randrange(-40, 40)))
        for _ in range(2000)
    ]
    points += (
        [(k / 2.0, 0.0) for k in range(-9, 10)]
        + [(k * 5.0, -1.0) for k in range(-9, 10)]
        + [(k / 8.0, 2.0) for k in range(-40, 40)]
    )
    points += [
        (x, n)
        for x in (1.7976931348623157e308, 5e-324, 0.5, 50.0, 51.0, 499.0, 501.0)
        for n in (-400.0, -308.0, -3.0, -2.0, 322.0, 324.0)
    ]
    for operands, got in zip(points, in_c(library, op, points), strict=True):
        assert got in (op.value(*operands), ASKED), operands


def test_signs_of_zeros(library):
    # A zero's sign decides the sign of an infinity later on.
    for name in (
        "relu",
        "sign",
        "abs",
        "floor",
        "ceil",
        "tanh",
        "sqrt",
        "cbrt",
        "saturate",
        "restrict",
        "elu",
    ):
        op = ops.TABLE[name]
        points = [(x, *op.params.values()) for x in (0.0, -0.0, -5e-324, -math.inf)]
        for operands, got in zip(points, in_c(library, op, points), strict=True):
            want = op.value(*operands)
            assert (got != got and want != want) or math.copysign(1.0, got) == math.copysign(1.0, want), (
                name,
                operands,
            )


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instructions are those of x86-64")
@pytest.mark.parametrize("name", HOT)
def test_loops_of_hot_rows_become_vector_instructions(name):
    op = ops.TABLE[name]
    arguments = ", ".join(f"const double *restrict x{i}" for i in range(op.arity))
    constants = reference.PARAMS.get(op.name, [tuple(op.params.values())])[0]
    call = SPELLED.calls[op].format(*[f"x{i}[i]" for i in range(op.arity)], *map(literal, constants))
    source = f"""{FILE}
        void hot(double *restrict out, {arguments}, ptrdiff_t n) {{
            for (ptrdiff_t i = 0; i < n; i++) out[i] = {call}; }}"""
    compiler = toolchain.find_compiler()
    headers = [f"-I{toolchain.resources.files(package)}" for package in toolchain.HEADERS.values()]
    command = [*compiler.command, *compiler.flags, *STRICT, *headers, "-x", "c", "-", "-S", "-o", "-"]
    assembly = subprocess.run(
        command, input=source, capture_output=True, text=True, check=True, timeout=120
    ).stdout
    # A loop over one number at a time never stores a whole register.
    assert re.search(r"\tv?mov(up[ds]|dqu|dqu64)\s[^\n]*\)\n", assembly)


def literal(x):
    return "NAN" if math.isnan(x) else f"{'-' if x < 0 else ''}INFINITY" if math.isinf(x) else float(x).hex()


def test_every_row_under_the_sanitizers():
    parts = [FILE]
    calls = []
    for op in ROWS:
        points = operands_of(op)
        chosen = random.Random(op.name).sample(points, min(len(points), 150)) + points[-60:]
        flat = ", ".join(literal(x) for xs in chosen for x in xs)
        parts += [c_loop(op), f"static const double x_{op.name}[] = {{{flat}}};"]
        calls.append(
            f"{c_name(op)}(x_{op.name}, out, {len(chosen)}); for (int i = 0; i < {len(chosen)}; i++) count "
            "+= out[i] == out[i];"
        )
    main = (
        "int main(void) { static double out[1000]; long count = 0; "
        + "\n".join(calls)
        + ' printf("%ld\\n", count); return 0; }'
    )
    program = toolchain.build("\n".join([*parts, main]), sanitize=True, executable=True, flags=STRICT)
    result = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")
    assert int(result.stdout) > 50 * len(ROWS)


WITH_LISTS = [ops.digamma, ops.polygamma, ops.monomial]  # which need memory beyond a few numbers


def test_functions_that_make_lists_may_run_in_several_threads(library):
    points = {op: [xs for xs in operands_of(op) if xs[0] == xs[0]][:200] * 20 for op in WITH_LISTS}
    wanted = {op: in_c(library, op, xs) for op, xs in points.items()}
    with ThreadPoolExecutor(6) as pool:
        found = [(op, pool.submit(in_c, library, op, points[op])) for op in WITH_LISTS * 4]
    for op, made in found:
        np.testing.assert_array_equal(made.result(), wanted[op])


@pytest.mark.parametrize("op", [ops.lgamma, ops.digamma, ops.round], ids=lambda op: op.name)
def test_a_number_that_only_python_knows_makes_the_engine_evaluate(library, op):
    points = [xs for xs in operands_of(op) if abs(xs[0]) < 1e80]
    points += [(x, 2.0) for x in (45035996273704.97, 1e15 / 7.0)] if op is ops.round else []
    asked = [xs for xs, got in zip(points, in_c(library, op, points), strict=True) if got == ASKED]
    assert asked
    w = Value(1.0, "w")
    for x, *constants in asked[:3]:
        step = compile(lambda x, constants=constants: op(w * x, *constants), [w], backend="c")
        assert step(x) == op.value(x, *constants)
        assert step.report()["left to the engine"] != "nothing"


def test_a_program_holds_the_translation_of_its_rows_alone():
    w = Value(1.5, "w")
    step = compile(lambda: ops.lgamma(w), [w], backend="c")
    step()
    assert "py_lgamma" in step.c_source
    assert "py_polygamma" in step.c_source  # since digamma is its derivative, and that asks for it below zero
    assert "py_normal_cdf" not in step.c_source
    assert "arithmetic.h" not in compile(lambda: w * w, [w], backend="c").c_source


def test_lanes_of_any_count_are_summed_once_each_though_they_fill_no_block() -> None:
    w = [Value(0.5), Value(-1.5), Value(2.0)]
    step = compile(
        lambda x: (w[0] + w[1] * x + w[2] * x * x).tanh(), w, batch=True, reduction="sum", backend="c"
    )
    for count in (*range(1, 18), 31, 32, 33):
        x = np.random.default_rng(count).normal(size=count)
        y = np.tanh(0.5 - 1.5 * x + 2.0 * x * x)
        value, gradient = step.value_and_grad(x)
        assert value == pytest.approx(y.sum(), rel=1e-12, abs=1e-12)
        wanted = [((1.0 - y * y) * x**k).sum() for k in range(3)]
        np.testing.assert_allclose(gradient, wanted, rtol=1e-12, atol=1e-12)
