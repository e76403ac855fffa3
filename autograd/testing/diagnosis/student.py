"""How somebody else's class is spelt, and what it answers.

This runs in the child process. Nothing here judges; it reads numbers, and says what was raised.
"""

from __future__ import annotations

import builtins
import contextlib
import inspect
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autograd.testing.diagnosis.graphs import IN_PLACE, OPERATIONS, Graph, Step
from autograd.words import gettext

__all__ = ["Student", "UnusableError"]

DATA = ("data", "value", "val", "v", "x", "primal", "number", "num", "output", "out", "_data", "_value")
GRAD = (
    "grad", "gradient", "g", "adjoint", "adj", "derivative", "deriv", "d", "dx", "bar", "grad_value", "_grad",
    "_gradient",
)  # fmt: skip
BACKWARD = (
    "backprop", "backpropagate", "run_backward", "backward_pass", "backward", "backward_all", "back",
    "compute_gradients", "compute_grads", "compute_gradient", "gradients", "reverse",
)  # fmt: skip
OF_ONE = ("grad", "gradient", "derivative", "diff", "deriv")
"""Functions of an output and of leaves, or of one leaf."""
EVALUATE = ("forward", "evaluate", "eval", "compute", "run", "value", "calc")
"""What computes a node that was made without its number."""
ZERO = ("zero_grad", "zero_grads", "zero_gradients", "zero_gradient", "zerograd", "clear_grad", "reset_grad")
HALT = (KeyboardInterrupt, SystemExit, Exception)
"""What a student's code may end with; it must not end us."""


class UnusableError(Exception):
    """Nothing can be tried: one sentence says what was looked for."""


class NotThereError(Exception):
    """The class has no such operation."""


class Student:
    """A class, or a function that makes its leaves, under the names that it has for things.

    Parameters
    ----------
    make
        Makes a leaf of a number.
    spelling
        Names, or functions, for ``data``, ``grad``, ``backward`` and operations, where they are not found.
    """

    def __init__(self, make: Callable[..., Any], spelling: Mapping[str, Any]) -> None:
        self.make, self.spelling = make, spelling
        self.title = getattr(make, "__name__", type(make).__name__)
        module = sys.modules.get(getattr(make, "__module__", None) or "")
        self.beside = {
            name: f
            for name, f in vars(module or sys).items()
            if inspect.isfunction(f) and module is not None and f.__module__ == module.__name__
        }
        self.packed: Callable[[float], Any] = float
        leaf = self._first_leaf()
        self.data_name = self._find_data(leaf)
        self.whole = self.data(leaf) == 1.0
        self.candidates = list(self._backwards(leaf))
        if not self.candidates:
            raise UnusableError(
                gettext(
                    "{title} has no backward pass that is known here: a method backward() or "
                    "backprop(), or a function backward(output) beside the class; name yours with "
                    'spelling={{"backward": ...}}',
                    title=self.title,
                )
            )
        self.backward_name, self.backward = self.candidates[0]
        if len(self.candidates) > 1:
            self._choose_backward()

    def _first_leaf(self) -> Any:
        """Make a leaf of 1.3, as a float, or as an array of NumPy where the class wants one."""
        if _required(self.make) == 2:  # such as a name for it
            self.make = _named(self.make)
        packings: list[Callable[[float], Any]] = [float]
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            packings += [numpy.float64, numpy.array, lambda x: numpy.array([x]), lambda x: numpy.array([[x]])]
        first: BaseException | None = None
        for packed in packings:
            try:
                leaf = self.make(packed(1.3))
            except HALT as error:
                first = first or error
                continue
            self.packed = packed
            return leaf
        raise UnusableError(
            gettext(
                "{title}(1.3) raises {first}; give a class, or a function, that makes a leaf of one "
                "number",
                title=self.title, first=_said(first),
            )
        )

    def leaf(self, x: float) -> Any:
        """Make a leaf of a number, one that wants a gradient where the class asks."""
        leaf = self.make(int(x) if self.whole else self.packed(x))
        if _get(leaf, "requires_grad") is False:
            with contextlib.suppress(*HALT):
                leaf.requires_grad = True
        return leaf

    def _find_data(self, leaf: Any) -> str:
        named = self.spelling.get("data")
        names = [named] if named else [*DATA, *_attributes(leaf)]
        for wanted in (1.3, 1.0):  # itself, or in a class that keeps whole numbers
            for name in names:
                x = self._number(_get(leaf, name))
                if x is not None and abs(x - wanted) < 1e-6:
                    return str(name)
        raise UnusableError(
            gettext(
                '{title}(1.3) has no attribute {given} that holds 1.3; name it with spelling={{"data": '
                "...}}",
                title=self.title, given=named or gettext("data or value"),
            )
        )

    def _backwards(self, leaf: Any) -> Iterator[tuple[str, Callable[[Any, list[Any]], Any]]]:
        """Yield what may start the backward pass."""
        named = self.spelling.get("backward")
        if callable(named):
            yield getattr(named, "__name__", "backward"), _with_leaves(named)
            return
        names = (named,) if named else BACKWARD
        for name in names:
            method = getattr(type(leaf), name, None)
            if callable(method) and (count := _required(method)) in (1, 2):
                yield f".{name}()", _seeded(name, count)
        for name in names:
            if name in self.beside and _required(self.beside[name]) in (1, 2):
                yield f"{name}()", _with_leaves(self.beside[name])
        if named:
            return
        for name in OF_ONE:
            if name in self.beside and _required(self.beside[name]) == 2:
                yield f"{name}()", _with_leaves(self.beside[name])
                yield f"{name}()", _leaf_by_leaf(self.beside[name])

    def _choose_backward(self) -> None:
        """Of several passes, take the first that is right for a product of three."""
        for name, backward in self.candidates:
            self.backward_name, self.backward = name, backward
            graph = Graph("", "mul", (("b1", "mul", ("a", "b")), ("y", "mul", ("b1", "c"))))
            seen = self.observe(graph, {"a": 2.0, "b": 3.0, "c": 5.0})
            if [seen.get("grads", {}).get(name) for name in "abc"] == [15.0, 10.0, 6.0]:
                return
        self.backward_name, self.backward = self.candidates[0]

    def data(self, node: Any) -> float | None:
        """Return a node's number."""
        return self._number(_get(node, self.data_name))

    def grad(self, node: Any) -> float | None:
        """Return a node's gradient, by the first name that it has for it."""
        named = self.spelling.get("grad")
        if callable(named):
            return self._number(named(node))
        names = [named] if named else [*GRAD, *(n for n in _attributes(node) if _sounds_like_gradient(n))]
        for name in names:
            found = _get(node, name)
            if name != self.data_name and found is not None and (x := self._number(found)) is not None:
                return x
        return None

    def _number(self, x: Any, depth: int = 3) -> float | None:
        """Return the number in something: a float, an array of one, a node, or a method that returns it."""
        if x is None or depth == 0 or isinstance(x, (str, bytes, bool, complex)):
            return None
        try:
            if hasattr(x, "item"):
                return float(x.item())
            if isinstance(x, (list, tuple)):
                return self._number(x[0], depth - 1) if len(x) == 1 else None
            if callable(x):
                return self._number(x(), depth - 1) if _required(x) == 0 else None
            if isinstance(x, (int, float)):
                return float(x)
            inner = getattr(x, getattr(self, "data_name", "data"), None)
            return float(x) if inner is None else self._number(inner, depth - 1)
        except HALT:
            return None

    def apply(self, operation: str, operands: list[Any]) -> Any:
        """Apply an operation as the class spells it.

        Raises
        ------
        NotThereError
            If it has none.
        """
        known = OPERATIONS[operation]
        named = self.spelling.get(operation)
        if callable(named):
            return named(*operands)
        if known.special:
            is_reflected = isinstance(operands[0], int)
            special = known.reflected if is_reflected else known.special
            if _defines(type(operands[-1 if is_reflected else 0]), special):
                return getattr(operator, known.special)(*operands)
            if operation in IN_PLACE:
                raise NotThereError(special)
        names = (named,) if named else known.names
        for name in names:
            if callable(getattr(type(operands[0]), name, None)):
                return getattr(operands[0], name)(*operands[1:])
        for name in names:
            if name in self.beside:
                try:
                    return self.beside[name](*operands)
                except HALT as error:  # may be meant for something else
                    raise NotThereError(name) from error
        raise NotThereError(known.special or known.names[0])

    def observe(self, graph: Graph, point: Mapping[str, float], seed: bool = False) -> dict[str, Any]:
        """Build a graph at a point, run its backward pass, and return what is seen.

        ``missing`` is what the class does not have; ``raised`` is the stage, the exception's name and its
        text; ``near`` are values beside the point, of a function that may not be what its name says.
        """
        nodes: dict[str, Any] = {name: self.leaf(point[name]) for name in graph.leaves}
        seen: dict[str, Any] = {}
        for step in graph.steps:
            problem = self._step(step, nodes)
            if problem:
                return problem
        names = list(nodes)
        seen["values"] = {name: self.data(nodes[name]) for name in names}
        if seed:
            name = next((n for n in GRAD if _get(nodes[graph.output], n) is not None), "grad")
            with contextlib.suppress(*HALT):
                setattr(nodes[graph.output], name, self.packed(1.0))
        try:
            returned = self.backward(nodes[graph.output], [nodes[name] for name in graph.leaves])
        except HALT as error:
            return {**seen, "raised": ["backward", type(error).__name__, _text(error)]}
        seen["grads"] = {name: self._gradient(nodes, name, graph, returned) for name in names}
        seen["after"] = {name: self.data(nodes[name]) for name in graph.leaves}
        if len(graph.steps) == 1 and len(graph.leaves) == 1:
            h = 1e-4
            seen["near"] = [self._value(graph, point["a"] + k * h) for k in (-1.0, 1.0)]
        return seen

    def _value(self, graph: Graph, x: float) -> float | None:
        nodes = {"a": self.leaf(x)}
        return None if self._step(graph.steps[0], nodes) else self.data(nodes["y"])

    def _step(self, step: Step, nodes: dict[str, Any]) -> dict[str, Any] | None:
        """Run one line; return what is wrong with it, if anything."""
        name, operation, operands = step
        given = [nodes[x] if isinstance(x, str) else x for x in operands]
        try:
            made = self.apply(operation, given)
        except NotThereError as error:
            return {"missing": str(error)}
        except (NotImplementedError, AssertionError) as error:
            return {"missing": _said(error)}
        except TypeError as error:
            if "unsupported operand" in str(error) or "positional argument" in str(error):
                return {"missing": _said(error)}
            return {"raised": ["forward", type(error).__name__, _text(error)]}
        except HALT as error:
            return {"raised": ["forward", type(error).__name__, _text(error)]}
        if made is not None and self.data(made) is None:
            try:
                self._evaluate(made)
            except HALT as error:
                return {"raised": ["forward", type(error).__name__, _text(error)]}
        if made is None or self.data(made) is None:
            return {"raised": ["result", type(made).__name__, ""]}
        nodes[name] = made
        return None

    @staticmethod
    def _evaluate(node: Any) -> None:
        """Ask a node for its number, in a class whose graph is built first and computed afterwards."""
        for name in EVALUATE:
            if callable(f := _get(node, name)) and _required(f) == 0:
                f()
                return

    def _gradient(self, nodes: dict[str, Any], name: str, graph: Graph, returned: Any) -> float | None:
        """Read a gradient: from what the pass returned, or from the node."""
        node = nodes[name]
        if isinstance(returned, Mapping):
            for key in (node, id(node)):
                try:
                    if key in returned:
                        return self._number(returned[key])
                except HALT:  # nodes that cannot be keys
                    continue
            return None
        if isinstance(returned, (list, tuple)) and len(returned) == len(graph.leaves):
            return self._number(returned[graph.leaves.index(name)]) if name in graph.leaves else None
        return self.grad(node)

    def zeroing(self) -> dict[str, Any]:
        """Run a pass, call what sets gradients to zero, and run another."""
        a, b = self.leaf(3.0), self.leaf(2.0)
        found = None
        grads: list[float | None] = []
        try:
            for _ in range(2):
                y = self.apply("mul", [a, b])
                self.backward(y, [a, b])
                grads.append(self.grad(a))
                found = next((name for name in ZERO if callable(getattr(type(y), name, None))), None)
                if found is None:
                    return {}
                for node in (y, a, b):
                    getattr(node, found)()
                grads.append(self.grad(a))
        except (NotThereError, *HALT):
            return {}
        return {"zeroing": [found, *grads]}

    def again(self) -> dict[str, Any]:
        """Run the pass of one graph twice."""
        try:
            a, b = self.leaf(3.0), self.leaf(2.0)
            y = self.apply("mul", [self.apply("mul", [a, b]), b])
            self.backward(y, [a, b])
            once = self.grad(a)
            self.backward(y, [a, b])
            return {"again": [once, self.grad(a)]}
        except (NotThereError, *HALT):
            return {}

    def deep(self, count: int) -> dict[str, Any]:
        """Run a pass along a chain of additions."""
        try:
            first = y = self.leaf(1.0)
            for _ in range(count):
                y = self.apply("add", [y, first])
            self.backward(y, [first])
        except RecursionError:
            return {"deep": "RecursionError"}
        except (NotThereError, *HALT):
            return {}
        return {"deep": ""}


def _seeded(name: str, count: int) -> Callable[[Any, list[Any]], Any]:
    """Return what calls a method that takes nothing, or the output's own gradient."""
    return lambda y, _: getattr(y, name)(*[1.0] * (count - 1))


def _with_leaves(f: Callable[..., Any]) -> Callable[[Any, list[Any]], Any]:
    """Return what calls a function of the output, or of the output and the leaves."""
    return lambda y, leaves: f(*[y, leaves][: max(_required(f), 1)])


def _leaf_by_leaf(f: Callable[..., Any]) -> Callable[[Any, list[Any]], Any]:
    """Return what calls a function of the output and one leaf, for each leaf."""
    return lambda y, leaves: [f(y, leaf) for leaf in leaves]


def _named(make: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return what makes a leaf of a number, by a function of it and of a name, in whatever order."""

    def made(x: Any) -> Any:
        first = next(iter(inspect.signature(make).parameters), "")
        return make("a", x) if first in ("name", "label") else make(x, "a")

    return made


def _defines(kind: type, special: str) -> bool:
    """Whether a class has a method for an operator: its own, not that of a float it descends from."""
    owner = next((base for base in kind.__mro__ if special in vars(base)), None)
    is_ours = owner is not None and getattr(builtins, owner.__name__, None) is not owner
    return is_ours and vars(owner)[special] is not None


def _get(x: Any, name: str) -> Any:
    """Return an attribute; None where there is none, or where a property raises."""
    try:
        return getattr(x, name, None)
    except HALT:
        return None


def _required(f: Callable[..., Any]) -> int:
    """Return how many arguments a function must be given; 99 where nobody knows."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return 99
    return sum(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters
    )


def _attributes(x: Any) -> list[str]:
    """Return the names of what an object holds, in its dictionary or its slots."""
    slots = [name for kind in type(x).__mro__ for name in _as_names(getattr(kind, "__slots__", ()))]
    return [name for name in [*getattr(x, "__dict__", ()), *slots] if not name.startswith("__")]


def _as_names(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else list(slots)


def _sounds_like_gradient(name: str) -> bool:
    about = name.lower()
    return any(x in about for x in ("grad", "adj", "deriv")) and not any(x in about for x in ("fn", "local"))


def _text(error: BaseException) -> str:
    """Return an exception's text, in one line."""
    try:
        return " ".join(str(error).split())[:200]
    except HALT:
        return "an error that has no text"


def _said(error: BaseException | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {_text(error)}"
