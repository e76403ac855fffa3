"""Graphs of NetworkX."""

import doctest
import sys

import pytest

import autograd
from autograd import Value, sin, to_networkx

networkx = pytest.importorskip("networkx")


def test_nodes_edges_and_local_derivatives_are_the_graphs():
    x, y = Value(3.0, "x"), Value(2.0, "y")
    z = sin(x * y) + x * x
    z.label = "z"
    z.backward()
    graph = to_networkx(z)
    assert graph.number_of_nodes() == 6
    assert graph.number_of_edges() == 7
    assert [data["op"] for _, data in graph.nodes(data=True)].count("mul") == 2
    assert graph.nodes["x"] == {"value": x, "data": 3.0, "grad": x.grad, "op": ""}
    assert networkx.is_directed_acyclic_graph(graph)
    assert set(networkx.ancestors(graph, "z")) == set(graph) - {"z"}
    # The chain rule over paths gives the gradient.
    arrived = {"z": 1.0}
    for name in reversed(list(networkx.topological_sort(graph))):
        for parent, _, data in graph.in_edges(name, data=True):
            arrived[parent] = arrived.get(parent, 0.0) + arrived[name] * data["local"]
    assert arrived["x"] == pytest.approx(x.grad)
    assert arrived["y"] == pytest.approx(y.grad)


def test_operands_of_vectors_are_edges_in_their_order():
    xs = [Value(float(i), f"x{i}") for i in range(3)]
    graph = to_networkx(autograd.dot(xs, [2.0, xs[0], 4.0]))
    assert sorted((a, data["position"]) for a, _, data in graph.edges(data=True)) == [
        ("x0", 0), ("x0", 4), ("x1", 1), ("x2", 2)
    ]  # fmt: skip


def test_writers_of_files_take_it_without_the_values_where_no_gradient_flows_too():
    x = Value(3.0, "x")
    graph = to_networkx(autograd.where(x > 2.0, x * x, x.detach()))
    assert any("local" not in data for *_, data in graph.edges(data=True))
    for name in graph:
        del graph.nodes[name]["value"]
    for form in ("graphml", "gml"):
        text = "\n".join(getattr(networkx, f"generate_{form}")(graph))
        again = getattr(networkx, f"parse_{form}")(text)
        assert dict(again.nodes(data="data")) == dict(graph.nodes(data="data"))


def test_two_of_one_name_are_two_nodes():
    assert to_networkx(Value(1.0, "x") + Value(2.0, "x")).number_of_nodes() == 3


def test_the_example_runs():
    text = to_networkx.__doc__.replace("  # doctest: +SKIP", "")
    example = doctest.DocTestParser().get_doctest(text, {}, "to_networkx", None, None)
    assert len(example.examples) == 4
    assert not doctest.DocTestRunner().run(example).failed


def test_what_is_no_value_is_refused_and_an_absent_library_is_named(monkeypatch):
    with pytest.raises(TypeError, match="to_networkx takes a Value"):
        to_networkx([Value(1.0)])
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(autograd.MissingDependencyError, match="pip install networkx"):
        to_networkx(Value(1.0))
