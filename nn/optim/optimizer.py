"""What all optimizers share, and gradient clipping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd import Value
from autograd.keep.files import decode_float
from nn.arrays import numpy_for
from nn.checks import entries, listed, real, values, whole

__all__ = ["Optimizer", "clip_grad_norm_", "clip_grad_value_"]


def _option(name: str, own: Any, given: Any) -> Any:
    """Check a hyperparameter that a file gave: of the kind that the optimizer has, a number from 0."""
    if isinstance(own, float):
        return real(name, given, least=0.0)
    if type(given) is not type(own) or (isinstance(own, list) and len(given) != len(own)):
        raise ValueError(f"{name} must be such as {own!r}, got {given!r}")
    return [real(name, number, least=0.0, below=1.0) for number in given] if name == "betas" else given


class Optimizer:
    """What all optimizers share: parameters, learning rate, state, the step.

    A subclass sets ``slots``, the names of the numbers that it keeps for each parameter, and defines
    ``update``.

    Parameters
    ----------
    params
        The Values to train, such as ``model.parameters()``.
    lr
        Learning rate.

    Attributes
    ----------
    lr : float
        The learning rate, which schedulers change.
    steps : int
        How many steps were taken.
    state : dict of str to list of float
        For each of ``slots``, its numbers in the order of the parameters.

    Raises
    ------
    TypeError
        If a parameter is no Value, or one that was computed.
    ValueError
        If there is no parameter, one occurs twice, or ``lr`` is negative.

    Examples
    --------
    >>> class SignDescent(Optimizer):
    ...     def update(self, theta, grad, state, lr, step):
    ...         return theta - lr * ((grad > 0) * 1.0 - (grad < 0) * 1.0), state
    >>> w = Value(1.0)
    >>> optimizer = SignDescent([w], lr=0.25)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.75
    """

    slots: tuple[str, ...] = ()
    # The hyperparameters beside lr, for state_dict and repr.
    options: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Value], lr: float) -> None:
        if isinstance(params, Value):
            raise TypeError("an optimizer takes the parameters as a list; write [v] for a single Value")
        self.params = listed("params", params)
        for p in self.params:
            if not isinstance(p, Value) or p.op is not None:
                kind = (
                    f"the result of {p.op.name}" if isinstance(p, Value) and p.op else f"a {type(p).__name__}"
                )
                raise TypeError(
                    f"an optimizer changes leaves, Values that you made; {kind} is among its parameters"
                )
        if not self.params:
            raise ValueError("an optimizer needs at least one parameter, got none; pass model.parameters()")
        if len(set(self.params)) < len(self.params):
            raise ValueError("a parameter occurs twice; pass each once")
        self.lr = real("lr", lr, least=0.0)
        self.steps = 0
        self._missed = [0] * len(self.params)
        self.state: dict[str, Any] = {name: [0.0] * len(self.params) for name in self.slots}

    def update(
        self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and the new state. Changes nothing.

        Parameters
        ----------
        theta, grad
            Parameter and gradient: floats, or arrays of one shape.
        state
            The numbers of each of ``slots``, floats or arrays likewise.
        lr
            Learning rate.
        step
            Number of the step, from 1.

        Returns
        -------
        tuple
            ``theta`` after the step, and the state after it, in the order of ``slots``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no update(); define update(theta, grad, state, lr, step)"
        )

    def step(self) -> None:
        """Move every parameter once, by its ``grad``.

        One whose ``grad`` is None stays as it is, with its state, as in PyTorch.
        """
        grads = [None if p.grad is None else _number(p.grad) for p in self.params]
        steps = self._count(grads)
        columns = [
            numbers if numbers.__class__ is list else numbers.tolist() for numbers in self.state.values()
        ]
        update, lr = self.update, self.lr
        if not columns:
            for p, grad, step in zip(self.params, grads, steps, strict=True):
                if grad is not None:
                    p.data = update(p.data, grad, (), lr, step)[0]
            return
        states = []
        for p, grad, state, step in zip(self.params, grads, zip(*columns, strict=True), steps, strict=True):
            new = state
            if grad is not None:
                p.data, new = update(p.data, grad, state, lr, step)
            states.append(new)
        self.state = dict(zip(self.slots, map(list, zip(*states, strict=True)), strict=True))

    def _count(self, grads: Sequence[Any]) -> list[int]:
        """Begin a step; return each parameter's number of it, from 1.

        Those without a gradient take no part.
        """
        self.steps += 1
        for i, grad in enumerate(grads):
            if grad is None:
                self._missed[i] += 1
        return [self.steps - missed for missed in self._missed]

    def step_flat(self, theta: Any, grad: Any) -> Any:
        """Take one step on arrays: return the new parameters as an array.

        The parameters' ``data`` stay as they are.

        Parameters
        ----------
        theta, grad : array (number of parameters,)
            Parameters and gradients, in the order of ``params``. In a list of gradients, None stands for one
            that there is not.

        Returns
        -------
        array (number of parameters,)
            The parameters after the step.
        """
        np = numpy_for("a step on arrays")
        absent = grad.__class__ is not np.ndarray and any(g is None for g in grad)
        if not absent and not any(self._missed):
            self.steps += 1
            state = tuple(np.asarray(numbers) for numbers in self.state.values())
            theta, state = self.update(theta, np.asarray(grad, float), state, self.lr, self.steps)
            self.state = dict(zip(self.slots, state, strict=True))
            return theta
        here = np.array([g is not None for g in grad])
        steps = np.array(self._count(grad))
        theta = np.array(theta, float)
        columns = [np.array(numbers, float) for numbers in self.state.values()]
        # Those that have taken as many steps go together.
        for step in sorted(set(steps[here].tolist())):
            some = here & (steps == step)
            gradient = np.array([g for g, chosen in zip(grad, some, strict=True) if chosen], float)
            theta[some], new = self.update(
                theta[some], gradient, tuple(column[some] for column in columns), self.lr, step
            )
            for column, numbers in zip(columns, new, strict=True):
                column[some] = numbers
        self.state = dict(zip(self.slots, columns, strict=True))
        return theta

    @property
    def is_plain_descent(self) -> bool:
        """Whether a step is theta - lr * grad and nothing else.

        Then a compiled program may take it itself.
        """
        return False

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Set every parameter's ``grad`` to zero.

        Parameters
        ----------
        set_to_none
            To None instead, as PyTorch does unless told otherwise: an optimizer leaves alone a parameter that
            no backward pass reaches until the next step.
        """
        for p in self.params:
            p.grad = None if set_to_none else 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on beside parameters and gradients."""
        numbers = {name: [float(x) for x in column] for name, column in self.state.items()}
        options = {name: getattr(self, name) for name in self.options}
        whole_state = {
            "kind": type(self).__name__,
            "lr": self.lr,
            "steps": self.steps,
            "options": options,
            "state": numbers,
        }
        return {**whole_state, "missed": list(self._missed)} if any(self._missed) else whole_state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, hyperparameters included; on any error nothing changes.

        Parameters
        ----------
        state
            What `state_dict` of such an optimizer with as many parameters returned.

        Raises
        ------
        ValueError
            If it is of another optimizer, or of another number of parameters, or holds what cannot be.
        """
        missed: Any = [0] * len(self.params)
        if isinstance(state, Mapping) and "missed" in state:
            missed = [
                whole("missed", count, least=0) for count in listed("the state's missed", state["missed"])
            ]
            state = {name: entry for name, entry in state.items() if name != "missed"}
        kind, lr, steps, options, numbers = entries(
            state, ("kind", "lr", "steps", "options", "state"), "an optimizer"
        )
        if kind != type(self).__name__:
            raise ValueError(f"the state is that of {kind}, and this optimizer is {type(self).__name__}")
        if (
            not (isinstance(options, Mapping) and isinstance(numbers, Mapping))
            or set(options) != set(self.options)
            or set(numbers) != set(self.slots)
        ):
            raise ValueError(f"the state does not have the entries of {kind}")
        columns = {
            name: [decode_float(x) for x in listed(f"the state's {name}", numbers[name])]
            for name in self.slots
        }
        for name, column in {**columns, "missed": missed}.items():
            if len(column) != len(self.params):
                raise ValueError(
                    f"the state has {len(column)} numbers of {name!r}, but there are {len(self.params)} "
                    "parameters"
                )
        lr, steps = real("lr", lr, least=0.0), whole("steps", steps, least=0)
        if max(missed) > steps:
            raise ValueError(f"the state says that a parameter missed {max(missed)} of {steps} steps")
        options = {name: _option(name, getattr(self, name), options[name]) for name in self.options}
        for name, value in options.items():
            setattr(self, name, value)
        self.lr, self.steps, self.state, self._missed = lr, steps, columns, missed

    def __repr__(self) -> str:
        options = "".join(f", {name}={getattr(self, name)!r}" for name in self.options)
        return f"{type(self).__name__}({len(self.params)} parameters, lr={self.lr!r}{options})"


def _number(grad: Any) -> float:
    """Return a gradient as a float, also where backward(create_graph=True) left a Value, or a user None."""
    return grad if grad.__class__ is float else 0.0 if grad is None else float(grad)


def clip_grad_norm_(params: Iterable[Value] | Value, max_norm: float) -> float:
    """Scale all gradients down so that their Euclidean norm is at most ``max_norm`` (Pascanu et al. 2013).

    Return the norm before.

    Parameters
    ----------
    params
        The Values whose ``grad`` is scaled.
    max_norm
        The largest norm that is left alone; infinite to measure only.

    Returns
    -------
    float
        The norm before scaling.

    Examples
    --------
    >>> w = Value(1.0); w.grad = 10.0
    >>> clip_grad_norm_([w], 1.0), round(w.grad, 5)
    (10.0, 1.0)
    """
    params = [params] if isinstance(params, Value) else values("params", params)
    limit = math.inf if max_norm == math.inf else real("max_norm", max_norm, least=0.0)
    norm = math.hypot(*[_number(p.grad) for p in params])
    scale = limit / (norm + 1e-6)  # as PyTorch does, to never divide by zero
    if scale < 1.0:
        for p in params:
            if p.grad is not None:
                p.grad = p.grad * scale
    return norm


def clip_grad_value_(params: Iterable[Value] | Value, clip_value: float) -> None:
    """Limit every gradient to [-clip_value, clip_value].

    Parameters
    ----------
    params
        The Values whose ``grad`` is limited.
    clip_value
        The largest size that is left alone. A NaN stays NaN.

    Examples
    --------
    >>> w = Value(1.0); w.grad = -10.0
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    -1.0
    """
    params = [params] if isinstance(params, Value) else values("params", params)
    limit = real("clip_value", clip_value, least=0.0)
    for p in params:
        if p.grad is None:
            continue
        grad = _number(p.grad)
        p.grad = grad if grad != grad else min(max(grad, -limit), limit)
