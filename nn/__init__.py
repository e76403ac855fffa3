"""Neural networks of scalars: modules, losses, optimizers, data, training, plots."""

from nn import activations, data, init, losses, optim, plot
from nn.layers import MLP, Layer, Neuron
from nn.module import Module

__all__ = ["MLP", "Layer", "Module", "Neuron", "activations", "data", "init", "losses", "optim", "plot"]
