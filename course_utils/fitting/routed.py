"""Fit the law of routed models over parameters and experts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.fitting import assemble, validation
from course_utils.fitting.families import Array, Points, State
from course_utils.fitting.objectives import Objective
from course_utils.fitting.results import FitResult

_STARTS = 12
_REACHES = 12  # of the starting grid, in each of its two directions
_SHORTEST = 20.0  # most experts of the runs over E_max: a law that saturates sooner is a step from 1 expert to 2


class RoutedFamily:
    r"""Describe Clark's bilinear law in logarithms, with a number of experts that saturates.

    .. math:: \ln L = p_0 + p_1 x + p_2 v + p_3 x v, \qquad
       v = -\ln\left(\frac{1}{E - 1 + e^{k}} + \frac{q}{E_{\text{top}}}\right) - v_0

    Coordinates: ``(p_0, p_1, p_2, p_3, k, q)`` with q = E_top / E_max, so that "never saturates" is q = 0. Inputs are
    x, centred ln N, and E - 1 itself.
    """

    n_params = 6

    def __init__(self, top: float, centre: float) -> None:
        self.top = top
        self.centre = centre

    def effective(self, k: Array, q: Array, extra: Array) -> Array:
        """Compute v, the centred logarithm of the effective number of experts, from E - 1."""
        return -np.log(1.0 / (extra + np.exp(k)) + q / self.top) - self.centre

    @np.errstate(all="ignore")
    def log_loss(self, theta: Array, points: Points) -> Array:
        """Compute the centred log loss, shape (n_fits, n_runs)."""
        p0, p1, p2, p3, k, q = (theta[:, i, None] for i in range(6))
        x, v = points.x[0], self.effective(k, q, points.x[1])
        return p0 + p1 * x + (p2 + p3 * x) * v

    def _bends(self, theta: Array, points: Points) -> tuple[Array, ...]:
        """Return v and its derivatives in k and q: v, v_k, v_q, v_kk, v_kq, v_qq."""
        k, q = theta[:, 4, None], theta[:, 5, None]
        start = np.exp(k)
        near = 1.0 / (points.x[1] + start)
        h = near + q / self.top
        h_k, h_q = -start * near**2, 1.0 / self.top
        h_kk = h_k + 2.0 * start**2 * near**3
        v_k, v_q = -h_k / h, -h_q / h
        return -np.log(h) - self.centre, v_k, v_q, v_k**2 - h_kk / h, v_k * v_q, v_q**2

    @np.errstate(all="ignore")
    def jacobian(self, theta: Array, points: Points) -> Array:
        """Compute the derivatives of the log loss, shape (n_fits, n_params, n_runs)."""
        return self._jacobian(theta, points, self._bends(theta, points))

    def _jacobian(self, theta: Array, points: Points, bends: tuple[Array, ...]) -> Array:
        v, v_k, v_q = bends[:3]
        x = np.broadcast_to(points.x[0], v.shape)
        pull = theta[:, 2, None] + theta[:, 3, None] * x
        return np.stack([np.ones_like(v), x, v, x * v, pull * v_k, pull * v_q], axis=1)

    @np.errstate(all="ignore")
    def evaluate(self, theta: Array, points: Points, delta: float) -> State:
        """Compute the objective, its gradient and its exact Hessian."""
        bends = self._bends(theta, points)
        jacobian = self._jacobian(theta, points, bends)
        x = points.x[0]
        pull = theta[:, 2, None] + theta[:, 3, None] * x
        r = theta[:, 0, None] + theta[:, 1, None] * x + pull * bends[0] - points.y
        psi = np.clip(r, -delta, delta)
        slope = psi * points.weights
        value = np.einsum("bn,bn->b", slope, r - 0.5 * psi)
        gradient = np.matmul(jacobian, slope[:, :, None])[:, :, 0]
        hessian = np.matmul(jacobian * ((psi == r) * points.weights)[:, None, :], jacobian.transpose(0, 2, 1))
        for i, factor in ((2, 1.0), (3, x)):
            for j, first in ((4, bends[1]), (5, bends[2])):
                cross = (slope * factor * first).sum(axis=1)
                hessian[:, i, j] += cross
                hessian[:, j, i] += cross
        for i, j, second in ((4, 4, bends[3]), (4, 5, bends[4]), (5, 5, bends[5])):
            bent = (slope * pull * second).sum(axis=1)
            hessian[:, i, j] += bent
            if i != j:
                hessian[:, j, i] += bent
        return State(value, gradient, hessian)

    def idle(self, at_zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Find coordinates that act on nothing because another is at its bound: there are none."""
        return np.zeros_like(at_zero)


@dataclass(frozen=True)
class _Centre:
    """Map between the law's constants and the solver's centred coordinates."""

    n: float
    v: float
    y: float
    top: float

    def unpack(self, theta: Array) -> dict[str, Array]:
        p0, p1, p2, p3, k, q = theta.T
        with np.errstate(divide="ignore"):
            most = self.top / q
        ten = np.log(10.0)
        return {
            "a": p1 - p3 * self.v,
            "b": p2 - p3 * self.n,
            "c": p3 * ten,
            "d": (self.y + p0 - p1 * self.n - p2 * self.v + p3 * self.n * self.v) / ten,
            "E_start": 1.0 / (np.exp(-k) + q / self.top),
            "E_max": most,
        }


def fit_routed(
    params: ArrayLike,
    experts: ArrayLike,
    loss: ArrayLike,
    *,
    objective: str = "squared",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    n_starts: int = _STARTS,
) -> FitResult:
    r"""Fit the law of routed models: a power of size, a power of experts, and their product in the logarithm.

    .. math:: \log_{10} L = a \log_{10} N + b \log_{10} \hat E + c \log_{10} N \log_{10} \hat E + d

    with :math:`\hat E` the number of experts that saturates, see `laws.effective_experts`. For every shape of
    saturation the other four constants are a linear problem, which gives the starts.

    Parameters
    ----------
    params : array of shape (n_runs,), parameters N of the dense model that one token sees
    experts : array of shape (n_runs,), experts E a routed layer has; 1 for a dense model
    loss : array of shape (n_runs,), nats per token
    objective : "squared" (default, as in the paper), "huber" or "lad", of the residual of log loss, summed over runs
    delta : residual at which Huber's loss turns from squared to absolute
    weights : array of shape (n_runs,), multiplies each run's share of the objective; 0 leaves it out
    n_starts : shapes of saturation, of a 12 x 12 grid, from which the solver starts

    Returns
    -------
    FitResult
        With params a, b, c, d, E_start, E_max; E_max is infinite where these runs show no saturation.

    Raises
    ------
    ValueError
        If a value is missing, not positive or not finite, an experts is below 1, lengths differ, there are fewer runs
        than six, or all runs have one size or one number of experts.

    Warns
    -----
    FitWarning
        If parameters cannot be told apart, or one lies at a bound.

    Source
    ------
    Clark et al. 2022 (arXiv 2202.01169), section 4; solved here by variable projection and damped Newton.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import CONSTANTS, routed_loss
    >>> n, e = (a.ravel() for a in np.meshgrid(np.geomspace(1e7, 1e9, 5), 2.0 ** np.arange(10)))
    >>> fit = fit_routed(n, e, routed_loss(n, e, **CONSTANTS["clark_rl_r"].values))
    >>> {name: round(value, 3) for name, value in fit.values.items()}
    {'a': -0.083, 'b': -0.126, 'c': 0.012, 'd': 1.111, 'E_start': 1.88, 'E_max': 469.982}
    """
    goal = Objective.of(objective, delta)
    n = validation.positive_column(params, "params")
    e = validation.positive_column(experts, "experts")
    y = validation.positive_column(loss, "loss")
    w = validation.weight_column(weights, validation.same_length(params=n, experts=e, loss=y))
    if (e < 1).any():
        row = int(np.flatnonzero(e < 1)[0])
        raise ValueError(f"experts: row {row} is {e[row]:g}; a dense model has 1 expert, a routed one more.")
    used = w > 0
    validation.enough_points(int(used.sum()), 6, "a law of params and experts")
    validation.several_sizes(n, w, "params")
    validation.several_sizes(e, w, "experts")
    log_n, log_y, top = np.log(n), np.log(y), float(e[used].max())
    centre = _Centre(float(log_n[used].mean()), float(np.log(e[used]).mean()), float(log_y[used].mean()), top)
    family = RoutedFamily(top, centre.v)
    points = Points(
        (np.where(used, log_n - centre.n, 0.0), np.where(used, e - 1.0, 0.0)), np.where(used, log_y - centre.y, 0.0), w
    )
    free = np.full(4, np.inf)
    return assemble.solve(
        "routed",
        family=family,
        points=points,
        goal=goal,
        lower=np.array([*-free, 0.0, 0.0]),
        upper=np.array([*free, np.log(10.0 * top), _SHORTEST]),
        unpack=centre.unpack,
        starts=partial(_starts, family=family),
        n_starts=n_starts,
        names=("d", "a", "b", "c", "E_start", "E_max"),
        data={"params": n, "experts": e, "loss": y, "weights": w},
    )


def _starts(points: Points, count: int, *, family: RoutedFamily) -> Array:
    """Solve the linear problem for a grid of saturations and keep the best: shape (n_fits, count, 6)."""
    k = np.linspace(0.05, np.log(min(family.top, 64.0)), _REACHES)
    q = np.concatenate([[0.0], np.geomspace(0.02, 10.0, _REACHES - 1)])
    k, q = (grid.ravel() for grid in np.meshgrid(k, q))
    weights = np.atleast_2d(points.weights)
    shape = (len(weights), *np.shape(points.y)[-1:])
    x, extra, y = (np.broadcast_to(column, shape) for column in (*points.x, points.y))
    out = np.empty((len(weights), count, 6))
    for i in range(len(weights)):
        v = family.effective(k[:, None], q[:, None], extra[i])
        basis = np.stack([np.ones_like(v), np.broadcast_to(x[i], v.shape), v, x[i] * v], axis=2)
        root = np.sqrt(weights[i])[:, None]
        flat = np.linalg.pinv(basis * root) @ (root[:, 0] * y[i])
        left = np.einsum("cnj,cj->cn", basis, flat) - y[i]
        best = np.argsort((weights[i] * left**2).sum(axis=1), kind="stable")[:count]
        chosen = np.concatenate([flat, k[:, None], q[:, None]], axis=1)[best]
        out[i] = chosen[np.arange(count) % len(chosen)]
    return out
