"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 7.63, "calls": 0.273, "terms": 5.07e-05, "rows": 0.00155},
          {}),
    "python": ({"once": 7.97, "terms": 0.0242, "rows": 0.0364, "lane_rows": 0.046},
          {"lines": 7.87e-06}),
    "c": ({"once": 0.441, "statements": 0.00106, "terms": 7.56e-05, "rows": 0.000673, "gathered": 0.000472},
          {"once": 0.168, "written": 0.00208}),
}  # fmt: skip
