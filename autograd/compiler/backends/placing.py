"""Where a program is to run, for backends that leave the choice. Needs the standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from autograd.words import gettext

__all__ = ["Placed", "Placement", "Threaded"]


@dataclass(frozen=True)
class Placement:
    """Where a program runs, and in which numbers.

    Attributes
    ----------
    mesh
        The devices, a ``jax.sharding.Mesh``; None for the first one alone.
    examples, parameters
        The axes of the mesh over which they are split; an empty text where they are not.
    dtype
        ``"float64"`` or ``"float32"``.
    """

    mesh: Any = None
    examples: str = ""
    parameters: str = ""
    dtype: str = "float64"

    def check(self, examples: int) -> None:
        """Refuse a batch that leaves devices without an example."""
        devices = self.mesh.shape[self.examples] if self.examples else 1
        if examples < devices:
            raise ValueError(gettext(
                "a batch of {examples} is smaller than the mesh, which has {devices} devices for the "
                "examples; pass {devices} or more, or a smaller mesh",
                examples=examples, devices=devices,
            ))  # fmt: skip

    def spans(self, examples: int) -> set[tuple[int, int]]:
        """Return from where to where the examples go that the devices of this process have."""
        from jax.sharding import NamedSharding, PartitionSpec

        split: Any = PartitionSpec
        where: Any = NamedSharding(self.mesh, split(self.examples or None))
        found = where.addressable_devices_indices_map((examples,)).values()
        return {index[0].indices(examples)[:2] for index in found}


class _Beside(str):
    """The name of a backend, with one thing beside it; equal to the name."""

    __slots__ = ("beside",)

    beside: Any

    def __new__(cls, name: str, beside: Any) -> Self:
        """Make one."""
        made = super().__new__(cls, name)
        made.beside = beside
        return made

    def __getnewargs__(self) -> tuple[str, Any]:  # type: ignore[override]
        """Return what a copy is made of."""
        return str(self), self.beside


class Placed(_Beside):
    """The name of a backend, with where it is to run."""

    __slots__ = ()

    @property
    def placement(self) -> Placement:
        """Where it is to run."""
        return self.beside  # type: ignore[no-any-return]


class Threaded(_Beside):
    """The name of a backend, with how many threads are to share the examples where it has threads."""

    __slots__ = ()

    @property
    def threads(self) -> int:
        """How many threads."""
        return self.beside  # type: ignore[no-any-return]
