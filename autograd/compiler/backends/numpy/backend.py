"""NumPy as a backend."""

from __future__ import annotations

from autograd.compiler.backends import Backend, Bound, Cost, Work, cost_of
from autograd.compiler.backends.numpy.emit import bind
from autograd.compiler.backends.numpy.spelling import number_by_number
from autograd.compiler.listing.nests import write
from autograd.compiler.roll.program import Program
from autograd.compiler.roll.repeats import weighted

__all__ = ["BACKEND"]


class NumPy:
    """Programs as calls of NumPy."""

    title = "NumPy"

    def bind(self, program: Program, lanes: int) -> Bound:
        """Return the program over fresh arrays, for a number of lanes."""
        return bind(program, lanes)

    def absent(self) -> str:
        """Return an empty text: who got here has NumPy."""
        return ""

    def against(self, program: Program) -> str:  # noqa: ARG002
        """Return an empty text: every program runs."""
        return ""

    def source(self, program: Program) -> str:
        """Return the program over arrays, as a person would write it."""
        return write(program)

    def number_by_number(self, program: Program) -> list[str]:
        """Return the names of the operations for which NumPy has no function."""
        return number_by_number(s.op for s, _ in weighted(program) if s.op is not None)

    def cost(self, work: Work) -> Cost:
        """Estimate what a call takes."""
        return cost_of("numpy", work)


BACKEND: Backend = NumPy()
