"""Pictures, derivations, the stepper and the live page: views of one list of steps."""

from autograd.render.derive.explanation import explain
from autograd.render.formula.sympy import from_sympy, to_sympy
from autograd.render.page.live import live
from autograd.render.page.stepper import stepper
from autograd.render.picture.draw import draw, draw_dot, trace
from autograd.render.picture.networkx import to_networkx

__all__ = ["draw", "draw_dot", "explain", "from_sympy", "live", "stepper", "to_networkx", "to_sympy", "trace"]
