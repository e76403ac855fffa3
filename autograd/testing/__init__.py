"""Tools that test gradients: of this package's operations, and of yours.

`gradcheck` and `check_grads` compare derivatives with numbers. `diagnose` says what is wrong with an engine
that somebody wrote. `autograd.testing.strategies` has
Hypothesis strategies (it needs Hypothesis), `autograd.testing.oracle` exact values (it needs mpmath).
"""

from importlib import import_module
from typing import Any

from autograd.testing.diagnosis import Diagnosis, Finding, diagnose
from autograd.testing.gradcheck import check_grads, gradcheck
from autograd.testing.report import Entry, GradcheckError, Report, ulps
from autograd.words import gettext

__all__ = [
    "Diagnosis", "Entry", "Finding", "GradcheckError", "Report", "check_grads", "diagnose", "gradcheck",
    "ulps",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import `strategies` and `oracle` when they are first asked for.

    They need packages that the rest does not.
    """
    if name in ("oracle", "strategies"):
        return import_module(f"autograd.testing.{name}")
    raise AttributeError(gettext(
        "module {module} has no attribute {name}",
        module=repr(__name__), name=repr(name),
    ))  # fmt: skip
