"""Find the beta distribution of rates that makes counts of right samples most likely, for many resamples at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.fitting.families import Array

_LOW, _HIGH = np.log(1e-5), np.log(1e5)  # beyond, rates are never or always, or all alike, for any count of samples
_NOISE = 1e-9  # of a log likelihood, a problem: what large log gammas leave of their difference
_STEPS = 100
_STARTS = (0.03, 0.1, 0.3, 1.0, 5.0)


@dataclass(frozen=True)
class BetaFit:
    """Hold the optimum of every row of weights, the counts as they are first.

    Attributes
    ----------
    alpha, beta : arrays of shape (1 + n_resamples,)
    value : array of the same shape, minus the log likelihood, binomial coefficients included
    settled : array of the same shape, bool
    at_bound : array of shape (1 + n_resamples, 2), bool
    """

    alpha: Array
    beta: Array
    value: Array
    settled: np.ndarray
    at_bound: np.ndarray


def fit(correct: Array, samples: Array, weights: Array | None) -> BetaFit:
    """Maximise the likelihood of the counts, and of the counts with every row of weights.

    Parameters
    ----------
    correct, samples : arrays of shape (n_problems,), c and n
    weights : array of shape (n_resamples, n_problems), how often each problem was drawn; or None

    Returns
    -------
    BetaFit
    """
    from scipy.special import gammaln

    pairs, which = np.unique(np.stack([correct, samples]), axis=1, return_inverse=True)
    problem = _Likelihood(*pairs)
    groups = np.zeros((len(correct), pairs.shape[1]))
    groups[np.arange(len(correct)), which.reshape(-1)] = 1.0
    own = groups.sum(axis=0)[None]
    mean = float((correct / samples).mean())
    starts = np.log([[a, a * (1 - mean) / mean] for a in _STARTS])
    theta, value, settled = _climb(problem, np.repeat(own, len(starts), axis=0), np.clip(starts, _LOW, _HIGH))
    best = int(np.argmin(value))
    theta, value, settled = theta[best : best + 1], value[best : best + 1], settled[best : best + 1]
    if weights is not None:
        more = _climb(problem, weights @ groups, np.repeat(theta, len(weights), axis=0))
        theta, value, settled = (np.concatenate(pair) for pair in zip((theta, value, settled), more, strict=True))
    ways = gammaln(samples + 1) - gammaln(correct + 1) - gammaln(samples - correct + 1)
    drawn = ways.sum() if weights is None else np.concatenate([[ways.sum()], weights @ ways])
    at_bound = (theta <= _LOW + 1e-9) | (theta >= _HIGH - 1e-9)
    return BetaFit(*np.exp(theta.T), value - drawn, settled, at_bound)


class _Likelihood:
    """Compute minus the log likelihood, its gradient and its Hessian in ln alpha and ln beta."""

    def __init__(self, correct: Array, samples: Array) -> None:
        self.correct = correct
        self.wrong = samples - correct
        self.sizes, self.of_size = np.unique(samples, return_inverse=True)
        self.of_size = self.of_size.reshape(-1)

    def value(self, theta: Array, weights: Array) -> Array:
        from scipy.special import gammaln

        a, b = np.exp(theta[:, :1]), np.exp(theta[:, 1:])
        every = gammaln(a + self.correct) + gammaln(b + self.wrong) - gammaln(a + b + self.sizes)[:, self.of_size]
        return -(weights * (every - (gammaln(a) + gammaln(b) - gammaln(a + b)))).sum(axis=1)

    def bends(self, theta: Array, weights: Array) -> tuple[Array, Array]:
        from scipy.special import psi

        a, b = np.exp(theta[:, :1]), np.exp(theta[:, 1:])
        parts = []
        for f in (psi, _trigamma):
            both = f(a + b) - f(a + b + self.sizes)[:, self.of_size]
            first = f(a + self.correct) - f(a)
            second = f(b + self.wrong) - f(b)
            parts.append([(weights * part).sum(axis=1) for part in (first, second, both)])
        (da, db, dab), (daa, dbb, dboth) = parts
        a, b = a[:, 0], b[:, 0]
        gradient = -np.stack([a * (da + dab), b * (db + dab)], axis=1)
        hessian = np.empty((len(theta), 2, 2))
        hessian[:, 0, 0] = gradient[:, 0] - a * a * (daa + dboth)
        hessian[:, 1, 1] = gradient[:, 1] - b * b * (dbb + dboth)
        hessian[:, 0, 1] = hessian[:, 1, 0] = -a * b * dboth
        return gradient, hessian


def _trigamma(x: Array) -> Array:
    """Compute the derivative of digamma by recurrence up to 10 and the asymptotic series from there."""
    low = x < 10
    out = np.zeros_like(x)
    if low.any():
        small = x[low]
        out[low] = (1.0 / (small[:, None] + np.arange(10)) ** 2).sum(axis=1)
    z = 1.0 / np.where(low, x + 10, x)
    z2 = z * z
    return out + z * (1 + z * (0.5 + z * (1 / 6 - z2 * (1 / 30 - z2 * (1 / 42 - z2 / 30)))))


def _climb(problem: _Likelihood, weights: Array, theta: Array) -> tuple[Array, Array, np.ndarray]:
    """Take damped Newton steps within the bounds from every row of theta until none gains."""
    theta = theta.copy()
    value = problem.value(theta, weights)
    damping = np.full(len(theta), 1e-3)
    settled = np.zeros(len(theta), dtype=bool)
    active = np.arange(len(theta))
    for _ in range(_STEPS):
        here, w = theta[active], weights[active]
        gradient, hessian = problem.bends(here, w)
        held = ((here <= _LOW) & (gradient > 0)) | ((here >= _HIGH) & (gradient < 0))
        gradient = np.where(held, 0.0, gradient)
        done = np.abs(gradient).max(axis=1) <= 1e-7 * w.sum(axis=1)
        settled[active[done]] = True
        active, here, w = active[~done], here[~done], w[~done]
        if not len(active):
            break
        step = _newton(gradient[~done], hessian[~done], held[~done], damping[active])
        trial = np.clip(here + step, _LOW, _HIGH)
        new = problem.value(trial, w)
        better = new <= value[active] + _NOISE * w.sum(axis=1)
        stuck = ~better & (damping[active] > 1e12)
        settled[active[stuck]] = False
        theta[active[better]] = trial[better]
        value[active[better]] = new[better]
        damping[active] = np.where(better, np.maximum(damping[active] / 10, 1e-9), damping[active] * 10)
        active = active[~stuck]
    return theta, value, settled


def _newton(gradient: Array, hessian: Array, held: np.ndarray, damping: Array) -> Array:
    """Solve for the step, at most 2 in ln alpha and ln beta, with eigenvalues made positive."""
    h = hessian.copy()
    h[held] = 0.0
    h.transpose(0, 2, 1)[held] = 0.0
    rows, columns = np.nonzero(held)
    h[rows, columns, columns] = 1.0
    sizes, axes = np.linalg.eigh(h)
    sizes = np.abs(sizes)
    sizes += damping[:, None] * sizes.max(axis=1, keepdims=True) + 1e-12
    along = np.einsum("bij,bi->bj", axes, gradient) / sizes
    return np.clip(-np.einsum("bij,bj->bi", axes, along), -2.0, 2.0)
