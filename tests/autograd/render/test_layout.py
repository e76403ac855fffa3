"""The built-in layout: nothing overlaps, edges end at boxes, a cluster holds its own nodes and no others."""

import contextlib
import itertools
import random

import pytest
from drawings import network, neuron

import autograd
from autograd import Value
from autograd.render.picture.graph import build
from autograd.render.picture.layered import Item, assign_layers, order_layers, place_layers
from autograd.render.picture.layout import layout


def overlap(a, b, slack=0.01):
    return (
        a.x + slack < b.x + b.width
        and b.x + slack < a.x + a.width
        and a.y + slack < b.y + b.height
        and b.y + slack < a.y + a.height
    )


OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a.tanh(),
    lambda a, b: autograd.dot([a, b, a], [b, b, 1.0]),
]


def random_dag(rng, size, *, scoped):
    nodes = [Value(rng.random(), f"x{i}") for i in range(4)]
    for _ in range(size):
        a, b = rng.choice(nodes[-9:]), rng.choice(nodes)
        with autograd.scope(f"m{rng.randrange(3)}") if scoped else contextlib.nullcontext():
            nodes.append(rng.choice(OPERATIONS)(a, b))
    root = autograd.sum(nodes)
    root.backward()
    return root


def assert_tidy(graph, *, flow=True):
    placed = layout(graph, flow=flow)
    rects = list(placed.nodes.values())
    assert not any(overlap(a, b) for a, b in itertools.combinations(rects, 2)), "boxes overlap"
    labels = list(placed.labels.values())
    assert not any(overlap(a, b) for a, b in itertools.combinations(labels, 2)), "labels overlap"
    assert not any(overlap(a, b) for a in labels for b in rects), "a label covers a box"
    for edge in graph.edges:
        points = placed.curves[edge.id]
        assert len(points) % 3 == 1
        for (x, y), rect in ((points[0], placed.nodes[edge.tail]), (points[-1], placed.nodes[edge.head])):
            assert rect.x - 0.01 <= x <= rect.x + rect.width + 0.01
            assert rect.y - 0.01 <= y <= rect.y + rect.height + 0.01
    for node in graph.nodes:
        r = placed.nodes[node.id]
        assert r.x >= 0
        assert r.y >= 0
        assert r.x + r.width <= placed.width
        assert r.y + r.height <= placed.height
        for path, c in placed.clusters.items():
            inside = node.scope == path or node.scope.startswith(f"{path}.")
            within = (
                c.x <= r.x
                and c.y <= r.y
                and r.x + r.width <= c.x + c.width
                and r.y + r.height <= c.y + c.height
            )
            assert within if inside else not overlap(r, c)
    return placed


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_a_network_is_laid_out_without_overlaps(rankdir):
    assert_tidy(build(autograd.toposort(network()), rankdir=rankdir))


@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_are_laid_out_without_overlaps(seed, scoped):
    graph = build(
        autograd.toposort(random_dag(random.Random(seed), 30, scoped=scoped)),
        rankdir="LR" if seed % 2 else "TB",
    )
    assert_tidy(graph)


def test_edges_run_forward():
    graph = build(autograd.toposort(neuron()))
    placed = layout(graph)
    for points in placed.curves.values():
        xs = [x for x, _ in points]
        assert xs == sorted(xs)


def test_layers_follow_the_longest_path_and_sources_stand_late():
    a, b, c, d = items = [Item(name, 1, 1) for name in "abcd"]
    forward = assign_layers(items, [(a, b), (b, c), (d, c)])
    assert [item.layer for item in items] == [0, 1, 2, 1]
    assert len(forward) == 3


def test_clusters_that_depend_on_each_other_still_have_layers():
    a, b = items = [Item("a", 1, 1), Item("b", 1, 1)]
    assert assign_layers(items, [(a, b), (b, a)]) == [(a, b)]


def test_ordering_removes_a_crossing():
    left, right = [Item(i, 1, 1) for i in "ab"], [Item(i, 1, 1) for i in "cd"]
    for one, two in ((left[0], right[1]), (left[1], right[0])):
        one.after.append(two)
        two.before.append(one)
    for layer in (left, right):
        for i, item in enumerate(layer):
            item.at = float(i)
    layers = [list(left), list(right)]
    order_layers(layers, sweeps=4)
    assert [layers[0].index(x) for x in left] == [layers[1].index(right[1]), layers[1].index(right[0])]


def test_positions_keep_order_and_distance():
    rng = random.Random(3)
    layers = [[Item((i, j), 10, rng.uniform(5, 40)) for j in range(6)] for i in range(4)]
    for one, two in itertools.pairwise(layers):
        for item in one:
            other = rng.choice(two)
            item.after.append(other)
            other.before.append(item)
    place_layers(layers, sweeps=6)
    for layer in layers:
        for a, b in itertools.pairwise(layer):
            assert b.at - a.at >= (a.cross + b.cross) / 2 - 1e-6
