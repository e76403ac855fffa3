import numpy as np
import pytest

import autograd
import nn
from autograd import Value


def numbers(values):
    return [v.data for v in values]


@pytest.mark.parametrize("granular", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "linear", "hardtanh", autograd.sin])
def test_layer_is_the_matrix_formula(granular, bias, activation):
    layer = nn.Layer(3, 4, activation=activation, bias=bias, granular=granular, rng=3)
    x = [Value(0.5), -1.5, Value(2.0)]
    weights = np.array([numbers(n.w) for n in layer.neurons])
    b = np.array([n.b.data if bias else 0.0 for n in layer.neurons])
    z = weights @ [0.5, -1.5, 2.0] + b
    function = {
        "relu": lambda v: np.maximum(v, 0),
        "tanh": np.tanh,
        "linear": lambda v: v,
        "hardtanh": lambda v: np.clip(v, -1, 1),
    }
    expected = function.get(activation, np.sin)(z)
    out = layer(x)
    np.testing.assert_allclose(numbers(out), expected, rtol=1e-14, atol=1e-15)
    assert {v.scope for v in out} == {f"n{i}" for i in range(4)}
    total = autograd.sum(out)
    total.backward()
    slope = np.array([float(autograd.gradients(o, [o])[0]) for o in out])
    assert (slope == 1).all()
    dz = np.array(
        [
            {"relu": z[j] > 0, "tanh": 1 - np.tanh(z[j]) ** 2, "linear": 1, "hardtanh": abs(z[j]) < 1}.get(
                activation, np.cos(z[j])
            )
            for j in range(4)
        ]
    )
    np.testing.assert_allclose(
        [[w.grad for w in n.w] for n in layer.neurons], np.outer(dz, [0.5, -1.5, 2.0]), rtol=1e-13, atol=1e-15
    )
    np.testing.assert_allclose([x[0].grad, x[2].grad], (weights.T @ dz)[[0, 2]], rtol=1e-13, atol=1e-15)
    if bias:
        np.testing.assert_allclose([n.b.grad for n in layer.neurons], dz, rtol=1e-13, atol=1e-15)


def test_a_neuron_is_one_dot_node_and_granular_shows_each_product_and_sum():
    ops = [v.op.name for v in autograd.toposort(nn.Neuron(2)([1.0, 2.0])) if v.op]
    assert ops == ["dot", "relu"]
    node = nn.Neuron(2, granular=True)([1.0, 2.0])
    assert sorted(v.op.name for v in autograd.toposort(node) if v.op) == ["add", "add", "mul", "mul", "relu"]


def test_all_nodes_of_a_neuron_share_one_note():
    neuron = nn.Layer(2, 1, granular=True).neurons[0]
    nodes = [v for v in autograd.toposort(neuron([1.0, 2.0])) if v.op]
    assert len({id(v.note) for v in nodes}) == 1
    assert nodes[0].scope == "n0"


def test_micrograd_signatures_and_attributes():
    neuron = nn.Neuron(2, False)
    assert not neuron.nonlin
    assert neuron.parameters() == [*neuron.w, neuron.b]
    mlp = nn.MLP(3, [4, 4, 1])
    assert [len(layer.neurons) for layer in mlp.layers] == [4, 4, 1]
    last = mlp.layers[-1].neurons[0]
    assert (mlp.layers[0].neurons[0].nonlin, last.nonlin, last.activation) == (True, False, "linear")
    assert isinstance(mlp([1, 2, 3]), Value)
    assert len(mlp.parameters()) == 41


def test_weights_and_bias_can_be_replaced():
    neuron = nn.Layer(2, 2).neurons[1]
    neuron.w = [1.0, Value(2.0)]
    neuron.b = -1
    assert [w.label for w in neuron.w] == ["n1.w0", "n1.w1"]
    assert neuron([1.0, 1.0]).data == 2.0
    with pytest.raises(ValueError, match="2 weights, got 3"):
        neuron.w = [1.0, 2.0, 3.0]
    with pytest.raises(AttributeError, match="bias=True"):
        nn.Neuron(1, bias=False).b = 1.0
    neuron.w[0] = Value(5.0)
    assert neuron([1.0, 1.0]).data == 6.0
    assert [v.data for v in neuron.w + [neuron.b]] == [5.0, 2.0, -1.0]  # noqa: RUF005 - as in micrograd
    for change in ("append(1.0)", "pop()", "sort()", "clear()"):
        with pytest.raises(TypeError, match=r"2 weights, of which none is added"):
            eval(f"neuron.w.{change}", {"neuron": neuron})
    with pytest.raises(TypeError, match="2 weights"):
        neuron.w += [Value(1.0)]


def test_a_hidden_layer_of_one_neuron():
    assert isinstance(nn.MLP(1, [1, 1])(2.0), Value)


def test_numpy_rows_and_generators_are_inputs():
    model = nn.MLP(2, [2, 1], rng=0)
    assert model(np.array([1.0, 2.0])).data == model([1, 2]).data == model(float(i) for i in (1, 2)).data


def test_a_custom_neuron_in_a_layer_is_called():
    class Twice(nn.Module):
        def forward(self, x):
            return 2.0 * x[0]

    layer = nn.Layer(1, 2)
    layer.neurons[1] = Twice()
    assert layer([Value(3.0)])[1].data == 6.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Neuron(0), "nin must be a whole number of at least 1"),
        (lambda: nn.Layer(2, 1.5), "nout must be"),
        (lambda: nn.MLP(2, []), "at least one layer"),
        (lambda: nn.Neuron(2, activation="swish"), "no activation is called 'swish'; choose one of relu"),
        (lambda: nn.Neuron(2, init="orthogonal"), "no initialiser is called"),
        (lambda: nn.MLP(2, [1])([1.0, 2.0, 3.0]), "2 inputs, got 3"),
        (lambda: nn.Dropout(1.0), "probability"),
        (lambda: nn.Embedding(0, 2), "count must be"),
    ],
)
def test_bad_sizes_and_names_are_explained(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_wrong_kinds_are_explained():
    with pytest.raises(TypeError, match="a name or a function"):
        nn.Neuron(2, activation=3)
    with pytest.raises(TypeError, match="not a list"):
        nn.Sequential([nn.Neuron(1)])
    with pytest.raises(TypeError, match=r"rng=random\.Random"):
        nn.Neuron(2, rng="seed")


def test_no_grad_makes_leaves():
    with autograd.no_grad():
        y = nn.MLP(2, [2, 1])([1.0, 2.0])
    assert y.op is None


def test_sequential():
    model = nn.Sequential(nn.Layer(2, 3, rng=0), nn.Layer(3, 2, nonlin=False, rng=1))
    assert len(model) == 2
    assert model[0].parameters()[0].label == "stage0.n0.w0"
    model.append(autograd.softmax)
    assert sum(p.data for p in model([0.1, 0.2])) == pytest.approx(1.0)
    assert repr(model).endswith("softmax)")
    assert "Embedding(2, 2)" in nn.Sequential(nn.Embedding(2, 2), nn.Dropout(0.5)).summary()


def test_embedding():
    table = nn.Embedding(4, 3, rng=0)
    row = table(2)
    (row[0] * row[1]).backward()
    assert table.w[2][0].grad == row[1].data
    assert table.w[1][0].grad == 0.0
    assert [len(r) for r in table([0, 3])] == [3, 3]
    assert table(np.int64(1)) == list(table.w[1])
    with pytest.raises(IndexError, match="rows 0 to 3, got 4"):
        table(4)
    with pytest.raises(TypeError, match="whole numbers"):
        table(1.0)
    assert len(table.parameters()) == 12


def test_dropout_keeps_the_mean_and_drops_the_share():
    drop = nn.Dropout(0.25, rng=0)
    out = drop([1.0] * 4000)
    assert set(out) == {0.0, 1.0 / 0.75}
    assert abs(sum(out) / 4000 - 1.0) < 0.05
    x = Value(2.0)
    kept = [drop(x) for _ in range(50)]
    assert {k.data for k in kept} == {0.0, 2.0 / 0.75}
    assert drop.eval()(x) is x


INITIALISERS = [
    "uniform",
    "normal",
    "zeros",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
]


@pytest.mark.parametrize("name", INITIALISERS)
def test_initialisers_give_the_same_bits_for_the_same_seed(name):
    init = getattr(nn.init, name)
    assert init(5, 3, rng=4) == init(5, 3, rng=4)
    assert [len(row) for row in init(5, 3, rng=4)] == [5, 5, 5]
    if name != "zeros":
        assert init(5, 3, rng=4) != init(5, 3, rng=5)
    model = nn.MLP(4, [3, 1], init=name, rng=9)
    assert model.state_dict() == nn.MLP(4, [3, 1], init=name, rng=9).state_dict()


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("uniform", (1 / 3) ** 0.5),
        ("normal", 1.0),
        ("xavier_uniform", (2 / 150) ** 0.5),
        ("xavier_normal", (2 / 150) ** 0.5),
        ("kaiming_uniform", (2 / 100) ** 0.5),
        ("kaiming_normal", (2 / 100) ** 0.5),
    ],
)
def test_initialisers_have_the_spread_of_their_papers(name, deviation):
    rows = np.array(getattr(nn.init, name)(100, 50, rng=1))
    assert rows.mean() == pytest.approx(0.0, abs=4 * deviation / 5000**0.5)
    assert rows.std() == pytest.approx(deviation, rel=0.05)


def test_dots_is_a_matrix_times_a_vector():
    rows = [tuple(Value(x) for x in row) for row in ([1.0, 2.0], [3.0, 4.0])]
    x = (Value(10.0), 1.0)
    out = autograd.dots(rows, x)
    assert numbers(out) == [12.0, 34.0]
    (out[0] + 2.0 * out[1]).backward()
    assert [[w.grad for w in row] for row in rows] == [[10.0, 1.0], [20.0, 2.0]]
    assert x[0].grad == 7.0
    mixed = autograd.dots([[1.0, Value(2.0)], [3.0, 4.0]], [5.0, 6.0])
    assert (mixed[0].data, mixed[1]) == (17.0, 39.0)
    with autograd.no_grad():
        assert autograd.dots(rows, x)[0].op is None
    with pytest.raises(ValueError, match="rows as long as the vector, 2 numbers, got one of 1"):
        autograd.dots([[1.0]], [1.0, 2.0])


def test_dropout_refuses_to_be_compiled_while_it_draws():
    model = nn.Sequential(nn.Layer(2, 2, rng=0), nn.Dropout(0.5))
    step = autograd.compile(lambda x: autograd.sum(model(x)), model.parameters(), batch=True, backend="numpy")
    with pytest.raises(autograd.TracingError, match=r"model.eval\(\)"):
        step([[1.0, 2.0]])
    model.eval()
    expected = autograd.sum(model([1.0, 2.0])).data
    assert step([[1.0, 2.0]]) == pytest.approx(expected, rel=1e-14)


def test_an_initialiser_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="2 rows of 3 numbers"):
        nn.Layer(3, 2, init=lambda nin, nout, rng: [[0.0] * nin])
    with pytest.raises(ValueError, match="1 rows of 3 numbers"):
        nn.Neuron(3, init=lambda nin, nout, rng: [[0.0]])


def test_a_wrong_name_of_an_activation_is_noticed_even_where_no_layer_takes_it():
    with pytest.raises(ValueError, match="no activation is called 'rel'"):
        nn.MLP(2, [1], activation="rel")


def test_any_function_of_one_number_in_the_table_is_an_activation_by_its_name():
    for name in ("sinh", "EXPM1", "erfc"):
        neuron = nn.Neuron(1, activation=name)
        z = neuron.w[0] * 0.5 + neuron.b
        assert neuron([0.5]).data == getattr(autograd, name.lower())(z).data
    for name in ("log", "add", "sigmoid_slope", "softmax", "polygamma"):
        with pytest.raises(ValueError, match="no activation is called"):
            nn.Neuron(1, activation=name)
    assert repr(nn.Neuron(2, activation="leaky_relu")) == "LeakyReLUNeuron(2)"


@pytest.mark.parametrize("samples", [[[1.0, 2.0], [3.0, 4.0]], ((1.0, 2.0), (3.0, 4.0)), [[1.0, 2.0]]])
def test_several_samples_at_once_are_refused_with_what_to_write(samples):
    for model in (nn.MLP(2, [3, 1]), nn.Linear(2, 1), nn.Sequential(nn.Linear(2, 2), nn.ReLU())):
        with pytest.raises(ValueError, match=r"one sample at a time, .*: \[model\(x\) for x in samples\]"):
            model(samples)
