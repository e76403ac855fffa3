"""`compile`: the public face of the compiler."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast, overload

from autograd.compiler.backends import AT_ONCE, BACKENDS, ON_DEVICES
from autograd.compiler.backends.placing import Placed, Threaded
from autograd.errors import optional
from autograd.value import Value
from autograd.words import gettext

if TYPE_CHECKING:
    from autograd.compiler.with_numpy import Compiled
    from autograd.typing import Function

__all__ = ["compile"]

REDUCTIONS = ("mean", "sum")


@overload
def compile(
    f: None = None, params: Sequence[Value] | None = None, *, batch: bool = False, reduction: str = "mean",
    penalty: Callable[[], Any] | None = None, backend: str = "auto", deterministic: bool = False,
    threads: int = 1, mesh: Any = None, shard: Any = None, dtype: Any = None,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
) -> Callable[[Callable[..., Any]], Compiled[Any]]: ...  # fmt: skip
@overload
def compile(
    f: Function, params: None = None, *, batch: bool = False, reduction: str = "mean",
    penalty: Callable[[], Any] | None = None, backend: str = "auto", deterministic: bool = False,
    threads: int = 1, mesh: Any = None, shard: Any = None, dtype: Any = None,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
) -> Compiled[Any]: ...  # fmt: skip
@overload
def compile(
    f: Function, params: Sequence[Value], *, batch: bool = False, reduction: str = "mean",
    penalty: Callable[[], Any] | None = None, backend: str = "auto", deterministic: bool = False,
    threads: int = 1, mesh: Any = None, shard: Any = None, dtype: Any = None,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
) -> Compiled[float]: ...  # fmt: skip
@overload
def compile(
    f: Callable[[], Any], params: Sequence[Value], *, batch: bool = False, reduction: str = "mean",
    penalty: Callable[[], Any] | None = None, backend: str = "auto", deterministic: bool = False,
    threads: int = 1, mesh: Any = None, shard: Any = None, dtype: Any = None,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
) -> Compiled[float]: ...  # fmt: skip
@overload
def compile(
    f: Callable[[], Any], params: None = None, *, batch: bool = False, reduction: str = "mean",
    penalty: Callable[[], Any] | None = None, backend: str = "auto", deterministic: bool = False,
    threads: int = 1, mesh: Any = None, shard: Any = None, dtype: Any = None,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
) -> Compiled[Any]: ...  # fmt: skip
def compile(
    f: Callable[..., Any] | None = None, params: Sequence[Value] | None = None, *, batch: bool = False,
    reduction: str = "mean",
    penalty: Callable[[], Any] | None = None, backend: str = "auto", deterministic: bool = False,
    threads: int = 1, mesh: Any = None, shard: Any = None, dtype: Any = None,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
) -> Any:  # fmt: skip
    """Compile a function, and its gradient, into a short program of array operations.

    The function is called once, on Values, to record its graph. Python's own control flow is therefore frozen
    as it went then, and side effects happen at recording only. An error tells of what would be lost or frozen
    unseen: ``if`` on a Value, reading its number or gradient, changing an argument in place, drawing random
    numbers from a generator that the function leads to. What no library can see is frozen: the time,
    ``os.urandom``, ``uuid``, files; pass such things as arguments. The function is recorded again for
    arguments of another shape, and after ``retrace()``. It must compute in the thread that calls it: a number
    that it reads in another one, or an ``if`` there, is frozen without an error.

    Parameters
    ----------
    f
        With ``params``: the loss of one example (with ``batch``), or of everything, as a Value. Without: any
        function of numbers, such as ``grad(g)``; the result is compiled as it stands. Its arguments may be
        trees: tuples and dicts of numbers and arrays, as `grad` takes them. In place of an array of NumPy it
        gets an array of nodes, in place of nested lists lists. Without a function, what is returned compiles
        one, so ``@compile(batch=True)`` stands above a definition.
    params
        Leaves to differentiate for, such as ``model.parameters()``.
    batch
        Whether the arguments get one more axis in front: many examples at a time. Without ``params`` so do
        the results, as JAX's ``vmap`` has it. Where an example's own number looks something up in a list,
        write ``autograd.take(xs, i)``.
    reduction
        ``"mean"`` or ``"sum"`` of the examples' losses.
    penalty
        Called without arguments; added to the loss once, whatever the number of examples.
    backend
        ``"numpy"``, ``"c"``, ``"python"``, or ``"auto"`` for the one that a cost model expects to be fastest.
        That begins with NumPy or Python. Where C would be faster and there is a compiler, it is built in the
        background once the calls so far have lost the second or so that this takes, and runs the calls that
        begin when it is ready. What a compiler made is kept, in the folder that
        ``CHAINRULE_CACHE`` names or the user's own for caches, unless others may write to it. A compiler
        (``CC``, or ``cc``, ``gcc``, ``clang``) that is absent or does not work is no error: NumPy runs
        instead. ``report()`` says which, and why. Without NumPy it is always straight-line Python.
        ``"xla"``, which is never chosen by itself, runs the program by JAX, on the first of its devices or on
        those of ``mesh``; it needs ``pip install 'chainrule[xla]'``.
    deterministic
        Whether ``"auto"`` is to choose for good before the first call, by what some thousand calls would
        take, so that the last digits do not change when C is ready.
    threads
        With ``batch=True``, how many threads share the examples where C runs the program. To begin and end
        one takes some 20 us in each call, so they are for calls that take much longer. They add up in an
        order that rests on their number alone.
    mesh
        With ``backend="xla"``: a mesh of JAX, such as ``jax.make_mesh((8,), ("examples",))``. The examples of
        a batch are split over its first axis, whatever their number; sums over them become all-reduces.
    shard
        ``"parameters"`` splits these, their gradients and the optimizer's state as well, over the mesh's last
        axis; a dict such as ``{"examples": "rows", "parameters": "columns"}`` names the axes.
    dtype
        With ``backend="xla"``: ``"float64"``, or ``"float32"``, which accelerators prefer, with 7 digits in
        place of 16, a range from 1e-38 to 3e38, and results that agree with the engine's to about 1e-6.
    static_argnums, static_argnames
        Places and names of arguments that are passed as they are, such as a count of rounds: the function is
        recorded for each value of them. Flags, functions and models always are; texts and None where they
        are given by name.

    Returns
    -------
    Compiled
        Call it on data. Without ``params`` it returns what the function returns; where an argument is an
        array of NumPy, nested lists of numbers in the result are arrays, too. With ``params`` it returns the
        loss and adds the gradients to ``grad``. As in a backward pass, that of a parameter which the function
        does not use, or to which no example takes a branch, stays None, and its hooks are not called.

    Notes
    -----
    A program adds in another order than the engine does, and rounds at each addition and multiplication,
    where `autograd.sum` and `autograd.prod` round once: results agree to about 12 digits of the terms that
    they are sums of. So ``x + 1e16 - 1e16`` may come out as ``x``, and a product may be 0 where one of its
    parts is below the range of doubles. Where a number is beyond 2**300, or a result is not finite, the
    engine itself evaluates.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(2.0, "w")
    >>> step = compile(lambda x, y: (w * x - y) ** 2, [w], batch=True, backend="numpy")
    >>> step([1.0, 2.0], [0.0, 1.0])
    6.5
    >>> w.grad
    8.0
    """
    if f is None:
        return partial(
            compile, params=params, batch=batch, reduction=reduction, penalty=penalty, backend=backend,
            deterministic=deterministic, threads=threads, mesh=mesh, shard=shard, dtype=dtype,
            static_argnums=static_argnums, static_argnames=static_argnames,
        )  # fmt: skip
    if not callable(f):
        raise TypeError(gettext(
            "compile() takes a function, got {kind}; write compile(lambda x, y: ..., params)",
            kind=type(f).__name__,
        ))  # fmt: skip
    names = ("auto", *BACKENDS, *ON_DEVICES)
    if backend not in names:
        raise ValueError(gettext(
            "backend must be one of {known}, got {backend}",
            known=", ".join(names), backend=repr(backend),
        ))  # fmt: skip
    if reduction not in REDUCTIONS:
        raise ValueError(gettext(
            "reduction must be one of {known}, got {reduction}",
            known=", ".join(REDUCTIONS), reduction=repr(reduction),
        ))  # fmt: skip
    if deterministic and backend == "auto":
        backend = AT_ONCE
    if backend in ON_DEVICES:
        backend = _placed(backend, mesh, shard, dtype)
    elif (mesh, shard, dtype) != (None, None, None):
        raise ValueError(gettext(
            'mesh, shard and dtype say where XLA runs; write backend="xla", not {backend}',
            backend=repr(backend),
        ))  # fmt: skip
    backend = _threaded(backend, threads, batch)
    static = _static(static_argnums, int, "static_argnums") | _static(static_argnames, str, "static_argnames")
    if params is None:
        if penalty is not None:
            raise TypeError(gettext(
                "a penalty belongs to a loss: pass its params too, such as model.parameters()"
            ))  # fmt: skip
        return _made(f, None, batch, reduction, penalty, backend, static)
    return _made(f, _leaves(params), batch, reduction, penalty, backend, static)


def _static(given: Any, kind: type, name: str) -> frozenset[Any]:
    """Return places or names of arguments, given as one or as many."""
    found = [given] if isinstance(given, (int, str)) or not isinstance(given, Iterable) else list(given)
    for x in found:
        if not isinstance(x, kind) or isinstance(x, bool):
            raise TypeError(gettext(
                "{name} takes {kind} or a list of such, got {x}",
                name=name, kind=kind.__name__, x=f"{x!r:.40}",
            ))  # fmt: skip
    return frozenset(found)


def _threaded(backend: str, threads: int, batch: bool) -> str:
    """Return a backend's name, with the threads that are to share the examples."""
    if isinstance(threads, bool) or not hasattr(threads, "__index__") or threads.__index__() < 1:
        raise ValueError(gettext(
            "threads must be a whole number from 1 on, got {threads}",
            threads=repr(threads),
        ))  # fmt: skip
    if threads.__index__() == 1:
        return backend
    if not batch:
        raise ValueError(gettext("threads share the examples of a batch; write batch=True, or no threads"))
    if backend not in ("auto", AT_ONCE, "c"):
        raise ValueError(gettext(
            'threads are for C; write backend="c" or "auto", not {backend}',
            backend=repr(backend),
        ))  # fmt: skip
    return Threaded(backend, threads.__index__())


def _placed(backend: str, mesh: Any, shard: Any, dtype: Any) -> str:
    """Return a backend's name, with where it is to run."""
    optional("numpy", 'compile(backend="xla")', "pip install numpy", what="NumPy")
    optional("jax", 'compile(backend="xla")', "pip install 'chainrule[xla]'", what="JAX")
    found = import_module(ON_DEVICES[backend])
    return Placed(backend, found.placement(mesh, shard, dtype))


def _leaves(params: Sequence[Value]) -> list[Value]:
    """Return the parameters, if that is what they are."""
    if isinstance(params, Value):
        raise TypeError(gettext("compile() takes the parameters as a list; write [w] for a single one"))
    if hasattr(params, "parameters"):
        raise TypeError(gettext(
            "compile() takes the parameters as a list; write model.parameters(), not the {kind} itself",
            kind=type(params).__name__,
        ))  # fmt: skip
    leaves = list(params)
    for p in leaves:
        if not isinstance(p, Value) or p.op is not None:
            raise TypeError(gettext(
                "a parameter must be a leaf, a Value that you made; got {p}",
                p=f"{p!r:.60}",
            ))  # fmt: skip
    if len(set(leaves)) < len(leaves):
        raise ValueError(gettext("a parameter occurs twice; pass each once"))
    return leaves


_NOTICED: list[bool] = []


def _made(*arguments: Any) -> Compiled[Any]:
    """Return the compiled function; without NumPy, one that needs Python only."""
    if find_spec("numpy") is not None:
        optional("numpy", "compile()", "pip install numpy", what="NumPy")  # says so where it is broken
        from autograd.compiler.with_numpy import Compiled

        return Compiled(*arguments)
    from autograd.compiler.without_numpy import PlainCompiled

    if not _NOTICED:
        _NOTICED.append(True)
        warnings.warn(gettext(
            "compile() cannot roll graphs into matrices without NumPy, so it runs straight-line Python; "
            "install it with: pip install numpy"
        ), RuntimeWarning, stacklevel=3)  # fmt: skip
    return cast("Compiled", PlainCompiled(*arguments))
