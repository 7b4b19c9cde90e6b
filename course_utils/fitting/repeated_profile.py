"""How far the constants of repeated data can be pushed: held at many values at once, since there may be two valleys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from course_utils.fitting.families import Array
from course_utils.fitting.likelihood import minus_log_likelihood
from course_utils.fitting.objectives import Objective
from course_utils.fitting.results import FitResult, FitWarning

_REACH = (0.1, 1e4)  # repeats: from worthless after the first to as good as fresh in any run
_STEPS = 60
_FEW_STEPS = 20
_STARTS = 6
_FACTOR = 4.0  # between the ends of an interval, from which on a reader is warned
_LEVEL = 0.9
_EXACT = 1e-6  # log residual of runs that lie on the law and so leave nothing open


@dataclass(frozen=True, eq=False)
class Scan:
    """Hold the objective along one constant: values ascending, statistic, and the interval (None for an open end)."""

    values: Array
    statistic: Array
    interval: tuple[float | None, float | None]


def scan(fit: FitResult, name: str, *, level: float, steps: int = _STEPS, count: int = _STARTS) -> Scan:
    """Hold R_D or R_N at values from 0.1 to 10,000 and minimise over the rest, from several starts each.

    The interval runs from the lowest to the highest value that the runs do not rule out; between them may lie some that
    they do, where there are two valleys.
    """
    problem = fit.problem
    index = problem.family.n_params - (2 if name == "R_D" else 1)
    best = fit[name]
    inside = [best] if _REACH[0] < best < _REACH[1] else []
    values = np.unique(np.concatenate([np.geomspace(*_REACH, steps), inside]))
    others = np.concatenate([problem.theta[None], problem.starts(problem.points, count)[0]])
    theta = np.repeat(others[None], len(values), axis=0)
    theta[:, :, index] = 1.0 / values[:, None]
    frozen = np.zeros(problem.family.n_params, dtype=bool)
    frozen[index] = True
    flat = theta.reshape(-1, problem.family.n_params)
    end = problem.objective.solve(
        problem.family, problem.points, flat, lower=problem.lower, upper=problem.upper, frozen=frozen, warm=True
    )
    total = problem.total(end.theta)
    total = np.where(np.isfinite(total), total, 1e300).reshape(theta.shape[:2]).min(axis=1)
    n = float(problem.points.weights.sum())
    both = minus_log_likelihood(np.append(total, fit.objective_value), n, problem.objective)
    statistic = np.maximum(2.0 * (both[:-1] - both[-1]), 0.0)
    threshold = NormalDist().inv_cdf((1 + level) / 2) ** 2
    allowed = np.flatnonzero(statistic <= threshold)
    if not allowed.size:  # between two steps of the scan
        return Scan(values, statistic, (best, best))
    low = _crossing(values, statistic, allowed[0], -1, threshold)
    high = _crossing(values, statistic, allowed[-1], 1, threshold)
    return Scan(values, statistic, (low, high))


def _crossing(values: Array, statistic: Array, at: int, step: int, threshold: float) -> float | None:
    """Interpolate where the root of the statistic passes the threshold; None where the scan ends before."""
    beyond = at + step
    if not 0 <= beyond < len(values):
        return None
    roots = np.sqrt([statistic[at], statistic[beyond], threshold])
    share = (roots[2] - roots[0]) / (roots[1] - roots[0])
    return float(values[at] * (values[beyond] / values[at]) ** share)


def weakly_known(fit: FitResult) -> tuple[FitWarning, ...]:
    """Name the constants of repeats that the runs leave open by more than a factor of 4."""
    if np.abs(fit.residuals()[fit.data["weights"] > 0]).max() < _EXACT:
        return ()
    if fit.objective.name == "lad":  # its sharp problems take long, and the question is one of factors
        smooth = replace(fit.problem, objective=Objective.of("huber", 1e-3))
        fit = replace(fit, problem=smooth, objective_value=float(smooth.total(smooth.theta[None])[0]))
    wide = []
    for name in ("R_D", "R_N"):
        if fit.params[name].at_bound:
            continue
        low, high = scan(fit, name, level=_LEVEL, steps=_FEW_STEPS, count=2).interval
        if low is None or high is None or high > _FACTOR * low:
            ends = "0" if low is None else f"{low:.2g}", "∞" if high is None else f"{high:.2g}"
            wide.append(f"{name} {ends[0]} – {ends[1]}")
    if not wide:
        return ()
    return (
        FitWarning(
            "repeats_weakly_known",
            f'These runs fit about as well with {"; ".join(wide)}. Do not quote one value: draw profile(fit, "R_D"). '
            "Add runs that repeat a lot at a size that fits the text, and large models on text that is read once.",
            tuple(wide),
        ),
    )
