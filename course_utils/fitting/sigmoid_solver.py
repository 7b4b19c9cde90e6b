"""Maximise the binomial likelihood of a sigmoid, for many resamples at once.

Coordinates ``(a, b[, t])``: the logit of the share of the rise is a + b u with u the standardised logarithm of x, and t
the logit of (top - chance) / (1 - chance) where top is fitted. Steps are Fisher scoring, damped until the deviance
falls; starts are the best cells of a grid, whose deviances under all resamples are one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.fitting.families import Array

_STEEPEST = 60.0  # b times the distance of the nearest x in u: beyond it, neighbours are 0 and 1 to rounding
_TINY = 1e-12
_STEPS = 80
_TOP = 12.0  # logit beyond which a top is 1


def _logistic(z: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def _terms(y: Array, p: Array) -> Array:
    """Compute deviance an item: 2 [y ln(y/p) + (1 - y) ln((1-y)/(1-p))]."""
    p = np.clip(p, _TINY, 1 - _TINY)
    own = np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0)), 0.0)
    own = own + np.where(y < 1, (1 - y) * np.log1p(-np.where(y < 1, y, 0.0)), 0.0)
    return 2.0 * (own - y * np.log(p) - (1 - y) * np.log1p(-p))


@dataclass(frozen=True, eq=False)
class Problem:
    """Hold the runs in solver coordinates, shape (n_runs,)."""

    u: Array
    y: Array
    items: Array
    middle: float
    spread: float
    chance: float
    top: float | None
    steepest: float

    @classmethod
    def of(cls, x: Array, y: Array, items: Array, weights: Array, *, chance: float, top: float | None) -> Problem:
        log_x = np.log(x)
        used = log_x[weights > 0]
        middle, spread = float(used.mean()), float(used.std())
        u = (log_x - middle) / spread
        nearest = float(np.diff(np.unique(u[weights > 0])).min())
        return cls(u, y, items, middle, spread, chance, top, _STEEPEST / nearest)

    @property
    def n_params(self) -> int:
        return 2 if self.top is not None else 3

    def _height(self, theta: Array) -> Array:
        """Compute (top - chance), shape (n_fits, 1)."""
        if self.top is not None:
            return np.full((len(theta), 1), self.top - self.chance)
        return (1 - self.chance) * _logistic(theta[:, 2:3])

    def accuracy(self, theta: Array) -> Array:
        """Compute the curve at the runs, shape (n_fits, n_runs)."""
        return self.chance + self._height(theta) * _logistic(theta[:, :1] + theta[:, 1:2] * self.u)

    def deviance(self, theta: Array, weights: Array) -> Array:
        """Compute the deviance under each row of weights, shape (n_fits,)."""
        return (weights * self.items * _terms(self.y, self.accuracy(theta))).sum(axis=1)

    def dispersion(self, theta: Array, weights: Array, n_params: int) -> float | None:
        """Compute Pearson's chi-squared over its degrees of freedom."""
        freedom = int((weights > 0).sum()) - n_params
        if freedom < 1:
            return None
        p = np.clip(self.accuracy(theta[None])[0], _TINY, 1 - _TINY)
        # Where less than one answer is expected right (or wrong) the square of one stray answer would rule the sum.
        variance = np.maximum(p * (1 - p), 1.0 / self.items)
        return float((weights * self.items * (self.y - p) ** 2 / variance).sum() / freedom)

    def is_step(self, theta: Array) -> np.ndarray:
        """Tell which fits fall or rise between two neighbouring x, with no run on the way."""
        share = (self.accuracy(theta) - self.chance) / self._height(theta)
        return ((share < 1e-3) | (share > 1 - 1e-3)).all(axis=1) | (np.abs(theta[:, 1]) >= self.steepest)

    def _grid(self) -> Array:
        places = np.linspace(self.u.min() - 0.5, self.u.max() + 0.5, 25)
        slopes = np.geomspace(0.4, 40.0, 9)
        tops = [0.0] if self.top is not None else [-1.0, 0.5, 2.0, 6.0]
        cells = [
            (-side * slope * place, side * slope, top)
            for side in (1, -1) for slope in slopes for place in places for top in tops
        ]  # fmt: skip
        return np.array(cells)[:, : self.n_params]

    def solve(self, weights: Array) -> tuple[Array, np.ndarray]:
        """Fit under each row of weights, shape (n_fits, n_runs); return theta and which fits settled."""
        grid = self._grid()
        table = self.items * _terms(self.y, self.accuracy(grid))
        total = weights @ table.T
        half = len(grid) // 2  # the best cell that rises and the best that falls
        first = np.argmin(total[:, :half], axis=1)
        second = half + np.argmin(total[:, half:], axis=1)
        ends = [self._score(grid[cells], weights) for cells in (first, second)]
        better = ends[1][1] < ends[0][1]
        theta = np.where(better[:, None], ends[1][0], ends[0][0])
        return theta, np.where(better, ends[1][2], ends[0][2])

    def _score(self, theta: Array, weights: Array) -> tuple[Array, Array, np.ndarray]:
        """Take damped Fisher steps; return theta, deviance and whether the last step promised nothing more."""
        value = self.deviance(theta, weights)
        damping = np.full(len(theta), 1e-3)
        settled = np.zeros(len(theta), dtype=bool)
        diagonal = np.arange(self.n_params)
        for _ in range(_STEPS):
            on = np.flatnonzero(~settled)
            if not on.size:
                break
            now = theta[on]
            gradient, information = self._derivatives(now, weights[on])
            scale = np.maximum(information[:, diagonal, diagonal], 1e-9)
            information[:, diagonal, diagonal] += damping[on, None] * scale + 1e-12
            step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
            # No step may carry the middle of the rise past all runs, where the curve is flat and cannot come back.
            step /= np.maximum(np.abs(step).max(axis=1, keepdims=True) / (5.0 + np.abs(now[:, 1:2])), 1.0)
            trial = self._inside(now + step)
            new = self.deviance(trial, weights[on])
            fell = new <= value[on]
            promised = (gradient * step).sum(axis=1)
            far = 1.0 + np.abs(now).max(axis=1)
            still = np.abs(trial - now).max(axis=1) <= 1e-9 * far  # held by the steepest rise allowed
            settled[on] = (promised <= 1e-10 * value[on] + 1e-8) | (damping[on] > 1e12) | still
            theta[on[fell]], value[on[fell]] = trial[fell], new[fell]
            damping[on] = np.where(fell, damping[on] * 0.1, np.maximum(damping[on] * 10.0, 1e-3))
        return theta, value, settled

    def _inside(self, theta: Array) -> Array:
        """Keep slopes short of a step, with the middle of the rise where it was, and tops at most 1."""
        slope = theta[:, 1]
        share = np.minimum(self.steepest / np.maximum(np.abs(slope), _TINY), 1.0)
        theta[:, :2] *= share[:, None]
        if self.top is None:
            theta[:, 2] = np.clip(theta[:, 2], -_TOP, _TOP)
        return theta

    def _derivatives(self, theta: Array, weights: Array) -> tuple[Array, Array]:
        """Compute the gradient of the log likelihood and its expected curvature."""
        share = _logistic(theta[:, :1] + theta[:, 1:2] * self.u)
        height = self._height(theta)
        p = np.clip(self.chance + height * share, _TINY, 1 - _TINY)
        bend = height * share * (1 - share)
        slopes = [bend, bend * self.u]
        if self.top is None:
            slopes.append(share * height * (1 - height / (1 - self.chance)))
        jacobian = np.stack(slopes, axis=1)
        trust = weights * self.items / (p * (1 - p))
        gradient = np.matmul(jacobian, (trust * (self.y - p))[:, :, None])[:, :, 0]
        return gradient, np.matmul(jacobian * trust[:, None, :], jacobian.transpose(0, 2, 1))

    def unpack(self, theta: Array) -> dict[str, Array]:
        """Map theta to the law's constants by name, arrays of shape (n_fits,)."""
        slope = np.where(theta[:, 1] == 0, _TINY, theta[:, 1])
        constants = {
            "x_half": np.exp(np.clip(self.middle - self.spread * theta[:, 0] / slope, -700, 700)),
            "slope": theta[:, 1] / self.spread,
        }
        if self.top is None:
            constants["top"] = self.chance + self._height(theta)[:, 0]
        return constants

    def resample(self, weights: Array, labels: np.ndarray, n: int, seed: int) -> Array:
        """Draw runs with replacement and fit again: theta of shape (n, n_params)."""
        generator = np.random.default_rng(seed)
        names = np.unique(labels[weights > 0])
        place = np.searchsorted(names, labels).clip(max=len(names) - 1)
        counts = np.empty((0, len(names)))
        while len(counts) < n:  # a draw in which all runs have one x shows no slope: it is drawn again
            more = generator.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=n)
            w = more[:, place] * weights
            low = np.where(w > 0, self.u, np.inf).min(axis=1)
            high = np.where(w > 0, self.u, -np.inf).max(axis=1)
            counts = np.concatenate([counts, more[high > low]])
        return self.solve(counts[:n][:, place] * weights)[0]
