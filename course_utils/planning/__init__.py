"""Plan a ladder of small runs, foretell a large one, and see how good such forecasts are before paying for any.

``design``    which small runs to buy for a budget: five ways to spend the same FLOPs
``forecast``  the loss of the large run, with an interval that is meant to hold what it promises
``simulate``  how wide that interval would be, and how far off, before anything is paid: runs drawn from a `World`
``mistakes``  everybody's favourite wrong forecasts from the same runs
``regret``    what another width of the large run would have saved, said afterwards
``replay``    a whole game by lookup, where every run of it was made

Loss is in nats per token; N counts blocks and head, C their FLOPs and those of causal attention, as in ``data/ladder``.
"""

from __future__ import annotations

from course_utils.planning.designs import DESIGNS, RUNG_SHARES, Design, PlannedRun, design, planned_run
from course_utils.planning.forecast import Forecast, ForecastWarning, UninformativeRunsError, forecast
from course_utils.planning.mistakes import MISTAKES, Mistake, mistakes
from course_utils.planning.prior import WIDTHS, nearest_width, optimal_params
from course_utils.planning.regret import Regret, regret
from course_utils.planning.replay import Replay, replay
from course_utils.planning.simulate import Simulation, simulate
from course_utils.planning.tables import rows_for_fit
from course_utils.planning.world import World

__all__ = [
    "DESIGNS",
    "MISTAKES",
    "RUNG_SHARES",
    "WIDTHS",
    "Design",
    "Forecast",
    "ForecastWarning",
    "Mistake",
    "PlannedRun",
    "Regret",
    "Replay",
    "Simulation",
    "UninformativeRunsError",
    "World",
    "design",
    "forecast",
    "mistakes",
    "nearest_width",
    "optimal_params",
    "planned_run",
    "regret",
    "replay",
    "rows_for_fit",
    "simulate",
]
