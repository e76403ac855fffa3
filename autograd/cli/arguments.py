"""What the commands over expressions share: the arguments, and the graph that is made of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from autograd.cli.expression import parse_bindings, parse_expression
from autograd.errors import UsageError
from autograd.value import Value
from autograd.words import gettext

__all__ = ["add_expression", "add_variable", "build", "chosen", "put_out"]


def add_expression(parser: argparse.ArgumentParser) -> None:
    """Add the expression and the values of its variables, which may be given all at once or one by one."""
    parser.add_argument("expression", help='such as "(tanh(w*x + b) - y)**2"')
    parser.add_argument(
        "--at",
        default=[],
        action="append",
        metavar="NAME=NUMBER,...",
        help="values of the variables, such as w=0.5,x=2",
    )


def add_variable(parser: argparse.ArgumentParser) -> None:
    """Add the variable whose derivative has its factors coloured."""
    parser.add_argument(
        "--wrt", metavar="NAME", help="colour the factors of the derivative with respect to this variable"
    )


def chosen(name: str | None, variables: dict[str, Value]) -> Value | None:
    """Return the variable of a name.

    Raises
    ------
    UsageError
        If the expression has none of that name.
    """
    if name is not None and name not in variables:
        raise UsageError(
            gettext(
                "--wrt {name}: the expression has no such variable; it has {known}",
                name=name,
                known=", ".join(variables),
            )
        )
    return None if name is None else variables[name]


def build(expression: str, at: Sequence[str]) -> tuple[Value, dict[str, Value]]:
    """Return the output node, and the variables by name.

    Raises
    ------
    UsageError
        If the expression or the values cannot be read, or do not fit each other.

    Examples
    --------
    >>> root, variables = build("w*x", ["w=2,x=3"])
    >>> root.data, list(variables)
    (6.0, ['w', 'x'])
    """
    parsed = parse_expression(expression)
    numbers = parse_bindings(",".join(at))
    # Missing and superfluous names are found before any node is made.
    parsed.evaluate(numbers)
    variables = {name: Value(numbers[name], name) for name in parsed.names}
    root = parsed.evaluate(variables)
    if not isinstance(root, Value):
        raise UsageError(
            gettext(
                "the expression is the number {number}: it has no variable to differentiate by; write one, "
                "such as x",
                number=root,
            )
        )
    if not root.label:
        root.label = next(name for name in ("f", "y", "out", "result") if name not in variables)
    return root, variables


def put_out(output: str, text: Callable[[], str], save: Callable[[str], str]) -> None:
    """Save to a file and say where; for the output ``-``, write the text itself, in UTF-8 as in a file."""
    import sys

    if output != "-":
        print(save(output))
        return
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:  # closed, or a stream that takes text only
        print(text())
        return
    sys.stdout.flush()
    raw.write(f"{text()}\n".encode(errors="backslashreplace"))
