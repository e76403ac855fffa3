"""Straight-line Python as a backend."""

from __future__ import annotations

import math

from autograd.compiler.backends import Backend, Bound, Cost, Work, cost_of
from autograd.compiler.backends.python.emit import BoundPython, python_program
from autograd.compiler.roll.program import Program
from autograd.words import marked

__all__ = ["BACKEND"]

LIMIT = 200_000
"""Largest straight-line program worth having: Python needs some 10 microseconds to compile each line."""


class Python:
    """Graphs as straight-line Python over floats, for tiny or sequential ones."""

    title = marked("straight-line Python")

    def bind(self, program: Program, lanes: int) -> Bound:
        """Return the program over fresh arrays, for a number of lanes."""
        return BoundPython(program, lanes)

    def absent(self) -> str:
        """Return an empty text: there is always Python."""
        return ""

    def against(self, program: Program) -> str:  # noqa: ARG002
        """Return an empty text: every program runs."""
        return ""

    def source(self, program: Program) -> str:
        """Return the program in Python over floats."""
        return python_program(program)

    def cost(self, work: Work) -> Cost:
        """Estimate what a call takes; there is no end for a program that takes too long to compile."""
        cost = cost_of("python", work)
        return cost if work.lines < LIMIT else Cost(math.inf, cost.seconds)


BACKEND: Backend = Python()
