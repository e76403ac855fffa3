"""The compiler: from a scalar graph to a short program of matrix operations."""

from __future__ import annotations

from autograd.compiler.step import Compiled, Report, compile

__all__ = ["Compiled", "Report", "compile"]
