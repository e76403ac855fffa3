"""Derivatives of functions, of any order, with the names that JAX uses.

Arguments are numbers, NumPy arrays, or nested lists, tuples and dicts of these, and results mirror them (see
`autograd.calculus.arrays`). Floats come back where only numbers took part. Where nodes did, as arguments, or
because the function closes over them or makes them with ``Value(...)``, nodes come back, which can be
differentiated further; hence everything here nests. What the function detaches, or computes inside `no_grad`,
is a constant to every order. A number that depends on the arguments may not leave the graph by accident:
while the function runs, ``float(x)``, ``math.sin(x)``, ``copy.copy(x)`` and ``gradients(y, x)`` (without
``create_graph``) raise `TracingError`; ``x.detach()`` and ``x.item()`` say that it is meant, and
``f"{x:.3f}"`` prints. This holds for the thread that calls the function, in which it should compute: what
another thread does for it with ``float(x)`` or ``no_grad()`` is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from autograd.backward import gradients
from autograd.calculus import trees
from autograd.calculus.calls import Argnums, Linearization, check_function, check_tuple, refuse_none
from autograd.calculus.linear import Linear
from autograd.calculus.sparse import finished
from autograd.node import Handle
from autograd.spellings import IDLE, options
from autograd.value import Value
from autograd.words import gettext

if TYPE_CHECKING:
    from autograd.typing import Derivative, Function, Gradient, Hessian, Real, ValueAndGradient

__all__ = [
    "detach", "grad", "gradients", "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "register_hook",
    "stop_gradient", "value_and_grad", "vjp",
]  # fmt: skip

_OF_VALUES = (False, "gradients(y, [x], create_graph=True), for the derivatives of a Value")
_THEIRS = {
    "holomorphic": (False, "the real and the imaginary part as two functions of real numbers"),
    "allow_int": IDLE, "argnames": (None, "argnums, the places of the arguments"),
    "create_graph": _OF_VALUES, "retain_graph": _OF_VALUES,
    "wrt": (None, "argnums, the places of the arguments"),
}  # fmt: skip

K = TypeVar("K")


@overload
def grad(f: Function, argnums: Literal[0] = 0, has_aux: Literal[False] = False) -> Gradient: ...
@overload
def grad(f: Function, argnums: int, has_aux: Literal[False] = False) -> Derivative[float, Value, Any]: ...
@overload
def grad(
    f: Function, argnums: tuple[int, int], has_aux: Literal[False] = False
) -> Derivative[tuple[float, float], tuple[Value, Value], tuple[Any, Any]]: ...
@overload
def grad(
    f: Function, argnums: Sequence[int], has_aux: Literal[False] = False
) -> Derivative[tuple[float, ...], tuple[Value, ...], tuple[Any, ...]]: ...
@overload
def grad(
    f: Function, argnums: int = 0, *, has_aux: Literal[True]
) -> Derivative[tuple[float, Any], tuple[Value, Any], tuple[Any, Any]]: ...
@overload
def grad(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None
) -> Callable[..., Any]: ...
@options(None, **_THEIRS)
def grad(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None
) -> Callable[..., Any]:
    """Return the function that computes the gradient of ``f``, by reverse mode.

    Parameters
    ----------
    f
        Returns one number, computed in the thread that calls it.
    argnums
        Which positional arguments to differentiate with respect to: a number, or a sequence of them.
    has_aux
        Whether ``f`` returns a pair, the number to differentiate and anything else.
    argnum
        The same as ``argnums``, by another package's name.

    Returns
    -------
    callable
        Of the arguments of ``f``. It returns the gradient, in the structure of the argument (a tuple, where
        ``argnums`` is a sequence); with ``has_aux``, a pair of that and what ``f`` returned beside.

    Raises
    ------
    TypeError
        When called: if ``f`` does not return one number, or an argument is not made of numbers.
    ValueError
        When called: if ``argnums`` names an argument that was not given.

    Examples
    --------
    >>> cube = lambda x: x**3
    >>> grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)
    (12.0, 12.0, 6.0)
    >>> grad(lambda p: p["a"] * p["b"])({"a": 2.0, "b": 5.0})
    {'a': 5.0, 'b': 2.0}
    """
    return _gradient(f, _chosen(argnums, argnum), has_aux, "grad")


def _gradient(f: Callable[..., Any], argnums: Argnums, has_aux: bool, who: str) -> Callable[..., Any]:
    """Return what `grad` does; errors name the public function ``who``."""
    check_function(f, who, argnums)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        run = Linearization(who, f, args, kwargs, argnums=argnums, has_aux=has_aux)
        return run.with_aux(run.gradient())

    return gradient


@overload
def value_and_grad(
    f: Function, argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> ValueAndGradient: ...
@overload
def value_and_grad(
    f: Function, argnums: int, has_aux: Literal[False] = False
) -> Derivative[tuple[float, float], tuple[Value, Value], tuple[Any, Any]]: ...
@overload
def value_and_grad(
    f: Function, argnums: tuple[int, int], has_aux: Literal[False] = False
) -> Derivative[
    tuple[float, tuple[float, float]], tuple[Value, tuple[Value, Value]], tuple[Any, tuple[Any, Any]]
]: ...
@overload
def value_and_grad(
    f: Function, argnums: Sequence[int], has_aux: Literal[False] = False
) -> Derivative[
    tuple[float, tuple[float, ...]], tuple[Value, tuple[Value, ...]], tuple[Any, tuple[Any, ...]]
]: ...
@overload
def value_and_grad(
    f: Function, argnums: int = 0, *, has_aux: Literal[True]
) -> Derivative[
    tuple[tuple[float, Any], float], tuple[tuple[Value, Any], Value], tuple[tuple[Any, Any], Any]
]: ...
@overload
def value_and_grad(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None
) -> Callable[..., tuple[Any, Any]]: ...
@options(None, **_THEIRS)
def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None
) -> Callable[..., tuple[Any, Any]]:
    """Return the function that computes the pair of the value of ``f`` and its gradient, at the cost of one.

    Parameters
    ----------
    f, argnums, has_aux, argnum
        As `grad`.

    Returns
    -------
    callable
        Of the arguments of ``f``. It returns the value and what `grad` gives; with ``has_aux`` the value is
        itself a pair, as ``f`` returned it.

    Examples
    --------
    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    argnums = _chosen(argnums, argnum)
    check_function(f, "value_and_grad", argnums)

    @wraps(f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        run = Linearization("value_and_grad", f, args, kwargs, argnums=argnums, has_aux=has_aux)
        gradient = run.gradient()
        return run.with_aux(run.output()), gradient

    return value_and_gradient


@overload
def jvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: Literal[False] = False
) -> tuple[Any, Any]: ...
@overload
def jvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: Literal[True]
) -> tuple[Any, Any, Any]: ...
@overload
def jvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool
) -> tuple[Any, ...]: ...
def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False
) -> tuple[Any, ...]:
    """Return the value of ``f`` and its derivative in a direction, by forward mode.

    Parameters
    ----------
    f
        Returns a number, or a nested structure of numbers.
    primals
        The arguments, as a tuple.
    tangents
        The direction, of the same structure. An argument whose tangent is the number 0 is held fast: it adds
        nothing, not even where its slope is infinite.
    has_aux
        Whether ``f`` returns a pair, the result and anything else.

    Returns
    -------
    tuple
        The value and the derivative, of one structure; with ``has_aux``, what ``f`` returned beside.

    Raises
    ------
    ValueError
        If the tangents have not the structure of the primals.

    Examples
    --------
    >>> jvp(lambda x, y: [x * y, x + y], (2.0, 3.0), (1.0, 0.0))
    ([6.0, 5.0], [3.0, 1.0])
    """
    run, derivative = _push(f, primals, tangents, has_aux, "jvp")
    result = (run.output(), derivative)
    return (*result, run.aux) if has_aux else result


def _push(
    f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool, who: str
) -> tuple[Linearization, Any]:
    """Linearization ``f`` and push the tangents forward."""
    check_function(f, who)
    primals, tangents = check_tuple(primals, who, "primals"), check_tuple(tangents, who, "tangents")
    refuse_none(primals, range(len(primals)), who)
    direction = trees.leaves_like(primals, tangents, "tangents", "primals")
    run = Linearization(
        who, f, primals, {}, argnums=tuple(range(len(primals))), has_aux=has_aux, directions=direction
    )
    return run, run.rebuild_output(run.linear.push(_structural(direction)))


def _structural(direction: list[Any]) -> list[Any]:
    """Return a direction with None for what does not move at all: 0 times an infinite slope is nothing."""
    return [None if not isinstance(t, Value) and t == 0.0 else t for t in direction]


@overload
def vjp(
    f: Function, *primals: Any, has_aux: Literal[False] = False
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]: ...
@overload
def vjp(
    f: Function, *primals: Any, has_aux: Literal[True]
) -> tuple[Any, Callable[[Any], tuple[Any, ...]], Any]: ...
@overload
def vjp(f: Function, *primals: Any, has_aux: bool) -> tuple[Any, ...]: ...
def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Return the value of ``f``, and the function that pulls a cotangent back to the arguments: reverse mode.

    Parameters
    ----------
    f
        Returns a number, or a nested structure of numbers.
    primals
        The arguments.
    has_aux
        Whether ``f`` returns a pair, the result and anything else.

    Returns
    -------
    tuple
        The value, and a function of a cotangent with the value's structure; that returns a tuple, one
        cotangent for each argument, and may be called any number of times. With ``has_aux``, what ``f``
        returned beside.

    Examples
    --------
    >>> value, pull = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> value, pull([1.0, 10.0])
    ([6.0, 5.0], (13.0, 12.0))
    """
    check_function(f, "vjp")
    run = Linearization("vjp", f, primals, {}, argnums=tuple(range(len(primals))), has_aux=has_aux)

    def pull(cotangents: Any) -> tuple[Any, ...]:
        names = gettext("the cotangent"), gettext("the function's value")
        given = trees.leaves_like(run.result, cotangents, *names)
        recorded = any(isinstance(c, Value) for c in given)
        return run.rebuild_inputs(run.linear.pull(_structural(given), recorded=recorded), recorded=recorded)

    return (run.output(), pull, run.aux) if has_aux else (run.output(), pull)


@options(None, **_THEIRS)
def jacrev(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None
) -> Callable[..., Any]:
    """Return the function that computes the Jacobian of ``f`` by reverse mode, one pass for each output.

    Parameters
    ----------
    f
        Returns a number, or a nested structure of numbers.
    argnums, has_aux, argnum
        As `grad`.

    Returns
    -------
    callable
        Of the arguments of ``f``. It returns the structure of the value of ``f`` with each number replaced by
        its gradient, which has the structure of the argument.

    Examples
    --------
    >>> jacrev(lambda v: [v[0] * v[1], v[0] + v[1], v[0]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0], [1.0, 0.0]]
    """
    return _jacobian(f, _chosen(argnums, argnum), has_aux, "jacrev", Linear.rows_by_reverse)


@options(None, **_THEIRS)
def jacfwd(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None
) -> Callable[..., Any]:
    """Return the function that computes the Jacobian of ``f`` by forward mode, one pass for each input.

    Parameters
    ----------
    f, argnums, has_aux, argnum
        As `jacrev`.

    Returns
    -------
    callable
        As `jacrev`; only the price differs.

    Examples
    --------
    >>> jacfwd(lambda v: [v[0] * v[1], v[0] + v[1], v[0]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0], [1.0, 0.0]]
    """
    return _jacobian(f, _chosen(argnums, argnum), has_aux, "jacfwd", Linear.rows_by_forward)


@options(None, **_THEIRS)
def jacobian(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None,
    sparse: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """Return the function that computes the Jacobian of ``f``, by the mode that needs fewer passes.

    Parameters
    ----------
    f, argnums, has_aux, argnum
        As `jacrev`.
    sparse
        Whether to return a sparse matrix with a row for each number in the value of ``f`` and a column for
        each number in the arguments. Which derivatives can differ from zero is read off the graph, and only
        these are computed: where each output rests on few operations, the price is that of a few evaluations,
        whatever the size.

    Returns
    -------
    callable
        As `jacrev`. With ``sparse`` it returns a ``csr_array`` of SciPy's; where that is not installed, or
        the derivatives are nodes, a `Coordinates`.

    Examples
    --------
    >>> jacobian(lambda r, t: (r * t, r + t), argnums=(0, 1))(2.0, 5.0)
    ((5.0, 2.0), (1.0, 1.0))
    >>> differences = lambda v: [b - a * a for a, b in zip(v, v[1:])]
    >>> matrix = jacobian(differences, sparse=True)([1.0, 2.0, 3.0, 4.0])
    >>> matrix.shape
    (3, 4)
    """
    argnums = _chosen(argnums, argnum)
    if sparse:
        return _sparse_jacobian(f, argnums, has_aux, "jacobian")
    return _jacobian(f, argnums, has_aux, "jacobian", Linear.rows)


@overload
def hessian(f: Function, argnums: Literal[0] = 0, has_aux: Literal[False] = False) -> Hessian: ...
@overload
def hessian(f: Function, argnums: int, has_aux: Literal[False] = False) -> Derivative[float, Value, Any]: ...
@overload
def hessian(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None,
    sparse: bool = False,
) -> Callable[..., Any]: ...  # fmt: skip
@options(None, **_THEIRS)
def hessian(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, argnum: Argnums | None = None,
    sparse: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """Return the function that computes all second derivatives of ``f``, by forward mode over reverse mode.

    The gradient is recorded once; one forward pass through it for each input gives a column.

    Parameters
    ----------
    f, argnums, has_aux, argnum
        As `grad`.
    sparse
        Whether to return a sparse matrix with a row and a column for each number in the arguments, as
        `jacobian` does.

    Returns
    -------
    callable
        Of the arguments of ``f``. It returns the structure of the argument twice over: a list of lists where
        the argument is a list, a dict of dicts where it is a dict.

    Examples
    --------
    >>> hessian(lambda v: v[0] ** 2 * v[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    argnums = _chosen(argnums, argnum)
    rows = _jacobian(f, argnums, has_aux, "hessian", Linear.rows_by_reverse)
    if sparse:
        return _sparse_jacobian(rows, argnums, has_aux, "hessian")
    return _jacobian(rows, argnums, has_aux, "hessian", Linear.rows_by_forward)


@overload
def hvp(f: Function, primals: tuple[Real], tangents: tuple[Real]) -> float: ...
@overload
def hvp(f: Function, primals: tuple[Real | Value], tangents: tuple[Real | Value]) -> Value: ...
@overload
def hvp(f: Function, primals: tuple[list[float]], tangents: tuple[list[float]]) -> list[float]: ...
@overload
def hvp(f: Function, primals: tuple[dict[K, float]], tangents: tuple[dict[K, float]]) -> dict[K, float]: ...
@overload
def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any: ...
def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Return the product of the Hessian of ``f`` with a vector, without the Hessian, by forward over reverse.

    Parameters
    ----------
    f
        Returns one number.
    primals
        The arguments, as a tuple.
    tangents
        The vector, of the same structure.

    Returns
    -------
    number or nested structure
        Like the argument; a tuple of those where there are several.

    Examples
    --------
    >>> hvp(lambda v: v[0] ** 2 * v[1], ([2.0, 3.0],), ([1.0, 10.0],))
    [46.0, 4.0]
    """
    primals = check_tuple(primals, "hvp", "primals")
    product = _push(_gradient(f, tuple(range(len(primals))), False, "hvp"), primals, tangents, False, "hvp")[
        1
    ]
    return product[0] if len(primals) == 1 else product


def stop_gradient(x: Any) -> Any:
    """Return what derivatives take for a constant: the same numbers, through which no gradient flows.

    JAX's name; `autograd.detach` is the same by PyTorch's. Unlike the method ``detach`` it takes plain
    numbers too, so that a function that uses it can be called with floats.

    Parameters
    ----------
    x
        A Value, number or array, or a nested structure of them.

    Returns
    -------
    Value, number or nested structure
        Of the same structure. Numbers stay as they are.

    Examples
    --------
    >>> f = lambda x: x * stop_gradient(x)
    >>> f(3.0), grad(f)(3.0)
    (9.0, 3.0)
    """
    return trees.map_nodes(lambda node: node.detach(), x)


detach = stop_gradient
"""As `stop_gradient`, by PyTorch's name."""


def register_hook(x: Any, hook: Callable[[Any], Any]) -> Handle:
    """Call ``hook(gradient)`` in every backward pass through ``x``; do nothing where it is a plain number.

    So a function that uses it can be called with floats.

    Parameters
    ----------
    x
        A Value, or a number.
    hook
        As for the method ``register_hook``.

    Returns
    -------
    Handle
        Its ``remove()`` takes the hook away again.

    Examples
    --------
    >>> def f(x):
    ...     register_hook(x, lambda g: 10.0 * g)
    ...     return x * x
    >>> f(3.0), grad(f)(3.0)
    (9.0, 60.0)
    """
    return (x if isinstance(x, Value) else Value(x)).register_hook(hook)


def _chosen(argnums: Argnums, argnum: Argnums | None) -> Argnums:
    """Return the arguments to differentiate with respect to, by either name."""
    if argnum is not None and argnums != 0:
        raise TypeError(gettext(
            "argnums={argnums} and argnum={argnum} say the same thing; write one of them",
            argnums=repr(argnums), argnum=repr(argnum),
        ))  # fmt: skip
    return argnums if argnum is None else argnum


def _jacobian(
    f: Callable[..., Any],
    argnums: Argnums,
    has_aux: bool,
    who: str,
    rows: Callable[[Linear], list[list[Any]]],
) -> Callable[..., Any]:
    """Return the Jacobian function of ``f``; ``rows`` says by which mode it is computed."""
    check_function(f, who, argnums)

    @wraps(f)
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        run = Linearization(who, f, args, kwargs, argnums=argnums, has_aux=has_aux)
        return run.with_aux(run.rebuild_rows(rows(run.linear)))

    return jacobian_of_f


def _sparse_jacobian(f: Callable[..., Any], argnums: Argnums, has_aux: bool, who: str) -> Callable[..., Any]:
    """Return the function that computes the Jacobian of ``f`` as a sparse matrix."""
    check_function(f, who, argnums)

    @wraps(f)
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        run = Linearization(who, f, args, kwargs, argnums=argnums, has_aux=has_aux)
        return run.with_aux(finished(run.sparse_rows()))

    return jacobian_of_f
