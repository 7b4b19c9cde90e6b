"""Fit the loss over parameters and tokens: Hoffmann's sum with a floor, and Kaplan's coupled form without one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import assemble, starts, validation
from course_utils.fitting.families import AdditiveFamily, Array, KaplanFamily, Points
from course_utils.fitting.objectives import Objective
from course_utils.fitting.results import FitResult

_STARTS = 20
_LARGEST_LOG = 600.0  # of a scale N_c or D_c, either way; a law that needs more is flat and is reported at this bound


def _scale(log: Array) -> Array:
    """Return exp(log) within the range of floating point; a term that is absent (log is -inf) keeps the scale 0."""
    return np.where(np.isneginf(log), 0.0, np.exp(np.clip(log, -_LARGEST_LOG, _LARGEST_LOG)))


@dataclass(frozen=True)
class _Centre:
    """Map between a law's constants and the solver's centred coordinates."""

    n: float
    d: float
    y: float

    def unpack_sum(self, theta: Array) -> dict[str, Array]:
        a, b, alpha, beta, floor = theta.T
        return {
            "E": floor * np.exp(self.y),
            "A": a * np.exp(self.y + alpha * self.n),
            "B": b * np.exp(self.y + beta * self.d),
            "alpha": alpha,
            "beta": beta,
        }

    def unpack_coupled(self, theta: Array) -> dict[str, Array]:
        a, b, p, q = theta.T
        with np.errstate(divide="ignore"):
            log_n = (np.log(a) + self.y / q) / p + self.n
            log_d = np.log(b) + self.y / q + self.d
        return {
            "N_c": _scale(log_n),
            "D_c": _scale(log_d),
            "alpha_N": p * q,
            "alpha_D": q,
        }


@dataclass(frozen=True)
class _Runs:
    """Hold the checked columns of a fit over parameters and tokens."""

    data: dict[str, Array]
    points: Points
    centre: _Centre
    steepest: tuple[float, float]


def _runs(params: ArrayLike, tokens: ArrayLike, loss: ArrayLike, weights: ArrayLike | None, needed: int) -> _Runs:
    n = validation.positive_column(params, "params")
    d = validation.positive_column(tokens, "tokens")
    y = validation.positive_column(loss, "loss")
    w = validation.weight_column(weights, validation.same_length(params=n, tokens=d, loss=y))
    used = w > 0
    validation.enough_points(int(used.sum()), needed, "a law of params and tokens")
    validation.several_sizes(n, w, "params")
    validation.several_sizes(d, w, "tokens")
    log_n, log_d, log_y = np.log(n), np.log(d), np.log(y)
    centre = _Centre(float(log_n[used].mean()), float(log_d[used].mean()), float(log_y[used].mean()))
    points = Points(
        tuple(np.where(used, column, 0.0) for column in (log_n - centre.n, log_d - centre.d)),
        np.where(used, log_y - centre.y, 0.0),
        w,
    )
    steepest = assemble.steepest_exponent(log_n[used]), assemble.steepest_exponent(log_d[used])
    return _Runs({"params": n, "tokens": d, "loss": y, "weights": w}, points, centre, steepest)


def fit_chinchilla(
    params: ArrayLike,
    tokens: ArrayLike,
    loss: ArrayLike,
    *,
    objective: str = "huber",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    n_starts: int = _STARTS,
) -> FitResult:
    r"""Fit a floor and two shortages that add, over parameters and tokens.

    .. math:: L(N, D) = E + A\,N^{-\alpha} + B\,D^{-\beta}, \qquad E, A, B, \alpha, \beta \ge 0

    Parameters
    ----------
    params : array of shape (n_runs,), parameters N
    tokens : array of shape (n_runs,), training tokens D
    loss : array of shape (n_runs,), nats per token
    objective : "huber" (default), "lad" or "squared", of the residual of log loss, summed over runs
    delta : residual at which Huber's loss turns from squared to absolute
    weights : array of shape (n_runs,), multiplies each run's share of the objective; 0 leaves it out
    n_starts : cells of the 16 x 16 grid of exponents from which the solver starts

    Returns
    -------
    FitResult
        With params E, A, B, alpha, beta.

    Raises
    ------
    ValueError
        If a value is missing, not positive or not finite, lengths differ, there are fewer runs than five, or all runs
        have one size or one token count.

    Warns
    -----
    FitWarning
        If parameters cannot be told apart (tokens in proportion to params, say), or one lies at a bound.

    Source
    ------
    Hoffmann et al. 2022 (arXiv 2203.15556), section 3.3 and appendix D.3; the corrected fit, Besiroglu et al. 2024
    (arXiv 2404.10102). Solved here by variable projection and damped Newton.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import CONSTANTS, chinchilla_loss
    >>> n, d = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 1e10, 5), np.geomspace(1e9, 1e11, 5)))
    >>> fit = fit_chinchilla(n, d, chinchilla_loss(n, d, **CONSTANTS["besiroglu"].values))
    >>> {name: round(value, 3) for name, value in fit.values.items()}
    {'E': 1.817, 'A': 482.01, 'B': 2085.43, 'alpha': 0.348, 'beta': 0.366}
    """
    goal = Objective.of(objective, delta)
    runs = _runs(params, tokens, loss, weights, 5)
    return assemble.solve(
        "chinchilla",
        family=AdditiveFamily(2, floor=True),
        points=runs.points,
        goal=goal,
        lower=np.zeros(5),
        upper=np.array([np.inf, np.inf, *runs.steepest, np.inf]),
        unpack=runs.centre.unpack_sum,
        starts=partial(_sum_starts, delta=assemble.ranking_delta(goal), upper=runs.steepest),
        n_starts=n_starts,
        names=("A", "B", "alpha", "beta", "E"),
        data=runs.data,
    )


def _sum_starts(points: Points, count: int, *, delta: float, upper: tuple[float, float]) -> Array:
    return starts.two_terms(points, delta=delta, upper=upper, count=count)


def fit_kaplan(
    params: ArrayLike,
    tokens: ArrayLike,
    loss: ArrayLike,
    *,
    objective: str = "huber",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    n_starts: int = _STARTS,
) -> FitResult:
    r"""Fit Kaplan's coupled law over parameters and tokens; it has no floor.

    .. math:: L(N, D) = \left[(N_c / N)^{\alpha_N / \alpha_D} + D_c / D\right]^{\alpha_D}

    Parameters
    ----------
    params : array of shape (n_runs,), **non-embedding** parameters when the result is held against the paper's
    tokens, loss, objective, delta, weights, n_starts : as in `fit_chinchilla`

    Returns
    -------
    FitResult
        With params N_c, D_c, alpha_N, alpha_D.

    Raises
    ------
    ValueError
        As `fit_chinchilla`; four runs are enough.

    Warns
    -----
    FitWarning
        As `fit_chinchilla`.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 1.5 and Table 2.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import CONSTANTS, kaplan_loss
    >>> n, d = (a.ravel() for a in np.meshgrid(np.geomspace(1e6, 1e9, 5), np.geomspace(1e8, 1e10, 5)))
    >>> fit = fit_kaplan(n, d, kaplan_loss(n, d, **CONSTANTS["kaplan_joint"].values))
    >>> round(fit["alpha_N"], 4), round(fit["alpha_D"], 4)
    (0.076, 0.103)
    """
    goal = Objective.of(objective, delta)
    runs = _runs(params, tokens, loss, weights, 4)
    # Flatter than this the scales N_c and D_c leave the range of floating point; steeper, a term is a step.
    flattest = max(abs(runs.centre.y), float(np.abs(runs.points.y).max())) / 60.0 + 1e-3
    upper = np.array([np.inf, np.inf, max(runs.steepest[0], 0.2), max(runs.steepest[1], 2 * flattest)])
    return assemble.solve(
        "kaplan",
        family=KaplanFamily(),
        points=runs.points,
        goal=goal,
        lower=np.array([0.0, 0.0, 0.1, flattest]),
        upper=upper,
        unpack=runs.centre.unpack_coupled,
        starts=partial(_coupled_starts, delta=assemble.ranking_delta(goal), lower=flattest, upper=upper[2:]),
        n_starts=n_starts,
        names=("N_c", "D_c", "alpha_N", "alpha_D"),
        data=runs.data,
    )


def _coupled_starts(points: Points, count: int, *, delta: float, lower: float, upper: Array) -> Array:
    return starts.coupled(points, delta=delta, lower=lower, upper=(float(upper[0]), float(upper[1])), count=count)
