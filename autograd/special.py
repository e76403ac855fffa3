"""Accurate functions of floats that obey IEEE 754 where Python's ``math`` raises. Standard library only."""

from __future__ import annotations

import math
from operator import mul

NAN, INF = math.nan, math.inf


def div(a: float, b: float) -> float:
    """Quotient, to the bit Python's; by zero as IEEE 754 says."""
    try:
        return a / b
    except ZeroDivisionError:
        return NAN if a == 0.0 or a != a else math.copysign(INF, a) * math.copysign(1.0, b)


def pow(x: float, y: float) -> float:
    """Power as C99's Annex F says; NaN instead of a complex result."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -INF if x < 0.0 and y % 2.0 == 1.0 else INF
    except ValueError:
        if x != 0.0:
            return NAN
        return math.copysign(INF, x) if y % 2.0 == 1.0 else INF


def exp(x: float) -> float:
    """Exponential; infinity on overflow."""
    try:
        return math.exp(x)
    except OverflowError:
        return INF


def log(x: float) -> float:
    """Natural logarithm; -inf at zero, NaN below."""
    try:
        return math.log(x)
    except ValueError:
        return -INF if x == 0.0 else NAN


def sqrt(x: float) -> float:
    """Square root; NaN below zero."""
    try:
        return math.sqrt(x)
    except ValueError:
        return NAN


def sigmoid(x: float) -> float:
    """Logistic function 1 / (1 + exp(-x)), accurate in both tails."""
    if x < 0.0:
        e = math.exp(x)
        return e / (1.0 + e)
    return 1.0 / (1.0 + math.exp(-x))


def relu(x: float) -> float:
    """max(x, 0); NaN stays NaN."""
    return 0.0 if x <= 0.0 else x


def sum(*xs: float) -> float:
    """Sum."""
    return math.fsum(xs)


def dot_vectors(ws: list[float], xs: list[float]) -> float:
    """Sum of products, from left to right."""
    total = 0.0
    for product in map(mul, ws, xs):
        total += product
    return total


def dot(*operands: float) -> float:
    """Scalar product of the first half of the operands with the second half."""
    half = len(operands) // 2
    return dot_vectors(list(operands[:half]), list(operands[half:]))
