"""Tools that test gradients: of this package's operations, and of yours.

`gradcheck` and `check_grads` compare derivatives with numbers. `autograd.testing.strategies` has
Hypothesis strategies (it needs Hypothesis), `autograd.testing.oracle` exact values (it needs mpmath).
"""

from autograd.testing.gradcheck import check_grads, gradcheck
from autograd.testing.report import Entry, GradcheckError, Report, ulps

__all__ = ["Entry", "GradcheckError", "Report", "check_grads", "gradcheck", "ulps"]
