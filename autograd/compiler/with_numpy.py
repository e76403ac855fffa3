"""A compiled function over NumPy arrays."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic

import numpy as np
from numpy import ndarray

from autograd.blocks import collector_paused
from autograd.bulk import gather, scatter
from autograd.calculus.arrays import check
from autograd.compiler.arguments import lists_around
from autograd.compiler.backends import Gradual, load
from autograd.compiler.backends.c.exporting import RESERVED as RESERVED_IN_C
from autograd.compiler.backends.c.exporting import exported as as_header
from autograd.compiler.backends.javascript.exporting import RESERVED as RESERVED_IN_JAVASCRIPT
from autograd.compiler.backends.javascript.exporting import exported as as_module
from autograd.compiler.backends.placing import Placed
from autograd.compiler.cache import Recent
from autograd.compiler.compiled import Arguments, CompiledFunction, weight_of
from autograd.compiler.record.recording import flatten
from autograd.compiler.record.trace import trace
from autograd.compiler.results import assembled, form_of, of_nodes
from autograd.compiler.roll.repeats import weighted
from autograd.compiler.roll.verify import verify
from autograd.compiler.structure import Structure, structure_of
from autograd.compiler.training import moves_arrays
from autograd.errors import GraphError, optional
from autograd.floats.convert import to_float
from autograd.floats.tables import as_rows
from autograd.keep.files import write_atomically
from autograd.modes import ACTIVE
from autograd.node import HOOKED
from autograd.sweep import add_floats, in_turn
from autograd.value import Value
from autograd.words import gettext

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Out_co = TypeVar("Out_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    Out_co = TypeVar("Out_co", covariant=True)  # defaults are of Python 3.13

__all__ = ["Compiled"]


DOUBLE: Final = np.dtype(np.float64)
NUMBERS: Final = "fiub"
"""The kinds of arrays that doubles are made of: floats, whole numbers, and truth values."""
SCALARS: Final = frozenset({float, int, np.float64, np.float32, np.int64, np.int32})
"""The classes of numbers on which calls have plans."""
PLANS = 64
"""How many kinds of arguments a function knows at once."""


class Arrays(Arguments):
    """The arguments of a call as arrays.

    Attributes
    ----------
    spans
        From where to where the examples go that this process has; None where it has all.
    """

    __slots__ = ("arrays", "batch", "spans")

    def __init__(
        self,
        arrays: list[Any],
        batch: bool,
        lanes: int,
        given: list[list[Any]] | None,
        as_arrays: bool = False,
        spans: set[tuple[int, int]] | None = None,
    ) -> None:
        self.shapes = tuple([a.shape[1:] if batch else a.shape for a in arrays])
        self.lanes, self.given, self.arrays, self.batch = lanes, given, arrays, batch
        self.as_arrays, self.spans = as_arrays, spans

    def own(self) -> Arrays:
        """Return the same in arrays that nobody else can change."""
        if self.spans is not None:  # of which nobody else knows
            return self
        return Arrays([a.copy() for a in self.arrays], self.batch, self.lanes, self.given, self.as_arrays)

    def numbers(self, i: int) -> list[list[float]]:
        """Return, for each argument of an example, its flat numbers."""
        if self.spans is not None:
            raise GraphError(gettext(
                "these numbers have to be evaluated node by node, as where one is not finite or a "
                "parameter has hooks, and this process has its own examples alone; look for what is not "
                "finite among them, or pass all examples to each process"
            ))  # fmt: skip
        return [(a[i] if self.batch else a).ravel().tolist() for a in self.arrays]

    def part(self, start: int, end: int) -> Arrays:
        """Return some of the examples."""
        return Arrays([a[start:end] for a in self.arrays], True, end - start, None)


def _kinds(data: Sequence[Any]) -> tuple[Any, ...]:
    """Return the shape of each argument that is an array of numbers, the class of each other."""
    return tuple([
        x.shape
        if x.__class__ is ndarray and (x.dtype is DOUBLE or x.dtype.kind in NUMBERS)
        else x.__class__
        for x in data
    ])  # fmt: skip


def _are_plain(kinds: tuple[Any, ...]) -> bool:
    """Tell whether all are arrays and numbers."""
    return all(x.__class__ is tuple or x in SCALARS for x in kinds)


class Plan:
    """What a call on arguments of known shapes comes to, where nothing stands in the way.

    Parameters
    ----------
    structure
        What was compiled for these shapes.
    shapes, lanes
        Of one example's arguments, and how many examples.
    as_arrays
        Whether an array is among the arguments.
    params
        The parameters, where there are.
    """

    __slots__ = "as_arrays", "captured", "engines", "form", "idle", "lanes", "params", "shapes", "unreached"

    def __init__(self, structure: Structure, shapes: Any, lanes: int, as_arrays: bool, params: Any) -> None:
        self.engines, self.form, self.captured = structure.engines, structure.form, structure.source.captured
        self.shapes, self.lanes, self.as_arrays, self.params = shapes, lanes, as_arrays, params
        self.unreached = params is not None and bool(structure.unreached)
        self.idle = self.engines.idle(lanes)
        for engine in self.idle:  # so that the next call need not
            engine.views(shapes)

    def call(self, data: tuple[Any, ...], optimizer: Any = None) -> Any:
        """Return the result, or the loss; None, with nothing changed, where that takes more.

        Move the parameters by an optimizer, if there is one, in place of adding to their ``grad``.
        """
        if optimizer is None and self.unreached:
            return None
        try:
            engine = self.idle.pop()
            if engine.backend is not self.engines.backend:  # one of before a better one was ready
                engine = self.engines.take(self.lanes, self.idle)
        except IndexError:
            engine = self.engines.take(self.lanes, self.idle)
        try:
            if optimizer is not None and hasattr(engine, "optimize"):
                return None
            views = engine.latest if engine.shapes is self.shapes else engine.views(self.shapes)
            if engine.captured is not None:
                gather(self.captured, engine.captured)
            if self.params is not None:
                gather(self.params, engine.theta)
            sound = engine.direct(data) if engine.direct is not None else None
            if sound is None:
                for view, x in zip(views, data):
                    view[...] = x
                sound = engine.run()
            if self.params is None:
                return engine.results(self.form, self.as_arrays) if sound else None
            if sound and optimizer is not None:
                theta, gradient = engine.shared[: 2 * len(self.params)].reshape(2, -1).copy()
                scatter(self.params, optimizer.step_flat(theta, gradient))
            elif not sound or not in_turn(partial(add_floats, self.params, engine.gradient)):
                return None
            return engine.shared.item(engine.value_at)
        except OverflowError:  # a whole number that no double can hold
            return None
        finally:
            self.idle.append(engine)


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
    jax_source : str
        The program as a function of JAX.
    """

    def __init__(
        self, f: Callable[..., Any], params: list[Value] | None, batch: bool, reduction: str,
        penalty: Callable[[], Any] | None, backend: str, static: frozenset[int | str] = frozenset(),
    ) -> None:  # fmt: skip
        super().__init__(f, params, batch, reduction, penalty, backend, static)
        self._structures = Recent(weigh=weight_of)
        self._plans: dict[Any, Plan] = {}
        self._of_kinds: dict[Any, CompiledFunction] = {}

    def __call__(self, *data: Any, **named: Any) -> Out_co:  # noqa: D102 - as `CompiledFunction` does
        key = _kinds(data)
        plan = self._plans.get(key) if not (named or ACTIVE or HOOKED.data) else None  # type: ignore[attr-defined]
        result: Any = plan.call(data) if plan is not None else None
        if result is None:
            result = super().__call__(*data, **named)
            if plan is None and not named:
                self._keep_plan(key, data)
        found: Out_co = result
        return found

    def _step(self, data: tuple[Any, ...], optimizer: Any) -> float | None:
        key = _kinds(data)
        if ACTIVE or HOOKED.data or not moves_arrays(optimizer):  # type: ignore[attr-defined]
            return None
        plan: Any = self._plans.get(key) or self._keep_plan(key, data)
        return plan and plan.call(data, optimizer)  # type: ignore[no-any-return]

    def _keep_plan(self, key: tuple[Any, ...], data: tuple[Any, ...]) -> Plan | None:
        """Keep and return what a call on such arguments comes to, if they are numbers and arrays."""
        if not _are_plain(key):
            return None
        shapes: list[tuple[int, ...]] = [x if x.__class__ is tuple else () for x in key]
        lanes = 1
        if self._batch:
            lanes, shapes = shapes[0][0], [shape[1:] for shape in shapes]
        structure = self._of_numbers(data, {})[0]._traces.get(tuple(shapes))
        source = structure and structure.source
        if not source or source.aside or source.outside:
            return None
        if len(self._plans) >= PLANS:
            self._plans.clear()
        as_arrays = source.arrays or any(x.__class__ is tuple for x in key)
        plan = self._plans[key] = Plan(structure, tuple(shapes), lanes, as_arrays, self._nodes)
        return plan

    def _of_numbers(
        self, data: Sequence[Any], named: dict[str, Any]
    ) -> tuple[CompiledFunction, Sequence[Any]]:
        key = _kinds(data)
        if named or self._static or not _are_plain(key):
            return super()._of_numbers(data, named)
        if key not in self._of_kinds:
            if len(self._of_kinds) >= PLANS:
                self._of_kinds.clear()
            self._of_kinds[key] = super()._of_numbers(data, named)[0]
        return self._of_kinds[key], data

    @staticmethod
    def _vector(numbers: Iterable[float]) -> Any:
        return numbers if isinstance(numbers, np.ndarray) else np.array(list(numbers), np.float64)

    def _unreached(self, structure: Any, given: Any) -> Sequence[int]:
        if not structure.emptied or given.spans is not None:
            return super()._unreached(structure, given)
        lanes = given.lanes if self._batch else 1
        arrays = [np.zeros((lanes, 0)), *[a.reshape(lanes, -1) for a in given.arrays]]
        return [
            *structure.unreached,
            *structure.untouched(np.concatenate(arrays, 1), structure.source.captured),
        ]

    def _theta(self) -> Any:
        theta = np.empty(len(self._nodes))
        gather(self._nodes, theta)
        return theta

    def _store(self, theta: Any) -> None:
        scatter(self._nodes, np.ascontiguousarray(theta, np.float64))

    def __copy__(self) -> Compiled:
        twin = super().__copy__()
        assert isinstance(twin, Compiled)
        twin._structures = self._structures.copy()
        return twin

    def _arranged(self, result: Any, given: Any) -> Any:
        numbers: list[float] = []
        structure = flatten(result, numbers)
        return assembled(form_of(structure), numbers, arrays=given.as_arrays)

    def _arranged_nodes(self, form: Any, nodes: Sequence[Any], given: Any) -> Any:
        if given.as_arrays:
            return of_nodes(form_of(form), nodes)
        return super()._arranged_nodes(form, nodes, given)

    def _pull_arguments(self, cotangents: list[float], given: Any) -> list[Any]:
        return [np.array(self._by_example(cotangents, given), np.float64), *given.arrays]

    # Recording.

    @collector_paused()
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
        make = partial(structure_of, source, key, self._backend, given.lanes, brief=self._brief)
        structure: Structure = self._structures.recall(key, make)
        return structure.of(source, time.perf_counter() - start)

    def _parsed(self, data: Sequence[Any]) -> Arrays:
        if data and not self._batch and all(x.__class__ is ndarray and x.dtype is DOUBLE for x in data):
            return Arrays([*data], False, 1, None, True)
        spread = [not getattr(x, "is_fully_addressable", True) for x in data]
        if any(spread):
            data = [self._own(i, x) if apart else x for i, (x, apart) in enumerate(zip(data, spread))]
        pairs = [self._array(i, x) for i, x in enumerate(data)]
        arrays = [pair[0] for pair in pairs]
        lanes = self._checked([a.shape[0] if a.ndim else None for a in arrays], arrays) if self._batch else 1
        spans = None
        if self._batch and isinstance(self._backend, Placed):
            self._backend.placement.check(lanes)
            spans = self._backend.placement.spans(lanes) if any(spread) else None
        given = None
        for _, flat in pairs:
            if flat is not None:
                given = [a.ravel().tolist() if own is None else own for a, own in pairs]
        as_arrays = any(isinstance(x, np.ndarray) or lists_around(x) is not None for x in data)
        return Arrays(arrays, self._batch, lanes, given, as_arrays, spans)

    def _own(self, i: int, x: Any) -> Any:
        """Return an argument that lies on the devices of several processes: what is here, in its place."""
        placement = self._backend.placement if isinstance(self._backend, Placed) else None
        if not self._batch or placement is None or placement.mesh is None:
            raise ValueError(gettext(
                '{argument} lies on the devices of several processes; compile with batch=True, backend="xla" '
                "and the mesh over which its examples are spread",
                argument=self._argument(i),
            ))  # fmt: skip
        whole, found = np.zeros(x.shape), set()
        for shard in x.addressable_shards:
            whole[shard.index] = shard.data
            ends = [part.indices(n)[:2] for part, n in zip(shard.index, x.shape, strict=True)]
            found |= {ends[0]} if ends[1:] == [(0, n) for n in x.shape[1:]] else set()
        if not placement.spans(len(x)) <= found:
            raise ValueError(gettext(
                "{argument} is spread over the devices otherwise than the examples are; make it with "
                "jax.make_array_from_process_local_data(NamedSharding(mesh, PartitionSpec({examples})), "
                "own)",
                argument=self._argument(i), examples=repr(placement.examples),
            ))  # fmt: skip
        return whole

    def _array(self, i: int, x: Any) -> tuple[Any, list[Any] | None]:
        """Return an argument as an array; with its flat numbers and nodes, if there are nodes."""
        if x.__class__ is float or (x.__class__ is np.ndarray and x.dtype.char == "d"):
            return np.asarray(x), None
        x = as_rows(x, self._argument(i))
        try:
            if isinstance(x, np.matrix):
                check(x)
            array = np.asarray(x)
            if "numpy.ma" in sys.modules and x.__class__ is not int and _masked(x, array):
                raise ValueError(gettext(
                    "it is masked; fill in what is missing, as with x.filled(0.0), or leave those "
                    "examples out"
                ))  # fmt: skip
            if array.dtype.kind in NUMBERS:
                return array.astype(np.float64, copy=False), None
            array = np.asarray(x, object)  # where a text stays a text, and a number beside it a number
        except (
            TypeError,
            ValueError,
            UserWarning,
        ) as error:  # a warning, as where a masked number would become NaN
            raise TypeError(gettext(
                "{argument} must be a number or a rectangular nested list of numbers: {error}",
                argument=self._argument(i), error=error,
            )) from None  # fmt: skip
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
                told = type(error)(f"{self._argument(i)}{place}: {error}")
                if not isinstance(error, OverflowError):
                    told.add_note(gettext(
                        "what is no number is passed as it is where compile() is told so: static_argnames, "
                        "by its name, or static_argnums, by its place"
                    ))  # fmt: skip
                raise told from None
            numbers.append(leaves[k])
        return np.array(numbers, np.float64).reshape(array.shape), leaves if nodes else None

    # Looking at it.

    def retrace(self) -> None:  # noqa: D102 - as `CompiledFunction` says
        super().retrace()
        self._plans.clear()
        self._of_kinds.clear()

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

    @property
    def jax_source(self) -> str:
        """The program as a function of JAX."""
        optional("jax", "jax_source", "pip install 'chainrule[xla]'", what="JAX")
        return self._source("xla")

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write the program of the latest call to a file that runs without this package.

        A name that ends in ``.h`` means a header of C, which needs C's own library only: its first lines tell
        how to call the function, which has the file's name, and its arrays hold the numbers of the parameters
        and of what the function closes over, as they are now.

        A name that ends in ``.js`` or ``.mjs`` means a module of JavaScript for browsers and node, which
        needs nothing else. It exports a function of the file's name: of the arguments, as arrays, and of the
        parameters' numbers, which need not be given. It returns ``{loss, gradient}``, or the results.

        A name that ends in ``.onnx`` means a graph of ONNX, in doubles, for its runtimes. Its inputs are the
        arguments ``x0``, ``x1`` and so on, of any number of examples, and ``theta``, which need not be given:
        the parameters' numbers are then those of now. It returns ``loss`` and ``gradient``, or ``results``.

        Otherwise, as in ``step.stablehlo``, a process with JAX alone runs it. There
        ``jax.export.deserialize(bytearray(Path(path).read_bytes())).call(theta, *arguments)`` takes the
        parameters' numbers in a row, an empty one without parameters, and the function's arguments, of any
        number of examples; it returns the loss and its gradient, or, without parameters, the results in a
        row. What the function closes over has the numbers that it has now. Numbers are of the kind that the
        function was compiled for: float64 needs ``jax.config.update("jax_enable_x64", True)`` there.

        Parameters
        ----------
        path
            The file, such as ``"step.h"`` or ``"step.stablehlo"``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            If the file's name ends otherwise, or names no function of C or JavaScript, or the program has
            operations that cannot be written so.
        """
        suffix = Path(path).suffix.lower()
        exporter = _EXPORTERS.get(suffix)
        if exporter is None:
            raise ValueError(gettext(
                "there is no export for files that end in {suffix}, but for those in {known}",
                suffix=suffix, known=", ".join(sorted(filter(None, _EXPORTERS))),
            ))  # fmt: skip
        return write_atomically(path, exporter(self, Path(path).stem))

    def _header(self, name: str) -> str:
        """Return the program as a header of C."""
        return as_header(*self._exported(), _fits(name, RESERVED_IN_C, "C", "step.h"))

    def _module(self, name: str) -> str:
        """Return the program as a module of JavaScript."""
        _fits(name, RESERVED_IN_JAVASCRIPT, "JavaScript", "step.js")
        return as_module(*self._exported(plain=True), name)

    def _exported(self, *, plain: bool = False) -> tuple[Any, Any, Any]:
        """Return the program with its numbers, the shapes of its arguments, and the parameters' numbers.

        As its backend lays it out, or, where wanted ``plain``, as all backends read it.
        """
        structure, engine = self._made()
        if structure.source.aside:
            raise ValueError(gettext(
                "this function is left to the engine: {reason}",
                reason=structure.source.aside,
            ))  # fmt: skip
        chosen = structure.plain(engine) if plain else engine
        return chosen, structure.source.shapes, self._theta() if self._params else []

    def _onnx(self, name: str) -> bytes:
        """Return the program as a graph of ONNX."""
        optional("onnx", 'export("step.onnx")', "pip install 'chainrule[onnx]'", what="onnx")
        from autograd.compiler.backends.onnx.exporting import exported

        return exported(*self._exported(plain=True), name)

    def _stablehlo(self, _: str) -> bytes:
        """Return the program as JAX writes it."""
        optional("jax", "export()", "pip install 'chainrule[xla]'", what="JAX")
        structure, engine = self._made()
        backend: Any = load(self._backend if isinstance(self._backend, Placed) else "xla")
        written: bytes = backend.exported(structure.plain(engine), structure.source.shapes, self._batch)
        return written

    def _source(self, backend: str) -> str:
        """Return the program as a backend runs it."""
        structure, _ = self._made()
        return load(backend).source(structure.program)

    def _facts(self) -> tuple[dict[str, Any], list[str]]:
        structure, engine = self._made()
        program = structure.program
        statements = [s for s, _ in weighted(program)]
        facts = {
            "recorded nodes": structure.source.raw,
            "nodes with gradient": program.graph.size,
            "statements": len(statements),
            "calls": engine.calls,
            "backend": structure.engines.backend,
            "because": structure.engines.why,
            "compile seconds": round(structure.seconds + engine.seconds, 4),
            "memory of a call": f"{8 * (program.shared + program.lanes * engine.lanes) / 2**20:.3f} MB",
        }
        backend = load(structure.engines.backend)
        if isinstance(backend, Gradual) and (slow := backend.number_by_number(program)):
            facts["number by number"] = ", ".join(slow)
        return facts, [s.note for s in statements if s.note]

    def _verify(self, structure: Any) -> None:
        """Raise if the rolled program is not sound."""
        verify(structure.program)


def _fits(name: str, reserved: Any, language: str, file: str) -> str:
    """Return the name of a function; raise where the language has no such names."""
    if not (name.isidentifier() and name.isascii()) or name in reserved:
        raise ValueError(gettext(
            "a function of {language} cannot be called {name}; write a file such as {file}",
            language=language, name=repr(name), file=file,
        ))  # fmt: skip
    return name


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


_EXPORTERS: Final[dict[str, Callable[[Any, str], str | bytes]]] = {
    "": Compiled._stablehlo, ".stablehlo": Compiled._stablehlo, ".h": Compiled._header,
    ".onnx": Compiled._onnx, ".js": Compiled._module, ".mjs": Compiled._module,
}  # fmt: skip
"""What writes a file, by the end of its name."""
