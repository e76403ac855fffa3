"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 7.03, "calls": 0.24, "terms": 5.34e-05, "rows": 0.00164},
          {}),
    "python": ({"once": 6.08, "terms": 0.0265, "rows": 0.0287, "lane_rows": 0.0178},
          {"lines": 7.27e-06}),
    "c": ({"once": 0.436, "statements": 0.000987, "terms": 5.93e-05, "rows": 0.000813, "gathered": 0.000404},
          {"once": 0.182, "written": 0.00141, "lines": 7.05e-08}),
}  # fmt: skip
