"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 8.23, "calls": 0.00362, "terms": 0.000102, "rows": 0.00403, "gathered": 0.00249},
          {}),
    "python": ({"once": 8.24, "terms": 0.0291, "rows": 0.0706, "lane_rows": 0.00353},
          {"lines": 1.02e-05}),
    "c": ({"once": 0.466, "statements": 0.00144, "terms": 8.12e-05, "rows": 0.00162, "gathered": 0.000377},
          {"once": 0.217, "written": 0.00168, "lines": 6.24e-08}),
}  # fmt: skip
