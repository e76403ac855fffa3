"""Losses and penalties, each of as few nodes as possible.

Predictions and targets are numbers or Values, alone or in lists of any depth that match. Where a loss
takes scores, it is stable: a probability that rounds to 0 or 1 still has its loss and its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import autograd
from autograd import Value, modes, ops
from nn.module import Module

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "half_squared_error",
    "hinge_loss", "huber_loss", "l1_loss", "l1_penalty", "l2_penalty", "mse_loss", "nll_loss", "sum_squared_error",
]  # fmt: skip

REDUCTIONS = ("mean", "sum", "none")


def _is_sequence(x: Any) -> bool:
    return x.__class__ is not Value and hasattr(x, "__iter__") and getattr(x, "ndim", 1) != 0


def _pairs(prediction: Any, target: Any, who: str) -> list[tuple[Any, Any]]:
    """Return matching elements of two numbers, or of two nested sequences of one shape, as a flat list."""
    if not _is_sequence(prediction):
        if _is_sequence(target):
            target = list(target)
            if len(target) != 1:
                raise ValueError(f"{who}: one prediction but {len(target)} targets; their shapes must match")
            target = target[0]
        return [(prediction, target)]
    prediction = list(prediction)
    targets = list(target) if _is_sequence(target) else [target]
    if len(prediction) != len(targets):
        raise ValueError(f"{who}: {len(prediction)} predictions but {len(targets)} targets; their shapes must match")
    if not prediction:
        raise ValueError(f"{who} of nothing is not defined; pass at least one prediction")
    pairs: list[tuple[Any, Any]] = []
    for p, t in zip(prediction, targets, strict=True):
        if _is_sequence(p) or _is_sequence(t):
            pairs += _pairs(p, t, who)
        else:
            pairs.append((p, t))
    return pairs


def _reduced(losses: list[Any], reduction: str, *, single: bool = False) -> Any:
    """Return the mean, the sum, or the losses themselves (a single one without a list)."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}")
    if reduction == "none":
        return losses[0] if single else losses
    if len(losses) == 1:
        return losses[0]
    return autograd.mean(losses) if reduction == "mean" else autograd.sum(losses)


def _elementwise(prediction: Any, target: Any, reduction: str, who: str, one: Callable[[Any, Any], Any]) -> Any:
    pairs = _pairs(prediction, target, who)
    return _reduced([one(p, t) for p, t in pairs], reduction, single=not _is_sequence(prediction))


def _squares(prediction: Any, target: Any, who: str) -> tuple[Any, int]:
    """Return the sum of squared errors as one dot product, and the number of errors."""
    errors = tuple([p - t for p, t in _pairs(prediction, target, who)])
    return (errors[0] * errors[0] if len(errors) == 1 else autograd.dot(errors, errors)), len(errors)


def mse_loss(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Mean squared error: the mean over all elements of (prediction - target)**2.

    Parameters
    ----------
    prediction, target
        Numbers or Values, or nested sequences of one shape.
    reduction
        ``"mean"``, ``"sum"``, or ``"none"`` for the list of the elements' losses.

    Examples
    --------
    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    if reduction == "none":
        return _elementwise(prediction, target, reduction, "mse_loss", lambda p, t: (p - t) * (p - t))
    total, count = _squares(prediction, target, "mse_loss")
    _reduced([total], reduction)
    return total / float(count) if reduction == "mean" and count > 1 else total


def sum_squared_error(prediction: Any, target: Any) -> Any:
    """Sum over all elements of (prediction - target)**2.

    Examples
    --------
    >>> sum_squared_error([1.0, 2.0], [0.0, 4.0])
    5.0
    """
    return _squares(prediction, target, "sum_squared_error")[0]


def half_squared_error(prediction: Any, target: Any) -> Any:
    """Quadratic cost 1/2 ||target - prediction||**2, whose gradient is prediction - target.

    Examples
    --------
    >>> half_squared_error([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    return 0.5 * _squares(prediction, target, "half_squared_error")[0]


def l1_loss(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Absolute error; reductions as for `mse_loss`.

    Examples
    --------
    >>> l1_loss([1.0, 2.0], [0.0, 4.0])
    1.5
    """
    return _elementwise(prediction, target, reduction, "l1_loss", lambda p, t: autograd.abs(p - t))


def huber_loss(prediction: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """Half the square of an error up to ``delta``, and beyond it the tangent line delta * (abs(error) - delta / 2).

    Examples
    --------
    >>> huber_loss([0.5, 3.0], [0.0, 0.0], reduction="none")
    [0.125, 2.5]
    """
    if not delta > 0.0:
        raise ValueError(f"delta must be positive, got {delta!r}")

    def one(p: Any, t: Any) -> Any:
        error = p - t
        size = autograd.abs(error)
        return autograd.where(size <= delta, 0.5 * error * error, delta * (size - 0.5 * delta))

    return _elementwise(prediction, target, reduction, "huber_loss", one)


def hinge_loss(score: Any, target: Any, *, reduction: str = "mean") -> Any:
    """max(0, 1 - target * score), for targets -1 and 1.

    Raises
    ------
    ValueError
        If a target is neither -1 nor 1.

    Examples
    --------
    >>> hinge_loss([2.0, 0.5, -1.0], [1, 1, 1])
    0.8333333333333334
    """

    def one(s: Any, t: Any) -> Any:
        if t.__class__ is not Value and t not in (-1, 1):
            raise ValueError(f"hinge_loss takes targets -1 and 1, got {t!r}; for labels 0 and 1 write 2 * y - 1")
        margin = 1.0 - t * s
        return margin.relu() if margin.__class__ is Value else autograd.relu(margin)

    return _elementwise(score, target, reduction, "hinge_loss", one)


def binary_cross_entropy(probability: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Return -(t log p + (1 - t) log(1 - p)) for probabilities p and targets t in [0, 1].

    A term whose factor is the number zero is left out, so p = 1 with t = 1 costs nothing.
    Rather use `binary_cross_entropy_with_logits`, which is accurate where p rounds to 0 or 1.

    Examples
    --------
    >>> binary_cross_entropy([0.5, 1.0], [1, 1])
    0.34657359027997264
    """

    def one(p: Any, t: Any) -> Any:
        if t.__class__ is Value:
            taken = autograd.where(ops.equal(t, 0.0), 0.0, t * autograd.log(p))
            return -(taken + autograd.where(ops.equal(t, 1.0), 0.0, (1.0 - t) * autograd.log1p(-p)))
        if not 0 <= t <= 1:
            raise ValueError(f"binary cross-entropy takes targets in [0, 1], got {t!r}; for labels -1 and 1 write (y + 1) / 2")
        terms = [t * autograd.log(p)] if t else []
        if t != 1:
            terms.append((1.0 - t) * autograd.log1p(-p))
        return -(terms[0] if len(terms) == 1 else terms[0] + terms[1])

    return _elementwise(probability, target, reduction, "binary_cross_entropy", one)


def binary_cross_entropy_with_logits(score: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy of sigmoid(score) against targets in [0, 1], from the score: softplus(s) - t s.

    Where the target is 0 or 1 it is softplus of the score or of its negative, accurate in both tails;
    the derivative is sigmoid(score) - target.

    Examples
    --------
    >>> binary_cross_entropy_with_logits(0.0, 1)
    0.6931471805599453
    >>> binary_cross_entropy_with_logits(800.0, 0)
    800.0
    """

    def one(s: Any, t: Any) -> Any:
        if t.__class__ is not Value:
            if not 0 <= t <= 1:
                raise ValueError(f"binary cross-entropy takes targets in [0, 1], got {t!r}; for labels -1 and 1 write (y + 1) / 2")
            if t in (0, 1):
                return autograd.softplus(-s if t == 1 else s)
        return t * autograd.softplus(-s) + (1.0 - t) * autograd.softplus(s)

    return _elementwise(score, target, reduction, "binary_cross_entropy_with_logits", one)


def _index(target: Any, count: int, who: str) -> int | None:
    """Return the class that an integer or a one-hot target names; None for other weights, or while it is unknown."""
    if _is_sequence(target):
        weights = list(target)
        if len(weights) != count:
            raise ValueError(f"{who}: {count} scores but a target of {len(weights)} entries")
        if any(w.__class__ is Value for w in weights) or sorted(weights) != [0] * (count - 1) + [1]:
            return None
        return weights.index(1)
    if target.__class__ is Value:
        if modes.is_tracing():
            return None
        target = target.data
    index = int(target)
    if index != target:
        raise ValueError(f"{who} takes a class as a whole number, got {target!r}")
    if not 0 <= index < count:
        raise ValueError(f"{who}: target {index} is not one of the classes 0 to {count - 1}")
    return index


def _classes(rows: Any, target: Any, reduction: str, who: str, one: Callable[[list[Any], Any], Any]) -> Any:
    """Apply ``one`` to one example's scores and target, or to each of a batch."""
    if not _is_sequence(rows):
        raise TypeError(f"{who} takes the scores of all classes as a list, got {type(rows).__name__}; for two classes of one score use binary_cross_entropy_with_logits")
    rows = list(rows)
    if not rows:
        raise ValueError(f"{who} of nothing is not defined; pass at least one score")
    if not _is_sequence(rows[0]):
        return _reduced([one(rows, target)], reduction, single=True)
    targets = list(target) if _is_sequence(target) else [target]
    if len(targets) != len(rows):
        raise ValueError(f"{who}: {len(rows)} examples but {len(targets)} targets")
    return _reduced([one(list(row), t) for row, t in zip(rows, targets, strict=True)], reduction)


def cross_entropy(scores: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy of softmax(scores) against the target, from the scores.

    The derivative with respect to the scores is softmax(scores) - one_hot(target).

    Parameters
    ----------
    scores
        One example's scores, one for each class; or a list of those.
    target
        The class as a whole number, or the classes' weights (such as one-hot); or a list of those.
    reduction
        ``"mean"`` or ``"sum"`` over the examples, or ``"none"`` for each example's loss.

    Examples
    --------
    >>> cross_entropy([0.0, 0.0], 1)
    0.6931471805599453
    >>> cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [[1, 0], [1, 0]], reduction="none")
    [0.6931471805599453, 1000.0]
    """

    def one(row: list[Any], t: Any) -> Any:
        index = _index(t, len(row), "cross_entropy")
        if index is not None:
            return -ops.log_softmax(*row, index=index)
        if not _is_sequence(t):
            t = [ops.equal(t, float(k)) for k in range(len(row))]
        return -autograd.dot(tuple(t), tuple(autograd.log_softmax(row)))

    return _classes(scores, target, reduction, "cross_entropy", one)


def nll_loss(log_probabilities: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Negative log-likelihood, from log-probabilities such as `autograd.log_softmax` returns.

    Parameters as for `cross_entropy`.

    Examples
    --------
    >>> nll_loss([-0.25, -1.5], 1)
    1.5
    """

    def one(row: list[Any], t: Any) -> Any:
        index = _index(t, len(row), "nll_loss")
        if index is not None:
            return -row[index]
        if not _is_sequence(t):
            t = [ops.equal(t, float(k)) for k in range(len(row))]
        return -autograd.dot(tuple(t), tuple(row))

    return _classes(log_probabilities, target, reduction, "nll_loss", one)


def _penalized(parameters: Module | Iterable[Value]) -> tuple[Value, ...]:
    return tuple(parameters.weights() if isinstance(parameters, Module) else parameters)


def l2_penalty(parameters: Module | Iterable[Value], strength: float) -> Any:
    """strength / 2 * sum of the squares of the weights, as one dot product of the weights with themselves.

    Parameters
    ----------
    parameters
        A module, whose weights count and whose biases do not; or the parameters themselves.
    strength
        The factor, often called lambda; its gradient is strength * weight.

    Examples
    --------
    >>> l2_penalty([Value(3.0), Value(4.0)], 0.1).data
    1.25
    """
    weights = _penalized(parameters)
    return 0.5 * strength * autograd.dot(weights, weights)


def l1_penalty(parameters: Module | Iterable[Value], strength: float) -> Any:
    """strength * sum of the absolute values of the weights; parameters as for `l2_penalty`.

    Examples
    --------
    >>> l1_penalty([Value(3.0), Value(-4.0)], 0.5).data
    3.5
    """
    return strength * autograd.sum([autograd.abs(w) for w in _penalized(parameters)])
