"""Numbers of many nodes at a time: while compiled programs work on them they may stand in arrays, unseen."""

import copy
import gc
import math
import pickle
import threading

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, sweep
from autograd.bulk import gather, scatter, set_grads

START = (1.5, -0.5, 2.0, 0.25)
X, Y = np.array([0.5, -1.0, 2.0]), 0.75


def loss_of(ps):
    """Return a loss over four parameters."""

    def loss(x, y):
        z = (ps[0] * x[0] + ps[1] * x[1]).tanh() * ps[2] + ps[3] * x[2]
        return (z - y) ** 2

    return loss


class Eager:
    """The same steps, taken node by node."""

    def __init__(self, ps=None):
        self.ps = ps or [Value(x) for x in START]
        self.optimizer = nn.optim.Adam(self.ps, lr=0.125)
        self.before = self._loss()

    def call(self):
        self._loss().backward()

    def _loss(self):
        return loss_of(self.ps)(X.tolist(), Y)

    def train(self):
        before = [p.grad for p in self.ps]
        for p, g in zip(self.ps, autograd.gradients(self._loss(), self.ps), strict=True):
            p.grad = g
        self.optimizer.step()
        for p, g in zip(self.ps, before, strict=True):
            p.grad = g


class Away(Eager):
    """Steps after which the numbers stand elsewhere."""

    def __init__(self, ps=None):
        super().__init__(ps)
        self.step = autograd.compile(loss_of(self.ps), self.ps, backend="numpy")

    def call(self):
        self.step(X, Y)

    def train(self):
        self.step.train(X, Y, self.optimizer, 1)


def close(a, b):
    """Tell whether two results are the same up to rounding."""
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, str):
        return a == b
    if isinstance(a, Value):
        return close([a.data, a.grad], [b.data, b.grad])
    return (a is None) == (b is None) and (a is None or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12))


def after_steps(kind):
    """Return what has taken a few steps, the last of each sort unseen."""
    made = kind()
    for _ in range(2):
        made.call()
        made.train()
    made.call()
    return made


def found_in_thread(f):
    """Return what a function returns in another thread."""
    found = []
    thread = threading.Thread(target=lambda: found.append(f()))
    thread.start()
    thread.join()
    return found[0]


def own_model(ps):
    """Return a module that holds the parameters."""
    model = nn.Neuron(3, init="zeros")
    model.w, model.b = ps[:3], ps[3]
    return model


class Derived(Value):
    """A class of one's own."""


def first(ps, f):
    """Return the number and the gradient that come out of a function of the first parameter."""
    y = f(ps[0])
    return [y.data, *autograd.gradients(y, ps[:1])]


READ = {
    "data": lambda m: [p.data for p in m.ps],
    "the slot": lambda m: [p._data for p in m.ps],
    "grad": lambda m: [p.grad for p in m.ps],
    "float": lambda m: list(map(float, m.ps)),
    "attributes by name": lambda m: [[getattr(p, name) for name in ("grad", "data")] for p in m.ps],
    "copy": lambda m: list(map(copy.copy, m.ps)),
    "deepcopy": lambda m: copy.deepcopy(m.ps),
    "pickle": lambda m: pickle.loads(pickle.dumps(m.ps)),
    "json": lambda m: [autograd.from_json(autograd.to_json(p)).data for p in m.ps],
    "text": lambda m: [f"{p:.6f}" for p in m.ps],
    "sum with a float": lambda m: first(m.ps, lambda p: p + 1.0),
    "sum with an int": lambda m: first(m.ps, lambda p: 1 + p),
    "sum from 0": lambda m: [(0 + m.ps[0]).data, sum(m.ps, Value(0.0)).data, float(sum(m.ps))],
    "sum of two": lambda m: [(m.ps[0] + m.ps[1]).data],
    "product": lambda m: first(m.ps, lambda p: p * p),
    "product with a float": lambda m: first(m.ps, lambda p: 2.0 * p),
    "a float over it": lambda m: first(m.ps, lambda p: 3.0 / p),
    "difference": lambda m: first(m.ps, lambda p: 3.0 - p),
    "power": lambda m: first(m.ps, lambda p: p**3),
    "exponent": lambda m: first(m.ps, lambda p: 2.0**p),
    "sign": lambda m: first(m.ps, lambda p: -p),
    "size": lambda m: first(m.ps, abs),
    "method": lambda m: first(m.ps, lambda p: p.tanh()),
    "function": lambda m: first(m.ps, autograd.exp),
    "clamp": lambda m: first(m.ps, lambda p: autograd.clamp(p, -9.0, 9.0)),
    "where": lambda m: first(m.ps, lambda p: autograd.where(p > -9.0, p, 0.0)),
    "order": lambda m: [m.ps.index(p) for p in sorted(m.ps, key=lambda p: p.data)],
    "comparison": lambda m: [float(m.ps[0] < m.ps[2]), float(m.ps[1] > m.ps[3])],
    "dot": lambda m: [autograd.dot(m.ps, m.ps).data],
    "sum of many": lambda m: [autograd.sum(m.ps).data],
    "softmax": lambda m: [p.data for p in autograd.softmax(m.ps)],
    "many": lambda m: [autograd.max(m.ps).data],
    "ufunc": lambda m: [np.exp(m.ps[0]).data],
    "array of nodes": lambda m: [(np.array(m.ps, object) * 2.0)[1].data],
    "array of numbers": lambda m: np.array([float(p) for p in m.ps]).tolist(),
    "module": lambda m: [own_model(m.ps)([1.0, 2.0, 3.0]).data],
    "layer": lambda m: [nn.Neuron.__call__(own_model(m.ps), [1.0, 2.0, 3.0]).data],
    "state": lambda m: list(own_model(m.ps).state_dict().values()),
    "backward": lambda m: [m._loss().backward(), *[p.grad for p in m.ps]],
    "a pass over a graph from before": lambda m: [m.before.backward(), *[p.grad for p in m.ps]],
    "gradients": lambda m: autograd.gradients(m._loss(), m.ps),
    "no_grad": lambda m: no_grad(m),
    "clipping": lambda m: [nn.optim.clip_grad_norm_(m.ps, 0.1), *[p.grad for p in m.ps]],
    "zero_grad and a pass": lambda m: [
        m.optimizer.zero_grad(), m._loss().backward(), *[p.grad for p in m.ps],
    ],
    "the optimizer's own step": lambda m: [m.optimizer.step(), *[p.data for p in m.ps]],
    "gather": lambda m: gathered(m.ps),
    "gather of some": lambda m: gathered(m.ps[1:3]),
    "gather in another order": lambda m: gathered(m.ps[::-1]),
    "another program": lambda m: another(m.ps[::-1]),
    "a program of some": lambda m: another(m.ps[1:]),
    "a program that closes over them": lambda m: [
        autograd.compile(lambda x: m.ps[0] * x + m.ps[3], backend="numpy")(2.0)
    ],
    "the loss in Python": lambda m: [m._loss().data],
    "explanation": lambda m: [str(autograd.explain(m.ps[0] * m.ps[1]))],
    "hook": lambda m: hooked(m),
    "another thread": lambda m: found_in_thread(lambda: [[p.data, p.grad] for p in m.ps]),
    "a node of one's own class": lambda m: [(Derived(2.0) * m.ps[0]).data],
}  # fmt: skip


def no_grad(m):
    """Return a result without a graph."""
    with autograd.no_grad():
        return [(m.ps[0] * m.ps[1]).data]


def gathered(ps):
    """Return the numbers, read all at once."""
    found = np.empty(len(ps))
    gather(ps, found)
    return found.tolist()


def another(ps):
    """Return what a program of other parameters finds, and adds."""
    step = autograd.compile(lambda x: autograd.dot(ps, ps) * x, ps, backend="numpy")
    return [step(2.0), step(3.0), *[p.grad for p in ps]]


def hooked(m):
    """Return what a hook sees."""
    seen = []
    m.ps[0].register_hook(seen.append)
    m.call()
    return [*seen, *[p.grad for p in m.ps]]


@pytest.mark.parametrize("way", READ)
def test_every_way_of_reading_sees_the_number_that_there_is(way):
    assert close(READ[way](after_steps(Away)), READ[way](after_steps(Eager)))


def set_all(m, name, x):
    """Write an attribute of one parameter."""
    setattr(m.ps[1], name, x)


WRITTEN = {
    "data": lambda m: set_all(m, "data", 0.125),
    "data, a whole number": lambda m: set_all(m, "data", 3),
    "the slot": lambda m: set_all(m, "_data", 0.125),
    "grad": lambda m: set_all(m, "grad", 7.0),
    "grad, None": lambda m: set_all(m, "grad", None),
    "grad, a node": lambda m: set_all(m, "grad", Value(4.0)),
    "zero_grad": lambda m: m.optimizer.zero_grad(),
    "no gradients": lambda m: m.optimizer.zero_grad(set_to_none=True),
    "made anew": lambda m: m.ps[1].__init__(0.5),
    "in place": lambda m: m.ps[1].__setattr__("data", m.ps[1].data + 1.0),
    "state": lambda m: own_model(m.ps).load_state_dict(
        own_model([Value(x / 2.0) for x in START]).state_dict()
    ),
    "scatter": lambda m: scatter(m.ps, np.array([1.0, 2.0, 3.0, 4.0])),
    "scatter to some": lambda m: scatter(m.ps[1:3], np.array([1.0, 2.0])),
    "set_grads": lambda m: set_grads(m.ps, np.array([1.0, 2.0, 3.0, 4.0])),
    "set_grads of some": lambda m: set_grads(m.ps[:2], np.array([1.0, 2.0])),
    "a pass": lambda m: m._loss().backward(),
    "another optimizer": lambda m: nn.optim.SGD(m.ps, lr=0.25).step(),
    "another thread": lambda m: found_in_thread(lambda: set_all(m, "data", 0.125)),
}  # fmt: skip


@pytest.mark.parametrize("way", WRITTEN)
def test_every_way_of_writing_holds_for_the_next_call_and_step(way):
    found = []
    for kind in (Away, Eager):
        made = after_steps(kind)
        WRITTEN[way](made)
        made.call()
        made.train()
        made.call()
        found.append([[p.data, p.grad] for p in made.ps])
    assert close(*found)


def test_gradients_that_stand_elsewhere_are_exchanged_and_added_to():
    made = after_steps(Away)
    set_grads(made.ps, np.arange(4.0))
    assert sweep._exchange(made.ps, [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0])
    assert [p.grad for p in made.ps] == [1.0, 2.0, 3.0, 4.0]
    made.train()
    set_grads(made.ps, np.arange(4.0))
    assert sweep.add_floats(made.ps, [None, 1.0, 2.0, -5.0])
    assert [p.grad for p in made.ps] == [0.0, 2.0, 4.0, -2.0]
    made.ps[2].grad = Value(1.0)
    made.train()
    set_grads(made.ps, np.arange(4.0))
    made.call()
    assert [p.data for p in made.ps] != [0.0, 1.0, 2.0, 3.0]
    assert made.ps[3].grad != 3.0
    assert made.ps[2].grad.__class__ is float


@pytest.mark.parametrize("grad", [None, 0.0, 2.0])
def test_what_grad_held_before_the_first_call_is_added_to(grad):
    found = []
    for kind in (Away, Eager):
        made = kind()
        for p in made.ps:
            p.grad = grad
        made.call()
        made.call()
        found.append([p.grad for p in made.ps])
    assert close(*found)


def test_signs_of_zeros_and_what_is_not_finite_add_up_as_one_by_one():
    edges = [0.0, -0.0, 1.5, -1.5, math.inf, -math.inf, math.nan]
    there, added = np.array([(a, b) for a in edges for b in edges]).T.copy()
    found = []
    for away in (True, False):
        ps = tuple([Value(1.0) for _ in there])
        set_grads(ps, there)
        if away:
            gather(ps, np.empty(len(ps)))
        assert sweep.add_floats(ps, added if away else added.tolist())
        found.append([p.grad for p in ps])
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(*map(np.signbit, found))


def test_a_list_that_is_changed_is_no_longer_the_one_whose_numbers_stand_elsewhere():
    made = after_steps(Away)
    ps = list(made.ps)
    ps[2] = Value(9.0)
    assert gathered(ps)[2] == 9.0
    made.train()
    set_grads(ps, np.arange(4.0))
    assert ps[2].grad == 2.0
    assert made.ps[2].grad != 2.0


def test_programs_that_share_parameters_take_turns():
    found = []
    for kind in (Away, Eager):
        one = kind()
        two = kind([one.ps[3], *one.ps[:3]])
        for _ in range(3):
            one.call()
            two.train()
            two.call()
            one.train()
        found.append([[p.data, p.grad] for p in one.ps])
    assert close(*found)


def test_an_exception_in_a_callback_leaves_the_numbers_of_the_step_before_it():
    made = after_steps(Away)
    seen = []

    def callback(k, loss):
        seen.append([p.data for p in made.ps])
        if k == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.step.train(X, Y, made.optimizer, 9, callback)
    assert [p.data for p in made.ps] == seen[-1]
    assert len(seen) == 3


def test_parameters_that_nobody_holds_are_let_go_with_the_next_number_that_is_asked_for():
    class Finalized:
        def __call__(self, g):
            return g

        def __del__(self):
            gone.append(after_steps(Away))

    gone = []
    made = after_steps(Away)
    made.ps[0].register_hook(Finalized())
    made.call()
    del made
    gc.collect()
    gathered([Value(2.0)])
    gc.collect()
    assert close([[p.data, p.grad] for p in gone[0].ps], [[p.data, p.grad] for p in after_steps(Eager).ps])


@pytest.mark.parametrize("bad", [[1.0], ["x"], [Value(1.0), 2.0]])
@pytest.mark.parametrize("f", [gather, scatter, set_grads])
def test_what_is_no_node_is_refused(f, bad):
    made = after_steps(Away)
    with pytest.raises((TypeError, AttributeError)):
        f(bad, np.zeros(len(bad)))
    with pytest.raises((TypeError, AttributeError)):
        f(tuple(bad), np.zeros(len(bad)))
    with pytest.raises(ValueError, match=r"many|zip|broadcast"):
        f(made.ps, np.zeros(3))
    assert close([[p.data, p.grad] for p in made.ps], [[p.data, p.grad] for p in after_steps(Eager).ps])


def test_threads_that_train_and_read_see_whole_numbers_of_steps():
    made = after_steps(Away)
    stop = []
    wrong = []

    def read():
        while not stop:
            a = [p.data for p in made.ps]
            wrong.extend(x for x in a if not math.isfinite(x))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        made.call()
        made.train()
    stop.append(1)
    for thread in threads:
        thread.join()
    eager = after_steps(Eager)
    for _ in range(200):
        eager.call()
        eager.train()
    assert not wrong
    assert close([p.data for p in made.ps], [p.data for p in eager.ps])
    assert all(math.isclose(a.grad, b.grad, rel_tol=1e-6, abs_tol=1e-9) for a, b in zip(made.ps, eager.ps))
