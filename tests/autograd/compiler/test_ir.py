"""The representation, its verifier, and the passes one by one."""

import random
import subprocess
import warnings
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from benchmarks.rolled_systems import SYSTEMS, chain, rnn, two_layer
from hypothesis import given
from hypothesis import strategies as st
from interpret import interpret

import autograd
from autograd import Value
from autograd.compiler import choose, compile, structure
from autograd.compiler.backends import AT_ONCE
from autograd.compiler.backends.c import backend, bind, toolchain
from autograd.compiler.backends.c.emit import c_program
from autograd.compiler.graph import counting, ir, schedule, simplify
from autograd.compiler.graph.ir import ARITY, CONST, FIRST_ROW, INPUT, LANE, ONE, PARAM, SOP, Terms
from autograd.compiler.graph.lookups import SCATTER
from autograd.compiler.record import trace
from autograd.compiler.roll import affine, cells, rolled
from autograd.compiler.roll.affine import compress, nest, slanted
from autograd.compiler.roll.program import LANES
from autograd.compiler.roll.verify import verify, verify_graph
from autograd.op import TABLE

needs_compiler = pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(-9, 9), st.integers(-9, 9)), max_size=4))
def test_nest_reproduces_the_addresses(loops):
    first, second = np.zeros(1, np.int64), np.zeros(1, np.int64)
    for size, s, t in loops:
        first = (first[:, None] + s * np.arange(size)).ravel()
        second = (second[:, None] + t * np.arange(size)).ravel()
    found = nest(np.stack([first, second]))
    if found is not None:
        sizes, strides = found
        for column, steps in zip((first, second), strides, strict=True):
            again = np.zeros(1, np.int64)
            for size, step in zip(sizes, steps, strict=True):
                again = (again[:, None] + step * np.arange(size)).ravel()
            assert (again == column).all()


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=12))
def test_nest_never_misreads(addresses):
    found = nest(np.array([addresses]))
    if found is not None:
        sizes, strides = found
        again = np.zeros(1, np.int64)
        for size, step in zip(sizes, strides[0], strict=True):
            again = (again[:, None] + step * np.arange(size)).ravel()
        assert (again + addresses[0]).tolist() == addresses


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(-9, 9)), max_size=4), st.integers(0, 99), st.booleans()
)
def test_loops_in_few_addresses_are_those_found_in_many(loops, odd, triangular):
    column = np.zeros(1, np.int64)
    for size, step in loops:
        column = (column[:, None] + step * np.arange(size)).ravel()
    if triangular:
        column = np.concatenate(
            [column + 40 * i + np.arange(len(column)) % (i + 1) for i in range(odd % 7 + 1)]
        )
    column[odd % len(column)] += odd % 3 == 0
    columns = np.stack([column, np.arange(len(column))])
    few = nest(columns), slanted(columns)
    with patch.multiple(affine, engine=None, SMALL=0):
        many = nest(columns), slanted(columns)
    for one, other in zip(few, many, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert repr(one[0]) == repr(other[0])
            assert np.array_equal(one[1], other[1])


@given(st.lists(st.integers(-9, 9), min_size=12, max_size=12), st.permutations(range(6)), st.booleans())
def test_a_nest_of_rows_in_an_order_is_that_of_the_addresses_in_it(addresses, order, even):
    rows = np.arange(12).reshape(6, 2) * 3 if even else np.array(addresses).reshape(6, 2)
    order, results = np.array(sorted(order) if even else order), np.arange(6)
    found = nest([results, rows, rows[:, ::-1]], order, 2)
    assert found == nest([np.repeat(results, 2), rows[order].ravel(), rows[order, ::-1].ravel()])
    with patch.object(affine, "engine", None):
        assert found == nest([results, rows, rows[:, ::-1]], order, 2)


@pytest.mark.skipif(affine.engine is None, reason="not built")
def test_columns_of_other_lengths_than_the_order_are_refused():
    with pytest.raises(ValueError, match="no columns of addresses"):
        nest([np.arange(3), np.arange(4)])
    with pytest.raises(ValueError, match="no columns of addresses"):
        nest([np.arange(2), np.arange(4)], np.array([0, 2]), 2)
    with pytest.raises(ValueError, match="no columns of addresses"):
        nest([])


def test_compress_keeps_the_numbers():
    table = np.arange(6.0).reshape(1, 2, 3) * np.ones((4, 1, 1))
    assert compress(table).shape == (1, 2, 3)
    assert (np.broadcast_to(compress(table), table.shape) == table).all()


def small_step(seed=0, **options):
    rng = random.Random(seed)
    w = [[Value(rng.gauss(0, 1), f"w[{i}][{j}]") for j in range(3)] for i in range(4)]

    def loss(x, y):
        h = [autograd.dot(row, x).tanh() for row in w]
        return autograd.sum([(a - y).square() for a in h]) + autograd.max(h) * autograd.where(
            h[0] > h[1], h[0], h[2]
        )

    step = compile(loss, [v for row in w for v in row], batch=True, backend="numpy", **options)
    data = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(5)], [rng.gauss(0, 1) for _ in range(5)]
    return step, data


def test_every_backend_computes_what_the_interpreter_says():
    step, data = small_step()
    structure, engine = step._prepare(data)
    engine.attempt([p.data for p in step._params])
    graph, program = structure.source.graph, structure.program
    leaves = {}
    for node in np.flatnonzero((graph.kind == PARAM) | (graph.kind == INPUT) | (graph.kind == LANE)).tolist():
        at = int(program.address[node])
        leaves[node] = engine.rows[at - LANES].copy() if at >= LANES else float(engine.shared[at])
    values = interpret(graph, leaves, engine.lanes)
    for s in program.statements:
        for node in s.nodes.tolist():
            at = int(program.address[node])
            got = engine.rows[at - LANES] if at >= LANES else engine.shared[at]
            np.testing.assert_allclose(got, values[node], rtol=1e-12, atol=1e-14)


def damaged(change):
    step, data = small_step()
    program = step._prepare(data)[0].program
    change(program)
    return program


@pytest.mark.parametrize("change", [
    lambda p: p.statements.reverse(),
    lambda p: p.statements.pop(2),
    lambda p: p.statements.append(p.statements[0]),
    lambda p: setattr(p.statements[0].parts[0].a, "base", p.statements[0].parts[0].a.base + 1),
    lambda p: setattr(p.statements[0].parts[0], "coef", 2.0),
    lambda p: p.statements[0].parts.pop(),
    lambda p: setattr(next(s for s in p.statements if s.op).operands[0], "base", LANES),
    lambda p: setattr(next(q for s in p.statements for q in s.parts if q.over), "over", False),
    lambda p: p.address.__setitem__(int(p.statements[1].nodes[0]), int(p.address[p.statements[0].nodes[0]])),
])  # fmt: skip
def test_the_verifier_sees_damage(change):
    with pytest.raises(AssertionError, match="not sound"):
        verify(damaged(change))


def test_keys_of_three_nodes_do_not_overflow_where_numbers_have_32_bits():
    graph = small_step()[0]._prepare(small_step()[1])[0].source.graph
    n = 65_536  # whose square is 0 in 32 bits
    short = [np.array(x, np.int32) for x in ([5, 6], [1, 1], [2, 2])]
    terms = Terms(short[0], np.ones(2), short[1], short[2], np.zeros(2, bool))
    large = replace(
        graph, kind=np.full(n, SOP, np.int16), value=np.zeros(n), args=np.full((n, ARITY), -1, np.int32),
        primal=np.full(n, -1, np.int32), terms=terms,
    )  # fmt: skip
    assert len(simplify.merge_equal(large).terms) == 2
    assert large.args.dtype == large.primal.dtype == np.int64


def test_the_verifier_sees_damaged_graphs():
    step, data = small_step()
    graph = step._prepare(data)[0].source.graph
    verify_graph(graph)
    for bad in (
        replace(graph, value=graph.value + 1.0),
        replace(graph, args=np.roll(graph.args, 1, axis=0)),
        replace(graph, args=graph.args + graph.size),
    ):
        with pytest.raises(AssertionError, match="not sound"):
            verify_graph(bad)
    cycle = graph.terms.copy()
    cycle.a[:] = cycle.node
    with pytest.raises(ValueError, match="cycle"):
        verify_graph(replace(graph, terms=cycle))


def keep(graph, *_):
    return graph


@pytest.mark.parametrize(("module", "name", "instead"), [
    (simplify, "absorb", keep), (simplify, "alias", keep), (simplify, "fuse_equal", keep),
    (simplify, "merge_equal", keep),
    (trace, "adopt", keep),
    (schedule, "_agenda", lambda work, level, sig, *_: schedule._by_level(work, level, sig)),
    (schedule, "_late_levels", lambda graph, level, *_: level), (cells, "pieces", lambda c: [c]),
    (cells.Layout, "_by_block", lambda self, group: [group]),
    (cells.Layout, "_orders", lambda self, group, keys: iter([np.argsort(self.pin[group], kind="stable")])),
])  # fmt: skip
def test_any_optimisation_may_be_left_out(monkeypatch, module, name, instead):
    monkeypatch.setattr(module, name, instead)
    monkeypatch.setattr(simplify, "engine", None)
    monkeypatch.setattr(cells, "engine", None)
    for seed in range(3):
        step, data = small_step(seed)
        step.check(*data)
        assert step(*data) == pytest.approx(
            sum(step._f(x, y).data for x, y in zip(*data, strict=True)) / 5, rel=1e-12
        )
    system = SYSTEMS["r4"]()
    step = compile(system.loss, system.params, backend="numpy")
    step.check(*system.data)
    assert step(*system.data) == pytest.approx(system.loss(*system.data).data, rel=1e-12)


@needs_compiler
@pytest.mark.slow
def test_programs_in_c_are_clean_under_the_sanitizers():
    main = r"""
    #include <stdlib.h>
    int main(void) {
        double *s = calloc(%d, sizeof(double)), *lanes = calloc(%d, sizeof(double)), losses[3];
        if (!s || !lanes) return 2;
        for (long i = 0; i < %d; i++) s[i] = 0.01 * (double)(i %% 17) - 0.05;
        for (long i = 0; i < %d; i++) lanes[i] = 0.1 * (double)(i %% 7);
        run(s, lanes, %d);
        train(s, lanes, %d, 3, 1e-3, losses);
        free(s); free(lanes);
        return 0;
    }
    """
    for name in ("spiral", "moons", "r4", "rnn", "gpt"):
        system = SYSTEMS[name]()
        step = compile(
            system.loss, system.params, batch=system.batch, penalty=system.penalty, backend="numpy"
        )
        program = step._prepare(system.data)[0].program
        lanes = 13  # not a multiple of a block
        rows = max(program.lanes, 1) * lanes
        text = c_program(program) + main % (program.shared, rows, program.shared, rows, lanes, lanes)
        path = toolchain.build(text, sanitize=True, executable=True, flags=[*toolchain.STRICT, *bind.FLAGS])
        done = subprocess.run([str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_without_a_c_compiler_there_is_one_notice_and_numpy(monkeypatch):
    monkeypatch.setattr(backend, "find_compiler", lambda: None)
    monkeypatch.setattr(choose, "_NOTICED", [])
    w = Value(2.0, "w")
    step = compile(lambda x: w * x, [w], backend="c")
    with pytest.warns(RuntimeWarning, match="no C compiler.*NumPy"):
        assert step(3.0) == 6.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compile(lambda x: w * x, [w], backend="c")(4.0) == 8.0
    assert step.report()["backend"] == "numpy"


@pytest.mark.parametrize(("name", "with_compiler", "without"), [
    ("r4", "numpy", "numpy"), ("moons", "numpy", "numpy"), ("rnn", "numpy", "numpy"), ("chain", "c", "numpy"),
    ("gpt", "numpy", "numpy"),
])  # fmt: skip
def test_auto_chooses_by_cost_and_says_so(monkeypatch, name, with_compiler, without):
    system = chain(4000) if name == "chain" else SYSTEMS[name]()
    step = compile(system.loss, system.params, batch=system.batch, penalty=system.penalty, backend="numpy")
    program = step._prepare(system.data)[0].program
    for wanted, compiler in ((with_compiler, "a compiler"), (without, None)):
        monkeypatch.setattr(backend, "find_compiler", lambda compiler=compiler: compiler)
        chosen, why, later, _ = choose.choose(AT_ONCE, program)
        assert chosen == wanted and not later
        assert "estimates: NumPy" in why
        assert ("no C compiler" in why) == (compiler is None)  # which would be the fastest for each


@needs_compiler
def test_auto_runs_what_it_chose_and_reports_it():
    system = chain(4000)
    step = compile(system.loss, system.params, deterministic=True)
    step.check(*system.data)
    assert step.report()["backend"] == "c"
    assert "estimates" in str(step.report())


@needs_compiler
def test_auto_goes_on_without_c_where_c_cannot_be_built(monkeypatch):
    def fail(*_, **__):
        raise toolchain.CompilationError("the compiler is out of order")

    monkeypatch.setattr(toolchain, "build", fail)
    system = chain(4000)
    step = compile(system.loss, system.params, deterministic=True)
    step.check(*system.data)
    assert step.report()["backend"] == "numpy"
    assert "out of order" in step.report()["because"]
    with pytest.raises(toolchain.CompilationError):
        compile(system.loss, system.params, backend="c")(*system.data)


def scalars(x):
    y = x
    for i in range(12):
        y = (3.0 * y + 2.0 - x * 0.5).sin() / (y * y + i) - x * y * (3.0 - y) + autograd.max([y, x, 0.5])
    return y


def triangle(x):
    rows = [autograd.dot(x[: n + 1], x[n::-1]) + n for n in range(len(x))]
    return autograd.sum(rows) + autograd.min([*rows, 0.25]) * autograd.sum([a * a for a in x[::3]])


@pytest.mark.skipif(cells.engine is None, reason="not built")
@pytest.mark.parametrize("name", ["scalars", "triangle", "r4", "moons", "spiral", "gpt", "dag"])
def test_the_engine_plans_groups_as_python_does(name, monkeypatch):
    made = []
    monkeypatch.setattr(structure, "roll", lambda graph: made.append(graph) or rolled.roll(graph))
    if name in SYSTEMS:
        system = SYSTEMS[name]()
        step = compile(
            system.loss, system.params, batch=system.batch, penalty=system.penalty, backend="numpy"
        )
        step._prepare(system.data)
    else:
        f, x = {"scalars": (scalars, 0.4), "triangle": (triangle, [0.1 * i for i in range(20)])}[name]
        compile(f, backend="numpy")(x)
        compile(autograd.grad(f), backend="numpy")(x)
    by_engine = [rolled.roll(graph) for graph in made]
    monkeypatch.setattr(cells, "engine", None)
    for graph, found in zip(made, by_engine, strict=True):
        by_python = rolled.roll(graph)
        assert list(map(repr, found.statements)) == list(map(repr, by_python.statements))
        assert found.address.tolist() == by_python.address.tolist()
        assert [x.tolist() for x in found.copies] == [x.tolist() for x in by_python.copies]
        assert found.one == by_python.one


@pytest.mark.skipif(cells.engine is None, reason="not built")
@pytest.mark.parametrize(("place", "wrong"), [
    (0, []), (0, [4]), (1, [0, 0, 0, 1, 9]), (9, [4, 4]), (10, [0]), (11, [0]), (12, [0, 0]), (13, [0]),
    (14, [0.0]),
])  # fmt: skip
def test_the_engine_refuses_groups_of_no_graph(place, wrong):
    none = np.zeros(0, np.int64)
    factors = np.array([1, 1]), np.array([1, 0]), np.ones(2), np.zeros(2, bool)
    sums = [
        np.array([2, 3]),
        np.array([0, 0, 0, 1, 2]),
        np.arange(2),
        *factors,
        np.arange(4),
        np.zeros(4, bool),
    ]
    given = [*sums, np.array([0, 1, 4, 4]), np.zeros(4, int), np.full(4, -1), none, none, np.zeros(4)]
    given[4] = np.array([0, 0])
    assert len(cells.engine.place(*given, False)) == 1
    given[place] = np.array(wrong, float if place == 14 else np.int64)
    with pytest.raises(ValueError, match="these are no|this is no"):
        cells.engine.place(*given, False)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("width", [1, 3, 70, 200])
def test_longest_paths_and_what_is_reached_in_narrow_and_in_wide_graphs(width, native, monkeypatch):
    if not native:
        monkeypatch.setattr(ir, "engine", None)
    rng = np.random.default_rng(width)
    size = 40 * width
    consumers = np.repeat(np.arange(width, size), 2)
    producers = consumers - rng.integers(1, 2 * width, len(consumers)).clip(max=consumers)
    level, marked = [0] * size, [i == 0 for i in range(size)]
    for p, c in zip(producers.tolist(), consumers.tolist(), strict=True):  # producers come first
        level[c] = max(level[c], level[p] + 1)
        marked[c] = marked[c] or marked[p]
    assert ir.longest_paths(size, producers, consumers).tolist() == level
    found = np.zeros(size, bool)
    found[0] = True
    ir.reach(producers, consumers, found)
    assert found.tolist() == marked
    with pytest.raises(ValueError, match="cycle"):
        ir.longest_paths(2, np.array([0, 1]), np.array([1, 0]))


@pytest.mark.skipif(schedule.engine is None, reason="not built")
@pytest.mark.parametrize("kinds", [1, 2, 9, 300])
def test_the_engine_groups_nodes_as_python_does(kinds, monkeypatch):
    rng = np.random.default_rng(kinds)
    size = 300
    consumers = np.repeat(np.arange(size), 2)
    producers = consumers - rng.integers(1, 40, len(consumers))
    work = rng.random(size) < 0.9
    inner = (producers >= 0) & work[producers] & work[consumers]
    turn = rng.permutation(size)  # producers do not come first
    producers, consumers, mask = turn[producers[inner]], turn[consumers[inner]], np.zeros(size, bool)
    mask[turn[work]] = True
    given = mask, ir.longest_paths(size, producers, consumers), rng.integers(0, kinds, size)
    found = schedule._agenda(*given, producers, consumers)
    monkeypatch.setattr(schedule, "engine", None)
    assert list(map(list, found)) == list(map(list, schedule._agenda(*given, producers, consumers)))
    assert sorted(np.concatenate(found)) == np.flatnonzero(mask).tolist()


@pytest.mark.skipif(ir.engine is None, reason="not built")
def test_the_engine_groups_values_by_key_as_python_does(monkeypatch):
    keys = np.random.default_rng(0).integers(0, 9, 40)[::2]
    cases = [(keys, np.arange(20), 9), (keys[:0], keys[:0], 3), (keys[:0], keys[:0], 0)]
    found = [ir.csr(*case) for case in cases]
    for wrong in ((keys, keys[1:], 9), (keys - 5, keys, 9), (keys, keys, 3), (keys[:0], keys[:0], -1)):
        with pytest.raises(ValueError, match="no keys"):
            ir.csr(*wrong)
    monkeypatch.setattr(ir, "engine", None)
    for case, (start, values) in zip(cases, found, strict=True):
        assert [x.tolist() for x in ir.csr(*case)] == [start.tolist(), values.tolist()]


@pytest.mark.skipif(schedule.engine is None, reason="not built")
def test_the_engine_refuses_kinds_that_are_none():
    mask, few, none = np.ones(2, bool), np.arange(2), np.zeros(0, np.int64)
    for kinds in ([0], [0, 2], [-1, 0]):
        with pytest.raises(ValueError, match="no kinds"):
            schedule.engine.agenda(mask, few, np.array(kinds), none, none)
    with pytest.raises(ValueError, match="no edges"):
        schedule.engine.agenda(mask, few, few, few, few + 1)


@pytest.mark.parametrize("length", [1, 2, 100])
def test_what_no_output_rests_on_is_dropped_however_long_the_chain(length):
    b = ir.Builder()
    (x,) = b.new(INPUT, 1)
    nodes = b.new(SOP, length + 1)
    b.add(nodes, 2.0, np.concatenate([[x, x], nodes[1:-1]]))  # the first is the output; the others a chain
    graph = b.graph(outputs=nodes[:1], pinned=np.zeros(0, np.int64))
    found = simplify.compact(graph)
    assert found.size == 3 and found.outputs.tolist() == [2] and len(found.terms) == 1
    assert simplify.compact(found) is found


def test_the_same_graph_makes_the_same_program():
    sources = []
    for _ in range(2):
        step, data = small_step()
        step._prepare(data)
        sources.append((step.source, step.c_source))
    assert sources[0] == sources[1]


def test_two_layer_net_of_any_size():
    for sizes in [(1, 1, 1, 1), (2, 3, 4, 5), (3, 7, 1, 2)]:
        system = two_layer(sizes)
        assert (
            compile(system.loss, system.params, batch=True, reduction="sum", backend="numpy").check(
                *system.data
            )
            < 1e-12
        )


def test_a_graph_too_large_for_memory_is_refused_before_it_is(monkeypatch, capsys):
    from autograd.compiler.record import recording

    monkeypatch.setattr(recording, "available_memory", lambda: 2e7)
    w = Value(1.0, "w")

    def whole():
        total = w
        for _ in range(100_000):
            total = total + w * w
        return total

    with pytest.raises(MemoryError, match="batch=True"):
        compile(whole, [w])()
    assert "GB will be needed" in capsys.readouterr().err
    with pytest.raises(autograd.TracingError, match="detach"):
        compile(lambda: (w * w).detach() * w, [w])()


@pytest.mark.parametrize("batch", [False, True])
def test_early_products_leave_a_recurrence(monkeypatch, batch):
    system = rnn(steps=9, units=3, inputs=2)
    xs, y = system.data
    data = (np.stack([xs, xs + 1.0]), np.stack([y, y])) if batch else system.data
    products = []
    for without in (False, True):
        if without:
            monkeypatch.setattr(trace, "hoist", keep)
            structure.KNOWN.clear()  # the program with the pass
        step = compile(system.loss, system.params, batch=batch, backend="numpy")
        step.check(*data)
        made = step._latest[0]
        verify(made.program)
        source = made.program.graph
        inputs = np.setdiff1d(
            np.flatnonzero(np.isin(source.kind, (INPUT, LANE))), [source.scale, source.lanes]
        )
        forward = [s for s in made.program.statements if s.nodes[0] < source.forward]
        reads = [
            s
            for s in forward
            if any(
                r is not None and r.base in made.program.address[inputs]
                for p in s.parts
                for r in (p.a, p.b)
                if p.b is not None
            )
        ]
        products.append(len(reads))
    assert products == [1, 9]


NUMBERS = (1.0, -1.0, 1.0, 2.0, 0.5, -0.25, 0.1, 0.0, -0.0, 1e30, 1e-30, np.inf, np.nan)


def any_graph(seed):
    """Return a graph of random nodes and terms, many of them equal, in an order of no meaning."""
    g = np.random.default_rng(seed)
    size, rows = int(g.integers(5, 60)), [(TABLE["exp"], ()), (TABLE["atan2"], ()), (SCATTER, ())]
    likely = [1, 1, 1, 1, 12, 1, 1, 0, 3, 2, int(g.integers(2))]
    kind = g.choice(FIRST_ROW + len(rows), size, p=np.array(likely) / sum(likely)).astype(np.int16)
    kind[0], kind[1] = CONST, INPUT
    counts = np.where((kind >= SOP) & (kind < FIRST_ROW), g.choice([0, 1, 1, 1, 2, 3, 9], size), 0)
    node = np.repeat(np.arange(size), counts)
    low = np.where(g.random(size) < 0.3, 0, np.maximum(np.arange(size) - 4, 0))[node]
    a, b = (g.integers(low, np.maximum(node, 1)) for _ in range(2))
    b[(g.random(len(b)) < 0.6) | (kind[node] != SOP)] = ONE
    coef = g.choice(NUMBERS[: g.choice([1, 3, len(NUMBERS)])], len(node))
    args = np.full((size, ARITY), -1)
    for i in np.flatnonzero(kind >= FIRST_ROW):
        args[i, : 1 + (kind[i] > FIRST_ROW)] = g.integers(0, i, 1 + (kind[i] > FIRST_ROW)) if i else 0
    other = np.append(0, 1 + g.permutation(size - 1)) if seed % 2 else np.arange(size)  # numbers of the nodes
    order = g.permutation(len(node)) if seed % 3 else np.arange(len(node))
    back = np.argsort(other)
    args = np.where(args >= 0, other[args], -1)[back]
    primal = np.where(g.random(size) < 0.5, g.integers(0, size, size), -1)
    terms = Terms(other[node], coef, other[a], other[b], (g.random(len(node)) < 0.1) & (kind[node] == SOP))
    value = np.where(kind == CONST, g.choice(NUMBERS, size), 0.0)
    value[0] = 1.0
    return ir.Graph(
        kind[back], value[back], args, primal, terms.take(order), rows, g.integers(0, size, 3),
        np.array([-1, int(g.integers(0, size))]), {int(i): f"x{i}" for i in g.integers(0, size, 4)},
        int(g.integers(-1, size)), int(g.integers(-1, size)), int(g.integers(-1, size)), g.permutation(size),
    )  # fmt: skip


def everything(graph):
    """Return all that a graph holds, to the bit."""
    t = graph.terms
    value = np.where(graph.value == graph.value, graph.value, np.nan)
    columns = graph.kind, value, graph.args, graph.primal, graph.outputs, graph.pinned, graph.turn
    terms = t.node, np.where(t.coef == t.coef, t.coef, np.nan), t.a, t.b, t.over  # a NaN has no sign
    alone = graph.labels, list(graph.labels), graph.forward, graph.scale, graph.lanes
    return [(x.dtype, x.shape, x.tobytes()) for x in (*columns, *terms)], alone


built = pytest.mark.skipif(simplify.engine is None, reason="not built")


@built
@pytest.mark.parametrize("seed", range(40))
def test_the_passes_over_terms_make_the_same_graph_in_c_and_with_numpy(seed, monkeypatch):
    graph = any_graph(seed)
    before = everything(graph)
    whole = "canonical merge_equal fold alias compact absorb fold alias compact fuse_equal"
    for passes in (*simplify.PASSES, "canonical merge_equal absorb", whole):
        found = simplify.run(graph, passes)
        assert everything(graph) == before
        with monkeypatch.context() as without, np.errstate(all="ignore"):
            without.setattr(simplify, "engine", None)
            without.setattr(ir, "engine", None)
            assert everything(simplify.run(graph, passes)) == everything(found), passes


@pytest.mark.parametrize("native", [pytest.param(True, marks=built), False])
@pytest.mark.parametrize("coefs", [[1.0, -1.0], [0.9, 1.1, 1.3]])
def test_a_long_chain_of_sums_is_one_sum_with_the_product_of_its_coefficients(coefs, native, monkeypatch):
    if not native:
        monkeypatch.setattr(simplify, "engine", None)
    b = ir.Builder()
    (x,) = b.new(INPUT, 1)
    nodes = b.new(SOP, 100)
    b.add(nodes, np.resize(coefs, 100), np.concatenate([[x], nodes[:-1]]))
    found = simplify.run(b.graph(outputs=nodes[-1:], pinned=np.zeros(0, np.int64)), "absorb compact")
    assert found.size == 3 and found.terms.a.tolist() == [x]
    assert found.terms.coef == pytest.approx([np.prod(np.resize(coefs, 100))], rel=1e-13)


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3), max_size=40))
def test_keys_are_numbered_in_their_order_with_and_without_c(keys):
    keys = np.array(keys, np.int64)
    expected = np.unique(keys.view(np.uint64), return_inverse=True)[1]
    with patch.object(counting, "engine", None):
        assert counting.numbered(keys).tolist() == expected.tolist()
    assert counting.numbered(keys).tolist() == expected.tolist()


@built
def test_the_passes_in_c_take_only_columns_of_a_graph():
    engine = simplify.engine
    good = [np.zeros(2, kind) for kind in simplify.COLUMNS]
    good[0], good[5] = np.full(2, FIRST_ROW, np.int16), np.zeros((2, ARITY), np.int64)
    assert engine.simplify(b"", tuple(good)) is None
    for i, column in enumerate(good):
        beyond = [np.full_like(column, k) for k in (2, -2, 2**63 - 1, -(2**63)) if i in (2, 5, 6, 8, 9)]
        for instead in (column[:1].copy(), *beyond):
            with pytest.raises(ValueError, match="no columns of a graph"):
                engine.simplify(b"", (*good[:i], instead, *good[i + 1 :]))
    with pytest.raises(ValueError, match="no columns of a graph"):
        engine.simplify(b"", tuple(good[:5]))
    for producers, consumers in (([0], [2]), ([-1], [0]), ([0, 1], [1])):
        with pytest.raises(ValueError, match="no edges"):
            engine.mark_reached(np.array(producers), np.array(consumers), np.zeros(2, bool))
