"""``chainrule stepper``: a page that plays backpropagation through an expression."""

from __future__ import annotations

import argparse

from autograd.cli.arguments import add_expression, add_variable, build, chosen, put_out
from autograd.errors import GraphError, UsageError
from autograd.render import stepper
from autograd.words import gettext


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_expression(parser)
    parser.add_argument(
        "-o",
        "--output",
        default="stepper.html",
        help="file to write; - prints the page (default: stepper.html)",
    )
    parser.add_argument(
        "--rankdir",
        choices=("LR", "RL", "TB", "BT"),
        default="LR",
        help="direction of the forward pass (default: LR)",
    )
    add_variable(parser)
    parser.add_argument("--title", default="", help="heading of the page")


def run(args: argparse.Namespace) -> int:
    """Write the page, and say where."""
    if not args.output:
        raise UsageError(
            gettext(
                "-o is empty; write a file's name, such as {name}, or - to print the page",
                name="stepper.html",
            )
        )
    root, variables = build(args.expression, args.at)
    wrt = chosen(args.wrt, variables)
    try:
        page = stepper(root, wrt=wrt, rankdir=args.rankdir, title=args.title or args.expression)
    except GraphError as error:
        raise UsageError(str(error)) from error
    put_out(args.output, lambda: page.html, page.save)
    return 0
