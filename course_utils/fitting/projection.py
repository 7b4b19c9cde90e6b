"""Fit thousands of small sums of power terms at once, with the amplitudes projected out.

With the exponents given, a sum of power terms is linear in its amplitudes and its floor. They are solved for exactly,
and the search runs over one or two exponents alone: the ravine in which floor, amplitude and exponent trade for one
another, along which a search over all constants creeps, is then short. One small matrix of inner products a law holds
everything that a step needs.

The log residual is not linear in the amplitudes, but ``ln m + (Phi a - m) / m`` is, about the model m reached so far.
So the fit begins with relative residuals (m is the measured loss) and ends about its own model, where the stationary
point is that of the squared residuals of log loss.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting.families import Array, Points
from course_utils.fitting.starts import _nonnegative, _solve_tiny

_SETTLED = 1e-7  # of the sum of squares that the next step promises to take off


@np.errstate(all="ignore")
def fit_projected(
    points: Points, alphas: Array, *, floor: bool, upper: Array, steps: tuple[int, ...] = (16, 8)
) -> tuple[Array, NDArray[np.bool_]]:
    """Minimise the squared residuals of log loss of every law by Gauss-Newton steps in its exponents.

    Parameters
    ----------
    points : arrays of shape (n_laws, n_runs), centred as for the solver
    alphas : array of shape (n_laws, n_terms), exponents to start from
    floor : whether the law has one
    upper : array of shape (n_terms,), the steepest exponents
    steps : the most steps about the measured losses, then about the model reached

    Returns
    -------
    theta : array of shape (n_laws, n_params), in the coordinates of ``AdditiveFamily``
    settled : array of shape (n_laws,), whether the last step promised less than a ten-millionth of the objective
    """
    n_terms = alphas.shape[1]
    root = np.sqrt(points.weights)
    scale, aim = root * np.exp(-points.y), root
    now = np.clip(alphas, 0.0, upper)
    for count in steps:
        now, amplitude, settled = _descend(points.x, scale, aim, now, floor, upper, count)
        model = sum(amplitude[:, j, None] * np.exp(-now[:, j, None] * points.x[j]) for j in range(n_terms))
        if floor:
            model = model + amplitude[:, n_terms, None]
        scale = root / model
        aim = root * (1.0 - (np.log(model) - points.y))
    return np.concatenate([amplitude[:, :n_terms], now, amplitude[:, n_terms:]], axis=1), settled


def _descend(
    x: tuple[Array, ...], scale: Array, aim: Array, start: Array, floor: bool, upper: Array, count: int
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Take damped steps in the exponents until a law has settled; return exponents, amplitudes, and which have."""
    exponents, n_laws = start.copy(), len(start)
    amplitudes = np.zeros((n_laws, start.shape[1] + floor))
    settled = np.zeros(n_laws, dtype=bool)
    rows, now = np.arange(n_laws), start
    state = _project(x, scale, aim, now, floor)
    damping = np.full(n_laws, 1e-3)
    index = np.arange(start.shape[1])
    for step_number in range(count + 1):
        amplitude, value, gradient, curvature = state
        damped = curvature.copy()
        damped[:, index, index] *= 1.0 + damping[:, None]
        damped[:, index, index] += 1e-14
        held = ((now <= 0.0) & (gradient > 0)) | ((now >= upper) & (gradient < 0))
        free = np.where(held, 0.0, gradient)
        damped = np.where(held[:, :, None] | held[:, None, :], 0.0, damped)
        damped[:, index, index] += held
        step = -_solve(damped, free)
        done = -np.einsum("bk,bk->b", step, free) <= _SETTLED * value + 1e-18
        leave = done | (step_number == count) | (damping > 1e8)
        if leave.any():
            out = rows[leave]
            exponents[out], amplitudes[out], settled[out] = now[leave], amplitude[leave], done[leave]
            stay = np.flatnonzero(~leave)
            if not stay.size:
                break
            rows, now, step, damping, scale, aim = (a[stay] for a in (rows, now, step, damping, scale, aim))
            x = tuple(a[stay] for a in x)
            state = tuple(a[stay] for a in state)
        trial = np.clip(now + np.clip(step, -0.7 * now - 0.05, 2.0 * now + 0.05), 0.0, upper)
        found = _project(x, scale, aim, trial, floor)
        better = found[1] <= state[1]
        now = np.where(better[:, None], trial, now)
        state = tuple(
            np.where(better.reshape(-1, *(1,) * (old.ndim - 1)), new, old)
            for old, new in zip(state, found, strict=True)
        )
        damping = np.where(better, damping * 0.1, damping * 10.0)
    return exponents, amplitudes, settled


def _project(
    x: tuple[Array, ...], scale: Array, aim: Array, exponents: Array, floor: bool
) -> tuple[Array, Array, Array, Array]:
    """Solve for the amplitudes; return them, the sum of squares, and its gradient and curvature in the exponents.

    The curvature is Kaufman's: how the terms move when the exponents do, less what the amplitudes make up for.
    """
    k = len(x)
    p = k + floor
    vectors = np.empty((len(exponents), p + k + 1, scale.shape[1]))
    for j in range(k):
        np.exp(-exponents[:, j, None] * x[j], out=vectors[:, j])
        vectors[:, j] *= scale
        np.multiply(vectors[:, j], x[j], out=vectors[:, p + j])
    if floor:
        vectors[:, k] = scale
    vectors[:, -1] = aim
    products = np.matmul(vectors, vectors.transpose(0, 2, 1))
    gram, target = products[:, :p, :p], products[:, :p, -1]
    amplitude = _amplitudes(gram, target)
    fit = np.matmul(gram, amplitude[:, :, None])[:, :, 0]
    value = np.maximum(products[:, -1, -1] + np.einsum("bp,bp->b", amplitude, fit - 2.0 * target), 0.0)

    moves = -amplitude[:, :k]  # times x phi: how the model moves with each exponent
    cross = products[:, :p, p : p + k] * moves[:, None, :]
    gradient = np.einsum("bpk,bp->bk", cross, amplitude) - products[:, p : p + k, -1] * moves
    active = amplitude > 0
    index = np.arange(p)
    reduced = np.where(active[:, :, None] & active[:, None, :], gram, 0.0)
    reduced[:, index, index] += ~active
    cross = np.where(active[:, :, None], cross, 0.0)
    curvature = products[:, p : p + k, p : p + k] * moves[:, :, None] * moves[:, None, :]
    made_up = np.stack([_solve(reduced, cross[:, :, j]) for j in range(k)], axis=2)
    curvature -= np.matmul(cross.transpose(0, 2, 1), made_up)
    return amplitude, value, gradient, curvature


def _amplitudes(gram: Array, target: Array) -> Array:
    """Solve for amplitudes that are not negative; only laws whose plain solution has a negative one need a search."""
    plain = _solve_tiny(gram, target)
    wrong = ~(plain >= 0).all(axis=1)  # True for NaN too
    if wrong.any():
        plain[wrong] = _nonnegative(gram[wrong], target[wrong])
    return plain


def _solve(matrix: Array, rhs: Array) -> Array:
    """Solve systems of one to three unknowns; a singular one gives zeros."""
    solution = _solve_tiny(matrix, rhs)
    return np.where(np.isfinite(solution).all(axis=-1, keepdims=True), solution, 0.0)
