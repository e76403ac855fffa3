"""A plugin of pytest: the fixture ``gradcheck``, and drawn graphs beside the reports of failures.

``pytest --chainrule-artifacts FOLDER`` draws the graph of each test that fails, as an SVG file: of the
function whose gradient was wrong, else of the Values in the test's variables. Pytest imports this module at
every start, and so it imports the engine only when a test asks for it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["gradcheck"]

MOST = 4
"""So many graphs are drawn of one test."""
_CHECKED = pytest.StashKey[Any]()
"""The function whose gradient was wrong, and its arguments."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("chainrule").addoption(
        "--chainrule-artifacts",
        metavar="FOLDER",
        help="where to put the drawn graphs of tests that fail, as SVG files",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder, or say why it cannot be."""
    folder = config.getoption("--chainrule-artifacts")
    if folder:
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            from autograd.words import gettext

            raise pytest.UsageError(gettext(
                "--chainrule-artifacts: {folder} is no folder: {error}",
                folder=folder, error=error,
            )) from error  # fmt: skip


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return `autograd.testing.gradcheck`, whose failures are drawn where ``--chainrule-artifacts`` says.

    Parameters
    ----------
    request
        The test, as pytest passes it.

    Returns
    -------
    callable
        ``gradcheck(f, inputs, *, order=1, rtol=None, raise_exception=True)``.

    Examples
    --------
    A test takes it by its name::

        def test_the_gradient_of_my_loss(gradcheck):
            gradcheck(my_loss, (0.5, 2.0))
    """
    from autograd.testing import GradcheckError
    from autograd.testing import gradcheck as check
    from autograd.words import gettext

    def checked(f: Callable[..., Any], inputs: Any, *more: Any, **options: Any) -> Any:
        """Check the gradient of a function at one point against numbers."""
        if more:
            given = ", ".join(map(repr, (inputs, *more)))
            raise TypeError(gettext(
                "the function's arguments are one tuple: write gradcheck(f, ({given}))",
                given=f"{given:.60}",
            ))  # fmt: skip
        try:
            return check(f, inputs, **options)
        except GradcheckError:
            arguments = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
            request.node.stash[_CHECKED] = f, arguments
            raise

    return checked


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Draw the graphs of a test that failed, and say in its report where they are."""
    report = yield
    folder = item.config.getoption("--chainrule-artifacts")
    if not folder or report.when != "call" or not report.failed or call.excinfo is None:
        return report
    if "autograd.value" not in sys.modules:
        return report
    from autograd.words import gettext

    said = []
    for name, root in _roots(item, call.excinfo):
        try:
            place = _drawn(Path(folder), item.nodeid, name, root)
        except Exception as error:  # noqa: BLE001 - the test's own failure is what is to be reported
            said.append(gettext("the graph of {name} was not drawn: {error}", name=name, error=error))
        else:
            said.append(gettext("the graph of {name} is drawn in {place}", name=name, place=place))
            item.user_properties.append(("chainrule-graph", place))
    if said:
        report.sections.append(("chainrule", "\n".join(said)))
    return report


def _roots(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> list[tuple[str, Any]]:
    """Return the graphs that belong to a failure, by name."""
    from autograd import Value, toposort
    from autograd.calculus.trees import nodes

    found: dict[str, Any] = {}
    checked = item.stash.get(_CHECKED, None)
    if checked is not None:
        f, arguments = checked
        try:
            named = [_as_nodes(x, f"x{i}" if len(arguments) > 1 else "x") for i, x in enumerate(arguments)]
            ends = nodes(f(*named))
        except Exception:  # noqa: BLE001 - a function that the check called otherwise is not drawn
            ends = []
        name = getattr(f, "__name__", "f")
        found = {name + ("" if len(ends) == 1 else str(i)): y for i, y in enumerate(ends)}
        for y in found.values():
            y.backward()
    else:
        frames = [entry for entry in excinfo.traceback if Path(entry.path) == item.path]
        kept = frames[-1].frame.f_locals if frames else {}
        found = {name: x for name, x in kept.items() if isinstance(x, Value) and not x.is_leaf}
    inner = {id(node) for root in found.values() for node in toposort(root) if node is not root}
    return [(name, root) for name, root in found.items() if id(root) not in inner][:MOST]


def _as_nodes(x: Any, name: str) -> Any:
    """Return arguments with a named Value for each number."""
    from autograd import Value

    if isinstance(x, dict):
        return {key: _as_nodes(part, f"{name}_{key}") for key, part in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)([_as_nodes(part, f"{name}_{i}") for i, part in enumerate(x)])
    return x if isinstance(x, Value) else Value(float(x), name)


def _drawn(folder: Path, test: str, name: str, root: Any) -> str:
    """Write one picture, and return where it is."""
    from autograd import draw

    stem = re.sub(r"[^\w.-]+", "_", f"{test}-{name}")
    place = folder / f"{stem[-150:].lstrip('_.-')}.svg"
    place.write_text(draw(root, engine="builtin").svg(), encoding="utf-8")
    return os.fspath(place)
