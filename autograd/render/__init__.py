"""Pictures, derivations and the stepper: views of one list of steps."""

from autograd.render.drawing import draw, draw_dot, trace
from autograd.render.explain import explain
from autograd.render.stepper import stepper

__all__ = ["draw", "draw_dot", "explain", "stepper", "trace"]
