"""A graph as one of NetworkX's, for its algorithms and layouts."""

from __future__ import annotations

from typing import Any

from autograd.backward import toposort
from autograd.errors import optional
from autograd.render.derive.steps import positioned_edges, unique_names
from autograd.value import Value

__all__ = ["to_networkx"]


def to_networkx(root: Value) -> Any:
    """Return the graph below a node as a directed multigraph of NetworkX.

    Parameters
    ----------
    root
        The output of the graph.

    Returns
    -------
    networkx.MultiDiGraph
        Its nodes are names: the labels, or ``v1``, ``v2``, ... A node has the attributes ``value`` (the
        `Value` itself), ``data``, ``grad`` and ``op`` (the row's name, empty for a leaf); an edge leads from
        an operand to the result, and has ``position`` (which operand it is) and ``local`` (the local
        derivative, where a gradient flows). What occurs twice, as in ``x * x``, is two edges. NetworkX's
        writers of files take numbers and texts only: delete each node's ``value`` before.

    Raises
    ------
    MissingDependencyError
        If NetworkX is not installed.

    Examples
    --------
    >>> from autograd import Value, to_networkx
    >>> x = Value(3.0, "x")
    >>> graph = to_networkx(x * x)  # doctest: +SKIP
    >>> list(graph.edges(data="local"))  # doctest: +SKIP
    [('x', 'v1', 3.0), ('x', 'v1', 3.0)]
    """
    networkx = optional("networkx", "to_networkx", "pip install networkx", what="NetworkX")
    if not isinstance(root, Value):
        raise TypeError(f"to_networkx takes a Value, the output of a graph, got {type(root).__name__}")
    nodes = tuple(toposort(root))
    names = unique_names(nodes)
    graph = networkx.MultiDiGraph()
    for node in nodes:
        op = "" if node.op is None else node.op.name
        graph.add_node(names[node], value=node, data=node.data, grad=node.grad, op=op)
        for position, parent, local in positioned_edges(node) if op else ():
            flows = {} if local is None else {"local": local}
            graph.add_edge(names[parent], names[node], position=position, **flows)
    return graph
