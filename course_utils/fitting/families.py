"""The shapes that can be fitted, with exact first and second derivatives, for many fits at once.

A family maps centred coordinates theta (shape ``(n_fits, n_params)``) to the logarithm of the loss at every run.
Amplitudes are linear and bounded below by zero, so that "no floor" and "no second term" are points of the space and not
its edge at minus infinity. Inputs are centred logarithms, ``x = ln N - mean(ln N)``, so that a term's amplitude and its
exponent can be told apart. A trial step may overflow on hostile data: its value is then infinite or NaN, the solver
refuses it, and so floating-point warnings are off here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CACHED = 20_000  # numbers in an array of which a dozen lie in a processor's second cache together


@dataclass(frozen=True)
class Points:
    """Hold what is fitted: centred log inputs, centred log losses, weights.

    Every array has shape (n_runs,) when all fits share it, or (n_fits, n_runs).
    """

    x: tuple[Array, ...]
    y: Array
    weights: Array

    def take(self, rows: NDArray[np.intp] | slice) -> Points:
        """Select the fits in `rows`; shared arrays stay shared."""

        def pick(array: Array) -> Array:
            return array[rows] if array.ndim == 2 else array

        return Points(tuple(pick(x) for x in self.x), pick(self.y), pick(self.weights))

    def repeat(self, times: int) -> Points:
        """Repeat every fit `times` times in a row, for several starts of each."""

        def again(array: Array) -> Array:
            return np.repeat(array, times, axis=0) if array.ndim == 2 else array

        return Points(tuple(again(x) for x in self.x), again(self.y), again(self.weights))


@dataclass
class State:
    """Hold the objective at theta with its derivatives: value (n,), gradient (n, p), Hessian (n, p, p)."""

    value: Array
    gradient: Array
    hessian: Array


@np.errstate(all="ignore")
def reweighted(family: AdditiveFamily | KaplanFamily, theta: Array, points: Points, delta: float) -> Array:
    """Compute the iteratively reweighted Gauss-Newton matrix, which is never indefinite: shape (n_fits, p, p)."""
    r = np.abs(family.log_loss(theta, points) - points.y)
    jacobian = family.jacobian(theta, points)
    return np.matmul(jacobian * (points.weights * np.minimum(1.0, delta / r))[:, None, :], jacobian.transpose(0, 2, 1))


def _powers(x: Array) -> Array:
    """Return 1, x and x squared along a new last axis."""
    out = np.empty((*x.shape, 3))
    out[..., 0] = 1.0
    out[..., 1] = x
    np.multiply(x, x, out=out[..., 2])
    return out


def _sums(values: Array, basis: Array) -> Array:
    """Sum values (n_fits, n_runs) times every column of a basis, shared or of each fit: shape (n_fits, n_columns)."""
    return values @ basis if basis.ndim == 2 else np.einsum("bn,bnk->bk", values, basis)


class AdditiveFamily:
    r"""Describe a sum of power terms, with or without a floor.

    .. math:: \ln L = \ln\Big(\sum_k A_k e^{-\alpha_k x_k} + E\Big)

    Coordinates: ``(A_1, ..., A_K, alpha_1, ..., alpha_K[, E])``, in units of the mean loss at the mean inputs.
    """

    def __init__(self, n_terms: int, *, floor: bool) -> None:
        self.n_terms = n_terms
        self.floor = floor
        self.n_params = 2 * n_terms + floor

    @np.errstate(all="ignore")
    def log_loss(self, theta: Array, points: Points) -> Array:
        """Compute the centred log loss, shape (n_fits, n_runs)."""
        k = self.n_terms
        total = theta[:, 2 * k, None] if self.floor else 0.0
        for j in range(k):
            total = total + theta[:, j, None] * np.exp(-theta[:, k + j, None] * points.x[j])
        with np.errstate(divide="ignore"):
            return np.log(total)

    @np.errstate(all="ignore")
    def jacobian(self, theta: Array, points: Points) -> Array:
        """Compute the derivatives of the log loss, shape (n_fits, n_params, n_runs)."""
        k = self.n_terms
        out = np.empty((len(theta), self.n_params, points.y.shape[-1]))
        inverse = np.exp(-self.log_loss(theta, points))
        for j in range(k):
            out[:, j] = np.exp(-theta[:, k + j, None] * points.x[j]) * inverse
            out[:, k + j] = -theta[:, j, None] * points.x[j] * out[:, j]
        if self.floor:
            out[:, 2 * k] = inverse
        return out

    @np.errstate(all="ignore")
    def evaluate(self, theta: Array, points: Points, delta: float) -> State:
        """Compute the objective, its gradient and its exact Hessian."""
        n_fits, p = theta.shape
        state = State(np.empty(n_fits), np.empty((n_fits, p)), np.empty((n_fits, p, p)))
        basis = [_powers(x) for x in points.x[: self.n_terms]]
        if self.n_terms == 2:
            basis.append((basis[0][..., :2, None] * basis[1][..., None, :2]).reshape(*basis[0].shape[:-1], 4))
        size = max(1, _CACHED // points.y.shape[-1])
        for first in range(0, n_fits, size):
            rows = slice(first, first + size)
            part = points if n_fits <= size else points.take(rows)
            own = [b[rows] if b.ndim == 3 else b for b in basis]
            self._evaluate(theta[rows], part, delta, own, state.value[rows], state.gradient[rows], state.hessian[rows])
        return state

    def _evaluate(
        self, theta: Array, points: Points, delta: float, basis: list[Array], value: Array, gradient: Array, h: Array
    ) -> None:
        """Fill value, gradient and Hessian for a few fits.

        All of them are sums over runs of shares ``s_j = exp(-alpha_j x_j) / L`` and ``1 / L``, of their products, and
        of those times powers of x; with inputs that the fits share, each group of sums is one matrix product.
        """
        k, weights = self.n_terms, points.weights
        shares = []
        total: Array | float = theta[:, 2 * k, None] if self.floor else 0.0
        for j in range(k):
            term = theta[:, k + j, None] * points.x[j]
            np.negative(term, out=term)
            np.exp(term, out=term)
            shares.append(term)
            total = theta[:, j, None] * term + total
        r = np.log(total)
        r -= points.y
        inverse = np.reciprocal(total, out=total)
        psi = np.clip(r, -delta, delta)
        slope = psi * weights
        curvature = (psi == r) * weights
        curvature -= slope
        psi *= -0.5
        psi += r
        psi *= slope
        value[:] = psi.sum(axis=1)
        scale = [-theta[:, j] for j in range(k)]
        bent, work = [], psi  # curvature times share, and room for one product at a time
        for j, share in enumerate(shares):
            share *= inverse
            bent.append(curvature * share)
            first = _sums(np.multiply(slope, share, out=work), basis[j])
            second = _sums(np.multiply(bent[j], share, out=work), basis[j])
            gradient[:, j] = first[:, 0]
            gradient[:, k + j] = scale[j] * first[:, 1]
            h[:, j, j] = second[:, 0]
            h[:, j, k + j] = h[:, k + j, j] = scale[j] * second[:, 1] - first[:, 1]
            h[:, k + j, k + j] = scale[j] * (scale[j] * second[:, 2] - first[:, 2])
        if k == 2:
            both = _sums(np.multiply(bent[0], shares[1], out=work), basis[2])
            h[:, 0, 1] = h[:, 1, 0] = both[:, 0]
            h[:, 0, 3] = h[:, 3, 0] = scale[1] * both[:, 1]
            h[:, 2, 1] = h[:, 1, 2] = scale[0] * both[:, 2]
            h[:, 2, 3] = h[:, 3, 2] = scale[0] * scale[1] * both[:, 3]
        if self.floor:
            gradient[:, 2 * k] = np.einsum("bn,bn->b", slope, inverse)
            for j in range(k):
                cross = _sums(np.multiply(bent[j], inverse, out=work), basis[j][..., :2])
                h[:, j, 2 * k] = h[:, 2 * k, j] = cross[:, 0]
                h[:, k + j, 2 * k] = h[:, 2 * k, k + j] = scale[j] * cross[:, 1]
            curvature *= inverse
            h[:, 2 * k, 2 * k] = np.einsum("bn,bn->b", curvature, inverse)

    def idle(self, at_zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Find the exponents of terms that stay at zero: they act on nothing."""
        k = self.n_terms
        out = np.zeros_like(at_zero)
        out[:, k : 2 * k] = at_zero[:, :k]
        return out


class KaplanFamily:
    r"""Describe the coupled law of Kaplan et al., eq. 1.5.

    .. math:: \ln L = q \ln\left(A e^{-p x_N} + B e^{-x_D}\right), \qquad q = \alpha_D,\; p = \alpha_N / \alpha_D

    Coordinates: ``(A, B, p, q)``.
    """

    n_params = 4

    @np.errstate(all="ignore")
    def log_loss(self, theta: Array, points: Points) -> Array:
        """Compute the centred log loss, shape (n_fits, n_runs)."""
        a, b, p, q = (theta[:, i, None] for i in range(4))
        with np.errstate(divide="ignore"):
            return q * np.log(a * np.exp(-p * points.x[0]) + b * np.exp(-points.x[1]))

    @np.errstate(all="ignore")
    def jacobian(self, theta: Array, points: Points) -> Array:
        """Compute the derivatives of the log loss, shape (n_fits, n_params, n_runs)."""
        a, b, p, q = (theta[:, i, None] for i in range(4))
        x = points.x[0]
        u, v = np.exp(-p * x), np.exp(-points.x[1])
        total = a * u + b * v
        share = u / total
        return np.stack([q * share, q * (v / total), -q * a * x * share, np.log(total)], axis=1)

    @np.errstate(all="ignore")
    def evaluate(self, theta: Array, points: Points, delta: float) -> State:
        """Compute the objective, its gradient and its exact Hessian."""
        x, weights = points.x[0], points.weights
        a, q = theta[:, 0], theta[:, 3]
        jacobian = self.jacobian(theta, points)
        r = q[:, None] * jacobian[:, 3] - points.y
        psi = np.clip(r, -delta, delta)
        weighted = psi * weights
        value = np.einsum("bn,bn->b", weighted, r - 0.5 * psi)
        gradient = np.matmul(jacobian, weighted[:, :, None])[:, :, 0]
        hessian = np.matmul(jacobian * ((psi == r) * weights)[:, None, :], jacobian.transpose(0, 2, 1))
        inner = jacobian[:, :3]
        hessian[:, :3, :3] -= np.matmul(inner * (weighted / q[:, None])[:, None, :], inner.transpose(0, 2, 1))
        cross = gradient[:, :3] / q[:, None]
        hessian[:, :3, 3] += cross
        hessian[:, 3, :3] += cross
        first = np.einsum("bn,bn->b", weighted, -x * jacobian[:, 0])
        hessian[:, 0, 2] += first
        hessian[:, 2, 0] += first
        hessian[:, 2, 2] += a * np.einsum("bn,bn->b", weighted, x * x * jacobian[:, 0])
        return State(value, gradient, hessian)

    def idle(self, at_zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Find p where its amplitude stays at zero."""
        out = np.zeros_like(at_zero)
        out[:, 2] = at_zero[:, 0]
        return out
