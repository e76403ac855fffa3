"""A compiled function over NumPy arrays."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic

import numpy as np

from autograd.compiler.backends import Gradual, load
from autograd.compiler.cache import Recent
from autograd.compiler.compiled import Arguments, CompiledFunction, weight_of
from autograd.compiler.record.trace import trace
from autograd.compiler.roll.verify import verify
from autograd.compiler.structure import Structure
from autograd.floats.convert import to_float
from autograd.value import Value

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Out_co = TypeVar("Out_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    Out_co = TypeVar("Out_co", covariant=True)  # defaults are of Python 3.13

__all__ = ["Compiled"]


class Arrays(Arguments):
    """The arguments of a call as arrays."""

    __slots__ = ("arrays", "batch")

    def __init__(self, arrays: list[Any], batch: bool, lanes: int, given: list[list[Any]] | None) -> None:
        self.shapes = tuple([a.shape[1:] if batch else a.shape for a in arrays])
        self.lanes, self.given, self.arrays, self.batch = lanes, given, arrays, batch

    def own(self) -> Arrays:
        """Return the same in arrays that nobody else can change."""
        return Arrays([a.copy() for a in self.arrays], self.batch, self.lanes, self.given)

    def numbers(self, i: int) -> list[list[float]]:
        """Return, for each argument of an example, its flat numbers."""
        return [(a[i] if self.batch else a).ravel().tolist() for a in self.arrays]

    def part(self, start: int, end: int) -> Arrays:
        """Return some of the examples."""
        return Arrays([a[start:end] for a in self.arrays], True, end - start, None)


class Compiled(CompiledFunction, Generic[Out_co]):
    """A compiled function; made by `compile`.

    Attributes
    ----------
    source : str
        The program over NumPy arrays, for reading.
    python_source : str
        The program in straight-line Python over floats.
    c_source : str
        The program in C.
    """

    def __init__(
        self, f: Callable[..., Any], params: list[Value] | None, batch: bool, reduction: str,
        penalty: Callable[[], Any] | None, backend: str,
    ) -> None:  # fmt: skip
        super().__init__(f, params, batch, reduction, penalty, backend)
        self._structures = Recent(weigh=weight_of)

    if TYPE_CHECKING:

        def __call__(self, *data: Any) -> Out_co:  # noqa: D102 - as `CompiledFunction` does
            ...

    @staticmethod
    def _vector(numbers: Iterable[float]) -> Any:
        return numbers if isinstance(numbers, np.ndarray) else np.array(list(numbers), np.float64)

    def __copy__(self) -> Compiled:
        twin = super().__copy__()
        assert isinstance(twin, Compiled)
        twin._structures = self._structures.copy()
        return twin

    # Recording.

    def _record(self, given: Any) -> Structure:
        """Record the function; compile what came out unless that structure was compiled before."""
        start = time.perf_counter()
        shapes = list(given.shapes)
        examples = [a[0] if self._batch else a for a in given.arrays]
        names = [*self._names[: len(shapes)], *(f"x{i}" for i in range(len(self._names), len(shapes)))]
        source = trace(
            self._f, self._params, names, shapes, examples, batch=self._batch, reduction=self._reduction,
            penalty=self._penalty,
        )  # fmt: skip
        key = source.key()
        seconds = time.perf_counter() - start
        known = key in self._structures
        structure: Structure = self._structures.recall(
            key, partial(Structure, source, self._backend, brief=self._brief)
        )
        return structure.of(source, seconds + (0.0 if known else structure.seconds))

    def _parsed(self, data: Sequence[Any]) -> Arrays:
        pairs = [self._array(i, x) for i, x in enumerate(data)]
        arrays = [pair[0] for pair in pairs]
        lanes = self._checked([a.shape[0] if a.ndim else None for a in arrays], arrays) if self._batch else 1
        given = None
        for _, flat in pairs:
            if flat is not None:
                given = [a.ravel().tolist() if own is None else own for a, own in pairs]
        return Arrays(arrays, self._batch, lanes, given)

    def _array(self, i: int, x: Any) -> tuple[Any, list[Any] | None]:
        """Return an argument as an array; with its flat numbers and nodes, if there are nodes."""
        if x.__class__ is float or (x.__class__ is np.ndarray and x.dtype.char == "d"):
            return np.asarray(x), None
        try:
            array = np.asarray(x)
            if "numpy.ma" in sys.modules and x.__class__ is not int and _masked(x, array):
                raise ValueError(
                    "it is masked; fill in what is missing, as with x.filled(0.0), or leave those examples "
                    "out"
                )
            if array.dtype.kind in "fiub":
                return array.astype(np.float64, copy=False), None
            array = np.asarray(x, object)  # where a text stays a text, and a number beside it a number
        except (
            TypeError,
            ValueError,
            UserWarning,
        ) as error:  # a warning, as where a masked number would become NaN
            raise TypeError(
                f"{self._argument(i)} must be a number or a rectangular nested list of numbers: {error}"
            ) from None
        leaves, nodes = array.ravel().tolist(), False
        numbers = []
        for k, leaf in enumerate(leaves):
            if isinstance(leaf, Value):
                nodes = True
                numbers.append(leaf._data)
                continue
            try:
                leaves[k] = to_float(leaf)
            except (TypeError, OverflowError) as error:
                place = "".join(f"[{n}]" for n in np.unravel_index(k, array.shape)) if array.ndim else ""
                raise type(error)(f"{self._argument(i)}{place}: {error}") from None
            numbers.append(leaves[k])
        return np.array(numbers, np.float64).reshape(array.shape), leaves if nodes else None

    # Looking at it.

    @property
    def source(self) -> str:
        """The program over NumPy arrays, with the labels of the leaves."""
        return self._source("numpy")

    @property
    def python_source(self) -> str:
        """The program in straight-line Python over floats."""
        return self._source("python")

    @property
    def c_source(self) -> str:
        """The program in C."""
        return self._source("c")

    def _source(self, backend: str) -> str:
        """Return the program as a backend runs it."""
        structure, _ = self._made()
        return load(backend).source(structure.program)

    def _facts(self) -> tuple[dict[str, Any], list[str]]:
        structure, engine = self._made()
        program = structure.program
        facts = {
            "recorded nodes": structure.source.raw,
            "nodes with gradient": program.graph.size,
            "statements": len(program.statements),
            "calls": engine.calls,
            "backend": structure.backend,
            "because": structure.why,
            "compile seconds": round(structure.seconds + engine.seconds, 4),
            "memory of a call": f"{8 * (program.shared + program.lanes * engine.lanes) / 2**20:.3f} MB",
        }
        backend = load(structure.backend)
        if isinstance(backend, Gradual) and (slow := backend.number_by_number(program)):
            facts["number by number"] = ", ".join(slow)
        return facts, [s.note for s in program.statements if s.note]

    def _verify(self, structure: Any) -> None:
        """Raise if the rolled program is not sound."""
        verify(structure.program)


def _masked(x: Any, array: Any) -> bool:
    """Tell whether what became an array is masked, or something in it is."""
    masked = sys.modules["numpy.ma"].MaskedArray
    if not isinstance(x, (list, tuple)):
        return isinstance(x, masked)
    rows: Any = x
    kinds = set(map(type, rows))
    # In the innermost lists a masked number has become NaN.
    for _ in range(
        array.ndim - 2 if array.dtype.kind != "f" or not np.isnan(array).any() else array.ndim - 1
    ):
        if not kinds <= {list, tuple}:
            break
        rows = list(chain.from_iterable(rows))
        kinds = set(map(type, rows))
    return any(issubclass(kind, masked) for kind in kinds)
