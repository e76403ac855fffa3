"""Pictures, derivations and the stepper: views of one list of steps."""

from autograd.render.drawing import draw

__all__ = ["draw"]
