"""What the annotations of this package speak of: numbers, functions of numbers, and their derivatives.

A checker of types reads it, and who annotates functions of his own may; nothing else runs because of it.

Examples
--------
>>> from autograd import Value, grad
>>> from autograd.typing import Number
>>> def energy(p: dict[str, Number]) -> Number:
...     return 0.5 * p["mass"] * p["speed"] ** 2
>>> grad(energy)({"mass": 2.0, "speed": 3.0})
{'mass': 4.5, 'speed': 6.0}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Concatenate, Protocol, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    from autograd.value import Value

__all__ = [
    "Derivative", "Function", "Grad", "Gradient", "HasRatio", "Hessian", "IsRatio", "Number", "Numbers",
    "Real", "Reals", "ValueAndGradient",
]  # fmt: skip

T = TypeVar("T")
K = TypeVar("K")
Floats_co = TypeVar("Floats_co", covariant=True)
Values_co = TypeVar("Values_co", covariant=True)
Others_co = TypeVar("Others_co", covariant=True)


# Numbers.


class HasRatio(Protocol):
    """A float, Fraction, or floating-point scalar of NumPy; a Value has no such method."""

    def __float__(self) -> float: ...
    def as_integer_ratio(self) -> tuple[int, int]:
        """Return numerator and denominator."""
        ...


class IsRatio(Protocol):
    """An int, Fraction, or whole scalar of NumPy; a Value has no such attributes."""

    def __float__(self) -> float: ...
    @property
    def numerator(self) -> Any:
        """The number above the line."""
        ...

    @property
    def denominator(self) -> Any:
        """The number below it."""
        ...


Real: TypeAlias = HasRatio | IsRatio
"""A real number that is no Value."""
Number: TypeAlias = "Value | float"
"""A Value or a number: what a function computes with that runs on both."""
Reals: TypeAlias = "Real | Iterable[Reals]"
"""A real number, or nested sequences of them; arrays too."""
Numbers: TypeAlias = "Real | Value | Iterable[Numbers]"
"""A number or Value, or nested sequences of them; arrays too."""


class Grad(Protocol):
    """The attribute ``grad`` of a Value.

    Reading gives a float, or a Value after ``backward(create_graph=True)``. None, which may be assigned, and
    which ``zero_grad(set_to_none=True)`` assigns, is left out there: who does so knows it.
    """

    @overload
    def __get__(self, node: None, owner: type, /) -> Grad: ...
    @overload
    def __get__(self, node: object, owner: type, /) -> float | Value: ...
    def __set__(self, node: object, gradient: float | Value | None, /) -> None: ...


# Functions, and the functions that differentiate them. The last signature of each takes any arguments, so
# that it stands wherever a function may stand.

# Up to three parameters stand by themselves, so that checkers know what those of a lambda are.
Function: TypeAlias = (
    Callable[Concatenate[Any, ...], Any]
    | Callable[Concatenate[Any, Any, ...], Any]
    | Callable[Concatenate[Any, Any, Any, ...], Any]
)
"""A function of numbers, or of nested lists, tuples and dicts of them; it returns such too."""


class Derivative(Protocol[Floats_co, Values_co, Others_co]):
    """A derivative whose type follows that of the arguments.

    It returns ``Floats_co`` where all are real numbers, ``Values_co`` where there are Values among them, and
    ``Others_co`` of nested structures. A function that closes over Values gives Values of numbers, too: give
    it ``Value(x)`` in place of ``x``, and checkers know.
    """

    @overload
    def __call__(self, *args: Real, **kwargs: Any) -> Floats_co: ...
    @overload
    def __call__(self, *args: Real | Value, **kwargs: Any) -> Values_co: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Others_co: ...


class Gradient(Protocol):
    """A gradient with respect to the first argument, in the structure of that; see `Derivative`."""

    @overload
    def __call__(self, x: Value, /, *args: Any, **kwargs: Any) -> Value: ...
    @overload
    def __call__(self, x: Real, /, *args: Real, **kwargs: Any) -> float: ...
    @overload
    def __call__(self, x: Real, /, *args: Real | Value, **kwargs: Any) -> Value: ...
    @overload
    def __call__(self, x: Real, /, *args: object, **kwargs: Any) -> float: ...
    @overload
    def __call__(self, x: list[int], /, *args: Any, **kwargs: Any) -> list[float]: ...
    @overload
    def __call__(self, x: dict[K, int], /, *args: Any, **kwargs: Any) -> dict[K, float]: ...
    @overload
    def __call__(self, x: T, /, *args: Any, **kwargs: Any) -> T: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


class ValueAndGradient(Protocol):
    """A function's value and its gradient, with respect to the first argument; see `Gradient`."""

    @overload
    def __call__(self, x: Value, /, *args: Any, **kwargs: Any) -> tuple[Value, Value]: ...
    @overload
    def __call__(self, x: Real, /, *args: Real, **kwargs: Any) -> tuple[float, float]: ...
    @overload
    def __call__(self, x: Real, /, *args: Real | Value, **kwargs: Any) -> tuple[Value, Value]: ...
    @overload
    def __call__(self, x: Real, /, *args: object, **kwargs: Any) -> tuple[float, float]: ...
    @overload
    def __call__(self, x: list[int], /, *args: Any, **kwargs: Any) -> tuple[float, list[float]]: ...
    @overload
    def __call__(self, x: list[float], /, *args: Any, **kwargs: Any) -> tuple[float, list[float]]: ...
    @overload
    def __call__(self, x: list[Value], /, *args: Any, **kwargs: Any) -> tuple[Value, list[Value]]: ...
    @overload
    def __call__(self, x: dict[K, int], /, *args: Any, **kwargs: Any) -> tuple[float, dict[K, float]]: ...
    @overload
    def __call__(self, x: dict[K, float], /, *args: Any, **kwargs: Any) -> tuple[float, dict[K, float]]: ...
    @overload
    def __call__(self, x: dict[K, Value], /, *args: Any, **kwargs: Any) -> tuple[Value, dict[K, Value]]: ...
    @overload
    def __call__(self, x: T, /, *args: Any, **kwargs: Any) -> tuple[Any, T]: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]: ...


class Hessian(Protocol):
    """All second derivatives with respect to the first argument, in its structure twice over."""

    @overload
    def __call__(self, x: Value, /, *args: Any, **kwargs: Any) -> Value: ...
    @overload
    def __call__(self, x: Real, /, *args: Real, **kwargs: Any) -> float: ...
    @overload
    def __call__(self, x: Real, /, *args: Real | Value, **kwargs: Any) -> Value: ...
    @overload
    def __call__(self, x: Real, /, *args: object, **kwargs: Any) -> float: ...
    @overload
    def __call__(self, x: list[int] | list[float], /, *args: Any, **kwargs: Any) -> list[list[float]]: ...
    @overload
    def __call__(self, x: list[Value], /, *args: Any, **kwargs: Any) -> list[list[Value]]: ...
    @overload
    def __call__(
        self, x: dict[K, int] | dict[K, float], /, *args: Any, **kwargs: Any
    ) -> dict[K, dict[K, float]]: ...
    @overload
    def __call__(self, x: dict[K, Value], /, *args: Any, **kwargs: Any) -> dict[K, dict[K, Value]]: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
