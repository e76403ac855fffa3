"""What ``chainrule train`` is to learn, and how it counts things in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograd.words import gettext, marked

__all__ = ["Task", "counted"]


@dataclass
class Task:
    """What is to be learnt.

    Attributes
    ----------
    x, y
        Samples, and their targets as the loss takes them.
    labels
        Targets for pictures and accuracies: classes; empty where numbers are predicted.
    outputs
        Number of the network's outputs.
    kind
        The loss.
    classes
        Names of the classes.
    features, target
        Names of the columns of a file.
    scale
        Mean and deviation of each feature, by which samples were standardised; empty where they were not.
    """

    x: list[Any]
    y: list[Any]
    labels: list[int]
    outputs: int
    kind: str
    classes: list[str] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    scale: list[tuple[float, float]] = field(default_factory=list)
    target: str = ""

    def columns(self) -> dict[str, Any]:
        """Return the names by which the numbers of a file are told apart."""
        return {"features": self.features, "target": self.target, "classes": self.classes}

    def standardised(self, rows: list[list[float]]) -> list[list[float]]:
        """Return samples as the network takes them."""
        return [
            [(v - m) / s for v, (m, s) in zip(row, self.scale, strict=True)] if self.scale else list(row)
            for row in rows
        ]


def counted(number: int, what: str) -> str:
    """Return a number of things in words."""
    return gettext(_COUNTED[what][number != 1], count=number)


_COUNTED = {
    "sample": (marked("{count} sample"), marked("{count} samples")),
    "feature": (marked("{count} feature"), marked("{count} features")),
    "column": (marked("{count} column"), marked("{count} columns")),
    "epoch": (marked("{count} epoch"), marked("{count} epochs")),
}
