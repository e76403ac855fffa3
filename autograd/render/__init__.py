"""Pictures, derivations and the stepper: views of one list of steps."""

from autograd.render.derive.explanation import explain
from autograd.render.page.stepper import stepper
from autograd.render.picture.draw import draw, draw_dot, trace

__all__ = ["draw", "draw_dot", "explain", "stepper", "trace"]
