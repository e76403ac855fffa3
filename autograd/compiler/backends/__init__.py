"""What runs a program: NumPy, C, straight-line Python; a folder each, declared here.

In comes a `Program` (see `autograd.compiler.roll`), out comes a `Bound` one: the program over arrays of its
own, which computes everything from the numbers that stand in the places of the leaves. A backend is a folder
with a module ``backend`` in it that defines ``BACKEND``, and one line in `BACKENDS`; the choice between them
reads nothing else.

Examples
--------
>>> from autograd.compiler.backends import BACKENDS, load
>>> list(BACKENDS)
['numpy', 'python', 'c']
>>> load("python").title
'straight-line Python'

The program of w x + w and its gradient, bound, loaded and run; parameters come first, then their gradients:

>>> from autograd import Value, compile
>>> from autograd.compiler.graph.ir import INPUT
>>> w = Value(2.0, "w")
>>> step = compile(lambda x: w * x + w, [w], backend="numpy")
>>> step(3.0)
8.0
>>> program = step._made()[0].program
>>> bound = load("python").bind(program, lanes=1)
>>> bound.shared[0] = 2.0
>>> bound.shared[program.address[program.graph.kind == INPUT]] = 3.0
>>> bound.run()
True
>>> float(bound.shared[program.address[program.graph.outputs[0]]]), float(bound.shared[1])
(8.0, 4.0)
"""

from __future__ import annotations

from abc import abstractmethod
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, runtime_checkable

from autograd.compiler.backends.costs import COSTS
from autograd.compiler.backends.placing import Placed, Threaded

if TYPE_CHECKING:
    from autograd.compiler.roll.program import Program

__all__ = [
    "AT_ONCE", "BACKENDS", "ON_DEVICES", "Backend", "Bound", "Cost", "Descending", "Gradual", "Optimizing",
    "Reusable", "Sharing", "Work", "cost_of", "load",
]  # fmt: skip

BACKENDS: Final = {
    "numpy": "autograd.compiler.backends.numpy.backend",
    "python": "autograd.compiler.backends.python.backend",
    "c": "autograd.compiler.backends.c.backend",
}
"""The backends, and where each is; of two that cost the same, the first is taken.

The first one runs every program, in place of another that cannot.
"""

ON_DEVICES: Final = {"xla": "autograd.compiler.backends.xla.backend"}
"""Backends that run where they are told to, by name alone: no choice by itself takes them."""


AT_ONCE: Final = "auto, at once"
"""The name of the choice that is made for good before the first call."""


class Bound(Protocol):
    """A program with arrays of its own, on one backend, for one number of lanes.

    Attributes
    ----------
    program
        What it runs, which may be laid out anew for this backend.
    shared : array (numbers,)
        The numbers that all examples share: parameters, their gradients, and the rest.
    lanes : array (rows, lanes)
        A row for each number that an example has of its own.
    count : int
        How many calls the program makes; `report` tells it.
    """

    program: Program
    shared: Any
    lanes: Any
    count: int

    @abstractmethod
    def run(self) -> bool:
        """Compute everything from what stands in the leaves; tell whether the results hold.

        They do not where the loss, a gradient or an output is not finite, or a number on the way is too
        large; `finite.Finite` tells that of arrays.
        """


@runtime_checkable
class Reusable(Protocol):
    """A bound program of whose code there need not be a second copy."""

    @abstractmethod
    def another(self, lanes: int) -> Bound:
        """Return the same code with arrays of its own."""


@runtime_checkable
class Descending(Protocol):
    """A bound program that can take steps of gradient descent by itself."""

    @abstractmethod
    def descend(self, steps: int, lr: float) -> Any:
        """Take steps as far as all numbers are finite; return the losses of those taken."""


@runtime_checkable
class Optimizing(Protocol):
    """A bound program that can take the steps of an optimizer by itself."""

    @abstractmethod
    def optimize(self, optimizer: Any, steps: int) -> list[float] | None:
        """Take steps as far as all numbers hold; return the losses of those taken.

        None where these are not for it. Parameters are those that stand in their places, before and after;
        the optimizer's state is its own.
        """


@runtime_checkable
class Gradual(Protocol):
    """A backend over whole arrays that leaves some operations to a loop of Python."""

    @abstractmethod
    def number_by_number(self, program: Program) -> list[str]:
        """Return the names of such operations in a program; `report` tells them."""


@runtime_checkable
class Sharing(Protocol):
    """A backend in which several threads can share the examples of a batch."""

    @abstractmethod
    def threaded(self, threads: int) -> Backend:
        """Return the backend with so many threads."""


class Work(NamedTuple):
    """What there is to do in a call."""

    calls: float
    """Roughly, the calls that a statement each would take over whole arrays."""
    statements: float
    written: float
    """Statements, of which those of a loop that is known count once."""
    terms: float
    """Products that are added up, for all examples together."""
    rows: float
    """Results of elementwise operations."""
    lane_terms: float
    """Of the products, those of each example."""
    lane_rows: float
    """Of the results, those of each example."""
    slow_rows: float
    """Of the results, those that NumPy computes number by number."""
    gathered: float
    """Numbers that are read through tables of addresses."""
    lines: float
    """Products and results, of one example: what there is to be read."""


class Cost(NamedTuple):
    """What a backend takes for a program."""

    microseconds: float
    """Of one call."""
    seconds: float
    """Of building it, before the first call."""


def cost_of(name: str, work: Work) -> Cost:
    """Return what a backend takes by the numbers that were fitted to measurements."""
    call, building = COSTS[name]
    numbers = {"once": 1.0, **work._asdict()}
    microseconds, seconds = [sum(each * numbers[of] for of, each in t.items()) for t in (call, building)]
    return Cost(microseconds, seconds)


class Backend(Protocol):
    """One way to run programs.

    Attributes
    ----------
    title : str
        What a report calls it.
    """

    title: str

    @abstractmethod
    def bind(self, program: Program, lanes: int) -> Bound:
        """Return the program over fresh arrays, for a number of lanes."""

    @abstractmethod
    def absent(self) -> str:
        """Return why nothing runs on this backend here, with what to install, or an empty text."""

    @abstractmethod
    def against(self, program: Program) -> str:
        """Return why this program is not for this backend, or an empty text."""

    @abstractmethod
    def source(self, program: Program) -> str:
        """Return the program as it runs, for reading; an empty text where there is nothing to read."""

    @abstractmethod
    def cost(self, work: Work) -> Cost:
        """Estimate what a program takes, from what there is to do."""


def load(name: str) -> Backend:
    """Return a backend by its name.

    It is imported when it is first asked for, since NumPy may not be there.
    """
    backend: Any = import_module({**BACKENDS, **ON_DEVICES}[name]).BACKEND
    found: Backend = backend
    if isinstance(name, Placed):
        found = backend.placed(name.placement)
    elif isinstance(name, Threaded) and isinstance(backend, Sharing):
        found = backend.threaded(name.threads)
    return found
