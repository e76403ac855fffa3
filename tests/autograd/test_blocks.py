"""Nodes made by the block: all of them fresh, the collector left as it was, and asked for less."""

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from autograd import Value, native
from autograd.blocks import blocks

ROOT = Path(__file__).parents[2]


def test_every_object_is_fresh_and_blocks_grow():
    made = []

    def make():
        made.append(object())
        return made[-1]

    store, take = blocks(make)
    assert store == []
    taken = [take() for _ in range(100)]
    assert len({id(x) for x in taken}) == 100
    assert len(made) < 250
    assert len([take() for _ in range(100_000)]) == 100_000
    assert len(made) < 100_000 + 2 * 4096


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_left_as_it_was(on):
    was_on = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        _, take = blocks(object)
        take()
        assert gc.isenabled() is on
        _, broken = blocks(lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            broken()
        assert gc.isenabled() is on
    finally:
        (gc.enable if was_on else gc.disable)()


def test_a_graph_makes_the_collector_look_only_once_a_block():
    was_on = gc.isenabled()
    gc.enable()
    looks = []
    gc.callbacks.append(lambda phase, info: looks.append(phase))
    try:
        y = x = Value(1.0)
        for _ in range(50_000):
            y = y + x
        assert len(looks) < 2 * 30  # one node at a time there would be 70 looks, each with a start and a stop
        y.backward()
        assert x.grad == 50_001.0
    finally:
        gc.callbacks.pop()
        (gc.enable if was_on else gc.disable)()


def test_threads_take_different_nodes():
    made: list[list[Value]] = [[] for _ in range(4)]

    def build(own):
        x = Value(1.0)
        for _ in range(20_000):
            own.append(x * 2.0)

    threads = [threading.Thread(target=build, args=(own,)) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(node) for own in made for node in own}) == 80_000
    assert all(node.data == 2.0 for own in made for node in own)


@pytest.mark.parametrize(("python", "most"), [(False, 100.0), (True, 160.0)])
def test_bytes_a_node_wherever_in_a_block_its_graph_begins(python, most):
    program = """
import random, tracemalloc
from autograd import Value, toposort

def graph():
    rng = random.Random(1)
    nodes = [Value(0.1 * i - 0.5) for i in range(10)]
    for i in range(100_000):
        a, b = (nodes[-1 - rng.randrange(min(len(nodes), 50))] for _ in range(2))
        nodes.append(rng.choice([lambda: a + b, lambda: a * b, lambda: a.tanh()])())
    return nodes

most = 0.0
for skipped in (0, 1500, 1500):
    for _ in range(skipped):
        Value(1.0) + 1.0
    held = [Value(1.0) + 1.0 for _ in range(skipped)]
    tracemalloc.start()
    nodes = graph()
    nodes[-1].backward()
    used = tracemalloc.get_traced_memory()[0] - nodes.__sizeof__()
    tracemalloc.stop()
    most = max(most, used / len(nodes))
    del nodes
print(most)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CHAINRULE_PURE_PYTHON": "1" if python else ""}
    output = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert 80.0 < float(output) < (most if native.engine else 160.0)
