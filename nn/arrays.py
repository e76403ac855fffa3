"""NumPy, asked for by the parts of `nn` that need it: data sets, CSV files, compiled training."""

from __future__ import annotations

import sys
from typing import Any

from autograd.errors import optional

__all__ = ["numpy_for"]


def numpy_for(purpose: str) -> Any:
    """Return the module ``numpy``, or say what it is wanted for and how to install it."""
    return sys.modules.get("numpy") or optional("numpy", purpose, "pip install numpy", what="NumPy")
