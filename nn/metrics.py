"""What to measure beside the loss, from the outputs of a model and the targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd.words import gettext
from nn.checks import as_whole, data_of, is_sequence, real, rows_of

__all__ = ["METRICS", "Metric", "accuracy", "mean_absolute_error", "mean_squared_error", "predicted_classes"]

Metric = Callable[[Sequence[Any], Sequence[Any]], float]


def predicted_classes(outputs: Sequence[Any], threshold: float = 0.0) -> list[int]:
    """Return the class of each output: the place of the largest score, or whether a single one is large.

    Parameters
    ----------
    outputs
        For each sample a score, or a list of scores, one for each class; numbers or Values.
    threshold
        Above which a single score means class 1: 0 for a score, 0.5 for a probability.

    Returns
    -------
    list of int
        One class for each sample.

    Examples
    --------
    >>> predicted_classes([[0.1, 0.9], [2.0, 1.0]]), predicted_classes([-1.0, 0.5])
    ([1, 0], [0, 1])
    """
    classes = []
    for output in rows_of("outputs", outputs):
        scores = _flat(output)
        classes.append(scores.index(max(scores)) if len(scores) > 1 else int(scores[0] > threshold))
    return classes


def accuracy(
    outputs: Sequence[Any], targets: Sequence[Any], *, threshold: float | None = None
) -> float:  # fmt: skip
    """Return the share of samples whose class is right.

    Parameters
    ----------
    outputs
        For each sample a score or a probability of the class 1, or a list of those of all classes.
    targets
        Classes, one-hot lists, or -1 and 1 for a single score.
    threshold
        Above which a single output means the class 1. Without it 0.5 where all outputs are from 0 to 1 and no
        target is -1, as probabilities are; else 0. `nn.fit` goes by the loss where it is one of `nn.losses`.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If there are no outputs, or not as many targets.

    Examples
    --------
    >>> accuracy([2.0, -1.0, 0.5], [1, -1, -1])
    0.6666666666666666
    >>> accuracy([0.9, 0.2, 0.4], [1, 0, 0])
    1.0
    """
    right = 0
    pairs = _paired(outputs, targets, "accuracy")
    if threshold is None:
        likely = all(0.0 <= score <= 1.0 for scores, _ in pairs for score in scores)
        threshold = 0.5 if likely and not any(target == [-1.0] for _, target in pairs) else 0.0
    else:
        threshold = real("threshold", threshold)
    classes = predicted_classes([scores for scores, _ in pairs], threshold)
    for own, (_, target) in zip(classes, pairs, strict=True):
        wanted = as_whole(target[0] if len(target) == 1 else predicted_classes([target])[0])
        if wanted is None:
            raise ValueError(gettext(
                "accuracy takes classes as whole numbers, or one-hot lists, got {target}",
                target=repr(target[0]),
            ))  # fmt: skip
        right += own == (0 if wanted == -1 else wanted)
    return right / len(pairs)


def _flat(x: Any) -> list[float]:
    numbers = list(x) if is_sequence(x) else [x]
    if not numbers:
        raise ValueError(gettext("an output or target is an empty list; it needs at least one number"))
    return [data_of(number) for number in numbers]


def _paired(outputs: Any, targets: Any, who: str) -> list[tuple[list[float], list[float]]]:
    """Return the numbers of each output and of its target."""
    outputs, targets = rows_of("outputs", outputs), rows_of("targets", targets)
    if len(outputs) != len(targets):
        raise ValueError(gettext(
            "{who}: {count} outputs but {count2} targets; each output needs one target",
            who=who, count=len(outputs), count2=len(targets),
        ))  # fmt: skip
    if not outputs:
        raise ValueError(gettext("{who} of nothing is not defined; pass at least one output", who=who))
    return [(_flat(output), _flat(target)) for output, target in zip(outputs, targets, strict=True)]


def _errors(outputs: Any, targets: Any, who: str) -> list[float]:
    errors = []
    for output, target in _paired(outputs, targets, who):
        if len(output) != len(target):
            raise ValueError(gettext(
                "{who}: an output of {count} numbers, but a target of {count2}",
                who=who, count=len(output), count2=len(target),
            ))  # fmt: skip
        errors += [p - t for p, t in zip(output, target, strict=True)]
    return errors


def mean_squared_error(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Return the mean of the squared errors.

    Parameters
    ----------
    outputs, targets
        For each sample a number, or a list of numbers.

    Returns
    -------
    float
        In the square of the targets' unit.

    Raises
    ------
    ValueError
        If there are no outputs, or the shapes differ.

    Examples
    --------
    >>> mean_squared_error([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    errors = _errors(outputs, targets, "mean_squared_error")
    return float(autograd.mean([e * e for e in errors]))


def mean_absolute_error(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Return the mean of the absolute errors.

    Parameters
    ----------
    outputs, targets
        For each sample a number, or a list of numbers.

    Returns
    -------
    float
        In the targets' unit.

    Raises
    ------
    ValueError
        If there are no outputs, or the shapes differ.

    Examples
    --------
    >>> mean_absolute_error([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    errors = _errors(outputs, targets, "mean_absolute_error")
    return float(autograd.mean(list(map(abs, errors))))


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "mean_squared_error": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
}
"""The metrics that have a name."""
