"""Laws of one quantity."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.laws.counts import positive_counts


def power_law(x: ArrayLike, *, A: float, alpha: float, E: float = 0.0) -> NDArray[np.float64]:
    r"""Compute the loss that falls with one quantity towards a floor.

    .. math:: L(x) = E + A\,x^{-\alpha}

    Parameters
    ----------
    x : array of any shape, parameters, tokens or FLOPs (a count)
    A : nats per token at x = 1 above the floor
    alpha : exponent, no unit; twice the x multiplies the reducible loss by 2**-alpha
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
    Hestness et al. 2017 (arXiv 1712.00409); Henighan et al. 2020 (arXiv 2010.14701).

    Examples
    --------
    >>> power_law([1e6, 1e9], A=100.0, alpha=0.3, E=1.7).round(3)
    array([3.285, 1.9  ])
    """
    return E + A * positive_counts(x, "x") ** -alpha


def compute_law(flops: ArrayLike, *, a: float, b: float, c: float) -> NDArray[np.float64]:
    r"""Compute the loss foretold from compute alone, in the form used for GPT-4.

    .. math:: L(C) = a\,C^{b} + c, \qquad b < 0

    Parameters
    ----------
    flops : array of any shape, total training compute in FLOPs (or any unit in which a was fitted)
    a, b, c : scale, (negative) exponent and floor

    Returns
    -------
    array of the shape of flops, in the unit of c

    Raises
    ------
    ValueError
        If a flops is not positive.

    Source
    ------
    OpenAI 2023, GPT-4 Technical Report (arXiv 2303.08774), section 3.1. The report prints the form and the figure,
    not the constants.

    Examples
    --------
    >>> compute_law([1e20, 1e21], a=1e3, b=-0.155, c=1.7).round(3)
    array([2.494, 2.256])
    """
    return a * positive_counts(flops, "flops") ** b + c
