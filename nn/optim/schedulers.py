"""Learning rates that change over time, by PyTorch's definitions.

A scheduler belongs to an optimizer; its ``step()``, after each epoch or each step of the optimizer, sets the
rate of each of its groups: the base rate times the factors of all schedulers of that optimizer. The factors
are functions of the number of steps alone (but for `ReduceLROnPlateau`), so a resumed training goes on
exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from autograd import spellings
from autograd.keep.files import decode_float
from autograd.words import gettext
from nn.checks import data_of, entries, listed, real, whole
from nn.optim.optimizer import Optimizer

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CosineLR",
    "ExponentialLR", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "Scheduler", "SequentialLR", "StepLR",
]  # fmt: skip


_starting = spellings.options(
    last_epoch=(-1, "scheduler.load_state_dict(state) after it is made"),
    verbose=(False, "print(scheduler.get_last_lr()) after each step"),
)


class Scheduler:
    """What all schedulers share. A subclass defines ``factor``.

    Several schedulers of one optimizer multiply their factors, each stepped by itself.

    Parameters
    ----------
    optimizer
        Whose ``lr`` is changed; its present value is multiplied by the factors.

    Attributes
    ----------
    base_lrs : list of float
        The rates of the optimizer's groups that the factors multiply: those when its first scheduler was
        made, or that were written since.
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
    >>> scheduler.get_last_lr()
    [0.125]
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(gettext(
                "a scheduler takes an optimizer of nn.optim, got {kind}",
                kind=type(optimizer).__name__,
            ))  # fmt: skip
        self._begin(optimizer, None)

    def _begin(self, optimizer: Optimizer, base_lrs: list[float] | None) -> None:
        """Join the optimizer's schedulers, or take their place where the base rates are given."""
        present = [group["lr"] for group in optimizer.param_groups]
        if base_lrs is None and optimizer.schedules and present == _rates(optimizer):
            base_lrs = optimizer.base_lrs
        else:  # the first one, or the rate was written by hand since
            optimizer.schedules, base_lrs = [], present if base_lrs is None else base_lrs
        self.optimizer, self.base_lrs, self.steps = optimizer, list(base_lrs), 0
        self._set(0)

    @property
    def base_lr(self) -> float:
        """The base rate; where there are groups, that of the first."""
        return self.base_lrs[0]

    @property
    def last_epoch(self) -> int:
        """PyTorch's name for the number of steps."""
        return self.steps

    def get_last_lr(self) -> list[float]:
        """Return the present rate of each of the optimizer's groups."""
        return [group["lr"] for group in self.optimizer.param_groups]

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
        raise NotImplementedError(gettext(
            "{kind} has no factor(); define factor(self, step)",
            kind=type(self).__name__,
        ))  # fmt: skip

    def factors(self, step: int) -> list[float]:
        """Return the `factor` of each of the optimizer's groups, the same for all unless redefined.

        Parameters
        ----------
        step
            How often `step` has been called.
        """
        return [self.factor(step)] * len(self.base_lrs)

    def step(self, metrics: Any = None) -> None:  # noqa: ARG002
        """Go on to the next rate.

        Parameters
        ----------
        metrics
            The figure that `ReduceLROnPlateau` watches; the others take no note of it.
        """
        self._set(self.steps + 1)

    def after_epoch(self, figures: Mapping[str, float]) -> None:  # noqa: ARG002
        """Take the step that follows an epoch of `nn.fit`.

        Parameters
        ----------
        figures
            The epoch's figures by name, such as ``loss`` and ``val_loss``.
        """
        self.step()

    def _set(self, steps: int) -> None:
        """Take over a number of steps, once the rates that belong to it are known."""
        name = f"the factor of {type(self).__name__} after {steps} steps"
        self._take(steps, [real(name, factor, least=0.0) for factor in self.factors(steps)])

    def _take(self, steps: int, factors: list[float]) -> None:
        """Take over the number of steps and the factors, and set the rates."""
        optimizer = self.optimizer
        if len(factors) != len(optimizer.param_groups):
            raise ValueError(gettext(
                "{kind} was made for {count} groups of parameters, and the optimizer has {count2}; make the "
                "scheduler after the last add_param_group()",
                kind=type(self).__name__, count=len(factors), count2=len(optimizer.param_groups),
            ))  # fmt: skip
        if self not in optimizer.schedules:  # also one that another has taken the place of
            others = optimizer.schedules if optimizer.base_lrs == self.base_lrs else []
            optimizer.schedules = [*others, self]
        optimizer.base_lrs = self.base_lrs
        self.steps, self.multiplied = steps, factors
        for group, rate in zip(optimizer.param_groups, _rates(optimizer), strict=True):
            group["lr"] = rate
        self._follow(steps)

    def _follow(self, steps: int) -> None:
        """Change what else goes with the rates."""

    def state_dict(self) -> dict[str, Any]:
        """Return the base rate, or a list of those of several groups, the number of steps, and the rates."""
        base = list(self.base_lrs) if len(self.base_lrs) > 1 else self.base_lr
        return {"base_lr": base, "steps": self.steps, "lr": self.get_last_lr()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, and set the optimizer's rate.

        Parameters
        ----------
        state
            What `state_dict` of a scheduler of this kind returned.
        """
        before = self.base_lrs, self.steps
        self._load(state)
        try:
            self._set(self.steps)
        except BaseException:
            self.base_lrs, self.steps = before
            raise
        self._settle(state)

    def _settle(self, state: Mapping[str, Any]) -> None:
        """Leave out schedulers that had no part in the rates that were saved, such as this one's forerunner.

        One of them whose state is loaded after this one's joins again.
        """
        if self.get_last_lr() != state.get("lr", self.get_last_lr()):
            self.optimizer.schedules = [self]
            self._take(self.steps, self.multiplied)

    def _load(self, state: Any) -> None:
        base, steps = entries(state, ("base_lr", "steps"), "a scheduler")
        base = [real("base_lr", rate, least=0.0) for rate in (base if isinstance(base, list) else [base])]
        if len(base) != len(self.base_lrs):
            raise ValueError(gettext(
                "the state is of {count} groups, and there are {count2}",
                count=len(base), count2=len(self.base_lrs),
            ))  # fmt: skip
        steps = whole("steps", steps, least=0)
        self.base_lrs, self.steps = base, steps


def _rates(optimizer: Optimizer) -> list[float]:
    """Return the rate of each group: its base rate times the factors of all schedulers."""
    return [
        math.prod([scheduler.multiplied[i] for scheduler in optimizer.schedules], start=base)
        for i, base in enumerate(optimizer.base_lrs)
    ]


def _each(name: str, given: Any, count: int) -> list[float]:
    """Return a number for each group, from one for all or a list of them."""
    numbers = listed(name, given) if hasattr(given, "__iter__") else [given] * count
    if len(numbers) != count:
        raise ValueError(gettext(
            "{name} has {count} numbers, and the optimizer {count2} groups",
            name=name, count=len(numbers), count2=count,
        ))  # fmt: skip
    return [real(name, number, least=0.0) for number in numbers]


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

    @_starting
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

    @_starting
    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = real("gamma", gamma, least=0.0)
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """gamma ** step."""
        return float(self.gamma**step)


class CosineLR(Scheduler):
    """Lower the rate along half a cosine to ``eta_min`` in ``t_max`` steps, and keep it there.

    Loshchilov and Hutter 2017. `CosineAnnealingLR` goes up again.

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

    @_starting
    def __init__(self, optimizer: Optimizer, t_max: int, eta_min: float = 0.0) -> None:
        self.t_max, self.eta_min = whole("t_max", t_max), real("eta_min", eta_min, least=0.0)
        super().__init__(optimizer)

    def share(self, step: int) -> float:
        """Return how much of the way down has been gone, from 0 to 1; dimensionless.

        Parameters
        ----------
        step
            How often `step` has been called.
        """
        return min(step, self.t_max) / self.t_max

    def factors(self, step: int) -> list[float]:
        """(1 + cos(pi share)) / 2, between 1 and eta_min / base_lr."""
        height = (1.0 + math.cos(math.pi * self.share(step))) / 2.0
        lows = [self.eta_min / base if base else 0.0 for base in self.base_lrs]
        return [low + (1.0 - low) * height for low in lows]

    def factor(self, step: int) -> float:
        """The factor of the first group."""
        return self.factors(step)[0]


class CosineAnnealingLR(CosineLR):
    """Lower the rate along a cosine to ``eta_min`` in ``T_max`` steps, then raise it likewise, and so on.

    Loshchilov and Hutter 2017, without restarts; PyTorch's of that name. `CosineLR` stays at the lowest rate.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    T_max
        Steps from the highest rate to the lowest, at least 1.
    eta_min
        The lowest rate.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = CosineAnnealingLR(optimizer, T_max=2)
    >>> rates = []
    >>> for _ in range(5):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 0.0, 0.5, 1.0]
    """

    @_starting
    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        super().__init__(optimizer, whole("T_max", T_max), eta_min)

    def share(self, step: int) -> float:
        """Return how much of the way down has been gone; beyond 1 the way up begins.

        Parameters
        ----------
        step
            How often `step` has been called.
        """
        return step / self.t_max


class CosineAnnealingWarmRestarts(CosineLR):
    """Lower the rate along half a cosine to ``eta_min``, then begin anew, each time ``T_mult`` times as long.

    SGDR (Loshchilov and Hutter 2017).

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    T_0
        Steps until the first restart, at least 1.
    T_mult
        By what the steps until the next restart are multiplied, a whole number from 1.
    eta_min
        The lowest rate.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> rates = []
    >>> for _ in range(6):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 1.0, 0.853553, 0.5, 0.146447]
    """

    @_starting
    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0
    ) -> None:  # fmt: skip
        self.t_mult = whole("T_mult", T_mult)
        super().__init__(optimizer, whole("T_0", T_0), eta_min)

    def share(self, step: int) -> float:
        """Return how much of the way to the next restart has been gone, from 0 to below 1.

        Parameters
        ----------
        step
            How often `step` has been called.
        """
        length = self.t_max
        if self.t_mult == 1:
            return step % length / length
        while step >= length:
            step, length = step - length, length * self.t_mult
        return step / length


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

    @_starting
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


class ConstantLR(LinearLR):
    """Multiply the rate by ``factor`` for the first ``total_iters`` steps.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    factor
        The factor of the first steps.
    total_iters
        How many steps these are, at least 1.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = ConstantLR(optimizer, 0.25, total_iters=2)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [0.25, 0.25, 1.0, 1.0]
    """

    @_starting
    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3.0, total_iters: int = 5) -> None:
        super().__init__(optimizer, factor, 1.0, total_iters)

    def factor(self, step: int) -> float:
        """The factor, then 1."""
        return self.start_factor if step < self.total_iters else 1.0


class PolynomialLR(Scheduler):
    """Lower the rate to zero in ``total_iters`` steps: times (1 - step / total_iters) ** power.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    total_iters
        Steps until zero, at least 1.
    power
        The exponent.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = PolynomialLR(optimizer, total_iters=2, power=2.0)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 0.25, 0.0, 0.0]
    """

    @_starting
    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters, self.power = whole("total_iters", total_iters), real("power", power, least=0.0)
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """(1 - step / total_iters) ** power."""
        return float((1.0 - min(step, self.total_iters) / self.total_iters) ** self.power)


class MultiStepLR(Scheduler):
    """Multiply the rate by ``gamma`` at each of the ``milestones``.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    milestones
        Numbers of steps, rising; one that occurs twice counts twice.
    gamma
        The factor.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = MultiStepLR(optimizer, [1, 3], gamma=0.5)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 0.5, 0.25]
    """

    @_starting
    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones = sorted([whole("a milestone", m, least=0) for m in listed("milestones", milestones)])
        self.gamma = real("gamma", gamma, least=0.0)
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """gamma to the number of milestones passed."""
        return float(self.gamma ** bisect_right(self.milestones, step))


class LambdaLR(Scheduler):
    """Multiply the rate by a function of the number of steps.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    lr_lambda
        From the number of steps taken to the factor of the base rate; or a list of such, one for each of the
        optimizer's groups.

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

    @_starting
    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None:
        many: list[Any] = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda]
        for one in many:
            if not callable(one):
                raise TypeError(gettext(
                    "lr_lambda must be a function of the number of steps, got {kind}",
                    kind=type(one).__name__,
                ))  # fmt: skip
        if isinstance(optimizer, Optimizer) and len(many) not in (1, len(optimizer.param_groups)):
            raise ValueError(gettext(
                "lr_lambda has {count} functions, and the optimizer {count2} groups",
                count=len(many), count2=len(optimizer.param_groups),
            ))  # fmt: skip
        self.lr_lambdas = many
        super().__init__(optimizer)

    def factors(self, step: int) -> list[float]:
        """What the functions say, each for its group."""
        found = [function(step) for function in self.lr_lambdas]
        return found if len(found) == len(self.base_lrs) else found * len(self.base_lrs)

    def factor(self, step: int) -> float:
        """What the first function says."""
        return self.factors(step)[0]


class MultiplicativeLR(LambdaLR):
    """Multiply the rate at each step by a function of its number.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    lr_lambda
        From the number of a step, from 1, to the factor of the rate before; or a list of such, one for each
        of the optimizer's groups.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=2.0)
    >>> scheduler = MultiplicativeLR(optimizer, lambda step: 0.5)
    >>> rates = []
    >>> for _ in range(3):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [2.0, 1.0, 0.5]
    """

    _known: tuple[int, list[float]] = (0, [])

    def factors(self, step: int) -> list[float]:
        """The products of what the functions say of all steps so far."""
        last, products = self._known if 0 < self._known[0] <= step else (0, [1.0] * len(self.base_lrs))
        for k in range(last + 1, step + 1):
            products = [before * now for before, now in zip(products, super().factors(k), strict=True)]
        self._known = step, products
        return list(products)


class OneCycleLR(Scheduler):
    """Raise the rate to ``max_lr``, then lower it far below where it began (Smith and Topin 2018).

    The rates are max_lr / div_factor, max_lr, and max_lr / (div_factor final_div_factor), whatever that of
    the optimizer was. The momentum, or Adam's first beta, goes the other way.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    max_lr
        The highest rate; or a list of those of the optimizer's groups.
    total_steps
        How many steps the cycle has; or give ``epochs`` and ``steps_per_epoch``.
    epochs, steps_per_epoch
        Their product is the number of steps.
    pct_start
        Share of the steps in which the rate rises.
    anneal_strategy
        ``"cos"`` or ``"linear"``.
    cycle_momentum
        Whether to change the momentum, from ``max_momentum`` down to ``base_momentum`` and back.
    base_momentum, max_momentum
        See there.
    div_factor, final_div_factor
        See the formula.
    three_phase
        Whether the rate falls as fast as it rose, and then goes on to the last one.

    Raises
    ------
    ValueError
        If the cycle has no length, or the optimizer no momentum to change.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = OneCycleLR(optimizer, max_lr=1.0, total_steps=5, pct_start=0.4, anneal_strategy="linear")
    >>> rates = []
    >>> for _ in range(5):
    ...     rates.append((round(optimizer.lr, 4), round(optimizer.momentum, 4)))
    ...     if len(rates) < 5:
    ...         scheduler.step()
    >>> rates
    [(0.04, 0.95), (1.0, 0.85), (0.6667, 0.8833), (0.3333, 0.9167), (0.0, 0.95)]
    """

    @_starting
    def __init__(
        self, optimizer: Optimizer, max_lr: float | Sequence[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float = 0.85,
        max_momentum: float = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:  # fmt: skip
        if not isinstance(optimizer, Optimizer):
            raise TypeError(gettext(
                "a scheduler takes an optimizer of nn.optim, got {kind}",
                kind=type(optimizer).__name__,
            ))  # fmt: skip
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError(gettext("OneCycleLR needs total_steps, or epochs and steps_per_epoch"))
        self.total_steps = (
            whole("epochs", epochs) * whole("steps_per_epoch", steps_per_epoch)
            if total_steps is None else whole("total_steps", total_steps)
        )  # fmt: skip
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(gettext(
                "anneal_strategy must be 'cos' or 'linear', got {anneal_strategy}",
                anneal_strategy=f"{anneal_strategy!r:.40}",
            ))  # fmt: skip
        self.linear = anneal_strategy == "linear"
        share = real("pct_start", pct_start, least=0.0, below=math.nextafter(1.0, 2.0))
        last = float(self.total_steps - 1)
        middle = [2 * share * self.total_steps - 2] if three_phase else []
        self.ends = [0.0, share * self.total_steps - 1, *middle, last]
        first, final = 1.0 / real("div_factor", div_factor, above=0.0), 1.0 / real(
            "final_div_factor", final_div_factor, above=0.0
        )
        self.peaks = [first, 1.0, *([first] if three_phase else []), first * final]
        high, low = real("max_momentum", max_momentum, least=0.0), real("base_momentum", base_momentum)
        self.momenta = [high, low, *([high] if three_phase else []), high]
        self.moved = next((name for name in ("momentum", "betas") if name in optimizer.options), None)
        if cycle_momentum and self.moved is None:
            raise ValueError(gettext(
                "{kind} has no momentum to change; write cycle_momentum=False",
                kind=type(optimizer).__name__,
            ))  # fmt: skip
        self.moved = self.moved if cycle_momentum else None
        self._begin(optimizer, _each("max_lr", max_lr, len(optimizer.param_groups)))

    def _between(self, heights: list[float], step: int) -> float:
        """Return the height after some steps, between that at one end of a phase and that at the next."""
        if step > self.total_steps:
            raise ValueError(gettext(
                "the cycle of OneCycleLR has {total_steps} steps, and this is number {step}; give it a "
                "larger total_steps",
                total_steps=self.total_steps, step=step,
            ))  # fmt: skip
        phases = [*zip(pairwise(self.ends), pairwise(heights), strict=True)]
        (start, end), (high, low) = next((p for p in phases if step <= p[0][1]), phases[-1])
        gone = (step - start) / (end - start) if end != start else 1.0
        return (low - high) * gone + high if self.linear else (
            low + (high - low) / 2.0 * (1.0 + math.cos(math.pi * gone))
        )  # fmt: skip

    def factor(self, step: int) -> float:
        """The share of max_lr."""
        return self._between(self.peaks, step)

    def _follow(self, steps: int) -> None:
        if self.moved is None:
            return
        momentum = self._between(self.momenta, steps)
        for group in self.optimizer.param_groups:
            group[self.moved] = momentum if self.moved == "momentum" else [momentum, *group["betas"][1:]]


class ReduceLROnPlateau(Scheduler):
    """Multiply the rate by ``factor`` where a figure has not become better for a while.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    mode
        ``"min"`` where a lower figure is better, ``"max"`` where a higher one is.
    factor
        What the rate is multiplied by, below 1.
    patience
        Steps without a better figure that are borne.
    threshold, threshold_mode
        By how much a figure must be better: ``"rel"`` of the best one, or ``"abs"``.
    cooldown
        Steps after a change in which none is counted.
    min_lr
        The lowest rate; or a list of those of the optimizer's groups.
    eps
        A change by no more than that is left out.

    Notes
    -----
    `nn.fit` hands it ``val_loss`` after each epoch, or ``loss`` where there is no validation.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> rates = []
    >>> for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0):
    ...     scheduler.step(loss)
    ...     rates.append(optimizer.lr)
    >>> rates
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    """

    @_starting
    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        for name, word, words in (("mode", mode, ("min", "max")),
                                  ("threshold_mode", threshold_mode, ("rel", "abs"))):  # fmt: skip
            if word not in words:
                raise ValueError(gettext(
                    "{name} must be {names}, got {word}",
                    name=name, names=' or '.join(map(repr, words)), word=f"{word!r:.40}",
                ))  # fmt: skip
        self.mode, self.threshold_mode = mode, threshold_mode
        self.reduction = real("factor", factor, least=0.0, below=1.0)
        self.patience = whole("patience", patience, least=0)
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.threshold, self.eps = real("threshold", threshold, least=0.0), real("eps", eps, least=0.0)
        self.best = math.inf if mode == "min" else -math.inf
        self.bad, self.resting = 0, 0
        super().__init__(optimizer)
        self.min_lrs = _each("min_lr", min_lr, len(self.base_lrs))

    def factors(self, step: int) -> list[float]:  # noqa: ARG002
        """What the rates have been multiplied by so far; it depends on the figures, not on the steps.

        Parameters
        ----------
        step
            Takes no part.
        """
        return getattr(self, "multiplied", [1.0] * len(self.base_lrs))

    def factor(self, step: int) -> float:
        """The factor of the first group."""
        return self.factors(step)[0]

    def step(self, metrics: Any = None) -> None:
        """Take note of a figure, and lower the rates where it is time.

        Parameters
        ----------
        metrics
            The figure, such as the loss over the data for validation; a number or a Value.
        """
        if metrics is None:
            raise TypeError(gettext("ReduceLROnPlateau watches a figure: write scheduler.step(loss)"))
        figure = data_of(metrics)
        self.best, self.bad = (figure, 0) if self._better(figure) else (self.best, self.bad + 1)
        if self.resting:
            self.resting, self.bad = self.resting - 1, 0
        factors = self.factors(self.steps)
        if self.bad > self.patience:
            self.resting, self.bad = self.cooldown, 0
            factors = [
                factor * max(rate * self.reduction, low) / rate
                if rate - max(rate * self.reduction, low) > self.eps else factor
                for factor, rate, low in zip(factors, self.get_last_lr(), self.min_lrs, strict=True)
            ]  # fmt: skip
        self._take(self.steps + 1, factors)

    def _better(self, figure: float) -> bool:
        margin = self.threshold * self.best if self.threshold_mode == "rel" else self.threshold
        if not math.isfinite(self.best):
            margin = 0.0
        return figure < self.best - margin if self.mode == "min" else figure > self.best + margin

    def after_epoch(self, figures: Mapping[str, float]) -> None:
        """Take note of an epoch's ``val_loss``, or of its ``loss`` where there is none.

        Parameters
        ----------
        figures
            The epoch's figures by name.
        """
        self.step(figures.get("val_loss", figures["loss"]))

    def state_dict(self) -> dict[str, Any]:
        """Return the base rate, the number of steps, the factors so far, and what was seen of the figure."""
        seen = {"best": self.best, "bad": self.bad, "resting": self.resting}
        return {**super().state_dict(), "factors": list(self.multiplied), **seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, and set the optimizer's rate.

        Parameters
        ----------
        state
            What `state_dict` of a scheduler of this kind returned.
        """
        names = ("factors", "best", "bad", "resting")
        factors, best, bad, resting = entries(state, names, "a ReduceLROnPlateau")
        factors = [real("a factor", factor, least=0.0) for factor in listed("the state's factors", factors)]
        if len(factors) != len(self.base_lrs):
            raise ValueError(gettext(
                "the state is of {count} groups, and there are {count2}",
                count=len(factors), count2=len(self.base_lrs),
            ))  # fmt: skip
        seen = decode_float(best), whole("bad", bad, least=0), whole("resting", resting, least=0)
        self._load(state)
        self.best, self.bad, self.resting = seen
        self._take(self.steps, factors)
        self._settle(state)


class ChainedScheduler(Scheduler):
    """Several schedulers that step together: their factors are multiplied.

    Parameters
    ----------
    schedulers
        Schedulers of one optimizer, which are stepped through this one from now on.
    optimizer
        That optimizer; found from the schedulers where it is left out.

    Raises
    ------
    ValueError
        If there is none, they are of several optimizers, or one of them is a `ReduceLROnPlateau`.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> warm_up = ConstantLR(optimizer, 0.1, total_iters=2)
    >>> scheduler = ChainedScheduler([warm_up, ExponentialLR(optimizer, 0.5)])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [0.1, 0.05, 0.25, 0.125]
    """

    @_starting
    def __init__(self, schedulers: Sequence[Scheduler], optimizer: Optimizer | None = None) -> None:
        self._gather(schedulers, optimizer)

    def _gather(self, schedulers: Any, optimizer: Any) -> None:
        """Take the place of several schedulers of one optimizer."""
        self.schedulers: list[Scheduler] = listed("schedulers", schedulers)
        name = type(self).__name__
        if not self.schedulers:
            raise ValueError(gettext("{name} needs at least one scheduler", name=name))
        for scheduler in self.schedulers:
            if not isinstance(scheduler, Scheduler):
                raise TypeError(gettext(
                    "{name} takes schedulers of nn.optim, got {kind}",
                    name=name, kind=type(scheduler).__name__,
                ))  # fmt: skip
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(gettext(
                    "{name} knows no figure for ReduceLROnPlateau; step that one by itself",
                    name=name,
                ))  # fmt: skip
            if scheduler.optimizer is not (optimizer or self.schedulers[0].optimizer):
                raise ValueError(gettext("the schedulers of a {name} must be of one optimizer", name=name))
        first = self.schedulers[0]
        plain = [s.base_lrs for s in self.schedulers if not isinstance(s, OneCycleLR)] or [first.base_lrs]
        self._begin(first.optimizer, list(plain[0]))

    def _of(self, scheduler: Scheduler, step: int) -> list[float]:
        """Return a scheduler's factors of the base rates of this one."""
        if isinstance(scheduler, OneCycleLR):  # whose rates have a base of their own
            return [
                factor * own / base if base else 0.0
                for factor, own, base in zip(
                    scheduler.factors(step), scheduler.base_lrs, self.base_lrs, strict=True
                )
            ]
        scheduler.base_lrs = self.base_lrs
        return scheduler.factors(step)

    def factors(self, step: int) -> list[float]:
        """The products of the schedulers' factors."""
        return [math.prod(of) for of in zip(*[self._of(s, step) for s in self.schedulers], strict=True)]

    def factor(self, step: int) -> float:
        """The factor of the first group."""
        return self.factors(step)[0]

    def _follow(self, steps: int) -> None:
        for scheduler in self.schedulers:
            scheduler.steps = steps
            scheduler._follow(steps)


class SequentialLR(ChainedScheduler):
    """Schedulers one after another: at each of the ``milestones`` the next one begins.

    Parameters
    ----------
    optimizer
        As for `Scheduler`.
    schedulers
        Schedulers of that optimizer, which are stepped through this one from now on.
    milestones
        Numbers of steps, rising, one fewer than the schedulers.

    Raises
    ------
    ValueError
        As `ChainedScheduler` does, or if the number of milestones is another.

    Examples
    --------
    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> warm_up = LinearLR(optimizer, 0.5, total_iters=2)
    >>> scheduler = SequentialLR(optimizer, [warm_up, ExponentialLR(optimizer, 0.5)], milestones=[2])
    >>> rates = []
    >>> for _ in range(5):
    ...     rates.append(round(optimizer.lr, 6))
    ...     scheduler.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.5, 0.25]
    """

    @_starting
    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[Scheduler], milestones: Sequence[int]
    ) -> None:
        self.milestones = [whole("a milestone", m) for m in listed("milestones", milestones)]
        count = len(listed("schedulers", schedulers))
        if self.milestones != sorted(set(self.milestones)) or len(self.milestones) != count - 1:
            raise ValueError(gettext(
                "SequentialLR of {count} schedulers needs {count2} rising milestones, got {milestones}",
                count=count, count2=count - 1, milestones=self.milestones,
            ))  # fmt: skip
        self._gather(schedulers, optimizer)

    def _turn(self, step: int) -> tuple[Scheduler, int]:
        """Return the scheduler whose turn it is, and the number of its steps."""
        place = bisect_right(self.milestones, step)
        return self.schedulers[place], step - (self.milestones[place - 1] if place else 0)

    def factors(self, step: int) -> list[float]:
        """The factors of the scheduler whose turn it is."""
        return self._of(*self._turn(step))

    def _follow(self, steps: int) -> None:
        scheduler, own = self._turn(steps)
        scheduler.steps = own
        scheduler._follow(own)
