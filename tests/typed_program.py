"""A user's program: `tests/test_types.py` runs type checkers over it, and nobody else does."""

from typing import assert_type

import autograd
import nn
from autograd import Value, sin
from autograd.op import Op

x = Value(2.0, "x")
assert_type(x.data, float)
assert_type(x + 1.0, Value)
assert_type(2 * x, Value)
assert_type(x.tanh(), Value)
assert_type(sin, Op)
assert_type(sin(1.0), float)
assert_type(sin(x), Value)
assert_type(autograd.hypot(x, 2.0), Value)
assert_type(autograd.hypot(3.0, 4.0), float)
assert_type(autograd.toposort(sin(x)), list[Value])
assert_type(x.parents, tuple[Value, ...])
assert_type(autograd.to_json(x), str)
assert_type(autograd.from_json(autograd.to_json(x)), Value)
assert_type(autograd.atan2(1.0, x), Value)
assert_type(autograd.leaky_relu(x, slope=0.1), Value)
assert_type(autograd.leaky_relu(1.0, 0.1), float)
assert_type(autograd.where(True, 1.0, x), Value)
assert_type(autograd.explain(x * x).gradient, float | None)
assert_type(autograd.draw(x * x).svg(), str)


def cube(x: Value) -> Value:
    """Return a power, to be differentiated."""
    return x**3


slope: float = autograd.grad(autograd.grad(cube))(2.0)
value, gradient = autograd.value_and_grad(cube)(2.0)
by_name: dict[str, float] = autograd.grad(lambda p: p["a"] * p["b"])({"a": 2.0, "b": 5.0})

model = nn.MLP(2, [3, 1], rng=0)
assert_type(model.parameters(), list[Value])
optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
history = nn.fit(model, ([[0.0, 1.0]], [1.0]), nn.losses.mse_loss, optimizer, epochs=1)
assert_type(history.epochs, int)
