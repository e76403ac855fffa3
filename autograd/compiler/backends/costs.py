"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 6.47, "calls": 0.243, "terms": 5.25e-05, "rows": 0.00165},
          {}),
    "python": ({"once": 6.07, "terms": 0.0268, "rows": 0.0264, "lane_rows": 0.0228},
          {"lines": 6.46e-06}),
    "c": ({"once": 0.425, "statements": 0.000967, "terms": 5.7e-05, "rows": 0.000797, "gathered": 0.000508},
          {"once": 0.184, "written": 0.00165, "lines": 4.74e-07}),
}  # fmt: skip
