"""``chainrule draw``: the computation graph of an expression, with its gradients."""

from __future__ import annotations

import argparse

from autograd.cli.arguments import add_expression, add_variable, build, chosen, put_out
from autograd.errors import UsageError
from autograd.render import draw
from autograd.words import gettext


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_expression(parser)
    parser.add_argument("-o", "--output", default="graph.svg", help=(
        "file to write; its ending names the format: svg, png, pdf, dot, mmd, txt; - prints the SVG "
        "(default: graph.svg)"
    ))
    parser.add_argument(
        "--rankdir",
        choices=("LR", "RL", "TB", "BT"),
        default="LR",
        help="direction of the forward pass (default: LR)",
    )
    parser.add_argument(
        "--theme",
        choices=("auto", "light", "dark"),
        default="auto",
        help="colours (default: those of the reader's system)",
    )
    add_variable(parser)
    parser.add_argument("--saved", action="store_true", help="mark the values that the backward pass reads")
    parser.add_argument(
        "--engine",
        choices=("auto", "dot", "pygraphviz", "builtin"),
        default="auto",
        help="layout engine (default: the best there is)",
    )


def run(args: argparse.Namespace) -> int:
    """Draw, and say where."""
    root, variables = build(args.expression, args.at)
    wrt = chosen(args.wrt, variables)
    root.backward()
    try:
        picture = draw(
            root, wrt=wrt, rankdir=args.rankdir, theme=args.theme, saved=args.saved, engine=args.engine
        )
    except ValueError as error:  # so many nodes that some are folded
        raise UsageError(str(error)) from error
    try:
        put_out(args.output, picture.svg, picture.save)
    except ValueError as error:
        raise UsageError(gettext("cannot write {path}: {error}", path=args.output, error=error)) from error
    return 0
