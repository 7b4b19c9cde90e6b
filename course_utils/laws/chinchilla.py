"""The law of Hoffmann et al. 2022: a floor and two shortages that add."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.laws.counts import positive_counts


def chinchilla_loss(
    params: ArrayLike, tokens: ArrayLike, *, E: float, A: float, B: float, alpha: float, beta: float
) -> NDArray[np.float64]:
    r"""Compute the loss of a model of given size on given data: a floor and two shortages that add.

    .. math:: L(N, D) = E + A\,N^{-\alpha} + B\,D^{-\beta}

    Parameters
    ----------
    params : array, parameters N (all of them, embeddings included, for the published constants)
    tokens : array that broadcasts with params, training tokens D
    E, A, B : nats per token: floor, and scales of the two terms
    alpha, beta : exponents

    Returns
    -------
    array of the common shape, nats per token

    Raises
    ------
    ValueError
        If a count is not positive.

    Source
    ------
    Hoffmann et al. 2022 (arXiv 2203.15556), Approach 3; the same form in Rosenfeld et al. 2019 (arXiv 1909.12673).

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> float(chinchilla_loss(70e9, 1.4e12, **CONSTANTS["besiroglu"].values).round(3))
    1.974
    """
    return E + A * positive_counts(params, "params") ** -alpha + B * positive_counts(tokens, "tokens") ** -beta
