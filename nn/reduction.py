"""What all losses share: predictions beside their targets, and the reductions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import autograd
from autograd import Value

__all__ = ["elementwise", "is_sequence", "paired", "pairs_of", "reduced"]

REDUCTIONS = ("mean", "sum", "none")


def is_sequence(x: Any) -> bool:
    """Whether something holds several numbers: a list, a tuple, an array, and no Value."""
    return (
        x.__class__ is not Value
        and hasattr(x, "__iter__")
        and getattr(x, "ndim", 1) != 0
        and not isinstance(x, (str, bytes, Mapping))
    )


def pairs_of(prediction: Any, target: Any, who: str) -> list[tuple[Any, Any]]:
    """Return matching elements of two numbers, or of two nested sequences of one shape, as a flat list."""
    if not is_sequence(prediction):
        if is_sequence(target):
            target = list(target)
            if len(target) != 1:
                raise ValueError(f"{who}: one prediction but {len(target)} targets; their shapes must match")
            target = target[0]
        return [(prediction, target)]
    prediction = list(prediction)
    targets = list(target) if is_sequence(target) else [target]
    if len(prediction) != len(targets):
        raise ValueError(
            f"{who}: {len(prediction)} predictions but {len(targets)} targets; their shapes must match"
        )
    if not prediction:
        raise ValueError(f"{who} of nothing is not defined; pass at least one prediction")
    pairs: list[tuple[Any, Any]] = []
    for p, t in zip(prediction, targets, strict=True):
        if is_sequence(p) or is_sequence(t):
            pairs += pairs_of(p, t, who)
        else:
            pairs.append((p, t))
    return pairs


def reduced(losses: list[Any], reduction: str, *, single: bool = False) -> Any:
    """Return the mean, the sum, or the losses themselves (a single one without a list)."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}")
    if reduction == "none":
        return losses[0] if single else losses
    if len(losses) == 1:
        return losses[0]
    return autograd.mean(losses) if reduction == "mean" else autograd.sum(losses)


def elementwise(
    prediction: Any, target: Any, reduction: str, who: str, one: Callable[[Any, Any], Any]
) -> Any:
    """Apply ``one`` to each prediction and its target, and reduce the losses."""
    losses = paired(pairs_of(prediction, target, who), who, one)
    return reduced(losses, reduction, single=not is_sequence(prediction))


def paired(pairs: list[tuple[Any, Any]], who: str, one: Callable[[Any, Any], Any]) -> list[Any]:
    """Apply ``one`` to each prediction and its target, and say which is no number where that is why it cannot be."""
    try:
        return [one(p, t) for p, t in pairs]
    except TypeError:
        for pair in pairs:
            for name, x in zip(("prediction", "target"), pair):
                if not hasattr(x, "__sub__"):
                    raise TypeError(f"{who} takes numbers and Values, got the {name} {x!r:.60}") from None
        raise
