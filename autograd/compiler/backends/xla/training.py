"""Steps of an optimizer on the devices: gradient and update in one function, many steps in one loop."""

from __future__ import annotations

import copy
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["optimize"]

CHUNK = 1024
"""Most steps of one call."""
NOT_KEY = {"params", "state", "steps", "_lr", "_missed", "_parts", "schedules", "base_lrs"}
"""What changes from step to step, or is passed."""


def optimize(bound: Any, optimizer: Any, steps: int) -> list[float] | None:
    """Take at most so many steps as far as all numbers hold; return the losses of those taken.

    None where the optimizer's update is more than arithmetic, as a branch on a gradient is.
    """
    parts: Any = getattr(optimizer, "flat_parts", list)()
    if not parts:
        return None
    losses: list[float] = []
    for closely in (bound.judged.closely, True):  # few numbers are looked at, as long as these do
        found = _taken(bound, optimizer, parts, min(steps, CHUNK) - len(losses), closely)
        if found is None:
            return None
        losses += found[0]
        bound.judged.closely |= not found[1]
        if found[1] or len(losses) == min(steps, CHUNK):
            break
    return losses


def _taken(
    bound: Any, optimizer: Any, parts: list[Any], steps: int, closely: bool
) -> tuple[list[float], bool] | None:
    """Take steps; return the losses, and whether it is known that the step behind them does not hold."""
    key = closely, *[_key(part) for part in parts]
    with bound.devices.arithmetic():
        if key not in bound.judged.trainers:
            bound.judged.trainers[key] = jax.jit(_trainer(bound.judged, parts, closely))
        state = [[bound.spread(x, alone=len(parts) == 1) for x in _numbers(part)] for part in parts]
        rates = [np.array(part.lr, bound.devices.dtype) for part in parts]
        counts = [np.array(part.steps, bound.devices.dtype) for part in parts]
        try:
            found = bound.judged.trainers[key](bound.theta(), state, rates, counts, *bound.data(), steps)
        except jax.errors.JAXTypeError:  # the update asks for a number
            return None
        *found, state = found
        taken, known, theta, losses = map(
            bound.devices.gathered, found
        )  # none is asked for by JAX's own `int`
        state = [[*map(bound.devices.gathered, own)] for own in state]
    count = int(taken)
    bound.shared[: bound.program.parameters] = theta[: bound.program.parameters]
    for part, numbers in zip(parts, state, strict=True):
        part.state = dict(zip(part.slots, [x[: len(part.params)] for x in numbers], strict=True))
        part.steps += count
    if optimizer not in parts:
        optimizer.steps += count
    return losses[:count].tolist(), bool(known)


def _key(part: Any) -> Any:
    """Return what the update of a group depends on beside what it is given."""
    options = sorted((name, repr(x)) for name, x in vars(part).items() if name not in NOT_KEY)
    return type(part), part.slots, len(part.params), tuple(options)


def _numbers(part: Any) -> list[Any]:
    """Return the numbers of each slot; those of one that was not needed so far are zeros."""
    return [np.asarray(part.state.get(name, np.zeros(len(part.params))), float) for name in part.slots]


def _trainer(judged: Any, parts: list[Any], closely: bool) -> Any:
    """Return a function for XLA that takes several steps."""
    devices, count = judged.devices, judged.parameters
    ends = np.cumsum([0, *[len(part.params) for part in parts]]).tolist()
    parts = [copy.copy(part) for part in parts]
    for part in parts:
        part.params, part.state = [], {}  # which are no longer kept alive

    def split(x: Any) -> Any:
        """Keep an array of all parameters spread over the devices."""
        return x if devices.split is None else lax.with_sharding_constraint(x, devices.split)

    def moved(theta: Any, gradient: Any, state: Any, rates: Any, counts: Any) -> tuple[Any, Any]:
        """Return parameters and state after a step."""
        if len(parts) == 1:
            new, own = parts[0].update(theta, gradient, tuple(state[0]), rates[0], counts[0])
            return split(new), [list(map(split, own))]
        found = [
            part.update(theta[a:b], gradient[a:b], tuple(own), lr, step)
            for part, a, b, own, lr, step in zip(parts, ends, ends[1:], state, rates, counts, strict=False)
        ]
        new = jnp.concatenate([*(x for x, _ in found), theta[count:]])
        return split(new), [list(own) for _, own in found]

    def steps(theta: Any, state: Any, rates: Any, counts: Any, inputs: Any, rows: Any, most: Any) -> Any:
        """Return how many steps were taken, and what there is after them; the loss before each.

        It also tells whether all is known of the step that did not hold.
        """
        small = jnp.array(True) if closely or not judged.looks else judged.near([inputs, rows])

        def goes_on(carry: Any) -> Any:
            return (carry[0] < most) & carry[-1]

        def step(carry: Any) -> Any:
            i, theta, state, losses, _ = carry
            fine, value, gradient = judged.judged(closely, theta, inputs, rows)
            gradient = split(jnp.pad(gradient, (0, judged.size - count)))
            new = moved(theta, gradient, state, rates, [x + (i + 1) for x in counts])
            theta, state = jax.tree.map(lambda a, b: jnp.where(fine, a, b), new, (theta, state))
            losses = lax.dynamic_update_index_in_dim(losses, value, i, 0)
            return i + fine, theta, state, losses, fine

        start = jnp.array(0), theta, state, jnp.zeros(CHUNK), small
        taken, theta, state, losses, fine = lax.while_loop(goes_on, step, start)
        return taken, judged.known(closely, fine, losses[taken]), theta, losses, state

    return steps
