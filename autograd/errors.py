"""Exceptions that say what was wrong and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from autograd.words import gettext

__all__ = [
    "AnomalyError",
    "ChainruleDeprecationWarning",
    "GraphError",
    "MissingDependencyError",
    "TracingError",
    "UsageError",
    "deprecated",
    "interrupted",
    "optional",
]

P = ParamSpec("P")
R = TypeVar("R")


class GraphError(ValueError):
    """A graph cannot be used as asked: malformed file, changed data, a gradient of the wrong kind.

    Examples
    --------
    >>> import autograd
    >>> autograd.from_json("[]")
    Traceback (most recent call last):
    ...
    autograd.errors.GraphError: not a graph: expected an object with "format": "chainrule.graph"
    """


class AnomalyError(ArithmeticError):
    """An operation made NaN or infinity out of finite operands while ``detect_anomaly`` was on.

    Examples
    --------
    >>> import autograd
    >>> with autograd.detect_anomaly():
    ...     autograd.Value(0.0).log()
    Traceback (most recent call last):
    ...
    autograd.errors.AnomalyError: log(0.0) = -inf: not finite although its operand is. Recorded at ...
    """


class TracingError(TypeError):
    """Python asked for the number of a `Value` while a function was recorded, or differentiated.

    Such a number would be frozen into the program, or have a derivative of 0. So would a copy (`copy`,
    `pickle`, `to_json`) and derivatives that are numbers (`gradients` without ``create_graph``). While the
    compiler records, the truth of a Value is refused as well.

    Examples
    --------
    >>> import autograd
    >>> w = autograd.Value(1.0)
    >>> step = autograd.compile(lambda x: w * x if x > 0 else w, [w])
    >>> step(1.0)
    Traceback (most recent call last):
    ...
    autograd.errors.TracingError: ...
    >>> import math
    >>> autograd.grad(lambda x: x * math.sin(x))(1.0)
    Traceback (most recent call last):
    ...
    autograd.errors.TracingError: ...
    """


class MissingDependencyError(ImportError):
    """An optional package or program is absent or broken; the message holds the command that installs it.

    Parameters
    ----------
    what
        What is absent.
    purpose
        What it is wanted for.
    install
        The command that brings it.
    broken
        What is wrong with it, where it is installed and cannot be imported.

    Examples
    --------
    >>> print(MissingDependencyError("matplotlib", "drawing plots", "pip install matplotlib"))
    drawing plots needs matplotlib, which is not installed here. Install it with: pip install matplotlib
    """

    def __init__(self, what: str, purpose: str, install: str, *, broken: str = "") -> None:
        self.broken = broken
        told = {"purpose": purpose, "what": what, "install": install}
        super().__init__(
            gettext(
                "{purpose} needs {what}, which is installed here but broken ({why}). Repair it with: "
                "{install}",
                why=broken, **told,
            )
            if broken
            else gettext(
                "{purpose} needs {what}, which is not installed here. Install it with: {install}", **told
            )
        )


def optional(module: str, purpose: str, install: str, *, what: str = "") -> Any:
    """Import a module that need not be installed.

    Parameters
    ----------
    module
        Its name, such as ``"matplotlib.figure"``.
    purpose
        What it is wanted for.
    install
        The command that brings it.
    what
        What to call it in the message; by default the package's name.

    Returns
    -------
    module
        The module.

    Raises
    ------
    MissingDependencyError
        If it is absent; or if it is installed and cannot be imported, then with the reason.

    Examples
    --------
    >>> optional("json", "this example", "pip install json").loads("[1.5]")
    [1.5]
    >>> optional("no_such_package", "this example", "pip install no-such-package")
    Traceback (most recent call last):
    ...
    autograd.errors.MissingDependencyError: this example needs no_such_package, which is not installed here.
    ...
    """
    import sys
    from importlib import import_module

    package = module.partition(".")[0]
    try:
        return import_module(module)
    except Exception as error:
        # None stands in sys.modules for what must not be imported.
        if isinstance(error, ModuleNotFoundError) and (
            error.name == package or sys.modules.get(package, error) is None
        ):
            raise MissingDependencyError(what or package, purpose, install) from None
        if interrupted(error):
            raise KeyboardInterrupt from error
        first: BaseException = error
        while first.__cause__ is not None:  # NumPy says at length what to try, and chains what went wrong
            first = first.__cause__
        reason = " ".join(f"{type(first).__name__}: {first}".split())
        raise MissingDependencyError(
            what or package, purpose, f"pip uninstall {package} && {install}", broken=reason
        ) from error


def interrupted(error: BaseException) -> bool:
    """Whether an exception comes of the keyboard's interrupt.

    Extensions turn one into an ImportError while they load.

    Examples
    --------
    >>> error = ImportError("numpy could not be imported")
    >>> interrupted(error)
    False
    >>> error.__cause__ = KeyboardInterrupt()
    >>> interrupted(error)
    True
    """
    found: BaseException | None = error
    while found is not None and not isinstance(found, KeyboardInterrupt):
        found = found.__cause__ or found.__context__
    return found is not None


class UsageError(ValueError):
    """A command line cannot be carried out as typed; the command prints the message and exits with 2."""


class ChainruleDeprecationWarning(DeprecationWarning):
    """Something still works and will be gone in a later version; the message says which, and what to write.

    Python shows it where a program's own first file, or a test, calls what is deprecated. A class of its own
    lets others turn it, and nothing else, into an error: in pytest,
    ``filterwarnings = ["error::autograd.errors.ChainruleDeprecationWarning"]``.

    Examples
    --------
    >>> issubclass(ChainruleDeprecationWarning, DeprecationWarning)
    True
    """


def deprecated(instead: str, *, since: str, until: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for a function that is kept for a while: it warns its caller, then does its work.

    Parameters
    ----------
    instead
        What to write instead.
    since
        The version that deprecates it.
    until
        The version that will be without it, two minor versions later at the earliest.

    Returns
    -------
    callable
        The decorator.

    Examples
    --------
    >>> import warnings
    >>> @deprecated("autograd.grad(f)", since="0.2", until="0.4")
    ... def slope(f):
    ...     return f
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     _ = slope(abs)
    >>> print(caught[0].message)
    slope() is deprecated since version 0.2 and will be gone in 0.4; write autograd.grad(f) instead
    """
    import warnings
    from functools import wraps

    def decorate(function: Callable[P, R]) -> Callable[P, R]:

        @wraps(function)
        def warned(*args: P.args, **kwargs: P.kwargs) -> R:
            warnings.warn(gettext(
                "{name}() is deprecated since version {since} and will be gone in {until}; write {instead} "
                "instead",
                name=function.__qualname__, since=since, until=until, instead=instead,
            ), ChainruleDeprecationWarning, stacklevel=2)  # fmt: skip
            return function(*args, **kwargs)

        return warned

    return decorate
