"""Turn checked columns and a family into a finished fit: the path that every fit takes."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from course_utils.fitting import diagnostics
from course_utils.fitting.families import AdditiveFamily, Array, KaplanFamily, Points
from course_utils.fitting.newton import Minimum
from course_utils.fitting.objectives import Objective
from course_utils.fitting.results import FitResult, Problem, frozen_data

_EXACT = 1e-19  # objective a run of residuals of 1e-9 and less, which is rounding


def steepest_exponent(log_x: Array) -> float:
    """Bound an exponent where a steeper one could not be told from a step, or would overflow the scale A."""
    span, largest = float(np.ptp(log_x)), float(np.abs(log_x).max())
    return min(60.0 / max(span, 1e-9), 400.0 / max(largest, 1.0))


def _constant(points: Points, family: AdditiveFamily | KaplanFamily) -> Array | None:
    """Return theta of the constant at the median loss; None for a family without a floor."""
    if not getattr(family, "floor", False):
        return None
    theta = np.zeros((1, family.n_params))
    theta[0, -1] = np.exp(np.median(points.y[points.weights > 0]))
    return theta


def _lowest(total: Array, at_bound: Array, n: float) -> int:
    """Return the best start; of those that differ by rounding alone, one with the fewest parameters at a bound."""
    total = np.where(np.isfinite(total), total, np.inf)
    tied = total <= total.min() * (1 + 1e-12) + _EXACT * n
    return int(np.lexsort((total, np.where(tied, at_bound.sum(axis=1), np.inf)))[0])


def ranking_delta(goal: Objective) -> float:
    """Return the Huber threshold by which cells of the starting grid are ranked."""
    return max(goal.solver_delta, 1e-3)


def solve(
    law: str,
    *,
    family: AdditiveFamily | KaplanFamily,
    points: Points,
    goal: Objective,
    lower: Array,
    upper: Array,
    unpack: Callable[[Array], dict[str, Array]],
    starts: Callable[[Points, int], Array],
    n_starts: int,
    names: Sequence[str],
    data: Mapping[str, Array],
    stacklevel: int = 3,
) -> FitResult:
    """Solve from every start, keep the lowest, and say what is weak in it.

    Parameters
    ----------
    law, family, points, goal : what is fitted to what, by which objective
    lower, upper : bounds of theta, shape (n_params,)
    unpack : theta (n_fits, n_params) to the law's constants
    starts : finds the given number of starts for points
    n_starts : starts to try
    names : of theta's coordinates
    data : the runs by argument name, with loss and weights
    stacklevel : frames between the warning and the user's line

    Returns
    -------
    FitResult
    """
    theta = starts(points, n_starts)[0]
    minimum = goal.solve(family, points, theta, lower=lower, upper=upper)
    total = goal.total(family.log_loss(minimum.theta, points) - points.y, points.weights)

    def lowest(minimum: Minimum, total: Array) -> int:
        at_bound = (minimum.theta <= lower) | (minimum.theta >= upper)
        return _lowest(total, at_bound, float(points.weights.sum()))

    best = lowest(minimum, total)
    flat = _constant(points, family)
    if flat is not None and goal.total(family.log_loss(flat, points) - points.y, points.weights)[0] < total[best]:
        # Every start ended above a plain constant (a handful of runs on kinks): go on from that constant, and stay
        # there if the smoother problems on the way lead up again.
        extra = goal.solve(family, points, flat, lower=lower, upper=upper)
        minimum = minimum.joined(extra).joined(replace(extra, theta=flat))
        total = goal.total(family.log_loss(minimum.theta, points) - points.y, points.weights)
        best = lowest(minimum, total)
    agree = total <= total[best] * (1 + 1e-6) + 1e-24
    problem = Problem(family, points, goal, lower, upper, minimum.theta[best], unpack, starts)
    params, notes = diagnostics.estimates(problem, names)
    for note in notes:
        python_warnings.warn(note, stacklevel=stacklevel)
    return FitResult(
        law=law,
        params=params,
        objective=goal,
        objective_value=float(total[best]),
        gradient_norm=float(minimum.gradient_norm[best] / goal.gradient_scale),
        n_points=int(np.count_nonzero(points.weights)),
        starts_tried=len(total),
        starts_at_best=int(agree.sum()),
        converged=bool(minimum.settled[best]),
        warnings=notes,
        data=frozen_data(**data),
        problem=problem,
    )
