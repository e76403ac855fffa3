"""Interrupts at every bytecode, a second one close behind, forks and threads in the middle: all or nothing,
and nothing left behind."""

import contextlib
import copy
import dataclasses
import dis
import gc
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import strikes
from profiles import NIGHTLY
from strikes import PACKAGE, Strike, all_strikes

import autograd
from autograd import GraphError, Value, adjoints, checkpoint, detect_anomaly, modes, native, no_grad, toposort
from autograd import sweep as sweep_module
from autograd.modes import ACTIVE, MODE
from autograd.node import Note

LATER = (1, 2, 3, 5, 9, 20) if strikes.EVERY else (1, 5)
"""After how many further bytecodes a second interrupt strikes."""


def struck_at(strike):
    """Return where the error says that it came from."""
    trace, place = strike.kept.__traceback__, None
    while trace is not None:
        code = trace.tb_frame.f_code
        place = (code, trace.tb_lasti) if code.co_filename.startswith(PACKAGE) else place
        trace = trace.tb_next
    return place


def test_strikes_reach_each_bytecode_that_there_is_in_its_turn():
    code = Note.__init__.__code__  # from beginning to end without a jump
    expected = [(code, each.offset) for each in dis.get_instructions(code) if each.opname != "RESUME"]
    counted = Strike(0)
    assert not counted.during(Note)
    assert counted.places == expected
    assert [struck_at(strike) for strike in all_strikes(Note, some=len(expected))] == expected


def test_strikes_are_where_the_error_says_and_where_the_count_was(engine):
    _, _, root = graph("plain")
    root.backward()
    counted = Strike(0)
    counted.during(root.backward)
    places = []
    for strike in all_strikes(root.backward, some=len(counted.places)):
        places.append((struck_at(strike), *strike.struck))
        root.backward()  # after which nothing is left of the one that was struck
    assert places == [(place, place) for place in counted.places]


def graph(kind):
    x, w = Value(0.5), Value(-2.0)
    x.grad, w.grad = 1.25, -0.5
    t = (x * w).tanh()
    row = (t, 1.0, x)
    root = autograd.dot(row, row) + autograd.dot((w, x, w), row) * t + autograd.sum([x, t, 2.0])
    if kind == "checkpointed":
        root = root + checkpoint(lambda a, b: (a * b).sin())(t, w)
    if kind == "hooked":
        t.register_hook(lambda g: 2.0 * g)
    return x, w, root


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # of a generator that is struck while it is closed
@pytest.mark.parametrize("kind", ["plain", "checkpointed", "hooked", "second order"])
@pytest.mark.parametrize("seconds", [(0,), LATER], ids=["once", "twice"])
def test_a_pass_struck_anywhere_changes_all_leaves_or_none_and_harms_no_other(kind, seconds, engine):
    x, w, root = graph(kind)
    order = kind == "second order"
    done = adjoints(root, create_graph=order)
    nothing = 1.25, -0.5
    everything = tuple(float(before + done[leaf]) for before, leaf in zip(nothing, (x, w), strict=True))

    def work():
        x.grad, w.grad = nothing
        root.backward(create_graph=order)

    twice = 0
    for count, strike in enumerate(all_strikes(work, seconds)):
        assert (float(x.grad), float(w.grad)) in (nothing, everything)
        assert all(isinstance(node.grad, (float, Value)) for node in toposort(root))
        if count % 3:
            work()
        else:  # another thread does not wait for the pass that was struck
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            thread.join(60.0)
        assert (float(x.grad), float(w.grad)) == everything
        twice += len(strike.struck) == 2
    assert twice > 0 or seconds == (0,) or engine == "C"  # few bytecodes are left there
    x.grad, w.grad = nothing
    root.backward()
    assert (x.grad, w.grad) == everything


def test_what_an_interrupted_pass_leaves_reads_as_numbers(engine):
    x, _, root = graph("plain")
    for _ in all_strikes(root.backward):
        twin, pickled = copy.deepcopy(root), pickle.loads(pickle.dumps(root))
        for node, other, third in zip(toposort(root), toposort(twin), toposort(pickled), strict=True):
            assert type(node.grad) is float
            assert (repr(other.grad), repr(third.grad)) == (repr(node.grad),) * 2
        (leaf,) = (node for node in toposort(twin) if node.op is None and node.data == x.data)
        leaf.grad = x.grad = 0.0
        twin.backward()
        assert leaf.grad == adjoints(root)[x]


MODES = {
    "no_grad": no_grad, "detect_anomaly": detect_anomaly, "scope": lambda: autograd.scope("a"),
    "sources": autograd.sources,
    "tape": lambda: modes.mode(tape=[]), "differentiating": modes.differentiating,
}  # fmt: skip


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # of a generator that is struck while it is closed
@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        *(pytest.param(name, (0,), id=f"{name}-once") for name in MODES),
        *(
            pytest.param(name, LATER, id=f"{name}-twice", marks=pytest.mark.slow)
            for name in (MODES if NIGHTLY else ("no_grad", "scope"))
        ),
    ],
)
@pytest.mark.parametrize("way", ["with", "named", "nested", "decorated", "generator", "stack", "grad"])
def test_no_mode_is_left_on(name, seconds, way):
    make, x = MODES[name], Value(2.0)
    usual = MODE.get()

    def work():
        if way == "with":
            with make():
                x * x
        elif way == "named":
            manager = make()
            with manager:
                x * x
            with manager:
                x * x
        elif way == "nested":
            with make(), autograd.scope("b"), make():
                x * x
        elif way == "decorated":
            modes.ModeContext("mode", make().changes)(lambda: x * x)()
        elif way == "stack":
            with contextlib.ExitStack() as stack:
                stack.enter_context(make())
                x * x
        elif way == "grad":
            autograd.grad(lambda a: make().__class__ and a * a)(2.0)
        else:

            def steps():
                with make():
                    yield x * x

            list(steps())
        assert MODE.get() == usual  # which forgets those that have ended

    for strike in all_strikes(work, seconds, some=40 if way == "with" else 9):
        if way == "stack" and (ACTIVE or MODE.get() != usual):
            strike.kept = None  # the stack is Python code: what it could not leave ends with it
            gc.collect()
        assert not ACTIVE
        assert MODE.get() == usual
    assert (x * x).op is not None
    assert not ACTIVE


# In a process of its own: others' callbacks of the collector are finalizers to an interrupt, which Python
# drops in them.
KEYBOARD = """
import signal, sys
import autograd
from autograd import Value
from autograd.modes import ACTIVE, MODE, Mode

make = {"no_grad": autograd.no_grad, "detect_anomaly": autograd.detect_anomaly,
        "scope": lambda: autograd.scope("a")}[sys.argv[1]]
x, armed, kept = Value(2.0), [False], []

def strike(*_):
    if armed[0]:
        armed[0] = False
        raise KeyboardInterrupt

# A call: Python leaves jumps back from the end of a with statement out of the try statement around it.
def wait():
    while armed[0]:
        with make():
            x * x

signal.signal(signal.SIGALRM, strike)
for i in range(400):
    try:
        armed[0] = True
        signal.setitimer(signal.ITIMER_REAL, 2e-5 + 1e-7 * i)
        wait()
    except KeyboardInterrupt as error:
        kept.append(error)
    assert not ACTIVE
    assert MODE.get() == Mode()
assert len(kept) > 300
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer here")
@pytest.mark.parametrize("name", ["no_grad", "detect_anomaly", "scope"])
def test_no_mode_is_left_on_by_the_keyboard(name):
    environment = {**os.environ, "PYTHONPATH": str(Path(autograd.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", KEYBOARD, name], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_mode_ends_for_itself_in_whatever_order_and_by_hand():
    x = Value(2.0)
    first, second = autograd.scope("a"), no_grad()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert MODE.get() == modes.Mode(grad=False)
    second.__exit__(None, None, None)
    assert MODE.get() == modes.Mode()
    leave = second.__exit__
    second.__enter__()
    assert (x * x).op is None
    leave(None, None, None)
    assert not ACTIVE
    with second, autograd.scope("b"), second:
        assert MODE.get() == modes.Mode(grad=False, scope="b")
    assert MODE.get() == modes.Mode()
    forgotten = no_grad()
    forgotten.__enter__()
    assert (x * x).op is None
    del forgotten
    gc.collect()
    assert (x * x).op is not None


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("shared", [False, True])
def test_a_process_forked_in_the_middle_of_a_pass_can_make_its_own(shared, engine):
    reached, go_on = threading.Event(), threading.Event()
    x = Value(3.0)
    y = x * x

    def pull(kept, g):
        reached.set()
        go_on.wait(10)
        return g

    def slow(a):
        shares = autograd.softmax([a, 1.0])
        shares[0]._a.kind = dataclasses.replace(shares[0]._a.kind, float_pull=pull)
        return shares[0]

    z = y + slow(y) if shared else slow(Value(2.0))
    thread = threading.Thread(target=z.backward)
    thread.start()
    assert reached.wait(10)
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        x.grad = 0.0
        y.backward()
        os._exit(int(x.grad))
    go_on.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6
    x.grad = 0.0
    y.backward()
    assert x.grad == 6.0


def test_threads_that_make_passes_over_shared_nodes_lose_nothing(engine):
    rng = random.Random(3)
    x = Value(0.5)
    nodes = [x]
    for _ in range(300):
        a, b = rng.choice(nodes), rng.choice(nodes)
        nodes.append(rng.choice([lambda: a + b, lambda: a * b, lambda: (a - b).tanh()])())
    root = autograd.mean(nodes[-30:])
    expected = adjoints(root)[x]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=lambda: [root.backward() for _ in range(25)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert math.isclose(x.grad, 100 * expected, rel_tol=1e-12)
    root.backward(create_graph=True)
    assert math.isclose(float(x.grad), 101 * expected, rel_tol=1e-12)


def test_a_second_pass_in_the_middle_of_one_is_right_or_refused_and_not_waited_for(engine):
    x = Value(3.0)
    y = x * x
    if engine == "C" and native.engine is not None:
        sweep_module.in_turn(y.backward)  # nothing stands in the nodes that it could disturb
    else:
        with pytest.raises(GraphError, match="signal handler"):
            sweep_module.in_turn(y.backward)
        assert x.grad == 0.0
        y.backward()
    assert x.grad == 6.0
    gc.collect()
    assert not sweep_module._QUEUE
