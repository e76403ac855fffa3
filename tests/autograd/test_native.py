"""The engine in C: the same nodes, order and bits as the Python that it is made from, and nothing lost
without it."""

import gc
import importlib
import math
import os
import pickle
import random
import shutil
import subprocess
import sys
import sysconfig
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from profiles import NIGHTLY

import autograd
from autograd import TABLE, Value, native, toposort
from autograd.native import generate
from autograd.node import SLOTS

ROOT = Path(__file__).parents[2]
TRIED = Path(autograd.__file__).parents[1]
"""Where the engine lies: the sources, or what a wheel was installed into."""
compiled = pytest.mark.skipif(
    native.engine is None, reason="not compiled here; install with a C compiler and Python's headers"
)
of_the_tree = pytest.mark.skipif(TRIED != ROOT, reason="the engine is a wheel's, without its sources")
numpy_number = pytest.importorskip("numpy").float64(1.5)

TIMES = int(os.environ.get("CHAINRULE_ROUNDS", "1"))
POINTS = [
    0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 3.0, -2.5, 1.5, 10.0, 40.0, -40.0, 37.0, -38.0, 700.0, 710.0,
    -709.0, -745.2, 372.8, 1e16, -1e16, 1e308, -1e308, 5e-324, -5e-324, 2.2e-308, 3e-295, -1e-200, 1e200,
    1e160, 1e-160, 1e-8, math.pi, -3.0, -30.0, 0.1, math.inf, -math.inf, math.nan,
]  # fmt: skip
LEFT_TO_PYTHON = {"dot"}
"""Rows that the generator does not write: dot's vectors have a C of their own."""


def bits(xs):
    return ["nan" if x != x else float(x).hex() for x in xs]


def run(program, *arguments, **environment):
    result = subprocess.run([sys.executable, "-P", *(["-c"] if "\n" in program else []), program, *arguments],
        env={**os.environ, "PYTHONPATH": str(TRIED), **environment},
                            capture_output=True, text=True, check=False)  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


# Rows.


def test_what_the_generator_leaves_to_python():
    text, left = generate.written()
    # The scalar product has a C of its own, and directions may take 50 digits.
    assert left == ["dot", "directions"]
    assert f'"{native.digest(Path(native.__file__).parents[1])}"' in text
    assert "kernel_sigmoid" in text
    program = generate.Program()
    for op in TABLE.values():
        if op.name not in left:
            assert not program.value(op).unknown
            assert not program.partials(op).unknown
    # What stands in the middle of a function: decimal numbers, or one that has nothing else.
    digits = {f.name for f in program.functions.values() if f.unknown}
    assert {reason for f in program.functions.values() for reason in f.reasons} - digits == {"With"}


@pytest.mark.parametrize("constant", ["1.0", "2"])
def test_the_generator_says_what_it_does_not_understand(tmp_path, monkeypatch, constant):
    module = tmp_path / "not_understood.py"
    module.write_text(
        "def f(x: float) -> float:\n"
        f"    y = x * {constant}\n"
        "    with open('a') as file:\n        y = float(file.read())\n"
        "    return y\n"
        "def g(x: float) -> float:\n    return f(x) + 1.0 if x > 0.0 else -x\n"
        "def h(x: str) -> float:\n    return 1.0\n"
        "def d(x: float) -> float:\n    with open('a') as file:\n        return float(file.read())\n"
        "def k(x: float) -> float:\n    y = d(x) if x > 9.0 else x + 7.5\n    return 2.0 * y\n"
        "def m(x: float) -> float:\n    return d(x) if x > 9.0 else d(-x)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    not_understood = importlib.import_module("not_understood")
    monkeypatch.delitem(sys.modules, "not_understood")
    generate.tree_of.cache_clear()
    program = generate.Program()
    f = program.function(not_understood.f)
    assert f.reasons == ["With"]
    assert f.may_not_know
    assert program.function(not_understood.g).reasons == []
    with pytest.raises(generate.UntranslatableError, match="the type str"):
        program.function(not_understood.h)
    # Of a conditional expression the other branch stays in C.
    k = program.function(not_understood.k)
    assert k.reasons == ["py_d"]
    assert not k.unknown
    assert "x + 7.5" in program.texts[-1]
    assert "return (2.0 * y);" in program.texts[-1]
    assert program.function(not_understood.m).unknown


@compiled
def test_every_row_but_the_scalar_product_is_written_in_c():
    unknown = {
        name
        for name, op in TABLE.items()
        if native.engine.compute(
            op, (1.5,) * max(op.arity, 2 if op.arity < 0 else 1) + tuple(op.params.values())
        )
        is None
    }
    assert unknown == LEFT_TO_PYTHON


@compiled
def test_at_ordinary_operands_python_is_asked_for_decimal_numbers_alone():
    rng, asked = random.Random(3), set()
    for name, op in TABLE.items():
        most = {name: int(min(high, 4.0)) for name, (_, high) in op.whole.items()}
        points = [
            (
                *(math.exp(rng.gauss(0.0, 1.0)) for _ in range(abs(op.arity))),
                *(float(rng.randint(1, most[name])) if name in most else x for name, x in op.params.items()),
            )
            for _ in range(200)
        ]
        if sum(native.engine.compute(op, xs) is None for xs in points) > 10:
            asked.add(name)
    assert asked == LEFT_TO_PYTHON | {"beta_derivative"}


@compiled
@pytest.mark.parametrize("name", [name for name in TABLE if name not in LEFT_TO_PYTHON])
def test_a_row_has_the_bits_of_python_everywhere(name):
    op, rng = TABLE[name], random.Random(name)
    known = 0
    for i in range(600 * TIMES):
        count = op.arity if op.arity > 0 else rng.choice([1, 2, 3, 5, 9])
        xs = [
            rng.choice([
                rng.choice(POINTS), rng.gauss(0.0, 3.0), float(rng.randint(-20, 20)),
                rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 2.0) * 2.0 ** rng.randint(-1074, 1023),
            ])
            for _ in range(count)
        ]  # fmt: skip
        if count == 1 and i < len(POINTS):
            xs = [POINTS[i]]
        for constant, default in op.params.items():
            low, high = op.whole.get(constant, (-math.inf, math.inf))
            if constant == "index":
                xs.append(float(rng.randrange(count)))
            elif constant in op.whole:
                xs.append(rng.choice([default, float(rng.randint(int(low), int(min(high, 25.0))))]))
            else:
                xs.append(rng.choice([default, rng.choice(POINTS)]))
        found = native.engine.compute(op, tuple(xs))
        if found is None:
            continue
        known += 1
        y, partials = found
        expected = op.value(*xs)
        assert bits([y, *partials]) == bits([expected, *op.local(expected, tuple(xs))]), xs
    assert known > 5


def of_any_size(rng):
    return rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 2.0) * 2.0 ** rng.randint(-1074, 1023)


def near_a_half(rng):
    """Return two factors, and two legs, whose product and whose length have 54 bits or a little more."""
    a, b = (float(rng.randrange(2**26 + 1, 2**27, 2)) for _ in range(2))
    m, n = rng.randrange(91_000_001, 92_000_000, 2), rng.randrange(40_000_000, 45_000_000, 2)
    return [a, b] if rng.random() < 0.5 else [float(m * m - n * n), float(2 * m * n)]


@compiled
@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.arity < 0 and name != "dot"])
def test_rows_of_many_operands_have_the_bits_of_python_where_rounding_is_close_too(name):
    op, rng, known = TABLE[name], random.Random(name), 0
    for i in range(60 * TIMES):
        make = [of_any_size, lambda rng: rng.gauss(0.0, 1.0), lambda rng: float(rng.randint(1, 9))][i % 3]
        xs = [make(rng) for _ in range(rng.choice([1, 2, 17, 65, 300]))]
        if i % 5 == 0:
            xs = [*near_a_half(rng), *[0.5 if name == "prod" else 0.0] * rng.randrange(4)]
        if i % 7 == 0:
            xs[rng.randrange(len(xs))] = rng.choice(POINTS)
        constants = {name: float(rng.randrange(len(xs))) for name in op.params}
        nodes, operands = [Value(x) for x in xs], (*xs, *constants.values())
        known += native.engine.compute(op, operands) is not None
        y = op(*nodes, **constants)
        y.backward()
        expected = op.value(*operands)
        slopes = op.local(expected, operands)[: len(xs)]
        assert bits([y.data, *(x.grad for x in nodes)]) == bits([expected, *slopes]), xs
    assert known > 40 * TIMES


@compiled
@pytest.mark.parametrize(
    "seeds",
    [(0, 150 * TIMES), pytest.param((1000, 21_000 if NIGHTLY else 3_000), marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_random_programs_in_all_modes_have_the_bits_of_python(seeds):
    program = str(Path(__file__).with_name("native_programs.py"))
    ours, pythons = (
        subprocess.Popen(
            [sys.executable, "-P", program, *map(str, seeds)], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(TRIED), "CHAINRULE_PURE_PYTHON": pure},
        )
        for pure in ("", "1")
    )  # fmt: skip
    found, expected = ours.communicate()[0], pythons.communicate()[0]
    assert len(expected.splitlines()) == seeds[1] - seeds[0]
    assert found == expected


# Nodes.


@compiled
def test_operators_keep_the_very_operands():
    x, y, c = Value(2.0), Value(3.0), 0.125
    assert (x * y)._a is x
    assert (x * y)._b is y
    assert (x * c)._b is c
    assert (c - x)._a is c
    row = (x, y)
    assert autograd.dot(row, row)._a[0] is row
    assert autograd.sum([x, y, x]).operands == (x, y, x)


@pytest.mark.parametrize("rows", [2, 3])
def test_rows_of_which_one_is_for_python_stand_on_a_tape_once(rows):
    x, y = Value(2.0), Value(3.0)
    tape = []
    with autograd.modes.mode(tape=tape):
        made = autograd.dots([(x, y), (y, 1.0), (x, 2)][:rows], (y, x))
    assert tape == made
    assert [z.data for z in made] == [12.0, 11.0, 10.0][:rows]


def test_a_row_is_called_in_every_way_that_python_has():
    x, constants = Value(2.0), {"low": 0.0, "high": 1.0}
    ways = [
        lambda: autograd.ops.clamp(x, 0.0, 1.0), lambda: autograd.ops.clamp(x, **constants),
        lambda: autograd.ops.clamp(*(x, 0.0), high=1.0), lambda: partial(autograd.ops.clamp, x)(0.0, 1.0),
        lambda: autograd.ops.clamp.__call__(x, 0.0, high=1.0),
    ]  # fmt: skip
    assert [way().data for way in ways] == [1.0] * len(ways)
    assert [y.data for y in map(autograd.ops.exp, [x, 0.0 * x])] == [math.exp(2.0), 1.0]
    with pytest.raises(TypeError, match="keyword"):
        autograd.ops.exp(x, base=2.0)
    with pytest.raises(TypeError, match="operand"):
        autograd.ops.exp()


def test_who_gives_the_class_of_rows_another_call_is_obeyed(monkeypatch):
    rows, x = type(autograd.ops.exp), Value(2.0)
    before, seen = rows.__call__, []
    monkeypatch.setattr(
        rows, "__call__", lambda row, *xs, **named: (seen.append(row.name), before(row, *xs, **named))[1]
    )
    assert autograd.ops.relu(x).data == 2.0
    assert autograd.ops.clamp(x, low=0.0, high=1.0).data == 1.0
    assert {"relu", "clamp"} <= set(seen)
    monkeypatch.undo()
    seen.clear()
    autograd.ops.relu(x)
    assert not seen


def test_methods_of_rows_are_documented_and_pickled():
    assert Value.exp.__doc__ == "Exponential."
    assert Value.leaky_relu(Value(-1.0), slope=0.5).data == -0.5
    assert Value(2.0).exp.__name__ == "exp"
    if native.engine is not None:
        assert pickle.loads(pickle.dumps(Value.exp)) is Value.exp
    with pytest.raises(TypeError):
        Value.exp(2.0, 3.0, 4.0)
    with pytest.raises(TypeError):
        Value(1.0).exp(slope=2.0)


@pytest.mark.parametrize("slot", SLOTS)
def test_a_slot_takes_what_it_holds(slot):
    x, w = Value(2.0), Value(3.0)
    nodes = (
        x * w, x + 1.0, autograd.sum([x, w, 1.0]), autograd.dot((x, w), (w, 1.0)),
        autograd.softmax([x, w])[0], autograd.clamp(x, 0.0, 1.0), w,
    )  # fmt: skip
    for y in nodes:
        before = [repr(getattr(y, name)) for name in SLOTS]
        setattr(y, slot, getattr(y, slot))
        assert [repr(getattr(y, name)) for name in SLOTS] == before


@compiled
@pytest.mark.parametrize("slot", SLOTS)
def test_no_slot_can_be_deleted(slot):
    y = Value(2.0) * 3.0
    with pytest.raises(AttributeError, match="cannot be deleted"):
        delattr(y, slot)
    y.backward()


def test_derivatives_that_are_no_floats_count_as_floats():
    for derivative in (numpy_number, Fraction(3, 2), 1.5, True + 0.5):
        times = autograd.custom_op("times_in_c", lambda x: 1.5 * x, lambda y, x, d=derivative: (d,))
        x = Value(3.0)
        (times(x) * 2.0 + times(x)).backward()
        assert x.grad == 4.5
    broken = autograd.custom_op("broken_in_c", lambda x: x, lambda y, x: ("slope",))
    with pytest.raises(TypeError, match="a partial of broken_in_c is no number"):
        broken(Value(1.0))


# The collector.


def living():
    gc.collect()
    return sum(type(x) is Value for x in gc.get_objects())


@compiled
def test_nodes_are_not_the_collector_s_business():
    program = """
import gc
from autograd import Value, sum, dot
x = Value(2.0)
y = sum([(x * i).tanh() for i in range(100)]) + dot((x, x), (x, 1.0))
y.backward()
print(any(type(o) is Value for o in gc.get_objects()))
"""
    assert run(program, CHAINRULE_PURE_PYTHON="") == ["False"]


CYCLES = {
    "a hook": "x.register_hook(lambda g: held)",
    "a hook, and nodes made after it": "x.register_hook(lambda g: held); held.append(held[0] * x)",
    "a gradient that is a node": "y.backward(create_graph=True)",
    "a gradient of the second order": "y.backward(create_graph=True); x.grad.backward(create_graph=True)",
    "what stands in grad": "x.grad = held",
    # The latest operation of a name is kept.
    "an operation of one's own": "held.append("
    "autograd.custom_op('loop', lambda x: x, lambda y, x: (len(held) * 1.0,))(y))",
    "a checkpointed call": "held.append(autograd.checkpoint(lambda a: a * len(held))(y))",
}


@pytest.mark.parametrize("cycle", CYCLES)
def test_cycles_through_nodes_are_collected(cycle):
    program = f"""
import gc, sys, weakref
import autograd
from autograd import Value

class Mark(autograd.Note):
    pass  # which can be referred to weakly; a node cannot

def make():
    held = []
    x = Value(2.0)
    z = x * 3.0
    y = z.tanh()
    for node in (z, y):
        node.note = Mark()
        marks.append(weakref.ref(node.note))
    del node, z
    held.append(y)
    {CYCLES[cycle]}

marks = []
for _ in range(20):
    make()
gc.collect()
print(sum(m() is not None for m in marks))
"""
    assert run(program, CHAINRULE_PURE_PYTHON="" if native.engine else "1") == [
        "2" if "custom_op" in CYCLES[cycle] else "0"
    ]


@compiled
def test_a_chain_of_any_length_is_sorted_and_freed_by_loops():
    program = """
from autograd import Value
x = y = Value(1.0)
for _ in range(1_000_000):
    y = y + x
y.backward()
del y
print(x.grad)
"""
    assert run(program, CHAINRULE_PURE_PYTHON="") == ["1000001.0"]


def test_the_operation_of_a_node_is_read_only():
    y = autograd.sum([Value(1.0), Value(2.0)])
    with pytest.raises(AttributeError, match=r"apply the other operation to the operands"):
        y.op = autograd.ops.dot
    with pytest.raises(AttributeError):
        del y.op
    y.backward()
    assert y.op is autograd.ops.sum


@pytest.mark.parametrize("slot", ["_a", "_b", "_da", "_db", "grad", "_row"])
@pytest.mark.parametrize(
    "rubbish",
    [
        None,
        1.5,
        "text",
        (),
        (1.0,),
        ((), ()),
        [1.0],
        object(),
        Value(1.0),
        autograd.ops.dot,
        autograd.ops.sum,
        {},
        10**400,
    ],
    ids=lambda x: type(x).__name__,
)
@pytest.mark.parametrize("kind", ["mul", "sum", "dot", "leaf"])
def test_a_slot_that_holds_anything_ends_in_an_exception_at_worst(slot, rubbish, kind, engine):
    x, w = Value(2.0), Value(3.0)
    y = {
        "mul": lambda: x * w,
        "sum": lambda: autograd.sum([x, w, 1.0]),
        "dot": lambda: autograd.dot((x, w), (w, 1.0)),
        "leaf": lambda: w,
    }[kind]()
    z = (y + x).tanh()
    try:
        setattr(y, slot, rubbish)
    except TypeError as error:  # C refuses what is none of these
        assert str(error)
        return
    for work in (
        z.backward,
        lambda: z.backward(create_graph=True),
        lambda: autograd.gradients(z, [x]),
        lambda: toposort(z),
        lambda: autograd.to_json(z),
        lambda: repr(z),
    ):
        try:
            work()
        except Exception as error:
            assert str(error) or type(error) is not SystemError, "said what was wrong"


PROGRAM = """
from autograd import Value, native, dot
x = Value(0.3); w = (x, 2.0 * x, x.tanh())
y = dot(w, w) * (x - 3).relu() + sum(w)
y.backward()
print(native.engine is None, y, x.grad.hex())
"""


@of_the_tree
def test_without_it_all_is_the_same():
    plain, *rest = run(PROGRAM, CHAINRULE_PURE_PYTHON="1")
    assert plain == "True"
    ours, *same = run(PROGRAM, CHAINRULE_PURE_PYTHON="")
    assert ours == "False" or native.engine is None
    assert same == rest


BUILD = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("build", sys.argv[1])
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)
print(build.compiled(pathlib.Path.cwd(), pathlib.Path.cwd()))
"""


def copied_package(tmp_path):
    """Return a copy of the package, and the compiled module in it."""
    folder = shutil.copytree(
        ROOT / "autograd", tmp_path / "autograd", ignore=shutil.ignore_patterns("__pycache__")
    )
    (module,) = (folder / "native").glob(f"_engine{sysconfig.get_config_var('EXT_SUFFIX')}")
    return folder, module


def said(tmp_path, pure=""):
    """Return what an import says where it does not use C."""
    command = [
        sys.executable,
        "-c",
        "from autograd import native; assert native.engine is None; print(native.why)",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "CHAINRULE_PURE_PYTHON": pure}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    return done.stderr, done.stdout


@of_the_tree
@compiled
@pytest.mark.parametrize("source", ["native/node.c", "native/generate.py", "ops.py", "floats/gamma.py"])
def test_one_whose_source_was_changed_is_not_used_and_that_is_said_in_a_line(tmp_path, source):
    folder, _ = copied_package(tmp_path)
    used = "from autograd import native\nprint(native.engine is not None)"
    os.utime(folder / source, (4e9, 4e9))  # touched, and the same
    assert run(used, CHAINRULE_PURE_PYTHON="", PYTHONPATH=str(tmp_path)) == ["True"]
    with (folder / source).open("a") as file:
        file.write("\n")
    os.utime(folder / source, (4e9, 4e9))
    errors, why = said(tmp_path)
    assert "RuntimeWarning: the engine's C is not of the sources beside it" in errors
    assert "Compile it again: pip install -e ." in errors
    assert errors.count("\n") == 1
    assert "sources" in why
    assert said(tmp_path, pure="1") == ("", "CHAINRULE_PURE_PYTHON is set\n")
    for path in (folder / "native").glob("*.[ch]"):
        path.unlink()  # as it is where a wheel was installed
    assert run(used, CHAINRULE_PURE_PYTHON="", PYTHONPATH=str(tmp_path)) == ["True"]


@of_the_tree
@compiled
def test_one_that_cannot_be_loaded_or_is_not_there(tmp_path):
    _, module = copied_package(tmp_path)
    module.write_bytes(b"of another machine")
    errors, _ = said(tmp_path)
    assert "RuntimeWarning: the engine's C could not be loaded: " in errors
    assert errors.count("\n") == 1
    module.unlink()
    errors, why = said(tmp_path)
    assert errors == "", "where there was no compiler, nothing is wrong"
    assert "no C compiler" in why


@of_the_tree
@compiled
def test_a_new_row_is_in_c_with_the_next_build(tmp_path):
    pytest.importorskip("hatchling")
    pytest.importorskip("setuptools")
    if not (ROOT / ".hatch_build.py").exists():
        pytest.skip("installed without its source")
    folder, module = copied_package(tmp_path)
    module.unlink()
    with (folder / "ops.py").open("a") as table:
        table.write(
            "\nhaversine: Op = row('haversine', lambda x: square(math.sin(0.5 * x)) if x < 1e3 else 0.0,\n"
            "    lambda y, x: (0.5 * sin(x),), source='DLMF 4.21')\n"
        )
    build = [sys.executable, "-c", BUILD, str(ROOT / ".hatch_build.py")]
    subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=True)
    program = """
from autograd import TABLE, Value, native
op, x = TABLE["haversine"], Value(0.5)
y = op(x)
y.backward()
print(native.engine.compute(op, (0.5,)) == (y.data, (x.grad,)))
"""
    assert run(program, CHAINRULE_PURE_PYTHON="", PYTHONPATH=str(tmp_path)) == ["True"]


@of_the_tree
@compiled
@pytest.mark.parametrize(
    ("module", "runs", "ends"),
    [
        ("_xxsubinterpreters", "run_string(other, inside)", "destroy(other)"),
        ("_interpreters", "run_string(other, inside)", "destroy(other)"),
        ("concurrent.interpreters", "Interpreter.exec(other, inside)", "Interpreter.close(other)"),
    ],
)
def test_another_interpreter_of_the_process_does_without(module, runs, ends):
    package, _, name = module.rpartition(".")
    if importlib.util.find_spec(package or name) is None or importlib.util.find_spec(module) is None:
        pytest.skip("no such module here")
    program = f"""
import sys
import {module} as interpreters
from autograd import Value, native
x = Value(2.0)
y = x * x
inside = "; ".join([
    "import sys, warnings",
    f"sys.path[:] = {{sys.path}}",
    "warnings.simplefilter('error')",
    "from autograd import Value, native",
    "x = Value(3.0)",
    "(x * x).exp().tanh().backward()",
    "print(native.engine is None, flush=True)",
])
for _ in range(3):
    other = interpreters.create()
    interpreters.{runs}
    interpreters.{ends}
y.backward()
print(x.grad, native.engine is not None)
"""
    assert run(program, CHAINRULE_PURE_PYTHON="") == ["True", "True", "True", "4.0", "True"]


POOL = """
from concurrent.futures import InterpreterPoolExecutor
from autograd import Value, native

def slope(x):
    x = x * 1.0
    (y := x * x).backward()
    return y

if __name__ == "__main__":
    with InterpreterPoolExecutor(2) as pool:
        made = list(pool.map(slope, map(Value, [1.0, 2.0, 3.0])))
    print(*[y.data for y in made], {type(y) is Value for y in made}, native.engine is not None)
"""


@of_the_tree
@compiled
@pytest.mark.skipif(sys.version_info < (3, 14), reason="pools of interpreters are of Python 3.14")
def test_nodes_go_to_other_interpreters_and_back(tmp_path):
    (tmp_path / "pool.py").write_text(POOL)
    assert run(str(tmp_path / "pool.py"), CHAINRULE_PURE_PYTHON="") == ["1.0", "4.0", "9.0", "{True}", "True"]


@of_the_tree
def test_a_free_threaded_python_does_without_and_says_so(monkeypatch):
    monkeypatch.setattr(sys, "version", "3.14.0 free-threading build (main)")
    assert "free-threaded" in native._why_not_compiled()
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("no C compiler here")
    header = Path(native.__file__).with_name("node.h")
    command = [compiler, "-fsyntax-only", "-xc", f"-I{sysconfig.get_path('include')}", str(header)]
    tried = [subprocess.run([*command, *more], capture_output=True, text=True, check=False)
             for more in ([], ["-DPy_GIL_DISABLED=1"])]  # fmt: skip
    if "Python.h" in tried[0].stderr:
        pytest.skip("Python's headers are not here")
    assert [made.returncode != 0 for made in tried] == [False, True]
    assert "the engine relies on the interpreter's lock" in tried[1].stderr


@of_the_tree
def test_the_installation_of_a_free_threaded_python_says_that_it_compiles_nothing(monkeypatch, tmp_path):
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / ".hatch_build.py")
    hatch_build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hatch_build)
    monkeypatch.setattr(hatch_build.sysconfig, "get_config_var", {"Py_GIL_DISABLED": 1}.get)
    monkeypatch.setattr(hatch_build, "compiled", lambda *_: pytest.fail("it was compiled"))
    monkeypatch.delenv("CHAINRULE_PURE_PYTHON", raising=False)
    said = []
    hook = hatch_build.EngineHook(
        str(ROOT), {}, None, None, str(tmp_path), "wheel", SimpleNamespace(display_warning=said.append)
    )
    hook.initialize("editable", {})
    hook._folder.cleanup()
    assert len(said) == 1
    assert "free-threaded" in said[0]


@of_the_tree
@compiled
def test_what_was_compiled_before_there_were_digests_is_not_of_these_sources(tmp_path):
    old = tmp_path / "_engine.so"
    old.touch()
    os.utime(old, (0, 0))
    assert native._is_of_other_sources(SimpleNamespace(__file__=str(old)))
    assert not native._is_of_other_sources(SimpleNamespace(__file__=str(old), digest=native.engine.digest))


@compiled
def test_a_pass_that_python_has_to_make_finds_every_gradient_as_it_was():
    x, y, z = Value(2.0), Value(3.0), Value(4.0)
    root = (x * y).exp() * (z + 1.0) + x
    root.backward()
    x.grad, y.grad, z.grad = 0.25, None, -0.0
    before = [repr(node.grad) for node in autograd.toposort(root)]
    z.grad = Value(1.0)  # to which only Python adds
    assert not native.engine.sweep(root, 1.0)
    z.grad = -0.0
    assert [repr(node.grad) for node in autograd.toposort(root)] == before
    assert native.engine.sweep(root, 1.0)
    e = math.exp(6.0)
    assert (x.grad, y.grad, z.grad) == (0.25 + 15.0 * e + 1.0, 10.0 * e, e)


@compiled
@pytest.mark.parametrize("derived", [False, True])
@pytest.mark.parametrize("seed", range(4 * TIMES))
def test_a_deep_graph_is_summed_in_the_order_of_python(seed, derived):
    program = f"""
import random
import autograd
from autograd import Value, adjoints, toposort
class Own(Value):
    pass
rng = random.Random({seed})
nodes = [(Own if {derived} else Value)(rng.uniform(-1.0, 1.0)) for _ in range(8)]
for _ in range(6000):
    near = nodes[-40:]
    a, b, c = (rng.choice(near) for _ in range(3))
    kind = rng.randrange(40)
    if kind == 0:
        nodes.append(autograd.sum([a, b, 0.5, a, nodes[0]]).tanh())
    elif kind == 1:
        nodes.append(autograd.dot([a, b, c], [0.25, c, a]).tanh())
    elif kind == 2:
        nodes.extend(autograd.softmax([a, b, c, nodes[1]]))
    elif kind == 3:
        nodes.append(autograd.maximum(a, b) * 2.0)
    else:
        nodes.append((a + 0.5) * nodes[2] if kind < 6 else rng.choice([a + b, a - b, a * b, a * a, a.tanh()]))
        if abs(nodes[-1].data) > 2.0:
            nodes.append(nodes[-1].tanh())
for root in (nodes[-1], autograd.sum(nodes[-9:]), nodes[3000]):
    for node in toposort(root):
        node.grad = rng.choice([0.0, -0.0, 0.5])
    before = {{x: x.grad for x in toposort(root) if x.op is None}}
    expected = {{x: before.get(x, 0.0) if g is None else before[x] + g if before.get(x) else g
                for x, g in adjoints(root).items()}}
    assert autograd.native.engine.sweep(root, 1.0)
    print(len(expected) > 1000, all(repr(x.grad) == repr(g) for x, g in expected.items()))
"""
    assert run(program, CHAINRULE_PURE_PYTHON="") == ["True"] * 6


@of_the_tree
@compiled
def test_a_second_copy_of_the_package_in_a_process_does_without():
    again = """
import sys
import autograd as first
x = first.Value(2.0)
(x * x).backward()
for name in [name for name in sys.modules if name.partition(".")[0] == "autograd"]:
    del sys.modules[name]
import autograd as second
y = second.Value(3.0)
(y * y * 2.0).backward()
print(first.native.engine is None, second.native.engine is None)
print(x.grad, y.grad, (x + y.data).data, (x * x - 1).data)
"""
    assert run(again, CHAINRULE_PURE_PYTHON="") == ["False", "True", "4.0", "12.0", "5.0", "3.0"]
