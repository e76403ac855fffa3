"""Reverse mode: what lands in ``grad``, when, and at what depth."""

import gc
import math
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import autograd
from autograd import Value, adjoints, gradients, toposort, zero_grad
from autograd.backward import backward


def test_the_numbers_in_micrograds_readme():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_a_mixed_expression_against_its_derivative_by_hand():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    # z = 3x + 2 = -10 < 0, so y = z**2 + zx + zx**2.
    z_, x_ = -10.0, -4.0
    assert y.data == z_**2 + z_ * x_ + z_ * x_**2
    assert x.grad == 2 * z_ * 3 + 3 * x_ + z_ + 3 * x_**2 + 2 * z_ * x_


def test_parents_come_before_children_and_the_order_is_deterministic():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    c = a * b
    d = autograd.dot((a, c), (b, c)) + c.tanh()
    order = toposort(d)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[p] < place[node] for node in order for p in node.parents)
    assert order[-1] is d
    assert toposort(d) == order
    with pytest.raises(TypeError, match="takes a Value"):
        toposort(1.0)


def test_leaves_accumulate_and_interior_nodes_hold_the_latest_pass():
    x = Value(3.0)
    y = x * x
    z = y * x
    z.backward()
    assert (x.grad, y.grad, z.grad) == (27.0, 3.0, 1.0)
    z.backward()
    assert (x.grad, y.grad, z.grad) == (54.0, 3.0, 1.0)
    zero_grad(z)
    assert (x.grad, y.grad, z.grad) == (0.0, 0.0, 0.0)
    z.backward()
    zero_grad([x])
    assert (x.grad, y.grad) == (0.0, 3.0)


def test_two_losses_on_a_shared_trunk_add_up_exactly():
    x = Value(2.0)
    t = x * x
    (3 * t).backward()
    (5 * t).backward()
    assert x.grad == 32.0
    assert t.grad == 5.0


def test_an_operand_used_twice_counts_twice():
    a = Value(3.0)
    (a + a).backward()
    assert a.grad == 2.0
    b = Value(3.0)
    autograd.dot((b, b), (b, 2.0)).backward()
    assert b.grad == 3.0 + 3.0 + 2.0


@pytest.mark.parametrize("retain", [True, False, None])
def test_a_graph_is_kept_whatever_pytorchs_keyword_says(retain):
    x = Value(3.0)
    y = x * x
    y.backward(retain_graph=retain)
    y.backward(retain_graph=retain)
    assert (x.grad, y.grad) == (12.0, 1.0)


def test_backward_on_a_leaf_and_with_a_seed():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0
    y = Value(3.0)
    (y * y).backward(10)
    assert y.grad == 60.0
    with pytest.raises(TypeError, match="create_graph=True"):
        (y * y).backward(Value(1.0))
    with pytest.raises(TypeError, match="real number"):
        (y * y).backward("1")
    assert y.grad == 60.0


def test_untaken_branches_receive_nothing_at_all():
    x = Value(-1.0)
    y = autograd.where(False, x.sqrt(), x * 2.0)
    y.backward()
    assert x.grad == 2.0
    x = Value(-1.0)
    root = x.sqrt()
    assert math.isnan(root.data)
    autograd.maximum(root.detach(), 0.0)
    z = Value(1.0) * 3.0 + (x * 5.0).relu() * math.inf
    z.backward()
    assert x.grad == 0.0
    ordinary = Value(0.0)
    (ordinary * math.inf).backward(0.0)
    assert math.isnan(ordinary.grad)


def test_interior_nodes_behind_an_untaken_branch_are_fresh_too():
    x = Value(-1.0)
    inner = x * 2.0
    inner.backward()
    assert inner.grad == 1.0
    inner.relu().backward()
    assert inner.grad == 0.0
    assert x.grad == 2.0


def test_gradients_and_adjoints_write_nothing():
    x, y, other = Value(2.0), Value(5.0), Value(1.0)
    product = x * y
    loss = product.tanh() + product
    mapping = adjoints(loss)
    assert list(mapping) == toposort(loss)
    assert all(node.grad == 0.0 for node in mapping)
    dx, dp, dother = gradients(loss, [x, product, other])
    assert dp == mapping[product]
    assert dx == mapping[x] == 5.0 * dp
    assert dother == 0.0
    assert gradients(loss, x) == dx
    assert gradients(loss, x, gradient=2.0) == 2.0 * dx
    with pytest.raises(TypeError, match="gradients"):
        gradients(loss, [1.0])
    with pytest.raises(TypeError, match="adjoints"):
        gradients(3.0, x)


def test_an_exception_during_backward_changes_no_grad():
    boom = autograd.custom_op("boom_test", lambda x: x, lambda y, x: (1.0,))
    x = Value(2.0)
    middle = boom(x * x)
    middle.backward()
    before = x.grad

    def fail(gradient):
        raise RuntimeError("in the middle")

    (x * x).register_hook(fail)
    hooked = x * 3.0
    hooked.register_hook(fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        (hooked + x * x).backward()
    assert x.grad == before
    assert hooked.grad == 0.0


def test_hooks_see_the_complete_gradient_and_may_replace_it():
    seen = []
    x = Value(3.0)
    y = x * 2.0
    remove = y.register_hook(seen.append)
    (y * y + y).backward()
    assert seen == [13.0]
    remove()
    (y * y + y).backward()
    assert seen == [13.0]
    y.register_hook(lambda g: 0.5)
    x.grad = 0.0
    (y * y).backward()
    assert (y.grad, x.grad) == (0.5, 1.0)
    y.register_hook(lambda g: "no")
    with pytest.raises(TypeError):
        (y * y).backward()


def test_a_hook_registered_twice_is_removed_once():
    x = Value(3.0)

    def double(gradient):
        return 2.0 * gradient

    first, second = x.register_hook(double), x.register_hook(double)
    first.remove()
    first.remove()
    (x * 1.0).backward()
    assert x.grad == 2.0
    second()
    x.grad = 0.0
    (x * 1.0).backward()
    assert x.grad == 1.0
    with pytest.raises(TypeError, match="function of the gradient, got int"):
        x.register_hook(3)


def test_create_graph_gives_every_order():
    x = Value(0.7)
    derivative = x.exp() * x.sin()
    for expected in (  # e^x sin x, four times over, is -4 times itself
        math.exp(0.7) * (math.sin(0.7) + math.cos(0.7)),
        math.exp(0.7) * 2 * math.cos(0.7),
        math.exp(0.7) * 2 * (math.cos(0.7) - math.sin(0.7)),
        -4 * math.exp(0.7) * math.sin(0.7),
    ):
        derivative = gradients(derivative, x, create_graph=True)
        assert derivative.data == pytest.approx(expected, rel=1e-14)


def test_create_graph_has_the_same_bits_as_without():
    w = tuple(Value(0.1 * i) for i in range(5))
    v = tuple(Value(0.3 - 0.1 * i) for i in range(5))
    loss = autograd.sum(
        [autograd.dot(w, v).tanh(), autograd.dot(w, w) * v[0], autograd.dot(v, w) / w[1], w[3].sigmoid()]
    )
    plain = gradients(loss, [*w, *v])
    recorded = gradients(loss, [*w, *v], create_graph=True)
    assert [float(g) for g in recorded] == plain


def test_backward_with_create_graph_puts_nodes_into_grad():
    x = Value(2.0)
    y = x**3
    y.backward(create_graph=True)
    first = x.grad
    assert isinstance(first, Value)
    zero_grad(y)
    first.backward()
    assert x.grad == 12.0


def test_create_graph_refuses_operands_that_were_changed():
    x = Value(2.0)
    y = x * x
    x.data = 5.0
    assert gradients(y, x) == 4.0
    with pytest.raises(autograd.GraphError, match="changed after"):
        gradients(y, x, create_graph=True)


def test_shared_vectors_of_dot_products_add_up():
    weights = tuple(Value(w) for w in (0.5, -1.0, 2.0))
    rows = [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)]
    loss = autograd.sum([autograd.dot(weights, row) * k for k, row in zip((1.0, 10.0), rows, strict=True)])
    loss.backward()
    assert [w.grad for w in weights] == [41.0, 52.0, 63.0]
    mixed = (Value(1.0), 3.0, Value(2.0))
    autograd.dot(mixed, mixed).backward()
    assert (mixed[0].grad, mixed[2].grad) == (2.0, 4.0)


def test_every_thread_gets_exact_gradients_on_a_shared_trunk():
    x = Value(1.5)
    trunk = x
    for _ in range(300):
        trunk = trunk * 0.999 + 0.001
    reference = gradients(trunk * 3.0, x)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: gradients(trunk * 3.0, x), range(64)))
    assert results == [reference] * 64
    x.grad = 0.0
    threads = [threading.Thread(target=lambda: [backward(trunk * 3.0) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad == pytest.approx(80 * reference, rel=1e-13)


PROGRAM = """
import random, hashlib
from autograd import Value, sum as total
r = random.Random(1)
nodes = [Value(r.random()) for _ in range(20)]
for _ in range(500):
    a, b = r.choice(nodes), r.choice(nodes)
    nodes.append(r.choice([lambda: a + b, lambda: a * b, lambda: a.tanh(), lambda: (a - b).sigmoid()])())
total(nodes).backward()
print(hashlib.sha256(repr([(n.data, n.grad) for n in nodes]).encode()).hexdigest())
"""


def test_the_same_program_gives_the_same_bits_in_every_process():
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }
    assert len(digests) == 1


def chain(depth):
    x = Value(1.0)
    y = x
    for _ in range(depth):
        y = y + 1e-9
    return x, y


@pytest.mark.slow
def test_a_chain_of_ten_million_nodes_forward_backward_and_freed():
    gc.disable()
    try:
        x, y = chain(10_000_000)
        assert y.data == pytest.approx(1.01)
        y.backward()
        assert x.grad == 1.0
        del y  # frees the chain by reference counting, without recursion
        assert x.grad == 1.0
    finally:
        gc.enable()


def test_a_deep_chain_needs_no_recursion():
    x, y = chain(100_000)
    y.backward()
    assert x.grad == 1.0
    assert gradients(y, x, create_graph=True).data == 1.0
    assert "data=" in repr(y)


def test_with_create_graph_a_derivative_that_is_a_number_is_a_node_too():
    x, other = Value(2.0), Value(1.0)
    y = x * 3.0
    y.backward(create_graph=True)
    assert (x.grad.data, y.grad.data) == (3.0, 1.0)
    slope = gradients(y, x, create_graph=True)
    assert gradients(slope, x) == 0.0
    assert gradients(y, other, create_graph=True).data == 0.0


def test_what_is_no_node_is_named_before_anything_is_changed():
    x = Value(2.0)
    y = x * x
    y.backward()
    for wrong, named in [(3, "int 3"), ([x, 3], "got int"), ("x", "got str")]:
        with pytest.raises(TypeError, match=named):
            autograd.zero_grad(wrong)
        with pytest.raises(TypeError, match=named):
            autograd.gradients(y, wrong)
    assert x.grad == 4.0
