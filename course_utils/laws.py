"""Every scaling law of the course as a pure function of arrays.

A law takes counts (parameters, tokens, FLOPs; never logarithms, never billions) and returns a loss in nats per
token. Its constants are keyword arguments named as in the paper. `CONSTANTS` holds the published sets, each with
its source, so that ``chinchilla_loss(params, tokens, **CONSTANTS["besiroglu"].values)`` is a complete statement.

Losses of papers with different tokenizers or texts must not be compared; exponents and structures may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CONSTANTS",
    "LAWS",
    "Constants",
    "chinchilla_loss",
    "compute_law",
    "critical_batch_size",
    "effective_repeats",
    "kaplan_compute_loss",
    "kaplan_loss",
    "kaplan_params_loss",
    "kaplan_steps_loss",
    "kaplan_tokens_loss",
    "power_law",
    "repeated_data_loss",
]


def _counts(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `values` as floats, or refuse the first one that is not a positive count."""
    array = np.asarray(values, dtype=np.float64)
    bad = ~(array > 0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name} must be positive counts; row {row} is {array.flat[row]!r}. "
            f"Give the count itself (7e9, not its logarithm and not 7 for '7B') and drop rows without one."
        )
    return array


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
    Hestness et al. 2017 (arXiv 1712.00409); Henighan et al. 2020 (arXiv 2010.14701), eq. 1.1.

    Examples
    --------
    >>> power_law([1e6, 1e9], A=100.0, alpha=0.3, E=1.7).round(3)
    array([3.285, 1.9  ])
    """
    return E + A * _counts(x, "x") ** -alpha


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
    return a * _counts(flops, "flops") ** b + c


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
    Hoffmann et al. 2022 (arXiv 2203.15556), eq. 10; the same form in Rosenfeld et al. 2019 (arXiv 1909.12673).

    Examples
    --------
    >>> float(chinchilla_loss(70e9, 1.4e12, **CONSTANTS["besiroglu"].values).round(3))
    1.974
    """
    return E + A * _counts(params, "params") ** -alpha + B * _counts(tokens, "tokens") ** -beta


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
    >>> float(kaplan_params_loss(1.5e9, **CONSTANTS["kaplan_params"].values).round(2))
    2.3
    """
    return (N_c / _counts(params, "params")) ** alpha_N


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
    >>> float(kaplan_tokens_loss(22e9, **CONSTANTS["kaplan_tokens"].values).round(2))
    2.1
    """
    return (D_c / _counts(tokens, "tokens")) ** alpha_D


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
    >>> float(kaplan_compute_loss(8.64e19, **CONSTANTS["kaplan_compute"].values).round(2))
    2.66
    """
    return (C_c / _counts(flops, "flops")) ** alpha_C


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
    >>> float(kaplan_loss(1e9, 1e10, **CONSTANTS["kaplan_joint"].values).round(2))
    2.42
    """
    n, d = _counts(params, "params"), _counts(tokens, "tokens")
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
    >>> float(kaplan_steps_loss(1e8, 1e5, **CONSTANTS["kaplan_steps"].values).round(2))
    2.86
    """
    return (N_c / _counts(params, "params")) ** alpha_N + (S_c / _counts(steps, "steps")) ** alpha_S


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
    return B_star * _counts(loss, "loss") ** (-1.0 / alpha_B)


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
    Muennighoff et al. 2023 (arXiv 2305.16264), eqs. 5 to 7; constants from its repository.

    Examples
    --------
    >>> constants = CONSTANTS["muennighoff_c4_repeated"].values
    >>> float(repeated_data_loss(6.34e9, 242e9, 25e9, **constants).round(4))
    2.2256
    """
    n, d = _counts(params, "params"), _counts(tokens, "tokens")
    u_d = np.minimum(_counts(unique_tokens, "unique_tokens"), d)
    scale = (alpha * A / (beta * B)) ** (1.0 / (alpha + beta))
    budget_root = u_d * scale  # D_opt = (C/6)^b / G, so (C/6) = (U_D G)^(1/b)
    u_n = np.minimum(n, scale * budget_root ** (beta / alpha))
    n_eff = u_n * (1 + effective_repeats(np.maximum(n / u_n - 1, 0), R_star=R_N))
    d_eff = u_d * (1 + effective_repeats(np.maximum(d / u_d - 1, 0), R_star=R_D))
    return E + A * n_eff**-alpha + B * d_eff**-beta


LAWS: Mapping[str, Callable[..., NDArray[np.float64]]] = MappingProxyType(
    {
        "power_law": power_law,
        "compute_law": compute_law,
        "chinchilla": chinchilla_loss,
        "kaplan_params": kaplan_params_loss,
        "kaplan_tokens": kaplan_tokens_loss,
        "kaplan_compute": kaplan_compute_loss,
        "kaplan": kaplan_loss,
        "kaplan_steps": kaplan_steps_loss,
        "repeated_data": repeated_data_loss,
    }
)


@dataclass(frozen=True)
class Constants:
    """A published set of constants: the law they belong to, their values by keyword, and where they stand."""

    law: str
    values: Mapping[str, float]
    source: str

    def __call__(self, *counts: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the law with these constants."""
        return LAWS[self.law](*counts, **self.values)


def _constants(law: str, source: str, **values: float) -> Constants:
    return Constants(law, MappingProxyType(values), source)


_PF_DAY = 8.64e19  # FLOPs; Kaplan counts compute in PF-days

CONSTANTS: Mapping[str, Constants] = MappingProxyType(
    {
        "hoffmann_printed": _constants(
            "chinchilla",
            "Hoffmann et al. 2022, arXiv 2203.15556, eq. 10 as printed",
            E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28,
        ),
        "hoffmann_unrounded": _constants(
            "chinchilla",
            "Hoffmann et al. 2022, TeX source of arXiv 2203.15556, through epoch-research/analyzing-chinchilla",
            E=float(np.exp(0.5267228)), A=float(np.exp(6.0073404)), B=float(np.exp(6.0179186)),
            alpha=0.33917084, beta=0.2849083,
        ),
        "besiroglu": _constants(
            "chinchilla",
            "Besiroglu et al. 2024, arXiv 2404.10102, Table 1 (a refit of 240 points read off Chinchilla Figure 4)",
            E=1.8172, A=482.01, B=2085.43, alpha=0.3478, beta=0.3658,
        ),
        "muennighoff_c4": _constants(
            "chinchilla",
            "Muennighoff et al. 2023, arXiv 2305.16264, repository huggingface/datablations (C4, one epoch)",
            E=float(np.exp(0.6254804)), A=float(np.exp(6.255414)), B=float(np.exp(7.3049974)),
            alpha=0.3526596, beta=0.3526596,
        ),
        "muennighoff_c4_repeated": _constants(
            "repeated_data",
            "Muennighoff et al. 2023, arXiv 2305.16264, repository huggingface/datablations (C4)",
            E=float(np.exp(0.6254804)), A=float(np.exp(6.255414)), B=float(np.exp(7.3049974)),
            alpha=0.3526596, beta=0.3526596, R_D=15.387756, R_N=5.309743,
        ),
        "sardana": _constants(
            "chinchilla",
            "Sardana et al. 2024, arXiv 2401.00448 (the constants of its examples)",
            E=1.69, A=406.4, B=410.7, alpha=0.336, beta=0.283,
        ),
        "kaplan_params": _constants(
            "kaplan_params", "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(N)", N_c=8.8e13, alpha_N=0.076
        ),
        "kaplan_tokens": _constants(
            "kaplan_tokens", "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(D)", D_c=5.4e13, alpha_D=0.095
        ),
        "kaplan_compute": _constants(
            "kaplan_compute",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(C_min): 3.1e8 PF-days, here in FLOPs",
            C_c=3.1e8 * _PF_DAY, alpha_C=0.050,
        ),
        "kaplan_compute_fixed_batch": _constants(
            "kaplan_compute",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(C) at fixed batch: 1.6e7 PF-days, here in FLOPs",
            C_c=1.6e7 * _PF_DAY, alpha_C=0.057,
        ),
        "kaplan_joint": _constants(
            "kaplan",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 2, the joint fit of L(N, D)",
            N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103,
        ),
        "kaplan_steps": _constants(
            "kaplan_steps",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 3, the joint fit of L(N, S)",
            N_c=6.5e13, S_c=2.1e3, alpha_N=0.077, alpha_S=0.76,
        ),
    }
)  # fmt: skip
