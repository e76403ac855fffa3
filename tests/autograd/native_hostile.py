"""Objects, threads and processes that get in the way of the engine: each case may raise, and no more.

test_native_failures.py runs it in a process of its own: ``python native_hostile.py``. It prints a line for
each case, which is the same whether C or Python runs.
"""

import copy
import gc
import numbers
import os
import pickle
import sys
import threading
import warnings
from array import array
from typing import ClassVar

import autograd
from autograd import Value, ops

warnings.simplefilter("ignore")  # of a fork beside threads
CASES = {}


def case(function):
    """Enter a function in the list of cases."""
    CASES[function.__name__.replace("_", " ")] = function
    return function


def tried(work):
    """Return what a call gives, or the name of the exception."""
    try:
        return work()
    except Exception as error:
        return type(error).__name__


class Rising(Value):
    """A node that comes back when it is to be freed, and uses the engine meanwhile."""

    risen: ClassVar[list] = []

    def __del__(self):
        """Build on the dying node, and make a pass through it."""
        y = (self * self).tanh() + sum(autograd.softmax([self, self, 1.0]))
        y.backward()
        self.risen.append(y)


class Slotted(Value):
    """A node with a slot of its own, which may lead back to it."""

    __slots__ = ("own",)


@case
def a_node_that_rises_from_the_dead():
    """Free a graph whose nodes build others while they go."""
    for _ in range(200):
        y = Rising(2.0) * 3.0 + Rising(1.0)
        y.backward()
        del y
        gc.collect()
    count = len(Rising.risen)
    for y in Rising.risen:
        y.backward()
    Rising.risen.clear()
    return count >= 400


@case
def slots_that_close_a_cycle():
    """Let nodes lead to themselves by slots of a derived class, and collect them."""
    for _ in range(200):
        x = Slotted(2.0)
        x.own = [x * x, autograd.softmax([x, 1.0])]
        x.own[0].backward()
    gc.collect()
    return x.grad, copy.deepcopy(x).data, tried(lambda: pickle.loads(pickle.dumps(x)).data)


class Weird:
    """A number that does something each time it is asked."""

    def __init__(self, act):
        self.act = act

    def __float__(self):
        """Act first."""
        self.act()
        return 0.5


numbers.Real.register(Weird)


def weird_operands(act):
    """Apply operations to a number that acts while it is read."""
    x, odd = Value(0.7), Weird(act)
    works = [
        lambda: x + odd, lambda: odd * x, lambda: x**odd, lambda: autograd.hypot(x, odd),
        lambda: autograd.sum([x, odd]), lambda: autograd.prod([x, odd, x]), lambda: autograd.max([x, odd]),
        lambda: autograd.dot([x, odd], [odd, x]), lambda: autograd.softmax([x, odd])[0],
        lambda: autograd.log_softmax([odd, x])[1], lambda: autograd.logsumexp([x, odd, odd]),
        lambda: autograd.clamp(x, odd, odd), lambda: ops.monomial(odd, x, odd, 1.0, 0.0),
    ]  # fmt: skip
    return [getattr(tried(work), "data", "raised") for work in works]


@case
def numbers_that_collect_garbage_while_they_are_read():
    """Collect in the middle of an operation."""
    return weird_operands(gc.collect)


@case
def numbers_that_make_a_pass_while_they_are_read():
    """Differentiate another graph in the middle of an operation."""
    z = Value(2.0)
    return weird_operands(lambda: (z * z + sum(autograd.softmax([z, z * z]))).backward())


@case
def numbers_that_raise():
    """Raise in the middle of an operation."""
    return weird_operands(lambda: 1 // 0)


@case
def operands_that_change_their_list_while_it_is_read():
    """Empty the list of operands from within."""
    results = []
    for f in (autograd.sum, autograd.softmax, autograd.logsumexp, autograd.max, autograd.norm):
        xs = [Value(1.0), Value(2.0)]
        xs.insert(1, Weird(xs.clear))
        found = tried(lambda f=f, xs=xs: f(xs))
        results.append([x.data for x in found] if isinstance(found, list) else getattr(found, "data", found))
    return results


def produced(x, fails):
    """Yield operands, with passes and a failure between them."""
    for i in range(5):
        y = x * float(i)
        y.backward()
        yield y
    if fails:
        raise LookupError


@case
def generators_as_operands():
    """Give generators, which differentiate as they go and may fail, to operations on many operands."""
    found = []
    for name in ("sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "log_softmax"):
        for fails in (False, True):
            x = Value(0.5)
            y = tried(lambda name=name, x=x, fails=fails: getattr(autograd, name)(produced(x, fails)))
            y = autograd.sum(y) if isinstance(y, list) else y
            found.append(y if isinstance(y, str) else (y.backward(), x.grad)[1])
    x = Value(0.5)
    y = autograd.dot(produced(x, False), produced(x, False))
    y.backward()
    return [*found, x.grad, tried(lambda: autograd.sum(iter([y, y, None])))]


@case
def operands_that_are_changed_in_the_middle_of_a_pass():
    """Let a hook and a call of Python's change numbers and slots of the graph that is differentiated."""
    x, w = Value(0.5), Value(2.0)
    shares = autograd.log_softmax([x, w, x * w])
    y = autograd.dot(tuple(shares), (1.0, 2.0, 3.0)) + (x * w).tanh()

    def meddle(g):
        x.data, w.data, x.grad = 9.0, -9.0, None
        shares[0]._a = shares[1]._a
        tried(lambda: setattr(shares[2], "_a", y))
        return g

    shares[1].register_hook(meddle)
    return tried(y.backward), w.data, tried(y.backward), type(x.grad).__name__


@case
def results_of_a_call_in_a_circle():
    """Let a call's operand rest on one of its results."""
    found = []
    for which in range(3):
        x = Value(0.5)
        z = x * 2.0
        shares = autograd.softmax([z, x, z + x])
        z._a = shares[which]
        y = autograd.dot(tuple(shares), (1.0, 2.0, 3.0))
        before = shares[which].grad, z.grad, x.grad
        found += [tried(y.backward), tried(shares[0].backward), tried(shares[2].backward),
                  before == (shares[which].grad, z.grad, x.grad)]  # fmt: skip
        z._a = x
        found += [tried(y.backward), x.grad.hex()]
    return found


@case
def two_nodes_that_are_the_same_result():
    """Copy a result without its call, and count both."""
    x, w = Value(0.5), Value(2.0)
    shares = autograd.softmax([x, w])
    other = (x * w).tanh()
    other._da = other._db = None
    other._a, other._b = shares[0]._a, 0.0
    y = tried(lambda: autograd.sum([*shares, other * 3.0, shares[0] * other]))
    return tried(y.backward), x.grad.hex(), w.grad.hex()


@case
def threads_that_build_on_one_node():
    """Build, differentiate and free graphs on the same leaves from many threads."""
    x, w = Value(0.5), Value(2.0)
    shared = (x * w).tanh()
    failed = []

    def work():
        try:
            for _ in range(60):
                y = sum(autograd.softmax([shared * i + x for i in range(20)])) + autograd.dot(
                    [x] * 9, [w] * 9
                )
                y.backward()
                del y
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return failed, x.grad == x.grad, shared.data


@case
def a_fork_in_the_middle():
    """Fork where a graph is half built, while a thread builds another, and go on in both processes."""
    if not hasattr(os, "fork"):
        return 0, 0.25
    x = Value(0.5)
    y = x * x
    done = threading.Event()

    def build():
        while not done.is_set():
            autograd.softmax([x * i for i in range(50)])

    thread = threading.Thread(target=build)
    thread.start()
    child = os.fork()
    if not child:
        for _ in range(100):
            (sum(autograd.softmax([y, x])) + y).backward()
        os._exit(int(y.data != 0.25))
    (y + x).backward()
    done.set()
    thread.join()
    return os.waitpid(child, 0)[1], y.data


@case
def a_deep_graph_of_every_kind_is_freed():
    """Free a chain of all kinds of nodes, and one that hangs on containers and on derived nodes."""
    y = Value(0.5)
    for i in range(40_000):
        y = autograd.softmax([y, 1.0])[0] if i % 4 == 0 else y
        y = autograd.dot((y, 1.0), (0.5, 0.5)) if i % 4 == 1 else y
        y = autograd.sum([y, 0.25, -0.25]) if i % 4 == 2 else y + 1e-9
    y.backward()
    held = y
    for _ in range(40_000):
        held = held * Slotted(1.0) if held.__class__ is Value else Value(1.0)
    del y, held
    return gc.collect() >= 0


@case
def arrays_and_lists_that_are_changed_while_they_are_written():
    """Give grad objects whose end changes the list of nodes that is written."""
    nodes = [Value(float(i)) for i in range(10)]

    class Ends:
        def __del__(self):
            nodes.clear()
            gc.collect()

    for node in nodes[:5]:
        node.grad = Ends()
    from autograd.bulk import set_grads

    tried(lambda: set_grads(nodes, array("d", range(10))))
    return len(nodes)


def main():
    """Run the cases."""
    for name, function in CASES.items():
        print(f"{name}: {function()}", flush=True)


if __name__ == "__main__":
    sys.setswitchinterval(1e-5)
    main()
