"""Minimise many small robust objectives together: damped Newton with bounds, one evaluation a step.

The objective of a scaling law is about 1e-3 and its gradients lie below the default tolerance of every general
optimiser, which then stops early and reports success. Here the stopping rule has no unit: a fit ends when the next
step would lower its objective by less than 1e-12 of itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting.families import AdditiveFamily, Array, KaplanFamily, Points, reweighted

Engine = Literal["numpy", "numba"]

_PIVOT = 1e-11  # of a matrix with unit diagonal; below it the direction cannot be told from rounding
_EXACT = 1e-30  # a mean squared log residual that is rounding alone


@dataclass
class Minimum:
    """Hold the end of every fit: theta (n_fits, n_params), value and gradient there, iterations, whether settled."""

    theta: Array
    value: Array
    gradient_norm: Array
    iterations: NDArray[np.intp]
    settled: NDArray[np.bool_]

    def joined(self, other: Minimum) -> Minimum:
        """Return the fits of both, one after the other."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Minimum(*(np.concatenate(pair) for pair in pairs))


def _solve(matrix: Array, rhs: Array, damping: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Solve (matrix + damping * diagonal) s = rhs for every fit by elimination; say which were positive definite.

    The fits run along the last axis in here, so that every elementary step is one operation on all of them.
    """
    n = rhs.shape[1]
    m = matrix.transpose(1, 2, 0).copy()
    b = rhs.T.copy()
    diagonal = np.einsum("iib->ib", m).copy()
    ok = (diagonal > 0).all(axis=0)
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    m *= scale[:, None]
    m *= scale
    b *= scale
    for i in range(n):
        m[i, i] += damping
    for i in range(n):
        pivot = m[i, i]
        ok &= pivot > _PIVOT
        pivot[~ok] = 1.0
        if i + 1 < n:
            factor = m[i + 1 :, i] / pivot
            m[i + 1 :, i + 1 :] -= factor[:, None] * m[i, i + 1 :]
            b[i + 1 :] -= factor * b[i]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            b[i] -= m[i, j] * b[j]
        b[i] /= m[i, i]
    b *= scale
    ok &= np.isfinite(b).all(axis=0)
    b[:, ~ok] = 0.0
    return b.T, ok


@np.errstate(all="ignore")
def minimise(
    family: AdditiveFamily | KaplanFamily,
    points: Points,
    theta: Array,
    *,
    delta: float,
    lower: Array,
    upper: Array,
    frozen: NDArray[np.bool_] | None = None,
    tolerance: float = 1e-12,
    max_iterations: int = 100,
    engine: Engine = "numpy",
) -> Minimum:
    """Minimise the Huber objective of every row of theta, within bounds.

    Parameters
    ----------
    family : what maps theta to log losses
    points : the runs; arrays of shape (n_runs,), or (n_fits, n_runs) when every fit has its own
    theta : array of shape (n_fits, n_params), where each fit starts
    delta : residual at which the objective turns from squared to absolute (inf for least squares)
    lower, upper : arrays of shape (n_params,) or (n_fits, n_params)
    frozen : array of shape (n_params,), coordinates that stay where they start
    tolerance : relative decrease promised by the next step below which a fit has settled
    max_iterations : evaluations after which a fit is given up as not settled
    engine : "numpy", or "numba" for a sum of power terms in compiled code (see `compiled`)

    Returns
    -------
    Minimum
    """
    n_fits = len(theta)
    floor_value = _EXACT * points.y.shape[-1]
    if engine == "numba":
        from course_utils.fitting import compiled

        limits = {"tolerance": tolerance, "max_iterations": max_iterations, "exact": floor_value}
        return Minimum(
            *compiled.minimise(family, points, theta, delta=delta, lower=lower, upper=upper, frozen=frozen, **limits)
        )
    lower = np.broadcast_to(lower, theta.shape)
    upper = np.broadcast_to(upper, theta.shape)
    end = Minimum(
        np.clip(theta, lower, upper),
        np.full(n_fits, np.inf),
        np.full(n_fits, np.inf),
        np.zeros(n_fits, dtype=np.intp),
        np.zeros(n_fits, dtype=bool),
    )
    rows = np.arange(n_fits)
    now, low, high = end.theta.copy(), lower, upper

    state = family.evaluate(now, points, delta)
    value, gradient, hessian = state.value, state.gradient, state.hessian
    damping, stretch = np.full(n_fits, 1e-3), np.ones(n_fits)
    fresh = np.ones(n_fits, dtype=bool)  # the Hessian is new: test it, and mend it where it is indefinite
    for iteration in range(1, max_iterations + 1):
        fixed = ((now <= low) & (gradient > 0)) | ((now >= high) & (gradient < 0))
        if frozen is not None:
            fixed |= frozen
        fixed |= family.idle(now <= low)
        free_gradient = np.where(fixed, 0.0, gradient)
        reduced = _reduce(hessian, fixed)
        step, good = _solve(reduced, -free_gradient, damping)
        # A step that promises a tenth of the objective or more comes from a nearly singular Hessian: too few runs lie
        # inside delta. The reweighted matrix, which bounds the objective from above, is used there instead.
        bad = ~good | (fresh & (-np.einsum("bp,bp->b", free_gradient, step) > 0.1 * value))
        if bad.any():
            mend = np.flatnonzero(bad & fresh)
            if mend.size:
                hessian[mend] = reweighted(family, now[mend], points.take(mend), delta)
                reduced[mend] = _reduce(hessian[mend], fixed[mend])
            which = np.flatnonzero(bad)
            damping[which] = np.maximum(damping[which], 1e-6)
            for _ in range(8):
                step[which], good = _solve(reduced[which], -free_gradient[which], damping[which])
                which = which[~good]
                if not which.size:
                    break
                damping[which] *= 100.0
            step[which] = 0.0
            damping[which] = np.inf  # no direction can be had: given up below as not settled
        _stay_inside(reduced, free_gradient, step, damping, now, low, high)
        promised = -np.einsum("bp,bp->b", free_gradient, step)
        trial = _reach(now, step * stretch[:, None], low, high)
        done = promised <= tolerance * value + floor_value
        done &= damping <= 1e-2
        stuck = damping > 1e12  # no shorter step lowers the objective: the bottom of a kink
        leave = done | stuck | (iteration == max_iterations)
        if leave.any():
            out = rows[leave]
            end.theta[out], end.value[out] = now[leave], value[leave]
            end.gradient_norm[out] = np.sqrt((free_gradient[leave] ** 2).sum(axis=1))
            end.iterations[out], end.settled[out] = iteration, (done | stuck)[leave] & np.isfinite(damping[leave])
            stay = np.flatnonzero(~leave)
            if not stay.size:
                break
            rows, now, value, gradient, hessian = (a[stay] for a in (rows, now, value, gradient, hessian))
            trial, damping, low, high = (a[stay] for a in (trial, damping, low, high))
            stretch, promised = stretch[stay], promised[stay]
            points = points.take(stay)
        state = family.evaluate(trial, points, delta)
        fresh = state.value <= value  # False for NaN too
        overshot = ~fresh & (stretch > 1)
        damping = np.where(fresh, damping * 0.1, np.where(overshot, damping, np.maximum(damping * 10.0, 1e-3)))
        # Where the objective fell as if it were linear, the step was too short by far (a valley between kinks, seen
        # through a matrix that bounds it from above): the next one is twice as long.
        linear = fresh & (value - state.value > 0.75 * stretch * promised)
        stretch = np.where(linear, stretch * 2.0, 1.0)
        damping[damping < 1e-9] = 0.0
        now = np.where(fresh[:, None], trial, now)
        value = np.where(fresh, state.value, value)
        gradient = np.where(fresh[:, None], state.gradient, gradient)
        hessian = np.where(fresh[:, None, None], state.hessian, hessian)
    return end


def _stay_inside(
    reduced: Array, gradient: Array, step: Array, damping: Array, now: Array, low: Array, high: Array
) -> None:
    """Solve again, in place, the steps that push against a bound they already lie on, with that coordinate held."""
    held = np.zeros(step.shape, dtype=bool)
    for _ in range(step.shape[1]):
        blocked = ((now <= low) & (step < 0)) | ((now >= high) & (step > 0))
        if not blocked.any():
            return
        held |= blocked
        which = np.flatnonzero(blocked.any(axis=1))
        matrix = _reduce(reduced[which], held[which])
        step[which], good = _solve(matrix, -np.where(held[which], 0.0, gradient[which]), damping[which])
        step[which[~good]] = 0.0


def _reach(now: Array, step: Array, low: Array, high: Array) -> Array:
    """Go along the step as far as the bounds allow; the coordinate that meets its bound lands on it exactly."""
    trial = now + step
    if ((trial > low) & (trial < high)).all():
        return trial
    share = np.where(step < 0, (low - now) / step, np.where(step > 0, (high - now) / step, np.inf))
    most = np.minimum(share.min(axis=1, keepdims=True), 1.0)
    trial = now + most * step
    landed = share <= most
    return np.where(landed, np.where(step < 0, low, high), np.clip(trial, low, high))


def _reduce(hessian: Array, fixed: NDArray[np.bool_]) -> Array:
    """Replace the rows and columns of fixed coordinates by those of the identity."""
    if not fixed.any():
        return hessian.copy()
    free = ~fixed
    reduced = np.where(free[:, :, None] & free[:, None, :], hessian, 0.0)
    index = np.arange(hessian.shape[1])
    reduced[:, index, index] += fixed
    return reduced
