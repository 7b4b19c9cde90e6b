"""What repeated text is worth: the data-constrained law of Muennighoff et al. 2023 and its parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.laws.counts import positive_counts


def effective_repeats(repeats: ArrayLike, *, R_star: ArrayLike) -> NDArray[np.float64]:
    r"""Compute what repeats of the same data (or excess parameters) are worth, in units of fresh ones.

    .. math:: R^*\,(1 - e^{-R / R^*})

    Parameters
    ----------
    repeats : array, R >= 0: epochs beyond the first
    R_star : repeats after which a further one is worth 1/e of a fresh one; infinity where repeats are as good as fresh
        ones, 0 where they are worth nothing

    Returns
    -------
    array of the common shape

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
    with np.errstate(divide="ignore", invalid="ignore"):
        z = r / np.asarray(R_star, dtype=np.float64)
        return r * np.where(z > 0, -np.expm1(-z) / z, 1.0)


def effective_data(tokens: ArrayLike, unique_tokens: ArrayLike, *, R_D: ArrayLike) -> NDArray[np.float64]:
    r"""Compute how many fresh tokens a text is worth that was read several times over.

    .. math:: D' = U_D + U_D R_D^* (1 - e^{-R_D/R_D^*}), \qquad R_D = D/U_D - 1

    However long it is read, a text is never worth more than :math:`(1 + R_D^*)\,U_D`.

    Parameters
    ----------
    tokens : array, tokens seen D, repeats included
    unique_tokens : array that broadcasts, distinct tokens U_D; at most tokens counts
    R_D : decay constant of repeats

    Returns
    -------
    array of the common shape, fresh tokens

    Raises
    ------
    ValueError
        If a count is not positive.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), eq. 5.

    Examples
    --------
    >>> epochs = np.array([1, 4, 16, 40])
    >>> (effective_data(epochs * 1e9, 1e9, R_D=15.387756) / (epochs * 1e9)).round(2)
    array([1.  , 0.93, 0.66, 0.38])
    """
    d = positive_counts(tokens, "tokens")
    u = np.minimum(positive_counts(unique_tokens, "unique_tokens"), d)
    return u * (1.0 + effective_repeats(np.maximum(d / u - 1.0, 0.0), R_star=R_D))


def matching_params(
    unique_tokens: ArrayLike, *, A: ArrayLike, B: ArrayLike, alpha: ArrayLike, beta: ArrayLike
) -> NDArray[np.float64]:
    r"""Compute U_N, the size for which so many fresh tokens are compute-optimal.

    .. math:: \alpha A\,U_N^{-\alpha} = \beta B\,U_D^{-\beta}

    Parameters
    ----------
    unique_tokens : array, distinct tokens U_D
    A, B, alpha, beta : as in `chinchilla_loss`

    Returns
    -------
    array of the common shape, parameters

    Raises
    ------
    ValueError
        If a count is not positive.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), eq. 6 and appendix A.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> v = CONSTANTS["muennighoff_c4_repeated"].values
    >>> float((matching_params(1e11, **{k: v[k] for k in ("A", "B", "alpha", "beta")}) / 1e11).round(3))
    0.051
    """
    u = positive_counts(unique_tokens, "unique_tokens")
    with np.errstate(divide="ignore"):
        log_ratio = np.log(alpha) + np.log(A) - np.log(beta) - np.log(B)
    return np.exp((log_ratio + np.asarray(beta) * np.log(u)) / alpha)


def worth_of_next_token(epochs: ArrayLike, *, R_D: ArrayLike) -> NDArray[np.float64]:
    r"""Compute what one more token is worth after so many epochs; a fresh one is worth 1.

    .. math:: \frac{\partial D'}{\partial D} = e^{-R_D / R_D^*}, \qquad R_D = \text{epochs} - 1

    Parameters
    ----------
    epochs : array, epochs read, 1 or more
    R_D : decay constant of repeats

    Returns
    -------
    array of the common shape, 0 to 1

    Raises
    ------
    ValueError
        If an epochs is below 1.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), eq. 5 by the derivative.

    Examples
    --------
    >>> worth_of_next_token([1, 4, 16, 40], R_D=15.387756).round(2)
    array([1.  , 0.82, 0.38, 0.08])
    """
    e = _epochs(epochs)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (e - 1.0) / np.asarray(R_D, dtype=np.float64)
        return np.exp(-np.where(z > 0, z, 0.0))


def worth_of_epoch(epoch: ArrayLike, *, R_D: ArrayLike) -> NDArray[np.float64]:
    r"""Compute what the k-th epoch adds, as a share of what as many fresh tokens would.

    .. math:: \frac{D'(k\,U_D) - D'((k-1)\,U_D)}{U_D}

    Parameters
    ----------
    epoch : array, the epoch k, 1 or more; the first is worth 1
    R_D : decay constant of repeats

    Returns
    -------
    array of the common shape, 0 to 1

    Raises
    ------
    ValueError
        If an epoch is below 1.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), eq. 5.

    Examples
    --------
    >>> worth_of_epoch([1, 2, 5, 17], R_D=15.387756).round(2)
    array([1.  , 0.97, 0.8 , 0.37])
    """
    k = _epochs(epoch)
    repeats = np.maximum(k - 1.0, 0.0)
    before = effective_repeats(np.maximum(repeats - 1.0, 0.0), R_star=R_D)
    added = effective_repeats(repeats, R_star=R_D) - before
    return np.where(k < 2.0, 1.0 - np.minimum(repeats, 1.0) + added, added)


def _epochs(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    bad = ~(array >= 1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"epochs must be 1 or more; row {row} is {array.flat[row]:g}. One reading of a text is 1.")
    return array


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
    u_n = np.minimum(n, matching_params(u_d, A=A, B=B, alpha=alpha, beta=beta))
    n_eff = u_n * (1.0 + effective_repeats(np.maximum(n / u_n - 1.0, 0.0), R_star=R_N))
    return E + A * n_eff**-alpha + B * effective_data(d, u_d, R_D=R_D) ** -beta
