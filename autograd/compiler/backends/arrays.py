"""What an exported function takes and gives: the arrays and their sizes, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["arguments", "results"]


def arguments(engine: Any, shapes: Sequence[tuple[int, ...]]) -> list[str]:
    """Return each argument with its sizes, as in ``x0[examples][2]``."""
    front = "[examples]" if engine.batch else ""
    return [f"x{k}{front}{''.join(f'[{n}]' for n in shape)}" for k, shape in enumerate(shapes)]


def results(engine: Any, of_training: str, of_function: str) -> list[str]:
    """Return what comes out, called so: a gradient of the parameters, or the results of each example."""
    if engine.program.parameters:
        return [of_training, f"gradient[{engine.program.parameters}]"]
    return [f"{of_function}{'[examples]' if engine.batch else ''}[{len(engine.outputs)}]"]
