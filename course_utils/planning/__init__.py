"""Plan a ladder of small runs, foretell a large one, and see how good such forecasts are before paying for any.

``design``    which small runs to buy for a budget: five ways to spend the same FLOPs
``forecast``  the loss of the large run, with an interval that is meant to hold what it promises

Loss is in nats per token; N counts blocks and head, C their FLOPs and those of causal attention, as in ``data/ladder``.
"""

from __future__ import annotations

from course_utils.planning.designs import DESIGNS, RUNG_SHARES, Design, PlannedRun, design, planned_run
from course_utils.planning.forecast import Forecast, ForecastWarning, forecast
from course_utils.planning.prior import WIDTHS, nearest_width, optimal_params

__all__ = [
    "DESIGNS",
    "RUNG_SHARES",
    "WIDTHS",
    "Design",
    "Forecast",
    "ForecastWarning",
    "PlannedRun",
    "design",
    "forecast",
    "nearest_width",
    "optimal_params",
    "planned_run",
]
