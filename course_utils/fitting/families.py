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


@dataclass(frozen=True)
class Points:
    """Hold what is fitted: centred log inputs, centred log losses, weights.

    Every array has shape (n_runs,) when all fits share it, or (n_fits, n_runs).
    """

    x: tuple[Array, ...]
    y: Array
    weights: Array

    def take(self, rows: NDArray[np.intp]) -> Points:
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
    jacobian: Array
    residual: Array
    weights: Array
    delta: float

    @np.errstate(all="ignore")
    def reweighted(self, rows: NDArray[np.intp]) -> Array:
        """Compute the iteratively reweighted Gauss-Newton matrix, which is never indefinite, for some fits."""
        r = np.abs(self.residual[rows])
        weights = self.weights[rows] if self.weights.ndim == 2 else self.weights
        with np.errstate(divide="ignore"):
            coefficient = weights * np.minimum(1.0, self.delta / r)
        jacobian = self.jacobian[rows]
        return np.matmul(jacobian * coefficient[:, None, :], jacobian.transpose(0, 2, 1))


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
    def value(self, theta: Array, points: Points, delta: float) -> Array:
        """Compute the objective alone, shape (n_fits,)."""
        r = self.log_loss(theta, points) - points.y
        psi = np.clip(r, -delta, delta)
        return (
            np.einsum("bn,bn->b", points.weights * psi, r - 0.5 * psi)
            if points.weights.ndim == 2
            else (psi * (r - 0.5 * psi)) @ points.weights
        )

    @np.errstate(all="ignore")
    def evaluate(self, theta: Array, points: Points, delta: float) -> State:
        """Compute the objective, its gradient and its exact Hessian."""
        k, weights = self.n_terms, points.weights
        n_fits, n_runs = theta.shape[0], points.y.shape[-1]
        jacobian = np.empty((n_fits, self.n_params, n_runs))
        total = None
        for j in range(k):
            term = jacobian[:, j]
            np.multiply(theta[:, k + j, None], points.x[j], out=term)
            np.negative(term, out=term)
            np.exp(term, out=term)
            part = theta[:, j, None] * term
            total = part if total is None else np.add(total, part, out=total)
        if self.floor:
            total += theta[:, 2 * k, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            r = np.log(total)
            r -= points.y
            inverse = np.reciprocal(total, out=total)
            psi = np.clip(r, -delta, delta)
            inside = psi == r
            weighted = psi * weights
            value = np.einsum("bn,bn->b", weighted, r - 0.5 * psi)
            curvature = inside * weights
            curvature -= weighted
            moments = []
            for j in range(k):
                jacobian[:, j] *= inverse
                slope = np.multiply(jacobian[:, j], points.x[j], out=jacobian[:, k + j])
                first = np.einsum("bn,bn->b", weighted, slope)
                second = np.einsum("bn,bn->b", weighted, slope * points.x[j])
                moments.append((first, second))
                slope *= -theta[:, j, None]
            if self.floor:
                jacobian[:, 2 * k] = inverse
            gradient = np.matmul(jacobian, weighted[:, :, None])[:, :, 0]
            hessian = np.matmul(jacobian * curvature[:, None, :], jacobian.transpose(0, 2, 1))
            for j, (first, second) in enumerate(moments):
                hessian[:, j, k + j] -= first
                hessian[:, k + j, j] -= first
                hessian[:, k + j, k + j] += theta[:, j] * second
        return State(value, gradient, hessian, jacobian, r, weights, delta)

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
    def value(self, theta: Array, points: Points, delta: float) -> Array:
        """Compute the objective alone, shape (n_fits,)."""
        r = self.log_loss(theta, points) - points.y
        psi = np.clip(r, -delta, delta)
        return (points.weights * psi * (r - 0.5 * psi)).sum(axis=1)

    @np.errstate(all="ignore")
    def evaluate(self, theta: Array, points: Points, delta: float) -> State:
        """Compute the objective, its gradient and its exact Hessian."""
        a, b, p, q = (theta[:, i, None] for i in range(4))
        x, weights = points.x[0], points.weights
        with np.errstate(divide="ignore", invalid="ignore"):
            u, v = np.exp(-p * x), np.exp(-points.x[1])
            total = a * u + b * v
            log_total = np.log(total)
            r = q * log_total - points.y
            psi = np.clip(r, -delta, delta)
            weighted = psi * weights
            value = np.einsum("bn,bn->b", weighted, r - 0.5 * psi)
            ju = u / total
            jacobian = np.stack([q * ju, q * (v / total), -q * a * x * ju, log_total], axis=1)
            gradient = np.matmul(jacobian, weighted[:, :, None])[:, :, 0]
            hessian = np.matmul(jacobian * ((psi == r) * weights)[:, None, :], jacobian.transpose(0, 2, 1))
            inner = jacobian[:, :3]
            hessian[:, :3, :3] -= np.matmul(inner * (weighted / q)[:, None, :], inner.transpose(0, 2, 1))
            cross = np.matmul(inner, weighted[:, :, None])[:, :, 0] / theta[:, 3, None]
            hessian[:, :3, 3] += cross
            hessian[:, 3, :3] += cross
            first = np.einsum("bn,bn->b", weighted, -q * x * ju)
            hessian[:, 0, 2] += first
            hessian[:, 2, 0] += first
            hessian[:, 2, 2] += np.einsum("bn,bn->b", weighted, q * a * x * x * ju)
        return State(value, gradient, hessian, jacobian, r, weights, delta)

    def idle(self, at_zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Find p where its amplitude stays at zero."""
        out = np.zeros_like(at_zero)
        out[:, 2] = at_zero[:, 0]
        return out
