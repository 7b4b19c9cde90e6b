"""Foretell one large run from small ones, with an interval that is meant to hold what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import validation
from course_utils.planning.checks import one_positive, positives
from course_utils.planning.posterior import SAME_RUNG, Array, Plan, Valleys, posterior, rungs_of
from course_utils.planning.prior import WIDTHS, nearest_width

FAR = 1.5
"""Decades beyond the largest run from which on a forecast is called far."""
FARTHEST = 6.0
"""Decades beyond the runs at which a forecast is refused."""
FEW = 8
"""Runs below which a forecast is called thin."""
BESIDE = 1.0
"""A lowest point further than so many e-folds of N from the sizes tried, seen along the valley, is none."""
_ODD = 30.0  # a loss so many times above or below the median is no loss of the same kind of run
_WIDEST = 1e6  # ratio of the largest to the smallest N
_NOWHERE = 1e6  # an interval that reaches so many times above or below the losses measured tells nothing


class UninformativeRunsError(ValueError):
    """Say that runs tell nothing about a target: the interval would reach beyond any loss."""


@dataclass(frozen=True)
class ForecastWarning:
    """Hold what a forecast rests on that a reader should know; `words` says it.

    Attributes
    ----------
    key : "edge", "far", "few", "one_width", "no_valley", "beside" or "wide"
    names : the rungs or figures concerned, as numbers
    """

    key: str
    names: tuple[float, ...] = ()

    def words(self) -> str:
        """Say it in the reader's language."""
        from course_utils.planning.presentation import warning_words

        return warning_words(self)


@dataclass(frozen=True, eq=False)
class Forecast:
    """Hold a foretold loss and its interval.

    Attributes
    ----------
    loss : nats per token, the median
    low, high : interval of `level`; the target's own luck (its seed) is inside
    level : promised coverage
    target_flops, target_params : the run that is foretold
    best_params : where the forecast's own valley has its lowest point at the target; None where the runs show none
    exponent, exponent_sd : -d ln L / d ln C along the bottom at the target
    bend : what the exponent gains in a decade of compute, on average over the runs
    spread : scatter of ln L among runs like the target, of which one is drawn
    n_runs : runs fitted
    warnings : what the forecast rests on
    data : the runs, by argument name
    valleys : the posterior behind it
    """

    loss: float
    low: float
    high: float
    level: float
    target_flops: float
    target_params: float
    best_params: float | None
    exponent: float
    exponent_sd: float
    bend: float
    spread: float
    n_runs: int
    warnings: tuple[ForecastWarning, ...]
    data: Mapping[str, Array]
    valleys: Valleys

    @property
    def target_width(self) -> int:
        """Width of the shipped list that is nearest to the valley, in ln N (to `target_params` where there is none)."""
        return nearest_width(self.target_params if self.best_params is None else self.best_params)

    def choose_width(self, widths: tuple[int, ...] = WIDTHS) -> int:
        """Return the width of a list that is nearest to the forecast's valley, in ln N.

        Examples
        --------
        >>> forecast(*_example(), target_flops=5e11).choose_width((20, 24, 28, 32, 40))
        32
        """
        return nearest_width(self.target_params if self.best_params is None else self.best_params, widths)

    def predict(self, params: ArrayLike, flops: ArrayLike) -> tuple[Array, Array]:
        """Compute mean and standard deviation of ln L at some sizes and computes, a run's own luck left out.

        Parameters
        ----------
        params, flops : arrays that broadcast together

        Returns
        -------
        mean, sd : arrays of their common shape
        """
        n, c = positives(params, "params"), positives(flops, "flops")
        try:
            n, c = np.broadcast_arrays(n, c)
        except ValueError:
            raise ValueError(f"params: shape {n.shape} does not fit that of flops, {c.shape}; give one each.") from None
        plan = self.valleys.plan
        u, v = np.log(n.ravel()) - plan.centre[0], np.log(c.ravel()) - plan.centre[1]
        mean, variance = self.valleys.at(u, v)
        return mean[0].reshape(n.shape), np.sqrt(variance[0]).reshape(n.shape)

    def optimal_params(self, flops: ArrayLike) -> Array | None:
        """Compute the lowest point of the valley at some computes; None where the runs show none."""
        if self.best_params is None:
            return None
        exponent = float((self.valleys.a[0] * self.valleys.weight[0]).sum())
        return self.best_params * (positives(flops, "flops") / self.target_flops) ** exponent

    def interval(self, level: float) -> tuple[float, float]:
        """Compute the interval of another level."""
        sd = (np.log(self.high) - np.log(self.loss)) / student_quantiles(self.level, self.valleys.freedom[0])
        reach = float(student_quantiles(validation.probability(level), self.valleys.freedom[0]) * sd)
        if reach > np.log(_NOWHERE):
            raise ValueError(
                f"level: an interval of {level!r} would reach a factor of {_NOWHERE:.0e} either way from "
                f"{self.loss:.4g}; ask for less."
            )
        return float(self.loss * np.exp(-reach)), float(self.loss * np.exp(reach))

    def summary(self) -> str:
        """Describe the forecast in a few lines, in the reader's language."""
        from course_utils.planning.presentation import forecast_text

        return forecast_text(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from course_utils.planning.presentation import forecast_html

        return forecast_html(self)


def forecast(
    params: ArrayLike,
    flops: ArrayLike,
    loss: ArrayLike,
    *,
    target_flops: float,
    target_params: float | None = None,
    level: float = 0.8,
) -> Forecast:
    r"""Foretell the loss of a run that costs more than all that have been made.

    .. math::
        \ln L = q_0 + q_1 v + f(v) + s_1 w + s_2 w^2 + s_3 w^3 + \sigma\varepsilon,
        \qquad v = \ln\frac{C}{C_0},\; w = \ln\frac{N}{N_0} - a v

    Along the bottom of the valley the local exponent is no constant: f is twice-integrated white noise, whose slope
    wanders by tau times the square root of the e-folds of compute. tau is 0.008, from the shipped ladder: an exponent
    of 0.07 stays within 0.012 of itself over a decade, two times in three. So an interval widens with distance even
    when the small runs lie on a line without a flaw. The other constants have wide priors (`posterior.CONSTANTS`); a is
    averaged over its posterior, prior 0.5 +- 0.1. The scatter sigma is found from the residuals, rung by rung, each
    drawn towards the common one; the target has that of the largest rung. Everything but a and sigma is integrated out
    in closed form; Student's t covers that sigma is an estimate.

    Parameters
    ----------
    params : array of shape (n_runs,), N, counted in any one way
    flops : array of shape (n_runs,), training compute C, counted in any one way
    loss : array of shape (n_runs,), final losses, nats per token; leave runs that diverged out
    target_flops : compute of the run that is foretold
    target_params : its N; where the forecast's own valley leads when None
    level : coverage of the interval

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        If a value is bad, lengths differ, there are fewer than three runs, all have one compute, sizes or computes
        span too much to be of one ladder, or the target is further than six decades away.
    UninformativeRunsError
        If they say so little about the target that its interval would reach a factor of a million from their losses.

    Source
    ------
    This course's own; the rule was fixed in ``data/games/PLAN.md`` before a game was replayed.

    Examples
    --------
    >>> foretold = forecast(*_example(), target_flops=5e11)
    >>> round(foretold.loss, 2), foretold.low < 3.9 < foretold.high
    (3.93, True)
    """
    size = validation.positive_column(params, "params")
    compute = validation.positive_column(flops, "flops")
    y = validation.positive_column(loss, "loss")
    n_runs = validation.same_length(params=size, flops=compute, loss=y)
    level = validation.probability(level)
    target_flops = one_positive(target_flops, "target_flops")
    target_params = None if target_params is None else one_positive(target_params, "target_params")
    _refuse(size, compute, y, target_flops, target_params)
    plan = Plan.of(np.log(size), np.log(compute))
    valleys = posterior(plan, np.log(y))
    v = np.log(target_flops) - plan.centre[1]
    best = best_params(valleys, v)
    if target_params is None:
        target_params = best if best is not None else _beyond_best(size, compute, y, target_flops)
    u = np.log(target_params) - plan.centre[0]
    mean, sd, spread = (float(x[0]) for x in target_law(valleys, np.array([u]), v))
    usual, reach = (float(student_quantiles(part, valleys.freedom[0])) * sd for part in (min(level, 0.8), level))
    _refuse_nowhere(y, mean - usual, mean + usual, target_flops, target_params)
    if reach > np.log(_NOWHERE):
        raise ValueError(
            f"level: an interval of {level!r} would reach a factor of {_NOWHERE:.0e} or more either way; ask for less."
        )
    ends = np.array([plan.at[0], plan.at[-1], v])
    slopes, variances = valleys.slope(ends)
    low, high = float(np.exp(mean - reach)), float(np.exp(mean + reach))
    for column in (size, compute, y):
        column.setflags(write=False)
    return Forecast(
        loss=float(np.exp(mean)),
        low=low,
        high=high,
        level=level,
        target_flops=target_flops,
        target_params=target_params,
        best_params=best,
        exponent=-float(slopes[0, 2]),
        exponent_sd=float(np.sqrt(variances[0, 2])),
        bend=-float((slopes[0, 1] - slopes[0, 0]) / (ends[1] - ends[0]) * np.log(10)),
        spread=spread,
        n_runs=n_runs,
        warnings=_warnings(size, compute, y, plan, target_flops, target_params, best, low, high),
        data=MappingProxyType({"params": size, "flops": compute, "loss": y}),
        valleys=valleys,
    )


def best_params(valleys: Valleys, v: float) -> float | None:
    """Return the lowest point of the first ladder's valley at v, or None where the runs show none."""
    return float(np.exp(best[0])) if np.isfinite(best := best_log_params(valleys, v))[0] else None


def best_log_params(valleys: Valleys, v: float) -> Array:
    """Return ln N of the lowest point of every ladder's valley at v, shape (n_ladders,); NaN where there is none."""
    plan = valleys.plan
    offset, found = valleys.bottom()
    tried = plan.u[None, None] - valleys.a[..., None] * plan.v
    found &= (offset > tried.min(axis=-1) - BESIDE) & (offset < tried.max(axis=-1) + BESIDE)
    weight = valleys.weight * found
    total = weight.sum(axis=1)
    mean = (weight * (offset + valleys.a * v)).sum(axis=1) / np.where(total > 0, total, 1.0)
    return np.where(total > 0.5, mean + plan.centre[0], np.nan)


def target_law(valleys: Valleys, u: Array, v: float) -> tuple[Array, Array, Array]:
    """Return mean and standard deviation of the target's ln L, its own luck inside, and that luck; (n_ladders,) each.

    `u` is the target's ln N about the plan's centre, one for every ladder.
    """
    mean, variance = valleys.at(np.asarray(u)[:, None], np.array([v]))
    nearest = int(np.argmin(np.abs(valleys.plan.at - v)))
    spread = valleys.noise[:, nearest]
    return mean[:, 0], np.sqrt(variance[:, 0] + spread**2), spread


def student_quantiles(level: float, freedom: ArrayLike) -> Array:
    """Compute how many standard deviations an interval of Student's t reaches on either side.

    Examples
    --------
    >>> student_quantiles(0.8, [20.0, 1e9]).round(3)
    array([1.325, 1.282])
    """
    from scipy.special import stdtrit

    return stdtrit(np.asarray(freedom, dtype=np.float64), (1 + level) / 2)


def _refuse(size: Array, compute: Array, y: Array, target_flops: float, target_params: float | None) -> None:
    if len(y) < 3:
        raise ValueError(f"loss: {len(y)} runs; a forecast needs three at least, and eight to be worth much. Add runs.")
    for name, column, most in (("params", size, _WIDEST), ("flops", compute, 10**FARTHEST)):
        if column.max() > most * column.min():
            row = int(np.argmax(np.abs(np.log(column / np.median(column)))))
            raise ValueError(
                f"{name}: row {row} is {column[row]:.4g}, and the rows span more than a factor of {most:.0e}; "
                "check its unit, or leave it out."
            )
    odd = np.abs(np.log(y / np.median(y))) > np.log(_ODD)
    if odd.any():
        row = int(np.flatnonzero(odd)[0])
        raise ValueError(
            f"loss: row {row} is {y[row]:.4g}, more than {_ODD:.0f} times off the median of {np.median(y):.4g}; a run "
            "that diverged carries no size of loss. Drop the row, or check its unit."
        )
    if rungs_of(np.log(compute)).max() == 0:
        raise ValueError(
            f"flops: all runs lie within a factor of {SAME_RUNG} of the next, and a forecast needs two computes. "
            "Add runs at another budget."
        )
    for name, column, target, most in (
        ("target_flops", compute, target_flops, FARTHEST),
        ("target_params", size, target_params, FARTHEST),
    ):
        if target is not None and not column.min() / 10**most <= target <= column.max() * 10**most:
            raise ValueError(
                f"{name}: {target:.4g} lies more than {most:.0f} decades from the runs ({column.min():.4g} to "
                f"{column.max():.4g}); check the unit, or train larger runs first."
            )


def _refuse_nowhere(y: Array, low: float, high: float, target_flops: float, target_params: float) -> None:
    middle = float(np.log(np.median(y)))
    if max(high - middle, middle - low) > np.log(_NOWHERE):
        raise UninformativeRunsError(
            f"target_params: these runs tell nothing about N = {target_params:.4g} at {target_flops:.4g} FLOPs; the "
            f"interval would reach a factor of {_NOWHERE:.0e} or more from the losses measured. Name a target nearer "
            "to the runs, or add sizes and computes."
        )


def _beyond_best(size: Array, compute: Array, y: Array, target_flops: float) -> float:
    """Carry the best run of the largest rung on with the prior's exponent."""
    top = np.flatnonzero(compute >= compute.max() / 1.2)
    best = top[np.argmin(y[top])]
    return float(size[best] * (target_flops / compute[best]) ** 0.5)


def _warnings(
    size: Array, compute: Array, y: Array, plan: Plan, target_flops: float, target_params: float, best: float | None,
    low: float, high: float,
) -> tuple[ForecastWarning, ...]:  # fmt: skip
    notes = []
    edges, single = [], []
    for number in range(len(plan.at)):
        rows = plan.rung == number
        flops = float(np.exp(plan.at[number] + plan.centre[1]))
        sizes, which = np.unique(size[rows], return_inverse=True)
        if len(sizes) == 1:
            single.append(flops)
        elif np.argmin(np.bincount(which, y[rows]) / np.bincount(which)) in (0, len(sizes) - 1):
            edges.append(flops)
    if len(y) < FEW:
        notes.append(ForecastWarning("few", (float(len(y)),)))
    if single:
        notes.append(ForecastWarning("one_width", tuple(single)))
    if edges:
        notes.append(ForecastWarning("edge", tuple(edges)))
    decades = float(np.log10(target_flops / compute.max()))
    if decades > FAR:
        notes.append(ForecastWarning("far", (decades,)))
    if best is None:
        notes.append(ForecastWarning("no_valley"))
    elif abs(np.log(target_params / best)) > BESIDE:
        notes.append(ForecastWarning("beside", (target_params / best,)))
    if high > 1.5 * low:
        notes.append(ForecastWarning("wide", (high / low,)))
    return tuple(notes)


def _example() -> tuple[Array, Array, Array]:
    """Return 25 runs of a known valley, for the examples."""
    from course_utils.planning.designs import design

    runs = design("ladder").runs
    size, compute = (np.array([getattr(run, name) for run in runs], dtype=float) for name in ("params", "flops"))
    off = np.log(size / (0.05 * compute**0.515))
    luck = 0.006 * np.random.default_rng(0).standard_normal(len(runs))
    return size, compute, 3.9 * (compute / 5e11) ** -0.07 * np.exp(0.05 * off**2 + luck)
