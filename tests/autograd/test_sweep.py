"""The pass in place: the same order and the same bits as `adjoints`, and leaves untouched where it fails."""

import copy
import gc
import math
import random
from fractions import Fraction

import pytest

import autograd
from autograd import Value, adjoints, checkpoint, toposort
from autograd import sweep as sweep_module
from autograd.node import HOOKED

pytestmark = pytest.mark.usefixtures("engine", "no_class_is_derived")


@pytest.fixture
def no_class_is_derived(monkeypatch):
    """Other tests derive classes from Value, after which Python makes its passes in another way."""
    monkeypatch.setattr(sweep_module, "_is_derived_from", lambda: False)


def random_graph(seed):
    """Return leaves and a root over sums, products, dot products with shared vectors, n-ary nodes, untaken
    branches."""
    rng = random.Random(seed)
    leaves = [Value(rng.gauss(0.0, 1.0)) for _ in range(12)]
    nodes = list(leaves)
    row = tuple(leaves[:4])
    for _ in range(200):
        a, b, c = (rng.choice(nodes) for _ in range(3))
        vector = (a, 0.5, b, c)
        nodes.append(
            rng.choice([
                lambda: a + b, lambda: a * b, lambda: a - 2.0, lambda: 3.0 - a, lambda: (a * 0.1).tanh(),
                lambda: a.relu(),
                lambda: autograd.dot(row, vector) * 0.1, lambda: autograd.dot(vector, vector).tanh(),
                lambda: autograd.sum([a, 1.0, b, a]),
                lambda: autograd.max([a, b, c]), lambda: autograd.where(a > b, a, b), lambda: a / 3.0,
                lambda: autograd.dot(row, (1.0, 2.0, 3.0, 4.0)),
            ])().sigmoid()
        )  # fmt: skip
    return leaves, autograd.sum(nodes[-20:])


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_adjoints_to_the_bit(seed):
    _, root = random_graph(seed)
    for node in toposort(root):
        node.grad = 0.25 if node.op is None else -7.0
    expected = adjoints(root, 1.5)
    assert sweep_module.sweep(root, 1.5)
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
    assert sweep_module.sweep(x, 4.0)
    assert x.grad == 4.0
    y = Value(-1.0)
    hidden = y * 2.0
    hidden.grad = 5.0
    assert sweep_module.sweep(hidden.relu(), 1.0)
    assert (y.grad, hidden.grad) == (0.0, 0.0)


def test_a_checkpointed_call_is_left_to_the_general_pass():
    x = Value(0.5)
    x.grad = 1.0
    y = checkpoint(lambda x: (x * x).sin())(x * 2.0) + x
    assert not sweep_module.sweep(y, 1.0)
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


PASSES = {
    "backward": lambda a, b: (a * b).backward(),
    "a leaf": lambda a, b: a.backward(),
    "create_graph": lambda a, b: (a * b).backward(create_graph=True),
    "anomaly mode": lambda a, b: autograd.detect_anomaly()((a * b).backward)(),
    "a hook": lambda a, b: (b.register_hook(lambda g: g), (a * b).backward()),
    "a checkpointed call": lambda a, b: autograd.checkpoint(lambda x, y: x * y)(a, b).backward(),
    "a compiled loss": lambda a, b: autograd.compile(lambda: a * b, [a, b], backend="python")(),
}  # fmt: skip


@pytest.mark.parametrize("way", PASSES)
@pytest.mark.parametrize(
    "grad", ["s", "", b"x", [1.0], [], (), {}, object(), 1j, 10**400], ids=lambda x: f"{x!r:.10}"
)
def test_a_grad_to_which_nothing_can_be_added_is_named_and_nothing_changes(way, grad):
    a, b = Value(2.0, "weight"), Value(3.0)
    a.grad, b.grad = grad, 1.0
    with pytest.raises(
        (TypeError, OverflowError),
        match="the grad of the leaf 'weight' holds .*, to which no gradient can be added",
    ):
        PASSES[way](a, b)
    assert a.grad is grad
    assert b.grad == 1.0


@pytest.mark.parametrize("way", [way for way in PASSES if way != "a leaf"])
@pytest.mark.parametrize("grad", [2, True, Fraction(1, 2), None, 0])
def test_a_grad_of_another_numeric_type_is_added_to(way, grad):
    a, b = Value(2.0), Value(3.0)
    a.grad = grad
    PASSES[way](a, b)
    assert float(a.grad) == 3.0 + float(grad or 0.0)


def test_digits_are_not_lost_to_a_short_float():
    numpy = pytest.importorskip("numpy")
    a = Value(1.0)
    a.grad = numpy.float32(1.0)
    (a * 0.1).backward()
    assert a.grad == 1.1
    a.grad = numpy.ones(1)
    with pytest.raises(TypeError, match=r"the grad of a leaf of data 1\.0 holds .* of type ndarray"):
        (a * 0.1).backward()
