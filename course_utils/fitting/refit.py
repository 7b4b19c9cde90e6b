"""Fit the same law again, with the same settings, to some of its runs."""

from __future__ import annotations

import warnings as python_warnings

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import validation
from course_utils.fitting.broken import fit_broken_power_law
from course_utils.fitting.power_law import fit_power_law
from course_utils.fitting.repeated_data import solve_repeated_data
from course_utils.fitting.results import FitResult, FitWarning
from course_utils.fitting.routed import fit_routed
from course_utils.fitting.surface import fit_chinchilla, fit_kaplan


def refit(fit: FitResult, weights: ArrayLike) -> FitResult:
    """Fit the same law with the same objective from scratch, with other weights.

    Parameters
    ----------
    fit : the fit to repeat
    weights : array of shape (n_runs,); 0 leaves a run out. Booleans select runs

    Returns
    -------
    FitResult
        Its warnings are in the result and are not raised again.

    Raises
    ------
    ValueError
        As the fit's own function, when too little is left.

    Examples
    --------
    >>> from course_utils.fitting import fit_power_law
    >>> fit = fit_power_law([1e6, 1e7, 1e8, 1e9], [4.2, 3.3, 2.7, 2.4])
    >>> refit(fit, [True, True, True, False]).n_points
    3
    """
    chosen = np.asarray(weights, dtype=np.float64)
    columns = {name: fit.data[name] for name in (*fit.inputs, "loss")}
    delta = fit.objective.delta if fit.objective.name == "huber" else 1e-3
    chosen = validation.weight_column(chosen, len(fit.data["loss"]))
    settings = {"objective": fit.objective.name, "delta": delta, "weights": chosen}
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore", FitWarning)
        if fit.law == "power_law":
            return fit_power_law(**columns, floor="E" in fit.params, **settings)
        if fit.law == "broken_power_law":
            return fit_broken_power_law(**columns, floor="E" in fit.params, **settings)
        if fit.law == "repeated_data":
            held = {name: estimate.value for name, estimate in fit.params.items() if estimate.held}
            return solve_repeated_data(**columns, base=held or None, **settings)
        fitter = {"chinchilla": fit_chinchilla, "kaplan": fit_kaplan, "routed": fit_routed}[fit.law]
        return fitter(**columns, **settings)
