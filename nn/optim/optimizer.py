"""What all optimizers share, groups of parameters, and gradient clipping."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from autograd import Value
from autograd.compiler.training import Update
from autograd.keep.files import decode_float
from autograd.words import gettext
from nn.arrays import numpy_for
from nn.checks import entries, listed, real, values, whole

if TYPE_CHECKING:
    from nn.optim.schedulers import Scheduler

__all__ = ["Group", "Optimizer", "Params", "clip_grad_norm_", "clip_grad_value_", "number_of"]

Params: TypeAlias = Iterable[Value] | Iterable[Mapping[str, Any]]
"""Parameters, or groups of them."""

_UPDATES: dict[Any, Update] = {}
"""By all that they rest on: a memory of the last few, so that each is built once."""


def _option(name: str, own: Any, given: Any) -> Any:
    """Check a hyperparameter that a file gave: of the kind that the optimizer has, a number from 0."""
    if isinstance(own, float):
        return real(name, given, least=0.0)
    if isinstance(own, list) and isinstance(given, tuple):
        given = list(given)
    if type(given) is not type(own) or (isinstance(own, list) and len(given) != len(own)):
        raise ValueError(gettext(
            "{name} must be such as {own}, got {given}",
            name=name, own=repr(own), given=repr(given),
        ))  # fmt: skip
    return [real(name, number, least=0.0, below=1.0) for number in given] if name == "betas" else given


class Group(MutableMapping[str, Any]):
    """The hyperparameters of some of an optimizer's parameters, to be read and written by name.

    An optimizer's ``param_groups`` are such. What is written is checked, and holds from the next step on.

    Parameters
    ----------
    optimizer
        The one that moves the parameters of this group.

    Examples
    --------
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=0.1, momentum=0.9)
    >>> group = optimizer.param_groups[0]
    >>> group["lr"] = group["lr"] / 2
    >>> optimizer.lr, sorted(group)
    (0.05, ['lr', 'momentum', 'nesterov', 'params', 'weight_decay'])
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer

    def _named(self, name: Any) -> str:
        if name not in tuple(self):
            kind = type(self._optimizer).__name__
            raise KeyError(gettext(
                "a group of {kind} has no {name}; it has {names}",
                kind=kind, name=repr(name), names=', '.join(self),
            ))  # fmt: skip
        return str(name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self._optimizer, self._named(name))

    def __setitem__(self, name: str, value: Any) -> None:
        if self._named(name) == "params":
            raise ValueError(gettext(
                "the parameters of a group stay; make another optimizer, or add_param_group()"
            ))  # fmt: skip
        checked = value if name == "lr" else _option(name, self[name], value)
        setattr(self._optimizer, name, checked)

    def __delitem__(self, name: str) -> None:
        raise TypeError(gettext("a group keeps its {name}; write another value", name=name))

    def __iter__(self) -> Iterator[str]:
        return iter(("params", "lr", *self._optimizer.options))

    def __len__(self) -> int:
        return 2 + len(self._optimizer.options)

    def __repr__(self) -> str:
        return repr({**self, "params": f"{len(self['params'])} parameters"})


class Optimizer:
    """What all optimizers share: parameters, learning rate, state, the step.

    A subclass sets ``slots``, the names of the numbers that it keeps for each parameter, and defines
    ``update``.

    Parameters
    ----------
    params
        The Values to train, such as ``model.parameters()``; or groups of them, dicts with ``params`` and what
        is to be another for these than for all: ``[{"params": w, "weight_decay": 0.01}, {"params": b}]``.
    lr
        Learning rate.

    Attributes
    ----------
    params : list of Value
        The parameters, those of all groups one after another.
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

    needs_closure: bool = False
    """Whether a step evaluates the loss several times, and so takes a function that does."""
    # Several groups are several optimizers of this kind that step together; a single one is none.
    _parts: tuple[Any, ...] = ()

    def __init__(self, params: Params, lr: float) -> None:
        if isinstance(params, Value):
            raise TypeError(gettext(
                "an optimizer takes the parameters as a list; write [v] for a single Value"
            ))  # fmt: skip
        # The schedulers whose factors make the rates of the groups, and the rates that they multiply.
        self.schedules: list[Scheduler] = []
        self.base_lrs: list[float] = []
        self._lr = real("lr", lr, least=0.0)
        self.steps = 0
        given: list[Any] = listed("params", params)
        if any(isinstance(group, Mapping) for group in given):
            self._parts = tuple([self._part(group) for group in given])
            given = [p for part in self._parts for p in part.params]
        self._hold(given)
        self._missed: list[int] = []  # how many steps each parameter had no gradient for; empty: none
        self.state: dict[str, Any] = {name: [0.0] * len(self.params) for name in self.slots}

    def _hold(self, params: list[Any]) -> None:
        """Take over the parameters, once they are found to be such."""
        for p in params:
            if not isinstance(p, Value) or p.op is not None:
                kind = (
                    gettext("the result of {name}", name=p.op.name) if isinstance(p, Value) and p.op
                    else gettext("a {kind}", kind=type(p).__name__)
                )  # fmt: skip
                raise TypeError(gettext(
                    "an optimizer changes leaves, Values that you made; {kind} is among its parameters",
                    kind=kind,
                ))  # fmt: skip
        if not params:
            raise ValueError(gettext(
                "an optimizer needs at least one parameter, got none; pass model.parameters()"
            ))  # fmt: skip
        if len(set(params)) < len(params):
            raise ValueError(gettext("a parameter occurs twice; pass each once"))
        self.params: list[Value] = params

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in self.options:  # what is written for all holds for each group
            for part in self._parts:
                setattr(part, name, value)

    def _part(self, group: Any) -> Optimizer:
        """Return the optimizer of a group: of this kind, with the group's own hyperparameters."""
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(gettext(
                'a group is a dict such as {{"params": layer.parameters(), "lr": 0.01}}, got {group}; pass '
                "groups alone, or parameters alone",
                group=f"{group!r:.60}",
            ))  # fmt: skip
        own = {name: value for name, value in group.items() if name != "params"}
        if unknown := set(own) - {"lr", *self.options}:
            raise ValueError(gettext(
                "a group of {kind} has no {names}; it may have params, lr{names2}",
                kind=type(self).__name__, names=', '.join(map(repr, sorted(unknown))),
                names2=''.join(f', {name}' for name in self.options),
            ))  # fmt: skip
        shared = {"lr": self._lr, **{name: getattr(self, name) for name in self.options}}
        params = group["params"]
        return type(self)([params] if isinstance(params, Value) else params, **{**shared, **own})

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Train more parameters, with hyperparameters of their own where the group has some.

        Parameters
        ----------
        group
            A dict with ``params``, as the constructor takes.

        Examples
        --------
        >>> from nn.optim import SGD
        >>> optimizer = SGD([Value(1.0)], lr=0.1)
        >>> optimizer.add_param_group({"params": [Value(2.0)], "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        part = self._part(group)
        parts = (*(self._parts or (copy.copy(self),)), part)
        self._hold([p for each in parts for p in each.params])
        self._parts = parts
        self.schedules, self.base_lrs = [], []

    @property
    def param_groups(self) -> list[Group]:
        """The groups of parameters with their hyperparameters, as in PyTorch; one where none were given."""
        return [Group(part) for part in self._parts or (self,)]

    @property
    def lr(self) -> float:
        """The learning rate, which schedulers change; where there are groups, that of the first.

        What is written holds for every group.
        """
        return self._parts[0].lr if self._parts else self._lr

    @lr.setter
    def lr(self, rate: float) -> None:
        checked = real("lr", rate, least=0.0)
        for part in self._parts or (self,):
            part._lr = checked

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
        raise NotImplementedError(gettext(
            "{kind} has no update(); define update(theta, grad, state, lr, step)",
            kind=type(self).__name__,
        ))  # fmt: skip

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter once, by its ``grad``.

        One whose ``grad`` is None stays as it is, with its state, as in PyTorch.

        Parameters
        ----------
        closure
            A function that computes the loss and its gradients anew, and returns the loss; it is called
            before the parameters move. See `LBFGS`, which needs one.

        Returns
        -------
        Value or float or None
            What the closure returned; None without one.

        Examples
        --------
        >>> from nn.optim import SGD
        >>> w = Value(1.0)
        >>> optimizer = SGD([w], lr=0.1)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = w * w
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).data, round(w.data, 9)
        (1.0, 0.8)
        """
        loss = None if closure is None else closure()
        if self._parts:
            _ = [number_of(p.grad) for p in self.params]  # all are read before one moves
            self.steps += 1
            for part in self._parts:
                part.step()
        else:
            self._move_all()
        return loss

    def _numbers(self) -> list[Any]:
        """Return the numbers of each slot; those of one that was not needed so far are zeros."""
        kept = self.state
        return [kept[name] if name in kept else [0.0] * len(self.params) for name in self.slots]

    def _move_all(self) -> None:
        """Take the step of a single group."""
        grads = [None if p.grad is None else number_of(p.grad) for p in self.params]
        steps = self._count(grads)
        columns = [n if n.__class__ is list else n.tolist() for n in self._numbers()]
        update, lr = self.update, self._lr
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
        if any(grad is None for grad in grads):
            missed = self._missed or [0] * len(grads)
            self._missed = [n + (grad is None) for n, grad in zip(missed, grads, strict=True)]
        return [self.steps - n for n in self._missed] if self._missed else [self.steps] * len(grads)

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
        np = sys.modules.get("numpy") or numpy_for(gettext("a step on arrays"))
        if self._parts:
            self.steps += 1
            ends = [0]
            for part in self._parts:
                ends.append(ends[-1] + len(part.params))
            return np.concatenate([
                part.step_flat(theta[start:end], grad[start:end])
                for part, start, end in zip(self._parts, ends, ends[1:], strict=False)
            ])  # fmt: skip
        absent = grad.__class__ is not np.ndarray and any(g is None for g in grad)
        if not absent and not any(self._missed):
            own = vars(self)
            own["steps"] += 1
            state = tuple([np.asarray(numbers) for numbers in self._numbers()])
            theta, state = self._of_arrays()(theta, np.asarray(grad, float), state, self._lr, own["steps"])
            own["state"] = dict(zip(self.slots, state, strict=True))
            return theta
        here = np.array([g is not None for g in grad])
        steps = np.array(self._count(grad))
        theta = np.array(theta, float)
        columns = [np.array(numbers, float) for numbers in self._numbers()]
        # Those that have taken as many steps go together.
        for step in sorted(set(steps[here].tolist())):
            some = here & (steps == step)
            gradient = np.array([g for g, chosen in zip(grad, some, strict=True) if chosen], float)
            theta[some], new = self.update(
                theta[some], gradient, tuple(column[some] for column in columns), self._lr, step
            )
            for column, numbers in zip(columns, new, strict=True):
                column[some] = numbers
        self.state = dict(zip(self.slots, columns, strict=True))
        return theta

    def _of_arrays(self) -> Callable[..., Any]:
        """Return `update`; that of an optimizer of this package may be C by now."""
        kind = type(self)
        if not kind.__module__ == kind.update.__module__ == __package__ or "update" in vars(self):
            return self.update
        options = [getattr(self, name) for name in self.options]
        key = kind, *[tuple(x) if x.__class__ is list else x for x in options]
        if key not in _UPDATES:
            if len(_UPDATES) >= 64:
                _UPDATES.clear()
            twin = copy.copy(self)
            vars(twin).update(params=[], state={}, schedules=[])  # which it does not keep alive
            _UPDATES[key] = Update(twin.update, len(self.slots))
        return _UPDATES[key]

    def flat_parts(self) -> Sequence[Optimizer]:
        """Return the optimizers of the groups, or this one, if a step of each is `update` and nothing else.

        Then a compiled program may take it itself. Empty where a class has a step of its own, or a parameter
        has missed steps.
        """
        parts = self._parts or (self,)
        for part in (self, *self._parts):
            kind = type(part)
            if kind.step is not Optimizer.step or kind.step_flat is not Optimizer.step_flat:
                return ()
            if not vars(part).keys().isdisjoint(("step", "step_flat")):
                return ()
        return () if any(any(part._missed) for part in parts) else parts

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
        if self._parts:
            groups = [part.state_dict() for part in self._parts]
            return {"kind": type(self).__name__, "lr": self.lr, "steps": self.steps, "groups": groups}
        numbers = {
            name: [float(x) for x in column] for name, column in zip(self.slots, self._numbers(), strict=True)
        }
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
        self._take(self._checked(state))

    def _take(self, found: tuple[Any, ...]) -> None:
        """Take over what `_checked` returned."""
        if self._parts:
            self.steps, parts = found
            for part, own in zip(self._parts, parts, strict=True):
                part._take(own)
            return
        self._lr, self.steps, self.state, self._missed, options = found
        for name, value in options.items():
            setattr(self, name, value)

    def _checked(self, state: Any) -> tuple[Any, ...]:
        """Return what is to be taken over from a state, after checking all of it."""
        if self._parts:
            whose = gettext("an optimizer of groups")
            kind, steps, groups = entries(state, ("kind", "steps", "groups"), whose)
            self._check_kind(kind)
            saved = listed(gettext("the state's {name}", name="groups"), groups)
            if len(saved) != len(self._parts):
                raise ValueError(gettext(
                    "the state has {count} groups, and there are {count2}",
                    count=len(saved), count2=len(self._parts),
                ))  # fmt: skip
            parts = [part._checked(own) for part, own in zip(self._parts, saved, strict=True)]
            return whole("steps", steps, least=0), parts
        missed: Any = [0] * len(self.params)
        if isinstance(state, Mapping) and "missed" in state:
            missed = [
                whole("missed", count, least=0)
                for count in listed(gettext("the state's {name}", name="missed"), state["missed"])
            ]
            state = {name: entry for name, entry in state.items() if name != "missed"}
        kind, lr, steps, options, numbers = entries(
            state, ("kind", "lr", "steps", "options", "state"), gettext("an optimizer")
        )
        self._check_kind(kind)
        if (
            not (isinstance(options, Mapping) and isinstance(numbers, Mapping))
            or set(options) != set(self.options)
            or set(numbers) != set(self.slots)
        ):
            raise ValueError(gettext("the state does not have the entries of {kind}", kind=kind))
        columns = {
            name: [decode_float(x) for x in listed(gettext("the state's {name}", name=name), numbers[name])]
            for name in self.slots
        }
        for name, column in {**columns, "missed": missed}.items():
            if len(column) != len(self.params):
                raise ValueError(gettext(
                    "the state has {count} numbers of {name}, but there are {count2} parameters",
                    count=len(column), name=repr(name), count2=len(self.params),
                ))  # fmt: skip
        lr, steps = real("lr", lr, least=0.0), whole("steps", steps, least=0)
        if max(missed) > steps:
            raise ValueError(gettext(
                "the state says that a parameter missed {which} of {steps} steps",
                which=max(missed), steps=steps,
            ))  # fmt: skip
        options = {name: _option(name, getattr(self, name), options[name]) for name in self.options}
        return lr, steps, columns, missed, options

    def _check_kind(self, kind: Any) -> None:
        if kind != type(self).__name__:
            raise ValueError(gettext(
                "the state is that of {kind}, and this optimizer is {kind2}",
                kind=kind, kind2=type(self).__name__,
            ))  # fmt: skip

    def __repr__(self) -> str:
        if self._parts:
            return f"{type(self).__name__} of [{', '.join(map(repr, self._parts))}]"
        options = "".join(f", {name}={getattr(self, name)!r}" for name in self.options)
        return f"{type(self).__name__}({len(self.params)} parameters, lr={self.lr!r}{options})"


def number_of(grad: Any) -> float:
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
    norm = math.hypot(*[number_of(p.grad) for p in params])
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
        grad = number_of(p.grad)
        p.grad = grad if grad != grad else min(max(grad, -limit), limit)
