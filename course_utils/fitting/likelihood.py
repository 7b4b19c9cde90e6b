"""Turn the objective of a fit into a likelihood, with the scale of the residuals estimated."""

from __future__ import annotations

import numpy as np

from course_utils.fitting.families import Array
from course_utils.fitting.objectives import Objective


def minus_log_likelihood(total: Array, n: float, goal: Objective) -> Array:
    """Compute the negative log likelihood of each summed objective, up to a constant: Gaussian, Laplace or Huber's."""
    total = np.maximum(total, 1e-290)
    if goal.name == "lad":
        return n * np.log(total)
    if goal.name == "squared":
        return 0.5 * n * np.log(total)
    return _huber_scale_profile(total, n, goal.delta)


@np.errstate(over="ignore", under="ignore")  # an infinite ratio is a Gaussian, as it should be
def _huber_scale_profile(total: Array, n: float, delta: float) -> Array:
    """Minimise n ln Z(tau) + total / tau over the scale tau of Huber's density, by golden section in ln tau."""
    from scipy.special import erf

    def value(log_tau: Array) -> Array:
        tau = np.exp(log_tau)
        ratio = delta**2 / (2 * tau)
        inside = np.sqrt(2 * np.pi * tau) * erf(np.sqrt(ratio))
        outside = 2 * tau / delta * np.exp(-np.minimum(ratio, 700.0))
        return n * np.log(inside + outside) + total / tau

    low, high = np.log(total / n) - 1.5, np.log(total / n) + 2.5
    golden = (np.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    for _ in range(60):
        left = value(a) < value(b)
        low, high = np.where(left, low, a), np.where(left, b, high)
        a, b = high - golden * (high - low), low + golden * (high - low)
    return value((low + high) / 2)
