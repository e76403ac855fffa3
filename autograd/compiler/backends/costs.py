"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 6.59, "calls": 0.235, "terms": 5.16e-05, "rows": 0.0017},
          {}),
    "python": ({"once": 6.02, "terms": 0.0264, "rows": 0.0296, "lane_rows": 0.0151},
          {"lines": 6.21e-06}),
    "c": ({"once": 0.454, "statements": 0.000968, "terms": 5.14e-05, "rows": 0.000848, "gathered": 0.000405},
          {"once": 0.137, "written": 0.00254, "lines": 2.33e-07}),
}  # fmt: skip
