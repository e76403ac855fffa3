import copy
import pickle
import random

import pytest

import autograd
import nn
from autograd import Value


class Line(nn.Module):
    def __init__(self):
        self.slope = Value(2.0)
        self.offset = Value(1.0, "intercept")

    def forward(self, x):
        return self.slope * x + self.offset


def test_attributes_that_are_values_are_parameters_with_their_names():
    line = Line()
    assert [name for name, _ in line.named_parameters()] == ["slope", "offset"]
    assert line.parameters() == [line.slope, line.offset]
    assert line.slope.label == "slope"
    assert line.offset.label == "intercept", "a label of one's own stays"
    assert line(3.0).data == 7.0


def test_paths_grow_with_the_nesting():
    class Net(nn.Module):
        def __init__(self):
            self.encoder = nn.MLP(2, [3, 2], rng=0)
            self.heads = {"left": nn.Neuron(2), "right": nn.Neuron(2)}
            self.table = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]

    net = Net()
    outer = nn.Module()
    outer.net = net
    names = [name for name, _ in outer.named_parameters()]
    assert names[0] == "net.encoder.layer0.n0.w0"
    assert "net.heads.left.b" in names
    assert names[-4:] == ["net.table0_0", "net.table0_1", "net.table1_0", "net.table1_1"]
    assert [p.label for p in outer.parameters()] == names
    assert net.encoder([1.0, 2.0])[0].scope == "net.encoder.layer1.n0"


def test_what_joins_a_list_later_is_found_and_named():
    class Net(nn.Module):
        def __init__(self):
            self.blocks = []

    net = Net()
    net.blocks.append(nn.Neuron(1))
    net.blocks.append(nn.Neuron(1))
    assert [name for name, _ in net.named_parameters()] == [
        "blocks0.w0",
        "blocks0.b",
        "blocks1.w0",
        "blocks1.b",
    ]
    assert net.blocks[1].b.label == "blocks1.b"


def test_a_shared_parameter_counts_once():
    shared = nn.Neuron(2)
    net = nn.Module()
    net.a = net.b = shared
    assert len(net.parameters()) == 3
    assert len(net.modules()) == 2


def test_two_parameters_of_one_name_are_refused():
    net = nn.Module()
    net.w = [Value(1.0)]
    net.w0 = Value(2.0)
    with pytest.raises(ValueError, match="'w0'; rename"):
        net.named_parameters()


def test_weights_are_what_is_not_a_bias():
    model = nn.MLP(2, [2, 1])
    assert {w.label.rpartition(".")[2][0] for w in model.weights()} == {"w"}
    assert len(model.weights()) == 6
    net = nn.Module()
    net.model, net.bias, net.w = model, Value(0.0), Value(1.0)
    assert len(net.weights()) == 7


def test_train_and_eval_reach_every_module():
    model = nn.Sequential(nn.Layer(2, 2), nn.Dropout(0.5))
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    model.train()
    assert all(m.training for m in model.modules())


def test_zero_grad():
    model = nn.MLP(2, [2, 1], rng=0)
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="define forward"):
        nn.Module()(1.0)


def test_repr_and_summary():
    assert (
        repr(nn.MLP(2, [2, 1]))
        == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    )
    net = nn.Module()
    net.body = nn.Neuron(2)
    assert repr(net) == "Module(body: ReLUNeuron(2))"
    assert nn.MLP(3, [4, 1]).summary().splitlines()[-1].split() == [
        "layer1",
        "Layer(4,",
        "1,",
        "linear)",
        "5",
    ]


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent_and_work(copier):
    model = nn.MLP(2, [3, 1], rng=0, activation="tanh")
    twin = copier(model)
    assert twin.state_dict() == model.state_dict()
    assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
    twin.parameters()[0].data = 9.0
    assert model.parameters()[0].data != 9.0
    twin([1.0, 2.0]).backward()
    assert not any(p.grad for p in model.parameters())


def test_a_module_in_a_scope_notes_both():
    model = nn.MLP(1, [1], rng=0)
    with autograd.scope("outer"):
        assert model([1.0]).scope == "outer.layer0.n0"
    with autograd.detect_anomaly():
        y = model([1.0])
    assert y.scope == "layer0.n0"
    assert "test_module.py" in y.source


def test_the_default_draws_are_those_of_micrograd():
    random.seed(7)
    model = nn.MLP(2, [3, 1])
    random.seed(7)
    for neuron in [n for layer in model.layers for n in layer.neurons]:
        assert [w.data for w in neuron.w] == [random.uniform(-1, 1) for _ in neuron.w]
        assert neuron.b.data == 0.0


@pytest.mark.parametrize(
    "module", [nn.Neuron(2, rng=0), nn.Layer(2, 3, rng=0), nn.MLP(2, [3, 1], rng=0), Line()]
)
def test_forward_is_what_a_call_computes(module):
    x = 2.0 if isinstance(module, Line) else [1.0, 2.0]
    first, second = module(x), module.forward(x)
    assert str(first) == str(second)
    with pytest.raises(NotImplementedError, match=r"Module has no forward\(\)"):
        nn.Module()(1.0)


def test_a_module_cannot_contain_itself():
    outer, inner = nn.Module(), nn.Module()
    outer.w, outer.inner = Value(1.0), inner
    for module, name in ((outer, "me"), (inner, "outer")):
        with pytest.raises(ValueError, match=f"would contain itself, at '{name}'"):
            setattr(module, name, outer)
        assert name not in vars(module)
    with pytest.raises(ValueError, match="would contain itself, at 'parts0.above'"):
        inner.parts = [{"above": outer}]
    assert (outer.w.label, inner._path) == ("w", "inner")  # no name changed either
    parts = []
    parts.append(parts)
    with pytest.raises(ValueError, match="the list at parts0 contains itself"):
        inner.parts = parts
    assert [name for name, _ in outer.named_parameters()] == ["w"]
    outer.parts = []  # a list may grow after it was assigned
    outer.parts.append(outer.parts)
    with pytest.raises(ValueError, match="the list at parts0 contains itself"):
        outer.parameters()
    outer.parts[:] = [outer]
    for ask in (repr, nn.Module.parameters, nn.Module.summary, nn.Module.train):
        with pytest.raises(ValueError, match="would contain itself, at 'parts0'"):
            ask(outer)
