"""What the six systems share: a network's numbers as matrices, and how near two gradients are."""

import numpy as np


def matrices(model, attribute="data"):
    """Weights (one row for each neuron) and biases of each layer, or their gradients with
    ``attribute="grad"``."""
    weights = [
        np.array([[getattr(w, attribute) for w in n.w] for n in layer.neurons]) for layer in model.layers
    ]
    biases = [
        np.array([getattr(n.b, attribute) if n.b is not None else 0.0 for n in layer.neurons])
        for layer in model.layers
    ]
    return weights, biases


def assert_near(computed, expected, tolerance=1e-12, terms=None):
    """Compare lists of arrays relative to the largest entry of each; or of ``terms``, where entries are sums
    that cancel."""
    for a, b, t in zip(computed, expected, expected if terms is None else terms, strict=True):
        a, b = np.asarray(a, float), np.asarray(b, float)
        assert a.shape == b.shape
        scale = np.abs(t).max(initial=0.0)
        assert np.abs(a - b).max(initial=0.0) <= tolerance * scale, (
            f"off by {np.abs(a - b).max() / scale:.2e} of the largest entry"
        )


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()
