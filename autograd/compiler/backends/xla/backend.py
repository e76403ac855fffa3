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
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.roll.program import Program
from autograd.compiler.roll.repeats import weighted
from autograd.compiler.roll.rolled import padded
from autograd.errors import GraphError
from autograd.op import TABLE
from autograd.words import gettext

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
        return BoundXLA(padded(program), lanes, self.placement)

    def absent(self) -> str:
        """Return an empty text: who got here has JAX."""
        return "" if find_spec("jax") else gettext("there is no JAX")

    def against(self, program: Program) -> str:  # noqa: ARG002
        """Return an empty text: what does not run is an error, lest it run elsewhere than it should."""
        return ""

    def source(self, program: Program) -> str:
        """Return the program as a function of JAX."""
        _refuse(program)
        return emitted(padded(program)).text

    def exported(self, engine: Any, shapes: Any, batch: bool) -> bytes:
        """Return the program of an engine as a file that JAX alone runs."""
        _refuse(engine.program)
        return exported(engine, shapes, batch, self.placement)

    def cost(self, work: Work) -> Cost:
        """Estimate nothing: this backend is chosen by name alone."""
        return Cost(0.0 * work.calls, 0.0)


def _refuse(program: Program) -> None:
    """Raise where an operation is one that no device computes."""
    rows = [s.op for s, _ in weighted(program) if s.op is not None and s.op is not ENTRY]
    absent = [op for op in rows if unspelled(op)]
    if not absent:
        return
    name = absent[0].name
    if TABLE.get(name) is not absent[0]:
        raise GraphError(gettext(
            "{name}() is a custom operation, which a device would have to call back to Python for; write "
            'it with operations of autograd, or compile with backend="numpy"',
            name=name,
        ))  # fmt: skip
    raise GraphError(gettext(
        '{name}() has no function over arrays for XLA; compile with backend="c" or "numpy"',
        name=name,
    ))  # fmt: skip


def placement(mesh: Any, shard: Any, dtype: Any) -> Placement:
    """Return where a program is to run, after checking that it can.

    Raises
    ------
    TypeError, ValueError
        Saying what to write instead.
    """
    if mesh is not None and not isinstance(mesh, Mesh):
        raise TypeError(gettext(
            'mesh must be a mesh of JAX, got {kind}; write jax.make_mesh((8,), ("examples",))',
            kind=type(mesh).__name__,
        ))  # fmt: skip
    name = "float64" if dtype is None else getattr(dtype, "__name__", None) or str(dtype)
    if name not in DTYPES:
        raise ValueError(gettext(
            "dtype must be one of {known}, got {dtype}",
            known=", ".join(DTYPES), dtype=f"{dtype!r:.60}",
        ))  # fmt: skip
    device = jax.devices()[0] if mesh is None else mesh.devices.flat[0]
    if name == "float64" and device.platform.lower() in WITHOUT_DOUBLES:
        raise ValueError(gettext(
            '{device} computes no float64; pass dtype="float32"',
            device=device.device_kind,
        ))  # fmt: skip
    if mesh is None:
        if shard is not None:
            raise ValueError(gettext(
                "shard= says how to use a mesh; pass one too, such as mesh=jax.make_mesh((8,), "
                '("examples",))'
            ))  # fmt: skip
        return Placement(dtype=name)
    axes = {"examples": mesh.axis_names[0]}
    if shard == "parameters":
        axes["parameters"] = mesh.axis_names[-1]
    elif isinstance(shard, Mapping) and set(shard) <= {"examples", "parameters"}:
        axes = dict(shard)
    elif shard is not None:
        raise ValueError(gettext(
            'shard must be "parameters", or axes by what they split, such as {{"examples": "rows", '
            '"parameters": "columns"}}, got {shard}',
            shard=f"{shard!r:.60}",
        ))  # fmt: skip
    for what, axis in axes.items():
        if axis not in mesh.axis_names:
            raise ValueError(gettext(
                "the mesh has no axis {axis} to split the {what} over; it has {known}",
                axis=repr(axis), what=what, known=", ".join(map(repr, mesh.axis_names)),
            ))  # fmt: skip
    # XLA divides the work between the devices, whatever the mesh says of it.
    mesh = Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * len(mesh.axis_names))
    return Placement(mesh, axes.get("examples", ""), axes.get("parameters", ""), name)


BACKEND = XLA(Placement())
