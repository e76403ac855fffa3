"""Wrong use of everything that the compiled module has: any exception will do, and no crash.

test_native_failures.py runs it in a process of its own: ``python native_misuse.py ROUNDS``.
"""

import gc
import itertools
import random
import sys
from array import array
from contextvars import ContextVar

import autograd
from autograd import TABLE, Value, ops
from autograd.modes import MODE
from autograd.native import engine
from autograd.node import SLOTS

x, y = Value(2.0), Value(3.0)


def nodes():
    """Return a node of each kind."""
    several = autograd.softmax([x, y])
    return [
        x * y, -x, autograd.clamp(x, 0.0, 1.0), *several, autograd.dot((x, y), (y, 1.0)),
        autograd.sum([x, y, 1.0]), Value(1.0), autograd.checkpoint(lambda a: a * a)(x),
    ]  # fmt: skip


JUNK = [
    None, 0, -1, 1.5, float("nan"), 10**400, "text", b"b", (), (x,), (x, y), ((x,), (y,)), ((), ()), [], [x],
    [[x]], {}, set(), object(), x, *nodes(), ops.exp, TABLE, engine, Value, type, len, nodes()[3]._a,
    lambda *a: 1 // 0, (1.0, None), ([1.0], None), ([1.0, 2.0], [1.0, 2.0]), ops.softmaxes, x.exp,
    [x, nodes()[3]], array("d", [1.0, 2.0]), array("f", [1.0, 2.0]), memoryview(bytes(16)).cast("d"),
    array("q", [0, 9]), array("q", [-1, 0]), MODE.tokens, ContextVar("of junk", default=(None,)),
    type("Tape", (list,), {})(),
]  # fmt: skip
outcomes = {"an exception": 0, "a result": 0}


def tried(work, *args):
    """Call something, whatever comes of it."""
    try:
        work(*args)
        outcomes["a result"] += 1
    except Exception:
        outcomes["an exception"] += 1


class Evil:
    """A base class that does not mind."""

    def __init_subclass__(cls):
        pass


def main(rounds):
    """Try everything, a number of times."""
    rng = random.Random(1)
    functions = [getattr(engine, name) for name in dir(engine) if not name.startswith("_")]
    functions = [f for f in functions if callable(f) and f is not engine.claim]
    for _ in range(20 * rounds):
        tried(rng.choice(functions), *[rng.choice(JUNK) for _ in range(rng.randrange(4))])
    for _ in range(rounds):
        node = rng.choice(nodes())
        for _ in range(3):
            tried(setattr, node, rng.choice(SLOTS), rng.choice(JUNK))
        for work in (
            node.backward, lambda node=node: node.backward(create_graph=True), lambda node=node: repr(node),
            lambda node=node: node.operands, lambda node=node: node.local_grads,
            lambda node=node: autograd.toposort(node),
            lambda node=node: node + node, node.exp,
        ):  # fmt: skip
            tried(work)
        x.grad = y.grad = 0.0
    for method in (Value.exp, Value.maximum, Value.__add__, Value.__pow__, Value.__neg__):
        for args in itertools.product(JUNK, repeat=2):
            tried(method, *args)
    for kind in (engine.Callable, type(Value.exp), type(nodes()[0])):
        for args in ((), (1,), (x,), (None, x)):
            tried(lambda kind=kind, args=args: kind(*args)(*args))
    tried(lambda: type("Sub", (Evil, Value), {})(1.0))
    gc.collect()
    print("alive", min(outcomes.values()) > 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
