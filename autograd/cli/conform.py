"""``chainrule conform``: hold a library's derivatives against correctly rounded ones."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter

from autograd.errors import UsageError
from autograd.testing.conformance.adapter import BUILT_IN, DTYPES, MODES, find
from autograd.testing.conformance.report import WRITERS, read_baseline, text, write_baseline
from autograd.testing.conformance.run import Outcome, Plan, conform
from autograd.testing.conformance.target import Target
from autograd.words import gettext

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "library", metavar="LIBRARY", help=gettext(
            "{known}, or MODULE:NAME of an adapter of your own",
            known=', '.join(BUILT_IN),
        )
    )
    parser.add_argument("--quick", action="store_true", help=(
        "first derivatives in double precision in full, and a sample of the rest: within half a minute"
    ))
    parser.add_argument("--functions", default="", metavar="NAME,...", help="only these, such as tanh,atan2")
    parser.add_argument("--order", type=int, default=3, metavar="N", help="the highest order (default: 3)")
    parser.add_argument("--mode", choices=MODES, help="only this one (default: both)")
    parser.add_argument("--dtype", choices=DTYPES, help="only this one (default: both)")
    parser.add_argument("--jit", action=argparse.BooleanOptionalAction, default=None, help=(
        "compiled functions too, or not (default: where compiling is quick)"
    ))
    parser.add_argument("--random", type=int, default=0, metavar="N", help=(
        "try so many random compositions beside, and show the smallest that is wrong"
    ))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the compositions (default: 0)")
    parser.add_argument("--baseline", metavar="FILE", help="faults that are known, and do not fail")
    parser.add_argument(
        "--write-baseline", metavar="FILE", help="write the faults that there are as known ones"
    )
    parser.add_argument("--junit", metavar="FILE", help="write JUnit's XML")
    parser.add_argument("--markdown", metavar="FILE", help="write a report in Markdown")
    parser.add_argument("--json", metavar="FILE", help="write everything found")
    parser.add_argument("--python", default="", metavar="PATH", help=(
        "the interpreter in whose environment the library is installed (default: this one)"
    ))
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help=(
        "seconds after which a call counts as hung (default: 60)"
    ))
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help=(
        "processes at a time (default: 2, or 1 on a single core)"
    ))
    parser.add_argument(
        "--all", action="store_true", help="each choice at a kink and each flushed number too"
    )


def run(args: argparse.Namespace) -> int:
    """Print the report; return 1 for new faults, 2 where the adapter is wrong."""
    if not 1 <= args.order <= 3:
        raise UsageError(gettext(
            "--order {order}: the expectations are of the orders 1 to 3",
            order=args.order,
        ))
    if not args.timeout > 0.0:
        raise UsageError(gettext(
            "--timeout {timeout}: a time is a positive number of seconds",
            timeout=f"{args.timeout:g}",
        ))
    if args.random < 0 or args.jobs < 0:
        raise UsageError(gettext("--random and --jobs are counts, which are not negative"))
    for path in (args.write_baseline, args.junit, args.markdown, args.json):
        if path is not None and not Path(path).resolve().parent.is_dir():
            raise UsageError(gettext(
                "{path}: there is no folder {folder}; make it first",
                path=path, folder=Path(path).resolve().parent,
            ))
        if path is not None and Path(path).is_dir():  # before anything is run
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # where an adapter of one's own lies
    adapter = find(args.library)
    known = read_baseline(args.baseline, adapter.name) if args.baseline else []
    # What the compositions need is said before anything is run.
    compositions = import_module("autograd.testing.conformance.compositions") if args.random else None
    plan = Plan(
        functions=tuple(name.strip() for name in args.functions.split(",") if name.strip()),
        modes=(args.mode,) if args.mode else MODES, dtypes=(args.dtype,) if args.dtype else DTYPES,
        order=args.order, quick=args.quick, jit=args.jit,
    )  # fmt: skip
    jobs = args.jobs or min(2, os.cpu_count() or 1)
    start = perf_counter()
    outcome = conform(
        adapter,
        plan,
        python=args.python,
        timeout=args.timeout,
        jobs=jobs,
        progress=_progress if _watched() else None,
    )
    if _watched():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if not (outcome.derivatives or outcome.faults or outcome.problems):
        raise UsageError(gettext(
            "nothing was tried: the adapter of {library} has none of the derivatives that were asked for",
            library=adapter.name,
        ))
    if compositions is not None:
        faulty = {fault.function for fault in outcome.faults}
        with Target(adapter, args.python or sys.executable, args.timeout) as target:
            fault, judged = compositions.smallest_wrong(target, sorted(faulty), args.random, seed=args.seed)
        outcome.judged["compositions"] += judged
        outcome.faults += [fault] if fault is not None else []
    outcome.seconds = perf_counter() - start
    print(text(outcome, known, everything=args.all))
    if args.write_baseline:
        write_baseline(args.write_baseline, outcome)
    for name, writer in WRITERS.items():
        path = getattr(args, name)
        if path:
            Path(path).write_text(writer(outcome, known), encoding="utf-8")
    return _exit_code(outcome, known, written=bool(args.write_baseline))


def _exit_code(outcome: Outcome, known: list[str], *, written: bool) -> int:
    if outcome.problems:
        return 2
    return 1 if outcome.new(known) and not written else 0


def _watched() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _progress(name: str) -> None:
    print(f"\r\033[K{name}", end="", file=sys.stderr, flush=True)
