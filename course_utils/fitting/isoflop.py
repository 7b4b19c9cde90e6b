"""Fit the valleys of equal compute: a parabola in log N for each budget, then exponents over the budgets."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import validation
from course_utils.fitting.families import Array
from course_utils.fitting.results import Estimate, FitWarning

_SAME_BUDGET = 1.2  # runs whose FLOPs agree within this factor were meant for one budget


@dataclass(frozen=True, eq=False)
class Valley:
    """Hold one budget's parabola, loss = c0 + c1 u + c2 u**2 with u = ln(N / centre).

    Attributes
    ----------
    budget : FLOPs
    n_points : runs
    params, tokens, loss : the lowest point, with D = C / 6 N; None where the parabola has no minimum
    interval : for params, by Fieller's method; None where the runs leave it open
    inside : the minimum lies between the smallest and the largest size tried
    centre, coefficients : of the parabola
    """

    budget: float
    n_points: int
    params: float | None
    tokens: float | None
    loss: float | None
    interval: tuple[float, float] | None
    inside: bool
    centre: float
    coefficients: tuple[float, float, float]

    def predict(self, params: ArrayLike) -> Array:
        """Compute the parabola at some sizes, nats per token."""
        u = np.log(np.asarray(params, dtype=np.float64) / self.centre)
        c0, c1, c2 = self.coefficients
        return c0 + c1 * u + c2 * u * u


@dataclass(frozen=True, eq=False)
class IsoflopFit:
    """Hold an IsoFLOP analysis.

    Attributes
    ----------
    valleys : one a budget, ascending
    exponent_params, exponent_tokens : a and b in N_opt = k C**a, D_opt = C / (6 k) * C**-a; each an `Estimate`
    scale_params : k
    level : coverage of the intervals
    samples : resampled "exponent_params" and "log_scale_params", arrays of shape (n_kept,)
    n_lost : resamples in which fewer than two budgets had a minimum
    warnings : budgets without a minimum, or with one beyond the sizes tried
    """

    valleys: tuple[Valley, ...]
    exponent_params: Estimate
    exponent_tokens: Estimate
    scale_params: float
    level: float
    samples: Mapping[str, Array]
    n_lost: int
    warnings: tuple[FitWarning, ...]

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

    def summary(self) -> str:
        """Describe every valley in a line, in the reader's language."""
        from course_utils.fitting.presentation import isoflop_text

        return isoflop_text(self)

    def _repr_html_(self) -> str:
        from course_utils.fitting.presentation import isoflop_html

        return isoflop_html(self)


def fit_isoflop(
    params: ArrayLike,
    flops: ArrayLike,
    loss: ArrayLike,
    *,
    budgets: ArrayLike | None = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.9,
) -> IsoflopFit:
    r"""Fit a parabola in log N to each budget's losses, and a power law through the minima.

    .. math:: L_C(N) = c_0 + c_1 \ln N + c_2 \ln^2 N, \qquad N_{\mathrm{opt}}(C) = k\,C^{a}

    The parabola is an approximation. It is biased where the sizes lie off the centre of the valley or alpha differs
    from beta: the intervals do not hold that error.

    Parameters
    ----------
    params : array of shape (n_runs,), parameters N
    flops : array of shape (n_runs,), training compute C
    loss : array of shape (n_runs,), nats per token
    budgets : array of shape (n_runs,), the budget each run was meant for. None starts a new one where the sorted flops
        jump by more than 20 per cent
    n, seed : resamples of runs within each budget, for the exponents' intervals
    level : coverage of all intervals

    Returns
    -------
    IsoflopFit

    Raises
    ------
    ValueError
        If a value is bad, a budget has fewer than three distinct sizes, or fewer than two budgets have a minimum.

    Warns
    -----
    FitWarning
        For budgets without a minimum, which are left out of the exponents, and for minima beyond the sizes tried.

    Source
    ------
    Hoffmann et al. 2022 (arXiv 2203.15556), section 3.2; intervals of the minima: Fieller 1954.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import CONSTANTS, chinchilla_loss
    >>> c = np.repeat([1e19, 1e20, 1e21], 7)
    >>> n = np.sqrt(c / 120) * np.tile(np.geomspace(0.3, 3, 7), 3)
    >>> fit = fit_isoflop(n, c, chinchilla_loss(n, c / 6 / n, **CONSTANTS["besiroglu"].values))
    >>> round(fit.exponent_params.value, 2)
    0.51
    """
    size = validation.positive_column(params, "params")
    compute = validation.positive_column(flops, "flops")
    y = validation.positive_column(loss, "loss")
    n_runs = validation.same_length(params=size, flops=compute, loss=y)
    level = validation.probability(level)
    if n < 2:
        raise ValueError(f"n must be 2 resamples or more, not {n!r}")
    groups = _group(compute, budgets, n_runs)
    valleys, designs = [], []
    for rows in groups:
        budget = float(np.exp(np.log(compute[rows]).mean()))
        distinct = np.unique(size[rows]).size
        if distinct < 3:
            raise ValueError(
                f"params: the budget of {budget:.3g} FLOPs (first at row {int(rows[0])}) has {distinct} distinct "
                "sizes; a valley needs three. Add sizes, leave the budget out, or name the budgets with budgets=..."
            )
        valley, design = _valley(size[rows], y[rows], budget, level)
        valleys.append(valley)
        designs.append(design)
    good = [i for i, valley in enumerate(valleys) if valley.params is not None]
    if len(good) < 2:
        raise ValueError(
            f"loss: {len(good)} of {len(valleys)} budgets have a minimum, and an exponent needs two. Try sizes on both "
            "sides of the lowest loss."
        )
    log_c = np.log([valleys[i].budget for i in good])
    log_n = np.log([valleys[i].params for i in good])
    slope, offset = _line(log_c, log_n[None], np.ones((1, len(good))))
    samples, lost = _resample([designs[i] for i in good], log_c, n, seed)
    a, b = _exponents(float(slope[0]), samples["exponent_params"], level)
    notes = _notes(valleys)
    for note in notes:
        python_warnings.warn(note, stacklevel=2)
    return IsoflopFit(tuple(valleys), a, b, float(np.exp(offset[0])), level, MappingProxyType(samples), lost, notes)


def _group(compute: Array, budgets: ArrayLike | None, n_runs: int) -> list[np.ndarray]:
    """Split the rows by budget, smallest first."""
    if budgets is not None:
        named = validation.positive_column(budgets, "budgets")
        if len(named) != n_runs:
            raise ValueError(f"budgets has {len(named)} rows and params has {n_runs}; give every run its budget.")
        return [np.flatnonzero(named == value) for value in np.unique(named)]
    order = np.argsort(compute, kind="stable")
    jumps = np.flatnonzero(np.diff(np.log(compute[order])) > np.log(_SAME_BUDGET)) + 1
    return [np.sort(rows) for rows in np.split(order, jumps)]


def _valley(size: Array, y: Array, budget: float, level: float) -> tuple[Valley, tuple[Array, Array, float]]:
    """Fit one parabola by least squares."""
    centre = float(np.exp(np.log(size).mean()))
    u = np.log(size / centre)
    features = np.stack([np.ones_like(u), u, u * u], axis=1)
    coefficients, *_ = np.linalg.lstsq(features, y, rcond=None)
    c0, c1, c2 = (float(c) for c in coefficients)
    design = (u, y, float(np.log(centre)))
    if not c2 > 1e-12 * abs(c0):
        return Valley(budget, len(y), None, None, None, None, False, centre, (c0, c1, c2)), design
    lowest = -c1 / (2 * c2)
    if abs(lowest) > 20.0:  # nine powers of ten beyond the sizes: a straight line with rounding for curvature
        return Valley(budget, len(y), None, None, None, None, False, centre, (c0, c1, c2)), design
    best = centre * float(np.exp(lowest))
    interval = _fieller(features, y, coefficients, level)
    return (
        Valley(
            budget, len(y), best, budget / 6 / best, c0 + c1 * lowest + c2 * lowest**2,
            None if interval is None else (centre * float(np.exp(interval[0])), centre * float(np.exp(interval[1]))),
            bool(u.min() <= lowest <= u.max()), centre, (c0, c1, c2),
        ),
        design,
    )  # fmt: skip


def _fieller(features: Array, y: Array, coefficients: Array, level: float) -> tuple[float, float] | None:
    """Compute Fieller's interval for -c1 / (2 c2): all v at which the slope c1 + 2 c2 v is not told from zero."""
    freedom = len(y) - 3
    if freedom < 1:
        return None
    from scipy.stats import t as student

    variance = float(((y - features @ coefficients) ** 2).sum()) / freedom
    covariance = variance * np.linalg.inv(features.T @ features)
    q = float(student.ppf((1 + level) / 2, freedom)) ** 2
    _, c1, c2 = coefficients
    v11, v12, v22 = covariance[1, 1], covariance[1, 2], covariance[2, 2]
    # (c1 + 2 c2 v)^2 <= q (v11 + 4 v v12 + 4 v^2 v22)
    quadratic = 4 * (c2**2 - q * v22)
    linear = 4 * (c1 * c2 - q * v12)
    constant = c1**2 - q * v11
    if quadratic <= 0:
        return None
    root = np.sqrt(max(linear**2 - 4 * quadratic * constant, 0.0))
    return float((-linear - root) / (2 * quadratic)), float((-linear + root) / (2 * quadratic))


def _line(x: Array, y: Array, weights: Array) -> tuple[Array, Array]:
    """Fit straight lines y = slope x + offset with weights, one a row."""
    total = weights.sum(axis=1)
    mean_x = (weights * x).sum(axis=1) / total
    mean_y = (weights * y).sum(axis=1) / total
    dx = x - mean_x[:, None]
    slope = (weights * dx * (y - mean_y[:, None])).sum(axis=1) / (weights * dx * dx).sum(axis=1)
    return slope, mean_y - slope * mean_x


def _resample(
    designs: list[tuple[Array, Array, float]], log_c: Array, n: int, seed: int
) -> tuple[dict[str, Array], int]:
    """Resample runs within each budget and fit all parabolas and lines at once."""
    generator = np.random.default_rng(seed)
    log_n = np.full((n, len(designs)), np.nan)
    for j, (u, y, log_centre) in enumerate(designs):
        weights = generator.multinomial(len(u), np.full(len(u), 1 / len(u)), size=n).astype(float)
        powers = np.stack([u**k for k in range(5)], axis=1)
        sums = weights @ powers
        moments = weights @ (powers[:, :3] * y[:, None])
        gram = np.stack([sums[:, 0:3], sums[:, 1:4], sums[:, 2:5]], axis=1)
        scale = 1 / np.sqrt(np.maximum(np.einsum("bii->bi", gram), 1e-300))
        unit = gram * scale[:, :, None] * scale[:, None, :]
        solvable = np.linalg.det(unit) > 1e-9
        unit[~solvable] = np.eye(3)
        c = np.linalg.solve(unit, (moments * scale)[..., None])[..., 0] * scale
        ok = solvable & (c[:, 2] > 0)
        lowest = -c[ok, 1] / (2 * c[ok, 2])
        log_n[ok, j] = np.where(np.abs(lowest) <= 20.0, lowest + log_centre, np.nan)
    known = np.isfinite(log_n)
    enough = known.sum(axis=1) >= 2
    slope, offset = _line(log_c, np.where(known, log_n, 0.0)[enough], known[enough].astype(float))
    return {"exponent_params": slope, "log_scale_params": offset}, int((~enough).sum())


def _exponents(a: float, samples: Array, level: float) -> tuple[Estimate, Estimate]:
    if len(samples) < 2:
        return Estimate(a), Estimate(1 - a)
    low, high = (float(v) for v in np.quantile(samples, [(1 - level) / 2, (1 + level) / 2]))
    error = float(samples.std(ddof=1))
    return Estimate(a, error, (low, high)), Estimate(1 - a, error, (1 - high, 1 - low))


def _notes(valleys: list[Valley]) -> tuple[FitWarning, ...]:
    without = tuple(f"{v.budget:.3g}" for v in valleys if v.params is None)
    outside = tuple(f"{v.budget:.3g}" for v in valleys if v.params is not None and not v.inside)
    notes = []
    if without:
        notes.append(
            FitWarning(
                "no_valley",
                f"budgets without a minimum, left out of the exponents: {', '.join(without)}. "
                "Add sizes on the far side.",
                without,
            )
        )
    if outside:
        notes.append(
            FitWarning(
                "minimum_outside",
                f"budgets whose minimum lies beyond the sizes tried: {', '.join(outside)}. Add sizes on the far side.",
                outside,
            )
        )
    return tuple(notes)
