"""Training: one loop, its step, and what it needs to go on after a stop."""

from nn.train.fit import evaluate, fit

__all__ = ["evaluate", "fit"]
