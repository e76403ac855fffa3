"""Normalisation, recurrence and convolution beside PyTorch with the same weights, in every mode."""

import json
import random
import shutil

import numpy as np
import pytest

import autograd
import nn
from autograd import TracingError, Value
from nn import optim

BACKENDS = ["numpy", "python", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def numbers(rng, *shape):
    if not shape:
        return rng.gauss(0.0, 1.0)
    return [numbers(rng, *shape[1:]) for _ in range(shape[0])]


def data(x):
    return [data(element) for element in x] if isinstance(x, (list, tuple)) else getattr(x, "data", x)


def flat(x):
    return [leaf for element in x for leaf in flat(element)] if isinstance(x, (list, tuple)) else [x]


def weighted(outputs):
    """A loss that tells all outputs apart."""
    return autograd.sum([(0.3 + 0.1 * k) * y * y + y for k, y in enumerate(flat(outputs))])


def rows(torch_weight):
    return torch_weight.detach().tolist()


def set_rows(layer, weights, biases):
    for neuron, w, b in zip(layer.neurons, weights, biases, strict=True):
        neuron.w, neuron.b = w, b


def lstm_pair(torch, rng):
    theirs, ours = torch.nn.LSTM(2, 3).double(), nn.LSTM(2, 3, rng=rng)
    both = torch.cat([theirs.weight_ih_l0, theirs.weight_hh_l0], 1)
    bias = theirs.bias_ih_l0 + theirs.bias_hh_l0
    for k, layer in enumerate([ours.input, ours.forget, ours.cell, ours.output]):
        set_rows(layer, rows(both[3 * k : 3 * k + 3]), rows(bias[3 * k : 3 * k + 3]))
    return theirs, ours


def gru_pair(torch, rng):
    theirs, ours = torch.nn.GRU(2, 3).double(), nn.GRU(2, 3, rng=rng)
    both = torch.cat([theirs.weight_ih_l0, theirs.weight_hh_l0], 1)
    bias = theirs.bias_ih_l0 + theirs.bias_hh_l0
    for k, layer in enumerate([ours.reset, ours.update]):
        set_rows(layer, rows(both[3 * k : 3 * k + 3]), rows(bias[3 * k : 3 * k + 3]))
    set_rows(ours.new, rows(theirs.weight_ih_l0[6:]), rows(theirs.bias_ih_l0[6:]))
    set_rows(ours.old, rows(theirs.weight_hh_l0[6:]), rows(theirs.bias_hh_l0[6:]))
    return theirs, ours


def rnn_pair(torch, rng):
    theirs, ours = torch.nn.RNN(2, 3).double(), nn.RNN(2, 3, rng=rng)
    both = torch.cat([theirs.weight_ih_l0, theirs.weight_hh_l0], 1)
    set_rows(ours.layer, rows(both), rows(theirs.bias_ih_l0 + theirs.bias_hh_l0))
    return theirs, ours


@pytest.mark.parametrize("make", [rnn_pair, gru_pair, lstm_pair])
def test_recurrent_modules_agree_with_pytorch(make):
    torch = pytest.importorskip("torch")
    rng = random.Random(1)
    theirs, ours = make(torch, rng)
    x = numbers(rng, 5, 2)
    sequence = [[Value(v) for v in element] for element in x]
    outputs, state = ours(sequence)
    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    wanted, last = theirs(tensor)
    np.testing.assert_allclose(data(outputs), wanted.tolist(), **CLOSE)
    ends = torch.cat([t.flatten() for t in (last if isinstance(last, tuple) else (last,))])
    np.testing.assert_allclose(flat(data(state)), ends.tolist(), **CLOSE)
    weighted(outputs).backward()
    scale = 0.3 + 0.1 * torch.arange(wanted.numel(), dtype=torch.float64)
    (scale * wanted.flatten() ** 2 + wanted.flatten()).sum().backward()
    np.testing.assert_allclose([[v.grad for v in e] for e in sequence], tensor.grad.tolist(), **CLOSE)
    # From a state, and one step by itself.
    again, end = ours(x, state)
    later = theirs(tensor, last)[0]
    np.testing.assert_allclose(data(again), later.tolist(), **CLOSE)
    assert data(ours.step(x[0], ours.start()))[0] == data(ours(x[:1])[1])[0]
    assert flat(data(end)) != flat(data(state))


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"kernel_size": 3}, (5, 6)),
        ({"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)}, (5, 6)),
        ({"kernel_size": 2, "stride": 3, "padding": 2, "bias": False}, (4, 4)),
    ],
)
def test_convolution_agrees_with_pytorch(options, size):
    torch = pytest.importorskip("torch")
    rng = random.Random(2)
    theirs, ours = torch.nn.Conv2d(2, 3, **options).double(), nn.Conv2d(2, 3, **options, rng=rng)
    for k, neuron in enumerate(ours.kernels.neurons):
        neuron.w = theirs.weight[k].flatten().tolist()
        if ours.kernels.bias:
            neuron.b = theirs.bias[k].item()
    x = numbers(rng, 2, *size)
    tensor = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    image = [[[Value(v) for v in row] for row in channel] for channel in x]
    made, wanted = ours(image), theirs(tensor)[0]
    np.testing.assert_allclose(data(made), wanted.tolist(), **CLOSE)
    weighted(made).backward()
    scale = 0.3 + 0.1 * torch.arange(wanted.numel(), dtype=torch.float64)
    (scale * wanted.flatten() ** 2 + wanted.flatten()).sum().backward()
    grads = [[[v.grad for v in row] for row in channel] for channel in image]
    np.testing.assert_allclose(grads, tensor.grad[0].tolist(), **CLOSE)
    assert data(ours(np.array(x))) == data(made)


@pytest.mark.parametrize("name", ["MaxPool2d", "AvgPool2d"])
@pytest.mark.parametrize("options", [(2,), ((2, 3),), (3, 1), ((1, 2), (2, 1))])
def test_pooling_agrees_with_pytorch(name, options):
    torch = pytest.importorskip("torch")
    x = numbers(random.Random(3), 2, 6, 7)
    wanted = getattr(torch.nn, name)(*options)(torch.tensor(x, dtype=torch.float64)).tolist()
    pool = getattr(nn, name)(*options)
    np.testing.assert_allclose(pool(x), wanted, **CLOSE)
    np.testing.assert_allclose(pool(x[0]), wanted[0], **CLOSE)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("name", ["LayerNorm", "RMSNorm"])
def test_norms_of_a_sample_agree_with_pytorch(name, affine):
    torch = pytest.importorskip("torch")
    rng = random.Random(4)
    ours = getattr(nn, name)(4, affine=affine)
    theirs = getattr(torch.nn, name)(4, eps=1e-5, elementwise_affine=affine).double()
    with torch.no_grad():
        for k, p in enumerate(theirs.parameters()):
            p.copy_(torch.tensor(numbers(rng, 4), dtype=torch.float64))
            for own, number in zip((ours.w, ours.b)[k], p.tolist(), strict=True):
                own.data = number
    x = numbers(rng, 3, 4)
    values = [[Value(v) for v in sample] for sample in x]
    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    made, wanted = ours(values), theirs(tensor)
    np.testing.assert_allclose(data(made), wanted.tolist(), **CLOSE)
    weighted(made).backward()
    scale = 0.3 + 0.1 * torch.arange(wanted.numel(), dtype=torch.float64)
    (scale * wanted.flatten() ** 2 + wanted.flatten()).sum().backward()
    np.testing.assert_allclose([[v.grad for v in s] for s in values], tensor.grad.tolist(), **CLOSE)
    assert data(ours(x[1])) == data(made[1])


@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 4), (2, 3, 2, 2), (1, 3, 2, 2)])
def test_batch_norm_agrees_with_pytorch_in_training_and_evaluation(shape, tmp_path):
    torch = pytest.importorskip("torch")
    rng = random.Random(5)
    kind = {2: "BatchNorm1d", 3: "BatchNorm1d", 4: "BatchNorm2d"}[len(shape)]
    ours, theirs = getattr(nn, kind)(3, momentum=0.3), getattr(torch.nn, kind)(3, momentum=0.3).double()
    with torch.no_grad():
        for own, p in ((ours.w, theirs.weight), (ours.b, theirs.bias)):
            p.copy_(torch.tensor(numbers(rng, 3), dtype=torch.float64))
            for value, number in zip(own, p.tolist(), strict=True):
                value.data = number
    for _ in range(3):
        x = numbers(rng, *shape)
        tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        values = json.loads(json.dumps(x), parse_float=lambda text: Value(float(text)))
        made, wanted = ours(values), theirs(tensor)
        np.testing.assert_allclose(data(made), wanted.tolist(), **CLOSE)
        weighted(made).backward()
        scale = 0.3 + 0.1 * torch.arange(wanted.numel(), dtype=torch.float64)
        (scale * wanted.flatten() ** 2 + wanted.flatten()).sum().backward()
        np.testing.assert_allclose([v.grad for v in flat(values)], tensor.grad.flatten().tolist(), **CLOSE)
        np.testing.assert_allclose(data(ours.running_mean), theirs.running_mean.tolist(), **CLOSE)
        np.testing.assert_allclose(data(ours.running_var), theirs.running_var.tolist(), **CLOSE)
    ours.eval()
    theirs.eval()
    np.testing.assert_allclose(data(ours(x)), theirs(tensor).tolist(), **CLOSE)
    # The running numbers are saved, loaded and not trained.
    assert not set(ours.running_mean) & set(ours.parameters())
    ours.save(tmp_path / "norm.json")
    other = nn.BatchNorm(3)
    other.load(tmp_path / "norm.json")
    assert data(other.eval()(x)) == data(ours(x))


def test_batch_norm_says_what_it_needs():
    norm = nn.BatchNorm(2)
    with pytest.raises(ValueError, match=r"one sample has no variance.*nn\.LayerNorm"):
        norm([1.0, 2.0])
    with pytest.raises(ValueError, match="more than one number"):
        norm([[1.0, 2.0]])
    with pytest.raises(ValueError, match="samples of 2 features, got 3"):
        norm([[1.0, 2.0, 3.0]])
    assert data(norm.running_mean) == [0.0, 0.0]
    step = autograd.compile(lambda: weighted(norm([[1.0, 2.0], [3.0, 5.0]])), norm.parameters())
    with pytest.raises(TracingError, match="track_running_stats=False"):
        step()
    with pytest.raises(ValueError, match="collect the samples"):
        nn.Sequential(nn.Linear(2, 2), norm)([0.0, 1.0])


class Joined(nn.Module):
    """A class of PyTorch's kind, whose forward is called with a batch; or the same in a row."""

    def __init__(self, rng, track=True):
        self.first, self.last = nn.Linear(2, 4, rng=rng), nn.Linear(4, 1, rng=rng)
        self.norm, self.bend = nn.BatchNorm1d(4, track_running_stats=track), nn.Tanh()

    def forward(self, x):
        return self.last(self.bend(self.norm(self.first(x))))


def joined_data():
    rng = random.Random(8)
    x = [[rng.gauss(0.0, 1.0), rng.gauss(3.0, 2.0)] for _ in range(14)]
    return x, [a * b for a, b in x]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("track", [True, False], ids=["running", "of the batch"])
@pytest.mark.parametrize("size", [None, 4], ids=["whole", "parts"])
def test_fit_trains_a_batch_norm_as_torch_does(size, track, compiled):
    torch = pytest.importorskip("torch")
    model, (x, y) = Joined(random.Random(9), track), joined_data()
    start = {path: p.data for path, p in model.named_parameters()}
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4, track_running_stats=track), torch.nn.Tanh(),
        torch.nn.Linear(4, 1),
    ).double()  # fmt: skip
    with torch.no_grad():
        for k, layer in ((0, model.first), (3, model.last)):
            theirs[k].weight.copy_(
                torch.tensor([[w.data for w in n.w] for n in layer.neurons], dtype=torch.float64)
            )
            theirs[k].bias.copy_(torch.tensor([n.b.data for n in layer.neurons], dtype=torch.float64))
    history = nn.fit(
        model, (x, y), nn.losses.mse_loss, optim.SGD(model.parameters(), lr=0.05), epochs=12, batch_size=size,
        shuffle=False, compile=compiled, progress=False, validation=(x, y),
    )  # fmt: skip
    inputs, targets = torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)[:, None]
    descent = torch.optim.SGD(theirs.parameters(), lr=0.05)
    for _ in range(12):
        theirs.train()
        for k in range(0, 14, size or 14):
            descent.zero_grad()
            part = slice(k, k + (size or 14))
            torch.nn.functional.mse_loss(theirs(inputs[part]), targets[part]).backward()
            descent.step()
    theirs.eval()
    loss = torch.nn.functional.mse_loss(theirs(inputs), targets)
    assert history["val_loss"][-1] == pytest.approx(loss.item(), rel=1e-8)
    ours = [[w.data for w in n.w] for n in model.first.neurons]
    np.testing.assert_allclose(ours, theirs[0].weight.tolist(), rtol=1e-8)
    np.testing.assert_allclose(data(model.norm.w), theirs[1].weight.tolist(), rtol=1e-8)
    if track:
        np.testing.assert_allclose(data(model.norm.running_mean), theirs[1].running_mean.tolist(), rtol=1e-8)
        np.testing.assert_allclose(data(model.norm.running_var), theirs[1].running_var.tolist(), rtol=1e-8)
    assert {path: p.data for path, p in model.named_parameters()} != start


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_fit_trains_an_image_network_with_batch_norm(compiled):
    rng = random.Random(10)
    x = numbers(rng, 6, 1, 4, 4)
    y = [float(np.sum(sample) > 0) for sample in x]
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2, rng=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(2, 1, rng=2), lambda score: 2.0 * score,
    )  # fmt: skip
    history = nn.fit(
        model, (x, y), nn.losses.binary_cross_entropy_with_logits, optim.Adam(model.parameters(), lr=0.1),
        epochs=15, batch_size=3, compile=compiled, progress=False, metrics=["accuracy"],
    )  # fmt: skip
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert data(model[1].running_mean) != [0.0, 0.0]


def test_fit_says_what_a_batch_norm_needs():
    x, y = joined_data()
    model = Joined(random.Random(9))
    step = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="batches of 13 of 14 samples leave one alone"):
        nn.fit(model, (x, y), nn.losses.mse_loss, step, epochs=1, batch_size=13, progress=False)

    class Single(Joined):
        def forward(self, x):
            return super().forward(x)[0]

    model = Single(random.Random(9))
    step = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="as many outputs"):
        nn.fit(model, (x, y), nn.losses.mse_loss, step, epochs=1, progress=False)


def test_a_batch_goes_through_what_takes_one_sample():
    layer, x = nn.Layer(2, 3, rng=0), [[1.0, 2.0], [0.5, -1.0]]
    for module in (layer, layer.neurons[0], nn.MLP(2, [3, 1], rng=1), nn.LayerNorm(2), nn.Sequential(layer)):
        together = module(nn.Batch(x))
        assert type(together) is nn.Batch
        one = [module(sample) for sample in x]
        assert repr(list(together)) == repr(one)


class Image(nn.Module):
    """Convolution, pooling, a linear layer."""

    def __init__(self, rng):
        self.parts = nn.Sequential(
            nn.Conv2d(1, 2, 2, activation="tanh", rng=rng), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(2, 1, rng=rng),
        )  # fmt: skip

    def forward(self, x):
        return self.parts(x)


class Sequence(nn.Module):
    """The last output of a recurrent module, normalised, and a linear layer."""

    def __init__(self, kind, rng):
        self.walk, self.norm = getattr(nn, kind)(1, 3, rng=rng), nn.LayerNorm(3)
        self.last = nn.Linear(3, 1, rng=rng)

    def forward(self, x):
        outputs, _ = self.walk(x)
        return self.last(self.norm(outputs[-1]))


MODELS = {
    "image": lambda rng: Image(rng),
    **{kind: lambda rng, kind=kind: Sequence(kind, rng) for kind in ("RNN", "GRU", "LSTM")},
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", MODELS)
def test_compiled_modules_are_the_eager_ones(kind, backend):
    rng = random.Random(6)
    model = MODELS[kind](rng)
    x = numbers(rng, 4, 3, 3) if kind == "image" else numbers(rng, 4, 3, 1)
    y = numbers(rng, 4)
    step = autograd.compile(
        lambda x, y: nn.losses.mse_loss(model(x), y), model.parameters(), batch=True, backend=backend
    )
    value, grads = step.value_and_grad(x, y)
    loss = autograd.mean([nn.losses.mse_loss(model(a), b) for a, b in zip(x, y, strict=True)])
    loss.backward()
    assert value == pytest.approx(loss.data, rel=1e-12)
    np.testing.assert_allclose(list(grads), [p.grad for p in model.parameters()], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compiled_batch_norm_reads_the_running_numbers_at_each_call(backend):
    norm = nn.BatchNorm(2)
    x = [[1.0, 4.0], [3.0, 7.0], [4.0, 1.0]]
    norm(x)
    norm.eval()
    step = autograd.compile(lambda: weighted(norm(x)), norm.parameters(), backend=backend)
    assert step() == pytest.approx(weighted(norm(x)).data, rel=1e-13)
    norm.train()(x)
    norm.eval()
    assert step() == pytest.approx(weighted(norm(x)).data, rel=1e-13)
    free = nn.BatchNorm(2, track_running_stats=False)
    step = autograd.compile(lambda: weighted(free(x)), free.parameters(), backend=backend)
    assert step() == pytest.approx(weighted(free(x)).data, rel=1e-13)
    assert free.named_buffers() == []


@pytest.mark.parametrize("kind", MODELS)
def test_modules_learn_are_named_shown_drawn_and_kept(kind, tmp_path):
    rng = random.Random(7)
    model = MODELS[kind](rng)
    x = numbers(rng, 6, 3, 3) if kind == "image" else numbers(rng, 6, 4, 1)
    y = [float(np.sum(sample) > 0) for sample in x]
    ends = []
    for compiled in (False, True):
        model = MODELS[kind](random.Random(7))
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        history = nn.fit(
            model, (x, y), nn.losses.binary_cross_entropy_with_logits, optimizer, epochs=15, batch_size=4,
            compile=compiled, progress=False,
        )  # fmt: skip
        assert history["loss"][-1] < history["loss"][0]
        ends.append([p.data for p in model.parameters()])
    np.testing.assert_allclose(*ends, rtol=1e-9, atol=1e-11)
    paths = [path for path, _ in model.named_parameters()]
    assert len(set(paths)) == len(paths)
    assert all(p.label == path for path, p in model.named_parameters())
    assert str(len(paths)) in model.summary().splitlines()[1]
    model.save(tmp_path / "model.json")
    other = MODELS[kind](random.Random(8))
    other.load(tmp_path / "model.json")
    assert data(other(x[0])) == data(model(x[0]))
    picture = autograd.draw(model(x[0]))
    assert "<svg" in str(getattr(picture, "svg", lambda: picture)())
    assert repr(model)


REPRS = {
    "LayerNorm(3)": lambda: nn.LayerNorm(3), "RMSNorm(3)": lambda: nn.RMSNorm(3),
    "BatchNorm(3)": lambda: nn.BatchNorm(3), "LSTM(2, 3)": lambda: nn.LSTM(2, 3),
    "GRU(2, 3)": lambda: nn.GRU(2, 3), "RNN(2, 3)": lambda: nn.RNN(2, 3),
    "Conv2d(1, 2, 3, stride=(2, 2), padding=(1, 0))": lambda: nn.Conv2d(1, 2, 3, 2, (1, 0)),
    "MaxPool2d(2)": lambda: nn.MaxPool2d(2), "AvgPool2d((1, 2), stride=(1, 1))":
    lambda: nn.AvgPool2d((1, 2), 1), "Activate('leaky_relu', slope=0.1)": lambda: nn.LeakyReLU(0.1),
    "Flatten()": lambda: nn.Flatten(),
}  # fmt: skip


@pytest.mark.parametrize("wanted", REPRS)
def test_modules_show_their_sizes(wanted):
    assert repr(REPRS[wanted]()) == wanted


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: nn.LSTM(2, 3)([[1.0]]), "elements of 2 numbers each, got an element of 1"),
        (lambda: nn.LSTM(2, 3)([]), "empty sequence"),
        (lambda: nn.LSTM(2, 3)([[1.0, 2.0]], [0.0] * 3), r"such as start\(\) returns"),
        (lambda: nn.GRU(2, 3)([[1.0, 2.0]], [0.0] * 2), "a state of 3 numbers"),
        (lambda: nn.RNN(2, 0), "size must be a whole number"),
        (lambda: nn.Conv2d(2, 1, 3)([[1.0] * 4] * 4), "images of 2 channels, got 1"),
        (lambda: nn.Conv2d(1, 1, 3)([1.0] * 4), "depth 1"),
        (lambda: nn.Conv2d(1, 1, 3)([[1.0] * 2] * 2), "no room for a window of 3"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), "a pair for rows and columns"),
        (lambda: nn.MaxPool2d(2)([[1.0, 2.0], [3.0]]), "one length"),
        (lambda: nn.MaxPool2d(0), "kernel_size must be"),
        (lambda: nn.LayerNorm(3)([1.0]), "samples of 3 numbers, got 1"),
        (lambda: nn.LayerNorm(3, eps=-1.0), "eps must be"),
    ],
)
def test_what_does_not_fit_a_module_is_explained(call, said):
    with pytest.raises(ValueError, match=said):
        call()


# PyTorch's names.


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("ReLU", ()), ("Tanh", ()), ("Sigmoid", ()), ("LeakyReLU", (0.2,)), ("ELU", (0.7,)), ("SELU", ()),
     ("GELU", ()), ("SiLU", ()), ("Softplus", ()), ("LogSigmoid", ()), ("ReLU6", ()), ("Hardtanh", ()),
     ("Identity", ())],
)  # fmt: skip
def test_activations_of_pytorchs_name_are_theirs(name, arguments):
    torch = pytest.importorskip("torch")
    module = getattr(nn, name)(*arguments)
    x = [-7.0, -0.4, 0.3, 8.0]
    wanted = getattr(torch.nn, name)(*arguments)(torch.tensor(x, dtype=torch.float64)).tolist()
    np.testing.assert_allclose(module(x), wanted, **CLOSE)
    np.testing.assert_allclose(data(module([[Value(v)] for v in x])), [[w] for w in wanted], **CLOSE)


def test_a_program_for_pytorch_trains_with_its_names():
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(inplace=True), nn.Dropout(0.0), nn.Linear(4, 3))
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 10)
    x, y = numbers(random.Random(9), 6, 2), [0, 1, 2, 0, 1, 2]
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = criterion([model(sample) for sample in x], y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert nn.MSELoss(reduction="sum")([1.0, 2.0], [0.0, 0.0]) == 5.0
    assert sum(nn.Softmax(dim=0)([1.0, 2.0])) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        (nn, "Parameter", r"autograd\.Value"), (nn, "ModuleList", r"self\.parts = \[\.\.\.\]"),
        (nn, "linear", "write nn.Linear"), (nn, "LSTMCell", "nn.LSTM"),
        (nn, "relu", "write nn.ReLU"), (nn, "mse_loss", "write nn.losses.mse_loss"),
        (nn, "SGD", "write nn.optim.SGD"), (nn, "Nothing", "no attribute 'Nothing'$"),
        (optim, "rmsprop", "write nn.optim.RMSProp"), (optim, "NAdam", "write nn.optim.Adam"),
        (optim, "Adadelta", r"update\(theta, grad"), (optim, "Nothing", "no attribute 'Nothing'$"),
    ],
)  # fmt: skip
def test_names_that_there_are_not_say_what_to_write(module, name, said):
    with pytest.raises(AttributeError, match=said):
        getattr(module, name)
    assert not hasattr(module, "__wrapped__")


def test_a_picture_of_a_model_learns_nothing_and_draws_nothing_from_its_example():
    rng = random.Random(3)
    parts = nn.Linear(2, 3, rng=1), nn.BatchNorm(3), nn.Dropout(0.5, rng=rng), nn.Linear(3, 1, rng=2)
    model = nn.Sequential(*parts)
    state, drawn = model.state_dict(), rng.getstate()
    assert autograd.draw(model).graph.nodes
    assert (model.state_dict(), rng.getstate()) == (state, drawn)
    assert all(module.training for module in model.modules())
