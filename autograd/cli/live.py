"""``chainrule live``: a page in which an expression is edited and its inputs are dragged."""

from __future__ import annotations

import argparse

from autograd.cli.arguments import add_expression, build, put_out
from autograd.errors import GraphError, UsageError
from autograd.render import live
from autograd.words import gettext


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_expression(parser)
    parser.add_argument(
        "-o",
        "--output",
        default="live.html",
        help="file to write; - prints the page (default: live.html)",
    )
    parser.add_argument("--title", default="", help="heading of the page")


def run(args: argparse.Namespace) -> int:
    """Write the page, and say where."""
    if not args.output:
        raise UsageError(
            gettext(
                "-o is empty; write a file's name, such as {name}, or - to print the page", name="live.html"
            )
        )
    root, _ = build(args.expression, args.at)
    try:
        page = live(root, title=args.title, expression=args.expression)
    except GraphError as error:
        raise UsageError(str(error)) from error
    put_out(args.output, lambda: page.html, page.save)
    return 0
