"""The engine's twin in C: the same nodes, order and bits as the Python functions, no leaks, and nothing lost
without it."""

import gc
import math
import os
import random
import shutil
import subprocess
import sys
import sysconfig
from fractions import Fraction
from pathlib import Path

import pytest

import autograd
from autograd import Value, adjoints, detect_anomaly, native, no_grad, scope, toposort
from autograd.node import Node

ROOT = Path(__file__).parents[2]
compiled = pytest.mark.skipif(
    native.engine is None, reason="not compiled here; install with a C compiler and Python's headers"
)
numpy_number = pytest.importorskip("numpy").float64(1.5)

TIMES = int(os.environ.get("CHAINRULE_ROUNDS", "1"))
NUMBERS = [
    0.0,
    -0.0,
    1.0,
    -2.5,
    0.3,
    40.0,
    372.8,
    1e308,
    5e-324,
    3e-295,
    -1e-200,
    1e200,
    math.inf,
    -math.inf,
    math.nan,
]
OTHERS = [*NUMBERS, 0, 3, -7, 2**53 + 1, 10**400, True, Fraction(1, 3), numpy_number, "text", None, 1j]


def slots(node):
    """Return all that a node holds, as text, so that the sign of zero and NaN count."""
    if not isinstance(node, Value):
        return repr(node)
    return [repr(getattr(node, slot)) for slot in Node.__slots__]


def outcome(function, *arguments):
    try:
        return slots(function(*arguments))
    except (TypeError, OverflowError) as error:
        return type(error), str(error)


def binary_methods():
    return [name for name in native.REPLACED if name.startswith("__") and name != "__neg__"]


@compiled
def test_what_is_in_c():
    assert set(binary_methods()) == {
        "__add__",
        "__radd__",
        "__sub__",
        "__rsub__",
        "__mul__",
        "__rmul__",
        "__truediv__",
        "__rtruediv__",
    }
    assert set(native.REPLACED) - set(binary_methods()) == {
        "__neg__",
        "tanh",
        "relu",
        "sweep",
        "exchange",
        "add_floats",
    }
    assert type(Value.__dict__["__add__"]).__name__ == "method_descriptor"


@compiled
@pytest.mark.parametrize("a", NUMBERS)
def test_operators_make_the_nodes_that_python_makes(a):
    for name in binary_methods():
        for other in [*OTHERS, *map(Value, NUMBERS)]:
            x = Value(a)
            assert outcome(getattr(x, name), other) == outcome(native.REPLACED[name], x, other), (name, other)
    for name in ("__neg__", "tanh", "relu"):
        x = Value(a)
        assert outcome(getattr(x, name)) == outcome(native.REPLACED[name], x)


@compiled
def test_operators_round_as_python_does():
    rng = random.Random(7)
    exponents = (-3.0, 3.0), (-300.0, 300.0), (-307.0, -290.0)
    for _ in range(20_000):
        x, y = (Value(rng.uniform(-1.0, 1.0) * 10.0 ** rng.uniform(*rng.choice(exponents))) for _ in "xy")
        name = rng.choice(binary_methods())
        other = rng.choice([y, y.data])
        assert slots(getattr(x, name)(other)) == slots(native.REPLACED[name](x, other)), (name, x, other)
        x.data = rng.gauss(0.0, 1.0) * rng.choice([1e-9, 1.0, 100.0])
        assert slots(x.tanh()) == slots(native.REPLACED["tanh"](x)), x


@compiled
def test_operators_keep_the_very_operands():
    x, y, c = Value(2.0), Value(3.0), 0.125
    assert (x * y)._a is x
    assert (x * y)._b is y
    assert (x * c)._b is c
    assert (c - x)._a is c
    assert (x * y)._da is y._data


@compiled
@pytest.mark.parametrize(
    "mode", [no_grad, detect_anomaly, lambda: scope("layer1.n2"), lambda: autograd.modes.mode(tape=[])]
)
def test_modes_are_in_force_in_c(mode):
    x, y = Value(0.5), Value(-2.0)
    with mode():
        for name in binary_methods():
            for other in (y, 3, 0.25):
                node, expected = getattr(x, name)(other), native.REPLACED[name](x, other)
                assert (node.op, node.scope, node.parents) == (expected.op, expected.scope, expected.parents)
        for name in ("__neg__", "tanh", "relu"):
            assert getattr(x, name)().scope == native.REPLACED[name](x).scope
    assert (x + y).scope == ""
    assert (x + y).op is autograd.ops.add


@compiled
def test_anomalies_are_found_in_c():
    with detect_anomaly(), pytest.raises(autograd.AnomalyError, match="mul"):
        Value(1e200) * Value(1e200)


def random_graph(rng, size):
    leaves = [Value(rng.gauss(0.0, 1.0)) for _ in range(8)]
    nodes = list(leaves)
    row = tuple(leaves[:4])
    for _ in range(size):
        several = rng.sample([*autograd.softmax(nodes[-5:]), *autograd.log_softmax(nodes[-3:])], 2)
        a, b, c = (rng.choice(nodes[-20:]) for _ in range(3))
        vector = (a, 0.5, b, c)
        nodes.append(
            rng.choice([
                lambda: a + b, lambda: a * b, lambda: a - b, lambda: 3 - a, lambda: 0.1 * a, lambda: a.tanh(),
                lambda: a.relu(),
                lambda: autograd.dot(row, vector), lambda: autograd.dot(vector, vector),
                lambda: autograd.sum([a, 1.0, b, a]),
                lambda: autograd.where(a > b, a, b), lambda: a / 3.0,
                lambda: autograd.dot(row, (1.0, 2.0, 3.0, 4.0)), lambda: -a,
                lambda: autograd.dot(autograd.softmax(vector), row), lambda: several[0] * several[1],
                lambda: autograd.log_softmax([a, b, 0.5])[0],
            ])() * 0.5
        )  # fmt: skip
    return leaves, nodes[-1] + nodes[-2]


@compiled
@pytest.mark.parametrize("seed", range(40 * TIMES))
def test_the_pass_gives_the_bits_of_python(seed):
    rng = random.Random(seed)
    leaves, root = random_graph(rng, rng.randrange(5, 300))
    before = [rng.choice([0.0, -0.0, 0.5, 1e300]) for _ in leaves]
    seen = []
    for sweep in (native.engine.sweep, native.REPLACED["sweep"]):
        for x, g in zip(leaves, before, strict=True):
            x.grad = g
        assert sweep(root, 1.5)
        seen.append([repr(x.grad) for x in toposort(root)])
    assert seen[0] == seen[1]
    general = adjoints(root, 1.5)
    assert all(
        repr(x.grad) == repr(0.0 if general[x] is None else general[x])
        for x in toposort(root)
        if x.op is not None
    )


@compiled
def test_derivatives_that_are_no_floats_are_multiplied_as_python_does():
    double = autograd.custom_op("twice_in_c", lambda x: 2.0 * x, lambda y, x: (numpy_number,))
    x = Value(3.0)
    (double(x) * 2.0 + double(x)).backward()
    assert x.grad == 4.5


@compiled
@pytest.mark.parametrize("slot", ["_row", "_a", "_b", "_da", "_db"])
def test_a_deleted_slot_is_an_error_and_changes_nothing(slot):
    x, w = Value(2.0), Value(3.0)
    x.grad = 7.0
    y = x * w
    z = (y + x).tanh()
    kept = getattr(y, slot)
    delattr(y, slot)
    if slot == "_row":  # of no use to this pass
        z.backward()
        x.grad, w.grad = 7.0, 0.0
        with pytest.raises(AttributeError, match=f"has no attribute '{slot}'"):
            z.backward(create_graph=True)
    else:
        with pytest.raises(AttributeError, match=f"has no attribute '{slot}'"):
            z.backward()
    assert (x.grad, w.grad) == (7.0, 0.0)
    setattr(y, slot, kept)
    z.backward()
    assert w.grad == adjoints(z)[w]
    with pytest.raises(AttributeError, match="_data"):
        x + Value.__new__(Value)


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
    setattr(y, slot, rubbish)
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


def test_the_operation_of_a_node_is_read_only():
    y = autograd.sum([Value(1.0), Value(2.0)])
    with pytest.raises(AttributeError, match=r"apply the other operation to the operands"):
        y.op = autograd.ops.dot
    with pytest.raises(AttributeError):
        del y.op
    y.backward()
    assert y.op is autograd.ops.sum


def run(program, **environment):
    result = subprocess.run([sys.executable, "-P", "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                            capture_output=True, text=True, check=False)  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


PROGRAM = """
from autograd import Value, native, dot
x = Value(0.3); w = (x, 2.0 * x, x.tanh())
y = dot(w, w) * (x - 3).relu() + sum(w)
y.backward()
print(native.engine is None, y, x.grad.hex())
"""


def test_without_it_all_is_the_same():
    plain, *rest = run(PROGRAM, CHAINRULE_PURE_PYTHON="1")
    assert plain == "True"
    ours, *same = run(PROGRAM, CHAINRULE_PURE_PYTHON="")
    assert ours == "False" or native.engine is None
    assert same == rest


@compiled
def test_one_that_is_older_than_its_source_is_not_used(tmp_path):
    copied = (
        shutil.copytree(
            ROOT / "autograd", tmp_path / "autograd", ignore=shutil.ignore_patterns("__pycache__")
        )
        / "native"
    )
    (module,) = copied.glob(f"_engine{sysconfig.get_config_var('EXT_SUFFIX')}")

    def used(*sources_older_by):
        for path, seconds in zip(sorted(copied.glob("*.[ch]")), sources_older_by, strict=True):
            os.utime(path, (1e9 - seconds, 1e9 - seconds))
        return run(
            "from autograd import native; print(native.engine is not None)",
            CHAINRULE_PURE_PYTHON="",
            PYTHONPATH=str(tmp_path),
        )

    os.utime(module, (1e9, 1e9))
    assert used(5, 5, 0, 5) == ["True"]
    assert used(5, 5, -1, 5) == ["False"]
    for path in copied.glob("*.[ch]"):
        path.unlink()  # as it is where a wheel was installed
    assert used() == ["True"]
    module.write_bytes(b"of another machine")
    assert used() == ["False"]


@compiled
def test_one_that_is_not_used_is_said_in_a_line(tmp_path):
    copied = (
        shutil.copytree(
            ROOT / "autograd", tmp_path / "autograd", ignore=shutil.ignore_patterns("__pycache__")
        )
        / "native"
    )
    (module,) = copied.glob(f"_engine{sysconfig.get_config_var('EXT_SUFFIX')}")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "CHAINRULE_PURE_PYTHON": ""}

    def said():
        command = [sys.executable, "-c", "from autograd import native; assert native.engine is None"]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stderr

    os.utime(copied / "engine.c", (4e9, 4e9))
    assert "RuntimeWarning: the engine's C is older than engine.c; the slower Python runs instead" in said()
    assert "Compile it again: pip install -e ." in said()
    assert said().count("\n") == 1
    module.write_bytes(b"of another machine")
    assert "RuntimeWarning: the engine's C could not be loaded: " in said()
    assert said().count("\n") == 1
    environment["CHAINRULE_PURE_PYTHON"] = "1"
    assert said() == ""
    environment["CHAINRULE_PURE_PYTHON"] = ""
    module.unlink()
    assert said() == "", "where there was no compiler, nothing is wrong"


@compiled
def test_the_same_source_gives_the_same_bytes_in_every_folder(tmp_path):
    pytest.importorskip("hatchling")
    pytest.importorskip("setuptools")
    if not (ROOT / ".hatch_build.py").exists():
        pytest.skip("installed without its source")
    program = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("build", sys.argv[1])
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)
print(build.compiled(pathlib.Path.cwd(), pathlib.Path.cwd()))
"""
    made = []
    for folder in ("a", "a-longer-name/b"):
        shutil.copytree(ROOT / "autograd" / "native", tmp_path / folder / "autograd" / "native")
        command = [sys.executable, "-c", program, str(ROOT / ".hatch_build.py")]
        done = subprocess.run(command, cwd=tmp_path / folder, capture_output=True, text=True, check=True)
        made.append(Path(done.stdout.splitlines()[-1]).read_bytes())
    assert made[0] == made[1]


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


@compiled
@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_left_as_it_was(on):
    was_on = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        for _ in range(10_000):
            native.engine.blank()
            assert gc.isenabled() is on
    finally:
        (gc.enable if was_on else gc.disable)()


@compiled
def test_who_needs_few_nodes_does_not_get_many():
    few = (
        "x = Value(1.0); kept = [x + 1.0 for _ in range(100)]; "
        "print(sum(type(x) is Value for x in gc.get_objects()) < 200)"
    )
    assert run(f"import gc; from autograd import Value; {few}", CHAINRULE_PURE_PYTHON="") == ["True"]
