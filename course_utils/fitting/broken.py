"""Fit a power law that bends, and say when the runs show no bend or only one side of it."""

from __future__ import annotations

import warnings as python_warnings
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.fitting import assemble, validation
from course_utils.fitting.families import Array, Points, State
from course_utils.fitting.objectives import Objective
from course_utils.fitting.power_law import fit_power_law
from course_utils.fitting.results import FitResult, FitWarning

_STARTS = 12
_ONE_SIDE = 3  # distinct sizes that an exponent of its own asks for, on either side of the break
_NAMES = ("A", "alpha", "bend", "x_break", "width", "E")


class BrokenFamily:
    r"""Describe a smoothly broken power law, with or without a floor.

    .. math:: \ln L = \ln\left(A e^{-\alpha x - b s(x)} + E\right), \qquad s(x) = w \ln\left(1 + e^{(x - d) / w}\right)

    Coordinates: ``(A, alpha, b, d, w[, E])``, in units of the mean loss, x the centred logarithm of the size.
    """

    def __init__(self, *, floor: bool) -> None:
        self.with_floor = floor
        self.n_params = 5 + floor

    def _parts(self, theta: Array, points: Points) -> tuple[Array, ...]:
        """Return the falling part T at unit amplitude, s, and the share of the way past the break with its slope."""
        alpha, bend, d, w = (theta[:, i, None] for i in range(1, 5))
        x = points.x[0]
        far = (x - d) / w
        s = w * np.logaddexp(0.0, far)
        past = 0.5 * (1.0 + np.tanh(0.5 * far))
        return np.exp(-alpha * x - bend * s), s, past, far

    @np.errstate(all="ignore")
    def log_loss(self, theta: Array, points: Points) -> Array:
        """Compute the centred log loss, shape (n_fits, n_runs)."""
        total = theta[:, :1] * self._parts(theta, points)[0]
        return np.log(total + theta[:, 5:6]) if self.with_floor else np.log(total)

    @np.errstate(all="ignore")
    def jacobian(self, theta: Array, points: Points) -> Array:
        """Compute the derivatives of the log loss, shape (n_fits, n_params, n_runs)."""
        return self._derivatives(theta, points)[0]

    def _derivatives(self, theta: Array, points: Points) -> tuple[Array, Array, Array]:
        """Return the derivatives of the log loss, those of its falling part's exponent, and that part's share."""
        amplitude, bend, w = theta[:, :1], theta[:, 2:3], theta[:, 4:5]
        unit, s, past, far = self._parts(theta, points)
        total = amplitude * unit + (theta[:, 5:6] if self.with_floor else 0.0)
        share = amplitude * unit / total
        inner = np.stack(
            [np.broadcast_to(-points.x[0], s.shape), -s, bend * past, -bend * (s / w - far * past)], axis=1
        )  # of the exponent, in alpha, b, d, w
        columns = [unit / total, *(share * inner[:, i] for i in range(4))]
        if self.with_floor:
            columns.append(1.0 / total)
        return np.stack(columns, axis=1), inner, share

    @np.errstate(all="ignore")
    def evaluate(self, theta: Array, points: Points, delta: float) -> State:
        """Compute the objective, its gradient and its exact Hessian.

        With T the falling part and g its exponent, L_ij = T (g_ij + g_i g_j), and ln L has the second derivative
        L_ij / L - (ln L)_i (ln L)_j.
        """
        jacobian, inner, share = self._derivatives(theta, points)
        bend, w = theta[:, 2, None], theta[:, 4, None]
        _, s, past, far = self._parts(theta, points)
        r = self.log_loss(theta, points) - points.y
        psi = np.clip(r, -delta, delta)
        slope = psi * points.weights
        value = np.einsum("bn,bn->b", slope, r - 0.5 * psi)
        gradient = np.matmul(jacobian, slope[:, :, None])[:, :, 0]
        curvature = (psi == r) * points.weights - slope
        hessian = np.matmul(jacobian * curvature[:, None, :], jacobian.transpose(0, 2, 1))
        pulled = slope * share
        hessian[:, 1:5, 1:5] += np.matmul(inner * pulled[:, None, :], inner.transpose(0, 2, 1))
        cross = np.matmul(inner, (slope * jacobian[:, 0])[:, :, None])[:, :, 0]
        hessian[:, 0, 1:5] += cross
        hessian[:, 1:5, 0] += cross
        turn = past * (1 - past) / w
        for i, j, second in (
            (2, 3, past), (2, 4, far * past - s / w), (3, 3, -bend * turn), (3, 4, -bend * far * turn),
            (4, 4, -bend * far * far * turn),
        ):  # fmt: skip
            bent = (pulled * second).sum(axis=1)
            hessian[:, i, j] += bent
            if i != j:
                hessian[:, j, i] += bent
        return State(value, gradient, hessian)

    def idle(self, at_zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Find what acts on nothing once the falling part stays at zero."""
        out = np.zeros_like(at_zero)
        out[:, 1:5] = at_zero[:, :1]
        return out


@dataclass(frozen=True)
class _Centre:
    """Map between the law's constants and the solver's centred coordinates."""

    x: float
    y: float
    floor: bool

    def unpack(self, theta: Array) -> dict[str, Array]:
        amplitude, alpha, bend, d, w = theta.T[:5]
        constants = {
            "A": amplitude * np.exp(self.y + alpha * self.x),
            "alpha": alpha,
            "bend": bend,
            "x_break": np.exp(d + self.x),
            "width": w,
        }
        if self.floor:
            constants["E"] = theta[:, 5] * np.exp(self.y)
        return constants


def fit_broken_power_law(
    x: ArrayLike,
    loss: ArrayLike,
    *,
    floor: bool = True,
    objective: str = "squared",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    n_starts: int = _STARTS,
) -> FitResult:
    r"""Fit a power law that bends once into another.

    .. math:: L(x) = E + A\,x^{-\alpha} \left(1 + (x / x_b)^{1/w}\right)^{-b w}

    Three constants more than a power law bend round almost anything, so the fit says when they are not earned: where a
    plain power law explains the runs about as well, and where fewer than three sizes lie on one side of the break.
    A break beyond the runs cannot be fitted: that a curve will bend is not written in the part before the bend.

    Parameters
    ----------
    x : array of shape (n_runs,), parameters, tokens or FLOPs; a count
    loss : array of shape (n_runs,), nats per token, or any positive error
    floor : whether a floor E is fitted
    objective : "squared" (default), "huber" or "lad", of the residual of log loss, summed over runs
    delta : residual at which Huber's loss turns from squared to absolute
    weights : array of shape (n_runs,), multiplies each run's share of the objective; 0 leaves it out
    n_starts : starts of the solver, the best of a grid of breaks, widths and floors

    Returns
    -------
    FitResult
        With params A, alpha, bend, x_break, width and, with a floor, E.

    Raises
    ------
    ValueError
        If a value is missing, not positive or not finite, lengths differ, or there are fewer runs or distinct sizes
        than constants.

    Warns
    -----
    FitWarning
        Where the runs show no bend, or one side of it only; where parameters cannot be told apart or lie at a bound.

    Source
    ------
    Caballero et al. 2022 (arXiv 2210.14891), equation 1 with one break; solved here by a grid of linear problems and
    damped Newton.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import broken_power_law
    >>> size = np.geomspace(1e3, 1e9, 25)
    >>> truth = {"A": 10.0, "alpha": 0.1, "bend": 0.3, "x_break": 1e6, "width": 0.5}
    >>> fit = fit_broken_power_law(size, broken_power_law(size, **truth), floor=False)
    >>> round(fit["bend"], 4), round(fit["x_break"] / 1e6, 4)
    (0.3, 1.0)
    """
    goal = Objective.of(objective, delta)
    sizes = validation.positive_column(x, "x")
    y = validation.positive_column(loss, "loss")
    w = validation.weight_column(weights, validation.same_length(x=sizes, loss=y))
    used = w > 0
    names = _NAMES if floor else _NAMES[:-1]
    validation.enough_points(int(used.sum()), len(names), "a broken power law")
    distinct = len(np.unique(sizes[used]))
    if distinct < len(names):
        raise ValueError(
            f"x: {len(names)} constants need {len(names)} distinct sizes, and there are {distinct}. Add sizes, or fit "
            "a power law without a bend."
        )
    log_x, log_y = np.log(sizes), np.log(y)
    centre = _Centre(float(log_x[used].mean()), float(log_y[used].mean()), floor)
    column = np.where(used, log_x - centre.x, 0.0)
    points = Points((column,), np.where(used, log_y - centre.y, 0.0), w)
    inside = column[used]
    span = float(np.ptp(inside))
    steepest = assemble.steepest_exponent(inside)
    lower = [0.0, -steepest, -steepest, inside.min(), span / 200, 0.0]
    upper = [np.inf, steepest, steepest, inside.max(), span, np.inf]
    fit = assemble.solve(
        "broken_power_law",
        family=BrokenFamily(floor=floor),
        points=points,
        goal=goal,
        lower=np.array(lower[: len(names)]),
        upper=np.array(upper[: len(names)]),
        unpack=centre.unpack,
        starts=partial(_starts, floor=floor),
        n_starts=n_starts,
        names=names,
        data={"x": sizes, "loss": y, "weights": w},
    )
    notes = _notes(fit)
    for note in notes:
        python_warnings.warn(note, stacklevel=2)
    return replace(fit, warnings=(*notes, *fit.warnings))


def _starts(points: Points, count: int, *, floor: bool) -> Array:
    """Solve ln(L - E) = ln A - alpha x - b s(x) for a grid of breaks, widths and floors; keep the best of each fit."""
    weights = np.atleast_2d(points.weights)
    shape = (len(weights), np.shape(points.y)[-1])
    x, y = (np.broadcast_to(column, shape) for column in (points.x[0], points.y))
    out = np.empty((len(weights), count, 5 + floor))
    for i in range(len(weights)):
        on = weights[i] > 0
        low, high = float(x[i, on].min()), float(x[i, on].max())
        breaks = np.linspace(low, high, 14)[1:-1]
        widths = (high - low) * np.array([0.02, 0.08, 0.25])
        floors = np.array([0.0, 0.5, 0.8, 0.95, 0.99] if floor else [0.0]) * np.exp(y[i, on].min())
        d, w, e = (grid.ravel()[:, None] for grid in np.meshgrid(breaks, widths, floors))
        loss = np.exp(y[i, on])
        above = np.log(loss - e)
        s = w * np.logaddexp(0.0, (x[i, on] - d) / w)
        basis = np.stack([np.ones_like(s), np.broadcast_to(-x[i, on], s.shape), -s], axis=2)
        root = np.sqrt(weights[i, on]) * (loss - e) / loss  # an error of ln(L - E) weighs less in ln L near the floor
        flat = np.linalg.pinv(basis * root[:, :, None]) @ (root * above)[:, :, None]
        left = root * (np.matmul(basis, flat)[:, :, 0] - above)
        best = np.argsort((left**2).sum(axis=1), kind="stable")[:count]
        flat = flat[best, :, 0]
        chosen = np.column_stack([np.exp(flat[:, 0]), flat[:, 1], flat[:, 2], d[best], w[best], e[best]])
        out[i] = chosen[np.arange(count) % len(chosen), : 5 + floor]
    return out


def _notes(fit: FitResult) -> tuple[FitWarning, ...]:
    """Say whether these runs earn a bend, and whether they lie on both sides of it."""
    used = fit.data["weights"] > 0
    sizes = np.unique(fit.data["x"][used])
    below, above = int((sizes < fit["x_break"]).sum()), int((sizes > fit["x_break"]).sum())
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore", FitWarning)
        plain = fit_power_law(
            fit.data["x"], fit.data["loss"], floor="E" in fit.params, objective=fit.objective.name,
            delta=fit.objective.delta if fit.objective.name == "huber" else 1e-3, weights=fit.data["weights"],
        )  # fmt: skip
    runs = fit.n_points
    exact = 1e-18 * runs  # an objective that is rounding alone
    gain = runs * np.log((plain.objective_value + exact) / (fit.objective_value + exact))
    if gain < 3 * np.log(runs):  # three constants more, by the Bayesian information criterion
        return (
            FitWarning(
                "no_bend",
                "a power law without a bend explains these runs about as well: three more constants are not earned. "
                "Use fit_power_law.",
            ),
        )
    if min(below, above) < _ONE_SIDE:
        return (
            FitWarning(
                "bend_one_side",
                f"{below} sizes lie below the break and {above} above: one of the two exponents hangs on fewer than "
                "three. Add sizes on that side, or do not extrapolate.",
                (str(below), str(above)),
            ),
        )
    return ()
