"""The list of steps equals what the engine does, edge by edge."""

import random

import pytest

import autograd
from autograd import Value
from autograd.render.derive.steps import steps

OPERATIONS = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a.tanh(),
    lambda a, b: a * a, lambda a, b: a.relu(),
    lambda a, b: 0.5 * a, lambda a, b: a**2,
]  # fmt: skip


def random_graph(rng, size):
    nodes = [Value(rng.uniform(0.2, 2.0), f"x{i}") for i in range(4)]
    for _ in range(size):
        a, b = rng.choice(nodes), rng.choice(nodes)
        nodes.append(rng.choice(OPERATIONS)(a, b))
    return autograd.sum(nodes[-6:])


@pytest.mark.parametrize("seed", range(20))
def test_the_last_total_of_each_node_is_its_gradient(seed):
    root = random_graph(random.Random(seed), 40)
    listed = steps(root)
    root.backward()
    totals = {step.parent: step.after for step in listed.backward}
    totals[root] = 1.0
    for node in listed.nodes:
        assert totals.get(node, 0.0) == node.grad
        assert listed.gradients[node] == node.grad


def test_steps_write_nothing():
    x = Value(3.0, "x")
    y = x * x
    steps(y)
    assert (x.grad, y.grad) == (0.0, 0.0)


def test_each_step_is_one_addition_in_the_order_of_the_engine():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    m = w * x
    listed = steps(m + m * w)
    for step in listed.backward:
        assert step.contribution == step.local * step.upstream
        assert step.after == step.before + step.upstream * step.local
    assert [listed.names[s.parent] for s in listed.backward] == ["v1", "v2", "v1", "w", "w", "x"]
    assert [s.before == 0.0 for s in listed.incoming(w)] == [True, False]


def test_a_node_used_twice_by_one_operation_has_two_steps():
    a = Value(3.0, "a")
    listed = steps(a * a)
    assert [(s.position, s.local, s.before, s.after) for s in listed.backward] == [
        (0, 3.0, 0.0, 3.0),
        (1, 3.0, 3.0, 6.0),
    ]


def test_a_branch_not_taken_has_no_step():
    x = Value(-1.0, "x")
    listed = steps(x.relu())
    assert listed.backward == ()
    assert listed.gradients[x] == 0.0


def test_constants_count_as_operands():
    x = Value(3.0, "x")
    listed = steps(2.0 - x)
    assert listed.forward[-1].operands == ("2.0", "x")
    assert listed.backward[0].position == 1


def test_a_dot_product_has_a_step_for_each_factor():
    xs = [Value(float(i), f"x{i}") for i in range(3)]
    ws = [Value(0.5 * i, f"w{i}") for i in range(3)]
    y = autograd.dot(ws, [*xs[:2], 7.0])
    listed = steps(y)
    assert len(listed.backward) == 5
    y.backward()
    assert all(listed.gradients[v] == v.grad for v in listed.nodes)


def test_names_are_unique_and_labels_win():
    nodes = [Value(1.0, "v1"), Value(2.0, "x"), Value(3.0, "x"), Value(4.0), Value(5.0, "x(2)")]
    listed = steps(autograd.sum(nodes) * 2.0)
    names = list(listed.names.values())
    assert len(set(names)) == len(names)
    assert {"v1", "x", "x(2)"} <= set(names)
    assert listed.names[nodes[0]] == "v1"


def test_hooks_are_seen():
    x = Value(3.0, "x")
    y = x * 1.0
    y.register_hook(lambda g: 10.0 * g)
    root = y * 2.0
    listed = steps(root)
    root.backward()
    assert listed.gradients[x] == x.grad == 20.0
