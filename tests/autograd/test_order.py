"""Graphs that no operation can make: where a node rests on itself, whoever walks over it says so."""

import copy
import pickle

import pytest

import autograd
from autograd import GraphError, Value, explain


def pair(x, a, b):
    a._a = b
    return b


def itself(x, a, b):
    b._a = b
    return b


def second_operand(x, a, b):
    a._a = c = x * a
    return c + b


def one_of_many(x, a, b):
    a._a = root = autograd.sum([x, b, a])
    return root


def in_a_dot_product(x, a, b):
    a._a = root = autograd.dot([x, b], [a, 1.0])
    return root


def below_a_tree(x, a, b):
    a._a = b
    return (b * x).sin() + b.exp()


def leaves(x, a, b):
    p, q = Value(1.0), Value(2.0)
    p._a, q._a = q, p
    return p * 1.0


CYCLES = [pair, itself, second_operand, one_of_many, in_a_dot_product, below_a_tree, leaves]


def anomaly(root):
    with autograd.detect_anomaly():
        root.backward()


def drawn(way):
    return lambda root: way(autograd.draw(root, engine="builtin"))


WALKERS = {
    "backward": lambda root: root.backward(),
    "backward of every order": lambda root: root.backward(create_graph=True),
    "backward in search of anomalies": anomaly,
    "backward through a checkpoint": lambda root: autograd.checkpoint(lambda x: x * root)(
        Value(1.0)
    ).backward(),
    "adjoints": autograd.adjoints,
    "gradients": lambda root: autograd.gradients(root, Value(1.0)),
    "toposort": autograd.toposort,
    "zero_grad": autograd.zero_grad,
    "draw": drawn(lambda drawing: drawing.svg()),
    "dot": drawn(lambda drawing: drawing.source),
    "mermaid": drawn(lambda drawing: drawing.to_mermaid()),
    "listing": drawn(lambda drawing: drawing.listing()),
    "explain": lambda root: str(explain(root)),
    "explain in LaTeX": lambda root: str(explain(root, style="latex")),
    "stepper": lambda root: autograd.stepper(root).html,
    "to_json": autograd.to_json,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "compile": lambda root: autograd.compile(lambda x: root * x, [])(1.0),
    "grad": lambda root: autograd.grad(lambda x: x * root)(1.0),
    "jvp": lambda root: autograd.jvp(lambda x: x * root, (1.0,), (1.0,)),
    "hessian": lambda root: autograd.hessian(lambda x: x * x * root)(1.0),
}


@pytest.mark.parametrize("walk", WALKERS)
@pytest.mark.parametrize("cycle", CYCLES)
def test_a_node_that_rests_on_itself_is_refused(cycle, walk, engine):
    x = Value(2.0)
    a = x * 3.0
    root = cycle(x, a, a.tanh())
    with pytest.raises(GraphError, match="rests on itself, through operands that were set by hand"):
        WALKERS[walk](root)
    assert x.grad == 0.0


def test_what_is_shared_below_is_no_cycle(engine):
    x = Value(2.0)
    a = x * 3.0
    root = autograd.sum([a, a, a * a, autograd.dot([a, a], [a, x])])
    root.backward()
    assert x.grad == 3.0 * (1.0 + 1.0 + 2.0 * 6.0 + 2.0 * 6.0 + 2.0) + 6.0
    assert copy.deepcopy(root).data == pickle.loads(pickle.dumps(root)).data == root.data
