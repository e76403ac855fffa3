"""C as a backend."""

from __future__ import annotations

import math

from autograd.compiler.backends import Backend, Bound, Cost, Work, cost_of
from autograd.compiler.backends.c.bind import BoundC
from autograd.compiler.backends.c.emit import c_program, unsupported
from autograd.compiler.backends.c.toolchain import find_compiler, no_compiler
from autograd.compiler.roll.program import Program
from autograd.compiler.roll.repeats import weighted
from autograd.compiler.roll.rolled import nested
from autograd.words import gettext

__all__ = ["BACKEND", "BLAS_FROM", "largest_product"]

BLAS_FROM = 3e6
"""Multiplications in one matrix product from which BLAS beats plain loops, a lane counting as fifty."""


class C:
    """Programs in C, built where there is a compiler."""

    title = "C"

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def threaded(self, threads: int) -> C:
        """Return the backend in which so many threads share the lanes."""
        return C(threads)

    def bind(self, program: Program, lanes: int) -> Bound:
        """Return the program over fresh arrays, for a number of lanes."""
        return BoundC(nested(program, in_order=True), lanes, self.threads)

    def absent(self) -> str:
        """Return why no compiler is there, or an empty text."""
        return no_compiler() if find_compiler() is None else ""

    def against(self, program: Program) -> str:
        """Return why this program is not for C, or an empty text."""
        reason = unsupported(program)
        if not reason and largest_product(program) > BLAS_FROM:
            reason = gettext("matrix products of this size are faster with the BLAS behind NumPy")
        return reason

    def source(self, program: Program) -> str:
        """Return the program in C, all of it; of a long one the compiler is given a short form (`listed`)."""
        return c_program(nested(program, in_order=True))

    def cost(self, work: Work) -> Cost:
        """Estimate what a call takes, and the compiler."""
        return cost_of("c", work)


def largest_product(program: Program) -> float:
    """Return how many multiplications the largest matrix product has."""
    width = 50.0 if program.lanes else 1.0
    products = [(p, s.lane) for s, _ in weighted(program) for p in s.parts if p.b is not None]
    return max(
        (float(math.prod(p.sizes)) * (width if p.over or lane else 1.0) for p, lane in products), default=0.0
    )


BACKEND: Backend = C()
