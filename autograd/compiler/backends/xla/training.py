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
NUMBERS = (float, int, bool)


def optimize(bound: Any, optimizer: Any, steps: int) -> list[float] | None:
    """Take at most so many steps as far as all numbers hold; return the losses of those taken.

    None where the optimizer's update is more than arithmetic, as a branch on a gradient is.
    """
    parts: Any = getattr(optimizer, "flat_parts", list)()
    if not parts:
        return None
    judged = bound.judged
    losses: list[float] = []
    most = size = min(steps, CHUNK)
    while len(losses) < most:
        found = _taken(bound, parts, min(size, most - len(losses)), judged.closely)
        if found is None:
            return None
        own, holds, small, theta, state = found
        if holds:
            _keep(bound, optimizer, parts, len(own), theta, state)
            losses += own.tolist()
        elif small and len(own) > 1:  # where it is that numbers do not hold
            size = len(own) // 2
        elif judged.closely or not judged.looks or np.isnan(own).any():
            break
        else:
            judged.closely, size = True, most
    return losses


def _taken(bound: Any, parts: list[Any], steps: int, closely: bool) -> tuple[Any, ...] | None:
    """Return the losses of so many steps, whether all hold, and the data are small; what there is then."""
    devices, key = bound.devices, (closely, *[_key(part) for part in parts])
    given = np.array([steps, *[part.lr for part in parts], *[part.steps for part in parts]], devices.dtype)
    with devices.arithmetic():
        if key not in bound.judged.trainers:
            bound.judged.trainers[key] = jax.jit(_trainer(bound.judged, parts, closely))
        state = [[bound.spread(x, alone=len(parts) == 1) for x in _numbers(part)] for part in parts]
        try:
            told, theta, state = bound.judged.trainers[key](bound.theta(), state, given, *bound.data())
        except jax.errors.JAXTypeError:  # the update asks for a number
            return None
        told, theta = devices.gathered(told), devices.gathered(theta)
        state = [[*map(devices.gathered, own)] for own in state]
    return told[:steps], *told[CHUNK:], theta[: bound.program.parameters], state


def _keep(bound: Any, optimizer: Any, parts: list[Any], steps: int, theta: Any, state: Any) -> None:
    """Store what there is after some steps."""
    bound.shared[: bound.program.parameters] = theta
    for part, numbers in zip(parts, state, strict=True):
        if numbers:
            part.state = dict(zip(part.slots, [x[: len(part.params)] for x in numbers], strict=True))
        part.steps += steps
    if optimizer not in parts:
        optimizer.steps += steps


def _key(part: Any) -> Any:
    """Return what the update of a group depends on beside what it is given."""
    options = [
        (name, x if x.__class__ in NUMBERS else repr(x))
        for name, x in vars(part).items()
        if name not in NOT_KEY
    ]
    return type(part), part.slots, len(part.params), *options


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
        theta, gradient = devices.whole(theta), devices.whole(gradient)
        found = [
            part.update(theta[a:b], gradient[a:b], tuple(own), lr, step)
            for part, a, b, own, lr, step in zip(parts, ends, ends[1:], state, rates, counts, strict=False)
        ]
        new = jnp.concatenate([*(x for x, _ in found), theta[count:]])
        return split(new), [list(own) for _, own in found]

    def steps(theta: Any, state: Any, given: Any, inputs: Any, rows: Any) -> Any:
        """Return the losses, then whether all steps hold, and the data are small; what there is at the end.

        ``given`` are how many steps, then the rate of each part, then how many it has taken. Where numbers of
        a step do not hold, parameters become NaN, and stay so: no step waits for a look.
        """
        rates, counts = given[1 : 1 + len(parts)], given[1 + len(parts) :]

        def step(i: Any, carry: Any) -> Any:
            """Take one step, with NaN for all parameters where its numbers do not hold."""
            theta, state, losses = carry
            fine, value, gradient = judged.judged(closely, theta, inputs, rows)
            gradient = split(jnp.pad(gradient, (0, judged.size - count)))
            fine &= judged.sound(closely, theta, gradient)
            new, state = moved(theta, gradient, state, rates, counts + (i + 1))
            losses = lax.dynamic_update_index_in_dim(losses, value, i, 0)
            return jnp.where(fine, new, jnp.nan), state, losses

        start = theta, state, jnp.zeros(CHUNK)
        theta, state, losses = lax.fori_loop(0, given[0].astype(int), step, start)
        small = judged.data_hold(closely, inputs, rows)
        holds = small & jnp.isfinite(losses).all() & ~jnp.isnan(theta).any()
        return jnp.concatenate([losses, jnp.array([holds, small])]), theta, state

    return steps
