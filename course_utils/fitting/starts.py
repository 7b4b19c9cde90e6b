"""Find where to start: a grid of exponents, with the amplitudes and the floor solved for at every cell.

With the exponents given, a sum of power terms is linear in its amplitudes, so each cell of the grid costs one small
non-negative least-squares problem (variable projection). The cells are then ranked by the objective itself, local
minima of the grid first, so that the starts lie in different valleys. A cell that overflows or is singular has
no finite value and is not chosen, so floating-point warnings are off here.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from course_utils.fitting.families import Array, Points


def exponent_grid(x: Array, upper: float, size: int) -> Array:
    """Space exponents geometrically by what they do: from a 5 per cent fall over the range of x to a cliff."""
    span = max(float(np.ptp(x)), 1e-9)
    return np.minimum(np.geomspace(0.05, 25.0, size) / span, upper)


def _nonnegative(gram: Array, target: Array) -> Array:
    """Solve many tiny non-negative least-squares problems by trying every set of active columns.

    gram has shape (..., p, p), target (..., p); of at most 2**p - 1 sets the feasible one with the least residual wins.
    """
    p = target.shape[-1]
    best = np.zeros_like(target)
    best_gain = np.zeros(target.shape[:-1])
    for chosen in product((False, True), repeat=p):
        index = np.flatnonzero(chosen)
        if not index.size:
            continue
        g, t = gram[..., index[:, None], index], target[..., index]
        solution = _solve_tiny(g, t)
        gain = (solution * t).sum(axis=-1)
        better = (solution >= 0).all(axis=-1) & (gain > best_gain * (1 + 1e-12))
        best_gain = np.where(better, gain, best_gain)
        full = np.zeros_like(target)
        full[..., index] = solution
        best = np.where(better[..., None], full, best)
    return best


def _solve_tiny(g: Array, t: Array) -> Array:
    """Solve symmetric systems of one to three unknowns by Cramer's rule; NaN where singular."""
    p = t.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        if p == 1:
            return t / g[..., 0, 0][..., None]
        if p == 2:
            a, b, d = g[..., 0, 0], g[..., 0, 1], g[..., 1, 1]
            det = a * d - b * b
            det = np.where(det > 1e-14 * a * d, det, np.nan)
            s, u = t[..., 0], t[..., 1]
            return np.stack([(d * s - b * u) / det, (a * u - b * s) / det], axis=-1)
        a, b, c = g[..., 0, 0], g[..., 0, 1], g[..., 0, 2]
        d, e, f = g[..., 1, 1], g[..., 1, 2], g[..., 2, 2]
        c00, c01, c02 = d * f - e * e, c * e - b * f, b * e - c * d
        c11, c12, c22 = a * f - c * c, b * c - a * e, a * d - b * b
        det = a * c00 + b * c01 + c * c02
        det = np.where(det > 1e-14 * a * d * f, det, np.nan)
        s, u, v = t[..., 0], t[..., 1], t[..., 2]
        return (
            np.stack([c00 * s + c01 * u + c02 * v, c01 * s + c11 * u + c12 * v, c02 * s + c12 * u + c22 * v], axis=-1)
            / det[..., None]
        )


def _best_cells(value: Array, is_valley: Array, count: int) -> Array:
    """Return the flat indices of the `count` best cells of every fit, valleys first."""
    span = np.nanmax(np.where(np.isfinite(value), value, -np.inf), axis=1, keepdims=True)
    ranked = np.where(is_valley, value, value + np.maximum(span, 0) + 1e-300)
    count = min(count, value.shape[1])
    part = np.argpartition(ranked, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(ranked, part, axis=1), axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1)


def _huber(pred: Array, y: Array, weights: Array, delta: float) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.log(pred) - y
    psi = np.clip(r, -delta, delta)
    value = (weights * psi * (r - 0.5 * psi)).sum(axis=-1)
    return np.where(np.isfinite(value), value, np.inf)


@np.errstate(all="ignore")
def one_term(
    points: Points, *, floor: bool, delta: float, upper: float, count: int, grid: int = 32, rounds: int = 4
) -> Array:
    """Find starts for ``A exp(-alpha x) + E``: array of shape (n_fits, count, n_params).

    A few rounds of reweighting bring each cell from least squares near the objective's own amplitudes, so that the
    valleys of the grid are the valleys of the objective.

    Memory grows as n_fits * grid * n_runs; callers with many fits pass them in blocks.
    """
    x = np.atleast_2d(points.x[0])
    y = np.atleast_2d(points.y)
    weights = np.atleast_2d(points.weights)
    n_fits = max(len(x), len(y), len(weights))
    alphas = exponent_grid(x, upper, grid)
    if not floor:
        return _straight_lines(x, y, weights, n_fits, upper, count)
    inverse = np.exp(-y)[:, None, :]
    u = np.exp(-alphas[:, None] * x[:, None, :]) * inverse  # in units of the loss: relative residuals
    w = weights[:, None, :]
    gram = np.empty((n_fits, len(alphas), 2, 2))
    target = np.empty((n_fits, len(alphas), 2))
    share = np.broadcast_to(w, (n_fits, len(alphas), x.shape[1]))
    for _ in range(rounds):
        wu, wi = share * u, share * inverse
        gram[..., 0, 0] = np.einsum("bgn,bgn->bg", wu, u)
        gram[..., 0, 1] = gram[..., 1, 0] = np.einsum("bgn,bgn->bg", wi, u)
        gram[..., 1, 1] = (wi * inverse).sum(-1)
        target[..., 0], target[..., 1] = wu.sum(-1), wi.sum(-1)
        amplitude = _nonnegative(gram, target)
        with np.errstate(divide="ignore"):
            r = np.log(amplitude[..., :1] * u + amplitude[..., 1:] * inverse)
            share = w * np.minimum(1.0, delta / np.abs(r))
    psi = np.clip(r, -delta, delta)
    value = (w * psi * (r - 0.5 * psi)).sum(-1)
    value = np.where(np.isfinite(value), value, np.inf)
    padded = np.pad(value, ((0, 0), (1, 1)), constant_values=np.inf)
    valley = (value <= padded[:, :-2]) & (value <= padded[:, 2:])
    cells = _best_cells(value, valley, count)
    picked = np.take_along_axis(amplitude, cells[..., None], axis=1)
    return np.concatenate([picked[..., :1], alphas[cells][..., None], picked[..., 1:]], axis=-1)


def _straight_lines(x: Array, y: Array, weights: Array, n_fits: int, upper: float, count: int) -> Array:
    """Start a law without a floor from the weighted line through the logs, and from lines tilted about it."""
    total = weights.sum(-1)
    mean_x, mean_y = (weights * x).sum(-1) / total, (weights * y).sum(-1) / total
    centred = x - mean_x[:, None]
    spread = (weights * centred**2).sum(-1)
    slope = -(weights * centred * (y - mean_y[:, None])).sum(-1) / np.where(spread > 0, spread, 1.0)
    tilt = np.array([0.0, 0.3, -0.3, 1.0, -1.0, 3.0, -3.0])[:count] / max(float(np.ptp(x)), 1e-9)
    slopes = np.clip(np.broadcast_to(slope, (n_fits,))[:, None] + tilt, -upper, upper)
    amplitude = np.exp(np.broadcast_to(mean_y, (n_fits,))[:, None] + slopes * mean_x[..., None])
    return np.stack([amplitude, slopes], axis=-1)


@np.errstate(all="ignore")
def two_terms(points: Points, *, delta: float, upper: tuple[float, float], count: int, grid: int = 16) -> Array:
    """Find starts for ``A exp(-alpha x) + B exp(-beta z) + E`` on shared runs: array of shape (n_fits, count, 5).

    The normal equations of all cells and all fits (which differ in their weights alone) are one matrix product.
    """
    x, z = points.x
    y = points.y
    weights = np.atleast_2d(points.weights)
    alphas, betas = exponent_grid(x, upper[0], grid), exponent_grid(z, upper[1], grid)
    inverse = np.exp(-y)
    u = np.exp(-alphas[:, None] * x) * inverse
    v = np.exp(-betas[:, None] * z) * inverse
    features = np.concatenate(
        [
            u * u,
            v * v,
            u * inverse,
            v * inverse,
            u,
            v,
            [inverse * inverse, inverse],
            (u[:, None] * v).reshape(-1, len(y)),
        ]
    )
    sums = weights @ features.T
    g = grid
    uu, vv, u1, v1, ut, vt = (sums[:, i * g : (i + 1) * g] for i in range(6))
    one, target_one, uv = sums[:, 6 * g], sums[:, 6 * g + 1], sums[:, 6 * g + 2 :].reshape(-1, g, g)
    shape = uv.shape
    gram = np.empty((*shape, 3, 3))
    target = np.empty((*shape, 3))
    gram[..., 0, 0] = uu[:, :, None]
    gram[..., 1, 1] = vv[:, None, :]
    gram[..., 2, 2] = one[:, None, None]
    gram[..., 0, 1] = gram[..., 1, 0] = uv
    gram[..., 0, 2] = gram[..., 2, 0] = u1[:, :, None]
    gram[..., 1, 2] = gram[..., 2, 1] = v1[:, None, :]
    target[..., 0], target[..., 1], target[..., 2] = ut[:, :, None], vt[:, None, :], target_one[:, None, None]
    amplitude = _nonnegative(gram, target)
    value = np.empty(shape)
    for b in range(shape[0]):
        relative = (
            amplitude[b, :, :, 0, None] * u[:, None]
            + amplitude[b, :, :, 1, None] * v
            + amplitude[b, :, :, 2, None] * inverse
        )
        value[b] = _huber(relative, 0.0, weights[b], delta)
    padded = np.pad(value, ((0, 0), (1, 1), (1, 1)), constant_values=np.inf)
    valley = np.ones(shape, dtype=bool)
    for i, j in product(range(3), repeat=2):
        if (i, j) != (1, 1):
            valley &= value <= padded[:, i : i + g, j : j + g]
    cells = _best_cells(value.reshape(shape[0], -1), valley.reshape(shape[0], -1), count)
    picked = np.take_along_axis(amplitude.reshape(shape[0], -1, 3), cells[..., None], axis=1)
    return np.stack([picked[..., 0], picked[..., 1], alphas[cells // g], betas[cells % g], picked[..., 2]], axis=-1)


@np.errstate(all="ignore")
def coupled(points: Points, *, delta: float, lower: float, upper: tuple[float, float], count: int) -> Array:
    """Find starts for ``q ln(A exp(-p x) + B exp(-z))`` on shared runs: array of shape (n_fits, count, 4).

    Given p and q, the power 1/q of the loss is linear in A and B.
    """
    x, z = points.x
    y = points.y
    weights = np.atleast_2d(points.weights)
    q = np.clip(exponent_grid(z, upper[1], 14), lower, upper[1])[:, None]
    p = np.clip(np.geomspace(0.1, 10.0, 14), 0.1, upper[0])[None, :]
    p, q = (np.broadcast_to(a, (14, 14)).ravel()[:, None] for a in (p, q))
    with np.errstate(over="ignore"):
        u, v = np.exp(-p * x - y / q), np.exp(-z - y / q)
    keep = np.isfinite(u).all(axis=1) & np.isfinite(v).all(axis=1)
    p, q, u, v = p[keep], q[keep], u[keep], v[keep]
    n_fits = len(weights)
    gram, target = np.empty((n_fits, len(p), 2, 2)), np.empty((n_fits, len(p), 2))
    gram[..., 0, 0], gram[..., 1, 1] = weights @ (u * u).T, weights @ (v * v).T
    gram[..., 0, 1] = gram[..., 1, 0] = weights @ (u * v).T
    target[..., 0], target[..., 1] = weights @ u.T, weights @ v.T
    amplitude = _nonnegative(gram, target)
    value = np.empty((n_fits, len(p)))
    for b in range(n_fits):
        with np.errstate(divide="ignore", invalid="ignore"):
            r = q * np.log(amplitude[b, :, :1] * u + amplitude[b, :, 1:] * v)
        psi = np.clip(r, -delta, delta)
        value[b] = (weights[b] * psi * (r - 0.5 * psi)).sum(axis=-1)
    value = np.where(np.isfinite(value), value, np.inf)
    cells = _best_cells(value, np.ones(value.shape, dtype=bool), count)
    picked = np.take_along_axis(amplitude, cells[..., None], axis=1)
    return np.concatenate([picked, p[cells], q[cells]], axis=-1)
