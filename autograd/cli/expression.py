"""Expressions typed on a command line, parsed by an allow-list and never evaluated by Python.

The text goes through Python's parser alone. Each node of its tree is then translated to an operation of
the table; a node that is not on the list is an error which underlines the text it came from.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import Any, NoReturn

from autograd import ops
from autograd.errors import UsageError
from autograd.form import Power
from autograd.words import current, gettext, marked

__all__ = ["CONSTANTS", "Expression", "parse_bindings", "parse_expression"]

MAX_LENGTH = 1000
MAX_NODES = 400
WINDOW = 72  # characters of a long text that an error shows
CONSTANTS = {"pi": math.pi, "tau": math.tau}

_BINARY: dict[type, ops.Op] = {
    ast.Add: ops.add, ast.Sub: ops.sub, ast.Mult: ops.mul, ast.Div: ops.div, ast.Pow: ops.pow,
    ast.Mod: ops.mod, ast.FloorDiv: ops.floordiv,
}  # fmt: skip
_COMPARISONS: dict[type, ops.Op] = {
    ast.Lt: ops.less, ast.LtE: ops.less_equal, ast.Gt: ops.greater, ast.GtE: ops.greater_equal,
}  # fmt: skip
_NOT_ALLOWED: dict[type, str] = {
    ast.Attribute: marked(
        "attribute access is not allowed; call a function by its plain name, such as exp(x)"
    ),
    ast.Subscript: marked("indexing is not allowed; give each element a name of its own"),
    ast.Lambda: marked("functions cannot be defined here"),
    ast.IfExp: marked("if/else is not allowed; write where(condition, a, b)"),
    ast.BoolOp: marked("and/or are not allowed; multiply conditions instead, as in (x > 0) * (y > 0)"),
    ast.NamedExpr: marked("assignment is not allowed"),
    ast.Starred: marked("* before an argument is not allowed; write the arguments one by one"),
    ast.JoinedStr: marked("text is not allowed; only numbers, names and operations"),
}


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One step of a stack machine: push a number or a name, or replace the top entries by a result."""

    kind: str  # "number", "name" or "call"
    what: Any
    count: int
    keywords: tuple[str, ...]
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    Attributes
    ----------
    text : str
        The text as given, line breaks and tabs as spaces.
    names : tuple of str
        The variables in it, in order of appearance.

    Examples
    --------
    >>> expression = parse_expression("tanh(w*x + b)")
    >>> expression.names
    ('w', 'x', 'b')
    >>> expression.evaluate({"w": 0.5, "x": 2.0, "b": -1.0})
    0.0
    """

    text: str
    names: tuple[str, ...]
    _program: tuple[_Instruction, ...]

    def evaluate(self, bindings: Mapping[str, Any]) -> Any:
        """Apply the operations to what ``bindings`` holds for each name: numbers, or nodes.

        Parameters
        ----------
        bindings
            From name to a float or a `Value`; exactly the names in `names`.

        Returns
        -------
        Value or float
            A float where no operand is a node.

        Raises
        ------
        UsageError
            If a name has no binding, a binding has no name, or an operation refuses its operands.
        """
        for name in bindings:
            if name not in self.names:
                raise UsageError(
                    gettext(
                        "{name} has a value but does not occur in the expression (which has {known}): {text}",
                        name=name,
                        known=", ".join(self.names) or gettext("it has no variables"),
                        text=self.text,
                    )
                )
        stack: list[Any] = []
        for step in self._program:
            if step.kind == "number":
                stack.append(step.what)
            elif step.kind == "name":
                if step.what not in bindings:
                    told = gettext(
                        "{name} has no value; add {name}=NUMBER to the list of values", name=step.what
                    )
                    _fail(self.text, step.span, told)
                stack.append(bindings[step.what])
            else:
                arguments = stack[len(stack) - step.count :]
                del stack[len(stack) - step.count :]
                stack.append(self._call(step, arguments))
        return stack[0]

    def _call(self, step: _Instruction, arguments: list[Any]) -> Any:
        split = len(arguments) - len(step.keywords)
        keywords = dict(zip(step.keywords, arguments[split:], strict=True))
        try:
            return _function_of(step.what, arguments[:split])(*arguments[:split], **keywords)
        except (TypeError, ValueError, OverflowError, IndexError) as error:
            _fail(self.text, step.span, str(error), cause=error)


def _function_of(op: ops.Op, arguments: list[Any]) -> Callable[..., Any]:
    """Return what to call; a power of a node is Python's ``**``, which tells a constant exponent apart."""
    if isinstance(op.form, Power) and len(arguments) == op.arity == 2 and not isinstance(arguments[0], float):
        return operator.pow
    if op.vectors and len(arguments) % 2:
        raise TypeError(
            gettext(
                "{name}() takes two vectors of one length, written one after the other: "
                "{name}(a1, a2, b1, b2)",
                name=op.name,
            )
        )
    return op


def parse_expression(text: str) -> Expression:
    """Parse ``text``: numbers, names, arithmetic, comparisons, and functions of the table.

    Parameters
    ----------
    text
        At most 1,000 characters, such as ``(tanh(w*x + b) - y)**2``, where ``^`` may stand for ``**``, as
        it does in what is printed. ``pi`` and ``tau`` are constants.

    Raises
    ------
    UsageError
        With the offending text underlined.

    Examples
    --------
    >>> parse_expression("2*pi*r").evaluate({"r": 1.0})
    6.283185307179586
    >>> parse_expression("-x^2 + 1").evaluate({"x": 3.0})
    -8.0
    >>> parse_expression("x.real + 1")
    Traceback (most recent call last):
    ...
    autograd.errors.UsageError: attribute access is not allowed; call a function by its plain name, such as
    exp(x)
        x.real + 1
        ^^^^^^
    """
    if not isinstance(text, str):
        raise TypeError(gettext(
            "parse_expression() takes a string, got {kind}",
            kind=type(text).__name__,
        ))
    if len(text) > MAX_LENGTH:
        raise UsageError(
            gettext(
                "the expression has {count} characters; the limit is {limit}. Build a graph that size in "
                "Python",
                count=len(text),
                limit=MAX_LENGTH,
            )
        )
    text = "".join(" " if c in "\t\n\r\f\v" else c for c in text).replace("^", "**")
    if not text.strip():
        raise UsageError(gettext('the expression is empty; write one such as "tanh(w*x + b)"'))
    offset = len(text) - len(text.lstrip())
    program: list[_Instruction] = []
    stack: list[Any] = [_parse(text, offset)]
    names: dict[str, None] = {}
    count = 0
    # Depth first with an explicit stack: what has been translated already waits under its operands.
    while stack:
        node = stack.pop()
        if isinstance(node, _Instruction):
            program.append(node)
            continue
        count += 1
        if count > MAX_NODES:
            raise UsageError(
                gettext(
                    "the expression has more than {limit} parts; build a graph that size in Python",
                    limit=MAX_NODES,
                )
            )
        instruction, operands = _translate(text, node, offset)
        stack.append(instruction)
        stack.extend(reversed(operands))
        if instruction.kind == "name":
            names.setdefault(instruction.what)
    return Expression(text, tuple(names), tuple(program))


def parse_bindings(text: str) -> dict[str, float]:
    """Parse values for names, such as ``w=0.5,x=2,b=-pi/4``.

    Parameters
    ----------
    text
        Pairs separated by commas; each value a number or an expression of numbers.

    Raises
    ------
    UsageError
        With the offending pair underlined.

    Examples
    --------
    >>> parse_bindings("w=0.5, x=2")
    {'w': 0.5, 'x': 2.0}
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(
            gettext(
                "the list of values has {count} characters; the limit is {limit}",
                count=len(text),
                limit=MAX_LENGTH,
            )
        )
    bindings: dict[str, float] = {}
    end = -1
    for pair in text.split(",") if text.strip() else ():
        start, end = end + 1, end + 1 + len(pair)
        span = (start + len(pair) - len(pair.lstrip()), start + len(pair.rstrip()))
        name, equals, number = (part.strip() for part in pair.partition("="))
        name = unicodedata.normalize("NFKC", name)  # as Python's parser does with names in an expression
        if not equals or not number or not name.isidentifier() or keyword.iskeyword(name):
            _fail(text, span, gettext("expected NAME=NUMBER, with commas between the pairs: w=0.5,x=2"))
        if name in CONSTANTS:
            told = gettext(
                "{name} is a constant ({number}); choose another name", name=name, number=CONSTANTS[name]
            )
            _fail(text, span, told)
        if name in bindings:
            _fail(text, span, gettext("{name} has two values; give one", name=name))
        bindings[name] = _number(text, number, span)
    return bindings


def _number(text: str, number: str, span: tuple[int, int]) -> float:
    """Return the number that is meant; infinity and NaN only where they are spelt out."""
    try:
        found = float(number)
        spelt_out = not any(c.isdigit() for c in number)
    except ValueError:
        expression = parse_expression(number)
        if expression.names:
            told = gettext("a value must be a number, and {name} is a name", name=expression.names[0])
            _fail(text, span, told)
        found, spelt_out = float(expression.evaluate({})), False
    if not (math.isfinite(found) or spelt_out):
        told = gettext(
            "{number} is {found} as a double; write {found} itself if that is what you mean",
            number=number,
            found=found,
        )
        _fail(text, span, told)
    return found


def _parse(text: str, offset: int) -> ast.expr:
    """Return the tree that Python's parser makes of the text."""
    try:
        with warnings.catch_warnings():  # such as "invalid escape sequence": the text is refused later anyhow
            warnings.simplefilter("ignore")
            return ast.parse(text[offset:], mode="eval").body
    except SyntaxError as error:
        start = max((error.offset or 1) - 1, 0) + offset
        # The end that Python gives is unreliable where the text ends too early; a caret there says enough.
        end = (error.end_offset or 0) - 1 + offset
        _fail(
            text,
            (start, end),
            gettext(
                "this is not an expression: {reason}",
                reason=_reason((error.msg or "invalid syntax").split(". ")[0].split(" (<")[0]),
            ),
            cause=error,
        )
    except (ValueError, RecursionError, MemoryError) as error:
        _fail(
            text,
            (offset, len(text)),
            gettext("this is not an expression that can be read: too deeply nested, or not text"),
            cause=error,
        )


def _translate(text: str, node: ast.expr, offset: int) -> tuple[_Instruction, list[ast.expr]]:
    """Return the instruction for one node of the tree, and the nodes of its operands."""
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
        node = node.operand
    span = _span(text, node, offset)
    match node:
        case ast.Constant(value=bool() | str() | bytes() | complex() | None | EllipsisType()):
            _fail(text, span, gettext("only real numbers are allowed as constants"))
        case ast.Constant(value=value):
            number = _as_float(text, value, span)
            return _Instruction("number", number, 0, (), span), []
        case ast.Name(id=name) if name in CONSTANTS:
            return _Instruction("number", CONSTANTS[name], 0, (), span), []
        case ast.Name(id=name):
            return _Instruction("name", name, 0, (), span), []
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if (
            not isinstance(value, bool)
        ):
            return _Instruction("number", -_as_float(text, value, span), 0, (), span), []
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _Instruction("call", ops.neg, 1, (), span), [operand]
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _Instruction("call", _BINARY[type(sign)], 2, (), span), [left, right]
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _COMPARISONS:
            return _Instruction("call", _COMPARISONS[type(sign)], 2, (), span), [left, right]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            return _function(text, name, arguments, keywords, span)
        case ast.Call():
            _fail(text, span, gettext("only functions by their plain name can be called, such as exp(x)"))
    other = marked("only numbers, names, + - * / ** % //, comparisons and function calls are allowed")
    _fail(text, span, gettext(_NOT_ALLOWED.get(type(node), other)))
    return None


def _function(
    text: str, name: str, arguments: list[ast.expr], keywords: list[ast.keyword], span: tuple[int, int]
) -> tuple[_Instruction, list[ast.expr]]:
    """Return the instruction for a call of a function of the table."""
    if name not in ops.TABLE:
        import difflib

        public = sorted(name for name, op in ops.TABLE.items() if not op.auxiliary)
        close = difflib.get_close_matches(name, public, n=1)
        told = (
            gettext("there is no function {name}; did you mean {close}?", name=name, close=close[0])
            if close
            else gettext(
                "there is no function {name}; there are {known}",
                name=name,
                known=", ".join(public),
            )
        )
        _fail(text, (span[0], span[0] + len(name)), told)
    given = [k.arg for k in keywords]
    if None in given:
        _fail(text, span, gettext("** before an argument is not allowed"))
    call = _Instruction(
        "call", ops.TABLE[name], len(arguments) + len(given), tuple(k for k in given if k is not None), span
    )
    return call, [*arguments, *(k.value for k in keywords)]


def _as_float(text: str, value: Any, span: tuple[int, int]) -> float:
    """Convert a number as typed; one beyond the doubles is an error, not infinity."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        _fail(text, span, gettext("the number is too large; a double ends at about 1.8e308"))
    return number


def _span(text: str, node: ast.expr, offset: int) -> tuple[int, int]:
    """Return where the node stands in the text, in characters (the parser counts bytes)."""
    encoded = text[offset:].encode("utf-8", "surrogatepass")
    start = len(encoded[: node.col_offset].decode("utf-8", "replace"))
    end = len(encoded[: node.end_col_offset].decode("utf-8", "replace"))
    return start + offset, end + offset


def _reason(told: str) -> str:
    """Return what Python says of a text, in the reader's language, where it is one of the usual things."""
    if current() == "en":
        return told
    sign = re.fullmatch(r"'(.)' was never closed|unmatched '(.)'", told)
    if sign is None:
        return gettext("invalid syntax")
    if sign[1]:
        return gettext("'{sign}' was never closed", sign=sign[1])
    return gettext("unmatched '{sign}'", sign=sign[2])


def _fail(text: str, span: tuple[int, int], message: str, *, cause: BaseException | None = None) -> NoReturn:
    """Raise the error, with the part of the text underlined."""
    start = min(span[0], len(text))
    end = max(min(span[1], len(text)), start + 1)
    left = max(0, min(start - WINDOW // 3, len(text) - WINDOW))
    shown = text[left : left + WINDOW]
    before, marked = text[left:start], text[start : min(end, left + WINDOW)]
    dots = ("…" if left else "", "…" if left + WINDOW < len(text) else "")
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in dots[0] + shown + dots[1])
    carets = " " * (_columns(before) + len(dots[0])) + "^" * max(_columns(marked), 1)
    raise UsageError(f"{message}\n    {line}\n    {carets}") from cause


def _columns(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
