"""Neural networks of scalars: modules, losses, optimizers, data, training, plots.

Examples
--------
>>> import nn
>>> points, labels = nn.data.make_moons(100)
>>> model = nn.MLP(2, [16, 16, 1], rng=0)
>>> loss = nn.losses.hinge_loss([model(x) for x in points], [2 * int(y) - 1 for y in labels])
>>> loss.backward()
"""

from nn import activations, callbacks, data, init, losses, metrics, optim, plot, progress, state
from nn.blocks import Dropout, Embedding, Sequential
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.train import evaluate, fit

__all__ = [
    "MLP",
    "Dropout",
    "Embedding",
    "Layer",
    "Module",
    "Neuron",
    "Sequential",
    "activations",
    "callbacks",
    "data",
    "evaluate",
    "fit",
    "init",
    "losses",
    "metrics",
    "optim",
    "plot",
    "progress",
    "state",
]
