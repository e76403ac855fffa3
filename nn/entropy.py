"""Losses of classes and probabilities, stable from scores; `nn.losses` has their names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd
from autograd import Value, modes, ops
from nn.checks import as_whole, data_of, one_hot, proven
from nn.reduction import elementwise, is_sequence, reduced

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "nll_loss"]


def _kept(weight: Any, x: Any) -> Any:
    """Return ``x``, but zero where a weight of zero meets an infinity: such a term is 0, as 0 log 0 is."""
    if not modes.is_tracing():
        return 0.0 if data_of(weight) == 0.0 and math.isinf(data_of(x)) else x
    if weight.__class__ is Value:
        return autograd.where(ops.equal(weight, 0.0) * ops.equal(autograd.abs(x), math.inf), 0.0, x)
    return 0.0 if weight == 0 else x


def _expected(weights: Any, logarithms: Any) -> Any:
    """Sum of weight times logarithm.

    A class of weight zero costs nothing, though its logarithm be infinite.
    """
    return autograd.dot(
        tuple(weights), tuple([_kept(w, x) for w, x in zip(weights, logarithms, strict=True)])
    )


_PROBABILITIES = "binary_cross_entropy takes probabilities in [0, 1], got {}; from scores use binary_cross_entropy_with_logits"
_TARGETS = "binary cross-entropy takes targets in [0, 1], got {}; for labels -1 and 1 write (y + 1) / 2"


def _fraction(x: Any) -> Any:
    """Whether a number is from 0 to 1."""
    return ops.equal(x, ops.clamp(x, low=0.0, high=1.0))


def _no_excess(x: Any) -> Any:
    """Whether a number is neither below 0 nor above 1; of NaN the loss is NaN."""
    return 1.0 - (ops.less(x, 0.0) + ops.greater(x, 1.0))


def binary_cross_entropy(probability: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Return -(t log p + (1 - t) log(1 - p)) for probabilities p and targets t in [0, 1] (Bishop, PRML, eq. 4.90).

    A term whose factor is the number zero is left out, so p = 1 with t = 1 costs nothing. Rather use
    `binary_cross_entropy_with_logits`, which is accurate where p rounds to 0 or 1. The derivative is the sum
    of -t / p and (1 - t) / (1 - p), right to some units in the last place of these terms: next to p = t,
    where they cancel, that is an error of about 1e-16 beside each, not beside their sum.

    Parameters
    ----------
    probability, target
        Numbers or Values in [0, 1], or nested sequences of one shape.
    reduction
        ``"mean"`` or ``"sum"`` over the elements, or ``"none"`` for the list of their losses.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); a list of them with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, a probability or target lies outside of [0, 1], or the reduction is
        unknown.

    Examples
    --------
    >>> binary_cross_entropy([0.5, 1.0], [1, 1])
    0.34657359027997264
    """

    def one(p: Any, t: Any) -> Any:
        if t.__class__ is Value:
            taken = autograd.where(ops.equal(t, 0.0), 0.0, t * autograd.log(p))
            loss = -(taken + autograd.where(ops.equal(t, 1.0), 0.0, (1.0 - t) * autograd.log1p(-p)))
        else:
            terms = [t * autograd.log(p)] if t else []
            if t != 1:
                terms.append((1.0 - t) * autograd.log1p(-p))
            loss = -(terms[0] if len(terms) == 1 else terms[0] + terms[1])
        return proven(proven(loss, p, _no_excess, _PROBABILITIES), t, _fraction, _TARGETS)

    return elementwise(probability, target, reduction, "binary_cross_entropy", one)


def binary_cross_entropy_with_logits(score: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy of sigmoid(score) against targets in [0, 1], from the score: softplus(s) - t s.

    Where the target is 0 or 1 it is softplus of the score or of its negative, accurate in both tails; the
    derivative is sigmoid(score) - target (Bishop, PRML, eq. 4.91), right to about 1e-16 beside the target:
    next to zero no more is to be had, unless sigmoid(score) had more digits than a float. An infinite score
    on the right side costs nothing.

    Parameters
    ----------
    score, target
        Scores (any number), and targets in [0, 1]; numbers or Values, or nested sequences of one shape.
    reduction
        ``"mean"`` or ``"sum"`` over the elements, or ``"none"`` for the list of their losses.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); a list of them with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, a target lies outside of [0, 1], or the reduction is unknown.

    Examples
    --------
    >>> binary_cross_entropy_with_logits(0.0, 1)
    0.6931471805599453
    >>> binary_cross_entropy_with_logits(800.0, 0)
    800.0
    """

    def one(s: Any, t: Any) -> Any:
        if t.__class__ is not Value and t in (0, 1):
            return autograd.softplus(-s if t == 1 else s)
        loss = t * _kept(t, autograd.softplus(-s)) + (1.0 - t) * _kept(1.0 - t, autograd.softplus(s))
        return proven(loss, t, _fraction, _TARGETS)

    return elementwise(score, target, reduction, "binary_cross_entropy_with_logits", one)


def _index(target: Any, count: int, who: str) -> int | None:
    """Return the class that an integer or a one-hot target names.

    It is None for other weights, or while it is unknown.
    """
    if is_sequence(target):
        weights = list(target)
        if len(weights) != count:
            raise ValueError(f"{who}: {count} scores but a target of {len(weights)} entries")
        for w in weights:
            if not hasattr(w, "__sub__"):
                raise TypeError(f"{who} takes the classes' weights as numbers, got {w!r:.60}")
        if any(w.__class__ is Value for w in weights) or sorted(weights) != [0] * (count - 1) + [1]:
            return None
        return weights.index(1)
    if target.__class__ is Value:
        if modes.is_tracing():
            return None
        target = target.data
    index = as_whole(target)
    if index is None:
        raise ValueError(f"{who} takes a class as a whole number, got {target!r:.60}")
    if not 0 <= index < count:
        raise ValueError(f"{who}: target {index} is not one of the classes 0 to {count - 1}")
    return index


def _classes(rows: Any, target: Any, reduction: str, who: str, one: Callable[[list[Any], Any], Any]) -> Any:
    """Apply ``one`` to one example's scores and target, or to each of a batch."""
    if not is_sequence(rows):
        raise TypeError(
            f"{who} takes the scores of all classes as a list, got {type(rows).__name__}; for two classes "
            "of one score use binary_cross_entropy_with_logits"
        )
    rows = list(rows)
    if not rows:
        raise ValueError(f"{who} of nothing is not defined; pass at least one score")
    if not is_sequence(rows[0]):
        return reduced([one(rows, target)], reduction, single=True)
    targets = list(target) if is_sequence(target) else [target]
    if len(targets) != len(rows):
        raise ValueError(f"{who}: {len(rows)} examples but {len(targets)} targets")
    return reduced([one(list(row), t) for row, t in zip(rows, targets, strict=True)], reduction)


def cross_entropy(scores: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy of softmax(scores) against the target, from the scores.

    The derivative with respect to the scores is softmax(scores) - one_hot(target) (Bishop, PRML, eq. 4.108
    and 4.109). A class whose score is -inf is masked: with a weight of zero it costs nothing, and with any
    other infinitely much. Where all are masked, loss and gradient are NaN, as in PyTorch.

    Parameters
    ----------
    scores
        One example's scores, one for each class; or a list of those.
    target
        The class as a whole number, or the classes' weights (such as one-hot); or a list of those.
    reduction
        ``"mean"`` or ``"sum"`` over the examples, or ``"none"`` for each example's loss.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); with ``reduction="none"`` one for each example of a
        batch.

    Raises
    ------
    ValueError
        If a target is no class or has another number of entries than the scores, if the numbers of examples
        differ, or if the reduction is unknown.
    TypeError
        If the scores are no list.

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
        if is_sequence(t):
            return -_expected(t, autograd.log_softmax(row))
        hot, known = one_hot(t, len(row))
        return known - autograd.sum(
            [autograd.where(h, x, 0.0) for h, x in zip(hot, autograd.log_softmax(row), strict=True)]
        )

    return _classes(scores, target, reduction, "cross_entropy", one)


def nll_loss(log_probabilities: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Negative log-likelihood, from log-probabilities such as `autograd.log_softmax` returns.

    Parameters
    ----------
    log_probabilities
        One example's, one for each class; or a list of those.
    target, reduction
        As for `cross_entropy`.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); with ``reduction="none"`` one for each example of a
        batch.

    Raises
    ------
    ValueError, TypeError
        As `cross_entropy` does.

    Examples
    --------
    >>> nll_loss([-0.25, -1.5], 1)
    1.5
    """

    def one(row: list[Any], t: Any) -> Any:
        index = _index(t, len(row), "nll_loss")
        if index is not None:
            return -row[index]
        if is_sequence(t):
            return -_expected(t, row)
        hot, known = one_hot(t, len(row))
        return known - autograd.sum([autograd.where(h, x, 0.0) for h, x in zip(hot, row, strict=True)])

    return _classes(log_probabilities, target, reduction, "nll_loss", one)
