"""How a library is called: an adapter is text, which runs in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

from autograd.errors import UsageError
from autograd.testing.conformance.data import load
from autograd.words import gettext

__all__ = ["BUILT_IN", "Adapter", "find", "same"]

BUILT_IN = ("torch", "jax", "tensorflow", "tinygrad", "hips", "chainrule")
"""The libraries whose adapters come along."""
MODES = ("reverse", "forward")
DTYPES = ("float64", "float32")
SHAPES = ("array", "scalar")
ORDERS = (1, 2, 3)


@dataclass(frozen=True)
class Adapter:
    """A library's words for what the suite asks: text that is executed in a process of its own.

    Examples
    --------
    A library with one function, whose derivatives are taken by ``D``:

    >>> mine = Adapter(
    ...     name="mine",
    ...     install="pip install mine",
    ...     setup="from mine import array, grad, sin",
    ...     version="'1.0'",
    ...     array="lambda values, dtype: array(values, dtype)",
    ...     numbers="lambda d: d.tolist()",
    ...     derivative={"reverse": "lambda f, i: grad(f, argnum=i)"},
    ...     functions={"sin": "sin(x)"},
    ... )
    >>> print(mine.script("sin", (0, 0), "reverse", "float64", (1.5,), expected=-0.9974949866040544))
    from mine import array, grad, sin
    D = lambda f, i: grad(f, argnum=i)
    f = lambda x: sin(x)
    x = (lambda values, dtype: array(values, dtype))(1.5, 'float64')
    print((lambda d: d.tolist())(D(D(f, 0), 0)(x)), "expected", -0.9974949866040544)
    """

    name: str
    """What it is called in reports."""
    install: str
    """The command that installs it."""
    setup: str
    """Lines to execute first, such as ``import torch``."""
    version: str
    """An expression for the library's version."""
    array: str
    """A function of a float, or a list of them, and ``"float64"`` or ``"float32"``: the library's array."""
    numbers: str
    """A function of such an array: a float, or a list of them."""
    derivative: Mapping[str, str]
    """For each mode, ``"reverse"`` and ``"forward"``, the operator that makes of a function ``f`` its
    derivative by its operand ``i``: a function of ``f`` and ``i``. Of arrays the derivative is taken element
    by
    element. Higher orders apply it again."""
    functions: Mapping[str, str]
    """For each of the suite's functions that the library has, an expression in ``x``, ``y`` and ``z``."""
    dtypes: tuple[str, ...] = ("float64", "float32")
    """The precisions it computes in."""
    shapes: tuple[str, ...] = ("array", "scalar")
    """Whether it takes arrays, single numbers or both."""
    jit: str = ""
    """A function that compiles a function; empty where there is none."""
    jit_is_slow: bool = False
    """Whether it compiles so slowly that it is tried only if asked for, and to first order."""
    eager_is_slow: bool = False
    """Whether a function that is not compiled is the slower one even at first sight, since each of its
    operations is compiled by itself: in a hurry functions are compiled, and what is not compiled is tried to
    first order, and beyond it in one mode, precision and shape."""
    lacks: frozenset[str] = field(default_factory=frozenset)
    """What there is no derivative for: ``"forward"``, ``"i0"``, ``"i0 forward"`` or ``"i0 order 2"``."""
    highest: int = 3
    """The highest order of derivative that it has."""
    path: tuple[str, ...] = ()
    """Folders in which Python finds the adapter's modules."""

    def verify(self) -> None:
        """Look whether the fields are of the kinds that they should be.

        Raises
        ------
        UsageError
            If one is not, with what to write instead.

        Examples
        --------
        >>> find("torch").verify()
        """
        for name, value in (("functions", self.functions), ("derivative", self.derivative)):
            if not isinstance(value, Mapping) or not all(
                isinstance(word, str) for pair in value.items() for word in pair
            ):
                raise self._wrong(name, value, gettext(
                    'a dictionary of text, such as {"sin": "sin(x)"}'
                ))
        if not self.derivative or not set(self.derivative) <= set(MODES):
            raise self._wrong("derivative", list(self.derivative), gettext(
                'of the keys "reverse" and "forward"'
            ))
        for name, several, known in (("dtypes", self.dtypes, DTYPES), ("shapes", self.shapes, SHAPES)):
            if isinstance(several, str) or not several or not set(several) <= set(known):
                raise self._wrong(name, several, gettext(
                    "of {known}", known=", ".join(map(repr, known))
                ))
        for name in ("name", "install", "setup", "version", "array", "numbers", "jit"):
            if not isinstance(getattr(self, name), str):
                raise self._wrong(name, getattr(self, name), gettext("text"))
        if self.highest not in ORDERS:
            raise self._wrong("highest", self.highest, gettext("1, 2 or 3"))
        if isinstance(self.path, str) or not all(isinstance(folder, str) for folder in self.path):
            raise self._wrong("path", self.path, gettext('folders, such as ("mine/src",)'))
        listed = isinstance(self.lacks, (set, frozenset, list, tuple))
        for lack in self.lacks if listed else [self.lacks]:
            of, *rest = (lack.split() if isinstance(lack, str) else []) or [""]
            if not listed or of not in (*MODES, *self.functions, *load()) or not _is_way(rest):
                raise self._wrong("lacks", lack, gettext(
                    'a set, of "forward", "i0", "i0 forward" or "i0 order 2"'
                ))  # fmt: skip

    def _wrong(self, name: str, given: object, wanted: str) -> UsageError:
        return UsageError(gettext(
            "the adapter of {library} has {field} = {given}; it should be {wanted}",
            library=self.name, field=name, given=f"{given!r:.100}", wanted=wanted,
        ))

    def has(self, function: str, mode: str, order: int) -> bool:
        """Whether the library has a function's derivatives of that mode and order."""
        said = {mode, function, f"{function} {mode}", f"{function} {mode} order {order}"}
        said |= {f"{function} order {k}" for k in range(1, order + 1)}
        return order <= self.highest and not said & self.lacks

    def script(
        self, function: str, path: tuple[int, ...], mode: str, dtype: str, point: tuple[float, ...], *,
        expected: float, shape: str = "scalar", jit: bool = False,
    ) -> str:  # fmt: skip
        """Return a program that shows one derivative with that library alone.

        Parameters
        ----------
        function
            The suite's name of the function.
        path
            The operands by which to differentiate, one after the other.
        mode, dtype, shape, jit
            How.
        point
            The operands.
        expected
            The derivative as it should be.
        """
        names = "xyz"[: len(point)]
        derived = "f"
        for i in path:
            derived = f"D({derived}, {i})"
        if jit:
            derived = f"({self.jit})({derived})"
        given = [_literal(x) for x in point]
        if shape == "array":
            given = [f"[{x}]" for x in given]
        operands = "; ".join(
            f"{name} = ({self.array})({x}, {dtype!r})" for name, x in zip(names, given, strict=True)
        )
        return "\n".join([
            self.setup.rstrip(),
            f"D = {self.derivative[mode]}",
            f"f = lambda {', '.join(names)}: {self.functions[function]}",
            operands,
            f'print(({self.numbers})({derived}({", ".join(names)})), "expected", {_literal(expected)})',
        ])  # fmt: skip


def same(template: str, names: str) -> dict[str, str]:
    """Return the expressions of functions that a library calls as the suite does.

    Examples
    --------
    >>> same("torch.{}(x)", "sin cos")
    {'sin': 'torch.sin(x)', 'cos': 'torch.cos(x)'}
    """
    return {name: template.format(name) for name in names.split()}


def _is_way(words: list[str]) -> bool:
    """Whether words, after a function's name, say which of its derivatives: of a mode, an order, or both."""
    modes = words[:1] if words[:1] and words[0] in MODES else []
    rest = words[len(modes) :]
    return not rest or (len(rest) == 2 and rest[0] == "order" and rest[1] in map(str, ORDERS))


def _literal(x: float) -> str:
    return repr(x) if abs(x) < float("inf") else f"float('{x}')"


def find(target: str) -> Adapter:
    """Return the adapter of a library that comes along, or of one's own, as ``MODULE:NAME``.

    Raises
    ------
    UsageError
        If there is none of that name, with what to write instead.

    Examples
    --------
    >>> find("torch").functions["expm1"]
    'torch.expm1(x)'
    >>> find("toch")
    Traceback (most recent call last):
    ...
    autograd.errors.UsageError: no adapter is called toch; there are torch, jax, tensorflow, tinygrad, ...
    """
    if target in BUILT_IN:
        found = import_module("autograd.testing.conformance.adapters").ADAPTERS[target]
        assert isinstance(found, Adapter)
        return found
    module, colon, name = target.partition(":")
    if not colon or not module or not name:
        raise UsageError(
            gettext(
                "no adapter is called {target}; there are {known}, and one of your own is written "
                "MODULE:NAME, such as conformance:ADAPTER",
                target=target, known=', '.join(BUILT_IN),
            )
        )
    try:
        found = import_module(module)
    # The module is somebody's: what it raises, or exits with, is told in a sentence.
    except (Exception, SystemExit) as error:
        known = error if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise UsageError(gettext(
            "the adapter's module {module} cannot be imported: {error}",
            module=module, error=" ".join(str(known).split()),
        )) from error
    try:
        given = getattr(found, name)
    except AttributeError as error:
        raise UsageError(
            gettext(
                "the module {module} has no {name}; write MODULE:NAME of an Adapter in it",
                module=module, name=name,
            )
        ) from error
    if not isinstance(given, Adapter):
        raise UsageError(
            gettext(
                "{target} is {kind}, not an Adapter; make one with "
                "autograd.testing.conformance.Adapter(...)",
                target=target, kind=type(given).__name__,
            )
        )
    return given
