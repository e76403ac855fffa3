"""Programs as modules of JavaScript: node runs them, and they compute what the program does."""

import json
import shutil
import subprocess

import pytest

import autograd
import nn
from autograd import Value

np = pytest.importorskip("numpy")
NODE = shutil.which("node")
run_by_node = pytest.mark.skipif(NODE is None, reason="no node")


class Modules:
    """Modules to run in one process, with calls of them."""

    def __init__(self, folder):
        self.folder, self.lines, self.calls = folder, [], []

    def call(self, function, name, *arguments, expected):
        """Export a function, and have it called."""
        folder = self.folder / f"m{len(self.lines)}"
        folder.mkdir()
        path = function.export(folder / f"{name}.mjs")
        alias = f"f{len(self.lines)}"
        self.lines.append(f"import {{ {name} as {alias} }} from {json.dumps(path.as_uri())};")
        given = ", ".join(json.dumps(np.asarray(x, float).tolist()) for x in arguments)
        self.calls.append((f"{alias}({given})", expected))

    def found(self):
        """Run all calls, and return each result beside what it should be."""
        out = ", ".join(call for call, _ in self.calls)
        main = self.folder / "main.mjs"
        main.write_text("\n".join([*self.lines, f"console.log(JSON.stringify([{out}]));"]))
        printed = subprocess.run([NODE, main], capture_output=True, text=True, check=True).stdout
        return zip(json.loads(printed), [expected for _, expected in self.calls], strict=True)


@run_by_node
def test_steps_of_perceptrons_give_loss_and_gradient_for_any_number_of_examples(tmp_path):
    modules, rng = Modules(tmp_path), np.random.default_rng(0)
    for loss, outputs, activation, reduction in [
        (nn.losses.mse_loss, 1, "relu", "mean"),
        (nn.losses.cross_entropy, 3, "tanh", "sum"),
        (nn.losses.cross_entropy, 3, "gelu", "mean"),
    ]:
        model = nn.MLP(2, [4, outputs], activation=activation, rng=0)
        step = autograd.compile(
            lambda x, y, model=model, loss=loss: loss(model(x), y),
            model.parameters(),
            batch=True,
            reduction=reduction,
        )
        for count in (3, 1, 11):
            x, y = rng.normal(size=(count, 2)), rng.integers(0, outputs, size=count)
            value, grads = step.value_and_grad(x, y)
            modules.call(step, "step", x, y, expected=(value, list(grads)))
    for found, (value, grads) in modules.found():
        assert found["loss"] == pytest.approx(value, rel=1e-12)
        assert found["gradient"] == pytest.approx(grads, rel=1e-11, abs=1e-14)


FUNCTIONS = {
    "elementary": lambda x: autograd.sin(x[0]) * autograd.exp(x[1]) + autograd.log1p(x[2] ** 2),
    "special": lambda x: [autograd.lgamma(x[0]), autograd.erf(x[1]), autograd.digamma(x[2])],
    "choices": lambda x: [autograd.where(x[0] > x[1], x[2], x[0]), autograd.maximum(x[1], x[2]), 3.0],
    "many": lambda x: [autograd.logsumexp(x), *autograd.softmax(x), autograd.hypot(x[0], x[1])],
}


def recurrence(x, w=0.4):
    state = x[0]
    for _ in range(40):
        state = autograd.tanh(w * state + x[1])
    return state


@run_by_node
def test_functions_networks_and_recurrences_give_their_results(tmp_path):
    modules = Modules(tmp_path)
    weight, x = Value(0.75), [1.5, 0.25, 2.5]
    for name, function in FUNCTIONS.items():
        f = autograd.compile(lambda x, t, g=function: [weight * y for y in as_list(g(x))] + [t])
        modules.call(f, name, x, 4.0, expected=[float(y) for y in f(x, 4.0)])
    model = nn.MLP(3, [5, 2], rng=1).eval()
    predict = autograd.compile(model, batch=True)
    rows = np.random.default_rng(1).normal(size=(9, 3))
    modules.call(predict, "network", rows, expected=np.asarray(predict(rows)).tolist())
    repeated = autograd.compile(recurrence)
    modules.call(repeated, "repeated", x, expected=[float(repeated(x))])
    w = Value(0.4)
    trained = autograd.compile(lambda x: recurrence(x, w), [w])
    value, grads = trained.value_and_grad(x)
    modules.call(trained, "trained", x, expected=[value, list(grads)])
    *found, (training, (loss, gradient)) = modules.found()
    for results, expected in found:
        assert np.ravel(results) == pytest.approx(np.ravel(expected), rel=1e-12)
    assert training["loss"] == pytest.approx(loss, rel=1e-12)
    assert training["gradient"] == pytest.approx(gradient, rel=1e-11)


CALLS = {
    "[[1, 2, 3], [4, 5, 6]], [1, 2]": None,
    "[1, 2, 3, 4, 5, 6], [[1], [2]]": None,
    "new Float64Array([1, 2, 3, 4, 5, 6]), new Int32Array([1, 2]), new Float64Array([2])": None,
    "[new Float32Array([1, 2, 3]), [4, 5n, 6]], [true, 2]": None,
    "[[1, 4], [2, 5], [3, 6]], [1, 2]": "x0 takes numbers of shape [examples, 3], nested or row by row; "
    "got an array of length 2 as x0[0]",
    "[[1, 2, 3]], [1, 2]": "x1 has 2 examples, where x0 has 1",
    "[[1, 2, 3], [4, 5]], [1, 2]": "got an array of length 2 as x0[1]",
    "[[1, 2, null]], [1]": "got null as x0[0][2]",
    "[1, [2, 3, 4]], [1, 2]": "got 1 as x0[0]",
    "[], []": "got an array of length 0",
    "": "got undefined",
    "'123', [1]": 'got "123"',
    "[[1, 2, 3]], [1], [1, 2]": "parameters takes numbers of shape [1], nested or row by row; got an array",
}


@run_by_node
def test_arguments_have_the_shape_that_is_told_or_are_refused_with_it(tmp_path):
    w = Value(2.0)
    step = autograd.compile(lambda x, y: w * (x[0] * x[1] - x[2]) * y, [w], batch=True, reduction="sum")
    value = step([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [1.0, 2.0])
    path = step.export(tmp_path / "step.mjs")
    tried = ", ".join(f"() => step({call}).loss" for call in CALLS)
    main = tmp_path / "main.mjs"
    main.write_text(
        f"import {{ step }} from {json.dumps(path.as_uri())}; const said = f => {{ try {{ return f(); }} "
        f"catch (error) {{ return error.message; }} }}; console.log(JSON.stringify([{tried}].map(said)));"
    )
    printed = json.loads(subprocess.run([NODE, main], capture_output=True, text=True, check=True).stdout)
    for found, (call, said) in zip(printed, CALLS.items(), strict=True):
        assert found == value if said is None else said in str(found), call


def as_list(x):
    return x if isinstance(x, list) else [x]


def test_a_name_that_is_none_is_refused_and_writes_nothing(tmp_path):
    f = autograd.compile(lambda x: x * x)
    f(2.0)
    for name in ("2step.js", "a-b.mjs", "delete.js", "größe.js"):
        with pytest.raises(ValueError, match="a function of JavaScript cannot be called"):
            f.export(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_operation_of_a_users_own_is_refused_by_its_name(tmp_path):
    doubled = autograd.custom_op("doubled", lambda x: x * x, lambda y, x: (2.0 * x,))
    f = autograd.compile(lambda x: doubled(x))
    f(2.0)
    with pytest.raises(ValueError, match="doubled"):
        f.export(tmp_path / "step.js")


@run_by_node
def test_a_function_may_be_called_like_what_stands_in_the_module(tmp_path):
    modules, w = Modules(tmp_path), Value(2.0)
    step = autograd.compile(lambda x: (w * x - 1.0) ** 2, [w])
    value, grads = step.value_and_grad(3.0)
    for name in ("numbers", "parameters", "results", "x0", "N", "s", "v"):
        modules.call(step, name, 3.0, expected=(value, list(grads)))
    for found, (loss, gradient) in modules.found():
        assert (found["loss"], found["gradient"]) == (loss, gradient)
