"""Fit one valley through runs of any size and compute: log loss whose lowest point follows a power law."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import validation, valley_solver
from course_utils.fitting.families import Array
from course_utils.fitting.results import Estimate, FitWarning

_SAME_BUDGET = 1.2  # runs whose FLOPs agree within this factor tell nothing about compute
_LEAST_SPREAD = 0.05  # of v**2 in standard units, once v is taken out of it; less is rounding of steps
_MANY_LOST = 0.05  # share of resamples without a valley from which on a reader is warned


@dataclass(frozen=True, eq=False)
class ValleySurface:
    """Hold a fitted valley, ln L = q0 + q1 v + q2 v**2 + (s0 + s1 v) (u - m - a v)**2, u = ln N/N0, v = ln C/C0.

    Attributes
    ----------
    exponent_params, exponent_tokens : a and b in N_opt = k C**a, D_opt = C / (6 k) * C**-a; each an `Estimate`
    scale_params : k
    spread : standard deviation of ln L about the surface, runs less constants in the denominator; None where no run
        is to spare
    n_points : runs
    bottom : q0, q1, q2; ln L along the bottom
    steepness : s0, s1; half the second derivative of ln L by ln N, and what it gains with ln C
    centre : N0 and C0, geometric means of the runs
    level : coverage of the intervals
    samples : resampled "exponent_params" and "log_scale_params", arrays of shape (n_kept,)
    n_lost : resamples without a valley
    warnings : what the runs leave open
    data : the runs, by argument name
    """

    exponent_params: Estimate
    exponent_tokens: Estimate
    scale_params: float
    spread: float | None
    n_points: int
    bottom: tuple[float, float, float]
    steepness: tuple[float, float]
    centre: tuple[float, float]
    level: float
    samples: Mapping[str, Array]
    n_lost: int
    warnings: tuple[FitWarning, ...]
    data: Mapping[str, Array]

    def optimal_params(self, flops: ArrayLike) -> Array:
        """Compute k C**a for some budgets."""
        return self.scale_params * np.asarray(flops, dtype=np.float64) ** self.exponent_params.value

    def optimal_params_band(self, flops: ArrayLike, *, level: float | None = None) -> tuple[Array, Array]:
        """Compute a percentile interval of k C**a for each budget."""
        level = self.level if level is None else validation.probability(level)
        log_c = np.log(np.atleast_1d(np.asarray(flops, dtype=np.float64)))
        drawn = self.samples["log_scale_params"][:, None] + self.samples["exponent_params"][:, None] * log_c
        low, high = np.exp(np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0))
        return low, high

    def predict(self, params: ArrayLike | None = None, flops: ArrayLike | None = None) -> Array:
        """Compute the fitted loss, nats per token; for the runs that were fitted when nothing is given."""
        params = self.data["params"] if params is None else params
        flops = np.asarray(self.data["flops"] if flops is None else flops, dtype=np.float64)
        v = np.log(flops / self.centre[1])
        off = np.log(np.asarray(params, dtype=np.float64) / self.optimal_params(flops))
        q0, q1, q2 = self.bottom
        s0, s1 = self.steepness
        return np.exp(q0 + q1 * v + q2 * v * v + (s0 + s1 * v) * off * off)

    def residuals(self) -> Array:
        """Compute ln(predicted / measured) for every run, shape (n_runs,)."""
        return np.log(self.predict() / self.data["loss"])

    def summary(self) -> str:
        """Describe the bottom of the valley in a few lines, in the reader's language."""
        from course_utils.fitting.presentation import valley_surface_text

        return valley_surface_text(self)

    def _repr_html_(self) -> str:
        from course_utils.fitting.presentation import valley_surface_html

        return valley_surface_html(self)


def fit_valley_surface(
    params: ArrayLike,
    flops: ArrayLike,
    loss: ArrayLike,
    *,
    n: int = 1000,
    seed: int = 0,
    level: float = 0.9,
) -> ValleySurface:
    r"""Fit one valley to all runs by least squares of log loss; no budget need have been run twice.

    .. math::
        \ln L = q_0 + q_1 v + q_2 v^2 + (s_0 + s_1 v)\,(u - m - a v)^2,
        \qquad u = \ln\frac{N}{N_0},\; v = \ln\frac{C}{C_0}

    At every C this is a parabola in ln N. Its lowest point slides along a straight line, and its sides may get steeper
    or flatter on the way:

    .. math:: N_{\mathrm{opt}}(C) = k\,C^{a}

    `fit_isoflop` needs runs of equal compute. Count compute in another way (without the output head, as 6 N D) and
    runs that were equal are no longer; this fit does not mind.

    Why steepness moves: with one steepness for all (a full quadratic in ln N and ln C, s1 = 0) sizes that reach
    further to one side of the valley bend the exponent. On Chinchilla's law, sizes from 1/2 to 8 times the best give
    0.59 for a true 0.51 then, and 0.517 here; sizes on both sides alike are within 0.002 either way. What is left is
    that both sides of a parabola are equally steep. The intervals do not hold that error; to see it, leave out the
    runs far up the sides.

    Parameters
    ----------
    params : array of shape (n_runs,), parameters N, counted in any one way
    flops : array of shape (n_runs,), training compute C, counted in any one way
    loss : array of shape (n_runs,), nats per token
    n, seed : resamples of runs, for the intervals
    level : coverage of the intervals

    Returns
    -------
    ValleySurface
        q2 is 0 where the runs have two computes only: the exponent does not need it.

    Raises
    ------
    ValueError
        If a value is bad, lengths differ, all runs have one compute, the sizes do not show how a parabola moves with
        compute, or some compute has no valley (s0 + s1 v <= 0).

    Warns
    -----
    FitWarning
        Where the bottom lies beyond the sizes tried, and where more than one resample in twenty has no valley.

    Source
    ------
    Valleys of equal compute: Hoffmann et al. 2022 (arXiv 2203.15556), section 3.2. One surface for all of them is
    this course's own.

    Examples
    --------
    >>> import numpy as np
    >>> c = np.geomspace(1e18, 1e21, 40)
    >>> n = 0.1 * c**0.5 * np.tile(np.geomspace(0.3, 3, 8), 5)
    >>> loss = 2.5 * (c / 1e18) ** -0.05 * np.exp(0.02 * np.log(n / (0.1 * c**0.5)) ** 2)
    >>> fit = fit_valley_surface(n, c, loss)
    >>> round(fit.exponent_params.value, 6), round(float(fit.optimal_params(1e20) / 1e9), 6)
    (0.5, 1.0)
    """
    size = validation.positive_column(params, "params")
    compute = validation.positive_column(flops, "flops")
    y = validation.positive_column(loss, "loss")
    n_runs = validation.same_length(params=size, flops=compute, loss=y)
    level = validation.probability(level)
    if n < 2:
        raise ValueError(f"n must be 2 resamples or more, not {n!r}")
    log_c = np.log(compute)
    bends = _bends(log_c)
    validation.enough_points(n_runs, 7 if bends else 6, "a valley over params and flops")
    problem = valley_solver.Problem.of(np.log(size), log_c, np.log(y), bends=bends)
    theta = _solve(problem, size)
    drawn, kept = problem.resample(theta, n, seed)
    slopes, offsets = problem.line(drawn[kept])
    a, log_k = (float(x[0]) for x in problem.line(theta[None]))
    residuals = problem.residuals(theta)
    freedom = n_runs - (7 if bends else 6)
    spread = float(np.sqrt((residuals**2).sum() / freedom)) if freedom > 0 else None
    exponent = _estimate(a, slopes, level)
    lost = int((~kept).sum())
    notes = _notes(np.log(size) - log_k - a * log_c, log_c, lost / n)
    for note in notes:
        python_warnings.warn(note, stacklevel=2)
    for column in (size, compute, y):
        column.setflags(write=False)
    bottom, steepness = problem.constants(theta)
    return ValleySurface(
        exponent_params=exponent,
        exponent_tokens=_complement(exponent),
        scale_params=float(np.exp(log_k)),
        spread=spread,
        n_points=n_runs,
        bottom=bottom,
        steepness=steepness,
        centre=problem.centre,
        level=level,
        samples=MappingProxyType({"exponent_params": slopes, "log_scale_params": offsets}),
        n_lost=lost,
        warnings=notes,
        data=MappingProxyType({"params": size, "flops": compute, "loss": y}),
    )


def _bends(log_c: Array) -> bool:
    """Tell whether the runs have more than two computes, so that a bend along the bottom can be fitted.

    With two computes v**2 is a straight line in v. What tells it from one then is the rounding of steps, which goes
    with size: it must not be fitted.
    """
    if np.ptp(log_c) <= np.log(_SAME_BUDGET):
        raise ValueError(
            f"flops: all runs lie within a factor of {_SAME_BUDGET} of each other, and an exponent needs two computes. "
            "Add runs at another budget."
        )
    v = (log_c - log_c.mean()) / log_c.std()
    others = np.stack([np.ones_like(v), v], axis=1)
    return float(np.std(v * v - others @ np.linalg.lstsq(others, v * v, rcond=None)[0])) > _LEAST_SPREAD


def _solve(problem: valley_solver.Problem, size: Array) -> Array:
    """Solve for all runs, or say why they show no valley."""
    no_valley = ValueError(
        "loss: no valley; at some compute the losses do not rise on both sides of a lowest one. Add sizes on the far "
        "side, or leave out the computes that have one side only."
    )
    start = problem.start()
    if not problem.told_apart(start):
        raise ValueError(
            f"params: the {np.unique(size).size} distinct sizes do not show how a valley moves with compute; it takes "
            "three sizes or more at each of two computes. Add sizes on both sides of the lowest loss."
        )
    if start[3] <= 0:
        raise no_valley
    theta, settled = problem.solve(problem.gram[None], problem.moment[None], start[None])
    if not settled[0] or not problem.has_valley(theta)[0]:
        raise no_valley
    return theta[0]


def _estimate(a: float, drawn: Array, level: float) -> Estimate:
    if len(drawn) < 2:
        return Estimate(a)
    low, high = (float(x) for x in np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return Estimate(a, float(drawn.std(ddof=1)), (low, high))


def _complement(a: Estimate) -> Estimate:
    interval = None if a.interval is None else (1 - a.interval[1], 1 - a.interval[0])
    return Estimate(1 - a.value, a.standard_error, interval)


def _notes(off_bottom: Array, log_c: Array, lost: float) -> tuple[FitWarning, ...]:
    """Name the thirds of the compute (in logarithms) whose sizes lie on one side of the bottom, and a weak valley."""
    edges = np.linspace(log_c.min(), log_c.max(), 4)
    third = np.clip(np.searchsorted(edges, log_c, side="right") - 1, 0, 2)
    outside = []
    for i in range(3):
        rows = third == i
        if rows.any() and (off_bottom[rows].min() > 0 or off_bottom[rows].max() < 0):
            outside.append(f"{np.exp(log_c[rows].min()):.3g} – {np.exp(log_c[rows].max()):.3g}")
    notes = []
    if outside:
        notes.append(
            FitWarning(
                "minimum_outside",
                f"computes at which the valley's bottom lies beyond the sizes tried: {', '.join(outside)}. "
                "Add sizes on the far side.",
                tuple(outside),
            )
        )
    if lost > _MANY_LOST:
        notes.append(
            FitWarning(
                "weak_valley",
                f"{lost:.0%} of the resamples have no valley, so these runs hardly show one. Add sizes on both sides "
                "of the lowest loss.",
                (f"{lost:.0%}",),
            )
        )
    return tuple(notes)
