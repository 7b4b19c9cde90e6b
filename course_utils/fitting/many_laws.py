"""Fit one form of law to a thousand subsets of the same runs, each from a start that suits it.

One global search over all the runs that may be drawn leaves a bank of starts: a grid of exponents, with the amplitudes
and the floor that are best on the whole. What every start costs on every unit is one table; a subset's cost is a sum of
its columns, so the best start of a thousand subsets is one matrix product. From there each law takes its own steps:
sums of power terms in their exponents alone (``projection``), then all of them in all their constants (``newton``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting import assemble, starts
from course_utils.fitting.families import AdditiveFamily, Array, KaplanFamily, Points
from course_utils.fitting.newton import minimise
from course_utils.fitting.projection import fit_projected

CONSTANTS = {"chinchilla": 5, "chinchilla_without_floor": 4, "kaplan": 4, "compute": 2, "compute_with_floor": 3}
_BANK = 96  # starts kept of the 256 cells of the grid
_RANKING = 1e-3  # Huber threshold by which the cells are ranked
_EXACT, _QUICK = (20, 8), (8, 3)  # steps in the exponents


@dataclass(frozen=True, eq=False)
class Units:
    """Hold what subsets are drawn from: a unit is a run, or the mean of several seeds, at one or several checkpoints.

    Attributes
    ----------
    x : one array of shape (n_units, n_points) for each input of the law: log N and log D, or log C
    y : array of shape (n_units, n_points), log loss
    weights : array of shape (n_units, n_points), 1 or 0 where a unit has fewer points than others
    """

    x: tuple[Array, ...]
    y: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class Laws:
    """Hold fitted laws of one form, in the solver's coordinates.

    Attributes
    ----------
    theta : array of shape (n_laws, n_constants), about the centre
    value : array of shape (n_laws,), half the sum of squared residuals of log loss
    settled : array of shape (n_laws,), whether the next step promised nothing
    """

    family: AdditiveFamily | KaplanFamily
    centre: tuple[float, ...]
    theta: Array
    value: Array
    settled: NDArray[np.bool_]

    def predict(self, *log_inputs: Array) -> Array:
        """Compute the loss that every law gives at some inputs: array of shape (n_laws, n_inputs)."""
        *x0, y0 = self.centre
        x = tuple(np.asarray(a, dtype=np.float64) - c for a, c in zip(log_inputs, x0, strict=True))
        unused = np.zeros(x[0].shape)
        return np.exp(self.family.log_loss(self.theta, Points(x, unused, unused)) + y0)


def fit_subsets(law: str, units: Units, picks: NDArray[np.intp], *, exact: bool = True) -> Laws:
    """Minimise the squared residuals of log loss for every subset of units.

    Parameters
    ----------
    law : a name in ``CONSTANTS``
    units : what may be drawn
    picks : array of shape (n_laws, n_drawn), which units each law sees; -1 where it sees fewer
    exact : go on until the laws have settled. False takes a few steps in the exponents and stops

    Returns
    -------
    Laws
    """
    present = units.weights > 0
    centre = tuple(float(a[present].mean()) for a in (*units.x, units.y))
    x = tuple(np.where(present, a - c, 0.0) for a, c in zip(units.x, centre[:-1], strict=True))
    y = np.where(present, units.y - centre[-1], 0.0)
    everything = Points(tuple(a[present] for a in x), y[present], np.ones(int(present.sum())))
    steepest = [assemble.steepest_exponent(a[present]) for a in units.x]
    family, lower, upper, bank = _form(law, everything, steepest, abs(centre[-1]))

    drawn = np.zeros((len(picks), len(y)))
    rows, columns = np.nonzero(picks >= 0)
    drawn[rows, picks[rows, columns]] = 1.0
    own = bank[np.argmin(drawn @ _cost(family, bank, x, y, units.weights).T, axis=1)]

    shape = (len(picks), picks.shape[1] * y.shape[1])
    points = Points(
        tuple(a[picks].reshape(shape) for a in x),
        y[picks].reshape(shape),
        (units.weights[picks] * (picks >= 0)[:, :, None]).reshape(shape),
    )
    if not exact:
        theta, settled = _solve(law, family, points, own, lower, upper, exact=False)
        return Laws(family, centre, theta, _value(family, theta, points), settled)
    # A subset's own best start may lie beside a cliff; the best of the whole pool seldom does.
    common = np.broadcast_to(bank[0], own.shape)
    ends = [_solve(law, family, points, start, lower, upper, exact=True) for start in (own, common)]
    values = [_value(family, theta, points) for theta, _ in ends]
    second = values[1] < values[0]
    return Laws(
        family,
        centre,
        np.where(second[:, None], ends[1][0], ends[0][0]),
        np.where(second, values[1], values[0]),
        np.where(second, ends[1][1], ends[0][1]),
    )


def _value(family: AdditiveFamily | KaplanFamily, theta: Array, points: Points) -> Array:
    residual = family.log_loss(theta, points) - points.y
    value = 0.5 * (points.weights * residual**2).sum(axis=1)
    return np.where(np.isfinite(value), value, np.inf)


def _solve(
    law: str,
    family: AdditiveFamily | KaplanFamily,
    points: Points,
    start: Array,
    lower: Array,
    upper: Array,
    *,
    exact: bool,
) -> tuple[Array, NDArray[np.bool_]]:
    """Go down from one start a law; return theta and which laws have settled."""
    if isinstance(family, KaplanFamily) or law == "compute":  # a line, or a form without a ravine: steps in all at once
        iterations, tolerance = (300, 1e-9) if exact else (24, 1e-5)
    else:
        iterations, tolerance = (300, 1e-9) if exact else (0, 0.0)
        terms = slice(family.n_terms, 2 * family.n_terms)
        start, settled = fit_projected(
            points, start[:, terms], floor=family.floor, upper=upper[terms], steps=_EXACT if exact else _QUICK
        )
    if not iterations:
        return start, settled
    end = minimise(
        family, points, start, delta=np.inf, lower=lower, upper=upper, tolerance=tolerance, max_iterations=iterations
    )
    return end.theta, end.settled


@np.errstate(all="ignore")
def _cost(
    family: AdditiveFamily | KaplanFamily, bank: Array, x: tuple[Array, ...], y: Array, weights: Array
) -> Array:
    """Compute what every start costs on every unit: array of shape (n_starts, n_units), huge where it overflows."""
    flat = Points(tuple(a.ravel() for a in x), y.ravel(), weights.ravel())
    residual = (family.log_loss(bank, flat) - flat.y).reshape(len(bank), *y.shape)
    cost = (weights * residual**2).sum(axis=2)
    return np.where(np.isfinite(cost), cost, 1e300)


def _form(
    law: str, points: Points, steepest: list[float], log_level: float
) -> tuple[AdditiveFamily | KaplanFamily, Array, Array, Array]:
    """Return a law's family, its bounds and the bank of starts."""
    if law == "kaplan":
        flattest = max(log_level, float(np.abs(points.y).max())) / 60.0 + 1e-3  # as in fit_kaplan
        lower = np.array([0.0, 0.0, 0.1, flattest])
        upper = np.array([np.inf, np.inf, max(steepest[0], 0.2), max(steepest[1], 2 * flattest)])
        bank = starts.coupled(points, delta=_RANKING, lower=flattest, upper=(upper[2], upper[3]), count=_BANK)
        return KaplanFamily(), lower, upper, bank[0]
    if law.startswith("chinchilla"):
        kept = slice(0, CONSTANTS[law])
        bank = starts.two_terms(points, delta=_RANKING, upper=(steepest[0], steepest[1]), count=_BANK)
        upper = np.array([np.inf, np.inf, *steepest, np.inf])
        return AdditiveFamily(2, floor=law == "chinchilla"), np.zeros(5)[kept], upper[kept], bank[0, :, kept]
    floor, kept = law == "compute_with_floor", slice(0, CONSTANTS[law])
    bank = starts.one_term(points, floor=floor, delta=_RANKING, upper=steepest[0], count=_BANK)
    lower = np.array([0.0, 0.0 if floor else -steepest[0], 0.0])
    upper = np.array([np.inf, steepest[0], np.inf])
    return AdditiveFamily(1, floor=floor), lower[kept], upper[kept], bank[0]
