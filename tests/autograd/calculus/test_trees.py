"""Nested structures of numbers."""

import pytest

from autograd import Value
from autograd.calculus.trees import leaves, leaves_like, map_nodes, paths, rebuild

TREE = {"w": [1.0, (2.0, 3.0)], "b": 4.0, "none": []}


def test_leaves_come_in_order_and_go_back():
    assert leaves(TREE, "tree") == [1.0, 2.0, 3.0, 4.0]
    assert rebuild(TREE, iter("abcd")) == {"w": ["a", ("b", "c")], "b": "d", "none": []}
    assert [path for path, _ in paths(TREE, "t")] == ["t['w'][0]", "t['w'][1][0]", "t['w'][1][1]", "t['b']"]


def test_nodes_are_leaves_and_other_things_stay():
    v = Value(2.0)
    assert leaves([v, 1], "tree")[0] is v
    assert map_nodes(lambda x: x.data, {"a": v, "b": ["text", None]}) == {"a": 2.0, "b": ["text", None]}


def test_dicts_are_matched_by_key_not_by_order():
    assert leaves_like({"a": 1.0, "b": [2.0]}, {"b": [20.0], "a": 10.0}, "tangents", "primals") == [
        10.0,
        20.0,
    ]


def test_too_large_a_number_keeps_its_kind_of_error():
    with pytest.raises(OverflowError, match=r"x\[0\]: int too large"):
        leaves([10**400], "x")
