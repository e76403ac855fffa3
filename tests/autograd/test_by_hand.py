"""Nodes that a program makes by hand, and classes derived from Value, as in micrograd's programs."""

import copy
import gc
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
import nn
from autograd import Value, native

ROOT = Path(__file__).parents[2]


def tanh(x):
    """An operation in micrograd's manner."""
    t = math.tanh(x.data)
    out = Value(t, (x,), "tanh")

    def _backward():
        x.grad += (1 - t**2) * out.grad

    out._backward = _backward
    return out


def times(x, y):
    out = Value(x.data * y.data, _children=(x, y), _op="*", label="product")

    def _backward():
        x.grad += y.data * out.grad
        y.grad += x.data * out.grad

    out._backward = _backward
    return out


def loss(x, y, tanh, times):
    o = tanh(times(x, y) + x)
    return o * o + tanh(o) + times(o, o)


def by_rows(x):
    return x.tanh()


def product(x, y):
    return x * y


class Weight(Value):
    """A class of a program's own."""

    def __init__(self, data, decay=0.1):
        super().__init__(data, label="weight")
        self.decay = decay

    def penalty(self):
        return self.decay * self**2


class Whole(Value):
    """One whose __init__ does what micrograd's does, and does not call ours."""

    def __init__(self, data, _children=(), _op=""):
        self.data = data
        self.grad = 0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op
        self.velocity = 0.0


@pytest.mark.parametrize("around", [0.5, -1.3, 0.0])
def test_a_closure_gives_what_the_row_gives_in_every_mode(around):
    ours, theirs = [(Value(around), Value(2.0)) for _ in range(2)]
    loss(*theirs, by_rows, product).backward()
    root = loss(*ours, tanh, times)
    root.backward()
    wanted = [v.grad for v in theirs]
    assert [v.grad for v in ours] == pytest.approx(wanted, rel=1e-14)
    assert autograd.gradients(root, ours) == pytest.approx(wanted, rel=1e-14)
    root.backward()
    assert [v.grad for v in ours] == pytest.approx([2 * g for g in wanted], rel=1e-14)  # leaves accumulate

    def f(x, y):
        return loss(x, y, tanh, times)

    assert autograd.grad(f, (0, 1))(around, 2.0) == pytest.approx(wanted, rel=1e-14)
    tangent = autograd.jvp(f, (around, 2.0), (1.0, 0.5))[1]
    assert tangent == pytest.approx(wanted[0] + wanted[1] / 2, rel=1e-13)
    assert autograd.jacfwd(f, (0, 1))(around, 2.0) == pytest.approx(wanted, rel=1e-13)
    weight = Value(1.0)  # somebody's, who may differentiate again: the derivative is a node
    slope = autograd.grad(lambda x: f(x, Value(2.0)) * weight)(around)
    assert slope.data == pytest.approx(wanted[0], rel=1e-14)
    with autograd.detect_anomaly():
        ours[0].grad = 0.0
        f(*ours).backward()
    assert ours[0].grad == pytest.approx(wanted[0], rel=1e-14)


def test_a_closure_is_called_in_each_pass_with_what_has_arrived_and_no_grad_is_lost():
    x, seen = Value(2.0), []
    out = Value(8.0, (x,), "cube")

    def _backward():
        seen.append((out.grad, x.grad))
        x.grad += 12.0 * max(-1.0, min(1.0, out.grad))  # it need not be linear

    out._backward = _backward
    assert out._backward is _backward
    x.grad, out.grad = 5.0, 7.0
    y = 3.0 * out
    y.backward()
    assert seen == [(3.0, 0.0)]
    assert (x.grad, out.grad) == (17.0, 3.0)
    handle = out.register_hook(lambda g: 0.5)
    y.backward()
    assert seen[1] == (0.5, 0.0)
    assert x.grad == 23.0
    handle.remove()
    out._backward = lambda: 1 // 0
    with pytest.raises(ZeroDivisionError):
        y.backward()
    assert (x.grad, seen[2:]) == (23.0, [])


def test_one_step_of_the_chain_rule_can_be_made_by_hand():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    for node in (times(a, b), a * b, autograd.dot([a, 1.0], [b, 0.0])):
        a.grad = b.grad = 0.0
        node.grad = 2.0
        node._backward()
        assert (a.grad, b.grad) == (-6.0, 4.0)
        node._backward()
        assert (a.grad, b.grad) == (-12.0, 8.0)
    a._backward()  # a leaf leads nowhere
    first, _ = autograd.softmax([a, b])
    first.grad, a.grad = 1.0, None
    first._backward()
    assert a.grad == pytest.approx(first.data * (1 - first.data))


def test_a_whole_pass_by_hand_is_backward():
    a, b = Value(0.3), Value(-0.8)
    root = ((a * b + a.exp()) * b).tanh() + tanh(b)
    order, visited = [], set()

    def build(v):
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build(child)
            order.append(v)

    build(root)
    root.grad = 1.0
    for node in reversed(order):
        node._backward()
    by_hand = a.grad, b.grad
    autograd.zero_grad(root)
    root.backward()
    assert (a.grad, b.grad) == pytest.approx(by_hand, rel=1e-15)


def test_the_nodes_before_one_are_a_set_as_in_micrograd_and_keep_their_order():
    a, b = Value(2.0), Value(3.0)
    c = Value(2.0)  # equal to a, and another node
    y = a * b
    assert y._prev == {a, b} and {b, a} == y._prev and y._prev == (a, b)
    assert y._prev != {a} and y._prev != {c, b} and y._prev != (b, a)
    assert (a * a)._prev == {a} == (a + 1)._prev and len((a * a)._prev) == 1 and a._prev == set()
    assert y._prev | {c} == {a, b, c} == {c} | y._prev
    assert (y._prev - {a}, {a, c} - y._prev, y._prev & {a, c}, {a, c} & y._prev) == ({b}, {c}, {a}, {a})
    assert list(y._prev) == [a, b] and a in y._prev and hash(y._prev) == hash((a, b))


def test_what_a_node_by_hand_says_of_itself():
    a, b = Value(2.0, "a"), Value(3.0)
    out = Value(6.0, [a, b, a], "*", "out")
    assert (out._prev, out._children, out._op, out.label, out.data) == ((a, b), (a, b), "*", "out", 6.0)
    assert (Value(1.0, (), "", "x").label, Value(1.0, "x").label, Value(1.0, label="x").label) == ("x",) * 3
    assert Value(1.0, set(), "input").op is None
    assert Value(1.0, (a, 2.0), "+2").operands == (a, 2.0)
    root = tanh(times(a, b))
    assert "tanh" in root.draw().source
    assert "a.grad" in str(root.explain(wrt=a))
    assert [type(v) for v in autograd.toposort(root)] == [Value] * 4
    with autograd.no_grad():
        assert times(a, b).op is None


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: autograd.grad(autograd.grad(tanh))(0.5),
        lambda x: autograd.hessian(tanh)(0.5),
        lambda x: autograd.jacfwd(autograd.jacfwd(tanh))(0.5),
        lambda x: autograd.gradients(autograd.gradients(tanh(x), x, create_graph=True), x),
        lambda x: copy.deepcopy(tanh(x)),
        lambda x: pickle.dumps(tanh(x)),
        lambda x: autograd.to_json(tanh(x)),
        lambda x: autograd.compile(lambda y: tanh(y) * x, [x])(1.0),
        lambda x: autograd.compile(lambda y: Value(0.0, (y,), "step") * x, [x])(1.0),
        lambda x: Value(1.0, (x,), "f").backward(),
        lambda x: Value(1.0, (x,), "f")._backward(),
        lambda x: setattr(x, "_backward", print),
    ],
)
def test_what_a_closure_cannot_do_names_custom_op(ask):
    x = Value(0.5)
    with pytest.raises((autograd.GraphError, autograd.TracingError), match="custom_op"):
        ask(x)
    assert x.grad == 0.0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda x: Value(1.0, x), r"write Value\(data, \(x,\), 'name'\)"),
        (lambda x: Value(1.0, 5), "a tuple of the Values that it was computed from"),
        (lambda x: Value(1.0, ("x",)), "rests on Values and numbers"),
        (lambda x: Value(1.0, "a", label="b"), "two labels"),
        (lambda x: Value(1.0, (x,), 3), "a label is text"),
        (lambda x: setattr(tanh(x), "_backward", 1.0), "a function without arguments"),
        (lambda x: setattr(x * x, "_prev", {x}), "cannot be changed"),
    ],
)
def test_what_is_no_operand_or_rule_is_refused(make, says):
    with pytest.raises((TypeError, autograd.GraphError), match=says):
        make(Value(2.0))


def test_the_rule_of_an_ordinary_node_can_be_replaced():
    x = Value(3.0)
    y = x * x
    z = y + 1.0

    def straight_through():
        x.grad += y.grad

    y._backward = straight_through
    z.backward()
    assert x.grad == 1.0


def test_a_shallow_copy_shares_the_closure():
    x = Value(0.5)
    y = tanh(x)
    (y + copy.copy(y)).backward()
    assert x.grad == pytest.approx(2 * (1 - math.tanh(0.5) ** 2))


def alive(kind):
    gc.collect()
    return sum(issubclass(type(x), kind) for x in gc.get_objects())


def test_cycles_through_closures_and_attributes_are_collected():
    class Mine(Value):
        pass

    def cycles():
        x = Mine(1.0)
        hidden = x * 2.0
        top = hidden + 1.0
        hidden._backward = lambda: top.grad  # one that refers to what rests on its node
        x.top = tanh(top)
        x.top.backward()

    before = alive(autograd.by_hand.ByHand)
    for _ in range(20):
        cycles()
    assert (alive(Mine), alive(autograd.by_hand.ByHand)) == (0, before)


def test_nodes_of_a_derived_class_are_operands_like_any_other():
    w, x = Weight(2.0), Value(3.0)
    plain = Value(2.0)
    for f in (
        lambda w: w * x, lambda w: x * w, lambda w: w + 1, lambda w: 1 - w, lambda w: w**2, lambda w: 2**w,
        lambda w: -w, abs, round, lambda w: w.exp(), autograd.sin, lambda w: autograd.maximum(w, x),
        lambda w: autograd.dot([w, x], [x, w]), lambda w: autograd.sum([w, x, w]), lambda w: sum([w, w]),
        lambda w: autograd.softmax([w, x])[1], lambda w: autograd.checkpoint(product)(w, x),
        lambda w: autograd.where(w > 1, w, x), lambda w: divmod(x, w)[1], tanh, lambda w: times(w, x),
        lambda w: nn.losses.mse_loss([w], [1.0]), lambda w: autograd.clamp(w, 0.0, 5.0),
    ):  # fmt: skip
        w.grad = plain.grad = 0.0
        y, wanted = f(w), f(plain)
        y.backward()
        wanted.backward()
        assert (y.data, w.grad, type(y)) == (wanted.data, plain.grad, Value)
    assert isinstance(w, Value)
    assert (w < 3, w == 2.0, {w: 1}[w], f"{w:.1f}", w.label, w.decay) == (True, True, 1, "2.0", "weight", 0.1)
    w.grad = 0.0
    w.penalty().backward()
    assert w.grad == pytest.approx(0.4)


def test_a_derived_class_in_functions_programs_optimizers_and_modules():
    w = Weight(2.0)
    assert autograd.grad(lambda x: x * w)(2.0).data == 2.0
    step = autograd.compile(lambda x: (w * x - 1.0) ** 2, [w])
    assert (step(1.0), w.grad) == (1.0, 2.0)
    nn.optim.SGD([w], lr=0.1).step()
    assert w.data == pytest.approx(1.8)
    neuron = nn.Neuron(2, nonlin=False)
    neuron.w = [Weight(1.0), Weight(2.0)]
    out = neuron([1.0, 2.0])
    out.backward()
    assert (out.data, [v.grad for v in neuron.w], neuron.w[0].decay) == (5.0, [1.0, 2.0], 0.1)
    assert neuron.parameters() == neuron.w + [neuron.b]  # noqa: RUF005 - as micrograd's programs write it


def test_copies_and_pickles_keep_the_class_and_its_attributes():
    w, other = Weight(2.0), Weight(5.0)
    w.partner, other.partner = other, w
    assert (type(copy.copy(w)), copy.copy(w).partner) == (Weight, other)
    for twin in (copy.deepcopy(w * 3.0), pickle.loads(pickle.dumps(w * 3.0))):
        (v,) = twin.parents
        assert (type(v), v.data, v.decay, v.label) == (Weight, 2.0, 0.1, "weight")
        assert v is not w
        assert v.partner.partner is v
        assert v.partner.data == 5.0
        twin.backward()
        assert (v.grad, w.grad) == (3.0, 0.0)


def test_a_class_whose_init_does_not_call_ours():
    w = Whole(1.5)
    (w * w).backward()
    assert (w.grad, w.velocity, w._prev, w._op) == (3.0, 0.0, (), "")
    x = Value(2.0)
    y = Whole(2.0, (x,), "id")
    assert (y._prev, y._op) == ((x,), "id")
    with pytest.raises(autograd.GraphError, match="custom_op"):
        (x * x)._op = "+"


def test_a_class_may_have_operators_of_its_own():
    class Max(Value):
        def __add__(self, other):
            return max(self.data, other)

        __radd__ = __add__

    assert (Max(1.0) + 2.0, 3.0 + Max(1.0), (Max(1.0) * 2.0).data) == (2.0, 3.0, 2.0)
    assert Value(1.0).__add__(Max(1.0)).data == 2.0


@pytest.mark.skipif(native.engine is None, reason="the engine is in Python")
def test_a_node_cannot_change_its_class():
    class Slotted(Value):
        __slots__ = ()

    for node, kind in ((Value(1.0), Slotted), (Slotted(1.0), Value), (Value(1.0), Weight)):
        with pytest.raises(TypeError, match="assignment"):
            node.__class__ = kind


def test_deep_chains_of_both_kinds_are_built_passed_and_freed():
    v = Value(0.0)
    for _ in range(30_000):
        v = Weight(1.0) + v
    v.backward()
    v = x = Value(1.0)
    for _ in range(3_000):
        v = tanh(v)
    v.backward()
    assert 0.0 < x.grad < 1.0
    w = Weight(1.0)
    for _ in range(30_000):
        older, w = w, Weight(1.0)
        w.next = older


def test_both_engines_give_the_same_bits():
    program = (
        "import sys, random; sys.path.insert(0, sys.argv[1])\n"
        "from tests.autograd.test_by_hand import *\n"
        "random.seed(1)\n"
        "for _ in range(30):\n"
        "    xs = [random.choice([Weight, Value, Whole])(random.uniform(-2, 2)) for _ in range(4)]\n"
        "    for _ in range(25):\n"
        "        a, b = random.choice(xs), random.choice(xs)\n"
        "        f = random.choice([product, times, lambda a, b: tanh(a) + b, lambda a, b: a - b])\n"
        "        xs.append(f(a, b))\n"
        "    xs[-1].backward()\n"
        "    print([(x.data.hex(), float(x.grad).hex()) for x in xs])\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(ROOT)], env={**os.environ, "CHAINRULE_PURE_PYTHON": pure},
            capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout
        for pure in ("", "1")
    ]  # fmt: skip
    assert said[0] == said[1]
    assert len(said[0].splitlines()) == 30
