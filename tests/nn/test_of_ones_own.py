"""A loss and an optimizer of one's own are taken wherever the library's are."""

import numpy as np
import pytest

import autograd
import nn
from autograd import compile

X, Y = [[-1.0], [0.0], [1.0], [2.0]], [-1.0, 1.0, 3.0, 5.0]


def log_cosh(output, target):
    return autograd.softplus(2.0 * (output - target)) - (output - target)


class SignMomentum(nn.optim.Optimizer):
    """The sign of a running mean (the optimizer Lion, simplified)."""

    slots = ("mean",)
    options = ("beta",)

    def __init__(self, params, lr=0.1, beta=0.5):
        self.beta = beta
        super().__init__(params, lr)

    def update(self, theta, grad, state, lr, step):
        (mean,) = state
        mean = self.beta * mean + (1.0 - self.beta) * grad
        return theta - lr * ((mean > 0.0) * 1.0 - (mean < 0.0) * 1.0), (mean,)


def numbers(model):
    return [p.data for p in model.parameters()]


@pytest.mark.parametrize("compiled", [False, True])
def test_fit_takes_both_and_goes_on_from_a_checkpoint(compiled, tmp_path):
    finals = []
    for stops in ([6], [2, 6]):
        file = tmp_path / f"{len(stops)}.json"
        for epochs in stops:
            model = nn.Neuron(1, nonlin=False, rng=0)
            optimizer = SignMomentum(model.parameters(), 0.25)
            history = nn.fit(
                model, (X, Y), log_cosh, optimizer, epochs=epochs, batch_size=2, compile=compiled,
                resume=True, checkpoint=file, progress=False, metrics={"last": lambda a, b: float(a[-1])},
                scheduler=nn.optim.StepLR(optimizer, 2), penalty=lambda: 0.0,
            )  # fmt: skip
        assert history["loss"][-1] < history["loss"][0]
        finals.append(numbers(model))
    assert finals[0] == finals[1]
    assert nn.evaluate(model, (X, Y), log_cosh) > 0.0


@pytest.mark.parametrize("backend", ["numpy", "python", "c", "auto"])
@pytest.mark.filterwarnings("ignore:compile.backend='c'")
def test_a_compiled_step_trains_as_the_steps_of_the_engine_do(backend):
    results = []
    for compiled in (False, True):
        model = nn.Neuron(1, nonlin=False, rng=0)
        w, b = model.parameters()
        optimizer = SignMomentum([{"params": [w]}, {"params": [b], "lr": 0.01}], 0.1)
        if compiled:
            step = compile(lambda x, y: log_cosh(model(x), y), [w, b], batch=True, backend=backend)
            step.train(X, Y, optimizer, 5)
        else:
            for _ in range(5):
                optimizer.zero_grad()
                autograd.mean([log_cosh(model(x), y) for x, y in zip(X, Y, strict=True)]).backward()
                optimizer.step()
        results.append([*numbers(model), *np.ravel(list(optimizer.state.values()))])
    assert results[0] == pytest.approx(results[1], rel=1e-12)


def test_its_state_is_saved_and_shown():
    model = nn.Neuron(1, nonlin=False, rng=0)
    optimizer = SignMomentum(model.parameters(), 0.25, beta=0.75)
    log_cosh(model([1.0]), 3.0).backward()
    optimizer.step()
    twin = SignMomentum(model.parameters(), 1.0)
    twin.load_state_dict(optimizer.state_dict())
    assert (twin.lr, twin.beta, twin.steps, twin.state) == (0.25, 0.75, 1, optimizer.state)
    assert "SignMomentum" in repr(optimizer)
    assert "beta=0.75" in repr(optimizer)
