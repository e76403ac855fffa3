"""What is passed wrongly is answered by a sentence that says what to write, and changes nothing."""

import math
from fractions import Fraction

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from nn import callbacks, checks, data, init, losses, metrics, optim, plot, state
from nn.progress import Progress

NAN, HUGE = math.nan, 10**400
MAKERS = [data.make_moons, data.make_circles, data.make_spiral, data.make_xor, data.make_regression]
CURVES = [
    lambda optimizer, x: optim.StepLR(optimizer, 2, x), lambda optimizer,
    x: optim.ExponentialLR(optimizer, x),
    lambda optimizer, x: optim.CosineLR(optimizer, 3, x), lambda optimizer, x: optim.LinearLR(optimizer, x),
    lambda optimizer, x: optim.LinearLR(optimizer, 1.0, x), lambda optimizer,
    x: optim.LambdaLR(optimizer, lambda _: x),
]  # fmt: skip
DRAWN = [
    lambda x: init.uniform(2, low=x), lambda x: init.uniform(2, high=x), lambda x: init.normal(2, mean=x),
    lambda x: init.normal(2, std=x),
    *(lambda x, f=f: f(2, gain=x)
      for f in (init.xavier_uniform, init.xavier_normal, init.kaiming_uniform, init.kaiming_normal)),
]  # fmt: skip
INITIALISERS = [
    init.uniform,
    init.normal,
    init.zeros,
    init.xavier_uniform,
    init.xavier_normal,
    init.kaiming_uniform,
    init.kaiming_normal,
]
NO_NUMBERS = [NAN, math.inf, HUGE, "3", None, [1.0], True, Value(1.0)]
NO_COUNTS = [0, -1, 1.5, NAN, HUGE, "3", None, [1], True, np.float64(2.0)]


def some():
    return [Value(1.0), Value(2.0)]


@pytest.mark.parametrize("noise", [-0.5, *NO_NUMBERS])
@pytest.mark.parametrize("make", MAKERS)
def test_noise_is_a_number_from_zero(make, noise):
    with pytest.raises(ValueError, match=r"noise must be a number from 0, got "):
        make(12, noise=noise)


@pytest.mark.parametrize("arms", NO_COUNTS)
def test_a_spiral_has_arms(arms):
    with pytest.raises(ValueError, match=r"arms must be a whole number of at least 1, got "):
        data.make_spiral(12, arms=arms)


@pytest.mark.parametrize("factor", [0.0, 1.0, *NO_NUMBERS])
def test_the_inner_circle_is_inside(factor):
    with pytest.raises(ValueError, match=r"factor must be a number above 0 and below 1, got "):
        data.make_circles(factor=factor)


@pytest.mark.parametrize("label", [NAN, math.inf, -1, 0.5, "3", None, [1], object()])
def test_a_label_is_a_whole_number(label):
    with pytest.raises(ValueError, match=r"a label must be a whole number from 0, got "):
        data.one_hot([0, label])
    with pytest.raises(ValueError, match=r"class as a whole number|classes 0 to 1|target of 1 entries"):
        losses.cross_entropy([0.0, 1.0], label)


@pytest.mark.parametrize("size", NO_COUNTS)
def test_sizes_are_counts(size):
    optimizer = optim.SGD(some(), 1.0)
    calls = [
        lambda: nn.Neuron(size), lambda: nn.Layer(2, size), lambda: nn.MLP(2, [size]),
        lambda: nn.Embedding(size, 2), lambda: nn.Embedding(2, size),
        lambda: data.one_hot([0], [] if size is None else size),
        lambda: list(data.batches([1], [1], [] if size is None else size)),
        lambda: optim.StepLR(optimizer, size), lambda: optim.CosineLR(optimizer, size),
        lambda: optim.LinearLR(optimizer, total_iters=size),
        lambda: callbacks.EarlyStopping(size), *(lambda f=f: f(size) for f in INITIALISERS),
        *(lambda f=f: f(2, size) for f in INITIALISERS),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ValueError, match="must be a whole number of at least 1, got "):
            call()
    assert optimizer.lr == 1.0


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_hyperparameters_are_numbers(number):
    optimizer = optim.SGD(some(), 1.0)
    calls = [
        lambda: optim.SGD(some(), number), lambda: optim.SGD(some(), 0.1, number),
        lambda: optim.SGD(some(), 0.1, weight_decay=number),
        lambda: optim.AdaGrad(some(), eps=number), lambda: optim.RMSProp(some(), alpha=number),
        lambda: optim.Adam(some(), betas=(0.9, number)),
        lambda: optim.clip_grad_value_(some(), number), lambda: losses.huber_loss(1.0, 0.0, delta=number),
        lambda: nn.Dropout(number),
        lambda: callbacks.EarlyStopping(min_delta=number),
        lambda: data.train_test_split([1, 2], [1, 2], number if number is not True else NAN),
        lambda: plot.plot_activation("relu", low=number), *(lambda f=f: f(number) for f in DRAWN),
        *(lambda f=f: f(optimizer, number) for f in CURVES),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ValueError, match=r"must be a (finite |whole )?number"):
            call()
    assert optimizer.lr == 1.0


def test_numbers_of_all_kinds_are_taken():
    for number in (np.float32(0.5), np.float64(0.5), Fraction(1, 2), 0.5):
        assert optim.SGD(some(), number).lr == 0.5
        assert type(optim.SGD(some(), number).lr) is float
    assert checks.whole("n", np.int64(3)) == 3
    assert data.one_hot(np.array([1.0, 0.0])) == [[0.0, 1.0], [1.0, 0.0]]


SENTENCES = [
    (lambda: data.one_hot("12"), TypeError, "labels must be a list, a tuple or an array, got str"),
    (lambda: list(data.batches(3, [1])), TypeError, "x must be a list, a tuple or an array, got int"),
    (
        lambda: data.train_test_split([1, 2], None),
        TypeError,
        "y must be a list, a tuple or an array, got NoneType",
    ),
    (lambda: init.initializer(["normal"]), ValueError, r"no initialiser is called \['normal'\]"),
    (lambda: nn.Sequential(nn.Neuron(2)).append(0), TypeError, "takes modules and functions, got int"),
    (lambda: nn.Embedding(3, 2)("3"), TypeError, "looks up whole numbers, got str"),
    (lambda: nn.Embedding(3, 2)(Value(NAN)), TypeError, "looks up whole numbers, got Value"),
    (
        lambda: nn.Dropout(0.5, rng=0)(["3"]),
        TypeError,
        "takes numbers and Values, and lists of them, got str",
    ),
    (
        lambda: losses.mse_loss(some(), ["1", "2"]),
        TypeError,
        "mse_loss takes numbers and Values, got the target '1'",
    ),
    (
        lambda: losses.l1_loss([None], [1.0]),
        TypeError,
        "l1_loss takes numbers and Values, got the prediction None",
    ),
    (
        lambda: losses.binary_cross_entropy(0.5, "1"),
        TypeError,
        "binary_cross_entropy takes numbers and Values, got the target '1'",
    ),
    (
        lambda: losses.cross_entropy([[0.0, 1.0]], [["0", 1]]),
        TypeError,
        "takes the classes' weights as numbers, got '0'",
    ),
    (lambda: losses.l2_penalty(Value(1.0), 0.1), TypeError, r"write \[v\] for a single Value"),
    (lambda: losses.l1_penalty(3, 0.1), TypeError, "parameters must be a list, a tuple or an array, got int"),
    (lambda: losses.l2_penalty(some(), "3"), ValueError, "strength must be a finite number, got '3'"),
    (lambda: optim.SGD(3, 0.1), TypeError, "params must be a list, a tuple or an array, got int"),
    (
        lambda: optim.SGD(nn.Neuron(2), 0.1),
        TypeError,
        r"params must be a list, a tuple or an array, got Neuron; pass its parameters\(\)",
    ),
    (lambda: list(data.batches({0: 1.0}, [1])), TypeError, "x must be a list, a tuple or an array, got dict"),
    (lambda: nn.MLP(2, "34"), TypeError, "nouts must be a list, a tuple or an array, got str"),
    (
        lambda: nn.Layer(2, 3, init=lambda nin, nout, rng: None),
        TypeError,
        "what an initialiser returns must be a list",
    ),
    (lambda: setattr(nn.Neuron(2), "w", 3), TypeError, "w must be a list, a tuple or an array, got int"),
    (
        lambda: losses.binary_cross_entropy(1.5, 1),
        ValueError,
        "takes probabilities in .0, 1., got 1.5; from scores use binary_cross_entropy_with_logits",
    ),
    (
        lambda: losses.binary_cross_entropy([Value(-0.5)], [1]),
        ValueError,
        "takes probabilities in .0, 1., got -0.5",
    ),
    (
        lambda: optim.Adam(some(), betas=0.9),
        TypeError,
        "betas must be a list, a tuple or an array, got float",
    ),
    (
        lambda: optim.Adam(some(), betas=(0.9,)),
        ValueError,
        r"betas must be two numbers, such as \(0.9, 0.999\)",
    ),
    (
        lambda: optim.RMSProp(some(), alpha=1.5),
        ValueError,
        "alpha must be a number from 0 and below 1, got 1.5",
    ),
    (
        lambda: optim.clip_grad_norm_([1.0], 1.0),
        TypeError,
        "params must hold Values, and 1.0 is a float; pass model.parameters()",
    ),
    (lambda: optim.StepLR(0.1, 3), TypeError, "a scheduler takes an optimizer of nn.optim, got float"),
    (
        lambda: optim.LambdaLR(optim.SGD(some(), 1.0), 0.5),
        TypeError,
        "lr_lambda must be a function of the number of steps, got float",
    ),
    (lambda: metrics.accuracy([1.0], [1, 0]), ValueError, "accuracy: 1 outputs but 2 targets"),
    (lambda: metrics.accuracy([1.0], [NAN]), ValueError, "accuracy takes classes as whole numbers"),
    (lambda: metrics.accuracy([[]], [1]), ValueError, "is an empty list"),
    (lambda: metrics.accuracy([1.0], [None]), TypeError, "expected a real number, got NoneType"),
    (lambda: metrics.mean_squared_error([], []), ValueError, "mean_squared_error of nothing is not defined"),
    (
        lambda: metrics.mean_absolute_error([[1.0, 2.0]], [1.0]),
        ValueError,
        "an output of 2 numbers, but a target of 1",
    ),
    (lambda: callbacks.History()["acc"], KeyError, "no figure is called 'acc'; there are none yet"),
    (
        lambda: callbacks.History().load_state_dict({}),
        ValueError,
        "no state of a history: it lacks 'epochs', 'columns'",
    ),
    (lambda: callbacks.EarlyStopping().load_state_dict(3), ValueError, "no state of an early stopping"),
    (
        lambda: optim.StepLR(optim.SGD(some(), 1.0), 1).load_state_dict({"steps": 1}),
        ValueError,
        "no state of a scheduler: it lacks 'base_lr'",
    ),
    (lambda: state.save(3, "w.json"), TypeError, "save takes a module of nn, got int"),
    (lambda: Progress("3"), ValueError, "total must be a whole number of at least 0, got '3'"),
]


@pytest.mark.parametrize(("call", "error", "message"), SENTENCES)
def test_errors_say_what_was_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plot.plot_loss(3), TypeError, "losses must be a list, a tuple or an array, got int"),
        (lambda: plot.plot_loss([None]), TypeError, "expected a real number, got NoneType"),
        (
            lambda: plot.plot_activation("relu", steps=1),
            ValueError,
            "steps must be a whole number of at least 2, got 1",
        ),
        (lambda: plot.plot_grad_flow([Value(1.0)]), TypeError, "takes a module after backward"),
        (lambda: plot.plot_history([1.0]), TypeError, "plot_loss draws a list of numbers"),
        (
            lambda: plot.plot_decision_boundary(3, [[0, 1]], [1]),
            TypeError,
            "model must be a function of a point",
        ),
        (
            lambda: plot.plot_decision_boundary(sum, [[0, 1]], [0.5]),
            ValueError,
            "takes labels 0 and 1, -1 and 1, or 0, 1, 2",
        ),
        (
            lambda: plot.plot_decision_boundary(sum, [[0, 1]], [1], steps=0),
            ValueError,
            "steps must be a whole number of at least 2",
        ),
        (
            lambda: plot.plot_decision_boundary(lambda p: [], [[0, 1]], [1], steps=2),
            ValueError,
            "as many scores for each point, at least one; it returned 0",
        ),
        (
            lambda: plot.plot_decision_boundary(lambda p: [1.0] * (1 + (p[0] > 0)), [[0, 1]], [1], steps=2),
            ValueError,
            "it returned 1, 2",
        ),
        (
            lambda: plot.plot_decision_boundary(sum, [[0, 1]], [1], threshold="a"),
            ValueError,
            "threshold must be a finite number, got 'a'",
        ),
        (
            lambda: plot.plot_decision_boundary(sum, [[0, 1]], [1], margin=-1),
            ValueError,
            "margin must be a number from 0",
        ),
    ],
)
def test_plots_say_what_was_wrong(call, error, message):
    pytest.importorskip("matplotlib")
    with pytest.raises(error, match=message):
        call()


def test_plots_take_arrays_and_gradients_that_are_none():
    pytest.importorskip("matplotlib")
    ax = plot.plot_decision_boundary(lambda p: np.array([p[0], -p[0]]), [[0, 1], [1, 0]], [0, 1], steps=3)
    assert len(ax.collections) >= 4, "two areas and two sets of points"
    model = nn.Neuron(1, rng=0)
    for parameter, grad in zip(model.parameters(), (None, -2.0), strict=True):
        parameter.grad = grad
    assert max(bar.get_height() for bar in plot.plot_grad_flow(model).patches) == 2.0


def fitted(**arguments):
    """Train for an epoch; return how the parameters were before, and the model."""
    model = nn.MLP(2, [2, 1], rng=0)
    before = model.state_dict()
    optimizer = optim.SGD(model.parameters(), 0.1)
    arguments = {
        "data": data.make_xor(8),
        "loss": losses.mse_loss,
        "epochs": 1,
        "progress": False,
        **arguments,
    }
    return (
        before,
        model,
        lambda: nn.fit(model, arguments.pop("data"), arguments.pop("loss"), optimizer, **arguments),
    )


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"data": (3, [1])}, TypeError, "the samples of data must be a list, a tuple or an array, got int"),
    ({"data": ([[1.0, 2.0]], "1")}, TypeError,
     "the targets of data must be a list, a tuple or an array, got str"),
    ({"validation": ([[1.0, 2.0]], 1)}, TypeError, "the targets of validation must be a list"),
    ({"validation": ([[1.0]], [1])}, ValueError, "takes 2 inputs|inputs, got 1"),
    ({"validation": ([[1.0, 2.0]], ["1"])}, TypeError,
     "mse_loss takes numbers and Values, got the target '1'"),
    ({"metrics": 3}, TypeError, "metrics must be a list, a tuple or an array, got int"),
    ({"metrics": [3]}, ValueError, "no metric is called 3"),
    ({"metrics": {"size": 3}}, TypeError,
     r"the metric 'size' must be a function of \(outputs, targets\), got int"),
    ({"loss": lambda output, target: 3.0}, TypeError,
     "must return one Value for each sample, got float; does it depend on the model's output"),
    ({"loss": lambda output, target: 3.0, "compile": True}, TypeError,
        "must return one Value for each sample, got float"),
    ({"checkpoint": 3}, TypeError, "checkpoint must be a file's path, got int"),
    ({"compile": True, "data": ([[1.0, 2.0], [1.0]], [0, 1])}, ValueError,
        "compile=True takes samples of numbers, each of as many"),
])  # fmt: skip
def test_fit_says_what_was_wrong_before_anything_changes(arguments, error, message):
    before, model, fit = fitted(**arguments)
    with pytest.raises(error, match=message):
        fit()
    assert model.state_dict() == before


def test_a_metric_that_returns_nothing_is_named():
    with pytest.raises(TypeError, match="the metric 'size' must return a number, got NoneType"):
        fitted(metrics={"size": lambda outputs, targets: None})[2]()


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nn.evaluate(3, ([1.0], [1.0]), losses.mse_loss), TypeError,
        "evaluate takes a module of nn .* got int and function"),
    (lambda: nn.evaluate(nn.Neuron(1), ([1.0], [1.0]), 3), TypeError, "got Neuron and int"),
    (lambda: nn.evaluate(nn.Neuron(1), ([1.0], [1.0]), losses.mse_loss, reduction="none"), ValueError,
        "reduction must be mean or sum, got 'none'"),
    (lambda: nn.evaluate(nn.Neuron(1), ([1.0], [1.0]), lambda *_: None), TypeError,
        "expected a real number, got NoneType"),
])  # fmt: skip
def test_evaluate_says_what_was_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_bad_figure_leaves_the_history_as_it_was():
    history = callbacks.History()
    history.append({"loss": 0.5})
    with pytest.raises(TypeError, match="expected a real number"):
        history.append({"loss": 0.25, "accuracy": None})
    assert (dict(history), history.epochs) == ({"loss": [0.5]}, 1)


def test_a_bad_factor_leaves_the_scheduler_as_it_was():
    optimizer = optim.SGD(some(), 1.0)
    scheduler = optim.LambdaLR(optimizer, lambda step: 0.5 if step < 2 else NAN)
    scheduler.step()
    with pytest.raises(
        ValueError, match="the factor of LambdaLR after 2 steps must be a number from 0, got nan"
    ):
        scheduler.step()
    assert (scheduler.steps, optimizer.lr) == (1, 0.5)


@pytest.mark.parametrize(
    "bad", [0, None, "x", {"mean": 3, "square": [0.0, 0.0]}, {"mean": "12", "square": [0.0, 0.0]}]
)
def test_a_bad_optimizer_state_changes_nothing(bad):
    optimizer = optim.Adam(some())
    good = optimizer.state_dict()
    for part in ("state", "options"):
        with pytest.raises((ValueError, TypeError), match="entries of Adam|must be a list"):
            optimizer.load_state_dict({**good, part: bad})
        assert optimizer.state_dict() == good


def test_pytorch_programs_pass_set_to_none():
    model = nn.Neuron(2, rng=0)
    for zero in (model.zero_grad, optim.SGD(model.parameters(), 0.1).zero_grad):
        for parameter in model.parameters():
            parameter.grad = 1.0
        zero(set_to_none=True)
        assert [p.grad for p in model.parameters()] == [None] * 3
        zero()
        assert [p.grad for p in model.parameters()] == [0.0] * 3


@pytest.mark.parametrize("backend", ["numpy", "python"])
def test_a_gradient_set_to_none_is_none_until_one_arrives(backend):
    w, unused = Value(2.0), Value(1.0)
    optimizer = optim.AdamW([w, unused], lr=0.1, weight_decay=0.5)
    step = autograd.compile(lambda x: (w * x).square(), [w, unused], backend=backend)
    for run in (lambda: (w * 3.0).square().backward(), lambda: step(3.0)):
        optimizer.zero_grad(set_to_none=True)
        assert "grad" in str(autograd.draw(w * unused).source)
        assert optim.clip_grad_norm_([w, unused], 1e9) == 0.0
        run()
        assert unused.grad is None
        assert w.grad == pytest.approx(18.0 * w.data)
        optimizer.step()
    assert unused.data == 1.0
