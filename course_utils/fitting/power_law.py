"""Fit the law of one quantity, once or a thousand times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import assemble, starts, validation
from course_utils.fitting.families import AdditiveFamily, Array, Points
from course_utils.fitting.newton import Engine, Minimum
from course_utils.fitting.objectives import Objective
from course_utils.fitting.results import FitResult

_STARTS = 4


@dataclass(frozen=True)
class _Centre:
    """Map between the law's constants and the solver's centred coordinates."""

    x: float
    y: float
    floor: bool

    def unpack(self, theta: Array) -> dict[str, Array]:
        amplitude, alpha = theta[:, 0], theta[:, 1]
        out = {"A": amplitude * np.exp(self.y + alpha * self.x), "alpha": alpha}
        return {"E": theta[:, 2] * np.exp(self.y), **out} if self.floor else out


def _bounds(steepest: float, floor: bool) -> tuple[Array, Array]:
    """Bound the amplitudes below by zero; the exponent too where a floor could mimic a rising loss."""
    if floor:
        return np.array([0.0, 0.0, 0.0]), np.array([np.inf, steepest, np.inf])
    return np.array([0.0, -steepest]), np.array([np.inf, steepest])


def fit_power_law(
    x: ArrayLike,
    loss: ArrayLike,
    *,
    floor: bool = True,
    objective: str = "huber",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
) -> FitResult:
    r"""Fit a power law of one quantity, with a floor or without.

    .. math:: L(x) = E + A\,x^{-\alpha}, \qquad A, E, \alpha \ge 0

    Without a floor the exponent may have either sign, so that the function also serves for N_opt(C).

    Parameters
    ----------
    x : array of shape (n_runs,), parameters, tokens or FLOPs (counts)
    loss : array of shape (n_runs,), nats per token
    floor : fit E; False holds it at 0
    objective : "huber" (default), "lad" or "squared", of the residual of log loss, summed over runs
    delta : residual at which Huber's loss turns from squared to absolute
    weights : array of shape (n_runs,), multiplies each run's share of the objective; 0 leaves it out

    Returns
    -------
    FitResult
        With params E (when floor), A, alpha.

    Raises
    ------
    ValueError
        If a value is missing, not positive or not finite, lengths differ, there are fewer runs than parameters, or all
        x are equal.

    Warns
    -----
    FitWarning
        If parameters cannot be told apart, or one lies at a bound.

    Source
    ------
    Henighan et al. 2020 (arXiv 2010.14701); Huber loss on log loss after Hoffmann et al. 2022
    (arXiv 2203.15556), eq. 3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.geomspace(1e6, 1e9, 8)
    >>> fit = fit_power_law(x, 1.7 + 50 * x**-0.25)
    >>> {name: round(value, 4) for name, value in fit.values.items()}
    {'E': 1.7, 'A': 50.0, 'alpha': 0.25}
    """
    goal = Objective.of(objective, delta)
    x, loss = validation.positive_column(x, "x"), validation.positive_column(loss, "loss")
    n_runs = validation.same_length(x=x, loss=loss)
    w = validation.weight_column(weights, n_runs)
    used = w > 0
    n_used = int(used.sum())
    validation.enough_points(n_used, 3 if floor else 2, "a power law with a floor" if floor else "a power law")
    validation.several_sizes(x, w, "x")

    log_x, log_y = np.log(x), np.log(loss)
    centre = _Centre(float(log_x[used].mean()), float(log_y[used].mean()), floor)
    steepest = assemble.steepest_exponent(log_x[used])
    lower, upper = _bounds(steepest, floor)
    return assemble.solve(
        "power_law",
        family=AdditiveFamily(1, floor=floor),
        points=Points((np.where(used, log_x - centre.x, 0.0),), np.where(used, log_y - centre.y, 0.0), w),
        goal=goal,
        lower=lower,
        upper=upper,
        unpack=centre.unpack,
        starts=partial(_starts, floor=floor, delta=assemble.ranking_delta(goal), upper=steepest),
        n_starts=_STARTS,
        names=("A", "alpha", "E") if floor else ("A", "alpha"),
        data={"x": x, "loss": loss, "weights": w},
    )


def _starts(points: Points, count: int, *, floor: bool, delta: float, upper: float) -> Array:
    return starts.one_term(points, floor=floor, delta=delta, upper=upper, count=count)


@dataclass(frozen=True, eq=False)
class PowerLawBatch:
    """Hold many fitted power laws: arrays of shape (n_laws,), with E zero where no floor was fitted."""

    E: Array
    A: Array
    alpha: Array
    objective_value: Array
    converged: Array

    def __len__(self) -> int:
        return len(self.A)

    def predict(self, x: ArrayLike) -> Array:
        """Compute every law at x, of shape (n_x,) or (n_laws, n_x): array of shape (n_laws, n_x).

        Examples
        --------
        >>> import numpy as np
        >>> x = np.geomspace(1e6, 1e9, 8)
        >>> laws = fit_power_laws(x, [2 + x**-0.1, 2 + 3 * x**-0.2])
        >>> laws.predict([1e10]).round(3)
        array([[2.1 ],
               [2.03]])
        """
        return self.E[:, None] + self.A[:, None] * np.asarray(x, dtype=np.float64) ** -self.alpha[:, None]


def fit_power_laws(
    x: ArrayLike,
    loss: ArrayLike,
    *,
    floor: bool = True,
    objective: str = "huber",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    block: int | None = None,
    engine: Engine = "numpy",
) -> PowerLawBatch:
    r"""Fit many power laws at once: families of models, resamples, subsets of runs.

    .. math:: L_i(x) = E_i + A_i\,x^{-\alpha_i}

    Each law has its own global search; laws that share runs and differ in `weights` are resamples or subsets.

    Parameters
    ----------
    x : array of shape (n_runs,) or (n_laws, n_runs)
    loss : array of shape (n_runs,) or (n_laws, n_runs), nats per token
    floor, objective, delta : as in `fit_power_law`
    weights : array of shape (n_laws, n_runs), 0 leaves a run out; ones when None. At least one of x, loss and weights
        has two dimensions
    block : laws solved together; memory is proportional to it, the result does not depend on it. None takes as many as
        make some tens of megabytes
    engine : "numpy", or "numba" for compiled code, as in `bootstrap`

    Returns
    -------
    PowerLawBatch

    Raises
    ------
    ValueError
        If a value is bad, shapes do not agree, or a law has fewer distinct sizes of positive weight than parameters.

    Source
    ------
    As `fit_power_law`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.geomspace(1e6, 1e9, 8)
    >>> fit_power_laws(x, [1 + x**-0.1, 2 + 3 * x**-0.2]).alpha.round(3)
    array([0.1, 0.2])
    """
    goal = Objective.of(objective, delta)
    validation.engine(engine, "power_law")
    x, loss, w, n_laws = _stack(x, loss, weights)
    log_x, log_y = np.log(x), np.log(loss)
    needed = 3 if floor else 2
    outside = np.where(w > 0, log_x, np.nan)
    distinct = _distinct(outside)
    if (distinct < needed).any():
        row = int(np.flatnonzero(distinct < needed)[0])
        raise ValueError(
            f"x: law {row} has {int(distinct[row])} distinct sizes of positive weight and {needed} parameters; "
            "give it more sizes or leave it out."
        )
    total = w.sum(axis=1)
    mean_x = (w * log_x).sum(axis=1, keepdims=True) / total[:, None]
    mean_y = (w * log_y).sum(axis=1, keepdims=True) / total[:, None]
    span = float((np.nanmax(outside, axis=1) - np.nanmin(outside, axis=1)).max())
    steepest = min(60.0 / span, 400.0 / max(float(np.abs(log_x).max()), 1.0))
    lower, upper = _bounds(steepest, floor)
    family = AdditiveFamily(1, floor=floor)
    theta = np.empty((n_laws, family.n_params))
    value = np.empty(n_laws)
    converged = np.empty(n_laws, dtype=bool)
    block = max(16, min(512, 20_000 // x.shape[1])) if block is None else block
    for first in range(0, n_laws, block):
        part = slice(first, min(first + block, n_laws))
        size = part.stop - part.start
        used = w[part] > 0
        points = Points(
            (np.where(used, np.broadcast_to(log_x, w.shape)[part] - mean_x[part], 0.0),),
            np.where(used, np.broadcast_to(log_y, w.shape)[part] - mean_y[part], 0.0),
            w[part],
        )
        start = starts.one_term(points, floor=floor, delta=assemble.ranking_delta(goal), upper=steepest, count=3)
        count = start.shape[1]
        theta_0 = start.reshape(-1, family.n_params)
        minimum = goal.solve(family, points.repeat(count), theta_0, lower=lower, upper=upper, engine=engine)
        best = _best_of(minimum, count)
        rows = np.arange(size) * count + best
        theta[part], converged[part] = minimum.theta[rows], minimum.settled[rows]
        value[part] = goal.total(family.log_loss(theta[part], points) - points.y, points.weights)
    scale = np.exp(mean_y[:, 0])
    return PowerLawBatch(
        theta[:, 2] * scale if floor else np.zeros(n_laws),
        theta[:, 0] * scale * np.exp(theta[:, 1] * mean_x[:, 0]),
        theta[:, 1],
        value,
        converged,
    )


def _best_of(minimum: Minimum, count: int) -> np.ndarray:
    return np.argmin(minimum.value.reshape(-1, count), axis=1)


def _distinct(values: Array) -> Array:
    ordered = np.sort(values, axis=1)
    with np.errstate(invalid="ignore"):
        return (np.diff(ordered, axis=1) > 1e-9).sum(axis=1) + 1


def _stack(x: ArrayLike, loss: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array, Array, int]:
    """Check the columns of many laws and give them two dimensions; x and loss may keep a first dimension of 1."""
    columns = []
    for name, values in (("x", x), ("loss", loss)):
        array = validation.numeric(values, name)
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} must have shape (n_runs,) or (n_laws, n_runs); its shape is {array.shape}.")
        flat = validation.positive_column(array.ravel(), name)
        columns.append(flat.reshape(array.shape) if array.ndim == 2 else flat[None])
    x2, y2 = columns
    n_runs = x2.shape[1]
    w2 = np.ones((1, n_runs)) if weights is None else np.atleast_2d(validation.numeric(weights, "weights"))
    n_laws = max(len(x2), len(y2), len(w2))
    for name, array in (("x", x2), ("loss", y2), ("weights", w2)):
        if array.shape[1] != n_runs or len(array) not in (1, n_laws):
            raise ValueError(
                f"{name} has shape {array.shape} where ({n_laws}, {n_runs}) or ({n_runs},) is needed: "
                "one row a law, one column a run."
            )
    bad = ~((w2 >= 0) & (w2 <= 1e12))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"weights: law {row}, row {column} is {w2[row, column]!r}; give 0 (leave out) to 1e12.")
    return x2, y2, np.ascontiguousarray(np.broadcast_to(w2, (n_laws, n_runs))), n_laws
