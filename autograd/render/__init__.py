"""Pictures, derivations and the stepper: views of one list of steps."""

from autograd.render.drawing import draw, draw_dot, trace
from autograd.render.explanation import explain
from autograd.render.stepping import stepper

__all__ = ["draw", "draw_dot", "explain", "stepper", "trace"]
