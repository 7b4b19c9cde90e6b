"""Ask the law what it would have foretold for the largest runs, had they not been made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import validation
from course_utils.fitting.families import Array
from course_utils.fitting.refit import refit
from course_utils.fitting.results import FitResult


@dataclass(frozen=True, eq=False)
class BacktestRow:
    """Hold one cut.

    Attributes
    ----------
    cut : the largest scale that was fitted
    n_fitted, n_held_out : runs on either side
    decades_ahead : log10 of the largest held-out scale over the cut
    error : mean of |predicted - measured| / measured over the held-out runs (absolute relative error)
    bias : mean of (predicted - measured) / measured
    baseline_error : the same error of the prediction "no better than the best loss seen so far"
    fit : the law fitted to the runs up to the cut
    """

    cut: float
    n_fitted: int
    n_held_out: int
    decades_ahead: float
    error: float
    bias: float
    baseline_error: float
    fit: FitResult


@dataclass(frozen=True, eq=False)
class Backtest:
    """Hold the cuts of a back-test, smallest first."""

    rows: tuple[BacktestRow, ...]

    def summary(self) -> str:
        """Describe every cut in a line, in the reader's language."""
        from course_utils.fitting.presentation import backtest_text

        return backtest_text(self)

    def _repr_html_(self) -> str:
        from course_utils.fitting.presentation import backtest_html

        return backtest_html(self)


def backtest(fit: FitResult, *, by: ArrayLike | None = None, cuts: Sequence[float] | None = None) -> Backtest:
    r"""Refit the law to the runs up to each cut and compare what it says about the others with what they measured.

    .. math:: \mathrm{ARE} = \mathrm{mean}\;|\hat L - L| / L \quad \text{over the held-out runs}

    Parameters
    ----------
    fit : from fit_power_law, fit_chinchilla, fit_kaplan, fit_routed or fit_repeated_data
    by : array of shape (n_runs,), the scale that is cut: compute, as a rule. None takes x, or 6 N D, or params of
        routed models
    cuts : scales up to which to fit. None takes up to six of the runs' own scales, as soon as the law can be fitted

    Returns
    -------
    Backtest

    Raises
    ------
    ValueError
        If by is bad, no run lies above a cut, too few lie below it, or the law fitted to those foretells no finite loss
        (the message names the cut).

    Source
    ------
    Choshen, Zhang and Andreas 2025 (arXiv 2410.11840), section 3.2, with the baseline of section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.fitting import fit_power_law
    >>> x = np.geomspace(1e6, 1e9, 8)
    >>> test = backtest(fit_power_law(x, 1.7 + 50 * x**-0.25), cuts=[1e8])
    >>> row = test.rows[0]
    >>> row.n_fitted, row.n_held_out, round(row.decades_ahead, 1), round(row.error, 4)
    (5, 3, 1.0, 0.0)
    """
    scale = _scale(fit, by)
    used = fit.data["weights"] > 0
    if cuts is None:
        cuts = _natural_cuts(fit, scale, used)
    cuts = validation.positive_column(cuts, "cuts")
    if not cuts.size:
        raise ValueError("cuts: there is none; give the scales up to which to fit, or None for the runs' own.")
    rows = []
    for cut in cuts:
        below = used & (scale <= cut * (1 + 1e-9))
        above = used & ~below
        if not above.any():
            raise ValueError(f"cuts: no run lies above {cut:.4g}; the largest is at {scale[used].max():.4g}.")
        if not _enough(fit, below):
            raise ValueError(
                f"cuts: {int(below.sum())} runs lie up to {cut:.4g}, too few or too alike for the law's "
                f"{len(fit.params)} constants. Choose a larger cut."
            )
        rows.append(_row(fit, float(cut), scale, below, above))
    return Backtest(tuple(rows))


def _scale(fit: FitResult, by: ArrayLike | None) -> Array:
    if by is None and fit.law == "routed":  # experts are no scale: a run with twice as many costs no more
        return fit.data["params"]
    if by is None:
        if len(fit.inputs) == 1:
            return fit.data[fit.inputs[0]]
        return 6.0 * fit.data["params"] * fit.data["tokens"]
    scale = validation.positive_column(by, "by")
    validation.same_length(loss=fit.data["loss"], by=scale)
    return scale


def _enough(fit: FitResult, below: Array) -> bool:
    free = [estimate for estimate in fit.params.values() if not estimate.held]
    if fit.law == "repeated_data" and not (fit.data["tokens"] > fit.data["unique_tokens"] * (1 + 1e-9))[below].any():
        return False
    if len(free) < len(fit.params):  # with a base one size and one text are enough
        return bool(below.sum() >= len(free))
    distinct = [np.unique(fit.data[name][below]).size for name in fit.inputs if name != "unique_tokens"]
    needed = len(free) if len(fit.inputs) == 1 else 2
    return bool(below.sum() >= len(free)) and min(distinct) >= needed


def _natural_cuts(fit: FitResult, scale: Array, used: Array) -> list[float]:
    """Choose up to six of the runs' own scales, evenly spread among those that leave enough on both sides."""
    levels = np.unique(scale[used])
    possible = [float(level) for level in levels[:-1] if _enough(fit, used & (scale <= level * (1 + 1e-9)))]
    if not possible:
        raise ValueError(
            "backtest: too few runs to fit some and foretell others; give at least one more run than the law has "
            "constants, at a larger scale."
        )
    chosen = np.unique(np.linspace(0, len(possible) - 1, 6).round().astype(int))
    return [possible[i] for i in chosen]


def _row(fit: FitResult, cut: float, scale: Array, below: Array, above: Array) -> BacktestRow:
    partial = refit(fit, np.where(below, fit.data["weights"], 0.0))
    measured = fit.data["loss"][above]
    with np.errstate(over="ignore"):
        relative = partial.predict(*(fit.data[name][above] for name in fit.inputs)) / measured - 1.0
    if not np.isfinite(relative).all():
        raise ValueError(
            f"cuts: the law fitted up to {cut:.4g} rises or falls like a step and foretells no finite loss beyond. "
            "Choose a larger cut, or plot the runs: they may follow no power law."
        )
    baseline = fit.data["loss"][below].min() / measured - 1.0
    return BacktestRow(
        cut=cut,
        n_fitted=int(below.sum()),
        n_held_out=int(above.sum()),
        decades_ahead=float(np.log10(scale[above].max() / cut)),
        error=float(np.abs(relative).mean()),
        bias=float(relative.mean()),
        baseline_error=float(np.abs(baseline).mean()),
        fit=partial,
    )
