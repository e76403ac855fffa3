"""A program in C over NumPy arrays."""

from __future__ import annotations

import ctypes
from copy import copy
from typing import Any

import numpy as np

from autograd.compiler.backends.c import toolchain
from autograd.compiler.backends.c.emit import brief
from autograd.compiler.roll.program import Program

__all__ = ["FLAGS", "BoundC", "code", "loaded"]

Pointer = ctypes.c_void_p
capsule = ctypes.PYFUNCTYPE(ctypes.py_object, Pointer, ctypes.c_char_p, Pointer)(
    ("PyCapsule_New", ctypes.pythonapi)
)
FLAGS = ("-fopenmp-simd", "-ffp-contract=fast", "-Wno-unused-parameter", "-Wno-psabi")
"""Loops marked as vector code become that.

Products and sums are fused, which the tolerance of 1e-12 covers.
"""
LONG, LOOP, LEVEL = 21000, 60, ("-O1", "-ftree-vectorize")
"""For programs with more characters of statements, a loop counted as so many more: half of the compiler's
time, with loops as vector code.
"""
QUICKER = "-fno-tree-ccp"
"""Takes 5 to 20 % less of gcc's time then; what it leaves out another pass does as well."""


def loaded(source: str, flags: tuple[str, ...]) -> ctypes.CDLL:
    """Return the library that a compiler, which was found to be right, makes of a program."""
    made = toolchain.build(source, flags=flags)
    toolchain.examine()
    try:
        return toolchain.load(made)
    except OSError:  # another process cleared the cache in between, or changed what was in it
        return toolchain.load(toolchain.build(source, flags=flags))


def code(function: Any) -> Any:
    """Return what the engine's C takes to call a function of a library, without ctypes."""
    return capsule(ctypes.cast(function, Pointer), b"chainrule.program", None)


class BoundC:
    """The arrays of a program, and its machine code."""

    def __init__(self, program: Program, lanes: int, threads: int = 1) -> None:
        # A loop over neurons holds little work for each block of lanes, so it pays to unroll; elsewhere it
        # only takes time.
        made = brief(program, threads) if program.lanes and threads > 1 else brief(program)
        flags = (*FLAGS, *["-funroll-loops"] * bool(program.lanes), *["-pthread"] * (threads > 1))
        self.program = program
        self.count = 1
        if made.length + LOOP * made.text.count("FOR(") > LONG:
            compiler = toolchain.find_compiler()
            flags += LEVEL + (QUICKER,) * bool(compiler and "Free Software" in compiler.version)
        self.library = loaded(made.text, flags)
        self._behind = made.behind
        self._run = self.library["run"]
        self._run.restype = ctypes.c_long
        self._train = self.library["train"]
        self._train.restype = ctypes.c_long
        self.code = code(self._run)
        self._allocate(lanes)

    def _allocate(self, lanes: int) -> None:
        program = self.program
        size = max(program.shared, 1)
        self.shared = np.concatenate([np.zeros(size), self._behind])[:size]
        if program.one >= 0:
            self.shared[program.one] = 1.0
        self.lanes = np.zeros((max(program.lanes, 1), lanes))
        self._arguments = (
            Pointer(self.shared.ctypes.data),
            Pointer(self.lanes.ctypes.data),
            ctypes.c_long(lanes),
        )

    def another(self, lanes: int) -> BoundC:
        """Return the same machine code with arrays of its own."""
        twin = copy(self)
        twin._allocate(lanes)
        return twin

    def run(self) -> bool:
        """Compute everything from what stands in the leaves; tell whether the results hold."""
        return not self._run(*self._arguments)

    def descend(self, steps: int, lr: float) -> Any:
        """Take steps of gradient descent; return the losses of those taken."""
        losses = np.empty(max(steps, 1))
        taken = self._train(
            *self._arguments, ctypes.c_long(steps), ctypes.c_double(lr), Pointer(losses.ctypes.data)
        )
        return losses[:taken]
