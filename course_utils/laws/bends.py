"""Laws that bend: an accuracy that rises from chance to its top, and a power law that breaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.laws.counts import positive_counts


def sigmoid_accuracy(
    x: ArrayLike, *, x_half: float, slope: float, chance: float = 0.0, top: float = 1.0
) -> NDArray[np.float64]:
    r"""Compute an accuracy that goes from chance to its top along a logistic curve in the logarithm of x.

    .. math:: a(x) = c + \frac{t - c}{1 + (x / x_{1/2})^{-k}}

    On a logarithmic axis the way from a tenth to nine tenths of the rise takes 4.39 / k e-folds of x. Against a loss,
    which falls as accuracy rises, k is negative.

    Parameters
    ----------
    x : array of any shape, parameters, FLOPs, tokens or a loss; positive
    x_half : where half of the rise is done
    slope : k, steepness in the logarithm of x
    chance : c, accuracy of guessing (0.25 with four choices)
    top : t, accuracy that is never passed

    Returns
    -------
    array of x's shape

    Raises
    ------
    ValueError
        If an x is not positive.

    Examples
    --------
    >>> sigmoid_accuracy([1e6, 1e7, 1e8], x_half=1e7, slope=1.0, chance=0.25).round(3)
    array([0.318, 0.625, 0.932])
    """
    far = slope * (np.log(positive_counts(x, "x")) - np.log(x_half))
    return chance + (top - chance) * 0.5 * (1.0 + np.tanh(0.5 * far))  # the same as 1 / (1 + exp), without overflow


def broken_power_law(
    x: ArrayLike, *, A: float, alpha: float, bend: float, x_break: float, width: float, E: float = 0.0
) -> NDArray[np.float64]:
    r"""Compute a loss that follows one power law, bends, and follows another.

    .. math:: L(x) = E + A\,x^{-\alpha} \left(1 + (x / x_b)^{1/w}\right)^{-b w}

    Far below the break the exponent is alpha, far above it alpha + bend; on a logarithmic axis the passage takes some w
    e-folds on either side.

    Parameters
    ----------
    x : array of any shape, parameters, tokens or FLOPs (a count)
    A : nats per token at x = 1 above the floor, by the law below the break
    alpha : exponent below the break
    bend : b, what the exponent gains at the break; negative where the fall slows down
    x_break : x_b, where the two laws meet
    width : w, positive; the smaller, the sharper the bend
    E : nats per token, the irreducible loss

    Returns
    -------
    array of x's shape, nats per token

    Raises
    ------
    ValueError
        If an x is not positive.

    Source
    ------
    Caballero et al. 2022 (arXiv 2210.14891), equation 1 with one break: a, b, c_0, c_1, d_1, f_1 there are E, A, alpha,
    bend, x_break, width here.

    Examples
    --------
    >>> broken_power_law([1e3, 1e6, 1e9], A=10.0, alpha=0.1, bend=0.3, x_break=1e6, width=0.5).round(3)
    array([5.012, 2.264, 0.158])
    """
    log_x = np.log(positive_counts(x, "x"))
    passed = width * np.logaddexp(0.0, (log_x - np.log(x_break)) / width)
    return E + A * np.exp(-alpha * log_x - bend * passed)
