"""``chainrule check``: hold the gradient of an expression against numbers."""

from __future__ import annotations

import argparse

from autograd.cli.arguments import add_expression
from autograd.cli.expression import parse_bindings, parse_expression
from autograd.errors import UsageError
from autograd.testing import GradcheckError, check_grads
from autograd.words import gettext

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_expression(parser)
    parser.add_argument(
        "--order", type=int, default=2, metavar="N", help="the highest order of derivative (default: 2)"
    )
    parser.add_argument(
        "--modes", choices=["rev", "fwd", "both"], default="rev", help="reverse mode, forward mode or both"
    )
    parser.add_argument("--quiet", action="store_true", help=(
        "print nothing; the exit code tells: 0 if all that could be checked is right, 1 if something is "
        "wrong or nothing could be checked"
    ))


def run(args: argparse.Namespace) -> int:
    """Print the report; return 1 where a derivative is wrong, or where none could be checked."""
    if not 1 <= args.order <= 4:
        raise UsageError(
            gettext(
                "--order {order}: the order of a derivative is a number from 1 to 4 here", order=args.order
            )
        )
    expression = parse_expression(args.expression)
    bindings = parse_bindings(",".join(args.at))
    if not expression.names:
        raise UsageError(
            gettext("{text} has no variable to differentiate by; write one, such as x", text=args.expression)
        )
    expression.evaluate(bindings)  # complains of missing names and superfluous ones
    point = {name: bindings[name] for name in expression.names}
    modes = ("fwd", "rev") if args.modes == "both" else (args.modes,)
    try:
        report = check_grads(expression.evaluate, (point,), args.order, modes)
    except GradcheckError as error:
        report = error.report
    except ValueError as error:  # a derivative of an order beyond those that are computed
        raise UsageError(str(error)) from error
    if not args.quiet:
        at = ", ".join(f"{name} = {number!r}" for name, number in point.items())
        print(gettext(
            "f = {expression} at {at}: {report}", expression=args.expression, at=at, report=report
        ))
    return 0 if report and report.checked else 1
