"""``chainrule explain``: the derivation of a gradient, step by step."""

from __future__ import annotations

import argparse
import sys

from autograd.cli.arguments import add_expression, build, chosen
from autograd.errors import GraphError, UsageError
from autograd.render import explain


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_expression(parser)
    parser.add_argument(
        "--wrt", metavar="NAME", help="the variable to differentiate with respect to (default: all)"
    )
    parser.add_argument(
        "--style",
        choices=("text", "markdown", "latex", "mathml", "svg"),
        default="text",
        help="form of the output (default: text)",
    )
    parser.add_argument(
        "--blanks", action="store_true", help="a worksheet: results are left out, and follow as a key"
    )
    parser.add_argument(
        "--colors", action="store_true", help="a colour for each factor, in latex, mathml and svg"
    )
    parser.add_argument(
        "--depth", type=int, help="how many operations back from the output to go (default: all)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the derivation."""
    root, variables = build(args.expression, args.at)
    wrt = chosen(args.wrt, variables)
    try:
        made = explain(
            root, wrt, args.style, depth=args.depth, blanks=args.blanks, colors=args.colors
        )
        print(made)
        if args.blanks:
            print(f"\n{made.key}", file=sys.stderr if args.style == "svg" else sys.stdout)
    except (GraphError, ValueError) as error:
        raise UsageError(str(error)) from error
    return 0
