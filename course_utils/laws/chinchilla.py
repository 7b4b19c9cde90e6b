"""The law of Hoffmann et al. 2022, a floor and two shortages that add, and what repeated text does to it."""

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


def effective_repeats(repeats: ArrayLike, *, R_star: float) -> NDArray[np.float64]:
    r"""Compute what repeats of the same data (or excess parameters) are worth, in units of fresh ones.

    .. math:: R^*\,(1 - e^{-R / R^*})

    Parameters
    ----------
    repeats : array, R >= 0: epochs beyond the first
    R_star : repeats after which a further one is worth 1/e of a fresh one

    Returns
    -------
    array of the shape of repeats

    Raises
    ------
    ValueError
        If a repeat is negative.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), eq. 5.

    Examples
    --------
    >>> float((1 + effective_repeats(3, R_star=15.387756)).round(2))
    3.73
    """
    r = np.asarray(repeats, dtype=np.float64)
    if not (r >= 0).all():
        row = int(np.flatnonzero(~(r >= 0))[0])
        raise ValueError(f"repeats must be 0 or more (epochs minus one); row {row} is {r.flat[row]!r}")
    return -R_star * np.expm1(-r / R_star)


def repeated_data_loss(
    params: ArrayLike,
    tokens: ArrayLike,
    unique_tokens: ArrayLike,
    *,
    E: float,
    A: float,
    B: float,
    alpha: float,
    beta: float,
    R_D: float,
    R_N: float,
) -> NDArray[np.float64]:
    r"""Compute the loss when the text is read several times over.

    .. math:: L = E + A\,N'^{-\alpha} + B\,D'^{-\beta}, \qquad
              D' = U_D + U_D R_D^* (1 - e^{-R_D/R_D^*}), \quad R_D = D/U_D - 1

    N' likewise, with U_N = min(N, the compute-optimal size for U_D tokens).

    Parameters
    ----------
    params, tokens : arrays that broadcast, parameters and tokens seen (with repeats)
    unique_tokens : array that broadcasts, distinct tokens U_D; at most tokens counts
    E, A, B, alpha, beta : as in `chinchilla_loss`
    R_D, R_N : decay constants of repeats and of excess parameters

    Returns
    -------
    array of the common shape, nats per token

    Raises
    ------
    ValueError
        If a count is not positive.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264); constants from its repository.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> constants = CONSTANTS["muennighoff_c4_repeated"].values
    >>> float(repeated_data_loss(6.34e9, 242e9, 25e9, **constants).round(4))
    2.2256
    """
    n, d = positive_counts(params, "params"), positive_counts(tokens, "tokens")
    u_d = np.minimum(positive_counts(unique_tokens, "unique_tokens"), d)
    scale = (alpha * A / (beta * B)) ** (1.0 / (alpha + beta))
    budget_root = u_d * scale  # D_opt = (C/6)^b / G, so (C/6) = (U_D G)^(1/b)
    u_n = np.minimum(n, scale * budget_root ** (beta / alpha))
    n_eff = u_n * (1 + effective_repeats(np.maximum(n / u_n - 1, 0), R_star=R_N))
    d_eff = u_d * (1 + effective_repeats(np.maximum(d / u_d - 1, 0), R_star=R_D))
    return E + A * n_eff**-alpha + B * d_eff**-beta
