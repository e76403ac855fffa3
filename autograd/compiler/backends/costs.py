"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 6.36, "calls": 0.252, "terms": 5.29e-05, "rows": 0.00156},
          {}),
    "python": ({"once": 6.08, "terms": 0.0264, "rows": 0.0294, "lane_rows": 0.0196},
          {"lines": 7.31e-06}),
    "c": ({"once": 0.442, "statements": 0.000985, "terms": 5.1e-05, "rows": 0.00087, "gathered": 0.00045},
          {"once": 0.158, "written": 0.00238, "lines": 5.24e-07}),
}  # fmt: skip
