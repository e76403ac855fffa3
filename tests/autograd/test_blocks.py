"""Nodes made by the block: all of them fresh, the collector left as it was, and asked for less."""

import gc
import threading

import pytest

from autograd import Value
from autograd.blocks import blocks


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
    assert len(made) < 100_000 + 2 * 8192


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
