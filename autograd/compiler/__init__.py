"""The compiler: from a scalar graph to a short program of matrix operations."""

from __future__ import annotations

from importlib.util import find_spec

from autograd.errors import MissingDependencyError

if find_spec("numpy") is None:
    raise MissingDependencyError("NumPy", "autograd.compile", "pip install numpy")

from autograd.compiler.step import Compiled, Report, compile

__all__ = ["Compiled", "Report", "compile"]
