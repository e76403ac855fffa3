"""PyTorch's functions of numbers and of lists, by their names there.

They are those of `autograd`, the losses of `nn.losses`, and the formulas of activations that are no rows.
"""

from __future__ import annotations

from typing import Any

import autograd
from nn import elsewhere, losses

__all__: list[str] = []  # each has its home elsewhere


def __getattr__(name: str) -> Any:
    if name in losses.__all__:
        return getattr(losses, name)
    if name in elsewhere.FORMULAS:
        return getattr(elsewhere, elsewhere.FORMULAS[name])
    if name.startswith("_"):
        raise AttributeError(name)  # which only Python's own machinery asks for
    return getattr(autograd, name)
