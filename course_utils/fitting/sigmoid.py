"""Fit an accuracy that rises from chance along a logistic curve, by the likelihood of its test items."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from course_utils import laws
from course_utils.fitting import sigmoid_solver, validation
from course_utils.fitting.families import Array
from course_utils.fitting.results import Estimate, FitWarning

_SCATTERED = 3.0  # Pearson's chi-squared over its degrees of freedom from which on items do not explain the scatter
_NEAR, _FAR = 0.25, 0.75  # shares of the rise that runs should lie below and above


@dataclass(frozen=True, eq=False)
class SigmoidFit:
    """Hold a fitted sigmoid, a(x) = chance + (top - chance) / (1 + (x / x_half)**-slope).

    Attributes
    ----------
    params : x_half, slope and, where it was fitted, top; each an `Estimate`
    chance : accuracy of guessing, given
    deviance : twice the log likelihood that the fit is short of a curve through every run
    dispersion : Pearson's chi-squared over its degrees of freedom, 1 where test items explain all the scatter; None
        where no run is to spare
    n_points : runs of positive weight
    converged : the solver can promise no further gain
    level : coverage of the intervals
    samples : constants by name from resampled runs, arrays of shape (n,)
    warnings : what the runs leave open, most important first
    data : x, accuracy, items and weights
    """

    params: Mapping[str, Estimate]
    chance: float
    deviance: float
    dispersion: float | None
    n_points: int
    converged: bool
    level: float
    samples: Mapping[str, Array]
    warnings: tuple[FitWarning, ...]
    data: Mapping[str, Array]
    _fixed_top: float

    @property
    def values(self) -> dict[str, float]:
        """Return the constants as plain floats, ready for the law: ``sigmoid_accuracy(x, **fit.values)``."""
        fitted = {name: estimate.value for name, estimate in self.params.items()}
        return {"top": self._fixed_top, **fitted, "chance": self.chance}

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def predict(self, x: ArrayLike | None = None) -> Array:
        """Compute the fitted accuracy at x; at the runs when nothing is given."""
        return laws.sigmoid_accuracy(self.data["x"] if x is None else x, **self.values)

    def band(self, x: ArrayLike, *, level: float | None = None) -> tuple[Array, Array]:
        """Compute a percentile interval of the curve at each x: two arrays of x's shape.

        It holds the curve's own uncertainty. A new run scatters about it besides.
        """
        level = self.level if level is None else validation.probability(level)
        points = np.atleast_1d(np.asarray(x, dtype=np.float64))
        constants = {name: column[:, None] for name, column in self.samples.items()}
        drawn = laws.sigmoid_accuracy(points, **{"top": self._fixed_top, "chance": self.chance, **constants})
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    def residuals(self) -> Array:
        """Compute predicted minus measured accuracy for every run, shape (n_runs,)."""
        return self.predict() - self.data["accuracy"]

    def summary(self) -> str:
        """Describe the fit in a few lines, in the reader's language."""
        from course_utils.fitting.sigmoid_presentation import sigmoid_text

        return sigmoid_text(self)

    def _repr_html_(self) -> str:
        from course_utils.fitting.sigmoid_presentation import sigmoid_html

        return sigmoid_html(self)


def fit_sigmoid(
    x: ArrayLike,
    accuracy: ArrayLike,
    items: ArrayLike,
    *,
    chance: float = 0.0,
    top: float | None = 1.0,
    weights: ArrayLike | None = None,
    runs: ArrayLike | None = None,
    n: int = 1000,
    seed: int = 0,
    level: float = 0.9,
) -> SigmoidFit:
    r"""Fit accuracy against a size, a compute or a loss by a sigmoid, with the likelihood of right and wrong answers.

    .. math:: a(x) = c + \frac{t - c}{1 + (x / x_{1/2})^{-k}}, \qquad
       \max \sum_i n_i \big[y_i \ln a(x_i) + (1 - y_i) \ln (1 - a(x_i))\big]

    A zero of 20 items is weak evidence here and a zero of 2,000 strong, as it should be; least squares of accuracies
    would count both alike, and the logarithm of a zero cannot be fitted at all.

    Where it is honest: inside the runs, with runs on both sides of the rise. Before the rise a sigmoid, a power of a
    smooth rise (p**L) and a step look the same, so that the part that is not yet seen cannot be foretold from it.

    Parameters
    ----------
    x : array of shape (n_runs,), parameters, tokens, FLOPs or a loss; positive
    accuracy : array of shape (n_runs,), share of right answers, 0 to 1
    items : test items behind each accuracy: array of shape (n_runs,), or one number for all
    chance : accuracy of guessing, the floor
    top : accuracy at the ceiling, held; None fits it
    weights : array of shape (n_runs,), multiplies each run's share of the likelihood; 0 leaves it out
    runs : array of shape (n_runs,), labels; rows of one label are drawn together in the resamples
    n, seed : resamples of runs, for the intervals. Runs, not items: seeds that learn at different times scatter more
        than items do
    level : coverage of the intervals; with three seeds at each of nine sizes the 90 per cent intervals held the truth
        83 (x_half) and 88 (slope) times in 100, in 200 simulated sets

    Returns
    -------
    SigmoidFit

    Raises
    ------
    ValueError
        If a value is bad, lengths differ, there are fewer runs or distinct x than constants, chance is not below top,
        or the accuracies show no rise at all.

    Warns
    -----
    FitWarning
        Where runs lie on one side of the rise only, where the rise is a step between two neighbouring x, and where the
        runs scatter more than test items explain.

    Source
    ------
    Binomial regression with a floor: Finney 1971, Probit Analysis, chapter 7 (natural mortality); McCullagh and Nelder
    1989, Generalized Linear Models, section 4.5 (overdispersion).

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import sigmoid_accuracy
    >>> size = np.geomspace(1e4, 1e8, 9)
    >>> right = sigmoid_accuracy(size, x_half=1e6, slope=1.5)
    >>> fit = fit_sigmoid(size, right, 1000)
    >>> round(fit["x_half"]), round(fit["slope"], 3)
    (1000000, 1.5)
    """
    inputs = validation.positive_column(x, "x")
    y = _shares(accuracy)
    n_items = np.broadcast_to(validation.numeric(items, "items"), inputs.shape) if np.ndim(items) == 0 else items
    n_items = validation.positive_column(n_items, "items")
    n_runs = validation.same_length(x=inputs, accuracy=y, items=n_items)
    w = validation.weight_column(weights, n_runs)
    level = validation.probability(level)
    if n < 2:
        raise ValueError(f"n must be 2 resamples or more, not {n!r}")
    highest = 1.0 if top is None else float(top)
    if not 0 <= chance < highest <= 1:
        raise ValueError(f"chance is {chance!r} and top {top!r}; give 0 <= chance < top <= 1.")
    names = np.arange(n_runs) if runs is None else validation.labels(runs, "runs", n_runs)
    labels = np.unique(names, return_inverse=True)[1]
    used = w > 0
    n_params = 3 if top is None else 2
    validation.enough_points(int(used.sum()), n_params, "a sigmoid")
    validation.several_sizes(inputs, w, "x")
    if len(np.unique(inputs[used])) < n_params:
        raise ValueError(f"x: {n_params} constants need {n_params} distinct x; add runs of other sizes.")
    _refuse_flat(y[used], (w * n_items)[used])
    held = None if top is None else highest
    problem = sigmoid_solver.Problem.of(inputs, y, n_items, w, chance=float(chance), top=held)
    theta, settled = problem.solve(w[None])
    drawn = problem.resample(w, labels, n, seed)
    samples = MappingProxyType(problem.unpack(drawn))
    values = {name: float(column[0]) for name, column in problem.unpack(theta).items()}
    params = {name: _estimate(values[name], samples[name], level) for name in values}
    if problem.is_step(theta)[0]:
        low, high = params["slope"].interval
        open_end = (low, np.inf) if values["slope"] > 0 else (-np.inf, high)
        params["slope"] = Estimate(values["slope"], interval=open_end, at_bound=True)
        params["x_half"] = replace(params["x_half"], standard_error=None)
    fit = SigmoidFit(
        params=MappingProxyType(params),
        chance=float(chance),
        deviance=float(problem.deviance(theta, w[None])[0]),
        dispersion=problem.dispersion(theta[0], w, n_params),
        n_points=int(used.sum()),
        converged=bool(settled[0]),
        level=level,
        samples=samples,
        warnings=(),
        data=MappingProxyType({"x": inputs, "accuracy": y, "items": n_items, "weights": w}),
        _fixed_top=highest,
    )
    for column in fit.data.values():
        column.setflags(write=False)
    notes = _notes(fit, used)
    for note in notes:
        python_warnings.warn(note, stacklevel=2)
    return replace(fit, warnings=notes)


def _shares(accuracy: ArrayLike) -> Array:
    y = validation.numeric(accuracy, "accuracy")
    if y.ndim != 1:
        raise ValueError(f"accuracy must be one-dimensional, one entry a run; its shape is {y.shape}. Use .ravel().")
    bad = ~((y >= 0) & (y <= 1))
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(f"accuracy: row {row} is {y[row]!r}; give shares from 0 to 1 (0.3 for 30%), and no NaN.")
    return y


def _refuse_flat(y: Array, items: Array) -> None:
    """Refuse accuracies that one constant explains as well as any curve could: nothing rises."""
    mean = float((items * y).sum() / items.sum())
    spread = mean * (1 - mean)
    if spread == 0 or (items * (y - mean) ** 2).sum() / spread <= len(y) - 1:
        raise ValueError(
            f"accuracy: no rise to fit; {mean:.3g} for all runs explains them within the noise of their test items. "
            "Add larger runs, or more test items."
        )


def _estimate(value: float, drawn: Array, level: float) -> Estimate:
    low, high = (float(q) for q in np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return Estimate(value, float(drawn.std(ddof=1)), (low, high))


def _notes(fit: SigmoidFit, used: np.ndarray) -> tuple[FitWarning, ...]:
    """Say what these runs leave open."""
    share = (fit.predict() - fit.chance) / (fit["top"] - fit.chance)
    x = fit.data["x"][used]
    notes = []
    if not (share[used] < _NEAR).any() or not (share[used] > _FAR).any():
        side = "below" if not (share[used] < _NEAR).any() else "above"
        notes.append(
            FitWarning(
                f"rise_unseen_{side}",
                f"no run lies {side} the rise, so x_half and slope hang on the form of the curve. Add runs on that "
                "side, or do not quote them.",
                ("x_half", "slope"),
            )
        )
    elif fit.params["slope"].at_bound:
        notes.append(
            FitWarning(
                "rise_is_a_step",
                f"the accuracy rises between two neighbouring x of {len(np.unique(x))}: slope is only bounded from "
                "below and x_half lies anywhere between the two. Add sizes between them.",
                ("slope", "x_half"),
            )
        )
    if fit.dispersion is not None and fit.dispersion > _SCATTERED:
        notes.append(
            FitWarning(
                "scatter_beyond_items",
                f"the runs scatter {fit.dispersion:.3g} times as much as their test items explain (1 is all of it): "
                "seeds differ, or the curve has another form. More items will not narrow the intervals; more runs "
                "will.",
                (f"{fit.dispersion:.3g}",),
            )
        )
    return tuple(notes)
