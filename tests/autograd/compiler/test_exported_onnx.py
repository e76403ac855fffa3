"""Programs as files of ONNX: its runtime computes what the program does."""

import itertools
import math

import pytest

import autograd
import nn
from autograd import Value
from autograd.op import TABLE

np = pytest.importorskip("numpy")
pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
template = pytest.importorskip("autograd.compiler.backends.onnx.spelling").template


def session(path):
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # it warns that parameters may be given
    return runtime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


LOSSES = {"mse": (nn.losses.mse_loss, 1), "cross": (nn.losses.cross_entropy, 3)}


@pytest.mark.parametrize(
    ("activation", "loss", "reduction"),
    [
        ("relu", "mse", "mean"),
        ("tanh", "cross", "sum"),
        ("sigmoid", "mse", "sum"),
        ("softplus", "cross", "mean"),
    ],
)
def test_a_step_of_a_perceptron_gives_loss_and_gradient_for_any_number_of_examples(
    tmp_path, activation, loss, reduction
):
    function, outputs = LOSSES[loss]
    model = nn.MLP(2, [4, outputs], activation=activation, rng=0)
    step = autograd.compile(
        lambda x, y: function(model(x), y), model.parameters(), batch=True, reduction=reduction
    )
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 2)), rng.integers(0, outputs, size=3)
    step.value_and_grad(x, y)
    runs = session(step.export(tmp_path / "step.onnx"))
    for count in (3, 11, 1):
        x, y = rng.normal(size=(count, 2)), rng.integers(0, outputs, size=count)
        value, grads = step.value_and_grad(x, y)
        found, gradient = runs.run(["loss", "gradient"], {"x0": x, "x1": y.astype(float)})
        assert found == pytest.approx(value, rel=1e-12)
        assert gradient.tolist() == pytest.approx(list(grads), rel=1e-11, abs=1e-14)


def test_a_trained_network_predicts_what_it_predicts_here(tmp_path):
    model = nn.MLP(3, [5, 2], rng=1).eval()
    predict = autograd.compile(model, batch=True)
    x = np.random.default_rng(1).normal(size=(9, 3))
    expected = np.asarray(predict(x))
    (found,) = session(predict.export(tmp_path / "network.onnx")).run(None, {"x0": x})
    assert found.ravel().tolist() == pytest.approx(expected.ravel().tolist(), rel=1e-12)


def test_other_parameters_may_be_given(tmp_path):
    w = Value(2.0)
    step = autograd.compile(lambda x: (w * x).sin() / x, [w])
    step(3.0)
    runs = session(step.export(tmp_path / "step.onnx"))
    for theta in (2.0, -1.5):
        given = {"x0": np.array(3.0)} | ({} if theta == 2.0 else {"theta": np.array([theta])})
        loss, gradient = runs.run(["loss", "gradient"], given)
        assert float(loss) == pytest.approx(math.sin(3.0 * theta) / 3.0, rel=1e-14)
        assert gradient.tolist() == pytest.approx([math.cos(3.0 * theta)], rel=1e-14)


@pytest.mark.parametrize(
    ("name", "function"),
    {
        "a recurrence": lambda v: [x := v[0], *[x := (x * 0.9 + v[k]).tanh() for k in range(1, 6)]][-1],
        "unequal sums": lambda v: sum((sum(v[: k + 1], v[5]) * v[k]).exp() for k in range(4)),
        "extrema": lambda v: autograd.max(v) - autograd.min(v) * v[0].maximum(v[1]),
        "small ones": lambda v: (v[0] * 1e-12).log1p() + (v[1] * 1e-12).expm1() + v[2].abs().sqrt(),
        "choices": lambda v: autograd.where(v[0] > v[1], v[2], v[3] * 2.0) + v[4].clamp(-0.1, 0.1),
        "powers": lambda v: v[0] ** 3 + v[1].abs() ** 1.7 + (v[2] / (v[3] + 7.0)) ** -2,
        "rounded": lambda v: v[0].floor() + v[1].ceil() + (v[2] * 3.0).trunc() * v[3],
    }.items(),
)
def test_programs_without_parameters_give_their_results(tmp_path, name, function):
    program = autograd.compile(function)
    x = np.random.default_rng(3).normal(size=6)
    expected = float(program(x))
    (found,) = session(program.export(tmp_path / "program.onnx")).run(None, {"x0": x})
    assert found.tolist() == pytest.approx([expected], rel=1e-13)


POINTS = [-3e5, -30.0, -2.5, -0.7, -1e-9, 0.0, 1e-9, 0.02, 0.4, 0.7, 1.0, 2.5, 30.0, 300.0]
"""Where rows are compared, each operand at each of them."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "op", [op for op in TABLE.values() if isinstance(op.arity, int) and template(op)], ids=lambda op: op.name
)
def test_each_row_has_the_value_of_the_table(tmp_path, op):
    rng = np.random.default_rng(5)
    points = np.array([rng.permutation(POINTS) for _ in range(op.arity)])
    cases = [list(column) for column in points.T]
    good = [case for case in cases if math.isfinite(value := op(*case)) and abs(value) < 1e150]
    assert len(good) > 3
    program = autograd.compile(lambda *xs: op(*xs), batch=True)
    columns = [np.array(column) for column in zip(*good, strict=True)]
    program(*columns)
    given = {f"x{k}": column for k, column in enumerate(columns)}
    (found,) = session(program.export(tmp_path / "row.onnx")).run(None, given)
    expected = [float(op(*case)) for case in good]
    assert found.ravel().tolist() == pytest.approx(expected, rel=1e-13, abs=1e-300)


FAR = [math.inf, -math.inf, 0.0, 1.0, -1.0, 30.0, 1e-9, -2.5, 710.0, -710.0, 1e300, -1e-300, 5e-324]


@pytest.mark.parametrize("name", ["log1p", "atanh", "sinh", "cosh", "sech", "sigmoid", "floordiv"])
def test_rows_are_what_they_are_at_the_ends_of_the_doubles(tmp_path, name):
    op = TABLE[name]
    cases = list(itertools.product(FAR, repeat=op.arity))
    columns = [np.array(column) for column in zip(*cases, strict=True)]
    program = autograd.compile(lambda *xs: op(*xs), batch=True)
    program(*columns)
    given = {f"x{k}": column for k, column in enumerate(columns)}
    (found,) = session(program.export(tmp_path / "row.onnx")).run(None, given)
    expected = [float(op(*case)) for case in cases]
    assert found.ravel().tolist() == pytest.approx(expected, rel=1e-13, abs=1e-320, nan_ok=True)


def test_what_onnx_has_not_in_doubles_is_named(tmp_path):
    program = autograd.compile(lambda x: x.atan() + x.erf())
    program(0.5)
    with pytest.raises(ValueError, match=r"atan, erf cannot be written with ONNX's operators over doubles"):
        program.export(tmp_path / "program.onnx")


def test_every_number_in_it_is_read(tmp_path):
    import onnx

    f = autograd.compile(lambda x: autograd.exp(-x[0] ** 2) + autograd.sin(x[1]))
    f([0.5, 2.0])
    graph = onnx.load(f.export(tmp_path / "f.onnx")).graph
    read = {name for node in graph.node for name in node.input}
    assert {tensor.name for tensor in graph.initializer} <= read
