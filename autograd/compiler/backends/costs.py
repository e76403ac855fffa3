"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 6.22, "calls": 0.254, "terms": 5.17e-05, "rows": 0.00148},
          {}),
    "python": ({"once": 6.39, "terms": 0.0242, "rows": 0.0335, "lane_rows": 0.0541},
          {"lines": 6.56e-06}),
    "c": ({"once": 0.347, "statements": 0.00232, "terms": 0.000118, "rows": 8.27e-05, "gathered": 0.000838},
          {"once": 0.187, "written": 7.37e-05}),
}  # fmt: skip
