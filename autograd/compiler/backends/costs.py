"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 8.87, "calls": 0.00818, "terms": 9.58e-05, "rows": 0.00394, "gathered": 0.00242},
          {}),
    "python": ({"once": 8.94, "terms": 0.0293, "rows": 0.07, "lane_rows": 0.00418},
          {"lines": 1.17e-05}),
    "c": ({"once": 0.468, "statements": 0.00142, "terms": 8.29e-05, "rows": 0.00174, "gathered": 0.000382},
          {"once": 0.175, "written": 0.00468, "lines": 9.18e-07}),
}  # fmt: skip
