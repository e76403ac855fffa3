"""Losses and penalties, each of as few nodes as possible.

Predictions and targets are numbers or Values, alone or in lists of any depth that match. Where a loss
takes scores, it is stable: a probability that rounds to 0 or 1 still has its loss and its gradient.
An infinite prediction has the limits of loss and gradient wherever there are such; NaN, and infinities whose
difference has no limit (a prediction and a target of inf), give NaN and never a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import sub
from typing import Any

import autograd
from autograd import Value, ops
from nn.checks import listed, proven, real
from nn.entropy import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, nll_loss
from nn.modules.module import Module
from nn.reduction import elementwise, paired, pairs_of, reduced

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "half_squared_error",
    "hinge_loss", "huber_loss", "l1_loss", "l1_penalty", "l2_penalty", "mse_loss", "nll_loss",
    "sum_squared_error",
]  # fmt: skip


def _squares(prediction: Any, target: Any, who: str) -> tuple[Any, int]:
    """Return the sum of squared errors as one dot product, and the number of errors."""
    errors = tuple(paired(pairs_of(prediction, target, who), who, sub))
    return (errors[0] * errors[0] if len(errors) == 1 else autograd.dot(errors, errors)), len(errors)


def mse_loss(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Mean squared error: the mean over all elements of (prediction - target)**2.

    Parameters
    ----------
    prediction, target
        Numbers or Values, or nested sequences of one shape.
    reduction
        ``"mean"`` or ``"sum"`` over the elements, or ``"none"`` for the list of their losses.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); a list of them with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, or the reduction is unknown.

    Examples
    --------
    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    if reduction == "none":
        return elementwise(prediction, target, reduction, "mse_loss", lambda p, t: (p - t) * (p - t))
    total, count = _squares(prediction, target, "mse_loss")
    reduced([total], reduction)
    return total / float(count) if reduction == "mean" and count > 1 else total


def sum_squared_error(prediction: Any, target: Any) -> Any:
    """Sum over all elements of (prediction - target)**2.

    Parameters
    ----------
    prediction, target
        Numbers or Values, or nested sequences of one shape.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value).

    Raises
    ------
    ValueError
        If the shapes differ or are empty.

    Examples
    --------
    >>> sum_squared_error([1.0, 2.0], [0.0, 4.0])
    5.0
    """
    return _squares(prediction, target, "sum_squared_error")[0]


def half_squared_error(prediction: Any, target: Any) -> Any:
    """Quadratic cost 1/2 ||target - prediction||**2, whose gradient is prediction - target (Bishop, PRML, section 5.2).

    Parameters
    ----------
    prediction, target
        Numbers or Values, or nested sequences of one shape.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value).

    Raises
    ------
    ValueError
        If the shapes differ or are empty.

    Examples
    --------
    >>> half_squared_error([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    return 0.5 * _squares(prediction, target, "half_squared_error")[0]


def l1_loss(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Mean absolute error: the mean over all elements of abs(prediction - target).

    Parameters
    ----------
    prediction, target
        Numbers or Values, or nested sequences of one shape.
    reduction
        ``"mean"`` or ``"sum"`` over the elements, or ``"none"`` for the list of their losses.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); a list of them with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, or the reduction is unknown.

    Examples
    --------
    >>> l1_loss([1.0, 2.0], [0.0, 4.0])
    1.5
    """
    return elementwise(prediction, target, reduction, "l1_loss", lambda p, t: autograd.abs(p - t))


def huber_loss(prediction: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """Half the square of an error up to ``delta``, and beyond it the tangent line delta * (abs(error) - delta / 2).

    After Huber (1964): quadratic near the target, and with a bounded gradient for outliers.

    Parameters
    ----------
    prediction, target
        Numbers or Values, or nested sequences of one shape.
    delta
        Where the line begins, in units of the prediction; positive.
    reduction
        ``"mean"`` or ``"sum"`` over the elements, or ``"none"`` for the list of their losses.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); a list of them with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, ``delta`` is not positive, or the reduction is unknown.

    Examples
    --------
    >>> huber_loss([0.5, 3.0], [0.0, 0.0], reduction="none")
    [0.125, 2.5]
    """
    delta = real("delta", delta, above=0.0)

    def one(p: Any, t: Any) -> Any:
        error = p - t
        size = autograd.abs(error)
        return autograd.where(size <= delta, 0.5 * error * error, delta * (size - 0.5 * delta))

    return elementwise(prediction, target, reduction, "huber_loss", one)


def hinge_loss(score: Any, target: Any, *, reduction: str = "mean") -> Any:
    """max(0, 1 - target * score), for targets -1 and 1 (Cortes and Vapnik 1995).

    Parameters
    ----------
    score, target
        Scores, numbers or Values, and targets; or nested sequences of one shape.
    reduction
        ``"mean"`` or ``"sum"`` over the elements, or ``"none"`` for the list of their losses.

    Returns
    -------
    Value or float
        The loss (a float where no operand is a Value); a list of them with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, a target is neither -1 nor 1, or the reduction is unknown.

    Examples
    --------
    >>> hinge_loss([2.0, 0.5, -1.0], [1, 1, 1])
    0.8333333333333334
    """

    def one(s: Any, t: Any) -> Any:
        message = "hinge_loss takes targets -1 and 1, got {}; for labels 0 and 1 write 2 * y - 1"
        return proven(autograd.relu(1.0 - t * s), t, lambda t: ops.equal(t * t, 1.0), message)

    return elementwise(score, target, reduction, "hinge_loss", one)


def _penalized(parameters: Module | Iterable[Value], strength: Any) -> tuple[Value, ...]:
    if isinstance(parameters, Value):
        raise TypeError("a penalty takes a module or a list of parameters; write [v] for a single Value")
    if strength.__class__ is not Value:
        real("strength", strength)
    return tuple(parameters.weights() if isinstance(parameters, Module) else listed("parameters", parameters))


def l2_penalty(parameters: Module | Iterable[Value], strength: float) -> Any:
    """strength / 2 * sum of the squares of the weights, as one dot product of the weights with themselves.

    Parameters
    ----------
    parameters
        A module, whose weights count and whose biases do not; or the parameters themselves.
    strength
        The factor, often called lambda; its gradient is strength * weight.

    Returns
    -------
    Value
        To be added to a loss, or given to `nn.fit` in a function as its ``penalty``.

    Examples
    --------
    >>> l2_penalty([Value(3.0), Value(4.0)], 0.1).data
    1.25
    """
    weights = _penalized(parameters, strength)
    return 0.5 * strength * autograd.dot(weights, weights)


def l1_penalty(parameters: Module | Iterable[Value], strength: float) -> Any:
    """strength * sum of the absolute values of the weights.

    Parameters
    ----------
    parameters
        A module, whose weights count and whose biases do not; or the parameters themselves.
    strength
        The factor; the gradient is strength * sign(weight), and 0 at a weight of 0.

    Returns
    -------
    Value
        To be added to a loss.

    Examples
    --------
    >>> l1_penalty([Value(3.0), Value(-4.0)], 0.5).data
    3.5
    """
    return strength * autograd.sum([autograd.abs(w) for w in _penalized(parameters, strength)])
