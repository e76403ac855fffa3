"""XLA as a backend."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import jax
from jax.sharding import AxisType, Mesh

from autograd.compiler.backends import Bound, Cost, Work
from autograd.compiler.backends.placing import Placement
from autograd.compiler.backends.xla.emit import emitted
from autograd.compiler.backends.xla.exporting import exported
from autograd.compiler.backends.xla.running import BoundXLA
from autograd.compiler.backends.xla.spelling import unspelled
from autograd.compiler.roll.program import Program
from autograd.compiler.roll.repeats import weighted
from autograd.errors import GraphError
from autograd.op import TABLE

__all__ = ["BACKEND", "placement"]

DTYPES = ("float64", "float32")
WITHOUT_DOUBLES = ("tpu", "metal")
"""Platforms whose devices compute no float64."""


class XLA:
    """Programs as functions of JAX."""

    title = "XLA"

    def __init__(self, placement: Placement) -> None:
        self.placement = placement

    def placed(self, placement: Placement) -> XLA:
        """Return the backend on some devices."""
        return XLA(placement)

    def bind(self, program: Program, lanes: int) -> Bound:
        """Return the program over fresh arrays, for a number of lanes."""
        _refuse(program)
        return BoundXLA(program, lanes, self.placement)

    def absent(self) -> str:
        """Return an empty text: who got here has JAX."""
        return "" if find_spec("jax") else "there is no JAX"

    def against(self, program: Program) -> str:  # noqa: ARG002
        """Return an empty text: what does not run is an error, lest it run elsewhere than it should."""
        return ""

    def source(self, program: Program) -> str:
        """Return the program as a function of JAX."""
        _refuse(program)
        return emitted(program).text

    def exported(self, engine: Any, shapes: Any, batch: bool) -> bytes:
        """Return the program of an engine as a file that JAX alone runs."""
        _refuse(engine.program)
        return exported(engine, shapes, batch, self.placement)

    def cost(self, work: Work) -> Cost:
        """Estimate nothing: this backend is chosen by name alone."""
        return Cost(0.0 * work.calls, 0.0)


def _refuse(program: Program) -> None:
    """Raise where an operation is one that no device computes."""
    absent = [s.op for s, _ in weighted(program) if s.op is not None and unspelled(s.op)]
    if not absent:
        return
    name = absent[0].name
    if TABLE.get(name) is not absent[0]:
        raise GraphError(
            f"{name}() is a custom operation, which a device would have to call back to Python for; write it "
            'with operations of autograd, or compile with backend="numpy"'
        )
    raise GraphError(f'{name}() has no function over arrays for XLA; compile with backend="c" or "numpy"')


def placement(mesh: Any, shard: Any, dtype: Any) -> Placement:
    """Return where a program is to run, after checking that it can.

    Raises
    ------
    TypeError, ValueError
        Saying what to write instead.
    """
    if mesh is not None and not isinstance(mesh, Mesh):
        raise TypeError(
            f'mesh must be a mesh of JAX, got {type(mesh).__name__}; write jax.make_mesh((8,), ("examples",))'
        )
    name = "float64" if dtype is None else getattr(dtype, "__name__", None) or str(dtype)
    if name not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r:.60}")
    device = jax.devices()[0] if mesh is None else mesh.devices.flat[0]
    if name == "float64" and device.platform.lower() in WITHOUT_DOUBLES:
        raise ValueError(f'{device.device_kind} computes no float64; pass dtype="float32"')
    if mesh is None:
        if shard is not None:
            raise ValueError(
                'shard= says how to use a mesh; pass one too, such as mesh=jax.make_mesh((8,), ("examples",))'
            )
        return Placement(dtype=name)
    axes = {"examples": mesh.axis_names[0]}
    if shard == "parameters":
        axes["parameters"] = mesh.axis_names[-1]
    elif isinstance(shard, Mapping) and set(shard) <= {"examples", "parameters"}:
        axes = dict(shard)
    elif shard is not None:
        raise ValueError(
            'shard must be "parameters", or axes by what they split, such as {"examples": "rows", '
            f'"parameters": "columns"}}, got {shard!r:.60}'
        )
    for what, axis in axes.items():
        if axis not in mesh.axis_names:
            raise ValueError(
                f"the mesh has no axis {axis!r} to split the {what} over; it has "
                f"{', '.join(map(repr, mesh.axis_names))}"
            )
    # XLA divides the work between the devices, whatever the mesh says of it.
    mesh = Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * len(mesh.axis_names))
    return Placement(mesh, axes.get("examples", ""), axes.get("parameters", ""), name)


BACKEND = XLA(Placement())
