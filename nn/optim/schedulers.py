"""Learning rates that change over time, by PyTorch's definitions.

A scheduler belongs to an optimizer; its ``step()``, after each epoch or each step of the optimizer, sets the
optimizer's ``lr``. The rates are functions of the number of steps alone, so a resumed training goes on
exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from nn.checks import entries, real, whole
from nn.optim.optimizer import Optimizer

__all__ = ["CosineLR", "ExponentialLR", "LambdaLR", "LinearLR", "Scheduler", "StepLR"]


class Scheduler:
    """What all schedulers share. A subclass defines ``factor``.

    Parameters
    ----------
    optimizer
        Whose ``lr`` is changed; its present value is multiplied by the factors.

    Attributes
    ----------
    base_lr : float
        The optimizer's rate when the scheduler was made.
    steps : int
        How often `step` was called.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> class Halving(Scheduler):
    ...     def factor(self, step):
    ...         return 0.5**step
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> rates = []
    >>> for _ in range(3):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a scheduler takes an optimizer of nn.optim, got {type(optimizer).__name__}")
        self.optimizer, self.base_lr = optimizer, optimizer.lr
        self._set(0)

    def factor(self, step: int) -> float:
        """Return what the base rate is multiplied by after ``step`` calls of `step`.

        Parameters
        ----------
        step
            How often `step` has been called.

        Returns
        -------
        float
            The factor, dimensionless.
        """
        raise NotImplementedError(f"{type(self).__name__} has no factor(); define factor(self, step)")

    def step(self) -> None:
        """Go on to the next rate."""
        self._set(self.steps + 1)

    def _set(self, steps: int) -> None:
        """Take over a number of steps, once the rate that belongs to it is known."""
        factor = real(
            f"the factor of {type(self).__name__} after {steps} steps", self.factor(steps), least=0.0
        )
        self.steps, self.optimizer.lr = steps, self.base_lr * factor

    def state_dict(self) -> dict[str, Any]:
        """Return the base rate and the number of steps."""
        return {"base_lr": self.base_lr, "steps": self.steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, and set the optimizer's rate.

        Parameters
        ----------
        state
            What `state_dict` of a scheduler of this kind returned.
        """
        base_lr, steps = entries(state, ("base_lr", "steps"), "a scheduler")
        base_lr, steps = real("base_lr", base_lr, least=0.0), whole("steps", steps, least=0)
        self.base_lr = base_lr
        self._set(steps)


class StepLR(Scheduler):
    """Multiply the rate by ``gamma`` every ``step_size`` steps.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    step_size
        Steps from one change to the next, at least 1.
    gamma
        The factor.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = StepLR(optimizer, 2, gamma=0.5)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 1.0, 0.5, 0.5]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = whole("step_size", step_size), real("gamma", gamma, least=0.0)
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """gamma ** (step // step_size)."""
        return float(self.gamma ** (step // self.step_size))


class ExponentialLR(Scheduler):
    """Multiply the rate by ``gamma`` at every step.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    gamma
        The factor.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = ExponentialLR(optimizer, 0.9)
    >>> rates = []
    >>> for _ in range(3):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 0.9, 0.81]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = real("gamma", gamma, least=0.0)
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """gamma ** step."""
        return float(self.gamma**step)


class CosineLR(Scheduler):
    """Lower the rate along half a cosine to ``eta_min`` in ``t_max`` steps, and keep it there.

    Loshchilov and Hutter 2017.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    t_max
        Steps until the lowest rate, at least 1.
    eta_min
        The lowest rate.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = CosineLR(optimizer, 4)
    >>> rates = []
    >>> for _ in range(6):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 0.853553, 0.5, 0.146447, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, t_max: int, eta_min: float = 0.0) -> None:
        self.t_max, self.eta_min = whole("t_max", t_max), real("eta_min", eta_min, least=0.0)
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """(1 + cos(pi step / t_max)) / 2, between 1 and eta_min / base_lr."""
        low = self.eta_min / self.base_lr if self.base_lr else 0.0
        return low + (1.0 - low) * (1.0 + math.cos(math.pi * min(step, self.t_max) / self.t_max)) / 2.0


class LinearLR(Scheduler):
    """Change the rate evenly from ``start_factor`` to ``end_factor`` times itself in ``total_iters`` steps.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    start_factor, end_factor
        The first factor and the last one, which is kept.
    total_iters
        Steps from the one to the other, at least 1.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = LinearLR(optimizer, 0.5, total_iters=2)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3.0,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        self.start_factor, self.end_factor = (
            real("start_factor", start_factor, least=0.0),
            real("end_factor", end_factor, least=0.0),
        )
        self.total_iters = whole("total_iters", total_iters)
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """The point on the line from start_factor to end_factor."""
        return (
            self.start_factor
            + (self.end_factor - self.start_factor) * min(step, self.total_iters) / self.total_iters
        )


class LambdaLR(Scheduler):
    """Multiply the rate by a function of the number of steps.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    lr_lambda
        From the number of steps taken to the factor of the base rate.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=2.0)
    >>> scheduler = LambdaLR(optimizer, lambda step: 1.0 - 0.9 * step / 100)
    >>> rates = []
    >>> for _ in range(3):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [2.0, 1.982, 1.964]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        if not callable(lr_lambda):
            raise TypeError(
                f"lr_lambda must be a function of the number of steps, got {type(lr_lambda).__name__}"
            )
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """What the function says."""
        return self.lr_lambda(step)
