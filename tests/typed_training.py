"""A user's training, three ways: `tests/test_types.py` runs type checkers over it, and then runs it."""

# pyright: strict

import random

import autograd
import nn
from autograd import Value
from autograd.typing import Number

Sample = tuple[list[float], float]


def make_samples(count: int, rng: random.Random) -> list[Sample]:
    """Return points of the plane with a number each."""
    points = [[rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)] for _ in range(count)]
    return [(point, point[0] * point[1]) for point in points]


class Product(nn.Module):
    """Two linear forms, multiplied."""

    def __init__(self, rng: random.Random) -> None:
        self.left = nn.Neuron(2, nonlin=False, rng=rng)
        self.right = nn.Layer(2, 1, nonlin=False, rng=rng)
        self.scale = Value(1.0, "scale")

    def forward(self, x: list[float]) -> Value:
        """Return the product for one point."""
        return self.scale * self.left(x) * self.right(x)


def by_hand(samples: list[Sample], steps: int) -> float:
    """Descend along the gradient, with nothing but Values."""
    w = [Value(0.5, "w0"), Value(-0.5, "w1")]
    b = Value(0.0, "b")
    rate = 0.1
    loss = Value(0.0)
    for _ in range(steps):
        outputs = [autograd.tanh(autograd.dot(w, x) + b) for x, _ in samples]
        loss = autograd.mean([(y - t) ** 2 for y, (_, t) in zip(outputs, samples, strict=True)])
        autograd.zero_grad(loss)
        loss.backward()
        for p in [*w, b]:
            p.data -= rate * p.grad
        size = sum(float(p.grad) ** 2 for p in [*w, b]) ** 0.5
        if size < 1e-9:
            break
    return loss.data


def with_nn(samples: list[Sample], steps: int) -> float:
    """Train a model of one's own with an optimizer, then another with `nn.fit`."""
    model = Product(random.Random(1))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.losses.mse_loss([model(x) for x, _ in samples], [t for _, t in samples])
        loss = loss + nn.losses.l2_penalty(model, 1e-4)
        loss.backward()
        nn.optim.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 10 == 0:
            print(f"{step:3} {loss.data:.4f} {model(samples[0][0]).data:+.3f}")
    network = nn.MLP(2, (4, 1), activation="tanh", rng=0)
    data = [x for x, _ in samples], [t for _, t in samples]
    history = nn.fit(
        network, data, nn.losses.mse_loss, nn.optim.SGD(network.parameters(), lr=0.1),
        epochs=3, metrics=["mean_squared_error"], progress=False,
    )  # fmt: skip
    residuals = [network(x) - t for x, t in samples]
    assert len(history["loss"]) == 3
    return float(autograd.norm(residuals))


def compiled(samples: list[Sample], steps: int) -> float:
    """Train with a compiled loss."""
    model = nn.MLP(2, (4, 1), activation="tanh", rng=0)

    def loss(x: list[Value], t: Value) -> Value:
        return nn.losses.half_squared_error(model(x), t)

    step = autograd.compile(loss, model.parameters(), batch=True, backend="numpy")
    points, targets = [x for x, _ in samples], [t for _, t in samples]
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = step.train(points, targets, optimizer, steps)
    print(step.report(), step.check(points, targets) < 1e-9)
    return losses[-1]


def functional(samples: list[Sample], steps: int) -> float:
    """Descend along the gradient of a function of a dict."""

    def loss(p: dict[str, Number]) -> Number:
        errors = [p["a"] * x[0] * x[1] + p["c"] - t for x, t in samples]
        return autograd.mean([error * error for error in errors])

    slopes = autograd.value_and_grad(loss)
    parameters = {"a": 0.0, "c": 0.5}
    value = 0.0
    for _ in range(steps):
        value, gradient = slopes(parameters)
        parameters = {name: p - 0.5 * gradient[name] for name, p in parameters.items()}
    curvature = autograd.hessian(loss)(parameters)
    assert curvature["a"]["a"] > 0.0
    assert autograd.grad(lambda p: p["a"] * 2.0)({"a": 1.0}) == {"a": 2.0}
    return value


def main() -> None:
    """Compare the four."""
    samples = make_samples(20, random.Random(0))
    for train in (by_hand, with_nn, compiled, functional):
        print(f"{train.__name__:12} {train(samples, 20):.4f}")


if __name__ == "__main__":
    main()
