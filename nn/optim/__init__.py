"""Optimizers, by PyTorch's definitions, and beside them schedulers and gradient clipping.

Each update is written once, as a pure function of numbers: ``update(theta, grad, state, lr, step)``. The
numbers may be floats, one parameter at a time, or NumPy arrays, all parameters at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograd import spellings
from autograd.words import gettext
from nn.checks import listed, real, refuse
from nn.optim import lr_scheduler
from nn.optim.lbfgs import LBFGS
from nn.optim.optimizer import Group, Optimizer, Params, clip_grad_norm_, clip_grad_value_
from nn.optim.schedulers import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CosineLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    Scheduler,
    SequentialLR,
    StepLR,
)  # fmt: skip

__all__ = [
    "LBFGS", "SGD", "AdaGrad", "Adagrad", "Adam", "AdamW", "ChainedScheduler", "ConstantLR",
    "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CosineLR", "ExponentialLR", "Group", "LambdaLR",
    "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "Optimizer", "PolynomialLR", "RMSProp",
    "RMSprop", "ReduceLROnPlateau", "Scheduler", "SequentialLR", "StepLR", "clip_grad_norm_",
    "clip_grad_value_", "lr_scheduler",
]  # fmt: skip


_OWN = "a class that derives from nn.optim.Optimizer, with update(theta, grad, state, lr, step)"
_NAMES = {"learning_rate": "lr"}
_SPEED = {
    "maximize": (False, "(-loss).backward() in place of loss.backward()"),
    **dict.fromkeys(["foreach", "fused", "capturable"], spellings.IDLE),
    "differentiable": (False, "each step as a formula, x = x - lr * gradients(loss, x, create_graph=True)"),
}
_INSTEAD = {
    **dict.fromkeys(["NAdam", "RAdam", "Adamax", "Adafactor", "SparseAdam"], "write nn.optim.Adam"),
    **dict.fromkeys(["Adadelta", "ASGD", "Rprop", "Muon"],
                    f"write {_OWN}"),
    "CyclicLR": "write nn.optim.OneCycleLR for one cycle, or nn.optim.LambdaLR with a function of the step",
    "LRScheduler": "write nn.optim.Scheduler",
    "swa_utils": "keep copies of model.state_dict() and average their numbers",
    "clip_grad_norm": "write nn.optim.clip_grad_norm_",
    "clip_grad_value": "write nn.optim.clip_grad_value_",
}  # fmt: skip


class SGD(Optimizer):
    """Gradient descent, with momentum where asked for.

    v = momentum * v + g (v = g in the first step); theta = theta - lr * v, or with ``nesterov`` lr * (g +
    momentum * v) (Polyak 1964; Nesterov's form as in Sutskever et al. 2013).

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    momentum
        Factor of the velocity; 0 is plain gradient descent.
    nesterov
        Whether to look ahead along the velocity.
    weight_decay
        Adds weight_decay * theta to the gradient: an L2 penalty of that strength.

    Raises
    ------
    ValueError
        If a number is negative, or ``nesterov`` is asked for without momentum.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).backward()
    ...     optimizer.step()
    >>> round(w.data, 9)
    0.64
    """

    options = ("momentum", "nesterov", "weight_decay")

    @spellings.options(_NAMES, dampening=(0.0, _OWN), **_SPEED)
    def __init__(
        self,
        params: Params,
        lr: float = 0.001,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum, self.nesterov = real("momentum", momentum, least=0.0), bool(nesterov)
        self.weight_decay = real("weight_decay", weight_decay, least=0.0)
        if nesterov and not momentum:
            raise ValueError(gettext("nesterov=True needs a momentum above 0"))
        super().__init__(params, lr)

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        """What is kept for each parameter: a velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def update(
        self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int  # noqa: ARG002
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and velocity; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        if not state:
            return theta - lr * grad, ()
        velocity = self.momentum * state[0] + grad
        move = grad + self.momentum * velocity if self.nesterov else velocity
        return theta - lr * move, (velocity,)

    @property
    def is_plain_descent(self) -> bool:
        """Whether a step is theta - lr * grad and nothing else.

        That is, without momentum, decay and methods of a subclass.
        """
        steps = ("step", "step_flat", "update")
        own = [
            name
            for name in steps
            if getattr(type(self), name) is not getattr(SGD, name) or name in vars(self)
        ]
        return not (own or self.slots or self.weight_decay or self._parts)


class AdaGrad(Optimizer):
    """AdaGrad (Duchi et al. 2011): steps shrink with the sum of the squared gradients so far.

    s = s + g**2; theta = theta - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(s) + eps).

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    lr_decay
        How fast the learning rate falls beside; 0 for not at all.
    eps
        Keeps the quotient finite; in units of the gradient.
    weight_decay
        Adds weight_decay * theta to the gradient: an L2 penalty of that strength.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = AdaGrad([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.500000000025
    """

    slots = ("sum",)
    options = ("lr_decay", "eps", "weight_decay")

    @spellings.options(_NAMES, initial_accumulator_value=(0.0, _OWN), **_SPEED)
    def __init__(
        self,
        params: Params,
        lr: float = 0.01,
        *,
        lr_decay: float = 0.0,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        self.lr_decay, self.eps = real("lr_decay", lr_decay, least=0.0), real("eps", eps, least=0.0)
        self.weight_decay = real("weight_decay", weight_decay, least=0.0)
        super().__init__(params, lr)

    def update(
        self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and sums; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        total = state[0] + grad * grad
        lr = lr / (1.0 + (step - 1) * self.lr_decay)
        return theta - lr * _quotient(grad, total**0.5 + self.eps), (total,)


class RMSProp(Optimizer):
    """RMSProp (Hinton 2012): the gradient over the root of a running mean of its square.

    s = alpha * s + (1 - alpha) * g**2; theta = theta - lr * g / (sqrt(s) + eps); with momentum that quotient
    feeds a velocity as in `SGD`.

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    alpha
        Share of the old mean that is kept in a step.
    eps
        Keeps the quotient finite; in units of the gradient.
    momentum
        Factor of the velocity; 0 for none.
    centered
        Whether the square of the running mean of g is subtracted from s, which makes it a variance.
    weight_decay
        Adds weight_decay * theta to the gradient: an L2 penalty of that strength.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = RMSProp([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.0
    """

    options = ("alpha", "eps", "momentum", "centered", "weight_decay")

    @spellings.options(_NAMES, **_SPEED)
    def __init__(
        self, params: Params, lr: float = 0.01, *, alpha: float = 0.99, eps: float = 1e-8,
        momentum: float = 0.0, centered: bool = False, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        self.alpha, self.eps = real("alpha", alpha, least=0.0, below=1.0), real("eps", eps, least=0.0)
        self.momentum, self.centered = real("momentum", momentum, least=0.0), bool(centered)
        self.weight_decay = real("weight_decay", weight_decay, least=0.0)
        super().__init__(params, lr)

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        """What is kept for each parameter, besides the mean square what the options ask for."""
        more = {"velocity": self.momentum, "mean": self.centered}
        return ("square", *[name for name, wanted in more.items() if wanted])

    def update(
        self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int  # noqa: ARG002
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and running means; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        kept = iter(state)
        square = self.alpha * next(kept) + (1.0 - self.alpha) * grad * grad
        velocity = next(kept) if self.momentum else None
        spread, mean = square, None
        if self.centered:
            mean = self.alpha * next(kept) + (1.0 - self.alpha) * grad
            # Rounding may take the variance below zero, where a root would be complex.
            spread = abs(spread - mean * mean)
        move = _quotient(grad, spread**0.5 + self.eps)
        if velocity is not None:
            move = velocity = self.momentum * velocity + move
        return theta - lr * move, tuple([new for new in (square, velocity, mean) if new is not None])


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015).

    m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g**2;
    theta = theta - lr * (m / (1 - b1**step)) / (sqrt(v / (1 - b2**step)) + eps).

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    betas
        b1 and b2, the shares of the old means that are kept in a step; below 1.
    eps
        Keeps the quotient finite; in units of the gradient.
    weight_decay
        Adds weight_decay * theta to the gradient: an L2 penalty of that strength.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    slots = ("mean", "square")
    options = ("betas", "eps", "weight_decay")

    @spellings.options(
        _NAMES, amsgrad=(False, _OWN), decoupled_weight_decay=(False, "nn.optim.AdamW"), **_SPEED
    )
    def __init__(
        self, params: Params, lr: float = 0.001, *, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        self.betas = [real("betas", beta, least=0.0, below=1.0) for beta in listed("betas", betas)]
        if len(self.betas) != 2:
            raise ValueError(gettext(
                "betas must be two numbers, such as (0.9, 0.999), got {betas}",
                betas=f"{betas!r:.60}",
            ))  # fmt: skip
        self.eps, self.weight_decay = (
            real("eps", eps, least=0.0),
            real("weight_decay", weight_decay, least=0.0),
        )
        super().__init__(params, lr)

    def update(
        self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and running means; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        return self._move(theta, grad, state, lr, step)

    def _move(
        self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int
    ) -> tuple[Any, tuple[Any, ...]]:
        first, second = self.betas
        mean = first * state[0] + (1.0 - first) * grad
        square = second * state[1] + (1.0 - second) * grad * grad
        root = square**0.5 / (1.0 - second**step) ** 0.5 + self.eps
        return theta - lr / (1.0 - first**step) * _quotient(mean, root), (mean, square)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    theta is first multiplied by 1 - lr * weight_decay, then moved as by `Adam`.

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    betas, eps
        As for `Adam`.
    weight_decay
        See the formula; the gradient stays as it is.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.85
    """

    @spellings.options(_NAMES, amsgrad=(False, _OWN), **_SPEED)
    def __init__(
        self, params: Params, lr: float = 0.001, *, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.01,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and running means; see `Optimizer.update`."""
        return self._move(theta * (1.0 - lr * self.weight_decay), grad, state, lr, step)


if not TYPE_CHECKING:  # a name that is not there is an error to checkers

    def __getattr__(name: str) -> Any:
        raise refuse("nn.optim", name, _INSTEAD, __all__)


RMSprop = RMSProp
"""PyTorch's spelling."""
Adagrad = AdaGrad
"""PyTorch's spelling."""


def _quotient(a: Any, b: Any) -> Any:
    """Divide; floats by zero as arrays do, where eps is 0 and the gradient too."""
    if b.__class__ is float and b == 0.0:
        return math.nan if a == 0.0 or a != a else math.copysign(math.inf, a)
    return a / b
