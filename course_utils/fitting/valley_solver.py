"""Solve the valley of `fit_valley_surface`: least squares on sums of products of the runs, many resamples at once.

Multiplied out, the surface is a combination of nine products of powers of u and v. Least squares needs the runs only
through the sums of products of these (81 numbers) and with ln L (nine), so that a resample costs the same whether 50
runs or 5,000 were made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting.families import Array

# theta = (q0, q1, q2, s0, s1, m, a): bottom, steepness, place of the lowest point
_BEND = 2
_STEPS = 80
_ROUNDING = 1e-13  # of the sum of squares of ln L: a rise that small is no rise
_WEAKEST = 1e-7  # smallest eigenvalue of the scaled normal matrix at which constants count as told apart


@dataclass(frozen=True, eq=False)
class Problem:
    """Hold the runs in centred and scaled logarithms.

    Attributes
    ----------
    products : array of shape (n_runs, 9), 1, v, v^2, v^3, u, u v, u v^2, u^2, u^2 v
    log_loss : array of shape (n_runs,), ln L less its mean
    gram, moment : sums of the products with each other, (9, 9), and with ln L, (9,)
    free : which of theta are fitted, array of int
    offset : means of ln N, ln C and ln L
    scale : standard deviations of ln N and ln C
    reach : smallest and largest v
    """

    products: Array
    log_loss: Array
    gram: Array
    moment: Array
    free: NDArray[np.intp]
    offset: tuple[float, float, float]
    scale: tuple[float, float]
    reach: tuple[float, float]

    @classmethod
    def of(cls, log_n: Array, log_c: Array, log_loss: Array, *, bends: bool) -> Problem:
        """Centre and scale the runs. A size that is the same everywhere has scale 1."""
        offset = float(log_n.mean()), float(log_c.mean()), float(log_loss.mean())
        log_loss = log_loss - offset[2]
        scale = float(log_n.std()) or 1.0, float(log_c.std())
        u, v = (log_n - offset[0]) / scale[0], (log_c - offset[1]) / scale[1]
        products = np.stack([np.ones_like(u), v, v * v, v**3, u, u * v, u * v * v, u * u, u * u * v], axis=1)
        free = np.array([i for i in range(7) if bends or i != _BEND])
        reach = float(v.min()), float(v.max())
        return cls(products, log_loss, products.T @ products, products.T @ log_loss, free, offset, scale, reach)

    @property
    def centre(self) -> tuple[float, float]:
        """Geometric means of the sizes and computes."""
        return float(np.exp(self.offset[0])), float(np.exp(self.offset[1]))

    def start(self) -> Array:
        """Fit the full quadratic, the same surface with one steepness, which is a linear problem."""
        columns = [0, 1, 4, 7, 5, *([2] if _BEND in self.free else [])]
        b = np.zeros(6)
        b[: len(columns)], *_ = np.linalg.lstsq(self.products[:, columns], self.log_loss, rcond=None)
        steep = b[3] if b[3] > 0 else 1.0
        m, a = -b[2] / (2 * steep), -b[4] / (2 * steep)
        if b[3] <= 0:
            return np.array([b[0], b[1], b[5], b[3], 0.0, m, a])
        bend = b[5] - steep * a * a if _BEND in self.free else 0.0
        return np.array([b[0] - steep * m * m, b[1] - 2 * steep * m * a, bend, steep, 0.0, m, a])

    def told_apart(self, theta: Array) -> bool:
        """Tell whether the runs determine every constant."""
        _, slopes = _expand(np.where(np.arange(7) == 3, max(theta[3], 1e-3), theta)[None])
        return bool(self._weakest(self.gram[None], slopes[:, :, self.free])[0] > _WEAKEST)

    def _weakest(self, gram: Array, slopes: Array) -> Array:
        normal = slopes.transpose(0, 2, 1) @ gram @ slopes
        size = np.sqrt(np.maximum(np.einsum("bii->bi", normal), 1e-300))
        return np.linalg.eigvalsh(normal / size[:, :, None] / size[:, None, :])[:, 0]

    def solve(self, gram: Array, moment: Array, theta: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Minimise the sum of squares by damped Newton steps: theta, shape (n_fits, 7), and which settled."""
        theta, settled = theta.copy(), np.zeros(len(theta), dtype=bool)
        damping = np.full(len(theta), 1e-6)
        coefficients, slopes = _expand(theta)
        value = _squares(gram, moment, coefficients)
        slack = _ROUNDING * float((self.log_loss**2).sum())
        for _ in range(_STEPS):
            on = np.flatnonzero(~settled)
            if not len(on):
                break
            g, j = gram[on], slopes[on][:, :, self.free]
            normal = j.transpose(0, 2, 1) @ g @ j
            left = moment[on] - (g @ coefficients[on, :, None])[..., 0]
            pull = j.transpose(0, 2, 1) @ left[..., None]
            added = damping[on, None] * np.einsum("bii->bi", normal) + 1e-14
            # Misfit of the parabola is most of what is left, so Gauss-Newton alone swings about the optimum.
            normal -= _bend(theta[on], left)[:, self.free[:, None], self.free]
            np.einsum("bii->bi", normal)[...] += added
            step = np.zeros((len(on), 7))
            step[:, self.free] = np.linalg.solve(normal, pull)[..., 0]
            tried = theta[on] + step
            new_coefficients, new_slopes = _expand(tried)
            new_value = _squares(g, moment[on], new_coefficients)
            small = np.abs(step).max(axis=1) < 1e-9 * (1 + np.abs(theta[on]).max(axis=1))
            better = new_value <= value[on] + slack
            taken = on[better]
            theta[taken], coefficients[taken] = tried[better], new_coefficients[better]
            slopes[taken], value[taken] = new_slopes[better], new_value[better]
            damping[on] = np.where(better, damping[on] / 10, damping[on] * 10)
            settled[on] = small & better
        return theta, settled

    def has_valley(self, theta: Array) -> NDArray[np.bool_]:
        """Tell which surfaces curve upwards at every compute of the runs."""
        return (theta[:, 3] + theta[:, 4] * self.reach[0] > 0) & (theta[:, 3] + theta[:, 4] * self.reach[1] > 0)

    def resample(self, theta: Array, n: int, seed: int) -> tuple[Array, NDArray[np.bool_]]:
        """Draw runs again and solve from theta: shape (n, 7), and which have a valley."""
        n_runs = len(self.log_loss)
        even = np.full(n_runs, 1 / n_runs)
        counts = np.random.default_rng(seed).multinomial(n_runs, even, size=n).astype(np.float64)
        pairs = self.products[:, :, None] * self.products[:, None, :]
        gram = (counts @ pairs.reshape(n_runs, 81)).reshape(n, 9, 9)
        moment = counts @ (self.products * self.log_loss[:, None])
        warm = np.tile(theta, (n, 1))
        determined = self._weakest(gram, _expand(warm)[1][:, :, self.free]) > _WEAKEST
        found, settled = self.solve(gram[determined], moment[determined], warm[determined])
        warm[determined] = found
        kept = determined.copy()
        kept[determined] = settled & self.has_valley(found)
        return warm, kept

    def line(self, theta: Array) -> tuple[Array, Array]:
        """Compute a and ln k of N_opt = k C**a for each theta."""
        slope = theta[:, 6] * self.scale[0] / self.scale[1]
        return slope, self.offset[0] + theta[:, 5] * self.scale[0] - slope * self.offset[1]

    def residuals(self, theta: Array) -> Array:
        """Compute ln(predicted / measured) of every run."""
        return self.products @ _expand(theta[None])[0][0] - self.log_loss

    def constants(self, theta: Array) -> tuple[tuple[float, float, float], tuple[float, float]]:
        """Undo the scaling of the bottom's and the steepness's constants; they stay centred."""
        wide, long = self.scale
        q0, q1, q2, s0, s1 = (float(x) for x in theta[:5])
        return (q0 + self.offset[2], q1 / long, q2 / long**2), (s0 / wide**2, s1 / wide**2 / long)


def _expand(theta: Array) -> tuple[Array, Array]:
    """Multiply the surface out: the nine coefficients, (n_fits, 9), and their slopes by theta, (n_fits, 9, 7)."""
    q0, q1, q2, s0, s1, m, a = theta.T
    zero, one = np.zeros_like(m), np.ones_like(m)
    coefficients = np.stack(
        [
            q0 + s0 * m * m, q1 + s1 * m * m + 2 * s0 * m * a, q2 + s0 * a * a + 2 * s1 * m * a, s1 * a * a,
            -2 * s0 * m, -2 * (s0 * a + s1 * m), -2 * s1 * a, s0, s1,
        ],
        axis=1,
    )  # fmt: skip
    rows = [
        [one, zero, zero, m * m, zero, 2 * s0 * m, zero],
        [zero, one, zero, 2 * m * a, m * m, 2 * (s1 * m + s0 * a), 2 * s0 * m],
        [zero, zero, one, a * a, 2 * m * a, 2 * s1 * a, 2 * (s0 * a + s1 * m)],
        [zero, zero, zero, zero, a * a, zero, 2 * s1 * a],
        [zero, zero, zero, -2 * m, zero, -2 * s0, zero],
        [zero, zero, zero, -2 * a, -2 * m, -2 * s1, -2 * s0],
        [zero, zero, zero, zero, -2 * a, zero, -2 * s1],
        [zero, zero, zero, one, zero, zero, zero],
        [zero, zero, zero, zero, one, zero, zero],
    ]
    return coefficients, np.stack([np.stack(row, axis=1) for row in rows], axis=1)


def _bend(theta: Array, left: Array) -> Array:
    """Compute the second derivatives of the coefficients by theta, weighted by what is left: (n_fits, 7, 7)."""
    _, _, _, s0, s1, m, a = theta.T
    r = left.T
    out = np.zeros((len(theta), 7, 7))
    out[:, 3, 5] = 2 * (r[0] * m + r[1] * a - r[4])
    out[:, 3, 6] = 2 * (r[1] * m + r[2] * a - r[5])
    out[:, 4, 5] = 2 * (r[1] * m + r[2] * a - r[5])
    out[:, 4, 6] = 2 * (r[2] * m + r[3] * a - r[6])
    out[:, 5, 6] = 2 * (r[1] * s0 + r[2] * s1)
    out += out.transpose(0, 2, 1)
    out[:, 5, 5] = 2 * (r[0] * s0 + r[1] * s1)
    out[:, 6, 6] = 2 * (r[2] * s0 + r[3] * s1)
    return out


def _squares(gram: Array, moment: Array, coefficients: Array) -> Array:
    """Compute the sum of squares less that of ln L itself, shape (n_fits,)."""
    return ((gram @ coefficients[..., None])[..., 0] * coefficients - 2 * moment * coefficients).sum(axis=1)
