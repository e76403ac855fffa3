"""What programs for PyTorch write runs, with PyTorch's numbers, or the error says what to write."""

import pytest

import autograd
import nn
from autograd import Value

torch = pytest.importorskip("torch")

NUMBERS = [-7.0, -3.0, -0.4, 0.0, 0.3, 1.2, 25.0, 2.0]
ACTIVATIONS = [
    ("GELU", (), {"approximate": "tanh"}), ("Softplus", (), {"beta": 2.0, "threshold": 30.0}),
    ("Hardtanh", (-2.0, 0.5), {}), ("LeakyReLU", (0.2,), {}), ("LeakyReLU", (), {"negative_slope": 0.2}),
    ("ELU", (), {"alpha": 0.5, "inplace": False}), ("CELU", (2.0,), {}), ("Mish", (), {"inplace": True}),
    ("Softsign", (), {}), ("Hardsigmoid", (), {}), ("Hardswish", (), {}), ("Tanhshrink", (), {}),
    ("Softshrink", (0.3,), {}), ("Hardshrink", (), {"lambd": 0.3}),
    ("Threshold", (), {"threshold": 0.25, "value": 0.1}), ("Softmin", (), {"dim": 0}),
    ("GLU", (), {"dim": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options"), ACTIVATIONS)
def test_a_module_of_an_activation_has_pytorchs_values_and_slopes(name, args, options):
    xs = [Value(x) for x in NUMBERS]
    ys = getattr(nn, name)(*args, **options)(xs)
    autograd.sum([(i + 1.0) * y for i, y in enumerate(ys)]).backward()
    theirs = torch.tensor(NUMBERS, dtype=torch.float64, requires_grad=True)
    given = {option: x for option, x in options.items() if option != "inplace"}
    out = getattr(torch.nn, name)(*args, **given)(theirs)
    (out * torch.arange(1.0, len(out) + 1.0, dtype=torch.float64)).sum().backward()
    assert [y.data for y in ys] == pytest.approx(out.tolist(), rel=1e-12, abs=1e-14)
    slopes = [(x.grad, t) for x, t, at in zip(xs, theirs.grad.tolist(), NUMBERS, strict=True)
              if (name, at) not in KINKS]  # fmt: skip
    close = 1e-7 if name.startswith("Hards") else 1e-12  # PyTorch's slope there is 1/6 in single precision
    assert [a for a, _ in slopes] == pytest.approx([b for _, b in slopes], rel=close, abs=1e-14)


KINKS = {("Hardswish", -3.0), ("Hardsigmoid", -3.0), ("ELU", 0.0), ("CELU", 0.0), ("LeakyReLU", 0.0)}


@pytest.mark.parametrize("theirs", [torch.nn, torch.optim, torch.optim.lr_scheduler, torch.nn.init],
                         ids=lambda module: module.__name__)
def test_every_name_of_pytorch_works_or_says_what_to_write(theirs):
    names = [name for name in getattr(theirs, "__all__", dir(theirs)) if name[0] != "_"]
    names = [name for name in names if name.endswith("_") if theirs is torch.nn.init] or [
        name for name in names if name[0].isupper()
    ]
    ours = {"torch.nn": nn, "torch.nn.init": nn.init}.get(theirs.__name__, nn.optim)
    silent = []
    for name in names:
        try:
            getattr(ours, name)
        except AttributeError as error:
            if ";" not in str(error):
                silent.append(name)
    assert not silent


@pytest.mark.parametrize("name", [name for name in dir(torch.nn.functional)
                                  if "loss" in name or "cross_entropy" in name])
def test_every_loss_of_pytorch_is_there_or_says_what_to_write(name):
    try:
        assert callable(getattr(nn.losses, name))
    except AttributeError as error:
        assert "; write " in str(error)


INSIDE = ("dump_patches", "call_super_init", "T_destination")


@pytest.mark.parametrize("name", [name for name in vars(torch.nn.Module)
                                  if name[0] != "_" and name not in INSIDE])
def test_every_method_of_pytorchs_module_is_there_or_says_what_to_write(name):
    try:
        getattr(nn.Linear(1, 1), name)
    except AttributeError as error:
        assert "; " in str(error)
    assert not hasattr(nn.Linear(1, 1), "anything")


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: nn.Linear(in_features=3, out_features=2, bias=False, dtype=None),
         "Layer of [LinearNeuron(3), LinearNeuron(3)]"),
        (lambda: nn.BatchNorm1d(num_features=3, device=None), "BatchNorm(3)"),
        (lambda: nn.LayerNorm(normalized_shape=[3], elementwise_affine=False), "LayerNorm(3)"),
        (lambda: nn.RNN(input_size=3, hidden_size=4, nonlinearity="relu"), "RNN(3, 4)"),
        (lambda: nn.LSTM(input_size=3, hidden_size=4, num_layers=1), "LSTM(3, 4)"),
        (lambda: nn.Conv2d(in_channels=1, out_channels=2, kernel_size=3, padding="same"),
         "Conv2d(1, 2, 3, padding=(1, 1))"),
        (lambda: nn.Conv2d(1, 2, 3, padding="valid", groups=1), "Conv2d(1, 2, 3)"),
        (lambda: nn.MaxPool2d(kernel_size=2, ceil_mode=False), "MaxPool2d(2)"),
        (lambda: nn.Embedding(num_embeddings=5, embedding_dim=3), "Embedding(5, 3)"),
        (lambda: nn.Flatten(1), "Flatten()"),
    ],
)
def test_modules_take_pytorchs_names_of_options(make, shown):
    assert repr(make()) == shown


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (lambda: nn.LSTM(3, 4, bidirectional=True),
         r"LSTM\(\) has no option bidirectional=True; write a second"),
        (lambda: nn.Conv2d(2, 2, 3, groups=2), "for each group of channels"),
        (lambda: nn.Conv2d(2, 2, 2, padding="same"), "write the padding as a number"),
        (lambda: nn.Conv2d(2, 2, 3, padding="reflect"), "'same' or 'valid'"),
        (lambda: nn.AvgPool2d(2, padding=1), r"AvgPool2d\(\) has no option padding=1"),
        (lambda: nn.optim.Adam([Value(1.0)], amsgrad=True), "derives from nn.optim.Optimizer"),
        (lambda: nn.optim.SGD([Value(1.0)], maximize=True), r"\(-loss\).backward\(\)"),
        (lambda: nn.data.read_csv("x.csv", skiprows=1), "comment="),
        (lambda: nn.data.read_csv("x.csv", header=0), "True, False or None, got 0"),
        (lambda: nn.BCELoss(weight=[1.0, 2.0]), "multiply each loss by its weight"),
        (lambda: nn.MSELoss(size_average=True), 'reduction="mean"'),
        (lambda: nn.MSELoss(foo=1), r"mse_loss\(\) has no option foo"),
        (lambda: nn.losses.mse_loss([1.0], [0.0], size_average=False), r"mse_loss\(\) has no .* reduction="),
        (lambda: nn.losses.l1_loss([1.0], [0.0], weight=[1.0]), "multiply each loss by its weight"),
        (lambda: nn.losses.nll_loss([[0.0]], [0], label_smoothing=0.1), "cross_entropy, which has it"),
        (lambda: nn.losses.binary_cross_entropy([0.5], [0.0], from_logits=True), "take scores"),
        (lambda: nn.losses.cross_entropy([[0.5]], [0], from_logits=False), "take probabilities"),
        (lambda: nn.losses.half_squared_error([1.0], [0.0], reduction="mean"), "mse_loss"),
        (lambda: nn.GLU()([1.0, 2.0, 3.0]), "even number"),
        (lambda: nn.GELU(approximate="erf"), "'none' or 'tanh'"),
        (lambda: nn.Flatten(0), "one list of all numbers"),
    ],
)
def test_options_that_there_are_not_say_what_to_write(make, remedy):
    with pytest.raises((TypeError, ValueError), match=remedy):
        make()


def test_a_file_and_a_rate_are_described_as_in_other_libraries(tmp_path):
    (tmp_path / "a.csv").write_text("a|b\n1|2\n3|4\n", encoding="utf-8")
    assert nn.data.read_csv(tmp_path / "a.csv", sep="|", index_col=None).x.tolist() == [[1.0], [3.0]]
    assert nn.optim.SGD([Value(1.0)], learning_rate=0.25).lr == 0.25
    with pytest.raises(AttributeError, match="nn.data.batches"):
        nn.data.DataLoader


def test_a_loss_takes_its_arguments_by_their_names_elsewhere():
    assert nn.losses.mse_loss(input=[1.0], target=[3.0]) == 4.0
    assert nn.losses.mse_loss(y_pred=[1.0], y_true=[3.0]) == 4.0
    assert nn.losses.cross_entropy(input=[[0.0, 0.0]], target=[1]) == pytest.approx(0.6931471805599453)
    with pytest.raises(TypeError, match=r"write nn\.evaluate\(model, \(x, y\), loss\)"):
        nn.evaluate(nn.MLP(2, [1]), [[1.0, 2.0]], [1.0], nn.losses.mse_loss)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("beta", [0.5, 2.0, 0.0])
def test_the_smooth_l1_loss_divides_hubers_by_its_threshold(reduction, beta):
    rows, zeros = [[0.3, -4.0], [1.0, 0.1]], [[0.0] * 2] * 2
    want = torch.nn.SmoothL1Loss(reduction=reduction, beta=beta)(
        torch.tensor(rows, dtype=torch.float64), torch.zeros(2, 2, dtype=torch.float64)
    )
    got = nn.SmoothL1Loss(reduction=reduction, beta=beta)(rows, zeros)
    flat = [x for row in got for x in row] if reduction == "none" else [got]
    assert flat == pytest.approx(want.reshape(-1).tolist(), rel=1e-14)


def test_losses_that_are_not_reduced_have_the_shape_of_the_predictions():
    table = [[1.0, 2.0], [3.0, 4.0]]
    assert nn.losses.mse_loss(table, [[0.0] * 2] * 2, reduction="none") == [[1.0, 4.0], [9.0, 16.0]]
    assert nn.losses.l1_loss([[1.0], [2.0]], [0.0, 0.0], reduction="none") == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("ask", "remedy"),
    [
        (lambda: nn.Dense(4), r"write nn\.Linear"), (lambda: nn.manual_seed(0), "rng=0"),
        (lambda: nn.MLPRegressor(), r"nn\.sklearn\.ScalarRegressor"),
        (lambda: nn.MLP(2, [1]).fit([[1.0, 2.0]], [1.0]), r"write nn\.fit\(model, \(x, y\), loss, optimizer"),
        (lambda: nn.MLP(2, [1]).predict([[1.0, 2.0]]), r"\[model\(x\) for x in samples\]"),
        (lambda: nn.NeuralNetwork(2), r"nn\.MLP"),
    ],
)  # fmt: skip
def test_names_of_keras_and_scikit_learn_say_what_to_write(ask, remedy):
    with pytest.raises(AttributeError, match=remedy):
        ask()
