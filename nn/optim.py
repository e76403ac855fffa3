"""Optimizers, by PyTorch's definitions.

Each update is written once, as a pure function of numbers: ``update(theta, grad, state, lr, step)``. The
numbers may be floats, one parameter at a time, or NumPy arrays, all parameters at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from autograd import Value

__all__ = ["SGD", "AdaGrad", "Adam", "AdamW", "Optimizer", "RMSProp", "clip_grad_norm_", "clip_grad_value_"]


def _checked(name: str, number: Any, *, below: float = math.inf) -> float:
    """Check a hyperparameter: a number from 0 to below ``below``."""
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0.0 <= number < below:
        limit = "" if below == math.inf else f" and below {below:g}"
        raise ValueError(f"{name} must be a number from 0{limit}, got {number!r}")
    return float(number)


class Optimizer:
    """What all optimizers share: parameters, learning rate, state, the step.

    A subclass sets ``slots``, the names of the numbers that it keeps for each parameter, and defines ``update``.

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
    """

    slots: tuple[str, ...] = ()
    # The hyperparameters beside lr, for state_dict and repr.
    options: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Value], lr: float) -> None:
        if isinstance(params, Value):
            raise TypeError("an optimizer takes the parameters as a list; write [v] for a single Value")
        self.params = list(params)
        for p in self.params:
            if not isinstance(p, Value) or p.op is not None:
                kind = f"the result of {p.op.name}" if isinstance(p, Value) and p.op else f"a {type(p).__name__}"
                raise TypeError(f"an optimizer changes leaves, Values that you made; {kind} is among its parameters")
        if not self.params:
            raise ValueError("an optimizer needs at least one parameter, got none; pass model.parameters()")
        if len(set(self.params)) < len(self.params):
            raise ValueError("a parameter occurs twice; pass each once")
        self.lr = _checked("lr", lr)
        self.steps = 0
        self.state: dict[str, Any] = {name: [0.0] * len(self.params) for name in self.slots}

    def update(self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int) -> tuple[Any, tuple[Any, ...]]:
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
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(); define update(theta, grad, state, lr, step)")

    def step(self) -> None:
        """Move every parameter once, by its ``grad``."""
        self.steps += 1
        columns = [numbers if numbers.__class__ is list else numbers.tolist() for numbers in self.state.values()]
        update, lr, step = self.update, self.lr, self.steps
        if not columns:
            for p in self.params:
                p.data = update(p.data, p.grad, (), lr, step)[0]
            return
        states = []
        for p, state in zip(self.params, zip(*columns, strict=True), strict=True):
            p.data, state = update(p.data, _number(p.grad), state, lr, step)
            states.append(state)
        self.state = dict(zip(self.slots, map(list, zip(*states, strict=True)), strict=True))

    def step_flat(self, theta: Any, grad: Any) -> Any:
        """Take one step on arrays: return the new parameters as an array; the parameters' ``data`` stay as they are.

        Parameters
        ----------
        theta, grad : array (number of parameters,)
            Parameters and gradients, in the order of ``params``.
        """
        import numpy as np

        self.steps += 1
        state = tuple(np.asarray(numbers) for numbers in self.state.values())
        theta, state = self.update(theta, grad, state, self.lr, self.steps)
        self.state = dict(zip(self.slots, state, strict=True))
        return theta

    def zero_grad(self) -> None:
        """Set every parameter's ``grad`` to zero."""
        for p in self.params:
            p.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on beside parameters and gradients."""
        numbers = {name: [float(x) for x in column] for name, column in self.state.items()}
        options = {name: getattr(self, name) for name in self.options}
        return {"kind": type(self).__name__, "lr": self.lr, "steps": self.steps, "options": options, "state": numbers}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, hyperparameters included; on any error nothing changes.

        Raises
        ------
        ValueError
            If it is of another optimizer, or of another number of parameters.
        """
        if not isinstance(state, Mapping) or {"kind", "lr", "steps", "options", "state"} - set(state):
            raise ValueError("this is no optimizer state; pass what state_dict() returned")
        if state["kind"] != type(self).__name__:
            raise ValueError(f"the state is that of {state['kind']}, and this optimizer is {type(self).__name__}")
        if set(state["options"]) != set(self.options) or set(state["state"]) != set(self.slots):
            raise ValueError(f"the state does not have the entries of {type(self).__name__}")
        columns = {name: [float(x) for x in state["state"][name]] for name in self.slots}
        for name, column in columns.items():
            if len(column) != len(self.params):
                raise ValueError(f"the state has {len(column)} numbers of {name!r}, but there are {len(self.params)} parameters")
        lr, steps = _checked("lr", state["lr"]), int(state["steps"])
        for name in self.options:
            setattr(self, name, state["options"][name])
        self.lr, self.steps, self.state = lr, steps, columns

    def __repr__(self) -> str:
        options = "".join(f", {name}={getattr(self, name)!r}" for name in self.options)
        return f"{type(self).__name__}({len(self.params)} parameters, lr={self.lr!r}{options})"


def _number(grad: Any) -> float:
    """Return a gradient as a float, also where backward(create_graph=True) left a Value."""
    return grad if grad.__class__ is float else float(grad)


class SGD(Optimizer):
    """Gradient descent, with momentum where asked for.

    v = momentum * v + g (v = g in the first step); theta = theta - lr * v, or with ``nesterov`` lr * (g + momentum * v).

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    momentum
        Factor of the velocity; 0 is plain gradient descent.
    nesterov
        Whether to look ahead along the velocity.
    weight_decay
        Adds weight_decay * theta to the gradient.

    Examples
    --------
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

    def __init__(
        self, params: Iterable[Value], lr: float, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        self.momentum, self.nesterov = _checked("momentum", momentum), bool(nesterov)
        self.weight_decay = _checked("weight_decay", weight_decay)
        if nesterov and not momentum:
            raise ValueError("nesterov=True needs a momentum above 0")
        self.slots = ("velocity",) if momentum else ()
        super().__init__(params, lr)

    def update(self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and velocity; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        if not state:
            return theta - lr * grad, ()
        velocity = self.momentum * state[0] + grad
        move = grad + self.momentum * velocity if self.nesterov else velocity
        return theta - lr * move, (velocity,)


class AdaGrad(Optimizer):
    """AdaGrad (Duchi et al. 2011): steps shrink with the sum of the squared gradients so far.

    s = s + g**2; theta = theta - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(s) + eps).

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    lr_decay, eps, weight_decay
        See the formula; weight_decay * theta is added to the gradient.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = AdaGrad([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.500000000025
    """

    slots = ("sum",)
    options = ("lr_decay", "eps", "weight_decay")

    def __init__(
        self, params: Iterable[Value], lr: float = 0.01, *, lr_decay: float = 0.0, eps: float = 1e-10, weight_decay: float = 0.0
    ) -> None:
        self.lr_decay, self.eps = _checked("lr_decay", lr_decay), _checked("eps", eps)
        self.weight_decay = _checked("weight_decay", weight_decay)
        super().__init__(params, lr)

    def update(self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and sums; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        total = state[0] + grad * grad
        lr = lr / (1.0 + (step - 1) * self.lr_decay)
        return theta - lr * _quotient(grad, total**0.5 + self.eps), (total,)


class RMSProp(Optimizer):
    """RMSProp (Hinton 2012): the gradient over the root of a running mean of its square.

    s = alpha * s + (1 - alpha) * g**2; theta = theta - lr * g / (sqrt(s) + eps); with momentum that quotient
    feeds a velocity as in `SGD`; ``centered`` subtracts the square of the running mean of g from s.

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    alpha, eps, momentum, centered, weight_decay
        See the formula; weight_decay * theta is added to the gradient.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = RMSProp([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.0
    """

    options = ("alpha", "eps", "momentum", "centered", "weight_decay")

    def __init__(
        self, params: Iterable[Value], lr: float = 0.01, *, alpha: float = 0.99, eps: float = 1e-8,
        momentum: float = 0.0, centered: bool = False, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        self.alpha, self.eps = _checked("alpha", alpha), _checked("eps", eps)
        self.momentum, self.centered = _checked("momentum", momentum), bool(centered)
        self.weight_decay = _checked("weight_decay", weight_decay)
        self.slots = ("square", *(("velocity",) if momentum else ()), *(("mean",) if centered else ()))
        super().__init__(params, lr)

    def update(self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and running means; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        old = dict(zip(self.slots, state, strict=True))
        new = {"square": self.alpha * old["square"] + (1.0 - self.alpha) * grad * grad}
        spread = new["square"]
        if self.centered:
            mean = new["mean"] = self.alpha * old["mean"] + (1.0 - self.alpha) * grad
            # Rounding may take the variance below zero, where a root would be complex.
            spread = abs(spread - mean * mean)
        move = _quotient(grad, spread**0.5 + self.eps)
        if self.momentum:
            move = new["velocity"] = self.momentum * old["velocity"] + move
        return theta - lr * move, tuple(new[name] for name in self.slots)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015).

    m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g**2;
    theta = theta - lr * (m / (1 - b1**step)) / (sqrt(v / (1 - b2**step)) + eps).

    Parameters
    ----------
    params, lr
        As for `Optimizer`.
    betas
        b1 and b2.
    eps, weight_decay
        See the formula; weight_decay * theta is added to the gradient.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    slots = ("mean", "square")
    options = ("betas", "eps", "weight_decay")

    def __init__(
        self, params: Iterable[Value], lr: float = 0.001, *, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        first, second = betas
        self.betas = [_checked("betas", first, below=1.0), _checked("betas", second, below=1.0)]
        self.eps, self.weight_decay = _checked("eps", eps), _checked("weight_decay", weight_decay)
        super().__init__(params, lr)

    def update(self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and running means; see `Optimizer.update`."""
        if self.weight_decay:
            grad = grad + self.weight_decay * theta
        return self._move(theta, grad, state, lr, step)

    def _move(self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int) -> tuple[Any, tuple[Any, ...]]:
        first, second = self.betas
        mean = first * state[0] + (1.0 - first) * grad
        square = second * state[1] + (1.0 - second) * grad * grad
        root = square**0.5 / math.sqrt(1.0 - second**step) + self.eps
        return theta - lr / (1.0 - first**step) * _quotient(mean, root), (mean, square)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    theta is first multiplied by 1 - lr * weight_decay, then moved as by `Adam`, whose parameters it takes.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.85
    """

    def __init__(
        self, params: Iterable[Value], lr: float = 0.001, *, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.01,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, theta: Any, grad: Any, state: tuple[Any, ...], lr: float, step: int) -> tuple[Any, tuple[Any, ...]]:
        """Return the new parameters and running means; see `Optimizer.update`."""
        return self._move(theta * (1.0 - lr * self.weight_decay), grad, state, lr, step)


def _quotient(a: Any, b: Any) -> Any:
    """Divide; floats by zero as arrays do, where eps is 0 and the gradient too."""
    if b.__class__ is float and b == 0.0:
        return math.nan if a == 0.0 or a != a else math.copysign(math.inf, a)
    return a / b


def clip_grad_norm_(params: Iterable[Value], max_norm: float) -> float:
    """Scale all gradients down so that their Euclidean norm is at most ``max_norm``; return the norm before.

    Examples
    --------
    >>> w = Value(1.0); w.grad = 10.0
    >>> clip_grad_norm_([w], 1.0), round(w.grad, 5)
    (10.0, 1.0)
    """
    params = list(params)
    limit = _checked("max_norm", max_norm)
    norm = math.hypot(*[_number(p.grad) for p in params])
    scale = limit / (norm + 1e-6)  # as PyTorch does, to never divide by zero
    if scale < 1.0:
        for p in params:
            p.grad = p.grad * scale
    return norm


def clip_grad_value_(params: Iterable[Value], clip_value: float) -> None:
    """Limit every gradient to [-clip_value, clip_value].

    Examples
    --------
    >>> w = Value(1.0); w.grad = -10.0
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    -1.0
    """
    limit = _checked("clip_value", clip_value)
    for p in params:
        grad = _number(p.grad)
        p.grad = grad if grad != grad else min(max(grad, -limit), limit)
