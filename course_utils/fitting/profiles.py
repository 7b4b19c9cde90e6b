"""Push one constant away from its estimate, refit the rest, and watch how much worse the fit becomes."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from course_utils.fitting import validation
from course_utils.fitting.families import AdditiveFamily, Array, Points, reweighted
from course_utils.fitting.likelihood import minus_log_likelihood
from course_utils.fitting.repeated_family import RepeatedFamily
from course_utils.fitting.repeated_profile import scan
from course_utils.fitting.results import FitResult

_STEPS = 24
_WIDENINGS = 4


@dataclass(frozen=True, eq=False)
class Profile:
    """Hold a profile.

    Attributes
    ----------
    name : the constant that was held
    values : array of shape (k,), where it was held, ascending
    statistic : array of shape (k,), twice the log likelihood ratio against the optimum, 0 at the estimate
    interval : low and high end; None at an end that the runs leave open
    level : coverage aimed at
    """

    name: str
    values: Array
    statistic: Array
    interval: tuple[float | None, float | None]
    level: float


def profile(fit: FitResult, name: str, *, level: float = 0.9) -> Profile:
    r"""Compute a profile likelihood interval for one constant.

    Each objective is the negative logarithm of a density up to a scale, p(r) proportional to exp(-rho(r) / tau):
    Gaussian for "squared", Laplace for "lad", Huber's least favourable one for "huber". With tau estimated at every
    step,

    .. math:: 2\,[\ell(\hat\theta) - \max_{\theta_{-k}} \ell(\theta_k = v)] \le \chi^2_{1,\,\mathrm{level}}

    gives the interval. It assumes that residuals are independent and so distributed; the bootstrap does not assume the
    second. With 60 runs of Gaussian noise, 90 per cent intervals of "squared" fits held the truth in 88 to 91 of 100
    simulated sets, as the bootstrap's did, but those of "huber" fits in 77 to 79: that density has wider shoulders than
    the noise, so the interval comes out too narrow. Prefer the bootstrap where the noise is not known.

    Parameters
    ----------
    fit : from fit_power_law, fit_chinchilla or fit_repeated_data
    name : E, A, B, alpha or beta; of repeated data R_D or R_N, where a second valley is looked for and, if the runs
        allow it, lies inside the interval
    level : coverage aimed at

    Returns
    -------
    Profile

    Raises
    ------
    ValueError
        If the fit has no such constant, its law is no sum of terms, or level is not between 0 and 1.

    Source
    ------
    Venzon and Moolgavkar 1988, Applied Statistics 37, 87; Huber and Ronchetti 2009, Robust Statistics, section 4.5.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.fitting import fit_power_law
    >>> x = np.geomspace(1e6, 1e9, 12)
    >>> noise = np.exp(0.01 * np.random.default_rng(1).standard_normal(12))
    >>> fit = fit_power_law(x, (1.7 + 50 * x**-0.25) * noise, objective="squared")
    >>> low, high = profile(fit, "alpha").interval
    >>> bool(low < 0.25 < high)
    True
    """
    level = validation.probability(level)
    if name not in fit.params:
        raise ValueError(f"name must be one of {', '.join(fit.params)}, not {name!r}")
    if isinstance(fit.problem.family, RepeatedFamily) and name in ("R_D", "R_N"):
        found = scan(fit, name, level=level)
        return Profile(name, found.values, found.statistic, found.interval, level)
    if not isinstance(fit.problem.family, AdditiveFamily):
        raise ValueError(f"profile holds a constant of a sum of terms; for the law {fit.law!r} use bootstrap(fit).")
    held = _Held(fit, name)
    threshold = NormalDist().inv_cdf((1 + level) / 2) ** 2
    sides = [held.side(sign, threshold) for sign in (-1.0, 1.0)]
    (low, below), (high, above) = sides
    values = np.concatenate([below[0][::-1], [held.best], above[0]])
    statistic = np.concatenate([below[1][::-1], [0.0], above[1]])
    order = np.argsort(values, kind="stable")
    return Profile(name, values[order] * held.unit, statistic[order], (low, high), level)


class _Held:
    """Hold one coordinate of a solved problem and minimise over the others.

    The scales A and B are no coordinates of the centred problem. Their term is uncentred here, which makes them so;
    that is safe because it is the held coordinate itself that uncentring makes ill determined.
    """

    def __init__(self, fit: FitResult, name: str) -> None:
        problem, k = fit.problem, fit.problem.family.n_terms
        coordinates = ("A", "alpha", "E") if k == 1 else ("A", "B", "alpha", "beta", "E")
        self.index = coordinates.index(name)
        self.problem = problem
        x = list(problem.points.x)
        theta = problem.theta.copy()
        used = problem.points.weights > 0
        level = float(np.mean(np.log(fit.data["loss"][used]) - problem.points.y[used]))
        self.unit = 1.0
        if name in ("A", "B"):
            term = self.index
            shift = float(np.mean(np.log(fit.data[fit.inputs[term]][used]) - x[term][used]))
            x[term] = x[term] + shift
            theta[term] *= np.exp(theta[k + term] * shift)
        if name in ("A", "B", "E"):
            self.unit = float(np.exp(level))
        self.points = Points(tuple(x), problem.points.y, problem.points.weights)
        self.theta = theta
        self.best = float(theta[self.index])
        self.n = float(self.points.weights.sum())
        self.floor_value = float(self._total(theta[None])[0])
        self.frozen = np.zeros(len(theta), dtype=bool)
        self.frozen[self.index] = True

    def _total(self, theta: Array) -> Array:
        r = self.problem.family.log_loss(theta, self.points) - self.points.y
        return self.problem.objective.total(r, self.points.weights)

    def _scale_and_slope(self) -> tuple[float, Array]:
        """Estimate how far to look, and how the other coordinates follow the held one, from the curvature."""
        goal = self.problem.objective
        at = self.problem.family, self.theta[None], self.points, max(goal.solver_delta, 1e-3)
        state, matrix = at[0].evaluate(*at[1:]), reweighted(*at)[0]
        fixed = (self.theta <= self.problem.lower) | (self.theta >= self.problem.upper)
        idle = self.problem.family.idle((self.theta <= self.problem.lower)[None])[0]
        others = np.flatnonzero(~(fixed | idle | self.frozen))
        i = self.index
        follow = np.zeros(len(self.theta))
        if others.size:
            block = matrix[np.ix_(others, others)]
            size = np.sqrt(np.maximum(np.diag(block), 1e-300))
            unit = block / size[:, None] / size + 1e-10 * np.eye(len(others))
            follow[others] = -np.linalg.solve(unit, matrix[others, i] / size) / size
        curvature = matrix[i, i] + matrix[i] @ follow
        reference = max(float(state.value[0]), 1e-28 * self.n)
        spread = np.sqrt(2.0 * reference / self.n / curvature) if curvature > 0 else abs(self.best)
        return max(float(spread), 1e-12 * max(abs(self.best), 1e-3)), follow

    def statistic(self, values: Array) -> Array:
        """Compute twice the log likelihood ratio with the coordinate held at each value."""
        _, follow = self._scale_and_slope()
        start = self.theta + (values - self.best)[:, None] * follow
        start[:, self.index] = values
        start = np.concatenate([start, np.tile(self.theta, (len(values), 1))])
        start[len(values) :, self.index] = values
        start = np.clip(start, self.problem.lower, self.problem.upper)
        minimum = self.problem.objective.solve(
            self.problem.family, self.points, start, lower=self.problem.lower, upper=self.problem.upper,
            frozen=self.frozen, warm=True,
        )  # fmt: skip
        total = self._total(minimum.theta)
        total = np.where(np.isfinite(total), total, 1e300).reshape(2, -1).min(axis=0)
        goal = self.problem.objective
        at_best = minus_log_likelihood(np.array([self.floor_value]), self.n, goal)
        return 2.0 * (minus_log_likelihood(total, self.n, goal) - at_best)

    def side(self, sign: float, threshold: float) -> tuple[float | None, tuple[Array, Array]]:
        """Walk to one side until the statistic passes the threshold; return the end, and what was seen on the way."""
        spread, _ = self._scale_and_slope()
        bound = float(self.problem.upper[self.index] if sign > 0 else self.problem.lower[self.index])
        nearest = 0.0
        seen_values, seen = np.array([]), np.array([])
        reach = 4.0 * spread
        for _ in range(_WIDENINGS):
            values = self.best + sign * np.linspace(nearest, reach, _STEPS + 1)[1:]
            inside = values[(values - bound) * sign < 0]
            last = inside.size < values.size
            values = np.append(inside, bound) if last else values
            if last and values[-1] == self.best:
                return None, (seen_values, seen)
            statistic = np.maximum.accumulate(self.statistic(values))
            seen_values, seen = np.append(seen_values, values), np.append(seen, statistic)
            if statistic[-1] > threshold:
                break
            if last:
                return None, (seen_values, seen)
            nearest, reach = reach, 5.0 * reach
        else:
            return None, (seen_values, seen)
        after = int(np.argmax(seen > threshold))
        before = (self.best, 0.0) if after == 0 else (seen_values[after - 1], seen[after - 1])
        ends = np.linspace(before[0], seen_values[after], 18)[1:-1]
        finer = np.maximum.accumulate(self.statistic(ends))
        xs = np.concatenate([[before[0]], ends, [seen_values[after]]])
        roots = np.sqrt(np.maximum(np.concatenate([[before[1]], finer, [seen[after]]]), 0.0))
        end = float(np.interp(np.sqrt(threshold), np.maximum.accumulate(roots), xs))
        return end * self.unit, (seen_values, seen)
