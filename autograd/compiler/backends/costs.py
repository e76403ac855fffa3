"""What backends take: fitted to measurements by ``python tests/benchmarks/fit_costs.py``, which writes this.

For each backend the microseconds of a call, and the seconds of building it, by what there is to do (`Work`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COSTS"]

COSTS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "numpy": ({"once": 8.99, "calls": 0.0106, "terms": 0.000102, "rows": 0.00451, "gathered": 0.00252},
          {}),
    "python": ({"once": 9.22, "terms": 0.0303, "rows": 0.0726, "lane_rows": 0.0311},
          {"lines": 1.45e-05}),
    "c": ({"once": 0.49, "statements": 0.0014, "terms": 8.77e-05, "rows": 0.00191, "gathered": 0.000409},
          {"once": 0.291, "written": 0.003, "lines": 1.71e-07}),
}  # fmt: skip
