"""How ONNX spells the primitives: its operators by the names that NumPy gives them, and formulas of those."""

from __future__ import annotations

import re
from typing import Any

from autograd.compiler.backends.numpy import spelling as numpy_spelling
from autograd.op import TABLE, Op

__all__ = ["ATTRIBUTES", "FUNCTIONS", "OPERATORS", "template"]

OPERATORS: dict[str, str] = {
    "abs": "Abs", "ceil": "Ceil", "cos": "Cos", "exp": "Exp", "floor": "Floor", "fmod": "Mod", "log": "Log",
    "maximum": "Max", "minimum": "Min", "rint": "Round", "sign": "Sign", "sin": "Sin", "sqrt": "Sqrt",
    "tanh": "Tanh",
}  # fmt: skip
"""Operators over doubles that runtimes have, by the names in templates."""

ATTRIBUTES: dict[str, dict[str, Any]] = {"Mod": {"fmod": 1}}
"""What operators are told beside their operands: of the rest of a division, to have the dividend's sign."""

FUNCTIONS: dict[str, tuple[str, ...]] = {
    # William Kahan's: what rounding took from 1 + x is in both factors, and cancels.
    "log1p": ("x", "where(x + 1.0 == 1.0, x, where(x + 1.0 == x, log(x), log(x + 1.0) * (x / gained(x))))"),
    "gained": ("x", "where(x + 1.0 == 1.0, 1.0, x + 1.0 - 1.0)"),
    "expm1": ("x", "where(abs(x) < 1.0, 2.0 * tanh(0.5 * x) / (1.0 - tanh(0.5 * x)), exp(x) - 1.0)"),
    "clip": ("x", "low", "high", "minimum(maximum(x, low), high)"),
    "trunc": ("x", "sign(x) * floor(abs(x))"),
    # As Python divides: a quotient that is rounded first may reach a whole number that it is below.
    "floor_divide": ("x", "y", "where(y == 0.0, x / y, divided(x, y, fmod(x, y)))"),
    "divided": ("x", "y", "rest", "rint((x - rest) / y) - where(sign(rest) * sign(y) < 0.0, 1.0, 0.0)"),
    "exp2": ("x", "2.0 ** x"),
    "log2": ("x", "log(x) * 1.4426950408889634"),
    "log10": ("x", "log(x) * 0.4342944819032518"),
    "logaddexp": ("x", "y", "maximum(x, y) + log1p(exp(0.0 - abs(x - y)))"),
    "tan": ("x", "sin(x) / cos(x)"),
    # Half of exp, which is a double a little farther than that.
    "half_exp": ("x", "where(x < 700.0, 0.5 * exp(x), 0.5 * exp(0.5 * x) * exp(0.5 * x))"),
    "cosh": ("x", "half_exp(x) + half_exp(0.0 - x)"),
    "sinh": (
        "x", "where(abs(x) < 1.0, 0.5 * (expm1(x) - expm1(0.0 - x)), half_exp(x) - half_exp(0.0 - x))"
    ),
    "arctanh": ("x", "0.5 * sign(x) * log1p(2.0 * abs(x) / (1.0 - abs(x)))"),
}  # fmt: skip
"""Functions of templates that are no operators: names of operands, and a formula."""

CODE: dict[str, str] = {
    **numpy_spelling.CODE,
    # The operator of that name loses digits far from 0.
    "sigmoid": "exp(minimum({0}, 0.0)) / (1.0 + exp(0.0 - abs({0})))",
    "sigmoid_slope": "exp(0.0 - abs({0})) / (1.0 + exp(0.0 - abs({0}))) ** 2.0",
    "sech_squared": "1.0 / (cosh({0}) * cosh({0}))",
    "sech": "1.0 / cosh({0})",
    "softplus": "maximum({0}, 0.0) + log1p(exp(0.0 - abs({0})))",
    "exp10": "10.0 ** {0}",
    "logit": (
        "where(abs({0} - 0.5) > 0.25, log({0} / (1.0 - {0})), log1p((2.0 * {0} - 1.0) / (1.0 - {0})))"
    ),
    "step": "where({0} > {1}, 1.0, where({0} == {1}, {2}, 0.0))",
    "leaky_relu": "where({0} > 0.0, {0}, {1} * {0})",
}
"""Rows as formulas; those that call what is no operator and no function are left out."""


def template(op: Op) -> str | None:
    """Return a row's formula; None where ONNX's operators over doubles give none."""
    text = CODE.get(op.name) if TABLE.get(op.name) is op else None
    known = OPERATORS.keys() | FUNCTIONS.keys() | {"where"}
    return text if text and known.issuperset(re.findall(r"(\w+)\(", text)) else None
