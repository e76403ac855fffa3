"""Programs in C of which some or all statements are numbers that a short text reads."""

import ctypes
import math
import random

import numpy as np
import pytest
from benchmarks.textbook import PROGRAMS

import autograd
import nn
from autograd import Value
from autograd.compiler.backends.c import emit, listed, toolchain
from autograd.compiler.backends.c.bind import FLAGS, LEVEL
from autograd.compiler.backends.c.spelling import PRELUDE

pytestmark = pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")


def mixed(count, seed=1):
    """A function without any repetition: each operation is of numbers drawn among the last sixty."""
    rng = random.Random(seed)
    plan = [(*[rng.randrange(n) for n in (6, 60, 60)], rng.uniform(0.5, 1.5)) for _ in range(count)]
    rules = [
        lambda a, b, c: a * b * 0.3 + c,
        lambda a, b, c: a - b * c,
        lambda a, b, c: a.tanh(),
        lambda a, b, c: (a * a + 1.0).sqrt() + b,
        lambda a, b, c: a / (b * b + c),
        lambda a, b, c: autograd.maximum(a, b),
    ]

    def f(*xs):
        made = list(xs)
        for rule, i, j, c in plan:
            made.append(rules[rule](made[-1 - i % len(made)], made[-1 - j % len(made)], c))
        return sum(made[-20:], Value(0.0))

    return f


def recurrence(*xs):
    """Thirty rounds of a loop, in which four numbers of three kinds change."""
    a, b, c, d = xs[:4]
    for k in range(30):
        a, b = a * 0.9 + b * c, (a * d).sin() + 0.1 * b
        c, d = c + a * 0.01, autograd.maximum(d, b * 0.5) + 0.125 * (k % 3)
    return a + b * c + d


def warping(*xs):
    """Soft dynamic time warping of two sequences, and the smallest of all sums on the way."""
    half = len(xs) // 2
    rows = [[0.0] + [5.0] * half]
    for x in xs[:half]:
        row = [5.0]
        for j, y in enumerate(xs[half:]):
            ways = [rows[-1][j], rows[-1][j + 1], row[j]]
            row.append((x - y) ** 2 - autograd.logsumexp([-1.0 * way for way in ways]))
        rows.append(row)
    return rows[-1][-1] + autograd.min([autograd.sum(row[1:]) * 0.25 for row in rows[1:]])


def merge_sort(*xs):
    """A network of comparisons, Batcher's."""
    made, size = list(xs), 2
    while size <= len(made):
        half = size // 2
        while half:
            for i in range(len(made)):
                if (j := i ^ half) > i:
                    low, high = autograd.minimum(made[i], made[j]), made[i] * 0.5 + made[j].tanh()
                    made[i], made[j] = (low, high) if not i & size else (high, low)
            half //= 2
        size *= 2
    return sum([x * (k + 1.0) for k, x in enumerate(made)], Value(0.0))


def gradients_of(f, params, backend, *data, **options):
    for p in params:
        p.grad = 0.0
    step = autograd.compile(f, params, backend=backend, **options)
    assert not data or options
    return float(step(*data)), [p.grad for p in params], step


def example(name):
    """The parameters, what is compiled, and its data."""
    if name == "network":
        model = nn.MLP(2, [3, 3], rng=0)
        data = [[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5], [0.1, 0.2], [1.0, -0.3]], [0, 2, 1, 1, 0]
        params = model.parameters()
        return params, lambda x, y: nn.losses.cross_entropy(model(x), y), data, {"batch": True}
    if name == "warping":
        params = [Value(0.3 * i - 0.07 * i * i) for i in range(12)]
        return params, lambda: warping(*params), (), {}
    if name == "network for sorting":
        params = [Value(0.3 * i - 0.07 * i * i) for i in range(16)]
        return params, lambda: merge_sort(*params), (), {}
    params = [Value(0.1 * i + 0.05) for i in range(6)]
    f = mixed(40)
    return params, lambda: f(*params) + recurrence(*params), (), {}


@pytest.mark.parametrize("name", ["network", "warping", "network for sorting", "mixture and loop"])
def test_a_program_of_which_all_statements_are_listed_computes_the_same(name, monkeypatch):
    params, f, data, options = example(name)
    value, gradients, _ = gradients_of(f, params, "python", *data, **options)
    monkeypatch.setattr(emit, "TEXT", 0)
    monkeypatch.setattr(listed, "SHORT", 0)
    got, others, step = gradients_of(f, params, "c", *data, **options)
    assert step.report()["backend"] == "c"
    assert [got, *others] == pytest.approx([value, *gradients], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("text", "moves"), [(0, False), (math.inf, True)])
def test_loops_whose_bounds_move_are_written_out_where_they_are_listed(text, moves, monkeypatch):
    found, made = [], emit.brief
    monkeypatch.setattr(emit, "TEXT", text)
    monkeypatch.setattr(
        "autograd.compiler.backends.c.bind.brief", lambda p: found.append(made(p)) or found[0]
    )
    f, ((size,),) = PROGRAMS["pascal"](7)
    params = [Value(0.1 * k + 0.3) for k in range(size)]
    gradients_of(lambda: autograd.sum([x * x for x in f(params)]), params, "c")
    assert bool(listed.SLANTED.search(found[0].text)) == moves


def test_a_program_of_any_length_has_a_text_of_bounded_length(monkeypatch):
    lengths, made = [], emit.brief
    monkeypatch.setattr("autograd.compiler.backends.c.bind.brief", lambda program: seen(made(program)))
    monkeypatch.setattr(emit, "TEXT", 2000)

    def seen(brief):
        assert brief.length > emit.TEXT
        lengths.append(len(brief.text))
        raise toolchain.CompilationError("that is enough")

    for count in (100, 400):
        params = [Value(0.1 * i + 0.05) for i in range(6)]
        f = mixed(count)
        with pytest.raises(toolchain.CompilationError):
            autograd.compile(lambda f=f, params=params: f(*params), params, backend="c")()
    assert lengths[1] < 1.5 * lengths[0]


def test_words_keep_whole_numbers_and_constants_to_the_bit():
    texts = [
        "    { s[7] = (-0.1) * s[3] * s[4]; }", "    { s[9] = (-1e-300) * s[12] * s[4]; }",
        "    { s[1099511627776] = (-5e-324) * s[3] * s[4]; }",
    ]  # fmt: skip
    table = listed.Listed(5, 0)
    lines = [listed.Lines(1, [text], 1.0) for text in texts]
    table.choose(lines)
    functions = []
    (call,) = table.statements("before", {}, lines, functions)
    words = table.numbers()
    assert len(functions) == 2 and call == "    list_of_before(s, (const Word *)s + 5, 15, 0);"
    assert words.view("int64").reshape(3, 5)[:, [0, 1, 3, 4]].tolist() == [
        [1, 7, 3, 4], [1, 9, 12, 4], [1, 1099511627776, 3, 4],
    ]  # fmt: skip
    assert words[2::5].tolist() == [0.1, 1e-300, 5e-324]


def test_kinds_of_lines_stay_few_as_a_wavefront_grows(monkeypatch):
    counts = []
    for size in (16, 32):
        xs = [Value(0.3 * i - 0.01 * i * i) for i in range(size)]
        step = autograd.compile(lambda xs=xs: warping(*xs), xs, backend="numpy")
        step()
        monkeypatch.setattr(emit, "TEXT", 0)
        text = emit.brief(step._latest[0].program).text
        counts.append(text.count("RARE void before_"))
    assert counts[1] < 1.25 * counts[0] < len(step._latest[0].program.statements) / 5


@pytest.mark.parametrize("level", [(), ("-O2",), LEVEL], ids=" ".join)
def test_zeros_behind_equal_numbers_in_a_table_stay_zeros(level):
    """Which gcc 12 loses for a processor with AVX-512, where it knows a table that is copied."""
    rng = random.Random(0)
    runs = [(rng.choices((0.0, 1.0, 2.5), k=3), rng.choices(range(1, 9), k=3)) for _ in range(60)]
    tables = [np.repeat(*run).tolist() for run in runs]
    known = listed.Listed(1, math.inf)
    names = [known.table(np.array(table)) for table in tables]
    functions = [
        f"void f{k}(double *restrict s) {{ SIMD FOR(i, {len(table)}) s[i] = {name}[i]; }}\n"
        f"void g{k}(double *restrict s) {{ memcpy(s, {name}, {8 * len(table)}); }}"
        for k, (name, table) in enumerate(zip(names, tables, strict=True))
    ]
    source = "\n".join([PRELUDE, known.tables(" ".join(names)), *functions])
    library = toolchain.load(toolchain.build(source, flags=(*FLAGS, *level)))
    for k, table in enumerate(tables):
        for name in "fg":
            copied = (ctypes.c_double * len(table))(*[math.nan] * len(table))
            library[f"{name}{k}"](copied)
            assert list(copied) == table
