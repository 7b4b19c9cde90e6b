"""The laws of Kaplan et al. 2020: power laws without a floor, and how they couple."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.laws.counts import positive_counts


def kaplan_params_loss(params: ArrayLike, *, N_c: float, alpha_N: float) -> NDArray[np.float64]:
    r"""Compute the converged loss of a model of N non-embedding parameters, with data to spare.

    .. math:: L(N) = (N_c / N)^{\alpha_N}

    Parameters
    ----------
    params : array, **non-embedding** parameters, about 12 n_layer d_model**2
    N_c : parameters, the scale
    alpha_N : exponent

    Returns
    -------
    array of the shape of params, nats per token

    Raises
    ------
    ValueError
        If a params is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 1.1 and Table 5.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> float(kaplan_params_loss(1.5e9, **CONSTANTS["kaplan_params"].values).round(2))
    2.3
    """
    return (N_c / positive_counts(params, "params")) ** alpha_N


def kaplan_tokens_loss(tokens: ArrayLike, *, D_c: float, alpha_D: float) -> NDArray[np.float64]:
    r"""Compute the loss of a large model stopped early on D tokens.

    .. math:: L(D) = (D_c / D)^{\alpha_D}

    Parameters
    ----------
    tokens : array, training tokens
    D_c : tokens, the scale
    alpha_D : exponent

    Returns
    -------
    array of the shape of tokens, nats per token

    Raises
    ------
    ValueError
        If a tokens is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 1.2 and Table 5.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> float(kaplan_tokens_loss(22e9, **CONSTANTS["kaplan_tokens"].values).round(2))
    2.1
    """
    return (D_c / positive_counts(tokens, "tokens")) ** alpha_D


def kaplan_compute_loss(flops: ArrayLike, *, C_c: float, alpha_C: float) -> NDArray[np.float64]:
    r"""Compute the best loss that a training budget can reach.

    .. math:: L(C) = (C_c / C)^{\alpha_C}

    Parameters
    ----------
    flops : array, training compute in **FLOPs** (the paper counts PF-days of 8.64e19 FLOPs)
    C_c : FLOPs, the scale
    alpha_C : exponent

    Returns
    -------
    array of the shape of flops, nats per token

    Raises
    ------
    ValueError
        If a flops is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 1.3 and Table 5.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> float(kaplan_compute_loss(8.64e19, **CONSTANTS["kaplan_compute"].values).round(2))
    2.66
    """
    return (C_c / positive_counts(flops, "flops")) ** alpha_C


def kaplan_loss(
    params: ArrayLike, tokens: ArrayLike, *, N_c: float, D_c: float, alpha_N: float, alpha_D: float
) -> NDArray[np.float64]:
    r"""Compute the loss of a model of given size on given data, as Kaplan couples them: no floor, no plain sum.

    .. math:: L(N, D) = \left[(N_c / N)^{\alpha_N / \alpha_D} + D_c / D\right]^{\alpha_D}

    Parameters
    ----------
    params : array, **non-embedding** parameters
    tokens : array that broadcasts with params, training tokens
    N_c, D_c : parameters and tokens, the scales **of the joint fit** (Table 2, not Table 5)
    alpha_N, alpha_D : exponents of the joint fit

    Returns
    -------
    array of the common shape, nats per token

    Raises
    ------
    ValueError
        If a count is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 1.5 and Table 2.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> float(kaplan_loss(1e9, 1e10, **CONSTANTS["kaplan_joint"].values).round(2))
    2.42
    """
    n, d = positive_counts(params, "params"), positive_counts(tokens, "tokens")
    return ((N_c / n) ** (alpha_N / alpha_D) + D_c / d) ** alpha_D


def kaplan_steps_loss(
    params: ArrayLike, steps: ArrayLike, *, N_c: float, S_c: float, alpha_N: float, alpha_S: float
) -> NDArray[np.float64]:
    r"""Compute the loss after a number of optimiser steps at a batch far above the critical one.

    .. math:: L(N, S) = (N_c / N)^{\alpha_N} + (S_c / S_{\min})^{\alpha_S}

    Parameters
    ----------
    params : array, non-embedding parameters
    steps : array that broadcasts with params, the least number of steps S_min
    N_c, S_c : parameters and steps, the scales
    alpha_N, alpha_S : exponents

    Returns
    -------
    array of the common shape, nats per token

    Raises
    ------
    ValueError
        If a count is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 1.6 and Table 3.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> float(kaplan_steps_loss(1e8, 1e5, **CONSTANTS["kaplan_steps"].values).round(2))
    2.86
    """
    return (N_c / positive_counts(params, "params")) ** alpha_N + (S_c / positive_counts(steps, "steps")) ** alpha_S


def critical_batch_size(loss: ArrayLike, *, B_star: float, alpha_B: float) -> NDArray[np.float64]:
    r"""Compute the batch at which a run takes twice the least steps and twice the least compute.

    .. math:: B_{\mathrm{crit}}(L) = B_* \, L^{-1/\alpha_B}

    Parameters
    ----------
    loss : array, nats per token
    B_star : tokens, the scale
    alpha_B : exponent

    Returns
    -------
    array of the shape of loss, tokens per batch

    Raises
    ------
    ValueError
        If a loss is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 1.4 and Table 5.

    Examples
    --------
    >>> (critical_batch_size([4.0, 3.0], B_star=2.1e8, alpha_B=0.21) / 1e6).round(2)
    array([0.29, 1.12])
    """
    return B_star * positive_counts(loss, "loss") ** (-1.0 / alpha_B)
