"""The shape of the law of repeated data, with exact derivatives, for many fits at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting.families import Array, Points, State
from course_utils.fitting.jets import Jet

NAMES = ("A", "B", "alpha", "beta", "E", "R_D", "R_N")
MOST_DECAY = 1e3  # of q = 1 / R*: repeats are then worth nothing at all

_CACHED = 4_000  # numbers of one jet's value that are worked on together
_SMALL = 0.05  # below it, decay by its series
_ORDER = 8


def decay(z: Array) -> tuple[Array, Array, Array]:
    r"""Compute :math:`\varphi(z) = (1 - e^{-z}) / z` and its first two derivatives, also at and near z = 0.

    With it :math:`R^*(1 - e^{-R/R^*}) = R\,\varphi(R/R^*)`.
    """
    safe = np.maximum(z, _SMALL)
    e = np.exp(-safe)
    value, slope = -np.expm1(-safe) / safe, (e * (1.0 + safe) - 1.0) / safe**2
    bend = (2.0 - e * (safe**2 + 2.0 * safe + 2.0)) / safe**3
    near = np.minimum(z, _SMALL)
    series = [np.zeros_like(near) for _ in range(3)]
    term = np.ones_like(near)  # (-z)**k / k!
    for k in range(_ORDER):
        for order, out in enumerate(series):
            out += term * (-1.0) ** order / (k + order + 1)
        term = term * -near / (k + 1)
    small = z < _SMALL
    return tuple(np.where(small, s, f) for s, f in zip(series, (value, slope, bend), strict=True))


class RepeatedFamily:
    r"""Describe the law of repeated data in centred coordinates.

    .. math:: \ln L = \ln\left(A e^{-\alpha n'} + B e^{-\beta d'} + E\right), \qquad
       d' = x_U + \ln\left(1 + R\,\varphi(q_D R)\right)

    and likewise n' from the size that fits the distinct text,
    :math:`u = (\ln(\alpha A / \beta B) + \beta x_U) / \alpha`. Coordinates: all of
    ``(A, B, alpha, beta, E, q_D, q_N)`` with q = 1 / R*, so that "as good as fresh" is q = 0; or, with a base given,
    the last two. Inputs are ln N and ln U_D, centred, and R = D / U_D - 1. With `no_excess` no model is too large for
    its text, so that q_N acts on nothing and stays at 0.
    """

    def __init__(self, base: Array | None = None, *, no_excess: bool = False) -> None:
        self.base = base
        self.no_excess = no_excess
        self.n_params = 7 if base is None else 2

    def full(self, theta: Array) -> Array:
        """Return all seven coordinates, shape (n_fits, 7)."""
        if self.base is None:
            return theta
        return np.concatenate([np.broadcast_to(self.base, (len(theta), 5)), theta], axis=1)

    @np.errstate(all="ignore")
    def log_loss(self, theta: Array, points: Points) -> Array:
        """Compute the centred log loss, shape (n_fits, n_runs)."""
        a, b, alpha, beta, floor, q_d, q_n = (self.full(theta)[:, i, None] for i in range(7))
        x, x_u, repeats = points.x
        u = (np.log(alpha * a) - np.log(beta * b) + beta * x_u) / alpha
        excess = np.maximum(np.expm1(x - u), 0.0)
        size = np.where(x > u, u + np.log1p(excess * decay(q_n * excess)[0]), x)
        data = x_u + np.log1p(repeats * decay(q_d * repeats)[0])
        return np.log(a * np.exp(-alpha * size) + b * np.exp(-beta * data) + floor)

    @np.errstate(all="ignore")
    def jet(self, theta: Array, points: Points) -> Jet:
        """Compute the centred log loss with its derivatives by the coordinates."""
        full, count = self.full(theta), self.n_params
        held = 7 - count

        def take(i: int) -> Jet:
            column = full[:, i, None]
            return Jet.constant(column, count) if i < held else Jet.coordinate(column, i - held, count)

        a, b, alpha, beta, floor, q_d, q_n = (take(i) for i in range(7))
        x, x_u, repeats = points.x
        u = ((alpha * a).log() - (beta * b).log() + beta * x_u) * alpha.inverse()
        above = x > u.value
        # Where the size fits the text there is no excess; 0 keeps the unused branch finite.
        fresh = Jet.constant(x, count)
        ratio = ((x - u).where(above, Jet.constant(0.0, count))).exp()
        size = (u + (_worth(ratio - 1.0, q_n) + 1.0).log()).where(above, fresh)
        data = (_worth(Jet.constant(repeats, count), q_d) + 1.0).log() + x_u
        return (a * (-(alpha * size)).exp() + b * (-(beta * data)).exp() + floor).log()

    def jacobian(self, theta: Array, points: Points) -> Array:
        """Compute the derivatives of the log loss, shape (n_fits, n_params, n_runs)."""
        shape = (self.n_params, len(theta), points.y.shape[-1])
        return np.broadcast_to(self.jet(theta, points).first, shape).transpose(1, 0, 2)

    @np.errstate(all="ignore")
    def evaluate(self, theta: Array, points: Points, delta: float) -> State:
        """Compute the objective, its gradient and its exact Hessian."""
        n_fits, p = theta.shape
        state = State(np.empty(n_fits), np.empty((n_fits, p)), np.empty((n_fits, p, p)))
        size = max(1, _CACHED // points.y.shape[-1])
        for first in range(0, n_fits, size):
            rows = slice(first, first + size)
            part = points if n_fits <= size else points.take(rows)
            jet = self.jet(theta[rows], part)
            r = jet.value - part.y
            psi = np.clip(r, -delta, delta)
            slope = psi * part.weights
            inside = (psi == r) * part.weights
            state.value[rows] = (slope * (r - 0.5 * psi)).sum(axis=1)
            state.gradient[rows] = (jet.first * slope).sum(axis=-1).T
            hessian = np.einsum("pbn,qbn->bpq", jet.first * inside, np.broadcast_to(jet.first, (p, *r.shape)))
            state.hessian[rows] = hessian + (jet.second * slope).sum(axis=-1).transpose(2, 0, 1)
        return state

    def idle(self, at_zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Find coordinates that act on nothing: q_N where no model is too large for its text."""
        out = np.zeros_like(at_zero)
        if self.no_excess:
            out[:, -1] = at_zero[:, -1]
        return out

    def excess(self, theta: Array, points: Points) -> NDArray[np.bool_]:
        """Find the runs whose model is too large for its text, shape (n_fits, n_runs)."""
        a, b, alpha, beta = (self.full(theta)[:, i, None] for i in range(4))
        return points.x[0] > (np.log(alpha * a) - np.log(beta * b) + beta * points.x[1]) / alpha


def _worth(repeats: Jet, q: Jet) -> Jet:
    """Compute R phi(q R)."""
    z = q * repeats
    return repeats * z.through(*decay(z.value))
