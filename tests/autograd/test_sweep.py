"""The pass in place: the same order and the same bits as `adjoints`, and leaves untouched where it fails."""

import copy
import gc
import math
import os
import random
import signal
import sys
import threading

import pytest

import autograd
from autograd import GraphError, Value, adjoints, checkpoint, native, toposort
from autograd import sweep as sweep_module
from autograd.node import HOOKED
from autograd.sweep import sweep


@pytest.fixture(params=["Python", "C"], autouse=True)
def engine(request, monkeypatch):
    """Run each test with the pass in Python, and with its twin in C where that was compiled."""
    if request.param == "C" and native.engine is None:
        pytest.skip("not compiled here; install with a C compiler and Python's headers")
    if request.param == "Python":
        for name in ("_sort", "_accumulate"):
            monkeypatch.setattr(sweep_module, name, native.REPLACED.get(name, getattr(sweep_module, name)))
    return request.param


def random_graph(seed):
    """Return leaves and a root over sums, products, dot products with shared vectors, n-ary nodes, untaken branches."""
    rng = random.Random(seed)
    leaves = [Value(rng.gauss(0.0, 1.0)) for _ in range(12)]
    nodes = list(leaves)
    row = tuple(leaves[:4])
    for _ in range(200):
        a, b, c = (rng.choice(nodes) for _ in range(3))
        vector = (a, 0.5, b, c)
        nodes.append(
            rng.choice([
                lambda: a + b, lambda: a * b, lambda: a - 2.0, lambda: 3.0 - a, lambda: (a * 0.1).tanh(), lambda: a.relu(),
                lambda: autograd.dot(row, vector) * 0.1, lambda: autograd.dot(vector, vector).tanh(), lambda: autograd.sum([a, 1.0, b, a]),
                lambda: autograd.max([a, b, c]), lambda: autograd.where(a > b, a, b), lambda: a / 3.0, lambda: autograd.dot(row, (1.0, 2.0, 3.0, 4.0)),
            ])().sigmoid()
        )  # fmt: skip
    return leaves, autograd.sum(nodes[-20:])


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_adjoints_to_the_bit(seed):
    _, root = random_graph(seed)
    for node in toposort(root):
        node.grad = 0.25 if node.op is None else -7.0
    expected = adjoints(root, 1.5)
    assert sweep(root, 1.5)
    for node, g in expected.items():
        alone = 0.25 if g is None else 0.25 + g
        want = alone if node.op is None else 0.0 if g is None else g
        assert repr(node.grad) == repr(want)


def test_a_leaf_that_held_nothing_gets_the_very_bits():
    x = Value(0.0)
    (x * -0.0).backward()
    assert math.copysign(1.0, x.grad) == -1.0
    y = Value(2.0)
    y.grad = None  # as users of PyTorch clear it
    (y * 3.0).backward()
    assert y.grad == 3.0


def test_a_leaf_by_itself_and_one_beneath_an_untaken_branch():
    x = Value(2.0)
    assert sweep(x, 4.0)
    assert x.grad == 4.0
    y = Value(-1.0)
    hidden = y * 2.0
    hidden.grad = 5.0
    assert sweep(hidden.relu(), 1.0)
    assert (y.grad, hidden.grad) == (0.0, 0.0)


@pytest.mark.parametrize("part", ["_sort", "_accumulate", "_spread", "total"])
def test_an_interrupt_leaves_the_leaves_as_they_were(part, monkeypatch, engine):
    if part == "_spread" and engine == "C":
        pytest.skip("a part of the accumulation in C")
    leaves, root = random_graph(1)
    sweep(root, 1.0)
    before = [x.grad for x in leaves]
    genuine = getattr(sweep_module, part)
    calls = iter([False, True, True])

    def interrupted(*args):
        # In the middle: the second call, or after the work of the first.
        if part in ("_sort", "_accumulate"):
            genuine(*args)
        if part in ("_sort", "_accumulate") or next(calls):
            raise KeyboardInterrupt
        return genuine(*args)

    with monkeypatch.context() as patch:
        patch.setattr(sweep_module, part, interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(root, 1.0)
    assert [x.grad for x in leaves] == before
    assert all(node.grad == 0.0 for node in toposort(root) if node.op is not None)
    sweep(root, 1.0)
    assert [x.grad for x in leaves] == [2.0 * g for g in before]


def test_a_checkpointed_call_is_left_to_the_general_pass():
    x = Value(0.5)
    x.grad = 1.0
    y = checkpoint(lambda x: (x * x).sin())(x * 2.0) + x
    assert not sweep(y, 1.0)
    assert x.grad == 1.0
    y.backward()
    assert x.grad == pytest.approx(2.0 + math.cos(1.0) * 4.0, rel=1e-15)


def test_hooks_work_whatever_ran_before_them():
    x = Value(3.0)
    y = x * 2.0
    y.backward()
    y.register_hook(lambda g: 10.0 * g)
    x.grad = 0.0
    y.backward()
    assert x.grad == 20.0


def test_the_quick_pass_is_back_once_no_hook_is_left():
    gc.collect()
    others = len(HOOKED)

    def any_left():
        gc.collect()
        return len(HOOKED) > others

    x = Value(3.0)
    handle = x.register_hook(lambda g: 10.0 * g)
    twin = copy.deepcopy(x)
    handle.remove()
    handle.remove()
    assert any_left()
    (twin * 2.0).backward()
    assert twin.grad == 20.0
    del twin
    assert not any_left()
    (x * 2.0).backward()
    assert x.grad == 2.0
    kept = Value(1.0).register_hook(print)
    assert any_left()  # the handle keeps the node
    del kept
    assert not any_left()


class Interrupt(BaseException):
    pass


@pytest.mark.parametrize("checkpointed", [False, True])
def test_an_interrupt_at_any_line_leaves_no_mark(checkpointed, engine):
    x, w = Value(0.5), Value(-2.0)
    x.grad, w.grad = 1.25, -0.5
    t = (x * w).tanh()
    row = (t, 1.0, x)
    root = autograd.dot(row, row) + autograd.dot((w, x, w), row) * t
    if checkpointed:
        root = root + checkpoint(lambda a, b: (a * b).sin())(t, w)
    done = adjoints(root)
    all_or_nothing = (1.25, -0.5), (1.25 + done[x], -0.5 + done[w])
    files = {sweep_module.__file__, sys.modules["autograd.order"].__file__}
    struck, place = True, 0
    while struck:
        struck, lines, place = False, 0, place + 1

        def strike(frame, event, _):
            nonlocal lines, struck
            if frame.f_code.co_filename not in files or frame.f_code.co_name == "in_turn":
                return None
            lines += event == "line"
            if lines == place and not struck:
                struck = True
                raise Interrupt
            return strike

        before = sys.gettrace()
        sys.settrace(strike)
        try:
            root.backward()
        except Interrupt:
            pass
        finally:
            sys.settrace(before)
        if struck:
            assert (x.grad, w.grad) in all_or_nothing
            x.grad, w.grad = all_or_nothing[0]
            assert all(isinstance(node.grad, float) for node in toposort(root))
    assert place > (100 if engine == "Python" else 15)
    assert (x.grad, w.grad) == all_or_nothing[1]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_forked_in_the_middle_of_a_pass_can_make_its_own():
    reached, go_on = threading.Event(), threading.Event()

    def wait():
        reached.set()
        go_on.wait(10)

    thread = threading.Thread(target=sweep_module.in_turn, args=(wait,))
    thread.start()
    reached.wait(10)
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        x = Value(3.0)
        (x * x).backward()
        os._exit(int(x.grad))
    go_on.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6


def test_a_second_pass_in_the_middle_of_one_is_refused_and_not_waited_for():
    x = Value(3.0)
    with pytest.raises(GraphError, match="signal handler"):
        sweep_module.in_turn((x * x).backward)
    assert x.grad == 0.0
    (x * x).backward()
    assert x.grad == 6.0
