"""The optimizers' race: plain gradient descent, Momentum, AdaGrad, RMSProp and Adam on R4, moons and the
spiral.

Run ``python tests/systems/optimizer_race.py race.png``.
"""

import random
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import nn
from nn import optim
from nn.plot import plot_loss

# A rate for each of the three tasks.
RUNNERS = {
    "plain": (lambda p, lr: optim.SGD(p, lr), (0.1, 0.5, 1.0)),
    "Momentum": (lambda p, lr: optim.SGD(p, lr, momentum=0.9), (0.1, 0.1, 0.2)),
    "AdaGrad": (lambda p, lr: optim.AdaGrad(p, lr), (0.1, 0.1, 0.1)),
    "RMSProp": (lambda p, lr: optim.RMSProp(p, lr, alpha=0.9), (0.02, 0.01, 0.01)),
    "Adam": (lambda p, lr: optim.Adam(p, lr), (0.05, 0.02, 0.03)),
}


def sigmoid_network():
    """R4: 2-3-3-1, weights and biases uniform in [0, 1), one sample."""
    rng = random.Random(0)
    model = nn.MLP(2, [3, 3, 1], activation="sigmoid", output="sigmoid", rng=rng)
    for p in model.parameters():
        p.data = rng.random()
    return model, ([[5.0, 7.0]], [0.6]), nn.losses.mse_loss, 100, 0.0


def moons():
    model = nn.MLP(2, [16, 16, 1], init="kaiming_uniform", rng=1)
    return model, nn.data.make_moons(100, rng=1), nn.losses.binary_cross_entropy_with_logits, 200, 1e-4


def spiral():
    model = nn.MLP(
        2, [100, 3], init=lambda nin, nout, rng: nn.init.normal(nin, nout, std=0.01, rng=rng), rng=2
    )
    return model, nn.data.make_spiral(300, rng=2), nn.losses.cross_entropy, 400, 1e-3


TASKS = {"R4, a 2-3-3-1 sigmoid network": sigmoid_network, "moons": moons, "spiral": spiral}


def race(task, place, *, steps=None):
    """Losses of each optimizer on a task, all from the same start."""
    curves = {}
    for name, (make, rates) in RUNNERS.items():
        model, data, loss, epochs, strength = task()
        history = nn.fit(
            model, data, loss, make(model.parameters(), rates[place]), epochs=steps or epochs, compile=True,
            progress=False,
            penalty=lambda model=model, strength=strength: nn.losses.l2_penalty(model, strength),
        )  # fmt: skip
        curves[name] = history["loss"]
    return curves


def draw(path, *, steps=None):
    """Run all races and write the picture; return the losses by task."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 4.6), dpi=120, layout="constrained")
    results = {}
    for place, (title, task) in enumerate(TASKS.items()):
        results[title] = race(task, place, steps=steps)
        ax = plot_loss(results[title], ax=figure.add_subplot(1, 3, place + 1), title=title, log=True)
        ax.set_ylim(bottom=max(ax.get_ylim()[0], 1e-12))
    figure.savefig(path)
    return results


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else "race.png")
