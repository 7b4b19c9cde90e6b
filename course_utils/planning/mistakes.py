"""Everybody's favourite wrong forecasts, made from the same runs as the right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from course_utils.accounting.shape import Shape
from course_utils.planning.checks import one_positive
from course_utils.planning.designs import CURVE_FROM
from course_utils.planning.forecast import UninformativeRunsError, forecast
from course_utils.planning.posterior import Array, rungs_of
from course_utils.planning.tables import Runs, curve_of

if TYPE_CHECKING:
    from pandas import DataFrame

_LARGEST_LOG = 600.0  # of a loss that is still a number
CHINCHILLA_FLOOR = 1.69
"""E of Hoffmann et al. 2022, nats per token of another text and another vocabulary."""


@dataclass(frozen=True)
class Mistake:
    """Hold a wrong forecast.

    Attributes
    ----------
    key : which mistake, one of `MISTAKES`
    loss : what it foretells, nats per token
    """

    key: str
    loss: float

    def name(self) -> str:
        """Name it in the reader's language."""
        from course_utils.i18n import t

        return t(f"planning.mistake.{self.key}")

    def why(self) -> str:
        """Say in the reader's language why it is one."""
        from course_utils.i18n import t

        return t(f"planning.mistake.{self.key}_why")


@dataclass(frozen=True, eq=False)
class Case:
    """Hold what a wrong forecaster looks at.

    Attributes
    ----------
    runs : the small runs
    rung : number of each run's rung
    best : at every rung the runs of the width with the lowest mean loss, as one boolean row a rung
    target_flops, target_params : the run that is foretold
    curves : their losses on the way, or None
    """

    runs: Runs
    rung: np.ndarray
    best: np.ndarray
    target_flops: float
    target_params: float
    curves: DataFrame | Mapping[str, object] | None

    @property
    def frontier(self) -> tuple[Array, Array]:
        """FLOPs and mean loss of the best width at every rung."""
        weights = self.best / self.best.sum(axis=1, keepdims=True)
        return np.exp(weights @ np.log(self.runs.flops)), weights @ self.runs.loss


def mistakes(
    runs: DataFrame | Mapping[str, object],
    *,
    target_flops: float,
    target_params: float,
    curves: DataFrame | Mapping[str, object] | None = None,
) -> list[Mistake]:
    """Make everybody's favourite wrong forecasts.

    Parameters
    ----------
    runs : the small runs, with the columns of ``text_runs`` (a DataFrame or a mapping of columns)
    target_flops, target_params : the run that is foretold
    curves : their losses on the way, with the columns of ``text_curves``

    Returns
    -------
    list of Mistake
        In the order of `MISTAKES`; a mistake that these runs do not allow (no curves, one rung, a width that they
        tell nothing about) is left out.

    Raises
    ------
    ValueError
        If a column is missing or a value is bad.

    Examples
    --------
    >>> from course_utils import datasets
    >>> grid = datasets.load("text_runs").query("set == 'grid'")
    >>> found = mistakes(grid, target_flops=1e14, target_params=923_648)
    >>> {mistake.key: round(mistake.loss, 2) for mistake in found if mistake.key in ("linear", "floor")}
    {'linear': 2.55, 'floor': 2.82}
    """
    target_flops = one_positive(target_flops, "target_flops")
    target_params = one_positive(target_params, "target_params")
    made = Runs.of(runs)
    rung = rungs_of(np.log(made.flops))
    best = np.zeros((rung.max() + 1, len(rung)), dtype=bool)
    for number in range(len(best)):
        rows = rung == number
        widths = np.unique(made.width[rows])
        means = [made.loss[rows & (made.width == width)].mean() for width in widths]
        best[number] = rows & (made.width == widths[int(np.argmin(means))])
    case = Case(made, rung, best, target_flops, target_params, curves)
    foretold = ((key, make(case)) for key, make in MISTAKES.items())
    return [Mistake(key, loss) for key, loss in foretold if loss is not None]


def _line(flops: Array, loss: Array, target: float, floor: float = 0.0) -> float | None:
    """Carry a straight line on: ln(L - floor) against ln C."""
    if len(flops) < 2 or np.ptp(np.log(flops)) < 0.1 or (loss <= floor).any():
        return None
    slope, height = np.polyfit(np.log(flops), np.log(loss - floor), 1)
    foretold = height + slope * np.log(target)
    return float(floor + np.exp(foretold)) if foretold < _LARGEST_LOG else None


def all_runs(case: Case) -> float | None:
    """Draw the line through all runs, not through the best at every rung."""
    return _line(case.runs.flops, case.runs.loss, case.target_flops)


def top_two(case: Case) -> float | None:
    """Draw the line through the two largest rungs alone."""
    flops, loss = case.frontier
    return _line(flops[-2:], loss[-2:], case.target_flops)


def linear(case: Case) -> float | None:
    """Let the loss, not its logarithm, fall along a line in ln C."""
    flops, loss = case.frontier
    if len(flops) < 2:
        return None
    slope, height = np.polyfit(np.log(flops), loss, 1)
    return float(height + slope * np.log(case.target_flops))


def floor(case: Case) -> float | None:
    """Borrow Chinchilla's floor."""
    return _line(*case.frontier, case.target_flops, CHINCHILLA_FLOOR)


def unfinished(case: Case) -> float | None:
    """Read the exponent off the best large run's own curve, as if every point were the end of a run."""
    if case.curves is None:
        return None
    last = np.flatnonzero(case.rung == case.rung.max())
    best = last[int(np.argmin(case.runs.loss[last]))]
    flops, loss = curve_of(case.curves, str(case.runs.name[best]))
    late = flops >= CURVE_FROM * case.target_flops
    return _line(flops[late], loss[late], case.target_flops)


def lucky(case: Case) -> float | None:
    """Take the single lowest loss of every rung, whichever width and seed it has."""
    of_rung = [np.flatnonzero(case.rung == number) for number in range(len(case.best))]
    rows = [int(found[np.argmin(case.runs.loss[found])]) for found in of_rung]
    return _line(case.runs.flops[rows], case.runs.loss[rows], case.target_flops)


def same_width(case: Case) -> float | None:
    """Keep the width that was best at the largest rung, and train it longer."""
    if len(case.best) < 2 or len(case.rung) < 3:
        return None
    size = float(case.runs.params[case.best[-1]][0])
    runs = case.runs
    try:
        return forecast(runs.params, runs.flops, runs.loss, target_flops=case.target_flops, target_params=size).loss
    except UninformativeRunsError:  # no number to be wrong with
        return None


def without_head(case: Case) -> float | None:
    """Count compute without the output head, for the small runs and for the target."""
    if case.runs.flops_without_head is None:
        return None
    vocabulary = (case.runs.params[0] - 24 * case.runs.width[0] ** 2) / case.runs.width[0]
    if vocabulary < 1:
        return None
    width = (np.sqrt(vocabulary**2 + 96 * case.target_params) - vocabulary) / 48
    sizes = Shape(max(1, round(width)), round(vocabulary), round(vocabulary))
    target = case.target_flops * sizes.flops_per_token(head=False) / sizes.flops_per_token()
    weights = case.best / case.best.sum(axis=1, keepdims=True)
    return _line(np.exp(weights @ np.log(case.runs.flops_without_head)), weights @ case.runs.loss, target)


MISTAKES: Mapping[str, Callable[[Case], float | None]] = MappingProxyType(
    {
        "all_runs": all_runs,
        "top_two": top_two,
        "linear": linear,
        "floor": floor,
        "unfinished": unfinished,
        "lucky": lucky,
        "same_width": same_width,
        "without_head": without_head,
    }
)
"""Every mistake by its key."""
