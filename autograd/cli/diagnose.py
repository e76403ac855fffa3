"""``chainrule diagnose``: what is wrong with an engine that somebody wrote."""

from __future__ import annotations

import argparse

from autograd.cli.arguments import put_out
from autograd.errors import UsageError
from autograd.keep.files import write_atomically
from autograd.testing import diagnose
from autograd.words import gettext

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("target", metavar="FILE:CLASS", help=(
        "the file, and the class of a node, such as engine.py:Value; or a function that makes a leaf"
    ))
    parser.add_argument(
        "--hint", type=int, choices=(1, 2), default=1,
        help="how much is said: 1 asks, 2 says more (default: 1)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the graph as SVG; - prints it")


def run(args: argparse.Namespace) -> int:
    """Print the diagnosis; return 1 where something is wrong."""
    if args.output not in (None, "-") and not args.output.endswith(".svg"):
        raise UsageError(gettext(
            "cannot write {path}: the picture is an SVG; let the name end in .svg",
            path=args.output,
        ))
    diagnosis = diagnose(args.target, hint=args.hint)
    if args.output != "-":
        print(diagnosis)
    if args.output and diagnosis.svg:
        put_out(args.output, lambda: diagnosis.svg, lambda file: str(write_atomically(file, diagnosis.svg)))
    return 0 if diagnosis else 1
