"""Hold what a fit found, and say what it knows and does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import laws
from course_utils.fitting.families import AdditiveFamily, KaplanFamily, Points
from course_utils.fitting.newton import Engine, Minimum
from course_utils.fitting.objectives import Objective

Array = NDArray[np.float64]


class FitWarning(UserWarning):
    """Warn that a fit is legal but says less than its numbers suggest.

    `code` names the reason, `names` the parameters concerned; `words` gives the sentence in the reader's language.
    """

    def __init__(self, code: str, message: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.names = names

    def words(self) -> str:
        """Say the warning in the reader's language."""
        from course_utils.i18n import t

        return t(f"fitting.warning.{self.code}", names=", ".join(self.names))


@dataclass(frozen=True)
class Estimate:
    """Hold one parameter: its value, and what is known of its error (None where it is not known, or it was given)."""

    value: float
    standard_error: float | None = None
    interval: tuple[float, float] | None = None
    at_bound: bool = False
    held: bool = False

    def __float__(self) -> float:
        return float(self.value)


@dataclass(frozen=True, eq=False)
class Problem:
    """Hold a fit's data in solver coordinates, so that it can be solved again: on resamples, with a parameter held.

    `unpack` maps theta, shape (n_fits, n_params), to the law's constants, a mapping of arrays of shape (n_fits,).
    """

    family: AdditiveFamily | KaplanFamily
    points: Points
    objective: Objective
    lower: Array
    upper: Array
    theta: Array
    unpack: Callable[[Array], dict[str, Array]]
    starts: Callable[[Points, int], Array]

    def solve(
        self,
        weights: Array,
        theta: Array | None = None,
        *,
        frozen: NDArray[np.bool_] | None = None,
        engine: Engine = "numpy",
    ) -> Minimum:
        """Minimise with other weights, shape (n_fits, n_runs), from theta (the optimum when None)."""
        start = np.tile(self.theta, (len(weights), 1)) if theta is None else theta
        points = Points(self.points.x, self.points.y, weights)
        return self.objective.solve(
            self.family, points, start, lower=self.lower, upper=self.upper, frozen=frozen, warm=True, engine=engine
        )

    def total(self, theta: Array, weights: Array | None = None) -> Array:
        """Sum the objective at theta, shape (n_fits,)."""
        residuals = self.family.log_loss(theta, self.points) - self.points.y
        return self.objective.total(residuals, self.points.weights if weights is None else weights)


@dataclass(frozen=True, eq=False)
class FitResult:
    """Hold a fitted law.

    Attributes
    ----------
    law : name of the law in `course_utils.laws.LAWS`
    params : constants by name, each an `Estimate`
    objective : what was minimised; `objective_value` is its sum over the runs
    gradient_norm : length of the gradient at the end, over the coordinates that are not at a bound (centred, unit-free)
    n_points : runs of positive weight
    starts_tried, starts_at_best : starts of the solver, and how many of them ended at the lowest objective
    converged : the solver can promise no further decrease. It does not mean that the law is right, that the constants
        are well determined, or that another valley could not lie lower: read the intervals and the back-test for that
    warnings : what is wrong with the data or weak in the fit, most important first
    data : the runs, by argument name
    problem : the same in solver coordinates, for solving again
    level : coverage of the intervals in params, None while there are none
    """

    law: str
    params: Mapping[str, Estimate]
    objective: Objective
    objective_value: float
    gradient_norm: float
    n_points: int
    starts_tried: int
    starts_at_best: int
    converged: bool
    warnings: tuple[FitWarning, ...]
    data: Mapping[str, Array]
    problem: Problem = field(repr=False)
    level: float | None = None

    @property
    def values(self) -> dict[str, float]:
        """Return the constants as plain floats, ready for the law: ``power_law(x, **fit.values)``."""
        return {name: estimate.value for name, estimate in self.params.items()}

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the law's arguments, in order."""
        return tuple(name for name in self.data if name not in ("loss", "weights"))

    def __getitem__(self, name: str) -> float:
        return self.params[name].value

    def predict(self, *counts: ArrayLike, **named: ArrayLike) -> Array:
        """Compute the fitted loss.

        Parameters
        ----------
        *counts, **named : the law's arguments in order or by name (x; or params and tokens), arrays that broadcast;
            the runs that were fitted when none is given

        Returns
        -------
        array of the common shape, nats per token

        Examples
        --------
        >>> from course_utils.fitting import fit_power_law
        >>> fit = fit_power_law([1e6, 1e7, 1e8, 1e9], [4.2, 3.3, 2.7, 2.4])
        >>> fit.predict([1e10]).round(2)
        array([2.19])
        """
        if not counts and not named:
            counts = tuple(self.data[name] for name in self.inputs)
        names = dict(zip(self.inputs, counts, strict=False))
        return np.asarray(laws.LAWS[self.law](**names, **named, **self.values))

    def residuals(self) -> Array:
        """Compute ln(predicted / measured) for every run, shape (n_runs,)."""
        return np.log(self.predict() / self.data["loss"])

    def decades_outside(self, *counts: ArrayLike) -> Array:
        """Compute how many powers of ten the inputs lie outside the runs, the worst input of each; 0 inside.

        Examples
        --------
        >>> from course_utils.fitting import fit_power_law
        >>> fit = fit_power_law([1e6, 1e7, 1e8, 1e9], [4.2, 3.3, 2.7, 2.4])
        >>> fit.decades_outside([1e8, 1e11])
        array([0., 2.])
        """
        used = self.data["weights"] > 0
        worst: Array = np.zeros(())
        for name, values in zip(self.inputs, counts, strict=True):
            value, known = np.log10(np.asarray(values, dtype=np.float64)), np.log10(self.data[name][used])
            worst = np.maximum(worst, np.maximum(value - known.max(), known.min() - value))
        return np.maximum(worst, 0.0)

    def with_errors(
        self, errors: Mapping[str, float], intervals: Mapping[str, tuple[float, float] | None], level: float
    ) -> FitResult:
        """Return the same fit with standard errors and intervals of coverage `level` filled in."""
        params = {
            name: replace(e, standard_error=errors.get(name), interval=intervals.get(name))
            for name, e in self.params.items()
        }
        return replace(self, params=MappingProxyType(params), level=level)

    def summary(self) -> str:
        """Describe the fit in a few lines, in the reader's language."""
        from course_utils.fitting.presentation import fit_text

        return fit_text(self)

    def _repr_html_(self) -> str:
        from course_utils.fitting.presentation import fit_html

        return fit_html(self)

    def __repr__(self) -> str:
        constants = ", ".join(f"{name}={e.value:.5g}" for name, e in self.params.items())
        objective = f"{self.objective.name}={self.objective_value:.6g}"
        return f"<FitResult {self.law}: {constants}; {objective}, n={self.n_points}>"


def frozen_data(**columns: Any) -> Mapping[str, Array]:
    """Return the runs as read-only arrays in a read-only mapping."""
    for column in columns.values():
        column.setflags(write=False)
    return MappingProxyType(columns)
