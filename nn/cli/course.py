"""``chainrule course``: worksheets and slides of the lessons, to print and to show."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograd.errors import UsageError
from autograd.keep.files import check_folder, write_atomically
from autograd.words import current, gettext
from nn.course.paper import slides, worksheet

__all__ = ["configure", "run"]

LESSONS = Path(__file__).resolve().parents[2] / "notebooks"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("lessons", nargs="*", type=int, metavar="NUMBER", help="lessons (default: all)")
    parser.add_argument(
        "--worksheets", action="store_true", help="exercises with room to write, for printing"
    )
    parser.add_argument("--slides", action="store_true", help="text, code and pictures, for a projector")
    parser.add_argument(
        "--from", type=Path, dest="source", metavar="FOLDER",
        help="folder of the notebooks (default: that of these sources)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("chainrule-course"), metavar="FOLDER",
        help="folder for the pages (default chainrule-course)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Write what was asked for, both without a choice, and say where."""
    folder = args.source or LESSONS
    if current() != "en":
        folder = folder / current().split("_", maxsplit=1)[0]
    found = {int(path.name[:2]): path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    if not found:
        raise UsageError(
            gettext(
                "there are no lessons in {folder}; --from takes the sources' folder notebooks", folder=folder
            )
        )
    missing = [number for number in args.lessons if number not in found]
    if missing:
        raise UsageError(
            gettext(
                "there is no lesson {number}; they go from 1 to {last}", number=missing[0], last=max(found)
            )
        )
    both = args.worksheets == args.slides
    args.out.mkdir(parents=True, exist_ok=True)
    check_folder(args.out)
    for number in args.lessons or found:
        for kind, asked, make in (
            ("worksheet", args.worksheets, worksheet), ("slides", args.slides, slides)
        ):  # fmt: skip
            if asked or both:
                path = args.out / f"{found[number].stem}-{kind}.html"
                write_atomically(path, make(found[number]))
                print(path)
    return 0
