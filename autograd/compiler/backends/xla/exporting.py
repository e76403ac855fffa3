"""A program as a file that a process with JAX alone runs."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from autograd.compiler.backends.placing import Placement
from autograd.compiler.backends.xla.emit import emitted
from autograd.compiler.backends.xla.running import Devices

__all__ = ["exported"]

PLATFORMS = ("cpu", "cuda", "rocm")
"""What an exported program runs on; tpu beside, in single precision."""


def exported(engine: Any, shapes: Any, batch: bool, placement: Placement) -> bytes:
    """Return StableHLO, as `jax.export` writes it, of parameters and the function's own arguments.

    Parameters
    ----------
    engine
        A program, with the numbers of what the function closes over.
    shapes
        Of the arguments of one example.
    batch
        Whether the arguments have one more axis in front, of any length.
    placement
        The kind of numbers.
    """
    program, devices = engine.program, Devices(Placement(dtype=placement.dtype))
    made = emitted(program)
    sizes = [math.prod(shape) for shape in shapes]
    known = np.array(engine.shared[made.inputs], devices.dtype)

    def run(theta: Any, *arguments: Any) -> Any:
        """Return the loss and its gradient, or the results, one after the other."""
        inputs, rows = jnp.asarray(known), jnp.zeros((0, 1), known.dtype)
        if batch:
            parts = [jnp.moveaxis(x, 0, -1).reshape(n, -1) for x, n in zip(arguments, sizes, strict=True)]
            rows = jnp.concatenate(parts)
        elif sum(sizes):
            start = engine.first - made.inputs.start
            flat = jnp.concatenate([x.reshape(-1) for x in arguments])
            inputs = inputs.at[start : start + sum(sizes)].set(flat)
        result, gradient, *_ = made.function(theta, inputs, rows)
        if program.graph.forward >= 0:
            return result, gradient
        return jnp.moveaxis(result, -1, 0) if batch else result

    with devices.arithmetic():
        front = export.symbolic_shape("examples") if batch else ()
        given = [jax.ShapeDtypeStruct((*front, *shape), devices.dtype) for shape in shapes]
        theta = jax.ShapeDtypeStruct((program.parameters,), devices.dtype)
        platforms = PLATFORMS if devices.dtype == np.float64 else (*PLATFORMS, "tpu")
        return bytes(export.export(jax.jit(run), platforms=platforms)(theta, *given).serialize())
