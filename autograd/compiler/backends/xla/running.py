"""A program for XLA with its arrays: placed on devices, compiled once, run as often as one likes."""

from __future__ import annotations

import math
import operator
import sys
from contextlib import AbstractContextManager
from functools import cached_property, partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec

from autograd.compiler.backends.finite import cancels
from autograd.compiler.backends.placing import Placement
from autograd.compiler.backends.xla import training
from autograd.compiler.backends.xla.emit import Emitted, emitted
from autograd.compiler.cache import Recent
from autograd.compiler.graph.bounds import CLOSE, NEAR
from autograd.compiler.graph.ir import BOUND, SOP, Graph
from autograd.compiler.roll.program import LANES, Program

__all__ = ["BoundXLA", "Devices"]


class Devices:
    """Where the arrays of a program are.

    Parameters
    ----------
    placement
        The mesh, how it is used, and the kind of numbers.
    """

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self.dtype = np.dtype(placement.dtype)
        mesh = placement.mesh
        self.copies = None if mesh is None else NamedSharding(mesh, PartitionSpec())
        self.lanes = (
            None if mesh is None else NamedSharding(mesh, PartitionSpec(None, placement.examples or None))
        )
        self.split = (
            None if mesh is None else NamedSharding(mesh, PartitionSpec(placement.parameters or None))
        )

    def arithmetic(self) -> AbstractContextManager[None]:
        """Return a context in which JAX computes in the kind of numbers that was asked for."""
        found: AbstractContextManager[None] = jax.enable_x64(self.dtype == np.float64)
        return found

    def _along(self, axis: str) -> int:
        """Return over how many devices an axis of the mesh goes."""
        return self.placement.mesh.shape[axis] if axis else 1

    def padded(self, count: int, axis: str) -> int:
        """Return the next multiple of the devices along an axis."""
        return -(-count // self._along(axis)) * self._along(axis)

    def put(self, x: Any, where: Any) -> Any:
        """Return numbers for the devices; each process brings the part of its own.

        Without a mesh what is compiled takes them there itself, in a tenth of the time of a call of JAX; who
        calls it waits for its results, before which nobody writes to the numbers.
        """
        if where is None:
            return np.asarray(x, self.dtype)
        return jax.make_array_from_callback(x.shape, where, lambda index: np.array(x[index], self.dtype))

    def whole(self, x: Any) -> Any:
        """Keep an array on every device: XLA errs on slices and concatenations of one that is split."""
        return x if self.copies is None else lax.with_sharding_constraint(x, self.copies)

    def gathered(self, x: Any) -> Any:
        """Return all numbers of an array, wherever its parts are."""
        if self.copies is not None and not (x.is_fully_addressable or x.is_fully_replicated):
            x = jax.jit(lambda a: a, out_shardings=self.copies)(x)
        return np.asarray(x)


class Judged:
    """What XLA compiles of a program: it is shared by all functions that come to the same program.

    Parameters
    ----------
    emitted
        The program as a function of JAX.
    graph
        Its graph.
    parameters, size
        How many there are, and how many with what fills them up.
    width
        How many examples.
    devices
        Where it runs.
    """

    def __init__(
        self, emitted: Emitted, graph: Graph, parameters: int, size: int, width: int, devices: Devices
    ) -> None:
        self.emitted, self.parameters, self.size, self.width = emitted, parameters, size, width
        self.devices = devices
        self.limit = math.inf if cancels(graph) else sys.float_info.max
        self.looks = devices.dtype == np.float64  # in single precision the bound is beyond all numbers
        self.closely = False  # as soon as a few numbers did not do
        self.trainers: dict[Any, Any] = {}

    def judged(self, closely: bool, theta: Any, inputs: Any, rows: Any) -> tuple[Any, Any, Any]:
        """Return whether numbers on the way to the results are none too large, these, and the gradient.

        As a rule a few numbers, of which all are small, show that; where they are not, it takes to look
        ``closely``, at each. What else has to hold `sound` tells, and that the results are finite.
        """
        theta = self.devices.whole(theta)[: self.parameters]
        result, gradient, roots, watched = self.emitted.function(theta, inputs, rows, self.width)
        gradient = self.devices.whole(gradient)
        if not self.looks or not watched:
            return True, result, gradient
        if not closely:
            return self.near(roots, CLOSE) if roots else True, result, gradient
        sizes = [jnp.abs(x) for x in watched]
        large = [((x >= BOUND) & (x <= self.limit)).any() for x in sizes]
        return ~reduce(operator.or_, large), result, gradient

    def sound(self, closely: bool, theta: Any, gradient: Any) -> Any:
        """Return for each parameter whether it and its gradient hold."""
        fine = theta == theta if closely or not self.looks else jnp.abs(theta) < CLOSE
        return fine & jnp.isfinite(gradient)

    def near(self, arrays: list[Any], limit: float) -> Any:
        """Return whether all numbers of some arrays are below a limit; arrays of one size together."""
        found: dict[Any, Any] = {}
        for x in arrays:
            flat = x if self.devices.copies is not None else jnp.ravel(x)  # split arrays stay as they are
            found[flat.shape] = (jnp.abs(flat) < limit) & found.get(flat.shape, True)
        return reduce(operator.and_, [x.all() for x in found.values()], jnp.array(True))

    def data_hold(self, closely: bool, inputs: Any, rows: Any) -> Any:
        """Return whether the data are small, or looked at with all other numbers."""
        return jnp.array(True) if closely or not self.looks else self.near([inputs, rows], NEAR)

    def _evaluated(self, closely: bool, theta: Any, inputs: Any, rows: Any) -> Any:
        """Return whether the results hold, whether a closer look could tell no more, and these."""
        theta = self.devices.whole(theta)[: self.parameters]
        fine, result, gradient = self.judged(closely, theta, inputs, rows)
        fine &= jnp.isfinite(result).all() & self.sound(closely, theta, gradient).all()
        fine &= self.data_hold(closely, inputs, rows)
        known = closely or not self.looks
        return fine, known | fine | jnp.isnan(result).any(), result, gradient

    @cached_property
    def runs(self) -> list[Any]:
        """The function for XLA that looks at a few numbers, and the one that looks at all."""
        return [
            jax.jit(partial(self._evaluated, closely), out_shardings=self.devices.copies)
            for closely in (False, True)
        ]


_COMPILED = Recent(32)
"""What was compiled last."""


class BoundXLA:
    """A program over its own arrays, for one number of lanes.

    Attributes
    ----------
    shared : array (numbers,)
    lanes : array (rows, lanes)
    count : int
        How many statements it has.
    devices : Devices
    emitted : Emitted
        The function of JAX.
    judged : Judged
        What is compiled of it.
    """

    def __init__(self, program: Program, lanes: int, placement: Placement) -> None:
        self.program, self.width, self.devices = program, lanes, Devices(placement)
        self.shared, self.lanes = np.zeros(max(program.shared, 1)), np.zeros((max(program.lanes, 1), lanes))
        self.count = len(program.statements)
        self.padded = self.devices.padded(lanes, placement.examples) if program.lanes else lanes
        self.emitted: Emitted = emitted(program, masked=self.padded != lanes)
        self.size = self.devices.padded(program.parameters, placement.parameters)
        graph = program.graph
        computed = graph.kind[graph.outputs] >= SOP
        self._places = program.outputs[computed]
        self._which = np.flatnonzero(computed)
        key = self.emitted.key, program.parameters, lanes, placement, cancels(graph)
        self.judged: Judged = _COMPILED.recall(
            key, lambda: Judged(self.emitted, graph, program.parameters, self.size, lanes, self.devices)
        )

    def data(self) -> tuple[Any, Any]:
        """Return what stands in the places of inputs and lanes, on the devices."""
        rows = self.lanes[self.emitted.lanes]
        if self.padded > self.width:
            rows = np.concatenate([rows, np.repeat(rows[:, :1], self.padded - self.width, 1)], 1)
        put = self.devices.put
        split = self.devices.lanes if self.program.lanes else self.devices.copies
        return put(self.shared[self.emitted.inputs], self.devices.copies), put(rows, split)

    def theta(self) -> Any:
        """Return the parameters on the devices."""
        return self.spread(self.shared[: self.program.parameters])

    def spread(self, numbers: Any, *, alone: bool = True) -> Any:
        """Return a number for each parameter on the devices, split where that was asked for.

        ``alone`` tells that they are those of all parameters, not those of a group.
        """
        if not alone:
            return self.devices.put(numbers, self.devices.copies)
        missing = self.size - len(numbers)
        return self.devices.put(np.pad(numbers, (0, missing)) if missing else numbers, self.devices.split)

    def run(self) -> bool:
        """Compute everything from what stands in the leaves; tell whether the results hold."""
        with self.devices.arithmetic():
            given = self.theta(), *self.data()
            fine, known, result, gradient = map(np.asarray, self.judged.runs[self.judged.closely](*given))
            if not known:
                self.judged.closely = True
                fine, _, result, gradient = map(np.asarray, self.judged.runs[1](*given))
        count = self.program.parameters
        self.shared[count : 2 * count] = gradient
        found = result.reshape(len(self.program.graph.outputs), -1)[self._which]
        lane = self._places >= LANES
        self.shared[self._places[~lane]] = found[~lane, 0]
        if lane.any():
            self.lanes[self._places[lane] - LANES] = found[lane, : self.width]
        return bool(fine)

    def optimize(self, optimizer: Any, steps: int) -> list[float] | None:
        """Take steps of an optimizer as far as all numbers hold; return the losses of those taken.

        None where the optimizer is not one whose steps a device could take.
        """
        return training.optimize(self, optimizer, steps)
