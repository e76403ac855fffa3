"""``chainrule stepper``: a page that plays backpropagation through an expression."""

from __future__ import annotations

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from autograd.commands.expressions import add_expression

    add_expression(parser)
    parser.add_argument("-o", "--output", default="stepper.html", help="file to write (default: stepper.html)")
    parser.add_argument("--rankdir", choices=("LR", "RL", "TB", "BT"), default="LR", help="direction of the forward pass (default: LR)")
    parser.add_argument("--title", default="", help="heading of the page")


def run(args: argparse.Namespace) -> int:
    """Write the page, and say where."""
    from autograd.commands.expressions import build
    from autograd.errors import GraphError, UsageError
    from autograd.render import stepper

    root, _ = build(args.expression, args.at)
    try:
        page = stepper(root, rankdir=args.rankdir, title=args.title or args.expression)
    except GraphError as error:
        raise UsageError(str(error)) from error
    print(page.save(args.output))
    return 0
