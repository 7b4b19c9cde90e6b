"""Fit the lower envelope of training curves: at each compute, which run had the lowest loss?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import validation
from course_utils.fitting.families import Array
from course_utils.fitting.results import Estimate


@dataclass(frozen=True, eq=False)
class EnvelopeFit:
    """Hold an envelope.

    Attributes
    ----------
    flops, loss, params, tokens : arrays of shape (n_flops,), the compute, the lowest loss there, and the size and data
        of the run that had it
    run : array of shape (n_flops,), that run's label
    inside : array of shape (n_flops,), the lowest run is neither of the smallest nor of the largest size. Elsewhere the
        best size may lie beyond the sizes tried, and the line is not fitted there
    exponent_params, exponent_tokens : a and b in N_opt = k C**a, D_opt = C / (6 k) * C**-a; each an `Estimate`
    scale_params : k
    n_runs_on_envelope : runs that are lowest somewhere; with two or three the exponent rests on as many sizes
    level : coverage of the intervals
    samples : resampled "exponent_params" and "log_scale_params"
    """

    flops: Array
    loss: Array
    params: Array
    tokens: Array
    run: np.ndarray
    inside: np.ndarray
    exponent_params: Estimate
    exponent_tokens: Estimate
    scale_params: float
    n_runs_on_envelope: int
    level: float
    samples: Mapping[str, Array]

    def optimal_params(self, flops: ArrayLike) -> Array:
        """Compute k C**a for some budgets."""
        return self.scale_params * np.asarray(flops, dtype=np.float64) ** self.exponent_params.value


def fit_envelope(
    run: ArrayLike,
    params: ArrayLike,
    flops: ArrayLike,
    loss: ArrayLike,
    *,
    n_flops: int = 200,
    n: int = 500,
    seed: int = 0,
    level: float = 0.9,
) -> EnvelopeFit:
    r"""Find the lowest training curve at each compute, and fit the size of the run that it belongs to.

    .. math:: N_{\mathrm{opt}}(C) = k\,C^{a} \quad\text{through}\quad \arg\min_{\text{runs}} L_{\text{run}}(C)

    Curves are interpolated linearly in log C and log L, and only where they were measured. A curve whose learning rate
    has not yet decayed stands above what a run planned for that compute would reach; the lowest of several curves with
    seed noise stands below the law. Both are in the data and not in the intervals.

    Parameters
    ----------
    run : array of shape (n_rows,), labels of the runs
    params : array of shape (n_rows,), parameters N of the run
    flops : array of shape (n_rows,), compute C spent by that point of the curve
    loss : array of shape (n_rows,), nats per token there (smooth it first if it is a training loss)
    n_flops : computes, evenly spaced in log C, at which the lowest is sought
    n, seed : resamples of whole runs, for the exponents' intervals
    level : coverage of the intervals

    Returns
    -------
    EnvelopeFit

    Raises
    ------
    ValueError
        If a value is bad, a run has two sizes or a single point, or fewer than two sizes between the smallest and the
        largest are lowest anywhere.

    Source
    ------
    Hoffmann et al. 2022 (arXiv 2203.15556), section 3.1 (1,500 values of C).

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import CONSTANTS, chinchilla_loss
    >>> n = np.repeat(np.geomspace(1e7, 1e10, 13), 60)
    >>> d = n * np.tile(np.geomspace(1, 400, 60), 13)
    >>> fit = fit_envelope(n, n, 6 * n * d, chinchilla_loss(n, d, **CONSTANTS["besiroglu"].values))
    >>> bool(0.49 < fit.exponent_params.value < 0.55)
    True
    """
    size = validation.positive_column(params, "params")
    compute = validation.positive_column(flops, "flops")
    y = validation.positive_column(loss, "loss")
    n_rows = validation.same_length(params=size, flops=compute, loss=y)
    level = validation.probability(level)
    if n < 2:
        raise ValueError(f"n must be 2 resamples or more, not {n!r}")
    if n_flops < 2:
        raise ValueError(f"n_flops must be 2 or more, not {n_flops!r}")
    names, sizes, grid, curves = _curves(validation.labels(run, "run", n_rows), size, compute, y, n_flops)
    lowest = np.argmin(curves, axis=0)
    log_n = np.log(sizes)[lowest]
    inside = _inside(log_n, np.log(sizes))
    if np.unique(log_n[inside]).size < 2:
        raise ValueError(
            f"params: {np.unique(log_n[inside]).size} sizes between the smallest and the largest are lowest somewhere, "
            "and an exponent needs two. Add smaller and larger runs at the same compute."
        )
    slope, offset = _line(grid[inside], log_n[inside])
    samples = _resample(curves, np.log(sizes), grid, n, seed)
    a = slope
    low, high = (float(v) for v in np.quantile(samples["exponent_params"], [(1 - level) / 2, (1 + level) / 2]))
    error = float(samples["exponent_params"].std(ddof=1))
    flops_grid = np.exp(grid)
    return EnvelopeFit(
        flops=flops_grid,
        loss=np.exp(curves[lowest, np.arange(len(grid))]),
        params=sizes[lowest],
        tokens=flops_grid / 6 / sizes[lowest],
        run=names[lowest],
        inside=inside,
        exponent_params=Estimate(a, error, (low, high)),
        exponent_tokens=Estimate(1 - a, error, (1 - high, 1 - low)),
        scale_params=float(np.exp(offset)),
        n_runs_on_envelope=int(np.unique(lowest).size),
        level=level,
        samples=MappingProxyType(samples),
    )


def _curves(
    run: np.ndarray, size: Array, compute: Array, y: Array, n_flops: int
) -> tuple[np.ndarray, Array, Array, Array]:
    """Interpolate every run's log loss on a common grid of log compute; infinite where it was not measured."""
    names, number = np.unique(run, return_inverse=True)
    parts = []
    for i, name in enumerate(names):
        rows = np.flatnonzero(number == i)
        if size[rows].max() > size[rows].min() * (1 + 1e-9):
            raise ValueError(f"params: run {name!r} has several sizes (first at row {int(rows[0])}); label runs apart.")
        if np.unique(compute[rows]).size < 2:
            raise ValueError(f"flops: run {name!r} (row {int(rows[0])}) has one point; a curve needs two or more.")
        rows = rows[np.argsort(compute[rows], kind="stable")]
        parts.append((float(size[rows[0]]), np.log(compute[rows]), np.log(y[rows])))
    low, high = min(p[1][0] for p in parts), max(p[1][-1] for p in parts)
    grid = np.linspace(low, high, n_flops)
    curves = np.stack([np.interp(grid, c, v, left=np.inf, right=np.inf) for _, c, v in parts])
    # The edges of the grid where a single curve exists say nothing about which size is best.
    compared = np.isfinite(curves).sum(axis=0) >= min(2, len(parts))
    if not compared.any():
        raise ValueError("flops: no two runs overlap in compute; an envelope needs curves to compare.")
    sizes = np.array([p[0] for p in parts])
    return names, sizes, grid[compared], curves[:, compared]


def _inside(log_n: Array, log_sizes: Array) -> np.ndarray:
    """Mark the computes whose best size has a smaller and a larger neighbour."""
    margin = 1e-9
    return (log_n > log_sizes.min() + margin) & (log_n < log_sizes.max() - margin)


def _line(x: Array, y: Array) -> tuple[float, float]:
    """Fit a straight line by least squares: slope and offset."""
    dx = x - x.mean()
    slope = float((y * dx).sum() / (dx * dx).sum())
    return slope, float(y.mean() - slope * x.mean())


def _resample(curves: Array, log_sizes: Array, grid: Array, n: int, seed: int) -> dict[str, Array]:
    """Draw whole runs again and repeat the fit; one with fewer than two inner sizes is drawn again."""
    generator = np.random.default_rng(seed)
    slope, offset = np.empty(n), np.empty(n)
    order = np.argsort(curves, axis=0, kind="stable")
    column = np.arange(len(grid))
    done = 0
    while done < n:  # ends: the draw of every run once has positive probability, and it passed
        drawn = np.zeros(len(curves), dtype=bool)
        drawn[generator.integers(0, len(curves), len(curves))] = True
        best = order[np.argmax(drawn[order], axis=0), column]
        log_n = log_sizes[best]
        used = np.isfinite(curves[best, column]) & _inside(log_n, log_sizes[drawn])
        if used.sum() < 2 or np.ptp(log_n[used]) == 0:
            continue
        slope[done], offset[done] = _line(grid[used], log_n[used])
        done += 1
    return {"exponent_params": slope, "log_scale_params": offset}
