"""Minimise sums of power terms in compiled code: the algorithm of `newton`, one fit after the other.

Needs numba (the extra [fast]) and is imported only when a caller asks for the engine "numba". The first call of all
compiles for some ten seconds; the result is kept on disk. Fits are solved on one core.

Half of the time goes into exponentials and logarithms. A compiler turns a loop of plain arithmetic into vector
instructions but not a loop of library calls, hence the two polynomials below; they are good to 1e-15.
"""

from __future__ import annotations

import numba
import numpy as np

from course_utils.fitting.families import AdditiveFamily, Array, Points

_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: a whole number added to it stands in the last bits
_MANTISSA, _ONE = (1 << 52) - 1, 1023 << 52
_COMPILE = {"cache": True, "error_model": "numpy"}  # division by zero is infinite, as it is in NumPy
_REASSOCIATE = {"reassoc", "contract", "nsz", "arcp"}  # sums in any order; NaN and infinity keep their meaning


@numba.njit(**_COMPILE)
def _exp(n_runs, factor, x, out, number, bits):
    """Compute exp(factor * x) for the first runs; `bits` is the same memory as `number`."""
    for i in range(n_runs):
        z = min(max(factor * x[i], -700.0), 700.0)
        n = np.floor(z * _LOG2E + 0.5)
        number[i] = n + _ROUND
        r = (z - n * _LN2_HIGH) - n * _LN2_LOW
        p = 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        out[i] = p * r + 1.0
    for i in range(n_runs):
        bits[i] = (bits[i] + 1023) << 52
    for i in range(n_runs):
        out[i] *= number[i]


@numba.njit(**_COMPILE)
def _log(n_runs, x, out, number, bits):
    """Compute the logarithm of positive numbers; `bits` is the same memory as `number`."""
    for i in range(n_runs):
        number[i] = x[i]
    for i in range(n_runs):
        out[i] = np.float64((bits[i] >> 52) - 1023)
        bits[i] = (bits[i] & _MANTISSA) | _ONE
    for i in range(n_runs):
        large = number[i] > 1.4142135623730951
        m = number[i] * 0.5 if large else number[i]
        e = out[i] + 1.0 if large else out[i]
        s = (m - 1.0) / (m + 1.0)
        q = s * s
        p = 1.0 / 21.0
        p = p * q + 1.0 / 19.0
        p = p * q + 1.0 / 17.0
        p = p * q + 1.0 / 15.0
        p = p * q + 1.0 / 13.0
        p = p * q + 1.0 / 11.0
        p = p * q + 1.0 / 9.0
        p = p * q + 1.0 / 7.0
        p = p * q + 1.0 / 5.0
        p = p * q + 1.0 / 3.0
        p = p * q + 1.0
        out[i] = e * _LN2_HIGH + (e * _LN2_LOW + 2.0 * s * p)


@numba.njit(**_COMPILE, fastmath=_REASSOCIATE)
def _products(n, weight, share, inverse, x, theta, terms, floor, out):
    """Fill the matrix of sums of weight times two derivatives of the log loss."""
    for j in range(terms):
        s0 = s1 = s2 = t0 = t1 = 0.0
        for i in range(n):
            a = weight[i] * share[j, i]
            b = a * share[j, i]
            c = a * inverse[i]
            s0 += b
            s1 += b * x[j, i]
            s2 += b * x[j, i] * x[j, i]
            t0 += c
            t1 += c * x[j, i]
        out[j, j] = s0
        out[j, terms + j] = out[terms + j, j] = -theta[j] * s1
        out[terms + j, terms + j] = theta[j] * theta[j] * s2
        if floor:
            out[j, 2 * terms] = out[2 * terms, j] = t0
            out[terms + j, 2 * terms] = out[2 * terms, terms + j] = -theta[j] * t1
    if terms == 2:
        s0 = s1 = s2 = s3 = 0.0
        for i in range(n):
            b = weight[i] * share[0, i] * share[1, i]
            s0 += b
            s1 += b * x[0, i]
            s2 += b * x[1, i]
            s3 += b * x[0, i] * x[1, i]
        out[0, 1] = out[1, 0] = s0
        out[2, 1] = out[1, 2] = -theta[0] * s1
        out[0, 3] = out[3, 0] = -theta[1] * s2
        out[2, 3] = out[3, 2] = theta[0] * theta[1] * s3
    if floor:
        s0 = 0.0
        for i in range(n):
            s0 += weight[i] * inverse[i] * inverse[i]
        out[2 * terms, 2 * terms] = s0


@numba.njit(**_COMPILE, fastmath=_REASSOCIATE)
def _evaluate(n, theta, x, y, w, delta, terms, floor, share, rows, bits, gradient, hessian):
    """Fill gradient and Hessian, leave shares, 1 / L and residuals in the work arrays, return the objective."""
    inverse, r, slope, curvature, number = rows[0], rows[1], rows[2], rows[3], rows[4]
    base = theta[2 * terms] if floor else 0.0
    for i in range(n):
        inverse[i] = base
    for j in range(terms):
        _exp(n, -theta[terms + j], x[j], share[j], number, bits)
        for i in range(n):
            inverse[i] += theta[j] * share[j, i]
    _log(n, inverse, r, number, bits)
    value = 0.0
    for i in range(n):
        r[i] -= y[i]
        inverse[i] = 1.0 / inverse[i]
        psi = min(max(r[i], -delta), delta)
        slope[i] = psi * w[i]
        curvature[i] = (w[i] if psi == r[i] else 0.0) - slope[i]
        value += slope[i] * (r[i] - 0.5 * psi)
    for j in range(terms):
        for i in range(n):
            share[j, i] *= inverse[i]
    _products(n, curvature, share, inverse, x, theta, terms, floor, hessian)
    for j in range(terms):
        s0 = s1 = s2 = 0.0
        for i in range(n):
            b = slope[i] * share[j, i]
            s0 += b
            s1 += b * x[j, i]
            s2 += b * x[j, i] * x[j, i]
        gradient[j] = s0
        gradient[terms + j] = -theta[j] * s1
        hessian[j, terms + j] -= s1
        hessian[terms + j, j] -= s1
        hessian[terms + j, terms + j] += theta[j] * s2
    if floor:
        s0 = 0.0
        for i in range(n):
            s0 += slope[i] * inverse[i]
        gradient[2 * terms] = s0
    return value


@numba.njit(**_COMPILE)
def _solve(hessian, fixed, gradient, damping, m, step):
    """Solve for the damped Newton step with some coordinates fixed; tell whether the matrix is positive definite."""
    p = gradient.size
    scale = np.ones(p)
    for i in range(p):
        if not fixed[i]:
            if not hessian[i, i] > 0:
                return False
            scale[i] = 1.0 / np.sqrt(hessian[i, i])
    for i in range(p):
        for j in range(p):
            m[i, j] = 0.0 if fixed[i] or fixed[j] else hessian[i, j] * scale[i] * scale[j]
        m[i, i] = (1.0 if fixed[i] else m[i, i]) + damping
        step[i] = 0.0 if fixed[i] else -gradient[i] * scale[i]
    for i in range(p):
        if not m[i, i] > 1e-11:
            return False
        for k in range(i + 1, p):
            factor = m[k, i] / m[i, i]
            for j in range(i + 1, p):
                m[k, j] -= factor * m[i, j]
            step[k] -= factor * step[i]
    for i in range(p - 1, -1, -1):
        for j in range(i + 1, p):
            step[i] -= m[i, j] * step[j]
        step[i] /= m[i, i]
    for i in range(p):
        step[i] *= scale[i]
        if not np.isfinite(step[i]):
            return False
    return True


@numba.njit(**_COMPILE)
def _minimise(theta, x, y, w, delta, lower, upper, frozen, terms, floor, tolerance, most, exact, value, norm, count,
              settled):  # fmt: skip
    """Minimise from every row of theta, in place; see `newton.minimise`."""
    n_fits, p = theta.shape
    n_runs = y.shape[1]
    share, rows = np.empty((terms, n_runs)), np.empty((5, n_runs))
    xb, yb, wb = np.empty((terms, n_runs)), np.empty(n_runs), np.empty(n_runs)
    bits = rows[4].view(np.int64)
    gradient, g, hessian, h = np.empty(p), np.empty(p), np.zeros((p, p)), np.zeros((p, p))
    step, trial, m = np.empty(p), np.empty(p), np.empty((p, p))
    fixed, held = np.zeros(p, np.bool_), np.zeros(p, np.bool_)
    for b in range(n_fits):
        low, high, now = lower[b], upper[b], theta[b]
        n = 0
        for i in range(n_runs):  # a resample leaves out a third of the runs: they are not computed at all
            if w[b % w.shape[0], i] > 0:
                for j in range(terms):
                    xb[j, n] = x[b % x.shape[0], j, i]
                yb[n], wb[n] = y[b % y.shape[0], i], w[b % w.shape[0], i]
                n += 1
        best = _evaluate(n, now, xb, yb, wb, delta, terms, floor, share, rows, bits, gradient, hessian)
        damping, stretch, fresh = 1e-3, 1.0, True
        for iteration in range(1, most + 1):
            for i in range(p):
                g_i = gradient[i]
                fixed[i] = frozen[i] or (now[i] <= low[i] and g_i > 0) or (now[i] >= high[i] and g_i < 0)
            for j in range(terms):
                fixed[terms + j] |= now[j] <= low[j]
            good = _solve(hessian, fixed, gradient, damping, m, step)
            promised = _promise(gradient, fixed, step)
            if not good or (fresh and promised > 0.1 * best):
                if fresh:
                    for i in range(n):
                        rows[3, i] = wb[i] * min(1.0, delta / max(abs(rows[1, i]), 1e-300))
                    _products(n, rows[3], share, rows[0], xb, now, terms, floor, hessian)
                damping = max(damping, 1e-6)
                for _ in range(8):
                    good = _solve(hessian, fixed, gradient, damping, m, step)
                    if good:
                        break
                    damping *= 100.0
                if not good:
                    step[:] = 0.0
                    damping = np.inf
            held[:] = fixed
            for _ in range(p):
                blocked = False
                for i in range(p):
                    if (now[i] <= low[i] and step[i] < 0) or (now[i] >= high[i] and step[i] > 0):
                        held[i] = blocked = True
                if not blocked:
                    break
                if not _solve(hessian, held, gradient, damping, m, step):
                    step[:] = 0.0
            promised = _promise(gradient, fixed, step)
            done = promised <= tolerance * best + exact and damping <= 1e-2
            stuck = damping > 1e12
            if done or stuck or iteration == most:
                settled[b] = (done or stuck) and np.isfinite(damping)
                count[b] = iteration
                break
            _reach(now, step, stretch, low, high, trial)
            found = _evaluate(n, trial, xb, yb, wb, delta, terms, floor, share, rows, bits, g, h)
            fresh = found <= best
            if fresh:
                stretch = stretch * 2.0 if best - found > 0.75 * stretch * promised else 1.0
                damping *= 0.1
                best = found
                now[:] = trial
                gradient[:] = g
                hessian[:] = h
            else:
                if stretch == 1.0:
                    damping = max(damping * 10.0, 1e-3)
                stretch = 1.0
            if damping < 1e-9:
                damping = 0.0
        value[b] = best
        norm[b] = 0.0
        for i in range(p):
            if not fixed[i]:
                norm[b] += gradient[i] * gradient[i]
        norm[b] = np.sqrt(norm[b])


@numba.njit(**_COMPILE)
def _promise(gradient, fixed, step):
    total = 0.0
    for i in range(step.size):
        if not fixed[i]:
            total -= gradient[i] * step[i]
    return total


@numba.njit(**_COMPILE)
def _reach(now, step, stretch, low, high, trial):
    """Go along the step as far as the bounds allow; a coordinate that meets its bound lands on it exactly."""
    most = 1.0
    for i in range(now.size):
        if step[i] < 0:
            most = min(most, (low[i] - now[i]) / (step[i] * stretch))
        elif step[i] > 0:
            most = min(most, (high[i] - now[i]) / (step[i] * stretch))
    for i in range(now.size):
        bound = low[i] if step[i] < 0 else high[i]
        if step[i] != 0 and (bound - now[i]) / (step[i] * stretch) <= most:
            trial[i] = bound
        else:
            trial[i] = min(max(now[i] + most * stretch * step[i], low[i]), high[i])


def minimise(
    family: AdditiveFamily,
    points: Points,
    theta: Array,
    *,
    delta: float,
    lower: Array,
    upper: Array,
    frozen: np.ndarray | None,
    tolerance: float,
    max_iterations: int,
    exact: float,
) -> tuple[Array, Array, Array, np.ndarray, np.ndarray]:
    """Minimise as `newton.minimise` does: theta, value, gradient norm, iterations, settled."""
    n_fits, p = theta.shape
    theta = np.clip(theta, lower, upper)
    x = np.ascontiguousarray(np.stack([np.atleast_2d(x) for x in points.x[: family.n_terms]], axis=1))
    y, w = (np.ascontiguousarray(np.atleast_2d(a)) for a in (points.y, points.weights))
    low, high = (np.ascontiguousarray(np.broadcast_to(a, theta.shape)) for a in (lower, upper))
    held = np.zeros(p, dtype=bool) if frozen is None else np.ascontiguousarray(frozen)
    value, norm = np.empty(n_fits), np.empty(n_fits)
    count, settled = np.zeros(n_fits, dtype=np.intp), np.zeros(n_fits, dtype=bool)
    _minimise(theta, x, y, w, delta, low, high, held, family.n_terms, family.floor, tolerance, max_iterations, exact,
              value, norm, count, settled)  # fmt: skip
    return theta, value, norm, count, settled
