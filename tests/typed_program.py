"""A user's program: `tests/test_types.py` runs type checkers over it, and then holds values against types."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from fractions import Fraction
from typing import Any, assert_type

import numpy as np

import autograd
import nn
from autograd import Value, sin
from autograd.op import Op
from autograd.render.derive.explanation import Explanation
from autograd.render.picture.drawing import Drawing
from autograd.testing import Report, check_grads, gradcheck
from autograd.typing import Gradient
from nn.callbacks import History

x = Value(2.0, "x")
several = [x, Value(1.0)]
mixed: list[Value | float] = [x, 1.0]

# Values and their operations.
assert_type(x.data, float)
assert_type(x + 1.0, Value)
assert_type(2 * x, Value)
assert_type(x.tanh(), Value)
assert_type(sin, Op)
assert_type(sin(1.0), float)
assert_type(sin(x), Value)
assert_type(sin(Fraction(1, 2)), float)
assert_type(sin(np.float32(0.5)), float)
assert_type(autograd.hypot(x, 2.0), Value)
assert_type(autograd.hypot(3.0, 4.0), float)
assert_type(autograd.hypot(3, x), Value)
assert_type(autograd.toposort(sin(x)), list[Value])
assert_type(x.parents, tuple[Value, ...])
assert_type(autograd.to_json(x), str)
assert_type(autograd.from_json(autograd.to_json(x)), Value)
assert_type(autograd.atan2(1.0, x), Value)
assert_type(autograd.leaky_relu(x, slope=0.1), Value)
assert_type(autograd.leaky_relu(1.0, 0.1), float)
assert_type(autograd.where(True, 1.0, x), Value)

# The attribute grad: to be read, calculated with, compared, printed, replaced.
assert_type(x.grad, float | Value)
assert_type(x.grad + 1.0, float | Value)
assert_type(-0.5 * x.grad, float | Value)
assert_type(x * x.grad, Value)
assert_type(float(x.grad), float)
x.data -= 0.1 * x.grad
x.data = x.data - 0.1 * x.grad
if x.grad > 0.0 or x.grad == 1 or not x.grad <= x:
    print(x.grad, f"{x.grad:.3f}", round(x.grad, 3), [v.grad for v in several])
if isinstance(x.grad, Value):
    x.grad.backward()
norm = float(sum(v.grad**2 for v in several)) ** 0.5
x.grad *= 0.5
x.grad = 0.0
x.grad = None
x.grad = Value(1.0)

# Functions of several numbers.
for many in (
    autograd.sum, autograd.mean, autograd.prod, autograd.max, autograd.min, autograd.norm, autograd.logsumexp,
):  # fmt: skip
    assert_type(many([1.0, 2]), float)
    assert_type(many(several), Value)
    assert_type(many([1.0, x]), Value)
    assert_type(many(mixed), Value)
    assert_type(many(v * v for v in several), Value)
    assert_type(many((Fraction(1, 2), np.float64(0.5), np.int64(2), True)), float)
for softmax in (autograd.softmax, autograd.log_softmax):
    assert_type(softmax([0.0, 1.0]), list[float])
    assert_type(softmax(several), list[Value])
    assert_type(softmax((0.0, x)), list[Value])
assert_type(autograd.dot([1.0], [2.0]), float)
assert_type(autograd.dot([1.0, 2.0], several), Value)
assert_type(autograd.dot(several, (1, 2)), Value)
assert_type(autograd.dots([[1.0, 2.0]], [3.0, 4.0]), list[float])
assert_type(autograd.dots([several, several], [3.0, 4.0]), list[Value])
assert_type(autograd.dots([[1.0, 2.0]], several), list[Value])

# Reverse mode.
assert_type(autograd.gradients(x * x, x), float)
assert_type(autograd.gradients(x * x, several), list[float])
assert_type(autograd.gradients(x * x, tuple(several), gradient=2), list[float])
assert_type(autograd.gradients(x * x, x, create_graph=True), Value)
assert_type(autograd.gradients(x * x, several, gradient=x, create_graph=True), list[Value])
assert_type(autograd.adjoints(x * x), dict[Value, float | None])
assert_type(autograd.adjoints(x * x, create_graph=True), dict[Value, Value | None])


# Derivatives of functions.
def cube(x: Value) -> Value:
    """Return a power, to be differentiated."""
    return x**3


def area(a: float, b: float = 1.0) -> float:
    """Return a product, to be differentiated."""
    return a * b


def energy(p: dict[str, float]) -> float:
    """Return a number that depends on two others."""
    return 0.5 * p["mass"] * p["speed"] ** 2


def with_aux(x: Value, scale: float) -> tuple[Value, str]:
    """Return a number, and something else."""
    return scale * x, "done"


assert_type(autograd.grad(cube), Gradient)
assert_type(autograd.grad(cube)(2.0), float)
assert_type(autograd.grad(cube)(2), float)
assert_type(autograd.grad(cube)(Fraction(1, 2)), float)
assert_type(autograd.grad(cube)(x), Value)
assert_type(autograd.grad(autograd.grad(cube))(2.0), float)
assert_type(autograd.grad(autograd.grad(cube))(x), Value)
assert_type(autograd.grad(area)(2.0, 3.0), float)
assert_type(autograd.grad(area)(2.0, b=3.0), float)
assert_type(autograd.grad(area)(2.0, x), Value)
assert_type(autograd.grad(area, 1)(2.0, 3.0), float)
assert_type(autograd.grad(area, argnums=1)(x, 3.0), Value)
assert_type(autograd.grad(area, (0, 1))(2.0, 3.0), tuple[float, float])
assert_type(autograd.grad(area, argnums=(0, 1))(2.0, x), tuple[Value, Value])
assert_type(autograd.grad(area, [0, 1])(2.0, 3.0), tuple[float, ...])
assert_type(autograd.grad(with_aux, has_aux=True)(2.0, 3.0), tuple[float, Any])
assert_type(autograd.grad(energy)({"mass": 2.0, "speed": 3.0}), dict[str, float])
assert_type(autograd.grad(energy)({"mass": 2, "speed": 3}), dict[str, float])
assert_type(autograd.grad(energy)({"mass": x, "speed": x}), dict[str, Value])
assert_type(autograd.grad(lambda p: p["a"] * 2.0)({"a": 1.0}), dict[str, float])
assert_type(autograd.grad(lambda v: v[0] * v[1])([1.0, 2.0]), list[float])
assert_type(autograd.grad(lambda v: v[0] * v[1])([1, 2]), list[float])
assert_type(autograd.grad(lambda v: v[0] * v[1])(several), list[Value])
assert_type(autograd.grad(lambda v: v[0] * v[1])((1.0, 2.0)), tuple[float, float])
assert_type(autograd.grad(lambda w, xs: w[0] * xs[0])([1.0], [2.0]), list[float])
assert_type(autograd.grad(lambda w, x, y: (w * x - y) ** 2)(1.0, 2.0, 3.0), float)
assert_type(autograd.grad(lambda p: p["w"][0] * p["b"][0])({"w": [1.0], "b": [2.0]}), dict[str, list[float]])
assert_type(autograd.grad(sin)(1.0), float)
slope: float = autograd.grad(autograd.grad(cube))(2.0)
by_name: dict[str, float] = autograd.grad(lambda p: p["mass"] * p["speed"])({"mass": 2.0, "speed": 5.0})

assert_type(autograd.value_and_grad(cube)(2.0), tuple[float, float])
assert_type(autograd.value_and_grad(cube)(x), tuple[Value, Value])
assert_type(autograd.value_and_grad(area)(2.0, x), tuple[Value, Value])
assert_type(autograd.value_and_grad(area, (0, 1))(2.0, 3.0), tuple[float, tuple[float, float]])
assert_type(autograd.value_and_grad(energy)({"mass": 2.0, "speed": 3.0}), tuple[float, dict[str, float]])
assert_type(autograd.value_and_grad(energy)({"mass": x, "speed": x}), tuple[Value, dict[str, Value]])
assert_type(autograd.value_and_grad(lambda v: v[0])([2, 3]), tuple[float, list[float]])
assert_type(autograd.value_and_grad(with_aux, has_aux=True)(2.0, 3.0), tuple[tuple[float, Any], float])
value, gradient = autograd.value_and_grad(cube)(2.0)

assert_type(autograd.hessian(cube)(2.0), float)
assert_type(autograd.hessian(cube)(x), Value)
assert_type(autograd.hessian(lambda v: v[0] ** 2 * v[1])([2.0, 3.0]), list[list[float]])
assert_type(autograd.hessian(lambda v: v[0] ** 2 * v[1])([2, 3]), list[list[float]])
assert_type(autograd.hessian(lambda v: v[0] ** 2 * v[1])(several), list[list[Value]])
assert_type(autograd.hessian(energy)({"mass": 2.0, "speed": 3.0}), dict[str, dict[str, float]])
assert_type(autograd.hvp(cube, (2.0,), (1.0,)), float)
assert_type(autograd.hvp(cube, (x,), (1.0,)), Value)
assert_type(autograd.hvp(lambda v: v[0] ** 2 * v[1], ([2.0, 3.0],), ([1.0, 10.0],)), list[float])
assert_type(autograd.hvp(energy, (by_name,), ({"mass": 1.0, "speed": 0.0},)), dict[str, float])

# Functions that stand where functions do.
powers = [cube]
powers.append(autograd.grad(powers[-1]))
assert_type(autograd.checkpoint(cube)(x), Value)
assert_type(gradcheck(cube, (2.0,)), bool)
assert_type(gradcheck(cube, (2.0,), raise_exception=False), Report)
assert_type(gradcheck(lambda w, x: (w * x) ** 3, (0.5, 2.0)), bool)
assert_type(check_grads(cube, (2.0,)), Report)

# Pictures and derivations.
assert_type(autograd.explain(x * x), Explanation)
assert_type(autograd.explain(x * x).gradient, float | None)
assert_type((x * x).explain(x), Explanation)
assert_type(autograd.draw(x * x), Drawing)
assert_type(autograd.draw(x * x).svg(), str)
assert_type(autograd.draw_dot(x * x), Drawing)
assert_type((x * x).draw(rankdir="TB").source, str)

# Compiled functions.
w = Value(2.0, "w")
step = autograd.compile(lambda x, y: (w * x - y) ** 2, [w], batch=True, backend="numpy")
assert_type(step([1.0, 2.0], [0.0, 1.0]), float)
assert_type(step.value_and_grad([1.0], [0.0]), tuple[float, Any])
assert_type(step.train([1.0], [0.0], nn.optim.SGD([w], lr=0.1), 2), list[float])
assert_type(step.check([1.0], [0.0]), float)
assert_type(autograd.compile(lambda: w * w, [w], backend="numpy")(), float)
assert_type(autograd.compile(autograd.grad(cube), backend="numpy")(2.0), Any)


# Models.
class Line(nn.Module):
    """A line, whose parts learn."""

    def __init__(self) -> None:
        self.slope = Value(2.0)

    def forward(self, x: float) -> Value:
        """Return the height at a place."""
        return self.slope * x


class Called(nn.Module):
    """A line, called as in micrograd."""

    def __init__(self) -> None:
        self.slope = Value(2.0)

    def __call__(self, x: float, offset: float = 0.0) -> Value:
        """Return the height at a place."""
        return self.slope * x + offset


class Deep(nn.MLP):
    """A network of a kind of its own."""


assert_type(Line()(3.0), Value)
assert_type(Called()(3.0), Value)
assert_type(nn.Neuron(2)([1.0, 2.0]), Value)
assert_type(nn.Neuron(2)(np.array([1.0, 2.0])), Value)
assert_type(nn.Neuron(2)(several), Value)
assert_type(nn.Neuron(1)(x), Value)
assert_type(nn.Layer(2, 1)([1.0, 2.0]), Value)
assert_type(nn.Layer(2, 3)([1.0, 2.0]), Value | list[Value])
assert_type(nn.Layer(2, 3).outputs([1.0, 2.0]), list[Value])
assert_type(nn.MLP(2, 1)([1.0, 2.0]), Value)
assert_type(nn.MLP(2, (16, 1))([1.0, 2.0]), Value)
assert_type(nn.MLP(2, [16, 1])([1.0, 2.0]), Value | list[Value])
assert_type(nn.MLP(2, [16, 3])([1.0, 2.0]), Value | list[Value])
assert_type(nn.MLP[Value](2, [16, 1])([1.0, 2.0]), Value)
assert_type(nn.MLP[list[Value]](2, [16, 3])([1.0, 2.0]), list[Value])
assert_type(Deep(2, [3, 1])([1.0, 2.0]), Value | list[Value])
assert_type(nn.Embedding(27, 4)(5), list[Value])
assert_type(nn.Embedding(27, 4)([5, 6]), list[list[Value]])
assert_type(nn.Dropout()(several), list[Value])
assert_type(nn.Sequential(nn.Neuron(2), sin)([1.0, 2.0]), Any)
model: nn.MLP[Value] = nn.MLP(2, [3, 1], rng=0)
assert_type(model([1.0, 2.0]), Value)
assert_type(model.parameters(), list[Value])
assert_type(model.state_dict(), dict[str, float])

# Losses.
for loss in (nn.losses.mse_loss, nn.losses.l1_loss, nn.losses.huber_loss):
    assert_type(loss(1.0, 2), float)
    assert_type(loss([x, x], np.array([0.0, 1.0])), Value)
    assert_type(loss(x, 1.0), Value)
    assert_type(loss([x, 1.0], [1.0, 0.0]), Value)
    assert_type(loss([[x], [x]], [[1], [0]], reduction="sum"), Value)
    assert_type(loss(several, [1.0, 0.0], reduction="none"), list[Any])
    assert_type(loss([nn.MLP(2, [3, 1])([1.0, 2.0])], [1.0]), Value)
for of_scores in (nn.losses.hinge_loss, nn.losses.binary_cross_entropy_with_logits):
    assert_type(of_scores([0.5, 0.5], [1, 1]), float)
    assert_type(of_scores(several, [1, 1]), Value)
assert_type(nn.losses.binary_cross_entropy([0.5, 0.5], [1, 0]), float)
assert_type(nn.losses.binary_cross_entropy(autograd.sigmoid(x), 1), Value)
assert_type(nn.losses.sum_squared_error(several, [1.0, 0.0]), Value)
assert_type(nn.losses.half_squared_error([1.0], [0.0]), float)
for of_classes in (nn.losses.cross_entropy, nn.losses.nll_loss):
    assert_type(of_classes([0.0, 1.0], 1), float)
    assert_type(of_classes(several, 1), Value)
    assert_type(of_classes([several, [x, x]], np.array([1, 0])), Value)
assert_type(nn.losses.l2_penalty(model, 1e-3), Value)
assert_type(nn.losses.l1_penalty([x], 1e-3), Value)

# Training.
optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
history = nn.fit(
    model, ([[0.0, 1.0]], [1.0]), nn.losses.mse_loss, optimizer, epochs=1, progress=False,
    penalty=lambda: nn.losses.l2_penalty(model, 1e-3),
)  # fmt: skip
assert_type(history, History)
assert_type(history["loss"], list[float])
assert_type(history.epochs, int)
assert_type(nn.evaluate(model, ([[0.0, 1.0]], [1.0]), nn.losses.mse_loss), float)
assert_type(nn.optim.clip_grad_norm_(model.parameters(), 1.0), float)


def refused() -> None:
    """Write what is wrong, which checkers say: each comment would be an error where it were not needed."""
    autograd.sofmax([1.0])  # type: ignore[attr-defined]
    nn.Layr(2, 3)  # type: ignore[attr-defined]
    nn.losses.mse(x, x)  # type: ignore[attr-defined]
    autograd.grad(2.0)  # type: ignore[call-overload]
    autograd.sum(2.0)  # type: ignore[call-overload]
    autograd.mean(["1"])  # type: ignore[list-item]
    autograd.gradients(x * x, 2.0)  # type: ignore[call-overload]
    x.grad.backward()  # type: ignore[union-attr]
    x.grad = "1"  # type: ignore[assignment]
    autograd.grad(cube)(2.0).backward()  # type: ignore[attr-defined]
    nn.losses.mse_loss(1.0, 2.0).backward()  # type: ignore[attr-defined]
    autograd.softmax(several).data  # type: ignore[attr-defined]
    nn.Neuron(2)([1.0, 2.0])[0]  # type: ignore[index]
