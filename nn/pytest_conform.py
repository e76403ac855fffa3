"""A plugin of pytest: ``pytest --chainrule-conform torch`` holds a library's derivatives to the suite.

Each function is a test of its own. Pytest imports this module at every start, and so it imports the engine
only when it is asked for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from autograd.testing.conformance import Outcome

__all__: list[str] = []
_TARGET = pytest.StashKey[Any]()
"""The library, running: one process for all tests."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("chainrule", "derivatives held against correctly rounded ones")
    group.addoption(
        "--chainrule-conform",
        metavar="LIBRARY",
        help="torch, jax, ..., or MODULE:NAME of an adapter of your own",
    )
    group.addoption("--chainrule-full", action="store_true", help="every derivative, within some minutes")
    group.addoption("--chainrule-baseline", metavar="FILE", help="faults that are known, and do not fail")


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each function of the library."""
    library = config.getoption("--chainrule-conform")
    if not library:
        return
    from autograd.errors import UsageError
    from autograd.testing.conformance import Plan, find
    from autograd.testing.conformance.report import read_baseline

    here = str(config.invocation_params.dir)
    if here not in sys.path:
        sys.path.insert(0, here)  # where an adapter of one's own lies
    try:
        adapter = find(library)
        names = Plan().chosen(adapter)
        baseline = config.getoption("--chainrule-baseline")
        known = read_baseline(baseline, adapter.name) if baseline else []
    except (UsageError, OSError) as error:
        raise pytest.UsageError(str(error)) from error
    items += [
        Conform.from_parent(
            session, name=f"conform[{adapter.name}-{name}]", adapter=adapter, row=name, known=known
        )
        for name in names
    ]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the library's process."""
    target = config.stash.get(_TARGET, None)
    if target is not None:
        target.close()


class Conform(pytest.Item):
    """One function of a library."""

    def __init__(self, *, adapter: Any, row: str, known: list[str], **given: Any) -> None:
        super().__init__(**given)
        self.adapter, self.row, self.known = adapter, row, known

    def runtest(self) -> None:
        """Judge the function's derivatives, and fail by new faults."""
        from autograd.errors import UsageError
        from autograd.testing.conformance import Plan
        from autograd.testing.conformance.run import examine
        from autograd.testing.conformance.target import Target

        target = self.config.stash.get(_TARGET, None)
        if target is None:
            target = self.config.stash[_TARGET] = Target(self.adapter)
        quick = not self.config.getoption("--chainrule-full")
        try:
            outcome = examine(target, Plan(quick=quick), self.row)
        except UsageError as error:
            pytest.exit(str(error), returncode=2)
        if outcome.problems or outcome.new(self.known):
            raise ConformanceError(outcome, self.known)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report instead of where it was raised."""
        if isinstance(excinfo.value, ConformanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Name the test."""
        return self.config.rootpath, None, self.name


class ConformanceError(AssertionError):
    """A library's derivatives are not what they should be."""

    def __init__(self, outcome: Outcome, known: list[str]) -> None:
        from autograd.testing.conformance.report import text

        super().__init__(text(outcome, known))
