"""What *compare designs* is asked and answers: five ways to spend the small runs' share, each tried in simulation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Enum, Float, HasTraits

from course_utils.planning import DESIGNS
from course_utils.planning.comparison import BUDGETS, SHARES, stretched

if TYPE_CHECKING:
    from pandas import DataFrame

ALIKE = 1.15
"""Medians within this factor are called alike; those of 400 ladders are uncertain by about five per cent each."""
COLUMNS = (
    "design", "budget", "share", "runs", "largest", "cost", "ladders", "error_median", "error_90", "interval_width",
    "inside", "bias",
)  # fmt: skip


class DesignsState(HasTraits):
    """What the reader sets: the budget, how much of it the target gets, and the design that is looked at."""

    budget = Float(1e12)
    share = Float(0.5)
    design = Enum(DESIGNS, "ladder")


@dataclass(frozen=True)
class Tried:
    """Hold what a design led to in simulated ladders.

    Attributes
    ----------
    runs : small runs that are bought
    largest : compute of the largest of them, FLOPs
    cost : of all of them, FLOPs
    ladders : simulated
    error_median, error_90 : of the absolute relative error of the forecast
    interval_width : of the 80 per cent interval, in units of the foretold loss
    inside : share of the targets inside it
    bias : median of the signed error
    """

    runs: int
    largest: float
    cost: float
    ladders: int
    error_median: float
    error_90: float
    interval_width: float
    inside: float
    bias: float


@dataclass(frozen=True, eq=False)
class DesignsResult:
    """What five designs are worth for one budget; everything is simulated.

    Attributes
    ----------
    budget, share, design : as the reader set them
    target : FLOPs of the run that is foretold
    tried : by design; None where one of its runs would be too short
    best : designs whose median error is the least or within `ALIKE` of it, the least first
    params, flops : N and C of the runs of the chosen design, seeds apart; empty where it cannot be had
    target_params : where the shipped ladder's valley leads at the target
    """

    budget: float
    share: float
    design: str
    target: float
    tried: dict[str, Tried | None]
    best: tuple[str, ...]
    params: np.ndarray
    flops: np.ndarray
    target_params: float

    @property
    def chosen(self) -> Tried | None:
        """What the chosen design led to."""
        return self.tried[self.design]


class ComparedDesigns:
    """Hold the study of the designs by budget, share and design.

    Parameters
    ----------
    table : pandas.DataFrame
        With the columns of ``design_comparison``.

    Raises
    ------
    ValueError
        If a column is missing, or a design is at some budget and share.
    """

    def __init__(self, table: DataFrame):
        missing = [name for name in COLUMNS if name not in table]
        if missing:
            raise ValueError(f"table: no column {missing[0]!r}. Pass a table with the columns of design_comparison.")
        self._known = {(row.design, row.budget, row.share): _tried(row) for row in table.itertuples()}
        for key in ((name, budget, share) for name in DESIGNS for budget in BUDGETS for share in SHARES):
            if key not in self._known:
                raise ValueError(f"table: no row for {key}. Make it again: python -m course_utils.planning.comparison.")
        self._points = lru_cache(maxsize=512)(_points)

    def compute(self, budget: float, share: float, design: str) -> DesignsResult:
        """Look up the five designs; see :class:`DesignsResult`."""
        from course_utils.planning import optimal_params

        tried = {name: self._known[name, budget, share] for name in DESIGNS}
        params, flops = self._points(design, budget, share)
        medians = sorted((found.error_median, name) for name, found in tried.items() if found is not None)
        return DesignsResult(
            budget=budget, share=share, design=design, target=share * budget, tried=tried,
            best=tuple(name for median, name in medians if median <= ALIKE * medians[0][0]),
            params=params, flops=flops, target_params=float(optimal_params(share * budget)),
        )  # fmt: skip


def _tried(row) -> Tried | None:
    if not np.isfinite(row.runs):
        return None
    counts = {"runs": int(row.runs), "ladders": int(row.ladders)}
    return Tried(
        **counts, **{name: float(getattr(row, name)) for name in Tried.__dataclass_fields__ if name not in counts}
    )


def _points(design: str, budget: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return N and C of a design's runs, every pair once."""
    made = stretched(design, budget, share)
    pairs = sorted({(run.params, run.flops) for run in made.runs}) if made else []
    params, flops = (np.array([pair[k] for pair in pairs], dtype=float) for k in (0, 1))
    return params, flops
