"""Random graphs through the engine in C and in Python, and with allocations that fail."""

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path

from hostile.graph_files import graph
from hostile.rounds import hostile_round

from autograd import Value, adjoints, toposort
from autograd.native import engine

TESTS = Path(__file__).parents[1]
FAILURES = 24


def gradients(root: Value, leaves: list[Value], work) -> list[str]:
    """Return the digits of the leaves' gradients after a pass."""
    for leaf in leaves:
        leaf.grad = 0.0
    assert work() is not False
    return [repr(leaf.grad) for leaf in leaves]


@hostile_round(
    "each number of the forward pass has the bits of the row's Python, and each of the backward pass those "
    "of the general pass", 300,
)
def programs(rng: random.Random, folder: Path) -> str:
    """Compute one random graph, and its gradient in each way that there is."""
    root = graph(rng, [""])
    nodes = toposort(root)
    for node in nodes:
        if node.op is not None:
            assert repr(
                node.op.value(*[x.data if isinstance(x, Value) else x for x in node.operands])
            ) == repr(node.data)
    leaves = [node for node in nodes if node.op is None]
    found = gradients(root, leaves, root.backward)
    general = adjoints(root)
    assert [repr(0.0 if (g := general[leaf]) is None else g) for leaf in leaves] == found
    return "C and Python" if engine else "Python alone"


# No function of Python is called while allocations fail: the interpreter itself may crash where it gets no
# memory for a call.
ALLOCATIONS = """
import gc, operator, random, sys
import _testcapi
from hostile.graph_files import graph
from autograd import TABLE, Value, toposort
from autograd.native import engine

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
UNARY = [operator.neg, Value.tanh, Value.relu, Value.exp, abs]
MANY = [TABLE["sum"], TABLE["max"], TABLE["logsumexp"]]
rng = random.Random(int(sys.argv[1]))
gc.disable()
struck = 0

nodes = [Value(rng.uniform(-2.0, 2.0))]
for _ in range(int(sys.argv[2])):
    kinds = (rng.choice(BINARY), 2), (rng.choice(UNARY), 1), (rng.choice(MANY), 40), (engine.dot, 2)
    apply, count = rng.choice(kinds)
    operands, at, made = [rng.choice(nodes) for _ in range(count)], rng.randrange(3), None
    if apply is engine.dot:
        operands = [tuple(rng.choices(nodes, k=30)) for _ in range(2)]
    _testcapi.set_nomemory(at, at + 1)
    try:
        made = apply(*operands)
    except MemoryError:
        struck += 1
    finally:
        _testcapi.remove_mem_hooks()
    nodes.append(apply(*operands))
    assert made is None or repr(made) == repr(nodes[-1])

    root, at = graph(rng, [""]), int(2 ** rng.uniform(0.0, 6.0))
    leaves = [node for node in toposort(root) if node.op is None]
    root.backward()
    after = [repr(leaf.grad) for leaf in leaves]
    for leaf in leaves:
        leaf.grad = 0.0
    before, sweep = [repr(leaf.grad) for leaf in leaves], engine.sweep
    _testcapi.set_nomemory(at, at + 1)
    try:
        sweep(root, 1.0)
    except MemoryError:
        struck += 1
    finally:
        _testcapi.remove_mem_hooks()
    now = [repr(leaf.grad) for leaf in leaves]
    assert now in (before, after), (now, before, after)
print(struck)
"""


@hostile_round(
    "MemoryError or a result, all leaves changed or none, the same numbers in the next try, and no crash", 10
)
def failing_allocations(rng: random.Random, folder: Path) -> str:
    """Let one allocation fail in an operator, and one in a backward pass, again and again in one process."""
    if engine is None or importlib.util.find_spec("_testcapi") is None:
        return "not tried: without C, or without _testcapi"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent, TESTS)))}
    command = [sys.executable, "-c", ALLOCATIONS, str(rng.randrange(1 << 30)), str(FAILURES)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
    return f"times {2 * FAILURES} allocations"
