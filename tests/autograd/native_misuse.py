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
from autograd.node import SLOTS, Bundle

x, y = Value(2.0), Value(3.0)
LARGE = (2**60, 2**63 - 1, 2**63 - 2, -(2**63), (2**64 + 2) // 3)  # some, times 3 or 8, are small again


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


class Sly:
    """What makes anew whatever is asked of it, and so keeps nothing."""

    _a = property(lambda self: (x * y, x * x, self))

    def __index__(self):
        gc.collect()
        return 3

    def __iter__(self):
        return iter((x * y, Sly()))


ENDLESS = Bundle(())
ENDLESS._a = (ENDLESS,)
JUNK += [Sly(), ENDLESS, Bundle(None), Bundle((x, Sly())), *LARGE]


def likely(rng):
    """Return a call of a function of the compiler's, whose arguments are nearly right."""

    def numbers(count, below):
        return array("q", [rng.randrange(below) for _ in range(count)])

    def some():
        return rng.choice([*nodes(), x, y, Sly(), ENDLESS, Bundle((x * y, 1.0, y)), rng.choice(JUNK)])

    few, size, rows = rng.randrange(9), rng.randrange(1, 8), rng.randrange(1, 4)
    much = rng.choice([1, 2, *LARGE])
    found = [some() for _ in range(rng.randrange(4))]
    places = {x: 0, y: rng.choice([1, -5, 99, Sly(), *LARGE])}
    places |= {node: rng.choice([2, 3, Sly(), *LARGE]) for node in found if isinstance(node, Value)}
    visits = [
        rng.choice([some(), {x: y}, {}, places] if i % 2 else [0, 0, 1, 2, "a", Sly(), *LARGE])
        for i in range(rng.randrange(12))
    ]
    begin = array("q", [2 * i for i in range(size + 1)])
    flags = bytes(rng.randrange(2) for _ in range(2 * size))
    sums = (
        numbers(few // 2 * 2, size), begin, *(numbers(2 * size, size) for _ in range(3)),
        array("d", [0.5] * (2 * size)), flags, numbers(size, 99), flags[:size],
    )  # fmt: skip
    columns = [
        array("h", [rng.choice([0, 1, 2, 3, 4, 4, 4, 5, 8, 9, -9]) for _ in range(size)]),
        array("d", [2.0] * size), numbers(size, size), numbers(size, 9), bytearray(numbers(size, 8).tolist()),
        numbers(size, size),
        rng.choice([numbers(3 * size, size), array("q")]), numbers(few, size),
        array("d", [rng.choice([1.0, -1.0, 0.0, 0.5]) for _ in range(few)]), numbers(few, size),
        numbers(few, size), bytearray(few),
    ]  # fmt: skip
    rule = rng.choice([((), (1.0,) * 5), (((ops.exp, 7),), (1, 2)), (((),), (1, 2)), (((5, 1),), (1, 2))])
    return rng.choice([
        (engine.sort, some(), tuple(found)), (engine.reach, found, {x, y}),
        (engine.pull, iter(found), {node: rng.choice([1.0, x, [1.0, x]]) for node in places}, {ops.mul: rule},
         [], [], {id(v): Bundle(v) for v in ((x, y), (y, 1.0))}, Bundle),
        (engine.turns, visits, found, places, array("q", [*numbers(few, 9), *LARGE[:2]])),
        (engine.read, found, places), (engine.operands, found, places),
        (engine.levels, rng.choice([size, *LARGE]), *[rng.choice([b"", numbers(few, size)])] * 2),
        (engine.agenda, flags[:size], *(numbers(size, size) for _ in range(2)), *[numbers(few, size)] * 2),
        (engine.nest, [numbers(2 * rows if k else rows, 20) for k in range(few)], numbers(rows, rows), much),
        (engine.evenly, *sums, numbers(3 * size, size), array("d", [1.0] * size), much),
        (engine.terms, *sums),
        (engine.classes, *(numbers(few, size) for _ in range(5))),
        (engine.simplify, bytes(rng.randrange(256) for _ in range(few)), tuple(columns)),
        (engine.mark_reached, *(numbers(few, size) for _ in range(2)), bytearray(size)),
    ])  # fmt: skip


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
    for _ in range(4 * rounds):
        tried(*likely(rng))
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
