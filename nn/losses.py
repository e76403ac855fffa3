"""Losses and penalties, each of as few nodes as possible.

Predictions and targets are numbers or Values, alone or in lists of any depth that match. Where a loss
takes scores, it is stable: a probability that rounds to 0 or 1 still has its loss and its gradient.
An infinite prediction has the limits of loss and gradient wherever there are such; NaN, and infinities whose
difference has no limit (a prediction and a target of inf), give NaN and never a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from operator import sub
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias, TypeVar, overload

import autograd
from autograd import Value, modes, ops
from autograd.calculus.lookup import one_hot
from autograd.spellings import options
from autograd.words import gettext, marked
from nn.checks import as_whole, data_of, is_sequence, listed, proven, real, refuse
from nn.modules.module import Module

if TYPE_CHECKING:
    from autograd.typing import Numbers, Reals

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "half_squared_error",
    "hinge_loss", "huber_loss", "l1_loss", "l1_penalty", "l2_penalty", "mse_loss", "nll_loss",
    "sum_squared_error",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")

_OWN = "write the loss as a function of Values, such as lambda y, t: autograd.mean([...])"
_INSTEAD = {
    **dict.fromkeys(["mse", "MSE", "mean_squared_error", "square_loss"], "write nn.losses.mse_loss"),
    **dict.fromkeys(["mae", "MAE", "mae_loss", "mean_absolute_error", "l1"], "write nn.losses.l1_loss"),
    **dict.fromkeys(["huber", "smooth_l1", "smooth_l1_loss"],
                    "write nn.losses.huber_loss, or nn.SmoothL1Loss(beta=...), which divides it by beta"),
    **dict.fromkeys(["bce", "bce_loss", "binary_crossentropy", "log_loss"],
                    "write nn.losses.binary_cross_entropy"),
    **dict.fromkeys(["bce_with_logits", "bce_with_logits_loss", "logistic_loss", "sigmoid_cross_entropy"],
                    "write nn.losses.binary_cross_entropy_with_logits"),
    **dict.fromkeys(["ce", "ce_loss", "cross_entropy_loss", "categorical_crossentropy", "crossentropy",
                     "softmax_cross_entropy", "sparse_categorical_crossentropy"],
                    "write nn.losses.cross_entropy"),
    **dict.fromkeys(["nll", "negative_log_likelihood"], "write nn.losses.nll_loss"),
    **dict.fromkeys(["hinge", "svm_loss", "max_margin"], "write nn.losses.hinge_loss"),
    **dict.fromkeys(["kl_div", "kl_divergence", "kl_loss"],
                    "write autograd.sum([autograd.xlogy(t, t) - t * x for x, t in zip(log_probabilities, "
                    "targets)])"),
    "linear_cross_entropy": "write nn.losses.cross_entropy of what the layer returns",
    **{f"{name}Loss": f"write nn.{name}Loss" for name in
       ("MSE", "L1", "Huber", "SmoothL1", "BCE", "BCEWithLogits", "CrossEntropy", "NLL")},
    **dict.fromkeys(["ctc_loss", "cosine_similarity", "focal_loss",
                     "dice_loss", "triplet_loss", "contrastive_loss"], _OWN),
    **{f"{name}_loss": _OWN for name in
       ("cosine_embedding", "gaussian_nll", "hinge_embedding", "margin_ranking", "multi_margin",
        "multilabel_margin", "multilabel_soft_margin", "poisson_nll", "soft_margin", "triplet_margin",
        "triplet_margin_with_distance")},
}  # fmt: skip
REDUCTIONS = ("mean", "sum", "none")
_WORDS = marked(
    "number the words first, names = sorted(set(labels)) and [names.index(label) for label in labels], or "
    "pandas.factorize(labels)[0]"
)
_REDUCED = 'reduction="mean", "sum" or "none"'
_WEIGHED = 'reduction="none", and multiply each loss by its weight'
_EACH = 'reduction="none": the losses have the shape of the predictions'
_FOREIGN: dict[str, tuple[Any, str]] = {
    "size_average": (None, _REDUCED), "reduce": (None, _REDUCED),
    "reduction": ("sum", "nn.losses.mse_loss, which has it"),
    "weight": (None, _WEIGHED), "sample_weight": (None, _WEIGHED), "weights": (None, _WEIGHED),
    "axis": (None, _EACH), "dim": (None, _EACH),
    "pos_weight": (None, "nn.losses.binary_cross_entropy_with_logits, which has it"),
    "class_weight": (None, "nn.losses.cross_entropy(scores, classes, weight=...)"),
    "label_smoothing": (0.0, "nn.losses.cross_entropy, which has it, or targets such as 0.05 and 0.95"),
    "ignore_index": (-100, "nn.losses.cross_entropy or nll_loss, which have it, or leave those samples out"),
    "from_logits": (False, "nn.losses.binary_cross_entropy_with_logits or cross_entropy, which take scores"),
    "delta": (1.0, "nn.losses.huber_loss, which has it"),
    "beta": (1.0, "nn.losses.huber_loss(..., delta=beta), divided by beta"),
    "margin": (1.0, "the loss as a formula, such as autograd.maximum(0.0, margin - target * score)"),
    "log_target": (False, "nn.losses.mse_loss of logarithms: targets are what predictions are"),
    "eps": (0.0, "nothing: a probability that rounds to 0 or 1 still has its loss and its gradient"),
}
"""Options that losses have elsewhere: the value that asks for nothing, and what to write instead."""
ToOne: TypeAlias = Literal["mean", "sum"]
"""The reductions to one number."""


_PROBABILISTIC = marked("nn.losses.binary_cross_entropy or nll_loss, which take probabilities")


def foreign(loss: Callable[..., Any]) -> dict[str, tuple[Any, str]]:
    """Return the options that the like of a loss has elsewhere, as `autograd.spellings` takes them."""
    own = signature(loss).parameters
    found = {name: said for name, said in _FOREIGN.items() if name not in own}
    if next(iter(own)).startswith("score"):
        found["from_logits"] = (True, _PROBABILISTIC)
    return found


def _spelled(loss: Callable[P, R]) -> Callable[P, R]:
    """Let a loss say what to write in place of the options that its like has elsewhere."""
    first, second = list(signature(loss).parameters)[:2]
    names = {name: first for name in ("input", "prediction", "pred", "y_pred", "logits") if name != first}
    names |= {name: second for name in ("target", "y_true", "labels") if name != second}
    return options(names, **foreign(loss))(loss)


def _pairs_of(prediction: Any, target: Any, who: str) -> list[tuple[Any, Any]]:
    """Return matching elements of two numbers, or of two nested sequences of one shape, as a flat list."""
    if not is_sequence(prediction):
        if is_sequence(target):
            target = list(target)
            if len(target) != 1:
                raise ValueError(gettext(
                    "{who}: one prediction but {count} targets; their shapes must match",
                    who=who, count=len(target),
                ))  # fmt: skip
            target = target[0]
        return [(prediction, target)]
    prediction = list(prediction)
    targets = list(target) if is_sequence(target) else [target]
    if len(prediction) != len(targets):
        raise ValueError(gettext(
            "{who}: {count} predictions but {count2} targets; their shapes must match",
            who=who, count=len(prediction), count2=len(targets),
        ))  # fmt: skip
    if not prediction:
        raise ValueError(gettext("{who} of nothing is not defined; pass at least one prediction", who=who))
    pairs: list[tuple[Any, Any]] = []
    for p, t in zip(prediction, targets, strict=True):
        if is_sequence(p) or is_sequence(t):
            pairs += _pairs_of(p, t, who)
        else:
            pairs.append((p, t))
    return pairs


def _reduced(losses: list[Any], reduction: str, *, single: bool = False) -> Any:
    """Return the mean, the sum, or the losses themselves (a single one without a list)."""
    if reduction not in REDUCTIONS:
        raise ValueError(gettext(
            "reduction must be one of {names}, got {reduction}",
            names=', '.join(REDUCTIONS), reduction=repr(reduction),
        ))  # fmt: skip
    if reduction == "none":
        return losses[0] if single else losses
    if len(losses) == 1:
        return losses[0]
    return autograd.mean(losses) if reduction == "mean" else autograd.sum(losses)


def _elementwise(
    prediction: Any, target: Any, reduction: str, who: str, one: Callable[[Any, Any], Any]
) -> Any:
    """Apply ``one`` to each prediction and its target, and reduce the losses."""
    losses = _paired(_pairs_of(prediction, target, who), who, one)
    if reduction == "none" and is_sequence(prediction):
        return _shaped(prediction, iter(losses))
    return _reduced(losses, reduction, single=not is_sequence(prediction))


def _shaped(like: Iterable[Any], numbers: Iterator[Any]) -> list[Any]:
    """Return numbers in lists as deep and as long as those of a nested sequence."""
    return [_shaped(part, numbers) if is_sequence(part) else next(numbers) for part in like]


def _paired(pairs: list[tuple[Any, Any]], who: str, one: Callable[[Any, Any], Any]) -> list[Any]:
    """Apply ``one`` to each prediction and its target; where it fails, say which is no number."""
    try:
        return [one(p, t) for p, t in pairs]
    except TypeError:
        for pair in pairs:
            for name, x in zip((gettext("prediction"), gettext("target")), pair):
                if not hasattr(x, "__sub__"):
                    got = f"{x!r:.60}; {gettext(_WORDS)}" if isinstance(x, str) else f"{x!r:.60}"
                    raise TypeError(gettext(
                        "{who} takes numbers and Values, got the {name} {got}",
                        who=who, name=name, got=got,
                    )) from None  # fmt: skip
        raise


# Losses of numbers.


def _squares(prediction: Any, target: Any, who: str) -> tuple[Any, int]:
    """Return the sum of squared errors as one dot product, and the number of errors."""
    errors = tuple(_paired(_pairs_of(prediction, target, who), who, sub))
    return (errors[0] * errors[0] if len(errors) == 1 else autograd.dot(errors, errors)), len(errors)


@overload
def mse_loss(prediction: Reals, target: Reals, *, reduction: ToOne = "mean") -> float: ...
@overload
def mse_loss(prediction: Numbers, target: Numbers, *, reduction: ToOne = "mean") -> Value: ...
@overload
def mse_loss(prediction: Iterable[Any], target: Numbers, *, reduction: Literal["none"]) -> list[Any]: ...
@overload
def mse_loss(prediction: Numbers, target: Numbers, *, reduction: str) -> Any: ...
@_spelled
def mse_loss(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Mean squared error: the mean over all elements of (prediction - target)**2.

    Parameters
    ----------
    prediction, target
        Numbers or Values, or nested sequences of one shape.
    reduction
        ``"mean"`` or ``"sum"`` over the elements, or ``"none"`` for their losses, in lists
        as those of the predictions.

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
        return _elementwise(prediction, target, reduction, "mse_loss", lambda p, t: (p - t) * (p - t))
    total, count = _squares(prediction, target, "mse_loss")
    _reduced([total], reduction)
    return total / float(count) if reduction == "mean" and count > 1 else total


@overload
def sum_squared_error(prediction: Reals, target: Reals) -> float: ...
@overload
def sum_squared_error(prediction: Numbers, target: Numbers) -> Value: ...
@_spelled
def sum_squared_error(prediction: Any, target: Any) -> Any:
    """Sum over all elements of (prediction - target)**2.

    Parameters
    ----------
    prediction, target
        As for `mse_loss`.

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


@overload
def half_squared_error(prediction: Reals, target: Reals) -> float: ...
@overload
def half_squared_error(prediction: Numbers, target: Numbers) -> Value: ...
@_spelled
def half_squared_error(prediction: Any, target: Any) -> Any:
    """Quadratic cost 1/2 ||target - prediction||**2, whose gradient is prediction - target.

    Bishop, PRML, section 5.2.

    Parameters
    ----------
    prediction, target
        As for `mse_loss`.

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


@overload
def l1_loss(prediction: Reals, target: Reals, *, reduction: ToOne = "mean") -> float: ...
@overload
def l1_loss(prediction: Numbers, target: Numbers, *, reduction: ToOne = "mean") -> Value: ...
@overload
def l1_loss(prediction: Iterable[Any], target: Numbers, *, reduction: Literal["none"]) -> list[Any]: ...
@overload
def l1_loss(prediction: Numbers, target: Numbers, *, reduction: str) -> Any: ...
@_spelled
def l1_loss(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Mean absolute error: the mean over all elements of abs(prediction - target).

    Parameters
    ----------
    prediction, target, reduction
        As for `mse_loss`.

    Returns
    -------
    Value or float
        As of `mse_loss`.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, or the reduction is unknown.

    Examples
    --------
    >>> l1_loss([1.0, 2.0], [0.0, 4.0])
    1.5
    """
    return _elementwise(prediction, target, reduction, "l1_loss", lambda p, t: autograd.abs(p - t))


@overload
def huber_loss(
    prediction: Reals, target: Reals, *, delta: float = 1.0, reduction: ToOne = "mean"
) -> float: ...
@overload
def huber_loss(
    prediction: Numbers, target: Numbers, *, delta: float = 1.0, reduction: ToOne = "mean"
) -> Value: ...
@overload
def huber_loss(
    prediction: Iterable[Any], target: Numbers, *, delta: float = 1.0, reduction: Literal["none"]
) -> list[Any]: ...
@overload
def huber_loss(prediction: Numbers, target: Numbers, *, delta: float = 1.0, reduction: str) -> Any: ...
@_spelled
def huber_loss(prediction: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """Half the square of an error up to ``delta``, and beyond it a tangent line.

    The line is delta * (abs(error) - delta / 2).

    After Huber (1964): quadratic near the target, and with a bounded gradient for outliers.

    Parameters
    ----------
    prediction, target, reduction
        As for `mse_loss`.
    delta
        Where the line begins, in units of the prediction; positive.

    Returns
    -------
    Value or float
        As of `mse_loss`.

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

    return _elementwise(prediction, target, reduction, "huber_loss", one)


@overload
def hinge_loss(score: Reals, target: Reals, *, reduction: ToOne = "mean") -> float: ...
@overload
def hinge_loss(score: Numbers, target: Numbers, *, reduction: ToOne = "mean") -> Value: ...
@overload
def hinge_loss(score: Iterable[Any], target: Numbers, *, reduction: Literal["none"]) -> list[Any]: ...
@overload
def hinge_loss(score: Numbers, target: Numbers, *, reduction: str) -> Any: ...
@_spelled
def hinge_loss(score: Any, target: Any, *, reduction: str = "mean") -> Any:
    """max(0, 1 - target * score), for targets -1 and 1 (Cortes and Vapnik 1995).

    Parameters
    ----------
    score, target
        Scores, numbers or Values, and targets; or nested sequences of one shape.
    reduction
        As for `mse_loss`.

    Returns
    -------
    Value or float
        As of `mse_loss`.

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
        message = marked("hinge_loss takes targets -1 and 1, got {given}; for labels 0 and 1 write 2 * y - 1")
        return proven(autograd.relu(1.0 - t * s), t, lambda t: ops.equal(t * t, 1.0), message)

    return _elementwise(score, target, reduction, "hinge_loss", one)


# Losses of classes and probabilities.


def _kept(weight: Any, x: Any) -> Any:
    """Return ``x``, but zero where a weight of zero meets an infinity: such a term is 0, as 0 log 0 is."""
    if not modes.is_tracing():
        return 0.0 if data_of(weight) == 0.0 and math.isinf(data_of(x)) else x
    if isinstance(weight, Value):
        return autograd.where(ops.equal(weight, 0.0) * ops.equal(autograd.abs(x), math.inf), 0.0, x)
    return 0.0 if weight == 0 else x


def _expected(weights: Any, logarithms: Any) -> Any:
    """Sum of weight times logarithm.

    A class of weight zero costs nothing, though its logarithm be infinite.
    """
    return autograd.dot(
        tuple(weights), tuple([_kept(w, x) for w, x in zip(weights, logarithms, strict=True)])
    )


_PROBABILITIES = marked(
    "binary_cross_entropy takes probabilities in [0, 1], got {given}; from scores use "
    "binary_cross_entropy_with_logits"
)
_TARGETS = marked(
    "binary cross-entropy takes targets in [0, 1], got {given}; for labels -1 and 1 write (y + 1) / 2"
)


def _fraction(x: Any) -> Any:
    """Whether a number is from 0 to 1."""
    return ops.equal(x, ops.clamp(x, low=0.0, high=1.0))


def _no_excess(x: Any) -> Any:
    """Whether a number is neither below 0 nor above 1; of NaN the loss is NaN."""
    return 1.0 - (ops.less(x, 0.0) + ops.greater(x, 1.0))


@overload
def binary_cross_entropy(probability: Reals, target: Reals, *, reduction: ToOne = "mean") -> float: ...
@overload
def binary_cross_entropy(probability: Numbers, target: Numbers, *, reduction: ToOne = "mean") -> Value: ...
@overload
def binary_cross_entropy(
    probability: Iterable[Any], target: Numbers, *, reduction: Literal["none"]
) -> list[Any]: ...
@overload
def binary_cross_entropy(probability: Numbers, target: Numbers, *, reduction: str) -> Any: ...
@_spelled
def binary_cross_entropy(probability: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Return -(t log p + (1 - t) log(1 - p)) for probabilities p and targets t in [0, 1].

    Bishop, PRML, eq. 4.90.

    A term whose factor is the number zero is left out, so p = 1 with t = 1 costs nothing. Rather use
    `binary_cross_entropy_with_logits`, which is accurate where p rounds to 0 or 1. The derivative is the sum
    of -t / p and (1 - t) / (1 - p), right to some units in the last place of these terms: next to p = t,
    where they cancel, that is an error of about 1e-16 beside each, not beside their sum.

    Parameters
    ----------
    probability, target
        Numbers or Values in [0, 1], or nested sequences of one shape.
    reduction
        As for `mse_loss`.

    Returns
    -------
    Value or float
        As of `mse_loss`.

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
        if isinstance(t, Value):
            taken = autograd.where(ops.equal(t, 0.0), 0.0, t * autograd.log(p))
            loss = -(taken + autograd.where(ops.equal(t, 1.0), 0.0, (1.0 - t) * autograd.log1p(-p)))
        else:
            terms = [t * autograd.log(p)] if t else []
            if t != 1:
                terms.append((1.0 - t) * autograd.log1p(-p))
            loss = -(terms[0] if len(terms) == 1 else terms[0] + terms[1])
        return proven(proven(loss, p, _no_excess, _PROBABILITIES), t, _fraction, _TARGETS)

    return _elementwise(probability, target, reduction, "binary_cross_entropy", one)


@overload
def binary_cross_entropy_with_logits(
    score: Reals, target: Reals, *, reduction: ToOne = "mean", pos_weight: float = 1.0
) -> float: ...
@overload
def binary_cross_entropy_with_logits(
    score: Numbers, target: Numbers, *, reduction: ToOne = "mean", pos_weight: float = 1.0
) -> Value: ...
@overload
def binary_cross_entropy_with_logits(
    score: Iterable[Any], target: Numbers, *, reduction: Literal["none"], pos_weight: float = 1.0
) -> list[Any]: ...
@overload
def binary_cross_entropy_with_logits(
    score: Numbers, target: Numbers, *, reduction: str, pos_weight: float = 1.0
) -> Any: ...
@_spelled
def binary_cross_entropy_with_logits(
    score: Any, target: Any, *, reduction: str = "mean", pos_weight: float = 1.0
) -> Any:
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
        As for `mse_loss`.
    pos_weight
        Factor of the target 1, such as the number of 0s over that of 1s where these are rare.

    Returns
    -------
    Value or float
        As of `mse_loss`.

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
    factor = real("pos_weight", pos_weight, least=0.0)

    def one(s: Any, t: Any) -> Any:
        if not isinstance(t, Value) and t in (0, 1):
            loss = autograd.softplus(-s if t == 1 else s)
            return loss if factor == 1.0 or t == 0 else factor * loss
        positive = t if factor == 1.0 else factor * t
        negative = 1.0 - t
        loss = positive * _kept(positive, autograd.softplus(-s))
        loss = loss + negative * _kept(negative, autograd.softplus(s))
        return proven(loss, t, _fraction, _TARGETS)

    return _elementwise(score, target, reduction, "binary_cross_entropy_with_logits", one)


def _index(target: Any, count: int, who: str) -> int | None:
    """Return the class that an integer or a one-hot target names.

    None for other weights, or while it is unknown.
    """
    if is_sequence(target):
        weights = list(target)
        if len(weights) != count:
            raise ValueError(gettext(
                "{who}: {count} scores but a target of {count2} entries",
                who=who, count=count, count2=len(weights),
            ))  # fmt: skip
        for w in weights:
            if not hasattr(w, "__sub__"):
                raise TypeError(gettext(
                    "{who} takes the classes' weights as numbers, got {w}",
                    who=who, w=f"{w!r:.60}",
                ))  # fmt: skip
        if any(isinstance(w, Value) for w in weights) or sorted(weights) != [0] * (count - 1) + [1]:
            return None
        return weights.index(1)
    if isinstance(target, Value):
        if modes.is_tracing():
            return None
        target = target.data
    index = as_whole(target)
    if index is None:
        remedy = f"; {gettext(_WORDS)}" if isinstance(target, str) else ""
        raise ValueError(gettext(
            "{who} takes a class as a whole number, got {target}{remedy}",
            who=who, target=f"{target!r:.60}", remedy=remedy,
        ))  # fmt: skip
    if not 0 <= index < count:
        raise ValueError(gettext(
            "{who}: target {index} is not one of the classes 0 to {count}; number the classes from 0",
            who=who, index=index, count=count - 1,
        ))  # fmt: skip
    return index


def _classes(
    rows: Any, target: Any, reduction: str, who: str, one: Callable[[list[Any], Any], tuple[Any, Any]]
) -> Any:
    """Apply ``one`` to one example's scores and target, or to each of a batch.

    It returns the loss and the example's share in the mean.
    """
    if not is_sequence(rows):
        raise TypeError(gettext(
            "{who} takes the scores of all classes as a list, got {kind}; for two classes of one score use "
            "binary_cross_entropy_with_logits",
            who=who, kind=type(rows).__name__,
        ))  # fmt: skip
    rows = list(rows)
    if not rows:
        raise ValueError(gettext("{who} of nothing is not defined; pass at least one score", who=who))
    if not is_sequence(rows[0]):
        return _shared([one(rows, target)], reduction, single=True)
    targets = list(target) if is_sequence(target) else [target]
    if len(targets) != len(rows):
        raise ValueError(gettext(
            "{who}: {count} examples but {count2} targets",
            who=who, count=len(rows), count2=len(targets),
        ))  # fmt: skip
    return _shared([one(list(row), t) for row, t in zip(rows, targets, strict=True)], reduction)


def _shared(pairs: list[tuple[Any, Any]], reduction: str, *, single: bool = False) -> Any:
    """Reduce losses, each with its share in the mean."""
    losses, shares = [loss for loss, _ in pairs], [share for _, share in pairs]
    if reduction != "mean" or all(share.__class__ is float and share == 1.0 for share in shares):
        return _reduced(losses, reduction, single=single)
    total, whole = autograd.sum(losses), autograd.sum(shares)
    if whole.__class__ is float and whole == 0.0:
        return total * math.nan if isinstance(total, Value) else math.nan
    return total / whole


def _class_weights(weight: Any) -> list[float]:
    """Check the weights of the classes; an empty list where there are none."""
    if weight is None:
        return []
    return [real("a class's weight", data_of(w), least=0.0) for w in listed("weight", weight)]


def _of_classes(
    logarithms: Callable[[list[Any], int | None], Any], row: list[Any], target: Any, who: str,
    weights: list[float], ignore_index: int, smoothing: float,
) -> tuple[Any, Any]:  # fmt: skip
    """Return minus the expected logarithm of an example, and its share in the mean.

    The target's distribution is (1 - smoothing) target + smoothing / classes, and each class has its weight.
    """
    count = len(row)
    if weights and len(weights) != count:
        raise ValueError(gettext(
            "{who}: {count} weights of classes, but {count2} scores",
            who=who, count=len(weights), count2=count,
        ))  # fmt: skip
    if not isinstance(target, Value) or not modes.is_tracing():
        number = target.data if isinstance(target, Value) else target
        if not is_sequence(number) and as_whole(number) == ignore_index:
            return 0.0, 0.0
    index = _index(target, count, who)
    if index is not None and not weights and not smoothing:
        return -logarithms(row, index), 1.0
    share: Any = 1.0
    if is_sequence(target):
        hot, known = listed("target", target), None
    elif index is not None:
        hot, known = [float(k == index) for k in range(count)], None
        share = weights[index] if weights else 1.0
    else:
        hot, known = one_hot(target, count)
        share = autograd.dot(weights, hot) if weights else 1.0
    if smoothing:
        hot = [(1.0 - smoothing) * h + smoothing / count for h in hot]
    if weights:
        hot = [w * h for w, h in zip(weights, hot, strict=True)]
    if index is not None and not smoothing and not is_sequence(target):
        return -(hot[index] * logarithms(row, index)), share
    logs = logarithms(row, None)
    if known is None:
        return -_expected(hot, logs), share
    if smoothing or weights:
        loss = known - _expected(hot, logs)
    else:
        loss = known - autograd.sum([autograd.where(h, x, 0.0) for h, x in zip(hot, logs, strict=True)])
    if ignore_index >= 0:  # one that is no class leaves the program to the engine, which looks
        ignored = ops.equal(target, float(ignore_index))
        return autograd.where(ignored, 0.0, loss), share * (1.0 - ignored)
    return loss, share


@overload
def cross_entropy(
    scores: Reals, target: Reals, *, reduction: ToOne = "mean", weight: Iterable[float] | None = None,
    ignore_index: int = -100, label_smoothing: float = 0.0,
) -> float: ...  # fmt: skip
@overload
def cross_entropy(
    scores: Numbers, target: Numbers, *, reduction: ToOne = "mean", weight: Iterable[float] | None = None,
    ignore_index: int = -100, label_smoothing: float = 0.0,
) -> Value: ...  # fmt: skip
@overload
def cross_entropy(
    scores: Numbers, target: Numbers, *, reduction: str, weight: Iterable[float] | None = None,
    ignore_index: int = -100, label_smoothing: float = 0.0,
) -> Any: ...  # fmt: skip
@_spelled
def cross_entropy(
    scores: Any, target: Any, *, reduction: str = "mean", weight: Iterable[float] | None = None,
    ignore_index: int = -100, label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
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
    weight
        A factor for each class. As in PyTorch, the mean divides by the sum of the targets' factors, so that
        of a single example it cancels: for `nn.fit`, which asks for one example's loss at a time, write
        ``reduction="sum"``.
    ignore_index
        A target that costs nothing and does not count in the mean.
    label_smoothing
        Share of the target that is spread evenly over all classes, from 0 to 1 (Szegedy et al. 2016).

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
    >>> round(cross_entropy([2.0, 0.0], 0, label_smoothing=0.1), 6)
    0.226928
    """
    weights, ignored = _class_weights(weight), _ignored(ignore_index)
    smoothing = real("label_smoothing", label_smoothing, least=0.0, below=math.nextafter(1.0, 2.0))

    def logarithms(row: list[Any], index: int | None) -> Any:
        return autograd.log_softmax(row) if index is None else ops.log_softmax(*row, index=index)

    def one(row: list[Any], t: Any) -> tuple[Any, Any]:
        return _of_classes(logarithms, row, t, "cross_entropy", weights, ignored, smoothing)

    return _classes(scores, target, reduction, "cross_entropy", one)


def _ignored(index: Any) -> int:
    if isinstance(index, bool) or not hasattr(index, "__index__"):
        raise ValueError(gettext("ignore_index must be a whole number, got {index}", index=f"{index!r:.60}"))
    return int(index.__index__())


@overload
def nll_loss(
    log_probabilities: Reals, target: Reals, *, reduction: ToOne = "mean",
    weight: Iterable[float] | None = None, ignore_index: int = -100,
) -> float: ...  # fmt: skip
@overload
def nll_loss(
    log_probabilities: Numbers, target: Numbers, *, reduction: ToOne = "mean",
    weight: Iterable[float] | None = None, ignore_index: int = -100,
) -> Value: ...  # fmt: skip
@overload
def nll_loss(
    log_probabilities: Numbers, target: Numbers, *, reduction: str, weight: Iterable[float] | None = None,
    ignore_index: int = -100,
) -> Any: ...  # fmt: skip
@_spelled
def nll_loss(
    log_probabilities: Any, target: Any, *, reduction: str = "mean", weight: Iterable[float] | None = None,
    ignore_index: int = -100,
) -> Any:  # fmt: skip
    """Negative log-likelihood, from log-probabilities such as `autograd.log_softmax` returns.

    Parameters
    ----------
    log_probabilities
        One example's, one for each class; or a list of those.
    target, reduction, weight, ignore_index
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
    weights, ignored = _class_weights(weight), _ignored(ignore_index)

    def logarithms(row: list[Any], index: int | None) -> Any:
        return row if index is None else row[index]

    def one(row: list[Any], t: Any) -> tuple[Any, Any]:
        return _of_classes(logarithms, row, t, "nll_loss", weights, ignored, 0.0)

    return _classes(log_probabilities, target, reduction, "nll_loss", one)


# Penalties.


def _penalized(parameters: Module | Iterable[Value], strength: Any) -> tuple[Value, ...]:
    if isinstance(parameters, Value):
        raise TypeError(gettext(
            "a penalty takes a module or a list of parameters; write [v] for a single Value"
        ))  # fmt: skip
    if not isinstance(strength, Value):
        real("strength", strength)
    return tuple(parameters.weights() if isinstance(parameters, Module) else listed("parameters", parameters))


def l2_penalty(parameters: Module | Iterable[Value], strength: float) -> Value:
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


def l1_penalty(parameters: Module | Iterable[Value], strength: float) -> Value:
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


if not TYPE_CHECKING:  # a name that is not there is an error to checkers

    def __getattr__(name: str) -> Any:
        raise refuse("nn.losses", name, _INSTEAD, __all__)
